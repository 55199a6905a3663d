"""Do scripted policies have the same outcome? metaworld's policies (no learning; written by its authors) play each of its tasks, with MuJoCo and
with Nuri as the engine behind the same environment.

    python tests/oracle/scripted.py [TASK...]            names or parts of names; fetch_data.py metaworld brings the package
        --out FILE                                       a line of JSON per task; those in it are not played again
        --write                                          into docs/parity-suites.md

Per task, of the same start: the policy plays in MuJoCo; it plays in Nuri (closed loop: it sees what Nuri makes of the world); its controls as
recorded in MuJoCo are played in Nuri (open loop); and, as the yardstick of how much chaos there is, once more in MuJoCo from a start whose
positions are moved by 1e-9. The outcome is metaworld's own: whether `success` holds at some step of the episode.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import sys

import fetch_data
import program
import suites

STEPS, SEED, MOVED = 500, 1, 1e-9
KNOWN = {}                                         # tasks whose outcome differs, and why
BEGIN, END = "<!-- scripted: python tests/oracle/scripted.py --write -->", "<!-- end of scripted -->"
DOCUMENT = program.ROOT / "docs/parity-suites.md"


def missing():
    """What is not there, in words; empty if nothing."""
    if not fetch_data.complete("metaworld"):
        return "metaworld was not fetched"
    sys.path[:0] = [path for path in (str(fetch_data.FOLDER), str(program.path().parent / "python")) if path not in sys.path]
    os.environ.setdefault("MUJOCO_GL", "disable")
    try:
        import metaworld  # noqa: F401
        import nuri  # noqa: F401
    except ImportError as error:
        return str(error)
    return ""


def tasks():
    import metaworld

    return tuple(sorted(metaworld.ALL_V3_ENVIRONMENTS))


def policy_of(task):
    import metaworld.policies

    words = "".join(word.capitalize() for word in task.split("-")[:-1])
    names = {"PegInsertSide": "PegInsertionSide"}
    return getattr(metaworld.policies, f"Sawyer{names.get(words, words)}V3Policy")()


class Nuri:
    """The engine behind a metaworld environment: takes over state and the model's numbers as they are, then does its steps."""

    def __init__(self, env):
        import nuri

        self.env = env
        self.world = nuri.World(nuri.load(env.model_name, folders=suites.roots()), envs=1, backend="cpu", precision="float64", threads=1, timeline=False)
        self._take_numbers()
        self._take_state()

    def _take_numbers(self):
        """metaworld moves bodies of the model and resets its welds."""
        m, plain = self.env.model, type(self.env.model).from_xml_path(str(self.env.model_name))
        for field in ("body_pos", "body_quat"):
            ours = getattr(m, field)
            for body in range(m.nbody):
                if (ours[body] != getattr(plain, field)[body]).any():
                    self.world.set(field, None, ours[body], body)
        for e in range(m.neq):
            if (m.eq_data[e] != plain.eq_data[e]).any():
                self.world.set("equality_data", None, m.eq_data[e, :11], e)

    def _take_state(self):
        d, state = self.env.data, self.world.state
        state.qpos[0], state.qvel[0] = d.qpos, d.qvel
        state.mocap_pos[0], state.mocap_quat[0] = d.mocap_pos, d.mocap_quat
        self.world.forward()

    def simulate(self, control, n_frames):
        """In place of MujocoEnv.do_simulation."""
        import mujoco

        d, state = self.env.data, self.world.state
        state.mocap_pos[0], state.mocap_quat[0] = d.mocap_pos, d.mocap_quat
        self.world.control[0] = control
        self.world.step(n_frames)
        if self.world.status.fault[0]:
            raise ValueError(f"fault {int(self.world.status.fault[0])}")
        d.ctrl[:], d.qpos[:], d.qvel[:] = control, state.qpos[0], state.qvel[0]
        mujoco.mj_forward(self.env.model, d)


def _reset_welds(env):
    """In place of metaworld's, which knows 11 numbers of an equality; MuJoCo 4.0.1 has 12."""
    import mujoco

    env.model.eq_data[env.model.eq_type == mujoco.mjtEq.mjEQ_WELD, :11] = [0, 0, 0, 0, 0, 0, -1, 0, 0, 0, 5]


def begun(task):
    """An environment at the start of its first episode, and what its policy sees."""
    import metaworld

    metaworld.sawyer_xyz_env.SawyerMocapBase.reset_mocap_welds = _reset_welds
    benchmark = metaworld.MT1(task, seed=SEED)
    env = benchmark.train_classes[task]()
    env.set_task(benchmark.train_tasks[0])
    return env, env.reset()[0]


def play(env, seen, policy=None, actions=()):
    """One episode, of a policy or of recorded actions: the actions, the step of the first success (-1: none), where the first moving thing ended."""
    import numpy as np

    done, success = [], -1
    for step in range(STEPS if policy else len(actions)):
        action = np.clip(policy.get_action(seen), -1, 1) if policy else actions[step]
        seen, _, _, truncated, info = env.step(action)
        done.append(action)
        if success < 0 and info["success"]:
            success = step
        if truncated:
            break
    return done, success, env.data.qpos.copy()


def judge(task):
    """Steps of success in all four, and how far the last positions are from MuJoCo's."""
    import numpy as np

    missing()
    out = {"task": task}
    env, seen = begun(task)
    actions, out["mujoco"], end = play(env, seen, policy_of(task))
    for name in ("nuri", "open", "moved"):
        env, seen = begun(task)
        if name == "moved":
            env.data.qpos[:] += MOVED * np.random.default_rng(SEED).choice([-1, 1], env.model.nq)
        else:
            env.do_simulation = Nuri(env).simulate
        _, out[name], there = play(env, seen, policy_of(task) if name == "nuri" else None, actions)
        out[f"{name}_apart"] = float(np.abs(there - end).max())
    out["same"] = (out["mujoco"] >= 0) == (out["nuri"] >= 0) == (out["open"] >= 0)
    return out


def measure(asked, jobs, out=None):
    path = pathlib.Path(out) if out else None
    there = {v["task"]: v for v in map(json.loads, path.read_text().splitlines() if path and path.exists() else ())}
    with concurrent.futures.ProcessPoolExecutor(jobs) as pool:
        for done in concurrent.futures.as_completed([pool.submit(judge, task) for task in asked if task not in there]):
            there[done.result()["task"]] = done.result()
            if path:
                with path.open("a") as lines:
                    lines.write(json.dumps(done.result()) + "\n")
    return [there[task] for task in asked]


def shown(step):
    return "-" if step < 0 else str(step)


def table(results):
    import parity_document

    rows = [[r["task"], *(shown(r[k]) for k in ("mujoco", "nuri", "open", "moved")), f"{r['open_apart']:.0e}", f"{r['moved_apart']:.0e}"] for r in results]
    return parity_document.table(["task", "MuJoCo", "Nuri", "Nuri, open loop", "MuJoCo, start moved by 1e-9", "Nuri apart at the end", "MuJoCo apart"], rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", nargs="*", metavar="TASK")
    parser.add_argument("--out", metavar="FILE")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="N")
    asked = parser.parse_args()
    if reason := missing():
        raise SystemExit(reason)
    chosen = [task for task in tasks() if not asked.tasks or any(part in task for part in asked.tasks)]
    results = measure(chosen, asked.jobs, asked.out)
    same = sum(r["same"] for r in results)
    summary = f"{same} of {len(results)} tasks have the same outcome; MuJoCo succeeds in {sum(r['mujoco'] >= 0 for r in results)}, Nuri in {sum(r['nuri'] >= 0 for r in results)}, with recorded controls in {sum(r['open'] >= 0 for r in results)}."
    print(table(results), summary, sep="\n\n")
    if asked.write:
        text = DOCUMENT.read_text()
        DOCUMENT.write_text(f"{text[:text.index(BEGIN) + len(BEGIN)]}\n\n{summary}\n\n{table(results)}\n\n{text[text.index(END):]}")
    return 0 if same == len(results) else 1


if __name__ == "__main__":
    sys.exit(main())
