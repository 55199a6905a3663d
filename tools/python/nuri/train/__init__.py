"""Training: `python -m nuri.train TASK`, a compact PPO in torch (docs/training.md), and the policies that come of it.

    settings = nuri.train.Settings.of(Reach.training, {"steps": 1_000_000})
    trainer = nuri.train.Trainer(nuri.make("Reach-v0", num_envs=settings.envs, array="torch"), settings, seed=1)
    while trainer.progress < 1:
        print(trainer.iterate()["return"])
    nuri.train.export(trainer.model, trainer.env, "Reach-v0").save("Reach-v0.policy")

    policy = nuri.train.Policy.load("Reach-v0.policy")     # needs NumPy only
    action = policy(observation)
"""
from .policy import Policy, evaluate
from .settings import Settings

__all__ = ["Policy", "Settings", "Trainer", "evaluate", "export", "run"]

_LATER = {"Trainer": "trainer", "export": "exporting", "run": "running"}   # need torch


def __getattr__(name: str):
    if name not in _LATER:
        raise AttributeError(f"module 'nuri.train' has no attribute {name!r}")
    import importlib

    value = getattr(importlib.import_module(f"{__name__}.{_LATER[name]}"), name)
    globals()[name] = value
    return value
