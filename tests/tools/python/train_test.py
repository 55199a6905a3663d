"""nuri.train: each part against NumPy or algebra, then learning itself on small tasks whose answers are known."""
import math
import os
import socket

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from train_worlds import Cartpole, Forever, Stripe  # noqa: E402

from nuri.train.distributed import Group  # noqa: E402
from nuri.train.exporting import export  # noqa: E402
from nuri.train.network import ActorCritic, Normaliser  # noqa: E402
from nuri.train.policy import Policy, evaluate  # noqa: E402
from nuri.train.ppo import Learner, divergence, log_probability  # noqa: E402
from nuri.train.rollout import advantages  # noqa: E402
from nuri.train.settings import Settings, parse  # noqa: E402
from nuri.train.trainer import Trainer  # noqa: E402

SMALL = dict(envs=64, steps=150_000, horizon=32, actor=(32, 32), critic=(32, 32), learning_rate_range=(1e-5, 3e-3))
TIMES = ("seconds", "cpu_seconds", "steps_per_second", "share.physics", "share.eyes", "share.python", "share.policy", "share.learner")


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def without_times(row):
    return {name: value for name, value in row.items() if name not in TIMES}


def same(rows, others):
    """Bit for bit; NaN is NaN."""
    return repr([without_times(row) for row in rows]) == repr([without_times(row) for row in others])


# ---- parts --------------------------------------------------------------------------------------------------------------------------

def test_advantages_are_the_sum_of_discounted_errors():
    random = np.random.default_rng(3)
    T, N, gamma, lam = 9, 5, 0.97, 0.9
    reward, value, done = random.normal(size=(T, N)), random.normal(size=(T + 1, N)), random.random((T, N)) < 0.25
    direct = np.zeros((T, N))
    for n in range(N):
        for t in range(T):
            factor = 1.0
            for k in range(t, T):
                following = 0.0 if done[k, n] else value[k + 1, n]
                direct[t, n] += factor * (reward[k, n] + gamma * following - value[k, n])
                if done[k, n]:
                    break
                factor *= gamma * lam
    double = lambda array: torch.tensor(array, dtype=torch.float64)
    found = advantages(double(reward), double(value), double(done), gamma, lam, torch.zeros(T, N, dtype=torch.float64))
    assert done.any() and not done.all()
    np.testing.assert_allclose(found.numpy(), direct, rtol=0, atol=1e-13)


def test_normaliser_is_mean_and_variance_of_all_rows():
    random = np.random.default_rng(4)
    batches = [random.normal(1000 + i, 0.5 + i, size=(50 + 30 * i, 3)).astype(np.float32) for i in range(6)]
    normaliser = Normaliser(3, clip=10.0)
    for batch in batches:
        normaliser.update(torch.tensor(batch))
    rows = np.concatenate(batches).astype(np.float64)
    np.testing.assert_allclose(normaliser.mean.numpy(), rows.mean(0), rtol=1e-6)
    np.testing.assert_allclose((normaliser.squares / normaliser.count).numpy(), rows.var(0), rtol=1e-5)
    assert normaliser.count == len(rows)
    normal = normaliser(torch.tensor(rows, dtype=torch.float32)).numpy()
    np.testing.assert_allclose(normal.mean(0), 0, atol=1e-3)
    np.testing.assert_allclose(normal.std(0), 1, atol=1e-3)
    assert normaliser(torch.full((1, 3), 1e9)).tolist() == [[10.0] * 3]


def test_a_column_that_never_changes_stays_small():
    normaliser = Normaliser(1, clip=10.0)
    normaliser.update(torch.full((100, 1), 2.0))
    assert normaliser(torch.tensor([[2.05]])).item() == pytest.approx(5.0, rel=1e-4)   # 0.05 over the least deviation, 0.01


def test_values_survive_a_new_unit_of_returns():
    torch.manual_seed(2)
    model, x = ActorCritic(4, {}, 1, Settings()), torch.randn(50, 4)
    for returns in (torch.randn(300) * 20 + 500, torch.randn(300) * 90 - 30):
        before = model.values(x, {})
        scaled = model.scale_returns(returns)
        torch.testing.assert_close(model.values(x, {}), before, rtol=1e-5, atol=2e-3)
    whole = model.returns(returns.unsqueeze(1)).squeeze(1)
    assert torch.equal(scaled, whole) and 0.2 < scaled.std() < 1.2 and scaled.abs().max() < 5


def test_probability_and_divergence_are_those_of_torch():
    generator = torch.Generator().manual_seed(1)
    mean, other, action = (torch.randn(7, 3, generator=generator) for _ in range(3))
    log_deviation, other_deviation = torch.randn(3, generator=generator) * 0.3, torch.randn(3, generator=generator) * 0.3
    new, old = (torch.distributions.Normal(m, s.exp().expand_as(m)) for m, s in ((mean, log_deviation), (other, other_deviation)))
    torch.testing.assert_close(log_probability(action, mean, log_deviation), new.log_prob(action).sum(1))
    torch.testing.assert_close(divergence(other, other_deviation, mean, log_deviation), torch.distributions.kl_divergence(old, new).sum(1))


def test_learning_rate_follows_the_divergence():
    model = ActorCritic(3, {}, 2, Settings())
    learner = Learner(model, Settings(learning_rate=1e-3, target_kl=0.01), Group(torch.device("cpu")))
    falling = [(1.0, max(1e-3 / 1.5**k, 1e-5)) for k in range(1, 14)]
    for kl, rate in ((0.0, 1e-3), (0.004, 1.5e-3), (0.01, 1.5e-3), (0.03, 1e-3), *falling):
        learner.adapt(torch.tensor(kl))
        assert learner.rate.item() == pytest.approx(rate, rel=1e-5), kl


def test_first_gradient_is_that_of_the_policy_gradient_theorem():
    """Before the first step the ratio is 1, so the gradient is -mean(advantage * d log probability)."""
    settings = Settings.of(SMALL, dict(envs=16, steps=1000, horizon=8, minibatches=1, epochs=1, entropy_weight=0.0))
    trainer = Trainer(Cartpole(16), settings, seed=2)
    s, rollout, model = trainer.settings, trainer.rollout, trainer.model
    from nuri.train.rollout import Clock

    rollout.collect(trainer.env, model, trainer.episodes, trainer.noise, Clock())
    rollout.judge(model, s.gamma, s.lam)
    x, action = rollout.normal[:8].flatten(0, 1), rollout.action.flatten(0, 1)
    gain = rollout.advantage.flatten()
    gain = (gain - gain.mean()) / gain.std(correction=0)
    weights = model.actor[0].weight
    expected, = torch.autograd.grad(-(gain * log_probability(action, model.actor(x), model.log_deviation)).mean(), weights)
    caught = []
    weights.register_hook(lambda gradient: caught.append(gradient.clone()))
    trainer.learner.update(rollout, trainer.order)
    torch.testing.assert_close(caught[0], expected, rtol=1e-4, atol=1e-7)


# ---- learning -----------------------------------------------------------------------------------------------------------------------

def test_value_of_a_reward_that_is_only_cut_off():
    """Reward 1 for ever, cut off every 5 steps: worth 1 / (1 - gamma) = 10. Taking a cut for an end would give 3 at most."""
    trainer = Trainer(Forever(32), Settings.of(SMALL, dict(envs=32, steps=40_000, gamma=0.9, horizon=16)), seed=1)
    while trainer.progress < 1:
        trainer.iterate()
    values = trainer.rollout.value
    assert values.min() > 9.7 and values.max() < 10.3, (values.min(), values.max())


def test_cartpole_is_learned_and_the_exported_policy_balances_it():
    """A policy that does nothing lasts about 20 steps, 200 are the end; so only a learner that works gets there."""
    trainer = Trainer(Cartpole(64), Settings.of(SMALL), seed=5)
    first = trainer.iterate()["return"]
    while trainer.progress < 1:
        last = trainer.iterate()
    assert first < 40 and last["return"] > 180 and last["success"] > 0.85, (first, last)
    found = evaluate(Cartpole(100, first_id=5000), export(trainer.model))
    assert found["episodes"] == 100 and found["return"] > 195 and found["success"] > 0.95, found


def test_pictures_are_learned_from():
    """Guessing the middle costs 0.5 a step; a policy that sees the stripe comes below 0.2."""
    settings = Settings.of(SMALL, dict(envs=64, steps=40_000, horizon=8, gamma=0.5, features=16, noise=0.5, entropy_weight=0.0))
    trainer = Trainer(Stripe(64), settings, seed=1)
    while trainer.progress < 1:
        trainer.iterate()
    env = Stripe(64, first_id=1000)
    def act(o):
        with torch.no_grad():
            return trainer.model.actor(trainer.model.encode(trainer.model.normaliser(o["one"]), {"picture": o["picture"]}))
    found = evaluate(env, act)
    assert found["return"] / env.limit > -0.2, found
    with pytest.raises(ValueError, match="pictures"):
        export(trainer.model)


def test_same_seed_same_curve():
    curve = lambda seed: _rows(Trainer(Cartpole(64), Settings.of(SMALL), seed=seed), 6)
    assert same(curve(3), curve(3))
    assert not same(curve(3), curve(4))


def _rows(trainer, count):
    return [trainer.iterate() for _ in range(count)]


def test_resumed_run_has_the_bits_of_an_uninterrupted_one(tmp_path):
    from nuri.train.running import load_checkpoint, save_checkpoint

    whole = Trainer(Cartpole(64), Settings.of(SMALL), seed=3)
    rows = _rows(whole, 9)
    begun = Trainer(Cartpole(64), Settings.of(SMALL), seed=3)
    _rows(begun, 5)
    save_checkpoint(tmp_path / "checkpoint.pt", begun.state())
    resumed = Trainer(Cartpole(64), Settings.of(SMALL), seed=99)   # nothing of its own start remains
    assert resumed.restore(load_checkpoint(tmp_path / "checkpoint.pt"))
    assert same(_rows(resumed, 4), rows[5:])
    for mine, other in zip(resumed.model.state_dict().values(), whole.model.state_dict().values()):
        assert torch.equal(mine, other)


def test_what_is_not_finite_ends_the_training_with_its_place():
    env = Cartpole(64)
    trainer = Trainer(env, Settings.of(SMALL), seed=1)
    trainer.iterate()
    env.x[7, 2] = math.nan
    with pytest.raises(FloatingPointError, match=r"environments \[7\], columns \[0, 1, 2, 3\]"):
        trainer.iterate()


# ---- several processes --------------------------------------------------------------------------------------------------------------

def _rank(rank, port, folder):
    os.environ |= {"RANK": str(rank), "WORLD_SIZE": "2", "LOCAL_RANK": str(rank), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    torch.set_num_threads(1)
    group = Group(torch.device("cpu"))
    trainer = Trainer(Cartpole(32, first_id=rank * 32), Settings.of(SMALL, dict(envs=32)), seed=3, group=group)
    start = {name: value.clone() for name, value in trainer.model.state_dict().items()}
    rows = _rows(trainer, 3)
    observed = trainer.rollout.raw[:-1].flatten(0, 1)
    state = trainer.state()
    torch.save({"rows": [without_times(row) for row in rows], "start": start, "end": trainer.model.state_dict(), "observed": observed,
                "processes": state["processes"] and len(state["processes"])}, f"{folder}/{rank}.pt")
    group.close()


def test_two_processes_end_with_equal_networks(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    context = torch.multiprocessing.get_context("spawn")
    ranks = [context.Process(target=_rank, args=(rank, port, str(tmp_path))) for rank in range(2)]
    for process in ranks:
        process.start()
    for process in ranks:
        process.join(120)
        assert process.exitcode == 0
    one, two = (torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in range(2))
    assert not torch.equal(one["observed"], two["observed"])            # they had other environments,
    for name, value in one["end"].items():                              # and learned together
        assert torch.equal(value, two["end"][name]), name
    assert not torch.equal(one["start"]["actor.0.weight"], one["end"]["actor.0.weight"])
    assert repr(one["rows"]) == repr(two["rows"])
    assert one["rows"][-1]["steps"] == 3 * 64 * 32 and one["end"]["normaliser.count"] == 3 * 64 * 32
    assert one["processes"] == 2 and two["processes"] is None


# ---- policy files -------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("activation", ["elu", "tanh", "relu"])
def test_policy_file_computes_what_torch_does(tmp_path, activation):
    torch.manual_seed(1)
    model = ActorCritic(6, {}, 3, Settings(actor=(32, 16), activation=activation))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    model.normaliser.update(torch.randn(500, 6) * 3 + 1)
    export(model, task="Some-v0").save(tmp_path / "x.policy")
    policy = Policy.load(tmp_path / "x.policy")
    observation = torch.randn(200, 6) * 30                              # some beyond the clip
    with torch.no_grad():
        expected = model.actor(model.normaliser(observation)).numpy()
    assert policy.task == "Some-v0" and np.abs(expected).max() > 0.1
    np.testing.assert_allclose(policy(observation.numpy()), expected, rtol=1e-5, atol=1e-6)
    assert np.array_equal(policy.layers[0].weights, model.actor[0].weight.detach().numpy())   # decimals read back as the same bits


GOOD = '{"format": "nuri-policy", "version": 1, "mean": [0], "deviation": [1], "clip": 10, \
"layers": [{"weights": [[1]], "bias": [0], "activation": "none"}]}'


@pytest.mark.parametrize("old, new, said", [
    (GOOD, "", "not a policy file"), (GOOD, "[]", "not a policy file"), ("nuri-policy", "other", "format"),
    ('"version": 1', '"version": 2', "version 2"),
    ('"clip": 10, ', "", "clip"), ('"clip": 10', '"clip": 0', "clip"), ('"deviation": [1]', '"deviation": [0]', "deviation"),
    ('"deviation": [1]', '"deviation": [1, 1]', "deviation"), ("[[1]]", "[[1, 2]]", "layer 0"), ("[[1]]", "[1]", "dimensions"),
    ('"none"', '"sine"', "sine"), ('"mean": [0]', '"mean": ["a"]', "could not convert"), ('"bias": [0]', '"bias": [NaN]', "finite"),
])
def test_bad_policy_files_say_why(tmp_path, old, new, said):
    (tmp_path / "good.policy").write_text(GOOD)
    assert Policy.load(tmp_path / "good.policy")(np.array([[3.0]], np.float32)).tolist() == [[3.0]]
    (tmp_path / "bad.policy").write_text(GOOD.replace(old, new))
    with pytest.raises(ValueError, match=said):
        Policy.load(tmp_path / "bad.policy")


@pytest.mark.parametrize("limit, lengths", [(7, 7), (None, 25)])
def test_evaluation_counts_an_episode_of_each_environment(monkeypatch, limit, lengths):
    monkeypatch.setattr("nuri.train.policy.ENDLESS", 25)
    env = Forever(6)
    env.limit, env.max_episode_steps = limit or 10**9, limit
    found = evaluate(env, lambda observation: np.zeros((6, 1)))
    assert (found["episodes"], found["return"], found["length"]) == (6, lengths, lengths)


# ---- settings -----------------------------------------------------------------------------------------------------------------------

def test_settings_are_layered_and_checked():
    settings = Settings.of({"envs": 32, "actor": [16, 8]}, parse("learning_rate=1"), parse("steps=2e6"), parse("schedule=linear"))
    found = (settings.envs, settings.actor, settings.steps, settings.learning_rate, settings.schedule)
    assert found == (32, (16, 8), 2_000_000, 1.0, "linear")
    assert isinstance(settings.steps, int) and isinstance(settings.learning_rate, float)
    for bad, said in (({"learn_rate": 1}, "did you mean 'learning_rate'"), ({"envs": 0}, "at least 1"), ({"envs": 1.5}, "is a int"),
                      ({"gamma": 2}, r"\[0, 1\]"), ({"schedule": "x"}, "one of"), ({"actor": "big"}, "tuple"),
                      ({"clip": math.nan}, "above 0"), ({"envs": 1, "horizon": 2}, "empty")):
        with pytest.raises(ValueError, match=said):
            Settings.of(bad)
    with pytest.raises(ValueError, match="name=value"):
        parse("epochs")
