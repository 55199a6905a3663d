"""States that both engines are given: MuJoCo's own trajectory of a model, under random controls."""
import models

if not models.missing():
    import mujoco
    import numpy as np

SEED = 5


class TooFewStates(Exception):
    """There is nothing to compare at."""


def scatter(m, d, random):
    """A random state near the initial one: joints within 0.3 rad or m, free bodies lifted and tilted."""
    for j in range(m.njnt):
        a, kind = m.jnt_qposadr[j], mujoco.mjtJoint(m.jnt_type[j])
        if kind == mujoco.mjtJoint.mjJNT_FREE:
            d.qpos[a + 2] += random.uniform(-0.03, 0.1)
        if kind in (mujoco.mjtJoint.mjJNT_FREE, mujoco.mjtJoint.mjJNT_BALL):
            a += 3 if kind == mujoco.mjtJoint.mjJNT_FREE else 0
            q = d.qpos[a:a + 4] + 0.15 * random.normal(size=4)
            d.qpos[a:a + 4] = q / np.linalg.norm(q)
        else:
            d.qpos[a] += random.uniform(-0.3, 0.3)
    d.qvel[:] = random.normal(size=m.nv) * 0.5
    d.act[:] = random.uniform(-0.5, 0.5, m.na)
    d.eq_active[:] = random.uniform(size=m.neq) < 0.8
    d.mocap_pos[:] += random.uniform(-0.05, 0.05, d.mocap_pos.shape)
    d.mocap_quat[:] += 0.1 * random.normal(size=d.mocap_quat.shape)
    d.mocap_quat[:] /= np.linalg.norm(d.mocap_quat, axis=1, keepdims=True)


def draw_controls(m, random, *shape):
    """Uniform over the control range, over [-1, 1] where there is none."""
    limited = m.actuator_ctrllimited.astype(bool)
    low, high = np.where(limited, m.actuator_ctrlrange[:, 0], -1), np.where(limited, m.actuator_ctrlrange[:, 1], 1)
    return random.uniform(low, high, (*shape, m.nu))


def pack(d):
    """A state as `nuri rollout` reads it."""
    return np.concatenate([d.qpos, d.qvel, d.act, d.qacc_warmstart, d.ctrl])


def pack_all(d):
    """A state as `nuri dump` reads it."""
    return np.concatenate([pack(d), d.eq_active, d.mocap_pos.ravel(), d.mocap_quat.ravel(), d.plastic])


def unpack(m, d, state):
    mujoco.mj_resetData(m, d)
    parts = np.split(state, np.cumsum([m.nq, m.nv, m.na, m.nv, m.nu, m.neq, 3 * m.nmocap, 4 * m.nmocap]))
    d.qpos[:], d.qvel[:], d.act[:], d.qacc_warmstart[:], d.ctrl[:] = parts[:5]
    if len(state) > m.nq + 2 * m.nv + m.na + m.nu:
        d.eq_active[:], d.mocap_pos[:], d.mocap_quat[:] = parts[5], parts[6].reshape(-1, 3), parts[7].reshape(-1, 4)
        d.plastic[:] = parts[8]


def load(path):
    mujoco.set_mju_user_warning(lambda text: None)                      # otherwise warnings go into a file where one stands; what matters is in d.warning
    return mujoco.MjModel.from_xml_path(str(path))


def travel(m, d, random, steps, start_random):
    """Into `d` a state of MuJoCo's trajectory; False if it blew up."""
    mujoco.mj_resetData(m, d)
    if m.nkey and not start_random:
        mujoco.mj_resetDataKeyframe(m, d, 0)
    if start_random:
        scatter(m, d, random)
    for control in draw_controls(m, random, steps):
        d.ctrl[:] = control
        mujoco.mj_step(m, d)
    d.ctrl[:] = draw_controls(m, random)
    bad = (mujoco.mjtWarning.mjWARN_BADQPOS, mujoco.mjtWarning.mjWARN_BADQVEL, mujoco.mjtWarning.mjWARN_BADQACC)
    return not any(d.warning[kind].number for kind in bad)


def sample(m):
    random, d, states = np.random.default_rng(SEED), mujoco.MjData(m), []
    for journey in ((0, False), (100, False), (0, True), (5, True), (40, True), (100, True), (300, True)):
        if any(travel(m, d, random, *journey) for _ in range(10)):      # a random start may squeeze bodies until MuJoCo gives up
            states.append(pack_all(d))
    if len(states) < 4:
        raise TooFewStates("MuJoCo does not survive random controls of this model")
    return np.array(states)
