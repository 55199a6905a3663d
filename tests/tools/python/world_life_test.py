"""Memory, import, forks."""

from __future__ import annotations

import gc
import os
import subprocess
import sys

import numpy as np
import pytest

import nuri


def resident_bytes() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize("resets", [10_000, pytest.param(100_000, marks=pytest.mark.long)])
def test_resets_leave_nothing_behind(resets):
    world = nuri.World("reach.yaml", envs=100, timeline=False)
    masks = np.random.default_rng(0).random((50, 100)) < 0.5
    done = int(world.status.episode.sum())

    def play(until):
        nonlocal done
        k = 0
        while done < until:
            world.step(1)
            world.reset(masks[k % 50])
            done = int(world.status.episode.sum())
            k += 1

    play(resets // 5)
    gc.collect()
    before = resident_bytes()
    play(resets)
    gc.collect()
    assert done >= resets and resident_bytes() - before < 2 << 20
    assert (world.status.fault == 0).all()


def test_worlds_leave_nothing_behind():
    scene = nuri.load("reach.yaml")

    def make():
        for _ in range(10):
            world = nuri.World(scene, envs=50, threads=2)
            world.step()
            world.joint(0).position, world.status, world.port([nuri.Input("position")], [nuri.Output("*")]).observe()
            del world
        gc.collect()

    make()
    make()
    before, threads = resident_bytes(), len(os.listdir("/proc/self/task"))
    for _ in range(5):
        make()
    assert resident_bytes() - before < 4 << 20
    assert len(os.listdir("/proc/self/task")) <= threads


def test_import_is_quick_and_takes_numpy_only():
    text = """
import sys, time
import numpy
before = set(sys.modules)
start = time.perf_counter(), time.process_time()
import nuri
print(time.process_time() - start[1])
others = {m.split(".")[0] for m in set(sys.modules) - before} - {"nuri"} - set(sys.stdlib_module_names)
assert others <= {"numpy"}, others
assert not any(m.startswith(("nuri.envs", "nuri.train", "nuri.tasks")) for m in sys.modules)
"""
    runs = [subprocess.run([sys.executable, "-c", text], capture_output=True, text=True) for _ in range(3)]
    assert all(r.returncode == 0 for r in runs), runs[0].stderr
    assert min(float(r.stdout) for r in runs) < 0.5    # s of the processor


def test_a_fork_refuses_its_parents_world():
    world = nuri.World("reach.yaml", envs=4)
    child = os.fork()
    if child == 0:
        try:
            world.step()
        except nuri.Error as error:
            os._exit(0 if error.code == "forked" else 2)
        os._exit(3)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    world.step()
