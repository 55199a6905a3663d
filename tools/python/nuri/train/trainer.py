"""The learning itself: an environment, networks and their update, one iteration at a time. Files and the console are running.py's."""
from __future__ import annotations

import time
from collections import deque

import torch

from .distributed import Group
from .network import ActorCritic
from .ppo import Learner
from .rollout import Clock, Episodes, Rollout, split
from .settings import Settings

WINDOW = 10   # iterations in which episodes ended, over which returns and successes are averaged


class Trainer:
    """`env` is a vector environment with torch arrays on `device`, autoreset in the same step, and `final_obs` in its info.

    All chance comes from generators seeded here, and by the environment: the same seed gives the same curve, bit for bit,
    as long as the device, the number of torch's threads and the number of processes stay the same.
    """

    def __init__(self, env, settings: Settings, seed: int = 0, device: str | torch.device = "cpu", group: Group | None = None):
        self.env, self.settings, self.seed = env, settings, seed
        self.device = torch.device(device)
        self.group = group or Group(self.device)
        self.noise = torch.Generator(device=self.device).manual_seed(_mix(seed, self.group.rank, 1))
        self.order = torch.Generator(device=self.device).manual_seed(_mix(seed, self.group.rank, 2))
        observation, _ = env.reset(seed=seed)
        actions = env.single_action_space.shape[0]
        numbers, pictures = split(observation)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(_mix(seed, 0, 3))
            self.model = ActorCritic(numbers.shape[1], pictures, actions, settings).to(self.device)
        self.group.share(self.model.state_dict().values())
        self.learner = Learner(self.model, settings, self.group)
        self.rollout = Rollout(settings.horizon, observation, actions, self.device)
        self.episodes = Episodes.begin(numbers.shape[0], self.device)
        self.window: deque[list[float]] = deque(maxlen=WINDOW)
        self.iteration = 0
        self.steps = 0            # of all processes
        self.seconds = 0.0        # spent in iterate()
        self.cpu_seconds = 0.0    # likewise, of all threads of this process: what other programs on the machine take is not in it
        self.rollout.keep(0, observation)
        if settings.stagger:
            self._stagger()

    @property
    def steps_per_iteration(self) -> int:
        return self.rollout.horizon * self.rollout.envs * self.group.size

    @property
    def progress(self) -> float:
        """Share of the training that is done, 0 to 1."""
        return min(1.0, self.steps / self.settings.steps)

    def iterate(self) -> dict[str, float]:
        """Collects one rollout and learns from it. Returns what is worth knowing, by name."""
        start, cpu, clock, s = time.perf_counter(), time.process_time(), Clock(), self.settings
        timings = _timings(self.env)
        self.env.task.curriculum(self.progress)
        self.learner.schedule(self.progress)
        self.rollout.collect(self.env, self.model, self.episodes, self.noise, clock)
        self._refuse_nan()
        before = time.perf_counter()
        self.rollout.judge(self.model, s.gamma, s.lam)
        losses = self.learner.update(self.rollout, self.order).tolist()
        self.model.normaliser.update(self.rollout.raw[: s.horizon].flatten(0, 1), self.group)
        self.rollout.keep(0, self._last())
        self.iteration += 1
        self.steps += self.steps_per_iteration
        row = self._figures(losses)
        now = time.perf_counter()
        clock.learner = now - before
        row |= self._shares(clock, now - start, timings)
        self.seconds += now - start
        self.cpu_seconds += time.process_time() - cpu
        row |= {"seconds": self.seconds, "cpu_seconds": self.cpu_seconds}
        return row

    def state(self) -> dict:
        """All that the iterations to come depend on, in tensors and plain values."""
        environments = self.env.save() if hasattr(self.env, "save") else None
        mine = {"environments": torch.frombuffer(bytearray(environments), dtype=torch.uint8) if environments is not None else None,
                "observation": self.rollout.raw[0].cpu(), "pictures": {name: p[0].cpu() for name, p in self.rollout.pictures.items()},
                "noise": self.noise.get_state(), "order": self.order.get_state(), "episodes": self.episodes.running()}
        return {"model": self.model.state_dict(), "optimiser": self.learner.optimiser.state_dict(), "rate": self.learner.rate,
                "window": [list(row) for row in self.window], "iteration": self.iteration, "steps": self.steps, "seconds": self.seconds,
                "cpu_seconds": self.cpu_seconds, "processes": self.group.collect(mine)}

    def restore(self, state: dict) -> bool:
        """Goes on from `state`. False if the environments cannot be restored and begin new episodes instead."""
        if len(state["processes"]) != self.group.size:
            raise ValueError(f"the checkpoint is of {len(state['processes'])} processes; this run has {self.group.size}")
        self.model.load_state_dict(state["model"])
        self.learner.optimiser.load_state_dict(state["optimiser"])
        self.learner.rate.copy_(state["rate"])
        for group in self.learner.optimiser.param_groups:
            group["lr"] = self.learner.rate
        self.window = deque((list(row) for row in state["window"]), maxlen=WINDOW)
        self.iteration, self.steps = state["iteration"], state["steps"]
        self.seconds, self.cpu_seconds = state["seconds"], state["cpu_seconds"]
        mine = state["processes"][self.group.rank]
        self.noise.set_state(mine["noise"].cpu())
        self.order.set_state(mine["order"].cpu())
        if mine["environments"] is None or not hasattr(self.env, "load"):
            return False
        self.env.load(mine["environments"].cpu().numpy().tobytes())
        self.rollout.raw[0].copy_(mine["observation"])
        for name, picture in mine["pictures"].items():
            self.rollout.pictures[name][0].copy_(picture)
        self.episodes.resume(mine["episodes"])
        return True

    def _last(self):
        """The observation after the last step."""
        last = {name: p[-1] for name, p in self.rollout.pictures.items()}
        return last | {"": self.rollout.raw[-1]} if last else self.rollout.raw[-1]

    def _stagger(self) -> None:
        """Environments begin at random ages of their first episode."""
        if self.env.max_episode_steps is not None:
            ages = torch.rand(self.rollout.envs, generator=self.order, device=self.device) * self.env.max_episode_steps
            self.env.task.elapsed[:] = ages.long()

    def _refuse_nan(self) -> None:
        bad = ~torch.isfinite(self.rollout.raw).all(0)
        if bool(bad.any() | ~torch.isfinite(self.rollout.reward).all()):
            environments, columns = torch.nonzero(bad.any(1)).flatten().tolist(), torch.nonzero(bad.any(0)).flatten().tolist()
            what = f"observations of environments {environments[:8]}, columns {columns[:8]}" if columns else "rewards"
            raise FloatingPointError(f"iteration {self.iteration + 1}: {what} are not finite; "
                                     "the task should end an episode whose simulation fails")

    def _figures(self, losses: list[float]) -> dict[str, float]:
        ended = self.group.sum_(self.episodes.figures.clone()).tolist()
        self.episodes.figures.zero_()
        if ended[0] > 0:
            self.window.append(ended)
        count, returns, lengths, successes = (sum(column) for column in zip(*self.window)) if self.window else (0, 0, 0, 0)
        mean = lambda total: total / count if count else float("nan")
        row = {"iteration": self.iteration, "steps": self.steps, "seconds": 0.0, "cpu_seconds": 0.0,
               "return": mean(returns), "length": mean(lengths),
               "success": mean(successes) if self.episodes.judged else float("nan"), "episodes": int(ended[0]),
               "policy_loss": losses[0], "value_loss": losses[1], "entropy": losses[2], "kl": losses[3],
               "learning_rate": self.learner.rate.item(), "noise": self.model.log_deviation.detach().exp().mean().item()}
        terms = getattr(self.env.task, "terms", None) or {}
        return row | {f"term.{name}": float(value.mean()) for name, value in terms.items()}

    def _shares(self, clock: Clock, whole: float, before: dict[str, float]) -> dict[str, float]:
        after = _timings(self.env)
        physics, eyes = (max(0.0, after.get(name, 0.0) - before.get(name, 0.0)) for name in ("physics", "eyes"))
        seconds = {"physics": physics, "eyes": eyes, "python": clock.step - physics - eyes,
                   "policy": clock.policy, "learner": clock.learner}
        shares = {f"share.{name}": max(0.0, s) / whole for name, s in seconds.items()}
        return {"steps_per_second": self.steps_per_iteration / whole} | shares


def _timings(env) -> dict[str, float]:
    return dict(getattr(env, "timings", None) or {})


def _mix(seed: int, rank: int, purpose: int) -> int:
    """Seeds for different purposes that have nothing to do with each other (the finaliser of MurmurHash3)."""
    x = (seed * 0x9E3779B97F4A7C15 + rank * 0xD1B54A32D192ED03 + purpose) & 0xFFFFFFFFFFFFFFFF
    for shift, factor in ((33, 0xFF51AFD7ED558CCD), (33, 0xC4CEB9FE1A85EC53), (33, 1)):
        x = ((x ^ (x >> shift)) * factor) & 0xFFFFFFFFFFFFFFFF
    return x >> 1
