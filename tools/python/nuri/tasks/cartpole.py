"""Cartpole-v0: a pole hangs from a cart; swing it up and balance it in the middle of the rail."""
from nuri import Input, Output
from nuri.envs import Task


class Cartpole(Task):
    """The reward has the form of `cartpole swingup` of the DeepMind Control Suite (Tassa et al. 2018, arXiv:1801.00690): a product of
    terms within [0, 1], so that an upright pole counts little away from the middle, or while it spins. 1 per step is perfect."""

    scene, seconds = "cartpole.yaml", 10.0
    inputs = (Input("sensor", "cart_position"), Input("sensor", "pole_axis"),
              Input("sensor", "cart_velocity", scale=0.5), Input("sensor", "pole_velocity", scale=0.2))
    outputs = (Output("cart", map="range", limit=1.0),)
    balanced = 50   # control steps (1 s) that the pole stands before that counts as success

    training = dict(envs=256, steps=1_500_000, horizon=32, gamma=0.99, actor=(64, 64), critic=(64, 64), entropy_weight=0.005)

    def setup(self):
        sensor = lambda name: self.array(self.world.sensor(name).value)
        self.place, self.turning = sensor("cart_position")[:, 0], sensor("pole_velocity")[:, 0]   # m, rad/s
        self.axis = sensor("pole_axis")             # from tip to axle
        self.standing = self.zeros(dtype="int64")   # control steps in a row

    def advance(self):
        upright = (self.axis[:, 2] < -0.98) & (self.xp.abs(self.turning) < 1.0)   # within 11 degrees
        self.standing[:] = self.xp.where(upright, self.standing + 1, 0)

    def reward(self):
        xp = self.xp
        upright = self.term("upright", 0.5 * (1 - self.axis[:, 2]))
        centred = self.term("centred", 0.5 + 0.5 * xp.exp(-self.place**2))
        calm = self.term("calm", 0.5 + 0.5 * xp.exp(-(0.2 * self.turning) ** 2))
        effort = self.term("effort", 1 - 0.2 * self.action[:, 0] ** 2)
        return upright * centred * calm * effort

    def begin(self, mask):
        super().begin(mask)
        self.standing[mask] = 0

    def success(self):
        return self.standing >= self.balanced
