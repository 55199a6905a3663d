"""MuJoCo's own schema of MJCF, and the keywords its documentation gives, as questions to the reader of Nuri.

    python tests/oracle/schema.py          what the reader does not know, or refuses, and why

The schema is printed by MuJoCo itself (mj_printSchema), so an element or attribute that a new version adds is found by running this. Every
element is written into a document with all its attributes, each with a value that cannot be right; whoever reads an attribute complains of the
value, and who does not know it says so. Keywords are written one by one. What is left out on purpose stands in EXPECTED, with its reason.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import program

# What MuJoCo's schema does not print, because elements are copied or included before it is asked: they are known all the same.
BESIDE = ("frame", "replicate", "include")

PLUGIN = "plugins are programs of MuJoCo's: they cannot be loaded"
SOFT = "soft bodies"
IMAGE_LIGHT = "image-based lighting is for MuJoCo's renderer"
CALLBACK = "callbacks are programs of MuJoCo's users"
MESH_SITE = "not built: sites of a mesh's shape"
SKIN = "skins are only drawn: they are put aside unread"

# path, or path and attribute, or path, attribute and keyword: why it is refused ("not supported yet"). A path covers all below it.
EXPECTED = {
    "extension": PLUGIN,
    "*/plugin": PLUGIN,
    "worldbody/flexcomp": SOFT,
    "deformable/flex": SOFT,
    "equality/flex": SOFT,
    "equality/flexstrain": SOFT,
    "worldbody/geom type sdf": PLUGIN,
    "actuator/general dyntype user": CALLBACK,
    "actuator/general gaintype user": CALLBACK,
    "actuator/general biastype user": CALLBACK,
    "compiler coordinate global": "MuJoCo knows the word, and refuses it too",
    "option integrator discrete": "not built: its solve in the effective metric of a step",
    "option/flag speculative": "not built: contacts before they are made",
    "default/site mesh": MESH_SITE,
    "worldbody/site mesh": MESH_SITE,
    "worldbody/light type image": IMAGE_LIGHT,
    "asset/skin": SKIN,
    "deformable/skin": SKIN,
    "sensor/tactile": "not built: taxels need the distance field of what they touch",
}


def printed_schema():
    """[(path, attributes)] of every element, the root's path is ''."""
    import mujoco

    rows, stack = [], []
    for line in mujoco.mj_printSchema(False, False).splitlines():
        words, depth = line.split(), (len(line) - len(line.lstrip())) // 3
        if len(words) > 1 and re.fullmatch(r"\([!?*R]\)", words[1]):
            name = "worldbody" if words[0] == "(world)body" else words[0]
            stack = stack[:depth] + [name]
            rows.append(("/".join(stack[1:]), words[2:]))
        elif words:
            rows[-1][1].extend(words)
    return rows


def documented_keywords():
    """{(documentation's name of an element, attribute): keywords}, from `:at:`name`: :at-val:`[a, b], ...`` under its label."""
    import mujoco

    text = (pathlib.Path(mujoco.__file__).parent / "doc" / "XMLreference.rst").read_text()
    found = {}
    for label, words in re.findall(r"\.\. _([\w-]+):\n\n:at:`\w+`(?:, :at:`\w+`)*: :at-val:`\[([^\]]+)\]", text):
        element, _, attribute = label.rpartition("-")
        found[element, attribute] = [word.strip() for word in words.split(",")]
    return found


def documented_as(path):
    """The name of an element in the labels of MuJoCo's documentation."""
    parts = path.split("/")
    if parts[0] == "worldbody":
        parts = ["body", *parts[1:]]
    return "-".join(parts)


SENTINEL = "no_such_attribute"


def document(path, attributes):
    """A document with one such element; attributes: {name: value}."""
    parts = path.split("/")
    if parts[0] == "worldbody":
        parts = ["worldbody", "body", *parts[1:]]
    inside = [name for name in parts[:-1]] if path else []
    written = "".join(f' {name}="{value}"' for name, value in attributes.items())
    if not path:
        return f"<mujoco{written}/>"
    if parts == ["worldbody"]:
        parts = ["worldbody", "body"]
    inside, last = parts[:-1], parts[-1]
    opening = "".join(f'<{name} name="holder{i}">' if name in ("body",) else f"<{name}>" for i, name in enumerate(inside))
    return f"<mujoco>{opening}<{last}{written}/>{''.join(f'</{name}>' for name in reversed(inside))}</mujoco>"


class Asker:
    """Asks the program what it says of documents."""

    def __init__(self, folder):
        self.file = pathlib.Path(folder) / "asked.xml"

    def findings(self, path, attributes):
        self.file.write_text(document(path, attributes))
        done = subprocess.run([str(program.path()), "inspect", "--json", str(self.file)], capture_output=True, text=True)
        if done.returncode not in (0, 2):
            raise RuntimeError(f"{path} {attributes}: status {done.returncode}: {done.stderr}")
        return json.loads(done.stdout).get("errors", [])


def refused_element(path, findings):
    """The code with which the element itself is turned away, or an element around it."""
    names = set(path.split("/"))
    for finding in findings:
        if finding["code"] in ("not-supported-yet", "unknown-element") and any(f"<{name}>" in finding["message"] for name in names) and "attribute" not in finding["message"]:
            return finding["code"]
    return None


def walk(asker, path, attributes, keywords):
    """{(path,) or (path, attribute) or (path, attribute, value): code} of all that is not taken."""
    out = {}
    code = refused_element(path, asker.findings(path, {}))
    if code:
        return {(path,): code}
    for begin in range(0, max(1, len(attributes)), 8):
        some = attributes[begin:begin + 8]
        found = asker.findings(path, {**{name: "?" for name in some}, SENTINEL: "?"})
        unknown = [name for name in (*some, SENTINEL) for f in found if f["code"] == "unknown-attribute" and f"'{name}'" in f["message"]]
        if SENTINEL not in unknown:
            out[path, "*"] = "attributes are not checked"
        out.update({(path, name): "unknown-attribute" for name in unknown if name != SENTINEL})
    for name in attributes:
        if (path, name) in out:
            continue
        for value in keywords.get((documented_as(path), name), ("1", "1 2 3")):
            for f in asker.findings(path, {name: value}):
                if f["code"] == "not-supported-yet" or (f["code"] == "bad-keyword" and f"'{name}'" in f["message"] and (documented_as(path), name) in keywords):
                    out[path, name, value] = f["code"]
    return out


def covers(name, key):
    """Whether an exception of this name is about what `walk` found."""
    where, *rest = name.split(" ")
    path = key[0]
    if where.startswith("*/"):
        here = where[2:] in path.split("/") if not rest else path.split("/")[-1] == where[2:]
    else:
        here = path == where or (not rest and path.startswith(where + "/"))
    return here and list(key[1:1 + len(rest)]) == rest


def expected(key):
    """Why this is not taken, or None."""
    return next((reason for name, reason in EXPECTED.items() if covers(name, key)), None)


def main():
    keywords, missing = documented_keywords(), 0
    with tempfile.TemporaryDirectory() as folder:
        asker = Asker(folder)
        for path, attributes in printed_schema():
            for key, code in walk(asker, path, attributes, keywords).items():
                reason = expected(key)
                missing += reason is None
                print(f"{'ok     ' if reason else 'MISSING'} {' '.join(key):60} {code}{'  ' + reason if reason else ''}", flush=True)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
