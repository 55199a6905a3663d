"""Learning on a world whose GPU is emulated (tests/emulated_cuda): run by emulated_test.py in a process of its own, with the package of that build.

The emulated GPU's memory is memory, so torch's tensors of it are CPU tensors here; they are taken by the rules of DLPack, streams included: torch works
at once, the world's stream as late as it may.
"""
import ctypes
import sys

import numpy as np
import torch

import nuri
from nuri import _nuri
from nuri.device import DeviceArray


class Counts(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("uploads", "upload_bytes", "downloads", "download_bytes", "launches", "waits")]


class Memory:
    def __init__(self, array):
        self.array, interface = array, array.__cuda_array_interface__
        self.__array_interface__ = {key: interface[key] for key in ("shape", "typestr", "data", "version", "strides")}


def dlpack(self, *, stream=None, max_version=None, **rest):
    self._table.join(1)
    return np.asarray(Memory(self)).__dlpack__()


library = ctypes.CDLL(_nuri.__file__)
library.nuri_emulated_counts.restype = Counts
counts = lambda: library.nuri_emulated_counts()
DeviceArray.__dlpack__, DeviceArray.__dlpack_device__ = dlpack, lambda self: (1, 0)


def same(a, b, what):
    for x, y in zip(a if isinstance(a, tuple) else (a,), b if isinstance(b, tuple) else (b,)):
        assert x.dtype == y.dtype and x.shape == y.shape, what
        assert x.numpy().tobytes() == y.numpy().tobytes(), what


def play(task, envs, steps, seconds):
    """The same bits as on the CPU, step by step; copies only where environments begin anew."""
    make = lambda backend: nuri.make(task, envs, array="torch", backend=backend, seed=3, seconds=seconds, world={"threads": 1})
    cpu, gpu = make("cpu"), make("cuda")
    assert gpu.world.describe().startswith("cuda, emulated") and isinstance(gpu.task.port.observation, DeviceArray) and not gpu.task.port.why_host
    same(cpu.reset()[0], gpu.reset()[0], "first observation")
    addresses = [t.data_ptr() for t in (gpu.task.observation, gpu.task.action, gpu.task.last)]
    random, ended, calm = np.random.default_rng(1), 0, 0
    for step in range(steps):
        actions = torch.from_numpy(random.uniform(-1.5, 1.5, gpu.action_space.shape).astype(np.float32))
        if step == steps // 2:
            actions[1, 0] = float("nan")
        mine = cpu.step(actions)
        before = counts()
        theirs = gpu.step(actions)
        after = counts()
        same(mine[:4], theirs[:4], f"{task}: step {step}")
        same(mine[4]["final_obs"], theirs[4]["final_obs"], f"{task}: final observation of step {step}")
        assert after.downloads == before.downloads, f"{task}: step {step} copied to the host"
        done = theirs[2] | theirs[3]
        if done.any():
            ended += int(done.sum())
        else:
            calm += 1
            assert after.uploads == before.uploads, f"{task}: step {step} copied from the host"
            assert after.waits == before.waits or step < 2, f"{task}: step {step} waited"   # what is allocated once, is in the first steps
    assert ended and calm, (ended, calm)
    assert addresses == [t.data_ptr() for t in (gpu.task.observation, gpu.task.action, gpu.task.last)]
    assert cpu.world.hash() == gpu.world.hash()
    saved = gpu.save()
    assert saved == cpu.save()
    gpu.load(saved)
    actions = torch.zeros(gpu.action_space.shape)
    same(cpu.step(actions)[:4], gpu.step(actions)[:4], f"{task}: after load")
    print(f"{task}: {steps} steps, {ended} episodes ended")


def status_and_draws():
    """Arrays of a world on the GPU, of one model and of several, against those of one on the CPU."""
    for scene in ("boxes.yaml", "fleet.yaml"):
        worlds = [nuri.World(nuri.scenes.path(scene), 10, backend=backend, timeline=False, control="none", threads=1) for backend in ("cpu", "cuda")]
        for world in worlds:
            world.step(30)
            mask = np.arange(10) % 4 == 1
            world.reset(mask)
            world.reset(torch.from_numpy(mask), seed=9)
            world.step(3)
        cpu, gpu = worlds
        for name in ("fault", "contacts", "steps", "episode", "seed"):
            mine, theirs = getattr(cpu.status, name), getattr(gpu.status, name)
            assert isinstance(theirs, DeviceArray) and theirs.dtype == mine.dtype, name
            assert (theirs.get() == mine).all(), (scene, name)
            assert (np.asarray(Memory(theirs)) == mine).all()
        assert (cpu.time == gpu.time).all() and cpu.hash() == gpu.hash() and cpu.hash(4) == gpu.hash(4)
        a, b = gpu.uniform(3, stream=1, low=-2, high=5), gpu.uniform(3, stream=1, low=0, high=1)
        assert (a.get() == cpu.uniform(3, stream=1, low=-2, high=5)).all() and (b.get() == cpu.uniform(3, stream=1)).all()
        assert (gpu.normal(4, stream=2).get() == cpu.normal(4, stream=2)).all()
        assert gpu.normal(0).get().shape == (10, 0)
        place = a._table.address
        del a
        assert gpu.uniform(3)._table.address == place      # what was given back is taken again
        if scene == "boxes.yaml":
            tensor = torch.from_dlpack(gpu.state.qvel)     # written by others: what is looked at on the host knows it
            tensor[:] += 0.25
            np.asarray(cpu.state.qvel)[:] += 0.25
            forces = torch.from_dlpack(gpu.state.xfrc_applied)
            forces[3, 1, 2] = 4.0
            cpu.state.xfrc_applied[3, 1, 2] = 4.0
            assert gpu.hash() == cpu.hash() and gpu.save() == cpu.save()
        print(f"{scene}: status and draws")


def ports():
    """Ports without tasks: masks, several models, links."""
    make = lambda backend, scene: nuri.World(nuri.scenes.path(scene), 6, backend=backend, timeline=False, threads=1)
    tables = []
    for backend in ("cpu", "cuda"):
        world = make(backend, "reach.yaml")
        port = world.port([nuri.Input("position"), nuri.Input("action")], [nuri.Output("joint*", map="increment", scale=0.1)])
        action = torch.from_dlpack(port.action)
        for k in range(5):
            port.observe()
            action[:] = torch.arange(action.numel()).reshape(action.shape) * 0.01 - 0.2 * k
            port.act()
            world.step()
        port.begin(torch.arange(6) % 2 == 0)
        port.observe()
        tables.append(torch.from_dlpack(port.observation).clone())
        assert not torch.from_dlpack(port.last)[::2].any() and torch.from_dlpack(port.last)[1::2].any()
        port.begin()
        assert not torch.from_dlpack(port.last).any()
    same(tables[0], tables[1], "a port's observation")
    print("ports")


if __name__ == "__main__":
    torch.set_num_threads(1)
    what = sys.argv[1]
    if what == "status":
        status_and_draws()
    elif what == "ports":
        ports()
    else:
        play(what, envs=5, steps=int(sys.argv[2]), seconds=float(sys.argv[3]))
