// Surfaces that move though their geoms stand: belts, treadmills, turntables. MuJoCo 3.17, geom/surfacevel; found by experiment.
//
// A geom's surface has the field v(x) = R lin + w x (x - origin), w = R ang, on top of the motion of its body. Contact rows see the
// fields' difference along both tangents and as spin about the normal; nothing along the normal, nothing that rolls. It only enters the
// reference acceleration: friction drags bodies along, J and what bodies weigh stay as they are.
#pragma once
#include "physics/kernel/jacobian.h"

NURI_KERNEL_BEGIN

// The field of the geoms g (one per environment) of a body, at pos. m/s, rad/s, world axes.
template <class L> NURI_FN Twist<typename L::Real> surface_motion(const Pack<L>& p, int body, const Pick<typename L::Real>& g, Vec3<typename L::Real> pos) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  auto three = [&](const Field<R>& f, int stride, int k) { return Vec3<R>{g.of(f, stride, k), g.of(f, stride, k + 1), g.of(f, stride, k + 2)}; };
  const Quat<R> quat{g.of(m.geom_quat, 4, 0), g.of(m.geom_quat, 4, 1), g.of(m.geom_quat, 4, 2), g.of(m.geom_quat, 4, 3)};
  const Mat3<R> axes = matrix(load4(s.xquat(), body) * quat);
  const Vec3<R> origin = load9(s.xmat(), body) * three(m.geom_pos, 3, 0) + load3(s.xpos(), body);
  const Vec3<R> w = axes * three(m.geom_surfacevel, 6, 3);
  return {w, cross_add(w, pos - origin, axes * three(m.geom_surfacevel, 6, 0))};
}

// jv of contact rows gets what the surfaces add.
template <class L> NURI_STAGE void add_surface_motion(Pack<L>& p) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  p.lane.each(p.slot_count, [&](int i) {
    const int o = s.slot_owner()[i], dim = m.owner_dim[o], row = s.slot_row()[i], one = m.owner_body1[o], two = m.owner_body2[o];
    if (dim == 1) return;
    const bool first = i < p.world_slots && m.owner_sign[o] < 0;    // the frame is that of the force on body 1
    const R* const frame = s.frames() + 12 * i;
    const Vec3<R> pos = load3(frame, 0) + load3(s.com(), m.body_frame[first ? one : two]);
    Pick<R> g1(s.slot_pair()[i]), g2 = g1;
    for (int j = 0; j < g1.count; ++j) {
      g2.at[j] = m.pair_geom2[g1.at[j]];
      g1.at[j] = m.pair_geom1[g1.at[j]];
    }
    Twist<R> apart = surface_motion(p, two, g2, pos) - surface_motion(p, one, g1, pos);
    if (first) apart = apart * R(-1);
    R v[6] = {R(0), dot(load3(frame, 2), apart.v), dot(load3(frame, 3), apart.v), R(0), R(0), R(0)}, out[10];
    if (dim > 3) v[3] = dot(load3(frame, 1), apart.w);
    cone_rows(p, i, dim, v, out);
    for (int k = row; k < row_end(p, i); ++k) s.jv()[k] = s.jv()[k] + out[k - row];
  });
  p.lane.sync();
}

NURI_KERNEL_END
