"""The models of `nuri_gpu_test bench` in other batched engines, on the same GPU under the same conditions: every environment has its own start and its
own controls, new ones every 10 steps over a share of the control range about the keyframe's, 2 s of warm-up, 200 measured steps (50 below 1000
environments), and only steps are timed. Engines that cannot be imported are reported as skipped; what an engine cannot do is a result too.

  python tests/gpu/peers.py --export      where MuJoCo and PyYAML are: scenes as MJCF with everything in one folder, tests/gpu/models/peers
  python tests/gpu/peers.py [CASE..]      where the GPU is; copy tests/gpu/models/peers along, and wheels of mujoco, mujoco-mjx and jax with CUDA, or of
                                          mujoco, mujoco-warp and warp-lang, where they are not installed
"""
import argparse
import importlib.metadata
import pathlib
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXPORTED = ROOT / "tests/gpu/models/peers"
PERIOD, POSITION, VELOCITY = 10, 0.05, 0.5           # as tests/gpu/drive.h
CASES = {  # environments as tests/gpu/cases.cpp
    "humanoid": (ROOT / "assets/robots/humanoid.xml", 8192),
    "quadruped": (EXPORTED / "quadruped.mjb", 4096),
    "arm_cell": (EXPORTED / "arm_cell.mjb", 4096),
    "three_humanoids": (EXPORTED / "three_humanoids.mjb", 4096),
    "bin_pile": (EXPORTED / "bin_pile.mjb", 256),
    "tumbler": (EXPORTED / "tumbler.mjb", 64),
}


def export():
    import mujoco

    sys.path.insert(0, str(ROOT / "tests/oracle"))
    import scene_model

    EXPORTED.mkdir(parents=True, exist_ok=True)
    for name, (path, _) in CASES.items():
        if path.parent != EXPORTED:
            continue
        scene = ROOT / f"scenes/{name}.yaml"
        model = scene_model.load(scene) if scene.exists() else mujoco.MjModel.from_xml_path(str(ROOT / f"tests/gpu/scenes/{name}.xml"))
        mujoco.mj_saveModel(model, str(path))
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size} bytes, nv {model.nv}, MuJoCo {mujoco.__version__} (the same version must read it)")


def load(path):
    import mujoco

    return mujoco.MjModel.from_binary_path(str(path)) if path.suffix == ".mjb" else mujoco.MjModel.from_xml_path(str(path))


class Drive:
    """Starts and controls, from the environment's index alone within an engine. Not Nuri's very numbers: the same distribution."""

    def __init__(self, model, batch, share, seed=0):
        import mujoco
        import numpy as np

        self.random = np.random.default_rng(seed)
        self.batch, self.share = batch, share
        limited = model.actuator_ctrllimited.astype(bool)
        self.low, self.high = np.where(limited, model.actuator_ctrlrange[:, 0], -1), np.where(limited, model.actuator_ctrlrange[:, 1], 1)
        self.state = mujoco.MjData(model)
        if model.nkey:
            mujoco.mj_resetDataKeyframe(model, self.state, 0)
        self.middle = self.state.ctrl.copy() if model.nkey else 0.5 * (self.low + self.high)
        mujoco.mj_forward(model, self.state)
        self.qpos = np.tile(self.state.qpos, (batch, 1))
        moved = model.jnt_qposadr[model.jnt_type >= mujoco.mjtJoint.mjJNT_SLIDE]
        self.qpos[:, moved] += POSITION * self.random.uniform(-1, 1, (batch, len(moved)))
        self.qvel = VELOCITY * self.random.uniform(-1, 1, (batch, model.nv))

    def controls(self):
        import numpy as np

        noise = self.random.uniform(-1, 1, (self.batch, len(self.low)))
        return np.clip(self.middle + self.share * 0.5 * (self.high - self.low) * noise, self.low, self.high).astype(np.float32)


def run(drive, timestep, put_controls, period, wait, asked):
    """period: enqueues PERIOD steps. Steps per second."""
    began = time.perf_counter()
    put_controls(drive.controls())
    period()
    wait()
    print(f"  first call, compilation included: {time.perf_counter() - began:.1f} s", flush=True)
    for _ in range(int(asked.warm_up / timestep) // PERIOD):
        put_controls(drive.controls())
        period()
        wait()
        if time.perf_counter() - asked.began > asked.seconds:
            raise TimeoutError("out of time while it settles")
    measured = asked.steps or (200 if drive.batch >= 1000 else 50)
    seconds = 0.0
    for _ in range(measured // PERIOD):
        put_controls(drive.controls())
        wait()
        began = time.perf_counter()
        period()
        wait()
        seconds += time.perf_counter() - began
    return drive.batch * measured / seconds


def mjx(model, drive, asked):
    import jax
    import jax.numpy as jnp
    from mujoco import mjx as engine

    if jax.default_backend() != "gpu":
        raise ImportError("jax sees no GPU")
    device_model = engine.put_model(model)
    start = engine.put_data(model, drive.state)
    qpos, qvel = jnp.array(drive.qpos, jnp.float32), jnp.array(drive.qvel, jnp.float32)
    box = {"data": jax.vmap(lambda q, v: start.replace(qpos=q, qvel=v))(qpos, qvel), "ctrl": None}
    step = jax.jit(jax.vmap(lambda data, ctrl: jax.lax.fori_loop(0, PERIOD, lambda _, d: engine.step(device_model, d), data.replace(ctrl=ctrl))))

    def put_controls(values):
        box["ctrl"] = jnp.array(values)

    def period():
        box["data"] = step(box["data"], box["ctrl"])

    rate = run(drive, model.opt.timestep, put_controls, period, lambda: box["data"].qpos.block_until_ready(), asked)
    return rate, "contacts not counted (a fixed number of slots)"


def warp(model, drive, asked):
    import mujoco_warp as engine
    import numpy as np
    import warp as wp

    if not wp.is_cuda_available():
        raise ImportError("warp sees no GPU")
    contacts = max(64, 4 * model.ngeom)
    device_model = engine.put_model(model)
    data = engine.put_data(model, drive.state, nworld=drive.batch, nconmax=contacts, njmax=6 * contacts)
    data.qpos.assign(drive.qpos.astype(np.float32))
    data.qvel.assign(drive.qvel.astype(np.float32))
    engine.step(device_model, data)
    with wp.ScopedCapture() as capture:
        for _ in range(PERIOD):
            engine.step(device_model, data)
    rate = run(drive, model.opt.timestep, data.ctrl.assign, lambda: wp.capture_launch(capture.graph), wp.synchronize, asked)
    total = next((getattr(data, name) for name in ("nacon", "ncon") if hasattr(data, name)), None)
    iterations = data.solver_niter.numpy().mean() if hasattr(data, "solver_niter") else float("nan")
    return rate, f"contacts {total.numpy().sum() / drive.batch if total is not None else float('nan'):.2f} iterations {iterations:.2f} room for {contacts} contacts"


def version(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "?"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*")
    parser.add_argument("--export", action="store_true")
    parser.add_argument("--control", type=float, default=0.1, help="share of the control range, as nuri_gpu_test bench --control")
    parser.add_argument("--environments", type=int, default=0)
    parser.add_argument("--steps", type=int, default=0)
    parser.add_argument("--warm-up", type=float, default=2.0, help="s, simulated")
    parser.add_argument("--seconds", type=float, default=450, help="s that all may take")
    asked = parser.parse_args()
    asked.began = time.perf_counter()
    if asked.export:
        return export()
    ran = False
    for name, package, engine in (("MuJoCo Warp", "mujoco-warp", warp), ("MJX", "mujoco-mjx", mjx)):
        for case in asked.cases or CASES:
            path, batch = CASES[case]
            batch = asked.environments or batch
            if time.perf_counter() - asked.began > asked.seconds:
                print(f"{name} {case}: not run, out of time", flush=True)
                continue
            if not path.exists():
                print(f"{name} {case}: not run, no {path.relative_to(ROOT)} (peers.py --export makes it)", flush=True)
                continue
            try:
                model = load(path)
                rate, work = engine(model, Drive(model, batch, asked.control), asked)
            except ImportError as error:
                print(f"{name}: skipped, cannot be used ({error})", flush=True)
                break
            except Exception as error:  # a peer's own failure is a result too
                print(f"{name} {version(package)} {case} {batch}: failed: {type(error).__name__}: {str(error)[:300]}", flush=True)
                continue
            print(f"{name} {version(package)} {case} {batch}: {rate:.0f} steps/s, {work}", flush=True)
            ran = True
    if not ran:
        print("skipped: no peer could be used")
        sys.exit(77)


main()
