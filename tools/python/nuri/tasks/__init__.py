"""Tasks that come with Nuri, by id, and users' own.

    nuri.tasks.register("Balance-v0", Balance)
    env = nuri.make("Balance-v0", num_envs=64)

A task's module is imported when the task is first asked for.
"""
from __future__ import annotations

import difflib
import importlib

from nuri.envs.task import Task

registry: dict[str, type[Task] | str] = {   # id -> class, or "module:class" of this package
    "Cartpole-v0": "cartpole:Cartpole",
    "Reach-v0": "reach:Reach",
    "PickPlace-v0": "pick_place:PickPlace",
    "Quadruped-v0": "quadruped:Quadruped",
    "Humanoid-v0": "humanoid:Humanoid",
    "ReachCamera-v0": "reach_camera:ReachCamera",
    **{f"{name}-v5": f"gymnasium_mujoco:{name}" for name in (
        "Ant", "HalfCheetah", "Hopper", "Humanoid", "HumanoidStandup", "InvertedDoublePendulum", "InvertedPendulum", "Pusher", "Reacher", "Swimmer",
        "Walker2d")},
}


def register(name: str, task: type[Task]) -> None:
    """From now on `nuri.make(name)` makes environments of this task. Ids are as gymnasium's: "Name-v0"."""
    if not (isinstance(task, type) and issubclass(task, Task)):
        raise TypeError(f"{task!r} is not a class derived from nuri.envs.Task")
    registry[name] = task


def find(task: str | type[Task]) -> type[Task]:
    """The class of an id; a class is itself."""
    if isinstance(task, type) and issubclass(task, Task):
        return task
    if task not in registry:
        near = difflib.get_close_matches(str(task), registry, 1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise ValueError(f"no task {task!r}: {hint}There are {', '.join(registry)}")
    found = registry[task]
    if isinstance(found, str):
        module, _, name = found.partition(":")
        found = registry[task] = getattr(importlib.import_module(f"nuri.tasks.{module}"), name)
    return found
