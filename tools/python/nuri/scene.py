"""Scenes: what is loaded from a file, and the models that it became."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import numpy as np

from . import _nuri

_ABOUT = {name: (unit, doc) for name, _, unit, doc in _nuri.model_fields}


class Model:
    """A compiled model: sizes, indices and numbers of its things, read-only, by the names of ``engine/model/model_fields.inl``; ``dir(model)`` lists them.

    >>> model = nuri.load("arm_cell.yaml").model
    >>> model.joint_count, model.body_mass       # a size; an array, kg
    """

    def __init__(self, inside: _nuri.Model) -> None:
        self._inside = inside

    @property
    def name(self) -> str:
        return self._inside.name

    def names(self, kind: str) -> list[str]:
        """Names of the things of a kind, by index: body, joint, geom, site, tendon, actuator, equality, sensor, key. '' where there is none."""
        return self._inside.names(kind)

    def about(self, field: str) -> tuple[str, str]:
        """Unit of a field, and what it is."""
        return _ABOUT[field]

    def hash(self) -> str:
        """Of all fields and names: 16 hexadecimal digits."""
        return f"{self._inside.hash():016x}"

    def __getattr__(self, name: str) -> int | np.ndarray:
        if name not in _ABOUT:
            raise AttributeError(f"a model has no field '{name}'")
        value = self._inside.field(name)
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
        setattr(self, name, value)
        return value

    def __dir__(self):
        return [*super().__dir__(), *_ABOUT]

    def __repr__(self) -> str:
        return f"<nuri.Model {self.name}: {self.body_count} bodies, {self.dof_count} degrees of freedom, {self.actuator_count} actuators>"


class Scene:
    """A loaded scene file or model. Make it with :func:`load`; it does not change, and any number of worlds can be made of it."""

    def __init__(self, inside: _nuri.Scene) -> None:
        self._inside = inside
        self.models = [Model(m) for m in inside.models]   # one, or one for each variant

    @property
    def name(self) -> str:
        return self._inside.name

    @property
    def path(self) -> str:
        return self._inside.path

    @property
    def report(self) -> list[dict]:
        """Everything that was adjusted while loading, as the findings of :class:`nuri.Error`."""
        return self._inside.report

    @property
    def files(self) -> list[str]:
        """Files that were read: scene, models, meshes, textures."""
        return self._inside.files

    @property
    def timestep(self) -> float:
        """Of one substep, s."""
        return self._inside.timestep

    @property
    def substeps(self) -> int:
        """Of a control step."""
        return self._inside.substeps

    @property
    def envs(self) -> int:
        """Environments that the scene asks for."""
        return self._inside.environments

    @property
    def seed(self) -> int:
        return self._inside.seed

    @property
    def seconds(self) -> float:
        """How long the scene runs when nobody says otherwise, s."""
        return self._inside.seconds

    @property
    def model(self) -> Model:
        """The first model; the only one, unless the scene has variants."""
        return self.models[0]

    @property
    def variants(self) -> list[str]:
        """Names of the models."""
        return [m.name for m in self.models]

    def __repr__(self) -> str:
        return f"<nuri.Scene {self.name}: {self.path}>"


def load(path: str | os.PathLike, *, packages: Mapping[str, str | os.PathLike] | None = None, folders: Sequence[str | os.PathLike] = ()) -> Scene:
    """Loads a scene (.yaml), a model (.xml MJCF, .urdf) or a compiled model (.model).

    Args:
        path: the file. The name of a scene that comes with Nuri (``nuri.scenes.names()``) will do, if there is no such file.
        packages: folders of the packages that a URDF names by ``package://``.
        folders: folders, besides the file's own, whose files may be read.

    Raises:
        nuri.Error: with file, line and column of what is wrong.
    """
    text = os.fspath(path)
    if isinstance(text, bytes):
        text = os.fsdecode(text)
    if not os.path.exists(text) and os.path.basename(text) == text:
        from . import scenes

        if text in scenes.names():
            text = scenes.path(text)
    return Scene(_nuri.load(text, {str(k): os.fspath(v) for k, v in (packages or {}).items()}, [os.fspath(f) for f in folders]))
