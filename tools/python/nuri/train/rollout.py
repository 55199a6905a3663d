"""What the environments did between two updates, in tensors that are allocated once: [steps, environments, ...]."""
from __future__ import annotations

import time
from dataclasses import dataclass, field

import torch

from .network import ActorCritic


def split(observation) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """An observation as one matrix of numbers and pictures by name. Of a dict, entries of two dimensions are numbers."""
    if not isinstance(observation, dict):
        return observation, {}
    numbers = [value for value in observation.values() if value.dim() == 2]
    pictures = {name: value for name, value in observation.items() if value.dim() > 2}
    if not numbers:
        first = next(iter(pictures.values()))
        numbers = [torch.zeros((first.shape[0], 0), device=first.device)]
    return numbers[0] if len(numbers) == 1 else torch.cat(numbers, dim=1), pictures


def advantages(reward, value, done, gamma: float, lam: float, out) -> torch.Tensor:
    """Generalised advantage estimation (Schulman et al. 2016).

        delta_t = r_t + gamma V_t+1 - V_t        A_t = delta_t + gamma lam A_t+1

    where both the value and the advantage of what follows are zero once an episode is done. `reward` [T, N] already holds
    gamma V(final observation) where an episode was cut off rather than ended. `value` is [T + 1, N], `done` [T, N] is 0 or 1.
    """
    last = torch.zeros_like(reward[0])
    for t in range(reward.shape[0] - 1, -1, -1):
        goes_on = 1 - done[t]
        delta = reward[t] + gamma * goes_on * value[t + 1] - value[t]
        last = torch.add(delta, goes_on * last, alpha=gamma * lam, out=out[t])
    return out


@dataclass
class Clock:
    """Seconds of one iteration, by where they went."""
    step: float = 0.0      # in env.step: physics, eyes and the task's Python
    policy: float = 0.0    # actions and their storage
    learner: float = 0.0   # values, advantages, gradients


@dataclass
class Episodes:
    """Sums over the episodes that ended; `figures` [4]: episodes, returns, lengths, successes."""
    figures: torch.Tensor
    running_return: torch.Tensor = field(repr=False)   # [N] of the episodes under way
    running_length: torch.Tensor = field(repr=False)
    judged: bool = False                               # the task says what success is

    @staticmethod
    def begin(envs: int, device) -> Episodes:
        return Episodes(torch.zeros(4, dtype=torch.float64, device=device), torch.zeros(envs, dtype=torch.float64, device=device),
                        torch.zeros(envs, dtype=torch.float64, device=device))

    def running(self) -> dict[str, torch.Tensor]:
        return {"return": self.running_return.cpu(), "length": self.running_length.cpu()}

    def resume(self, running: dict[str, torch.Tensor]) -> None:
        self.running_return.copy_(running["return"])
        self.running_length.copy_(running["length"])

    def add(self, reward: torch.Tensor, done: torch.Tensor, success: torch.Tensor | None) -> None:
        self.running_return += reward
        self.running_length += 1
        self.judged |= success is not None
        reached = (done & success).sum() if success is not None else torch.zeros((), device=done.device)
        returns, lengths = (self.running_return * done).sum(), (self.running_length * done).sum()
        self.figures += torch.stack([done.sum().double(), returns, lengths, reached.double()])
        self.running_return.masked_fill_(done, 0)
        self.running_length.masked_fill_(done, 0)


class Rollout:
    def __init__(self, horizon: int, observation, actions: int, device: torch.device):
        numbers, pictures = split(observation)
        envs = numbers.shape[0]
        make = lambda *shape, dtype=torch.float32: torch.zeros(shape, dtype=dtype, device=device)
        self.horizon, self.envs, self.device = horizon, envs, device
        self.raw = make(horizon + 1, envs, numbers.shape[1])
        self.normal = torch.zeros_like(self.raw)
        self.pictures = {name: make(horizon + 1, *value.shape, dtype=value.dtype) for name, value in pictures.items()}
        self.action = make(horizon, envs, actions)
        self.mean = make(horizon, envs, actions)
        self.reward = make(horizon, envs)
        self.done = make(horizon, envs)
        self.value = make(horizon + 1, envs)
        self.advantage = make(horizon, envs)
        self._cut: list[tuple] = []    # (step, environments, numbers, pictures) of episodes that were cut off

    def keep(self, t: int, observation) -> None:
        numbers, pictures = split(observation)
        self.raw[t].copy_(numbers)
        for name, value in pictures.items():
            self.pictures[name][t].copy_(value)

    @torch.no_grad()
    def collect(self, env, model: ActorCritic, episodes: Episodes, noise: torch.Generator, clock: Clock) -> None:
        """Takes `horizon` steps. The observation to begin with lies at 0; the one after the last step at `horizon`."""
        self._cut.clear()
        deviation = model.log_deviation.exp()
        start, stepping = time.perf_counter(), 0.0
        for t in range(self.horizon):
            x = model.normaliser(self.raw[t], out=self.normal[t])
            mean = model.actor(model.encode(x, {name: p[t] for name, p in self.pictures.items()}))
            self.mean[t].copy_(mean)
            torch.addcmul(mean, deviation, torch.randn(mean.shape, generator=noise, device=self.device), out=self.action[t])
            before = time.perf_counter()
            observation, reward, terminated, truncated, info = env.step(self.action[t])
            stepping += time.perf_counter() - before
            self.reward[t].copy_(reward)
            done = terminated | truncated
            self.done[t].copy_(done)
            self.keep(t + 1, observation)
            rows = torch.nonzero(truncated & ~terminated).squeeze(1)
            if rows.numel():
                numbers, pictures = split(info["final_obs"])
                self._cut.append((t, rows, numbers[rows], {name: p[rows] for name, p in pictures.items()}))
            episodes.add(reward, done, info.get("success"))
        model.normaliser(self.raw[self.horizon], out=self.normal[self.horizon])
        clock.step += stepping
        clock.policy += time.perf_counter() - start - stepping

    @torch.no_grad()
    def judge(self, model: ActorCritic, gamma: float, lam: float) -> None:
        """Values of all steps, what follows a cut included; then advantages."""
        if self.pictures:
            for t in range(self.horizon + 1):
                self.value[t].copy_(model.values(self.normal[t], {name: p[t] for name, p in self.pictures.items()}))
        else:
            self.value.copy_(model.values(self.normal.flatten(0, 1), {}).view_as(self.value))
        for t, rows, numbers, pictures in self._cut:
            self.reward[t].index_add_(0, rows, model.values(model.normaliser(numbers), pictures), alpha=gamma)
        advantages(self.reward, self.value, self.done, gamma, lam, self.advantage)
