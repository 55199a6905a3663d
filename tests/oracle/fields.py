"""Compiled models, field by field: what Nuri's compiler made of a model (its .model file) against MuJoCo's mjModel."""
import itertools
import pathlib
import struct
import tempfile

import models
import program
from residuals import Residuals

if not models.missing():
    import mujoco
    import numpy as np

NAMED = ("body", "joint", "geom", "site", "tendon", "actuator", "control", "equality", "sensor", "key")


class Model:
    """The arrays and names of a .model file, which lists its own fields."""

    def __init__(self, path):
        self.bytes, self.at, self.arrays, self.names = pathlib.Path(path).read_bytes(), 8, {}, {}
        fields = []
        while not fields or fields[-1][0] != "ls_tolerance":           # the last of engine/model/model_fields.inl
            fields.append((self._text(), *self._take("<BQ")))
        for name, kind, size in fields:
            code = "i4" if kind < 2 else "f8"
            self.arrays[name] = np.frombuffer(self.bytes, "<" + code, size, self.at)
            self.at += size * int(code[1])
        for kind in NAMED:
            self.names[kind] = [self._text() for _ in range(self[f"{kind}_count"][0])]
        self._text()
        self._look()

    def _look(self):
        """Cameras and lights of the look, a dictionary each; what lies before them in the file is skipped (engine/model/look_file.cpp)."""
        for _ in range(self._take("<Q")[0]):                            # images
            self._take("<2iB")
            self._skip(1)
        for _ in range(self._take("<Q")[0]):                            # meshes: positions, normals, uv, corners
            for _ in range(4):
                self._skip(4)
        for _ in range(self._take("<Q")[0]):                            # materials
            self._text()
            self._take("<9fi2fB")
        self._skip(28)                                                  # parts
        self._skip(36)                                                  # marks
        self.cameras = [self._record(("name", ""), ("body", "i"), ("target", "i"), ("track", "i"), ("pos", "3d"), ("quat", "4d"), ("fovy", "d"), ("resolution", "2i"), ("focal", "2d"),
                                     ("principal", "2d")) for _ in range(self._take("<Q")[0])]
        self.lights = [self._record(("name", ""), ("body", "i"), ("target", "i"), ("track", "i"), ("type", "i"), ("shadow", "B"), ("active", "B"), ("pos", "3d"), ("dir", "3d"), ("ambient", "3f"),
                                    ("diffuse", "3f"), ("specular", "3f"), ("attenuation", "3f"), ("cutoff", "f"), ("exponent", "f"), ("range", "f")) for _ in range(self._take("<Q")[0])]
        if self.at + 4 + 8 != len(self.bytes):                          # the sky, and the hash of the file
            raise ValueError("the look of the model file is not what is read here")

    def _skip(self, size):
        """An array whose items have so many bytes."""
        count = self._take("<Q")[0]
        self.at += size * count

    def _record(self, *members):
        return {name: np.array(self._take("<" + format_)) if format_ else self._text() for name, format_ in members}

    def _take(self, format_):
        values = struct.unpack_from(format_, self.bytes, self.at)
        self.at += struct.calcsize(format_)
        return values

    def _text(self):
        size = self._take("<I")[0]
        self.at += size
        return self.bytes[self.at - size:self.at].decode()

    def __getitem__(self, name):
        return self.arrays[name]

    def table(self, name, columns):
        return self.arrays[name].reshape(-1, columns)


def compiled(scene):
    """Nuri's model of a scene; program.Refused if it does not take it."""
    with tempfile.TemporaryDirectory() as folder:
        program.run("compile", scene, "--out", f"{folder}/a.model", "--quiet")
        return Model(f"{folder}/a.model")


# Groups: (ours, theirs, columns). One column more or less is the whole comparison where the names' meaning is the same.
PLAIN = {
    "bodies": [("body_parent", "body_parentid", 1), ("body_weld", "body_weldid", 1), ("body_mocap", "body_mocapid", 1), ("body_pos", "body_pos", 3),
               ("body_ipos", "body_ipos", 3), ("body_mass", "body_mass", 1), ("body_subtree_mass", "body_subtreemass", 1), ("body_gravcomp", "body_gravcomp", 1),
               ("body_invweight", "body_invweight0", 2)],
    "joints": [("joint_type", "jnt_type", 1), ("joint_body", "jnt_bodyid", 1), ("joint_qpos", "jnt_qposadr", 1), ("joint_dof", "jnt_dofadr", 1), ("joint_limited", "jnt_limited", 1),
               ("joint_force_limited", "jnt_actfrclimited", 1), ("joint_actuator_gravcomp", "jnt_actgravcomp", 1), ("joint_pos", "jnt_pos", 3), ("joint_axis", "jnt_axis", 3),
               ("joint_stiffness", "jnt_stiffness", 1), ("joint_stiffness_poly", "jnt_stiffnesspoly", 2), ("joint_plastic", "jnt_plasticadr", 1), ("joint_yield", "jnt_springyield", 1), ("joint_margin", "jnt_margin", 1), ("joint_solref", "jnt_solref", 2), ("joint_solimp", "jnt_solimp", 5),
               ("qpos0", "qpos0", 1), ("qpos_spring", "qpos_spring", 1)],
    "dofs": [("dof_body", "dof_bodyid", 1), ("dof_joint", "dof_jntid", 1), ("dof_parent", "dof_parentid", 1),
             ("dof_frictionloss", "dof_frictionloss", 1), ("dof_solref", "dof_solref", 2), ("dof_solimp", "dof_solimp", 5), ("dof_invweight", "dof_invweight0", 1)],
    "geoms": [("geom_type", "geom_type", 1), ("geom_body", "geom_bodyid", 1), ("geom_condim", "geom_condim", 1), ("geom_priority", "geom_priority", 1),
              ("geom_friction", "geom_friction", 3), ("geom_solmix", "geom_solmix", 1), ("geom_solref", "geom_solref", 2), ("geom_solimp", "geom_solimp", 5),
              ("geom_margin", "geom_margin", 1), ("geom_gap", "geom_gap", 1), ("geom_adhesion", "geom_adhesion", 1), ("geom_surfacevel", "geom_surfacevel", 6)],
    "actuators": [("actuator_dynprm", "actuator_dynprm", 10), ("actuator_gainprm", "actuator_gainprm", 10), ("actuator_biasprm", "actuator_biasprm", 10),
                  ("actuator_cranklength", "actuator_cranklength", 1)],
    "equalities": [("equality_type", "eq_type", 1), ("equality_active", "eq_active0", 1), ("equality_object1", "eq_obj1id", 1), ("equality_object2", "eq_obj2id", 1),
                   ("equality_solref", "eq_solref", 2), ("equality_solimp", "eq_solimp", 5)],
    "sensors": [("sensor_cutoff", "sensor_cutoff", 1)],
    "keyframes": [("key_time", "key_time", 1), ("key_qpos", "key_qpos", 0), ("key_qvel", "key_qvel", 0), ("key_act", "key_act", 0), ("key_plastic", "key_plastic", 0), ("key_ctrl", "key_ctrl", 0)],
}
TENDON = [("tendon_force_limited", "tendon_actfrclimited", 1), ("tendon_stiffness_poly", "tendon_stiffnesspoly", 2), ("tendon_limited", "tendon_limited", 1),
          ("tendon_margin", "tendon_margin", 1), ("tendon_stiffness", "tendon_stiffness", 1),
          ("tendon_frictionloss", "tendon_frictionloss", 1), ("tendon_spring", "tendon_lengthspring", 2), ("tendon_plastic", "tendon_plasticadr", 1), ("tendon_yield", "tendon_springyield", 1), ("tendon_solref", "tendon_solref_lim", 2), ("tendon_solimp", "tendon_solimp_lim", 5),
          ("tendon_friction_solref", "tendon_solref_fri", 2), ("tendon_friction_solimp", "tendon_solimp_fri", 5), ("tendon_length0", "tendon_length0", 1), ("tendon_invweight", "tendon_invweight0", 1)]
OPTIONS = ("timestep", "gravity", "wind", "magnetic", "density", "viscosity", "impratio", "tolerance", "ls_tolerance", "iterations", "ls_iterations", "noslip_iterations",
           "noslip_tolerance", "sleep_tolerance", "integrator", "solver")
GROUPS = ("names", *PLAIN, "meshes", "sites", "tendons", "pairs", "options", "cameras", "lights")
ACTUATOR_TARGETS = {"mjTRN_JOINT": "joint", "mjTRN_JOINTINPARENT": "joint", "mjTRN_TENDON": "tendon", "mjTRN_BODY": "body", "mjTRN_SITE": "site",
                    "mjTRN_SLIDERCRANK": "slidercrank", "mjTRN_SO3": "so3"}


def matrices(quaternions):
    out = np.zeros((len(quaternions), 9))
    for to, q in zip(out, np.asarray(quaternions, float)):
        mujoco.mju_quat2Mat(to, q)
    return out.reshape(-1, 3, 3)


def tensors(quaternions, moments):
    R = matrices(quaternions)
    return np.einsum("nij,nj,nkj->nik", R, moments, R)


def candidate_pairs(m):
    """Pairs of geoms that MuJoCo may find in contact."""
    if m.opt.disableflags & (mujoco.mjtDisableBit.mjDSBL_CONTACT | mujoco.mjtDisableBit.mjDSBL_CONSTRAINT):
        return set()
    found = {tuple(sorted(map(int, pair))) for pair in zip(m.pair_geom1, m.pair_geom2)}
    weld, parent = m.body_weldid, m.body_weldid[m.body_parentid[m.body_weldid]]
    filters = not m.opt.disableflags & mujoco.mjtDisableBit.mjDSBL_FILTERPARENT
    for a, b in itertools.combinations(range(m.ngeom), 2):
        one, two = int(m.geom_bodyid[a]), int(m.geom_bodyid[b])
        if not (m.geom_contype[a] & m.geom_conaffinity[b] or m.geom_contype[b] & m.geom_conaffinity[a]):
            continue
        if weld[one] == weld[two] or (min(one, two) << 16) + max(one, two) in m.exclude_signature:
            continue
        if filters and weld[one] and weld[two] and (weld[one] == parent[two] or weld[two] == parent[one]):
            continue
        if not m.body_dofnum[weld[one]] and not m.body_dofnum[weld[two]]:       # mocap bodies, the world
            continue
        if {int(m.geom_type[a]), int(m.geom_type[b])} <= {0, 1}:                # planes and height fields do not meet
            continue
        found.add((a, b))
    return found


def compare(ours, m):
    """Residuals by group: the largest difference divided by the array's largest number (of bodies' inertia: by each body's own)."""
    out = Residuals()
    for group, fields in PLAIN.items():
        for mine, theirs, columns in fields:
            their_values = np.asarray(getattr(m, theirs), float)
            if columns:
                their_values = their_values.reshape(-1, columns) if their_values.ndim < 2 else their_values[:, :columns]
            out.array(group, mine, ours[mine], their_values.ravel(), 1e-12)
    _names(ours, m, out)
    _turned(ours, m, out)
    _limited(ours, m, out)
    _actuators(ours, m, out)
    _moved_by_actuators(ours, m, out)
    _equalities(ours, m, out)
    _tendons(ours, m, out)
    _pairs(ours, m, out)
    _fluid(ours, m, out)
    for option in OPTIONS:
        out.array("options", option, ours[option], np.atleast_1d(getattr(m.opt, option)))
    _cameras(ours, m, out)
    _lights(ours, m, out)
    out.array("options", "cone", ours["elliptic"], [m.opt.cone])
    out.array("sensors", "sensor_adr", ours["sensor_adr"], [*m.sensor_adr, m.nsensordata])
    return out


def _names(ours, m, out):
    for kind, (accessor, count) in {"body": ("body", m.nbody), "joint": ("joint", m.njnt), "geom": ("geom", m.ngeom), "site": ("site", m.nsite), "actuator": ("actuator", m.nactuator),
                                    "equality": ("equality", m.neq), "sensor": ("sensor", m.nsensor), "key": ("key", m.nkey)}.items():
        theirs, mine = [getattr(m, accessor)(i).name for i in range(count)], ours.names[kind]
        if kind == "site" and len(mine) != len(theirs):
            mine = [name for name in mine if name in theirs]            # frames of merged links are sites of Nuri's
        if len(mine) != len(theirs):
            out.add("names", f"{len(mine)} instead of {len(theirs)} of kind {kind}", np.inf)
        differ = [f"{a} instead of {b}" for a, b in zip(mine, theirs) if a and b and a != b]
        out.add("names", f"{kind}: {differ[0]}" if differ else kind, np.inf if differ else 0)


def _turned(ours, m, out):
    """Rotations as matrices, inertia as tensors in the body's frame: neither depends on the order and sign of axes."""
    if len(ours["body_mass"]) == m.nbody:
        out.array("bodies", "body_quat", matrices(ours.table("body_quat", 4)), matrices(m.body_quat))
        mine, theirs = (tensors(*pair) for pair in ((ours.table("body_iquat", 4), ours.table("body_inertia", 3)), (m.body_iquat, m.body_inertia)))
        for b in range(1, m.nbody):
            out.array("bodies", f"inertia of {m.body(b).name}", mine[b], theirs[b], 1e-300)
    if len(ours["geom_type"]) == m.ngeom:
        mesh = m.geom_type == mujoco.mjtGeom.mjGEOM_MESH
        exact, solid = np.flatnonzero(~mesh), np.flatnonzero(mesh & ((m.geom_contype | m.geom_conaffinity) != 0))
        out.array("geoms", "geom_pos", ours.table("geom_pos", 3)[exact], m.geom_pos[exact])
        out.array("meshes", "geom_pos", ours.table("geom_pos", 3)[solid], m.geom_pos[solid], 1)
        turned = [g for g in exact if m.geom_type[g] != mujoco.mjtGeom.mjGEOM_SPHERE]
        out.array("geoms", "geom_quat", matrices(ours.table("geom_quat", 4)[turned]), matrices(m.geom_quat[turned]))
        used = np.array([[1, 1, 1], [1, 1, 1], [1, 0, 0], [1, 1, 0], [1, 1, 1], [1, 1, 0], [1, 1, 1], [0, 0, 0]])[m.geom_type.clip(0, 7)]
        out.array("geoms", "geom_size", ours.table("geom_size", 3) * used, m.geom_size * used)
    if len(ours["site_type"]) == m.nsite:                               # else frames of merged links, which MuJoCo does not keep, are among them
        for mine, theirs in (("site_body", m.site_bodyid), ("site_type", m.site_type), ("site_pos", m.site_pos), ("site_size", m.site_size)):
            out.array("sites", mine, ours[mine], theirs.ravel())
        out.array("sites", "site_quat", matrices(ours.table("site_quat", 4)), matrices(m.site_quat))


def _limited(ours, m, out):
    """Ranges count where they limit."""
    for group, mine, limited, theirs, count in (("joints", "joint_range", m.jnt_limited, m.jnt_range, m.njnt), ("joints", "joint_force_range", m.jnt_actfrclimited, m.jnt_actfrcrange, m.njnt),
                                                ("tendons", "tendon_force_range", m.tendon_actfrclimited, m.tendon_actfrcrange, m.ntendon),
                                                ("actuators", "actuator_ctrlrange", m.actuator_ctrllimited, m.actuator_ctrlrange, m.nu),
                                                ("actuators", "actuator_forcerange", m.actuator_forcelimited, m.actuator_forcerange, m.nactuator),
                                                ("actuators", "actuator_actrange", m.actuator_actlimited, m.actuator_actrange, m.nactuator)):
        if ours[mine].size == 2 * count:
            where = np.asarray(limited, bool)
            out.array(group, mine, ours.table(mine, 2)[where], theirs[where])


def _actuators(ours, m, out):
    if len(ours["actuator_target"]) != m.nactuator:
        return
    disabled = [m.opt.disableactuator >> int(group) & 1 if 0 <= group <= 30 else 0 for group in m.actuator_group]
    limits = 2 * m.actuator_forcelimited + 4 * m.actuator_actlimited + 8 * m.actuator_actearly + 16 * np.array(disabled, int)
    out.array("actuators", "actuator_limits", ours["actuator_limits"] & 31, limits)      # above: setpoints on a circle, known by their forces
    out.array("actuators", "control_limited", ours["control_limited"], m.actuator_ctrllimited)
    for mine, theirs in (("control", m.actuator_ctrlnum), ("output", m.actuator_outnum), ("act", m.actuator_actnum)):
        out.array("actuators", f"actuator_{mine}_adr", np.diff(ours[f"actuator_{mine}_adr"]), theirs)
    first = m.actuator_outadr
    out.array("actuators", "actuator_gear", ours.table("actuator_gear", 6), m.actuator_gear[first])
    muscles = np.flatnonzero((m.actuator_gaintype == mujoco.mjtGain.mjGAIN_MUSCLE) | (m.actuator_biastype == mujoco.mjtBias.mjBIAS_MUSCLE))
    out.array("actuators", "actuator_acc0", ours["actuator_acc0"][muscles], m.actuator_acc0[first[muscles]])
    out.array("actuators", "actuator_lengthrange", ours.table("actuator_lengthrange", 2)[muscles], m.actuator_lengthrange[first[muscles]])
    for a in range(m.nactuator):
        kind = ACTUATOR_TARGETS[mujoco.mjtTrn(m.actuator_trntype[a]).name]
        target = int(m.actuator_trnid[a, 0])
        out.add("actuators", "actuator_target", abs(ours["actuator_target"][a] - target))
        if kind in ("site", "so3", "slidercrank"):
            out.add("actuators", "actuator_reference", abs(ours["actuator_reference"][a] - int(m.actuator_trnid[a, 1])))
    for mine, theirs in (("actuator_dynamics", m.actuator_dyntype), ("actuator_gain", m.actuator_gaintype), ("actuator_bias", m.actuator_biastype)):
        out.array("actuators", mine, ours[mine], theirs)


def _moved_by_actuators(ours, m, out):
    """Nuri's joints and tendons have what their actuators add to them."""
    dofs, tendons = ([getattr(m, f"{of}_{name}").copy() for name in ("armature", "damping", "dampingpoly")] for of in ("dof", "tendon"))
    for a in range(m.nactuator):
        square, target = m.actuator_gear[m.actuator_outadr[a], 0] ** 2, m.actuator_trnid[a, 0]
        added = [x[a] * square for x in (m.actuator_armature, m.actuator_damping, m.actuator_dampingpoly)]
        on_joint = int(m.actuator_trntype[a]) in (int(mujoco.mjtTrn.mjTRN_JOINT), int(mujoco.mjtTrn.mjTRN_JOINTINPARENT))
        if on_joint or m.actuator_trntype[a] == mujoco.mjtTrn.mjTRN_TENDON:
            for field, what in zip(dofs if on_joint else tendons, added):
                field[m.dof_jntid == target if on_joint else target] += what
    for group, of, fields in (("dofs", "dof", dofs), ("tendons", "tendon", tendons)):
        for name, field in zip(("armature", "damping", "damping_poly"), fields):
            out.array(group, f"{of}_{name}", ours[f"{of}_{name}"], field.ravel())


def _equalities(ours, m, out):
    """Data of a weld: anchors, relative rotation, torquescale; of others: the first numbers."""
    if len(ours["equality_type"]) != m.neq:
        return
    for e in range(m.neq):
        mine, count = ours.table("equality_data", 11)[e], {0: 6, 1: 11}.get(int(m.eq_type[e]), 5)
        theirs = m.eq_data[e][:count]
        if m.eq_type[e] == mujoco.mjtEq.mjEQ_WELD:
            mine, theirs = mine.copy(), theirs.copy()
            for q in (mine[6:10], theirs[6:10]):
                q *= np.sign(q[np.argmax(np.abs(q))])
        out.array("equalities", "equality_data", mine[:count], theirs)


def _tendons(ours, m, out):
    for mine, theirs, columns in TENDON:
        out.array("tendons", mine, ours[mine], np.asarray(getattr(m, theirs), float).reshape(m.ntendon, columns).ravel(), 1e-12)
    fixed = [k for k in range(m.nwrap) if m.wrap_type[k] == mujoco.mjtWrap.mjWRAP_JOINT]
    of_fixed = ours["term_qpos"] >= 0                                   # a spatial tendon's terms are found by its moment arms
    out.array("tendons", "term_dof", ours["term_dof"][of_fixed], m.jnt_dofadr[m.wrap_objid[fixed]])
    out.array("tendons", "term_coef", ours["term_coef"][of_fixed], m.wrap_prm[fixed])
    segments = [segment for t in range(m.ntendon) for segment in _segments(m, t)]
    for column, mine in enumerate(("segment_site1", "segment_geom", "segment_side", "segment_site2", "segment_divisor")):
        out.array("tendons", mine, ours[mine], [segment[column] for segment in segments])


def _segments(m, t):
    """Site, geom or -1, side site or -1, site, divisor of each segment of a spatial tendon's path."""
    out, divisor, wrap = [], 1, mujoco.mjtWrap
    path = [(wrap(m.wrap_type[k]), int(m.wrap_objid[k]), float(m.wrap_prm[k])) for k in range(m.tendon_adr[t], m.tendon_adr[t] + m.tendon_num[t])]
    for (kind, thing, number), after, later in zip(path, path[1:], path[2:] + [None]):
        if kind == wrap.mjWRAP_PULLEY:
            divisor = number
        elif kind == wrap.mjWRAP_SITE and after[0] == wrap.mjWRAP_SITE:
            out.append((thing, -1, -1, after[1], divisor))
        elif kind == wrap.mjWRAP_SITE and after[0] in (wrap.mjWRAP_SPHERE, wrap.mjWRAP_CYLINDER):
            out.append((thing, after[1], round(after[2]), later[1], divisor))
    return out


FLOAT = 1e-6                                                            # relative: what MuJoCo keeps in float


def _cameras(ours, m, out):
    """Intrinsics in pixels: MuJoCo's are lengths, and its principal point runs from the axis to the picture's middle."""
    if len(ours.cameras) != m.ncam:
        return out.add("cameras", f"{len(ours.cameras)} instead of {m.ncam}", np.inf)
    for c, mine in enumerate(ours.cameras):
        size, resolution, intrinsic = m.cam_sensorsize[c].astype(float), m.cam_resolution[c], m.cam_intrinsic[c].astype(float)
        sized = bool((size > 0).all())
        density = resolution / size if sized else np.zeros(2)
        out.add("cameras", "name", np.inf if mine["name"] != m.camera(c).name else 0)
        for name, theirs in (("body", m.cam_bodyid[c]), ("target", m.cam_targetbodyid[c]), ("track", m.cam_mode[c]), ("pos", m.cam_pos[c])):
            out.array("cameras", name, mine[name], np.atleast_1d(theirs))
        out.array("cameras", "quat", matrices([mine["quat"]]), matrices([m.cam_quat[c]]))
        if sized or mine["resolution"].any():                           # not said: 0 0 here, 1 1 there
            out.array("cameras", "resolution", mine["resolution"], resolution)
        for name, value, theirs in (("fovy", np.degrees(mine["fovy"]), m.cam_fovy[c:c + 1]), ("focal", mine["focal"], intrinsic[:2] * density), ("principal", mine["principal"], -intrinsic[2:] * density)):
            out.add("cameras", name, max(0, np.abs(value - theirs).max() - FLOAT * np.abs(theirs).max()))


def _lights(ours, m, out):
    if len(ours.lights) != m.nlight:
        return out.add("lights", f"{len(ours.lights)} instead of {m.nlight}", np.inf)
    types = {int(mujoco.mjtLightType.mjLIGHT_SPOT): 0, int(mujoco.mjtLightType.mjLIGHT_DIRECTIONAL): 1, int(mujoco.mjtLightType.mjLIGHT_POINT): 2}
    for k, mine in enumerate(ours.lights):
        out.add("lights", "name", np.inf if mine["name"] != m.light(k).name else 0)
        for name, theirs in (("body", m.light_bodyid[k]), ("target", m.light_targetbodyid[k]), ("track", m.light_mode[k]), ("type", types.get(int(m.light_type[k]), -1)), ("shadow", m.light_castshadow[k]),
                             ("active", m.light_active[k]), ("pos", m.light_pos[k]), ("dir", m.light_dir[k])):
            out.array("lights", name, mine[name], np.atleast_1d(theirs))
        for name, theirs in (("ambient", m.light_ambient[k]), ("diffuse", m.light_diffuse[k]), ("specular", m.light_specular[k]), ("attenuation", m.light_attenuation[k]),
                             ("cutoff", np.radians(m.light_cutoff[k])), ("exponent", m.light_exponent[k]), ("range", m.light_range[k])):
            theirs = np.atleast_1d(np.asarray(theirs, float))
            out.add("lights", name, max(0, np.abs(mine[name] - theirs).max() - FLOAT * np.abs(theirs).max()))


def _pairs(ours, m, out):
    """contype, conaffinity, exclusions and the parent filter by what they lead to; numbers of explicit pairs."""
    plain = ours["pair_gap"] == 0
    mine = {tuple(sorted(map(int, pair))) for pair in zip(ours["pair_geom1"][plain], ours["pair_geom2"][plain])}
    theirs = candidate_pairs(m)
    differ = sorted(mine ^ theirs)
    out.add("pairs", f"geoms {differ[0]} only {'Nuri' if differ[0] in mine else 'MuJoCo'} lets touch ({len(differ)} such)" if differ else "pairs", np.inf if differ else 0)
    explicit = {tuple(sorted(map(int, pair))): p for p, pair in enumerate(zip(m.pair_geom1, m.pair_geom2))}
    override = m.opt.enableflags & mujoco.mjtEnableBit.mjENBL_OVERRIDE
    for k in np.flatnonzero(plain):
        p = explicit.get(tuple(sorted((int(ours["pair_geom1"][k]), int(ours["pair_geom2"][k])))))
        if p is not None:
            out.array("pairs", "pair_friction", ours.table("pair_friction", 5)[k], m.opt.o_friction if override else m.pair_friction[p])
            out.array("pairs", "pair_margin", ours["pair_include"][k:k + 1], [m.opt.o_margin] if override else m.pair_margin[p:p + 1])


def _fluid(ours, m, out):
    """Geoms that the medium meets as ellipsoids. MuJoCo counts planes and height fields, which stand still."""
    theirs = m.geom_fluid.reshape(m.ngeom, 12)
    geoms = [g for g in range(m.ngeom) if theirs[g, 0] > 0 and m.geom_type[g] > 1] if m.opt.density > 0 or m.opt.viscosity > 0 else []
    geoms.sort(key=lambda g: m.geom_bodyid[g])
    out.array("geoms", "fluid_geom", ours["fluid_geom"], np.array(geoms, float))
    out.array("geoms", "fluid_coef", ours.table("fluid_coef", 5), theirs[geoms, 1:6])
    for name, begin in (("fluid_mass", 0), ("fluid_inertia", 3)):
        for mine, reference in zip(ours.table("fluid_added", 6)[:, begin:begin + 3], theirs[geoms, 6 + begin:9 + begin]):
            out.array("geoms", name, mine, reference)
