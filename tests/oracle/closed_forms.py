"""Prints what needs a look into stages, and so is not in `nuri verify`: Nuri's values in double and float beside MuJoCo's on the same scenes.

    python tests/oracle/closed_forms.py [--markdown] [--only ID] [PROGRAM]

A row is a recipe and a measure, both written once: an Engine plays the recipe, the measure sees a trajectory or contacts and does not
know whose. Nuri's trajectories come from the case "a trajectory played" of PROGRAM, the test program test_physics
(build/release/test_physics and build/release/tests/test_physics are tried), its stages from `nuri dump` (NURI_PROGRAM). --only takes the
start of an id. Fails if Nuri in double is not near MuJoCo in a row that says it must be: those of motion that amplifies no rounding.
"""
import argparse
import concurrent.futures
import os
import pathlib
import sys
import time

import closed_forms_engines as engines
import closed_forms_rows
import models
import program

NEAR, FLOOR = 1e-4, 1e-9   # of the larger of both; and absolute, where both are rounding


def test_program(given):
    for path in [given] if given else [program.ROOT / "build/release/test_physics", program.ROOT / "build/release/tests/test_physics"]:
        if pathlib.Path(path).is_file():
            return str(pathlib.Path(path).resolve())
    sys.exit("closed_forms.py: test_physics is not built; name it as an argument")


def table(groups, line, all_engines, far):
    """Prints the groups' rows as they come; what is not near goes into `far`."""
    with concurrent.futures.ThreadPoolExecutor(max(2, min(3, os.cpu_count() or 1))) as pool:
        for group in groups:
            for engine in all_engines:
                engine.row = f"{group.id} {group.rows[0][0]}:"
            values = list(pool.map(group.measure, all_engines))        # [engine][row]
            for k, (what, exact) in enumerate(group.rows):
                theirs, double, single = (v[k] for v in values)
                print(line.format(group.id, what, *(x if isinstance(x, str) else f"{x:.5g}" for x in (exact, theirs, double, single))), flush=True)
                if group.near and not abs(double - theirs) <= NEAR * max(abs(double), abs(theirs)) + FLOOR:
                    far.append(f"{group.id} {what}: {double:.9g}, MuJoCo {theirs:.9g}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", nargs="?")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    if reason := models.missing() or program.missing():
        raise SystemExit(reason)
    player, far, start = test_program(options.program), [], time.monotonic()
    all_engines = [engines.Mujoco(), engines.Nuri("double", player), engines.Nuri("float", player)]
    line = "| {} | {} | {} | {} | {} | {} |" if options.markdown else "{:6} {:60} {:>30} {:>12} {:>12} {:>12}"
    print(line.format("id", "quantity", "closed form", "MuJoCo", "Nuri double", "Nuri float"))
    if options.markdown:
        print("|---|---|---|---|---|---|")
    table((g for g in closed_forms_rows.groups() if g.id.startswith(options.only)), line, all_engines, far)
    print()
    for engine in all_engines:
        for note in engine.notes:
            print(f"{engine.name}: {note}")
    print(f"{time.monotonic() - start:.0f} s")
    for row in far:
        print("not near:", row, file=sys.stderr)
    return 1 if far else 0


if __name__ == "__main__":
    sys.exit(main())
