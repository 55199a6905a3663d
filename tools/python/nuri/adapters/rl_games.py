"""rl_games: nuri.make(.., array="torch") as an IVecEnv.

    nuri.adapters.rl_games.register()
    runner.load({"params": {"config": {"env_name": "nuri", "env_config": {"task": "Reach-v0"}, "num_actors": 512, ..}, ..}})

`env_config` holds what `nuri.make` takes; the number of environments is rl_games' `num_actors`.
"""
from __future__ import annotations

from typing import Any

import torch
from rl_games.common import env_configurations, vecenv
from rl_games.common.ivecenv import IVecEnv

from nuri.adapters._needs import check
from nuri.envs.making import make
from nuri.envs.vector_env import VectorEnv


class RlGamesVecEnv(IVecEnv):
    def __init__(self, env: VectorEnv):
        self.env = check(env, "torch")
        self._seed: int | None = None
        self._steps = 0

    def step(self, actions: torch.Tensor) -> tuple[Any, torch.Tensor, torch.Tensor, dict[str, Any]]:
        observation, reward, terminated, truncated, info = self.env.step(actions)
        return self._wrap(observation), reward, terminated | truncated, {"time_outs": truncated, "terms": info["terms"]}

    def reset(self) -> Any:
        observation, _ = self.env.reset(seed=self._seed)
        self._seed = None
        return self._wrap(observation)

    def seed(self, seed: int | None) -> None:
        """Counts from the next reset on."""
        self._seed = seed

    def get_number_of_agents(self) -> int:
        return 1

    def get_env_info(self) -> dict[str, Any]:
        return {"action_space": self.env.single_action_space, "observation_space": self.env.single_observation_space,
                "state_space": None, "use_global_observations": False, "agents": 1, "value_size": 1}

    def get_env_state(self) -> bytes:
        return self.env.save()

    def set_env_state(self, env_state: bytes | None) -> None:
        if env_state is not None:
            self.env.load(env_state)

    def close(self) -> None:
        self.env.close()

    @staticmethod
    def _wrap(observation: Any) -> Any:
        return {"obs": observation} if isinstance(observation, dict) else observation


def register(name: str = "nuri") -> None:
    """Makes `name` an `env_name` of rl_games."""

    def create(config_name: str, num_actors: int, **config: Any) -> RlGamesVecEnv:
        return RlGamesVecEnv(make(num_envs=num_actors, array="torch", **config))

    vecenv.register("NURI", create)
    env_configurations.register(name, {"vecenv_type": "NURI", "env_creator": lambda **config: make(num_envs=1, array="torch", **config)})
