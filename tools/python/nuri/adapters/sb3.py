"""Stable-Baselines3: VecEnv over nuri.make(.., array="numpy").

    model = stable_baselines3.PPO("MlpPolicy", Sb3VecEnv(nuri.make("Reach-v0", num_envs=64)))

Stable-Baselines3 wants a dict per environment and step. That is its price: past a few thousand environments these dicts are what it
spends its time on.
"""
from __future__ import annotations

from typing import Any, Iterable, Sequence

import numpy as np
from stable_baselines3.common.vec_env import VecEnv

from nuri.adapters._needs import check
from nuri.envs.vector_env import VectorEnv


class Sb3VecEnv(VecEnv):
    def __init__(self, env: VectorEnv):
        self.env = check(env, "numpy")
        self._actions: Any = None
        super().__init__(env.num_envs, env.single_observation_space, env.single_action_space)

    def reset(self) -> Any:
        seeds = None if all(seed is None for seed in self._seeds) else self._seeds
        observation, _ = self.env.reset(seed=seeds)
        self._reset_seeds()
        self._reset_options()
        return observation

    def step_async(self, actions: np.ndarray) -> None:
        self._actions = actions

    def step_wait(self) -> tuple[Any, np.ndarray, np.ndarray, list[dict[str, Any]]]:
        observation, reward, terminated, truncated, info = self.env.step(self._actions)
        done = terminated | truncated
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        if done.any():
            episode = info["final_info"]["episode"]
            success = info["final_info"].get("success")
            for i in np.flatnonzero(done):
                infos[i] = {"terminal_observation": _row(info["final_obs"], i), "TimeLimit.truncated": bool(truncated[i]),
                            "episode": {"r": float(episode["r"][i]), "l": int(episode["l"][i]), "t": round(float(episode["t"][i]), 6)}}
                if success is not None:
                    infos[i]["is_success"] = bool(success[i])
        return observation, reward, done, infos

    def close(self) -> None:
        self.env.close()

    def get_images(self) -> Sequence[np.ndarray | None]:
        return self.env.render() or [None] * self.num_envs

    # Attributes and methods are those of the whole VectorEnv: there are no objects of single environments.
    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        value = getattr(self.env, attr_name)
        return [value for _ in self._chosen(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        if len(self._chosen(indices)) != self.num_envs:
            raise ValueError(f"{attr_name} is of all environments together")
        setattr(self.env, attr_name, value)

    def env_method(self, method_name: str, *method_args: Any, indices: Any = None, **method_kwargs: Any) -> list[Any]:
        if len(self._chosen(indices)) != self.num_envs:
            raise ValueError(f"{method_name} is of all environments together")
        result = getattr(self.env, method_name)(*method_args, **method_kwargs)
        return [result for _ in range(self.num_envs)]

    def env_is_wrapped(self, wrapper_class: type, indices: Any = None) -> list[bool]:
        """Episode statistics are those of a Monitor, which is why SB3 asks."""
        from stable_baselines3.common.monitor import Monitor

        return [wrapper_class is Monitor for _ in self._chosen(indices)]

    def _chosen(self, indices: int | Iterable[int] | None) -> list[int]:
        return list(self._get_indices(indices))


def _row(tree: Any, i: int) -> Any:
    if isinstance(tree, dict):
        return {name: _row(part, i) for name, part in tree.items()}
    return tree[i]
