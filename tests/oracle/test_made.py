"""What the compiler makes of words: generated meshes, and visual geoms and fixed bodies that are put aside, against MuJoCo."""
import importlib.util
import json

import numpy as np
import program
import pytest

absent = "MuJoCo is not installed" if importlib.util.find_spec("mujoco") is None else program.missing()
pytestmark = pytest.mark.skipif(bool(absent), reason=absent or "-")

MESHES = (("sphere", "0"), ("sphere", "2"), ("hemisphere", "0"), ("hemisphere", "3"), ("cone", "3 0"), ("cone", "9 0.4"), ("supersphere", "7 1 1"),
          ("supersphere", "8 0.5 2"), ("supersphere", "9 3 1"), ("supertorus", "7 0.3 1 1"), ("supertorus", "8 0.4 0.5 2"))


def test_generated_meshes_weigh_what_mujocos_weigh(tmp_path):
    import mujoco

    scene = tmp_path / "scene.xml"
    assets = "".join(f'<mesh name="m{i}" builtin="{word}" params="{p}" scale="0.1 0.2 0.15" inertia="exact"/>' for i, (word, p) in enumerate(MESHES))
    bodies = "".join(f'<body name="b{i}" pos="{i} 0 1"><freejoint/><geom type="mesh" mesh="m{i}"/></body>' for i in range(len(MESHES)))
    scene.write_text(f"<mujoco><asset>{assets}</asset><worldbody>{bodies}</worldbody></mujoco>")
    m = mujoco.MjModel.from_xml_path(str(scene))
    ours = {body["body"]: body["mass"] for body in json.loads(program.run("inspect", "--json", scene))["bodies"]}
    for i, mesh in enumerate(MESHES):
        assert ours[f"b{i}"] == pytest.approx(m.body("b" + str(i)).mass[0], rel=1e-5), mesh


REDUCED = """<mujoco><compiler {}/><option timestep="0.002"/><worldbody>
  <body name="swing" pos="0 0 1"><joint name="swing" axis="0 1 0" damping=".1"/><geom size=".1" pos=".3 0 0"/>
    <geom type="box" size=".05 .1 .02" pos=".1 0 0" contype="0" conaffinity="0" mass="0.7"/>
    <site name="eye" pos="0 0 .4" euler="0 90 0"/>
    <body name="fixed" pos=".3 0 .1" euler="10 20 30"><geom type="capsule" size=".03 .1" pos=".02 0 .05"/>
      <body pos=".1 0 0"><joint axis="1 0 0" damping=".01"/><geom type="box" size=".1 .02 .03" pos="0 .1 0"/><site name="tip"/></body></body></body>
  <body pos="0.9 0 1.2"><geom type="box" size=".01 1 1" contype="0" conaffinity="0"/><geom type="box" name="kept" size=".01 1 1" pos=".3 0 0" contype="0" conaffinity="0"/></body>
  <geom type="box" size=".01 2 2" pos="2 0 1"/>
</worldbody><actuator><motor joint="swing"/></actuator><sensor><rangefinder site="eye"/><rangefinder site="tip"/>{}<framepos objtype="site" objname="tip"/><framelinvel objtype="site" objname="tip"/></sensor></mujoco>"""


@pytest.mark.parametrize("setting", ("", 'discardvisual="true"', 'fusestatic="true"', 'discardvisual="true" fusestatic="true"'))
@pytest.mark.parametrize("names", ("", '<framepos objtype="geom" objname="kept"/>'))
def test_what_is_put_aside_changes_nothing_else(setting, names, tmp_path):
    """Same masses, same motion; rangefinders look through visual geoms that MuJoCo discards, and not through one that a sensor names."""
    from test_history import compare

    _, seen = compare(REDUCED.format(setting, names), tmp_path, steps=100, tolerance=1e-10)
    assert np.ptp(seen[:, 0]) > 0.1
    first = 0.89 if "visual" not in setting else 1.19 if names else 1.99
    assert seen[0, 4] == pytest.approx(first, abs=0.01)                    # after two positions and two velocities
