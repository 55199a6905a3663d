"""Whole packages, as the parity report counts them: every file that is a model. A name is SUITE/FILE, for URDF urdf/FILE.

A file is a model if its root is <mujoco> and no other file of the package includes it; parts for inclusion are counted with what
includes them.
"""
import functools
import importlib.util
import pathlib
import re
import xml.etree.ElementTree as xml

import composed
import fetch_data

INCLUDE = re.compile(rb'<include\s+file\s*=\s*"([^"]*)"')


def package(name):
    return pathlib.Path(importlib.util.find_spec(name).origin).parent      # without importing it: dm_control looks for a display


# suite: (folder, what of it)
FOLDERS = {
    "locomotion": (lambda: package("dm_control") / "locomotion", "**/*.xml"),
    "gymnasium_robotics": (lambda: fetch_data.FOLDER / "gymnasium_robotics/envs", "**/*.xml"),
    "metaworld": (lambda: fetch_data.FOLDER / "metaworld/assets", "**/*.xml"),
    "robosuite": (lambda: fetch_data.FOLDER / "robosuite/models/assets", "**/*.xml"),
    "pybullet_mjcf": (lambda: fetch_data.FOLDER / "pybullet_data", "**/*.xml"),
}
TITLES = {"dm_control": "dm_control suite", "locomotion": "dm_control locomotion", "manipulation": "dm_control manipulation", "gymnasium": "gymnasium", "gymnasium_robotics": "gymnasium-robotics",
          "metaworld": "metaworld", "robosuite": "robosuite", "pybullet_mjcf": "pybullet_data, MJCF", "urdf": "pybullet_data, URDF", "random_urdfs": "pybullet_data, random objects"}


def _is_model(path):
    try:
        return xml.parse(path).getroot().tag == "mujoco"
    except (xml.ParseError, UnicodeDecodeError):
        return b"<mujoco" in path.read_bytes()


@functools.cache
def files(suite):
    """{name: path}"""
    found = {}
    if suite in FOLDERS:
        make, pattern = FOLDERS[suite]
        folder = make()
        paths = sorted(folder.glob(pattern))
        included = {(path.parent / name.decode(errors="replace")).resolve() for path in paths for name in INCLUDE.findall(path.read_bytes())}
        found = {f"{suite}/{path.relative_to(folder).with_suffix('').as_posix()}": path for path in paths if path.resolve() not in included and _is_model(path)}
    if composed.complete():
        found |= {f"{suite}/{name}": composed.path(suite, name) for name in composed.NAMES.get(suite, ())}
    return found


def roots():
    """Folders whose files models may name: packages keep pictures and meshes beside the folder of the model."""
    folders = [fetch_data.FOLDER, fetch_data.FOLDER / fetch_data.DATA, *(package(name) for name in ("dm_control", "gymnasium") if importlib.util.find_spec(name))]
    return [folder for folder in folders if folder.is_dir()]


# What is not equal at present: a part of the reason as the report gives it, and why. Tests fail when one of these does not fail any more: then it is taken out here.
ROOM = "touches itself in more than 300 rows, where Nuri stops an environment (most_coupled in physics/scratch_layout.cpp)"
NO_LINK = "a deformable, without links: MuJoCo reads it as an empty model"
WEIGHTLESS = ("a gripper alone in space, whose thumb turns about its own centre of mass: the inverse weight of its contacts is 1e-30, and their D is the most "
              "that either engine gives (MuJoCo 5e14, Nuri 1e15)")
DEEP = "a finger 23 mm deep in the palm at the start: Nuri's search ends at a direction that needs 28 mm and gives its contact 4 mm; MuJoCo is right"
UPSIDE_DOWN = "lower limits above upper ones, which MuJoCo takes with its inertia balanced; pybullet reads them as no limits"
KNOWN = {
    "urdf/cube_no_rotation": ("bad-value", UPSIDE_DOWN),
    "robosuite/grippers/jaco_three_finger_gripper": ("rows: 1.0e+00 (D)", WEIGHTLESS),
    "robosuite/grippers/robotiq_gripper_s": ("convex", DEEP),
    "locomotion/walkers/assets/build_fruitfly/assets/drosophila_fused": ("no room for their contacts", ROOM),
    "urdf/torus_deform": ("no-link", NO_LINK),
}
