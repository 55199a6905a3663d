"""Other people's learners on our environments, unchanged: what each asks of an environment, and a few updates of its PPO."""
import numpy as np
import pytest

pytest.importorskip("gymnasium")
torch = pytest.importorskip("torch")
nuri = pytest.importorskip("nuri")

from swing import Swing, SwingCamera  # noqa: E402

tasks = ["Cartpole-v0", "Reach-v0"]
array = "torch"   # of `make`, unless a test says otherwise


def returns(env, act, steps):
    """Mean return of the episodes that end within `steps`, with actions [N, a] = act(observation)."""
    observation, _ = env.reset(seed=1000)
    total, ended = 0.0, 0
    for _ in range(steps):
        observation, *_, info = env.step(act(observation))
        if "episode" in info:
            total += float(info["episode"]["r"].sum())
            ended += int(info["_episode"].sum())
    return total / ended


def weights(module):
    return torch.cat([p.detach().flatten() for p in module.parameters()]).clone()


def learnt(before, module):
    after = weights(module)
    return bool(torch.isfinite(after).all()) and not torch.equal(before, after)


@pytest.mark.parametrize("name,array", [("sb3", "torch"), ("rsl_rl", "numpy"), ("skrl", "numpy"), ("rl_games", "numpy")])
def test_environments_that_do_not_fit_are_refused(make, name, array):
    pytest.importorskip({"sb3": "stable_baselines3"}.get(name, name))
    module = __import__(f"nuri.adapters.{name}", fromlist=["x"])
    wrap = {"sb3": "Sb3VecEnv", "rsl_rl": "RslRlVecEnv", "skrl": "wrap", "rl_games": "RlGamesVecEnv"}[name]
    wrap, good = getattr(module, wrap), "numpy" if array == "torch" else "torch"
    for env in (make(array=array), make(array=good, autoreset="disabled"), make(array=good, copy=False)):
        with pytest.raises(ValueError, match="this learner"):
            wrap(env)
    with pytest.raises(TypeError, match="nuri.make"):
        wrap(object())
    wrap(make(array=good))


# ---- Stable-Baselines3 ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("task", [Swing, SwingCamera])
def test_sb3_finds_no_fault(scene, task):
    pytest.importorskip("stable_baselines3")
    from stable_baselines3.common.env_checker import check_env

    env = nuri.envs.SingleEnv(task, scene=scene, backend="cpu")
    check_env(env, warn=False)         # pictures: gymnasium's checker; this one goes on with an environment that it has closed
    env.close()


@pytest.mark.parametrize("task", [Swing, SwingCamera])
def test_sb3_sees_what_we_say(make, task):
    pytest.importorskip("stable_baselines3")
    from nuri.adapters.sb3 import Sb3VecEnv

    plain, venv = make(task, array="numpy"), Sb3VecEnv(make(task, array="numpy", render_mode="rgb_array"))
    venv.seed(17)
    parts = (lambda tree: tree) if task is SwingCamera else (lambda tree: {"": tree})
    for name, part in parts(venv.reset()).items():
        assert np.array_equal(part, parts(plain.reset(seed=17)[0])[name])
    draw = np.random.default_rng(0)
    ends = {True: 0, False: 0}
    for _ in range(60):
        action = draw.uniform(-1, 1, (6, 1)).astype(np.float32)
        observation, reward, terminated, truncated, info = plain.step(action)
        theirs, their_reward, done, infos = venv.step(action)
        assert all(np.array_equal(part, parts(observation)[name]) for name, part in parts(theirs).items())
        assert np.array_equal(reward, their_reward) and np.array_equal(done, terminated | truncated) and len(infos) == 6
        for i in range(6):
            if not done[i]:
                assert infos[i] == {}
                continue
            final = parts(infos[i]["terminal_observation"])
            assert all(np.array_equal(part, parts(info["final_obs"])[name][i]) for name, part in final.items())
            assert infos[i]["TimeLimit.truncated"] == truncated[i]
            assert infos[i]["episode"]["r"] == info["episode"]["r"][i] and infos[i]["episode"]["l"] == info["episode"]["l"][i]
            assert infos[i]["is_success"] == info["success"][i]
            ends[bool(truncated[i])] += 1
    assert min(ends.values()) > 0
    assert venv.get_attr("max_episode_steps") == [25] * 6 and len(venv.env_method("render")) == len(venv.get_images()) == 6
    assert venv.render().dtype == np.uint8
    with pytest.raises(ValueError):
        venv.set_attr("render_mode", None, indices=[1])


def sb3(env, steps):
    from stable_baselines3 import PPO

    from nuri.adapters.sb3 import Sb3VecEnv

    model = PPO("MlpPolicy", Sb3VecEnv(env), n_steps=32, batch_size=env.num_envs * 8, n_epochs=5, gamma=0.98, seed=1, device="cpu")
    before = weights(model.policy)
    model.learn(steps)
    assert learnt(before, model.policy) and len(model.ep_info_buffer) > 0
    return lambda observation: model.predict(observation, deterministic=True)[0]


@pytest.mark.parametrize("task", [Swing, *tasks])
def test_sb3_learns_unchanged(make, task):
    pytest.importorskip("stable_baselines3")
    sb3(make(task, 16, array="numpy", seconds=0.5), 2 * 32 * 16)


@pytest.mark.long
def test_sb3_learns_to_hold_the_pole(make):
    pytest.importorskip("stable_baselines3")
    env, judge = make(num_envs=32, array="numpy", seconds=2.0), make(num_envs=32, array="numpy", seconds=2.0)
    lazy = returns(judge, lambda observation: np.zeros((32, 1), np.float32), 200)
    assert returns(judge, sb3(env, 60 * 32 * 32), 200) > 2 * lazy


# ---- rsl_rl ---------------------------------------------------------------------------------------------------------------------------
def rsl_rl(env, iterations, groups=("policy",)):
    from rsl_rl.runners import OnPolicyRunner

    from nuri.adapters.rsl_rl import RslRlVecEnv

    network = {"class_name": "MLPModel", "hidden_dims": [64, 64], "activation": "elu", "obs_normalization": True}
    settings = {"num_steps_per_env": 32, "save_interval": 1000, "obs_groups": {"actor": list(groups), "critic": list(groups)},
                "actor": network | {"distribution_cfg": {"class_name": "GaussianDistribution", "init_std": 1.0}}, "critic": dict(network),
                "algorithm": {"class_name": "PPO", "gamma": 0.98, "learning_rate": 1e-3}}
    torch.manual_seed(1)
    runner = OnPolicyRunner(RslRlVecEnv(env), settings, log_dir=None, device="cpu")
    before = weights(runner.alg.get_policy())
    runner.learn(iterations, init_at_random_ep_len=True)
    assert learnt(before, runner.alg.get_policy())
    policy = runner.get_inference_policy("cpu")
    from tensordict import TensorDict

    return lambda observation: policy(TensorDict({"policy": observation}, [env.num_envs])).detach()


def test_rsl_rl_sees_what_we_say(make):
    pytest.importorskip("rsl_rl")
    from nuri.adapters.rsl_rl import RslRlVecEnv

    plain, venv = make(SwingCamera), RslRlVecEnv(make(SwingCamera))
    first = plain.reset()[0]
    groups = venv.get_observations()
    assert set(groups.keys()) == {"policy", "picture"} and groups.batch_size == (6,)
    assert torch.equal(groups["policy"], first["policy"]) and (venv.num_envs, venv.num_actions, venv.max_episode_length) == (6, 1, 25)
    torch.manual_seed(0)
    cut = 0
    for _ in range(60):
        action = torch.rand(6, 1) * 2 - 1
        observation, reward, terminated, truncated, info = plain.step(action)
        groups, their_reward, dones, extras = venv.step(action)
        assert all(torch.equal(groups[name], part) for name, part in observation.items())
        assert torch.equal(reward, their_reward) and torch.equal(dones.bool(), terminated | truncated)
        assert torch.equal(extras["time_outs"], truncated) and torch.equal(extras["log"]["/reward/near"], info["terms"]["near"].mean())
        cut += int(truncated.sum())
    assert cut > 0
    venv.episode_length_buf = torch.full((6,), 23)
    *_, before, extras = venv.step(torch.zeros(6, 1))
    assert not extras["time_outs"].any() and not before.all() and venv.step(torch.zeros(6, 1))[2][before == 0].all()


@pytest.mark.parametrize("task", [Swing, *tasks])
def test_rsl_rl_learns_unchanged(make, task):
    pytest.importorskip("rsl_rl")
    rsl_rl(make(task, 16, seconds=0.5), 2)


@pytest.mark.long
def test_rsl_rl_learns_to_hold_the_pole(make):
    pytest.importorskip("rsl_rl")
    env, judge = make(num_envs=32, seconds=2.0), make(num_envs=32, seconds=2.0)
    lazy = returns(judge, lambda observation: torch.zeros(32, 1), 200)
    assert returns(judge, rsl_rl(env, 60), 200) > 2 * lazy


# ---- skrl -----------------------------------------------------------------------------------------------------------------------------
def skrl(wrapped, steps):
    from skrl.agents.torch.ppo import PPO, PPO_CFG
    from skrl.memories.torch import RandomMemory
    from skrl.models.torch import DeterministicMixin, GaussianMixin, Model
    from skrl.trainers.torch import SequentialTrainer
    from skrl.utils import set_seed

    def layers(inputs, outputs):
        return torch.nn.Sequential(torch.nn.Linear(inputs, 64), torch.nn.ELU(), torch.nn.Linear(64, outputs))

    class Policy(GaussianMixin, Model):
        def __init__(self, **spaces):
            Model.__init__(self, **spaces)
            GaussianMixin.__init__(self)
            self.net = layers(self.num_observations, self.num_actions)
            self.deviation = torch.nn.Parameter(torch.zeros(self.num_actions))

        def compute(self, inputs, role=""):
            return self.net(inputs["observations"]), {"log_std": self.deviation}

    class Value(DeterministicMixin, Model):
        def __init__(self, **spaces):
            Model.__init__(self, **spaces)
            DeterministicMixin.__init__(self)
            self.net = layers(self.num_observations, 1)

        def compute(self, inputs, role=""):
            return self.net(inputs["observations"]), {}

    set_seed(1)
    spaces = {"observation_space": wrapped.observation_space, "action_space": wrapped.action_space, "device": "cpu"}
    models = {"policy": Policy(**spaces), "value": Value(**spaces)}
    cfg = PPO_CFG(rollouts=32, learning_epochs=5, mini_batches=4, discount_factor=0.98)
    cfg.experiment.write_interval = cfg.experiment.checkpoint_interval = 0
    agent = PPO(models=models, memory=RandomMemory(memory_size=32, num_envs=wrapped.num_envs, device="cpu"), cfg=cfg, **spaces)
    before = weights(models["policy"])
    trainer = {"timesteps": steps, "headless": True, "disable_progressbar": True, "close_environment_at_exit": False}
    SequentialTrainer(env=wrapped, agents=agent, cfg=trainer).train()
    assert learnt(before, models["policy"])
    return lambda observation: models["policy"].net(observation).detach()


def test_skrl_copies_nothing(make):
    pytest.importorskip("skrl")
    from nuri.adapters.skrl import wrap

    env = make()
    wrapped = wrap(env)
    assert wrapped.num_envs == 6 and wrapped.observation_space.shape == (8,) and wrapped.action_space.shape == (1,)
    seen = []
    step = env.step
    env.step = lambda actions: seen.append((actions, step(actions))) or seen[-1][1]
    wrapped.reset()
    action = torch.zeros(6, 1)
    observation, reward, terminated, truncated, info = wrapped.step(action)
    given, ours = seen[0]
    assert given.data_ptr() == action.data_ptr() and info is ours[4]
    assert [x.data_ptr() for x in (observation, reward, terminated, truncated)] == [x.data_ptr() for x in ours[:4]]
    assert reward.shape == terminated.shape == truncated.shape == (6, 1)


@pytest.mark.parametrize("task", [Swing, *tasks])
def test_skrl_learns_unchanged(make, task, tmp_path, monkeypatch):
    pytest.importorskip("skrl")
    from nuri.adapters.skrl import wrap

    monkeypatch.chdir(tmp_path)
    skrl(wrap(make(task, 16, seconds=0.5)), 70)


def test_skrl_takes_the_vector_env_as_it_is(make, tmp_path, monkeypatch):
    pytest.importorskip("skrl")
    from skrl.envs.wrappers.torch import wrap_env

    monkeypatch.chdir(tmp_path)
    for array in ("numpy", "torch"):
        skrl(wrap_env(make(num_envs=16, array=array), verbose=False), 70)


@pytest.mark.long
def test_skrl_learns_to_hold_the_pole(make, tmp_path, monkeypatch):
    pytest.importorskip("skrl")
    from nuri.adapters.skrl import wrap

    monkeypatch.chdir(tmp_path)
    env, judge = make(num_envs=32, seconds=2.0), make(num_envs=32, seconds=2.0)
    lazy = returns(judge, lambda observation: torch.zeros(32, 1), 200)
    assert returns(judge, skrl(wrap(env), 60 * 32), 200) > 2 * lazy


# ---- rl_games -------------------------------------------------------------------------------------------------------------------------
def test_rl_games_sees_what_we_say(make):
    pytest.importorskip("rl_games")
    from nuri.adapters.rl_games import RlGamesVecEnv

    plain, venv = make(), RlGamesVecEnv(make())
    venv.seed(4)
    assert torch.equal(venv.reset(), plain.reset(seed=4)[0])
    for _ in range(30):
        observation, reward, terminated, truncated, _ = plain.step(torch.ones(6, 1) * 0.3)
        theirs, their_reward, dones, info = venv.step(torch.ones(6, 1) * 0.3)
        assert torch.equal(observation, theirs) and torch.equal(reward, their_reward) and torch.equal(dones, terminated | truncated)
        assert torch.equal(info["time_outs"], truncated)
    state = venv.get_env_state()
    after = venv.step(torch.zeros(6, 1))[0]
    venv.set_env_state(state)
    assert torch.equal(venv.step(torch.zeros(6, 1))[0], after)
    assert set(RlGamesVecEnv(make(SwingCamera)).reset()["obs"]) == {"policy", "picture"}


@pytest.mark.long                      # to import its runner takes a quarter of a minute
@pytest.mark.parametrize("task", [Swing, *tasks])
def test_rl_games_learns_unchanged(scene, task, tmp_path, monkeypatch):
    pytest.importorskip("rl_games")
    from rl_games.torch_runner import Runner

    from nuri.adapters import rl_games as adapter

    monkeypatch.chdir(tmp_path)
    adapter.register()
    env = {"task": task, "backend": "cpu", "seconds": 0.5} | ({} if isinstance(task, str) else {"scene": scene})
    config = {"name": "test", "env_name": "nuri", "env_config": env, "num_actors": 16, "device": "cpu", "device_name": "cpu", "ppo": True,
              "reward_shaper": {"scale_value": 1.0},
              "normalize_advantage": True, "normalize_input": True, "normalize_value": True, "gamma": 0.98,
              "tau": 0.95, "learning_rate": 1e-3, "lr_schedule": None, "e_clip": 0.2, "clip_value": True, "entropy_coef": 0.0,
              "critic_coef": 1.0, "grad_norm": 1.0, "truncate_grads": True, "bounds_loss_coef": 0.0, "horizon_length": 32,
              "minibatch_size": 128, "mini_epochs": 4, "max_epochs": 3,
              "value_bootstrap": True, "mixed_precision": False, "print_stats": False, "score_to_win": 1e9, "save_best_after": 10**6}
    network = {"name": "actor_critic", "separate": False,
               "mlp": {"units": [64, 64], "activation": "elu", "initializer": {"name": "default"}},
               "space": {"continuous": {"mu_activation": "None", "sigma_activation": "None", "mu_init": {"name": "default"},
                                        "sigma_init": {"name": "const_initializer", "val": 0}, "fixed_sigma": True}}}
    runner = Runner()
    runner.load({"params": {"seed": 1, "algo": {"name": "a2c_continuous"}, "model": {"name": "continuous_a2c_logstd"}, "network": network,
                            "config": config}})
    agent = runner.algo_factory.create(runner.algo_name, base_name="run", params=runner.params)
    before = weights(agent.model)
    agent.train()
    assert learnt(before, agent.model)
    agent.vec_env.close()
