"""Numbers of a model that differ between environments, and contacts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _nuri
from .error import nearest_hint, refused

if TYPE_CHECKING:
    from .scene import Model
    from .world import Variant

_KINDS = {name: kind for name, kind, _, _ in _nuri.model_fields}
_NUMBERS = [name for name, kind in _KINDS.items() if kind == "number"]
_THINGS = ("body", "joint", "geom", "site", "tendon", "actuator", "equality", "sensor")


def items_of(variant: Variant, field: str, name: str | int | None) -> tuple[np.ndarray, bool]:
    """Which numbers of a field belong to a thing, int32; whether that is one number of one named thing."""
    if _KINDS.get(field) != "number":
        hint = "it follows from others" if _KINDS.get(field) == "derived" else nearest_hint(field, _NUMBERS)
        raise refused("unknown-field", f"a model has no numbers '{field}' that can be set", hint)
    model = variant.model
    size = getattr(model, field).size
    if name is None:
        return np.arange(size, dtype=np.int32), False
    kind = field.split("_")[0]
    if kind in ("dof", "qpos0", "qpos"):           # of joints
        joint = variant.joint(name)
        where = joint.velocities if kind == "dof" else joint.positions
        per = size // max(1, model.dof_count if kind == "dof" else model.qpos_count)
        first, end = where.start * per, where.stop * per
    elif kind in _THINGS:
        index = variant.find(kind, name)
        per = size // len(variant.names(kind))
        first, end = index * per, (index + 1) * per
    else:
        raise refused("bad-request", f"'{field}' is of the whole model, not of '{name}'", "leave out the name")
    return np.arange(first, end, dtype=np.int32), end - first == 1


def table(value: Any, where: np.ndarray, envs: int, items: int) -> np.ndarray:
    """Values as float64 [rows of `where`, items]."""
    from .world import as_numpy

    array = np.asarray(as_numpy(value), dtype=np.float64)
    if array.ndim == 1 and items == 1 and array.size == envs:
        array = array[:, None]
    try:
        array = np.broadcast_to(array, (envs, items))
    except ValueError:
        raise refused("bad-shape", f"values of shape {list(array.shape)} for {envs} environments with {items} numbers each") from None
    if not np.isfinite(array).all():
        raise refused("bad-number", "a model's numbers are finite")
    return np.ascontiguousarray(array[where])


@dataclass(frozen=True)
class Contact:
    """Two geoms that touch, or nearly do."""

    geom1: int
    geom2: int
    names: tuple[str, str]
    distance: float             # m; negative: they overlap
    position: np.ndarray        # [3] m, world
    frame: np.ndarray           # [3, 3] rows: normal from geom 1 to geom 2, two tangents; world axes
    friction: np.ndarray        # [5]
    force: np.ndarray           # [6] in the frame: N, then N m
    dim: int                    # 1, 3, 4 or 6 dimensions of force

    @staticmethod
    def of(record: tuple, model: Model) -> Contact:
        geom1, geom2, distance, position, frame, friction, force, dim = record
        names = model.names("geom")
        return Contact(geom1, geom2, (names[geom1], names[geom2]), distance, np.array(position), np.array(frame).reshape(3, 3), np.array(friction), np.array(force), dim)
