"""MuJoCo and Nuri behind one interface: play a scene, look into given states. What measures it does not know which of them it sees."""
import dataclasses
import os
import pathlib
import subprocess
import tempfile

import mujoco
import numpy as np
import parity
import program


@dataclasses.dataclass
class Job:
    """`settle` steps, velocities to zero, `set` (field, item, value), then `steps` with a record after each; `controls` [step][actuator]."""
    mjcf: str
    steps: int
    settle: int = 0
    set: tuple = ()
    controls: np.ndarray | None = None
    name: str = ""


@dataclasses.dataclass
class Trajectory:
    m: mujoco.MjModel
    trouble: str          # faults or warnings, in words; empty if none
    qpos: np.ndarray      # [record][item], the start first
    qvel: np.ndarray
    warmstart: np.ndarray


@dataclasses.dataclass
class Contact:
    bodies: tuple         # of geom 1, of geom 2
    pos: np.ndarray
    frame: np.ndarray     # rows: normal from 1 to 2, two tangents
    mu: float
    force: np.ndarray     # N, in the frame, on 2


@dataclasses.dataclass
class View:
    """One state: what the constraints did and where the step after it went."""
    contacts: list
    constraint: np.ndarray    # generalised constraint force
    next_qvel: np.ndarray


class Engine:
    def __init__(self, name):
        self.name, self.row, self.notes = name, "", []

    def note(self, job, text):
        """What went wrong in a row, for the end of the report."""
        if text:
            self.notes.append(" ".join(filter(None, (self.row, job.name, text))))


class Mujoco(Engine):
    def __init__(self):
        super().__init__("MuJoCo")
        mujoco.set_mju_user_warning(lambda text: None)

    def play(self, job):
        m = mujoco.MjModel.from_xml_string(job.mjcf)
        d = mujoco.MjData(m)
        for _ in range(job.settle):
            mujoco.mj_step(m, d)
        if job.settle:
            d.qvel[:] = 0
        for field, item, value in job.set:
            getattr(d, field).reshape(-1)[item] = value
        records = [(d.qpos.copy(), d.qvel.copy(), d.qacc_warmstart.copy())]
        for step in range(job.steps):
            if job.controls is not None:
                d.ctrl[:] = job.controls[step]
            mujoco.mj_step(m, d)
            records.append((d.qpos.copy(), d.qvel.copy(), d.qacc_warmstart.copy()))
        trouble = ", ".join(f"{mujoco.mjtWarning(k).name} {w.number}" for k, w in enumerate(d.warning) if w.number)
        self.note(job, trouble)
        return Trajectory(m, trouble, *(np.array(values) for values in zip(*records)))

    @staticmethod
    def forwarded(path, states):
        m = parity.load(path)
        d = mujoco.MjData(m)
        for state in states:
            parity.unpack(m, d, state)
            mujoco.mj_forward(m, d)
            yield m, d, state

    def look(self, path, states):
        out = []
        for m, d, state in self.forwarded(path, states):
            contacts = []
            for c in parity.active_contacts(d):
                force = np.zeros(6)
                mujoco.mj_contactForce(m, d, c, force)
                contact = d.contact[c]
                bodies = tuple(m.geom_bodyid[contact.geom])
                contacts.append(Contact(bodies, contact.pos.copy(), contact.frame.reshape(3, 3).copy(), contact.friction[0], force[:3].copy()))
            constraint = d.qfrc_constraint.copy()
            parity.unpack(m, d, state)
            mujoco.mj_step(m, d)
            out.append(View(contacts, constraint, d.qvel.copy()))
        return out

    def fields(self, path, states):
        """Mass matrix, and velocity-dependent smooth forces: passive + actuator, -bias. Per state."""
        return [(parity.full_mass_matrix(m, d), d.qfrc_passive + d.qfrc_actuator, -d.qfrc_bias) for m, d, _ in self.forwarded(path, states)]


class Nuri(Engine):
    def __init__(self, precision, player):
        super().__init__(f"Nuri {precision}")
        self.precision, self.player = precision, player

    def play(self, job):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "scene.xml").write_text(job.mjcf)
            lines = [f"mjcf {folder}/scene.xml", f"precision {self.precision}", f"out {folder}/out"]
            lines += [f"settle {job.settle}", f"steps {job.steps}"]
            lines += [f"{field} {item} {float(value)!r}" for field, item, value in job.set]
            if job.controls is not None:
                np.ascontiguousarray(job.controls, dtype="<f8").tofile(folder / "controls")
                lines.append(f"controls {folder}/controls")
            (folder / "job").write_text("\n".join(lines))
            done = subprocess.run([self.player, "-ns", "-tc=a trajectory played"], capture_output=True, text=True, cwd=program.ROOT,
                                  env={**os.environ, "NURI_PLAY": str(folder / "job")})
            if done.returncode or not (folder / "out").is_file():
                raise program.Refused(next((line.split("ERROR: ")[-1] for line in done.stdout.splitlines() if "ERROR: " in line), done.stdout[-300:]))
            m = mujoco.MjModel.from_xml_string(job.mjcf)
            records = np.fromfile(folder / "out").reshape(-1, 1 + m.nq + 2 * m.nv)
        faults = int((records[:, 0] != 0).sum())
        trouble = f"faults {int(records[-1, 0])} from record {len(records) - faults}" if faults else ""
        self.note(job, trouble)
        return Trajectory(m, trouble, *np.split(records[:, 1:], [m.nq, m.nq + m.nv], axis=1))

    def look(self, path, states):
        m, dump = parity.load(path), program.Dump(path, states, self.precision)

        def contact(c):
            bodies = m.geom_bodyid[c["geom1"]], m.geom_bodyid[c["geom2"]]
            return Contact(bodies, np.array(c["pos"]), np.array(c["frame"]).reshape(3, 3), c["friction"][0], np.array(c["force"][:3]))

        return [View([contact(c) for c in contacts], constraint, next_qvel)
                for contacts, constraint, next_qvel in zip(dump.contacts, dump.arrays["constraint"], dump.arrays["next_qvel"])]

    def fields(self, path, states):
        m, a = parity.load(path), program.Dump(path, states, self.precision).arrays
        return [(parity.mass_matrix(m, mass), force, -bias) for mass, force, bias in zip(a["mass"], a["passive"] + a["actuation"], a["bias"])]
