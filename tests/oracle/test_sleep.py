"""Who sleeps, and since when: tree by tree and step by step the same as MuJoCo's.

Not under Runge-Kutta: MuJoCo 4.0.1 takes the poses of the last stage for those where a tree fell asleep, and wakes it in the next step.
"""
import mujoco
import numpy as np
import pytest

import fields

nuri = pytest.importorskip("nuri")

# A stack, a box with a stiff pendulum, two boxes that an equality ties, a ball that falls beside the stack, one that may not sleep, and a
# pair that begins asleep, which a mocap body touches later.
SCENE = """<mujoco><option timestep="0.004" tolerance="0" iterations="200" ls_iterations="100" {option}><flag sleep="enable"/></option>
<worldbody><geom type="plane" size="9 9 .1"/>
<body name="low" pos="0 0 .099"><freejoint/><geom type="box" size=".1 .1 .1"/></body>
<body name="high" pos="0.02 0 .297"><freejoint/><geom type="box" size=".1 .1 .1"/></body>
<body name="big" pos="1 0 .149"><freejoint/><geom type="box" size=".2 .1 .15"/></body>
<body name="pendulum" pos="-1 0 .5"><joint axis="0 1 0" damping=".5" stiffness="3"/><geom type="capsule" size=".05 .2" pos=".1 0 0"/>
  <body pos="0 0 .3"><joint type="ball" damping=".1"/><geom type="sphere" size=".05" pos="0 .02 .05"/></body></body>
<body name="left" pos="3 0 .1"><freejoint/><geom type="box" size=".1 .1 .1"/></body>
<body name="right" pos="3 .5 .1"><freejoint/><geom type="box" size=".1 .1 .1"/></body>
<body name="ball" pos="0.23 0 1.5"><freejoint/><geom type="sphere" size=".1" condim="6" friction="1 .05 .05"/></body>
<body name="restless" pos="5 0 .099" sleep="never"><freejoint/><geom type="box" size=".1 .1 .1"/></body>
<body name="early1" pos="7 0 .0999" sleep="init"><freejoint/><geom type="box" size=".1 .1 .1"/></body>
<body name="early2" pos="7.1999 0 .0999" sleep="init"><freejoint/><geom type="sphere" size=".1" condim="6" friction="1 .05 .05"/></body>
<body name="driven" pos="-3 0 .5"><joint name="driven" type="slide" axis="1 0 0" damping="1"/><geom size=".1"/></body>
<body name="hand" mocap="true" pos="7 3 .2"><geom type="sphere" size=".1"/></body>
</worldbody>
<equality><connect body1="left" body2="right" anchor="0 .25 0"/></equality>
<actuator><motor joint="driven"/></actuator></mujoco>"""
OPTIONS = {"Euler": "", "implicitfast": 'integrator="implicitfast" cone="elliptic"', "implicit": 'integrator="implicit" sleep_tolerance="3e-4"'}
STEPS = 800


def both(tmp_path, option):
    path = tmp_path / "sleep.xml"
    path.write_text(SCENE.format(option=option))
    model = mujoco.MjModel.from_xml_path(str(path))
    return model, mujoco.MjData(model), nuri.World(nuri.load(path), envs=1, backend="cpu", precision="float64")


@pytest.mark.parametrize("name", OPTIONS)
def test_the_same_trees_sleep(tmp_path, name):
    model, data, world = both(tmp_path, OPTIONS[name])
    big = model.body("big").id
    slept, woke = set(), set()
    before = np.array(data.tree_asleep)
    for step in range(STEPS):
        if step in (400, 410):                                          # pushed for ten steps
            data.xfrc_applied[big, 0] = world.state.xfrc_applied[0, big, 0] = 20 if step == 400 else 0
        if step == 550:
            data.mocap_pos[0] = world.state.mocap_pos[0] = [7.3975, 0.01, .12]
        mujoco.mj_step(model, data)
        world.step(1)
        trees = np.array(data.tree_asleep)
        assert world.state.tree_asleep[0].astype(int).tolist() == trees.tolist(), f"step {step}"
        assert np.abs(world.state.qpos[0] - data.qpos).max() < 1e-12, f"step {step}"   # m; 8e-15 seen
        assert np.abs(world.state.qvel[0] - data.qvel).max() < 1e-11, f"step {step}"   # m/s, rad/s; 6e-14 seen
        slept |= set(np.flatnonzero((before < 0) & (trees >= 0)))
        woke |= set(np.flatnonzero((before >= 0) & (trees < 0)))
        before = trees
    assert len(slept) >= 5 and len(woke) >= 3, (slept, woke)            # or nothing was compared


def test_what_decides_about_sleep_is_compiled_alike(tmp_path):
    model, _, _ = both(tmp_path, "")
    policy = mujoco.mjtSleepPolicy
    may = {int(policy.mjSLEEP_AUTO_NEVER): 0, int(policy.mjSLEEP_NEVER): 0, int(policy.mjSLEEP_AUTO_ALLOWED): 1, int(policy.mjSLEEP_ALLOWED): 1, int(policy.mjSLEEP_INIT): 2}
    compiled = fields.compiled(tmp_path / "sleep.xml")
    assert np.allclose(compiled["dof_length"], model.dof_length, rtol=1e-12)
    assert compiled["tree_sleep"].tolist() == [may[int(p)] for p in model.tree_sleep_policy] == [1, 1, 1, 1, 1, 1, 1, 0, 2, 2, 0]
