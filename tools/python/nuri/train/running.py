"""A training run with its files: progress.csv, curve.png, checkpoint.pt, settings.json, NAME.policy, result.json and a video."""
from __future__ import annotations

import csv
import dataclasses
import io
import json
import math
import os
import platform
import shutil
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import torch

from .chart import contact_sheet, draw_curves, replace
from .distributed import Group
from .exporting import export
from .policy import evaluate
from .settings import Settings
from .trainer import Trainer

CHECKPOINT_SECONDS = 120.0   # between checkpoints: what a crash costs at most
FILM_SECONDS = 10.0          # s: of the film at the most
EVALUATED = 64               # environments, one episode each, that the final policy is judged by


class Stop:
    """SIGINT and SIGTERM end the run after the iteration under way; a second one ends it at once."""

    def __enter__(self) -> Stop:
        self.signal = 0
        self._before = {s: signal.signal(s, self._take) for s in (signal.SIGINT, signal.SIGTERM)} if _main_thread() else {}
        return self

    def _take(self, number: int, frame) -> None:
        self.signal = number
        for s, handler in self._before.items():
            signal.signal(s, handler)

    def __exit__(self, *_) -> None:
        for s, handler in self._before.items():
            signal.signal(s, handler)


def _main_thread() -> bool:
    import threading

    return threading.current_thread() is threading.main_thread()


def run(make_env, settings: Settings, out: Path | None, *, name: str = "policy", seed: int = 0, device: str = "cpu", resume: bool = False,
        until_success: float | None = None, about: dict | None = None, say=print, video=None) -> dict:
    """Trains until settings.steps are done, or a share `until_success` of the episodes succeeds, or a signal comes.

    make_env(envs, first_id) makes the environment of this process. With `resume` it goes on from out/checkpoint.pt.
    `video(policy_file, trainer, out)` is asked for a film at the end and says what it wrote. Returns the last row of progress.csv, with
    "signal" (0: ran to its end) and "reached" (the share of successes).
    """
    if out is not None and not resume and (out / "checkpoint.pt").exists():
        raise ValueError(f"{out}: there is a run already; --resume {out} goes on with it, another --out begins a new one")
    group = Group(torch.device(device))
    writes = group.rank == 0 and out is not None
    say = say if group.rank == 0 else (lambda *_, **__: None)
    env = make_env(settings.envs, group.rank * settings.envs)
    trainer = Trainer(env, settings, seed, device, group)
    rows: list[dict] = []
    if resume:
        if not trainer.restore(load_checkpoint(out / "checkpoint.pt")):
            say("the environments of the checkpoint cannot be restored: they begin new episodes")
        rows = read_progress(out / "progress.csv", trainer.iteration) if writes else []
        if writes:
            write_progress(out / "progress.csv", rows)
        say(f"goes on at iteration {trainer.iteration}, {_count(trainer.steps)} steps")
    elif writes:
        out.mkdir(parents=True, exist_ok=True)
        (out / "progress.csv").unlink(missing_ok=True)
        write_json(out / "settings.json", (about or {}) | {"seed": seed, "device": str(device), "threads": torch.get_num_threads(),
                   "processes": group.size, "machine": f"{platform.machine()}, {os.cpu_count()} cores", "python": platform.python_version(),
                   "numpy": np.__version__, "torch": torch.__version__, "settings": dataclasses.asdict(settings)})

    def keep() -> None:
        state = trainer.state()
        if writes:
            save_checkpoint(out / "checkpoint.pt", state)
            draw(out / "curve.png", f"{name}  seed {seed}  {settings.envs * group.size} environments", rows)

    row, reached = (rows[-1] if rows else {}), False
    with Stop() as stop:
        kept = time.monotonic()
        while trainer.steps < settings.steps and not reached:
            row = trainer.iterate()
            rows.append(row)
            if writes:
                append_progress(out / "progress.csv", row)
            say(line(row, trainer))
            ended = sum(figures[0] for figures in trainer.window)
            reached = until_success is not None and row["success"] >= until_success and ended >= settings.envs * group.size
            if group.any(bool(stop.signal)):
                break
            if group.any(time.monotonic() - kept > CHECKPOINT_SECONDS):
                keep()
                kept = time.monotonic()
        keep()
        ended_by = stop.signal
        if writes:
            finish(trainer, out, name, row, ended_by, say, make_env, video)
    if hasattr(env, "close"):
        env.close()
    group.close()
    return row | {"signal": ended_by, "reached": reached}


def finish(trainer: Trainer, out: Path, name: str, row: dict, ended_by: int, say, make_env, video) -> None:
    """The policy file, and unless the run was interrupted what it is worth and a film."""
    result = {key: row[key] for key in ("iteration", "steps", "seconds", "cpu_seconds", "return", "success") if key in row}
    file = None
    try:
        policy = export(trainer.model, trainer.env, name, trainer.settings.command)
        file = out / f"{name}.policy"
        policy.save(file)
        say(f"policy: {file}")
    except ValueError as error:
        say(f"no policy file: {error}")
    if not ended_by:
        judged = min(EVALUATED, trainer.settings.envs)
        env = make_env(judged, 0)
        with torch.no_grad():
            result["evaluation"] = evaluate(env, lambda o: _act(trainer, o))
        if hasattr(env, "close"):
            env.close()
        e = result["evaluation"]
        say(f"{e['episodes']} episodes without noise: return {e['return']:.4g} +- {e['deviation']:.2g}"
            + _percent(e["success"], ", success "))
        if video is not None:
            say(video(file, trainer, out))
    write_json(out / "result.json", result)


def _act(trainer: Trainer, observation) -> torch.Tensor:
    from .rollout import split

    numbers, pictures = split(observation)
    return trainer.model.actor(trainer.model.encode(trainer.model.normaliser(numbers), pictures))


def film(make_pictured, seconds: float | None):
    """A function for run(video=): an MP4 by the `nuri` program if there is one, else a sheet of pictures by the environment's render()."""

    def make(policy: Path | None, trainer: Trainer, out: Path) -> str:
        program = os.environ.get("NURI_PROGRAM") or shutil.which("nuri")
        why = "there is no program `nuri` (PATH, NURI_PROGRAM)"
        if program and policy is not None:
            command = [program, "render", str(trainer.env.world.scene.path), "--policy", str(policy), "--out", str(out / "video.mp4"),
                       "--seconds", str(min(seconds or FILM_SECONDS, FILM_SECONDS)), "--quiet"]
            (out / "video.mp4").unlink(missing_ok=True)
            try:
                done = subprocess.run(command, capture_output=True, text=True)
                if done.returncode == 0 and (out / "video.mp4").exists():
                    return f"video: {out / 'video.mp4'}"
                why = f"`{' '.join(command)}` failed: {(done.stderr or done.stdout).strip()[-300:]}"
            except OSError as error:
                why = f"{program}: {error.strerror}"
        try:
            env = make_pictured()
            write_sheet(out / "pictures.png", env, trainer)
            env.close()
            return f"pictures: {out / 'pictures.png'} (no video: {why})"
        except Exception as error:   # a scene without a camera; a picture is not worth a failed training
            return f"no pictures: {error}; no video: {why}"

    return make


def write_sheet(path: Path, env, trainer: Trainer, count: int = 12) -> None:
    """`count` moments of one episode, in order."""
    observation, _ = env.reset(seed=1_000_000)
    length = env.max_episode_steps or 250
    moments = set(np.linspace(0, length - 1, count).astype(int).tolist())
    frames = []
    with torch.no_grad():
        for t in range(length):
            if t in moments:
                frames.append(np.asarray(env.render()[0]))
            observation, _, terminated, _, _ = env.step(_act(trainer, observation))
            if bool(terminated[0]):
                break
    contact_sheet(path, frames)


def line(row: dict, trainer: Trainer) -> str:
    """One iteration as people read it."""
    iterations = math.ceil(trainer.settings.steps / trainer.steps_per_iteration)
    left = (trainer.settings.steps - trainer.steps) * row["seconds"] / max(1, trainer.steps)
    parts = {part: row["share." + part] for part in ("physics", "eyes", "python", "policy", "learner")}
    shares = " ".join(f"{part} {share:.0%}" for part, share in parts.items() if share >= 0.005)
    return (f"{row['iteration']:>{len(str(iterations))}}/{iterations}  {_count(row['steps']):>6} steps  return {row['return']:8.3f}"
            + _percent(row["success"], "  success ") + f"  length {row['length']:5.0f}  kl {row['kl']:.4f}  "
            f"rate {row['learning_rate']:.1e}  noise {row['noise']:.2f}  {_count(row['steps_per_second']):>6} steps/s ({shares})  "
            f"{_clock(max(0.0, left))} left")


def draw(path: Path, title: str, rows: list[dict]) -> None:
    if rows:
        steps = np.array([row["steps"] for row in rows], float)
        draw_curves(path, title, steps, {name: np.array([float(row.get(name, "nan")) for row in rows]) for name in ("return", "success")})


def append_progress(path: Path, row: dict) -> None:
    begins = not path.exists()
    with open(path, "a") as file:
        file.write(_row(row, begins))


def write_progress(path: Path, rows: list[dict]) -> None:
    if rows:
        replace(path, "".join(_row(row, i == 0) for i, row in enumerate(rows)).encode())
    else:
        path.unlink(missing_ok=True)


def _row(row: dict, header: bool) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if header:
        writer.writerow(row)
    writer.writerow(f"{value:.7g}" if isinstance(value, float) else value for value in row.values())
    return text.getvalue()


def read_progress(path: Path, iterations: int) -> list[dict]:
    """The first `iterations` rows: later ones are run again."""
    if not path.exists():
        return []
    with open(path, newline="") as file:
        number = lambda name: int if name in ("iteration", "steps", "episodes") else float
        rows = [{name: number(name)(value) for name, value in row.items()} for row in csv.DictReader(file)]
    return [row for row in rows if row["iteration"] <= iterations]


def save_checkpoint(path: Path, state: dict) -> None:
    data = io.BytesIO()
    torch.save(state, data)
    replace(path, data.getvalue())


def load_checkpoint(path: Path) -> dict:
    if not path.exists():
        raise ValueError(f"{path}: there is no such checkpoint")
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:   # torch raises what its unpickler, zip reader and storages raise
        raise ValueError(f"{path}: not a checkpoint: {(str(error) or type(error).__name__).splitlines()[0]}") from None


def write_json(path: Path, values: dict) -> None:
    replace(path, (json.dumps(values, indent=2, default=str) + "\n").encode())


def _percent(share: float, before: str) -> str:
    return "" if math.isnan(share) else f"{before}{share:.0%}"


def _count(number: float) -> str:
    for unit, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= unit:
            return f"{number / unit:.3g}{name}"
    return f"{number:.3g}"


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
