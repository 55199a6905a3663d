// Falling asleep and waking. MuJoCo documentation, Computation, "Sleeping islands"; engine_sleep.c.
//
// A tree is still while its velocities, as speeds (dof_length), are below sleep_tolerance and no force is applied to it. tree_asleep
// counts its still steps up to -1; an island all of whose trees are there falls asleep: it loses its last speed and stands where it is.
// tree_asleep is then the next tree of a ring through those that fell asleep together. They wake together:
//   - when one of them is moved, gets a velocity or a force from outside,
//   - when something awake, or a mocap body, touches one of them,
//   - when an equality or a tendon that acts ties one to a tree that is awake, or asleep in another ring.
//
// Little is done here, for few trees, and by one thread where order matters.
#pragma once
#include "physics/kernel/asleep.h"
#include "physics/kernel/rows.h"

NURI_KERNEL_BEGIN

inline constexpr int wide_awake = -11;                             // 10 still steps come before -1: MuJoCo's mjMINAWAKE

// f(tree) for the trees of a sleeper's ring. A state from outside may hold anything: it ends after as many as there are.
template <class L, class F> NURI_FN void each_in_ring(const Pack<L>& p, int tree, F f) {
  const int trees = p.model.tree_count;
  for (int k = 0; k < trees && asleep(p, tree); ++k) {
    const auto next = p.scratch.tree_asleep()[tree][0];
    f(tree);
    tree = next < typename L::Scalar(trees) ? int(next) : -1;
  }
}
template <class L> NURI_FN void wake(const Pack<L>& p, int tree, int as) {
  each_in_ring(p, tree, [&](int t) { p.scratch.tree_asleep()[t] = typename L::Real(float(as)); });
}
// The ring's lowest tree, by which it is known.
template <class L> NURI_FN int ring_of(const Pack<L>& p, int tree) {
  int lowest = tree;
  each_in_ring(p, tree, [&](int t) { lowest = t < lowest ? t : lowest; });
  return lowest;
}

template <class L, class F> NURI_FN void each_tree_body(const Pack<L>& p, int tree, F f) {
  const auto& m = p.model;
  for (int k = m.tree_body_adr[tree]; k < m.tree_body_adr[tree + 1]; ++k) f(m.tree_body[k]);
}
// Dofs and positions of a body lie together.
template <class L, class F> NURI_FN void each_dof(const Pack<L>& p, int body, F f) {
  const int first = p.model.body_dof_adr[body], end = first + p.model.body_dof_num[body];
  for (int i = first; i < end; ++i) f(i);
}
template <class L, class F> NURI_FN void each_position(const Pack<L>& p, int body, F f) {
  const auto& m = p.model;
  const int first = m.body_joint_adr[body], next = first + m.body_joint_num[body];
  if (first == next) return;
  const int end = next < m.joint_count ? m.joint_qpos[next] : m.qpos_count;
  for (int i = m.joint_qpos[first]; i < end; ++i) f(i);
}

// A force that is applied to a tree from outside.
template <class L> NURI_FN bool pushed(const Pack<L>& p, int tree) {
  const auto& s = p.scratch;
  bool any = false;
  each_tree_body(p, tree, [&](int b) {
    for (int i = 6 * b; i < 6 * b + 6; ++i) any = any || s.body_applied()[i][0] != 0;
    each_dof(p, b, [&](int i) { any = any || s.applied()[i][0] != 0; });
  });
  return any;
}
template <class L> NURI_FN bool disturbed(const Pack<L>& p, int tree) {
  const auto& s = p.scratch;
  if (p.model.tree_sleep[tree] == model::never_asleep || pushed(p, tree)) return true;
  bool moved = false;
  each_tree_body(p, tree, [&](int b) {
    each_dof(p, b, [&](int i) { moved = moved || s.qvel()[i][0] != 0; });
    each_position(p, b, [&](int i) { moved = moved || !(s.qpos()[i][0] == s.asleep_qpos()[i][0]); });
  });
  return moved;
}

// Before anything else of a step: who was pushed or moved since.
template <class L> NURI_STAGE void wake_disturbed(const Pack<L>& p) {
  const auto& m = p.model;
  const auto& s = p.scratch;
  p.lane.each(m.tree_count, [&](int t) { s.tree_woken()[t] = asleep(p, t) && disturbed(p, t) ? 1 : 0; });
  p.lane.sync();
  p.lane.once([&] { for (int t = 0; t < m.tree_count; ++t) if (s.tree_woken()[t]) wake(p, t, wide_awake); });
  p.lane.sync();
}

// Before contacts are looked for: whom an equality or a tendon ties to somebody awake, or to another ring.
template <class L> NURI_STAGE void wake_tied(const Pack<L>& p) {
  const auto& m = p.model;
  const auto& s = p.scratch;
  if (!m.on(model::flag_constraint)) return;
  p.lane.once([&] {
    for (int row = 0; row < m.row_count; ++row) {
      const int kind = m.row_kind[row], first = m.row_dof_adr[row], end = m.row_dof_adr[row + 1];
      if (kind == model::row_dof_friction || kind == model::row_joint_limit || kind == model::row_ball_limit || m.row_component[row] > 0) continue;
      auto tree = [&](int k) { return m.body_tree[m.dof_body[m.row_dof[k]]]; };
      const int one = tree(first);
      bool apart = false;
      for (int k = first + 1; k < end; ++k) {
        const int other = tree(k);
        if (other == one) continue;
        apart = apart || asleep(p, other) != asleep(p, one) || (asleep(p, one) && ring_of(p, other) != ring_of(p, one));
      }
      if (!apart) continue;
      if (kind <= model::row_tendon_equality && !(s.equality_active()[m.row_source[row]][0] > typename L::Scalar(0.5))) continue;
      if (kind == model::row_tendon_limit && !any(limit_state(p, row).dist < limit_margin(p, row))) continue;
      for (int k = first; k < end; ++k) wake(p, tree(k), wide_awake);
    }
  });
  p.lane.sync();
}

// After the narrow phase: whom somebody awake touches. True: somebody woke, and has contacts that nobody looked for.
template <class L> NURI_STAGE bool wake_touched(const Pack<L>& p) {
  const auto& m = p.model;
  const auto& s = p.scratch;
  p.lane.once([&] {
    int woken = 0;
    for (int k = 0; k < p.live_count; ++k) {
      const int pair = s.hit_pair()[s.live_hits()[k]];
      const int one = m.body_tree[m.geom_body[m.pair_geom1[pair]]], two = m.body_tree[m.geom_body[m.pair_geom2[pair]]];
      if (asleep(p, one) == asleep(p, two)) continue;
      const int sleeper = asleep(p, one) ? one : two, waker = sleeper == one ? two : one;
      wake(p, sleeper, waker < 0 ? wide_awake : int(s.tree_asleep()[waker][0]));
      ++woken;
    }
    s.counts()[7] = woken;
  });
  p.lane.sync();
  return s.counts()[7] > 0;
}

// After the solver: sleepers have neither acceleration nor constraint force.
template <class L> NURI_FN void hold_sleepers(const Pack<L>& p) {
  using R = typename L::Real;
  const auto& s = p.scratch;
  p.lane.each(p.model.dof_count, [&](int i) { if (dof_asleep(p, i)) s.acc()[i] = s.constraint()[i] = R(0); });
  p.lane.sync();
}

// Before velocities are moved: counts still steps, and puts to sleep what has been still for long, island by island.
template <class L> NURI_STAGE void fall_asleep(const Pack<L>& p) {
  using R = typename L::Real;
  using T = typename L::Scalar;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const T tolerance = m.sleep_tolerance[0][0];
  p.lane.each(m.tree_count, [&](int t) {
    s.tree_woken()[t] = 0;
    if (asleep(p, t)) return;
    bool still = m.tree_sleep[t] != model::never_asleep && !pushed(p, t);
    each_tree_body(p, t, [&](int b) {
      each_dof(p, b, [&](int i) {
        const T speed = abs(s.qvel()[i])[0] * m.dof_length[i][0];
        still = still && (tolerance > 0 ? speed < tolerance : speed == 0);
      });
    });
    R& at = s.tree_asleep()[t];
    if (!still) at = R(float(wide_awake));
    else if (at[0] < -1) at = at + R(1);
  });
  p.lane.sync();
  p.lane.once([&] {
    auto ready = [&](int t) { return s.tree_asleep()[t][0] == -1; };
    auto ring = [&](int first, int n, auto tree) {
      for (int k = first; k < first + n; ++k) if (!ready(tree(k))) return;
      for (int k = first; k < first + n; ++k) s.tree_woken()[tree(k)] = 1;               // falls asleep now
      for (int k = 0; k < n; ++k) s.tree_asleep()[tree(first + k)] = R(float(tree(first + (k + 1) % n)));
    };
    const bool islands = m.on(model::flag_island);
    if (!islands && p.row_count) return;                           // who holds whom is not known; nor does MuJoCo then let anybody sleep
    if (!islands) {
      for (int t = 0; t < m.tree_count; ++t) ring(t, 1, [](int k) { return k; });
      return;
    }
    for (int k = 0; k < p.islands; ++k) {
      const Island<L> island(p, k);
      ring(0, island.trees(), [&](int i) { return island.tree(i); });
    }
    const Island<L> rest(p, p.islands);
    for (int k = 0; k < rest.trees(); ++k) ring(k, 1, [&](int i) { return rest.tree(i); });
  });
  p.lane.sync();
  p.lane.each(m.tree_count, [&](int t) {
    if (!s.tree_woken()[t]) return;
    each_tree_body(p, t, [&](int b) {
      each_dof(p, b, [&](int i) { s.qvel()[i] = s.acc()[i] = R(0); });
      each_position(p, b, [&](int i) { s.asleep_qpos()[i] = s.qpos()[i]; });
    });
  });
  p.lane.sync();
}

NURI_KERNEL_END
