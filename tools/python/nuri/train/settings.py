"""What a training run can be told. A task brings its own values as a class attribute `training = dict(...)`; the command line
has the last word."""
from __future__ import annotations

import ast
import dataclasses
import difflib
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    # Size of the run.
    envs: int = 1024                # environments of each process
    steps: int = 10_000_000         # environment steps of all processes together
    horizon: int = 24               # control steps of each environment between two updates
    # Objective.
    gamma: float = 0.99             # discount of a control step
    lam: float = 0.95               # of generalised advantage estimation
    clip: float = 0.2               # of the probability ratio
    clip_value: bool = False        # the change of a value likewise, in deviations of the returns
    value_weight: float = 1.0
    entropy_weight: float = 0.005
    # Optimiser.
    epochs: int = 5
    minibatches: int = 4
    learning_rate: float = 1e-3
    schedule: str = "adaptive"      # adaptive: by the KL divergence of an update; linear: down to 0; fixed
    target_kl: float = 0.01
    learning_rate_range: tuple[float, float] = (1e-5, 1e-2)   # of the adaptive schedule
    gradient_norm: float = 1.0
    # Networks.
    actor: tuple[int, ...] = (128, 128)
    critic: tuple[int, ...] = (128, 128)
    activation: str = "elu"         # elu, tanh, relu
    features: int = 64              # of the image encoder, if the observations have images
    noise: float = 1.0              # standard deviation of the first actions
    noise_floor: float = 0.05
    normalise: bool = True          # observations, by their running mean and deviation
    clip_observation: float = 10.0  # in deviations
    # Start.
    stagger: bool = True            # first episodes begin at random ages, so that not all environments end at once
    # Export.
    command: tuple[float, ...] = () # what the policy file tells a policy with commands, unless it is told otherwise; (): zeros

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            object.__setattr__(self, field.name, _as(field.name, getattr(self, field.name), field.default))
        for name, least in dict(envs=1, steps=1, horizon=1, epochs=1, minibatches=1, features=1).items():
            if getattr(self, name) < least:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least {least}")
        for name in ("clip", "target_kl", "learning_rate", "gradient_norm", "noise", "noise_floor", "clip_observation"):
            if not 0 < getattr(self, name) < float("inf"):
                raise ValueError(f"{name} is {getattr(self, name)}; it must be above 0")
        for name in ("gamma", "lam"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it lies in [0, 1]")
        for name, choices in dict(schedule=("adaptive", "linear", "fixed"), activation=("elu", "tanh", "relu")).items():
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} is {getattr(self, name)!r}; it is one of {', '.join(choices)}")
        if len(self.learning_rate_range) != 2 or not 0 < self.learning_rate_range[0] <= self.learning_rate_range[1]:
            raise ValueError(f"learning_rate_range is {self.learning_rate_range}; it is two rates above 0, the smaller one first")
        if any(width < 1 for width in self.actor + self.critic):
            raise ValueError("every width of actor and critic must be at least 1")
        if self.horizon * self.envs < self.minibatches:
            raise ValueError(f"{self.minibatches} minibatches of {self.horizon} steps x {self.envs} environments would be empty")

    @staticmethod
    def of(*layers: dict) -> Settings:
        """The defaults, changed by each of `layers` in turn. Unknown names are errors that show the nearest one."""
        names = [field.name for field in dataclasses.fields(Settings)]
        values: dict = {}
        for layer in layers:
            for name in layer:
                if name not in names:
                    near = difflib.get_close_matches(name, names, 1)
                    hint = f"did you mean {near[0]!r}?" if near else f"they are {', '.join(names)}"
                    raise ValueError(f"no training setting is called {name!r}; {hint}")
            values.update(layer)
        return Settings(**values)


def parse(text: str) -> dict:
    """`name=value` as a command line has it."""
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"{text!r} is not name=value")
    try:
        return {name.strip(): ast.literal_eval(value)}
    except (ValueError, SyntaxError):
        return {name.strip(): value.strip()}


def _as(name: str, value, default):
    """`value` in the type of `default`, where nothing is lost by it."""
    kind = type(default)
    if kind is tuple and isinstance(value, (list, tuple)):
        number = type(default[0]) if default else float
        return tuple(_as(name, item, number()) for item in value)
    if kind is int and isinstance(value, float) and value.is_integer():
        return int(value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not kind:
        raise ValueError(f"{name} is {value!r}; it is a {kind.__name__}, such as {default!r}")
    return value
