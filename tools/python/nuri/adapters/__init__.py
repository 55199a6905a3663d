"""Other people's learners on Nuri's environments. Each module imports its library when it is imported itself.

    nuri.adapters.sb3.Sb3VecEnv(env)           Stable-Baselines3: NumPy, a list of dicts per step
    nuri.adapters.rsl_rl.RslRlVecEnv(env)      rsl_rl: torch, TensorDict of observation groups
    nuri.adapters.skrl.wrap(env)               skrl: torch, no copies
    nuri.adapters.rl_games.register()          rl_games: torch; the runner makes the environments

`env` is what `nuri.make` returns. They keep observations from one step to the next, so they need its `copy=True`.
"""
