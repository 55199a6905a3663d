"""Humanoid-v0: a person with motors in its joints stands (`gait="stand"`) or walks at a speed (`gait="walk"`)."""
from nuri import Input, Output
from nuri.envs import Task


class Humanoid(Task):
    """The reward has the form of the humanoid tasks of the DeepMind Control Suite (Tassa et al. 2018, arXiv:1801.00690): a product of
    terms within [0, 1], high head, upright trunk, the speed told, little effort. 1 per step is perfect."""

    scene, seconds = "humanoid_walk.yaml", 10.0
    inputs = (Input("sensor", "imu_gyro", scale=0.25), Input("sensor", "imu_velocity"), Input("sensor", ["imu_up", "pelvis_up"]),
              Input("sensor", "sole_*", scale=0.002), Input("offset", "*"), Input("velocity", "*", scale=0.1), Input("action"),
              Input("command"))
    outputs = (Output("*", map="range", limit=1.0),)
    commands = 1           # m/s forward

    gait = "stand"
    speed = (0.5, 1.5)     # m/s: commands of the gait "walk" are drawn from this
    head = 1.45            # m: high enough; it stands at 1.65
    lowest = 1.0           # m: a head below has fallen

    training = dict(envs=512, steps=30_000_000, horizon=32, gamma=0.99, actor=(256, 128), critic=(256, 128),
                    entropy_weight=0.001, noise=0.5)

    def setup(self):
        if self.gait not in ("stand", "walk"):
            raise ValueError(f"gait is {self.gait!r}; it is 'stand' or 'walk'")
        sensor = lambda name: self.array(self.world.sensor(name).value)
        self.height, self.up, self.velocity = sensor("head_pos")[:, 2], sensor("imu_up"), sensor("imu_velocity")

    def begin(self, mask):
        super().begin(mask)
        if self.gait == "walk":
            self.command[:] = self.xp.where(mask[:, None], self.uniform(1, stream=1, low=self.speed[0], high=self.speed[1]), self.command)

    def reward(self):
        xp = self.xp
        missing = xp.clip(self.head - self.height, 0, None)
        error = (self.velocity[:, 0] - self.command[:, 0]) ** 2 + self.velocity[:, 1] ** 2
        standing = self.term("standing", xp.exp(-((missing / 0.15) ** 2)))
        upright = self.term("upright", xp.clip(0.5 + 0.5 * self.up[:, 2], 0, 1))
        moving = self.term("speed", 0.2 + 0.8 * xp.exp(-error / 0.25))
        effort = self.term("effort", 0.8 + 0.2 * xp.exp(-xp.mean(self.action**2, axis=1)))
        return standing * upright * moving * effort

    def terminated(self):
        """It fell."""
        return self.height < self.lowest

    def success(self):
        """It stands, at the speed told to 0.3 m/s."""
        return (self.height > self.head) & (self.xp.abs(self.velocity[:, 0] - self.command[:, 0]) < 0.3)
