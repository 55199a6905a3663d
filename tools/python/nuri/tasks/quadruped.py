"""Quadruped-v0: a four-legged robot walks forwards, sideways and around as it is told, and is pushed meanwhile."""
from nuri import Input, Output
from nuri.envs import Task


class Quadruped(Task):
    """Terms and weights of the reward have the form of legged_gym's flat terrain (Rudin et al. 2021, arXiv:2109.11978): velocities that
    are tracked, exp(-error^2 / sigma), less what is not wanted; steps that are neither short nor missing; nothing below zero, so
    that falling early never pays. A real robot can measure what it observes: turning, the vertical, joints, its last action, commands."""

    scene, seconds = "quadruped_walk.yaml", 20.0
    inputs = (Input("sensor", "gyro", scale=0.25), Input("sensor", "up"), Input("offset", "*"),
              Input("velocity", "*", scale=0.05), Input("action"), Input("command"))
    outputs = (Output("*", map="around", scale=0.3, limit=4.0),)
    commands = 3           # m/s forward and to the left, rad/s about the vertical

    forward, sideways, turning = (-0.6, 1.0), (-0.4, 0.4), (-1.0, 1.0)   # commands are drawn from these
    standing = 0.1         # share of commands to stand
    resample = 5.0         # s between commands
    push, push_every = 0.4, 6.0   # m/s at most in x and y, s
    stance = (0.0, 0.75, -1.5)    # rad: hip, thigh, knee of each leg at rest, as the scene's keyframe has them
    lowest, steepest = 0.16, 0.5  # m; cosine: below these it has fallen
    sigma = 0.25           # (m/s)^2 and (rad/s)^2 of the tracking terms
    weights = dict(speed=1.0, turn=0.5, bounce=-1.0, roll=-0.02, tilt=-1.0, torque=-1e-4, change=-0.005, air=2.0, pose=-0.03, still=-0.2)
    stride = 0.1           # s: the time in the air from which a step is worth something

    training = dict(envs=512, steps=15_000_000, command=(0.5, 0, 0), horizon=24, gamma=0.99, epochs=4, actor=(128, 128), critic=(128, 128),
                    entropy_weight=0.002, target_kl=0.02, noise=0.5)

    def setup(self):
        world, sensor = self.world, lambda name: self.array(self.world.sensor(name).value)
        self.position, self.velocity = self.array(world.state.qpos), self.array(world.state.qvel)   # trunk 7 and 6 columns, then joints
        self.gyro, self.speed, self.up = sensor("gyro"), sensor("velocity"), sensor("up")           # in the trunk's axes
        self.forces = [sensor(f"{leg}_foot") for leg in ("fl", "fr", "rl", "rr")]                   # N
        self.torques = [sensor(f"{actuator}_torque") for actuator in world.names("actuator")]       # N m
        self.period = world.timestep * (self.substeps or world.substeps)                            # s
        self.pose = self.zeros(12)
        for k in range(3):
            self.pose[:, k::3] = self.stance[k]
        self.before = self.zeros(12)                # action of the step before
        self.air = self.zeros(4)                    # s that each foot has been in the air
        self.error = self.zeros(3)                  # m/s, m/s, rad/s: velocity less command, mean over a stride or two
        self.steps_made = self.zeros()              # s, over the stride, of feet that just landed

    def act(self, actions):
        self.before[:] = self.action
        self.tell((self.elapsed > 0) & (self.elapsed % round(self.resample / self.period) == 0))
        super().act(actions)

    def advance(self):
        xp = self.xp
        down = xp.concatenate(self.forces, axis=1) > 1.0
        self.steps_made[:] = xp.sum(xp.where(down & (self.air > 0), xp.clip(self.air - self.stride, 0, 0.2), 0.0), axis=1)
        self.air[:] = xp.where(down, 0.0, self.air + self.period)
        lately = self.period / (0.5 + self.period)   # share of this step in a mean over about half a second
        self.error[:, :2] += lately * (self.speed[:, :2] - self.command[:, :2] - self.error[:, :2])
        self.error[:, 2] += lately * (self.gyro[:, 2] - self.command[:, 2] - self.error[:, 2])
        pushed = (self.elapsed % round(self.push_every / self.period) == 0)[:, None]
        self.velocity[:, :2] += xp.where(pushed, self.uniform(2, stream=2, low=-self.push, high=self.push), 0.0)

    def tell(self, mask):
        """New commands where the mask is set."""
        draw = self.uniform(4, stream=1)
        moves = (draw[:, 3] > self.standing) & mask
        for k, (low, high) in enumerate((self.forward, self.sideways, self.turning)):
            self.command[:, k] = self.xp.where(moves, low + (high - low) * draw[:, k], self.xp.where(mask, 0.0, self.command[:, k]))

    def begin(self, mask):
        super().begin(mask)
        self.tell(mask)
        self.before[mask] = 0
        self.air[mask] = 0
        self.error[mask] = 0

    def reward(self):
        xp, w = self.xp, self.weights
        square = lambda x: xp.sum(x * x, axis=1)
        moving = xp.where(square(self.command) > 0.01, 1.0, 0.0)
        offsets = self.position[:, 7:] - self.pose
        terms = dict(
            speed=xp.exp(-square(self.speed[:, :2] - self.command[:, :2]) / self.sigma),
            turn=xp.exp(-((self.gyro[:, 2] - self.command[:, 2]) ** 2) / self.sigma),
            bounce=self.speed[:, 2] ** 2,
            roll=square(self.gyro[:, :2]),
            tilt=square(self.up[:, :2]),
            torque=square(xp.concatenate(self.torques, axis=1)),
            change=square(self.action - self.before),
            air=moving * self.steps_made,
            pose=square(offsets),
            still=(1 - moving) * square(offsets),
        )
        total = sum(self.term(name, w[name] * value) for name, value in terms.items())
        return self.period * xp.clip(total, 0, None)

    def terminated(self):
        """It fell: the trunk is low or steep."""
        return (self.position[:, 2] < self.lowest) | (self.up[:, 2] < self.steepest)

    def success(self):
        """It moves as it is told, to 0.2 m/s and 0.2 rad/s, on average over half a second."""
        return (self.xp.sum(self.error[:, :2] ** 2, axis=1) < 0.2**2) & (self.xp.abs(self.error[:, 2]) < 0.2)
