"""skrl 2: nuri.make(.., array="torch") without copies.

    env = nuri.adapters.skrl.wrap(nuri.make("Reach-v0", num_envs=512, array="torch"))

skrl also takes a VectorEnv as it is (`wrap_env(env)`), but then moves actions to NumPy and copies rewards and flags. Its wrapper for
Isaac Lab passes tensors on, so `wrap` shows it the environment in that shape.
"""
from __future__ import annotations

from typing import Any

import gymnasium
from skrl.envs.wrappers.torch import wrap_env

from nuri.adapters._needs import check
from nuri.envs.vector_env import VectorEnv


class IsaacShaped:
    """Observations in a dict: "policy", and "critic" if the task has both."""

    def __init__(self, env: VectorEnv):
        self.env = check(env, "torch")
        self.num_envs, self.device, self.spec = env.num_envs, env.device, env.spec
        space = env.single_observation_space
        self._grouped = isinstance(space, gymnasium.spaces.Dict) and "policy" in space.spaces
        self.single_observation_space = space if self._grouped else gymnasium.spaces.Dict({"policy": space})
        self.single_action_space, self.action_space = env.single_action_space, env.action_space

    @property
    def unwrapped(self) -> IsaacShaped:
        return self

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
        observation, info = self.env.reset(seed=seed, options=options)
        return self._groups(observation), info

    def step(self, actions: Any) -> tuple[dict[str, Any], Any, Any, Any, dict[str, Any]]:
        observation, *others = self.env.step(actions)
        return self._groups(observation), *others

    def render(self) -> Any:
        return self.env.render()

    def close(self) -> None:
        self.env.close()

    def _groups(self, observation: Any) -> dict[str, Any]:
        return observation if self._grouped else {"policy": observation}


def wrap(env: VectorEnv) -> Any:
    """An environment as skrl's agents and trainers take it."""
    return wrap_env(IsaacShaped(env), wrapper="isaaclab-single-agent", verbose=False)
