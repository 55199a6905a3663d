"""ReachCamera-v0: as Reach-v0, but where the ball is must be seen."""
from nuri import Input, Output
from nuri.tasks.reach import Reach


class ReachCamera(Reach):
    """Observations are a dict: `joints`, and a picture [N, height, width, 3] of each of `cameras` ("corner", "wrist")."""

    scene, seconds = "reach_camera.yaml", 4.0
    inputs = (Input("position", "joint*"), Input("velocity", "joint*", scale=0.2), Input("action"))
    outputs = (Output("joint*", map="increment", scale=0.12, limit=1.0),)
    cameras = ("corner", "wrist")

    training = dict(Reach.training, envs=64, steps=1_000_000, horizon=32, features=64)

    def observe(self):
        pictures = {name: self.array(self.world.cameras[name].rgb) for name in self.cameras}   # a view, or where torch is on a GPU a copy to there
        return {"joints": super().observe(), **pictures}
