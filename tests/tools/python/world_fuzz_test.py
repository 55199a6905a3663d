"""Bad arguments raise, and nothing crashes: every call with every kind of nonsense, in a process of its own, so that a crash would be seen."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import nuri

# what no call should take, or take in its stride
NONSENSE = [
    None, True, -1, 0, 1, 3, 2**31, 2**63, 2**64, -(2**70), 0.5, -0.0, float("nan"), float("inf"), 1e300, 1j, "", "arm", "arm/joint1", "#", "*", "ä\x00ö", "\ud800", b"bytes", [], [1],
    [[1], [2, 3]], [None], ["x"], {}, {"a": 1}, (), object(), np.nan, np.array(1), np.array([], bool), np.zeros(8, bool), np.ones(8, bool), np.zeros(7, bool), np.ones((8, 8), bool),
    np.arange(8), np.arange(8)[::-1], np.array([0, 0]), np.array([-1]), np.array([8]), np.full(8, 2**63, np.uint64), np.zeros(8, np.float16), np.full(8, np.nan), np.zeros((8, 0)),
    np.array(["a", "b"]), np.array([object()]), np.zeros(8, bool)[::2], range(3), lambda: 1, Ellipsis, slice(None), type, memoryview(b"abc"),
]
FINE = (nuri.Error, TypeError, ValueError, AttributeError, OverflowError, IndexError, KeyError, MemoryError, UnicodeError, OSError, NotImplementedError)

CALLS = {
    "load": lambda w, a: nuri.load(*a[:1]), "load-more": lambda w, a: nuri.load("boxes.yaml", packages=a[0], folders=a[1]),
    "world": lambda w, a: nuri.World("boxes.yaml", envs=a[0] if not isinstance(a[0], int) or a[0] < 100 else 5, seed=a[1]),
    "world-2": lambda w, a: nuri.World("boxes.yaml", envs=2, first_id=a[0], threads=min(a[1], 4) if isinstance(a[1], int) else a[1]),
    "world-3": lambda w, a: nuri.World("boxes.yaml", envs=2, width=a[0], precision=a[1]), "world-4": lambda w, a: nuri.World("boxes.yaml", envs=2, control=a[0], perturb=a[1]),
    "world-5": lambda w, a: nuri.World("boxes.yaml", envs=2, backend=a[0], device=a[1]), "world-6": lambda w, a: nuri.World(a[0]),
    "world-7": lambda w, a: nuri.World("boxes.yaml", envs=2, cameras=a[0]), "step": lambda w, a: w.step(a[0] if not isinstance(a[0], int) or a[0] < 20 else 2),
    "reset": lambda w, a: w.reset(a[0], seed=a[1]), "reset-key": lambda w, a: w.reset(a[0], key=a[1]), "forward": lambda w, a: w.forward(a[0]), "joint": lambda w, a: w.joint(a[0]),
    "body": lambda w, a: w.body(a[0]), "actuator": lambda w, a: w.actuator(a[0]), "sensor": lambda w, a: w.sensor(a[0]), "geom": lambda w, a: w.geom(a[0]), "site": lambda w, a: w.site(a[0]),
    "names": lambda w, a: w.names(a[0]), "hash": lambda w, a: w.hash(a[0]), "contacts": lambda w, a: w.contacts(a[0]), "set": lambda w, a: w.set("geom_friction", a[0], a[1], a[2]),
    "set-mass": lambda w, a: w.set("body_mass", a[0], a[1], "block_1/part"), "set-any": lambda w, a: w.set(a[0], a[1], 1.0), "get": lambda w, a: w.get("body_mass", a[0], a[1]),
    "get-any": lambda w, a: w.get(a[0], 0), "clear": lambda w, a: w.clear("geom_friction", a[0], a[1]), "uniform": lambda w, a: w.uniform(a[0], low=a[1], high=a[2]),
    "uniform-stream": lambda w, a: w.uniform(3, stream=a[0]), "normal": lambda w, a: w.normal(a[0], a[1]), "load-state": lambda w, a: w.load(a[0]),
    "cameras": lambda w, a: w.cameras[a[0]], "finish": lambda w, a: w.finish_pictures(a[0]), "assign": lambda w, a: w.control.__setitem__(a[0], a[1]),
    "qpos": lambda w, a: w.state.qpos.__setitem__(a[0], a[1]), "port": lambda w, a: w.port(a[0], a[1]), "port-2": lambda w, a: w.port([nuri.Input(a[0], a[1])], [nuri.Output(a[2])]),
    "port-3": lambda w, a: w.port([nuri.Input("position", scale=a[0])], [nuri.Output("arm/*", a[1], a[2])], a[0]), "scenes": lambda w, a: nuri.scenes.path(a[0]),
}


def play(seed: int, rounds: int) -> None:
    rng = np.random.default_rng(seed)
    world = nuri.World("arm_cell.yaml", envs=8, threads=1)
    raised = 0
    for k in range(rounds):
        name = list(CALLS)[k % len(CALLS)]
        arguments = [NONSENSE[i] for i in rng.integers(len(NONSENSE), size=3)]
        try:
            CALLS[name](world, arguments)
        except FINE:
            raised += 1
        except RuntimeError as error:              # nanobind's word for what it cannot convert
            assert "bad_cast" in str(error), (name, arguments, error)
        if k % 50 == 49:                           # whatever was written, it goes on
            world.step(1)
            world.reset(world.status.fault != 0)
    world.reset(seed=1)
    world.step()
    print("raised", raised)


@pytest.mark.parametrize("seed", [1, 2, pytest.param(3, marks=pytest.mark.long), pytest.param(4, marks=pytest.mark.long)])
def test_nonsense_raises(seed):
    rounds = 400 if seed < 3 else 6000
    done = subprocess.run([sys.executable, __file__, str(seed), str(rounds)], capture_output=True, text=True)
    assert done.returncode == 0, (done.returncode, done.stderr[-2000:])
    raised = int(done.stdout.split()[1])
    assert raised > rounds / 3


def test_every_call_refuses_something():
    world = nuri.World("arm_cell.yaml", envs=8, threads=1)
    for name, call in CALLS.items():
        with pytest.raises((*FINE, RuntimeError)):
            call(world, [object(), object(), object()])


if __name__ == "__main__":
    play(int(sys.argv[1]), int(sys.argv[2]))
