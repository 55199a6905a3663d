"""Delays, intervals and kept samples of actuators and sensors, step by step against MuJoCo; clocks; noise as it was documented."""
import models
import numpy as np
import program
import pytest

pytestmark = pytest.mark.skipif(bool(models.missing() or program.missing()), reason=models.missing() or program.missing() or "-")

KINDS = ("zoh", "linear", "cubic")
STEP = 2 ** -9                                         # seconds: MuJoCo's sums of it are exact


def scene(step, actuators=(), sensors=(), integrator="Euler", more=""):
    pairs = "".join(f'<motor joint="swing" gear="{0.3 + 0.1 * (i % 7)}" {a}/>' for i, a in enumerate(actuators))
    return f"""<mujoco><option timestep="{step!r}" integrator="{integrator}"/>{more}<worldbody>
      <geom type="plane" size="3 3 .1"/>
      <body pos="0 0 .5"><joint name="swing" axis="0 1 0" damping=".1"/><geom size=".1" pos=".3 0 0" mass="1"/><site name="tip" pos=".3 0 0"/>
        <body pos=".3 0 0"><joint name="wrist" type="ball" damping=".01"/><geom type="box" size=".05 .1 .02" mass=".2"/><site name="hand" pos="0 .13 0"/></body></body>
      <body pos="1 0 .099"><freejoint/><geom name="lies" size=".1"/><site name="zone" size=".2"/></body>
    </worldbody><actuator>{pairs}</actuator><sensor>{"".join(sensors)}</sensor></mujoco>"""


def delays(step):
    return [f'nsample="{n}" delay="{d * step!r}" interp="{kind}"' for n in (1, 2, 3, 5) for d in (0, 0.3, 1, 1.5, 2.5, 3, 3.7, 4, 7) for kind in KINDS]


def intervals(step, element='jointpos joint="swing"'):
    return [f'<{element} nsample="{n}" delay="{d * step!r}" interval="{period * step!r} {phase * step!r}" interp="{kind}"/>'
            for n in (1, 2, 5) for d in (0, 1, 2.5, 4, 9) for period, phase in ((0, 0), (1, 0), (2.5, 0), (3, -1.25), (5, 0), (7, -6.5), (0.5, 0)) for kind in KINDS]


def trace(path, folder, controls, precision="double", hold=1, states=None, environments=1):
    """What Nuri shows after every step: [environment][step][qpos qvel act sensors]."""
    import mujoco
    from states import pack

    if states is None:
        states = np.tile(pack(mujoco.MjData(mujoco.MjModel.from_xml_path(str(path)))), (environments, 1))
    np.save(folder / "states.npy", states)
    np.save(folder / "controls.npy", controls.reshape(environments, -1))
    program.run("rollout", path, "--states", folder / "states.npy", "--controls", folder / "controls.npy", "--precision", precision, "--backend", "cpu", "--runs", 1, "--hold", hold,
                "--trace", folder / "trace.npy")
    return np.load(folder / "trace.npy").reshape(environments, controls.shape[1], -1)


def follow(path, controls):
    """The same of MuJoCo."""
    import mujoco

    m = mujoco.MjModel.from_xml_path(str(path))
    d, seen = mujoco.MjData(m), []
    for control in controls:
        d.ctrl[:] = control
        mujoco.mj_step(m, d)
        seen.append(np.concatenate([d.qpos, d.qvel, d.act, d.sensordata]))
    return m, np.array(seen)


def compare(text, folder, steps=120, precision="double", tolerance=1e-9, seed=1):
    path = folder / "scene.xml"
    path.write_text(text)
    import mujoco

    controls = np.random.default_rng(seed).normal(size=(steps, mujoco.MjModel.from_xml_string(text).nu))
    m, theirs = follow(path, controls)
    ours = trace(path, folder, controls[None], precision)[0]
    apart = np.abs(ours - theirs) / np.maximum(1, np.abs(theirs))
    assert ours.shape == theirs.shape and apart.max() <= tolerance, (apart.max(), np.unravel_index(apart.argmax(), apart.shape))
    return m, ours


@pytest.mark.parametrize("integrator", ("Euler", "implicitfast", "RK4"))
@pytest.mark.parametrize("step", (STEP, 0.002))
def test_controls_act_later(step, integrator, tmp_path):
    """All delays push one joint; Runge-Kutta looks back from its stages."""
    compare(scene(step, delays(step), integrator=integrator), tmp_path, tolerance=1e-8)


def test_delayed_servos_and_activations(tmp_path):
    more = "<default><general ctrlrange='-0.5 0.5'/></default>"
    actuators = [f'nsample="4" delay="{3 * STEP}"', f'nsample="2" delay="{2 * STEP}" ctrllimited="true" ctrlrange="-0.2 0.3"']
    text = scene(STEP, actuators, more=more).replace("</actuator>", f"""<position joint="swing" kp="3" timeconst="0.05" nsample="6" delay="{5.5 * STEP}" interp="linear"/>
      <intvelocity joint="swing" kp="2" actrange="-1 1" nsample="3" delay="{3 * STEP}"/><general joint="swing" dyntype="filter" dynprm="0.1" nsample="3" delay="{2 * STEP}"/></actuator>""")
    compare(text, tmp_path)


def test_actuators_with_several_controls(tmp_path):
    """All controls of an actuator are late together; before the first one a quaternion was 1 0 0 0."""
    several = "".join(f"""<pid joint="swing" kp="{0.03 + 0.01 * i}" kv="0.002" ki="0.01" input="pos vel ff" {past}/>
      <orientation joint="wrist" kp="0.001" kv="0.0001" input="{'quat' if i % 2 else 'expmap'}" {past}/><dcmotor joint="swing" resistance="2" motorconst="0.1" input="pos ff voltage" controller="4 1 0.5 3 0.02 10" {past}/>""" for i, past in enumerate(delays(STEP)[::5]))
    compare(scene(STEP, [""]).replace("</actuator>", several + "</actuator>"), tmp_path)


@pytest.mark.parametrize("step", (STEP, 0.002))
def test_sensors_show_the_past(step, tmp_path):
    compare(scene(step, [""], intervals(step)), tmp_path)


def test_sensors_of_every_stage_and_size(tmp_path):
    """But e_kinetic: where one is late, MuJoCo 4.0.1 shows in all of them what it was a step before."""
    elements = ('framepos objtype="site" objname="hand"', 'framequat objtype="site" objname="hand"', 'accelerometer site="hand"', 'touch site="zone"', 'gyro site="hand"', 'actuatorfrc actuator="push"',
                'contact geom1="lies" data="found force pos" num="2"', 'rangefinder site="hand" data="dist point"', 'velocimeter site="tip" cutoff="0.5"', "clock", "e_potential", 'distance geom1="lies" body2="world" cutoff="1"')
    sensors = [line for element in elements for line in intervals(STEP, element)[::5]]
    compare(scene(STEP, ['name="push"'], sensors), tmp_path, tolerance=1e-7)


def test_in_float(tmp_path):
    compare(scene(STEP, delays(STEP), intervals(STEP)), tmp_path, precision="float", tolerance=2e-4)


def test_periods_that_are_no_binary_fraction(tmp_path):
    """Nuri ticks at the first step that is not before a whole number of periods; where MuJoCo's sums are inexact it may tick a step off."""
    path = tmp_path / "scene.xml"
    cases = ((0.001, 0.0033), (0.01, 0.05), (0.003, 0.01), (0.002, 1 / 300))
    for step, period in cases:
        path.write_text(scene(step, [""], [f'<jointpos joint="swing" nsample="1" interval="{period!r}"/>', '<jointpos joint="swing"/>', "<clock/>"]))
        controls = np.random.default_rng(2).normal(size=(1, 400, 1))
        seen = trace(path, tmp_path, controls)[0]
        held, fresh, clock = seen[:, -3], seen[:, -2], seen[:, -1]
        assert np.allclose(clock, np.arange(400) * step, rtol=1e-12)
        ratio, last = period / step, 0.0
        for k in range(400):
            if np.floor(k / ratio + 1e-9) != np.floor((k - 1) / ratio + 1e-9):
                last = fresh[k]
            assert held[k] == last, (step, period, k)


def test_grouped_steps_and_environments(tmp_path):
    """step(K) is K times step(1), each environment by its own history: bit for bit, in both precisions."""
    path = tmp_path / "scene.xml"
    path.write_text(scene(STEP, delays(STEP)[::4], intervals(STEP)[::3]))
    import mujoco

    m = mujoco.MjModel.from_xml_path(str(path))
    random = np.random.default_rng(3)
    every = random.normal(size=(5, 12, m.nu))
    for precision in ("double", "float"):
        single = trace(path, tmp_path, np.repeat(every, 4, axis=1), precision, environments=5)
        grouped = trace(path, tmp_path, every, precision, hold=4, environments=5)
        assert (single[:, 3::4] == grouped).all()
        alone = trace(path, tmp_path, np.repeat(every[3:4], 4, axis=1), precision)
        assert (alone[0] == single[3]).all()


NOISY = """<jointpos joint="swing" noise="{0}"/><jointpos joint="swing"/><framezaxis objtype="site" objname="hand" noise="{0}"/><framezaxis objtype="site" objname="hand"/>
  <framequat objtype="site" objname="hand" noise="{0}"/><framequat objtype="site" objname="hand"/><touch site="zone" noise="{0}"/><touch site="zone"/>
  <gyro site="hand" noise="{0}" cutoff="0.1"/><jointvel joint="swing" noise="{0}" nsample="4" delay="{1}"/><jointpos joint="swing" noise="{0}" nsample="1" interval="{2}"/>"""


def noisy(flag, noise=0.02):
    return scene(STEP, [""], [NOISY.format(noise, 3 * STEP, 4 * STEP)]).replace("<worldbody>", "<option><flag sensornoise='enable'/></option><worldbody>" if flag else "<worldbody>", 1)


def test_noise_is_information_unless_asked_for(tmp_path):
    compare(noisy(False), tmp_path)


def test_noise(tmp_path):
    import mujoco
    from states import pack

    steps, noise = 4000, 0.02
    noisy_path, plain = tmp_path / "noisy.xml", tmp_path / "plain.xml"
    noisy_path.write_text(noisy(True, noise))
    plain.write_text(noisy(False, noise))
    m = mujoco.MjModel.from_xml_path(str(plain))
    start, controls = np.tile(pack(mujoco.MjData(m)), (2, 1)), np.zeros((2, steps, 1))
    seen = trace(noisy_path, tmp_path, controls, states=start, environments=2)
    alone = trace(noisy_path, tmp_path, controls[:1], states=start[:1])
    assert (alone[0] == seen[0]).all()                                                 # its own id, seed and step, not the batch
    free = trace(plain, tmp_path, controls, states=start, environments=2)
    sensors, right = seen[:, :, -m.nsensordata:], free[:, :, -m.nsensordata:]
    assert (free[:, :, :-m.nsensordata] == seen[:, :, :-m.nsensordata]).all()          # noise moves nothing
    adr = m.sensor_adr
    draws = sensors[:, :, 0] - right[:, :, 0]
    assert not (draws[0] == draws[1]).any()
    for x in draws:
        assert abs(x.mean()) < 4 * noise / steps ** 0.5 and abs(x.std() / noise - 1) < 0.06
        assert abs(np.corrcoef(x[1:], x[:-1])[0, 1]) < 0.06
    axis, straight = sensors[0, :, adr[2]:adr[2] + 3], right[0, :, adr[2]:adr[2] + 3]
    assert np.allclose(np.linalg.norm(axis, axis=1), 1, atol=1e-12)
    turned = np.arctan2(np.linalg.norm(np.cross(axis, straight), axis=1), (axis * straight).sum(axis=1))
    assert abs((turned ** 2).mean() / (noise ** 2 * 2 / 3) - 1) < 0.15                 # a random axis: sine squared of the angle to it is 2/3 on average
    quat, exact = sensors[0, :, adr[4]:adr[4] + 4], right[0, :, adr[4]:adr[4] + 4]
    assert np.allclose(np.linalg.norm(quat, axis=1), 1, atol=1e-12)
    half = np.linalg.norm(quat * np.sign((quat * exact).sum(axis=1))[:, None] - exact, axis=1)   # 2 sin(angle / 4)
    assert abs((half ** 2).mean() ** 0.5 / (noise / 2) - 1) < 0.06
    touch, felt = sensors[0, :, adr[6]], right[0, :, adr[6]]
    assert (touch >= 0).all() and (touch[felt == 0] == 0).all() and (felt > 0).sum() > 1000 and (touch != felt)[felt > 0].mean() > 0.99
    assert np.abs(sensors[0, :, adr[8]:adr[8] + 3]).max() <= 0.1                       # the cutoff comes after
    late = sensors[0, :, adr[9]] - right[0, :, adr[9]]
    assert abs(late[10:].std() / noise - 1) < 0.06                                     # what is late is noisy too
    held = sensors[0, :, adr[10]].reshape(-1, 4)
    assert (held == held[:, :1]).all() and len(np.unique(held[:, 0] - right[0, ::4, adr[10]])) > steps / 5   # a sample keeps its noise


@pytest.mark.parametrize("sensor, code", (('nsample="3" delay="-1"', "delay"), ('delay="0.1"', "delay"), ('nsample="2" interval="-0.1"', "interval"), ('nsample="2" interval="0.1 0.05"', "interval"),
                                          ('nsample="2" interval="0.1 -0.1"', "interval"), ('nsample="2" interp="spline"', "interp"), ('nsample="100000000"', "nsample"), ('nsample="1.5"', "nsample")))
def test_what_makes_no_sense_is_refused(sensor, code, tmp_path):
    path = tmp_path / "scene.xml"
    path.write_text(scene(STEP, [""], [f'<jointpos joint="swing" {sensor}/>']))
    with pytest.raises(program.Refused, match=code):
        program.run("inspect", path)
