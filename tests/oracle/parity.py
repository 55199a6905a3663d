"""Compares Nuri with MuJoCo stage by stage and prints a table.

    python tests/oracle/parity.py [--json] [--markdown] [MODEL...]

States come from MuJoCo's own trajectory: the start, after a few and after 100 and more steps of random controls, and random
ones; they are injected into both engines. A residual is the worst |nuri - mujoco| over states and items, divided by the
largest |mujoco| of that array. NURI_TOLERANCE_SCALE multiplies all tolerances; 0 prints the residuals and fails.
"""
import argparse
import json
import os
import sys
import tempfile

import models
import program

if not models.missing():
    import mujoco
    import numpy as np

SEED = 5
CONVERGED = {"solver": "Newton", "tolerance": "0", "iterations": "500", "ls_iterations": "100"}   # both engines at the solution, not on the way to it

# Tolerances by stage: double, float. Double: the same formulas in another order of operations; measured over all models
# 4e-14 at most before the constraints, 1e-11 in rows (a contact deeper than its margin amplifies rounding), 1e-12 behind the
# solver. Float: measured, times three or more; the reason stands beside where it is not plain rounding (6e-8 per operation).
ROUNDING = 1e-9
TOLERANCE = {
    "kinematics": (ROUNDING, 3e-6),
    "inertia": (ROUNDING, 3e-6),
    "bias": (ROUNDING, 2e-4),          # gravity and spin cancel where a body is balanced
    "passive": (ROUNDING, 3e-5),
    "actuators": (ROUNDING, 3e-5),
    "acc_smooth": (ROUNDING, 1e-3),    # condition of M: light hands on heavy arms
    "contacts": (ROUNDING, 1e-5),      # m
    "convex": (1e-6, 1e-5),            # m; double: MuJoCo's own ccd_tolerance
    "rows": (ROUNDING, 2e-3),          # aref is depth and speed times stiffness: 1e-7 m of depth are 1e-3 of a contact 0.1 mm deep
    "solution": (ROUNDING, 2e-3),
    "step": (ROUNDING, 1e-3),
    "configured": (1e-3, 1e-3),        # both stop at the model's own tolerance, Nuri for the whole environment, MuJoCo island by island
    "sensors": (ROUNDING, 3e-3),
}

ROUND = {0, 2, 3}                                                      # plane, sphere, capsule
UNIQUE = {(a, b) for a in ROUND for b in ROUND} | {(0, 6), (0, 5), (2, 6), (2, 5)}   # geom types, ascending, whose contacts are unique


# Larger tolerances where the two engines differ on purpose or by a known limit: (double, float, why).
CG_IN_FLOAT = "conjugate gradients in float end where rounding hides the gradient: measured 2.3e-3 of acc, 1.4e-3 of qvel"
KNOWN = {
    "own/contacts_elliptic_cg": {"solution": (ROUNDING, 5e-3, CG_IN_FLOAT), "step": (ROUNDING, 3e-3, CG_IN_FLOAT), "configured": (1e-3, 3e-3, CG_IN_FLOAT)},
}


# ---- states ----------------------------------------------------------------------------------------------------------

def scatter(m, d, random):
    """A random state near the initial one: joints within 0.3 rad or m, free bodies lifted and tilted."""
    for j in range(m.njnt):
        a, kind = m.jnt_qposadr[j], mujoco.mjtJoint(m.jnt_type[j])
        if kind == mujoco.mjtJoint.mjJNT_FREE:
            d.qpos[a + 2] += random.uniform(-0.03, 0.1)
        if kind in (mujoco.mjtJoint.mjJNT_FREE, mujoco.mjtJoint.mjJNT_BALL):
            a += 3 if kind == mujoco.mjtJoint.mjJNT_FREE else 0
            q = d.qpos[a:a + 4] + 0.15 * random.normal(size=4)
            d.qpos[a:a + 4] = q / np.linalg.norm(q)
        else:
            d.qpos[a] += random.uniform(-0.3, 0.3)
    d.qvel[:] = random.normal(size=m.nv) * 0.5
    d.act[:] = random.uniform(-0.5, 0.5, m.na)
    d.eq_active[:] = random.uniform(size=m.neq) < 0.8
    d.mocap_pos[:] += random.uniform(-0.05, 0.05, d.mocap_pos.shape)
    d.mocap_quat[:] += 0.1 * random.normal(size=d.mocap_quat.shape)
    d.mocap_quat[:] /= np.linalg.norm(d.mocap_quat, axis=1, keepdims=True)


def draw_controls(m, random, *shape):
    """Uniform over the control range, over [-1, 1] where there is none."""
    limited = m.actuator_ctrllimited.astype(bool)
    low, high = np.where(limited, m.actuator_ctrlrange[:, 0], -1), np.where(limited, m.actuator_ctrlrange[:, 1], 1)
    return random.uniform(low, high, (*shape, m.nu))


def pack(d):
    """A state as `nuri rollout` reads it."""
    return np.concatenate([d.qpos, d.qvel, d.act, d.qacc_warmstart, d.ctrl])


def pack_all(d):
    """A state as `nuri dump` reads it."""
    return np.concatenate([pack(d), d.eq_active, d.mocap_pos.ravel(), d.mocap_quat.ravel()])


def unpack(m, d, state):
    mujoco.mj_resetData(m, d)
    parts = np.split(state, np.cumsum([m.nq, m.nv, m.na, m.nv, m.nu, m.neq, 3 * m.nmocap]))
    d.qpos[:], d.qvel[:], d.act[:], d.qacc_warmstart[:], d.ctrl[:] = parts[:5]
    if len(state) > m.nq + 2 * m.nv + m.na + m.nu:
        d.eq_active[:], d.mocap_pos[:], d.mocap_quat[:] = parts[5], parts[6].reshape(-1, 3), parts[7].reshape(-1, 4)


def load(path):
    mujoco.set_mju_user_warning(lambda text: None)                      # otherwise warnings go into a file where one stands; what matters is in d.warning
    return mujoco.MjModel.from_xml_path(str(path))


def travel(m, d, random, steps, start_random):
    """Into `d` a state of MuJoCo's trajectory; False if it blew up."""
    mujoco.mj_resetData(m, d)
    if m.nkey and not start_random:
        mujoco.mj_resetDataKeyframe(m, d, 0)
    if start_random:
        scatter(m, d, random)
    for control in draw_controls(m, random, steps):
        d.ctrl[:] = control
        mujoco.mj_step(m, d)
    d.ctrl[:] = draw_controls(m, random)
    bad = (mujoco.mjtWarning.mjWARN_BADQPOS, mujoco.mjtWarning.mjWARN_BADQVEL, mujoco.mjtWarning.mjWARN_BADQACC)
    return not any(d.warning[kind].number for kind in bad)


def sample(m):
    random, d, states = np.random.default_rng(SEED), mujoco.MjData(m), []
    for journey in ((0, False), (100, False), (0, True), (5, True), (40, True), (100, True), (300, True)):
        if any(travel(m, d, random, *journey) for _ in range(10)):      # a random start may squeeze bodies until MuJoCo gives up
            states.append(pack_all(d))
    assert len(states) >= 4, "too few states: the model does not survive its own controls"
    return np.array(states)


# ---- comparisons -----------------------------------------------------------------------------------------------------

class Residuals(dict):
    """Worst residual per stage, and the array it was seen in."""

    def __init__(self):
        super().__init__()
        self.worst = {}

    def add(self, stage, name, value):
        value = float(value) if np.isfinite(value) else float("inf")
        if value >= self.get(stage, -1.0):
            self[stage], self.worst[stage] = value, name

    def array(self, stage, name, ours, theirs, floor=1e-6):
        ours, theirs = np.asarray(ours, float), np.asarray(theirs, float)
        if ours.shape != theirs.shape:
            return self.add(stage, f"{name}: {ours.shape} instead of {theirs.shape}", np.inf)
        if theirs.size:
            self.add(stage, name, np.abs(ours - theirs).max() / max(floor, np.abs(theirs).max()))


def tree_centers(m, d):
    """Centre of mass per kinematic tree."""
    return np.array([np.average(d.xipos[m.body_treeid == t], axis=0, weights=m.body_mass[m.body_treeid == t]) for t in range(m.ntree)] or np.zeros((1, 3)))


def smooth_reference(m, d):
    """What MuJoCo has for Nuri's arrays, by stage and by Nuri's names. Nuri takes spatial tendons that only are there to be seen, and has no arrays for them."""
    fixed = [t for t in range(m.ntendon) if m.wrap_type[m.tendon_adr[t]] == mujoco.mjtWrap.mjWRAP_JOINT]
    return {
        "kinematics": {"xpos": d.xpos, "xquat": d.xquat, "xipos": d.xipos, "anchor": d.xanchor, "axis": d.xaxis, "com": tree_centers(m, d)},
        "bias": {"bias": d.qfrc_bias},
        "passive": {"passive": d.qfrc_passive},
        "actuators": {"tendon_length": d.ten_length[fixed], "tendon_velocity": d.ten_velocity[fixed], "actuator_length": d.actuator_length,
                      "actuator_velocity": d.actuator_velocity, "actuator_force": d.actuator_force, "act_dot": d.act_dot,
                      "actuation": d.qfrc_actuator, "smooth": d.qfrc_smooth},
        "acc_smooth": {"acc_smooth": d.qacc_smooth},
    }


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
        elif kind != mujoco.mjtGeom.mjGEOM_SPHERE:
            out.array("kinematics", "geom_xmat", turned[2::3], d.geom_xmat[g][2::3])


def active_contacts(d):
    return [c for c in range(d.ncon) if d.contact.efc_address[c] >= 0]


def pair_of(m, geom1, geom2):
    return tuple(sorted((int(geom1), int(geom2)))), tuple(sorted((int(m.geom_type[geom1]), int(m.geom_type[geom2]))))


def compare_contacts(m, d, records, out):
    """Contacts of one state. Returns {MuJoCo contact: record} if all have a partner, otherwise None.

    A contact that only one engine has counts with its distance to the threshold where it starts to act."""
    theirs, ours = {}, {}
    for c in active_contacts(d):
        theirs.setdefault(pair_of(m, *d.contact.geom[c]), []).append(c)
    for i, record in enumerate(records):
        ours.setdefault(pair_of(m, record["geom1"], record["geom2"]), []).append(i)
    partners, whole = {}, True
    for key in theirs.keys() | ours.keys():
        mine, other = ours.get(key, []), theirs.get(key, [])
        stage = "contacts" if key[1] in UNIQUE else "convex"
        if stage == "contacts" and len(mine) == len(other):
            for c in other:
                i = min(mine, key=lambda k: np.linalg.norm(np.subtract(records[k]["pos"], d.contact.pos[c])))
                mine.remove(i)
                partners[c] = i
                compare_contact(d, c, records[i], "contacts", out)
            continue
        whole = False
        if stage == "contacts" or not mine or not other:
            depths = [abs(d.contact.dist[c] - d.contact.includemargin[c]) for c in other] + [abs(records[k]["dist"]) for k in mine if not other]
            out.add(stage, f"{len(mine)} instead of {len(other)} between geoms {key[0]}", max(depths))
        else:                                                          # which points stand for a face is a matter of choice; the deepest counts
            c, i = min(other, key=lambda k: d.contact.dist[k]), min(mine, key=lambda k: records[k]["dist"])
            out.add("convex", "dist", abs(records[i]["dist"] - d.contact.dist[c]))
            out.add("convex", "normal", np.abs(np.subtract(direction(d, c, records[i]), d.contact.frame[c][:3])).max())
    return partners if whole else None


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
            beyond = [abs(d.efc_pos[i] - d.efc_margin[i]) for i in other] or [np.inf]
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


def compare_step(m, state, dump, i, stage, out):
    d = mujoco.MjData(m)
    unpack(m, d, state)
    mujoco.mj_step(m, d)
    for field, theirs in (("qpos", d.qpos), ("qvel", d.qvel), ("act", d.act)):
        out.array(stage, field, dump.arrays[f"next_{field}"][i], theirs, 1)


def compare(name, precision, folder):
    """Residuals of one model. Rows, accelerations and sensors are compared on MuJoCo's contacts, injected; steps where both found the same."""
    out = Residuals()
    plain, exact = models.write(name, folder), models.write(name, folder, **CONVERGED)
    m, converged = load(plain), load(exact)
    states = sample(m)
    if precision == "float":
        states = states.astype(np.float32).astype(float)
    references, records = [], []
    for state in states:
        d = mujoco.MjData(converged)
        unpack(converged, d, state)
        mujoco.mj_forward(converged, d)
        references.append(d)
        records.append(injected(converged, d))
    # double: both at the solution; float: as the model says, because its rounding ends the search long before
    scene = exact if precision == "double" else plain
    free, given = program.Dump(scene, states, precision), program.Dump(scene, states, precision, records)
    configured = program.Dump(plain, states, precision) if scene != plain else free
    for i, d in enumerate(references):
        for stage, arrays in smooth_reference(m, d).items():
            for field, theirs in arrays.items():
                out.array(stage, field, free.arrays[field][i], theirs.ravel(), np.abs(d.xipos).max() if field == "com" else 1e-6)
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


# ---- the table -------------------------------------------------------------------------------------------------------

def tolerance_scale():
    return float(os.environ.get("NURI_TOLERANCE_SCALE", "1"))


def tolerance(name, stage, precision):
    return KNOWN.get(name, {}).get(stage, TOLERANCE[stage])[precision == "float"] * tolerance_scale()


def failures(name, residuals, precision):
    return [f"{precision} {stage}: {value:.1e} ({residuals.worst[stage]}), tolerance {tolerance(name, stage, precision):.0e}"
            for stage, value in residuals.items() if tolerance_scale() == 0 or not value <= tolerance(name, stage, precision)]


def measure(name, folder):
    """{precision: Residuals}; raises program.Refused where Nuri does not take the model."""
    return {precision: compare(name, precision, folder) for precision in ("double", "float")}


def cell(residuals, stage):
    return f"{residuals[stage]:.0e}" if stage in residuals else "-"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", metavar="MODEL", help="names or parts of names; all without")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--markdown", action="store_true", help="tables for docs/parity.md")
    asked = parser.parse_args()
    if reason := models.missing() or program.missing():
        raise SystemExit(reason)
    results, failed, refused = {}, {}, {}
    with tempfile.TemporaryDirectory() as folder:
        for name in models.matching(asked.models):
            try:
                results[name] = measure(name, folder)
                failed[name] = sum((failures(name, r, p) for p, r in results[name].items()), [])
            except program.Refused as error:
                refused[name] = str(error)
    if asked.json:
        print(json.dumps({"ok": not any(failed.values()), "mujoco": mujoco.__version__, "refused": refused,
                          "models": [{"name": n, "failures": failed[n], **{p: {s: {"residual": v, "in": r.worst[s]} for s, v in r.items()} for p, r in both.items()}}
                                     for n, both in results.items()]}))
    else:
        left, middle, right = ("| ", " | ", " |") if asked.markdown else ("", " ", "")
        for precision in ("double", "float"):
            print(f"\n{precision}\n")
            widths = [32, *(max(6, len(s)) for s in TOLERANCE)]
            print(left + middle.join(w.ljust(n) for n, w in zip(widths, ["model", *TOLERANCE])) + right)
            if asked.markdown:
                print("|---" * len(widths) + "|")
            for name, both in results.items():
                print(left + middle.join(w.ljust(n) for n, w in zip(widths, [name, *(cell(both[precision], s) for s in TOLERANCE)])) + right)
            print(left + middle.join(w.ljust(n) for n, w in zip(widths, ["tolerance", *(f"{t[precision == 'float']:.0e}" for t in TOLERANCE.values())])) + right)
        for name, reason in refused.items():
            print(f"\n{name}: not taken: {reason}")
        for name, lines in failed.items():
            for line in lines:
                print(f"FAILED {name}: {line}")
    return 1 if any(failed.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
