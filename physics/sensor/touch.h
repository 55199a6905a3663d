// Touch: sum of the normal forces that push a body where its site is. A contact counts if a ray from its point against the
// push meets the site's volume; a point inside always does. MuJoCo: mj_sensorAcc, mju_rayGeom.
#pragma once
#include "physics/kernel/contact_force.h"
#include "physics/kernel/shape_pair.h"
#include "physics/sensor/interaction.h"

NURI_KERNEL_BEGIN

// Part of a ray, from `near` to `far`; nothing if near > far.
template <class R> struct Stretch { R near, far; };
template <class R> NURI_FN Stretch<R> overlap(Stretch<R> a, Stretch<R> b) { return {max(a.near, b.near), min(a.far, b.far)}; }

inline constexpr float ray_end = 1e20f;   // m; parallel to a surface: all of the ray or nothing

// where |x + t d| <= half
template <class R> NURI_FN Stretch<R> slab(R x, R d, R half) {
  const auto parallel = abs(d) < R(1e-15f), inside = abs(x) <= half;
  const R inverse = R(1) / where(parallel, R(1), d), a = (half - x) * inverse, b = (-half - x) * inverse, end = R(ray_end);
  return {where(parallel, where(inside, -end, end), min(a, b)), where(parallel, where(inside, end, -end), max(a, b))};
}

// where a t^2 + 2 b t + c <= 0, a >= 0
template <class R> NURI_FN Stretch<R> within_round(R a, R b, R c) {
  const R square = sub_mul(b * b, a, c), end = R(ray_end);
  const auto parallel = a < R(1e-15f), inside = c <= R(0), missed = square < R(0);
  const R root = sqrt(where(missed, R(0), square)), inverse = R(1) / where(parallel, R(1), a);
  const auto none = (parallel & (!inside)) | ((!parallel) & missed);
  return {where(none, end, where(parallel, -end, (-b - root) * inverse)), where(none, -end, where(parallel, end, (root - b) * inverse))};
}

// Does the ray from x along unit d meet the volume? In its own axes; size as MJCF.
template <class R> NURI_FN auto ray_meets(int type, Vec3<R> size, Vec3<R> x, Vec3<R> d) {
  const Stretch<R> ray{R(0), R(ray_end)};
  const auto some = [&](Stretch<R> s) {
    const Stretch<R> both = overlap(s, ray);
    return both.near <= both.far;
  };
  const auto ball = [&](Vec3<R> from, R radius) {
    return some(within_round(dot(d, d), dot(from, d), sub_mul(dot(from, from), radius, radius)));
  };
  const auto tube = [&] {
    const R a = mul_add(d.y, d.y, d.x * d.x), b = mul_add(x.y, d.y, x.x * d.x), c = sub_mul(mul_add(x.y, x.y, x.x * x.x), size.x, size.x);
    return some(overlap(within_round(a, b, c), slab(x.z, d.z, size.y)));
  };
  switch (type) {
    case geom::sphere: return ball(x, size.x);
    case geom::capsule: return tube() | ball(x - Vec3<R>{R(0), R(0), size.y}, size.x) | ball(x + Vec3<R>{R(0), R(0), size.y}, size.x);
    case geom::cylinder: return tube();
    case geom::box: return some(overlap(overlap(slab(x.x, d.x, size.x), slab(x.y, d.y, size.y)), slab(x.z, d.z, size.z)));
    case geom::ellipsoid: {
      const Vec3<R> u{x.x / size.x, x.y / size.y, x.z / size.z}, e{d.x / size.x, d.y / size.y, d.z / size.z};
      return some(within_round(dot(e, e), dot(u, e), dot(u, u) - R(1)));
    }
  }
  return R(1) < R(0);
}

template <class L> NURI_FN typename L::Real touch_force(const Pack<L>& p, int site) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const Frame<R> zone = frame_of(p, object::site, site);
  const Mat3<R> axes = matrix(zone.quat);
  R sum = R(0);
  for (int i = 0; i < p.slot_count; ++i) {
    const SlotBodies pair = slot_bodies(p, i);
    if (zone.body != pair.pushed && zone.body != pair.other) continue;
    R f[6];
    slot_force(p, i, f);
    const auto pushes = R(0) < f[0];
    if (!any(pushes)) continue;
    const R* const frame = s.frames() + 12 * i;
    const Vec3<R> pos = load3(frame, 0) + load3(s.com(), m.body_frame[pair.pushed]), normal = load3(frame, 1);
    const Vec3<R> ray = zone.body == pair.pushed ? -normal : normal;
    const Vec3<R> from = transposed_times(axes, pos - zone.pos), along = transposed_times(axes, ray);
    const auto felt = ray_meets(m.site_type[site], load3(m.site_size, site), from, along);
    sum = where(pushes & felt, sum + f[0], sum);
  }
  return sum;
}

NURI_KERNEL_END
