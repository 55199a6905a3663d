"""Every stage agrees with MuJoCo, model by model. What is compared and why these tolerances: parity.py."""
import models
import parity
import program
import pytest

pytestmark = pytest.mark.skipif(bool(models.missing() or program.missing()), reason=models.missing() or program.missing() or "-")


@pytest.mark.parametrize("name", models.NAMES)
def test_stages_agree_with_mujoco(name, tmp_path):
    try:
        both = parity.measure(name, tmp_path)
    except program.Refused as refusal:
        if "not supported yet" not in str(refusal):
            raise
        pytest.skip(f"{name}: {refusal}")
    failed = sum((parity.failures(name, residuals, precision) for precision, residuals in both.items()), [])
    assert not failed, "\n".join(failed)
    assert both["double"].keys() >= {"kinematics", "inertia", "bias", "passive", "actuators", "acc_smooth", "solution"}


def test_a_wrong_number_is_noticed():
    residuals = parity.Residuals()
    residuals.array("bias", "bias", [1.0, 2.0], [1.0, 2.0 + 1e-6])
    assert parity.tolerance_scale() != 1 or parity.failures("some/model", residuals, "double")
    residuals.array("inertia", "mass", [1.0], [1.0, 2.0])
    assert residuals["inertia"] == float("inf")


def test_torque_on_the_world_is_moved_to_one_point(tmp_path):
    """MuJoCo adds the wrenches of the world's trees, each about its own centre of mass; Nuri moves them to the sensor's site first."""
    import mujoco
    import numpy as np

    path = tmp_path / "world_torque.xml"
    path.write_text(models.text("own/sensors", **parity.CONVERGED).replace("<sensor>", '<sensor><torque site="sworld"/>'))
    m = parity.load(path)
    states = parity.sample(m)
    site = m.site("sworld").id
    for state, ours in zip(states, program.Dump(path, states, "double").arrays["sensors"]):
        d = mujoco.MjData(m)
        parity.unpack(m, d, state)
        mujoco.mj_forward(m, d)
        torque = np.zeros(3)
        for body in np.flatnonzero(m.body_parentid == 0)[1:]:
            arm = d.subtree_com[m.body_rootid[body]] - d.site_xpos[site]
            torque += d.cfrc_int[body][:3] + np.cross(arm, d.cfrc_int[body][3:])
        assert ours[:3] == pytest.approx(d.site_xmat[site].reshape(3, 3).T @ torque, rel=1e-8, abs=1e-8)
