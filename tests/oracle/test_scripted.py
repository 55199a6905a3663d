"""Scripted policies have the same outcome in both engines: two tasks of metaworld, all with --all. What is played: scripted.py."""
import pytest
import scripted

MISSING = scripted.missing()
QUICK = ("reach-v3", "pick-place-v3")
pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING or "-")


@pytest.mark.parametrize("task", [pytest.param(t, marks=[] if t in QUICK else [pytest.mark.long]) for t in ([] if MISSING else scripted.tasks())] or [pytest.param("-", marks=pytest.mark.skip(reason=MISSING or "-"))])
def test_the_outcome_is_mujoco_s(task):
    result = scripted.judge(task)
    assert result["same"] == (task not in scripted.KNOWN), result


def test_an_engine_that_does_nothing_is_noticed(monkeypatch):
    monkeypatch.setattr(scripted.Nuri, "simulate", lambda self, control, n_frames: None)
    assert not scripted.judge("reach-v3")["same"]
