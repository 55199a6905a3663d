// Distances between geoms: signed distance, direction, and the segment between the nearest points. MuJoCo: mj_geomDistance,
// mj_sensorPos.
//
// Pairs with a closed form take it from the narrow phase, with the cutoff as margin. All other convex pairs, boxes against boxes and capsules
// among them (their contact functions give places where they should be held), ask for nearest points (nearest_points.h). The nearest hit
// of all pairs of geoms counts, of equals the first. Beyond the cutoff: the cutoff, and zeros. Meshes and height fields are
// refused by the compiler; two planes are never near, as in MuJoCo.
//
//   distance   m, negative: penetration
//   normal     unit, from the point on the first geom to the one on the second; 0 where they touch exactly
//   fromto     m; point on the first, point on the second
#pragma once
#include "physics/kernel/collide.h"
#include "physics/sensor/frame.h"
#include "physics/sensor/nearest_points.h"

NURI_KERNEL_BEGIN

// The nearest hit of geoms first and second, seen from `first`.
template <class L> NURI_FN Hit<typename L::Real> geom_distance(const Pack<L>& p, int first, int second, typename L::Real cutoff) {
  using R = typename L::Real;
  const auto& m = p.model;
  const bool turned = m.geom_type[first] > m.geom_type[second];
  const int g1 = turned ? second : first, g2 = turned ? first : second, type1 = m.geom_type[g1], type2 = m.geom_type[g2];
  const auto shape = [&](int g) {
    const Frame<R> f = frame_of(p, object::geom, g);
    return Shape<R>{f.pos, matrix(f.quat), load3(m.geom_size, g)};
  };
  Hit<R> best{real<R>(no_hit), zero3<R>(), zero3<R>(), zero3<R>()};
  const int count = max_hits(type1, type2);
  if (!count) return best;
  const Shape<R> a = shape(g1), b = shape(g2);
  Hit<R> hit[8];
  const bool closed = type1 == geom::plane || (type1 == geom::sphere && type2 != geom::ellipsoid) || (type1 == geom::capsule && type2 == geom::capsule);
  if (closed) {
    collide(type1, type2, a, b, cutoff, false, hit);
  } else {
    const Vec3<R> d = b.pos - a.pos;
    const R reach = bounding_radius(type1, a) + bounding_radius(type2, b) + max(cutoff, R(0));
    walk<1>(dot(d, d) <= reach * reach, a, hit, [&](int w, Hit<One<R>>* hits) {
      return distance_hit(type1, type2, solid(a, w, type1 == geom::capsule), solid(b, w, type2 == geom::capsule), hits);
    });
  }
  for (int k = 0; k < (closed ? count : 1); ++k) {
    const auto nearer = hit[k].dist < best.dist;
    best.dist = where(nearer, hit[k].dist, best.dist);
    best.pos = where(nearer, hit[k].pos, best.pos);
    best.normal = where(nearer, turned ? -hit[k].normal : hit[k].normal, best.normal);
  }
  return best;
}

template <class L> NURI_FN void sense_distance(const Pack<L>& p, int i, typename L::Real* out) {
  using R = typename L::Real;
  const auto& m = p.model;
  const R cutoff = m.sensor_cutoff[i];
  // a geom, or those of a body
  struct Range { int first, end; };
  const auto geoms = [&](int type, int object) {
    if (type == object::geom) return Range{object, object + 1};
    int first = 0;
    while (first < m.geom_count && m.geom_body[first] < object) ++first;
    int end = first;
    while (end < m.geom_count && m.geom_body[end] == object) ++end;
    return Range{first, end};
  };
  const Range one = geoms(m.sensor_object_type[i], m.sensor_object[i]), two = geoms(m.sensor_reference_type[i], m.sensor_reference[i]);
  R dist = cutoff;
  Vec3<R> from = zero3<R>(), to = zero3<R>();
  for (int a = one.first; a < one.end; ++a) {
    for (int b = two.first; b < two.end; ++b) {
      const Hit<R> hit = geom_distance(p, a, b, cutoff);
      const auto nearer = hit.dist < dist;
      if (!any(nearer)) continue;
      const Vec3<R> half = hit.normal * (where(nearer, hit.dist, R(0)) * p.half());
      dist = where(nearer, hit.dist, dist);
      from = where(nearer, hit.pos - half, from);
      to = where(nearer, hit.pos + half, to);
    }
  }
  R length;
  switch (m.sensor_type[i]) {
    case sensor::distance: out[0] = dist; break;
    case sensor::normal: store3(out, 0, normalized(to - from, zero3<R>(), length)); break;
    default: store3(out, 0, from), store3(out, 1, to);
  }
}

template <class L> NURI_STAGE void sense_distances(Pack<L>& p) {
  const auto& m = p.model;
  p.lane.each(m.sensor_count, [&](int i) {
    if (m.sensor_type[i] >= sensor::distance && m.sensor_type[i] <= sensor::fromto) sense_distance(p, i, p.scratch.sensors() + m.sensor_adr[i]);
  });
  p.lane.sync();
}

NURI_KERNEL_END
