"""One environment of a task as a gymnasium.Env: for checkers, for looking, for learners that know no batches."""
from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np

from nuri.envs.making import make
from nuri.envs.task import Task


class SingleEnv(gymnasium.Env):
    """Takes what `nuri.make` takes, but for the number of environments. NumPy; nothing resets itself.

    `reset(seed=s)` begins what environment `first_id` of a VectorEnv does after `reset(seed=s)`.
    """

    metadata = {"render_modes": ["rgb_array"]}

    def __init__(self, task: str | type[Task], *, render_mode: str | None = None, **arguments: Any):
        self.vector = make(task, 1, render_mode=render_mode, autoreset="disabled", array="numpy", **arguments)
        self.render_mode = render_mode
        self.metadata = {"render_modes": ["rgb_array"], "render_fps": self.vector.metadata["render_fps"]}
        self.observation_space = self.vector.single_observation_space
        self.action_space = self.vector.single_action_space

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        observation, info = self.vector.reset(seed=seed, options=options)
        return _first(observation), {name: _first(info[name]) for name in self.vector.task.begin_info()}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        observation, reward, terminated, truncated, info = self.vector.step(np.asarray(action)[None])
        own = {name: _first(info[name]) for name in ("terms", "success", "episode", *self.vector.task.info()) if name in info}
        return _first(observation), float(reward[0]), bool(terminated[0]), bool(truncated[0]), own

    def render(self) -> np.ndarray | None:
        frames = self.vector.render()
        return None if frames is None else frames[0]

    def close(self) -> None:
        self.vector.close()


def _first(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {name: _first(part) for name, part in tree.items()}
    return tree[0]
