"""gymnasium.vector.VectorEnv over one World: thousands of environments of one task, without a Python loop over them.

A step: actions -> controls -> physics -> terminations, reward, observation (the true one) -> final_obs -> reset of those that ended ->
their rows of the observation anew. Two ways for what has ended, as `metadata["autoreset_mode"]` says:

  SAME_STEP   the step resets it; the observation returned is the next episode's first, and info["final_obs"] has the true one
  DISABLED    the caller does, by reset(options={"reset_mask": mask}); until then it goes on

info["final_obs"] is there after every step, for all environments, pictures included: what this step led to, before any reset. Bootstrapping
at a truncation needs it. In steps in which nothing ended it is the returned observation itself.

Aliasing: what `reset` and `step` return belongs to the caller and never changes. That is one copy of the observation per step: 12 us for
4096 x 48 numbers, 0.6 ms for 1024 pictures of 64 x 64. With `copy=False` observations are views of the world's own arrays, valid until
the next call; final_obs is copied only if something ended.

An environment that faults (its numbers left what can be simulated; World.status.fault) or gets an action that is not a number counts as
terminated, with reward 0; its neighbours do not notice.
"""
from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Iterator
from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from nuri.envs.arrays import Array, Arrays
from nuri.envs.statistics import EpisodeStatistics
from nuri.envs.task import Task

Observation = Any  # Array or a dict of arrays

_modes = {"same_step": AutoresetMode.SAME_STEP, "disabled": AutoresetMode.DISABLED}


class VectorEnv(gymnasium.vector.VectorEnv):
    """See `nuri.make`. `task`, `world`, `arrays` are what it is made of."""

    def __init__(self, task: Task, arrays: Arrays, *, seed: int = 0, autoreset: str = "same_step", render_mode: str | None = None,
                 camera: str | None = None, copy: bool = True, statistics: bool = True):
        if autoreset not in _modes:
            raise ValueError(f"autoreset={autoreset!r}: 'same_step' or 'disabled'")
        if render_mode not in (None, "rgb_array"):
            raise ValueError(f"render_mode={render_mode!r}: 'rgb_array' or None")
        self.task, self.world, self.arrays = task, task.world, arrays
        self._name, self.num_envs = type(task).__name__, self.world.envs
        self.device = arrays.device
        self.render_mode, self._camera = render_mode, camera
        self.max_episode_steps = task.steps
        self.resets_itself, self.copies, self._statistics = autoreset == "same_step", copy, statistics
        self._seed, self._ids = seed, np.asarray(self.world.ids, np.uint64)
        self._fault = arrays.view(self.world.status.fault)
        self._all = arrays.full(self.num_envs, 1, "bool")
        self._episodes = EpisodeStatistics(arrays, self.num_envs)
        self._begun = False
        self.clear_timings()
        if render_mode is not None:
            self._eye()

        period = self.world.timestep * (task.substeps or self.world.substeps)
        self.metadata = {"autoreset_mode": _modes[autoreset], "render_modes": ["rgb_array"], "render_fps": round(1 / period)}
        low, high = (arrays.numpy(bound).astype(np.float32) for bound in task.action_range())
        self.single_action_space = gymnasium.spaces.Box(low, high, dtype=np.float32)
        self.single_observation_space = self._space(task.observe())
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)

    # ---- gymnasium ----------------------------------------------------------------------------------------------------------------
    def reset(self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None) -> tuple[Observation, dict]:
        """Begins episodes: all, or those of options["reset_mask"] (bool [N], NumPy or torch); the others' rows are as they were.

        seed: an int s begins episode 0 of seed s + id in each environment (its id: its number, plus `first_id`); a list has one of each,
        and None for those that begin their next episode, as all do without a seed; at the very first reset that is episode 0 of
        `nuri.make`'s seed.
        """
        self._check_open()
        unknown = set(options or {}) - {"reset_mask"}
        if unknown:
            raise ValueError(f"reset: no option {sorted(unknown)[0]!r}; there is 'reset_mask'")
        mask = (options or {}).get("reset_mask")
        with self._timed(), self.arrays.guard():
            mask = self._all if mask is None else self.arrays.take("reset_mask", mask, (self.num_envs,), "bool")
            seeds, seeded = self._seeds(seed)
            super().reset(seed=seed if isinstance(seed, (int, np.integer)) else None)
            if seeds is None and not self._begun:
                self.world.reset(seed=self._seed)
            elif seeds is None:
                self.world.reset(mask=mask)
            else:
                if bool((mask & ~seeded).any()):
                    self.world.reset(mask=mask & ~seeded)
                self.world.reset(mask=mask & seeded, seed=seeds)
            if not self._begun:  # nothing is before its first episode
                mask, self._begun = self._all, True
            self._begin(mask)
            observation = self.task.observe()
            info = {}
            for name, value in self.task.begin_info().items():
                info |= {name: value, f"_{name}": self.arrays.copy(mask)}
            return self.arrays.copy(observation) if self.copies else observation, info

    def step(self, actions: Any) -> tuple[Observation, Array, Array, Array, dict[str, Any]]:
        """actions [N, a]; returns observation, reward float32 [N], terminated and truncated bool [N], info."""
        self._check_open()
        if not self._begun:
            raise gymnasium.error.ResetNeeded("step before the first reset")
        with self._timed(), self.arrays.guard():
            return self._step(actions)

    def render(self) -> tuple[np.ndarray, ...] | None:
        """uint8 [h, w, 3] of each environment: what the camera of the scene that `nuri.make(.., camera=)` named, else its first, delivered
        last: at its rate and late by its latency, as a policy gets it. So to look changes nothing."""
        self._check_open()
        if self.render_mode is None:
            gymnasium.logger.warn("render() without render_mode='rgb_array'")
            return None
        return tuple(self.arrays.numpy(self.arrays.view(self._eye().rgb)).copy())

    def close_extras(self, **kwargs: Any) -> None:
        self.task = self.world = self._fault = None

    # ---- what learners ask for besides ----------------------------------------------------------------------------------------------
    @property
    def timings(self) -> dict[str, float]:
        """Wall seconds inside `step` and `reset` since `clear_timings`: "physics", "reset" (initial states and their differences), "eyes"
        (cameras), and "python": all the rest."""
        inside = dict(self.world.timings)
        return inside | {"python": max(0.0, self._seconds - sum(inside.values()))}

    def clear_timings(self) -> None:
        self.world.clear_timings()
        self._seconds = 0.0

    def __repr__(self) -> str:
        return f"VectorEnv({self._name}, num_envs={self.num_envs}, array={self.arrays.kind!r})"

    def save(self) -> bytes:
        """All that the steps to come depend on, of the world, the task and the statistics, for `load` of an environment that is made alike.
        Pictures that are still on their way to a camera are not in it."""
        self._check_open()
        parts = {f"own.{name}": self.arrays.numpy(array) for name, array in self._counts().items()}
        file = io.BytesIO()
        np.savez(file, world=np.frombuffer(bytes(self.world.save()), np.uint8), **parts)
        return file.getvalue()

    def load(self, saved: bytes) -> None:
        """Goes on from there, with the same bits. The observation is the one that was returned last before `save`."""
        self._check_open()
        with np.load(io.BytesIO(saved)) as parts, self.arrays.guard():
            own = self._counts()
            if {f"own.{name}" for name in own} | {"world"} != set(parts.files):
                raise ValueError("this was saved of an environment of another kind")
            self.world.load(parts["world"].tobytes())
            for name, array in own.items():
                array[:] = self.arrays.view(parts[f"own.{name}"].astype(self.arrays.numpy(array).dtype))
            for name in ("last", "command"):
                self.arrays.send(getattr(self.task, name), getattr(self.task.port, name))
        self._begun = True
        self.world.look()

    # ---- inside -----------------------------------------------------------------------------------------------------------------
    def _step(self, actions: Any) -> tuple[Observation, Array, Array, Array, dict[str, Any]]:
        task, world, arrays, xp = self.task, self.world, self.arrays, self.arrays.xp
        actions = arrays.take("actions", actions, self.action_space.shape, "float32")
        missing = xp.isnan(actions)
        task.act(xp.where(missing, 0.0, actions))
        world.step(task.substeps)
        task.elapsed += 1
        task.advance()

        fault = self._fault if len(world.variants) == 1 else arrays.view(world.status.fault)   # of several models it is made when it is asked for
        broken = xp.any(missing, axis=1) | (fault != 0)
        terminated = task.terminated() | broken
        truncated = xp.zeros_like(terminated) if self.max_episode_steps is None else (task.elapsed >= self.max_episode_steps) & ~terminated
        reward = arrays.as_type(xp.where(broken, 0.0, task.reward()), "float32")
        done = terminated | truncated
        ended = arrays.numpy(done)   # what is on a GPU is copied once: a byte per environment
        any_done = bool(ended.any())
        if any_done:
            world.finish_pictures(ended)
        observation = task.observe()
        if self.copies:
            observation = arrays.copy(observation)

        self._episodes.add(reward)
        info: dict[str, Any] = {"terms": arrays.copy(task.terms)}
        success = task.success()
        if success is not None:
            info["success"] = success = success & ~broken
        for name, value in task.info().items():
            info |= {name: value, f"_{name}": xp.ones_like(done)}
        own = [name for name in info if f"_{name}" in info]
        final_info: dict[str, Any] = {}
        final = observation
        if any_done:
            final_info = {"episode": self._episodes.ended(done), "_episode": done, "fault": xp.where(done, fault, 0)}
            if success is not None:
                final_info |= {"success": success & done, "_success": done}
            if self._statistics:
                info |= {"episode": final_info["episode"], "_episode": done}
            if self.resets_itself:
                final = observation if self.copies else arrays.copy(observation)
                for name in own:
                    final_info |= {name: info[name], f"_{name}": done}
                world.reset(mask=ended)
                self._begin(done)
                begun = task.begin_info()
                for name in own:
                    info |= {name: arrays.choose(done, begun[name], info[name])} if name in begun else {f"_{name}": ~done}
                observation = task.observe()
                if self.copies:
                    observation = arrays.choose(done, observation, final)
        info |= {"final_obs": final, "_final_obs": done, "final_info": final_info, "_final_info": done}
        return observation, reward, terminated, truncated, info

    @contextlib.contextmanager
    def _timed(self) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self._seconds += time.perf_counter() - start

    def _counts(self) -> dict[str, Array]:
        episodes = {name: getattr(self._episodes, name) for name in ("returns", "lengths")}
        return episodes | {f"task.{name}": array for name, array in self.task.buffers().items()}

    def _begin(self, mask: Array) -> None:
        self.task.elapsed[mask] = 0
        self._episodes.begin(mask)
        self.task.begin(mask)
        self.world.look()

    def _seeds(self, seed: int | list[int | None] | None) -> tuple[np.ndarray | None, Array]:
        """uint64 [N], and which of them count; None: no seed was given."""
        if seed is None:
            return None, self._all
        if isinstance(seed, (int, np.integer)):
            given = [int(seed) + int(i) for i in (self._ids[0], self._ids[-1])]
        else:
            seed = list(seed)
            if len(seed) != self.num_envs:
                raise ValueError(f"{len(seed)} seeds for {self.num_envs} environments")
            given = [s for s in seed if s is not None]
        if any(not isinstance(s, (int, np.integer)) or not 0 <= s < 2**64 for s in given):
            raise ValueError(f"seed {seed}: seeds are whole numbers from 0 to 2^64 - 1")
        if isinstance(seed, list):
            chosen = np.array([s is not None for s in seed])
            return np.array([s or 0 for s in seed], np.uint64), self.arrays.take("seeds", chosen, (self.num_envs,), "bool")
        return np.uint64(seed) + self._ids, self._all

    def _space(self, part: Observation) -> gymnasium.Space:
        if isinstance(part, dict):
            return gymnasium.spaces.Dict({name: self._space(value) for name, value in part.items()})
        dtype = np.dtype(str(part.dtype).removeprefix("torch."))
        low, high = (0, 255) if dtype == np.uint8 else (-np.inf, np.inf)
        return gymnasium.spaces.Box(low, high, tuple(part.shape[1:]), dtype)

    def _eye(self) -> Any:
        cameras = self.world.cameras
        names = [name for name in cameras if "rgb" in cameras[name].outputs]
        if self._camera is None and not names:
            path = self.world.scene.path
            raise gymnasium.error.Error(f"nothing to render with: no camera of {path} gives rgb (`cameras:` in scene files)")
        return cameras[self._camera or names[0]]

    def _check_open(self) -> None:
        if self.closed:
            raise gymnasium.error.ClosedEnvironmentError("the environment is closed")
