"""docs/scene.schema.json takes what the reader takes and refuses what it refuses, as far as no names are concerned."""
import json
import re

import pytest
import yaml

import program

jsonschema = pytest.importorskip("jsonschema")
ROOT = program.ROOT
SCHEMA = json.loads((ROOT / "docs/scene.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


class Loader(yaml.SafeLoader):
    """Numbers as YAML 1.2 and the reader have them: 1e-3 is one, 12:30 and `on` are texts."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":int", ":float", ":bool", ":timestamp", ":merge"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(true|false)$"), list("tf"))
Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?[0-9]+$"), list("-+0123456789"))
Loader.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$"), list("-+.0123456789"))
Loader.add_constructor("tag:yaml.org,2002:float", lambda loader, node: float(node.value))
Loader.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(node.value))


def accepted(text):
    return VALIDATOR.is_valid(yaml.load(text, Loader))


def test_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", sorted((ROOT / "scenes").glob("*.yaml")), ids=lambda path: path.stem)
def test_scenes(path):
    errors = [f"{'/'.join(map(str, e.path))}: {e.message}" for e in VALIDATOR.iter_errors(yaml.load(path.read_text(), Loader))]
    assert not errors


def test_examples_of_the_page():
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs/scene-format.md").read_text(), re.S)
    whole = [block for block in blocks if "[..]" not in block]
    assert len(whole) >= 2
    for block in whole:
        assert accepted("models: [{file: a.xml}]\n" + block), block


def test_every_key_of_the_page_is_known():
    page = (ROOT / "docs/scene-format.md").read_text()
    top = re.search(r"```yaml\n(name:.*?)```", page, re.S).group(1)
    assert set(re.findall(r"^(\w+):", top, re.M)) == set(SCHEMA["properties"])


MODEL = "models: [{file: model.xml}]\n"
GOOD = [
    MODEL,
    "variants: [{model: model.xml}]\n",
    MODEL.replace("model.xml", "model.xml, name: a") + "variants: [{model: model.xml, share: 0.5, position: [0, 0, 1]}, {model: model.xml, name: b}]\n",
    MODEL + "ground: {height: -0.1}\noption: {timestep: 1e-3, flags: {contact: false}}\nenvironments: 3\nseed: 18446744073709551615\n",
    MODEL + "initial: {keyframe: 0, joints: [{position: {mean: 0, deviation: 1}}], bodies: [{position: [0, [0, 1], 0], tilt: 3}]}\n",
    MODEL + "vary: [{field: mass, scale: [0.5, 2]}]\ncontrols: [{type: hold, value: 0}, {type: sine, phase: 0.5}]\n",
    MODEL + "controllers: [{name: arm, type: pose, site: grip, rest: [0, 0], max_speed: {linear: 1}}]\n",
    MODEL + "controllers: [{name: arm, type: operational_space, site: grip, stiffness: {linear: 1}, damping: {linear: 1}, rest: ready}]\n",
    MODEL + "timeline: [{repeat: {a: [x, y], b: [1, 2]}, do: [{set: '${a}', value: '${b}'}]}, {repeat: 2, do: [{wait: 1}]}]\n",
    MODEL + "timeline: [{move: arm, to: {position: [0, 0, 1], orientation: {down: true, yaw: 90}}, within: 3, otherwise: continue}]\n",
    MODEL + "timeline: [{wait_for: {sensor: s, above: 1}, within: 2}]\ngoals: [{name: g, sensors: '*', inside: {low: [0], high: [1]}}]\n",
    MODEL + "cameras: [{name: a}, {name: b, camera: c, size: [8192, 1], rate: 30, latency: 0.1}]\n",
    MODEL + "cameras: [{name: a, body: b, position: [0, 0, 1], look_at: [0, 0, 0], fovy: 179, outputs: [rgb, depth, range, geom, body, class, normal, intensity, point]}]\n",
    MODEL + "cameras: [{name: a, site: s, euler: [0, 0, 90], focal: [50, 60], centre: [0, -3.5], lens: {radial: [0.1, 0, 0, 0, 0, 0, 0, 0]}, outputs: depth}]\n",
    MODEL + "cameras: [{name: a, orientation: [1, 0, 0, 0], fovy: 300, lens: {fisheye: 0.1}, near: 0, far: 5, noise: {range: [0.1, 0, 0], quantisation: 0.1, dropout: 1, grazing: 0, colour: 0.5, intensity: 0}}]\n",
    MODEL + "lidars: [{name: a, body: b}, {name: b, elevations: [3, -3], horizontal: [-90, 90], outputs: [range, intensity, point]}]\n",
    MODEL + "lidars: [{name: a, pattern: rosette, rows: 100, columns: 100, vertical: [-20, 20], noise: {range: 0.01}}, {name: b, pattern: raster, vertical: [0, 0]}]\n",
    MODEL + "vary: [{field: gravity, component: 2, add: [-1, 1], when: episode}, {field: mass, scale: 2, when: start}]\n",
    MODEL + "link: {actions: {latency: [0, 0.02], jitter: 0.002, drop: 0.01}, observations: {latency: {mean: 0.01, deviation: 0.001}}}\n",
    MODEL + "labels: [{class: 0, geoms: '*'}, {class: 1000000, name: all, geoms: [a], bodies: [b]}]\n",
]
BAD = [
    "name: nothing\n",
    "models: []\n",
    "models: [{name: a}]\n",
    "variants: []\n",
    "variants: [{file: model.xml}]\n",
    "variants: [{model: model.xml, share: 0}]\n",
    "variants: [{model: model.xml, share: half}]\n",
    "variants: {model: model.xml}\n",
    MODEL + "variants: [{share: 1}]\n",
    "models: [{file: model.xml, share: 1}]\n",
    MODEL + "environmets: 3\n",
    MODEL + "environments: 0\n",
    MODEL + "environments: many\n",
    MODEL + "substeps: 1.5\n",
    MODEL + "ground: {condim: 5}\n",
    MODEL + "option: {timestep: 2}\n",
    MODEL + "option: {flags: {contact: maybe}}\n",
    "models: [{file: model.xml, orientation: [1, 0, 0, 0], euler: [0, 0, 1]}]\n",
    "models: [{file: model.xml, position: [1, 2]}]\n",
    MODEL + "vary: [{field: mass}]\n",
    MODEL + "vary: [{field: mass, scale: 1, add: 1}]\n",
    MODEL + "vary: [{field: mass, scale: {mean: 1}}]\n",
    MODEL + "vary: [{field: mass, scale: 1, when: never}]\n",
    MODEL + "link: {action: {latency: 1}}\n",
    MODEL + "link: {actions: {latency: 1, jitter: -1}}\n",
    MODEL + "link: {actions: {drop: 2}}\n",
    MODEL + "controls: [{type: radom}]\n",
    MODEL + "controls: [{type: hold}]\n",
    MODEL + "controls: [{type: zero, scale: 1}]\n",
    MODEL + "controls: [{type: target}]\n",
    MODEL + "initial: {bodies: [{position: [0, 1]}]}\n",
    MODEL + "initial: {bodies: [{any_orientation: true, tilt: 1}]}\n",
    MODEL + "controllers: [{name: arm, type: pose}]\n",
    MODEL + "controllers: [{name: arm, type: pose, site: grip, stiffness: {linear: 1}}]\n",
    MODEL + "controllers: [{name: arm, type: operational_space, site: grip}]\n",
    MODEL + "controllers: [{name: arm, type: pose, site: grip, tolerance: {position: 0}}]\n",
    MODEL + "timeline: {wait: 1}\n",
    MODEL + "timeline: [{wait: -1}]\n",
    MODEL + "timeline: [{set: x}]\n",
    MODEL + "timeline: [{move: arm}]\n",
    MODEL + "timeline: [{move: arm, to: {orientation: {down: false}}}]\n",
    MODEL + "timeline: [{move: arm, to: {orientation: {down: true, symmetry: 90}}}]\n",
    MODEL + "timeline: [{move: arm, to: {orientation: {down: true, yaw: 1, axis: x}}}]\n",
    MODEL + "timeline: [{move: arm, to: {}, otherwise: stop}]\n",
    MODEL + "timeline: [{wait_for: {sensor: s}}]\n",
    MODEL + "timeline: [{move: arm, to: {}, wait: 1}]\n",
    MODEL + "timeline: [{repeat: 2, do: []}]\n",
    MODEL + "timeline: [{repeat: {a: x}, do: [{wait: 1}]}]\n",
    MODEL + "timeline: [{repeat: 10001, do: [{wait: 1}]}]\n",
    MODEL + "goals: [{name: g, sensors: s}]\n",
    MODEL + "goals: [{name: g, sensors: s, inside: {low: 0}}]\n",
    MODEL + "cameras: {name: a}\n",
    MODEL + "cameras: [{size: [1, 1]}]\n",
    MODEL + "cameras: [{name: a, colour: red}]\n",
    MODEL + "cameras: [{name: a, camera: c, body: b}]\n",
    MODEL + "cameras: [{name: a, body: b, site: s}]\n",
    MODEL + "cameras: [{name: a, camera: c, position: [0, 0, 1]}]\n",
    MODEL + "cameras: [{name: a, camera: c, look_at: [0, 0, 1]}]\n",
    MODEL + "cameras: [{name: a, position: [0, 0, 10000000]}]\n",
    MODEL + "cameras: [{name: a, euler: [0, 0, 1], look_at: [0, 0, 1]}]\n",
    MODEL + "cameras: [{name: a, orientation: [1, 0, 0, 0], euler: [0, 0, 1]}]\n",
    MODEL + "cameras: [{name: a, size: [0, 64]}]\n",
    MODEL + "cameras: [{name: a, size: [64, 8193]}]\n",
    MODEL + "cameras: [{name: a, size: [64.5, 64]}]\n",
    MODEL + "cameras: [{name: a, size: 64}]\n",
    MODEL + "cameras: [{name: a, fovy: 0}]\n",
    MODEL + "cameras: [{name: a, fovy: 180}]\n",
    MODEL + "cameras: [{name: a, fovy: 180, lens: {radial: 0.1}}]\n",
    MODEL + "cameras: [{name: a, fovy: 360, lens: {fisheye: 0.1}}]\n",
    MODEL + "cameras: [{name: a, fovy: 60, focal: [50, 50]}]\n",
    MODEL + "cameras: [{name: a, focal: [0, 50]}]\n",
    MODEL + "cameras: [{name: a, lens: {}}]\n",
    MODEL + "cameras: [{name: a, lens: {radial: 0, fisheye: 0}}]\n",
    MODEL + "cameras: [{name: a, lens: {fisheye: [1, 2, 3, 4, 5]}}]\n",
    MODEL + "cameras: [{name: a, lens: {radial: [1, 2, 3, 4, 5, 6, 7, 8, 9]}}]\n",
    MODEL + "cameras: [{name: a, lens: {radial: 1001}}]\n",
    MODEL + "cameras: [{name: a, outputs: [rgb, rgb]}]\n",
    MODEL + "cameras: [{name: a, outputs: [colour]}]\n",
    MODEL + "cameras: [{name: a, outputs: []}]\n",
    MODEL + "cameras: [{name: a, near: -1}]\n",
    MODEL + "cameras: [{name: a, far: 1e9}]\n",
    MODEL + "cameras: [{name: a, rate: 0}]\n",
    MODEL + "cameras: [{name: a, rate: .nan}]\n",
    MODEL + "cameras: [{name: a, latency: -0.1}]\n",
    MODEL + "cameras: [{name: a, latency: 11}]\n",
    MODEL + "cameras: [{name: a, noise: {range: [0, 0, 0, 0]}}]\n",
    MODEL + "cameras: [{name: a, noise: {range: -0.1}}]\n",
    MODEL + "cameras: [{name: a, noise: {dropout: 2}}]\n",
    MODEL + "cameras: [{name: a, noise: {blur: 1}}]\n",
    MODEL + "cameras: [{name: a, rows: 16}]\n",
    MODEL + "cameras: [" + ", ".join(f"{{name: c{i}}}" for i in range(101)) + "]\n",
    MODEL + "lidars: [{name: a, outputs: [rgb]}]\n",
    MODEL + "lidars: [{name: a, outputs: depth}]\n",
    MODEL + "lidars: [{name: a, camera: c}]\n",
    MODEL + "lidars: [{name: a, size: [64, 64]}]\n",
    MODEL + "lidars: [{name: a, pattern: spiral}]\n",
    MODEL + "lidars: [{name: a, rows: 0}]\n",
    MODEL + "lidars: [{name: a, columns: 8193}]\n",
    MODEL + "lidars: [{name: a, vertical: [-91, 0]}]\n",
    MODEL + "lidars: [{name: a, horizontal: [-361, 0]}]\n",
    MODEL + "lidars: [{name: a, rows: 2, elevations: [1, 0]}]\n",
    MODEL + "lidars: [{name: a, vertical: [0, 1], elevations: [1, 0]}]\n",
    MODEL + "lidars: [{name: a, elevations: [91]}]\n",
    MODEL + "lidars: [{name: a, elevations: []}]\n",
    MODEL + "lidars: [{name: a, pattern: raster, elevations: [1, 0]}]\n",
    MODEL + "lidars: [{name: a, pattern: rosette, horizontal: [0, 90]}]\n",
    MODEL + "lidars: [{name: a, noise: {colour: 0.1}}]\n",
    MODEL + "labels: [{class: 1}]\n",
    MODEL + "labels: [{geoms: a}]\n",
    MODEL + "labels: [{class: -1, geoms: a}]\n",
    MODEL + "labels: [{class: 1.5, geoms: a}]\n",
    MODEL + "labels: [{class: 1, geoms: a, bodis: b}]\n",
]
# What is about names: the reader finds these only when everything else is right.
ABOUT_NAMES = ("unknown-name", "unknown-field", "no-servo", "two-drivers", "wrong-size", "unresolved")


def reader_codes(text, folder):
    """Codes of the reader's errors; none if it takes the scene."""
    (folder / "model.xml").write_text("<mujoco><worldbody><body name='b'><freejoint/><geom size='0.1'/></body></worldbody><keyframe><key/></keyframe></mujoco>")
    scene = folder / "scene.yaml"
    scene.write_text(text)
    try:
        program.run("run", scene, "--steps", "0", "--envs", "1", "--quiet")
        return []
    except program.Refused as refused:
        return re.findall(r"\[([a-z-]+)\]", str(refused))


@pytest.mark.parametrize("text", GOOD)
def test_good(text, tmp_path):
    assert accepted(text)
    if not program.missing():
        assert all(code in ABOUT_NAMES for code in reader_codes(text, tmp_path))


@pytest.mark.parametrize("text", BAD)
def test_bad(text, tmp_path):
    assert not accepted(text)
    if not program.missing():
        codes = reader_codes(text, tmp_path)
        assert codes and codes[0] not in ABOUT_NAMES
