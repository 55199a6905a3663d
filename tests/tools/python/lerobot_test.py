"""nuri.lerobot: a recording of the program's becomes a dataset in LeRobot's format v3.0, number by number."""

import io
import json
import math
import shutil

import numpy as np
import pytest

h5py = pytest.importorskip("h5py")
pa = pytest.importorskip("pyarrow")
import pyarrow.parquet as pq  # noqa: E402

from nuri import Error  # noqa: E402
from nuri.lerobot import Moments, convert, main, png  # noqa: E402

MODEL = """<mujoco model="swing">
  <option timestep="0.005"/>
  <worldbody>
    <light pos="0 0 3"/>
    <geom type="plane" size="2 2 1" rgba="0.3 0.5 0.3 1"/>
    <camera name="side" pos="0 -1.5 0.6" xyaxes="1 0 0 0 0.2 1" resolution="32 24"/>
    <body pos="0 0 0.6"><joint name="swing" axis="0 1 0"/><geom type="capsule" fromto="0 0 0 0.4 0 0" size="0.04" rgba="0.8 0.2 0.1 1"/></body>
  </worldbody>
  <actuator><motor name="swing" joint="swing" gear="2" ctrlrange="-1 1" ctrllimited="true"/></actuator>
  <sensor><jointpos name="angle" joint="swing"/><jointvel name="speed" joint="swing"/></sensor>
</mujoco>"""


@pytest.fixture
def recording(program, tmp_path):
    (tmp_path / "swing.xml").write_text(MODEL)
    program(
        "run",
        tmp_path / "swing.xml",
        "--envs",
        2,
        "--seconds",
        0.5,
        "--episodes",
        2,
        "--record",
        tmp_path / "swing.h5",
        "--record-cameras",
        "side",
        "--quiet",
    )
    return tmp_path / "swing.h5"


def table(folder, part="data"):
    return pq.read_table(sorted((folder / part).glob("*/*.parquet"))[0])


def test_numbers(recording, tmp_path):
    out = tmp_path / "set"
    info = convert(recording, out, task="let it swing", images=True)
    with h5py.File(recording) as f:
        demos = [f["data"][f"demo_{k}"] for k in range(4)]
        assert f["data"].attrs["total"] == info["total_frames"] == sum(d.attrs["num_samples"] for d in demos)
        rows, start = table(out), 0
        assert rows.num_rows == info["total_frames"]
        for k, demo in enumerate(demos):
            n = int(demo.attrs["num_samples"])
            part = rows.slice(start, n)
            assert (
                part["episode_index"].to_pylist() == [k] * n
                and part["frame_index"].to_pylist() == list(range(n))
                and part["index"].to_pylist() == list(range(start, start + n))
            )
            assert np.array_equal(
                np.array(part["action"].to_pylist(), np.float32), demo["actions"][:, 0]
            )  # a list of one number is a number
            state = np.concatenate([demo["obs"][key][:].reshape(n, -1) for key in ("angle", "speed")], 1)
            assert np.array_equal(np.array(part["observation.state"].to_pylist(), np.float32), state.astype(np.float32))
            assert np.allclose(part["timestamp"].to_pylist(), np.arange(n) / info["fps"], atol=1e-5)
            assert part["next.done"].to_pylist() == [False] * (n - 1) + [True]
            pillow = pytest.importorskip("PIL.Image")
            for i in (0, n - 1):
                picture = np.array(pillow.open(io.BytesIO(part["observation.images.side"][i].as_py()["bytes"])))
                assert np.array_equal(picture, demo["obs"]["side_image"][i])
            start += n
    kinds = {f.name: str(f.type) for f in rows.schema}
    assert (
        kinds["index"] == "int64"
        and kinds["timestamp"] == "float"
        and kinds["next.done"] == "bool"
        and kinds["observation.state"].startswith("fixed_size_list")
    )


def test_meta(recording, tmp_path):
    out = tmp_path / "set"
    convert(recording, out, images=True)
    info = json.loads((out / "meta/info.json").read_text())
    assert (
        info["codebase_version"] == "v3.0"
        and info["total_episodes"] == 4
        and info["splits"] == {"train": "0:4"}
        and info["video_path"] is None
    )
    assert info["features"]["observation.state"] == {"dtype": "float32", "shape": [2], "names": ["angle", "speed"]}
    assert info["features"]["observation.images.side"]["shape"] == [24, 32, 3]
    assert set(info["features"]) >= {"action", "timestamp", "frame_index", "episode_index", "index", "task_index"}
    assert {f.name for f in table(out).schema} == set(info["features"])
    episodes = table(out, "meta/episodes").to_pylist()
    assert [e["dataset_from_index"] for e in episodes[1:]] == [e["dataset_to_index"] for e in episodes[:-1]] and episodes[-1][
        "dataset_to_index"
    ] == info["total_frames"]
    assert all(e["tasks"] == ["swing"] and e["length"] == e["dataset_to_index"] - e["dataset_from_index"] for e in episodes)
    stats = json.loads((out / "meta/stats.json").read_text())
    states = np.array(table(out)["observation.state"].to_pylist())
    for key, value in (("min", states.min(0)), ("max", states.max(0)), ("mean", states.mean(0)), ("std", states.std(0))):
        assert np.allclose(stats["observation.state"][key], value, atol=1e-6), key
    assert stats["observation.state"]["count"] == [info["total_frames"]]
    assert np.shape(stats["observation.images.side"]["mean"]) == (3, 1, 1) and 0 < stats["observation.images.side"]["mean"][0][0][0] < 1
    pandas = pytest.importorskip("pandas")
    tasks = pandas.read_parquet(out / "meta/tasks.parquet")
    assert list(tasks.index) == ["swing"] and list(tasks["task_index"]) == [0]  # LeRobot finds a task by the index


def test_fewer_frames(recording, tmp_path):
    out = tmp_path / "set"
    whole = convert(recording, tmp_path / "whole", images=True)
    info = convert(recording, out, fps=whole["fps"] // 4, images=True)
    with h5py.File(recording) as f:
        states = np.array(table(out)["observation.state"].to_pylist(), np.float32)
        angles = np.concatenate([f["data"][f"demo_{k}"]["obs"]["angle"][:].reshape(-1)[::4] for k in range(4)])
    assert info["total_frames"] == len(angles) and np.array_equal(states[:, 0], angles.astype(np.float32))
    assert sum(table(out)["next.done"].to_pylist()) == 4


def test_videos(recording, tmp_path):
    if not shutil.which("ffmpeg"):
        pytest.skip("ffmpeg is not installed")
    out = tmp_path / "set"
    info = convert(recording, out)
    assert info["features"]["observation.images.side"]["dtype"] == "video" and "observation.images.side" not in table(out).schema.names
    films = sorted((out / "videos/observation.images.side").glob("*/*.mp4"))
    assert len(films) == 1 and films[0].stat().st_size > 1000
    episodes = table(out, "meta/episodes").to_pylist()
    ends = [e["videos/observation.images.side/to_timestamp"] for e in episodes]
    assert math.isclose(ends[-1], info["total_frames"] / info["fps"]) and [
        e["videos/observation.images.side/from_timestamp"] for e in episodes
    ] == [0, *ends[:-1]]


def test_refusals(recording, tmp_path, capsys):
    def code(*arguments, **options):
        with pytest.raises(Error) as error:
            convert(*arguments, **options)
        return error.value.code

    assert code(tmp_path / "none.h5", tmp_path / "set") == "cannot-read"
    (tmp_path / "text.h5").write_text("no recording")
    assert code(tmp_path / "text.h5", tmp_path / "set") == "cannot-read"
    h5py.File(tmp_path / "empty.h5", "w").close()
    assert code(tmp_path / "empty.h5", tmp_path / "set") == "not-a-recording"
    assert code(recording, tmp_path) == "file-exists"
    assert code(recording, tmp_path / "set", fps=100_000) == "bad-rate"
    assert code(recording, tmp_path / "set", state=["angel"]) == "unknown-name"
    assert code(recording, tmp_path / "set", successes=True) == "nothing-recorded"
    assert not (tmp_path / "set").exists()
    assert main([str(tmp_path / "none.h5"), str(tmp_path / "set")]) == 2 and "cannot-read" in capsys.readouterr().err
    assert main([str(recording), str(tmp_path / "set"), "--images"]) == 0 and "4 episodes" in capsys.readouterr().out


def test_moments_join():
    values = np.random.default_rng(0).normal(size=(50, 3))
    joined = Moments(values[:20], 20)
    joined.add(Moments(values[20:], 30))
    whole = Moments(values, 50)
    for key in ("min", "max", "mean", "std", "count"):
        assert np.allclose(joined.table()[key], whole.table()[key]), key


def test_png():
    pillow = pytest.importorskip("PIL.Image")
    picture = np.random.default_rng(1).integers(0, 256, (5, 7, 3), np.uint8)
    assert np.array_equal(np.array(pillow.open(io.BytesIO(png(picture)))), picture)
