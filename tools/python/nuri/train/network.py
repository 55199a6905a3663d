"""Actor, critic and the running statistics of their observations."""
from __future__ import annotations

import math

import torch
from torch import nn

from .settings import Settings

ACTIVATIONS = {"elu": nn.ELU, "tanh": nn.Tanh, "relu": nn.ReLU}
LEAST_VARIANCE = 1e-4   # a column that hardly ever changes is not blown up: its deviation is 0.01 at least


class Normaliser(nn.Module):
    """Running mean and variance per column, in double: merged batch by batch (Chan, Golub and LeVeque), so that no precision
    is lost to the count.

    What it gives changes only at `update`: all steps between two updates see the same numbers, and an action's probability
    is the same when it is taken and when it is learnt from.
    """

    def __init__(self, columns: int, clip: float, enabled: bool = True):
        super().__init__()
        self.clip, self.enabled = clip, enabled
        self.register_buffer("count", torch.zeros((), dtype=torch.float64))
        self.register_buffer("mean", torch.zeros(columns, dtype=torch.float64))
        self.register_buffer("squares", torch.zeros(columns, dtype=torch.float64))   # sum of squared distances from the mean
        self.register_buffer("shift", torch.zeros(columns))       # what forward() takes: single precision
        self.register_buffer("deviation", torch.ones(columns))

    @torch.no_grad()
    def update(self, batch: torch.Tensor, group=None) -> None:
        """Takes in the rows of `batch`, and those of the other processes."""
        if not self.enabled or batch.shape[1] == 0:
            return
        variance, mean = torch.var_mean(batch, dim=0, correction=0)
        rows = batch.shape[0]
        part = torch.cat([torch.full_like(self.mean[:1], rows), mean.double(), variance.double() * rows])
        for count, mean, squares in (_split(p, self.mean.numel()) for p in (group.gather(part) if group else [part])):
            total = self.count + count
            apart = mean - self.mean
            self.squares += squares + apart**2 * (self.count * count / total)
            self.mean += apart * (count / total)
            self.count.copy_(total)
        self.shift.copy_(self.mean)
        self.deviation.copy_((self.squares / self.count + LEAST_VARIANCE).sqrt())

    def forward(self, observation: torch.Tensor, out: torch.Tensor | None = None) -> torch.Tensor:
        x = torch.sub(observation, self.shift, out=out)
        return x.div_(self.deviation).clamp_(-self.clip, self.clip)


def _split(part: torch.Tensor, columns: int):
    return part[0], part[1 : 1 + columns], part[1 + columns :]


class Encoder(nn.Module):
    """Pictures to numbers: three strided convolutions for each camera, then one layer for all of them.

    Pictures are [rows, height, width] or [rows, height, width, channels]: bytes are colours, floats are depths in m (those
    beyond REACH count as REACH: in a workspace the wall behind it does not matter).
    """

    REACH = 5.0   # m

    def __init__(self, pictures: dict[str, torch.Tensor], features: int):
        super().__init__()
        self.names, self.towers = list(pictures), nn.ModuleList()
        width = 0
        for picture in pictures.values():
            channels = picture.shape[3] if picture.dim() == 4 else 1
            tower = nn.Sequential(nn.Conv2d(channels, 16, 5, 2, 2), nn.ELU(), nn.Conv2d(16, 32, 3, 2, 1), nn.ELU(),
                                  nn.Conv2d(32, 32, 3, 2, 1), nn.ELU(), nn.Flatten())
            self.towers.append(tower)
            with torch.no_grad():
                width += tower(self.input(picture[:1]).cpu()).shape[1]
        self.last = nn.Sequential(nn.Linear(width, features), nn.ELU())

    @classmethod
    def input(cls, picture: torch.Tensor) -> torch.Tensor:
        if picture.dim() == 3:
            picture = picture.unsqueeze(3)
        if picture.dtype == torch.uint8:
            scaled = picture.float() / 255
        else:
            scaled = torch.nan_to_num(picture.float(), nan=cls.REACH).clamp(0, cls.REACH) / cls.REACH
        return (scaled - 0.5).permute(0, 3, 1, 2)

    def forward(self, pictures: dict[str, torch.Tensor]) -> torch.Tensor:
        return self.last(torch.cat([tower(self.input(pictures[name])) for name, tower in zip(self.names, self.towers)], dim=1))


def mlp(inputs: int, widths: tuple[int, ...], outputs: int, activation: str, last_gain: float) -> nn.Sequential:
    layers: list[nn.Module] = []
    for width in widths:
        layers += [_linear(inputs, width, math.sqrt(2)), ACTIVATIONS[activation]()]
        inputs = width
    return nn.Sequential(*layers, _linear(inputs, outputs, last_gain))


def _linear(inputs: int, outputs: int, gain: float) -> nn.Linear:
    layer = nn.Linear(inputs, outputs)
    nn.init.orthogonal_(layer.weight, gain)
    nn.init.zeros_(layer.bias)
    return layer


class ActorCritic(nn.Module):
    """Mean action and value of normalised observations; the spread of the actions is the same everywhere.

    Actor and critic share nothing but the picture encoder, which would cost twice. The critic learns returns in deviations from their
    mean, so that the size of a task's rewards does not matter.
    """

    def __init__(self, columns: int, pictures: dict[str, torch.Tensor], actions: int, settings: Settings):
        super().__init__()
        self.normaliser = Normaliser(columns, settings.clip_observation, settings.normalise)
        self.returns = Normaliser(1, math.inf)
        self.encoder = Encoder(pictures, settings.features) if pictures else None
        inputs = columns + (settings.features if pictures else 0)
        self.actor = mlp(inputs, settings.actor, actions, settings.activation, 0.01)   # first actions: noise about zero
        self.critic = mlp(inputs, settings.critic, 1, settings.activation, 1.0)
        self.log_deviation = nn.Parameter(torch.full((actions,), math.log(settings.noise)))

    def encode(self, x: torch.Tensor, pictures: dict[str, torch.Tensor]) -> torch.Tensor:
        return x if self.encoder is None else torch.cat([x, self.encoder(pictures)], dim=1)

    def forward(self, x: torch.Tensor, pictures: dict[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        """x [rows, columns], pictures {name: [rows, height, width(, channels)]} -> mean [rows, actions],
        value [rows] in the critic's unit"""
        x = self.encode(x, pictures)
        return self.actor(x), self.critic(x).squeeze(1)

    def values(self, x: torch.Tensor, pictures: dict[str, torch.Tensor]) -> torch.Tensor:
        """[rows], in the unit of the rewards"""
        return self.critic(self.encode(x, pictures)).squeeze(1) * self.returns.deviation + self.returns.shift

    @torch.no_grad()
    def scale_returns(self, returns: torch.Tensor, group=None) -> torch.Tensor:
        """Takes in new returns [rows] and gives them in the critic's unit. The last layer follows the change of unit, so that
        `values` stay what they were (van Hasselt et al. 2016, arXiv:1602.07714)."""
        shift, deviation = self.returns.shift.clone(), self.returns.deviation.clone()
        self.returns.update(returns.unsqueeze(1), group)
        last = self.critic[-1]
        last.weight *= deviation / self.returns.deviation
        last.bias.copy_((deviation * last.bias + shift - self.returns.shift) / self.returns.deviation)
        return self.returns(returns.unsqueeze(1)).squeeze(1)
