// Where a ray meets a shape: x + t d, t >= 0. All environments of a pack at once for primitives; triangles, meshes (bvh.h)
// and height fields one environment after another (`Wide<T, 1>`).
//
// Points and directions are in the shape's own axes, sizes as MJCF. d need not be unit: t counts in lengths of d. A hit is the
// smallest t >= 0 on the surface, so a ray that starts inside finds where it leaves; `normal` is unit and points out of the
// shape either way. Nothing met, or a d shorter than 1e-15: t = no_ray_hit and normal = 0. MuJoCo: mj_ray, mju_rayGeom.
//
// Chosen: a closed convex shape cuts one stretch out of the ray, and the stretch of an intersection is the overlap of the
// stretches of its parts: a box is three slabs, a cylinder a slab and a round wall. A capsule is the hull of its parts, so its
// stretch reaches from the first to the last of theirs. Rejected: all surfaces one by one with tests of validity (MuJoCo), where
// a ray through an edge may slip between two surfaces.
//
// Precision: distances of round shapes come from the ray's point nearest to their centre (Haines et al., Ray Tracing Gems 7), not
// from b^2 - a c: in float a ball of 0.1 m at 100 m would be noise. Triangles are watertight (Woop, Benthin, Wald 2013): two that
// share an edge compute it with the same numbers, so a ray meets at least one of them; hence no fma there.
#pragma once
#include "engine/math/vector.h"

NURI_KERNEL_BEGIN

inline constexpr float no_ray_hit = 1e20f;   // also the end of a ray: no surface is as far

template <class R> struct RayHit {
  R t;              // lengths of d
  Vec3<R> normal;   // unit
};

// ---- stretches of a ray ---------------------------------------------------------------------------------------------
// From `near` to `far`; nothing if near > far.
template <class R> struct Stretch { R near, far; };
template <class R> NURI_VALUE Stretch<R> overlap(Stretch<R> a, Stretch<R> b) { return {max(a.near, b.near), min(a.far, b.far)}; }
template <class R> NURI_VALUE Stretch<R> hull(Stretch<R> a, Stretch<R> b) {           // of two that touch; one may be nothing
  const auto no_a = a.far < a.near, no_b = b.far < b.near;
  return {where(no_a, b.near, where(no_b, a.near, min(a.near, b.near))), where(no_a, b.far, where(no_b, a.far, max(a.far, b.far)))};
}

// where |x + t d| <= half
template <class R> NURI_FN Stretch<R> slab(R x, R d, R half) {
  const auto parallel = abs(d) < R(1e-15f), inside = abs(x) <= half;
  const R inverse = R(1) / where(parallel, R(1), d), a = (half - x) * inverse, b = (-half - x) * inverse, end = R(no_ray_hit);
  return {where(parallel, where(inside, -end, end), min(a, b)), where(parallel, where(inside, end, -end), max(a, b))};
}

// where |x + t d| <= radius:  a t^2 + 2 b t + c <= 0,  b^2 - a c = a (radius^2 - |x - (b / a) d|^2)
template <class R> NURI_FN Stretch<R> ball(Vec3<R> x, Vec3<R> d, R radius) {
  const R a = dot(d, d), b = dot(x, d), end = R(no_ray_hit), squared = radius * radius, c = sub_mul(dot(x, x), radius, radius);
  const auto parallel = a < R(1e-30f), inside = c <= R(0);
  const R inverse = R(1) / where(parallel, R(1), a);
  const Vec3<R> nearest = sub_mul(x, d, b * inverse);
  const R room = squared - dot(nearest, nearest);
  const auto missed = room < R(0), none = (parallel & (!inside)) | ((!parallel) & missed);
  const R root = sqrt(a * where(missed, R(0), room)), q = where(b < R(0), root - b, -root - b);   // the root without cancellation, times a
  const auto touching = abs(q) < R(1e-30f);
  const R one = q * inverse, two = where(touching, one, c / where(touching, R(1), q));
  return {where(none, end, where(parallel, -end, min(one, two))), where(none, -end, where(parallel, end, max(one, two)))};
}

// Entry if it lies ahead, else exit.
template <class R> NURI_VALUE R first_ahead(Stretch<R> s) {
  const auto met = (s.near <= s.far) & (R(0) <= s.far);
  return where(met, where(R(0) <= s.near, s.near, s.far), R(no_ray_hit));
}
// `t` with the normal along n(point at t), of any length.
template <class R, class F> NURI_VALUE RayHit<R> hit_at(Vec3<R> x, Vec3<R> d, R t, F n) {
  const auto met = t < R(no_ray_hit);
  R length;
  const Vec3<R> normal = normalized(n(mul_add(d, where(met, t, R(0)), x)), zero3<R>(), length);
  return {where(met, t, R(no_ray_hit)), where(met, normal, zero3<R>())};
}
template <class R> NURI_VALUE RayHit<R> nearer(RayHit<R> a, RayHit<R> b) {           // of equals the first
  const auto second = b.t < a.t;
  return {where(second, b.t, a.t), where(second, b.normal, a.normal)};
}

// ---- primitives -----------------------------------------------------------------------------------------------------
// A plane is seen from its front only; size as MJCF: half sizes along x and y, 0: endless.
template <class R> NURI_FN RayHit<R> ray_plane(Vec3<R> x, Vec3<R> d, Vec3<R> size) {
  const auto falls = d.z < R(-1e-15f);
  const R t = -x.z / where(falls, d.z, R(-1));
  const auto ahead = falls & (R(0) <= t) & (t < R(no_ray_hit));
  const Vec3<R> at = mul_add(d, where(ahead, t, R(0)), x);
  const auto met = ahead & ((size.x <= R(0)) | (abs(at.x) <= size.x)) & ((size.y <= R(0)) | (abs(at.y) <= size.y));
  return {where(met, t, R(no_ray_hit)), {R(0), R(0), where(met, R(1), R(0))}};
}

template <class R> NURI_FN RayHit<R> ray_sphere(Vec3<R> x, Vec3<R> d, R radius) {
  return hit_at(x, d, first_ahead(ball(x, d, radius)), [](Vec3<R> at) NURI_INLINED { return at; });
}

// The round wall of a cylinder along z, without ends.
template <class R> NURI_VALUE Stretch<R> tube(Vec3<R> x, Vec3<R> d, R radius) { return ball(Vec3<R>{x.x, x.y, R(0)}, Vec3<R>{d.x, d.y, R(0)}, radius); }

template <class R> NURI_FN RayHit<R> ray_capsule(Vec3<R> x, Vec3<R> d, R radius, R half) {
  const Vec3<R> end{R(0), R(0), half};
  const Stretch<R> all = hull(hull(overlap(tube(x, d, radius), slab(x.z, d.z, half)), ball(x - end, d, radius)), ball(x + end, d, radius));
  const R t = where(dot(d, d) < R(1e-30f), R(no_ray_hit), first_ahead(all));
  return hit_at(x, d, t, [&](Vec3<R> at) NURI_INLINED { return Vec3<R>{at.x, at.y, at.z - max(-half, min(half, at.z))}; });
}

template <class R> NURI_FN RayHit<R> ray_cylinder(Vec3<R> x, Vec3<R> d, R radius, R half) {
  const Stretch<R> wall = tube(x, d, radius), ends = slab(x.z, d.z, half), both = overlap(wall, ends);
  const auto entry = R(0) <= both.near, flat = (entry & (wall.near <= ends.near)) | ((!entry) & (ends.far <= wall.far));
  return hit_at(x, d, first_ahead(both), [&](Vec3<R> at) NURI_INLINED { return where(flat, Vec3<R>{R(0), R(0), at.z}, Vec3<R>{at.x, at.y, R(0)}); });
}

template <class R> NURI_FN RayHit<R> ray_ellipsoid(Vec3<R> x, Vec3<R> d, Vec3<R> size) {   // a unit sphere in scaled axes
  const Vec3<R> s{R(1) / size.x, R(1) / size.y, R(1) / size.z};
  const Stretch<R> all = ball(Vec3<R>{x.x * s.x, x.y * s.y, x.z * s.z}, Vec3<R>{d.x * s.x, d.y * s.y, d.z * s.z}, R(1));
  return hit_at(x, d, first_ahead(all), [&](Vec3<R> at) NURI_INLINED { return Vec3<R>{at.x * s.x * s.x, at.y * s.y * s.y, at.z * s.z * s.z}; });
}

// Where a ray meets the faces of |x| <= size; of equal faces the first axis.
template <class R> NURI_FN RayHit<R> ray_box(Vec3<R> x, Vec3<R> d, Vec3<R> size) {
  const Stretch<R> sx = slab(x.x, d.x, size.x), sy = slab(x.y, d.y, size.y), sz = slab(x.z, d.z, size.z), all = overlap(overlap(sx, sy), sz);
  const auto entry = R(0) <= all.near;
  const auto on = [&](Stretch<R> s) NURI_INLINED { return (entry & (all.near <= s.near)) | ((!entry) & (s.far <= all.far)); };
  const auto on_x = on(sx), on_y = on(sy);
  return hit_at(x, d, first_ahead(all), [&](Vec3<R> at) NURI_INLINED {
    return where(on_x, Vec3<R>{at.x, R(0), R(0)}, where(on_y, Vec3<R>{R(0), at.y, R(0)}, Vec3<R>{R(0), R(0), at.z}));
  });
}

// ---- triangles, one environment -------------------------------------------------------------------------------------
template <class S> NURI_VALUE S component(Vec3<S> a, int k) { return k == 0 ? a.x : k == 1 ? a.y : a.z; }

// A ray seen along its longest axis: x, y, z are axis numbers, and the shear takes d to (0, 0, 1).
template <class S> struct RayAxes {
  Vec3<S> from;
  int x, y, z;
  S shear_x, shear_y, scale;
  bool none;                                   // no direction

  NURI_FN RayAxes(Vec3<S> p, Vec3<S> d) : from(p) {
    const S a = abs(d.x), b = abs(d.y), c = abs(d.z);
    z = (b <= a).v && (c <= a).v ? 0 : (c <= b).v ? 1 : 2;
    x = z == 2 ? 0 : z + 1;
    y = x == 2 ? 0 : x + 1;
    const S longest = component(d, z);
    none = !(S(1e-15f) <= abs(longest)).v;
    scale = S(1) / (none ? S(1) : longest);
    shear_x = component(d, x) * scale;
    shear_y = component(d, y) * scale;
  }
  NURI_VALUE Vec3<S> seen(Vec3<S> v) const {
    const Vec3<S> a = v - from;
    const S depth = component(a, z);
    return {sub_mul(component(a, x), shear_x, depth), sub_mul(component(a, y), shear_y, depth), scale * depth};
  }
};

// t of a triangle, from either side; no_ray_hit if there is none.
template <class S> NURI_FN S ray_triangle(const RayAxes<S>& ray, Vec3<S> v0, Vec3<S> v1, Vec3<S> v2) {
  const Vec3<S> a = ray.seen(v0), b = ray.seen(v1), c = ray.seen(v2);
  const S zero = S(0), u = c.x * b.y - c.y * b.x, v = a.x * c.y - a.y * c.x, w = b.x * a.y - b.y * a.x;   // no fma: see above
  const bool below = (u < zero).v || (v < zero).v || (w < zero).v, above = (zero < u).v || (zero < v).v || (zero < w).v;
  if ((below && above) || ray.none) return S(no_ray_hit);
  const S det = u + v + w;
  if (!(zero < abs(det)).v) return S(no_ray_hit);                                      // seen from its edge
  const S t = mul_add(w, c.z, mul_add(v, b.z, u * a.z)) / det;
  return (zero <= t).v && (t < S(no_ray_hit)).v ? t : S(no_ray_hit);
}
template <class S> NURI_FN Vec3<S> triangle_normal(Vec3<S> v0, Vec3<S> v1, Vec3<S> v2) {
  S length;
  return normalized(cross(v1 - v0, v2 - v0), zero3<S>(), length);
}

NURI_KERNEL_END
