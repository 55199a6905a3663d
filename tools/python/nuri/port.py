"""Ports: what a policy reads of every environment, and what it moves.

A port is the border between a learner and a world. `nuri run --policy` has the same one, so that what was learned is what runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from . import _nuri
from .device import DeviceArray

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

    NumPy arrays on a CPU, :class:`nuri.DeviceArray` on a GPU, where nothing is copied. What a scene's `link` has under way is kept on the host: with a
    link the tables are NumPy arrays everywhere, :attr:`why_host` says so, and the world's results and controls are copied at each call.

    >>> port = world.port([nuri.Input("position"), nuri.Input("velocity", scale=0.1)], [nuri.Output("*")])
    >>> port.observe()
    >>> port.action[:] = policy(port.observation)
    >>> port.act()
    >>> world.step()
    """

    observation: np.ndarray | DeviceArray
    """[envs, size]: what :meth:`observe` found."""
    action: np.ndarray | DeviceArray
    """[envs, actions]: what :meth:`act` will take; for you to write."""
    command: np.ndarray | DeviceArray
    """[envs, commands]: likewise; 0 at first."""
    last: np.ndarray | DeviceArray
    """[envs, actions]: the last action, clipped."""
    limit: np.ndarray
    """[actions]: to which actions are clipped."""
    labels: list[str]
    """What each column of the observation is: "velocity elbow"."""
    actuators: list[str]
    """What each column of the action moves."""
    why_host: str
    """Why the tables lie on the host though the world is on a GPU; empty otherwise."""
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]

    def __init__(self, world: _nuri.World, inputs: Iterable[Input], outputs: Iterable[Output], commands: int = 0) -> None:
        self.inputs, self.outputs = tuple(inputs), tuple(outputs)
        self._inside = _nuri.Port(world, [(i.kind, _patterns(i.names), float(i.scale)) for i in self.inputs],
                                  [(_patterns(o.actuators), o.map, float(o.scale), float(o.limit)) for o in self.outputs], commands)
        inside, self._all = self._inside, np.arange(self._inside.environments, dtype=np.int32)
        self.limit, self.labels, self.actuators, self.why_host = inside.limit, inside.labels, inside.actuators, inside.why_host
        self.limit.flags.writeable = False
        for name, columns in (("observation", inside.size), ("action", len(self.actuators)), ("command", inside.commands), ("last", len(self.actuators))):
            table = getattr(inside, name)
            setattr(self, name, table if isinstance(table, np.ndarray) else DeviceArray(table, name, (len(self._all), columns)))

    @property
    def size(self) -> int:
        """Columns of the observation."""
        return self.observation.shape[1]

    def observe(self) -> np.ndarray | DeviceArray:
        """Fills :attr:`observation` from the present state, and returns it."""
        self._inside.observe()
        return self.observation

    def act(self) -> None:
        """Writes controls from :attr:`action`; they count from the next step on."""
        self._inside.act()

    def begin(self, mask=None) -> None:
        """Forgets the last action of environments that were reset. `mask` bool [envs] (NumPy, torch, DLPack), or None: of all. A mask on a GPU is
        copied to the host and a list of environments back; who has a tensor of :attr:`last` writes ``last[mask] = 0`` and copies nothing."""
        from .world import as_numpy

        self._inside.begin(self._all if mask is None else np.flatnonzero(as_numpy(mask).astype(bool)).astype(np.int32))

    def __repr__(self) -> str:
        return f"<nuri.Port: {self.size} numbers of each of {len(self.observation)} environments, {len(self.actuators)} actions>"
