"""Scenes of SimBenchmark (Kang and Hwangbo, 2018) that need no meshes, rebuilt from its description, with its metrics.

The published column holds its results at 1 ms, of other engines and of the MuJoCo of that time: they say what is usual. Restitution 1 is
here a contact without damping whose stiffness suits the step, k = 0.2 / h^2 (MuJoCo has no other); no results of MuJoCo were published for it.
"""
import math

import numpy as np
from closed_forms_engines import Job
from closed_forms_rows import G, Group, first, scene


def world(h, default, bodies, integrator="Euler"):
    ground = "<geom type='plane' size='200 200 5' friction='0.4'/>"
    return scene(f"timestep='{h}' cone='elliptic' integrator='{integrator}' tolerance='1e-10'", ground + "".join(bodies), f"<geom {default}/>")


def sphere(pos, radius, mass, more=""):
    return f"<body pos='{pos[0]:.15g} {pos[1]:.15g} {pos[2]:.15g}'><freejoint/><geom type='sphere' size='{radius}' mass='{mass}' {more}/></body>"


# ---- rolling: a box pushed under 25 balls ----------------------------------------------------------------------------

def rolling(direction, name, h, integrator, published):
    """Mean over steps of |v_box - a1 t u|^2 + |v_ball - a2 t u|^2, m^2/s^2; standing still scores 3.146."""
    force, slip = 150.0, 0.4 * 35 * G
    pull = 0.1 * (force - slip) / (2.5 + 3.5)
    a_box, a_ball = (force - slip - 25 * pull) / 10, pull
    bodies = ["<body pos='0 0 0.49998'><freejoint/><geom type='box' size='10 10 0.5' mass='10' friction='0.4'/></body>"]
    bodies += [sphere((2 * i - 4, 2 * j - 4, 1.49994), 0.5, 1, "friction='0.8'") for i in range(5) for j in range(5)]
    u = np.array([*direction, 0.0])

    def measure(engine):
        steps = round(4 / h)
        job = Job(world(h, "", bodies, integrator), steps=steps, set=tuple(("xfrc_applied", 6 + k, force * u[k]) for k in range(2)))
        qvel = engine.play(job).qvel[1:]
        t = h * np.arange(1, steps + 1)[:, None]
        return np.mean(np.sum((qvel[:, :3] - a_box * t * u)**2 + (qvel[:, 6:9] - a_ball * t * u)**2, axis=1))

    return Group("roll", [(f"rolling {name}, error, {integrator} {h * 1e3:g} ms", published)], first(measure), near=True)


# ---- balls: bouncing, and 6 x 6 x 6 of them --------------------------------------------------------------------------

def elastic(h):
    return f"condim='1' solimp='.9 .9 .01' solref='{-0.2 / h**2:.15g} 0'"


def energy_error(trajectory, mass):
    """Mean over records of (E - E0)^2, J^2; E without what contacts store. Balls do not spin."""
    n = trajectory.m.nbody - 1
    z, v = trajectory.qpos.reshape(-1, n, 7)[:, :, 2], trajectory.qvel.reshape(-1, n, 6)[:, :, :3]
    E = mass * (G * z.sum(axis=1) + (v**2).sum(axis=(1, 2)) / 2)
    return np.mean((E[1:] - E[0])**2)


def bouncing(h, published):
    bodies = [sphere((2 * i, 2 * j, 5), 0.1, 10) for i in range(7) for j in range(7)]

    def measure(engine):
        steps = round(20 / h)
        return energy_error(engine.play(Job(world(h, elastic(h), bodies), steps=steps, every=max(1, round(1e-3 / h)))), 10)

    return Group("bounce", [(f"bouncing, energy error, J^2, {h * 1e3:g} ms", published)], first(measure))


def pile(height):
    random = np.random.default_rng(42)
    lattice = [np.array([0.21 * i, 0.21 * j, 0.21 * k + height]) for i in range(6) for j in range(6) for k in range(6)]
    return [sphere(place + 1e-3 * random.uniform(size=3), 0.1, 10) for place in lattice]


def penetration(trajectory):
    """Mean over records of the sum of squared depths among balls and into the ground, m^2."""
    total, n = 0.0, trajectory.m.nbody - 1
    above = np.triu_indices(n, 1)
    for x in trajectory.qpos[1:].reshape(-1, n, 7)[:, :, :3]:
        near = np.linalg.norm(x[above[0]] - x[above[1]], axis=1)
        total += (np.maximum(0, 0.2 - near)**2).sum() + (np.maximum(0, 0.1 - x[:, 2])**2).sum()
    return total / (len(trajectory.qpos) - 1)


def dropped(h, published, seconds=10):
    job = Job(world(h, "condim='1' solimp='.9 .9 .01'", pile(0.101)), steps=round(seconds / h), every=10)
    return Group("666", [(f"666, squared depth, m^2, {h * 1e3:g} ms", published)], first(lambda engine: penetration(engine.play(job))))


def thrown(h, published, seconds=10):
    job = Job(world(h, elastic(h), pile(1.101)), steps=round(seconds / h), every=10)
    return Group("666", [(f"elastic 666, energy error, J^2, {h * 1e3:g} ms", published)], first(lambda engine: energy_error(engine.play(job), 10)))


def groups():
    steps = (4e-3, 1e-3, 4e-4)
    at = lambda h, published: published if h == 1e-3 else "-"
    for direction, name in (((0, 1), "along y"), ((0.5, math.sqrt(0.75)), "at 60 degrees")):
        for h in steps:
            yield rolling(direction, name, h, "Euler", at(h, "5.7e-9 Bullet, 6.9e-3 MuJoCo"))
        yield rolling(direction, name, 1e-3, "RK4", "2.7e-3 MuJoCo")
    for h in steps:
        yield bouncing(h, at(h, "185 ODE, 7.5e4 Bullet"))
    for h in steps:
        yield dropped(h, at(h, "1.35e-4 RaiSim, 0.095 MuJoCo"))
    for h in steps:
        yield thrown(h, at(h, "8.4 RaiSim, 4.1e4 Bullet"))
