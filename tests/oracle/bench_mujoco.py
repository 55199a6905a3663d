"""Times Nuri against MuJoCo's own rollout: one thread each, the same states, the same controls, on this machine, in turns.

    python tests/oracle/bench_mujoco.py [--json] [--models NAME...] [--envs N] [--steps T] [--rounds R] [--control S]
        [--hold K] [--quick] [--precision P] [--processor] [--keep FOLDER]

Every environment has its own perturbation (joints 0.2 rad, free bodies thrown: turned any way, up to 0.6 m higher) and its own random
controls over S of the control range (0.1: they lie, prop and slide, many contacts; 1: they flail), new ones as often as the suite's
own task gives them (--hold: every so many steps); the clock starts after 2 simulated seconds (in MuJoCo), so that things touch and
differ. Both engines then get the same states (with the solver's warm start) and the same controls. Nuri runs in float (or --precision), MuJoCo in
double, each as it comes, with the model's own options. Shown are medians over rounds that alternate between the two (a round of
Nuri, which is short, is the median of three), and with them the work: contacts,
rows and iterations per step, which must agree, and the error of one step's acceleration against a converged solution in double,
|acc - acc*| / max(1, |acc*|) per environment, from the same states rounded to float.

--processor takes processor time instead of wall time, which a machine with other work stretches; --keep writes the states after the
warm-up into a folder, and takes them from there next time, so that two programs are measured on the same ones.

`--models large/objects` and the like (large_models.py) are for measuring only: trees and heaps of hundreds of bodies, few environments, few
steps. `--models scene/quadruped`, or a scene file, times a scene of Nuri's own, which scene_model.py builds for MuJoCo. It begins and is
driven as its file says, with up to 0.2 m/s and rad/s on top of its velocities, and random parts of S on top of its controls.
"""
import argparse
import json
import pathlib
import statistics
import sys
import tempfile
import time

import models
import program

if not models.missing():
    import mujoco
    import mujoco.rollout
    import numpy as np
    import scene_model
    from stages import injected
    from states import draw_controls, load, pack, unpack

SEED = 11
WARM_UP = 2.0          # s, simulated
PERTURBATION = 0.2     # rad, m, rad/s, m/s
LIFT = 0.6             # m, free bodies
REFERENCE = {"solver": "Newton", "tolerance": "0", "iterations": "1000", "ls_iterations": "100"}
HEAPS = {"scene/tumbler": (1.0, 8, 5), "scene/bin_pile": (0.5, 8, 5)}   # s of warm-up, until they lie; environments; timed steps
LARGE = {"large/objects": (2.5, 8, 10), "large/chain": (1.5, 8, 5), "large/hulls": (2.0, 4, 5), "large/humanoids": (1.5, 8, 10)}
WORK_AGREES = 0.05     # contacts and rows per step of the two engines
FLOAT_ERROR = 1e-3     # 99th percentile of Nuri's acceleration error in float


class Suite:
    """A model of the suites: thrown from its initial state or keyframe 0, driven at random."""

    warm_up, environments, quick_environments, steps = WARM_UP, 256, 64, 200

    def __init__(self, name, asked, folder):
        self.name, self.folder, self.share = name, folder, asked.control
        self.path = models.write(name, folder)
        self.m = load(self.path)
        self.hold = asked.hold or models.HOLD.get(name, 1)

    def exact(self):
        return load(models.write(self.name, self.folder, **REFERENCE))

    def start(self, random, d):
        m = self.m
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

    def controls(self, random, environments, begin, count):
        """[environment][step][actuator]"""
        return np.repeat(self.share * draw_controls(self.m, random, environments, -(-count // self.hold)), self.hold, axis=1)[:, :count]


class Large(Suite):
    """A model of large_models.py: its bodies are turned, not lifted into each other."""

    def __init__(self, name, asked, folder):
        super().__init__(name, asked, folder)
        self.warm_up, self.environments, self.steps = LARGE[name]
        self.quick_environments = 2

    def start(self, random, d):
        m = self.m
        mujoco.mj_resetData(m, d)
        for j in range(m.njnt):
            a, kind = m.jnt_qposadr[j], mujoco.mjtJoint(m.jnt_type[j])
            if kind == mujoco.mjtJoint.mjJNT_FREE:
                axis = random.normal(size=3)
                mujoco.mju_quatIntegrate(d.qpos[a + 3:a + 7], axis / np.linalg.norm(axis), random.uniform(0, np.pi))
        d.qvel[:] = random.uniform(-PERTURBATION, PERTURBATION, m.nv)


class OwnScene:
    """A scene of ours: begun and driven as its file says, with a push and random controls on top, so that no two environments do the same."""

    def __init__(self, name, asked):
        self.name, self.scene, self.share = name, scene_model.Scene(scene_model.path_of(name)), asked.control
        self.path, self.m = self.scene.path, self.scene.m
        self.hold = self.scene.hold = asked.hold or self.scene.hold
        self.warm_up, self.environments, self.steps = HEAPS.get(name, (WARM_UP, 256, 200))
        self.quick_environments = min(self.environments, 64)

    def exact(self):
        return scene_model.load(self.path, **REFERENCE)

    def start(self, random, d):
        self.scene.start(random, d)
        d.qvel[:] += random.uniform(-PERTURBATION, PERTURBATION, self.m.nv)

    def controls(self, random, environments, begin, count):
        return self.scene.controls(random, environments, begin, count, self.share)


def subject(name, asked, folder):
    if scene_model.is_scene(name):
        return OwnScene(name, asked)
    return (Large if name in models.LARGE else Suite)(name, asked, folder)


def prepare(of, random, environments):
    """States after the warm-up as states.pack writes them, and MuJoCo's warm starts; the last step is taken alone, so that these are known."""
    m, steps = of.m, int(round(of.warm_up / of.m.opt.timestep))
    d, states = mujoco.MjData(m), []
    for _ in range(environments):
        of.start(random, d)
        states.append(np.concatenate([[0.0], d.qpos, d.qvel, d.act]))
    states = np.array(states)
    for begin in range(0, steps, 10 * of.hold):                         # in pieces: controls of all steps at once are large
        count = min(10 * of.hold, steps - begin)
        states = mujoco.rollout.rollout(m, d, states, of.controls(random, environments, begin, count), nstep=count)[0][:, -1]
    out, warm = [], []
    for state in states:
        mujoco.mj_resetData(m, d)
        mujoco.mj_setState(m, d, state, mujoco.mjtState.mjSTATE_FULLPHYSICS)
        d.ctrl[:] = of.controls(random, 1, steps, 1)[0, 0]
        mujoco.mj_step(m, d)
        d.ctrl[:] = of.controls(random, 1, steps, 1)[0, 0]
        if np.isfinite(d.qpos).all():
            warm.append(d.qacc_warmstart.copy())
            out.append(pack(d))
    return np.array(out), np.array(warm)


def prepared(of, random, environments, kept):
    """prepare, or what an earlier run kept in the folder `kept`."""
    file = kept and pathlib.Path(kept) / f"{of.name.replace('/', '_')}_{environments}.npz"
    if file and file.exists():
        with np.load(file) as found:
            return found["states"], found["warm"]
    states, warm = prepare(of, random, environments)
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
        np.savez(file, states=states, warm=warm)
    return states, warm


class MujocoRun:
    """MuJoCo's side: rollout on this thread, everything it needs allocated before."""

    def __init__(self, m, states, warm, controls, clock):
        self.clock = clock
        self.m, self.d, self.controls, self.warm = m, mujoco.MjData(m), controls, warm
        self.physics = np.concatenate([np.zeros((len(states), 1)), states[:, :m.nq + m.nv + m.na]], axis=1)
        n, steps = controls.shape[:2]
        self.state = np.empty((n, steps, self.physics.shape[1]))
        self.sensordata = np.empty((n, steps, m.nsensordata))

    def seconds(self):
        start = self.clock()
        mujoco.rollout.rollout(self.m, self.d, self.physics, self.controls, nstep=self.controls.shape[1],
                               initial_warmstart=self.warm, state=self.state, sensordata=self.sensordata)
        return self.clock() - start

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


def acceleration_errors(of, states, precision):
    """Per environment: Nuri in `precision`, MuJoCo; against acc* of MuJoCo with tolerance 0. States are rounded to float before.

    Which points stand for faces that touch is a matter of choice: where there are meshes or heaps, Nuri gets MuJoCo's contacts."""
    states = states.astype(np.float32).astype(float)
    m, exact = of.m, of.exact()
    d, e, theirs, found, contacts = mujoco.MjData(m), mujoco.MjData(exact), [], [], []
    for state in states:
        unpack(m, d, state)
        mujoco.mj_forward(m, d)
        unpack(exact, e, state)
        mujoco.mj_forward(exact, e)
        theirs.append(d.qacc.copy())
        found.append(e.qacc.copy())
        contacts.append(injected(exact, e))
    ours = program.Dump(of.path, states, precision, contacts if m.nmesh or of.name in LARGE else None).arrays["acc"]
    scale = np.maximum(1.0, np.linalg.norm(found, axis=1))
    return np.array([np.linalg.norm(a - found, axis=1) / scale for a in (ours, np.array(theirs))]).T


def percentiles(values):
    return {"p50": float(np.percentile(values, 50)), "p99": float(np.percentile(values, 99)), "worst": float(values.max())}


def measure(name, asked, folder):
    of, random = subject(name, asked, folder), np.random.default_rng(SEED)
    environments = asked.envs or (of.quick_environments if asked.quick else of.environments)
    steps = asked.steps or (min(25, of.steps) if asked.quick else of.steps)   # quick: so few that chaos has not parted the engines
    states, warm = prepared(of, random, environments, asked.keep)
    controls = of.controls(random, len(states), int(round(of.warm_up / of.m.opt.timestep)), -(-steps // of.hold) * of.hold)
    np.save(f"{folder}/states.npy", states)
    np.save(f"{folder}/controls.npy", controls[:, ::of.hold].reshape(len(states), -1))
    driven = ("--controls", f"{folder}/controls.npy") if of.m.nu else ("--periods", controls.shape[1] // of.hold)
    theirs, rounds = MujocoRun(of.m, states, warm, controls, time.process_time if asked.processor else time.perf_counter), []
    speed = "steps_per_processor_second" if asked.processor else "steps_per_second"
    for _ in range(asked.rounds):                                       # in turns: what else the machine does meets both
        seconds = theirs.seconds()
        ours = json.loads(program.run("rollout", of.path, "--states", f"{folder}/states.npy", *driven, "--threads", 1, "--backend", "cpu",
                                      "--precision", asked.precision, "--runs", 3, "--hold", of.hold, "--json"))
        rounds.append((ours[speed], controls.shape[0] * controls.shape[1] / seconds))
    contacts, rows, iterations = theirs.work()
    errors = acceleration_errors(of, states, asked.precision)
    mine, other = (statistics.median(r[k] for r in rounds) for k in (0, 1))
    return {
        "name": name, "environments": len(states), "steps": controls.shape[1], "control": asked.control, "hold": of.hold, "rounds": asked.rounds,
        "nuri": {"steps_per_second": mine, "contacts": ours["contacts"], "rows": ours["rows"], "iterations": ours["iterations"], "occupancy": ours["occupancy"],
                 "state_hash": ours["state_hash"], "faults": ours["faults"], "backend": ours["backend"], "acceleration_error": percentiles(errors[:, 0])},
        "mujoco": {"steps_per_second": other, "contacts": contacts, "rows": rows, "iterations": iterations, "acceleration_error": percentiles(errors[:, 1])},
        "ratio": mine / other,
        "ratios": [a / b for a, b in rounds],
    }


def arguments(values=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--models", nargs="+", default=models.BENCH, metavar="NAME", help="names or parts of names, scene/NAME or scene files")
    parser.add_argument("--envs", type=int, default=0, help="environments; 0: 256, or 64 if quick; heaps few")
    parser.add_argument("--steps", type=int, default=0, help="timed steps of each environment; 0: 200, or 25 if quick; heaps few")
    parser.add_argument("--rounds", type=int, default=5, help="timed runs of each engine")
    parser.add_argument("--control", type=float, default=0.1, metavar="S", help="controls are random over this share of their range")
    parser.add_argument("--hold", type=int, default=0, metavar="K", help="steps that a control is held; 0: as the suite's own task does")
    parser.add_argument("--precision", choices=("float", "double"), default="float", help="Nuri's numbers")
    parser.add_argument("--processor", action="store_true", help="processor time, not wall time")
    parser.add_argument("--keep", metavar="FOLDER", help="states after the warm-up are kept there")
    parser.add_argument("--quick", action="store_true", help="few environments, one round: fields, not figures")
    asked = parser.parse_args(values)
    asked.rounds = 1 if asked.quick else asked.rounds
    return asked


def chosen(patterns):
    """Scenes by their names, models of the suites by parts of theirs."""
    def names(pattern):
        return [pattern] if scene_model.is_scene(pattern) else models.matching([pattern], models.LARGE if pattern.startswith("large") else models.NAMES)
    return list(dict.fromkeys(name for pattern in patterns for name in names(pattern)))


def main():
    asked = arguments()
    if reason := models.missing() or program.missing():
        raise SystemExit(reason)
    rows = []
    if not asked.json:
        print(f"{'model':24} {'nuri':>10} {'mujoco':>10} {'ratio':>6}   contacts        rows            iterations      acceleration error, p50 and p99")
    with tempfile.TemporaryDirectory() as folder:
        for name in chosen(asked.models):
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
