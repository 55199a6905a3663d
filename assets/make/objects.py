"""Pebbles, and the models of assets/objects in which something is repeated: python3 assets/make/objects.py (needs NumPy, Debian's python3-numpy)

drum.xml, drum_pieces.xml and pile_pieces.xml are written here; the other objects by hand.
"""
import os
from itertools import combinations
import numpy as np
from shapes import Solid, join, numbers, revolve, tube, write_obj

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "objects")
STIFF = 'solref="0.006 1" solimp="0.95 0.99 0.001"'


def save(name, text):
    with open(os.path.join(HERE, name), "w") as file:
        file.write(text)


def hull(points):
    """The triangles of few points in general position: each three that have all others on one side."""
    triangles = []
    for i, j, k in combinations(range(len(points)), 3):
        normal = np.cross(points[j] - points[i], points[k] - points[i])
        side = (points - points[i]) @ normal
        side[[i, j, k]] = 0
        if (side <= 0).all():
            triangles.append((i, j, k))
        elif (side >= 0).all():
            triangles.append((i, k, j))
    used = np.unique(triangles)
    place = {int(v): n for n, v in enumerate(used)}
    return Solid(points[used], [[place[v] for v in t] for t in triangles])


def pebble(random, count, half):
    """A stone: directions spread evenly, then shaken, on an ellipsoid whose radius varies a little. Its centre of mass is the origin."""
    k = np.arange(count) + 0.5
    z, angle = 1 - 2 * k / count, np.pi * (1 + 5**0.5) * k
    points = np.column_stack([np.sqrt(1 - z * z) * np.cos(angle), np.sqrt(1 - z * z) * np.sin(angle), z]) + random.normal(0, 0.12, (count, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    solid = hull(points * random.uniform(0.93, 1.0, (count, 1)) * half)
    volume, first, _ = solid.moments()
    return solid.moved(-first / volume)


random = np.random.default_rng(7)
PEBBLES = {"round": (36, (0.024, 0.022, 0.021)), "long": (32, (0.03, 0.019, 0.018)), "flat": (28, (0.028, 0.025, 0.014))}
for name, (count, half) in PEBBLES.items():
    solid = pebble(random, count, np.array(half))
    write_obj(os.path.join(HERE, "meshes", f"pebble_{name}.obj"), solid, 10.0, 15.0)
    print(f"pebble_{name}: {len(solid.points)} vertices, {len(solid.triangles)} triangles, {solid.moments()[0] * 1e6:.1f} cm3")

# ---- a drum that tumbles -----------------------------------------------------------------------------------------------
STAVES, INNER, HALF_LENGTH, THICK, HEIGHT = 16, 0.27, 0.31, 0.006, 0.5
staves = []
for n in range(STAVES):
    a = 2 * np.pi * n / STAVES
    y, z = -np.sin(a) * (INNER + THICK), np.cos(a) * (INNER + THICK)
    half_width = (INNER + 2 * THICK) * np.tan(np.pi / STAVES)
    staves.append(f'      <geom name="stave_{n + 1}" class="stave" pos="0 {y:.5f} {z:.5f}" size="{HALF_LENGTH:g} {half_width:.5f} {THICK:g}" euler="{np.degrees(a):g} 0 0"/>')
for n in range(4):
    a = 2 * np.pi * (n * STAVES / 4) / STAVES
    y, z = -np.sin(a) * (INNER - 0.018), np.cos(a) * (INNER - 0.018)
    staves.append(f'      <geom name="lifter_{n + 1}" class="lifter" pos="0 {y:.5f} {z:.5f}" euler="{np.degrees(a):g} 0 0"/>')
save("drum.xml", f'''<!--
  A tumbling drum: {STAVES} staves, four lifters and two discs on one hinge along x, {2 * INNER * 100:g} cm across and {2 * HALF_LENGTH * 100:g} cm long inside, its axis {HEIGHT * 100:g} cm above the
  floor. Room for 200 pieces of 4 to 6 cm. The control is rad/s; 3 rad/s let the pieces slide down the slope, 6 rad/s would hold them
  at the wall. The disc at +x is glass. Written by assets/make/objects.py.
-->
<mujoco model="drum">
  <compiler angle="degree" texturedir="textures"/>
  <asset>
    <texture name="brushed" type="2d" file="brushed.png"/>
    <material name="steel" texture="brushed" texuniform="true" texrepeat="3 3" specular="0.5" shininess="0.6"/>
  </asset>
  <default>
    <geom friction="0.6 0.005 0.0001" {STIFF}/>
    <default class="stave"> <geom type="box" mass="0.8" material="steel"/> </default>
    <default class="lifter"> <geom type="box" size="{HALF_LENGTH:g} 0.006 0.018" mass="0.4" rgba="0.05 0.55 0.6 1"/> </default>
    <default class="disc"> <geom type="cylinder" size="{INNER + 2.5 * THICK:g} 0.006" mass="3"/> </default>
    <default class="frame"> <geom type="box" contype="0" conaffinity="0" rgba="0.16 0.18 0.22 1"/> </default>
  </default>
  <worldbody>
    <geom class="frame" pos="{HALF_LENGTH + 0.08:g} 0 0.025" size="0.04 0.26 0.025"/>
    <geom class="frame" pos="{-HALF_LENGTH - 0.08:g} 0 0.025" size="0.04 0.26 0.025"/>
    <geom class="frame" pos="0 0 0.025" size="{HALF_LENGTH + 0.05:g} 0.05 0.025"/>
    <geom class="frame" pos="{HALF_LENGTH + 0.08:g} 0 {HEIGHT / 2 + 0.02:g}" size="0.018 0.035 {HEIGHT / 2 + 0.02:g}"/>
    <geom class="frame" pos="{-HALF_LENGTH - 0.08:g} 0 {HEIGHT / 2 + 0.02:g}" size="0.018 0.05 {HEIGHT / 2 + 0.02:g}"/>
    <geom class="frame" pos="{-HALF_LENGTH - 0.15:g} 0 {HEIGHT:g}" size="0.06 0.06 0.06" rgba="0.88 0.9 0.92 1"/>
    <body name="drum" pos="0 0 {HEIGHT:g}">
      <joint name="drum" type="hinge" axis="1 0 0" damping="0.5" armature="0.5"/>
      <geom name="disc_back" class="disc" pos="{-HALF_LENGTH - 0.006:g} 0 0" euler="0 90 0" material="steel"/>
      <geom name="disc_front" class="disc" pos="{HALF_LENGTH + 0.006:g} 0 0" euler="0 90 0" rgba="0.75 0.88 0.92 0.22"/>
      <geom name="axle" type="cylinder" pos="{-HALF_LENGTH - 0.06:g} 0 0" size="0.03 0.05" euler="0 90 0" contype="0" conaffinity="0" mass="1" rgba="0.16 0.18 0.22 1"/>
      <geom name="pivot" type="cylinder" pos="{HALF_LENGTH + 0.06:g} 0 0" size="0.02 0.05" euler="0 90 0" contype="0" conaffinity="0" mass="0.5" rgba="0.16 0.18 0.22 1"/>
''' + "\n".join(staves) + '''
    </body>
  </worldbody>
  <actuator> <velocity name="drum" joint="drum" kv="400" ctrlrange="-6 6" forcerange="-150 150"/> </actuator>
  <sensor>
    <jointpos name="angle" joint="drum"/>
    <jointvel name="speed" joint="drum"/>
    <actuatorfrc name="torque" actuator="drum"/>
  </sensor>
</mujoco>
''')


def euler(random):
    return " ".join(f"{a:.0f}" for a in random.uniform(-180, 180, 3))


PEBBLE_ASSETS = "\n".join(f'    <mesh name="{name}" file="pebble_{name}.obj"/>' for name in PEBBLES)
SHADES = {"round": "0.72 0.7 0.66 1", "long": "0.5 0.53 0.56 1", "flat": "0.78 0.6 0.45 1"}
PEBBLE_CLASSES = "\n".join(f'    <default class="{name}"> <geom type="mesh" mesh="{name}" density="2500" friction="0.6 0.005 0.0001" {STIFF} rgba="{SHADES[name]}"/> </default>' for name in PEBBLES)


def save_pieces(model, what, classes, bodies):
    save(f"{model}.xml", f'''<!-- {what} Written by assets/make/objects.py. -->
<mujoco model="{model}">
  <compiler angle="degree" meshdir="meshes"/>
  <default>
{classes}
  </default>
  <asset>
{PEBBLE_ASSETS}
  </asset>
  <worldbody>
''' + "\n".join(bodies) + "\n  </worldbody>\n</mujoco>\n")


# A mug, 8 cm wide and 10 cm high, with walls of 4.5 mm and a handle whose ends lie within the wall.
wall = revolve([(0.02, 0), (0.04, 0, 0.004), (0.04, 0.1, 0.002), (0.0355, 0.1, 0.002), (0.0355, 0.006, 0.004), (0.02, 0.006)], segments=32)
bend = np.linspace(-np.pi / 2, np.pi / 2, 13)
ends = [(0.038, 0.02, 0.0)] + [(0.046 + 0.03 * np.cos(a), 0.05 + 0.03 * np.sin(a), a) for a in bend] + [(0.038, 0.08, np.pi / 2)]
rings = []
for k, (x, z, _) in enumerate(ends):
    ahead, behind = ends[min(k + 1, len(ends) - 1)], ends[max(k - 1, 0)]
    along = np.array([ahead[0] - behind[0], 0, ahead[1] - behind[1]])
    along /= np.linalg.norm(along)
    turn = np.arange(12) * np.pi / 6
    side = np.cross(along, [0, 1, 0])
    rings.append(np.array([x, 0, z]) + 0.005 * np.outer(np.cos(turn), [0, 1, 0]) + 0.0035 * np.outer(np.sin(turn), side))
mug = join([wall, tube(rings)])
write_obj(os.path.join(HERE, "meshes", "mug.obj"), mug, 10.0, 40.0)
print(f"mug: {len(mug.points)} vertices, {len(mug.triangles)} triangles, {mug.moments()[0] * 1e6:.1f} cm3")

COLOURS = ["0.16 0.45 0.7 1", "0.85 0.45 0.15 1", "0.9 0.75 0.2 1", "0.3 0.6 0.35 1", "0.7 0.2 0.25 1"]
beads = []
for n in range(40):
    layer, a = n // 5, 2 * np.pi * (n % 5 + 0.5 * (n // 5 % 2)) / 5
    beads.append(f'    <body name="bead_{n + 1}" pos="{0.018 * np.cos(a):.5f} {0.018 * np.sin(a):.5f} {0.115 + 0.017 * layer:.3f}"> '
                 f'<freejoint/> <geom rgba="{COLOURS[n % 5]}"/> </body>')
save("beads.xml", f"""<!-- Forty glass beads of 15 mm above a mug that stands at the origin: eight layers of five. -->
<mujoco model="beads">
  <default> <geom type="sphere" size="0.0075" density="2500" condim="4" friction="0.4 0.002 0.0001" solref="0.006 1" solimp="0.95 0.99 0.001"/> </default>
  <worldbody>
{chr(10).join(beads)}
  </worldbody>
</mujoco>
""")

# pebbles on a grid inside the drum, whose frame they share
random = np.random.default_rng(11)
PIECES, GRID = 200, 0.063
kinds = list(PEBBLES)
cells = [(y, z) for y in np.arange(-3, 4) * GRID for z in np.arange(-3, 4) * GRID if np.hypot(y, z) < 0.205]
places = [(x, y, z) for z in sorted({c[1] for c in cells}) for y in sorted({c[0] for c in cells if c[1] == z}) for x in np.arange(-4, 5) * GRID]
assert len(places) >= PIECES, len(places)
bodies = [f'''    <body name="piece_{n + 1}" pos="{numbers((x, y, z + HEIGHT))}" euler="{euler(random)}"> <freejoint/> <geom name="piece_{n + 1}" class="{kinds[random.integers(3)]}"/> </body>'''
          for n, (x, y, z) in enumerate(places[:PIECES])]
save_pieces("drum_pieces", f"{PIECES} pebbles of three kinds, 4 to 6 cm, on a grid inside the drum of drum.xml, which has the same origin.", PEBBLE_CLASSES, bodies)

# a heap for a tote: layers of five by four places
random = np.random.default_rng(13)
PILE = 120
SORTS = ["block", "peg", "plate", "bar", "round", "flat"]
bodies = []
for n in range(PILE):
    layer, row, column = n // 20, n // 5 % 4, n % 5
    place = ((column - 2) * 0.072, (row - 1.5) * 0.068, 0.06 + layer * 0.075)
    bodies.append(f'''    <body name="piece_{n + 1}" pos="{numbers(place)}" euler="{euler(random)}"> <freejoint/> <geom name="piece_{n + 1}" class="{SORTS[random.integers(6)]}"/> </body>''')
RUB = f'friction="0.8 0.005 0.0001" {STIFF}'
PART_CLASSES = f'''    <default class="block"> <geom type="box" size="0.015 0.015 0.03" mass="0.15" {RUB} rgba="0.93 0.42 0.13 1"/> </default>
    <default class="peg"> <geom type="cylinder" size="0.015 0.025" mass="0.2" {RUB} rgba="0.62 0.65 0.7 1"/> </default>
    <default class="plate"> <geom type="box" size="0.025 0.0175 0.006" mass="0.08" {RUB} rgba="0.16 0.62 0.42 1"/> </default>
    <default class="bar"> <geom type="box" size="0.03 0.01 0.01" mass="0.13" {RUB} rgba="0.2 0.42 0.78 1"/> </default>'''
save_pieces("pile_pieces", f"{PILE} pieces of six kinds above a tote (tote.xml, same origin), turned at random: they fall and make a heap.",
            PART_CLASSES + "\n" + PEBBLE_CLASSES, bodies)
