"""The parity report: a sample of every suite that is there, all of it with --all. What fails is named in suites.KNOWN, with a part of its reason."""
import fetch_data
import models
import parity
import parity_report
import program
import pytest
import suites

pytestmark = pytest.mark.skipif(bool(models.missing() or program.missing()), reason=models.missing() or program.missing() or "-")
SAMPLE = {"metaworld": ("metaworld/objects/assembly_peg", "metaworld/objects/window_horiz"), "gymnasium_robotics": ("gymnasium_robotics/assets/hand/manipulate_pen", "gymnasium_robotics/mujoco/assets/point"),
          "robosuite": ("robosuite/arenas/bins_arena", "robosuite/grippers/robotiq_gripper_85"), "pybullet_mjcf": ("pybullet_mjcf/mjcf/ant", "pybullet_mjcf/mjcf/thrower"),
          "locomotion": ("locomotion/soccer/assets/boxhead/boxhead", "locomotion/rodent_two_touch"), "manipulation": ("manipulation/lift_large_box",)}


def unexpected(verdicts):
    """What fails though it is not known to, fails for another reason, or is known to fail and does not."""
    found = []
    for v in verdicts:
        part, _ = suites.KNOWN.get(v.name, ("", ""))
        if not v.mujoco and v.equal == bool(part):
            found.append(f"{v.name}: {'; '.join(v.reasons) or 'does not fail any more'}")
        elif part and not v.mujoco and not any(part in reason for reason in v.reasons):
            found.append(f"{v.name}: {'; '.join(v.reasons)} instead of {part}")
    return found


@pytest.mark.parametrize("suite", SAMPLE)
def test_a_sample_is_as_reported(suite):
    asked = [(suite, name) for name in SAMPLE[suite] if name in suites.files(suite)]
    if not asked:
        pytest.skip(f"models of {suite} were not fetched")
    assert not unexpected(parity_report.measure(asked, None))


@pytest.mark.long
@pytest.mark.parametrize("suite", [s for s in suites.TITLES if s not in ("gymnasium", "dm_control")])
def test_a_whole_suite_is_as_reported(suite):
    asked = parity_report.chosen([suite])
    if not asked:
        pytest.skip(f"models of {suite} were not fetched")
    assert not unexpected(parity_report.measure(asked, None))


def test_what_fails_is_named():
    good = parity_report.Verdict("metaworld/a", "metaworld", columns=dict.fromkeys(parity_report.COLUMNS, True))
    bad = parity_report.Verdict("metaworld/b", "metaworld", columns={"loads": False, "fields": None, "stages": None, "runs": None}, reasons=["no [unsupported]"])
    refused = parity_report.Verdict("metaworld/c", "metaworld", mujoco="XML Error")
    assert good.equal and not bad.equal and not refused.equal
    assert parity_report.table([good, bad, refused]) == [["metaworld", 3, 2, "1", "1 of 1", "1 of 1", "1 of 1", 1, "50.0 %", 0]]
    assert unexpected([good, bad, refused]) == ["metaworld/b: no [unsupported]"]
    assert parity_report.grouped([bad]) == [(["metaworld/b"], "no [unsupported]")]


def test_a_model_is_what_no_other_file_includes():
    found = suites.files("metaworld")
    if not fetch_data.complete("metaworld"):
        pytest.skip("metaworld was not fetched")
    assert "metaworld/sawyer_xyz/sawyer_door_pull" in found and not any("dependencies" in name for name in found)
    assert all(parity.has_meshes(name) for name in found)


def test_rounding_excuses_what_mujoco_itself_cannot_tell():
    """A heap of boxes that lie flat: which of their contacts come first is a matter of rounding. Weight is not."""
    excused = parity_report.within_rounding("own/contacts", "float", {"bias": 1e-2, "kinematics": 1e-4})
    assert not excused or parity.tolerance_scale() != 1
    known = parity_report.within_rounding("own/noslip_pgs", "double", {"kinematics": 1e-4, "bias": 1e-4})
    assert not known
