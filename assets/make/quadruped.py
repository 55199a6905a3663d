"""Meshes, URDF and MJCF of robots/quadruped: python3 assets/make/quadruped.py (needs NumPy, Debian's python3-numpy)

The left front leg is built; the others are its mirror images. The trunk's and the upper legs' meshes are OBJ, the shins' STL.
"""
import os
import numpy as np
from shapes import ALONG_X, ALONG_Y, Link, bolts, box, cylinder, extrude, join, loft, numbers, revolve, rounded, rotation

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "robots", "quadruped")
LENGTH = 0.2                     # thigh, and knee to the middle of the foot
HIP_X, HIP_Y, LEG_Y = 0.19, 0.055, 0.09
FOOT = 0.022

along_x = lambda s: s.moved(turn=ALONG_X)
along_y = lambda s: s.moved(turn=ALONG_Y)

trunk = Link()
# loft along z turned to x: its x becomes -z, its y stays
hull = loft([(-0.25, 0.012, 0.036, 0.06, 0.03), (-0.2, 0.004, 0.05, 0.088, 0.035), (-0.08, 0, 0.056, 0.094, 0.032), (0.1, 0, 0.056, 0.094, 0.032), (0.2, 0.0, 0.052, 0.086, 0.034), (0.262, -0.004, 0.034, 0.056, 0.03)], 0.012, 4)
trunk.add("shell", along_x(hull), 3.6)
trunk.add("joint", along_x(loft([(-0.15, 0.035, 0.028, 0.07, 0.02), (0.15, 0.035, 0.028, 0.07, 0.02)], 0.012, 2)), 1.4)          # battery
trunk.add("joint", along_x(loft([(0.245, -0.012, 0.02, 0.046, 0.018), (0.272, -0.012, 0.015, 0.038, 0.014)], 0.006, 2)), 0.25)      # face
for y in (-0.022, 0.022):
    trunk.add("accent", along_x(cylinder(0.009, 0, 0.004, 0.001, 20)).moved((0.27, y, 0.012)), 0.01)
trunk.add("accent", join([box((0.13, 0.002, 0.003), 0.0015, (0.01, y, 0.012)) for y in (-0.094, 0.094)]), 0.03)
trunk.add("joint", join([box((0.09, 0.004, 0.004), 0.002, (0, y, 0.056)) for y in (-0.05, 0.05)]), 0.2)                             # rails for loads

hip = Link()         # the motor of the thigh, beside the trunk; turns about x
hip.add("joint", along_x(cylinder(0.036, -0.045, 0.03, 0.004, 32)), 0.15)
hip.add("shell", along_y(loft([(0.0, 0, 0.03, 0.03, 0.015), (0.03, 0, 0.043, 0.043, 0.043), (0.06, 0, 0.043, 0.043, 0.043)], 0.004, 3)), 0.4)

thigh = Link()       # a plate with a disc at the hip and one at the knee; the knee's motor sits outside
turned = lambda outline, low, high, edge: extrude(outline, -high, -low, edge).moved(turn=rotation("x", 90))
arc = lambda x, z, r, low, high, n: [(x + r * np.cos(a), z + r * np.sin(a)) for a in np.radians(np.linspace(low, high, n))]
plate = np.array(arc(0, 0, 0.043, 0, 180, 15) + [(-0.034, -0.08)] + arc(0, -LENGTH, 0.026, 180, 360, 11) + [(0.026, -0.08)])
thigh.add("shell", turned(plate, -0.019, 0.019, 0.007), 0.42)
thigh.add("joint", along_y(cylinder(0.039, 0.0, 0.045, 0.005, 36)), 0.33)
thigh.add("joint", along_y(cylinder(0.021, -0.0215, 0.0215, 0.002, 28)).moved((0, 0, -LENGTH)), 0.05)
thigh.add("accent", along_y(revolve([(0.018, 0.044), (0.03, 0.044, 0.001), (0.03, 0.047, 0.001), (0.024, 0.047, 0.001), (0.024, 0.0455), (0.018, 0.0455)], 32)), 0.01)
thigh.add("accent", along_y(join([bolts(4, 0.0, 0.009, 0.02, 0.023, 0, 20), bolts(4, 0.0, 0.009, -0.023, -0.02, 0, 20)])).moved((0, 0, -LENGTH)), 0.01)

shin = Link()
shank = loft([(-LENGTH + 0.012, 0, 0.0095, 0.0095, 0.009), (-0.14, 0.004, 0.0115, 0.0105, 0.01), (-0.05, 0.004, 0.016, 0.012, 0.0115), (0.012, 0, 0.018, 0.0135, 0.012)], 0.004, 3)
shin.add("joint", shank, 0.15)
shin.add("joint", along_y(cylinder(0.02, -0.0125, 0.0125, 0.002, 24)), 0.05)

foot = Link()
angles = np.radians(np.linspace(-78, 60, 8))
foot.add("foot", revolve([(FOOT * np.cos(a), FOOT * np.sin(a)) for a in angles] + [(0.009, 0.024)], 24), 0.05)


def mirrored(link, axes):
    """A link's parts, mirrored at the planes across the axes (0 x, 1 y)."""
    out = Link()
    out.parts = link.parts
    for axis in axes:
        out.parts = [(solid.mirrored(axis), mass) for solid, mass in out.parts]
    return out


def inertial(link):
    mass, centre, inertia = link.inertial()
    values = " ".join(f'{k}="{numbers([v])}"' for k, v in zip(("ixx", "iyy", "izz", "ixy", "ixz", "iyz"), inertia))
    return f'<inertial> <origin xyz="{numbers(np.round(centre, 6))}"/> <mass value="{numbers([mass])}"/> <inertia {values}/> </inertial>'


def visual(name, group, ending="obj", scale="1 1 1"):
    scale = "" if scale == "1 1 1" else f' scale="{scale}"'
    return f'<visual> <geometry> <mesh filename="package://quadruped_description/meshes/{name}_{group}.{ending}"{scale}/> </geometry> <material name="{group}"/> </visual>'


def link_text(name, link, visuals, collision):
    return "\n".join([f'  <link name="{name}">', f"    {inertial(link)}"] + [f"    {v}" for v in visuals] + [f"    {collision}", "  </link>"])


def joint_text(name, parent, child, xyz, axis, low, high, effort, velocity):
    return f'''  <joint name="{name}" type="revolute">
    <parent link="{parent}"/> <child link="{child}"/> <origin xyz="{xyz}"/> <axis xyz="{axis}"/>
    <limit lower="{low}" upper="{high}" effort="{effort}" velocity="{velocity}"/> <dynamics damping="0.05" friction="0.1"/>
  </joint>'''


def collision(shape, xyz, rpy=None):
    turn = f' rpy="{rpy}"' if rpy else ""
    return f'<collision> <origin xyz="{xyz}"{turn}/> <geometry> {shape} </geometry> </collision>'


parts = {"trunk": (trunk, "obj"), "hip": (hip, "obj"), "thigh": (thigh, "obj"), "shin": (shin, "stl"), "foot": (foot, "stl")}
for name, (link, ending) in parts.items():
    print(f"{name}: {link.write(os.path.join(HERE, 'meshes'), name, ending)} triangles, {link.inertial()[0]:.3f} kg")
print(f"together {trunk.inertial()[0] + 4 * sum(l.inertial()[0] for l in (hip, thigh, shin, foot)):.2f} kg")

text = ['''<?xml version="1.0"?>
<!--
  A four-legged robot of 12 kg, 0.32 m high: x forward, y left. Each leg has a hip that rolls, a thigh and a knee that pitch; at
  zero the legs hang straight down. All hips turn about x, all thighs and knees about y,
  left and right alike: a positive thigh goes back, a negative knee bends the shin forward. It stands with hip 0, thigh 0.75, knee -1.5.
  Written by assets/make/quadruped.py.
-->
<robot name="quadruped">
  <material name="shell"> <color rgba="0.88 0.9 0.92 1"/> </material>
  <material name="joint"> <color rgba="0.16 0.18 0.22 1"/> </material>
  <material name="accent"> <color rgba="0.05 0.55 0.6 1"/> </material>
  <material name="foot"> <color rgba="0.08 0.08 0.09 1"/> </material>
''']
text.append(link_text("trunk", trunk, [visual("trunk", g) for g in trunk.groups], collision('<box size="0.48 0.18 0.11"/>', "0.005 0 0")))
for leg, front, left in (("fl", 1, 1), ("fr", 1, -1), ("rl", -1, 1), ("rr", -1, -1)):
    rear, right = [0] * (front < 0), [1] * (left < 0)
    both, side = f"{front} {left} 1", f"1 {left} 1"
    text.append(joint_text(f"{leg}_hip", "trunk", f"{leg}_hip", f"{front * HIP_X} {left * HIP_Y} 0", "1 0 0", -0.8, 0.8, 25, 20))
    text.append(link_text(f"{leg}_hip", mirrored(hip, rear + right), [visual("hip", g, scale=both) for g in hip.groups], collision('<cylinder radius="0.043" length="0.05"/>', f"0 {left * 0.035:g} 0", "1.5708 0 0")))
    text.append(joint_text(f"{leg}_thigh", f"{leg}_hip", f"{leg}_thigh", f"0 {left * LEG_Y} 0", "0 1 0", -1.2, 2.6, 25, 20))
    text.append(link_text(f"{leg}_thigh", mirrored(thigh, right), [visual("thigh", g, scale=side) for g in thigh.groups], collision('<box size="0.05 0.036 0.19"/>', "-0.003 0 -0.095")))
    text.append(joint_text(f"{leg}_knee", f"{leg}_thigh", f"{leg}_shin", f"0 0 {-LENGTH}", "0 1 0", -2.6, -0.5, 40, 16))
    text.append(link_text(f"{leg}_shin", shin, [visual("shin", g, "stl") for g in shin.groups], collision('<cylinder radius="0.012" length="0.15"/>', "0.003 0 -0.095")))
    text.append(f'''  <joint name="{leg}_foot" type="fixed">
    <parent link="{leg}_shin"/> <child link="{leg}_foot"/> <origin xyz="0 0 {-LENGTH}"/>
  </joint>''')
    text.append(link_text(f"{leg}_foot", foot, [visual("foot", g, "stl") for g in foot.groups], collision(f'<sphere radius="{FOOT}"/>', "0 0 0")))
text.append("</robot>\n")
with open(os.path.join(HERE, "urdf", "quadruped.urdf"), "w") as file:
    file.write("\n".join(text))


def mjcf_inertial(link):
    mass, centre, inertia = link.inertial()
    return f'<inertial pos="{numbers(np.round(centre, 6))}" mass="{numbers([mass])}" fullinertia="{numbers(inertia)}"/>'


def mjcf_visual(name, groups, suffix=""):
    return "".join(f'\n{{0}}<geom class="visual" mesh="{name}_{group}{suffix}" material="{group}"/>' for group in groups)


def mjcf_leg(leg, front, left):
    """A leg's bodies; indented below the trunk."""
    rear, right = [0] * (front < 0), [1] * (left < 0)
    hip_suffix = "" if front > 0 and left > 0 else f"_{leg}"
    side = "" if left > 0 else "_right"
    return f'''
      <body name="{leg}_hip" pos="{front * HIP_X} {left * HIP_Y} 0">
        {mjcf_inertial(mirrored(hip, rear + right))}
        <joint name="{leg}_hip" class="hip"/>{mjcf_visual("hip", hip.groups, hip_suffix).format("        ")}
        <body name="{leg}_thigh" pos="0 {left * LEG_Y} 0">
          {mjcf_inertial(mirrored(thigh, right))}
          <joint name="{leg}_thigh" class="thigh"/>{mjcf_visual("thigh", thigh.groups, side).format("          ")}
          <body name="{leg}_shin" pos="0 0 {-LENGTH}">
            {mjcf_inertial(with_foot)}
            <joint name="{leg}_knee" class="knee"/>{mjcf_visual("shin", shin.groups).format("            ")}
            <geom class="visual" mesh="foot_foot" material="foot" pos="0 0 {-LENGTH}"/>
            <geom name="{leg}_knee" class="collision" size="0.03"/>
            <geom name="{leg}_foot" class="foot" pos="0 0 {-LENGTH}"/>
            <site name="{leg}_foot" class="sole" pos="0 0 {-LENGTH}"/>
          </body>
        </body>
      </body>'''


legs = (("fl", 1, 1), ("fr", 1, -1), ("rl", -1, 1), ("rr", -1, -1))
with_foot = Link()
with_foot.parts = shin.parts + [(solid.moved((0, 0, -LENGTH)), mass) for solid, mass in foot.parts]


def mesh(file, name="", scale=""):
    extra = "".join(f' {key}="{value}"' for key, value in (("name", name), ("scale", scale)) if value)
    return f'    <mesh{extra} file="{file}"/>'


meshes = [mesh(f"trunk_{g}.obj") for g in trunk.groups] + [mesh(f"{link}_{g}.stl") for link, g in (("shin", "joint"), ("foot", "foot"))]
meshes += [mesh(f"hip_{g}.obj", "" if n == 0 else f"hip_{g}_{leg}", "" if n == 0 else f"{front} {left} 1") for n, (leg, front, left) in enumerate(legs) for g in hip.groups]
meshes += [mesh(f"thigh_{g}.obj", f"thigh_{g}{suffix}" if suffix else "", scale) for suffix, scale in (("", ""), ("_right", "1 -1 1")) for g in thigh.groups]
lines = "\n".join
joints = [f"{leg}_{joint}" for leg, _, _ in legs for joint in ("hip", "thigh", "knee")]
mjcf = f'''<!--
  The robot of urdf/quadruped.urdf, made for learning: servos, sensors, no dry friction in the joints, and shapes that
  touch the ground only: feet, knees and trunk. Joints and servos are named alike. A servo's 40 N m/rad are soft, as a policy wants them.
  Written by assets/make/quadruped.py.
-->
<mujoco model="quadruped">
  <compiler angle="radian" meshdir="meshes" autolimits="true"/>
  <option timestep="0.004" integrator="implicitfast"/>

  <default>
    <joint damping="0.1" armature="0.008"/>
    <position kp="40" kv="1" inheritrange="1"/>
    <default class="hip"> <joint axis="1 0 0" range="-0.8 0.8"/> <position forcerange="-25 25"/> </default>
    <default class="thigh"> <joint axis="0 1 0" range="-1.2 2.6"/> <position forcerange="-25 25"/> </default>
    <default class="knee"> <joint axis="0 1 0" range="-2.6 -0.5"/> <position forcerange="-40 40"/> </default>
    <default class="visual"> <geom type="mesh" group="2" contype="0" conaffinity="0" mass="0"/> </default>
    <default class="collision">
      <geom type="sphere" group="3" mass="0" contype="0" conaffinity="1" friction="0.8 0.005 0.0001" rgba="0.9 0.5 0.2 0.4"/>
      <default class="foot"> <geom size="{FOOT}"/> </default>
    </default>
    <default class="sole"> <site size="{FOOT + 0.002:g}" group="4" rgba="0 0 0 0"/> </default>
  </default>

  <asset>
    <material name="shell" rgba="0.88 0.9 0.92 1" specular="0.4" shininess="0.5"/>
    <material name="joint" rgba="0.16 0.18 0.22 1" specular="0.4" shininess="0.5"/>
    <material name="accent" rgba="0.05 0.55 0.6 1" specular="0.4" shininess="0.6"/>
    <material name="foot" rgba="0.08 0.08 0.09 1" specular="0.1" shininess="0.1"/>
{lines(meshes)}
  </asset>

  <worldbody>
    <site name="world" size="0.01" group="4" rgba="0 0 0 0"/>
    <body name="trunk" pos="0 0 0.32">
      {mjcf_inertial(trunk)}
      <freejoint name="root"/>
      <camera name="side" mode="trackcom" pos="0.5 -1.7 0.5" xyaxes="1 0.25 0 -0.06 0.24 1"/>{mjcf_visual("trunk", trunk.groups).format("      ")}
      <geom name="trunk" class="collision" type="box" pos="0.005 0 0" size="0.24 0.09 0.055"/>
      <site name="imu" size="0.01" group="4"/>{"".join(mjcf_leg(*leg) for leg in legs)}
    </body>
  </worldbody>

  <actuator>
{lines(f'    <position name="{j}" class="{j[3:]}" joint="{j}"/>' for j in joints)}
  </actuator>

  <!-- up: the vertical in the trunk's axes; feet: N; servos: N m -->
  <sensor>
    <gyro name="gyro" site="imu"/>
    <velocimeter name="velocity" site="imu"/>
    <framezaxis name="up" objtype="site" objname="world" reftype="site" refname="imu"/>
{lines(f'    <touch name="{leg}_foot" site="{leg}_foot"/>' for leg, _, _ in legs)}
{lines(f'    <actuatorfrc name="{j}_torque" actuator="{j}"/>' for j in joints)}
  </sensor>

  <keyframe>
    <key name="stand" qpos="0 0 0.317 1 0 0 0{"  0 0.75 -1.5" * 4}" ctrl="{"  ".join(["0 0.75 -1.5"] * 4)}"/>
  </keyframe>
</mujoco>
'''
with open(os.path.join(HERE, "quadruped.xml"), "w") as file:
    file.write(mjcf)
