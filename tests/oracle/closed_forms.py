"""Prints Nuri's values of closed forms that are shown, not judged, beside MuJoCo's on the same scenes.

    python tests/oracle/closed_forms.py [--markdown] [PROGRAM]

PROGRAM is the test program test_physics (build/release/tests/test_physics and build/release/test_physics are tried), whose case
"closed forms shown" gives scenes, recipes and Nuri's values. Fails if Nuri in double is not near MuJoCo.
"""
import argparse
import json
import pathlib
import subprocess
import sys

import mujoco
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
NEAR = 1e-4   # of the larger of both; chaotic and unstable rows are none of these


def program(given):
    for path in [given] if given else [ROOT / "build/release/test_physics", ROOT / "build/release/tests/test_physics"]:
        if pathlib.Path(path).is_file():
            return str(path)
    sys.exit("closed_forms.py: test_physics is not built; name it as an argument")


def nuri(path):
    done = subprocess.run([path, "-ns", "-tc=closed forms shown"], capture_output=True, text=True, cwd=ROOT, check=True)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def energy(m, d):
    mujoco.mj_forward(m, d)
    return d.energy.sum()


def angular_momentum(m, d):
    """About the world's origin."""
    mujoco.mj_forward(m, d)
    mujoco.mj_subtreeVel(m, d)
    return d.subtree_angmom[0] + np.cross(d.subtree_com[0], m.body_mass.sum() * d.subtree_linvel[0])


def value(row):
    m = mujoco.MjModel.from_xml_string(row["mjcf"])
    m.opt.enableflags |= mujoco.mjtEnableBit.mjENBL_ENERGY
    d = mujoco.MjData(m)

    def step(count):
        for _ in range(count):
            mujoco.mj_step(m, d)

    step(row["settle"])
    d.qvel[:] = row["qvel"] or 0
    measure, steps = row["measure"], row["steps"]
    if measure.startswith("energy"):
        before = energy(m, d)
        step(steps)
        return energy(m, d) / before if measure == "energy ratio" else energy(m, d) - before
    if measure == "angular momentum change":
        before = angular_momentum(m, d)
        step(steps)
        return np.linalg.norm(angular_momentum(m, d) - before) / np.linalg.norm(before)
    if measure == "way":
        x = d.qpos[0]
        step(steps)
        return d.qpos[0] - x
    heights, speeds = [], []
    for _ in range(steps):
        step(1)
        heights.append(d.qpos[2] - 0.1)
        speeds.append(d.qvel[2])
    if measure == "depth":
        return -min(heights)
    fell = np.maximum.accumulate(np.array(speeds) < -1)
    rises = np.maximum.accumulate(fell & (np.array(speeds) > 0))
    return max(np.array(heights)[rises], default=0.0) if rises.any() else 0.0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", nargs="?")
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    far = []
    line = "| {} | {} | {} | {} | {} | {} |" if options.markdown else "{:4} {:44} {:>12} {:>12} {:>12} {:>12}"
    print(line.format("id", "quantity", "closed form", "MuJoCo", "Nuri double", "Nuri float"))
    if options.markdown:
        print("|---|---|---|---|---|---|")
    for row in nuri(program(options.program)):
        theirs = value(row)
        print(line.format(row["id"], row["what"], *(f"{x:.5g}" for x in (row["exact"], theirs, row["double"], row["float"]))))
        if abs(row["double"] - theirs) > NEAR * max(abs(row["double"]), abs(theirs)) + 1e-9:
            far.append(f"{row['id']} {row['what']}: {row['double']:.9g}, MuJoCo {theirs:.9g}")
    for text in far:
        print("not near:", text, file=sys.stderr)
    return 1 if far else 0


if __name__ == "__main__":
    sys.exit(main())
