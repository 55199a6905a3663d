"""Ports: what a policy reads of every environment, and what it moves.

A port is the border between a learner and a world. `nuri run --policy` has the same one, so that what was learned is what runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from . import _nuri

InputKind = Literal["sensor", "position", "offset", "velocity", "control", "action", "command"]
OutputMap = Literal["range", "around", "increment"]


def _patterns(names: str | Iterable[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


@dataclass(frozen=True)
class Input:
    """Columns of the observation, each a number of the environment times `scale`.

    `kind`: "sensor" (all numbers of the sensors that fit), "position" and "velocity" of hinges and slides (m, rad; m/s, rad/s), "offset" (their
    position less that of the initial state), "control" of actuators, "action" (the last one of the port's actuators, as it was clipped),
    "command" (all that the port has). `names`: patterns (`*`: any text, `?`: any letter) of sensors, joints or actuators.
    """

    kind: InputKind
    names: str | Sequence[str] = "*"
    scale: float = 1.0


@dataclass(frozen=True)
class Output:
    """Actuators that fit `actuators`, moved by an action `a` that is first clipped to [-limit, limit].

    `map`: "range" (control = centre + half of the control range * scale * a), "around" (initial control + scale * a), "increment" (present control +
    scale * a). The initial control is that of the scene's keyframe, else of the scene's `hold`, else what holds a servo's joint where it begins,
    else 0. Controls are clipped to their range.
    """

    actuators: str | Sequence[str] = "*"
    map: OutputMap = "range"
    scale: float = 1.0
    limit: float = 1.0


class Port:
    """Tables of all environments at addresses that stay, float32. Made by :meth:`nuri.World.port`.

    >>> port = world.port([nuri.Input("position"), nuri.Input("velocity", scale=0.1)], [nuri.Output("*")])
    >>> port.observe()
    >>> port.action[:] = policy(port.observation)
    >>> port.act()
    >>> world.step()
    """

    observation: np.ndarray
    """[envs, size]: what :meth:`observe` found."""
    action: np.ndarray
    """[envs, actions]: what :meth:`act` will take; for you to write."""
    command: np.ndarray
    """[envs, commands]: likewise; 0 at first."""
    last: np.ndarray
    """[envs, actions]: the last action, clipped."""
    limit: np.ndarray
    """[actions]: to which actions are clipped."""
    labels: list[str]
    """What each column of the observation is: "velocity elbow"."""
    actuators: list[str]
    """What each column of the action moves."""
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]

    def __init__(self, world: _nuri.World, inputs: Iterable[Input], outputs: Iterable[Output], commands: int = 0) -> None:
        self.inputs, self.outputs = tuple(inputs), tuple(outputs)
        self._inside = _nuri.Port(world, [(i.kind, _patterns(i.names), float(i.scale)) for i in self.inputs],
                                  [(_patterns(o.actuators), o.map, float(o.scale), float(o.limit)) for o in self.outputs], commands)
        for name in ("observation", "action", "command", "last", "limit", "labels", "actuators"):
            setattr(self, name, getattr(self._inside, name))
        self.limit.flags.writeable = False

    @property
    def size(self) -> int:
        """Columns of the observation."""
        return self.observation.shape[1]

    def observe(self) -> np.ndarray:
        """Fills :attr:`observation` from the present state, and returns it."""
        self._inside.observe()
        return self.observation

    def act(self) -> None:
        """Writes controls from :attr:`action`; they count from the next step on."""
        self._inside.act()

    def begin(self, mask=None) -> None:
        """Forgets the last action of environments that were reset. `mask` bool [envs] (NumPy, torch, DLPack), or None: of all."""
        if mask is None:
            self.last[:] = 0
        else:
            self.last[mask if isinstance(mask, np.ndarray) else np.from_dlpack(mask).astype(bool)] = 0

    def __repr__(self) -> str:
        return f"<nuri.Port: {self.size} numbers of each of {len(self.observation)} environments, {len(self.actuators)} actions>"
