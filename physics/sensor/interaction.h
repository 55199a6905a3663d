// Accelerations of bodies, and the wrench that each body gets from its parent, after the solver. MuJoCo: mj_rnePostConstraint.
//
// Recursive Newton-Euler with the constrained joint accelerations. All wrenches are about the centre of mass of the body's
// tree, world axes:
//   a_b = a_parent + sum axis' qvel + sum axis qacc,   a_world = -gravity                                         -> cacc
//   f_b = I a_b + v_b x* (I v_b) - (applied + contacts + connects and welds) + sum over children f_child          -> body6
// Forces of motors, springs, limits and dry friction act between a body and its parent: they are part of f.
//
// A site of the world reads the sum over all trees, with torques about the site. MuJoCo adds up torques about different
// trees' centres of mass there; that number has no meaning and is not reproduced.
#pragma once
#include "physics/kernel/contact_force.h"
#include "physics/kernel/enums.h"
#include "physics/kernel/inertia.h"
#include "physics/kernel/velocity.h"
#include "physics/sensor/frame.h"

NURI_KERNEL_BEGIN

template <class L> NURI_STAGE void final_accelerations(Pack<L>& p) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  p.lane.once([&] { store6(s.cacc(), 0, Twist<R>{zero3<R>(), m.on(model::flag_gravity) ? -load3(m.gravity, 0) : zero3<R>()}); });
  p.lane.sync();
  for (int level = 0; level < m.level_count; ++level) {
    const int* const bodies = m.level_body + m.level_adr[level];
    p.lane.each(m.level_adr[level + 1] - m.level_adr[level], [&](int k) {
      const int b = bodies[k], parent = m.body_parent[b], first = m.body_dof_adr[b], end = first + m.body_dof_num[b];
      Twist<R> vel = load6(s.cvel(), parent), acc = load6(s.cacc(), parent);
      for (int d = first; d < end;) {
        const int type = m.joint_type[m.dof_joint[d]];
        const bool translation = type == joint::free && d == first;               // does not turn with the body
        const int count = translation || type == joint::ball || type == joint::free ? 3 : 1;
        const Twist<R> before = vel;
        for (int c = 0; c < count; ++c, ++d) {
          const Twist<R> axis = load6(s.cdof(), d);
          const R v = s.qvel()[d];
          if (!translation) acc = mul_add(cross_motion(before, axis), v, acc);
          acc = mul_add(axis, s.acc()[d], acc);
          vel = mul_add(axis, v, vel);
        }
      }
      store6(s.cacc(), b, acc);
    });
    p.lane.sync();
  }
}

// The two bodies of a contact slot. Its force acts on `pushed`, the opposite on `other`; its frame is about the point that
// `pushed` refers to.
struct SlotBodies { int pushed, other; };
template <class L> NURI_FN SlotBodies slot_bodies(const Pack<L>& p, int slot) {
  const auto& m = p.model;
  const int o = p.scratch.slot_owner()[slot], b1 = m.owner_body1[o], b2 = m.owner_body2[o];
  const int pushed = slot < p.world_slots ? m.owner_body[o] : b2;
  return {pushed, pushed == b2 ? b1 : b2};
}

// Sum of what pushes body b from outside: applied wrench, contacts in order of slots, connects and welds in order of rows.
template <class L> NURI_FN Twist<typename L::Real> outside_wrench(const Pack<L>& p, int b) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const Vec3<R> center = load3(s.com(), m.body_frame[b]);
  const Vec3<R> force = load3(s.body_applied(), 2 * b), torque = load3(s.body_applied(), 2 * b + 1);
  Twist<R> sum{cross_add(load3(s.xipos(), b) - center, force, torque), force};

  for (int i = 0; i < p.slot_count; ++i) {
    const SlotBodies pair = slot_bodies(p, i);
    if (b != pair.pushed && b != pair.other) continue;
    const int dim = m.owner_dim[s.slot_owner()[i]];
    const R* const frame = s.frames() + 12 * i;
    R f[6];
    felt_force(p, i, f);
    Twist<R> push{zero3<R>(), load3(frame, 1) * f[0]};
    for (int k = 1; k < 3 && k < dim; ++k) push.v = mul_add(load3(frame, 1 + k), f[k], push.v);
    for (int k = 3; k < dim; ++k) push.w = mul_add(load3(frame, k - 2), f[k], push.w);
    const Vec3<R> arm = load3(frame, 0) + (load3(s.com(), m.body_frame[pair.pushed]) - center);
    push.w = cross_add(arm, push.v, push.w);
    sum = b == pair.pushed ? sum + push : sum - push;
  }

  for (int i = 0; i < p.equality_rows; ++i) {
    const int row = s.listed()[i], kind = m.row_kind[row], e = m.row_source[row], component = m.row_component[row];
    if (kind > model::row_weld) break;
    const int first = m.equality_object1[e], second = m.equality_object2[e];
    if (first == second || (b != first && b != second)) continue;
    const bool on_first = b == first, weld = kind == model::row_weld;
    const R f = on_first ? row_force(p, i) : -row_force(p, i);
    const int c = component % 3;
    const Vec3<R> along{c == 0 ? f : R(0), c == 1 ? f : R(0), c == 2 ? f : R(0)};
    if (component >= 3) {                                          // transposed row: scale / 2 [q2 (0, along) conj(q1 relative)]
      const R* const quats = s.xquat();
      const auto number = [&](int k) { return m.equality_data[11 * e + k]; };
      const R half_scale = p.half() * number(10);
      const Quat<R> relative{number(6), number(7), number(8), number(9)};
      const Quat<R> turned = load4(quats, second) * Quat<R>{R(0), along.x, along.y, along.z} * conjugate(load4(quats, first) * relative);
      sum.w = mul_add(Vec3<R>{turned.x, turned.y, turned.z}, half_scale, sum.w);
      continue;
    }
    const int anchor = 11 * e + (on_first == weld ? 3 : 0);        // a connect lists body 1's anchor first, a weld body 2's
    const Vec3<R> local{m.equality_data[anchor], m.equality_data[anchor + 1], m.equality_data[anchor + 2]};
    const Vec3<R> arm = load9(s.xmat(), b) * local + load3(s.xpos(), b) - center;
    sum.w = cross_add(arm, along, sum.w);
    sum.v = sum.v + along;
  }
  return sum;
}

// body6 of each body: what pushes it from outside, MuJoCo's cfrc_ext. The world feels nothing.
template <class L> NURI_STAGE void outside_wrenches(Pack<L>& p) {
  p.lane.each(p.model.body_count, [&](int b) { store6(p.scratch.body6(), b, b > 0 ? outside_wrench(p, b) : zero6<typename L::Real>()); });
  p.lane.sync();
}

// body6 of each body: the wrench it gets from its parent. Needs final_accelerations.
template <class L> NURI_STAGE void interaction_wrenches(Pack<L>& p) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  p.lane.each(m.body_count, [&](int b) {
    const R* const inertia = s.cinert() + inertia_size * b;
    const Twist<R> vel = load6(s.cvel(), b);
    const Twist<R> moves = times_inertia(inertia, load6(s.cacc(), b)) + cross_force(vel, times_inertia(inertia, vel));
    store6(s.body6(), b, b > 0 ? moves - outside_wrench(p, b) : zero6<R>());
  });
  p.lane.sync();
  const auto add_children = [&](int b) {
    Twist<R> f = load6(s.body6(), b);
    for (int i = m.child_adr[b]; i < m.child_adr[b + 1]; ++i) {
      const int child = m.child[i];
      Twist<R> add = load6(s.body6(), child);
      if (m.body_frame[child] != m.body_frame[b])                  // a moving child of a static body: another reference point
        add.w = cross_add(arm_to(p, b, load3(s.com(), m.body_frame[child])), add.v, add.w);
      f = f + add;
    }
    store6(s.body6(), b, f);
  };
  for (int level = m.level_count - 2; level >= 0; --level) {
    const int* const bodies = m.level_body + m.level_adr[level];
    p.lane.each(m.level_adr[level + 1] - m.level_adr[level], [&](int k) { add_children(bodies[k]); });
    p.lane.sync();
  }
  p.lane.once([&] { add_children(0); });
  p.lane.sync();
}

NURI_KERNEL_END
