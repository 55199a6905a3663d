"""Nuri: thousands of robotics environments, stepped together, as tensors.

>>> import nuri
>>> world = nuri.World("arm_cell.yaml", envs=4096, timeline=False)
>>> world.control[:] = 0.0                # [envs, actuators], a view: no copy
>>> world.step()                          # one control step of every environment
>>> world.state.qpos, world.sensors       # [envs, ..] at addresses that stay
>>> world.reset(world.status.fault != 0)  # the next episode of some
"""

from __future__ import annotations

import importlib

from .device import DeviceArray
from .error import Error
from .scene import Model, Scene, load
from .world import World

# what needs more than NumPy, or is not always needed, is loaded when it is asked for
_MODULES = ("adapters", "envs", "scenes", "tasks", "train")
_NAMES = {"make": "envs", "register_gymnasium": "envs", "Input": "port", "Output": "port", "Port": "port"}

__all__ = ["DeviceArray", "Error", "Model", "Scene", "World", "load", *_MODULES, *_NAMES]


def __getattr__(name: str):
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _NAMES:
        value = getattr(importlib.import_module(f"{__name__}.{_NAMES[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")


def __dir__():
    return sorted({*globals(), *__all__})
