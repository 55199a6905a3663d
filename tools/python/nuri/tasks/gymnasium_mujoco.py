"""The MuJoCo tasks of gymnasium, version 5, as batches: nuri.make("Ant-v5", num_envs=4096).

Observations, options, rewards, info, termination and the limit of steps are those of gymnasium 1.x (gymnasium/envs/mujoco/*_v5.py, from
where formulas and default numbers are); the models are the XML files of the gymnasium that is installed. After a step MuJoCo's mjData
holds positions, inertias and forces of bodies as its last evaluation of the dynamics left them, before the last move, and gymnasium reads
those. So do these tasks: World(.., detail=True).

What is otherwise: numbers are the world's, float32 unless world={"precision": "float64"}; initial states are distributed as gymnasium's but
drawn by nuri.World.uniform, so the same seed gives another state; a step that terminates at the limit of steps counts as terminated only.
"""
from __future__ import annotations

import importlib.util
import pathlib
from typing import Any

import numpy as np

from nuri import Output
from nuri.envs import Task
from nuri.envs.arrays import Array


def square(x: Array) -> Array:
    """[N] sums of squares."""
    return (x * x).sum(1)


def assets() -> pathlib.Path | None:
    """The folder of gymnasium's models, if gymnasium is installed. Nothing of it is imported: MuJoCo itself is not needed."""
    found = importlib.util.find_spec("gymnasium")
    return pathlib.Path(found.origin).parent / "envs" / "mujoco" / "assets" if found and found.origin else None


class MujocoTask(Task):
    """What all have in common. Names without an underscore are gymnasium's."""

    seconds = None
    outputs = (Output("*"),)
    xml_file = ""                 # a file of gymnasium's assets; with a leading / . or ~ any file
    frame_skip = 5                # timesteps of a step
    max_episode_steps = 1000      # gymnasium's TimeLimit
    reset_noise_scale = 0.1
    _normal_velocities = False    # initial velocities are normally distributed, else evenly

    training = dict(envs=256, steps=5_000_000, horizon=32, gamma=0.99, epochs=4, actor=(128, 128), critic=(128, 128),
                    entropy_weight=0.0, noise=0.5)

    @classmethod
    def find_scene(cls, options: dict[str, Any]) -> str:
        if "scene" in options:
            return options["scene"]
        name = options.get("xml_file", cls.xml_file)
        if name[:1] in ("/", ".", "~"):
            path = pathlib.Path(name).expanduser()
        else:
            path = (assets() or pathlib.Path("gymnasium/envs/mujoco/assets")) / name
        if not path.is_file():
            raise FileNotFoundError(f"{cls.__name__}: there is no {path}. The models of gymnasium's MuJoCo tasks are read from the package gymnasium, 1.0 or "
                                    'newer: pip install "gymnasium[mujoco]>=1.0", or say xml_file="/where/it/is.xml"')
        return str(path)

    def setup(self) -> None:
        world, state = self.world, self.world.state
        self.substeps = self.substeps or self.frame_skip
        self.dt = world.timestep * self.substeps                                # s
        self.qpos, self.qvel, self.control = self.array(state.qpos), self.array(state.qvel), self.array(state.ctrl)
        self.action = self.control * 0                                          # as it was given: costs count what the model clips
        self._dtype = str(self.qpos.dtype).removeprefix("torch.")
        self._start = self.array(np.asarray(world.model.qpos0, self._dtype))    # [nq]
        if "detail" in self.world_options:
            self.xpos, self.cfrc_ext = self.array(state.detail_xpos), self.array(state.cfrc_ext)

    @property
    def steps(self) -> int | None:
        return self.max_episode_steps if self.seconds is None else super().steps

    def action_range(self) -> tuple[Array, Array]:
        model = self.world.model
        bounds = np.asarray(model.actuator_ctrlrange, np.float32).reshape(-1, 2)
        limited = np.asarray(model.control_limited, bool)[:, None]
        low, high = np.where(limited, bounds, np.float32([-np.inf, np.inf])).T
        return self.array(low.copy()), self.array(high.copy())

    def act(self, actions: Array) -> None:
        self.action[:] = actions
        self.control[:] = actions

    def begin(self, mask: Array) -> None:
        super().begin(mask)
        rows = mask[:, None]
        position, velocity = self.initial()
        self.qpos[:] = self.xp.where(rows, position, self.qpos)
        self.qvel[:] = self.xp.where(rows, velocity, self.qvel)
        self.world.forward(mask)
        if "detail" in self.world_options:
            self.cfrc_ext[mask] = 0                                             # gymnasium computes it after steps only

    def initial(self) -> tuple[Array, Array]:
        """Positions and velocities of beginning episodes."""
        size, scale = self.qvel.shape[1], self.reset_noise_scale
        velocity = self.normal(size, stream=2) * scale if self._normal_velocities else self.uniform(size, 2, -scale, scale)
        return self._start + self.uniform(self.qpos.shape[1], 1, -scale, scale), velocity

    def body(self, name: str | int) -> Array:
        """[N, 3] m: where a body was at the last evaluation."""
        return self.xpos[:, self.world.body(name).index]

    def observe(self) -> Array:
        return self.xp.concatenate(self.parts(), axis=1)

    def parts(self) -> list[Array]:
        """Of the observation."""
        raise NotImplementedError

    def rewards(self) -> dict[str, Array]:
        """The terms of the reward by gymnasium's names: it is their sum."""
        raise NotImplementedError

    def reward(self) -> Array:
        self.terms = self.rewards()
        return sum(self.terms.values())

    def info(self) -> dict[str, Array]:
        return self.begin_info() | self.terms


class Roaming(MujocoTask):
    """Something that can go anywhere along x, or along x and y."""

    ctrl_cost_weight = 0.1
    exclude_current_positions_from_observation = True
    _hidden = 1                   # columns of qpos that this leaves out

    def parts(self) -> list[Array]:
        return [self.qpos[:, self._hidden:] if self.exclude_current_positions_from_observation else self.qpos, self.qvel]

    def begin_info(self) -> dict[str, Array]:
        x = self.qpos[:, 0] + 0
        if self._hidden == 1:
            return {"x_position": x}
        return {"x_position": x, "y_position": self.qpos[:, 1] + 0, "distance_from_origin": self.xp.sqrt(square(self.qpos[:, :2]))}


class Runner(Roaming):
    """It shall move along x. `place` is what its velocity is measured by."""

    forward_reward_weight = 1.0

    def setup(self) -> None:
        super().setup()
        self.before, self.velocity = self.place() * 0, self.place() * 0         # m, m/s

    def place(self) -> Array:
        """[N, 1] or [N, 2] m."""
        return self.qpos[:, : self._hidden]

    def act(self, actions: Array) -> None:
        super().act(actions)
        self.before[:] = self.place()

    def advance(self) -> None:
        self.velocity[:] = (self.place() - self.before) / self.dt

    def rewards(self) -> dict[str, Array]:
        return {"reward_forward": self.forward_reward_weight * self.velocity[:, 0], "reward_ctrl": -self.ctrl_cost_weight * square(self.action)}

    def info(self) -> dict[str, Array]:
        return super().info() | {f"{axis}_velocity": self.velocity[:, k] + 0 for k, axis in zip(range(self.velocity.shape[1]), "xy")}


class HalfCheetah(Runner):
    xml_file = "half_cheetah.xml"
    _normal_velocities = True


class Swimmer(Runner):
    xml_file, frame_skip = "swimmer.xml", 4
    ctrl_cost_weight = 0.0001
    _hidden = 2


class Healthy(Runner):
    """One that falls: it gets a reward for being healthy, and its episode ends when it is not."""

    healthy_reward = 1.0
    terminate_when_unhealthy = True

    def healthy(self) -> Array:
        """bool [N]"""
        raise NotImplementedError

    def within(self, value: Array, bounds: tuple[float, float]) -> Array:
        return (bounds[0] < value) & (value < bounds[1])

    def rewards(self) -> dict[str, Array]:
        return super().rewards() | {"reward_survive": self.healthy_reward * self.healthy()}

    def terminated(self) -> Array:
        return ~self.healthy() if self.terminate_when_unhealthy else super().terminated()


class Walker2d(Healthy):
    xml_file, frame_skip = "walker2d_v5.xml", 4
    ctrl_cost_weight = 1e-3
    healthy_z_range = (0.8, 2.0)
    healthy_angle_range = (-1.0, 1.0)
    reset_noise_scale = 5e-3

    def healthy(self) -> Array:
        return self.within(self.qpos[:, 1], self.healthy_z_range) & self.within(self.qpos[:, 2], self.healthy_angle_range)

    def parts(self) -> list[Array]:
        position, velocity = super().parts()
        return [position, self.xp.clip(velocity, -10, 10)]

    def begin_info(self) -> dict[str, Array]:
        return super().begin_info() | {"z_distance_from_origin": self.qpos[:, 1] - self._start[1]}


class Hopper(Walker2d):
    xml_file = "hopper.xml"
    healthy_state_range = (-100.0, 100.0)
    healthy_z_range = (0.7, float("inf"))
    healthy_angle_range = (-0.2, 0.2)

    def healthy(self) -> Array:
        rest = self.xp.concatenate([self.qpos[:, 2:], self.qvel], axis=1)
        return super().healthy() & self.xp.all(self.within(rest, self.healthy_state_range), axis=1)


class Ant(Healthy):
    xml_file = "ant.xml"
    world_options = {"detail": True}
    ctrl_cost_weight = 0.5
    contact_cost_weight = 5e-4
    contact_force_range = (-1.0, 1.0)
    main_body = 1                 # name or number: whose velocity counts
    healthy_z_range = (0.2, 1.0)
    include_cfrc_ext_in_observation = True
    _hidden, _normal_velocities = 2, True

    def place(self) -> Array:
        return self.body(self.main_body)[:, :2]

    def healthy(self) -> Array:
        low, high = self.healthy_z_range
        finite = self.xp.all(self.xp.isfinite(self.qpos), axis=1) & self.xp.all(self.xp.isfinite(self.qvel), axis=1)
        return finite & (low <= self.qpos[:, 2]) & (self.qpos[:, 2] <= high)

    def contact_forces(self) -> Array:
        """[N, 6 bodies] without the world, which feels none."""
        return self.xp.clip(self.cfrc_ext.reshape(len(self.qpos), -1)[:, 6:], *self.contact_force_range)

    def parts(self) -> list[Array]:
        return super().parts() + ([self.contact_forces()] if self.include_cfrc_ext_in_observation else [])

    def rewards(self) -> dict[str, Array]:
        world = 6 * min(max(0.0, self.contact_force_range[0]), self.contact_force_range[1]) ** 2   # what the clip makes of the world's zeros
        return super().rewards() | {"reward_contact": -self.contact_cost_weight * (square(self.contact_forces()) + world)}


class Person(Roaming):
    """The two tasks of the humanoid: what they observe."""

    world_options = {"detail": True}
    reset_noise_scale = 1e-2
    include_cinert_in_observation = True
    include_cvel_in_observation = True
    include_qfrc_actuator_in_observation = True
    include_cfrc_ext_in_observation = True
    _hidden = 2

    def setup(self) -> None:
        state = self.world.state
        self.cinert, self.cvel, self.qfrc_actuator = self.array(state.cinert), self.array(state.cvel), self.array(state.qfrc_actuator)
        self.tendon_length, self.tendon_velocity = self.array(state.tendon_length), self.array(state.tendon_velocity)
        super().setup()

    def parts(self) -> list[Array]:
        rows = len(self.qpos)
        bodies = ((self.include_cinert_in_observation, self.cinert), (self.include_cvel_in_observation, self.cvel),
                  (self.include_qfrc_actuator_in_observation, self.qfrc_actuator), (self.include_cfrc_ext_in_observation, self.cfrc_ext))
        return super().parts() + [array.reshape(rows, -1)[:, array.shape[2] if array.ndim == 3 else 6:] for asked, array in bodies if asked]

    def impact(self, weight: float, bounds: tuple[float, float]) -> Array:
        """[N] cost of forces from outside."""
        return self.xp.clip(weight * square(self.cfrc_ext.reshape(len(self.qpos), -1)), *bounds)

    def begin_info(self) -> dict[str, Array]:
        return super().begin_info() | {"tendon_length": self.tendon_length + 0, "tendon_velocity": self.tendon_velocity + 0}


class Humanoid(Person, Healthy):
    xml_file = "humanoid.xml"
    forward_reward_weight = 1.25
    contact_cost_weight = 5e-7
    contact_cost_range = (-float("inf"), 10.0)
    healthy_reward = 5.0
    healthy_z_range = (1.0, 2.0)

    def setup(self) -> None:
        masses = np.asarray(self.world.model.body_mass)
        self.xipos = self.array(self.world.state.detail_xipos)
        self._share = self.array(np.asarray(masses / masses.sum(), str(self.xipos.dtype).removeprefix("torch.")))[:, None]   # of the mass
        super().setup()

    def place(self) -> Array:
        return (self.xipos[:, :, :2] * self._share).sum(1)

    def healthy(self) -> Array:
        return self.within(self.qpos[:, 2], self.healthy_z_range)

    def rewards(self) -> dict[str, Array]:
        return super().rewards() | {"reward_contact": -self.impact(self.contact_cost_weight, self.contact_cost_range)}


class HumanoidStandup(Person):
    xml_file = "humanoidstandup.xml"
    uph_cost_weight = 1.0         # gymnasium takes it and does not use it
    impact_cost_weight = 5e-7
    impact_cost_range = (-float("inf"), 10.0)

    def rewards(self) -> dict[str, Array]:
        return {"reward_linup": self.qpos[:, 2] / self.world.timestep, "reward_quadctrl": -self.ctrl_cost_weight * square(self.action),
                "reward_impact": -self.impact(self.impact_cost_weight, self.impact_cost_range)}

    def reward(self) -> Array:
        return super().reward() + 1

    def begin_info(self) -> dict[str, Array]:
        found = super().begin_info() | {"z_distance_from_origin": self.qpos[:, 2] - self._start[2]}
        del found["distance_from_origin"]
        return found


class Reacher(MujocoTask):
    xml_file, frame_skip, max_episode_steps = "reacher.xml", 2, 50
    world_options = {"detail": True}
    reward_dist_weight = 1.0
    reward_control_weight = 1.0

    def setup(self) -> None:
        super().setup()
        self.fingertip, self.target = self.body("fingertip"), self.body("target")   # m

    def initial(self) -> tuple[Array, Array]:
        """The arm nearly straight; the target anywhere in a disk of 0.2 m."""
        xp = self.xp
        position, velocity = self._start + self.uniform(self.qpos.shape[1], 1, -0.1, 0.1), self.uniform(self.qvel.shape[1], 2, -0.005, 0.005)
        draw = self.uniform(2, 3)
        radius, angle = 0.2 * xp.sqrt(draw[:, 0]), 2 * np.pi * draw[:, 1]
        position[:, -2], position[:, -1] = radius * xp.cos(angle), radius * xp.sin(angle)
        velocity[:, -2:] = 0
        return position, velocity

    def parts(self) -> list[Array]:
        xp, joints = self.xp, self.qpos[:, :2]
        return [xp.cos(joints), xp.sin(joints), self.qpos[:, 2:], self.qvel[:, :2], (self.fingertip - self.target)[:, :2]]

    def rewards(self) -> dict[str, Array]:
        return {"reward_dist": -self.reward_dist_weight * self.xp.sqrt(square(self.fingertip - self.target)),
                "reward_ctrl": -self.reward_control_weight * square(self.action)}


class Pusher(MujocoTask):
    xml_file, max_episode_steps = "pusher_v5.xml", 100
    world_options = {"detail": True}
    reward_near_weight = 0.5
    reward_dist_weight = 1.0
    reward_control_weight = 0.1

    def setup(self) -> None:
        super().setup()
        self.tip, self.object, self.goal = (self.body(name) for name in ("tips_arm", "object", "goal"))   # m

    def initial(self) -> tuple[Array, Array]:
        """The object anywhere in a rectangle but within 0.17 m of the goal: the first of 16 draws that is, else (once in ten million) at the edge."""
        xp = self.xp
        position, velocity = self._start + self.qpos * 0, self.uniform(self.qvel.shape[1], 2, -0.005, 0.005)
        draw = self.uniform(32, 3)
        x, y = -0.3 * draw[:, :16], 0.4 * draw[:, 16:] - 0.2
        chosen_x, chosen_y = x[:, 0] * 0 - 0.3, y[:, 0]
        for k in reversed(range(16)):
            far = x[:, k] ** 2 + y[:, k] ** 2 > 0.17**2
            chosen_x, chosen_y = xp.where(far, x[:, k], chosen_x), xp.where(far, y[:, k], chosen_y)
        position[:, -4], position[:, -3] = chosen_x, chosen_y
        position[:, -2:] = 0
        velocity[:, -4:] = 0
        return position, velocity

    def parts(self) -> list[Array]:
        return [self.qpos[:, :7], self.qvel[:, :7], self.tip, self.object, self.goal]

    def rewards(self) -> dict[str, Array]:
        distance = lambda away: self.xp.sqrt(square(away))
        return {"reward_dist": -self.reward_dist_weight * distance(self.object - self.goal),
                "reward_ctrl": -self.reward_control_weight * square(self.action),
                "reward_near": -self.reward_near_weight * distance(self.object - self.tip)}


class InvertedPendulum(MujocoTask):
    xml_file, frame_skip = "inverted_pendulum.xml", 2
    reset_noise_scale = 0.01

    def parts(self) -> list[Array]:
        return [self.qpos, self.qvel]

    def terminated(self) -> Array:
        xp = self.xp
        return ~xp.all(xp.isfinite(self.observe()), axis=1) | (xp.abs(self.qpos[:, 1]) > 0.2)

    def rewards(self) -> dict[str, Array]:
        return {"reward_survive": 1.0 * ~self.terminated()}


class InvertedDoublePendulum(MujocoTask):
    xml_file = "inverted_double_pendulum.xml"
    world_options = {"detail": True}
    healthy_reward = 10.0
    _normal_velocities = True

    def setup(self) -> None:
        super().setup()
        state, model = self.world.state, self.world.model
        body = int(model.site_body[0])                                          # the site at the tip
        self._arm = [float(x) for x in np.asarray(model.site_pos).reshape(-1, 3)[0]]   # m
        self.pole, self.turned = self.xpos[:, body], self.array(state.detail_xquat)[:, body]
        self.qfrc_constraint = self.array(state.qfrc_constraint)

    def tip(self) -> tuple[Array, Array]:
        """x and z of the tip, m: the pole's place and its arm, turned by the quaternion w, i, j, k."""
        a, b, c = self._arm
        w, i, j, k = (self.turned[:, n] for n in range(4))
        return (self.pole[:, 0] + (1 - 2 * (j * j + k * k)) * a + 2 * (i * j - w * k) * b + 2 * (i * k + w * j) * c,
                self.pole[:, 2] + 2 * (i * k - w * j) * a + 2 * (j * k + w * i) * b + (1 - 2 * (i * i + j * j)) * c)

    def parts(self) -> list[Array]:
        xp, angles = self.xp, self.qpos[:, 1:]
        return [self.qpos[:, :1], xp.sin(angles), xp.cos(angles), xp.clip(self.qvel, -10, 10), xp.clip(self.qfrc_constraint[:, :1], -10, 10)]

    def terminated(self) -> Array:
        return self.tip()[1] <= 1

    def rewards(self) -> dict[str, Array]:
        x, z = self.tip()
        return {"reward_survive": self.healthy_reward * ~self.terminated(), "distance_penalty": -(0.01 * x**2 + (z - 2) ** 2),
                "velocity_penalty": -(1e-3 * self.qvel[:, 1] ** 2 + 5e-3 * self.qvel[:, 2] ** 2)}
