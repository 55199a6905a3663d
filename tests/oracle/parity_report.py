"""The parity report: of every model of the packages that people simulate with, does Nuri load it, are the compiled fields MuJoCo's, do
the stages of a step agree, does it run for a second.

    python tests/oracle/parity_report.py [SUITE...]      all suites that are there; fetch_data.py --all and composed.py bring them
        --only PART,..                                   models whose names hold one of these
        --every N                                        every so many-th model of a suite
        --out FILE                                       a line of JSON for every model as soon as it is judged; those in it are not judged again
        --write                                          into docs/parity-suites.md; of what was fetched

A model counts as equal if all four hold, of those that MuJoCo loads. Every other one is named with its reason. Tolerances and what is
compared: parity.py, fields.py, stages.py. A stage beyond its tolerance counts as equal where MuJoCo itself, from the same states moved by
one rounding, moves as far (stages.moved_by_rounding); the document lists them. Of the random objects every 50th is compared stage by
stage; they are of one kind.
"""
import argparse
import collections
import concurrent.futures
import dataclasses
import datetime
import importlib.metadata
import json
import os
import pathlib
import re
import sys
import tempfile

import fetch_data
import halton
import models
import parity
import program
import stages
import suites
import urdf_models

BEGIN, END = "<!-- report: python tests/oracle/parity_report.py --write -->", "<!-- end of report -->"
DOCUMENT = program.ROOT / "docs/parity-suites.md"
ROUNDINGS = 16                                     # a step rounds a number more than once on its way; MuJoCo's yardstick does it once
PYBULLET = ("pybullet_mjcf", "urdf", "random_urdfs")
COLUMNS = ("loads", "fields", "stages", "runs")


@dataclasses.dataclass
class Verdict:
    """Of one model: of each column True, False or None (not compared), and why not."""
    name: str
    suite: str
    mujoco: str = ""                                                   # why MuJoCo does not load it; empty if it does
    alone: str = ""                                                    # then what Nuri does with it
    incomparable: str = ""                                             # why its stages are not compared though MuJoCo loads it
    columns: dict = dataclasses.field(default_factory=dict)
    rounding: dict = dataclasses.field(default_factory=dict)           # {precision: {stage: (residual, MuJoCo's)}} beyond the tolerance, where MuJoCo moves as far
    reasons: list = dataclasses.field(default_factory=list)

    @property
    def rounded(self):
        """Some stage is equal only as far as MuJoCo is equal to itself."""
        return any(self.rounding.values())

    @property
    def equal(self):
        return bool(self.columns) and all(value is not False for value in self.columns.values())


def names(suite):
    if suite in ("dm_control", "gymnasium"):
        return [name for name in models.SUITES if name.startswith(f"{suite}/")]
    if suite in ("urdf", "random_urdfs"):
        random = "urdf/random_urdfs/"
        return [name for name in urdf_models.names(every=1) if name.startswith(random) == (suite == "random_urdfs")]
    return list(suites.files(suite))


def mujoco_refuses(name):
    """Why MuJoCo does not read the file, in words; empty if it does. Of a URDF file as it is and as urdf_models.py prepares it."""
    import mujoco

    if name == "dm_control/lqr":
        return ""
    mujoco.set_mju_user_warning(lambda text: None)
    urdf, why = name.startswith("urdf/"), ""
    for read in (lambda: mujoco.MjModel.from_xml_path(str(urdf_models.source(name) if urdf else models.original(name))), *([lambda: urdf_models.prepared(name).compile()] if urdf else [])):
        try:
            read()
            return ""
        except ValueError as error:
            why = " ".join(str(error).split())
    return why


def alone(name):
    """What Nuri does with a file that MuJoCo refuses: whether it loads, and runs a second from perturbed states."""
    with tempfile.TemporaryDirectory() as folder:
        scene = urdf_models.write(name, folder) if name.startswith("urdf/") else models.original(name)
        try:
            faults = halton.perturbed(scene)["faults"]
        except program.Refused as error:
            return f"refuses it too: {error}"
        return f"loads it; {faults} of 8 environments fault" if faults else "loads it and runs"


def same_sizes(name, m):
    """The text that is compared is the model of the file: its includes are found where MuJoCo finds them."""
    import mujoco

    if name.startswith("urdf/") or name == "dm_control/lqr":
        return True
    original = mujoco.MjModel.from_xml_path(str(models.original(name)))
    return all(getattr(original, size) == getattr(m, size) for size in ("nbody", "nq", "nv", "nu", "ngeom", "nsite", "nsensor", "ntendon", "neq", "nmesh", "nkey"))


def within_rounding(name, precision, residuals):
    """{stage: (residual, MuJoCo's)} of stages that miss their tolerance, where MuJoCo moves as far when its own state is moved by a rounding."""
    missed = {stage: value for stage, value in residuals.items() if parity.exceeds(value, parity.tolerance(name, stage, precision))}
    if not missed:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        moved = stages.moved_by_rounding(name, precision, folder)
    return {stage: (value, moved[stage]) for stage, value in missed.items() if value <= ROUNDINGS * moved.get(stage, 0)}


def judge(suite, name):
    out = Verdict(name, suite)
    try:
        with tempfile.TemporaryDirectory() as folder:
            loaded = urdf_models.write(name, folder) if name.startswith("urdf/") else models.write(name, folder) if name == "dm_control/lqr" else models.original(name)
            program.run("compile", loaded, "--out", f"{folder}/a.model", "--quiet")
        reason = ""
    except program.Refused as error:
        reason = " ".join(str(error).split())
    if reason or not name.startswith("urdf/"):
        out.mujoco = mujoco_refuses(name)
    try:
        result = None if reason or out.mujoco else parity.measure_all(name, stages=suite != "random_urdfs" or int(name[-3:]) % urdf_models.EVERY == 0, checked=same_sizes)
        if result and result.by_mujoco:
            out.mujoco = result.refused
        if out.mujoco:
            out.alone = alone(name)
            return out
        out.columns = {**dict.fromkeys(COLUMNS), "loads": not reason}
        if reason:
            out.reasons.append(reason)
            return out
        if result.refused:
            raise ValueError(result.refused)
        out.rounding = {precision: within_rounding(name, precision, residuals) for precision, residuals in result.stages.items()}
        staged = [line for precision, residuals in result.stages.items() for line in parity.failures(name, residuals, precision, out.rounding[precision])]
        for column, failed in (("fields", parity.field_failures(name, result.fields)), ("stages", staged), ("runs", parity.halton_failures(result.halton))):
            out.columns[column] = not failed
            out.reasons += failed
        if not result.stages:
            out.columns["stages"], out.incomparable = None, result.incomparable
    except Exception as error:                                         # MuJoCo's errors among them: a report names what it could not do
        out.reasons.append(f"not compared: {type(error).__name__}: {' '.join(str(error).split())}")
        out.columns = out.columns or {**dict.fromkeys(COLUMNS), "loads": not reason}
        out.columns["fields"] = False
    return out


def measure(asked, jobs, out=None):
    """Verdicts of [(suite, name)], in that order. `out`: a file of verdicts that are there already, and where new ones go."""
    path = pathlib.Path(out) if out else None
    there = {v.name: v for v in (Verdict(**json.loads(line)) for line in (path.read_text().splitlines() if path and path.exists() else ()))}
    left = [(suite, name) for suite, name in asked if name not in there]
    with concurrent.futures.ProcessPoolExecutor(jobs) as pool:
        for done in concurrent.futures.as_completed([pool.submit(judge, suite, name) for suite, name in left]):
            verdict = done.result()
            there[verdict.name] = verdict
            if path:
                with path.open("a") as lines:
                    lines.write(json.dumps(dataclasses.asdict(verdict)) + "\n")
                say(verdict)
    return [there[name] for _, name in asked]


def say(v):
    """A line of progress."""
    print(f"{v.name}: {'equal' if v.equal else f'MuJoCo refuses it, Nuri {v.alone}' if v.mujoco else cleaned('; '.join(v.reasons))}", file=sys.stderr, flush=True)


def row(title, own):
    taken = [v for v in own if not v.mujoco]
    counts = [f"{sum(v.columns[c] is True for v in taken)}" + (f" of {n}" if (n := sum(v.columns[c] is not None for v in taken)) != len(taken) else "") for c in COLUMNS]
    equal = [v for v in taken if v.equal]
    return [title, len(own), len(taken), *counts, len(equal), f"{100 * len(equal) / max(1, len(taken)):.1f} %", sum(v.rounded for v in equal)]


def table(verdicts):
    """Rows of counts by suite: files, those MuJoCo loads, then Nuri's columns, equal ones, their share and how many of them by rounding."""
    rows = [row(title, own) for suite, title in suites.TITLES.items() if (own := [v for v in verdicts if v.suite == suite])]
    bullet = [v for v in verdicts if v.suite in PYBULLET]
    return rows + ([row("pybullet_data, all", bullet)] if len({v.suite for v in bullet}) > 1 else []) + ([row("all", verdicts)] if len(rows) > 1 else [])


def cleaned(text):
    for root in sorted(map(str, [*suites.roots(), program.ROOT]), key=len, reverse=True):
        text = text.replace(f"{root}/", "")
    return re.sub(r"/tmp/\S*/", "", text)


def grouped(verdicts):
    """[(models, reasons)]: those that fail in the same words together."""
    groups = collections.defaultdict(list)
    for v in verdicts:
        groups[cleaned("; ".join(v.reasons) or v.mujoco)].append(v.name)
    return [(names_, reason) for reason, names_ in groups.items()]


def document(verdicts):
    import parity_document

    clean, table_ = parity_document.words, parity_document.table
    failed, refused = [v for v in verdicts if not v.mujoco and not v.equal], [v for v in verdicts if v.mujoco]
    packages = ", ".join([f"dm_control {importlib.metadata.version('dm_control')}", f"gymnasium {importlib.metadata.version('gymnasium')}"]
                         + [p.replace("==", " ") for name, (p, _, _) in fetch_data.PACKAGES.items() if fetch_data.complete(name)])
    listed = [[", ".join(n), clean(r), suites.KNOWN[n[0]][1] if n[0] in suites.KNOWN else ""] for n, r in grouped(failed)]
    moved = [[v.name, ", ".join(f"{p} {s}: {mine:.0e} ({theirs:.0e})" for p, found in v.rounding.items() for s, (mine, theirs) in found.items())] for v in verdicts if v.rounded]
    parts = [f"{datetime.date.today()}: MuJoCo {importlib.metadata.version('mujoco')}; {packages}.\n",
             table_(["suite", "models", "MuJoCo loads", *(f"Nuri {c}" if c == "loads" else c for c in COLUMNS), "all four", "share", "by rounding"], table(verdicts)),
             "\n## What is not equal, and why\n", table_(["model", "what differs", "why"], listed) if listed else "Nothing.",
             "\n## What MuJoCo does not load\n\nNot counted above.\n", table_(["model", "what MuJoCo says", "Nuri"], [[v.name, clean(cleaned(v.mujoco)), clean(cleaned(v.alone))] for v in refused]),
             *(["\n## Not compared stage by stage\n", table_(["model", "why"], [[v.name, v.incomparable] for v in verdicts if v.incomparable])] if any(v.incomparable for v in verdicts) else []),
             "\n## Equal as far as MuJoCo is equal to itself\n\nResidual, and in brackets by how much MuJoCo moves when its states are moved by one rounding.\n", table_(["model", "stages"], moved)]
    text = DOCUMENT.read_text()
    before, after = text[:text.index(BEGIN) + len(BEGIN)], text[text.index(END):]
    DOCUMENT.write_text(before + "\n\n" + "\n".join(parts) + "\n\n" + after)


def chosen(asked_suites, only="", every=1):
    found = [(suite, name) for suite in asked_suites for name in names(suite)[::every]]
    return [(suite, name) for suite, name in found if not only or any(part in name for part in only.split(","))]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=" ".join(suites.TITLES))
    parser.add_argument("--only", default="", metavar="PART,..")
    parser.add_argument("--every", type=int, default=1, metavar="N")
    parser.add_argument("--out", metavar="FILE")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="N")
    asked = parser.parse_args()
    if reason := models.missing() or program.missing():
        raise SystemExit(reason)
    if unknown := [s for s in asked.suites if s not in suites.TITLES]:
        raise SystemExit(f"unknown suite {unknown[0]}; there are {' '.join(suites.TITLES)}")
    verdicts = measure(chosen(asked.suites or suites.TITLES, asked.only, asked.every), asked.jobs, asked.out)
    for line in table(verdicts):
        print("  ".join(str(cell).ljust(n) for n, cell in zip((28, 5, 5, 12, 12, 12, 12, 5, 8, 5), line)))
    for names_, reason in grouped([v for v in verdicts if not v.equal]):
        print(f"{', '.join(names_)}: {reason}")
    if asked.write:
        document(verdicts)
    return 0 if all(v.equal or v.mujoco for v in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
