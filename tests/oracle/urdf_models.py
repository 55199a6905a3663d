"""URDF files of pybullet_data as both engines read them.

MuJoCo's reader leaves open, or decides otherwise, what a file means; so that the same model is meant, its side is given what
Nuri's reader decides (engine/scene/urdf.h): the root floats by a free joint or is a body that stands still, links that Nuri
keeps are not fused, what hangs on a base that stands still does not touch it, nor do links that always touch, every moving
joint has a motor.
"""
import json
import pathlib
import re
import tempfile
import xml.etree.ElementTree as xml

import fetch_data
import models
import program

if not models.missing():
    import mujoco
    import numpy as np

DATA = fetch_data.FOLDER / fetch_data.DATA
EVERY = 50                                         # of the 1000 random objects
# Compared whenever tests run; the rest with ./test --all.
QUICK = tuple(f"urdf/{n}" for n in ("kuka_iiwa/model", "franka_panda/panda", "xarm/xarm6_with_gripper", "laikago/laikago", "a1/a1", "quadruped/minitaur", "racecar/racecar", "r2d2",
                                    "mini_cheetah/mini_cheetah", "cartpole", "pr2_gripper", "objects/mug", "table/table", "random_urdfs/000/000", "random_urdfs/500/500", "husky/husky"))
# What Nuri does not take, and the code of its diagnostic: numbers with commas, lower limits above upper ones, files that are missing, xacro, ...
REFUSED = {
    "bicycle/bike": "bad-number", "biped/biped2d_pybullet": "bad-value", "cube_no_rotation": "bad-value",
    "husky/husky": "xacro", "kuka_iiwa/model_for_sdf": "cannot-read",
    "plane_implicit": "unknown-element", "quadruped/microtaur/microtaur": "wrong-count",
    "quadruped/spirit40newer": "repeated-element", "racecar/racecar_differential": "wrong-count", "spherical_joint_limit": "unknown-attribute",
    "torus_deform": "no-link", "toys/concave_box": "unknown-element",
}


def names(every=EVERY):
    """All that are there, without ending, and every so many-th random object; none if they were not fetched."""
    if not fetch_data.complete():
        return ()
    paths = sorted(p.relative_to(DATA).with_suffix("").as_posix() for p in DATA.rglob("*.urdf"))
    random = [p for p in paths if p.startswith("random_urdfs/")]
    return tuple(f"urdf/{p}" for p in [p for p in paths if p not in set(random)] + random[::every])


def source(name):
    return DATA / f"{name.removeprefix('urdf/')}.urdf"


def write(name, folder, **options):
    """A scene of the file, with motors; its path."""
    path = pathlib.Path(folder) / f"{name.replace('/', '_')}{'_'.join([''] + [str(v) for v in options.values()])}.yaml"
    lines = "".join(f"  {key}: {value if key != 'solver' else value.lower()}\n" for key, value in options.items())
    path.write_text(f"models: [{{file: {source(name)}, actuators: {{type: motor}}}}]\n" + (f"option:\n{lines}" if lines else ""))
    return path


def _file(path, name):
    """Of a mesh: package://PACKAGE/INSIDE lies in a folder of that name beside the file or above it, else below it; others beside the file or in pybullet's folder."""
    package = re.match(r"package://([^/]*)/+(.*)", name)
    if not package:
        return path.parent / name if (path.parent / name).is_file() else DATA / name
    folders = [folder for parent in path.parents if parent.is_relative_to(DATA) for folder in (parent / package[1], parent)]
    return next((folder / package[2] for folder in folders if (folder / package[2]).is_file()), path.parent / package[2])


def _bytes(path):
    """A mesh file. Of OBJ only vertices and faces: MuJoCo takes the faces of the first object alone, and refuses some texture coordinates."""
    if path.suffix.lower() != ".obj":
        return path.read_bytes()
    lines = []
    for line in path.read_text(errors="replace").splitlines():
        words = line.split()
        if words and words[0] == "v":
            lines.append(" ".join(words[:4]))
        elif words and words[0] == "f":
            lines.append(" ".join(["f", *(word.split("/")[0] for word in words[1:])]))
    return "\n".join(lines).encode()


def _proper(moments, kg):
    """Principal moments as Nuri's reader changes them (ascending): a negative second moment becomes 0, a moment of 0 that of a ball of water."""
    a, b, c = np.maximum(moments, 0)
    if a + b < c:
        a, b = (c + a - b) / 2 + 1e-13 * c, (c + b - a) / 2          # a little more, for what rounding takes
    ball = 0.4 * kg * (3 * kg / (4 * np.pi * 1000)) ** (2 / 3)
    return [x if x >= 1e-15 else ball for x in (a, b, c)]


def _prepare_inertial(link, spread):
    inertial = link.find("inertial")
    if inertial is None:
        return
    mass, inertia = inertial.find("mass"), inertial.find("inertia")
    kg = float(mass.get("value")) if mass is not None else 0
    keys = ("ixx", "ixy", "ixz", "ixy", "iyy", "iyz", "ixz", "iyz", "izz")
    full = np.array([float(inertia.get(key, 0)) if inertia is not None else 0 for key in keys]).reshape(3, 3)
    if kg and full.any():
        moments, axes = np.linalg.eigh(full)
        full = axes @ np.diag(_proper(moments, kg)) @ axes.T
        for key, value in zip(keys, full.ravel()):
            inertia.set(key, repr(float(value)))
    elif link.find("collision") is not None or not kg:
        link.remove(inertial)                                           # from geometry: kg, or 1000 kg/m^3 where there is none
        if kg:
            spread[link.get("name")] = kg


def _prepared(path):
    """The file's text for MuJoCo, its meshes, those that are only looked at, and {link: kg} of links that write no moments."""
    root, spread, assets, solid, names_ = xml.fromstring(path.read_bytes().strip(b" \t\r\n\0")), {}, {}, set(), {}
    for part in [*root.iter("visual"), *root.iter("collision")]:
        for mesh in part.iter("mesh"):                                  # MuJoCo tells meshes apart by the name of the file alone
            file, scale = _file(path, mesh.get("filename", "")), mesh.get("scale", "")
            name = names_.setdefault((file, scale), f"m{len(names_)}{file.suffix}")
            mesh.set("filename", name)
            if file.is_file():
                assets[name] = _bytes(file)
            if part.tag == "collision":
                solid.add(name)
    for link in root.iter("link"):
        _prepare_inertial(link, spread)
    for joint in root.iter("joint"):
        if joint.get("type") == "continuous":                           # such a joint has no range; MuJoCo takes one if it is written
            for limit in joint.iter("limit"):
                limit.attrib.pop("lower", None), limit.attrib.pop("upper", None)
    for link in root.iter("link"):
        for visual in link.findall("visual"):
            if any(float(sphere.get("radius")) == 0 for sphere in visual.iter("sphere")):
                link.remove(visual)                                     # nothing to see; MuJoCo takes no such geom
    settings = xml.SubElement(root, "mujoco")
    xml.SubElement(settings, "compiler", {"fusestatic": "true", "discardvisual": "false", "balanceinertia": "true"})
    return xml.tostring(root, encoding="unicode"), assets, {name.split(".")[0] for name in assets.keys() - solid}, spread


def _same_bodies(spec, name, ours):
    """The base, the static links and the pairs that do not touch as Nuri has them. What is named by an exclusion is not fused."""
    bodies, excluded = ours.names["body"], set()
    for b in range(1, len(bodies)):
        parent = ours["body_parent"][b]
        joints = range(ours["body_joint_adr"][b], ours["body_joint_adr"][b] + ours["body_joint_num"][b])
        if any(ours["joint_type"][j] == 0 for j in joints):
            if not any(joint.type == mujoco.mjtJoint.mjJNT_FREE for joint in spec.body(bodies[b]).joints):
                spec.body(bodies[b]).add_freejoint(name=ours.names["joint"][joints[0]])
        elif not joints or (parent and ours["body_tree"][parent] < 0):
            excluded.add((bodies[parent], bodies[b]))
    with tempfile.TemporaryDirectory() as folder:
        for pair in json.loads(program.run("inspect", write(name, folder), "--json"))["disabled_collisions"]:
            excluded.add((pair["body1"], pair["body2"]))
    for first, second in sorted(excluded):
        spec.add_exclude(bodyname1=first, bodyname2=second)


def _motors(spec, m):
    led = {int(m.eq_obj1id[e]) for e in range(m.neq) if m.eq_type[e] == mujoco.mjtEq.mjEQ_JOINT}
    for j in range(m.njnt):
        if m.jnt_type[j] >= int(mujoco.mjtJoint.mjJNT_SLIDE) and j not in led:
            spec.add_actuator(name=m.joint(j).name, target=m.joint(j).name, trntype=mujoco.mjtTrn.mjTRN_JOINT,
                              ctrllimited=bool(m.jnt_actfrclimited[j]), ctrlrange=m.jnt_actfrcrange[j])


def prepared(name):
    """MuJoCo's specification of the file, without Nuri's decisions about bodies; ValueError where MuJoCo does not take it."""
    return _specification(name)[0]


def _specification(name):
    mujoco.set_mju_user_warning(lambda text: None)
    try:
        text, assets, seen, spread = _prepared(source(name))
    except xml.ParseError as error:
        raise ValueError(f"XML: {error}") from error
    return mujoco.MjSpec.from_string(text, assets=assets), seen, spread


def reference(name, ours, **options):
    """MuJoCo's model of the file, with the decisions of `ours` (fields.Model); ValueError where MuJoCo does not take it."""
    spec, seen, spread = _specification(name)
    for mesh in spec.meshes:
        if mesh.name in seen:
            mesh.inertia = mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL    # a flat one has no volume
    for link, kg in spread.items():
        solid = [g for g in spec.body(link).geoms if g.contype]
        for geom in solid:
            geom.mass = kg / len(solid)
    _same_bodies(spec, name, ours)
    _motors(spec, spec.compile())
    if "solver" in options:
        spec.option.solver = mujoco.mjtSolver.mjSOL_NEWTON
        spec.option.tolerance, spec.option.iterations, spec.option.ls_iterations = (type_(options[k]) for type_, k in ((float, "tolerance"), (int, "iterations"), (int, "ls_iterations")))
    return spec.compile()
