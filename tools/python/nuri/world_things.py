"""Things of a model by name, with views of their part of the state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from .world import Variant

_JOINTS = (("free", 7, 6), ("ball", 4, 3), ("slide", 1, 1), ("hinge", 1, 1))   # kind, positions, velocities


class Thing:
    """Something of a model with a name and an index."""

    kind = ""

    def __init__(self, of: Variant, index: int) -> None:
        self._model = of.model
        self.index: int = index
        self.name: str = of.names(self.kind)[index]

    def __repr__(self) -> str:
        return f"<nuri {self.kind} {self.index} '{self.name}'>"


class Joint(Thing):
    """A joint.

    Attributes:
        type: "free", "ball", "slide" or "hinge".
        position: view. Hinge, slide: [envs], rad or m. Ball: [envs, 4], quaternion w x y z. Free: [envs, 7], place in m, quaternion.
        velocity: view. Hinge, slide: [envs], rad/s or m/s. Ball: [envs, 3], rad/s. Free: [envs, 6], m/s, rad/s.
        positions, velocities: where they lie in ``state.qpos`` and ``state.qvel``, as slices.
        range: (low, high), rad or m; infinite without limits.
    """

    kind = "joint"

    def __init__(self, of: Variant, index: int) -> None:
        super().__init__(of, index)
        model = of.model
        self.type, numbers, speeds = _JOINTS[int(model.joint_type[index])]
        first, dof = int(model.joint_qpos[index]), int(model.joint_dof[index])
        self.positions, self.velocities = slice(first, first + numbers), slice(dof, dof + speeds)
        self.position: np.ndarray = _columns(of.state.qpos, self.positions)
        self.velocity: np.ndarray = _columns(of.state.qvel, self.velocities)
        limited = bool(model.joint_limited[index])
        self.range: tuple[float, float] = tuple(float(x) for x in model.joint_range[2 * index : 2 * index + 2]) if limited else (-np.inf, np.inf)


class Body(Thing):
    """A body.

    Attributes:
        position: view [envs, 3], m: of its frame, in the final state.
        orientation: view [envs, 4], quaternion w x y z.
        force: view [envs, 6]: what is applied at its centre of mass, N and N m, world axes.
        mass: kg, of the model; ``world.get("body_mass", env, name)`` gives an environment's own.
    """

    kind = "body"

    def __init__(self, of: Variant, index: int) -> None:
        super().__init__(of, index)
        self.position: np.ndarray = of.state.xpos[:, index]
        self.orientation: np.ndarray = of.state.xquat[:, index]
        self.force: np.ndarray = of.state.xfrc_applied[:, index]
        self.mass: float = float(of.model.body_mass[index])


class Actuator(Thing):
    """An actuator.

    Attributes:
        control: view [envs]; of an actuator with several controls, or none, [envs, controls].
        range: (low, high) of the (first) control; infinite without limits.
    """

    kind = "actuator"

    def __init__(self, of: Variant, index: int) -> None:
        super().__init__(of, index)
        first, end = (int(x) for x in of.model.actuator_control_adr[index : index + 2])
        self.control: np.ndarray = of.state.ctrl[:, first] if end - first == 1 else of.state.ctrl[:, first:end]
        limited = end > first and bool(of.model.control_limited[first])
        self.range: tuple[float, float] = tuple(float(x) for x in of.model.actuator_ctrlrange[2 * first : 2 * first + 2]) if limited else (-np.inf, np.inf)


class Sensor(Thing):
    """A sensor.

    Attributes:
        value: view [envs, dim], in the sensor's unit.
        values: where it lies in ``state.sensordata``, as a slice.
        dim: how many numbers.
    """

    kind = "sensor"

    def __init__(self, of: Variant, index: int) -> None:
        super().__init__(of, index)
        first, end = (int(x) for x in of.model.sensor_adr[index : index + 2])
        self.values, self.dim = slice(first, end), end - first
        self.value: np.ndarray = of.state.sensordata[:, first:end]


class Geom(Thing):
    """A geom. Attributes: body: index of its body."""

    kind = "geom"

    def __init__(self, of: Variant, index: int) -> None:
        super().__init__(of, index)
        self.body: int = int(of.model.geom_body[index])


class Site(Thing):
    """A site. Attributes: body: index of its body."""

    kind = "site"

    def __init__(self, of: Variant, index: int) -> None:
        super().__init__(of, index)
        self.body: int = int(of.model.site_body[index])


class Tendon(Thing):
    """A tendon."""

    kind = "tendon"


def _columns(array: np.ndarray, where: slice) -> np.ndarray:
    return array[:, where.start] if where.stop - where.start == 1 else array[:, where]
