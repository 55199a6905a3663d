// Muscles: activation, active force, passive force. MuJoCo documentation, Modeling, "Muscle actuators"; mju_muscleDynamics, mju_muscleGain,
// mju_muscleBias, mjd_muscleGain_vel.
//
//   prm = range (2), force, scale, lmin, lmax, vmax, fpmax, fvmax        L0 = (longest - shortest) / (range1 - range0)
//   L = range0 + (length - shortest) / L0,   V = velocity / (L0 vmax),   F0 = force, or scale / acc0 where that is negative
//   gain = -F0 FL(L) FV(V),                  bias = -F0 FP(L)
// FL rises from lmin to 1 at L = 1 and falls to lmax, in four half parabolas. FV is 0 where the muscle shortens at vmax, 1 at rest, fvmax where
// it is drawn out fast. FP begins at L = 1, is half a parabola up to the middle of 1 and lmax, then a line, fpmax / 2 at that middle.
#pragma once
#include "physics/kernel/pack.h"

NURI_KERNEL_BEGIN

template <class R> struct Muscle {
  R force, lmin, lmax, fpmax, fvmax;
  R length, velocity;                                              // L, V
  R rate;                                                          // dV/d(velocity)
};
template <class L, class F> NURI_FN Muscle<typename L::Real> muscle_at(const Pack<L>& p, int a, const F& prm, typename L::Real length, typename L::Real velocity) {
  using R = typename L::Real;
  const auto& m = p.model;
  const int at = model::actuator_parameters * a;
  const R tiny = p.tiny(), given = prm[at + 2], shortest = m.actuator_lengthrange[2 * a];
  const R scale = (m.actuator_lengthrange[2 * a + 1] - shortest) / max(tiny, prm[at + 1] - prm[at]);
  const R rate = R(1) / max(tiny, scale * prm[at + 6]);
  return {where(given < R(0), prm[at + 3] / max(tiny, R(m.actuator_acc0[a])), given), prm[at + 4], prm[at + 5], prm[at + 7], prm[at + 8],
          prm[at] + (length - shortest) / max(tiny, scale), velocity * rate, rate};
}

template <class L> NURI_FN typename L::Real muscle_length_curve(const Pack<L>& p, const Muscle<typename L::Real>& u) {
  using R = typename L::Real;
  const R tiny = p.tiny(), half = p.half(), below = half * (u.lmin + R(1)), above = half * (R(1) + u.lmax);
  const auto short_side = u.length <= R(1), outer = (u.length <= below) | (above < u.length);
  const R middle = where(short_side, below, above), end = where(short_side, u.lmin, u.lmax);
  const R x = where(outer, abs(u.length - end) / max(tiny, abs(middle - end)), abs(R(1) - u.length) / max(tiny, abs(R(1) - middle)));
  const R bow = half * x * x;
  return where((u.lmin <= u.length) & (u.length <= u.lmax), where(outer, bow, R(1) - bow), R(0));
}

template <class L> NURI_STAGE typename L::Real muscle_gain(const Pack<L>& p, int a, typename L::Real length, typename L::Real velocity) {
  using R = typename L::Real;
  const Muscle<R> u = muscle_at(p, a, p.model.actuator_gainprm, length, velocity);
  const R y = u.fvmax - R(1), v = u.velocity, rest = y - v;
  const R drawn = where(v <= y, u.fvmax - rest * rest / max(p.tiny(), y), u.fvmax);
  const R curve = where(v <= R(-1), R(0), where(v <= R(0), (v + R(1)) * (v + R(1)), drawn));
  return -u.force * muscle_length_curve(p, u) * curve;
}
// d(gain)/d(velocity)
template <class L> NURI_STAGE typename L::Real muscle_gain_slope(const Pack<L>& p, int a, typename L::Real length, typename L::Real velocity) {
  using R = typename L::Real;
  const Muscle<R> u = muscle_at(p, a, p.model.actuator_gainprm, length, velocity);
  const R y = u.fvmax - R(1), v = u.velocity;
  const R drawn = where(v <= y, R(2) * (y - v) / max(p.tiny(), y), R(0));
  const R slope = where(v <= R(-1), R(0), where(v <= R(0), R(2) * (v + R(1)), drawn));
  return -u.force * muscle_length_curve(p, u) * slope * u.rate;
}

template <class L> NURI_STAGE typename L::Real muscle_bias(const Pack<L>& p, int a, typename L::Real length, typename L::Real velocity) {
  using R = typename L::Real;
  const Muscle<R> u = muscle_at(p, a, p.model.actuator_biasprm, length, velocity);
  const R middle = p.half() * (R(1) + u.lmax), width = max(p.tiny(), middle - R(1));
  const R bowed = (u.length - R(1)) / width, straight = (u.length - middle) / width;
  const R curve = where(u.length <= middle, p.half() * bowed * bowed, p.half() + straight);
  return where(u.length <= R(1), R(0), -u.force * u.fpmax * curve);
}

// d(activation)/dt. prm = time constants of activation and of deactivation, s; width of the passage between both, in units of control:
//   (control - activation) / tau,     tau = tau_act (1/2 + 3/2 activation) where it rises, tau_deact / (1/2 + 3/2 activation) where it falls
template <class L> NURI_STAGE typename L::Real muscle_rate(const Pack<L>& p, int a, typename L::Real control, typename L::Real act) {
  using R = typename L::Real;
  const auto& m = p.model;
  const int at = model::actuator_parameters * a;
  const auto within = [](R x) { return min(R(1), max(R(0), x)); };
  const R share = p.half() + p.real(1.5) * within(act), rise = m.actuator_dynprm[at] * share, fall = m.actuator_dynprm[at + 1] / share;
  const R lack = within(control) - act, width = m.actuator_dynprm[at + 2];
  const auto sharp = width < p.tiny();
  const R x = within(lack / where(sharp, R(1), width) + p.half());
  const R smooth = x * x * x * (R(3) * x * (R(2) * x - R(5)) + R(10));          // 0 at 0, 1 at 1, with two derivatives 0 there
  const R tau = where(sharp, where(R(0) < lack, rise, fall), fall + (rise - fall) * smooth);
  return lack / max(p.tiny(), tau);
}

NURI_KERNEL_END
