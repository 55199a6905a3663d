// Tendons: lengths, moment arms d(length)/d(position) and velocities. MuJoCo: mj_tendon, mj_tendonDot.
//
//   fixed     length = sum coef * position                    the arms are the coefficients
//   spatial   length = sum over segments |string| / divisor   a segment goes from site to site, straight or around a geom (wrap.h)
//
// A string's length changes by what its ends move along it, so a stretch from point a to b with direction n gives a dof the arm
// n . (velocity of b - velocity of a); where the string lies on a geom it moves with it. A tendon's terms are the dofs that can ever
// move one end of a stretch against the other, listed when the model is compiled; a model without spatial tendons reads its coefficients.
#pragma once
#include "engine/shape/wrap.h"
#include "physics/kernel/kinematics.h"

NURI_KERNEL_BEGIN

// The moment arm of a term.
template <class L> NURI_FN typename L::Real moment_arm(const Pack<L>& p, int term) {
  return p.model.segment_count ? p.scratch.tendon_arm()[term] : p.model.term_coef[term];
}

// A stretch of string between two points of two bodies: its direction, and which dofs move its end (1) or its start (-1).
template <class R> struct Stretched {
  int from, to;                                                    // bodies
  Vec3<R> start, end;
};
template <class L> NURI_FN int moved_end(const Pack<L>& p, const Stretched<typename L::Real>& s, int dof) {
  return int(moves(p, dof, s.to)) - int(moves(p, dof, s.from));
}

// The stretches of a segment: use(stretch, which environments have it). `length`: of the string, not yet divided.
template <class L, class F> NURI_FN typename L::Real each_stretch(const Pack<L>& p, int segment, F use) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const auto place_of = [&](int b, Vec3<R> local) { return load9(s.xmat(), b) * local + load3(s.xpos(), b); };
  const auto place = [&](int site) { return place_of(m.site_body[site], load3(m.site_pos, site)); };
  const int site1 = m.segment_site1[segment], site2 = m.segment_site2[segment];
  const int around = m.segment_geom[segment], side = m.segment_side[segment];
  const int from = m.site_body[site1], to = m.site_body[site2];
  const Vec3<R> start = place(site1), end = place(site2);
  const R straight = norm(end - start);
  if (around < 0) {
    use(Stretched<R>{from, to, start, end}, p.yes());
    return straight;
  }
  const int b = m.geom_body[around];
  const Mat3<R> axes = matrix(load4(s.xquat(), b) * load4(m.geom_quat, around));
  const Vec3<R> centre = place_of(b, load3(m.geom_pos, around));
  const auto local = [&](Vec3<R> x) { return transposed_times(axes, x - centre); };
  const int surface = m.geom_type[around] == geom::sphere ? wrap::sphere : wrap::cylinder;
  const R radius = m.geom_size[3 * around];
  const auto string = wrap_string(surface, radius, local(start), local(end), side >= 0, side >= 0 ? local(place(side)) : zero3<R>());
  const Vec3<R> first = axes * string.first + centre, second = axes * string.second + centre;
  if (any(!string.wraps)) use(Stretched<R>{from, to, start, end}, !string.wraps);
  if (any(string.wraps)) {
    use(Stretched<R>{from, b, start, first}, string.wraps);
    use(Stretched<R>{b, to, second, end}, string.wraps);
  }
  return where(string.wraps, norm(first - start) + string.length + norm(end - second), straight);
}

template <class L> NURI_FN void spatial_tendon(const Pack<L>& p, int t) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const int begin = m.term_adr[t], end = m.term_adr[t + 1];
  for (int k = begin; k < end; ++k) s.tendon_arm()[k] = R(0);
  R sum = R(0);
  for (int i = m.segment_adr[t]; i < m.segment_adr[t + 1]; ++i) {
    const R share = R(1) / m.segment_divisor[i];
    const R length = each_stretch(p, i, [&](const Stretched<R>& stretch, auto here) {
      if (stretch.from == stretch.to) return;
      R apart;
      const Vec3<R> along = normalized(stretch.end - stretch.start, Vec3<R>{R(1), R(0), R(0)}, apart);
      for (int k = begin; k < end; ++k) {
        const int dof = m.term_dof[k], end_moved = moved_end(p, stretch, dof);
        if (!end_moved) continue;
        const Twist<R> axis = load6(s.cdof(), dof);
        const Vec3<R> at = (end_moved > 0 ? stretch.end : stretch.start) - load3(s.com(), m.body_frame[m.dof_body[dof]]);
        const R arm = dot(along, cross_add(axis.w, at, axis.v)) * share, old = s.tendon_arm()[k];
        s.tendon_arm()[k] = where(here, end_moved > 0 ? old + arm : old - arm, old);
      }
    });
    sum = mul_add(length, share, sum);
  }
  s.tendon_length()[t] = sum;
}

template <class L> NURI_STAGE void tendons(Pack<L>& p) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const bool spatial = m.segment_count > 0;
  p.lane.each(m.tendon_count, [&](int t) {
    if (spatial && m.segment_adr[t] < m.segment_adr[t + 1]) return spatial_tendon(p, t);
    R sum = R(0);
    for (int k = m.term_adr[t]; k < m.term_adr[t + 1]; ++k) {
      sum = mul_add(m.term_coef[k], s.qpos()[m.term_qpos[k]], sum);
      if (spatial) s.tendon_arm()[k] = m.term_coef[k];
    }
    s.tendon_length()[t] = sum;
  });
  p.lane.sync();
}

template <class L> NURI_STAGE void tendon_velocities(Pack<L>& p) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  p.lane.each(m.tendon_count, [&](int t) {
    R sum = R(0);
    for (int k = m.term_adr[t]; k < m.term_adr[t + 1]; ++k) sum = mul_add(moment_arm(p, k), s.qvel()[m.term_dof[k]], sum);
    s.tendon_velocity()[t] = sum;
  });
  p.lane.sync();
}

NURI_KERNEL_END
