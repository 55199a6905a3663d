// Convex hulls as kernels see them, and geoms that carry one.
//
// A hull is the same for all environments: corners in the geom's frame, polygons wound counter-clockwise from outside, and for
// every corner its links: one neighbour for each polygon that meets there. Support points come from all corners of a small
// hull; on a large one by climbing from neighbour to neighbour, where a local maximum is the maximum. The climb starts where
// the last one of the same pair ended; equal corners are decided by that start and by index, never by addresses.
#pragma once
#include "engine/model/view.h"
#include "physics/kernel/collide_box.h"

NURI_KERNEL_BEGIN

template <class T> struct Hull {
  const T *vertex, *normal;                                 // 3 numbers each: corners (m), polygons' outward normals
  const int *link_adr, *link, *link_polygon;                // links of a corner: neighbours, and the polygon to the left of the way there
  const int *polygon_adr, *corner;                          // corners of a polygon
  int vertex_count;
  T thickness, radius;                                      // m: of a ball inside; of the ball about the frame that holds it
};
template <class R> using Hull_of = Hull<typename Parts<R>::Number>;

template <class R> NURI_FN Hull_of<R> hull_of(const ModelView<R>& m, int g) {
  const int mesh = m.geom_shape[g], first = m.mesh_vertex_adr[mesh], polygon = m.mesh_polygon_adr[mesh];
  Hull_of<R> h;
  h.vertex = m.mesh_vertex.shared + 3 * first;
  h.normal = m.mesh_normal.shared + 3 * polygon;
  h.link_adr = m.vertex_link_adr + first;
  h.link = m.vertex_link;
  h.link_polygon = m.vertex_link_polygon;
  h.polygon_adr = m.polygon_corner_adr + polygon;
  h.corner = m.polygon_corner;
  h.vertex_count = m.mesh_vertex_adr[mesh + 1] - first;
  h.thickness = m.mesh_thickness.shared[mesh];
  h.radius = m.mesh_radius.shared[mesh];
  return h;
}

// One environment's geom for code that takes any convex shape. `hull` of a mesh only; `last`: where its last climb ended.
template <class S> struct Solid : Shape<S> {
  Hull_of<S> hull{};
  mutable int last = 0;
};
template <class R> NURI_FN Solid<One<R>> solid(const Shape<R>& g, int w, bool only_axis) {
  Solid<One<R>> s;
  static_cast<Shape<One<R>>&>(s) = lane(g, w, only_axis);
  return s;
}
template <class R> NURI_FN Solid<One<R>> solid(const Shape<R>& g, int w, const Hull_of<R>& hull) {
  Solid<One<R>> s = solid(g, w, false);
  s.hull = hull;
  return s;
}

inline constexpr int hull_searched = 24;                    // up to so many corners all are looked at

template <class S> NURI_FN Vec3<S> corner_of(const Hull_of<S>& h, int i) { return {S(h.vertex[3 * i]), S(h.vertex[3 * i + 1]), S(h.vertex[3 * i + 2])}; }
template <class S> NURI_FN Vec3<S> normal_of(const Hull_of<S>& h, int p) { return {S(h.normal[3 * p]), S(h.normal[3 * p + 1]), S(h.normal[3 * p + 2])}; }

// Corner of the hull that lies farthest in direction d (the geom's axes).
template <class S> NURI_FN int farthest_corner(const Hull_of<S>& h, Vec3<S> d, int start) {
  if (h.vertex_count <= hull_searched) {
    int best = 0;
    S most = dot(corner_of<S>(h, 0), d);
    for (int i = 1; i < h.vertex_count; ++i) {
      const S here = dot(corner_of<S>(h, i), d);
      if ((here > most).v) most = here, best = i;
    }
    return best;
  }
  int best = start;
  S most = dot(corner_of<S>(h, best), d);
  NURI_KEEP_LOOP for (int step = 0; step < h.vertex_count; ++step) {       // never long: the way rises all the time
    const int from = best;
    for (int k = h.link_adr[from]; k < h.link_adr[from + 1]; ++k) {
      const S here = dot(corner_of<S>(h, h.link[k]), d);
      if ((here > most).v) most = here, best = h.link[k];
    }
    if (best == from) break;
  }
  return best;
}

NURI_KERNEL_END
