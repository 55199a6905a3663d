"""Pictures: views of tensors, at control steps, and the last ones of an episode."""

from __future__ import annotations

import numpy as np
import pytest

import nuri


def test_pictures_are_views_that_change():
    world = nuri.World("arm_cell.yaml", envs=3)
    assert list(world.cameras) == ["overview", "wrist"]
    wrist = world.cameras["wrist"]
    rgb, depth = wrist.rgb, wrist.depth
    assert rgb.shape == (3, 64, 64, 3) and rgb.dtype == np.uint8 and depth.shape == (3, 64, 64) and depth.dtype == np.float32
    assert rgb.std() > 1 and ((depth >= 0) & (depth <= 5)).all() and (depth > 0.02).any()
    before, address = rgb.copy(), rgb.__array_interface__["data"]
    for _ in range(30):
        world.step()
    assert (rgb != before).any() and wrist.rgb.__array_interface__["data"] == address
    with pytest.raises(nuri.Error, match="gives no normal"):
        wrist.normal
    with pytest.raises(nuri.Error, match="did you mean 'wrist'"):
        world.cameras["wirst"]
    del world
    assert rgb.std() > 1


def test_each_environment_sees_itself():
    whole, one = nuri.World("arm_cell.yaml", envs=3), nuri.World("arm_cell.yaml", envs=1, first_id=2)
    for w in (whole, one):
        w.cameras
        for _ in range(12):
            w.step()
    for name in whole.cameras:
        assert (whole.cameras[name].rgb[2] == one.cameras[name].rgb[0]).all()
        assert (whole.cameras[name].depth[2] == one.cameras[name].depth[0]).all()
    assert (whole.cameras["wrist"].rgb[0] != whole.cameras["wrist"].rgb[2]).any()


def test_pictures_of_a_reset():
    world, fresh = nuri.World("arm_cell.yaml", envs=3, cameras=["wrist"]), nuri.World("arm_cell.yaml", envs=3, cameras="wrist")
    assert list(world.cameras) == ["wrist"]
    for _ in range(20):
        world.step()
    mask = np.array([False, True, False])
    late = world.cameras["wrist"].depth.copy()
    world.finish_pictures(mask)
    final = world.cameras["wrist"].depth.copy()
    assert (final[~mask] == late[~mask]).all()
    world.reset(mask, seed=1)
    now = world.cameras["wrist"].depth
    assert (now[1] == fresh.cameras["wrist"].depth[1]).all() and (now[~mask] == late[~mask]).all() and (now[1] != final[1]).any()
    assert world.timings["eyes"] > 0 and world.timings["physics"] > 0 and world.timings["reset"] > 0
    world.clear_timings()
    assert set(world.timings.values()) == {0.0}


def test_cameras_of_models():
    world = nuri.World("boxes.yaml", envs=1)
    with pytest.raises(nuri.Error) as caught:
        nuri.World("boxes.yaml", envs=1, cameras=["nothing"])
    assert caught.value.code in ("unknown-name", "no-eyes") and world.envs == 1


def test_who_asks_for_no_pictures_pays_for_none():
    world = nuri.World("arm_cell.yaml", envs=2)
    world.look()
    world.step()
    world.finish_pictures(np.array([True, False]))
    with pytest.raises(nuri.Error, match="are not open"):
        nuri._nuri.list_eyes(world._inside)
    assert len(world.cameras) == len(nuri._nuri.list_eyes(world._inside)) == 2
