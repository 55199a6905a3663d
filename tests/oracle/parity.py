"""Compares Nuri with MuJoCo, model by model: compiled fields, every stage of a step, and a second of Halton controls in float.

    python tests/oracle/parity.py [MODEL...]     names or parts of names, `urdf/` among them; without, all but the URDF files
        --all                                    the URDF files too
        --json                                   one JSON object
        --write                                  everything, into the tables of docs/parity.md

States come from MuJoCo's own trajectory: the start, after a few and after 100 and more steps of random controls, and random
ones; they are injected into both engines. A residual is the worst |nuri - mujoco| over states and items, divided by the
largest |mujoco| of that array. NURI_TOLERANCE_SCALE multiplies all tolerances; 0 prints the residuals and fails.
"""
import argparse
import concurrent.futures
import dataclasses
import importlib.metadata
import json
import os
import sys
import tempfile

import composed
import fetch_data
import fields
import halton
import models
import program
import urdf_models
from residuals import Residuals                                    # noqa: F401  what tests and closed forms take from here
from stages import CONVERGED, active_contacts, compare, full_mass_matrix, mass_matrix, pair   # noqa: F401
from states import SEED, TooFewStates, draw_controls, load, pack, sample, unpack              # noqa: F401

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
    "configured": (1e-3, 1e-3),        # both stop at the model's own tolerance; but for heaps Nuri for the whole environment, MuJoCo island by island
    "sensors": (ROUNDING, 3e-3),
}

# Files of packages with meshes. MuJoCo keeps the corners of meshes in float, and with them masses and moments that come from meshes.
OF_MESHES = 1e-6

# Larger tolerances where the two engines differ on purpose or by a known limit: (double, float, why).
CG_IN_FLOAT = "conjugate gradients in float end where rounding hides the gradient: measured 2.3e-3 of acc, 1.4e-3 of qvel"
AT_REST = "its shapes touch the floor at distance 0 and no joint can lift them: in every stage of RK4 rounding decides whether there is a contact"
FIELD = "a foot 0.1 m deep in a flat height field: MuJoCo's deepest contact is with the inner wall of one prism, Nuri's with the surface"
BONES = "the axes of bones that are nearly round follow from moments that MuJoCo has of corners in float: measured 2.9e-6 of geom_xmat"
TIP = "elliptic PGS leaves a contact without force if its normal row alone wants none, in both engines: its sweeps have more than one end, and rounding decides which, measured 0.4"
LIGHT = "light shapes in a thick medium: one rounding of the state moves acc_smooth by 1.2e-4 of its largest in MuJoCo itself, measured 8.3e-3"
FEET = "two balls of 20 mm inside each other, centres 16 mm apart, 2 m from the origin: one rounding of a place turns their normal by 1.5e-5, measured 2.1e-5"
FACES = "triangles within 1e-6 of a hull's size of one plane are one face with one normal, as clouds of corners in float need it: measured 3.2e-5 rad, 2.8e-6 m"
PARALLEL = "capsules within 3e-3 rad of parallel touch at both ends in float, where rounding places their nearest points: two arms are 1.4e-3 rad from parallel"
SQUEEZED = "four ants start inside each other: of 523 contacts, whose forces cancel to a thousandth in a torso; measured 8.7e-3 of its accelerometer"
PIERCED = "a capsule whose axis lies inside a box: contacts of 7 mm in MuJoCo and 15.7 mm in Nuri (hammer), 1.6 mm and 19 mm (drawer); either direction needs more"
MOMENTS = "a body of 0.75 kg with moments of 1e5 kg m^2: of w x Iw, which is 0, rounding leaves 1e-2 N m; measured 3.8e-4 of the arm's 38 N m"
BALANCED = "a vertical hinge, whose bias is 0 (4e-19 N m): rounding leaves 2.7e-10 N m beside the divisor of 1e-6"
WEDGED = "63 contacts wedge it in: of 4.5e4 N in all 0.1 N are left; measured 2.0e-2 N"
FOLDED = "its arm lies in its torso: of 1.6e6 N in all 5 N are left; measured 5.8e-2 N, 1.1e-2 of them"
OF_MOMENTS = ("peg_insertion_side", "pick_out_of_hole", "push_back_v3", "shelf_placing", "table_with_hole")
KNOWN = {
    "gymnasium_robotics/assets/adroit_hand/adroit_hammer": {"convex": (2e-2, 2e-2, PIERCED)},
    "metaworld/sawyer_xyz/sawyer_drawer": {"convex": (3e-2, 3e-2, PIERCED)},
    "metaworld/objects/doorlockB": {"bias": (OF_MESHES, 1e-3, BALANCED)},
    "robosuite/robots/tiago/robot": {"solution": (OF_MESHES, 3e-2, FOLDED)},
    "robosuite/objects/door": {"bias": (OF_MESHES, 1e-3, BALANCED)},
    "metaworld/objects/window": {"solution": (OF_MESHES, 6e-2, WEDGED)},
    **{f"metaworld/sawyer_xyz/sawyer_{name}": {"bias": (OF_MESHES, 2e-3, MOMENTS)} for name in OF_MOMENTS},
    "locomotion/rodent_escape_bowl": {"convex": (2.0, 2.0, FIELD)},
    "locomotion/soccer_ant": {"sensors": (1e-6, 3e-2, SQUEEZED)},
    "locomotion/soccer_boxhead": {"contacts": (1e-6, 0.3, PARALLEL)},
    **{f"manipulation/{name}": {"convex": (1e-5, 1e-5, FACES)} for name in composed.MANIPULATION},
    "urdf/quadruped/spirit40": {"contacts": (1e-6, 5e-5, FEET)},
    "own/noslip_cg": {"solution": (ROUNDING, 5e-3, CG_IN_FLOAT)},
    "own/noslip_pgs": {"solution": (ROUNDING, 1.0, TIP), "step": (ROUNDING, 0.5, TIP), "configured": (1e-3, 1.0, TIP)},
    "own/fluid_viscous": {"acc_smooth": (ROUNDING, 3e-2, LIGHT), "solution": (ROUNDING, 1e-2, LIGHT)},
    "dm_control/dog": {"kinematics": (1e-5, 1e-5, BONES)},
    "gymnasium_robotics/mujoco/assets/point": {"step": (1e-2, 1.0, AT_REST), "configured": (1e-2, 1.0, AT_REST)},
    "gymnasium/point": {"step": (1e-2, 1.0, AT_REST), "configured": (1e-2, 1.0, AT_REST)},
    "dm_control/quadruped": {"convex": (2.0, 2.0, FIELD)},
    "own/contacts_elliptic_cg": {"solution": (ROUNDING, 5e-3, CG_IN_FLOAT), "step": (ROUNDING, 3e-3, CG_IN_FLOAT), "configured": (1e-3, 3e-3, CG_IN_FLOAT)},
}
MESH_STAGES = {stage: (max(double, OF_MESHES), single) for stage, (double, single) in TOLERANCE.items()}
MESH_STAGES["actuators"] = (OF_MESHES, 3e-4)                     # smooth: weight, torque and spin cancel

# What compilers make of a model. Of meshes MuJoCo keeps the corners in float, and with them what is computed from these.
FIELD_TOLERANCE = ROUNDING
MESH_TOLERANCE = 1e-6


@dataclasses.dataclass
class Result:
    """Of one model: residuals of fields, {precision: residuals of stages}, what the second of Halton controls gave; or who refuses it and why."""
    name: str
    fields: Residuals = None
    stages: dict = dataclasses.field(default_factory=dict)
    halton: dict = dataclasses.field(default_factory=dict)
    sizes: dict = dataclasses.field(default_factory=dict)
    refused: str = ""
    by_mujoco: bool = False
    incomparable: str = ""


def tolerance_scale():
    return float(os.environ.get("NURI_TOLERANCE_SCALE", "1"))


def has_meshes(name):
    return name == "dm_control/dog" or not name.startswith(("gymnasium/", "dm_control/", "own/", "large/"))


def tolerance(name, stage, precision):
    known = KNOWN.get(name, {}).get(stage) or (MESH_STAGES.get(stage) if has_meshes(name) else None)
    return (known or TOLERANCE[stage])[precision == "float"] * tolerance_scale()


def exceeds(value, bound):
    return tolerance_scale() == 0 or not value <= bound


def failures(name, residuals, precision, excused=()):
    return [f"{precision} {stage}: {value:.1e} ({residuals.worst[stage]}), tolerance {tolerance(name, stage, precision):.0e}"
            for stage, value in residuals.items() if stage not in excused and exceeds(value, tolerance(name, stage, precision))]


def field_failures(name, residuals):
    bound = (MESH_TOLERANCE if has_meshes(name) else FIELD_TOLERANCE) * tolerance_scale()
    return [f"fields, {group}: {value:.1e} ({residuals.worst[group]}), tolerance {bound:.0e}" for group, value in residuals.items() if exceeds(value, bound)]


def halton_failures(got):
    """Nothing faults that MuJoCo simulates: motors of 300 N m on links of 0.1 kg are too much for both."""
    bad = got["faults"] and not got.get("mujoco_faults", 0)
    return [f"Halton controls: {got['faults']} of {got['environments']} environments faulted"] if bad else []


def measure(name, folder):
    """{precision: Residuals}; raises program.Refused where Nuri does not take the model."""
    return {precision: compare(name, precision, folder) for precision in ("double", "float")}


def measure_all(name, stages=True, checked=lambda name, m: True):
    """A Result; what is refused is no failure of this function, and neither is a model that `checked` does not take for that of the file."""
    out = Result(name)
    with tempfile.TemporaryDirectory() as folder:
        try:
            ours = fields.compiled(urdf_models.write(name, folder) if name.startswith("urdf/") else models.write(name, folder))
            out.by_mujoco = True
            scene, m = pair(name, folder)
            out.by_mujoco = False
        except (program.Refused, ValueError) as error:
            out.refused = " ".join(str(error).split())
            return out
        if not checked(name, m):
            out.refused = "the text that is compared is not the model of the file"
            return out
        out.sizes = {"bodies": m.nbody, "dofs": m.nv, "geoms": m.ngeom}
        out.fields = fields.compare(ours, m)
        out.halton = halton.roll(scene, m, folder)
        try:
            out.stages = measure(name, folder) if stages else {}
        except TooFewStates as error:
            out.incomparable = str(error)
    return out


def result_failures(result):
    if result.refused:
        return []
    return field_failures(result.name, result.fields) + sum((failures(result.name, r, p) for p, r in result.stages.items()), []) + halton_failures(result.halton)


def cell(residuals, stage):
    return f"{residuals[stage]:.0e}" if stage in residuals else "-"


def print_stages(results):
    for precision in ("double", "float"):
        print(f"\n{precision}\n")
        widths = [32, *(max(6, len(s)) for s in TOLERANCE)]
        print(" ".join(w.ljust(n) for n, w in zip(widths, ["model", *TOLERANCE])))
        for r in results:
            if r.stages:
                print(" ".join(w.ljust(n) for n, w in zip(widths, [r.name, *(cell(r.stages[precision], s) for s in TOLERANCE)])))
        print(" ".join(w.ljust(n) for n, w in zip(widths, ["tolerance", *(f"{t[precision == 'float']:.0e}" for t in TOLERANCE.values())])))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", metavar="MODEL", help="names or parts of names; all of the suites and our own without")
    parser.add_argument("--all", action="store_true", help="URDF files too")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--write", action="store_true", help="everything, into docs/parity.md")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="N", help="models at a time (as many as there are processors)")
    asked = parser.parse_args()
    if reason := models.missing() or program.missing():
        raise SystemExit(reason)
    if (asked.all or asked.write) and (reason := fetch_data.fetch()):
        raise SystemExit(reason)
    names = models.matching(asked.models, models.NAMES + urdf_models.names()) if asked.models else list(models.SUITES + models.OWN_NAMES + (urdf_models.names() if asked.all or asked.write else ()))
    with concurrent.futures.ProcessPoolExecutor(asked.jobs) as pool:
        results = list(pool.map(measure_all, names))
    failed = {r.name: result_failures(r) for r in results}
    if asked.json:
        print(json.dumps({"ok": not any(failed.values()), "mujoco": importlib.metadata.version("mujoco"), "models": [{
            "name": r.name, "failures": failed[r.name], "refused": r.refused, "incomparable": r.incomparable, "fields": r.fields, "halton": r.halton,
            **{p: {s: {"residual": v, "in": residuals.worst[s]} for s, v in residuals.items()} for p, residuals in r.stages.items()}} for r in results]}))
    else:
        print_stages(results)
        for r in results:
            if r.refused or r.incomparable:
                print(f"{r.name}: {'MuJoCo: ' if r.by_mujoco else ''}{r.refused or r.incomparable}")
        for name, lines in failed.items():
            for line in lines:
                print(f"FAILED {name}: {line}")
    if asked.write:
        import parity_document                                     # it needs the tolerances of this file
        parity_document.write(results)
    return 1 if any(failed.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
