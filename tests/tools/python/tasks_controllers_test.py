"""Tasks can be done: controllers written by hand, which know the model, do them."""
import numpy as np

import nuri


def test_energy_shaping_swings_the_pole_up():
    """Astrom and Furuta 2000: force the energy to that of the upright pole; near the top, feedback of the state takes over."""
    env = nuri.make("Cartpole-v0", num_envs=16, seed=5, world={"threads": 1})
    env.reset()
    world, task = env.world, env.task
    cart, pole = world.joint("cart"), world.joint("pole")
    g, half = 9.81, 0.3                                         # m/s^2, m: from axle to the middle of the pole
    inertia = 0.6**2 / 3                                        # m^2: of a thin pole about the axle, per mass
    gain = np.array([3.0, 45.0, 6.0, 8.0])                      # N per m, rad, m/s, rad/s
    for _ in range(env.max_episode_steps - 1):
        angle = (pole.position - np.pi + np.pi) % (2 * np.pi) - np.pi   # rad from upright
        energy = 0.5 * inertia * pole.velocity**2 + g * half * (np.cos(angle) - 1)   # J/kg, 0 at rest upright
        swing = 8 * energy * np.sign(pole.velocity * np.cos(angle)) - 4 * cart.position - 1 * cart.velocity
        hold = gain[0] * cart.position + gain[1] * angle + gain[2] * cart.velocity + gain[3] * pole.velocity
        near = (np.abs(angle) < 0.5) & (np.abs(pole.velocity) < 4)
        force = np.where(near, hold, swing)
        info = env.step((force / 12)[:, None].astype(np.float32))[4]
    assert info["success"].mean() > 0.9
    env.close()


def test_inverse_kinematics_by_differences_reaches_the_ball():
    """Damped least squares with a Jacobian of joint differences, which a second world computes: seven neighbours for each environment."""
    number, step = 16, 1e-3
    env = nuri.make("Reach-v0", num_envs=number, seed=5, world={"threads": 1})
    env.reset()
    world, task = env.world, env.task
    probe = nuri.World(nuri.scenes.path("reach.yaml"), envs=8 * number, precision="float64", timeline=False, control="none", threads=1)
    for _ in range(env.max_episode_steps - 1):
        states = np.repeat(np.asarray(world.state.qpos, np.float64), 8, axis=0).reshape(number, 8, -1)
        states[:, np.arange(1, 8), np.arange(7)] += step        # the first of eight is the state itself
        probe.state.qpos[:] = states.reshape(8 * number, -1)
        probe.forward()
        grip = probe.sensor("grip_pos").value.reshape(number, 8, 3)
        target = probe.sensor("target_pos").value.reshape(number, 8, 3)[:, 0]
        jacobian = np.transpose((grip[:, 1:] - grip[:, :1]) / step, (0, 2, 1))   # [number, 3, 7]
        square = jacobian @ np.transpose(jacobian, (0, 2, 1)) + 1e-3 * np.eye(3)
        turn = np.transpose(jacobian, (0, 2, 1)) @ np.linalg.solve(square, (target - grip[:, 0])[:, :, None])
        info = env.step((0.3 * turn[:, :, 0] / 0.08).astype(np.float32))[4]
    assert info["success"].mean() > 0.9
    env.close()


def test_the_timeline_of_the_scene_puts_the_block_into_the_bin():
    from nuri.tasks.pick_place import PickPlace

    world = nuri.World(nuri.scenes.path("pick_place.yaml"), envs=16, seed=5, threads=1)
    task = PickPlace(world, np)
    held = np.zeros(16, bool)
    for _ in range(200):
        world.step()
        held |= task.held()
        assert not (task.placed() & task.terminated()).any()
    assert held.all() and task.success().all()


def test_the_quadruped_stands_on_its_servos():
    env = nuri.make("Quadruped-v0", num_envs=32, seed=5, standing=1.0, push=0.0, world={"threads": 1})
    env.reset()
    for _ in range(150):
        _, _, terminated, _, info = env.step(np.zeros(env.action_space.shape, np.float32))
        assert not terminated.any()
    assert info["success"].mean() > 0.9
    env.close()
