"""The comparison of speeds has its fields, and both engines did the same work. Never how fast: machines differ."""
import bench_mujoco
import models
import program
import pytest

pytestmark = pytest.mark.skipif(bool(models.missing() or program.missing()), reason=models.missing() or program.missing() or "-")


# A percentile needs a sample: of 64 environments the 99th is the worst. The planar robots lie still, so the rounding of a position, 6e-8 m
# times a contact's stiffness, is most of their small accelerations; they are also quick to warm up.
ENVIRONMENTS = {"dm_control/cheetah": 256, "dm_control/hopper": 256, "dm_control/walker": 256}
# Heaps take minutes and are left to the command.
SCENES = ("scene/arm_cell", "scene/quadruped", "scene/humanoid")


@pytest.mark.parametrize("name", models.BENCH + SCENES)
def test_same_work_and_small_error(name, tmp_path):
    row = bench_mujoco.measure(name, bench_mujoco.arguments(["--quick", "--envs", str(ENVIRONMENTS.get(name, 0))]), tmp_path)
    nuri, mujoco = row["nuri"], row["mujoco"]
    assert row["ratio"] > 0 and nuri["steps_per_second"] > 0 and mujoco["steps_per_second"] > 0
    assert len(nuri["state_hash"]) == 16 and nuri["faults"] == 0
    for work in ("contacts", "rows"):
        assert nuri[work] == pytest.approx(mujoco[work], rel=bench_mujoco.WORK_AGREES), work
    assert nuri["acceleration_error"]["p99"] <= bench_mujoco.FLOAT_ERROR


def test_scenes_are_added_by_name_and_are_no_default():
    assert not any(bench_mujoco.scene_model.is_scene(name) for name in bench_mujoco.arguments([]).models)
    assert bench_mujoco.chosen(["scene/boxes", "hopper", "some/where.yaml"]) == ["scene/boxes", "gymnasium/hopper", "dm_control/hopper", "some/where.yaml"]
