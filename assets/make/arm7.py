"""Meshes and inertials of robots/arm7. Run in any folder: python3 assets/make/arm7.py (needs NumPy, Debian's python3-numpy)"""
import os
import numpy as np
from shapes import ALONG_Y, Link, bolts, box, cylinder, extrude, join, loft, rectangle, revolve, rounded, rotation, write_mjcf_inertial

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "robots", "arm7")


def both_sides(solid):
    return join([solid, solid.mirrored(1)])


def cheek(outline, inner, outer, edge):
    """A plate with outline (x, z) between y = inner and y = outer."""
    return extrude(outline, -outer, -inner, edge).moved(turn=rotation("x", 90))


def disc_and_foot(radius, centre, foot, foot_z):
    """Outline (x, z) of a cheek: a disc about `centre` on a foot from x = foot[0] to foot[1]."""
    x, z = centre
    round_part = [(x + radius * np.cos(a), z + radius * np.sin(a)) for a in np.radians(np.linspace(-20, 200, 19))]
    return np.vstack([rounded([(foot[0], foot_z, 0.004), (foot[1], foot_z, 0.004)], closed=False), round_part])


def cap(radius, y):
    """What covers a joint's bearing: a ring, a lid, screws; on both outer faces of a yoke."""
    ring = revolve([(0, 0), (radius, 0, 0.002), (radius, 0.006, 0.002), (radius - 0.006, 0.006, 0.002), (radius - 0.006, 0.003), (0, 0.003)], 30)
    lid = revolve([(0, 0), (radius - 0.008, 0, 0.001), (radius - 0.008, 0.007, 0.002), (radius * 0.45, 0.0085, 0.003), (0, 0.0085)], 30)
    screws = bolts(6, radius * 0.66, 0.0032, 0.006, 0.0098)
    turned = lambda s: both_sides(s.moved(turn=ALONG_Y).moved((0, y, 0)))
    return turned(ring), turned(join([lid, screws]))


def add_cap(link, radius, y, centre, mass):
    ring, lid = cap(radius, y)
    link.add("accent", ring.moved(centre), 0.3 * mass)
    link.add("joint", lid.moved(centre), 0.7 * mass)


def groove(radius, low, high):
    """The dark gap between two links that turn about z."""
    return cylinder(radius, low, high, 0.001, 40)


base = Link()
base.add("shell", loft([(0.012, 0, 0.098, 0.098, 0.09), (0.05, 0, 0.088, 0.088, 0.088), (0.1, 0, 0.078, 0.078, 0.078), (0.143, 0, 0.078, 0.078, 0.078)], 0.005), 2.6)
base.add("joint", extrude(rectangle(0.105, 0.105, 0.03, steps=5), 0, 0.014, 0.003), 0.9)
base.add("joint", bolts(4, 0.122, 0.007, 0.013, 0.021), 0.05)
base.add("joint", groove(0.073, 0.14, 0.15), 0.1)
base.add("joint", cylinder(0.021, 0, 0.022, 0.002, 24).moved(turn=rotation("y", -90)).moved((-0.078, 0, 0.048)), 0.1)         # plug of the cable
base.add("accent", revolve([(0.06, 0.128), (0.0795, 0.128, 0.001), (0.0795, 0.134, 0.001), (0.06, 0.134)], 48), 0.05)

# The links with a yoke: link1 (shoulder), link3 (elbow), link5 (wrist).
link1 = Link()
link1.add("shell", loft([(0, 0, 0.078, 0.078, 0.078), (0.03, 0, 0.078, 0.08, 0.076), (0.078, 0, 0.072, 0.0945, 0.05), (0.104, 0, 0.071, 0.0945, 0.045)], 0.006), 1.9)
link1.add("shell", both_sides(cheek(disc_and_foot(0.07, (0, 0.17), (-0.064, 0.064), 0.084), 0.064, 0.092, 0.007)), 1.2)
add_cap(link1, 0.058, 0.091, (0, 0, 0.17), 0.5)

link3 = Link()
link3.add("shell", loft([(0, 0, 0.055, 0.055, 0.055), (0.035, 0, 0.055, 0.056, 0.054), (0.088, 0.014, 0.06, 0.0755, 0.038), (0.11, 0.016, 0.06, 0.0755, 0.036)], 0.006), 1.1)
link3.add("shell", both_sides(cheek(disc_and_foot(0.056, (0.05, 0.19), (-0.036, 0.068), 0.093), 0.051, 0.073, 0.006)), 0.9)
add_cap(link3, 0.046, 0.072, (0.05, 0, 0.19), 0.4)

link5 = Link()
link5.add("shell", loft([(0, 0, 0.045, 0.045, 0.045), (0.05, 0, 0.044, 0.044, 0.044), (0.112, 0, 0.041, 0.062, 0.03), (0.14, 0, 0.041, 0.062, 0.03)], 0.005), 0.9)
link5.add("shell", both_sides(cheek(disc_and_foot(0.045, (0, 0.22), (-0.036, 0.036), 0.119), 0.042, 0.06, 0.005)), 0.55)
add_cap(link5, 0.037, 0.059, (0, 0, 0.22), 0.25)

# The links with a knuckle between the cheeks: link2, link4, link6.
link2 = Link()
link2.add("joint", cylinder(0.064, -0.0625, 0.0625, 0.005, 48).moved(turn=ALONG_Y), 1.5)
link2.add("shell", loft([(0.02, 0, 0.056, 0.056, 0.03), (0.08, 0, 0.055, 0.056, 0.045), (0.115, 0, 0.058, 0.058, 0.058), (0.202, 0, 0.056, 0.056, 0.056)], 0.006), 1.25)
link2.add("joint", groove(0.0515, 0.198, 0.212), 0.05)

link4 = Link()
link4.add("joint", cylinder(0.051, -0.0495, 0.0495, 0.004, 44).moved(turn=ALONG_Y), 0.95)
neck = loft([(0, 0.0, 0.038, 0.045, 0.02), (0.045, -0.014, 0.042, 0.045, 0.03), (0.1, -0.047, 0.047, 0.047, 0.046), (0.163, -0.05, 0.046, 0.046, 0.046)], 0.006)
link4.add("shell", neck, 0.9)
link4.add("joint", groove(0.0415, 0.16, 0.172).moved((-0.05, 0, 0)), 0.05)

link6 = Link()
link6.add("joint", cylinder(0.04, -0.041, 0.041, 0.004, 40).moved(turn=ALONG_Y), 0.6)
link6.add("shell", loft([(0.01, 0, 0.036, 0.036, 0.02), (0.035, 0, 0.037, 0.037, 0.036), (0.066, 0, 0.037, 0.037, 0.037)], 0.004), 0.45)
link6.add("joint", groove(0.033, 0.063, 0.071), 0.05)

link7 = Link()
link7.add("shell", cylinder(0.038, 0, 0.022, 0.003, 44), 0.2)
link7.add("accent", revolve([(0.03, 0.012), (0.0388, 0.012, 0.001), (0.0388, 0.016, 0.001), (0.03, 0.016)], 44), 0.02)
link7.add("joint", cylinder(0.0315, 0.018, 0.036, 0.002, 44), 0.13)
link7.add("joint", bolts(8, 0.0345, 0.0025, 0.02, 0.0245), 0.01)

# Gripper: a palm with a rail along y, and two fingers that are mirror images.
hand = Link()
hand.add("shell", loft([(0.004, 0, 0.034, 0.04, 0.03), (0.02, 0, 0.032, 0.055, 0.024), (0.05, 0, 0.027, 0.068, 0.018)], 0.005), 0.42)
hand.add("joint", cylinder(0.034, 0, 0.008, 0.002, 40), 0.1)
hand.add("joint", box((0.017, 0.066, 0.006), 0.002, (0, 0, 0.054)), 0.1)
hand.add("accent", box((0.0285, 0.022, 0.003), 0.002, (0, 0, 0.034), 0.004), 0.03)

finger = Link()
blade = rounded([(0.004, 0.062, 0.001), (0.032, 0.062, 0.004), (0.032, 0.076, 0.008), (0.019, 0.088, 0.014), (0.0155, 0.121, 0.005), (0.0055, 0.125, 0.002)])
finger.add("joint", extrude(blade, -0.0105, 0.0105, 0.002).moved(turn=np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0]])), 0.09)
grooves = [box((0.0095, 0.0012, 0.0016), 0.0004, (0, 0.0012, z)) for z in np.linspace(0.0965, 0.1215, 7)]
finger.add("pad", join([box((0.0105, 0.0025, 0.0155), 0.001, (0, 0.0038, 0.109))] + grooves), 0.02)

links = {"base": base, "link1": link1, "link2": link2, "link3": link3, "link4": link4, "link5": link5, "link6": link6, "link7": link7, "hand": hand, "finger": finger}
total = 0
for name, link in links.items():
    triangles = link.write(os.path.join(HERE, "meshes"), name)
    print(f"{name}: {triangles} triangles, {link.inertial()[0]:.3f} kg")
    total += link.inertial()[0]
    for body in ("finger_left", "finger_right") if name == "finger" else (name,):
        if body == "finger_right":
            link = Link()
            link.parts = [(s.mirrored(1), m) for s, m in finger.parts]
        write_mjcf_inertial(os.path.join(HERE, "arm7.xml"), body, link)
print(f"together {total + finger.inertial()[0]:.2f} kg")
