"""Task: what is to be learnt in a scene. Short array code for NumPy or torch, the same text for both.

    class Balance(nuri.envs.Task):
        scene, seconds = "cartpole.yaml", 10.0
        inputs = (nuri.Input("position", "*"), nuri.Input("velocity", "*", scale=0.1))
        outputs = (nuri.Output("*", map="range"),)
        effort = 0.01                                    # an option: nuri.make(Balance, effort=0.1)

        def setup(self):
            self.pole = self.array(self.world.joint("pole").position)      # [N] rad; a view, taken once

        def reward(self):
            return self.term("upright", self.xp.cos(self.pole)) - self.effort * self.xp.sum(self.action**2, axis=1)

        def terminated(self):
            return self.xp.abs(self.pole) > 1.0

No method may loop over environments. Only calls that NumPy and torch have with the same arguments are used (xp.where, xp.exp, xp.clip,
xp.sum(x, axis=1), xp.concatenate([..], axis=1), ..); what differs is here: `array`, `zeros`, `uniform`, `normal`.
"""
from __future__ import annotations

from types import ModuleType
from typing import Any

from nuri.envs.arrays import Array, Arrays


class Task:
    """Base of all tasks. N environments; a control step is `substeps` timesteps of the scene."""

    scene: Any = ""                      # a scene file, as `nuri.load` takes it, or the name of one that comes with Nuri
    seconds: float | None = 10.0         # s: an episode is cut off (truncated) after that; None: never
    substeps: int | None = None          # of a control step; None: as the scene says
    inputs: tuple = ()                   # nuri.Input: what the policy reads
    outputs: tuple = ()                  # nuri.Output: what it moves
    commands: int = 0                    # numbers that tell it what to do
    world_options: dict = {}             # what nuri.World is told, unless nuri.make(world=) says otherwise
    training: dict = {}                  # what `python -m nuri.train` uses for it unless told otherwise

    def __init__(self, world: Any, xp: ModuleType | Arrays, **options: Any):
        kind = type(self)
        for name, value in options.items():
            if name not in self.options():
                raise TypeError(f"{kind.__name__} has no option {name!r}; its options: {', '.join(self.options())}")
            setattr(self, name, value)
        self._arrays = xp if isinstance(xp, Arrays) else Arrays(xp.__name__)
        self.world, self.xp = world, self._arrays.xp
        self.port = world.port(inputs=list(self.inputs), outputs=list(self.outputs), commands=self.commands)
        table = self._arrays.table
        self.action = table(self.port.action)                 # [N, a] of this step, as clipped by `act`
        self.last = table(self.port.last)                     # [N, a] what the port remembers of it, for inputs of the kind "action"
        self.command = table(self.port.command)               # [N, commands]
        self.observation = table(self.port.observation)       # [N, d]
        self.limit = self.array(self.port.limit)              # [a]: actions lie within -limit and limit
        self.elapsed = self.zeros(dtype="int64")              # [N] control steps of the episode
        self.terms: dict[str, Array] = {}                     # [N] each: terms of the reward of this step, for the log
        self.setup()

    # ---- what a task may say ------------------------------------------------------------------------------------------------------
    @classmethod
    def find_scene(cls, options: dict[str, Any]) -> Any:
        """What to simulate when `nuri.make` gets these options."""
        return options.get("scene", cls.scene)

    def setup(self) -> None:
        """Once, before the first step: takes views of the world's arrays, makes buffers."""

    def action_range(self) -> tuple[Array, Array]:
        """[a] each: the lowest and highest actions, for the space of actions."""
        return -self.limit, self.limit

    def act(self, actions: Array) -> None:
        """Actions [N, a], without NaN, become controls; `self.action` is what they were clipped to."""
        self.action[:] = self.xp.clip(actions, -self.limit, self.limit)
        self._arrays.send(self.action, self.port.action)
        self.port.act()
        self._arrays.fetch(self.last, self.port.last)

    def advance(self) -> None:
        """Once after each step, before its reward: timers, histories, commands that change within an episode."""

    def observe(self) -> Array | dict[str, Array]:
        """What the policy sees: [N, d], or a dict of such arrays and pictures [N, h, w, 3]. Asked twice in a step in which an episode
        ends, so it changes nothing."""
        self._arrays.send(self.command, self.port.command)
        self.port.observe()
        self._arrays.fetch(self.observation, self.port.observation)
        return self.observation

    def reward(self) -> Array:
        """[N] of the step that was just made."""
        raise NotImplementedError(f"{type(self).__name__} says no reward")

    def terminated(self) -> Array:
        """bool [N]: the episode is over for what happened in it, not for its time."""
        return self.zeros(dtype="bool")

    def begin(self, mask: Array) -> None:
        """Those environments (bool [N]) were reset: draws their commands, clears their rows of own buffers."""
        self.last[mask] = 0
        self._arrays.send(self.last, self.port.last)

    def success(self) -> Array | None:
        """bool [N]: it is done what was to be done; None: there is no such thing. For the log."""
        return None

    def begin_info(self) -> dict[str, Array]:
        """[N, ..] each, new arrays: what `info` of a learner's step tells of the present state by names of the task's own; also after resets."""
        return {}

    def info(self) -> dict[str, Array]:
        """The same after a step, and what is known of that step besides."""
        return self.begin_info()

    def curriculum(self, progress: float) -> None:
        """A trainer says what share of the training is done, 0 to 1."""

    # ---- what a task may use ------------------------------------------------------------------------------------------------------
    def term(self, name: str, value: Array) -> Array:
        """Notes a term of the reward, [N], for the log and returns it."""
        self.terms[name] = value
        return value

    def array(self, array: Any) -> Array:
        """The world's array as a NumPy array or a torch tensor: the same memory. Once, in `setup`."""
        return self._arrays.view(array)

    def zeros(self, *columns: int, dtype: str = "float32") -> Array:
        """A new array [N, columns..]; dtype: "float32", "int64", "bool"."""
        return self._arrays.full((self.world.envs, *columns), 0, dtype)

    def uniform(self, columns: int, stream: int = 0, low: float = 0.0, high: float = 1.0) -> Array:
        """[N, columns] random numbers of (environment's seed, id, episode, step, stream, column), whatever the batch."""
        return self.array(self.world.uniform(columns, stream=stream, low=low, high=high))

    def normal(self, columns: int, stream: int = 0) -> Array:
        """[N, columns] of mean 0 and deviation 1; otherwise as `uniform`."""
        return self.array(self.world.normal(columns, stream=stream))

    def buffers(self) -> dict[str, Array]:
        """Attributes that hold a row per environment: what `VectorEnv.save` keeps of a task. They are written in place by `load`."""
        return {name: value for name, value in vars(self).items()
                if not name.startswith("_") and isinstance(getattr(value, "shape", None), tuple) and value.shape[:1] == (self.world.envs,)
                and getattr(getattr(value, "flags", None), "writeable", True)}

    @property
    def steps(self) -> int | None:
        """Control steps after which an episode is cut off."""
        if self.seconds is None:
            return None
        period = self.world.timestep * (self.substeps or self.world.substeps)
        return max(1, round(self.seconds / period))

    @classmethod
    def options(cls) -> list[str]:
        """Names of what `nuri.make` takes for this task."""
        names = {name for base in cls.__mro__[:-1] for name, value in vars(base).items()
                 if not name.startswith("_") and not callable(value) and not isinstance(value, (property, classmethod, staticmethod))}
        return sorted(names | {name for name in Task.__annotations__ if not name.startswith("_")})
