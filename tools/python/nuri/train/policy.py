"""Policy files: a trained actor as JSON that `nuri run --policy`, the editor and NumPy can use without torch.

    x = clip((observation - mean) / deviation, -clip, clip);  x = activation(weights x + bias), layer by layer;  action = x

The file also names what the observation is made of and what the action moves (nuri.Input, nuri.Output), so it runs in any
scene that has sensors, joints and actuators of these names.
"""
from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .chart import replace

ENDLESS = 10_000   # steps
FORMAT, VERSION = "nuri-policy", 1
ACTIVATIONS = {
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "tanh": np.tanh,
    "relu": lambda x: np.maximum(x, 0),
    "none": lambda x: x,
}


@dataclass
class Layer:
    weights: np.ndarray   # float32 [outputs, inputs]
    bias: np.ndarray      # float32 [outputs]
    activation: str       # elu, tanh, relu, none


@dataclass
class Policy:
    mean: np.ndarray        # float32 [d]
    deviation: np.ndarray   # float32 [d]
    clip: float
    layers: list[Layer]
    task: str = ""
    scene: str = ""
    substeps: int = 1       # timesteps of a control step
    inputs: tuple = ()      # dicts: kind, names, scale
    outputs: tuple = ()     # dicts: actuators, map, scale, limit
    command: tuple = ()

    def __call__(self, observation: np.ndarray) -> np.ndarray:
        """observation float32 [rows, d] -> action float32 [rows, a]"""
        x = np.clip((np.asarray(observation, np.float32) - self.mean) / self.deviation, -self.clip, self.clip)
        for layer in self.layers:
            x = ACTIVATIONS[layer.activation](x @ layer.weights.T + layer.bias)
        return x.astype(np.float32, copy=False)

    def save(self, path: str | Path) -> None:
        layers = [{"weights": _shortest(layer.weights), "bias": _shortest(layer.bias), "activation": layer.activation}
                  for layer in self.layers]
        text = {"format": FORMAT, "version": VERSION, "task": self.task, "scene": self.scene, "substeps": self.substeps,
                "inputs": list(self.inputs), "outputs": list(self.outputs), "command": list(self.command),
                "mean": _shortest(self.mean), "deviation": _shortest(self.deviation), "clip": self.clip, "layers": layers}
        replace(Path(path), (json.dumps(text, allow_nan=False) + "\n").encode())

    @staticmethod
    def load(path: str | Path) -> Policy:
        """ValueError says what is wrong with the file."""
        try:
            text = json.loads(Path(path).read_text())
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise ValueError(f"{path}: not a policy file: {error}") from None
        if not isinstance(text, dict) or text.get("format") != FORMAT:
            raise ValueError(f'{path}: not a policy file: "format" is not "{FORMAT}"')
        if text.get("version") != VERSION:
            raise ValueError(f"{path}: version {text.get('version')} of the format; {VERSION} is known")
        try:
            layers = [Layer(_numbers(layer["weights"], 2), _numbers(layer["bias"], 1), layer["activation"]) for layer in text["layers"]]
            lists = (tuple(text.get(name, ())) for name in ("inputs", "outputs", "command"))
            policy = Policy(_numbers(text["mean"], 1), _numbers(text["deviation"], 1), float(text["clip"]), layers,
                            str(text.get("task", "")), str(text.get("scene", "")), int(text.get("substeps", 1)), *lists)
            policy.check()
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            what = f"there is no {error}" if isinstance(error, KeyError) else str(error)
            raise ValueError(f"{path}: {what}") from None
        return policy

    def check(self) -> None:
        width = len(self.mean)
        if len(self.deviation) != width or not (self.deviation > 0).all():
            raise ValueError(f"deviation has {len(self.deviation)} numbers for {width} columns, each above 0")
        if not (math.isfinite(self.clip) and self.clip > 0):
            raise ValueError(f"clip is {self.clip}; it must be above 0")
        if not self.layers:
            raise ValueError("there are no layers")
        for i, layer in enumerate(self.layers):
            if layer.activation not in ACTIVATIONS:
                raise ValueError(f"layer {i}: activation {layer.activation!r}; it is one of {', '.join(ACTIVATIONS)}")
            if layer.weights.shape != (len(layer.bias), width):
                raise ValueError(f"layer {i}: weights {layer.weights.shape} for {len(layer.bias)} biases and {width} inputs")
            width = len(layer.bias)


def _numbers(value, dimensions: int) -> np.ndarray:
    array = np.array(value, np.float32)
    if array.ndim != dimensions or not np.isfinite(array).all():
        raise ValueError(f"a table of {dimensions} dimensions with finite numbers is needed, not one of shape {array.shape}")
    return array


def _shortest(array: np.ndarray) -> list:
    """The shortest decimals that read back as the same single precision numbers."""
    return np.asarray(array, np.float32).astype(str).astype(np.float64).tolist()


def evaluate(env, act, episodes: int = 1, seed: int = 1_000_000) -> dict[str, float]:
    """Runs the first `episodes` episodes of every environment of `env` (autoreset in the same step) with actions act(observation).

    Long and short episodes count alike: each environment gives the same number of them. One that is never cut off counts as it stands
    after ENDLESS steps.
    """
    observation, _ = env.reset(seed=seed)
    count = np.zeros(env.num_envs, int)
    running, length = np.zeros(env.num_envs), np.zeros(env.num_envs, int)
    returns, lengths, reached, judged = [], [], [], False
    for step in range(env.max_episode_steps * episodes if env.max_episode_steps else ENDLESS):
        if (count >= episodes).all():
            break
        observation, *flags, info = env.step(act(observation))
        reward, terminated, truncated = (_host(flag) for flag in flags)
        running += reward
        length += 1
        ended = terminated | truncated
        if step == ENDLESS - 1 and not env.max_episode_steps:
            ended = np.ones_like(ended)
        counted = ended & (count < episodes)
        returns += running[counted].tolist()
        lengths += length[counted].tolist()
        if "success" in info:
            judged = True
            reached += _host(info["success"])[counted].tolist()
        count += ended
        running[ended], length[ended] = 0, 0
    return {"episodes": len(returns), "return": float(np.mean(returns)), "deviation": float(np.std(returns)),
            "length": float(np.mean(lengths)), "success": float(np.mean(reached)) if judged else float("nan")}


def _host(array) -> np.ndarray:
    return array.cpu().numpy() if hasattr(array, "cpu") else np.asarray(array)
