// Kinematics: joint positions -> poses of bodies and geoms, anchors and axes of joints; then centres of mass of trees and
// the motion axis of every degree of freedom. MuJoCo: mj_kinematics, mj_comPos.
//
// Body by body down the tree, a level at a time. A joint moves the frame it was given: first translations, then
// rotations about its anchor, in the order of the file.
#pragma once
#include "physics/kernel/enums.h"
#include "physics/kernel/pack.h"
#include "physics/kernel/shape_pair.h"

NURI_KERNEL_BEGIN

template <class L> NURI_STAGE void kinematics(Pack<L>& p) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  R *const xpos = s.xpos(), *const xquat = s.xquat(), *const xmat = s.xmat(), *const qpos = s.qpos();
  p.lane.once([&] {
    const Quat<R> upright{R(1), R(0), R(0), R(0)};
    store3(xpos, 0, zero3<R>());
    store4(xquat, 0, upright);
    store9(xmat, 0, matrix(upright));
    store3(s.xipos(), 0, zero3<R>());
  });
  p.lane.sync();
  for (int level = 0; level < m.level_count; ++level) {
    const int* const bodies = m.level_body + m.level_adr[level];
    p.lane.each(m.level_adr[level + 1] - m.level_adr[level], [&](int k) {
      const int b = bodies[k], parent = m.body_parent[b], first = m.body_joint_adr[b], joints = m.body_joint_num[b];
      Vec3<R> pos;
      Quat<R> q;
      if (joints == 1 && m.joint_type[first] == joint::free) {
        const R* const x = qpos + m.joint_qpos[first];
        pos = {x[0], x[1], x[2]};
        q = unit(Quat<R>{x[3], x[4], x[5], x[6]});
        store3(s.anchor(), first, pos);
        store3(s.axis(), first, load3(m.joint_axis, first));
      } else {
        const int mocap = m.body_mocap[b];
        if (mocap >= 0) {
          pos = load3(s.mocap_pos(), mocap);
          q = unit(load4(s.mocap_quat(), mocap));
        } else {
          pos = load9(xmat, parent) * load3(m.body_pos, b) + load3(xpos, parent);
          q = load4(xquat, parent) * load4(m.body_quat, b);
        }
        for (int j = first; j < first + joints; ++j) {
          const Vec3<R> local_axis = load3(m.joint_axis, j), offset = load3(m.joint_pos, j);
          const Vec3<R> axis = rotate(q, local_axis), anchor = rotate(q, offset) + pos;
          const int at = m.joint_qpos[j], type = m.joint_type[j];
          if (type == joint::slide) {
            pos = mul_add(axis, qpos[at] - m.qpos0[at], pos);
          } else {
            q = q * (type == joint::ball ? unit(load4(qpos + at, 0)) : turn(local_axis, qpos[at] - m.qpos0[at]));
            pos = anchor - rotate(q, offset);
          }
          store3(s.anchor(), j, anchor);
          store3(s.axis(), j, axis);
        }
        q = unit(q);
      }
      const Mat3<R> a = matrix(q);
      store3(xpos, b, pos);
      store4(xquat, b, q);
      store9(xmat, b, a);
      store3(s.xipos(), b, a * load3(m.body_ipos, b) + pos);
    });
    p.lane.sync();
  }
  p.lane.each(m.geom_count, [&](int g) {
    if (!m.geom_collides[g]) return;
    const int b = m.geom_body[g], type = m.geom_type[g];
    store3(s.geom_xpos(), g, load9(xmat, b) * load3(m.geom_pos, g) + load3(xpos, b));
    const Quat<R> local = load4(m.geom_quat, g);
    if (m.geom_collides[g] == 2) {
      store9(s.geom_xmat(), g, matrix(load4(xquat, b) * local));
    } else if (type != geom::sphere) {                             // round about z: the axis is enough
      const Vec3<R> axis = load9(xmat, b) * column(matrix(local), 2);
      R* const a = s.geom_xmat() + 9 * g;
      a[2] = axis.x;
      a[5] = axis.y;
      a[8] = axis.z;
    }
  });
  p.lane.sync();
}

// Centre of mass of each tree, summed over its bodies in ascending order; spatial vectors of a tree refer to it.
template <class L> NURI_STAGE void centers_of_mass(Pack<L>& p) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  if (!m.tree_count) p.lane.once([&] { store3(s.com(), 0, zero3<R>()); });
  p.lane.each(3 * m.tree_count, [&](int k) {
    const int tree = k / 3, c = k % 3;
    R sum = R(0);
    for (int i = m.tree_body_adr[tree]; i < m.tree_body_adr[tree + 1]; ++i) {
      const int b = m.tree_body[i];
      sum = mul_add(m.body_mass[b], s.xipos()[3 * b + c], sum);
    }
    s.com()[k] = sum * m.tree_invmass[tree];
  });
  p.lane.sync();
  p.lane.each(m.joint_count, [&](int j) {
    const int b = m.joint_body[j], type = m.joint_type[j];
    const Vec3<R> arm = load3(s.com(), m.body_frame[b]) - load3(s.anchor(), j), axis = load3(s.axis(), j);
    int d = m.joint_dof[j];
    if (type == joint::hinge) {
      store6(s.cdof(), d, Twist<R>{axis, cross(axis, arm)});
    } else if (type == joint::slide) {
      store6(s.cdof(), d, Twist<R>{zero3<R>(), axis});
    } else {
      if (type == joint::free)
        for (int c = 0; c < 3; ++c, ++d) store6(s.cdof(), d, Twist<R>{zero3<R>(), {R(c == 0), R(c == 1), R(c == 2)}});
      const Mat3<R> a = load9(s.xmat(), b);
      for (int c = 0; c < 3; ++c) store6(s.cdof(), d + c, Twist<R>{column(a, c), cross(column(a, c), arm)});
    }
  });
  p.lane.sync();
}

NURI_KERNEL_END
