"""From a trained actor to a policy file (policy.py)."""
from __future__ import annotations

import numpy as np
import torch
from torch import nn

from .network import ActorCritic
from .policy import Layer, Policy

NAMES = {nn.ELU: "elu", nn.Tanh: "tanh", nn.ReLU: "relu"}


def export(model: ActorCritic, env=None, task: str = "", command: tuple[float, ...] = ()) -> Policy:
    """The deterministic policy: the mean action. `env` says what observations are made of and what actions move.

    A policy with pictures, or of a task with observations of its own, cannot be exported: a policy file holds an MLP over
    the inputs that the engine itself can read. That is a ValueError; the networks remain in checkpoint.pt.
    """
    if model.encoder is not None:
        raise ValueError("a policy that sees pictures has no policy file: use checkpoint.pt with Python")
    layers, modules = [], list(model.actor)
    for i, module in enumerate(modules):
        if isinstance(module, nn.Linear):
            after = modules[i + 1] if i + 1 < len(modules) else None
            layers.append(Layer(_numpy(module.weight), _numpy(module.bias), NAMES[type(after)] if after is not None else "none"))
    normaliser = model.normaliser
    policy = Policy(_numpy(normaliser.shift), _numpy(normaliser.deviation), normaliser.clip, layers, task)
    if env is not None:
        _describe(policy, env, command)
    policy.check()
    return policy


def _describe(policy: Policy, env, command: tuple[float, ...]) -> None:
    t = env.task
    if t.observe() is not t.observation:
        raise ValueError(f"{type(t).__name__}.observe returns more than its inputs: such a policy has no policy file; "
                         "use checkpoint.pt with Python")
    if command and len(command) != t.commands:
        raise ValueError(f"training's command has {len(command)} numbers; the task has {t.commands}")
    policy.scene = t.scene if isinstance(t.scene, str) else str(getattr(t.world.scene, "path", ""))
    policy.substeps = t.substeps or t.world.substeps
    policy.inputs = tuple({"kind": i.kind, "names": _list(i.names), "scale": i.scale} for i in t.inputs)
    policy.outputs = tuple({"actuators": _list(o.actuators), "map": o.map, "scale": o.scale, "limit": o.limit} for o in t.outputs)
    policy.command = tuple(command) or (0.0,) * t.commands


def _list(names) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


def _numpy(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().cpu().float().numpy().copy()
