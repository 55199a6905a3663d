"""The processes of one training run: one for each GPU, or for each share of the CPU cores, started by torchrun.

Every process steps its own environments (ids rank * envs and up) and learns from them; gradients are averaged, so that
all hold the same networks. Only rank 0 writes. Without torchrun there is one process, and nothing is sent.
"""
from __future__ import annotations

import os

import torch
import torch.distributed as dist
# The defaults of its functions keep the group that exists when it is first imported (an optimiser's first step does that). Imported
# before there is one, the group ends with close(): its threads, met by the interpreter's end, abort the process.
import torch.distributed.nn  # noqa: F401


class Group:
    def __init__(self, device: torch.device):
        self.size = int(os.environ.get("WORLD_SIZE", "1"))
        self.rank = int(os.environ.get("RANK", "0"))
        self.device = device
        if self.size > 1 and not dist.is_initialized():
            dist.init_process_group("nccl" if device.type == "cuda" else "gloo")

    def mean_(self, tensor: torch.Tensor) -> torch.Tensor:
        """Replaces `tensor` by its mean over the processes."""
        return self.sum_(tensor).div_(self.size) if self.size > 1 else tensor

    def sum_(self, tensor: torch.Tensor) -> torch.Tensor:
        if self.size > 1:
            dist.all_reduce(tensor)
        return tensor

    def gather(self, tensor: torch.Tensor) -> list[torch.Tensor]:
        """Every process's `tensor`, in order of rank, so that all of them merge alike."""
        if self.size == 1:
            return [tensor]
        parts = [torch.empty_like(tensor) for _ in range(self.size)]
        dist.all_gather(parts, tensor)
        return parts

    def share(self, parameters) -> None:
        """Gives all processes the tensors of rank 0."""
        if self.size > 1:
            for parameter in parameters:
                dist.broadcast(parameter.data, 0)

    def collect(self, item):
        """Every process's `item` (anything that pickles), at rank 0; None elsewhere."""
        if self.size == 1:
            return [item]
        items = [None] * self.size if self.rank == 0 else None
        dist.gather_object(item, items)
        return items

    def any(self, flag: bool) -> bool:
        return flag if self.size == 1 else bool(self.sum_(torch.tensor(float(flag), device=self.device)).item())

    def close(self) -> None:
        if self.size > 1 and dist.is_initialized():
            dist.destroy_process_group()
