"""A scene file becomes the same model in both engines: tests/oracle/scene_model.py against what `nuri` compiles."""
import models
import program
import pytest

pytestmark = pytest.mark.skipif(bool(models.missing() or program.missing()), reason=models.missing() or program.missing() or "-")

if not models.missing():
    import mujoco
    import numpy as np
    import parity
    import scene_model
    from residuals import Residuals
    from stages import active_contacts, compare_contacts, compare_rows, full_mass_matrix, mass_matrix
    from states import pack_all, unpack

# Lengths in m, masses in kg, moments in kg m^2. MuJoCo keeps vertices of meshes in float, and so the moments that follow from them.
SAME = 1e-12
SAME_MESH = 1e-8
# |acc - acc of MuJoCo| / max(1, |acc|), in double. Both stop at the model's own tolerance: measured 3e-7 at most.
SAME_ACCELERATION = 1e-5


def states_of(scene, random, count):
    """Beginnings with a little velocity: what lies or hangs touches, what the two engines' convex solvers would see differently does not yet."""
    m, out = scene.m, []
    d = mujoco.MjData(m)
    for _ in range(count):
        scene.start(random, d)
        d.qvel[:] += random.uniform(-0.1, 0.1, m.nv)
        if m.nu:
            d.ctrl[:] = scene.controls(random, 1, 0, 1, 0.1)[0, 0]
        mujoco.mj_step(m, d)
        out.append(pack_all(d))
    return np.array(out)


def name_list(m, kind, count):
    return [mujoco.mj_id2name(m, kind, i) or "" for i in range(count)]


@pytest.mark.parametrize("name", scene_model.names() if not models.missing() else ())
def test_same_model(name, tmp_path):
    scene = scene_model.Scene(scene_model.path_of(name))
    m, same = scene.m, SAME_MESH if scene.m.nmesh else SAME
    states = states_of(scene, np.random.default_rng(3), 3)
    dump = program.Dump(scene.path, states, "double")
    ours, count = dump.model, dump.model["counts"]

    # structure: bodies, dofs, actuators, in order and by name; what can touch
    assert (count["body_count"], count["dof_count"], count["qpos_count"], count["actuator_count"], count["control_count"]) == (m.nbody, m.nv, m.nq, m.nactuator, m.nu)
    for field, kind, many in (("body_name", "BODY", m.nbody), ("joint_name", "JOINT", m.njnt), ("actuator_name", "ACTUATOR", m.nactuator), ("key_name", "KEY", m.nkey)):
        assert ours[field] == name_list(m, getattr(mujoco.mjtObj, f"mjOBJ_{kind}"), many), field
    assert ours["timestep"] == m.opt.timestep and ours["joint_type"] == m.jnt_type.tolist()

    # numbers, at three states: places, mass matrix, forces of all that is smooth, rows, and accelerations
    d = mujoco.MjData(m)
    for i, state in enumerate(states):
        unpack(m, d, state)
        mujoco.mj_forward(m, d)
        for field, theirs in (("xpos", d.xpos), ("xipos", d.xipos), ("bias", d.qfrc_bias), ("passive", d.qfrc_passive), ("actuator_force", d.actuator_force)):
            assert dump.arrays[field][i] == pytest.approx(theirs.ravel(), rel=1e-6, abs=same), field
        assert np.abs(mass_matrix(m, dump.arrays["mass"][i]) - full_mass_matrix(m, d)).max() <= same
        assert len(dump.contacts[i]) == len(active_contacts(d)) and len(dump.rows[i]) == d.nefc
        residuals = Residuals()
        partners = compare_contacts(m, d, dump.contacts[i], residuals)
        if partners is not None:                                        # otherwise which points stand for a face is a matter of choice
            compare_rows(m, d, dump.rows[i], partners, residuals)
        for stage, value in residuals.items():
            assert value <= max(parity.tolerance(name, stage, "double"), same), (stage, residuals.worst[stage])
        assert np.linalg.norm(dump.arrays["acc"][i] - d.qacc) <= SAME_ACCELERATION * max(1, np.linalg.norm(d.qacc))


def test_what_is_left_out_and_turned(tmp_path):
    """`without`, `euler`, `position`, a ground with numbers, options and flags."""
    (tmp_path / "part.xml").write_text("""<mujoco><worldbody><geom name="floor" type="plane" size="1 1 1"/>
      <body name="b" pos="0.1 0.2 0.5"><freejoint/><geom name="b" type="box" size="0.1 0.2 0.3" pos="0.05 0 0"/></body></worldbody></mujoco>""")
    path = tmp_path / "scene.yaml"
    path.write_text("""
models:
  - {file: part.xml, name: one, position: [1, 2, 0.3], euler: [20, 30, 40], without: floor}
  - {file: part.xml, name: two, without: [floor]}
ground: {height: -0.5, friction: [0.7, 0.01, 0.001], condim: 4, solref: [0.03, 1]}
option: {timestep: 0.004, gravity: [0, 0, -5], solver: cg, flags: {energy: true, warmstart: false}}
""")
    m = scene_model.load(path)
    d = mujoco.MjData(m)
    d.qvel[:] = 0.3
    dump = program.Dump(path, np.array([pack_all(d)]), "double")
    mujoco.mj_forward(m, d)
    assert dump.model["geom_name"] == ["ground", "one/b", "two/b"] == name_list(m, mujoco.mjtObj.mjOBJ_GEOM, m.ngeom)
    assert dump.arrays["xpos"][0] == pytest.approx(d.xpos.ravel(), abs=SAME) and dump.arrays["acc"][0] == pytest.approx(d.qacc, abs=1e-9)
    assert m.geom_friction[0].tolist() == [0.7, 0.01, 0.001] and m.geom_condim[0] == 4 and m.geom_solref[0, 0] == 0.03 and m.geom_pos[0, 2] == -0.5
    assert m.opt.solver == mujoco.mjtSolver.mjSOL_CG
    assert m.opt.enableflags == mujoco.mjtEnableBit.mjENBL_ENERGY and m.opt.disableflags == mujoco.mjtDisableBit.mjDSBL_WARMSTART
