"""Cameras and lights mean what they mean to MuJoCo: fields of the compiled model, and where its renderer draws a camera's axis."""
import os
import subprocess
import sys

import fields
import models
import parity
import program
import pytest

pytestmark = pytest.mark.skipif(bool(models.missing() or program.missing()), reason=models.missing() or program.missing() or "-")

SCENE = "tests/oracle/models/look.xml"
PIXEL = 0.2                                      # of a ball of 9 pixels: the middle of the pixels that show it


def test_cameras_and_lights_agree_with_mujoco():
    ours, theirs = fields.compiled(SCENE), parity.load(SCENE)
    found = fields.compare(ours, theirs)
    assert len(ours.cameras) == 7 and len(ours.lights) == 7
    failed = [f"{group}: {found[group]:.1e} ({found.worst[group]})" for group in ("cameras", "lights") if not found[group] <= fields.FLOAT]
    assert not failed, "\n".join(failed)


RENDERED = """
import mujoco, numpy, sys
m = mujoco.MjModel.from_xml_path(sys.argv[1])
d = mujoco.MjData(m)
mujoco.mj_forward(m, d)
renderer = mujoco.Renderer(m, 96, 128)
renderer.enable_segmentation_rendering()
renderer.update_scene(d, camera=0)
rows, columns = numpy.nonzero(renderer.render()[:, :, 0] >= 0)
print(len(rows), columns.mean() + 0.5, rows.mean() + 0.5)
"""


def test_the_axis_is_where_mujocos_renderer_draws_it(tmp_path):
    """A ball on the optical axis of a camera with a principal point."""
    scene = tmp_path / "ball.xml"
    scene.write_text("<mujoco><worldbody><geom size='0.1' pos='0 0 -2'/><camera sensorsize='0.0064 0.0048' resolution='128 96' focal='0.006 0.006' principal='0.0008 0.0004'/></worldbody></mujoco>")
    drawn = subprocess.run([sys.executable, "-c", RENDERED, str(scene)], capture_output=True, text=True, env={"MUJOCO_GL": "egl", **os.environ})
    if drawn.returncode:
        pytest.skip("MuJoCo draws nothing here: " + (drawn.stderr.strip().splitlines() or ["-"])[-1])
    count, column, row = map(float, drawn.stdout.split()[-3:])
    camera = fields.compiled(scene).cameras[0]
    assert count > 20
    assert column == pytest.approx(64 + camera["principal"][0], abs=PIXEL)
    assert row == pytest.approx(48 + camera["principal"][1], abs=PIXEL)
