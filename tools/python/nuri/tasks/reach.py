"""Reach-v0: an arm of seven axes brings its gripper to a ball somewhere within its reach."""
from nuri import Input, Output
from nuri.envs import Task


class Reach(Task):
    """Actions move the joints' targets, at most 0.08 rad a step (2 rad/s). The reward has a broad and a narrow term of the distance, as
    Isaac Lab's reach tasks have: the broad one shows the way from afar, the narrow one asks for precision."""

    scene, seconds = "reach.yaml", 4.0
    inputs = (Input("sensor", "target_from_grip", scale=3), Input("position", "joint*"), Input("velocity", "joint*", scale=0.2),
              Input("action"))
    outputs = (Output("joint*", map="increment", scale=0.08, limit=1.0),)
    near = 0.02            # m: there
    smoothness = 0.005     # weight of the squared change of actions

    training = dict(envs=512, steps=3_000_000, horizon=25, gamma=0.97, actor=(128, 64), critic=(128, 64),
                    entropy_weight=0.0)

    def setup(self):
        self.away = self.array(self.world.sensor("target_from_grip").value)   # m, in the gripper's axes
        self.before = self.zeros(self.action.shape[1])

    def act(self, actions):
        self.before[:] = self.action
        super().act(actions)

    def distance(self):
        return self.xp.sqrt(self.xp.sum(self.away**2, axis=1))

    def reward(self):
        xp, distance = self.xp, self.distance()
        far = self.term("far", -distance)
        near = self.term("near", 1 - xp.tanh(distance / 0.05))
        jerk = self.term("jerk", -self.smoothness * xp.sum((self.action - self.before) ** 2, axis=1))
        return far + near + jerk

    def success(self):
        return self.distance() < self.near
