// Frames that sensors are attached to: where they are, how they move. MuJoCo: mj_objectVelocity, mj_objectAcceleration.
#pragma once
#include "physics/kernel/enums.h"
#include "physics/sensor/camera.h"

NURI_KERNEL_BEGIN

template <class R> struct Frame {
  int body;       // it is fixed to
  Vec3<R> pos;    // m, world
  Quat<R> quat;   // its axes in the world's
};

// `body` is the frame of a body's inertia, `xbody` the body's own.
template <class L> NURI_FN Frame<typename L::Real> frame_of(const Pack<L>& p, int type, int i) {
  const auto& m = p.model;
  const auto& s = p.scratch;
  if (type == object::xbody) return {i, load3(s.xpos(), i), load4(s.xquat(), i)};
  if (type == object::body) return {i, load3(s.xipos(), i), load4(s.xquat(), i) * load4(m.body_iquat, i)};
  if (type == object::camera) return {m.camera_body[i], camera_place(p, i), camera_quat(p, i)};
  const bool site = type == object::site;
  const int b = site ? m.site_body[i] : m.geom_body[i];
  return {b, load9(s.xmat(), b) * (site ? load3(m.site_pos, i) : load3(m.geom_pos, i)) + load3(s.xpos(), b),
          load4(s.xquat(), b) * (site ? load4(m.site_quat, i) : load4(m.geom_quat, i))};
}

// Axes of the frame as columns. Those of a camera may look elsewhere than its quaternion.
template <class L> NURI_FN Mat3<typename L::Real> axes_of(const Pack<L>& p, int type, int i, const Frame<typename L::Real>& f) {
  return type == object::camera ? camera_axes(p, i) : matrix(f.quat);
}

// From the point that spatial vectors of a body refer to (its tree's centre of mass) to `at`.
template <class L> NURI_FN Vec3<typename L::Real> arm_to(const Pack<L>& p, int body, Vec3<typename L::Real> at) {
  return at - load3(p.scratch.com(), p.model.body_frame[body]);
}

// Angular velocity and the velocity of the frame's origin, world axes.
template <class L> NURI_FN Twist<typename L::Real> frame_velocity(const Pack<L>& p, const Frame<typename L::Real>& f) {
  const auto twist = load6(p.scratch.cvel(), f.body);
  return {twist.w, cross_add(twist.w, arm_to(p, f.body, f.pos), twist.v)};
}

// Angular acceleration and the proper acceleration of the frame's origin (at rest it reads -gravity), world axes. A spatial
// acceleration gives the acceleration of a point only after adding w x v. Frames of static bodies read -gravity too (MuJoCo since 4.0; 0 before).
template <class L> NURI_FN Twist<typename L::Real> frame_acceleration(const Pack<L>& p, const Frame<typename L::Real>& f) {
  if (p.model.body_last_dof[f.body] < 0) return load6(p.scratch.cacc(), 0);
  const auto acc = load6(p.scratch.cacc(), f.body), vel = frame_velocity(p, f);
  return {acc.w, cross_add(vel.w, vel.v, cross_add(acc.w, arm_to(p, f.body, f.pos), acc.v))};
}

NURI_KERNEL_END
