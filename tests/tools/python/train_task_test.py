"""python -m nuri.train on a task that comes with Nuri: two runs alike, resume, evaluation, two processes; what docs/training.md shows."""
import csv
import json
import signal
import subprocess
import sys

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("gymnasium")

SMALL = ["Cartpole-v0", "--envs", "32", "--seed", "4", "--threads", "1", "--no-video", "--set", "horizon=16",
         "--set", "actor=(16,)", "--set", "critic=(16,)"]
TIMES = ("seconds", "cpu_seconds", "steps_per_second")


def train(*arguments, before=("-m",), expected=0):
    done = subprocess.run([sys.executable, *before, "nuri.train", *map(str, arguments)], capture_output=True, text=True, timeout=600)
    assert done.returncode == expected, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def table(folder):
    with open(folder / "progress.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    return [{name: value for name, value in row.items() if name not in TIMES and not name.startswith("share.")} for row in rows]


def test_a_run_is_repeated_and_resumed_bit_for_bit(tmp_path):
    said = train(*SMALL, "--steps", 6 * 512, "--out", tmp_path / "whole")
    assert "6/6" in said and "policy: " in said
    rows = table(tmp_path / "whole")
    assert len(rows) == 6 and "term.upright" in rows[0]
    train(*SMALL, "--steps", 3 * 512, "--out", tmp_path / "parts")
    assert table(tmp_path / "parts") == rows[:3]                         # the same seed
    train("--resume", tmp_path / "parts", "--steps", 6 * 512, "--no-video")
    assert table(tmp_path / "parts") == rows
    policies = [(tmp_path / folder / "Cartpole-v0.policy").read_bytes() for folder in ("whole", "parts")]
    assert policies[0] == policies[1]
    evaluated = json.loads(train("--evaluate", tmp_path / "whole" / "Cartpole-v0.policy", "--envs", 16))
    assert evaluated["episodes"] == 16 and evaluated["length"] == 500 and 0 < evaluated["return"] < 500


def test_sigterm_leaves_a_checkpoint(tmp_path):
    command = [sys.executable, "-m", "nuri.train", *SMALL, "--steps", "1e9", "--out", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert "1/" in process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        process.stdout.read()
        assert process.wait(120) == 128 + signal.SIGTERM
    finally:
        process.kill()
    assert {"checkpoint.pt", "Cartpole-v0.policy", "curve.png", "settings.json"} <= {file.name for file in tmp_path.iterdir()}


def test_two_processes_by_torchrun(tmp_path):
    torchrun = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m")
    said = train(*SMALL, "--steps", 3 * 1024, "--out", tmp_path, before=torchrun)
    assert said.count("3/3") == 1                                        # one of them talks
    rows = table(tmp_path)
    assert [int(row["steps"]) for row in rows] == [1024, 2048, 3072]
    assert json.loads((tmp_path / "settings.json").read_text())["processes"] == 2


ENDS = """
import glob
import torch
from nuri.train.distributed import Group

group = Group(torch.device("cpu"))
weights = torch.nn.Linear(3, 3)
optimiser = torch.optim.Adam(weights.parameters())
weights(torch.ones(3)).sum().backward()
optimiser.step()
group.share(weights.parameters())
group.collect(weights.weight.data)
threads = lambda: [open(file).read().strip() for file in glob.glob("/proc/self/task/*/comm")]
assert any("gloo" in name for name in threads()), threads()
group.close()
assert not any("gloo" in name for name in threads()), threads()
"""


def test_a_closed_group_leaves_no_threads(tmp_path):
    """A thread of gloo that lets go of a tensor while the interpreter ends aborts the process (about one run in twelve on a busy machine)."""
    (tmp_path / "ends.py").write_text(ENDS)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(tmp_path / "ends.py")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def test_what_the_documentation_shows_runs(tmp_path, root, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (root / "docs/training.md").read_text()
    blocks = [block.partition("```")[0] for block in text.split("```python\n")[1:]]
    assert blocks
    torch.set_num_threads(1)
    for block in blocks:
        exec(compile(block, "docs/training.md", "exec"), {"__name__": "training"})
    assert (tmp_path / "Balance.policy").exists()
