"""Models that Nuri and MuJoCo are compared on, by name: the suites of gymnasium and dm_control, own models for what those lack, and files of other packages (suites.py)."""
import os
import pathlib
import xml.etree.ElementTree as xml

import large_models
import suites

HERE = pathlib.Path(__file__).resolve().parent

GYMNASIUM = ("ant", "half_cheetah", "hopper", "humanoid", "humanoidstandup", "inverted_double_pendulum", "inverted_pendulum", "point", "pusher", "pusher_v5", "reacher",
             "swimmer", "walker2d", "walker2d_v5")
DM_CONTROL = ("acrobot", "ball_in_cup", "cartpole", "cheetah", "dog", "finger", "fish", "hopper", "humanoid", "humanoid_CMU", "lqr", "manipulator", "pendulum", "point_mass",
              "quadruped", "reacher", "stacker", "swimmer", "walker")
OVERRIDE = {"o_margin": "0.02", "o_solref": "0.03 0.8", "o_solimp": "0.8 0.97 0.002 0.4 3", "o_friction": "0.6 0.7 0.01 0.002 0.003"}
# name: (file under models/, options that differ from the file's; `flag_NAME` is one of <flag>)
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
    "noslip": ("noslip.xml", {}),
    "noslip_elliptic": ("noslip.xml", {"cone": "elliptic"}),
    "noslip_elliptic_hard": ("noslip.xml", {"cone": "elliptic", "impratio": "10", "noslip_iterations": "40"}),
    "noslip_cg": ("noslip.xml", {"solver": "CG", "noslip_iterations": "1"}),
    "noslip_pgs": ("noslip.xml", {"solver": "PGS", "cone": "elliptic", "noslip_tolerance": "1e-6"}),
    "noslip_implicit": ("noslip.xml", {"integrator": "implicit", "noslip_iterations": "10"}),
    "fluid": ("fluid.xml", {}),
    "fluid_water": ("fluid.xml", {"density": "1000", "viscosity": "0.9", "timestep": "0.0005", "integrator": "implicitfast"}),
    "fluid_viscous": ("fluid.xml", {"density": "0", "viscosity": "0.3", "integrator": "implicit"}),
    "fluid_implicitfast": ("fluid.xml", {"integrator": "implicitfast"}),
    "fluid_implicit": ("fluid.xml", {"integrator": "implicit"}),
    "fluid_rk4": ("fluid.xml", {"integrator": "RK4"}),
    "pairs": ("pairs.xml", {}),
    "pairs_elliptic": ("pairs.xml", {"cone": "elliptic", "impratio": "2.5"}),
    "pairs_diagexact": ("pairs.xml", {"flag_diagexact": "enable", "impratio": "2"}),
    "contacts_override": ("contacts.xml", {"flag_override": "enable", **OVERRIDE}),
    "contacts_override_elliptic": ("contacts.xml", {"flag_override": "enable", **OVERRIDE, "cone": "elliptic"}),
    "contacts_diagexact_elliptic": ("contacts.xml", {"flag_diagexact": "enable", "cone": "elliptic", "impratio": "3"}),
    "constraints_diagexact": ("constraints.xml", {"flag_diagexact": "enable", "flag_refsafe": "disable", "flag_warmstart": "disable"}),
    "constraints_no_limits": ("constraints.xml", {"flag_limit": "disable", "flag_frictionloss": "disable"}),
    "constraints_no_equalities": ("constraints.xml", {"flag_equality": "disable"}),
    "noslip_diagexact": ("noslip.xml", {"flag_diagexact": "enable", "cone": "elliptic"}),
    "actuators_no_springs": ("actuators.xml", {"flag_spring": "disable", "flag_gravity": "disable", "flag_clampctrl": "disable"}),
    "actuators_no_dampers": ("actuators.xml", {"flag_damper": "disable", "integrator": "implicitfast"}),
    "actuators_not_passive": ("actuators.xml", {"flag_spring": "disable", "flag_damper": "disable", "flag_eulerdamp": "disable"}),
    "actuators_touching": ("actuators.xml", {"flag_filterparent": "disable"}),
    "actuators_off": ("actuators.xml", {"flag_actuation": "disable", "flag_eulerdamp": "disable"}),
    "sensors": ("sensors.xml", {}),
    "tendons": ("tendons.xml", {}),
    "tendons_implicitfast": ("tendons.xml", {"integrator": "implicitfast"}),
    "tendons_implicit": ("tendons.xml", {"integrator": "implicit", "solver": "CG"}),
    "tendons_pgs": ("tendons.xml", {"integrator": "RK4", "solver": "PGS", "iterations": "200"}),
    "springs": ("springs.xml", {}),
    "springs_implicitfast": ("springs.xml", {"integrator": "implicitfast"}),
    "plastic": ("plastic.xml", {}),
    "plastic_implicit": ("plastic.xml", {"integrator": "implicit"}),
    "plastic_implicitfast": ("plastic.xml", {"integrator": "implicitfast", "flag_energy": "enable"}),
    "plastic_rk4": ("plastic.xml", {"integrator": "RK4"}),
    "plastic_no_springs": ("plastic.xml", {"flag_spring": "disable"}),
    "cameras": ("cameras.xml", {}),
    "aligned": ("aligned.xml", {}),
    "convex": ("convex.xml", {}),
    "islands": ("islands.xml", {}),
    "islands_elliptic": ("islands.xml", {"cone": "elliptic", "impratio": "3", "integrator": "implicitfast"}),
    "islands_implicit": ("islands.xml", {"integrator": "implicit"}),
}
SUITES = tuple([f"gymnasium/{n}" for n in GYMNASIUM] + [f"dm_control/{n}" for n in DM_CONTROL])
OWN_NAMES = tuple(f"own/{n}" for n in OWN)
NAMES = SUITES + OWN_NAMES

# What is timed, and for how many steps the suites' own tasks hold a control (dm_control: n_sub_steps; gymnasium: frame_skip).
HOLD = {"dm_control/humanoid": 5, "dm_control/cheetah": 1, "dm_control/hopper": 4, "dm_control/walker": 10, "dm_control/humanoid_CMU": 10, "gymnasium/ant": 5}
BENCH = tuple(HOLD)
LARGE = tuple(f"large/{n}" for n in large_models.NAMES)


def missing():
    """What is not installed, in words; empty if nothing."""
    import importlib.util

    absent = [name for name in ("numpy", "mujoco", "gymnasium", "dm_control") if importlib.util.find_spec(name) is None]
    return f"not installed: {', '.join(absent)}" if absent else ""


def _lqr():
    os.environ.setdefault("MUJOCO_GL", "disable")
    import numpy
    from dm_control.suite import lqr

    return lqr.get_model_and_assets(6, 2, numpy.random.RandomState(1))[0], suites.package("dm_control") / "suite"


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


def _absolute(root, folder):
    """Folders of assets as they are on this machine: the text is written elsewhere."""
    compilers = list(root.iter("compiler")) or [xml.SubElement(root, "compiler")]
    for key in ("meshdir", "texturedir"):
        said = [c.attrib.pop(key, None) or c.get("assetdir") for c in compilers]
        compilers[-1].set(key, str(folder / ([s for s in said if s] or [""])[-1]))
    for compiler in compilers:
        compiler.attrib.pop("assetdir", None)


def text(name, **options):
    """The model as one self-contained MJCF text; `options` are attributes of <option> (flag_NAME: of <flag>) that override its own."""
    if name == "dm_control/lqr":
        source, folder = _lqr()
        root = xml.fromstring(source)
    elif name.startswith("large/"):
        folder = suites.package("dm_control") / "suite"
        root = large_models.root(name.split("/")[1], _expand(xml.parse(folder / "humanoid.xml").getroot(), folder))
    else:
        options = {**(OWN[name.split("/")[1]][1] if name.startswith("own/") else {}), **options}
        path = original(name)
        folder, root = path.parent, xml.parse(path).getroot()
    _expand(root, folder)
    _absolute(root, folder)
    if options:
        flags = {key.removeprefix("flag_"): value for key, value in options.items() if key.startswith("flag_")}
        option = xml.SubElement(root, "option", {key: str(value) for key, value in options.items() if not key.startswith("flag_")})
        if flags:
            xml.SubElement(option, "flag", flags)
    return xml.tostring(root, encoding="unicode")


def original(name):
    """The file of a suite, where it is installed or was fetched to."""
    suite, short = name.split("/", 1)
    if suite == "own":
        return HERE / "models" / OWN[short][0]
    if suite in ("gymnasium", "dm_control"):
        return suites.package(suite) / {"gymnasium": "envs/mujoco/assets", "dm_control": "suite"}[suite] / f"{short}.xml"
    return suites.files(suite)[name]


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
