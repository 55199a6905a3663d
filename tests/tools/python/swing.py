"""A small scene and task for the tests of environments: a pole on a cart, which is different in every environment, and a camera."""
from __future__ import annotations

import pathlib

import nuri
from nuri.envs import Task

model = """
<mujoco>
  <worldbody>
    <light pos="0 -1 3"/>
    <geom name="floor" type="plane" size="5 5 0.1" pos="0 0 -2" rgba="0.4 0.5 0.4 1"/>
    <body name="cart">
      <joint name="rail" type="slide" axis="1 0 0" damping="0.5" range="-2 2" limited="true"/>
      <geom type="box" size="0.2 0.1 0.1" mass="1" rgba="0.8 0.2 0.2 1"/>
      <body name="pole">
        <joint name="pivot" type="hinge" axis="0 1 0" damping="0.02"/>
        <geom type="capsule" fromto="0 0 0 0 0 0.8" size="0.05" mass="0.2" rgba="0.2 0.2 0.8 1"/>
      </body>
    </body>
  </worldbody>
  <actuator>
    <motor name="push" joint="rail" gear="10" ctrlrange="-1 1"/>
    <motor name="help" joint="pivot" gear="0.01" ctrlrange="-1 1"/>
  </actuator>
  <sensor><jointpos name="angle" joint="pivot"/><jointvel name="turn" joint="pivot"/></sensor>
</mujoco>
"""

scene = """
name: swing
environments: 4
substeps: 5
seconds: 2
models:
  - {file: swing.xml}
option: {timestep: 0.004}
initial:
  joints:
    - {joints: rail, position: [-0.5, 0.5]}
    - {joints: pivot, position: [-0.4, 0.4], velocity: [-1, 1]}
vary:
  - {field: mass, names: pole, scale: [0.7, 1.3]}
controls:
  - {type: random}                   # of what no policy moves
cameras:
  - {name: side, position: [0, -3, 0.5], look_at: [0, 0, 0.2], fovy: 60, size: [16, 12], outputs: [rgb], rate: 25, latency: 0.02}
  - {name: top, position: [0, 0, 4], look_at: [0, 0.001, 0], fovy: 60, size: [20, 10], outputs: [rgb], rate: 50}
"""


def write(folder: pathlib.Path) -> str:
    """Puts the scene into a folder; its path."""
    (folder / "swing.xml").write_text(model)
    (folder / "swing.yaml").write_text(scene)
    return str(folder / "swing.yaml")


class Swing(Task):
    """Keep the pole up. Episodes end often, in different environments at different steps, by falling, leaving and time."""

    seconds = 0.5
    inputs = (nuri.Input("sensor", "*"), nuri.Input("position", "*"), nuri.Input("velocity", "*", scale=0.2), nuri.Input("action"),
              nuri.Input("command"))
    outputs = (nuri.Output("push", map="range"),)
    commands = 1
    fall = 0.7           # rad
    effort = 0.01

    def setup(self):
        self.angle = self.array(self.world.joint("pivot").position)
        self.place = self.array(self.world.joint("rail").position)
        self.age = self.zeros()

    def advance(self):
        self.age += 1

    def begin(self, mask):
        self.age[mask] = 0
        self.command[:] = self.xp.where(mask[:, None], self.uniform(1, low=-1, high=1), self.command)
        super().begin(mask)

    def reward(self):
        xp = self.xp
        upright = self.term("upright", xp.cos(self.angle))
        near = self.term("near", -xp.abs(self.place - self.command[:, 0]))
        return upright + 0.1 * near - self.effort * xp.sum(self.action**2, axis=1)

    def terminated(self):
        return (self.xp.abs(self.angle) > self.fall) | (self.xp.abs(self.place) > 1.5)

    def success(self):
        return self.xp.abs(self.angle) < 0.1


class SwingCamera(Swing):
    """The same from pictures, late by 20 ms."""

    def setup(self):
        super().setup()
        self.picture = self.array(self.world.cameras["side"].rgb)

    def observe(self):
        return {"policy": super().observe(), "picture": self.picture}
