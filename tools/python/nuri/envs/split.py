"""Which environments are this process's, if several share them."""
from __future__ import annotations

import os


def split(total: int, rank: int | None = None, processes: int | None = None) -> tuple[int, int]:
    """(num_envs, first_id) of one process out of several that share `total` environments, for `nuri.make`.

    Without `rank` and `processes` they are what `torchrun` says (RANK, WORLD_SIZE), or 0 of 1. Environments do not know how they were
    split: random numbers follow from seed and id alone.
    """
    rank = int(os.environ.get("RANK", 0)) if rank is None else rank
    processes = int(os.environ.get("WORLD_SIZE", 1)) if processes is None else processes
    if not 0 <= rank < processes:
        raise ValueError(f"process {rank} of {processes}: the first is 0, the last {processes - 1}")
    if total < processes:
        raise ValueError(f"{total} environments for {processes} processes: each needs one at least")
    first = total * rank // processes
    return total * (rank + 1) // processes - first, first
