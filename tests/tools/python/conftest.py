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


@pytest.fixture(scope="module")
def scene(tmp_path_factory) -> str:
    """The scene of the tests of environments: swing.py."""
    from swing import write

    return write(tmp_path_factory.mktemp("swing"))


@pytest.fixture
def make(scene, request):
    """nuri.make, by default of six environments of that scene, with arrays of the kind that the test's module calls `array`; closes what it made."""
    import nuri
    from swing import Swing

    made, usual = [], getattr(request.module, "array", "numpy")

    def make(task=Swing, num_envs=6, array=usual, **options):
        if array == "torch":
            pytest.importorskip("torch")
        if not isinstance(task, str):
            options["scene"] = scene
        options.setdefault("world", {"threads": 1})           # two that wait for each other are slow where others compute too
        made.append(nuri.make(task, num_envs, array=array, backend="cpu", **options))
        return made[-1]

    yield make
    for env in made:
        env.close()
