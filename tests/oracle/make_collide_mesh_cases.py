"""Writes tests/physics/kernel/collide_mesh_cases.inl: MuJoCo's deepest contact of meshes with other geoms.

    python tests/oracle/make_collide_mesh_cases.py > tests/physics/kernel/collide_mesh_cases.inl

Rocks (points on an ellipsoid), bricks and wedges at random poses; multiccd is off and the convex solver's tolerance tight, so that
depth and normal are the convex solver's. Corners are those of MuJoCo's compiled mesh, in the geom's frame. With a plane all contacts
are written. Kept are cases that touch, and not so deep that several directions are as good.
"""
import mujoco
import numpy as np

TYPES = {0: "plane", 2: "sphere", 3: "capsule", 4: "ellipsoid", 5: "cylinder", 6: "box", 7: "mesh"}
PER_PAIR = 6


def points(random, kind):
    if kind == 0:
        p = random.normal(size=(8 + random.integers(10), 3))
        return p / np.linalg.norm(p, axis=1, keepdims=True) * random.uniform(0.05, 0.2, 3)
    if kind == 1:
        return np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) * random.uniform(0.05, 0.2, 3)
    return np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0.5, 1], [1, 0.5, 1]]) * random.uniform(0.1, 0.3, 3)


def quaternion(random):
    q = random.normal(size=4)
    return q / np.linalg.norm(q)


def text(p):
    return " ".join(repr(float(x)) for x in np.ravel(p))


def numbers(values):
    return "{" + ", ".join(repr(float(v)) for v in np.ravel(values)) + "}"


def model(random, type1, kind, margin):
    size = random.uniform(0.05, 0.2, 3) if type1 else [1, 1, 1]
    shape = 'mesh="one"' if type1 == 7 else f'size="{text(size)}"'
    return mujoco.MjModel.from_xml_string(f"""
      <mujoco><option ccd_tolerance="1e-10" ccd_iterations="200"><flag multiccd="disable"/></option>
        <asset><mesh name="one" vertex="{text(points(random, (kind + 1) % 3))}"/><mesh name="two" vertex="{text(points(random, kind))}"/></asset>
        <worldbody>
        <body {"mocap='true'" if type1 == 0 else ""}>{"" if type1 == 0 else "<freejoint/>"}<geom type="{TYPES[type1]}" {shape} margin="{margin}"/></body>
        <body><freejoint/><geom type="mesh" mesh="two"/></body></worldbody></mujoco>""")


def corners(m, geom):
    if m.geom_type[geom] != 7:
        return np.zeros((0, 3))
    mesh = m.geom_dataid[geom]
    first = m.mesh_vertadr[mesh]
    return m.mesh_vert[first:first + m.mesh_vertnum[mesh]].astype(float)


def main():
    random = np.random.default_rng(11)
    print("// Written by tests/oracle/make_collide_mesh_cases.py with MuJoCo", mujoco.__version__)
    print("// type 1; pos, quat, size of geom 1; pos, quat of the mesh; margin; corners of 1 and 2; {dist, pos, normal} of each hit")
    for type1 in TYPES:
        kept = 0
        while kept < PER_PAIR:
            margin = 0.0 if random.random() < 0.5 else 0.03
            m = model(random, type1, kept % 3, margin)
            d = mujoco.MjData(m)
            step = random.normal(size=3)
            step *= random.uniform(0.1, 0.3) / np.linalg.norm(step)
            pos1, quat1 = random.uniform(-0.2, 0.2, 3), quaternion(random)
            if type1 == 0:
                d.mocap_pos[0], d.mocap_quat[0] = pos1, quat1
                d.qpos[:] = [*(pos1 + step), *quaternion(random)]
            else:
                d.qpos[:] = [*pos1, *quat1, *(pos1 + step), *quaternion(random)]
            mujoco.mj_kinematics(m, d)
            mujoco.mj_comPos(m, d)
            mujoco.mj_collision(m, d)
            if d.ncon == 0 or any(c.dist < -0.03 for c in d.contact):
                continue
            kept += 1
            poses = []
            for g in range(2):
                q = np.zeros(4)
                mujoco.mju_mat2Quat(q, d.geom_xmat[g])
                poses.append([*d.geom_xpos[g], *q])
            size = m.geom_size[0] if 0 < type1 < 7 else np.zeros(3)
            hits = ", ".join(numbers([c.dist, *c.pos, *c.frame[:3]]) for c in d.contact)
            print(f"{{{type1}, {numbers([*poses[0], *size])}, {numbers(poses[1])}, {margin}, {numbers(corners(m, 0))}, {numbers(corners(m, 1))}, {{{hits}}}}},")


if __name__ == "__main__":
    main()
