// Armature of tendons: a mass a that moves along the string. MuJoCo: mj_tendonArmature, mj_tendonBias.
//
//   M    += a arm arm'           where M has entries: of two dofs of different branches nothing is added, as in MuJoCo
//   bias += a arm (d arm/dt . qvel)
//
// d arm/dt . qvel is the string's acceleration without joint accelerations. A stretch from point a to b in direction n, |b - a| = l:
//   n . (acc_b - acc_a) + (|v|^2 - (n . v)^2) / l,     v = vel_b - vel_a
// Only straight strings: how wrapping points move is not known (compile refuses such tendons, as MuJoCo does).
#pragma once
#include "engine/model/model_flags.h"
#include "physics/kernel/tendons.h"

NURI_KERNEL_BEGIN

template <class L> NURI_STAGE void add_tendon_armature(Pack<L>& p) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  for (int t = 0; t < m.tendon_count; ++t) {                       // tendons share dofs: one after another
    const R armature = m.tendon_armature[t];
    if (!any(R(0) < armature)) continue;
    const int first = m.term_adr[t], n = m.term_adr[t + 1] - first;
    p.lane.each(n, [&](int k) {
      const int i = m.term_dof[first + k], above = m.ancestor_adr[i], count = m.ancestor_adr[i + 1] - above;
      const R share = armature * moment_arm(p, first + k);
      R* const row = s.mass() + m.mass_adr[i];
      for (int l = 0; l < n; ++l) {
        const int j = m.term_dof[first + l];
        if (j == i) row[count] = mul_add(share, moment_arm(p, first + l), row[count]);
        for (int a = 0; j < i && a < count; ++a) if (m.ancestor[above + a] == j) row[a] = mul_add(share, moment_arm(p, first + l), row[a]);
      }
    });
    p.lane.sync();
  }
}

// The acceleration of a tendon's length at qacc = 0. Needs cvel and cacc of the stage `velocity`; gravity in them cancels.
template <class L> NURI_FN typename L::Real tendon_drift(const Pack<L>& p, int t) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  R sum = R(0);
  for (int i = m.segment_adr[t]; i < m.segment_adr[t + 1]; ++i) {
    const R share = R(1) / m.segment_divisor[i];
    each_stretch(p, i, [&](const Stretched<R>& stretch, auto here) {
      if (stretch.from == stretch.to) return;
      Vec3<R> vel[2], acc[2];
      for (int end = 0; end < 2; ++end) {
        const int b = end ? stretch.to : stretch.from;
        const Twist<R> v = load6(s.cvel(), b), a = load6(s.cacc(), b);
        const Vec3<R> arm = (end ? stretch.end : stretch.start) - load3(s.com(), m.body_frame[b]);
        vel[end] = cross_add(v.w, arm, v.v);
        acc[end] = cross_add(v.w, vel[end], cross_add(a.w, arm, a.v));
      }
      R length;
      const Vec3<R> along = normalized(stretch.end - stretch.start, Vec3<R>{R(1), R(0), R(0)}, length), v = vel[1] - vel[0];
      const Vec3<R> across = sub_mul(v, along, dot(along, v));
      const auto apart = p.tiny() < length;
      const R turn = where(apart, dot(across, v) / where(apart, length, R(1)), R(0));
      sum = where(here, mul_add(share, dot(along, acc[1] - acc[0]) + turn, sum), sum);
    });
  }
  return sum;
}

template <class L> NURI_STAGE void add_tendon_bias(Pack<L>& p) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  for (int t = 0; t < m.tendon_count; ++t) {
    const R armature = m.tendon_armature[t];
    if (m.segment_adr[t] == m.segment_adr[t + 1] || !any(R(0) < armature)) continue;
    const R force = armature * tendon_drift(p, t);
    p.lane.each(m.term_adr[t + 1] - m.term_adr[t], [&](int k) {
      const int term = m.term_adr[t] + k, d = m.term_dof[term];
      s.bias()[d] = mul_add(moment_arm(p, term), force, s.bias()[d]);
    });
    p.lane.sync();
  }
}

NURI_KERNEL_END
