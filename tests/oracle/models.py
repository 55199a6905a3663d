"""Models that Nuri and MuJoCo are compared on, by name: the suites of gymnasium and dm_control, and own models for what those lack."""
import functools
import os
import pathlib
import xml.etree.ElementTree as xml

HERE = pathlib.Path(__file__).resolve().parent

GYMNASIUM = ("ant", "half_cheetah", "hopper", "humanoid", "humanoidstandup", "inverted_double_pendulum", "inverted_pendulum", "point", "pusher", "pusher_v5", "reacher",
             "swimmer", "walker2d", "walker2d_v5")
DM_CONTROL = ("acrobot", "ball_in_cup", "cartpole", "cheetah", "dog", "finger", "fish", "hopper", "humanoid", "humanoid_CMU", "lqr", "manipulator", "pendulum", "point_mass",
              "quadruped", "reacher", "stacker", "swimmer", "walker")
# Not read yet, and what the reader says.
NOT_YET = {
    "dm_control/ball_in_cup": "<spatial> is not supported yet",
    "dm_control/dog": "the noslip solver is not part of the dynamics",
}
# name: (file under models/, options that differ from the file's)
OWN = {
    "contacts": ("contacts.xml", {}),
    "contacts_elliptic": ("contacts.xml", {"cone": "elliptic", "impratio": "3"}),
    "contacts_pgs": ("contacts.xml", {"solver": "PGS", "iterations": "200"}),
    "contacts_elliptic_cg": ("contacts.xml", {"cone": "elliptic", "solver": "CG"}),
    "constraints": ("constraints.xml", {}),
    "constraints_elliptic": ("constraints.xml", {"cone": "elliptic"}),
    "actuators": ("actuators.xml", {}),
    "actuators_implicitfast": ("actuators.xml", {"integrator": "implicitfast", "density": "0", "viscosity": "0"}),
    "actuators_implicitfast_drag": ("actuators.xml", {"integrator": "implicitfast"}),
    "actuators_rk4": ("actuators.xml", {"integrator": "RK4"}),
    "actuators_implicit": ("actuators.xml", {"integrator": "implicit"}),
    "muscles": ("muscles.xml", {}),
    "muscles_implicitfast": ("muscles.xml", {"integrator": "implicitfast"}),
    "muscles_implicit": ("muscles.xml", {"integrator": "implicit"}),
    "muscles_rk4": ("muscles.xml", {"integrator": "RK4"}),
    "servos": ("servos.xml", {}),
    "servos_implicitfast": ("servos.xml", {"integrator": "implicitfast", "actuatorgroupdisable": "5"}),
    "servos_implicit": ("servos.xml", {"integrator": "implicit", "actuatorgroupdisable": "5"}),
    "servos_rk4": ("servos.xml", {"integrator": "RK4", "timestep": "0.0005"}),
    "surfaces": ("surfaces.xml", {}),
    "surfaces_elliptic": ("surfaces.xml", {"cone": "elliptic", "impratio": "3", "integrator": "implicitfast"}),
    "surfaces_implicit": ("surfaces.xml", {"integrator": "implicit", "cone": "elliptic"}),
    "surfaces_cg": ("surfaces.xml", {"solver": "CG"}),
    "constraints_implicit": ("constraints.xml", {"integrator": "implicit"}),
    "sensors": ("sensors.xml", {}),
    "convex": ("convex.xml", {}),
}
SUITES = tuple([f"gymnasium/{n}" for n in GYMNASIUM] + [f"dm_control/{n}" for n in DM_CONTROL])
OWN_NAMES = tuple(f"own/{n}" for n in OWN)
NAMES = tuple(n for n in SUITES if n not in NOT_YET) + OWN_NAMES

# What is timed, and for how many steps the suites' own tasks hold a control (dm_control: n_sub_steps; gymnasium: frame_skip).
HOLD = {"dm_control/humanoid": 5, "dm_control/cheetah": 1, "dm_control/hopper": 4, "dm_control/walker": 10, "dm_control/humanoid_CMU": 10, "gymnasium/ant": 5}
BENCH = tuple(HOLD)


def missing():
    """What is not installed, in words; empty if nothing."""
    import importlib.util

    absent = [name for name in ("numpy", "mujoco", "gymnasium", "dm_control") if importlib.util.find_spec(name) is None]
    return f"not installed: {', '.join(absent)}" if absent else ""


@functools.cache
def _package(name):
    import importlib.util

    return pathlib.Path(importlib.util.find_spec(name).origin).parent      # without importing it: dm_control looks for a display


def _lqr():
    os.environ.setdefault("MUJOCO_GL", "disable")
    import numpy
    from dm_control.suite import lqr

    return lqr.get_model_and_assets(6, 2, numpy.random.RandomState(1))[0], _package("dm_control") / "suite"


def _expand(element, folder):
    """Replaces <include file=.../> by the contents of the file, as MJCF readers do."""
    children = []
    for child in list(element):
        element.remove(child)
        if child.tag == "include":
            children += list(_expand(xml.parse(folder / child.get("file")).getroot(), folder))
        else:
            children.append(_expand(child, folder))
    element.extend(children)
    return element


def text(name, **options):
    """The model as one self-contained MJCF text; `options` are attributes of <option> that override its own."""
    suite, short = name.split("/")
    if name == "dm_control/lqr":
        source, folder = _lqr()
        root = xml.fromstring(source)
    else:
        own, changed = OWN[short] if suite == "own" else ("", {})
        options = {**changed, **options}
        folder = {"gymnasium": lambda: _package("gymnasium") / "envs/mujoco/assets", "dm_control": lambda: _package("dm_control") / "suite", "own": lambda: HERE / "models"}[suite]()
        root = xml.parse(folder / (own or f"{short}.xml")).getroot()
    _expand(root, folder)
    for key in ("meshdir", "texturedir"):
        for compiler in root.iter("compiler"):
            if key in compiler.attrib:
                compiler.set(key, str(folder / compiler.get(key)))
    if options:
        xml.SubElement(root, "option", {key: str(value) for key, value in options.items()})
    return xml.tostring(root, encoding="unicode")


def original(name):
    """The file of a suite, where it is installed."""
    suite, short = name.split("/")
    return {"gymnasium": lambda: _package("gymnasium") / "envs/mujoco/assets", "dm_control": lambda: _package("dm_control") / "suite"}[suite]() / f"{short}.xml"


def write(name, folder, **options):
    """Writes text(name, **options) into `folder`; the path."""
    path = pathlib.Path(folder) / f"{name.replace('/', '_')}{'_'.join([''] + [str(v) for v in options.values()])}.xml"
    path.write_text(text(name, **options))
    return path


def matching(patterns, names=NAMES):
    """Names that equal or contain one of the patterns; all without patterns."""
    if not patterns:
        return list(names)
    found = []
    for pattern in patterns:
        fitting = [pattern] if pattern in names else [n for n in names if pattern in n]
        if not fitting:
            raise SystemExit(f"no model fits {pattern}; there are {' '.join(names)}")
        found += [n for n in fitting if n not in found]
    return found
