"""Environments for learning: `nuri.make`, gymnasium's VectorEnv over one World, and the base class of tasks.

`nuri.envs.Task` needs NumPy only; the rest needs gymnasium, which is imported when it is first used.
"""
from nuri.envs.registration import register_gymnasium
from nuri.envs.split import split
from nuri.envs.task import Task

__all__ = ["SingleEnv", "Task", "VectorEnv", "make", "register_gymnasium", "split"]

_later = {
    "VectorEnv": "nuri.envs.vector_env",
    "SingleEnv": "nuri.envs.single_env",
    "make": "nuri.envs.making",
}


def __getattr__(name: str):
    if name not in _later:
        raise AttributeError(f"module 'nuri.envs' has no attribute {name!r}")
    import importlib

    try:
        return getattr(importlib.import_module(_later[name]), name)
    except ImportError as error:
        if (error.name or "").partition(".")[0] != "gymnasium":
            raise
        raise ModuleNotFoundError(f"nuri.envs.{name} needs the package gymnasium, 1.0 or newer: pip install 'gymnasium>=1.0' ({error})", name="gymnasium") from error
