"""Worlds: arrays without copies, the bits of the command line, episodes, names."""

from __future__ import annotations

import gc
import json
import threading
import time

import numpy as np
import pytest

import nuri

SCENE = "arm_cell.yaml"


@pytest.fixture(scope="module")
def scene():
    return nuri.load(SCENE)


# ---- arrays ------------------------------------------------------------------------------------------------------------------------------------


def addresses(world):
    return {name: getattr(world.state, name).__array_interface__["data"][0] for name in nuri.world.State.__annotations__}


def test_arrays_stay_where_they_are(scene):
    world = nuri.World(scene, envs=20, threads=2, detail=True)
    before = addresses(world)
    assert world.control.__array_interface__["data"] == world.state.ctrl.__array_interface__["data"]
    for _ in range(3):
        world.step()
    world.reset(np.arange(20) % 3 == 0)
    assert addresses(world) == before
    assert world.state.qpos.dtype == np.float32 and world.state.qpos.shape == (20, world.model.qpos_count)
    assert world.state.xpos.shape == (20, world.model.body_count, 3)
    assert world.state.xfrc_applied.shape == (20, world.model.body_count, 6)


def test_things_are_views(scene):
    world = nuri.World(scene, envs=6)
    joint = world.joint("arm/joint4")
    assert np.shares_memory(joint.position, world.state.qpos) and joint.position.shape == (6,)
    assert np.shares_memory(world.body("arm/hand").position, world.state.xpos)
    assert np.shares_memory(world.actuator("arm/joint1").control, world.control)
    sensor = world.sensor("block_1/pos")
    assert np.shares_memory(sensor.value, world.sensors) and sensor.value.shape == (6, 3)
    block = [j for j in range(world.model.joint_count) if world.joint(j).type == "free"][0]
    assert world.joint(block).position.shape == (6, 7) and world.joint(block).velocity.shape == (6, 6)
    joint.position[:] = 0.25
    assert (world.state.qpos[:, joint.positions] == np.float32(0.25)).all()
    assert world.joint("arm/joint4") is joint
    assert joint.range == pytest.approx(tuple(world.model.joint_range.reshape(-1, 2)[joint.index]))


def test_arrays_outlive_the_world(scene):
    world = nuri.World(scene, envs=50)
    qpos, xpos, fault, seed, position = world.state.qpos, world.state.xpos, world.status.fault, world.status.seed, world.joint(0).position
    model = world.model.body_mass
    expected = qpos.copy()
    del world
    gc.collect()
    junk = [np.full(qpos.size, np.nan, np.float32) for _ in range(50)]
    assert (qpos == expected).all() and np.isfinite(xpos).all() and (fault == 0).all() and (seed == 1).all() and np.isfinite(position).all()
    assert (model >= 0).all() and len(junk) == 50
    qpos[:] = 0


def test_arrays_begin_at_cache_lines(scene):
    """JAX copies what does not."""
    world = nuri.World(scene, envs=3, detail=True)
    port = world.port([nuri.Input("position")], [nuri.Output("arm/*", map="around")])
    arrays = [array for name in nuri.world.State.__annotations__ if (array := getattr(world.state, name)).size] + [port.observation, port.action]
    assert len(arrays) > 16 and all(array.ctypes.data % 64 == 0 for array in arrays)


def test_torch_shares_the_memory(scene):
    torch = pytest.importorskip("torch")
    world, twin = nuri.World(scene, envs=8, timeline=False), nuri.World(scene, envs=8, timeline=False)
    control = torch.from_dlpack(world.control)
    assert control.data_ptr() == world.control.__array_interface__["data"][0]
    control[:] = torch.linspace(-0.5, 0.5, control.shape[1])
    twin.control[:] = np.asarray(control)
    world.step(), twin.step()
    assert world.hash() == twin.hash()
    still = nuri.World(scene, envs=8, timeline=False)
    still.step()
    assert still.hash() != world.hash()


# ---- bits --------------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name, arguments", [("arm_cell.yaml", {}), ("boxes.yaml", {"seed": 7}), ("fleet.yaml", {"first_id": 5}), ("quadruped.yaml", {"precision": "float64"})])
def test_same_bits_as_the_program(program, root, name, arguments):
    scene = nuri.load(root / "scenes" / name)
    options = [part for key, value in arguments.items() for part in (f"--{key.replace('_', '-')}", str(value).replace("float64", "double"))]
    told = json.loads(program("run", root / "scenes" / name, "--json", "--envs", 6, "--steps", 4 * scene.substeps, *options))
    world = nuri.World(scene, envs=6, **arguments)
    for _ in range(4):
        world.step()
    assert world.hash() == told["state_hash"]


def test_an_id_is_an_environment_however_they_are_split(scene):
    whole = nuri.World(scene, envs=64, seed=3)
    parts = [nuri.World(scene, envs=16, seed=3, first_id=16 * k) for k in range(4)]
    for _ in range(3):
        whole.step()
        [part.step() for part in parts]
    mask = np.arange(64) % 5 == 0
    whole.reset(mask)
    [part.reset(mask[16 * k : 16 * k + 16]) for k, part in enumerate(parts)]
    whole.step(), [part.step() for part in parts]
    assert [whole.hash(e) for e in range(64)] == [part.hash(e) for part in parts for e in range(16)]
    assert (whole.ids == np.concatenate([part.ids for part in parts])).all()


# ---- episodes ----------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["arm_cell.yaml", "humanoid.yaml"])
def test_an_episode_has_the_bits_of_a_fresh_world(name):
    world, others = nuri.World(name, envs=9), nuri.World(name, envs=9)
    for _ in range(7):
        world.step(), others.step()
    mask = np.array([0, 1, 0, 0, 1, 1, 0, 0, 0], bool)
    world.reset(mask)
    assert (world.status.episode == mask).all() and (world.status.steps[mask] == 0).all()
    twice = nuri.World(name, envs=9)
    twice.reset()                                # episode 1 of all, at once
    for _ in range(5):
        world.step(), others.step(), twice.step()
    assert [world.hash(e) for e in np.flatnonzero(mask)] == [twice.hash(e) for e in np.flatnonzero(mask)]
    assert [world.hash(e) for e in np.flatnonzero(~mask)] == [others.hash(e) for e in np.flatnonzero(~mask)]
    fresh = nuri.World(name, envs=9)
    assert fresh.hash() != nuri.World(name, envs=9, seed=99).hash()
    assert len({twice.hash(0), fresh.hash(0)}) == 2


def test_seeds_are_of_episodes(scene):
    world = nuri.World(scene, envs=5)
    for _ in range(3):
        world.step()
    world.reset(seed=11)
    assert world.hash() == nuri.World(scene, envs=5, seed=11).hash()
    assert (world.status.episode == 0).all() and (world.status.seed == 11).all()
    seeds = np.array([11, 12, 13, 14, 2**64 - 1], np.uint64)
    world.reset(seed=seeds)
    each = [nuri.World(scene, envs=5, seed=int(s)).hash(e) for e, s in enumerate(seeds)]
    assert [world.hash(e) for e in range(5)] == each
    world.reset(np.array([1, 0, 0, 0, 0], bool))
    assert (world.status.seed == seeds).all() and world.status.episode.tolist() == [1, 0, 0, 0, 0]


def test_reset_to_a_keyframe(scene):
    world = nuri.World(scene, envs=3)
    world.step()
    world.reset(np.array([False, True, False]), key="arm/home")
    arm = [world.joint(f"arm/joint{k}").positions.start for k in range(1, 8)]
    key = scene.model.key_qpos.reshape(scene.model.key_count, -1)[0]
    assert world.state.qpos[1, arm] == pytest.approx(key[arm].astype(np.float32))
    assert (world.status.steps == [scene.substeps, 0, scene.substeps]).all()
    with pytest.raises(nuri.Error, match="arm/hme"):
        world.reset(key="arm/hme")


# ---- errors ------------------------------------------------------------------------------------------------------------------------------------


def test_errors_have_file_and_line(tmp_path):
    path = tmp_path / "robot.xml"
    path.write_text("<mujoco>\n  <worldbody>\n    <geom size='1' mas='2'/>\n  </worldbody>\n</mujoco>\n")
    with pytest.raises(nuri.Error) as caught:
        nuri.load(path)
    finding = caught.value.findings[0]
    assert (finding["file"], finding["line"], finding["code"]) == (str(path), 3, "unknown-attribute")
    assert f"{path}:3:" in str(caught.value) and "did you mean 'mass'?" in str(caught.value)
    import pickle

    assert pickle.loads(pickle.dumps(caught.value)).findings == caught.value.findings


def test_unknown_names_have_hints(scene):
    world = nuri.World(scene, envs=1)
    with pytest.raises(nuri.Error, match="did you mean 'arm/joint4'"):
        world.joint("arm/jiont4")
    with pytest.raises(nuri.Error, match="no number 99"):
        world.body(99)
    with pytest.raises(nuri.Error, match="there is no such file"):
        nuri.load("no/such/file.yaml")
    with pytest.raises(AttributeError, match="a view that stays"):
        world.state.qpos = np.zeros(3)


def test_several_models_are_variants():
    world = nuri.World("fleet.yaml", envs=12)
    assert sum(len(v.environments) for v in world.variants) == 12 and len(world.variants) > 1
    with pytest.raises(nuri.Error, match="world.variants"):
        world.state
    before = [v.state.qpos.copy() for v in world.variants]
    world.step()
    assert any((v.state.qpos != b).any() for v, b in zip(world.variants, before))
    assert (world.status.steps == world.substeps).all() and world.time == pytest.approx(world.control_period)


# ---- threads -----------------------------------------------------------------------------------------------------------------------------------


def test_other_threads_run_while_it_steps(scene):
    world = nuri.World(scene, envs=64, threads=1)
    ticks, stop = [], threading.Event()

    def tick():
        while not stop.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.001)

    other = threading.Thread(target=tick)
    other.start()
    start = time.perf_counter()
    world.step(400)                              # one call
    end = time.perf_counter()
    stop.set(), other.join()
    inside = sum(start < t < end for t in ticks)
    assert end - start > 0.05 and inside >= 5


def test_threads_take_turns(scene):
    world = nuri.World(scene, envs=16, threads=2)
    twin = nuri.World(scene, envs=16, threads=2)
    threads = [threading.Thread(target=lambda: [world.step(1) for _ in range(20)]) for _ in range(3)]
    [t.start() for t in threads], [t.join() for t in threads]
    for _ in range(60):
        twin.step(1)
    assert world.hash() == twin.hash()
