"""Return, length and wall time of episodes, under the names of gymnasium's RecordEpisodeStatistics: r, l, t."""
from __future__ import annotations

import time

from nuri.envs.arrays import Array, Arrays


class EpisodeStatistics:
    def __init__(self, arrays: Arrays, count: int):
        self._arrays = arrays
        self.returns = arrays.full(count, 0, "float64")    # [N] sum of rewards so far
        self.lengths = arrays.full(count, 0, "int64")      # [N] control steps
        self.started = arrays.full(count, time.perf_counter(), "float64")   # [N] s

    def add(self, reward: Array) -> None:
        self.returns += reward
        self.lengths += 1

    def ended(self, done: Array) -> dict[str, Array]:
        """Of the episodes that ended now; 0 elsewhere."""
        where = self._arrays.xp.where
        zero = self.returns * 0
        return {"r": where(done, self.returns, zero), "l": where(done, self.lengths, self.lengths * 0),
                "t": where(done, time.perf_counter() - self.started, zero)}

    def begin(self, mask: Array) -> None:
        self.returns[mask] = 0
        self.lengths[mask] = 0
        self.started[mask] = time.perf_counter()
