"""The tables of docs/parity.md, from the results of parity.py."""
import importlib.metadata

import fetch_data
import fields
import parity
import program

DOCUMENT = program.ROOT / "docs/parity.md"
BEGIN, END = "<!-- tables: python tests/oracle/parity.py --write -->", "<!-- end of tables -->"
SMOOTH = ("kinematics", "inertia", "bias", "passive", "actuators", "acc_smooth")
SOLVED = ("contacts", "convex", "rows", "solution", "step", "configured")


def table(header, rows):
    return "\n".join([f"| {' | '.join(header)} |", "|---" * len(header) + "|", *(f"| {' | '.join(map(str, row))} |" for row in rows)])


def number(value):
    return "0" if value == 0 else f"{value:.0e}"


def of(residuals, stage):
    return number(residuals[stage]) if stage in residuals else "-"


def worst(residuals, stages):
    values = [residuals[s] for s in stages if s in residuals]
    return number(max(values)) if values else "-"


def halton(result):
    faults, theirs = result.halton["faults"], result.halton.get("mujoco_faults", 0)
    return f"{faults} of {result.halton['environments']}" + (f" (MuJoCo {theirs})" if theirs else "")


def fields_table(results):
    groups = [g for g in fields.GROUPS if any(g in r.fields for r in results)]
    return table(["model", "bodies", "dofs", "geoms", *groups, "faults"],
                 [[r.name, *r.sizes.values(), *(of(r.fields, g) for g in groups), halton(r)] for r in results])


def stages_table(results, precision):
    rows = [[r.name, *(of(r.stages[precision], s) for s in parity.TOLERANCE)] for r in results]
    return table(["model", *parity.TOLERANCE], rows + [["tolerance", *(number(t[precision == "float"]) for t in parity.TOLERANCE.values())]])


def urdf_table(results):
    def half(r, precision):
        stages = r.stages.get(precision, {})
        return [worst(stages, SMOOTH), *(of(stages, s) for s in SOLVED)]
    header = ["file", "bodies", "dofs", "geoms", "fields", *(f"{precision}: {what}" for precision in ("double", "float") for what in ("smooth", *SOLVED)), "faults"]
    return table(header, [[r.name.removeprefix("urdf/"), *r.sizes.values(), worst(r.fields, fields.GROUPS), *half(r, "double"), *half(r, "float"), halton(r)] for r in results])


def words(text):
    return text.replace(f"{fetch_data.FOLDER}/", "").replace("|", "\\|").replace("<", "&lt;")


def write(results):
    suites, files = ([r for r in results if r.name.startswith("urdf/") == urdf] for urdf in (False, True))
    read = [r for r in suites if not r.refused]
    parts = [
        f"MuJoCo {importlib.metadata.version('mujoco')}, {fetch_data.PACKAGE.replace('==', ' ')}.\n", "### Compiled fields, and a second of Halton controls\n", fields_table(read),
        "\n### Stages, double\n", stages_table(read, "double"), "\n### Stages, float\n", stages_table(read, "float"),
        "\n### URDF files of pybullet_data\n", urdf_table([r for r in files if not r.refused]),
        "\n### Not read\n", table(["model", "by", "what it says"], [[r.name, "MuJoCo" if r.by_mujoco else "Nuri", words(r.refused)] for r in results if r.refused]),
        "\n### Not compared stage by stage\n", table(["model", "why"], [[r.name, words(r.incomparable)] for r in results if r.incomparable]),
    ]
    text = DOCUMENT.read_text()
    before, after = text[:text.index(BEGIN) + len(BEGIN)], text[text.index(END):]
    DOCUMENT.write_text(before + "\n\n" + "\n".join(parts) + "\n\n" + after)
