"""Solids with rounded edges as triangle meshes: revolved profiles, lofts, extruded outlines; their masses; OBJ and STL files.

Parts of a link may overlap: each is closed and oriented, and has its own mass, so a link's inertia is the sum over its parts (Mirtich 1996,
"Fast and accurate computation of polyhedral mass properties", in the form of tetrahedra over the origin). Metres, kilograms, z up.
"""
import re
import numpy as np


class Solid:
    """points (n, 3) and triangles (m, 3), counter-clockwise from outside."""

    def __init__(self, points, triangles):
        self.points = np.asarray(points, float)
        self.triangles = np.asarray(triangles, int)
        corners = self.points[self.triangles]
        area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
        self.triangles = self.triangles[area > 1e-10]
        if self.moments()[0] < 0:
            self.triangles = self.triangles[:, ::-1]

    def moments(self):
        """Volume, first moments, second moments (3 x 3) about the origin, density 1."""
        a, b, c = np.moveaxis(self.points[self.triangles], 1, 0)
        volume = np.einsum("ij,ij->i", a, np.cross(b, c)) / 6
        total = a + b + c
        second = sum(np.einsum("i,ij,ik->jk", volume, p, p) for p in (a, b, c, total)) / 20
        return volume.sum(), (volume[:, None] * total).sum(0) / 4, second

    def moved(self, offset=(0, 0, 0), turn=np.eye(3)):
        return Solid(self.points @ np.asarray(turn).T + offset, self.triangles)

    def mirrored(self, axis):
        points = self.points.copy()
        points[:, axis] *= -1
        return Solid(points, self.triangles)


def join(solids):
    base, points, triangles = 0, [], []
    for s in solids:
        points.append(s.points)
        triangles.append(s.triangles + base)
        base += len(s.points)
    return Solid(np.vstack(points), np.vstack(triangles))


def rotation(axis, degrees):
    x, y = [(1, 2), (2, 0), (0, 1)]["xyz".index(axis)]
    r = np.eye(3)
    a = np.radians(degrees)
    r[x, x] = r[y, y] = np.cos(a)
    r[y, x], r[x, y] = np.sin(a), -np.sin(a)
    return r


ALONG_Y = rotation("x", -90)      # z to y
ALONG_X = rotation("y", 90)       # z to x


def rounded(corners, closed=True, steps=3):
    """A polygon whose corners (x, y, radius) are arcs of `steps` chords each."""
    corners = [tuple(c) + (0,) * (3 - len(c)) for c in corners]
    out = []
    for i, (x, y, radius) in enumerate(corners):
        here = np.array([x, y])
        if radius == 0 or (not closed and i in (0, len(corners) - 1)):
            out.append(here)
            continue
        before = np.array(corners[i - 1][:2]) - here
        after = np.array(corners[(i + 1) % len(corners)][:2]) - here
        before_length, after_length = np.linalg.norm(before), np.linalg.norm(after)
        before, after = before / before_length, after / after_length
        half = np.arccos(np.clip(before @ after, -1, 1)) / 2
        reach = min(radius / np.tan(half), 0.499 * before_length, 0.499 * after_length)
        radius = reach * np.tan(half)
        middle = here + (before + after) / np.linalg.norm(before + after) * radius / np.sin(half)
        start, end = here + before * reach - middle, here + after * reach - middle
        sweep = np.pi - 2 * half
        for k in range(steps + 1):
            t = k / steps
            out.append(middle + (np.sin((1 - t) * sweep) * start + np.sin(t * sweep) * end) / np.sin(sweep))
    return np.array(out)


def tube(rings):
    """Rings of equally many points, closed at both ends by a fan over the ring's middle."""
    rings = np.asarray(rings, float)
    n, m = rings.shape[:2]
    triangles = []
    for i in range(n - 1):
        for j in range(m):
            a, b, c, d = i * m + j, i * m + (j + 1) % m, (i + 1) * m + (j + 1) % m, (i + 1) * m + j
            triangles += [(a, b, c), (a, c, d)]
    first, last = n * m, n * m + 1
    for j in range(m):
        triangles += [(first, (j + 1) % m, j), (last, (n - 1) * m + j, (n - 1) * m + (j + 1) % m)]
    return Solid(np.vstack([rings.reshape(-1, 3), rings[0].mean(0), rings[-1].mean(0)]), triangles)


def revolve(profile, segments=40):
    """Turns a profile of (radius, z, fillet) about z; it is closed by discs at its ends."""
    line = rounded(profile, closed=False, steps=2)
    angle = np.arange(segments) * 2 * np.pi / segments
    return tube([np.column_stack([r * np.cos(angle), r * np.sin(angle), np.full(segments, z)]) for r, z in line])


def cylinder(radius, low, high, edge=0.003, segments=40):
    return revolve([(radius - 2 * edge, low), (radius, low, edge), (radius, high, edge), (radius - 2 * edge, high)], segments)


def extrude(outline, low, high, edge=0.003, steps=2):
    """An outline (x, y) that is a star about its middle, along z, with round edges."""
    outline = np.asarray(outline, float)
    ahead, behind = np.roll(outline, -1, 0) - outline, outline - np.roll(outline, 1, 0)
    across = lambda v: np.column_stack([v[:, 1], -v[:, 0]]) / np.maximum(np.linalg.norm(v, axis=1, keepdims=True), 1e-12)
    out = across(ahead) + across(behind)
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    if np.sum(outline[:, 0] * np.roll(outline[:, 1], -1) - outline[:, 1] * np.roll(outline[:, 0], -1)) < 0:
        out = -out
    ring = lambda inset, z: np.column_stack([outline - out * inset, np.full(len(outline), z)])
    turn = np.linspace(0, np.pi / 2, steps + 1)
    bottom = [ring(edge * (1 - np.sin(t)), low + edge * (1 - np.cos(t))) for t in turn]
    top = [ring(edge * (1 - np.cos(t)), high - edge * (1 - np.sin(t))) for t in turn]
    return tube(bottom + top)


def rectangle(half_x, half_y, radius, middle=(0, 0), steps=4):
    x, y = middle
    return rounded([(x - half_x, y - half_y, radius), (x + half_x, y - half_y, radius), (x + half_x, y + half_y, radius), (x - half_x, y + half_y, radius)], steps=steps)


def box(half, edge=0.003, middle=(0, 0, 0), corner=None):
    return extrude(rectangle(half[0], half[1], corner or edge), -half[2], half[2], edge).moved(middle)


def loft(sections, edge=0.004, between=5, corner_steps=5):
    """Smooth skin over rounded rectangles (z, middle x, half x, half y, corner radius), ends with round edges."""
    keys = np.array(sections, float)
    rows = []
    for a, b in zip(keys[:-1], keys[1:]):
        for k in range(between):
            t = k / between
            row = a + (b - a) * (t * t * (3 - 2 * t))
            row[0] = a[0] + (b[0] - a[0]) * t
            rows.append(row)
    rows.append(keys[-1])

    def end(row, sign):
        out = []
        for t in np.linspace(0, np.pi / 2, 3):
            r = row.copy()
            inset = edge * (1 - np.sin(t))
            r[2:5] -= inset
            r[4] = max(r[4], 1e-4)
            r[0] += sign * edge * (1 - np.cos(t))
            out.append(r)
        return out

    rows = end(rows[0], 1) + [r for r in rows if keys[0, 0] + edge < r[0] < keys[-1, 0] - edge] + end(rows[-1], -1)[::-1]
    rings = []
    for z, middle, half_x, half_y, radius in rows:
        ring = rectangle(half_x, half_y, min(radius, 0.998 * min(half_x, half_y)), (middle, 0), corner_steps)
        rings.append(np.column_stack([ring, np.full(len(ring), z)]))
    return tube(rings)


def bolts(count, circle, radius, low, high, phase=0.5, segments=6):
    """Screw heads on a circle about z."""
    out = []
    for k in range(count):
        a = 2 * np.pi * (k + phase) / count
        out.append(cylinder(radius, low, high, radius * 0.2, segments).moved((circle * np.cos(a), circle * np.sin(a), 0)))
    return join(out)


class Link:
    """Named groups of parts (one OBJ and one material each) with their masses."""

    def __init__(self):
        self.groups, self.parts = {}, []

    def add(self, group, solid, mass):
        self.groups.setdefault(group, []).append(solid)
        self.parts.append((solid, mass))

    def inertial(self):
        """Mass, centre, and inertia (xx yy zz xy xz yz) about the centre in the link's axes."""
        mass, first, second = 0.0, np.zeros(3), np.zeros((3, 3))
        for solid, part_mass in self.parts:
            volume, f, s = solid.moments()
            mass += part_mass
            first += f * part_mass / volume
            second += s * part_mass / volume
        centre = first / mass
        second = second - mass * np.outer(centre, centre)
        inertia = np.trace(second) * np.eye(3) - second
        return mass, centre, inertia[[0, 1, 2, 0, 0, 1], [0, 1, 2, 1, 2, 2]]

    def write(self, folder, name, ending="obj"):
        count = 0
        for group, solids in self.groups.items():
            count += write_obj(f"{folder}/{name}_{group}.obj", join(solids)) if ending == "obj" else write_stl(f"{folder}/{name}_{group}.stl", join(solids))
        return count


def corner_normals(solid, crease=40.0):
    """Normals per corner: of the faces about the point that turn less than `crease` degrees, weighted by area and angle."""
    points, triangles = solid.points, solid.triangles
    corners = points[triangles]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(normal, axis=1, keepdims=True)
    unit = normal / area
    _, place = np.unique(np.round(points / 1e-6).astype(np.int64), axis=0, return_inverse=True)
    place = place.ravel()
    around = {}
    for f, triangle in enumerate(triangles):
        for k in range(3):
            u, v = corners[f, (k + 1) % 3] - corners[f, k], corners[f, (k + 2) % 3] - corners[f, k]
            angle = np.arccos(np.clip(u @ v / (np.linalg.norm(u) * np.linalg.norm(v)), -1, 1))
            around.setdefault(place[triangle[k]], []).append((f, angle))
    out, least = np.zeros((len(triangles), 3, 3)), np.cos(np.radians(crease))
    for f, triangle in enumerate(triangles):
        for k in range(3):
            near = around[place[triangle[k]]]
            faces = np.array([g for g, _ in near])
            weight = area[faces, 0] * np.array([w for _, w in near]) * (unit[faces] @ unit[f] > least)
            n = (weight[:, None] * unit[faces]).sum(0)
            out[f, k] = n / np.linalg.norm(n)
    return out


def write_obj(path, solid, scale=4.0, crease=40.0):
    """OBJ with normals and texture coordinates (box projection, `scale` repeats per metre)."""
    normals = corner_normals(solid, crease)
    tables, lines, faces = [{}, {}, {}], [], []

    def index(kind, key):
        return tables[kind].setdefault(key, len(tables[kind]) + 1)

    for f, triangle in enumerate(solid.triangles):
        corners = solid.points[triangle]
        flat = np.argmax(np.abs(np.cross(corners[1] - corners[0], corners[2] - corners[0])))
        u, v = [(1, 2), (0, 2), (0, 1)][flat]
        face = []
        for k in range(3):
            p, n = corners[k], normals[f, k]
            face.append("%d/%d/%d" % (index(0, tuple(np.round(p, 5) + 0.0)), index(1, (round(p[u] * scale, 3) + 0.0, round(p[v] * scale, 3) + 0.0)), index(2, tuple(np.round(n, 3) + 0.0))))
        faces.append("f " + " ".join(face))
    for kind, word in enumerate(("v", "vt", "vn")):
        lines += [word + " " + " ".join("%g" % x for x in key) for key in tables[kind]]
    with open(path, "w") as file:
        file.write("\n".join(lines + faces) + "\n")
    return len(faces)


def write_stl(path, solid):
    """Binary STL."""
    corners = solid.points[solid.triangles]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    rows = np.zeros(len(corners), dtype=[("numbers", "<f4", 12), ("attribute", "<u2")])
    rows["numbers"] = np.hstack([normal, corners.reshape(-1, 9)])
    with open(path, "wb") as file:
        file.write(b"Nuri".ljust(80) + np.uint32(len(rows)).tobytes() + rows.tobytes())
    return len(rows)


def numbers(values):
    return " ".join("%.5g" % (v if abs(v) > 1e-9 else 0) for v in values)


def write_mjcf_inertial(path, body, link):
    """Replaces the <inertial> of a body in an MJCF file."""
    mass, centre, inertia = link.inertial()
    text = open(path).read()
    new = f'<inertial pos="{numbers(np.round(centre, 6))}" mass="{numbers([mass])}" fullinertia="{numbers(inertia)}"/>'
    text, count = re.subn(rf'(<body name="{body}"[^>]*>\s*)<inertial[^>]*/>', lambda m: m.group(1) + new, text)
    assert count == 1, f"{path}: no <inertial> directly below <body name=\"{body}\">"
    open(path, "w").write(text)
