"""Every stage agrees with MuJoCo, model by model. What is compared and why these tolerances: parity.py."""
import fetch_data
import fields
import halton
import models
import parity
import program
import pytest
import solids
import urdf_models

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


@pytest.mark.parametrize("name", models.NAMES)
def test_compiled_fields_and_halton_controls(name, tmp_path):
    scene = models.write(name, tmp_path)
    ours, m = fields.compiled(scene), parity.load(scene)
    failed = parity.field_failures(name, fields.compare(ours, m)) + parity.halton_failures(halton.roll(scene, m, tmp_path))
    assert not failed, "\n".join(failed)


def urdf_files():
    if not fetch_data.complete():
        return [pytest.param("-", marks=pytest.mark.skip(reason="pybullet_data was not fetched"))]
    return [pytest.param(name, marks=[] if name in urdf_models.QUICK else [pytest.mark.long]) for name in urdf_models.names()]


@pytest.mark.parametrize("name", urdf_files())
def test_urdf_files_agree_with_mujoco(name):
    result = parity.measure_all(name)
    code = urdf_models.REFUSED.get(name.removeprefix("urdf/"))
    if code:
        assert not result.by_mujoco and f"[{code}]" in result.refused
        return
    assert not result.refused
    failed = parity.result_failures(result)
    assert not failed, "\n".join(failed)


def test_a_wrong_field_is_noticed(tmp_path):
    scene = models.write("own/sensors", tmp_path)
    ours, m = fields.compiled(scene), parity.load(scene)
    for change in (lambda: m.body_mass.__setitem__(1, m.body_mass[1] * (1 + 1e-6)), lambda: m.geom_contype.fill(0), lambda: m.dof_damping.fill(7)):
        before = len(parity.field_failures("own/sensors", fields.compare(ours, m)))
        change()
        assert len(parity.field_failures("own/sensors", fields.compare(ours, m))) > before or parity.tolerance_scale() != 1


def test_halton_points_fill_the_unit_interval():
    assert [halton.halton(k, 2) for k in range(1, 5)] == [0.5, 0.25, 0.75, 0.125]
    assert [halton.halton(k, 3) for k in range(1, 4)] == pytest.approx([1 / 3, 2 / 3, 1 / 9])
    assert halton.primes(6) == [2, 3, 5, 7, 11, 13]


def test_a_wrong_number_is_noticed():
    residuals = parity.Residuals()
    residuals.array("bias", "bias", [1.0, 2.0], [1.0, 2.0 + 1e-6])
    assert parity.tolerance_scale() != 1 or parity.failures("own/model", residuals, "double")
    residuals.array("inertia", "mass", [1.0], [1.0, 2.0])
    assert residuals["inertia"] == float("inf")


def test_overlap_of_solids_along_a_direction():
    """Closed forms: x of the surface beyond the centre, of each kind; two of them 0.5 m apart."""
    import mujoco
    import numpy as np

    kinds = {"sphere": ("0.3", 0.3), "capsule": ("0.3 0.4", 0.3), "ellipsoid": ("0.3 0.4 0.5", 0.3), "cylinder": ("0.3 0.4", 0.3), "box": ("0.3 0.4 0.5", 0.3)}
    for first, (size, reach) in kinds.items():
        for second, (other, far) in kinds.items():
            m = mujoco.MjModel.from_xml_string(f'<mujoco><worldbody><geom type="{first}" size="{size}"/><geom type="{second}" size="{other}" pos="0.5 0 0"/></worldbody></mujoco>')
            d = mujoco.MjData(m)
            mujoco.mj_forward(m, d)
            assert solids.overlap(m, d, 0, 1, np.array([1.0, 0, 0])) == pytest.approx(reach + far - 0.5)
            assert solids.overlap(m, d, 0, 1, np.array([0, 0, 1.0])) >= 0.6 - 1e-12
    field = mujoco.MjModel.from_xml_string('<mujoco><worldbody><geom type="plane" size="1 1 1"/><geom size="1"/></worldbody></mujoco>')
    assert solids.overlap(field, mujoco.MjData(field), 0, 1, np.array([1.0, 0, 0])) is None


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
