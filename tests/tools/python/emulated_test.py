"""What a learner does on a GPU, with the GPU emulated (tests/emulated_cuda): bits of the CPU, and no copies."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import pytest
from conftest import PROGRAM

PACKAGE = PROGRAM.parent / "python_emulated"


def work(*arguments: str) -> str:
    if not list(PACKAGE.glob("nuri/_nuri*.so")):
        pytest.skip("built without CUDA, so without its emulation")
    worker = pathlib.Path(__file__).parent / "emulated_worker.py"
    done = subprocess.run([sys.executable, str(worker), *arguments], env=os.environ | {"PYTHONPATH": str(PACKAGE)}, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("task, steps, seconds", [("Cartpole-v0", 60, 0.5), ("Reach-v0", 40, 0.4), ("PickPlace-v0", 30, 0.4), ("Quadruped-v0", 60, 0.5), ("Humanoid-v0", 40, 0.4)])
def test_tasks(task, steps, seconds):
    assert "episodes ended" in work(task, str(steps), str(seconds))


def test_status_and_draws():
    assert "fleet.yaml" in work("status")


def test_ports():
    assert "ports" in work("ports")
