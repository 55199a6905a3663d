"""Runs the program `nuri` and reads what it dumps."""
import json
import os
import pathlib
import subprocess
import tempfile

import numpy as np
import suites

ROOT = pathlib.Path(__file__).resolve().parents[2]


LONGEST = 900                                      # s, on a busy machine: what takes longer hangs
READS_SCENES = ("compile", "dump", "inspect", "rollout", "run")


class Refused(Exception):
    """The program does not take this model; the text is its own, `output` what it wrote."""

    def __init__(self, text, output=""):
        super().__init__(text)
        self.output = output


def path():
    return pathlib.Path(os.environ.get("NURI_PROGRAM", ROOT / "build/release/nuri"))


def missing():
    return "" if path().is_file() else "the program nuri is not built (NURI_PROGRAM names it)"


def run(*arguments):
    """Standard output of `nuri ARGUMENTS`. What reads a scene may read the packages that models come from."""
    roots = [word for root in suites.roots() for word in ("--root", root)] if arguments[0] in READS_SCENES else []
    done = subprocess.run([str(path()), *map(str, [*arguments, *roots])], capture_output=True, text=True, timeout=LONGEST)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if "error" in line] or [done.stderr.strip() or f"status {done.returncode}"]
        raise Refused(lines[0].split("error: ")[-1], done.stdout)
    return done.stdout


NO_ROOM = 4                                        # fault_no_room of physics/bucket.h


class Dump:
    """All stages of a model at given states: arrays [state][..], lists of contacts and of rows per state."""

    def __init__(self, scene, states, precision, contacts=None):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            np.save(folder / "states.npy", np.ascontiguousarray(states, dtype="<f8"))
            more = []
            if contacts is not None:
                (folder / "contacts.jsonl").write_text("".join(json.dumps(list_) + "\n" for list_ in contacts))
                more = ["--contacts", folder / "contacts.jsonl"]
            run("dump", scene, "--states", folder / "states.npy", "--precision", precision, "--stages", "--out", folder / "out", *more)
            out = folder / "out"
            self.arrays = {file.stem: np.load(file) for file in out.glob("*.npy")}
            self.model = json.loads((out / "model.json").read_text())
            self.cramped = self.arrays["fault"].ravel().astype(int) & NO_ROOM > 0
            self.contacts, self.rows = ([json.loads(line) for line in (out / name).read_text().splitlines()] for name in ("contacts.jsonl", "rows.jsonl"))
