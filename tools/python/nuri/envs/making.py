"""`nuri.make`: a task, its world and what gymnasium wants to know of both."""
from __future__ import annotations

import copy as copies
import pathlib
from typing import Any, Mapping

import gymnasium

import nuri
from nuri import tasks
from nuri.envs.arrays import Arrays
from nuri.envs.registration import register_gymnasium
from nuri.envs.task import Task
from nuri.envs.vector_env import VectorEnv


def make(task: str | type[Task], num_envs: int = 1, *, array: str = "numpy", backend: str = "auto", seed: int = 0, first_id: int = 0,
         render_mode: str | None = None, autoreset: str = "same_step", camera: str | None = None, copy: bool = True,
         statistics: bool = True, world: Mapping[str, Any] = {}, **options: Any) -> VectorEnv:
    """Environments of a task as a gymnasium.vector.VectorEnv.

    task         an id of `nuri.tasks.registry` ("Reach-v0"), or a class derived from `nuri.envs.Task`
    array        "numpy" or "torch": what step and reset return; both are taken as actions
    backend      "auto", "cpu", "cuda"
    seed         of the first episodes, if `reset` gets none
    first_id     id of the first environment: processes that share environments count on (`nuri.envs.split`)
    autoreset    "same_step" or "disabled": who resets what has ended
    render_mode  "rgb_array": `render()` gives a picture of each environment by the scene's camera `camera`, or its first
    copy         False: observations are views, valid until the next step
    statistics   False: no info["episode"], so that gymnasium's RecordEpisodeStatistics can write it
    world        more for nuri.World: {"threads": 2}
    options      of the task: `TaskClass.options()`; of every task: seconds, substeps, scene, inputs, outputs, commands
    """
    kind = tasks.find(task)
    simulated = nuri.World(_scene(kind.find_scene(options)), envs=num_envs, backend=backend, seed=seed, first_id=first_id, timeline=False,
                           **{**kind.world_options, **world})
    arrays = Arrays(array, _device(simulated.state.qpos))
    with arrays.guard():
        env = VectorEnv(kind(simulated, arrays, **options), arrays, seed=seed, autoreset=autoreset, render_mode=render_mode, camera=camera,
                        copy=copy, statistics=statistics)
    if isinstance(task, str):
        register_gymnasium()
        env.spec = copies.deepcopy(gymnasium.spec(f"nuri/{task}"))
        env.spec.kwargs |= {"num_envs": num_envs, "array": array, "backend": backend, "seed": seed, "first_id": first_id,
                            "render_mode": render_mode, "autoreset": autoreset, **options}
    return env


def _device(state: Any) -> str:
    """Where an array lies, in torch's words."""
    kind, number = state.__dlpack_device__()
    return "cpu" if kind == 1 else f"cuda:{number}"


def _scene(scene: Any) -> Any:
    """A name without a folder may be one of the scenes that come with Nuri."""
    if isinstance(scene, str) and not pathlib.Path(scene).exists():
        return nuri.scenes.path(scene)
    return scene
