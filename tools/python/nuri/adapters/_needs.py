"""What all adapters ask of an environment."""
from __future__ import annotations

from nuri.envs.vector_env import VectorEnv


def check(env: VectorEnv, array: str) -> VectorEnv:
    if not isinstance(env, VectorEnv):
        raise TypeError(f"{type(env).__name__}: an environment of nuri.make is needed, without wrappers")
    if env.arrays.kind != array:
        raise ValueError(f"nuri.make(.., array={env.arrays.kind!r}): this learner works with array={array!r}")
    if not env.resets_itself:
        raise ValueError("nuri.make(.., autoreset='disabled'): this learner expects 'same_step'")
    if not env.copies:
        raise ValueError("nuri.make(.., copy=False): this learner keeps an observation while the next step is made")
    return env
