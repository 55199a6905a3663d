"""Models that only exist as Python: dm_control's locomotion, soccer and manipulation tasks, written by its composer into build/data/composed,
an MJCF file with its assets each. Nothing is simulated: dm_control's own bindings do not know MuJoCo 4.0.1.

    python tests/oracle/composed.py
"""
import importlib
import os
import pathlib
import sys

import fetch_data

FOLDER = fetch_data.FOLDER / "composed"
SEED = 1
EXAMPLES = {"basic_cmu_2019": ("cmu_humanoid_go_to_target", "cmu_humanoid_heterogeneous_forage", "cmu_humanoid_maze_forage", "cmu_humanoid_run_gaps", "cmu_humanoid_run_walls"),
            "basic_rodent_2020": ("rodent_escape_bowl", "rodent_maze_forage", "rodent_run_gaps", "rodent_two_touch")}
SOCCER = ("boxhead", "ant")                        # the humanoid's needs motion capture data from the network
MANIPULATION = ("stack_2_bricks", "stack_2_bricks_moveable_base", "stack_3_bricks", "reassemble_5_bricks_random_order", "lift_brick", "lift_large_box", "place_brick", "place_cradle",
                "reach_duplo", "reach_site")       # those that differ: vision and features, or two orders, are one model
NAMES = {"locomotion": tuple(n for names in EXAMPLES.values() for n in names) + tuple(f"soccer_{n}" for n in SOCCER), "manipulation": MANIPULATION}


def path(suite, name):
    return FOLDER / suite / name / f"{name}.xml"


def complete():
    return all(path(suite, name).is_file() for suite, names in NAMES.items() for name in names)


class _Task:
    """In place of composer.Environment, which would compile and simulate."""

    def __init__(self, task, random_state=None, **_):
        self.task, self.random_state = task, random_state


def _write(suite, name, made, random):
    from dm_control import mjcf

    task = made.task
    for entity in task.root_entity.iter_entities():
        entity.initialize_episode_mjcf(random)
    task.initialize_episode_mjcf(random)
    mjcf.export_with_assets(task.root_entity.mjcf_model, str(path(suite, name).parent), f"{name}.xml")


def write():
    """What went wrong, in words; empty if the files are there."""
    if complete():
        return ""
    os.environ.setdefault("MUJOCO_GL", "disable")
    import numpy as np
    from dm_control import composer, manipulation
    from dm_control.locomotion import soccer

    made, composer.Environment = composer.Environment, _Task
    try:
        for module, names in EXAMPLES.items():
            examples = importlib.import_module(f"dm_control.locomotion.examples.{module}")
            for name in names:
                random = np.random.RandomState(SEED)
                _write("locomotion", name, getattr(examples, name)(random_state=random), random)
        for name in SOCCER:
            random = np.random.RandomState(SEED)
            _write("locomotion", f"soccer_{name}", soccer.load(2, walker_type=soccer.WalkerType[name.upper()], random_state=random), random)
        for name in MANIPULATION:
            _write("manipulation", name, manipulation.load(f"{name}_features", seed=SEED), np.random.RandomState(SEED))
    finally:
        composer.Environment = made
    return "" if complete() else "composer did not write all models"


if __name__ == "__main__":
    reason = write()
    print(reason or f"{sum(map(len, NAMES.values()))} models are in {FOLDER}")
    sys.exit(bool(reason))
