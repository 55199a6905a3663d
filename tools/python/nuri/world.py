"""Worlds: many environments of one scene, stepped together."""

from __future__ import annotations

import operator
import os
import warnings
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _nuri
from .device import DeviceArray
from .error import nearest_hint, refused
from .scene import Model, Scene, load
from .world_cameras import Cameras
from .world_fields import Contact, items_of, table
from .world_things import Actuator, Body, Geom, Joint, Sensor, Site, Tendon

if TYPE_CHECKING:
    from .port import Input, Output, Port

_PRECISIONS = {"float32": True, "float64": False, "float": True, "double": False}
_WIDTHS = {"xfrc_applied": 6, "mocap_pos": 3, "mocap_quat": 4, "xpos": 3, "xquat": 4,   # of what has a row per thing
           "detail_xpos": 3, "detail_xquat": 4, "detail_xipos": 3, "cinert": 10, "cvel": 6, "cfrc_ext": 6}
_CONTROLS = ("none", "zero", "random", "sine", "hold")


class State:
    """Arrays of the state, its inputs and outputs: views, [environments, ..], row major, at addresses that never change. NumPy arrays on a CPU,
    :class:`nuri.DeviceArray` on a GPU; both speak DLPack.

    Written: ``qpos``, ``qvel``, ``act``, ``ctrl``, ``qfrc_applied``, ``xfrc_applied`` [envs, bodies, 6] (force N, torque N m at the centre of mass,
    world axes), ``mocap_pos`` [envs, mocap, 3] m, ``mocap_quat`` [envs, mocap, 4] (w x y z), ``equality_active`` (0 or 1). After writing positions or
    velocities call :meth:`World.forward`. Computed: ``qacc``, ``xpos`` [envs, bodies, 3] m, ``xquat`` [envs, bodies, 4], ``sensordata``. ``warmstart``
    and ``qpos_residual`` belong to the state too: where the solver starts, and what the translation of free joints lost to rounding. So do
    ``plastic``, where springs that give way rest (``springyield``), ``tree_asleep`` [envs, trees] (below 0: awake) and ``asleep_qpos``, both empty
    unless the model's trees may sleep (flag ``sleep``), ``history``, what delays and intervals look back on, and ``clock``:
    physics/kernel/history.h and physics/sensor/noise.h say how these are laid out.

    With ``World(.., detail=True)`` also what the last evaluation of the dynamics left, as MuJoCo's mjData has it after mj_step and mj_rnePostConstraint.
    That was at the start of the last substep, with Runge-Kutta at its last stage; after a reset or :meth:`World.forward` it is the present state.
    ``detail_xpos``, ``detail_xquat``, ``detail_xipos`` [envs, bodies, 3] m (centres of mass), ``cinert`` [envs, bodies, 10], ``cvel`` and ``cfrc_ext``
    [envs, bodies, 6] (angular and linear, about the centre of mass of the body's tree, world axes), ``qfrc_actuator``, ``qfrc_constraint``,
    ``tendon_length``, ``tendon_velocity``.
    """

    qpos: np.ndarray
    qpos_residual: np.ndarray
    qvel: np.ndarray
    act: np.ndarray
    plastic: np.ndarray
    warmstart: np.ndarray
    ctrl: np.ndarray
    qfrc_applied: np.ndarray
    xfrc_applied: np.ndarray
    mocap_pos: np.ndarray
    mocap_quat: np.ndarray
    equality_active: np.ndarray
    tree_asleep: np.ndarray
    asleep_qpos: np.ndarray
    clock: np.ndarray
    history: np.ndarray
    qacc: np.ndarray
    xpos: np.ndarray
    xquat: np.ndarray
    sensordata: np.ndarray
    detail_xpos: np.ndarray
    detail_xquat: np.ndarray
    detail_xipos: np.ndarray
    cinert: np.ndarray
    cvel: np.ndarray
    cfrc_ext: np.ndarray
    qfrc_actuator: np.ndarray
    qfrc_constraint: np.ndarray
    tendon_length: np.ndarray
    tendon_velocity: np.ndarray

    def __init__(self, inside: _nuri.World, bucket: int) -> None:
        names = list(State.__annotations__)
        for name in names if inside.detail else names[: names.index("detail_xpos")]:
            array = inside.field(bucket, name)
            shape, width = array.shape, _WIDTHS.get(name)
            if width:
                shape = (shape[0], shape[1] // width, width)
            array = array.reshape(shape) if inside.device < 0 else DeviceArray(_nuri.field_table(inside, bucket, name), name, shape)
            object.__setattr__(self, name, array)

    def __getattr__(self, name: str) -> np.ndarray:
        if name in State.__annotations__:
            raise AttributeError(f"'{name}' is computed for those who ask: World(.., detail=True)")
        raise AttributeError(f"a state has no '{name}'")

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"'{name}' is a view that stays: write into it, state.{name}[:] = ..")


class Status:
    """Counters of every environment, [envs], not to be written: views; of several models on a GPU, copies that :attr:`World.status` makes there. NumPy
    arrays on a CPU, :class:`nuri.DeviceArray` on a GPU.

    ``fault`` uint32: 0, or why an environment stands still (lowest byte: 1 not finite, 2 too fast, 4 touches itself in too many places; above: the stage that saw it). ``contacts`` int32: of
    the last substep. ``steps`` uint64: substeps since its reset. ``episode`` uint64: 0, 1, 2, .. ``seed`` uint64: of its episode 0.
    """

    fault: np.ndarray
    contacts: np.ndarray
    steps: np.ndarray
    episode: np.ndarray
    seed: np.ndarray

    def __init__(self, arrays: dict[str, Any]) -> None:
        for name, array in arrays.items():
            if isinstance(array, np.ndarray):
                array.flags.writeable = False
            setattr(self, name, array)


class Variant:
    """The environments of one of several models: their numbers in the world, and their own arrays and things."""

    def __init__(self, inside: _nuri.World, bucket: int) -> None:
        self._inside = inside
        self.environments = np.asarray(inside.members(bucket), dtype=np.int64)
        self.model = Model(inside.model(bucket))
        self.name = self.model.name
        self.state = State(inside, bucket)
        self._bucket, self._warned, self._of_ports = bucket, False, set()
        self._things: dict[tuple[str, int], Any] = {}

    @property
    def control(self) -> np.ndarray:
        """Controls, [envs of the variant, actuators]: in the units of each actuator. Warns, once, of actuators that the scene itself moves at every
        control step: what is written to those is lost."""
        if not self._warned:
            self._warned = True
            names, (varying, scripted) = self.names("actuator"), self._inside.overwritten(self._bucket)
            if lost := [f"'{names[a] or a}'" for a in varying if names[a] not in self._of_ports] + [f"'{names[a] or a}'" for a in scripted]:
                names = ", ".join(lost[:5]) + (f" and {len(lost) - 5} more" if len(lost) > 5 else "")
                warnings.warn(f"the scene moves {names} at every control step: what is written to their controls is lost; control='none' and timeline=False "
                              "leave them to you, and so does a port", stacklevel=3)
        return self.state.ctrl

    @property
    def sensors(self) -> np.ndarray:
        """Sensor values, [envs of the variant, values]."""
        return self.state.sensordata

    def names(self, kind: str) -> list[str]:
        """Names by index: of kind body, joint, geom, site, tendon, actuator, equality, sensor or key."""
        return self.model.names(kind)

    def find(self, kind: str, which: str | int) -> int:
        """Index of a thing by its name or index."""
        names = self.names(kind)
        if isinstance(which, str):
            if which and which in names:
                return names.index(which)
            raise refused("unknown-name", f"the model '{self.name}' has no {kind} '{which}'", nearest_hint(which, names))
        try:
            index = operator.index(which)
        except TypeError:
            raise TypeError(f"a {kind} is named by a string or a number, not by {type(which).__name__}") from None
        if not 0 <= index < len(names):
            raise refused("out-of-range", f"the model '{self.name}' has {len(names)} things of the kind {kind}, no number {index}")
        return index

    def _thing(self, kind: str, of: type, which: str | int):
        index = self.find(kind, which)
        if (kind, index) not in self._things:
            self._things[kind, index] = of(self, index)
        return self._things[kind, index]

    def joint(self, which: str | int) -> Joint:
        """A joint by name or index."""
        return self._thing("joint", Joint, which)

    def body(self, which: str | int) -> Body:
        """A body by name or index; body 0 is the world."""
        return self._thing("body", Body, which)

    def actuator(self, which: str | int) -> Actuator:
        """An actuator by name or index."""
        return self._thing("actuator", Actuator, which)

    def sensor(self, which: str | int) -> Sensor:
        """A sensor by name or index."""
        return self._thing("sensor", Sensor, which)

    def geom(self, which: str | int) -> Geom:
        """A geom by name or index."""
        return self._thing("geom", Geom, which)

    def site(self, which: str | int) -> Site:
        """A site by name or index."""
        return self._thing("site", Site, which)

    def tendon(self, which: str | int) -> Tendon:
        """A tendon by name or index."""
        return self._thing("tendon", Tendon, which)

    def __repr__(self) -> str:
        return f"<nuri variant {self.name}: {len(self.environments)} environments>"


class World:
    """Environments of a scene.

    Args:
        scene: a :class:`Scene`, or the path of one.
        envs: how many; None: as many as the scene asks for.
        backend: "auto" (a GPU if there is one that can be used), "cpu", "cuda" or "bullet" (a second opinion, slow).
        precision: "float32", or "float64" for checking.
        seed: of all random numbers, together with the ids of the environments; None: the scene's.
        first_id: id of the first environment. Whoever shares a batch among processes gives each its part of the ids, and gets the same bits.
        threads: of the CPU; 0: one for each.
        width: environments per pack; 0: by rule. Never shows in results.
        timeline: False leaves the scene's timeline and controllers out.
        control: what drives the actuators: None (as the scene says; nothing drives a bare model), "none", "zero", "random", "sine" or "hold".
        cameras: which of the scene's cameras and lidars to open now, by name or pattern; otherwise all are opened when ``cameras`` is first asked for.
        detail: also what the last evaluation of the dynamics left: ``state.cinert``, ``cvel``, ``cfrc_ext``, ..; see :class:`State`.
        perturb: adds differences of up to this size to the initial states: rad, m, rad/s, m/s.
        device: which GPU.
    """

    def __init__(
        self,
        scene: Scene | str | os.PathLike,
        envs: int | None = None,
        *,
        backend: str = "auto",
        precision: str = "float32",
        seed: int | None = None,
        first_id: int = 0,
        threads: int = 0,
        width: int = 0,
        timeline: bool = True,
        control: str | None = None,
        perturb: float | None = None,
        cameras: Sequence[str] = (),
        detail: bool = False,
        device: int = 0,
    ) -> None:
        self.scene = scene if isinstance(scene, Scene) else load(scene)
        if precision not in _PRECISIONS:
            raise refused("unknown-precision", f"unknown precision '{precision}'", "float32 or float64")
        if control is not None and control not in _CONTROLS:
            raise refused("unknown-control", f"unknown control '{control}'", ", ".join(_CONTROLS))
        if perturb is not None and not 0 <= perturb <= 1000:
            raise refused("out-of-range", f"perturb is {perturb}", "0 to 1000 rad, m, rad/s, m/s")
        self._inside = _nuri.World(
            self.scene._inside,
            environments=_number("envs", self.scene.envs if envs is None else envs, 1, 10_000_000),
            backend=backend,
            single=_PRECISIONS[precision],
            seed=_number("seed", self.scene.seed if seed is None else seed, 0, 2**64 - 1),
            first_id=_number("first_id", first_id, 0, 2**64 - 1),
            threads=_number("threads", threads, 0, 4096),
            width=_number("width", width, 0, 64),
            device=_number("device", device, 0, 1023),
            timeline=bool(timeline),
            detail=bool(detail),
            control=control,
            perturbation=None if perturb is None else float(perturb),
        )
        inside = self._inside
        self.envs: int = inside.environments
        self.ids: np.ndarray = np.arange(self.envs, dtype=np.uint64) + np.uint64(inside.first_id)
        self.timestep: float = inside.timestep
        self.substeps: int = inside.substeps
        self.control_period: float = self.timestep * self.substeps
        self.variants: list[Variant] = [Variant(inside, b) for b in range(inside.buckets)]
        self._only = self.variants[0] if len(self.variants) == 1 else None
        self._all = np.arange(self.envs, dtype=np.int32)
        self._status = self._make_status() if self._only or inside.device >= 0 else None
        self._cameras: Cameras | None = None
        if cameras:
            self._cameras = Cameras(self, [cameras] if isinstance(cameras, str) else list(cameras))

    # ---- what it is --------------------------------------------------------------------------------------------------------------------------

    def describe(self) -> str:
        """Backend, instruction set, precision, environments per pack, threads."""
        return self._inside.describe()

    @property
    def why(self) -> str:
        """Why "auto" chose this backend."""
        return self._inside.why

    @property
    def model(self) -> Model:
        """Numbers that all environments share."""
        return self._one("model").model

    @property
    def state(self) -> State:
        """Arrays of the state: views."""
        return self._one("state").state

    @property
    def control(self) -> np.ndarray:
        """Controls, [envs, actuators]: a view, in the units of each actuator. Warns, once, of actuators that the scene itself moves at every control
        step: what is written to those is lost."""
        return self._one("control").control

    @property
    def sensors(self) -> np.ndarray:
        """Sensor values, [envs, values]: a view. Taken at the start of the last substep, as MuJoCo's are."""
        return self._one("sensors").state.sensordata

    @property
    def status(self) -> Status:
        """Faults, contacts, steps, episodes and seeds of all environments. On a GPU they are there."""
        _nuri.refresh_status(self._inside)
        return self._status or self._make_status()

    @property
    def time(self) -> np.ndarray:
        """Since each environment's reset: a new float64 array, [envs], s."""
        steps = self.status.steps
        return (steps if isinstance(steps, np.ndarray) else steps.get()) * self.timestep

    def names(self, kind: str) -> list[str]:
        """Names by index: of kind body, joint, geom, site, tendon, actuator, equality, sensor or key."""
        return self._one("names").names(kind)

    def joint(self, which: str | int) -> Joint:
        """A joint by name or index."""
        return self._one("joint").joint(which)

    def body(self, which: str | int) -> Body:
        """A body by name or index; body 0 is the world."""
        return self._one("body").body(which)

    def actuator(self, which: str | int) -> Actuator:
        """An actuator by name or index."""
        return self._one("actuator").actuator(which)

    def sensor(self, which: str | int) -> Sensor:
        """A sensor by name or index."""
        return self._one("sensor").sensor(which)

    def geom(self, which: str | int) -> Geom:
        """A geom by name or index."""
        return self._one("geom").geom(which)

    def site(self, which: str | int) -> Site:
        """A site by name or index."""
        return self._one("site").site(which)

    def tendon(self, which: str | int) -> Tendon:
        """A tendon by name or index."""
        return self._one("tendon").tendon(which)

    # ---- what it does ------------------------------------------------------------------------------------------------------------------------

    def step(self, substeps: int | None = None) -> None:
        """Advances every environment by one control step, or by so many substeps. Other threads of Python run meanwhile."""
        self._inside.step(self.substeps if substeps is None else _number("substeps", substeps, 0, 2**31 - 1))

    def reset(self, mask: Any = None, seed: int | Sequence[int] | np.ndarray | None = None, key: str | int | None = None) -> None:
        """Begins the next episode of some environments: initial keyframe, the scene's differences drawn anew; the others do not notice.

        Args:
            mask: bool [envs]: NumPy, torch, anything that speaks DLPack; None: all. One on a GPU is copied to the host, envs bytes.
            seed: one of all, or uint64 [envs]: episode 0 of that seed begins instead. An episode is a function of the scene, the seed, the
                environment's id and the number of the episode.
            key: a keyframe of the model, by name or number: they are put there, without differences, and their episode goes on.
        """
        chosen = self._indices(mask)
        if key is not None:
            if seed is not None:
                raise refused("bad-request", "a keyframe has no random differences, so no seed", "leave out seed or key")
            for variant in self.variants:   # numbers of keyframes are each model's own
                members = chosen if self._only else chosen[np.isin(chosen, variant.environments)]
                if len(members):
                    self._inside.reset_to_key(members, variant.find("key", key))
            return
        self._inside.reset(chosen, self._seeds(seed, chosen))

    def forward(self, mask: Any = None) -> None:
        """Computes outputs and sensors of the present state, after something was written into it. Nothing moves."""
        self._inside.forward(self._indices(mask))

    def save(self, path: str | os.PathLike | None = None) -> bytes | None:
        """Everything that the steps to come depend on, differences between models included, as bytes or into a file: :meth:`load` goes on with the same
        bits. What ports and cameras remember is not part of it."""
        snapshot = self._inside.save()
        if path is None:
            return snapshot
        with open(path, "wb") as file:
            file.write(snapshot)
        return None

    def load(self, snapshot: bytes | bytearray | memoryview | str | os.PathLike) -> None:
        """Goes back to a snapshot (or the file of one) of this world, or of another one that was made as this one."""
        if not isinstance(snapshot, (bytes, bytearray, memoryview)):
            try:
                with open(os.fspath(snapshot), "rb") as file:
                    snapshot = file.read()
            except FileNotFoundError:
                raise refused("unreadable", "there is no such file", file=os.fsdecode(os.fspath(snapshot))) from None
        self._inside.load(bytes(snapshot))

    def hash(self, env: int | None = None) -> str:
        """Of the state of all environments, as ``nuri run`` prints it, or of one: 16 hexadecimal digits."""
        value = self._inside.hash() if env is None else self._inside.hash_of(_number("env", env, 0, self.envs - 1))
        return f"{value:016x}"

    # ---- what it sees ------------------------------------------------------------------------------------------------------------------------

    @property
    def cameras(self) -> Cameras:
        """What the scene's cameras and lidars see, by name; without any in the scene, the cameras of its models. Opened at the first access: from
        then on the world looks at the end of every control step, and after resets."""
        if self._cameras is None:
            self._cameras = Cameras(self, ["*"])
        return self._cameras

    def look(self) -> None:
        """Takes the pictures that are due and delivers those that have arrived, at once; nothing before :attr:`cameras` were asked for."""
        if self._cameras is not None:
            _nuri.look(self._inside)

    def finish_pictures(self, mask: Any = None) -> None:
        """Takes and delivers pictures of these environments as they are now: the last ones of episodes, before their reset."""
        chosen = self._indices(mask)
        if self._cameras is not None:
            _nuri.finish_pictures(self._inside, chosen)

    def contacts(self, env: int) -> list[Contact]:
        """Contacts of one environment in its present state: a copy, made by a pass of its own; for looking, not for learning."""
        env = _number("env", env, 0, self.envs - 1)
        variant = next(v for v in self.variants if self._only or env in v.environments)
        return [Contact.of(record, variant.model) for record in _nuri.contacts(self._inside, env)]

    # ---- what differs between environments ---------------------------------------------------------------------------------------------------

    def set(self, field: str, env: int | Any, value: Any, name: str | int | None = None) -> None:
        """Gives environments their own numbers of a model field; what follows from them is computed as if the model had been compiled with them.

        Args:
            field: "body_mass", "geom_friction", "gravity", ..: a field of :class:`Model` that holds numbers.
            env: an environment, an array of them, a mask, or None: all.
            value: one number, the numbers of one environment, or [envs, numbers]; for a single number of each environment also [envs].
            name: of which body, joint, geom, ..: its name or index; None: of all.
        """
        chosen = self._chosen(env)
        total = sum(len(envs) for _, envs, _ in chosen)
        for variant, envs, where in chosen:
            items, _ = items_of(variant, field, name)
            values = table(value, where, total, len(items))
            _nuri.set_numbers(self._inside, field, envs, items, values)

    def get(self, field: str, env: int | Any = None, name: str | int | None = None) -> np.ndarray | float:
        """Numbers of a model field as environments have them, [envs, numbers]: without the first dimension for a single environment, without the last
        for a field of one number per thing and a named thing. float64."""
        single_env = env is not None and np.ndim(env) == 0
        if not single_env:
            self._one("get")                       # several models have fields of several sizes
        variant, envs, _ = self._chosen(env)[0]
        items, single = items_of(variant, field, name)
        out = np.tile(getattr(variant.model, field)[items], (len(envs), 1))
        _nuri.get_numbers(self._inside, field, envs, items, out)
        if single:
            out = out[:, 0]
        if not single_env:
            return out
        return float(out[0]) if single else out[0]

    def clear(self, field: str, env: int | Any = None, name: str | int | None = None) -> None:
        """Back to the model's numbers."""
        for variant, envs, _ in self._chosen(env):
            items, _ = items_of(variant, field, name)
            _nuri.clear_numbers(self._inside, field, envs, items)

    def uniform(self, n: int, stream: int = 0, low: float = 0.0, high: float = 1.0) -> np.ndarray | DeviceArray:
        """Random numbers in [low, high): a new float32 array [envs, n], on a GPU where the world is.

        A number is a function of the seed of the environment's episode, its id, the substeps since its reset, the stream and the column, and of nothing else: the same
        however environments are split among processes, and the same again if it is asked for again at the same step. Column k is
        ``low + (high - low) u``, with u a multiple of 2^-53 from draw k of Philox-4x32-10, as engine/core/random.h says.

        Args:
            stream: tells purposes apart, 0 to 2^24 - 1.
        """
        n, stream, low, high = _number("n", n, 0, 2**24), _number("stream", stream, 0, 2**24 - 1), float(low), float(high)
        if not (np.isfinite(low) and np.isfinite(high) and low <= high):
            raise refused("out-of-range", f"no numbers lie between {low} and {high}")
        if self._inside.device >= 0:
            return DeviceArray(_nuri.draw_uniform(self._inside, n, stream, low, high), "uniform", (self.envs, n))
        out = np.empty((self.envs, n), np.float32)
        _nuri.fill_uniform(self._inside, out, stream, low, high)
        return out

    def normal(self, n: int, stream: int = 0) -> np.ndarray | DeviceArray:
        """Normally distributed numbers of mean 0 and variance 1: a new float32 array [envs, n]; see :meth:`uniform`. Box and Muller's transform of two
        uniform draws (engine/math/elementary_normal.h)."""
        n, stream = _number("n", n, 0, 2**24), _number("stream", stream, 0, 2**24 - 1)
        if self._inside.device >= 0:
            return DeviceArray(_nuri.draw_normal(self._inside, n, stream), "normal", (self.envs, n))
        out = np.empty((self.envs, n), np.float32)
        _nuri.fill_normal(self._inside, out, stream)
        return out

    @property
    def timings(self) -> dict[str, float]:
        """Wall time since :meth:`clear_timings`, s: "physics" inside steps, "reset" inside resets, "eyes" while looking."""
        return dict(zip(("physics", "reset", "eyes"), self._inside.timings))

    def clear_timings(self) -> None:
        self._inside.clear_timings()

    def port(self, inputs: Iterable[Input], outputs: Iterable[Output], commands: int = 0) -> Port:
        """What a policy reads of every environment and what it moves, as tables; see :class:`nuri.Port`. From now on no random, sine or target
        control of the scene moves the actuators of its outputs."""
        from .port import Port

        port = Port(self._inside, inputs, outputs, _number("commands", commands, 0, 2**31 - 1))
        for variant in self.variants:
            variant._of_ports.update(port.actuators)
        return port

    # ---- inside ------------------------------------------------------------------------------------------------------------------------------

    def _one(self, what: str) -> Variant:
        if self._only is None:
            names = ", ".join(v.name for v in self.variants)
            raise refused("several-models", f"'{what}' is of one model, and this world has several: {names}", "use world.variants: each has its own")
        return self._only

    def _chosen_envs(self, env: Any) -> np.ndarray:
        if env is None:
            return self._all
        array = as_numpy(env)
        if array.dtype == np.bool_:
            return self._indices(array)
        if array.dtype.kind not in "iu" or array.ndim > 1:
            raise refused("bad-environment", "environments are a number, an array of numbers, or a mask", f"not {array.dtype} {list(array.shape)}")
        array = np.atleast_1d(array)
        if array.size and not (0 <= int(array.min()) and int(array.max()) < self.envs):
            raise refused("bad-environment", f"environments are 0 to {self.envs - 1}")
        return np.array(array, dtype=np.int32)     # a copy: nobody changes it meanwhile

    def _chosen(self, env: Any) -> list[tuple[Variant, np.ndarray, np.ndarray]]:
        """Of each variant: its chosen environments, and where they stand among all that were chosen."""
        envs = self._chosen_envs(env)
        if self._only:
            return [(self._only, envs, np.arange(len(envs)))]
        parts = [(v, np.flatnonzero(np.isin(envs, v.environments))) for v in self.variants]
        return [(v, envs[where], where) for v, where in parts if len(where)]

    def _make_status(self) -> Status:
        inside = self._inside
        if inside.device >= 0:
            return Status({name: DeviceArray(_nuri.counter_table(inside, name), name, (self.envs,)) for name in Status.__annotations__})
        arrays = {"episode": inside.episodes(), "seed": inside.seeds()}
        for name in ("fault", "contacts", "steps"):
            if self._only:
                arrays[name] = inside.counter(0, name)
            else:   # of several variants: a copy
                parts = [inside.counter(b, name) for b in range(len(self.variants))]
                arrays[name] = np.empty(self.envs, parts[0].dtype)
                for variant, part in zip(self.variants, parts):
                    arrays[name][variant.environments] = part
        return Status(arrays)

    def _indices(self, mask: Any) -> np.ndarray:
        if mask is None:
            return self._all
        array = as_numpy(mask)
        if array.dtype != np.bool_ or array.shape != (self.envs,):
            raise refused("bad-mask", f"a mask is bool [{self.envs}], not {array.dtype} {list(array.shape)}")
        return np.flatnonzero(array).astype(np.int32)

    def _seeds(self, seed: Any, chosen: np.ndarray) -> np.ndarray | None:
        if seed is None:
            return None
        array = as_numpy(seed)
        if array.ndim == 0:
            return np.full(len(chosen), _number("seed", array.item() if array.dtype != object else seed, 0, 2**64 - 1), np.uint64)
        if array.shape != (self.envs,) or array.dtype.kind not in "iu":
            raise refused("bad-seed", f"a seed is a whole number or uint64 [{self.envs}], not {array.dtype} {list(array.shape)}")
        if array.dtype.kind == "i" and array.size and array.min() < 0:
            raise refused("out-of-range", "a seed is below 0")
        return np.ascontiguousarray(array[chosen], dtype=np.uint64)

    def __repr__(self) -> str:
        return f"<nuri.World {self.scene.name}: {self.envs} environments, {self.describe()}>"


def as_numpy(array: Any) -> np.ndarray:
    """A NumPy view of an array, or a copy of one that lies on a GPU."""
    if isinstance(array, np.ndarray):
        return array
    device = getattr(array, "__dlpack_device__", None)
    if callable(device) and not isinstance(array, type) and device()[0] != 1:
        array = array.cpu() if hasattr(array, "cpu") else array.get()   # torch; CuPy
    return np.asarray(array)


def _number(name: str, value: Any, low: int, high: int) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} is a whole number, not {type(value).__name__}") from None
    if not low <= number <= high:
        raise refused("out-of-range", f"{name} is {number}", f"{low} to {high}")
    return number
