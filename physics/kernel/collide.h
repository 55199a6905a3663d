// Narrow phase: where two geoms touch.
//
// `collide` writes exactly max_hits(type1, type2) hits for a pair of types (type1 <= type2, the same for the whole
// pack). An absent hit has dist = no_hit; its other fields are finite and mean nothing. Kept are hits with dist <= margin. `normal` points
// from geom 1 to geom 2, `pos` lies halfway between the surfaces, dist < 0 is penetration.
//
// What is a contact follows MuJoCo 3.17, because users' models are tuned to it: which points, how many, in which order.
//
//   collide_round.h    planes, spheres, capsules (and sphere-cylinder): closed forms, all environments at once
//   collide_box.h      sphere-box at once; capsule-box and box-box environment by environment
//   collide_convex.h   every other convex pair: expanding polytope, environment by environment
//   collide_manifold.h several points of it where geoms lie flat on each other, if `manifold` (MJCF's flag multiccd)
//   collide_mesh.h     convex hulls of meshes
//   collide_grid.h     height fields
#pragma once
#include "engine/model/model_flags.h"
#include "physics/kernel/collide_grid.h"
#include "physics/kernel/collide_mesh.h"

NURI_KERNEL_BEGIN

template <class R> NURI_FN void collide(int type1, int type2, const Shape<R>& a, const Shape<R>& b, R margin, bool manifold, Hit<R>* out) {
  using namespace geom;
  switch (type1 * type_count + type2) {
    case plane * type_count + sphere: return plane_sphere(a, b, margin, out);
    case plane * type_count + capsule: return plane_capsule(a, b, margin, out);
    case plane * type_count + ellipsoid: return plane_ellipsoid(a, b, margin, out);
    case plane * type_count + cylinder: return plane_cylinder(a, b, margin, out);
    case plane * type_count + box: return plane_box(a, b, margin, out);
    case sphere * type_count + sphere: return sphere_sphere(a, b, margin, out);
    case sphere * type_count + capsule: return sphere_capsule(a, b, margin, out);
    case sphere * type_count + cylinder: return sphere_cylinder(a, b, margin, out);
    case sphere * type_count + box: return sphere_box(a, b, margin, out);
    case capsule * type_count + capsule: return capsule_capsule(a, b, margin, out);
    case capsule * type_count + box: return capsule_box(a, b, margin, out);
    case box * type_count + box: return box_box(a, b, margin, out);
    default:
      if (type1 >= sphere && type2 <= box) return convex_convex(type1, type2, a, b, margin, manifold, out);
  }
}
// Geoms of a model: primitives as above, meshes and height fields with what the model knows of them.
template <class R>
NURI_FN void collide(const ModelView<R>& m, int g1, int g2, int type1, int type2, const Shape<R>& a, const Shape<R>& b, R margin, Hit<R>* out) {
  const bool manifold = m.on(model::flag_multiccd);
  if (type1 == geom::hfield) return grid_convex(m, g1, g2, type2, a, b, margin, out);
  if (type2 == geom::mesh) return convex_hull(m, g1, g2, type1, a, b, margin, manifold, out);
  collide(type1, type2, a, b, margin, manifold, out);
}

NURI_KERNEL_END
