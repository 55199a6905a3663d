"""python -m nuri.train TASK: see --help and docs/training.md."""
from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import os
import sys
from pathlib import Path

EPILOG = """\
TASK is an id (Reach-v0), or a class of your own: FILE.py:Class or module:Class.

--out DIR afterwards holds progress.csv, curve.png, settings.json, checkpoint.pt, TASK.policy, result.json and video.mp4
or pictures.png. Ctrl-C or SIGTERM ends the run after the iteration under way, with a checkpoint; --resume DIR goes on from it.

Several processes, one for each GPU (or share of the cores):
  torchrun --nproc-per-node 2 -m nuri.train TASK --envs N    (N environments in each of them)
"""


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(prog="python -m nuri.train", description="Trains a policy by PPO.", epilog=EPILOG,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("task", nargs="?", metavar="TASK", help="what is to be learnt")
    p.add_argument("--envs", type=int, metavar="N", help="environments of each process (default: the task's)")
    p.add_argument("--steps", type=float, metavar="N", help="environment steps in all, 3e6 for instance (default: the task's)")
    p.add_argument("--seed", type=int, metavar="N", help="of everything random (0)")
    p.add_argument("--device", choices=("cpu", "cuda"), help="of the simulation and the learner (cpu)")
    p.add_argument("--threads", type=int, metavar="N", help="of each process (default: its share of the cores)")
    p.add_argument("--out", type=Path, metavar="DIR", help="folder for the results (default: runs/TASK-SEED)")
    p.add_argument("--resume", type=Path, metavar="DIR", help="go on with the run in DIR; --steps may be raised")
    p.add_argument("--until-success", type=float, metavar="SHARE", help="stop when that share of episodes succeeds, 0.9 for instance")
    p.add_argument("--set", action="append", default=[], metavar="NAME=VALUE",
                   help="a training setting, learning_rate=3e-4 for instance; may be repeated")
    p.add_argument("--option", action="append", default=[], metavar="NAME=VALUE", help="an option of the task; may be repeated")
    p.add_argument("--no-video", action="store_true", help="neither film nor pictures at the end")
    p.add_argument("--quiet", action="store_true", help="say nothing but errors")
    p.add_argument("--evaluate", type=Path, metavar="FILE.policy",
                   help="train nothing: run this policy (NumPy), print mean return and success as JSON")
    p.add_argument("--episodes", type=int, default=1, metavar="N", help="of each environment, for --evaluate (1)")
    return p


def main(arguments: list[str] | None = None) -> int:
    asked = parser().parse_args(arguments)
    # Threads that spin at barriers starve each other on a busy machine: an update became ten times slower.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")   # before torch is there
    import nuri

    try:
        return _evaluate(asked) if asked.evaluate else _train(asked)
    except (nuri.Error, ValueError, TypeError, OSError, FloatingPointError, ModuleNotFoundError) as error:
        print(f"nuri.train: {error}", file=sys.stderr)
        return 1


def find_task(name: str):
    """The class of an id, of FILE.py:Class or of module:Class."""
    import nuri.tasks

    place, colon, kind = name.rpartition(":")
    if not colon:
        return nuri.tasks.find(name)
    if place.endswith(".py"):
        spec = importlib.util.spec_from_file_location(Path(place).stem, place)
        module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    else:
        module = importlib.import_module(place)
    if not hasattr(module, kind):
        raise ValueError(f"{place} has no class {kind!r}")
    return getattr(module, kind)


def _evaluate(asked) -> int:
    import nuri

    from .policy import Policy, evaluate
    from .settings import parse

    policy = Policy.load(asked.evaluate)
    kind = find_task(asked.task or policy.task)
    options = {key: value for text in asked.option for key, value in parse(text).items()}
    env = nuri.make(kind, num_envs=asked.envs or 64, array="numpy", backend="cpu", world=_world(asked), **options)
    if env.single_observation_space.shape != policy.mean.shape or env.single_action_space.shape != policy.layers[-1].bias.shape:
        raise ValueError(f"{asked.evaluate}: {policy.mean.shape[0]} inputs and {policy.layers[-1].bias.shape[0]} outputs; "
                         f"{kind.__name__} has {env.single_observation_space.shape} and {env.single_action_space.shape}")
    found = evaluate(env, policy, asked.episodes, asked.seed or 1_000_000)
    env.close()
    print(json.dumps({key: value if value == value else None for key, value in found.items()}))
    return 0


def _train(asked) -> int:
    before: dict = {}
    if asked.resume:
        try:
            before = json.loads((asked.resume / "settings.json").read_text())
        except (OSError, ValueError) as error:
            raise ValueError(f"--resume {asked.resume}: {error}") from None
        if not isinstance(before, dict) or not {"task", "settings"} <= set(before):
            raise ValueError(f"--resume {asked.resume}: settings.json is not of a run")
        other = any(given is not None and given != before.get(key) for key, given in
                    (("task", asked.task), ("seed", asked.seed), ("device", asked.device)))
        if other or asked.set or asked.option or asked.envs or asked.out:
            raise ValueError(f"--resume goes on with {before['task']} as it was begun; "
                             "only --steps, --until-success and --threads can change")
    task = before.get("task") or asked.task
    if not task:
        raise ValueError("which task? `python -m nuri.train TASK`, such as Reach-v0; see --help")
    device = before.get("device", asked.device or "cpu")
    local_rank, local_size = int(os.environ.get("LOCAL_RANK", "0")), int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    if device == "cuda" and local_size > 1:   # each process sees its own GPU only; nothing has touched CUDA yet
        seen = [gpu for gpu in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if gpu] or [str(i) for i in range(local_size)]
        os.environ["CUDA_VISIBLE_DEVICES"] = seen[local_rank % len(seen)]
    import torch

    import nuri

    from .running import film, run
    from .settings import Settings, parse

    if device == "cuda" and not torch.cuda.is_available():
        raise ValueError("--device cuda: torch finds no GPU")
    kind = find_task(task)
    seed = before.get("seed", asked.seed or 0)
    options = before.get("options") if before else {key: value for text in asked.option for key, value in parse(text).items()}
    told = {key: value for key, value in (("envs", asked.envs), ("steps", asked.steps)) if value is not None}
    layers = [before["settings"]] if before else [getattr(kind, "training", {}), *(parse(text) for text in asked.set)]
    settings = Settings.of(*layers, told)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    threads = asked.threads or before.get("threads") or max(1, cores // local_size)
    torch.set_num_threads(threads)
    name = task.rpartition(":")[2]
    out = asked.resume or asked.out or Path("runs") / f"{name}-{seed}"

    def make_env(envs: int, first_id: int, **more):
        return nuri.make(kind, num_envs=envs, array="torch", backend=device, seed=seed, first_id=first_id, copy=False,
                         world={"threads": threads}, **more, **options)

    video = None if asked.no_video else film(lambda: make_env(1, 0, render_mode="rgb_array"), kind.seconds)
    say = (lambda *_: None) if asked.quiet else (lambda text: print(text, flush=True))
    found = run(make_env, settings, out, name=name, seed=seed, device=device, resume=bool(asked.resume), until_success=asked.until_success,
                about={"task": task, "options": options}, say=say, video=video)
    return 128 + found["signal"] if found["signal"] else 0


def _world(asked) -> dict:
    return {"threads": asked.threads} if asked.threads else {}


if __name__ == "__main__":
    sys.exit(main())
