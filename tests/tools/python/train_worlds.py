"""Small vectorised environments that behave as nuri.make's do, in NumPy, for tests of the learner alone."""
import io
from types import SimpleNamespace

import numpy as np
import torch

G, CART, POLE, HALF = 9.8, 1.0, 0.1, 0.5   # m/s^2, kg, kg, m: the cart and pole of Barto, Sutton and Anderson (1983)
FORCE, PERIOD = 10.0, 0.02                 # N, s


class Vector:
    """What the environments have in common. `limit`: steps after which an episode is cut off."""

    limit, columns, actions = 200, 4, 1

    def __init__(self, envs: int, first_id: int = 0):
        self.num_envs, self.first_id = envs, first_id
        self.max_episode_steps = self.limit
        self.single_observation_space = SimpleNamespace(shape=(self.columns,))
        self.single_action_space = SimpleNamespace(shape=(self.actions,))
        self.task = SimpleNamespace(
            elapsed=torch.zeros(envs, dtype=torch.int64), curriculum=lambda progress: None, terms={},
            observation=None, observe=lambda: None, scene="small.yaml", substeps=4, commands=2,
            inputs=(SimpleNamespace(kind="position", names="*", scale=0.5),),
            outputs=(SimpleNamespace(actuators=["cart", "c?"], map="range", scale=1.0, limit=1.0),))
        self.world = SimpleNamespace(scene=SimpleNamespace(path="small.yaml"))
        self.timings = {"physics": 0.0, "eyes": 0.0}
        self.x = np.zeros((envs, self.columns))

    def reset(self, seed: int):
        self.episode = np.zeros(self.num_envs, np.uint64)
        self.seeds = np.uint64(seed) + np.arange(self.first_id, self.first_id + self.num_envs, dtype=np.uint64)
        self.task.elapsed[:] = 0
        self.x[:] = self.start()
        return self.observe(), {}

    def start(self) -> np.ndarray:
        """[envs, columns], by (seed, episode) of each, so that environments do not know how they are split."""
        draws = np.arange(1, self.columns + 1, dtype=np.uint64)
        own = self.seeds * np.uint64(0x9E3779B97F4A7C15) + self.episode * np.uint64(0xBF58476D1CE4E5B9)
        z = own[:, None] ^ (draws * np.uint64(0x94D049BB133111EB))
        for shift in (30, 27, 31):
            z = (z ^ (z >> np.uint64(shift))) * np.uint64(0xBF58476D1CE4E5B9)
        return ((z >> np.uint64(11)) * 2.0**-53 - 0.5) * 0.1

    def observe(self):
        return torch.from_numpy(self.x.astype(np.float32))

    def step(self, action):
        reward, fell = self.advance(np.asarray(action, np.float64))
        self.task.elapsed += 1
        terminated = torch.from_numpy(fell)
        truncated = (self.task.elapsed >= self.limit) & ~terminated
        done = (terminated | truncated).numpy()
        final = self.observe()
        self.episode += done.astype(np.uint64)
        self.x = np.where(done[:, None], self.start(), self.x)
        self.task.elapsed[done] = 0
        info = {"final_obs": final, "success": truncated}
        return self.observe(), torch.from_numpy(reward.astype(np.float32)), terminated, truncated, info

    def render(self):
        return tuple(np.full((6, 8, 3), age, np.uint8) for age in self.task.elapsed.tolist())

    def close(self):
        pass

    def save(self) -> bytes:
        file = io.BytesIO()
        np.savez(file, x=self.x, seeds=self.seeds, episode=self.episode, elapsed=self.task.elapsed.numpy())
        return file.getvalue()

    def load(self, saved: bytes) -> None:
        parts = np.load(io.BytesIO(saved))
        self.x, self.seeds, self.episode = parts["x"], parts["seeds"], parts["episode"]
        self.task.elapsed[:] = torch.from_numpy(parts["elapsed"])


class Cartpole(Vector):
    """A pole balances on a cart: 1 for every step until it leans by 12 degrees or the cart leaves the track."""

    def advance(self, action):
        x, v, angle, turn = self.x.T
        force = FORCE * np.clip(action[:, 0], -1, 1)
        push = (force + POLE * HALF * turn**2 * np.sin(angle)) / (CART + POLE)
        bend = (G * np.sin(angle) - np.cos(angle) * push) / (HALF * (4 / 3 - POLE * np.cos(angle) ** 2 / (CART + POLE)))
        speed = push - POLE * HALF * bend * np.cos(angle) / (CART + POLE)
        self.x = np.stack([x + PERIOD * v, v + PERIOD * speed, angle + PERIOD * turn, turn + PERIOD * bend], axis=1)
        return np.ones(self.num_envs), (np.abs(self.x[:, 0]) > 2.4) | (np.abs(self.x[:, 2]) > np.radians(12))


class Forever(Vector):
    """Reward 1, whatever is done; never over, but cut off after a few steps. Its value is 1 / (1 - gamma) everywhere."""

    limit = 5

    def advance(self, action):
        return np.ones(self.num_envs), np.zeros(self.num_envs, bool)


class Stripe(Vector):
    """A picture with a bright stripe somewhere: the action must say where, -1 at the left to 1 at the right."""

    limit, columns, size = 8, 1, 16

    def observe(self):
        columns = (np.arange(self.size) + 0.5) / self.size * 2 - 1
        bright = np.abs(columns - 20 * self.x) < 0.2                     # start() lies within 0.05
        picture = np.repeat(np.where(bright, 255, 30).astype(np.uint8)[:, None, :, None], self.size, axis=1)
        return {"picture": torch.from_numpy(np.repeat(picture, 3, axis=3)), "one": torch.ones(self.num_envs, 1)}

    def advance(self, action):
        return -np.abs(action[:, 0] - 20 * self.x[:, 0]), np.zeros(self.num_envs, bool)
