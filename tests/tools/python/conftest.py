"""The package of the build that is tested: beside the program that NURI_PROGRAM names, unless it can be imported already."""

from __future__ import annotations

import importlib.util
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
PROGRAM = pathlib.Path(os.environ.get("NURI_PROGRAM", ROOT / "build/release/nuri"))
if importlib.util.find_spec("nuri") is None:
    sys.path.insert(0, str(PROGRAM.parent / "python"))
    importlib.invalidate_caches()
if importlib.util.find_spec("nuri") is None:
    collect_ignore_glob = ["*_test.py"]   # built without Python: ./test says so


def pytest_configure(config):
    config.addinivalue_line("markers", "long: takes minutes")


@pytest.fixture
def program():
    """Runs `nuri ..`; standard output."""
    if not PROGRAM.is_file():
        pytest.skip("the program nuri is not built (NURI_PROGRAM names it)")

    def run(*arguments) -> str:
        done = subprocess.run([str(PROGRAM), *map(str, arguments)], capture_output=True, text=True)
        assert done.returncode in (0, 1), done.stderr
        return done.stdout

    return run


@pytest.fixture
def root() -> pathlib.Path:
    return ROOT
