// Adhesion: contacts that pull, and actuators that pull a body towards what it touches. MuJoCo 3.17 (geom/adhesion, pair/adhesion,
// actuator/adhesion): mj_passive, mj_transmission; the numbers were found by experiment.
//
// A contact with adhesion a pulls its two bodies together by a, along its normal, as a passive force; its rows push a harder, so that
// two bodies rest at the same depth as without it and, within the gap, withstand a pull of up to a:
//   passive -= a J_n',     aref_normal += a R      (a pyramid: a R / rows for each of its rows)
// What the bodies feel is the row's force less a. In the gap, where other contacts do nothing, such a contact is a frictionless row.
//
// An actuator on a body pulls along the mean normal of all its contacts, those in gaps included:
//   moment = -mean J_n,     length = 0,     velocity = moment . qvel
#pragma once
#include "physics/kernel/contacts.h"

NURI_KERNEL_BEGIN

// Adhesion of a contact, N; 0 where an environment lacks it.
template <class L> NURI_FN typename L::Real slot_adhesion(const Pack<L>& p, int slot) {
  using R = typename L::Real;
  const Pick<R> pair(p.scratch.slot_pair()[slot]);
  return where(pair.here(), pair.of(p.model.pair_adhesion, 1, 0), R(0));
}

// Does a dof part the two bodies of a slot? 1, -1: it moves the one that is pushed, the other; 0: neither, or both alike.
template <class L> NURI_FN int parts(const Pack<L>& p, int slot, int dof) {
  const auto& m = p.model;
  const int o = p.scratch.slot_owner()[slot];
  if (slot < p.world_slots) return moves(p, dof, m.owner_body[o]);
  return int(moves(p, dof, m.owner_body2[o])) - int(moves(p, dof, m.owner_body1[o]));
}

// Normal Jacobian of a slot: how fast its bodies part when the dof moves at 1. `side` is parts(), not 0.
template <class L> NURI_FN typename L::Real normal_jacobian(const Pack<L>& p, int slot, int dof, int side) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const int o = s.slot_owner()[slot], pushed = slot < p.world_slots ? m.owner_body[o] : m.owner_body2[o];
  const R* const frame = s.frames() + 12 * slot;
  const Twist<R> axis = load6(s.cdof(), dof);
  const Vec3<R> arm = load3(frame, 0) + (load3(s.com(), m.body_frame[pushed]) - load3(s.com(), m.body_frame[m.dof_body[dof]]));
  const R speed = dot(load3(frame, 1), cross_add(axis.w, arm, axis.v));
  return side < 0 ? -speed : speed;
}

// passive -= a J_n', contacts in ascending order
template <class L> NURI_STAGE void add_adhesion(Pack<L>& p) {
  using R = typename L::Real;
  p.lane.each(p.model.dof_count, [&](int d) {
    R sum = p.scratch.passive()[d];
    for (int i = 0; i < p.slot_count; ++i)
      if (const int side = parts(p, i, d)) sum = sub_mul(sum, slot_adhesion(p, i), normal_jacobian(p, i, d, side));
    p.scratch.passive()[d] = sum;
  });
  p.lane.sync();
}

// Moment of an actuator on `body`, at a dof.
template <class L> NURI_FN typename L::Real body_moment(const Pack<L>& p, int body, int d) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  R sum = R(0), count = R(0);
  for (int i = 0; i < p.slot_count; ++i) {
    const int o = s.slot_owner()[i];
    if (m.owner_body1[o] != body && m.owner_body2[o] != body) continue;
    const auto here = s.slot_dist()[i] < R(no_hit);
    count = count + where(here, R(1), R(0));
    if (const int side = parts(p, i, d)) sum = sum + where(here, normal_jacobian(p, i, d, side), R(0));
  }
  return where(R(0) < count, -(sum / max(count, R(1))), R(0));
}

NURI_KERNEL_END
