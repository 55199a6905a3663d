"""The humanoid in other batched engines, under the conditions of `nuri_gpu_test bench`: own perturbation and own controls for each environment,
new controls every 10 steps, 2 s of warm-up, 200 measured steps. Engines that cannot be imported are reported as skipped."""
import sys
import time

MODEL = "assets/robots/humanoid.xml"
PERIOD, MEASURED, WARM_UP = 10, 200, 2.0


def mjx(batch):
    import jax
    import jax.numpy as jnp
    import mujoco
    from mujoco import mjx as engine

    model = mujoco.MjModel.from_xml_path(MODEL)
    device_model = engine.put_model(model)
    start = engine.put_data(model, mujoco.MjData(model))
    low, high = jnp.array(model.actuator_ctrlrange.T)

    def spread(key):
        noise = 0.5 * jax.random.uniform(key, (model.nv,), minval=-1.0, maxval=1.0)
        return start.replace(qvel=noise)

    def period(data, key):
        data = data.replace(ctrl=jax.random.uniform(key, (model.nu,), minval=low, maxval=high))
        return jax.lax.fori_loop(0, PERIOD, lambda _, d: engine.step(device_model, d), data)

    step = jax.jit(jax.vmap(period))
    data = jax.vmap(spread)(jax.random.split(jax.random.PRNGKey(0), batch))
    keys = lambda k: jax.random.split(jax.random.PRNGKey(k + 1), batch)
    began = time.perf_counter()
    data = step(data, keys(0))
    data.qpos.block_until_ready()
    print(f"  first call, compilation included: {time.perf_counter() - began:.1f} s", flush=True)
    for k in range(1, int(WARM_UP / model.opt.timestep) // PERIOD):
        data = step(data, keys(k))
    data.qpos.block_until_ready()
    began = time.perf_counter()
    for k in range(MEASURED // PERIOD):
        data = step(data, keys(1000 + k))
    data.qpos.block_until_ready()
    return batch * MEASURED / (time.perf_counter() - began)


def warp(batch):
    import mujoco
    import mujoco_warp as engine
    import numpy as np
    import warp as wp

    model = mujoco.MjModel.from_xml_path(MODEL)
    state = mujoco.MjData(model)
    mujoco.mj_forward(model, state)
    device_model = engine.put_model(model)
    data = engine.put_data(model, state, nworld=batch, nconmax=64 * batch, njmax=256)
    generator = np.random.default_rng(0)
    data.qvel.assign(0.5 * generator.uniform(-1, 1, (batch, model.nv)).astype(np.float32))
    low, high = model.actuator_ctrlrange.T

    def controls():
        data.ctrl.assign(generator.uniform(low, high, (batch, model.nu)).astype(np.float32))

    began = time.perf_counter()
    engine.step(device_model, data)
    wp.synchronize()
    print(f"  first call, compilation included: {time.perf_counter() - began:.1f} s", flush=True)
    with wp.ScopedCapture() as capture:
        for _ in range(PERIOD):
            engine.step(device_model, data)
    for _ in range(int(WARM_UP / model.opt.timestep) // PERIOD):
        controls()
        wp.capture_launch(capture.graph)
    seconds = 0.0
    for _ in range(MEASURED // PERIOD):
        controls()
        wp.synchronize()
        began = time.perf_counter()
        wp.capture_launch(capture.graph)
        wp.synchronize()
        seconds += time.perf_counter() - began
    return batch * MEASURED / seconds


def main():
    ran = False
    for name, engine in (("MJX", mjx), ("MuJoCo Warp", warp)):
        for batch in (1024, 8192):
            try:
                speed = engine(batch)
            except ImportError as error:
                print(f"{name}: skipped, cannot be imported ({error})", flush=True)
                break
            except Exception as error:  # a peer's own failure is a result too
                print(f"{name} {batch}: failed: {type(error).__name__}: {error}", flush=True)
                break
            print(f"{name} {batch:6d}: {speed:10.0f} steps/s", flush=True)
            ran = True
    if not ran:
        print("skipped: no peer could be imported")
        sys.exit(77)


main()
