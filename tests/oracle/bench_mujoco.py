"""Times Nuri against MuJoCo's own rollout: one thread each, the same states, the same controls, on this machine, in turns.

    python tests/oracle/bench_mujoco.py [--json] [--models NAME...] [--envs N] [--steps T] [--rounds R] [--control S]
        [--hold K] [--quick]

Every environment has its own perturbation (joints 0.2 rad, free bodies thrown: turned any way, up to 0.6 m higher) and its own random
controls over S of the control range (0.1: they lie, prop and slide, many contacts; 1: they flail), new ones as often as the suite's
own task gives them (--hold: every so many steps); the clock starts after 2 simulated seconds (in MuJoCo), so that things touch and differ. Both engines then get the same states (with the
solver's warm start) and the same controls. Nuri runs in float, MuJoCo in double, each as it comes,
with the model's own options. Shown are medians over rounds that alternate between the two (a round of Nuri, which is
short, is the median of three), and with them the work: contacts,
rows and iterations per step, which must agree, and the error of one step's acceleration against a converged solution in double,
|acc - acc*| / max(1, |acc*|) per environment, from the same states rounded to float.
"""
import argparse
import json
import statistics
import sys
import tempfile
import time

import models
import parity
import program

if not models.missing():
    import mujoco
    import mujoco.rollout
    import numpy as np

SEED = 11
WARM_UP = 2.0          # s, simulated
PERTURBATION = 0.2     # rad, m, rad/s, m/s
LIFT = 0.6             # m, free bodies
REFERENCE = {"solver": "Newton", "tolerance": "0", "iterations": "1000", "ls_iterations": "100"}
WORK_AGREES = 0.05     # contacts and rows per step of the two engines
FLOAT_ERROR = 1e-3     # 99th percentile of Nuri's acceleration error in float


def perturbed(m, random, environments):
    """[environment][time, qpos, qvel, act]: the initial state, keyframe 0 if there is one, and a perturbation."""
    d, out = mujoco.MjData(m), []
    for _ in range(environments):
        mujoco.mj_resetData(m, d)
        if m.nkey:
            mujoco.mj_resetDataKeyframe(m, d, 0)
        for j in range(m.njnt):
            a, kind = m.jnt_qposadr[j], mujoco.mjtJoint(m.jnt_type[j])
            if kind == mujoco.mjtJoint.mjJNT_FREE:
                d.qpos[a + 2] += random.uniform(0, LIFT)
                a += 3
            if kind in (mujoco.mjtJoint.mjJNT_FREE, mujoco.mjtJoint.mjJNT_BALL):
                axis = random.normal(size=3)
                mujoco.mju_quatIntegrate(d.qpos[a:a + 4], axis / np.linalg.norm(axis), random.uniform(0, np.pi))
            else:
                d.qpos[a] += random.uniform(-PERTURBATION, PERTURBATION)
        d.qvel[:] = random.uniform(-PERTURBATION, PERTURBATION, m.nv)
        out.append(np.concatenate([[0.0], d.qpos, d.qvel, d.act]))
    return np.array(out)


def held(m, random, environments, steps, asked, hold):
    """[environment][step][actuator]"""
    return np.repeat(asked.control * parity.draw_controls(m, random, environments, -(-steps // hold)), hold, axis=1)[:, :steps]


def prepare(m, asked, random, hold):
    """States after the warm-up as parity.pack writes them, and MuJoCo's warm starts; the last step is taken alone, so that these are known."""
    steps = int(round(WARM_UP / m.opt.timestep))
    d, states = mujoco.MjData(m), perturbed(m, random, asked.envs)
    for begin in range(0, steps, 10 * hold):                            # in pieces: controls of all steps at once are large
        count = min(10 * hold, steps - begin)
        controls = held(m, random, asked.envs, count, asked, hold)
        states = mujoco.rollout.rollout(m, d, states, controls, nstep=count)[0][:, -1]
    out, warm = [], []
    for state in states:
        mujoco.mj_resetData(m, d)
        mujoco.mj_setState(m, d, state, mujoco.mjtState.mjSTATE_FULLPHYSICS)
        d.ctrl[:] = asked.control * parity.draw_controls(m, random)
        mujoco.mj_step(m, d)
        d.ctrl[:] = asked.control * parity.draw_controls(m, random)
        if np.isfinite(d.qpos).all():
            warm.append(d.qacc_warmstart.copy())
            out.append(parity.pack(d))
    return np.array(out), np.array(warm)


class MujocoRun:
    """MuJoCo's side: rollout on this thread, everything it needs allocated before."""

    def __init__(self, m, states, warm, controls):
        self.m, self.d, self.controls, self.warm = m, mujoco.MjData(m), controls, warm
        self.physics = np.concatenate([np.zeros((len(states), 1)), states[:, :m.nq + m.nv + m.na]], axis=1)
        n, steps = controls.shape[:2]
        self.state = np.empty((n, steps, self.physics.shape[1]))
        self.sensordata = np.empty((n, steps, m.nsensordata))

    def seconds(self):
        start = time.perf_counter()
        mujoco.rollout.rollout(self.m, self.d, self.physics, self.controls, nstep=self.controls.shape[1],
                               initial_warmstart=self.warm, state=self.state, sensordata=self.sensordata)
        return time.perf_counter() - start

    def work(self):
        """Mean contacts, rows, iterations per step: the same steps again, one by one, because rollout does not count."""
        m, d, sums, steps = self.m, self.d, np.zeros(3), 0
        for e in range(len(self.physics)):
            mujoco.mj_resetData(m, d)
            mujoco.mj_setState(m, d, self.physics[e], mujoco.mjtState.mjSTATE_FULLPHYSICS)
            d.qacc_warmstart[:] = self.warm[e]
            for control in self.controls[e]:
                d.ctrl[:] = control
                mujoco.mj_step(m, d)
                sums += sum(d.contact.efc_address >= 0), d.nefc, sum(d.solver_niter[:max(1, d.nisland)])
                steps += 1
        return sums / steps


def acceleration_errors(name, folder, states):
    """Per environment: Nuri float, MuJoCo; against acc* of MuJoCo with tolerance 0. States are rounded to float before."""
    states = states.astype(np.float32).astype(float)
    path = models.write(name, folder)
    m, exact = parity.load(path), parity.load(models.write(name, folder, **REFERENCE))
    ours = program.Dump(path, states, "float").arrays["acc"]
    d, e, errors = mujoco.MjData(m), mujoco.MjData(exact), []
    for state, acceleration in zip(states, ours):
        parity.unpack(m, d, state)
        mujoco.mj_forward(m, d)
        parity.unpack(exact, e, state)
        mujoco.mj_forward(exact, e)
        scale = max(1.0, np.linalg.norm(e.qacc))
        errors.append([np.linalg.norm(acceleration - e.qacc) / scale, np.linalg.norm(d.qacc - e.qacc) / scale])
    return np.array(errors)


def percentiles(values):
    return {"p50": float(np.percentile(values, 50)), "p99": float(np.percentile(values, 99)), "worst": float(values.max())}


def measure(name, asked, folder):
    random, path = np.random.default_rng(SEED), models.write(name, folder)
    m = parity.load(path)
    hold = asked.hold or models.HOLD.get(name, 1)
    states, warm = prepare(m, asked, random, hold)
    controls = held(m, random, len(states), -(-asked.steps // hold) * hold, asked, hold)
    np.save(f"{folder}/states.npy", states)
    np.save(f"{folder}/controls.npy", controls[:, ::hold].reshape(len(states), -1))
    theirs, rounds = MujocoRun(m, states, warm, controls), []
    for _ in range(asked.rounds):                                       # in turns: what else the machine does meets both
        seconds = theirs.seconds()
        ours = json.loads(program.run("rollout", path, "--states", f"{folder}/states.npy", "--controls", f"{folder}/controls.npy", "--threads", 1, "--backend", "cpu",
                                      "--runs", 3, "--hold", hold, "--json"))
        rounds.append((ours["steps_per_second"], controls.shape[0] * controls.shape[1] / seconds))
    contacts, rows, iterations = theirs.work()
    errors = acceleration_errors(name, folder, states)
    mine, other = (statistics.median(r[k] for r in rounds) for k in (0, 1))
    return {
        "name": name, "environments": len(states), "steps": controls.shape[1], "control": asked.control, "hold": hold, "rounds": asked.rounds,
        "nuri": {"steps_per_second": mine, "contacts": ours["contacts"], "rows": ours["rows"], "iterations": ours["iterations"], "occupancy": ours["occupancy"],
                 "state_hash": ours["state_hash"], "faults": ours["faults"], "backend": ours["backend"], "acceleration_error": percentiles(errors[:, 0])},
        "mujoco": {"steps_per_second": other, "contacts": contacts, "rows": rows, "iterations": iterations, "acceleration_error": percentiles(errors[:, 1])},
        "ratio": mine / other,
        "ratios": [a / b for a, b in rounds],
    }


def arguments(values=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--models", nargs="+", default=models.BENCH, metavar="NAME", help="names or parts of names")
    parser.add_argument("--envs", type=int, default=0, help="environments; 0: 256, or 64 if quick")
    parser.add_argument("--steps", type=int, default=200, help="timed steps of each environment")
    parser.add_argument("--rounds", type=int, default=5, help="timed runs of each engine")
    parser.add_argument("--control", type=float, default=0.1, metavar="S", help="controls are random over this share of their range")
    parser.add_argument("--hold", type=int, default=0, metavar="K", help="steps that a control is held; 0: as the suite's own task does")
    parser.add_argument("--quick", action="store_true", help="few environments, one round: fields, not figures")
    asked = parser.parse_args(values)
    if asked.quick:
        asked.steps, asked.rounds = min(asked.steps, 25), 1      # so few steps that chaos has not parted the engines
    asked.envs = asked.envs or (64 if asked.quick else 256)
    return asked


def main():
    asked = arguments()
    if reason := models.missing() or program.missing():
        raise SystemExit(reason)
    rows = []
    if not asked.json:
        print(f"{'model':24} {'nuri':>10} {'mujoco':>10} {'ratio':>6}   contacts        rows            iterations      acceleration error, p50 and p99")
    with tempfile.TemporaryDirectory() as folder:
        for name in models.matching(list(asked.models)):
            rows.append(measure(name, asked, folder))
            if not asked.json:
                n, o = rows[-1]["nuri"], rows[-1]["mujoco"]
                work = "  ".join(f"{n[k]:6.2f} {o[k]:6.2f} " for k in ("contacts", "rows", "iterations"))
                error = "  ".join(f"{e['acceleration_error']['p50']:.0e} {e['acceleration_error']['p99']:.0e}" for e in (n, o))
                print(f"{name:24} {n['steps_per_second']:10.0f} {o['steps_per_second']:10.0f} {rows[-1]['ratio']:6.2f}   {work}  {error}  {n['state_hash']}", flush=True)
    if asked.json:
        print(json.dumps({"mujoco": mujoco.__version__, "models": rows}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
