"""Snapshots: what was saved goes on with the same bits, and damage is noticed."""

from __future__ import annotations

import numpy as np
import pytest

import nuri


@pytest.mark.parametrize("name", ["arm_cell.yaml", "fleet.yaml", "humanoid.yaml"])
def test_a_snapshot_goes_on_with_the_same_bits(name, tmp_path):
    world = nuri.World(name, envs=7)
    for _ in range(6):
        world.step()
    world.reset(np.arange(7) % 3 == 0)
    world.set("body_mass", [1, 2], 2.5, 1)
    for _ in range(3):
        world.step()
    snapshot = world.save()
    assert world.save(tmp_path / "a.snapshot") is None and (tmp_path / "a.snapshot").read_bytes() == snapshot
    hashes = []
    for _ in range(4):
        world.step()
        hashes.append(world.hash())
    world.reset()
    hashes.append(world.hash())

    def again(other, what):
        other.load(what)
        seen = []
        for _ in range(4):
            other.step()
            seen.append(other.hash())
        other.reset()
        return seen + [other.hash()]

    world.clear("body_mass")
    assert again(world, snapshot) == hashes                           # the same world
    fresh = nuri.World(name, envs=7, threads=1)
    assert again(fresh, tmp_path / "a.snapshot") == hashes            # another one of that scene
    assert fresh.get("body_mass", 1, 1) == 2.5 if len(fresh.variants) == 1 else True


def test_damaged_snapshots_are_refused():
    world = nuri.World("arm_cell.yaml", envs=3)
    world.step()
    snapshot = world.save()
    before = world.hash()
    rng = np.random.default_rng(0)
    for _ in range(60):
        damaged = bytearray(snapshot)
        damaged[rng.integers(len(damaged))] ^= 1 << rng.integers(8)
        with pytest.raises(nuri.Error):
            world.load(bytes(damaged))
        with pytest.raises(nuri.Error):
            world.load(snapshot[: rng.integers(len(snapshot))])
    for other in (nuri.World("arm_cell.yaml", envs=4), nuri.World("boxes.yaml", envs=3), nuri.World("arm_cell.yaml", envs=3, precision="float64")):
        with pytest.raises(nuri.Error, match="another scene"):
            other.load(snapshot)
    with pytest.raises(nuri.Error, match="no such file"):
        world.load("no.snapshot")
    assert world.hash() == before
    world.load(memoryview(snapshot))
    assert world.hash() == before
