"""Springs that give way, along a run of MuJoCo: the step from every state of it, where they rest included."""
import models
import program
import pytest
from residuals import Residuals
from states import draw_controls, load, pack_all

if not models.missing():
    import mujoco
    import numpy as np

pytestmark = pytest.mark.skipif(bool(models.missing() or program.missing()), reason=models.missing() or program.missing() or "-")

STEPS = 1000
TOLERANCE = 1e-12      # measured 3e-15


@pytest.mark.parametrize("name", ["plastic", "plastic_implicit", "plastic_implicitfast", "plastic_rk4"])
def test_every_step_of_a_run(name, tmp_path):
    scene = models.write(f"own/{name}", tmp_path)
    m = load(scene)
    d, random = mujoco.MjData(m), np.random.default_rng(7)
    mujoco.mj_resetDataKeyframe(m, d, 0)
    states, after = [], {"qpos": [], "qvel": [], "plastic": []}
    for k in range(STEPS):
        if k % 10 == 0:
            d.ctrl[:] = draw_controls(m, random)
        states.append(pack_all(d))
        mujoco.mj_step(m, d)
        for field, values in after.items():
            values.append(getattr(d, field).copy())
    moved = np.count_nonzero(np.diff(after["plastic"], axis=0), axis=0)
    pinned = m.tendon_plasticadr[m.tendon("rope").id]                  # the 0 of a slack string
    assert all(count > 10 for i, count in enumerate(moved) if i != pinned) and moved[pinned] == 0, moved
    dump = program.Dump(scene, states, "double")
    out = Residuals()
    for field, values in after.items():
        out.array("step", field, dump.arrays[f"next_{field}"], np.array(values), 1)
    assert out["step"] < TOLERANCE, dict(out)
