"""nuri.train.run: the folder of a run, signals, resume, curves and the command line, on the tests' own cart and pole."""
import csv
import json
import os
import signal
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from train_worlds import Cartpole  # noqa: E402

from nuri.train import Policy, Settings, run  # noqa: E402
from nuri.train.chart import contact_sheet, draw_curves, ticks  # noqa: E402
from nuri.train.running import film  # noqa: E402

SETTINGS = Settings.of(dict(envs=32, steps=6 * 16 * 32, horizon=16, actor=(16,), critic=(16,)))
TIMES = ("seconds", "cpu_seconds", "steps_per_second")


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def make_env(envs, first_id):
    return Cartpole(envs, first_id)


def quiet(*_):
    pass


def table(folder):
    with open(folder / "progress.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    return [{name: value for name, value in row.items() if name not in TIMES and not name.startswith("share.")} for row in rows]


def read_png(path):
    """Own reader of what write_png writes: 8 bits, RGB, no filters."""
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, packed = 8, b""
    while at < len(data):
        length, = struct.unpack(">I", data[at : at + 4])
        kind, body, crc = data[at + 4 : at + 8], data[at + 8 : at + 8 + length], data[at + 8 + length : at + 12 + length]
        assert struct.pack(">I", zlib.crc32(kind + body)) == crc
        if kind == b"IHDR":
            width, height, *rest = struct.unpack(">IIBBBBB", body)
            assert rest == [8, 2, 0, 0, 0]
        packed += body if kind == b"IDAT" else b""
        at += 12 + length
    rows = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(height, 1 + 3 * width)
    assert kind == b"IEND" and not rows[:, 0].any()
    return rows[:, 1:].reshape(height, width, 3)


def test_a_run_leaves_its_files(tmp_path):
    said = []
    folder = tmp_path / "new" / "run"
    found = run(make_env, SETTINGS, folder, name="Small", seed=2, about={"task": "Small"}, say=said.append,
                video=lambda policy, *_: f"film of {policy.name}")
    rows = table(folder)
    assert [int(row["iteration"]) for row in rows] == [1, 2, 3, 4, 5, 6] and int(rows[-1]["steps"]) == 6 * 16 * 32
    assert found["signal"] == 0 and said[-1] == "film of Small.policy" and len([text for text in said if "left" in text]) == 6
    settings = json.loads((folder / "settings.json").read_text())
    assert Settings.of(settings["settings"]) == SETTINGS and settings["seed"] == 2 and settings["task"] == "Small"
    written = json.loads((folder / "Small.policy").read_text())
    assert (written["task"], written["scene"], written["substeps"], written["command"]) == ("Small", "small.yaml", 4, [0.0, 0.0])
    assert written["inputs"] == [{"kind": "position", "names": ["*"], "scale": 0.5}]
    assert written["outputs"] == [{"actuators": ["cart", "c?"], "map": "range", "scale": 1.0, "limit": 1.0}]
    assert Policy.load(folder / "Small.policy")(np.zeros((5, 4), np.float32)).shape == (5, 1)
    result = json.loads((folder / "result.json").read_text())
    assert result["evaluation"]["episodes"] == 32 and result["evaluation"]["return"] > 5
    assert read_png(folder / "curve.png").shape == (30 + 2 * 240, 720, 3)
    assert not list(folder.glob("*.part"))


def test_a_signal_ends_it_with_a_checkpoint_and_resume_goes_on_with_the_same_bits(tmp_path):
    run(make_env, SETTINGS, tmp_path / "whole", seed=2, say=quiet)
    lines = []

    def interrupt(text):
        lines.append(text)
        if len(lines) == 3:
            os.kill(os.getpid(), signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    found = run(make_env, SETTINGS, tmp_path / "parts", seed=2, say=interrupt)
    assert found["signal"] == signal.SIGTERM and found["iteration"] == 3 and signal.getsignal(signal.SIGTERM) is before
    assert (tmp_path / "parts" / "checkpoint.pt").exists() and (tmp_path / "parts" / "policy.policy").exists()
    with open(tmp_path / "parts" / "progress.csv", "a") as file:    # what a crash after the checkpoint would leave
        file.write((tmp_path / "parts" / "progress.csv").read_text().splitlines()[-1].replace("3,", "4,", 1) + "\n")
    run(make_env, SETTINGS, tmp_path / "parts", seed=2, say=quiet, resume=True)
    assert table(tmp_path / "parts") == table(tmp_path / "whole")
    assert (tmp_path / "parts" / "policy.policy").read_bytes() == (tmp_path / "whole" / "policy.policy").read_bytes()


@pytest.mark.parametrize("program, files, said", [
    ('echo "$@" > film.txt; printf film > "$6"', {"video.mp4"}, "video: "),
    ("echo no ffmpeg >&2; exit 3", {"pictures.png"}, "no ffmpeg"),
    (None, {"pictures.png"}, "no program"),
])
def test_a_film_is_made_by_the_program_or_pictures_by_the_environment(tmp_path, monkeypatch, program, files, said):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NURI_PROGRAM", raising=False)
    if program:
        (tmp_path / "nuri").write_text("#!/bin/sh\n" + program + "\n")
        (tmp_path / "nuri").chmod(0o755)
        monkeypatch.setenv("NURI_PROGRAM", str(tmp_path / "nuri"))
    else:
        monkeypatch.setenv("PATH", "")
    lines, out = [], tmp_path / "out"
    run(make_env, SETTINGS, out, name="Small", say=lines.append, video=film(lambda: make_env(1, 0), 4.0))
    assert {file.name for file in out.glob("*.mp4")} | {file.name for file in out.glob("pic*")} == files, lines[-1]
    assert said in lines[-1]
    if "video.mp4" in files:
        assert (tmp_path / "film.txt").read_text().split()[:3] == ["render", "small.yaml", "--policy"]
    else:
        pixels = read_png(out / "pictures.png")
        assert pixels.shape[1] % 8 == 0 and pixels[0, 0, 0] == 0 and len(np.unique(pixels)) > 2   # moments in order, from the first


def test_a_run_is_not_overwritten(tmp_path):
    (tmp_path / "checkpoint.pt").write_bytes(b"hours of work")
    with pytest.raises(ValueError, match="--resume"):
        run(make_env, SETTINGS, tmp_path, say=quiet)
    assert (tmp_path / "checkpoint.pt").read_bytes() == b"hours of work"


def test_until_success_stops_early(tmp_path):
    settings = Settings.of(dict(envs=32, steps=3_000_000, horizon=32, actor=(16,), critic=(16,), learning_rate_range=(1e-5, 3e-3)))
    found = run(make_env, settings, tmp_path, seed=1, say=quiet, until_success=0.05)
    assert found["reached"] and found["success"] >= 0.05 and found["steps"] < 300_000


@pytest.mark.parametrize("content", [None, b"", b"not a checkpoint", b"PK\x03\x04 broken"])
def test_bad_checkpoints_are_errors(tmp_path, content):
    if content is not None:
        (tmp_path / "checkpoint.pt").write_bytes(content)
    with pytest.raises(ValueError, match="checkpoint"):
        run(make_env, SETTINGS, tmp_path, say=quiet, resume=True)


def test_curves_are_drawn_where_they_belong(tmp_path):
    steps = np.linspace(0, 100, 51)
    draw_curves(tmp_path / "x.png", "title", steps, {"return": steps, "success": np.full(51, np.nan)})
    pixels = read_png(tmp_path / "x.png").astype(int)
    assert pixels.shape == (270, 720, 3)                            # a curve without numbers has no panel
    blue = (pixels[..., 2] - pixels[..., 0] > 100)[48:]             # below the name of the curve
    columns = [np.nonzero(blue[:, x])[0] for x in (100, 300, 500, 680)]
    heights = [column.mean() for column in columns]
    assert all(column.size for column in columns)
    slopes = np.diff(heights) / np.diff((100, 300, 500, 680))
    np.testing.assert_allclose(slopes, slopes.mean(), rtol=0.03)    # a straight line, upwards
    assert slopes.mean() < 0


def test_ticks_are_round():
    assert ticks(0, 100).tolist() == [0, 20, 40, 60, 80, 100]
    np.testing.assert_allclose(ticks(-0.013, 0.031), [-0.01, 0, 0.01, 0.02, 0.03], atol=1e-12)


def test_pictures_lie_side_by_side(tmp_path):
    contact_sheet(tmp_path / "x.png", [np.full((4, 6, 3), 40 * i, np.uint8) for i in range(5)], columns=3)
    pixels = read_png(tmp_path / "x.png")
    assert pixels.shape == (8, 18, 3) and pixels[::4, ::6, 0].tolist() == [[0, 40, 80], [120, 160, 255]]


def test_command_line_explains_itself():
    python = lambda *arguments: subprocess.run([sys.executable, "-m", "nuri.train", *arguments], capture_output=True, text=True)
    helped = python("--help")
    assert helped.returncode == 0 and "--resume DIR" in helped.stdout and "torchrun" in helped.stdout
    for arguments, said in ((["--evaluate", "no.policy"], "no.policy"), (["--resume", "no_such_run"], "settings.json")):
        failed = python(*arguments)
        assert failed.returncode == 1 and said in failed.stderr and "Traceback" not in failed.stderr, failed.stderr
