"""Proximal policy optimisation (Schulman et al. 2017): what was done and what came of it -> better networks."""
from __future__ import annotations

import math

import torch

from .distributed import Group
from .network import ActorCritic
from .rollout import Rollout
from .settings import Settings

HALF_LOG_TWO_PI = 0.5 * math.log(2 * math.pi)


def log_probability(action, mean, log_deviation) -> torch.Tensor:
    """Of independent normal variables: [rows]"""
    return (-0.5 * ((action - mean) * torch.exp(-log_deviation)) ** 2 - log_deviation - HALF_LOG_TWO_PI).sum(1)


def divergence(old_mean, old_log_deviation, mean, log_deviation) -> torch.Tensor:
    """Kullback-Leibler divergence of the new distribution from the old one: [rows]"""
    gap = (old_mean - mean) ** 2 + torch.exp(2 * old_log_deviation)
    return (log_deviation - old_log_deviation + 0.5 * gap * torch.exp(-2 * log_deviation) - 0.5).sum(1)


class Learner:
    """Nothing here asks the device for a number: the learning rate follows the divergence as a tensor."""

    def __init__(self, model: ActorCritic, settings: Settings, group: Group):
        self.model, self.settings, self.group = model, settings, group
        self.parameters = list(model.parameters())
        device = self.parameters[0].device
        self.rate = torch.tensor(settings.learning_rate, device=device)
        self.optimiser = torch.optim.Adam(self.parameters, lr=self.rate, fused=True)
        self.figures = torch.zeros(4, device=device)   # sums over minibatches: losses of policy and value, entropy, divergence

    def schedule(self, progress: float) -> None:
        if self.settings.schedule == "linear":
            self.rate.fill_(self.settings.learning_rate * max(0.0, 1.0 - progress))

    def update(self, rollout: Rollout, order: torch.Generator) -> torch.Tensor:
        """All epochs over one rollout; returns the means of `figures`."""
        s = self.settings
        rows = rollout.horizon * rollout.envs
        # One order for all epochs: every minibatch is then a slice, gathered once.
        shuffle = torch.randperm(rows, generator=order, device=rollout.device)
        take = lambda tensor: tensor[: rollout.horizon].flatten(0, 1).index_select(0, shuffle)
        x, action, old_mean = take(rollout.normal), take(rollout.action), take(rollout.mean)
        advantage = take(rollout.advantage)
        pictures = {name: p[: rollout.horizon].flatten(0, 1) for name, p in rollout.pictures.items()}   # too large for a second copy
        target = self.model.scale_returns(take(rollout.value) + advantage, self.group)
        old_value = self.model.returns(take(rollout.value).unsqueeze(1)).squeeze(1)
        advantage = self.standardise(advantage)
        old_log_deviation = self.model.log_deviation.detach().clone()
        old_log_probability = log_probability(action, old_mean, old_log_deviation)

        self.figures.zero_()
        bounds = [rows * i // s.minibatches for i in range(s.minibatches + 1)]
        for _ in range(s.epochs):
            for begin, end in zip(bounds, bounds[1:]):
                part = slice(begin, end)
                mean, value = self.model(x[part], {name: p[shuffle[part]] for name, p in pictures.items()})
                log_deviation = self.model.log_deviation
                ratio = torch.exp(log_probability(action[part], mean, log_deviation) - old_log_probability[part])
                gain = advantage[part]
                policy_loss = -torch.minimum(ratio * gain, ratio.clamp(1 - s.clip, 1 + s.clip) * gain).mean()
                error = (value - target[part]) ** 2
                if s.clip_value:
                    near = old_value[part] + (value - old_value[part]).clamp(-s.clip, s.clip)
                    error = torch.maximum(error, (near - target[part]) ** 2)
                value_loss = error.mean()
                entropy = (log_deviation + HALF_LOG_TWO_PI + 0.5).sum()
                with torch.no_grad():
                    kl = divergence(old_mean[part], old_log_deviation, mean, log_deviation).mean()
                self.optimiser.zero_grad(set_to_none=True)
                (policy_loss + s.value_weight * value_loss - s.entropy_weight * entropy).backward()
                kl = self.average(kl)
                self.adapt(kl)
                torch.nn.utils.clip_grad_norm_(self.parameters, s.gradient_norm)
                self.optimiser.step()
                with torch.no_grad():
                    self.model.log_deviation.clamp_(min=math.log(s.noise_floor))
                    self.figures += torch.stack([policy_loss, value_loss, entropy, kl])
        return self.group.mean_(self.figures / (s.epochs * s.minibatches))

    def standardise(self, advantage: torch.Tensor) -> torch.Tensor:
        """Mean 0 and deviation 1 over the rows of all processes."""
        moments = self.group.mean_(torch.stack([advantage.double().mean(), advantage.double().square().mean()]))
        deviation = (moments[1] - moments[0] ** 2).clamp(min=0).sqrt()
        return (advantage - moments[0].float()) / (deviation.float() + 1e-8)

    def adapt(self, kl: torch.Tensor) -> None:
        """Steps that change the policy too much become smaller, timid ones larger; before the first step nothing is known."""
        if self.settings.schedule == "adaptive":
            target = self.settings.target_kl
            factor = torch.where(kl > 2 * target, 1 / 1.5, torch.where((kl < target / 2) & (kl > 0), 1.5, 1.0))
            self.rate.mul_(factor).clamp_(*self.settings.learning_rate_range)

    def average(self, kl: torch.Tensor) -> torch.Tensor:
        """Gradients and `kl` become their means over the processes, in one message."""
        if self.group.size == 1:
            return kl
        parts = [p.grad.flatten() for p in self.parameters] + [kl.view(1)]
        means = self.group.mean_(torch.cat(parts)).split([part.numel() for part in parts])
        for p, mean in zip(self.parameters, means):
            p.grad.copy_(mean.view_as(p))
        return means[-1].squeeze(0)
