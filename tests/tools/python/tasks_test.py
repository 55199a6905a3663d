"""Tasks that come with Nuri: what their rewards say in states made by hand, and that random actions do not solve them."""
import numpy as np
import pytest

import nuri
from nuri import tasks

NAMES = ["Cartpole-v0", "Reach-v0", "PickPlace-v0", "Quadruped-v0", "Humanoid-v0", "ReachCamera-v0"]


def begun(name, num_envs=4, **options):
    env = nuri.make(name, num_envs=num_envs, seed=3, world={"threads": 1}, **options)
    env.reset()
    return env, env.task


def placed(task, **columns):
    """Writes state columns of all environments and computes what the task senses."""
    for field, values in columns.items():
        array = task.array(getattr(task.world.state, field))
        for column, value in values.items():
            array[:, column] = value
    task.world.forward()
    task.advance()
    return task


@pytest.mark.parametrize("array", ["numpy", "torch"])
@pytest.mark.parametrize("name", NAMES)
def test_every_task_runs_with_both_kinds_of_arrays(name, array):
    if array == "torch":
        pytest.importorskip("torch")
    env, task = begun(name, num_envs=3, array=array)
    random = np.random.default_rng(0)
    for _ in range(12):
        observation, reward, terminated, truncated, info = env.step(random.uniform(-1, 1, env.action_space.shape).astype(np.float32))
        parts = observation.values() if isinstance(observation, dict) else [observation]
        assert all(np.isfinite(np.asarray(part)).all() for part in parts)
        assert np.isfinite(np.asarray(reward)).all() and tuple(reward.shape) == (3,)
        assert task.terms and all(tuple(term.shape) == (3,) for term in task.terms.values())
    env.close()


@pytest.mark.parametrize("name", NAMES)
def test_numpy_and_torch_say_the_same(name):
    pytest.importorskip("torch")
    results = []
    for array in ("numpy", "torch"):
        env, _ = begun(name, array=array)
        random = np.random.default_rng(1)
        results.append([np.asarray(env.step(random.uniform(-1, 1, env.action_space.shape).astype(np.float32))[1]) for _ in range(10)])
        env.close()
    # Physics has the same bits; NumPy's and torch's exponential differ by the last ones.
    np.testing.assert_allclose(results[0], results[1], rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("name", NAMES)
def test_training_settings_are_known(name):
    settings = pytest.importorskip("nuri.train.settings")
    assert settings.Settings.of(tasks.find(name).training).envs > 0


@pytest.mark.parametrize("name,at_most", [("Cartpole-v0", 0.0), ("Reach-v0", 0.1), ("PickPlace-v0", 0.0)])
def test_random_actions_do_not_succeed(name, at_most):
    env, task = begun(name, num_envs=64)
    random = np.random.default_rng(2)
    ended, succeeded = 0, 0
    for _ in range(env.max_episode_steps):
        info = env.step(random.uniform(-1, 1, env.action_space.shape).astype(np.float32))[4]
        ended += info["_final_obs"].sum()
        succeeded += (info["success"] & info["_final_obs"]).sum()
    assert ended >= 64 and succeeded / ended <= at_most
    env.close()


def test_cartpole_rewards_an_upright_pole_in_the_middle():
    env, task = begun("Cartpole-v0")
    value = lambda place, angle, turning=0.0: float(placed(task, qpos={0: place, 1: angle}, qvel={0: 0, 1: turning}).reward()[0])
    assert value(0, np.pi) == pytest.approx(1, abs=1e-5)
    assert value(0, 0) == pytest.approx(0, abs=1e-5)
    assert value(0, np.pi / 2) == pytest.approx(0.5, abs=1e-5)
    assert 0.5 < value(1.5, np.pi) < 0.6 and value(1.5, np.pi) == pytest.approx(value(-1.5, np.pi), abs=1e-6)
    assert value(0, np.pi, turning=20) == pytest.approx(0.5, abs=1e-5)
    env.close()


def test_cartpole_succeeds_after_a_second_upright():
    env, task = begun("Cartpole-v0")
    placed(task, qpos={0: 0, 1: np.pi}, qvel={0: 0, 1: 0})
    for _ in range(task.balanced - 2):
        task.advance()
    assert not task.success().any()
    task.advance()
    assert task.success().all()
    placed(task, qpos={1: np.pi + 0.5})
    assert not task.success().any()
    env.close()


def test_reach_rewards_nearness():
    env, task = begun("Reach-v0")
    grip = task.world.sensor("grip_pos").value.copy()
    rewards = []
    for offset in (0.0, 0.015, 0.025, 0.1, 0.4):
        # with its slides at zero the ball is at (0.45, 0, 0.35)
        for axis, (slide, home) in enumerate(zip(("target_x", "target_y", "target_z"), (0.45, 0, 0.35))):
            task.world.joint(slide).position[:] = grip[:, axis] - home + (offset if axis == 2 else 0)
        task.world.forward()
        np.testing.assert_allclose(task.distance(), offset, atol=1e-5)
        assert (task.success() == (offset < 0.02)).all()
        rewards.append(float(task.reward()[0]))
    assert rewards == sorted(rewards, reverse=True) and rewards[0] == pytest.approx(1, abs=1e-3) and rewards[-1] < -0.39
    env.close()


def block_at(task, x, y, z):
    task.world.joint("block").position[:, :3] = [x, y, z]
    task.world.forward()
    return task


def test_pick_place_counts_a_block_in_the_bin_only():
    env, task = begun("PickPlace-v0")
    on_bench = block_at(task, 0.45, -0.1, 0.03).reward()
    assert not task.placed().any() and not task.terminated().any()
    in_bin = block_at(task, 0.4, 0.3, 0.035).reward()
    assert task.placed().all() and task.success().all() and not task.terminated().any()
    assert (in_bin > on_bench + 0.6).all()
    assert not block_at(task, 0.4, 0.3, 0.2).placed().any()          # above it
    assert not block_at(task, 0.4, 0.15, 0.035).placed().any()       # beside it
    assert block_at(task, 0.4, 0.6, -0.7).terminated().all()         # on the floor
    env.close()


def test_pick_place_says_what_the_scene_says():
    text = open(nuri.scenes.path("pick_place.yaml")).read()
    kind = tasks.find("PickPlace-v0")
    low, high = (f"[{', '.join(f'{x:g}' for x in bound)}]" for bound in (kind.low, kind.high))
    assert f"inside: {{low: {low}, high: {high}}}" in text


def test_quadruped_rewards_what_is_commanded():
    env, task = begun("Quadruped-v0", standing=0.0)
    level = {3: 1, 4: 0, 5: 0, 6: 0}
    still = {k: 0 for k in range(18)}

    def term(name, qvel, command):
        task.command[:] = np.array(command, np.float32)
        placed(task, qpos={2: 0.3, **level}, qvel={**still, **qvel})
        task.reward()
        return float(task.terms[name][0]) / task.weights[name]

    assert term("speed", {0: 0.5}, (0.5, 0, 0)) == pytest.approx(1, abs=1e-4)
    assert term("speed", {0: 0.0}, (0.5, 0, 0)) == pytest.approx(np.exp(-0.25 / task.sigma), abs=1e-4)
    assert term("speed", {1: 0.3}, (0, 0.3, 0)) == pytest.approx(1, abs=1e-4)
    assert term("turn", {5: 0.7}, (0, 0, 0.7)) == pytest.approx(1, abs=1e-4)
    assert term("turn", {5: 0.0}, (0, 0, 0.7)) == pytest.approx(np.exp(-0.49 / task.sigma), abs=1e-4)
    assert term("bounce", {2: 0.5}, (0, 0, 0)) == pytest.approx(0.25, abs=1e-3)
    assert all(term(name, {5: 0.0}, (0, 0, 0.7)) >= 0 for name in task.weights)   # what a weight below zero is for
    env.close()


def test_quadruped_tracks_in_its_own_axes():
    env, task = begun("Quadruped-v0")
    quarter = np.sqrt(0.5)
    still = {k: 0 for k in range(18)}
    placed(task, qpos={2: 0.3, 3: quarter, 4: 0, 5: 0, 6: quarter}, qvel={**still, 1: 0.6})   # heading +y, moving along +y
    np.testing.assert_allclose(task.speed, np.tile([0.6, 0, 0], (4, 1)), atol=1e-4)
    env.close()


def test_quadruped_falls():
    env, task = begun("Quadruped-v0")
    assert not placed(task, qpos={2: 0.3, 3: 1, 4: 0, 5: 0, 6: 0}).terminated().any()
    assert placed(task, qpos={2: 0.3, 3: np.cos(0.6), 4: np.sin(0.6), 5: 0, 6: 0}).terminated().all()   # rolled by 69 degrees
    assert placed(task, qpos={2: 0.1, 3: 1, 4: 0, 5: 0, 6: 0}).terminated().all()
    env.close()


def test_quadruped_commands_stay_in_their_ranges_and_change():
    env, task = begun("Quadruped-v0", num_envs=512, standing=0.25)
    first = task.command.copy()
    for k, (low, high) in enumerate((task.forward, task.sideways, task.turning)):
        assert (first[:, k] >= low).all() and (first[:, k] <= high).all() and np.ptp(first[:, k]) > 0.9 * (high - low)
    assert 0.18 < (first == 0).all(axis=1).mean() < 0.32   # five deviations about a quarter
    task.elapsed[:] = round(task.resample / task.period)
    task.world.step(1)
    task.act(np.zeros((512, 12), np.float32))
    assert (task.command != first).any(axis=1).mean() > 0.8
    env.close()


def test_humanoid_rewards_standing_and_speed():
    env, task = begun("Humanoid-v0", gait="walk", speed=(1.0, 1.0))
    task.world.reset(key="stand")
    task.world.forward()
    slow = float(task.reward()[0])
    placed(task, qvel={0: 1.0})
    fast = float(task.reward()[0])
    assert fast == pytest.approx(1, abs=0.05) and slow < 0.3 * fast and task.success().all()
    assert not task.terminated().any()
    assert placed(task, qpos={2: 0.2}).terminated().all()
    env.close()
    with pytest.raises(ValueError, match="'stand' or 'walk'"):
        nuri.make("Humanoid-v0", gait="run")


def test_camera_task_shows_the_ball():
    env, task = begun("ReachCamera-v0")
    observation, _ = env.reset()
    assert observation["corner"].shape == (4, 64, 64, 3) and observation["wrist"].shape == (4, 32, 32, 3)
    orange = lambda picture: (picture[..., 0] > 150) & (picture[..., 1] < 130) & (picture[..., 2] < 90)
    assert orange(observation["corner"].astype(int)).any(axis=(1, 2)).all()
    before = observation["corner"].copy()
    task.world.joint("target_y").position[:] += 0.2
    task.world.forward()
    after = env.step(np.zeros(env.action_space.shape, np.float32))[0]["corner"]
    assert (before != after).any(axis=(1, 2, 3)).all()
    env.close()
