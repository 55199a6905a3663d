"""nuri.make: what gymnasium, learners and people who debug them rely on."""
import sys
import warnings

import numpy as np
import pytest

gymnasium = pytest.importorskip("gymnasium")
nuri = pytest.importorskip("nuri")

from gymnasium.utils.env_checker import check_env  # noqa: E402
from gymnasium.vector import AutoresetMode  # noqa: E402
from swing import Swing, SwingCamera  # noqa: E402

from nuri.envs import SingleEnv, split  # noqa: E402

kinds = ["numpy", "torch"]


def host(tree):
    """NumPy of NumPy or torch, of dicts too."""
    if isinstance(tree, dict):
        return {name: host(part) for name, part in tree.items()}
    return np.array(tree) if isinstance(tree, np.ndarray) else np.array(tree.numpy(force=True))


def same(a, b, rows=slice(None)):
    """Bit for bit."""
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[name], b[name], rows) for name in a)
    a, b = np.ascontiguousarray(host(a)[rows]), np.ascontiguousarray(host(b)[rows])
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def actions(env, steps, seed=0):
    return np.random.default_rng(seed).uniform(-1.2, 1.2, (steps, *env.action_space.shape)).astype(np.float32)


# ---- gymnasium ----------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("array", kinds)
def test_spaces_shapes_types(make, array):
    env = make(array=array)
    assert isinstance(env, gymnasium.vector.VectorEnv)
    assert env.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    assert make(autoreset="disabled").metadata["autoreset_mode"] is AutoresetMode.DISABLED
    assert env.single_action_space == gymnasium.spaces.Box(-1, 1, (1,), np.float32)
    assert env.single_observation_space.shape == (8,) and env.observation_space.shape == (6, 8)
    observation, info = env.reset(seed=1)
    assert host(observation) in env.observation_space and info == {}
    observation, reward, terminated, truncated, info = env.step(env.action_space.sample())
    kind = np.ndarray if array == "numpy" else __import__("torch").Tensor
    assert all(isinstance(x, kind) for x in (observation, reward, terminated, truncated, info["final_obs"], info["terms"]["near"]))
    assert host(observation) in env.observation_space
    assert host(reward).dtype == np.float32 and host(terminated).dtype == host(truncated).dtype == np.bool_
    assert host(reward).shape == host(terminated).shape == host(truncated).shape == (6,)
    assert env.max_episode_steps == 25 and env.metadata["render_fps"] == 50


def test_cameras_are_a_dict_of_spaces(make):
    env = make(SwingCamera)
    space = env.single_observation_space
    assert space["picture"] == gymnasium.spaces.Box(0, 255, (12, 16, 3), np.uint8)
    observation, _ = env.reset()
    assert observation in env.observation_space
    assert observation["picture"].std() > 10                  # not one colour
    observation, *_ = env.step(env.action_space.sample())
    assert observation in env.observation_space


@pytest.mark.parametrize("task", [Swing, SwingCamera])
def test_gymnasium_finds_no_fault(scene, task):
    """Also that spec makes it again, and every render mode."""
    nuri.tasks.register("Swing-v7", task)
    try:
        nuri.envs.register_gymnasium()
        env = gymnasium.make("nuri/Swing-v7", scene=scene, backend="cpu")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.filterwarnings("ignore", message=".*box observation space m[a-z]* value is -?infinity.*", append=False)
            warnings.filterwarnings("ignore", message=".*A Box observation space m[a-z]* value is -?infinity.*", append=False)
            check_env(env.unwrapped)
        env.close()
        vector = gymnasium.make_vec("nuri/Swing-v7", num_envs=3, scene=scene, backend="cpu")
        assert isinstance(vector, nuri.envs.VectorEnv) and vector.num_envs == 3 and vector.spec.id == "nuri/Swing-v7"
        vector.close()
        own = nuri.make("Swing-v7", 2, scene=scene, backend="cpu")
        assert own.spec.id == "nuri/Swing-v7" and own.spec.kwargs["num_envs"] == 2
        own.close()
    finally:
        del nuri.tasks.registry["Swing-v7"], gymnasium.registry["nuri/Swing-v7"]


def test_a_single_environment_is_the_first_of_many(make, scene):
    env = make(num_envs=3, autoreset="disabled")
    single = SingleEnv(Swing, scene=scene, backend="cpu")
    first, (own, _) = env.reset(seed=5)[0], single.reset(seed=5)
    assert same(first[0], own)
    for action in actions(env, 10):
        observation, reward, terminated, *_ = env.step(action)
        own, own_reward, own_terminated, _, info = single.step(action[0])
        assert same(observation[0], own) and reward[0] == np.float32(own_reward) and terminated[0] == own_terminated
    single.close()


def test_statistics_are_those_of_gymnasium(make):
    """The same numbers as gymnasium's own wrapper, on an environment that leaves that to it."""
    ours = make()
    theirs = gymnasium.wrappers.vector.RecordEpisodeStatistics(make(statistics=False))
    ours.reset(seed=3), theirs.reset(seed=3)
    ended = 0
    for action in actions(ours, 120):
        *_, info = ours.step(action)
        *_, other = theirs.step(action)
        assert ("episode" in info) == ("episode" in other)
        if "episode" in info:
            assert same(info["_episode"], other["_episode"]) and same(info["episode"]["l"], other["episode"]["l"])
            assert np.array_equal(info["episode"]["r"], other["episode"]["r"])
            assert np.all(info["episode"]["t"][info["_episode"]] > 0)
            assert info["final_info"]["episode"]["r"] is info["episode"]["r"]
            ended += info["_episode"].sum()
    assert ended > 20


def test_actions_are_the_controls(make):
    """The scene's random controls move what the task does not; what it moves they leave alone."""
    env = make()
    env.reset(seed=1)
    others = []
    for action in actions(env, 5):
        env.step(action)
        assert same(env.world.control[:, :1], np.clip(action, -1, 1)) and same(env.task.action, np.clip(action, -1, 1))
        others.append(host(env.world.control[:, 1]))
    assert np.ptp(others, axis=0).min() > 0


# ---- the end of an episode ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("array", kinds)
@pytest.mark.parametrize("task", [Swing, SwingCamera])
def test_final_obs_is_what_a_manual_reset_sees(make, task, array):
    """A twin that resets by hand: at every step its observation is our final_obs, pictures included, and after its reset it is what we
    returned; rewards, ends and terms are equal. Bit for bit."""
    env, twin = make(task, array=array), make(task, array=array, autoreset="disabled")
    assert same(env.reset(seed=11)[0], twin.reset(seed=11)[0])
    ends = {"terminated": 0, "truncated": 0}
    for action in actions(env, 100):
        observation, reward, terminated, truncated, info = env.step(action)
        true, *others, twin_info = twin.step(action)
        assert same(info["final_obs"], true)
        assert all(same(a, b) for a, b in zip((reward, terminated, truncated), others))
        assert same(info["terms"], twin_info["terms"]) and same(twin_info["final_obs"], true)
        done = terminated | truncated
        assert same(info["_final_obs"], done) and same(info["_final_info"], done)
        assert bool(done.any()) == bool(info["final_info"])
        if done.any():
            true, _ = twin.reset(options={"reset_mask": done})
            mine = host(done)
            first = {name: part for name, part in observation.items()} if isinstance(observation, dict) else observation
            finals = host(info["final_obs"]["policy"] if isinstance(first, dict) else info["final_obs"])
            assert not np.array_equal(finals[mine], host(first["policy"] if isinstance(first, dict) else first)[mine])
        assert same(observation, true)
        ends["terminated"] += int(terminated.sum())
        ends["truncated"] += int(truncated.sum())
    assert min(ends.values()) > 3, ends


def test_final_picture_is_of_the_last_state(make, scene):
    """It is not late, as pictures are while an episode runs: it equals what a camera without delay would see then."""
    env = make(SwingCamera, num_envs=4)
    env.reset(seed=2)
    seen = 0
    for action in actions(env, 40):
        before = host(env.world.state.qpos)
        observation, _, terminated, truncated, info = env.step(action)
        for i in np.flatnonzero(terminated | truncated):
            other = nuri.World(scene, envs=1, backend="cpu", timeline=False)
            other.state.qpos[0] = info["final_obs"]["policy"][i, 2:4]
            other.forward()
            other.cameras["side"]
            other.finish_pictures(None)
            assert same(other.cameras["side"].rgb[0], info["final_obs"]["picture"][i])
            assert not np.array_equal(before[i], info["final_obs"]["policy"][i, 2:4])
            seen += 1
    assert seen > 3


def test_partial_reset_leaves_the_others_alone(make):
    env, other = make(SwingCamera), make(SwingCamera)
    env.reset(seed=4), other.reset(seed=4)
    for action in actions(env, 10):
        env.step(action), other.step(action)
    mask = np.array([True, False, False, True, False, False])
    before = host(env.world.state.qvel)
    observation, _ = env.reset(options={"reset_mask": mask})
    assert same(before, env.world.state.qvel, ~mask) and not same(before, env.world.state.qvel, mask)
    assert np.all(env.task.age[mask] == 0) and np.all(env.task.age[~mask] > 0)
    for action in actions(env, 12, seed=1):
        observation, reward, *_ = env.step(action)
        expected, expected_reward, *_ = other.step(action)
        assert same(observation, expected, ~mask) and same(reward, expected_reward, ~mask)
    assert not same(observation, expected, mask)


@pytest.mark.parametrize("array", kinds)
def test_masks_of_both_kinds(make, array):
    torch = pytest.importorskip("torch")
    env = make(array=array, autoreset="disabled")
    results = []
    for mask in (np.array([1, 0, 0, 1, 1, 0], bool), torch.tensor([1, 0, 0, 1, 1, 0], dtype=torch.bool)):
        env.reset(seed=8)
        env.step(np.ones((6, 1), np.float32))
        options = {"reset_mask": mask}
        results.append(host(env.reset(options=options)[0]))
        assert "reset_mask" in options                        # the caller's
    assert same(*results)
    env.reset(options={"reset_mask": np.zeros(6, bool)})      # of none: nothing


def test_disabled_goes_on_until_it_is_reset(make):
    env = make(autoreset="disabled", fall=10.0, seconds=0.1)
    env.reset(seed=0)
    cut = [host(env.step(action)[3]).all() for action in actions(env, 8) * 0]
    assert cut == [False] * 4 + [True] * 4
    env.reset()
    assert not env.step(np.zeros((6, 1), np.float32))[3].any()


def test_length_and_return_of_an_episode(make):
    env = make(fall=10.0)
    env.reset(seed=0)
    total = np.zeros(6)
    for step in range(25):
        _, reward, terminated, truncated, info = env.step(np.zeros((6, 1), np.float32))
        total += reward
        assert not terminated.any() and truncated.all() == (step == 24) and ("episode" in info) == (step == 24)
    assert np.all(info["episode"]["l"] == 25) and np.array_equal(info["episode"]["r"], total)
    assert same(info["final_info"]["success"], np.abs(info["final_obs"][:, 0]) < 0.1)


# ---- bits -----------------------------------------------------------------------------------------------------------------------------
def run(env, seed, steps=60, rewards=True):
    out = [host(env.reset(seed=seed)[0])]
    for action in actions(env, steps):
        observation, reward, terminated, truncated, info = env.step(action)
        out += [host(observation), host(terminated), host(truncated), host(info["final_obs"])] + ([host(reward)] if rewards else [])
    return out


def equal(a, b):
    return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b))


def test_same_seed_same_bits(make):
    env = make(SwingCamera)
    first = run(env, 21)
    assert equal(first, run(env, 21))                         # however often it is begun
    # NumPy's cosine and torch's differ in the last bit, so the rewards may
    assert equal(run(env, 21, rewards=False), run(make(SwingCamera, array="torch"), 21, rewards=False))
    assert equal(first, run(make(SwingCamera, world={"threads": 2}), 21))
    assert equal(first, run(make(SwingCamera, copy=False), 21))
    assert not equal(first, run(env, 22))


@pytest.mark.parametrize("array", kinds)
def test_tables_on_another_device(make, array, monkeypatch):
    """As with a world on a GPU, whose ports are on the host: what is copied to and fro is what is shared here."""
    first = run(make(array=array), 21)
    begin = nuri.envs.arrays.Arrays.__init__

    def apart(self, *arguments):
        begin(self, *arguments)
        self.shares_host = False

    monkeypatch.setattr(nuri.envs.arrays.Arrays, "__init__", apart)
    env = make(array=array)
    assert not np.shares_memory(host(env.task.observation), np.asarray(env.task.port.observation))
    assert equal(first, run(env, 21))


def test_seeds(make):
    env = make()
    by_number = host(env.reset(seed=40)[0])
    assert same(env.reset(seed=[40, 41, 42, 43, 44, 45])[0], by_number)
    assert not same(by_number[0], by_number[1])
    following = host(env.reset()[0])                          # the next episode
    assert not np.any(following[:, 2] == by_number[:, 2])
    env.reset(seed=40)
    assert same(env.reset()[0], following)
    env.reset(seed=40)
    mixed = host(env.reset(seed=[None, None, None, 43, 44, 45])[0])
    assert same(mixed[3:], by_number[3:]) and same(mixed[:3], following[:3])
    assert same(make(seed=9).reset()[0], make(seed=9).reset()[0])
    assert not same(make(seed=9).reset()[0], make(seed=10).reset()[0])
    only = host(env.reset(seed=40, options={"reset_mask": np.arange(6) < 2})[0])
    assert same(only[:2], by_number[:2]) and same(only[2:], mixed[2:])
    for bad in (-1, [1, 2], [1, 2, 3, 4, 5, -6]):
        with pytest.raises(ValueError, match="seed"):
            env.reset(seed=bad)


@pytest.mark.parametrize("array", kinds)
def test_environments_do_not_know_how_they_were_split(make, array):
    """Whole, and as two halves: ids count on."""
    whole = make(SwingCamera, num_envs=7, array=array)
    parts = [split(7, rank, 2) for rank in range(2)]
    assert parts == [(3, 0), (4, 3)]
    halves = [make(SwingCamera, num_envs=count, first_id=first, array=array) for count, first in parts]
    for seed in (None, 6):
        observation = host(whole.reset(seed=seed)[0])
        pieces = [host(half.reset(seed=seed)[0]) for half in halves]
        for action in actions(whole, 40):
            assert same(observation["policy"], np.concatenate([p["policy"] for p in pieces]))
            assert same(observation["picture"], np.concatenate([p["picture"] for p in pieces]))
            observation = host(whole.step(action)[0])
            pieces = [host(half.step(action[first:first + half.num_envs])[0]) for half, (_, first) in zip(halves, parts)]


@pytest.mark.parametrize("array", kinds)
def test_saved_environments_go_on(make, array):
    env = make(array=array)
    env.reset(seed=13)
    for action in actions(env, 30):
        env.step(action)
    saved = env.save()

    def go_on(env):
        out = []
        for action in actions(env, 40, seed=1):
            observation, reward, terminated, truncated, info = env.step(action)
            out += [host(observation), host(reward), host(terminated), host(truncated)]
            if "episode" in info:
                out += [host(info["episode"]["r"]), host(info["episode"]["l"])]
        return out

    expected = go_on(env)
    env.load(saved)
    assert equal(go_on(env), expected)
    fresh = make(array=array)
    fresh.load(saved)
    assert equal(go_on(fresh), expected)
    with pytest.raises((ValueError, nuri.Error)):
        make(num_envs=5, array=array).load(saved)


# ---- whose memory it is ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("array", kinds)
def test_what_was_returned_does_not_change(make, array):
    env = make(SwingCamera, array=array)
    kept = [env.reset(seed=1)[0]]
    copies = [host(kept[0])]
    for action in actions(env, 40):
        result = env.step(action)
        kept.append(dict(zip(("observation", "reward", "terminated", "truncated"), result)))
        kept[-1] |= {"final": result[4]["final_obs"], "terms": result[4]["terms"]}
        copies.append(host(kept[-1]))
    assert all(same(a, b) for a, b in zip(kept, copies))


@pytest.mark.parametrize("array", kinds)
def test_views_without_copies(make, array):
    env = make(array=array, copy=False, fall=10.0)
    observation, _ = env.reset(seed=1)
    before = host(observation)
    following, *_ = env.step(np.ones((6, 1), np.float32))
    assert same(following, observation) and not same(before, observation)
    assert np.shares_memory(np.asarray(following), np.asarray(env.task.port.observation))


def test_learners_modes_do_not_stick(make):
    """A step inside torch's inference mode, as learners make it, and one with gradients."""
    torch = pytest.importorskip("torch")
    env = make(array="torch")
    env.reset(seed=0)
    with torch.inference_mode():
        for _ in range(30):
            env.step(torch.zeros(6, 1))
    action = torch.zeros(6, 1, requires_grad=True)
    observation, reward, *_ = env.step(action)
    assert not reward.requires_grad and not observation.is_inference()
    observation += 1


# ---- bad input ------------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("array", kinds)
def test_bad_actions_are_refused(make, array):
    env = make(array=array)
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(np.zeros((6, 1), np.float32))
    expected = host(env.reset(seed=0)[0])
    for bad, error in [(np.zeros((5, 1)), ValueError), (np.zeros(6), ValueError), (np.zeros((6, 2)), ValueError),
                       (np.zeros((6, 1, 1)), ValueError), (0.0, ValueError),
                       (np.zeros((6, 1), complex), TypeError), (np.zeros((6, 1), object), TypeError),
                       (np.zeros((6, 1), bool), TypeError), (np.full((6, 1), "x"), TypeError), ("left", TypeError), (None, TypeError),
                       ([[0.0]] * 5, ValueError), ([[0.0], [0.0, 1.0]], TypeError), ({"a": 1}, TypeError)]:
        with pytest.raises(error, match="actions"):
            env.step(bad)
    assert same(env.task.port.observation, expected)          # nothing happened
    for good in (np.zeros((6, 1)), np.zeros((6, 1), np.int8), [[0]] * 6, np.zeros((12, 1), np.float16)[::2]):
        env.step(good)


def test_bad_options_are_refused(make, scene):
    for bad in ({"array": "jax"}, {"autoreset": "next_step"}, {"render_mode": "human"}):
        with pytest.raises(ValueError):
            make(**bad)
    with pytest.raises(TypeError, match="no option 'fal'; its options: .*fall"):
        make(fal=1)
    with pytest.raises(TypeError, match="no option 'reward'"):
        make(reward=1)
    with pytest.raises(ValueError, match="did you mean 'Reach-v0'"):
        nuri.make("Raech-v0")
    with pytest.raises(TypeError):
        nuri.tasks.register("Bad-v0", dict)
    env = make()
    for options, error in [({"reset_mask": np.ones(5, bool)}, ValueError), ({"reset_mask": np.ones(6)}, TypeError),
                           ({"reset_mask": "all"}, TypeError), ({"reset_maks": np.ones(6, bool)}, ValueError)]:
        with pytest.raises(error, match="reset"):
            env.reset(options=options)


@pytest.mark.parametrize("array", kinds)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 3e38])
def test_an_action_that_is_not_a_number_harms_nobody_else(make, array, bad):
    env, other = make(SwingCamera, array=array), make(SwingCamera, array=array)
    env.reset(seed=5), other.reset(seed=5)
    mine = np.arange(6) == 2
    for step, action in enumerate(actions(env, 30)):
        spoilt = action.copy()
        if step in (3, 4, 17):
            spoilt[2] = bad
        observation, reward, terminated, truncated, info = map(host, env.step(spoilt))
        expected, expected_reward, *_ = map(host, other.step(action))
        assert same(observation, expected, ~mine) and same(reward, expected_reward, ~mine)
        assert all(np.isfinite(x).all() for x in (observation["policy"], reward, info["final_obs"]["policy"]))
        if step in (3, 4, 17) and np.isnan(bad):
            assert terminated[2] and reward[2] == 0 and not info["success"][2]


@pytest.mark.parametrize("array", kinds)
def test_a_fault_ends_the_episode(make, array):
    env, other = make(array=array), make(array=array)
    env.reset(seed=5), other.reset(seed=5)
    mine = np.arange(6) == 4
    for step, action in enumerate(actions(env, 12)):
        if step == 2:
            env.world.state.qvel[4] = np.nan
        observation, reward, terminated, truncated, info = map(host, env.step(action))
        expected, *_ = map(host, other.step(action))
        assert same(observation, expected, ~mine)
        if step == 2:
            assert terminated[4] and reward[4] == 0 and info["final_info"]["fault"][4] != 0 and not info["final_info"]["fault"][~mine].any()
            assert env.world.status.fault[4] == 0             # it begins anew
        if step > 2:
            assert np.isfinite(observation).all()


@pytest.mark.parametrize("array", kinds)
def test_random_calls(make, array):
    """Anything in any order: an error that says what, or finite numbers."""
    env = make(array=array)
    draw = np.random.default_rng(0)
    env.reset(seed=0)
    refused = 0
    for _ in range(300):
        shape = [(6, 1), (6, 1), (6, 1), (1, 6), (6,), (0, 1)][draw.integers(6)]
        values = draw.choice([0.0, 1.0, -1.0, np.nan, np.inf, -np.inf, 1e300, 1e-320], shape)
        values = values.astype(draw.choice([np.float32, np.float64, np.float16, np.complex64, np.bool_])) if draw.random() < 0.7 else values
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                if draw.random() < 0.2:
                    mask = draw.random(shape[0]) < 0.5 if draw.random() < 0.5 else values
                    env.reset(seed=int(draw.integers(-2, 5)), options={"reset_mask": mask})
                else:
                    observation, reward, *_, info = env.step(values)
                    assert all(np.isfinite(host(x)).all() for x in (observation, reward, info["final_obs"]))
        except (ValueError, TypeError) as error:
            assert str(error)
            refused += 1
    assert 100 < refused < 250


# ---- the rest -------------------------------------------------------------------------------------------------------------------------
def test_render(make):
    env, other = make(SwingCamera, render_mode="rgb_array", camera="top"), make(SwingCamera)
    env.reset(seed=1), other.reset(seed=1)
    first = env.render()
    for action in actions(env, 30):
        frames = env.render()
        assert len(frames) == 6 and all(f.shape == (10, 20, 3) and f.dtype == np.uint8 for f in frames)
        observation, *_ = env.step(action)
        assert same(observation, other.step(action)[0])       # to look changes nothing
    assert not np.array_equal(first, frames) and frames[0].std() > 5
    with pytest.warns(UserWarning, match="render_mode"):
        assert other.render() is None


def test_close(make):
    env = make()
    env.reset()
    env.close(), env.close()
    with pytest.raises(gymnasium.error.ClosedEnvironmentError):
        env.step(np.zeros((6, 1), np.float32))
    with pytest.raises(gymnasium.error.ClosedEnvironmentError):
        env.reset()


def test_timings_add_up(make):
    env = make(SwingCamera, num_envs=64)
    env.reset(seed=0)
    env.clear_timings()
    start = __import__("time").perf_counter()
    for action in actions(env, 20):
        env.step(action)
    wall = __import__("time").perf_counter() - start
    timings = env.timings
    assert set(timings) == {"physics", "eyes", "reset", "python"} and min(timings.values()) > 0
    assert 0.5 * wall < sum(timings.values()) <= wall


def test_no_loop_over_environments(make):
    """As many Python calls for 3 environments as for 96."""
    counts = []
    for n in (3, 96):
        env = make(num_envs=n, fall=10.0)
        env.reset(seed=0)
        steps = [np.zeros((n, 1), np.float32) for _ in range(60)]
        calls = [0]

        def count(frame, event, argument):
            calls[0] += event in ("call", "c_call")

        sys.setprofile(count)
        for action in steps:
            env.step(action)
        sys.setprofile(None)
        counts.append(calls[0])
    assert counts[0] == counts[1]
