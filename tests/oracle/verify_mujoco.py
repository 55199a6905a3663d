"""MuJoCo's figures for `nuri verify`: plays the scenes that the program writes, lets the program measure what was played, and writes
tools/verify/mujoco_figures.inl, which the program includes. Neither a scene nor a measure is written twice, and no figure by hand.

    python tests/oracle/verify_mujoco.py                     all cases, some minutes, and writes
    python tests/oracle/verify_mujoco.py --only ID,.. --check   compares with what is written, writes nothing

Recipes and trajectories: tools/verify/played.h. NURI_PROGRAM names the program.
"""
import argparse
import concurrent.futures
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

import mujoco
import numpy as np
import program

FIGURES = program.ROOT / "tools/verify/mujoco_figures.inl"
NEAR, FLOOR = 1e-6, 1e-12   # of figures measured anew: the same MuJoCo on another machine


def play(scene):
    """Plays one recipe and writes its trajectory; MuJoCo's warnings, in words."""
    mujoco.set_mju_user_warning(lambda text: None)
    recipe = json.loads(scene.with_suffix(".json").read_text())
    m = mujoco.MjModel.from_xml_string(scene.read_text())
    d = mujoco.MjData(m)
    for _ in range(recipe["settle"]):
        mujoco.mj_step(m, d)
    if recipe["settle"]:
        d.qvel[:] = 0
    changes = recipe["changes"]
    with scene.with_suffix(".bin").open("wb") as out:
        np.array([m.nq, m.nv, m.nsensordata], dtype="<f8").tofile(out)
        for step in range(recipe["steps"] + 1):
            while changes and changes[0][0] <= step:
                _, field, item, value = changes.pop(0)
                getattr(d, field).reshape(-1)[item] = value
            if step % recipe["every"] == 0:
                np.concatenate([d.qpos, d.qvel, d.sensordata]).astype("<f8").tofile(out)
            if step < recipe["steps"]:
                mujoco.mj_step(m, d)
    return ", ".join(f"{mujoco.mjtWarning(k).name} {w.number}" for k, w in enumerate(d.warning) if w.number)


def measure(only=()):
    """The figures: id of a row -> value."""
    chosen = ["--only", ",".join(only)] if only else []
    with tempfile.TemporaryDirectory() as folder:
        program.run("verify", "--all", *chosen, "--scenes", folder)
        scenes = sorted(pathlib.Path(folder).glob("*/*.xml"))
        with concurrent.futures.ProcessPoolExecutor(os.cpu_count()) as pool:
            for scene, warnings in zip(scenes, pool.map(play, scenes)):
                if warnings:
                    print(f"{scene.parent.name}/{scene.stem}: {warnings}", file=sys.stderr)
        command = [str(program.path()), "verify", "--all", *chosen, "--from", folder, "--json"]
        measured = subprocess.run(command, capture_output=True, text=True)
        if measured.returncode > 1:   # 1: some of MuJoCo's own values lie beyond a bound
            raise program.Refused(measured.stderr)
        rows = json.loads(measured.stdout)["rows"]
    return {row["id"]: row["value"] for row in rows if row["value"] is not None}


def written():
    """Version and figures that the program includes."""
    version, figures = "", {}
    for line in FIGURES.read_text().splitlines():
        if line.startswith("NURI_MUJOCO("):
            version = json.loads(line[len("NURI_MUJOCO("):-1])
        elif line.startswith("NURI_FIGURE("):
            name, value = line[len("NURI_FIGURE("):-1].split(", ")
            figures[json.loads(name)] = float(value)
    return version, figures


def differing(figures):
    """Rows whose written figure is not near the one given, in words."""
    old = written()[1]
    return [f"{name}: {value:.9g}, written {old.get(name, math.nan):.9g}" for name, value in figures.items()
            if not abs(value - old.get(name, math.nan)) <= NEAR * max(abs(value), abs(old.get(name, math.nan))) + FLOOR]


def write(figures):
    lines = ["// MuJoCo's figures for `nuri verify`: its release from PyPI on x86-64, in double, the same scenes and recipes, one thread.",
             "// Written by tests/oracle/verify_mujoco.py.", f'NURI_MUJOCO("MuJoCo {mujoco.__version__}")']
    lines += [f'NURI_FIGURE("{name}", {value!r})' for name, value in figures.items()]
    FIGURES.write_text("\n".join(lines) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    if reason := program.missing():
        raise SystemExit(reason)
    if options.only and not options.check:
        raise SystemExit("some figures alone are not written: add --check")
    figures = measure(options.only.split(",") if options.only else ())
    if not options.check:
        write(figures)
        return 0
    far = differing(figures)
    print("\n".join(far) or f"{len(figures)} figures are as written")
    return 1 if far else 0


if __name__ == "__main__":
    sys.exit(main())
