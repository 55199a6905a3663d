"""Recordings as other programs read them: h5py, and the way in which robomimic's and Isaac Lab's loaders go through a file."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import time

import numpy as np
import pytest

from conftest import PROGRAM

h5py = pytest.importorskip("h5py")


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """A recording of episodes of cartpole."""
    if not PROGRAM.is_file():
        pytest.skip("the program nuri is not built (NURI_PROGRAM names it)")

    def make(scene: str, *arguments):
        path = tmp_path_factory.mktemp("recordings") / "run.h5"
        done = subprocess.run([PROGRAM, "run", scene, "--record", path, "--quiet", *map(str, arguments)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return path

    return make


def walk_as_robomimic(path, keys, filter_key=None):
    """What SequenceDataset does on opening a file and taking its items, as docs/datasets and utils/dataset.py describe it."""
    with h5py.File(path, "r", swmr=False, libver="latest") as file:
        if filter_key is not None:
            demos = [name.decode("utf-8") for name in np.array(file[f"mask/{filter_key}"][:])]
        else:
            demos = list(file["data"].keys())
        demos = [demos[i] for i in np.argsort([int(name[5:]) for name in demos])]
        env = json.loads(file["data"].attrs["env_args"])
        assert set(env) >= {"env_name", "type", "env_kwargs"} and env["type"] == 2
        total, items = 0, []
        for demo in demos:
            group = file[f"data/{demo}"]
            samples = group.attrs["num_samples"]
            total += samples
            assert isinstance(int(samples), int) and samples > 0
            for key in keys:
                assert group[f"obs/{key}"].shape[0] == samples
            for name in ("actions", "rewards", "dones", "states"):
                assert group[name].shape[0] == samples
            actions = group["actions"][()]
            assert actions.dtype == np.float32 and actions.ndim == 2 and np.abs(actions).max() <= 1
            assert group["dones"][-1] == 1 and group["dones"][:-1].sum() == 0
            items.append({"actions": actions, "obs": {key: group[f"obs/{key}"][()] for key in keys}, "rewards": group["rewards"][()], "success": group.attrs["success"]})
        if filter_key is None:
            assert file["data"].attrs["total"] == total
        return demos, items


def test_robomimic_reads_it(recording):
    path = recording("scenes/cartpole.yaml", "--envs", 3, "--seconds", 0.4, "--episodes", 5)
    demos, items = walk_as_robomimic(path, ["cart_position", "pole_axis", "pole_velocity"])
    assert demos == [f"demo_{k}" for k in range(15)]
    assert items[0]["obs"]["pole_axis"].shape == (20, 3)
    # the pole's axis is a unit vector: what lies under the name is what the name says
    assert np.abs(np.linalg.norm(items[7]["obs"]["pole_axis"], axis=1) - 1).max() < 1e-5
    # episodes of an environment have their own draws
    assert not np.array_equal(items[0]["obs"]["cart_position"], items[3]["obs"]["cart_position"])


def test_masks_name_successes(recording):
    path = recording("scenes/arm_cell.yaml", "--envs", 3, "--episodes", 2)
    good, items = walk_as_robomimic(path, [], "success")
    with h5py.File(path) as file:
        bad = [name.decode() for name in file["mask/failure"]] if "failure" in file["mask"] else []
        assert sorted(good + bad) == sorted(file["data"])
        assert {file["data"][name].attrs["ended"] for name in good} <= {"finished", "time"}
    assert good and all(item["success"] == 1 and item["rewards"][-1] == 1 and item["rewards"][:-1].sum() == 0 for item in items)


def test_isaac_lab_reads_it(recording):
    """HDF5DatasetFileHandler goes through attributes and, recursively, through groups of an episode."""
    path = recording("scenes/fleet.yaml", "--envs", 6, "--seconds", 0.2)

    def load(group):
        return {name: load(item) if isinstance(item, h5py.Group) else np.array(item) for name, item in group.items()}

    with h5py.File(path) as file:
        assert json.loads(file["data"].attrs["env_args"])["env_name"] == "fleet"
        for name, group in file["data"].items():
            episode = load(group)
            assert int(group.attrs["seed"]) == 0 and group.attrs["success"] in (0, 1)
            assert episode["actions"].shape[0] == group.attrs["num_samples"] == episode["hashes"].shape[0], name
            assert set(episode["initial_state"]) == {"row", "overrides", "qpos", "qvel"}
            assert np.array_equal(episode["states"][0][: episode["initial_state"]["qpos"].size], episode["initial_state"]["qpos"])
            assert len(json.loads(group["states"].attrs["columns"])) == episode["states"].shape[1]
            fields = {field.decode() for field, _, _ in episode["initial_state"]["overrides"]}
            assert {"body_mass", "geom_friction"} <= fields
        # four kinds of robots
        assert len({group.attrs["variant"] for group in file["data"].values()}) > 1
        assert len(file["nuri/models"]) == 4 and bytes(file["nuri/models/0"][:4]) == (b"NURI")
        assert "variants:" in file["nuri/scene"][()].decode()


def test_pictures_signals_and_rates(recording):
    path = recording("scenes/reach_camera.yaml", "--envs", 2, "--seconds", 0.8, "--record-cameras", "*", "--record-fields", "sensors,qpos@6.25")
    with h5py.File(path) as file:
        demo = file["data/demo_1"]
        samples = demo.attrs["num_samples"]
        assert demo["obs/wrist_image"].dtype == np.uint8 and demo["obs/wrist_image"].shape[0] == samples and demo["obs/wrist_image"].shape[-1] == 3
        assert demo["obs/wrist_image"][()].std() > 1
        signal_ = demo["signals/qpos"]
        assert signal_.shape[0] == -(-samples // signal_.attrs["every"])
        assert signal_.attrs["rate"] == pytest.approx(1 / (signal_.attrs["every"] * file["nuri"].attrs["control_period"]))


def test_killed_recordings_open(tmp_path):
    """After kill -9, h5py opens the file as it lies there, unless a journal lies beside it: then Nuri has to look at it once."""
    if not PROGRAM.is_file():
        pytest.skip("the program nuri is not built (NURI_PROGRAM names it)")
    random.seed(5)
    seen = []
    for k in range(10):
        path = tmp_path / f"{k}.h5"
        child = subprocess.Popen([PROGRAM, "run", "scenes/cartpole.yaml", "--envs", "16", "--seconds", "0.2", "--episodes", "100000", "--record", path, "--quiet"], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while not path.exists() and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(random.uniform(0, 0.5))
        child.send_signal(signal.SIGKILL)
        child.wait()
        if path.with_suffix(".h5.journal").exists():
            subprocess.run([PROGRAM, "inspect", path], check=True, stdout=subprocess.DEVNULL)
            assert not path.with_suffix(".h5.journal").exists()
        with h5py.File(path) as file:
            assert file["nuri"].attrs["complete"] == 0
            total = 0
            for name in file["data"]:
                demo = file["data"][name]
                assert demo["states"].shape == (10, 4) and demo["hashes"].shape == (10,) and demo["dones"][-1] == 1
                assert np.isfinite(demo["states"][()]).all()
                total += demo.attrs["num_samples"]
            assert total == file["data"].attrs["total"]
            seen.append(len(file["data"]))
    assert max(seen) > 100
