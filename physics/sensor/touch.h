// Touch: sum of the normal forces that push a body where its site is. A contact counts if a ray from its point against the
// push meets the site's volume; a point inside always does. MuJoCo: mj_sensorAcc, mju_rayGeom.
#pragma once
#include "physics/kernel/contact_force.h"
#include "physics/sensor/interaction.h"
#include "physics/sensor/ray_geom.h"

NURI_KERNEL_BEGIN

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
    felt_force(p, i, f);
    const auto pushes = R(0) < f[0];
    if (!any(pushes)) continue;
    const R* const frame = s.frames() + 12 * i;
    const Vec3<R> pos = load3(frame, 0) + load3(s.com(), m.body_frame[pair.pushed]), normal = load3(frame, 1);
    const Vec3<R> ray = zone.body == pair.pushed ? -normal : normal;
    const Vec3<R> from = transposed_times(axes, pos - zone.pos), along = transposed_times(axes, ray);
    const auto felt = ray_primitive(m.site_type[site], load3(m.site_size, site), from, along).t < R(no_ray_hit);
    sum = where(pushes & felt, sum + f[0], sum);
  }
  return sum;
}

NURI_KERNEL_END
