"""Several processes under torchrun (gloo): environments are the same as in one."""
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("gymnasium")
nuri = pytest.importorskip("nuri")

from swing import write  # noqa: E402

from nuri.envs import split  # noqa: E402

here = pathlib.Path(__file__).parent


def test_shares():
    for total, processes in ((7, 2), (4096, 3), (5, 5)):
        shares = [split(total, rank, processes) for rank in range(processes)]
        assert sum(count for count, _ in shares) == total and max(shares)[0] - min(shares)[0] <= 1
        assert [first for _, first in shares] == list(np.cumsum([0] + [count for count, _ in shares[:-1]]))
    for bad in ((4, 2, 2), (4, -1, 2), (1, 0, 2)):
        with pytest.raises(ValueError):
            split(*bad)


def test_two_processes_are_one(tmp_path):
    from split_worker import rows, total

    scene, out = write(tmp_path), tmp_path / "rows.npy"
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    run = subprocess.run([*torchrun, str(here / "split_worker.py"), scene, str(out)], env=environment, capture_output=True, text=True,
                         timeout=600)
    assert run.returncode == 0, run.stderr[-4000:]
    whole, parts = rows(scene, total, 0).numpy(), np.load(out)
    assert whole.shape[0] == parts.shape[0] == total and whole.tobytes() == parts.tobytes()
    assert whole[:, 8 + 9::19].any()                          # episodes ended
