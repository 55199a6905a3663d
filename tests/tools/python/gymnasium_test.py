"""The MuJoCo tasks of gymnasium as batches, against gymnasium's own environments, one by one.

The sharp test is one step: along a trajectory of MuJoCo's, from each state with one action. All of these states are the environments of one batch here.
"""
import inspect
import re
import subprocess
import sys

import numpy as np
import pytest

gymnasium = pytest.importorskip("gymnasium")
pytest.importorskip("mujoco")
nuri = pytest.importorskip("nuri")

from nuri import tasks  # noqa: E402

NAMES = ("Ant", "HalfCheetah", "Hopper", "Humanoid", "HumanoidStandup", "InvertedDoublePendulum", "InvertedPendulum", "Pusher", "Reacher",
         "Swimmer", "Walker2d")
CONVERGED = 'solver="Newton" tolerance="0" iterations="500" ls_iterations="200" ccd_tolerance="1e-12" ccd_iterations="500"'
DEEP = 2e-3                     # m: see `deep`
AT_SOLUTION = {"Pusher": 1e-8}  # relative: the arm's capsules touch a cylinder where MuJoCo's search ends; others 1e-11, seen is 1e-12


def theirs(name, **options):
    return gymnasium.make(f"{name}-v5", **options).unwrapped


def ours(name, count, **options):
    options = {"autoreset": "disabled", "world": {"precision": "float64", "threads": 1}} | options
    return nuri.make(f"{name}-v5", count, backend="cpu", **options)


@pytest.fixture(scope="module")
def converged(tmp_path_factory):
    """A model's file of which the solver goes on to the solution: where it stops on the way, two engines need not stop at the same point."""
    folder = tmp_path_factory.mktemp("converged")

    def write(name):
        text = open(tasks.find(f"{name}-v5").find_scene({})).read()
        found = re.search(r"<option([^>]*?)/?>", text)
        assert found, name
        kept = re.sub(r'\b(solver|tolerance|iterations)\s*=\s*"[^"]*"', "", found[1])
        path = folder / f"{name}.xml"
        path.write_text(text.replace(found[0], found[0].replace(found[1], f" {kept} {CONVERGED} "), 1))
        return str(path)

    return write


def travel(env, steps, seed):
    """States along trajectories of random actions, and an action for each: float64."""
    random, states, actions = np.random.default_rng(seed), [], []
    env.reset(seed=seed)
    for _ in range(steps):
        action = random.uniform(env.action_space.low, env.action_space.high).astype(np.float32).astype(np.float64)
        states.append((env.data.qpos.copy(), env.data.qvel.copy()))
        actions.append(action)
        if env.step(action)[2] and random.uniform() < 0.2:     # it goes on, fallen, for a while
            env.reset()
    return [np.array(part) for part in zip(*states)], np.array(actions)


def one_step(env, states, actions):
    """What gymnasium makes of each state and action: a list, None where shapes overlap deeply."""
    out = []
    for qpos, qvel, action in zip(*states, actions):
        env.reset()
        env.set_state(qpos, qvel)
        env.data.qacc_warmstart[:] = 0
        before = deep(env)
        found = env.step(action)
        out.append(None if before or deep(env) else found)
    return out


def place(env, states):
    """The batch, put into these states as if its episodes had begun there."""
    env.reset(seed=0)
    env.task.qpos[:], env.task.qvel[:] = states
    env.world.state.warmstart[:] = 0
    env.world.forward()


def deep(env):
    """Whether shapes for which MuJoCo has no formula overlap so much that its search need not end at the least depth (docs/parity.md, "Deep convex pairs")."""
    plane, exact = (np.isin(env.model.geom_type, kinds) for kinds in ([0], [0, 2, 3]))   # planes; planes, spheres, capsules
    return any(c.dist < -DEEP and not plane[c.geom].any() and not exact[c.geom].all() for c in env.data.contact)


def apart(ours, theirs):
    """The largest difference, relative to the largest number above 1."""
    ours, theirs = np.asarray(ours, float), np.asarray(theirs, float)
    assert ours.shape == theirs.shape
    return np.abs(ours - theirs).max(initial=0) / max(1.0, np.abs(theirs).max(initial=0))


def compare(env, expected, actions):
    """Steps the batch and compares all: the largest relative difference by name."""
    rows = np.array([e is not None for e in expected])
    assert rows.mean() > 0.97
    expected = [e for e in expected if e is not None]
    observation, reward, terminated, truncated, info = env.step(actions)
    found = {"observation": apart(observation[rows], [e[0] for e in expected]), "reward": apart(env.task.reward()[rows], [e[1] for e in expected])}
    assert np.array_equal(terminated[rows], [e[2] for e in expected]) and not truncated.any()
    assert np.array_equal(reward, env.task.reward().astype(np.float32))
    for name in expected[0][4]:
        assert info[f"_{name}"].all()
        found[name] = apart(info[name][rows], [e[4][name] for e in expected])
    return found


# ---- the sharp test ---------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", NAMES)
def test_one_step_is_gymnasiums(name, converged):
    """In double, at the solution of the constraints."""
    file = converged(name)
    env = theirs(name, xml_file=file)
    states, actions = travel(env, 300, seed=1)
    expected = one_step(env, states, actions)
    batch = ours(name, len(actions), xml_file=file)
    place(batch, states)
    found = compare(batch, expected, actions)
    print(name, {key: f"{value:.1e}" for key, value in found.items()})
    assert max(found.values()) < AT_SOLUTION.get(name, 1e-11), found
    batch.close(), env.close()


@pytest.mark.parametrize("name", NAMES)
def test_one_step_of_the_models_as_they_are(name):
    """With the model's own solver. The humanoids' is PGS, of which 50 sweeps end far from the solution: engines differ by as much."""
    env = theirs(name)
    states, actions = travel(env, 200, seed=2)
    batch = ours(name, len(actions))
    place(batch, states)
    found = compare(batch, one_step(env, states, actions), actions)
    print(name, {key: f"{value:.1e}" for key, value in found.items()})
    assert max(found.values()) < (1e-3 if name.startswith("Humanoid") else 1e-9), found
    batch.close(), env.close()


SETTINGS = {
    "Ant": dict(exclude_current_positions_from_observation=False, include_cfrc_ext_in_observation=False, contact_force_range=(0.5, 3.0), contact_cost_weight=0.1,
                forward_reward_weight=2.0, ctrl_cost_weight=0.3, healthy_reward=0.7, healthy_z_range=(0.3, 0.9), main_body="front_left_leg", frame_skip=3),
    "HalfCheetah": dict(exclude_current_positions_from_observation=False, forward_reward_weight=0.5, ctrl_cost_weight=0.7, frame_skip=2),
    "Hopper": dict(exclude_current_positions_from_observation=False, terminate_when_unhealthy=False, healthy_state_range=(-3.0, 3.0),
                   healthy_angle_range=(-0.1, 0.3), healthy_z_range=(0.5, 1.3), healthy_reward=0.3, frame_skip=5),
    "Humanoid": dict(exclude_current_positions_from_observation=False, include_cvel_in_observation=False, include_qfrc_actuator_in_observation=False,
                     contact_cost_range=(0.1, 0.2), contact_cost_weight=1e-4, healthy_z_range=(1.1, 1.5), healthy_reward=2.0, forward_reward_weight=3.0),
    "HumanoidStandup": dict(include_cinert_in_observation=False, include_cfrc_ext_in_observation=False, uph_cost_weight=3, ctrl_cost_weight=0.2,
                            impact_cost_weight=1e-4, impact_cost_range=(0.2, 2.0)),
    "InvertedDoublePendulum": dict(healthy_reward=3.0, frame_skip=2),
    "InvertedPendulum": dict(frame_skip=3),
    "Pusher": dict(reward_near_weight=0.1, reward_dist_weight=0.2, reward_control_weight=0.3),
    "Reacher": dict(reward_dist_weight=0.5, reward_control_weight=0.1, frame_skip=4),
    "Swimmer": dict(exclude_current_positions_from_observation=False, forward_reward_weight=3.0, ctrl_cost_weight=0.5),
    "Walker2d": dict(exclude_current_positions_from_observation=False, healthy_z_range=(0.9, 1.2), healthy_angle_range=(-0.05, 0.1), ctrl_cost_weight=0.1),
}


@pytest.mark.parametrize("name", NAMES)
def test_options_mean_what_gymnasium_says(name, converged):
    options = SETTINGS[name] | {"xml_file": converged(name)}
    env = theirs(name, **options)
    states, actions = travel(env, 60, seed=3)
    batch = ours(name, len(actions), **options)
    place(batch, states)
    found = compare(batch, one_step(env, states, actions), actions)
    assert max(found.values()) < AT_SOLUTION.get(name, 1e-11), found
    assert batch.single_observation_space.shape == env.observation_space.shape
    batch.close(), env.close()


@pytest.mark.parametrize("name", NAMES)
def test_spaces_options_and_limits_are_gymnasiums(name):
    env, batch = theirs(name), ours(name, 2)
    assert batch.single_observation_space == env.observation_space and batch.single_action_space == env.action_space
    assert batch.max_episode_steps == gymnasium.spec(f"{name}-v5").max_episode_steps
    assert batch.metadata["render_fps"] == env.metadata["render_fps"]
    kind = tasks.find(f"{name}-v5")
    for option, parameter in inspect.signature(type(env).__init__).parameters.items():
        if option not in ("self", "kwargs", "default_camera_config"):
            assert option in kind.options() and getattr(kind, option) == parameter.default, option
    batch.close(), env.close()


# ---- long runs --------------------------------------------------------------------------------------------------------------------------
NUDGE = 1e-13                   # m, rad, m/s, rad/s
STEPS = {"Humanoid": 60, "HumanoidStandup": 60}   # of models that go on to the solution; others 1000, as they are


@pytest.mark.parametrize("name", NAMES)
def test_a_long_run_is_gymnasiums(name, converged):
    """From the same state with the same actions, and nobody resets what falls. Small differences grow as they do between two of gymnasium's environments
    of which one begins a nudge beside the other: Nuri stays with gymnasium for about as long as those two stay together."""
    steps, options = STEPS.get(name, 1000), {"xml_file": converged(name)} if name in STEPS else {}
    env, nudged, batch = theirs(name, **options), theirs(name, **options), ours(name, 1, **options)
    (qpos, qvel), _ = travel(env, 1, seed=4)
    random = np.random.default_rng(6)
    for one, size in ((env, 0), (nudged, NUDGE)):
        one.reset()
        one.set_state(*(x[0] + size * random.uniform(-1, 1, x[0].shape) for x in (qpos, qvel)))
        one.data.qacc_warmstart[:] = 0
    place(batch, (qpos, qvel))
    random, same = np.random.default_rng(5), {}
    for step in range(steps):
        action = random.uniform(env.action_space.low, env.action_space.high).astype(np.float32).astype(np.float64)
        expected, other, mine = env.step(action)[:3], nudged.step(action)[:3], batch.step(action[None])
        for who, found in (("nudged", other), ("nuri", (mine[0][0], batch.task.reward()[0], mine[2][0]))):
            if found[2] != expected[2] or not max(apart(found[0], expected[0]), apart(found[1], expected[1])) < 1e-6:
                same.setdefault(who, step)
        if len(same) == 2:
            break
    print(name, same)
    assert same.get("nuri", steps) >= 0.8 * same.get("nudged", steps) > 30, same
    batch.close(), env.close(), nudged.close()


# ---- episodes ---------------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", NAMES)
def test_initial_states_are_distributed_as_gymnasiums(name):
    """Bounds, means and deviations of 400 each; deviations of the mean of 400 are 5 % of a deviation, of the deviation at most 4 %."""
    env, batch = theirs(name), ours(name, 400)
    states = [[], []]
    for k in range(400):
        env.reset(seed=k)
        states[0].append(env.data.qpos.copy()), states[1].append(env.data.qvel.copy())
    observation, info = batch.reset(seed=3)
    theirs_info = env.reset()[1]
    assert {key for key in info if not key.startswith("_")} == set(theirs_info)
    for mine, other in zip((batch.task.qpos, batch.task.qvel), map(np.array, states)):
        deviation = other.std(axis=0)
        assert np.all(np.abs(mine.mean(axis=0) - other.mean(axis=0)) <= 0.35 * deviation + 1e-12)   # five deviations of the difference
        assert np.all(np.abs(mine.std(axis=0) - deviation) <= 0.3 * deviation + 1e-12)
        assert len(np.unique(mine[:, deviation > 0], axis=0)) == (400 if (deviation > 0).any() else 0)
    # what is observed of them is what gymnasium observes of them
    for k in range(10):
        env.reset()
        env.set_state(batch.task.qpos[k].copy(), batch.task.qvel[k].copy())
        assert apart(observation[k], env._get_obs()) < 1e-10
        for key, value in env._get_reset_info().items():
            assert apart(info[key][k], value) < 1e-10, key
    batch.close(), env.close()


def test_numbers_are_the_worlds():
    env = nuri.make("Ant-v5", 2, backend="cpu", world={"threads": 1})
    assert env.single_observation_space.dtype == np.float32
    observation, reward, *_, info = (env.reset(seed=0), env.step(np.ones((2, 8), np.float32)))[1]
    assert observation.dtype == reward.dtype == np.float32 and observation.shape == (2, 105) and np.isfinite(observation).all()
    env.close()


def test_reachers_and_pushers_draws_lie_where_they_may():
    task = ours("Reacher", 2000).task
    task.begin(np.ones(2000, bool))
    goal = np.hypot(*task.qpos[:, -2:].T)
    assert goal.max() < 0.2 and 0.47 < (goal < 0.2 * np.sqrt(0.5)).mean() < 0.53     # evenly over the disk
    task = ours("Pusher", 2000).task
    task.begin(np.ones(2000, bool))
    x, y = task.qpos[:, -4], task.qpos[:, -3]
    assert (np.hypot(x, y) > 0.17).all() and (x <= 0).all() and (x >= -0.3 - 1e-6).all() and (np.abs(y) <= 0.2 + 1e-6).all()
    assert not task.qpos[:, -2:].any() and not task.qvel[:, -4:].any()


@pytest.mark.parametrize("array", ["numpy", "torch"])
@pytest.mark.parametrize("name", ["Ant", "Hopper", "HumanoidStandup"])
def test_info_of_episodes_that_end(name, array):
    """As gymnasium's SyncVectorEnv has it with the same autoreset: what ended is told in final_info, what began in info."""
    if array == "torch":
        pytest.importorskip("torch")
    limit = 7
    env = nuri.make(f"{name}-v5", 5, array=array, backend="cpu", max_episode_steps=limit, world={"precision": "float64", "threads": 1})
    other = gymnasium.make_vec(f"{name}-v5", num_envs=5, vectorization_mode="sync", max_episode_steps=limit,
                               vector_kwargs={"autoreset_mode": gymnasium.vector.AutoresetMode.SAME_STEP})
    env.reset(seed=1), other.reset(seed=1)
    also = {"final_obs", "final_info", "episode"}
    told = lambda info: {key[1:] for key in info if key.startswith("_") and np.asarray(info[key]).any()} - also   # by some environment
    for step in range(2 * limit):
        actions = np.zeros(env.action_space.shape, np.float32)
        *_, truncated, info = env.step(actions)
        *_, cut, expected = other.step(actions)
        assert bool(truncated.all()) == bool(cut.all()) == (step % limit == limit - 1)
        assert told(info) == told(expected) and "x_position" in told(info)
        for key in told(expected):
            assert np.array_equal(np.asarray(info[f"_{key}"]), expected[f"_{key}"]) and np.asarray(info[key]).shape == expected[key].shape, key
        if truncated.all():
            assert told(info["final_info"]) == told(expected["final_info"])
            assert float(info["x_position"][0]) != float(info["final_info"]["x_position"][0])
    env.close(), other.close()


@pytest.mark.parametrize("name", NAMES)
def test_torch_says_the_same(name):
    pytest.importorskip("torch")
    batches = [nuri.make(f"{name}-v5", 4, backend="cpu", array=array, world={"precision": "float64", "threads": 1}) for array in ("numpy", "torch")]
    seen = [[np.asarray(batch.reset(seed=2)[0])] for batch in batches]
    random = np.random.default_rng(0)
    for _ in range(60):
        action = random.uniform(-1, 1, batches[0].action_space.shape).astype(np.float32)
        for batch, out in zip(batches, seen):
            observation, reward, terminated, *_ = batch.step(action)
            out += [np.asarray(observation), np.asarray(reward), np.asarray(terminated)]
    for mine, other in zip(*seen):
        assert mine.dtype == other.dtype and apart(mine, other) < 1e-5      # a cosine's last bit, and what it grows to
    for batch in batches:
        batch.close()


def test_a_saved_batch_goes_on_with_the_same_bits():
    env = nuri.make("Ant-v5", 3, backend="cpu", world={"threads": 1, "precision": "float64"})
    env.reset(seed=4)
    action = np.full((3, 8), 0.3, np.float32)
    env.step(action)
    saved = env.save()
    first = [env.step(action)[:2] for _ in range(5)]
    env.load(saved)
    for (observation, reward), again in zip(first, [env.step(action)[:2] for _ in range(5)]):
        assert np.array_equal(observation, again[0]) and np.array_equal(reward, again[1])
    env.close()


# ---- what is refused --------------------------------------------------------------------------------------------------------------------
def test_models_that_are_not_there_are_named(monkeypatch):
    with pytest.raises(FileNotFoundError, match=r"no /nowhere/ant.xml.*gymnasium\[mujoco\]"):
        nuri.make("Ant-v5", xml_file="/nowhere/ant.xml")
    from nuri.tasks import gymnasium_mujoco

    monkeypatch.setattr(gymnasium_mujoco, "assets", lambda: None)
    with pytest.raises(FileNotFoundError, match=r"ant.xml.*pip install"):
        nuri.make("Ant-v5")
    with pytest.raises(TypeError, match="no option 'healthy_z_rage'"):
        nuri.make("Hopper-v5", healthy_z_rage=(0, 1), xml_file=str(__import__("pathlib").Path(gymnasium.__file__).parent / "envs/mujoco/assets/hopper.xml"))
    with pytest.raises(ValueError, match="did you mean 'Ant-v5'"):
        nuri.make("Ant-v4")


def test_without_gymnasium_its_name_is_told():
    """In a process of its own, to which gymnasium cannot come."""
    script = "import sys; sys.modules['gymnasium'] = None; import nuri; nuri.make('Ant-v5')"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert found.returncode and "ModuleNotFoundError: nuri.envs.make needs the package gymnasium, 1.0 or newer: pip install" in found.stderr


def test_details_are_there_for_those_who_ask():
    path = tasks.find("Ant-v5").find_scene({})
    world = nuri.World(path, envs=2, backend="cpu", threads=1, precision="float64")
    with pytest.raises(AttributeError, match="detail=True"):
        world.state.cfrc_ext
    asked = nuri.World(path, envs=2, backend="cpu", threads=1, precision="float64", detail=True)
    world.step(50), asked.step(50)
    assert world.hash() == asked.hash() and np.array_equal(world.state.qacc, asked.state.qacc) and np.array_equal(world.state.xpos, asked.state.xpos)
    assert asked.state.cinert.shape == (2, 14, 10) and asked.state.cfrc_ext.shape == (2, 14, 6) and asked.state.tendon_length.shape == (2, 0)
    assert len(asked.save()) > len(world.save())


@pytest.mark.parametrize("name", ["Ant", "InvertedPendulum"])
def test_one_environment_is_like_gymnasiums(name):
    """gymnasium.make: the same keys and kinds of numbers."""
    nuri.register_gymnasium()
    env, other = gymnasium.make(f"nuri/{name}-v5", backend="cpu", world={"precision": "float64", "threads": 1}), gymnasium.make(f"{name}-v5")
    assert env.action_space == other.action_space and env.observation_space == other.observation_space
    for mine, expected in ((env.reset(seed=0), other.reset(seed=0)), (env.step(env.action_space.sample()), other.step(other.action_space.sample()))):
        assert [np.shape(part) for part in mine[:-1]] == [np.shape(part) for part in expected[:-1]]
        assert mine[-1].keys() - {"terms"} == expected[-1].keys()
        assert all(np.shape(mine[-1][key]) == np.shape(value) for key, value in expected[-1].items())
    env.close(), other.close()
