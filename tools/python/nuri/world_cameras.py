"""What cameras and lidars see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from . import _nuri
from .error import nearest_hint, refused

if TYPE_CHECKING:
    from .world import World

_OUTPUTS = {
    "rgb": "uint8 [envs, height, width, 3], sRGB",
    "depth": "float32 [envs, height, width], m along the viewing direction",
    "range": "float32 [envs, height, width], m along the ray",
    "geom": "int32 [envs, height, width]: geom of the model, -1: nothing",
    "body": "int32 [envs, height, width]: body of the model",
    "class": "int32 [envs, height, width]: the scene's label",
    "normal": "float32 [envs, height, width, 3]: unit, world axes",
    "intensity": "float32 [envs, height, width]: what a lidar gets back of 1",
    "point": "float32 [envs, height, width, 3]: m, in the sensor's axes",
}


class Camera:
    """A camera or lidar in every environment. Its pictures are views: ``rgb``, ``depth``, ``range``, ``geom``, ``body``, ``segmentation`` (labels of the
    scene, "class" in scene files), ``normal``, ``intensity``, ``point``, as far as it gives them (``outputs``).

    Attributes:
        height, width: pixels; of a lidar: rows, columns.
        rate: pictures per second, as it comes out.
        latency: s, until a picture arrives.
    """

    def __init__(self, inside: _nuri.World, bucket: int, index: int, about: dict) -> None:
        self._inside, self._bucket, self._index = inside, bucket, index
        self.name: str = about["name"]
        self.height: int = about["height"]
        self.width: int = about["width"]
        self.lidar: bool = about["lidar"]
        self.rate: float = about["rate"]
        self.latency: float = about["latency"]
        self.outputs: tuple[str, ...] = tuple(about["outputs"])

    def __getattr__(self, name: str) -> np.ndarray:
        output = "class" if name == "segmentation" else name
        if output not in _OUTPUTS:
            raise AttributeError(f"a camera has no '{name}'")
        picture = _nuri.picture(self._inside, self._bucket, self._index, output)
        if picture is None:
            raise refused("no-output", f"'{self.name}' gives no {name}", "the scene's 'outputs' say what it gives: " + ", ".join(self.outputs))
        setattr(self, name, picture)
        return picture

    def __repr__(self) -> str:
        return f"<nuri camera {self.name}: {self.width} x {self.height}, {', '.join(self.outputs)}, {self.rate:g} per second>"


class Cameras(Mapping[str, Camera]):
    """Cameras and lidars by name. With several models, those of ``world.variants[k]`` are ``world.cameras.of(k)``."""

    def __init__(self, world: World, names: list[str]) -> None:
        self._inside = world._inside
        _nuri.open_eyes(self._inside, names, 0, 0)
        self._about = _nuri.list_eyes(self._inside)
        self._variants = [
            {about["name"]: Camera(self._inside, bucket, i, about) for i, about in enumerate(self._about)} for bucket in range(len(world.variants))
        ]

    def of(self, variant: int) -> Mapping[str, Camera]:
        """Cameras of the environments of one model, by its place in ``world.variants``."""
        return self._variants[variant]

    def __getitem__(self, name: str) -> Camera:
        if len(self._variants) > 1:
            raise refused("several-models", "each of several models has its own pictures", "world.cameras.of(k) are those of world.variants[k]")
        if name not in self._variants[0]:
            raise refused("unknown-name", f"no camera '{name}' is open", nearest_hint(str(name), list(self._variants[0])))
        return self._variants[0][name]

    def get(self, name: str, default: Camera | None = None) -> Camera | None:
        return self[name] if name in self else default

    def __contains__(self, name: object) -> bool:
        return name in self._variants[0]

    def __iter__(self) -> Iterator[str]:
        return iter(self._variants[0])

    def __len__(self) -> int:
        return len(self._variants[0])
