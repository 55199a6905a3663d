// How fast an equality's velocity would change without joint accelerations: J' qvel with J' = dJ/dt. A connect or weld
// that turns needs it, or a body held at arm's length drifts outward. MuJoCo subtracts it from aref since 3.4 or so
// (measured on 3.17 against finite differences of its Jacobian).
//
//   points      (a1 + w1 x v1) - (a2 + w2 x v2)                            a: spatial acceleration at the point, qacc = 0
//   rotations   scale / 2  vec( conj(q2) (-|w1 - w2|^2 / 2, alpha1 - alpha2 + w1 x w2) q1 relative )
#pragma once
#include "engine/model/model_flags.h"
#include "physics/kernel/pack.h"

NURI_KERNEL_BEGIN

// Needs cvel and cacc of the stage `velocity`; gravity in them cancels.
template <class L> NURI_FN typename L::Real equality_drift(const Pack<L>& p, int row) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const int e = m.row_source[row], component = m.row_component[row], body[2] = {m.equality_object1[e], m.equality_object2[e]};
  const bool weld = m.row_kind[row] == model::row_weld;
  const auto number = [&](int k) { return m.equality_data[11 * e + k]; };
  const auto part = [](Vec3<R> v, int c) { return c == 0 ? v.x : c == 1 ? v.y : v.z; };
  const Twist<R> vel1 = load6(s.cvel(), body[0]), vel2 = load6(s.cvel(), body[1]);
  const Twist<R> acc1 = load6(s.cacc(), body[0]), acc2 = load6(s.cacc(), body[1]);
  if (component < 3) {
    const auto point = [&](int side, Twist<R> vel, Twist<R> acc) {
      const int b = body[side], at = (side == 0) == weld ? 3 : 0;  // a connect lists body 1's anchor first, a weld body 2's
      const Vec3<R> x = load9(s.xmat(), b) * Vec3<R>{number(at), number(at + 1), number(at + 2)} + load3(s.xpos(), b);
      const Vec3<R> arm = x - load3(s.com(), m.body_frame[b]);
      return cross_add(vel.w, cross_add(vel.w, arm, vel.v), cross_add(acc.w, arm, acc.v));
    };
    return part(point(0, vel1, acc1), component) - part(point(1, vel2, acc2), component);
  }
  const Vec3<R> apart = vel1.w - vel2.w, turns = acc1.w - acc2.w + cross(vel1.w, vel2.w);
  const Quat<R> relative{number(6), number(7), number(8), number(9)};
  const Quat<R> d = conjugate(load4(s.xquat(), body[1])) * Quat<R>{-(p.half() * dot(apart, apart)), turns.x, turns.y, turns.z} *
                    (load4(s.xquat(), body[0]) * relative);
  return part(Vec3<R>{d.x, d.y, d.z}, component - 3) * (p.half() * number(10));
}

NURI_KERNEL_END
