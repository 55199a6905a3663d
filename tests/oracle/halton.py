"""One simulated second of controls that fill their range evenly (a Halton sequence), in float: nothing may fault."""
import json

import models
import program
from states import pack

if not models.missing():
    import mujoco
    import numpy as np

    BAD = (mujoco.mjtWarning.mjWARN_BADQPOS, mujoco.mjtWarning.mjWARN_BADQVEL, mujoco.mjtWarning.mjWARN_BADQACC)
ENVIRONMENTS = 8
SECONDS = 1.0
PERTURBED = 0.05     # rad, m, rad/s, m/s
PERIOD = 0.02        # s; how long a control is held
LEAP = 409           # every so many-th point: neighbours in a sequence of a large base lie on a line (Kocis and Whiten 1997)


def primes(count):
    found, n = [], 2
    while len(found) < count:
        if all(n % p for p in found):
            found.append(n)
        n += 1
    return found


def halton(index, base):
    """The radical inverse: digits of the index, mirrored at the point."""
    value, share = 0.0, 1.0
    while index:
        share /= base
        value += share * (index % base)
        index //= base
    return value


def controls(m, periods):
    """[environment][period][actuator], over the whole range; over [-1, 1] where there is none."""
    limited = m.actuator_ctrllimited.astype(bool)
    low, high = np.where(limited, m.actuator_ctrlrange[:, 0], -1), np.where(limited, m.actuator_ctrlrange[:, 1], 1)
    unit = [[halton(LEAP * (k + 1), base) for base in primes(m.nu)] for k in range(ENVIRONMENTS * periods)]
    return low + (high - low) * np.array(unit).reshape(ENVIRONMENTS, periods, m.nu)


def mujoco_faults(m, periods, hold):
    """In how many environments MuJoCo says that the simulation went wrong, of the same controls."""
    count = 0
    for own in periods:
        d = start(m)
        for control in own:
            d.ctrl[:] = control
            mujoco.mj_step(m, d, hold)
        count += any(d.warning[kind].number for kind in BAD)
    return count


def start(m):
    d = mujoco.MjData(m)
    if m.nkey:
        mujoco.mj_resetDataKeyframe(m, d, 0)
    return d


def perturbed(scene):
    """What `nuri run` says of a second from perturbed states, without controls."""
    try:
        return json.loads(program.run("run", scene, "--seconds", SECONDS, "--envs", ENVIRONMENTS, "--perturb", PERTURBED, "--precision", "float", "--backend", "cpu", "--threads", 1, "--quiet", "--json"))
    except program.Refused as error:
        if error.output.lstrip().startswith("{"):                      # its status only says that something faults
            return json.loads(error.output)
        raise


def blows_up(m, random):
    """Whether MuJoCo says that the simulation went wrong, from a perturbed state."""
    d = start(m)
    for j in range(m.njnt):
        if m.jnt_type[j] >= int(mujoco.mjtJoint.mjJNT_SLIDE):
            d.qpos[m.jnt_qposadr[j]] += random.uniform(-PERTURBED, PERTURBED)
    d.qvel[:] = random.uniform(-PERTURBED, PERTURBED, m.nv)
    mujoco.mj_step(m, d, round(SECONDS / m.opt.timestep))
    return any(d.warning[kind].number for kind in BAD)


def roll(scene, m, folder):
    """What the program says of it, "faults" among that, with MuJoCo's own where there are any. Without actuators: `nuri run` from perturbed states."""
    if m.nu == 0:
        got = perturbed(scene)
        return {**got, "mujoco_faults": sum(blows_up(m, np.random.default_rng(k)) for k in range(ENVIRONMENTS)) if got["faults"] else 0}
    hold = max(1, round(PERIOD / m.opt.timestep))
    periods = controls(m, round(SECONDS / (hold * m.opt.timestep)))
    np.save(f"{folder}/halton_states.npy", np.tile(pack(start(m)), (ENVIRONMENTS, 1)))
    np.save(f"{folder}/halton_controls.npy", periods.reshape(ENVIRONMENTS, -1))
    got = json.loads(program.run("rollout", scene, "--states", f"{folder}/halton_states.npy", "--controls", f"{folder}/halton_controls.npy", "--hold", hold, "--runs", 1,
                                 "--precision", "float", "--backend", "cpu", "--json"))
    return {**got, "mujoco_faults": mujoco_faults(m, periods, hold) if got["faults"] else 0}
