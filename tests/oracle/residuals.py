"""How far two engines are apart, by stage or group of fields."""
import models

if not models.missing():
    import numpy as np


class Residuals(dict):
    """Worst residual per stage, and the array it was seen in."""

    def __init__(self):
        super().__init__()
        self.worst = {}

    def add(self, stage, name, value):
        value = float(value) if np.isfinite(value) else float("inf")
        if value >= self.get(stage, -1.0):
            self[stage], self.worst[stage] = value, name

    def array(self, stage, name, ours, theirs, floor=1e-6):
        ours, theirs = np.asarray(ours, float), np.asarray(theirs, float)
        if ours.shape != theirs.shape:
            return self.add(stage, f"{name}: {ours.shape} instead of {theirs.shape}", np.inf)
        if theirs.size:
            self.add(stage, name, np.abs(ours - theirs).max() / max(floor, np.abs(theirs).max()))
