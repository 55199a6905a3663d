"""Nuri's scene files in MuJoCo: the same models at the same places under the same options; how environments begin and what drives them.

What `nuri` makes of a scene file, MuJoCo makes of it here through MjSpec: models attached by prefix at their poses, a ground, options that
override. A URDF goes through MuJoCo's own reader, after what the two readers differ in is written out: visual geometry left out, a
floating base, a servo or motor per joint. test_scene_model.py compares the two compiled models number by number.

Left out: `vary` (every environment has the model's own numbers), controllers and timelines. An arm that a timeline would lead stays at its keyframe.
"""
import fnmatch
import pathlib
import warnings
import xml.etree.ElementTree as xml

import mujoco
import numpy as np
import yaml

import program

FOLDER = program.ROOT / "scenes"
INTEGRATOR = {"euler": "EULER", "rk4": "RK4", "implicit": "IMPLICIT", "implicitfast": "IMPLICITFAST"}
ENABLED = {"override": "OVERRIDE", "energy": "ENERGY", "sleep": "SLEEP"}   # flags that are off unless switched on; all others are on


def names():
    """Scenes of one model each, and no mesh that is taken apart: MuJoCo's meshes are hulls."""
    def same_shapes(scene):
        return "variants" not in scene and not any("decompose" in entry for entry in scene["models"])
    return tuple(f"scene/{file.stem}" for file in sorted(FOLDER.glob("*.yaml")) if same_shapes(yaml.safe_load(file.read_text())))


def is_scene(name):
    return name.startswith("scene/") or name.endswith(".yaml")


def path_of(name):
    return FOLDER / f"{name.removeprefix('scene/')}.yaml" if name.startswith("scene/") else pathlib.Path(name)


def fits(patterns, name):
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in ([patterns] if isinstance(patterns, str) else patterns))


# ---- the model -------------------------------------------------------------------------------------------------------

def _quaternion(entry):
    if "euler" not in entry:
        return np.array(entry.get("orientation", [1, 0, 0, 0]), float)
    out = np.array([1.0, 0, 0, 0])
    for axis, angle in zip(np.eye(3), np.radians(entry["euler"])):      # about the fixed x, then y, then z axis
        turn = np.zeros(4)
        mujoco.mju_axisAngle2Quat(turn, axis, angle)
        mujoco.mju_mulQuat(out, turn, out.copy())
    return out


def _urdf(path, entry):
    """The robot as MuJoCo's reader takes it, with the base and the actuators that the scene asks for."""
    root = xml.parse(path).getroot()
    links = {link.get("name") for link in root.findall("link")}
    (base,) = links - {joint.find("child").get("link") for joint in root.findall("joint")}
    for link in root.findall("link"):
        for visual in link.findall("visual"):
            link.remove(visual)
    floats = entry.get("base", "floating") == "floating" and base != "world"
    if floats:
        xml.SubElement(root, "link", name="world")
        joint = xml.SubElement(root, "joint", name=f"{base}_free_joint", type="floating")
        xml.SubElement(joint, "parent", link="world")
        xml.SubElement(joint, "child", link=base)
    spec = mujoco.MjSpec.from_string(xml.tostring(root, encoding="unicode"))
    wanted = entry.get("actuators", {"type": "none"})
    for joint in spec.joints if wanted["type"] != "none" else []:
        if joint.type not in (mujoco.mjtJoint.mjJNT_HINGE, mujoco.mjtJoint.mjJNT_SLIDE):
            continue
        motor = spec.add_actuator(name=joint.name, target=joint.name, trntype=mujoco.mjtTrn.mjTRN_JOINT)
        if wanted["type"] == "position":
            motor.set_to_position(kp=wanted["stiffness"], kv=wanted["damping"])
            motor.ctrlrange, motor.forcerange = joint.range, joint.actfrcrange
        else:
            motor.set_to_motor()
            motor.ctrlrange = joint.actfrcrange
    return spec


def _set_option(option, values):
    for key, value in values.items():
        if key == "integrator":
            option.integrator = getattr(mujoco.mjtIntegrator, f"mjINT_{INTEGRATOR[value]}")
        elif key == "cone":
            option.cone = getattr(mujoco.mjtCone, f"mjCONE_{value.upper()}")
        elif key == "solver":
            option.solver = getattr(mujoco.mjtSolver, f"mjSOL_{value.upper()}")
        elif key == "flags":
            for flag, on in value.items():
                bits, inverted = ("enableflags", False) if flag in ENABLED else ("disableflags", True)
                bit = int(getattr(mujoco.mjtEnableBit, f"mjENBL_{ENABLED[flag]}") if flag in ENABLED else getattr(mujoco.mjtDisableBit, f"mjDSBL_{flag.upper()}"))
                old = getattr(option, bits)
                setattr(option, bits, old | bit if on != inverted else old & ~bit)
        else:
            setattr(option, key, type(getattr(option, key))(value) if np.isscalar(value) else value)


def spec_of(path, **options):
    """The scene as MjSpec; `options` override its own."""
    path = pathlib.Path(path)
    scene = yaml.safe_load(path.read_text())
    spec = mujoco.MjSpec()
    for i, entry in enumerate(scene["models"]):
        file = path.parent / entry["file"]
        part = _urdf(file, entry) if file.suffix == ".urdf" else mujoco.MjSpec.from_file(str(file))
        spec.compiler.fusestatic |= file.suffix == ".urdf"              # what fixed joints hold is one body, in both readers
        for geom in [g for g in part.geoms if fits(entry.get("without", []), g.name)]:
            part.delete(geom)
        if i == 0:
            spec.option = part.option
        frame = spec.worldbody.add_frame(pos=entry.get("position", [0, 0, 0]), quat=_quaternion(entry))
        spec.attach(part, prefix=f"{entry['name']}/" if "name" in entry else "", frame=frame)
    if ground := scene.get("ground"):
        values = ground if isinstance(ground, dict) else {}
        plane = spec.worldbody.add_geom(name="ground", type=mujoco.mjtGeom.mjGEOM_PLANE, size=[0, 0, 1], pos=[0, 0, values.get("height", 0)])
        for key in ("friction", "condim", "solref", "solimp"):
            if key in values:
                setattr(plane, key, values[key])
    _set_option(spec.option, {**scene.get("option", {}), **options})
    return spec


def load(path, **options):
    mujoco.set_mju_user_warning(lambda text: None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)                    # of empty prefixes, which matter to saved files
        return spec_of(path, **options).compile()


# ---- how environments begin, and what drives them --------------------------------------------------------------------

def _draw(random, value):
    """A number, [low, high] or {mean, deviation}, as scene files write draws."""
    if isinstance(value, list):
        return random.uniform(*value)
    return random.normal(value["mean"], value["deviation"]) if isinstance(value, dict) else value


def _turn(q, axis, angle, about_world):
    turn, out = np.zeros(4), np.zeros(4)
    mujoco.mju_axisAngle2Quat(turn, axis, angle)
    mujoco.mju_mulQuat(out, *((turn, q) if about_world else (q, turn)))
    q[:] = out


class Scene:
    """A scene file in MuJoCo."""

    def __init__(self, path):
        self.path, self.values, self.m = pathlib.Path(path), yaml.safe_load(pathlib.Path(path).read_text()), load(path)
        self.hold = self.values.get("substeps", 1)

    def _name(self, kind, index):
        return mujoco.mj_id2name(self.m, kind, index) or ""

    def _key(self):
        wanted = self.values.get("initial", {}).get("keyframe")
        return wanted if wanted is None or isinstance(wanted, int) else self.m.key(wanted).id

    def start(self, random, d):
        """An environment's beginning into `d`, as `initial` says."""
        m, initial, key = self.m, self.values.get("initial", {}), self._key()
        mujoco.mj_resetData(m, d)
        if key is not None:
            mujoco.mj_resetDataKeyframe(m, d, key)
        for j in range(m.njnt):
            q, v, kind = m.jnt_qposadr[j], m.jnt_dofadr[j], m.jnt_type[j]
            if kind == mujoco.mjtJoint.mjJNT_FREE:
                name = self._name(mujoco.mjtObj.mjOBJ_BODY, m.jnt_bodyid[j])
                for entry in initial.get("bodies", []):
                    if fits(entry.get("bodies", "*"), name):
                        self._start_body(random, entry, d.qpos[q:q + 7], d.qvel[v:v + 6])
            elif kind != mujoco.mjtJoint.mjJNT_BALL:
                for entry in initial.get("joints", []):
                    if fits(entry.get("joints", "*"), self._name(mujoco.mjtObj.mjOBJ_JOINT, j)):
                        d.qpos[q] += _draw(random, entry.get("position", 0))
                        d.qvel[v] += _draw(random, entry.get("velocity", 0))
                if m.jnt_limited[j]:
                    d.qpos[q] = np.clip(d.qpos[q], *m.jnt_range[j])

    def _start_body(self, random, entry, qpos, qvel):
        qpos[:3] += [_draw(random, value) for value in entry.get("position", [0, 0, 0])]
        qvel[:3] += [_draw(random, value) for value in entry.get("linear_velocity", [0, 0, 0])]
        qvel[3:] += [_draw(random, value) for value in entry.get("angular_velocity", [0, 0, 0])]
        if entry.get("any_orientation"):
            q = random.normal(size=4)
            qpos[3:] = q / np.linalg.norm(q)
        if "tilt" in entry:
            axis = random.normal(size=3)
            _turn(qpos[3:], axis / np.linalg.norm(axis), np.radians(_draw(random, entry["tilt"])), False)
        if "yaw" in entry:
            _turn(qpos[3:], np.array([0.0, 0, 1]), np.radians(_draw(random, entry["yaw"])), True)

    def drive(self, begin, periods):
        """[period][actuator]: what `controls` say from step `begin` on; where they say random, the middle of the range; for targets the keyframe's."""
        m, key = self.m, self._key()
        low, high = control_range(m)
        time = (begin // self.hold + np.arange(periods)) * self.hold * m.opt.timestep
        out = np.tile(np.zeros(m.nu) if key is None else m.key_ctrl[key], (periods, 1))
        for entry in self.values.get("controls", []):
            for a in range(m.nu):
                if not fits(entry.get("actuators", "*"), self._name(mujoco.mjtObj.mjOBJ_ACTUATOR, a)):
                    continue
                middle, half = (low[a] + high[a]) / 2, (high[a] - low[a]) / 2
                if entry["type"] == "hold":
                    out[:, a] = m.key(entry["keyframe"]).ctrl[a] if "keyframe" in entry else entry["value"]
                elif entry["type"] == "sine":
                    turns = entry.get("frequency", 1) * time + entry.get("phase", 0)
                    out[:, a] = entry.get("centre", middle) + entry.get("amplitude", entry.get("scale", 1) * half) * np.sin(2 * np.pi * turns)
                elif entry["type"] in ("zero", "random"):
                    out[:, a] = 0 if entry["type"] == "zero" else middle
                elif entry["type"] not in ("none", "target"):   # a target depends on the state
                    raise ValueError(f"{self.path}: controls of type {entry['type']} are not for MuJoCo")
        return out

    def controls(self, random, environments, begin, count, share):
        """[environment][step][actuator]: drive(), and beside it random parts over `share` of the ranges; held for a control step each."""
        low, high = control_range(self.m)
        periods = -(-count // self.hold)
        noise = share * (random.uniform(low, high, (environments, periods, self.m.nu)) - (low + high) / 2)
        limited = self.m.actuator_ctrllimited.astype(bool)
        bounds = np.where(limited, low, -np.inf), np.where(limited, high, np.inf)
        return np.repeat(np.clip(self.drive(begin, periods) + noise, *bounds), self.hold, axis=1)[:, :count]


def control_range(m):
    """-1 and 1 where there is none."""
    limited = m.actuator_ctrllimited.astype(bool)
    return np.where(limited, m.actuator_ctrlrange[:, 0], -1), np.where(limited, m.actuator_ctrlrange[:, 1], 1)
