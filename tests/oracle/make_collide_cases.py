"""Writes tests/physics/kernel/collide_cases.inl: MuJoCo's contacts of random pairs of geoms.

    python tests/oracle/make_collide_cases.py > tests/physics/kernel/collide_cases.inl

Poses are random, aligned to axes, or turned in a plane; sizes and margins vary. multiccd is off, because convex pairs give
one hit here, and the convex solver's tolerance is tight. Kept are cases that touch.
"""
import itertools

import mujoco
import numpy as np

TYPES = {0: "plane", 2: "sphere", 3: "capsule", 4: "ellipsoid", 5: "cylinder", 6: "box"}
PER_PAIR = 6


def model(type1, type2):
    joint = "" if type1 == 0 else "<freejoint/>"
    mocap = "mocap='true'" if type1 == 0 else ""
    return mujoco.MjModel.from_xml_string(f"""
      <mujoco><option ccd_tolerance="1e-10" ccd_iterations="200"><flag multiccd="disable"/></option><worldbody>
        <body {mocap}>{joint}<geom type="{TYPES[type1]}" size="1 1 1"/></body>
        <body><freejoint/><geom type="{TYPES[type2]}" size="1 1 1"/></body></worldbody></mujoco>""")


def quaternion(random, kind):
    if kind == 0:
        q = random.normal(size=4)
    elif kind == 1:
        q = np.array([[1, 0, 0, 0], [1, 1, 0, 0], [1, 0, 1, 0], [1, 0, 0, 1], [1, 1, 1, 1]][random.integers(5)], float)
    else:
        angle = random.uniform(-3, 3)
        q = np.array([np.cos(angle / 2), 0, np.sin(angle / 2), 0])
    return q / np.linalg.norm(q)


def numbers(values):
    return "{" + ", ".join(repr(float(v)) for v in values) + "}"


def main():
    random = np.random.default_rng(7)
    print("// Written by tests/oracle/make_collide_cases.py with MuJoCo", mujoco.__version__)
    print("// type 1, type 2, {pos, quat, size} of each, margin, hits, {dist, pos, normal} of each hit")
    for type1, type2 in itertools.combinations_with_replacement(TYPES, 2):
        if type2 == 0:
            continue
        m = model(type1, type2)
        d = mujoco.MjData(m)
        kept = 0
        while kept < PER_PAIR:
            kind = 0 if (type1, type2) == (3, 6) else kept % 3  # capsule-box: aligned poses hang on rounding errors
            for geom, type_ in enumerate((type1, type2)):
                m.geom_size[geom] = 0 if type_ == 0 else random.uniform(0.05, 0.2, 3)
                m.geom_rbound[geom] = 0 if type_ == 0 else 10
                m.geom_aabb[geom] = [0, 0, 0, 10, 10, 10]
            margin = 0.0 if random.random() < 0.5 else 0.03
            m.geom_margin[0] = margin
            pos1, quat1, quat2 = random.uniform(-0.2, 0.2, 3), quaternion(random, kind), quaternion(random, kind)
            step = random.normal(size=3) * [1, kind != 2, 1]
            pos2 = pos1 + step / np.linalg.norm(step) * random.uniform(0.1, 0.35)
            if type1 == 0:
                d.mocap_pos[0], d.mocap_quat[0], d.qpos[:] = pos1, quat1, [*pos2, *quat2]
            else:
                d.qpos[:] = [*pos1, *quat1, *pos2, *quat2]
            mujoco.mj_kinematics(m, d)
            mujoco.mj_comPos(m, d)
            mujoco.mj_collision(m, d)
            deep = any(c.dist < -0.08 for c in d.contact)
            if d.ncon == 0 or deep:
                continue
            kept += 1
            geoms = ", ".join(numbers([*p, *q, *m.geom_size[g]]) for g, (p, q) in enumerate([(pos1, quat1), (pos2, quat2)]))
            hits = ", ".join(numbers([c.dist, *c.pos, *c.frame[:3]]) for c in d.contact)
            print(f"{{{type1}, {type2}, {geoms}, {margin}, {d.ncon}, {{{hits}}}}},")


if __name__ == "__main__":
    main()
