"""Large models, for measuring: written from scratch or from dm_control's humanoid, the same text on every machine.

    large/objects    a humanoid and 100 free objects of five kinds in a walled yard (627 dofs)
    large/chain      200 links, hinges across each other, one end held at half a metre, the rest lies on the floor and on itself
    large/hulls      200 convex meshes of eight shapes in a bin (1200 dofs)
    large/humanoids  22 humanoids (594 dofs)
"""
import copy
import random
import xml.etree.ElementTree as xml

NAMES = ("objects", "chain", "hulls", "humanoids")


def _text(value):
    if isinstance(value, str):
        return value
    return " ".join(f"{v:g}" for v in (value if isinstance(value, (tuple, list)) else (value,)))


def _element(parent, tag, **attributes):
    return xml.SubElement(parent, tag, {key.rstrip("_"): _text(value) for key, value in attributes.items()})


def _model(name, timestep):
    root = xml.Element("mujoco", model=name)
    _element(root, "option", timestep=timestep)
    return root


def _only_dynamics(humanoid):
    """Without what is seen or sensed."""
    for tag in ("sensor", "visual", "statistic", "asset", "keyframe"):
        for element in humanoid.findall(tag):
            humanoid.remove(element)
    for parent in list(humanoid.iter()):
        parent.attrib.pop("material", None)
        for child in list(parent):
            if child.tag in ("light", "camera", "site"):
                parent.remove(child)
    return humanoid


def objects(humanoid):
    root = _only_dynamics(humanoid)
    world = root.find("worldbody")
    for k, at in enumerate(((3.1, 0), (-3.1, 0), (0, 3.1), (0, -3.1))):
        _element(world, "geom", name=f"wall{k}", type="box", size=(0.1, 3.2, 0.5) if at[0] else (3.2, 0.1, 0.5), pos=(*at, 0.5))
    kinds = ({"type": "capsule", "size": (0.1, 0.05)}, {"type": "ellipsoid", "size": (0.15, 0.1, 0.07)},
             {"type": "box", "size": (0.15, 0.1, 0.05)},
             {"type": "cylinder", "size": (0.1, 0.05), "condim": 4, "friction": (1, 0.01, 0.01)}, {"type": "sphere", "size": 0.1})
    draw = random.Random(3)
    for k in range(100):                                               # columns of four of a kind
        kind, column, height = k % 5, k // 20, k // 5 % 4
        body = _element(world, "body", name=f"object{k}", pos=(kind - 2, column - 2, 1 + height), euler=[draw.uniform(-90, 90) for _ in range(3)])
        _element(body, "freejoint")
        _element(body, "geom", solimp=(0.9, 0.9, 0.01), **kinds[kind])
    return root


def chain(_):
    root = _model("chain", 0.002)
    world = _element(root, "worldbody")
    _element(world, "geom", type="plane", size=(20, 20, 0.1))
    parent = world
    for k in range(200):
        parent = _element(parent, "body", name=f"link{k}", pos=(0, 0, 0.5) if k == 0 else (0.06, 0, 0))
        _element(parent, "joint", name=f"hinge{k}", axis=(0, 1, 0) if k % 2 == 0 else (0, 0, 1), damping=0.002, armature=1e-5)
        _element(parent, "geom", type="capsule", fromto=(0.01, 0, 0, 0.05, 0, 0), size=0.015, mass=0.03)
    return root


def hulls(_):
    draw = random.Random(5)
    root = _model("hulls", 0.002)
    asset, world = _element(root, "asset"), _element(root, "worldbody")
    for k in range(8):                                                 # corners near a stretched ball
        stretch, corners = [draw.uniform(0.04, 0.08) for _ in range(3)], []
        for _ in range(12 + 3 * k):
            point = [draw.gauss(0, 1) for _ in range(3)]
            length = sum(v * v for v in point) ** 0.5
            corners += [s * v / length for s, v in zip(stretch, point)]
        _element(asset, "mesh", name=f"hull{k}", vertex=[round(v, 4) for v in corners])
    _element(world, "geom", name="floor", type="plane", size=(2, 2, 0.1))
    for k, at in enumerate(((0.55, 0), (-0.55, 0), (0, 0.55), (0, -0.55))):
        _element(world, "geom", name=f"wall{k}", type="box", size=(0.05, 0.6, 0.8) if at[0] else (0.6, 0.05, 0.8), pos=(*at, 0.8))
    for k in range(200):
        body = _element(world, "body", name=f"piece{k}", pos=(0.18 * (k % 5 - 2), 0.18 * (k // 5 % 5 - 2), 0.12 + 0.18 * (k // 25)))
        _element(body, "freejoint")
        _element(body, "geom", type="mesh", mesh=f"hull{k % 8}", density=700)
    return root


def humanoids(humanoid):
    root = _only_dynamics(humanoid)
    world, actuators = root.find("worldbody"), root.find("actuator")
    for group in root.findall("contact"):                              # bodies of one humanoid: repeated for every one
        root.remove(group)
        root.append(group)
    groups = root.findall("contact")
    (person,) = world.findall("body")
    motors = list(actuators)
    world.remove(person)
    for motor in motors:
        actuators.remove(motor)
    pairs = [pair for group in groups for pair in list(group)]
    for group in groups:
        root.remove(group)
    contact = _element(root, "contact")

    def own(element, prefix):
        out = copy.deepcopy(element)
        for child in out.iter():
            for key in ("name", "joint", "body1", "body2", "geom1", "geom2"):
                if key in child.attrib:
                    child.set(key, prefix + child.get(key))
        return out

    for k in range(22):
        body = own(person, f"h{k}_")
        body.set("pos", f"{1.0 * (k % 5 - 2):g} {1.0 * (k // 5 - 2):g} 1.5")
        world.append(body)
        for motor in motors:
            actuators.append(own(motor, f"h{k}_"))
        for pair in pairs:
            contact.append(own(pair, f"h{k}_"))
    return root


def root(name, humanoid):
    """The model as a tree of elements; humanoid: that of dm_control, includes expanded, which is used up."""
    return {"objects": objects, "chain": chain, "hulls": hulls, "humanoids": humanoids}[name](humanoid)
