"""Run by torchrun in split_test.py: this process's share of the environments, gathered in the first."""
import pathlib
import sys

import numpy as np
import torch
import torch.distributed as distributed

import nuri
from nuri.envs import split
from swing import Swing

total, steps = 37, 60


def rows(scene: str, count: int, first: int) -> torch.Tensor:
    """[count, all that reset and steps returned]"""
    env = nuri.make(Swing, count, array="torch", backend="cpu", first_id=first, scene=scene, world={"threads": 1})
    actions = torch.from_numpy(np.random.default_rng(7).uniform(-1, 1, (steps, total, 1)).astype(np.float32))
    out = [env.reset(seed=3)[0]]
    for action in actions:
        observation, reward, terminated, truncated, info = env.step(action[first:first + count])
        out.append(torch.cat([observation, reward[:, None], terminated[:, None], truncated[:, None], info["final_obs"]], dim=1))
    return torch.cat(out, dim=1)


if __name__ == "__main__":
    scene, out = sys.argv[1], pathlib.Path(sys.argv[2])
    distributed.init_process_group("gloo")
    mine = rows(scene, *split(total))
    parts = [None] * distributed.get_world_size() if distributed.get_rank() == 0 else None
    distributed.gather_object(mine, parts)
    if parts:
        np.save(out, torch.cat(parts).numpy())
    distributed.destroy_process_group()
