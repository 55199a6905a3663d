"""The policies in assets/policies still do what they were trained for, and the program says the same as NumPy."""

from __future__ import annotations

import json
import pathlib

import numpy as np
import pytest

pytest.importorskip("gymnasium")
import nuri

train = pytest.importorskip("nuri.train.policy", exc_type=ImportError)
FOLDER = pathlib.Path(__file__).resolve().parents[3] / "assets" / "policies"


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.policy")))
def test_a_kept_policy_still_succeeds(name):
    policy = train.Policy.load(FOLDER / f"{name}.policy")
    env = nuri.make(policy.task, num_envs=32)
    assert train.evaluate(env, policy)["success"] >= 0.9   # 100 % when it was trained


def test_the_quadruped_goes_where_it_is_told(program):
    """Half a metre per second, straight on, by the sensor of the trunk's velocity, unpushed; the program drives it without a fault too."""
    file = FOLDER / "quadruped.policy"
    told = json.loads(program("run", "scenes/quadruped_walk.yaml", "--policy", file, "--command", "0.5", "0", "0", "--envs", "16", "--seconds", "6", "--json", "--quiet"))
    policy = train.Policy.load(file)
    env = nuri.make(policy.task, num_envs=16, push=0.0, resample=1e6)
    observation, _ = env.reset(seed=7)
    env.task.command[:] = (0.5, 0, 0)
    observation = env.task.observe().copy()
    speeds = []
    for step in range(300):
        observation, *_ = env.step(policy(observation))
        if step >= 100:
            speeds.append(np.array(env.world.sensor("velocity").value[:, :2]))
    assert np.abs(np.mean(speeds, axis=(0, 1)) - (0.5, 0)).max() < 0.1
    assert told["faults"] == 0 and told["policy"]["task"] == "Quadruped-v0"
