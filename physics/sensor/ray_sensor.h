// Rangefinders: how far it is from a site along its z axis, or through each pixel of a camera, to the next visible geom. MuJoCo: mj_ray,
// mj_sensorPos.
//
// Seen are all geoms with an alpha above 0 (static, of any group), except those of the site's or camera's own body. Each is asked, behind a test of
// its bounding ball: scenes have tens of geoms, and what is large, a mesh or height field, has its own structure. Equally far geoms:
// the first one's normal. Numbers in the order of scene::ray_data: dist (-1: nothing), dir, origin, point, normal, depth
// (for a site the same as dist, for a camera from its plane); dir, point and normal are 0 if nothing is met.
#pragma once
#include "physics/sensor/ray_geom.h"

NURI_KERNEL_BEGIN

// World axes. Geoms of body `without` are not seen.
template <class L> NURI_FN RayHit<typename L::Real> cast_ray(const Pack<L>& p, Vec3<typename L::Real> from, Vec3<typename L::Real> d, int without) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  RayHit<R> best{R(no_ray_hit), zero3<R>()};
  const R square = dot(d, d), inverse = R(1) / where(square < R(1e-30f), R(1), square);
  for (int k = 0; k < m.seen_count; ++k) {
    const int g = m.seen_geom[k], b = m.geom_body[g], type = m.geom_type[g];
    if (b == without) continue;
    // the ball around it; planes have none, meshes and height fields begin with a box
    const Vec3<R> away = from - (load9(s.xmat(), b) * load3(m.geom_pos, g) + load3(s.xpos(), b));
    auto near = p.yes();
    if (type >= geom::sphere && type <= geom::box) {
      const R reach = m.geom_bound[g] * R(1.0001f);
      const Vec3<R> gap = mul_add(d, max(R(0), -dot(away, d) * inverse), away);
      near = dot(gap, gap) <= reach * reach;
      if (!any(near)) continue;
    }
    const Mat3<R> axes = matrix(load4(s.xquat(), b) * load4(m.geom_quat, g));
    const RayHit<R> hit = ray_geom(m, g, near, transposed_times(axes, away), transposed_times(axes, d));
    const auto nearest = hit.t < best.t;
    if (!any(nearest)) continue;
    best = {where(nearest, hit.t, best.t), where(nearest, axes * hit.normal, best.normal)};
  }
  return best;
}

// One ray's numbers. ahead: length along the axis that depth is measured on, per length of the ray
template <class L> NURI_FN void sense_ray(const Pack<L>& p, Vec3<typename L::Real> from, Vec3<typename L::Real> d, int without, typename L::Real ahead, int data, typename L::Real* out) {
  using R = typename L::Real;
  const RayHit<R> hit = cast_ray(p, from, d, without);
  const auto met = hit.t < R(no_ray_hit);
  const R dist = where(met, hit.t, -R(1));
  const auto put = [&](Vec3<R> v) { store3(out, 0, v); out += 3; };
  if (data & ray_data::dist) *out++ = dist;
  if (data & ray_data::dir) put(where(met, d, zero3<R>()));
  if (data & ray_data::origin) put(from);
  if (data & ray_data::point) put(where(met, mul_add(d, dist, from), zero3<R>()));
  if (data & ray_data::normal) put(hit.normal);
  if (data & ray_data::depth) *out++ = where(met, dist * ahead, dist);
}

template <class L> NURI_FN void sense_range(const Pack<L>& p, int i, typename L::Real* out) {
  const Frame<typename L::Real> site = frame_of(p, object::site, p.model.sensor_object[i]);
  sense_ray(p, site.pos, column(matrix(site.quat), 2), site.body, p.one(), p.model.sensor_data[i], out);
}

// All pixels of one camera, row by row.
template <class L> NURI_FN void sense_pixels(const Pack<L>& p, int i) {
  using R = typename L::Real;
  const auto& m = p.model;
  const int c = m.sensor_object[i], width = m.camera_resolution[2 * c], pixels = width * m.camera_resolution[2 * c + 1];
  const int values = (m.sensor_adr[i + 1] - m.sensor_adr[i]) / pixels;
  p.lane.each(pixels, [&](int k) {
    const PixelRay<R> ray = pixel_ray(p, c, k % width, k / width);
    const R ahead = -dot(ray.along, column(camera_axes(p, c), 2));
    sense_ray(p, ray.from, ray.along, m.camera_body[c], ahead, m.sensor_data[i], p.scratch.sensors() + m.sensor_adr[i] + k * values);
  });
}

// One stage for all of them: the ray code stays out of sense().
template <class L> NURI_STAGE void sense_ranges(Pack<L>& p) {
  const auto& m = p.model;
  p.lane.each(m.sensor_count, [&](int i) {
    if (m.sensor_type[i] == sensor::rangefinder && m.sensor_object_type[i] == object::site) sense_range(p, i, p.scratch.sensors() + m.sensor_adr[i]);
  });
  for (int i = 0; i < m.sensor_count; ++i)
    if (m.sensor_type[i] == sensor::rangefinder && m.sensor_object_type[i] == object::camera) sense_pixels(p, i);
  p.lane.sync();
}

NURI_KERNEL_END
