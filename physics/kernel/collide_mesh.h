// Meshes: planes, and everything convex, against the convex hull of a mesh. MuJoCo too collides hulls.
//
// On a plane a hull has up to four points (MuJoCo: three, from the neighbourhood of the lowest corner): of all its corners below
// the margin the lowest, and those that span the most (`spread`). All other pairs are convex pairs.
#pragma once
#include "physics/kernel/collide_manifold.h"

NURI_KERNEL_BEGIN

template <class S> NURI_STAGE int plane_hull_hits(const Shape<S>& plane, const Solid<S>& g, S margin, Hit<S>* out) {
  const Vec3<S> n = z_axis(plane), down = -transposed_times(g.mat, n);
  const S height = dot(g.pos - plane.pos, n);
  if ((height - dot(corner_of<S>(g.hull, farthest_corner<S>(g.hull, down, 0)), down) > margin).v) return 0;
  int kept[4];
  const int count = spread<S>(g.hull.vertex_count, margin, real<S>(0.01) * S(g.hull.thickness), -down,
                              [&](int k) { return corner_of<S>(g.hull, k); }, [&](int k) { return height - dot(corner_of<S>(g.hull, k), down); }, kept);
  for (int k = 0; k < count; ++k) {
    const Vec3<S> corner = g.pos + g.mat * corner_of<S>(g.hull, kept[k]);
    const S dist = dot(corner - plane.pos, n);
    out[k] = {dist, sub_mul(corner, n, dist * real<S>(0.5)), n, zero3<S>()};
  }
  return count;
}
template <class R> NURI_FN void plane_hull(const Shape<R>& a, const Shape<R>& b, const Hull_of<R>& hull, R margin, Hit<R>* out) {
  walk<4>(dot(b.pos - a.pos, z_axis(a)) <= margin + R(hull.radius) * real<R>(1.0001), a, out, [&](int w, Hit<One<R>>* hits) {
    return plane_hull_hits(lane(a, w, true), solid(b, w, hull), One<R>(margin[w]), hits);
  });
}

// Geom 2 is a mesh, geom 1 anything from a plane to a mesh.
template <class R> NURI_FN void convex_hull(const ModelView<R>& m, int g1, int g2, int type1, const Shape<R>& a, const Shape<R>& b, R margin, bool manifold, Hit<R>* out) {
  const Hull_of<R> hull = hull_of(m, g2);
  if (type1 == geom::plane) return plane_hull(a, b, hull, margin, out);
  const bool meshes = type1 == geom::mesh;
  const Hull_of<R> hull1 = meshes ? hull_of(m, g1) : Hull_of<R>{};
  const R reach = (meshes ? R(hull1.radius) : bounding_radius(type1, a)) + R(hull.radius);
  const auto one = [&](int w) { return meshes ? solid(a, w, hull1) : solid(a, w, type1 <= geom::capsule); };
  const auto two = [&](int w) { return solid(b, w, hull); };
  const int slots = max_hits(type1, geom::mesh);
  if (slots == 1) walk_convex<1>(type1, geom::mesh, a, b, reach, margin, false, out, one, two);
  else if (slots == 2) walk_convex<2>(type1, geom::mesh, a, b, reach, margin, manifold, out, one, two);
  else walk_convex<4>(type1, geom::mesh, a, b, reach, margin, manifold, out, one, two);
}

NURI_KERNEL_END
