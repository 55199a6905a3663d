"""One model, one set of states, stage by stage: what Nuri has and what MuJoCo has. Tolerances stand in parity.py."""
import functools

import fields
import models
import program
import solids
import urdf_models
from residuals import Residuals
from states import load, sample, unpack

if not models.missing():
    import mujoco
    import numpy as np

# both engines at the solution, not on the way to it
CONVERGED = {"solver": "Newton", "tolerance": "0", "iterations": "500", "ls_iterations": "100", "noslip_tolerance": "0"}
ROUND = {0, 2, 3}                                                      # plane, sphere, capsule
SAME_WAY = 0.01
CAPSULES, SAME_PLACE = (3, 3), 1e-9                                    # m
UNIQUE = {(a, b) for a in ROUND for b in ROUND} | {(0, 6), (0, 5), (2, 6), (2, 5)}   # geom types, ascending, whose contacts are unique


def tree_centers(m, d):
    """Centre of mass per kinematic tree."""
    return np.array([np.average(d.xipos[m.body_treeid == t], axis=0, weights=m.body_mass[m.body_treeid == t]) for t in range(m.ntree)] or np.zeros((1, 3)))


def smooth_reference(m, d):
    """What MuJoCo has for Nuri's arrays, by stage and by Nuri's names."""
    acts = not m.opt.disableflags & mujoco.mjtDisableBit.mjDSBL_ACTUATION   # without, MuJoCo leaves velocities 0; sensors read 0 of both
    return {
        "kinematics": {"xpos": d.xpos, "xquat": d.xquat, "xipos": d.xipos, "anchor": d.xanchor, "axis": d.xaxis, "com": tree_centers(m, d)},
        "bias": {"bias": d.qfrc_bias},
        "passive": {"passive": d.qfrc_passive},
        "actuators": {"tendon_length": d.ten_length, "tendon_velocity": d.ten_velocity, "actuator_length": d.actuator_length,
                      **({"actuator_velocity": d.actuator_velocity} if acts else {}), "actuator_force": d.actuator_force, "act_dot": d.act_dot,
                      "actuation": d.qfrc_actuator, "smooth": d.qfrc_smooth},
        "acc_smooth": {"acc_smooth": d.qacc_smooth},
    }


def compare_smooth(m, d, ours, out):
    """`ours(field)` is Nuri's array, by its own names."""
    for stage, arrays in smooth_reference(m, d).items():
        for field, theirs in arrays.items():
            out.array(stage, field, ours(field).ravel(), theirs.ravel(), max(np.abs(d.xipos).max(), 1e-6) if field == "com" else 1e-6)


def mass_matrix(m, values):
    """Dense M from Nuri's rows: a dof's ancestors ascending, then itself."""
    M, k = np.zeros((m.nv, m.nv)), 0
    for dof in range(m.nv):
        chain = [dof]
        while (parent := m.dof_parentid[chain[0]]) >= 0:
            chain.insert(0, parent)
        M[dof, chain] = M[chain, dof] = values[k:k + len(chain)]
        k += len(chain)
    return M if k == len(values) else np.full((m.nv, m.nv), np.nan)


def full_mass_matrix(m, d):
    M = np.zeros((m.nv, m.nv))
    for dof in range(m.nv):
        entries = slice(m.M_rowadr[dof], m.M_rowadr[dof] + m.M_rownnz[dof])
        M[dof, m.M_colind[entries]] = M[m.M_colind[entries], dof] = d.M[entries]
    return M


def colliding(m):
    """Geoms that can touch something: Nuri places no others."""
    pairs = set(m.pair_geom1) | set(m.pair_geom2)
    return [g for g in range(m.ngeom) if g in pairs or m.geom_contype[g] or m.geom_conaffinity[g]]


def compare_geoms(m, d, dump, state, out):
    for g in colliding(m):
        placed, turned = dump.arrays["geom_xpos"][state].reshape(-1, 3)[g], dump.arrays["geom_xmat"][state].reshape(-1, 9)[g]
        kind = m.geom_type[g]
        if not (turned if kind != mujoco.mjtGeom.mjGEOM_SPHERE else placed).any():
            continue                                                   # in no candidate pair: its partners are on its own body or its parent's
        out.array("kinematics", "geom_xpos", placed, d.geom_xpos[g], 1)
        if kind in (mujoco.mjtGeom.mjGEOM_BOX, mujoco.mjtGeom.mjGEOM_ELLIPSOID):
            out.array("kinematics", "geom_xmat", turned, d.geom_xmat[g])
        elif kind != mujoco.mjtGeom.mjGEOM_SPHERE and kind != mujoco.mjtGeom.mjGEOM_MESH:   # a mesh's axes are those of its inertia: any, where two moments are near
            out.array("kinematics", "geom_xmat", turned[2::3], d.geom_xmat[g][2::3])


def active_contacts(d):
    return [c for c in range(d.ncon) if d.contact.efc_address[c] >= 0]


def pair_of(m, geom1, geom2):
    return tuple(sorted((int(geom1), int(geom2)))), tuple(sorted((int(m.geom_type[geom1]), int(m.geom_type[geom2]))))


def _merge_twins(d, contacts):
    """MuJoCo takes short capsules for parallel whose determinant is below 1e-15 m^4 (24 mm: up to 2e-4 rad), and gives the one place where they touch
    twice. Leaves one of each; True if there were any."""
    twins = False
    for key, ones in contacts.items():
        kept = [c for k, c in enumerate(ones) if key[1] != CAPSULES or all(np.abs(d.contact.pos[c] - d.contact.pos[other]).max() > SAME_PLACE for other in ones[:k])]
        twins, contacts[key] = twins or len(kept) < len(ones), kept
    return twins


def compare_contacts(m, d, records, out):
    """Contacts of one state. Returns {MuJoCo contact: record} if all have a partner, otherwise None.

    A contact that only one engine has counts with its distance to the threshold where it starts to act."""
    theirs, ours = {}, {}
    for c in active_contacts(d):
        theirs.setdefault(pair_of(m, *d.contact.geom[c]), []).append(c)
    for i, record in enumerate(records):
        ours.setdefault(pair_of(m, record["geom1"], record["geom2"]), []).append(i)
    partners, whole = {}, not _merge_twins(d, theirs)
    for key in theirs.keys() | ours.keys():
        mine, other = ours.get(key, []), theirs.get(key, [])
        stage = "contacts" if key[1] in UNIQUE else "convex"
        if stage == "contacts" and len(mine) == len(other):
            for c in other:
                i = min(mine, key=lambda k: np.linalg.norm(np.subtract(records[k]["pos"], d.contact.pos[c])))
                mine.remove(i)
                partners[c] = i
                if np.abs(direction(d, c, records[i]) - d.contact.frame[c][:3]).max() < SAME_WAY:
                    compare_contact(d, c, records[i], "contacts", out)
                else:                                                  # equally deep along two directions, as a ball's centre between faces of a box
                    out.add("contacts", "dist and normal", convex_residual(m, d, c, records[i]))
                    whole = False
            continue
        whole = False
        if stage == "contacts" or not mine or not other:
            depths = [abs(d.contact.dist[c] - d.contact.includemargin[c]) for c in other] + [abs(records[k]["dist"]) for k in mine if not other]
            out.add(stage, f"{len(mine)} instead of {len(other)} between geoms {key[0]}", max(depths))
        else:                                                          # which points stand for a face is a matter of choice; the deepest counts
            c, i = min(other, key=lambda k: d.contact.dist[k]), min(mine, key=lambda k: records[k]["dist"])
            out.add("convex", "dist and normal", convex_residual(m, d, c, records[i]))
    return partners if whole else None


def convex_residual(m, d, c, record):
    """From MuJoCo's contact; or from the geometry, which has one depth but may have it along several directions, and where MuJoCo's
    search may end early: what the direction lacks to MuJoCo's overlap, if it is not less, and the depth to the direction's overlap."""
    mine, theirs = direction(d, c, record), d.contact.frame[c][:3]
    apart = max(abs(record["dist"] - d.contact.dist[c]), np.abs(mine - theirs).max())
    here, there = (solids.overlap(m, d, *d.contact.geom[c], n) for n in (mine, theirs))
    return apart if here is None else min(apart, max(here - there, abs(here + record["dist"])))


def direction(d, c, record):
    sign = 1 if record["geom1"] == d.contact.geom[c][0] else -1
    return sign * np.array(record["frame"][:3])


def contacts_by_place(d, records):
    """Partners of injected contacts: the same two geoms, the nearest place and depth."""
    left, partners = list(range(len(records))), {}
    for c in active_contacts(d):
        near = [k for k in left if {records[k]["geom1"], records[k]["geom2"]} == set(map(int, d.contact.geom[c]))]
        if not near:
            return None
        i = min(near, key=lambda k: np.linalg.norm(np.subtract(records[k]["pos"], d.contact.pos[c])) + abs(records[k]["dist"] - d.contact.dist[c]))
        left.remove(i)
        partners[c] = i
    return None if left else partners


def compare_contact(d, c, record, stage, out):
    out.add(stage, "dist", abs(record["dist"] - d.contact.dist[c]))
    out.add(stage, "pos", np.abs(np.subtract(record["pos"], d.contact.pos[c])).max())
    out.add(stage, "normal", np.abs(direction(d, c, record) - d.contact.frame[c][:3]).max())
    out.array(stage, "friction", record["friction"][:max(1, record["dim"] - 1)] if record["dim"] > 1 else [], d.contact.friction[c][:record["dim"] - 1])


# Nuri's kinds of rows (physics/probe.h) as MuJoCo's
ROW_TYPE = {0: 0, 1: 0, 2: 0, 3: 0, 4: 1, 5: 2, 6: 3, 7: 3, 8: 4}


def dense_jacobian(m, d):
    if not mujoco.mj_isSparse(m):
        return d.efc_J.reshape(d.nefc, m.nv)
    J = np.zeros((d.nefc, m.nv))
    for i in range(d.nefc):
        begin, count = d.efc_J_rowadr[i], d.efc_J_rownnz[i]
        J[i, d.efc_J_colind[begin:begin + count]] = d.efc_J[begin:begin + count]
    return J


def limit_gap(m, d, key):
    """How far a hinge or slide is from where the limit that only Nuri has begins to act."""
    kind, joint = key
    if kind != mujoco.mjtConstraint.mjCNSTR_LIMIT_JOINT or m.jnt_type[joint] < int(mujoco.mjtJoint.mjJNT_SLIDE):
        return np.inf
    return abs(np.abs(d.qpos[m.jnt_qposadr[joint]] - m.jnt_range[joint]).min() - m.jnt_margin[joint])


def compare_rows(m, d, rows, partners, out):
    """Rows of one state: J, D and aref. Contacts are found through `partners`, others by kind and source."""
    theirs, ours = {}, {}
    for i in range(d.nefc):
        kind, source = int(d.efc_type[i]), int(d.efc_id[i])
        theirs.setdefault((min(kind, 5), source), []).append(i)
    contact_of = {record: c for c, record in partners.items()}
    for row in rows:
        key = (5, contact_of.get(row["id"], -1)) if row["kind"] < 0 else (ROW_TYPE[row["kind"]], row["id"])
        ours.setdefault(key, []).append(row)
    J = dense_jacobian(m, d)
    for key in theirs.keys() | ours.keys():
        mine, other = ours.get(key, []), theirs.get(key, [])
        if len(mine) != len(other):
            beyond = [abs(d.efc_pos[i] - d.efc_margin[i]) for i in other] or [limit_gap(m, d, key)]
            out.add("rows", f"{len(mine)} rows instead of {len(other)} of type, source {key}", max(beyond))
            continue
        out.array("rows", "J", [r["J"] for r in mine], J[other])
        out.add("rows", "D", max(abs(r["D"] / d.efc_D[i] - 1) for r, i in zip(mine, other)))
        out.array("rows", "aref", [r["aref"] for r in mine], d.efc_aref[other], 1)


def counted(m, d):
    """Contacts that are no rows but lie in a gap where an actuator on a body counts them."""
    pulled = set(m.actuator_trnid[m.actuator_trntype == mujoco.mjtTrn.mjTRN_BODY, 0])
    return [c for c in range(d.ncon) if d.contact.exclude[c] == 1 and pulled & set(m.geom_bodyid[d.contact.geom[c]])]


def injected(m, d):
    """MuJoCo's contacts as records for `nuri dump --contacts`."""
    return [{"geom1": int(d.contact.geom[c][0]), "geom2": int(d.contact.geom[c][1]), "dist": float(d.contact.dist[c]),
             "pos": d.contact.pos[c].tolist(), "frame": d.contact.frame[c].tolist()} for c in active_contacts(d) + counted(m, d)]


def compare_sensors(m, ours, theirs, out):
    for s in range(m.nsensor):
        begin, end = m.sensor_adr[s], m.sensor_adr[s] + m.sensor_dim[s]
        out.array("sensors", mujoco.mjtSensor(m.sensor_type[s]).name.removeprefix("mjSENS_").lower(), ours[begin:end], theirs[begin:end], 1)


def forward(m, state):
    d = mujoco.MjData(m)
    unpack(m, d, state)
    mujoco.mj_forward(m, d)
    return d


def stepped(m, state):
    d = mujoco.MjData(m)
    unpack(m, d, state)
    mujoco.mj_step(m, d)
    return d


def compare_step(m, state, dump, i, stage, out):
    d = stepped(m, state)
    for field, theirs in (("qpos", d.qpos), ("qvel", d.qvel), ("act", d.act), ("plastic", d.plastic)):
        out.array(stage, field, dump.arrays[f"next_{field}"][i], theirs, 1)


@functools.lru_cache(maxsize=2)                                        # both precisions ask for the same two
def pair(name, folder, **options):
    """A scene for Nuri, and MuJoCo's model of the same."""
    if not name.startswith("urdf/"):
        scene = models.write(name, folder, **options)
        return scene, load(scene)
    scene = urdf_models.write(name, folder, **options)
    return scene, urdf_models.reference(name, fields.compiled(scene), **options)


def compare(name, precision, folder):
    """Residuals of one model. Rows, accelerations and sensors are compared on MuJoCo's contacts, injected; steps where both found the same."""
    out = Residuals()
    (plain, m), (exact, converged) = pair(name, folder), pair(name, folder, **CONVERGED)
    if m.nv == 0:
        return out
    states = sample(m)
    if precision == "float":
        states = states.astype(np.float32).astype(float)
    # double: both at the solution; float: as the model says, because its rounding ends the search long before
    scene = exact if precision == "double" else plain
    free = program.Dump(scene, states, precision)
    if cramped := np.count_nonzero(free.cramped):                      # such a state has no stages
        out.add("solution", f"{cramped} of {len(states)} states have no room for their contacts", np.inf)
        states = states[~free.cramped]
        free = program.Dump(scene, states, precision)
    references = [forward(converged, state) for state in states]
    records = [injected(converged, d) for d in references]
    given = program.Dump(scene, states, precision, records)
    configured = program.Dump(plain, states, precision) if scene != plain else free
    adheres = (m.actuator_trntype == mujoco.mjtTrn.mjTRN_BODY).any()   # such actuators pull along the normals of contacts
    smooth = (given if adheres else free).arrays
    for i, d in enumerate(references):
        compare_smooth(m, d, lambda field, i=i: smooth[field][i], out)
        out.array("inertia", "mass", mass_matrix(m, free.arrays["mass"][i]), full_mass_matrix(m, d))
        compare_geoms(m, d, free, i, out)
        found = compare_contacts(m, d, free.contacts[i], out)
        if found is not None:
            compare_rows(m, d, free.rows[i], found, out)
        kept = contacts_by_place(d, given.contacts[i])
        if kept is None:
            out.add("rows", "an injected contact was lost", np.inf)
            continue
        compare_rows(m, d, given.rows[i], kept, out)
        for field, theirs in (("acc", d.qacc), ("constraint", d.qfrc_constraint)):
            out.array("solution", field, given.arrays[field][i], theirs, 1)
        compare_sensors(m, given.arrays["sensors"][i], d.sensordata, out)
        if found is not None:
            compare_step(converged, states[i], free, i, "step", out)
            compare_step(m, states[i], configured, i, "configured", out)
    return out


KIND = {0: 0, 1: 4, 2: 5, 3: 6, 4: 8}                                  # one of Nuri's kinds of each of MuJoCo's types
ROUNDED = {"double": 2.0 ** -53, "float": 2.0 ** -24}                  # relative error of a number rounded to that precision


def as_rows(m, d):
    """MuJoCo's rows as `nuri dump` writes its own."""
    J = dense_jacobian(m, d)
    return [{"kind": KIND.get(int(d.efc_type[i]), -1), "id": int(d.efc_id[i]), "J": J[i], "D": d.efc_D[i], "aref": d.efc_aref[i]} for i in range(d.nefc)]


def size(m, state):
    """What a rounding of each number is measured by: positions by 1 m or 1 rad at least, as they are summed along chains; which equalities act, not at all."""
    parts = np.split(np.abs(state), np.cumsum([m.nq, 2 * m.nv + m.na + m.nu, m.neq]))
    return np.concatenate([np.maximum(parts[0], 1), parts[1], np.zeros(m.neq), np.maximum(parts[3], 1)])


def moved_by_rounding(name, precision, folder, trials=8):
    """By how much MuJoCo itself moves when every number of a state is moved by one rounding: what no other engine can be held to.

    Residuals as compare() has them, of MuJoCo against MuJoCo."""
    out, random = Residuals(), np.random.default_rng(1)
    (_, m), (_, converged) = pair(name, folder), pair(name, folder, **CONVERGED)
    for state in sample(m) if m.nv else ():
        state = state.astype(np.float32).astype(float) if precision == "float" else state
        d = forward(converged, state)
        for _ in range(trials):
            near = state + ROUNDED[precision] * random.choice([-1, 1], state.shape) * size(m, state)
            other = forward(converged, near)
            compare_smooth(m, d, {field: array for arrays in smooth_reference(m, other).values() for field, array in arrays.items()}.get, out)
            out.array("inertia", "mass", full_mass_matrix(m, other), full_mass_matrix(m, d))
            contacts = active_contacts(other)
            records = [{**record, "dim": int(other.contact.dim[c]), "friction": other.contact.friction[c]} for c, record in zip(contacts, injected(converged, other))]
            found = compare_contacts(m, d, records, out)
            if found is not None:
                compare_rows(m, d, as_rows(m, other), {c: contacts[i] for c, i in found.items()}, out)
            for field, mine, theirs in (("acc", other.qacc, d.qacc), ("constraint", other.qfrc_constraint, d.qfrc_constraint)):
                out.array("solution", field, mine, theirs, 1)
            compare_sensors(m, other.sensordata, d.sensordata, out)
            for stage, model in (("step", converged), ("configured", m)):
                here, there = stepped(model, state), stepped(model, near)
                for field in ("qpos", "qvel", "act"):
                    out.array(stage, field, getattr(there, field), getattr(here, field), 1)
    return out
