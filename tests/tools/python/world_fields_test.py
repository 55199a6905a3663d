"""Numbers that differ between environments, contacts, random numbers."""

from __future__ import annotations

import numpy as np
import pytest

import nuri

DROP = """<mujoco>
  <option timestep="0.002"/>
  <worldbody>
    <geom name="floor" type="plane" size="5 5 1"/>
    <body name="ball" pos="0 0 {height}"><freejoint/><geom name="skin" type="sphere" size="0.1" mass="{mass}"/></body>
    <body name="arm" pos="1 0 1"><joint name="hinge" axis="0 1 0" damping="0.1" range="-1 1" limited="true"/>
      <geom name="rod" type="capsule" fromto="0 0 0 0.3 0 0" size="0.02" mass="1"/></body>
  </worldbody>
  <actuator><motor name="motor" joint="hinge" ctrlrange="-1 1"/></actuator>
  <sensor><gyro name="gyro" site="tip"/></sensor>
</mujoco>""".replace("<geom name=\"rod\"", "<site name=\"tip\"/><geom name=\"rod\"")


@pytest.fixture
def drop(tmp_path):
    def make(height=0.099, mass=1.0):
        path = tmp_path / f"drop_{height}_{mass}.xml"
        path.write_text(DROP.format(height=height, mass=mass))
        return nuri.load(path)

    return make


def test_a_number_of_an_environment_is_as_compiled(drop):
    world = nuri.World(drop(), envs=9)
    world.set("geom_friction", [2, 5], [2.5, 0.01, 0.001], "skin")
    world.set("body_mass", np.arange(9) == 4, 3.0, "arm")
    heavy = drop(mass=1.0).path
    text = open(heavy).read()
    open(heavy, "w").write(text.replace('size="0.1" mass="1.0"', 'size="0.1" mass="1.0" friction="2.5 0.01 0.001"'))
    twin = nuri.World(heavy, envs=9)
    assert world.get("geom_friction", 2, "skin") == pytest.approx([2.5, 0.01, 0.001]) and world.get("body_mass", 4, "arm") == 3.0
    assert world.get("body_mass", None, "arm").tolist() == [1, 1, 1, 1, 3, 1, 1, 1, 1]
    for w in (world, twin):
        w.state.qvel[:, 0] = 1.0
        w.forward()
        w.step(100)
    same = [world.hash(e) == twin.hash(e) for e in range(9)]
    assert same == [e in (2, 5) for e in range(9)]
    world.clear("geom_friction", [2], "skin")
    assert world.get("geom_friction", 2, "skin") == pytest.approx(world.model.geom_friction.reshape(-1, 3)[world.geom("skin").index])
    assert world.get("geom_friction", 5, "skin") == pytest.approx([2.5, 0.01, 0.001])


def test_gravity_of_each(drop):
    world = nuri.World(drop(height=2.0), envs=4)
    pulls = np.array([-9.81, -1.62, -3.71, 0.0])
    world.set("gravity", None, np.stack([np.zeros(4), np.zeros(4), pulls], 1))
    world.step(100)
    fallen = world.body("ball").position[:, 2] - 2.0
    t = 0.2                                      # semi-implicit Euler: g h^2 n (n + 1) / 2
    assert fallen == pytest.approx(pulls * 0.002**2 * 100 * 101 / 2, abs=2e-6) and abs(fallen[0] + 0.5 * 9.81 * t * t) < 0.01


@pytest.mark.parametrize("field, name, value, code", [
    ("body_masss", "ball", 1.0, "unknown-field"), ("geom_bound", None, 1.0, "unknown-field"), ("timestep", None, 0.1, "fixed-field"),
    ("body_mass", "bal", 1.0, "unknown-name"), ("body_mass", "ball", np.nan, "bad-number"), ("body_mass", "ball", [1, 2, 3], "bad-shape"),
    ("gravity", "ball", 1.0, "bad-request"), ("dof_frictionloss", "hinge", 1.0, "fixed-field")])
def test_refused_numbers(drop, field, name, value, code):
    world = nuri.World(drop(), envs=2)
    before = world.hash()
    with pytest.raises(nuri.Error) as caught:
        world.set(field, 0, value, name)
    assert caught.value.code == code
    world.forward()
    assert world.hash() == before


def test_contacts_have_names_and_weights(drop):
    world = nuri.World(drop(), envs=3)
    world.step(500)
    (contact,) = world.contacts(1)
    assert set(contact.names) == {"floor", "skin"} and contact.distance < 0
    assert contact.force[0] == pytest.approx(9.81, rel=1e-3)           # N: the ball's weight
    assert abs(contact.frame[0, 2]) == pytest.approx(1) and contact.position[2] == pytest.approx(0, abs=1e-3)
    assert world.status.contacts.tolist() == [1, 1, 1]


# ---- random numbers ----------------------------------------------------------------------------------------------------------------------------


def test_draws_belong_to_environments(drop):
    scene = drop()
    whole, part = nuri.World(scene, envs=100, seed=4), nuri.World(scene, envs=30, seed=4, first_id=50)
    for draw in (lambda w: w.uniform(3, stream=2, low=-1, high=3), lambda w: w.normal(3, stream=2)):
        assert (draw(whole)[50:80] == draw(part)).all() and (draw(whole) == draw(whole)).all()
        before = draw(whole)
        whole.step(), part.step()
        assert (draw(whole)[50:80] == draw(part)).all() and (draw(whole) != before).all()
    mask = np.arange(100) == 7
    before, elsewhere = whole.uniform(4), whole.uniform(4, stream=1)
    assert (before != elsewhere).all()
    whole.reset(mask)
    first = whole.uniform(4)
    assert (first[~mask] == before[~mask]).all() and (first[mask] != before[mask]).all()
    whole.reset(mask)
    assert (whole.uniform(4)[mask] != first[mask]).all()               # another episode, the same step


def test_draws_are_spread_as_they_should(drop):
    world = nuri.World(drop(), envs=1000)
    u, x = world.uniform(100, low=2, high=5), world.normal(100)
    assert u.dtype == x.dtype == np.float32 and u.min() >= 2 and u.max() < 5
    assert abs(u.mean() - 3.5) < 5 * (3 / 12**0.5) / 1e5**0.5 and abs(u.var() - 0.75) < 0.02
    assert abs(x.mean()) < 5 / 1e5**0.5 and abs(x.var() - 1) < 0.03 and abs((np.abs(x) < 1).mean() - 0.6827) < 0.01
    assert abs(np.corrcoef(x[:, 0], x[:, 1])[0, 1]) < 0.16 and abs(np.corrcoef(u[:-1, 0], u[1:, 0])[0, 1]) < 0.16
    assert (world.uniform(5, low=1, high=1) == 1).all()
    with pytest.raises(nuri.Error):
        world.uniform(2, low=1, high=0)


# the words that Salmon and others publish for counter and key of zeros: the first two draws of step 0 would use another key, so this is their formula
def philox(counter, key):
    c, k = list(counter), list(key)
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ k[0], b & 0xFFFFFFFF, (a >> 32) ^ c[3] ^ k[1], a & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def mix(x):
    m = 2**64 - 1
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 & m
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB & m
    return x ^ (x >> 31)


def test_the_formula_of_draws(drop):
    assert philox([0] * 4, [0] * 2) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]   # known answer of Random123
    world = nuri.World(drop(), envs=3, seed=123, first_id=2**32 + 5)
    world.step(6)
    world.reset(np.array([0, 1, 0], bool))
    for e in range(3):
        seed = mix((123 + 0x9E3779B97F4A7C15) % 2**64) if e == 1 else 123
        step, stream = (0 if e == 1 else 6), 0x50790000 + 9
        key = seed ^ mix(stream)
        words = philox([1, step, (5 + e), 1], [key & 0xFFFFFFFF, key >> 32])              # block 1: draws 2 and 3
        expected = [((words[0] | words[1] << 32) >> 11) * 2.0**-53, ((words[2] | words[3] << 32) >> 11) * 2.0**-53]
        assert world.uniform(4, stream=9)[e, 2:].tolist() == np.array(expected, np.float32).tolist()
