"""Meshes and inertials of robots/amr: python3 assets/make/amr.py (needs NumPy, Debian's python3-numpy)"""
import os
import numpy as np
from shapes import ALONG_Y, Link, bolts, cylinder, extrude, join, loft, rectangle, revolve, write_mjcf_inertial

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "robots", "amr")
along_y = lambda s: s.moved(turn=ALONG_Y)

chassis = Link()         # origin on the floor below its middle
chassis.add("joint", extrude(rectangle(0.345, 0.225, 0.07, steps=6), 0.045, 0.13, 0.012), 20)
chassis.add("shell", loft([(0.125, 0, 0.33, 0.215, 0.07), (0.15, 0, 0.35, 0.25, 0.09), (0.2, 0, 0.35, 0.25, 0.09), (0.262, 0, 0.33, 0.236, 0.08)], 0.012, 4, 6), 14)
chassis.add("joint", extrude(rectangle(0.3, 0.205, 0.05, steps=5), 0.255, 0.275, 0.006), 3)
chassis.add("joint", join([extrude(rectangle(0.012, 0.16, 0.008, (x, 0)), 0.27, 0.28, 0.003) for x in (-0.2, -0.1, 0.0, 0.1)]), 0.6)
chassis.add("accent", extrude(rectangle(0.3515, 0.2515, 0.09, steps=6), 0.186, 0.194, 0.002), 0.3)
chassis.add("joint", cylinder(0.042, 0.272, 0.305, 0.006, 32).moved((0.255, 0, 0)), 0.4)
chassis.add("accent", cylinder(0.0425, 0.288, 0.292, 0.0008, 32).moved((0.255, 0, 0)), 0.02)
chassis.add("hazard", join([extrude(rectangle(0.012, 0.14, 0.006, (x, 0)), 0.07, 0.1, 0.003) for x in (0.341, -0.341)]), 0.2)

wheel = Link()           # its axle is y
wheel.add("pad", along_y(revolve([(0.045, -0.02), (0.08, -0.02, 0.006), (0.08, 0.02, 0.006), (0.045, 0.02)], 40)), 1.1)
wheel.add("shell", along_y(revolve([(0, -0.022), (0.02, -0.022, 0.003), (0.052, -0.015, 0.004), (0.06, -0.02, 0.002), (0.06, 0.02, 0.002), (0.052, 0.015, 0.004), (0.02, 0.022, 0.003), (0, 0.022)], 36)), 0.8)
wheel.add("joint", along_y(join([bolts(5, 0.034, 0.005, 0.014, 0.021), bolts(5, 0.034, 0.005, -0.021, -0.014)])), 0.1)

fork = Link()            # origin where it turns, above the wheel's axle, which trails by 3 cm
fork.add("joint", cylinder(0.03, -0.012, 0.01, 0.003, 28), 0.15)
side = np.array([(0.02, -0.006), (-0.02, -0.006), (-0.042, -0.05), (-0.038, -0.062), (-0.026, -0.064), (-0.012, -0.05)])
plate = extrude(side, -0.002, 0.002, 0.0008).moved(turn=np.array([[1, 0, 0], [0, 0, 1], [0, 1, 0]]))
fork.add("joint", join([plate.moved((0, y, 0)) for y in (-0.019, 0.019)]), 0.15)

caster = Link()
caster.add("pad", along_y(revolve([(0, -0.014), (0.04, -0.014, 0.008), (0.04, 0.014, 0.008), (0, 0.014)], 32)), 0.25)
caster.add("shell", along_y(cylinder(0.022, -0.0155, 0.0155, 0.002, 24)), 0.1)

bodies = {"chassis": ["chassis"], "wheel": ["wheel_left", "wheel_right"], "fork": ["fork_front", "fork_rear"], "caster": ["caster_front", "caster_rear"]}
for name, link in {"chassis": chassis, "wheel": wheel, "fork": fork, "caster": caster}.items():
    print(f"{name}: {link.write(os.path.join(HERE, 'meshes'), name)} triangles, {link.inertial()[0]:.2f} kg")
    for body in bodies[name]:
        write_mjcf_inertial(os.path.join(HERE, "amr.xml"), body, link)
