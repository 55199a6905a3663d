"""What flag `sleep` saves: boxes that lie on the ground, stepped by Nuri and by MuJoCo, awake and asleep. Processor time, one thread.

    PYTHONPATH=build/release/python build/venv/bin/python tests/oracle/bench_sleep.py [BOXES]
"""
import pathlib
import sys
import tempfile
import time

import mujoco
import nuri

SETTLED, TIMED = 400, 300                                               # steps


def model(boxes, sleep):
    bodies = "".join(f'<body pos="{i % 15 / 2} {i // 15 % 15 / 2} {0.12 + 0.25 * (i // 225)}"><freejoint/><geom type="box" size=".1 .12 .1"/></body>' for i in range(boxes))
    return (f'<mujoco><option timestep=".005"><flag sleep="{sleep}"/></option><worldbody><geom type="plane" size="50 50 1"/>{bodies}</worldbody></mujoco>')


def rate(step):
    step(SETTLED)
    begin = time.process_time()
    step(TIMED)
    return TIMED / (time.process_time() - begin)


def main():
    boxes = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "boxes.xml"
        for sleep in ("disable", "enable"):
            path.write_text(model(boxes, sleep))
            world = nuri.World(nuri.load(path), envs=1, backend="cpu", precision="float64", threads=1)
            m = mujoco.MjModel.from_xml_path(str(path))
            d = mujoco.MjData(m)
            ours, theirs = rate(world.step), rate(lambda n: mujoco.mj_step(m, d, n))
            print(f"sleep {sleep}: nuri {ours:,.0f} steps/s ({(world.state.tree_asleep >= 0).sum()} asleep), mujoco {theirs:,.0f} ({(d.tree_asleep >= 0).sum()} asleep)")


if __name__ == "__main__":
    main()
