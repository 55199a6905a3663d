"""rsl_rl 5: its VecEnv over nuri.make(.., array="torch").

    runner = rsl_rl.runners.OnPolicyRunner(RslRlVecEnv(nuri.make("Quadruped-v0", num_envs=4096, array="torch")), settings, "runs")

Observations are a TensorDict of groups: "policy", or the names of a task's dict. The runner never resets; this does, once.
"""
from __future__ import annotations

from typing import Any

import torch
from rsl_rl.env import VecEnv
from tensordict import TensorDict

from nuri.adapters._needs import check
from nuri.envs.vector_env import VectorEnv


class RslRlVecEnv(VecEnv):
    def __init__(self, env: VectorEnv, cfg: dict[str, Any] | None = None):
        self.env = check(env, "torch")
        self.num_envs = env.num_envs
        self.num_actions = env.single_action_space.shape[0]
        self.max_episode_length = env.max_episode_steps or 2**31 - 1
        self.device = env.device
        self.cfg = cfg or {"task": type(env.task).__name__, "num_envs": env.num_envs}
        observation, _ = env.reset()
        self._observation = self._groups(observation)

    @property
    def episode_length_buf(self) -> torch.Tensor:
        """[N] control steps of the episode; the runner writes it, so that first episodes end at different times."""
        return self.env.task.elapsed

    @episode_length_buf.setter
    def episode_length_buf(self, steps: torch.Tensor) -> None:
        self.env.task.elapsed.copy_(steps)

    def get_observations(self) -> TensorDict:
        return self._observation

    def step(self, actions: torch.Tensor) -> tuple[TensorDict, torch.Tensor, torch.Tensor, dict[str, Any]]:
        observation, reward, terminated, truncated, info = self.env.step(actions)
        self._observation = self._groups(observation)
        log = {f"/reward/{name}": value.float().mean() for name, value in info["terms"].items()}
        if "success" in info["final_info"]:
            log["/success"] = info["final_info"]["success"].sum() / info["_final_info"].sum()
        return self._observation, reward, (terminated | truncated).long(), {"time_outs": truncated, "log": log}

    def _groups(self, observation: Any) -> TensorDict:
        groups = observation if isinstance(observation, dict) else {"policy": observation}
        return TensorDict(groups, batch_size=[self.num_envs], device=self.device)
