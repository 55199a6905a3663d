"""Scene files that come with Nuri."""

from __future__ import annotations

from pathlib import Path

from .error import nearest_hint, refused


def folder() -> Path:
    """Where the scenes lie: in the installed package, or in the source tree."""
    here = Path(__file__).resolve().parent
    for place in (here / "content" / "scenes", here.parents[2] / "scenes"):
        if place.is_dir():
            return place
    raise refused("no-scenes", "the scenes of Nuri are not installed", "install the package anew: pip install .")


def names() -> list[str]:
    """Names of the scene files, such as ``arm_cell.yaml``."""
    return sorted(p.name for p in folder().glob("*.yaml"))


def path(name: str) -> str:
    """The path of a scene file by its name."""
    found = folder() / name
    if Path(name).name != name or not found.is_file():
        raise refused("unknown-scene", f"Nuri has no scene '{name}'", nearest_hint(name, names()))
    return str(found)
