"""PickPlace-v0: an arm takes a block from a bench, carries it over the wall of a bin and drops it there."""
from nuri import Input, Output
from nuri.envs import Task


class PickPlace(Task):
    """Actions move the joints' targets, at most 0.08 rad a step (2 rad/s), and say how far the fingers are open. The reward grows in
    stages, each worth more than all before it, as ManiSkill's pick and place tasks have it (Gu et al. 2023, arXiv:2302.04659):
    towards the block (1), hold it (1), lift it (1), carry it over the bin (2), in the bin (8 in all)."""

    scene, seconds = "pick_place.yaml", 8.0
    inputs = (Input("sensor", "block_from_grip", scale=4), Input("sensor", "block_heading"), Input("sensor", "block_pos", scale=3),
              Input("sensor", "grip_pos", scale=3), Input("sensor", "touch_*", scale=0.02), Input("sensor", "opening", scale=20),
              Input("offset", "joint*"), Input("velocity", "joint*", scale=0.2), Input("action"))
    outputs = (Output("joint*", map="increment", scale=0.08, limit=1.0), Output("fingers", map="range", limit=1.0))

    low, high = (0.26, 0.21, 0.0), (0.54, 0.39, 0.08)   # m: the block is in the bin; as the scene's goal says
    above = 0.13                                        # m: its height over the wall
    smoothness = 0.005                                  # weight of the squared change of actions

    training = dict(envs=512, steps=30_000_000, horizon=25, gamma=0.98, actor=(256, 128), critic=(256, 128), entropy_weight=0.002)

    def setup(self):
        sensor = lambda name: self.array(self.world.sensor(name).value)
        self.block, self.away = sensor("block_pos"), sensor("block_from_grip")   # m: in the world, from the gripper
        self.left, self.right = sensor("touch_left")[:, 0], sensor("touch_right")[:, 0]   # N
        self.before = self.zeros(self.action.shape[1])

    def act(self, actions):
        self.before[:] = self.action
        super().act(actions)

    def held(self):
        """bool [N]: both fingers press on something, and the block is between them."""
        return (self.left > 1) & (self.right > 1) & (self.xp.sum(self.away**2, axis=1) < 0.03**2)

    def placed(self):
        """bool [N]: the block is in the bin."""
        inside = [(self.block[:, k] >= self.low[k]) & (self.block[:, k] <= self.high[k]) for k in range(3)]
        return inside[0] & inside[1] & inside[2]

    def reward(self):
        xp = self.xp
        distance = xp.sqrt(xp.sum(self.away**2, axis=1))
        middle = [0.5 * (low + high) for low, high in zip(self.low, self.high)]
        over = [xp.clip(xp.abs(self.block[:, k] - middle[k]) - 0.5 * (self.high[k] - middle[k]), 0, None) for k in range(2)]
        sideways = xp.sqrt(over[0] ** 2 + over[1] ** 2)   # m, to the middle half of the bin
        height = xp.clip((self.block[:, 2] - 0.03) / (self.above - 0.03), 0, 1)
        held, placed = self.held(), self.placed()

        towards = self.term("towards", 1 - xp.tanh(5 * distance))
        lift = self.term("lift", xp.where(held, 1 + height, 0))
        carry = self.term("carry", xp.where(held & (height > 0.7), 2 * (1 - xp.tanh(4 * sideways)), 0))
        done = self.term("placed", xp.where(placed, 8.0, 0.0))
        jerk = self.term("jerk", -self.smoothness * xp.sum((self.action - self.before) ** 2, axis=1))
        return 0.1 * (xp.where(placed, done, towards + lift + carry) + jerk)

    def success(self):
        return self.placed()

    def terminated(self):
        """The block has fallen from the bench."""
        return self.block[:, 2] < -0.05
