// Transmissions: how long the outputs of actuators are and which dofs they push. MuJoCo: mj_transmission.
//
//   moment = d(length)/d(position),     velocity = moment . qvel,     generalised force = moment' force
//
// An output of a joint or tendon reads its moments where they lie. Those of sites and bodies follow from the pose; `moment_adr`, `moment_dof`
// list the dofs that can push them (a site seen from another: dofs that move one of them and not both), and they are computed once a step:
//   site         force along axes * gear, of the site or of the site it is seen from; there length = gear . (difference of the poses)
//   slider-crank a rod of length r from the crank's pin c to a slider on the line s + x z:
//                x = v . z - sqrt((v . z)^2 + r^2 - v . v),  v = c - s;       x = v . z where the rod is too short
//   orientation  three outputs: rotation vector from the site it is seen from, or of a ball joint; moments along the site's own axes
//   body         adhesion.h
#pragma once
#include "physics/kernel/adhesion.h"
#include "physics/kernel/enums.h"
#include "physics/kernel/tendons.h"
#include "physics/kernel/velocity.h"

NURI_KERNEL_BEGIN

// Who has the actuator's tendon at its actuatorfrcrange: its actuators' forces are scaled, and no longer follow velocity. After limit_tendon_forces.
template <class L> NURI_FN auto tendon_full(const Pack<L>& p, int a) {
  using R = typename L::Real;
  const int t = p.model.actuator_transmission[a] == transmission::tendon ? p.model.actuator_target[a] : -1;
  return R(0) < (t < 0 ? R(0) : abs(p.scratch.tendon_share()[t] - R(1)));
}

// How many dofs an output pushes; component k pushes dof `moment_dof` with `moment`.
template <class L> NURI_FN int moment_count(const Pack<L>& p, int o) {
  const auto& m = p.model;
  const int a = m.output_actuator[o], kind = m.actuator_transmission[a], target = m.actuator_target[a];
  if (kind == transmission::tendon) return m.term_adr[target + 1] - m.term_adr[target];
  if (kind > transmission::tendon) return m.moment_adr[o + 1] - m.moment_adr[o];
  const int type = m.joint_type[target];
  return type == joint::free ? 6 : type == joint::ball ? 3 : 1;
}
template <class L> NURI_FN int moment_dof(const Pack<L>& p, int o, int k) {
  const auto& m = p.model;
  const int a = m.output_actuator[o], kind = m.actuator_transmission[a], target = m.actuator_target[a];
  if (kind > transmission::tendon) return m.moment_dof[m.moment_adr[o] + k];
  return kind == transmission::tendon ? m.term_dof[m.term_adr[target] + k] : m.joint_dof[target] + k;
}
template <class L> NURI_FN typename L::Real moment(const Pack<L>& p, int o, int k) {
  using R = typename L::Real;
  const auto& m = p.model;
  const int a = m.output_actuator[o], target = m.actuator_target[a], kind = m.actuator_transmission[a];
  if (kind > transmission::tendon) return p.scratch.actuator_moment()[m.moment_adr[o] + k];
  if (kind == transmission::tendon) return m.actuator_gear[6 * a] * moment_arm(p, m.term_adr[target] + k);
  const int type = m.joint_type[target];
  if (type >= joint::slide || kind == transmission::joint) return m.actuator_gear[6 * a + k];
  // the rotational gear is given in the parent's frame: turn it into the body's
  const int turn_at = type == joint::free ? 3 : 0;
  if (k < turn_at) return m.actuator_gear[6 * a + k];
  const Vec3<R> gear{m.actuator_gear[6 * a + turn_at], m.actuator_gear[6 * a + turn_at + 1], m.actuator_gear[6 * a + turn_at + 2]};
  const Vec3<R> turned = rotate(conjugate(unit(load4(p.scratch.qpos() + m.joint_qpos[target] + turn_at, 0))), gear);
  return k == turn_at ? turned.x : k == turn_at + 1 ? turned.y : turned.z;
}

template <class R> NURI_VALUE R entry(Vec3<R> v, int i) { return i == 0 ? v.x : i == 1 ? v.y : v.z; }

template <class R> struct Pin { int body; Vec3<R> pos; Quat<R> quat; };
template <class L> NURI_FN Pin<typename L::Real> pin_at(const Pack<L>& p, int site) {
  const auto& m = p.model;
  const auto& s = p.scratch;
  const int b = m.site_body[site];
  return {b, load9(s.xmat(), b) * load3(m.site_pos, site) + load3(s.xpos(), b), load4(s.xquat(), b) * load4(m.site_quat, site)};
}

// What a dof's unit speed does to a pin.
template <class L> NURI_FN Vec3<typename L::Real> speed_at(const Pack<L>& p, int d, Vec3<typename L::Real> at) {
  const auto axis = load6(p.scratch.cdof(), d);
  return cross_add(axis.w, at - load3(p.scratch.com(), p.model.body_frame[p.model.dof_body[d]]), axis.v);
}

// A slider-crank before its gear: length, and its derivatives by v and by the slider's axis.
template <class R> struct Crank { R length; Vec3<R> by_arm, by_axis; };
template <class R> NURI_FN Crank<R> crank_at(Vec3<R> v, Vec3<R> axis, R rod) {
  const R along = dot(v, axis), square = along * along + rod * rod - dot(v, v);
  const auto reaches = R(0) < square;
  const R root = sqrt(where(reaches, square, R(1)));
  const R share = where(reaches, R(1) - along / root, R(1));
  const Vec3<R> by_arm = axis * share + v * where(reaches, R(1) / root, R(0));
  return {where(reaches, along - root, along), by_arm, v * share};
}

template <class L> NURI_FN typename L::Real computed_moment(const Pack<L>& p, int o, int d) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const int a = m.output_actuator[o], kind = m.actuator_transmission[a], target = m.actuator_target[a], reference = m.actuator_reference[a];
  if (kind == transmission::body) return body_moment(p, target, d);            // whatever its gear
  if (kind == transmission::so3 && reference < 0) return R(1);                  // a ball joint's own axes
  const Pin<R> pin = pin_at(p, target), from = pin_at(p, reference < 0 ? target : reference);
  const bool moved = moves(p, d, pin.body);                                     // else what it is seen from is
  const Twist<R> axis = load6(s.cdof(), d);
  const auto signed_by = [&](R x) { return moved ? x : -x; };
  if (kind == transmission::so3) return signed_by(dot(column(matrix(pin.quat), o - m.actuator_output_adr[a]), axis.w));
  const Vec3<R> speed = speed_at(p, d, moved ? pin.pos : from.pos);
  if (kind == transmission::slidercrank) {
    const Vec3<R> line = column(matrix(from.quat), 2);
    const Crank<R> crank = crank_at(pin.pos - from.pos, line, R(m.actuator_cranklength[a]));
    const R by_arm = signed_by(dot(crank.by_arm, speed));
    return m.actuator_gear[6 * a] * (moved ? by_arm : by_arm + dot(crank.by_axis, cross(axis.w, line)));
  }
  const Mat3<R> axes = matrix(from.quat);
  const Vec3<R> push = axes * load3(m.actuator_gear, 2 * a), turn = axes * load3(m.actuator_gear, 2 * a + 1);
  return signed_by(dot(push, speed) + dot(turn, axis.w));
}

template <class L> NURI_STAGE void computed_moments(Pack<L>& p) {
  const auto& m = p.model;
  p.lane.each(m.moment_count, [&](int k) { p.scratch.actuator_moment()[k] = computed_moment(p, m.moment_output[k], m.moment_dof[k]); });
  p.lane.sync();
}

template <class L> NURI_STAGE typename L::Real computed_length(const Pack<L>& p, int o) {
  using R = typename L::Real;
  const auto& m = p.model;
  const int a = m.output_actuator[o], target = m.actuator_target[a], kind = m.actuator_transmission[a], reference = m.actuator_reference[a];
  const int component = o - m.actuator_output_adr[a];
  if (kind == transmission::so3 && reference < 0) return entry(rotation_vector(unit(load4(p.scratch.qpos() + m.joint_qpos[target], 0))), component);
  if (kind == transmission::body || reference < 0) return R(0);
  const Pin<R> pin = pin_at(p, target), from = pin_at(p, reference);
  if (kind == transmission::slidercrank)
    return m.actuator_gear[6 * a] * crank_at(pin.pos - from.pos, column(matrix(from.quat), 2), R(m.actuator_cranklength[a])).length;
  const Vec3<R> turned = rotation_vector(conjugate(from.quat) * pin.quat);
  if (kind == transmission::so3) return entry(turned, component);
  return dot(load3(m.actuator_gear, 2 * a), transposed_times(matrix(from.quat), pin.pos - from.pos)) + dot(load3(m.actuator_gear, 2 * a + 1), turned);
}

template <class L> NURI_FN typename L::Real actuator_length(const Pack<L>& p, int o) {
  using R = typename L::Real;
  const auto& m = p.model;
  const int a = m.output_actuator[o], target = m.actuator_target[a], kind = m.actuator_transmission[a];
  if (kind > transmission::tendon) return computed_length(p, o);
  if (kind == transmission::tendon) return m.actuator_gear[6 * a] * p.scratch.tendon_length()[target];
  const int type = m.joint_type[target];
  const R* const q = p.scratch.qpos() + m.joint_qpos[target];
  if (type >= joint::slide) return m.actuator_gear[6 * a] * q[0];
  if (type == joint::free) return R(0);
  Vec3<R> gear{m.actuator_gear[6 * a], m.actuator_gear[6 * a + 1], m.actuator_gear[6 * a + 2]};
  const Quat<R> turned = unit(load4(q, 0));
  if (kind == transmission::joint_in_parent) gear = rotate(conjugate(turned), gear);
  return dot(rotation_vector(turned), gear);
}

NURI_KERNEL_END
