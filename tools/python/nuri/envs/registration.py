"""Our tasks under gymnasium's own `make` and `make_vec`. Light enough for gymnasium's plugin: it imports neither a task nor gymnasium."""
from __future__ import annotations


def register_gymnasium() -> None:
    """Makes every task known to gymnasium: gymnasium.make("nuri/Reach-v0"), gymnasium.make_vec("nuri/Reach-v0", num_envs=64)."""
    from gymnasium.envs.registration import register, registry

    from nuri import tasks

    for name in tasks.registry:
        if f"nuri/{name}" not in registry:
            register(f"nuri/{name}", entry_point="nuri.envs.single_env:SingleEnv", vector_entry_point="nuri.envs.making:make",
                     kwargs={"task": name})
