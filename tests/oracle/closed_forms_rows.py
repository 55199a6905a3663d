"""Recipes that are shown beside MuJoCo: ids as in docs/verification.md, g = 9.81, SI."""
import dataclasses
import pathlib
import tempfile
import typing

import models
import mujoco
import numpy as np
import parity
import program
from closed_forms_engines import Job

G = 9.81


@dataclasses.dataclass
class Group:
    """Rows that one measurement gives: measure(engine) -> a value for each of `rows` (what, closed form)."""
    id: str
    rows: list
    measure: typing.Callable
    near: bool = False        # Nuri in double must be near MuJoCo


def first(value):
    return lambda engine: [value(engine)]


def scene(option, bodies, default=""):
    return f"<mujoco><option {option}/><default>{default}</default><worldbody>{bodies}</worldbody></mujoco>"


def free_body(integrator, timestep, body):
    return scene(f"timestep='{timestep}' integrator='{integrator}' gravity='0 0 0'", f"<body><freejoint/>{body}</body>")


# ---- derivatives (T14) -----------------------------------------------------------------------------------------------

def ancestors(m):
    """Which entries the tree pattern has."""
    mask = np.eye(m.nv, dtype=bool)
    for dof in range(m.nv):
        above = dof
        while (above := m.dof_parentid[above]) >= 0:
            mask[dof, above] = mask[above, dof] = True
    return mask


def implicit_derivative(engine, mjcf, m, d, mass):
    """D of (M - h D) (v' - v) / h = f + applied, which holds for every applied force: columns of the inverse from steps of their own."""
    h = m.opt.timestep
    state = tuple((field, i, float(x)) for field in ("qpos", "qvel", "act", "ctrl") for i, x in enumerate(getattr(d, field)))
    plain = engine.play(Job(mjcf, steps=1, set=state)).qvel[-1]
    inverse = np.zeros((m.nv, m.nv))
    for k in range(m.nv):
        force = mass[k, k] / h                                         # changes the velocity by about 1
        inverse[:, k] = (engine.play(Job(mjcf, steps=1, set=(*state, ("qfrc_applied", k, float(force))))).qvel[-1] - plain) / (h * force)
    return (mass - np.linalg.inv(inverse)) / h


def derivative(what, mjcf, with_bias):
    """Worst entry of D against centred differences of the same engine's forces, over the largest; entries of the tree pattern."""
    def measure(engine):
        m = mujoco.MjModel.from_xml_string(mjcf)
        d, random = mujoco.MjData(m), np.random.default_rng(parity.SEED)
        for control in parity.draw_controls(m, random, 100):
            d.ctrl[:] = control
            mujoco.mj_step(m, d)
        if with_bias:
            d.qvel[:] = random.normal(size=m.nv)
        d.qvel[:] = d.qvel.astype(np.float32)
        d.qpos[:] = d.qpos.astype(np.float32)
        eps = 1e-2 if engine.name == "Nuri float" else 1e-6
        states = [parity.pack(d)]
        for k in range(m.nv):
            for side in (eps, -eps):
                states.append(parity.pack(d))
                states[-1][m.nq + k] += side
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "scene.xml"
            path.write_text(mjcf)
            seen = engine.fields(path, np.array(states))
        forces = np.array([f + bias * with_bias for _, f, bias in seen])
        difference = ((forces[1::2] - forces[2::2]) / (2 * eps)).T
        ours = implicit_derivative(engine, mjcf, m, d, seen[0][0])
        return np.abs(ours - difference)[ancestors(m)].max() / np.abs(difference).max()

    return Group("T14", [(f"D of implicitfast - differences, {what}", 0)], first(measure))


def derivatives():
    free = "<geom type='box' size='0.1 0.2 0.3' mass='1' pos='0.03 0.02 0.01'/>"
    yield derivative("free body", free_body("implicitfast", 0.01, free), True)
    unconstrained = '<option><flag constraint="disable"/></option></mujoco>'
    cases = [("half_cheetah", "gymnasium/half_cheetah", "true"), ("actuators", "own/actuators_implicitfast", "false"),
             ("actuators with drag", "own/actuators_implicitfast_drag", "false"),
             ("actuators beyond a joint's limit", "own/actuators_implicitfast", "true")]
    for what, name, limited in cases:
        mjcf = models.text(name, integrator="implicitfast").replace("</mujoco>", unconstrained)
        yield derivative(what, mjcf.replace('actuatorfrclimited="true"', f'actuatorfrclimited="{limited}"'), False)


# ---- solvers (T16) ---------------------------------------------------------------------------------------------------

def solvers(name, cone):
    """Converged constraint forces of PGS against those of Newton, worst state, over their length. Cold: the warm start is zero."""
    def measure(engine):
        with tempfile.TemporaryDirectory() as folder:
            paths = [models.write(name, folder, **{**parity.CONVERGED, "solver": solver, "cone": cone}) for solver in ("Newton", "PGS")]
            m = parity.load(paths[0])
            states = parity.sample(m)
            states[:, m.nq + m.nv + m.na:][:, :m.nv] = 0
            newton, pgs = ([view.constraint for view in engine.look(path, states)] for path in paths)
        return max(np.linalg.norm(a - b) / np.linalg.norm(a) for a, b in zip(newton, pgs) if np.linalg.norm(a) > 0)

    return Group("T16", [(f"PGS - Newton, {cone}, {name.split('/')[1]}", 0)], first(measure))


# ---- contact (T23) ---------------------------------------------------------------------------------------------------

PLANE = "<geom type='plane' size='5 5 1'/>"


def box(z, half_height):
    return f"<body pos='0 0 {z:.15g}'><freejoint/><geom type='box' size='0.1 0.1 {half_height}' mass='1'/></body>"


def residuals(m, state, view):
    """Of one state: worst Signorini, NCP, cone and dissipation residual over contacts, with the velocity after the step. N, m/s.

    Signorini |v_n f_n|; NCP |f . (v + n mu |v_t|)|; cone max(0, |f_t| - mu f_n); dissipation (mu f_n - |f_t|) |v_t| (Le Lidec 2023)."""
    d = mujoco.MjData(m)
    parity.unpack(m, d, state)
    mujoco.mj_forward(m, d)
    worst, J = np.zeros(4), np.zeros((2, 3, m.nv))
    for contact in view.contacts:
        for side, body in enumerate(contact.bodies):
            mujoco.mj_jac(m, d, J[side], None, contact.pos, int(body))
        v, f, mu = contact.frame @ ((J[1] - J[0]) @ view.next_qvel), contact.force, contact.mu
        slip, friction = np.linalg.norm(v[1:]), np.linalg.norm(f[1:])
        slack = mu * f[0] - friction
        worst = np.maximum(worst, [abs(v[0] * f[0]), abs(f @ v + f[0] * mu * slip), max(0, -slack), abs(slack) * slip])
    return worst


def contact_residuals(what, bodies, push, speed, steps=500):
    """Worst over contacts and steps, the first 1 s left out, in which bodies sink in. Forces over m g, speeds over g h, m = 1 kg."""
    h = 0.002
    mjcf = scene(f"timestep='{h}' cone='elliptic' tolerance='1e-12'", PLANE + bodies, "<geom friction='0.4'/>")

    def measure(engine):
        trajectory = engine.play(Job(mjcf, steps=steps, settle=500, set=(("qvel", 0, speed), ("qfrc_applied", 0, push))))
        m = trajectory.m
        states = np.concatenate([x[:-1] for x in (trajectory.qpos, trajectory.qvel, trajectory.warmstart)], axis=1)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "scene.xml"
            path.write_text(mjcf)
            views = engine.look(path, states)
        worst = np.max([residuals(m, s, v) for s, v in zip(states, views)], axis=0)
        return worst / np.array([G * G * h, G * G * h, G, G * G * h])

    return Group("T23", [(f"{name}, {what}", 0) for name in ("Signorini", "NCP", "cone", "dissipation")], measure, near=True)


# ---- zoo (T27) -------------------------------------------------------------------------------------------------------

def zoo():
    """Every model 1 s from its start under quasi-random controls, actuator k by base k + 2, over the whole control range."""
    def measure(engine):
        bad = refused = 0
        for name in models.NAMES:
            mjcf = models.text(name)
            m = mujoco.MjModel.from_xml_string(mjcf)
            steps = round(1 / m.opt.timestep)
            limited = m.actuator_ctrllimited.astype(bool)
            low, high = np.where(limited, m.actuator_ctrlrange[:, 0], -1), np.where(limited, m.actuator_ctrlrange[:, 1], 1)
            halton = np.array([[mujoco.mju_Halton(i, k + 2) for k in range(m.nu)] for i in range(steps)]).reshape(steps, m.nu)
            job = Job(mjcf, steps=steps, controls=low + (high - low) * halton if m.nu else None, name=name)
            try:
                played = engine.play(job)
                bad += bool(played.trouble) or not (np.isfinite(played.qpos).all() and np.isfinite(played.qvel).all())
            except program.Refused as refusal:
                refused += 1
                engine.note(job, f"is refused: {refusal}")
        return bad, refused

    return Group("T27", [(f"models of {len(models.NAMES)} with a fault or warning in 1 s", 0), ("models that are refused", 0)], measure)


def groups():
    yield from derivatives()
    for name in ("own/contacts", "dm_control/humanoid"):
        yield from (solvers(name, cone) for cone in ("pyramidal", "elliptic"))
    yield contact_residuals("box that slides to rest", box(0.025, 0.025), 0.0, 2.0)
    yield contact_residuals("box pushed at 1.5 mu m g", box(0.025, 0.025), 1.5 * 0.4 * G, 0.0)
    yield contact_residuals("ten cubes at rest", "".join(box(0.1 + 0.2 * k, 0.1) for k in range(10)), 0.0, 0.0, 250)
    yield zoo()
