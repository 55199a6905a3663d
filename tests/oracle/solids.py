"""How deep two convex bodies overlap along a direction: what a contact of theirs says can be held against their geometry."""
import models

if not models.missing():
    import mujoco
    import numpy as np

PLANE, FIELD = 0, 1


def reach(m, d, geom, direction):
    """The largest coordinate of a geom along a direction, from the world's origin; None of planes and height fields."""
    kind, size = int(m.geom_type[geom]), m.geom_size[geom]
    if kind in (PLANE, FIELD):
        return None
    n = d.geom_xmat[geom].reshape(3, 3).T @ direction                   # in the geom's frame
    if kind == mujoco.mjtGeom.mjGEOM_MESH:
        mesh = m.geom_dataid[geom]
        corners = m.mesh_vert[m.mesh_vertadr[mesh]:m.mesh_vertadr[mesh] + m.mesh_vertnum[mesh]].astype(float)
        own = (corners @ n).max()
    elif kind == mujoco.mjtGeom.mjGEOM_BOX:
        own = np.abs(n) @ size
    elif kind == mujoco.mjtGeom.mjGEOM_ELLIPSOID:
        own = np.linalg.norm(n * size)
    elif kind == mujoco.mjtGeom.mjGEOM_CYLINDER:
        own = size[0] * np.hypot(n[0], n[1]) + size[1] * abs(n[2])
    else:
        own = size[0] * np.linalg.norm(n) + (size[1] * abs(n[2]) if kind == mujoco.mjtGeom.mjGEOM_CAPSULE else 0)
    return own + d.geom_xpos[geom] @ direction


def overlap(m, d, first, second, direction):
    """Along a direction from the first to the second: how far the first would have to go back. The least of all directions is the depth."""
    ahead, behind = reach(m, d, first, direction), reach(m, d, second, -direction)
    return None if ahead is None or behind is None else ahead + behind
