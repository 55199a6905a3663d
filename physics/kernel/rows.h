// Constraint rows: which there are, their Jacobians, stiffness D = 1/R and reference acceleration. MuJoCo: mj_makeConstraint,
// mj_makeImpedance, mj_referenceConstraint.
//
// Order: equality, dry friction, limits (from the model's catalog; only rows some environment needs are listed), then
// contacts, those with the world first. A row that an environment does not have is D = 0 and finite everything else.
#pragma once
#include "physics/kernel/adhesion.h"
#include "physics/kernel/diagonal.h"
#include "physics/kernel/equality_drift.h"
#include "physics/kernel/impedance.h"
#include "physics/kernel/islands.h"
#include "physics/kernel/jacobian.h"
#include "physics/kernel/surface.h"
#include "physics/kernel/tendons.h"

NURI_KERNEL_BEGIN

// A limit's distance to the nearer bound (negative: beyond) and the sign of its Jacobian; component 0 / 1: that bound only.
template <class R> struct LimitState { R dist, sign; };
template <class R> NURI_FN LimitState<R> nearer_bound(R value, R low, R high, int component) {
  const R below = value - low, above = high - value;
  if (component == 0) return {below, R(1)};
  if (component == 1) return {above, R(-1)};
  const auto lower = below < above;
  return {where(lower, below, above), where(lower, R(1), R(-1))};
}

// The rotation of a ball joint as axis * angle, angle in [0, pi].
template <class L> NURI_FN Vec3<typename L::Real> ball_rotation(const Pack<L>& p, int joint) {
  return rotation_vector(unit(load4(p.scratch.qpos() + p.model.joint_qpos[joint], 0)));
}

template <class L> NURI_FN LimitState<typename L::Real> limit_state(const Pack<L>& p, int row) {
  using R = typename L::Real;
  const auto& m = p.model;
  const int source = m.row_source[row], kind = m.row_kind[row];
  if (kind == model::row_tendon_limit)
    return nearer_bound(p.scratch.tendon_length()[source], m.tendon_range[2 * source], m.tendon_range[2 * source + 1], m.row_component[row]);
  if (kind == model::row_ball_limit) return {max(m.joint_range[2 * source], m.joint_range[2 * source + 1]) - norm(ball_rotation(p, source)), R(-1)};
  return nearer_bound(p.scratch.qpos()[m.joint_qpos[source]], m.joint_range[2 * source], m.joint_range[2 * source + 1], m.row_component[row]);
}
template <class L> NURI_FN typename L::Real limit_margin(const Pack<L>& p, int row) {
  const auto& m = p.model;
  return m.row_kind[row] == model::row_tendon_limit ? m.tendon_margin[m.row_source[row]] : m.joint_margin[m.row_source[row]];
}

template <class R> NURI_FN R polynomial(const Field<R>& f, int at, R x) {
  return mul_add(mul_add(mul_add(mul_add(f[at + 4], x, f[at + 3]), x, f[at + 2]), x, f[at + 1]), x, f[at]);
}
template <class R> NURI_FN R polynomial_slope(const Field<R>& f, int at, R x) {
  return mul_add(mul_add(mul_add(R(4) * f[at + 4], x, R(3) * f[at + 3]), x, R(2) * f[at + 2]), x, f[at + 1]);
}

// Jacobian and position error of one row of an equality; out_norm is the error of all its rows together.
template <class L> NURI_FN void equality_row(const Pack<L>& p, int row, typename L::Real* out, typename L::Real& out_pos, typename L::Real& out_norm) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const int e = m.row_source[row], component = m.row_component[row], o1 = m.equality_object1[e], o2 = m.equality_object2[e], data = 11 * e;
  const int first = m.row_dof_adr[row], n = m.row_dof_adr[row + 1] - first, kind = m.row_kind[row];
  if (kind == model::row_joint_equality || kind == model::row_tendon_equality) {
    const bool joints = kind == model::row_joint_equality;
    auto position = [&](int i) { return joints ? s.qpos()[m.joint_qpos[i]] - m.qpos0[m.joint_qpos[i]] : s.tendon_length()[i] - m.tendon_length0[i]; };
    const R x = o2 >= 0 ? position(o2) : R(0);
    out_pos = position(o1) - (o2 >= 0 ? polynomial(m.equality_data, data, x) : m.equality_data[data]);
    out_norm = out_pos;
    const R slope = o2 >= 0 ? polynomial_slope(m.equality_data, data, x) : R(0);
    for (int k = 0; k < n; ++k) {
      const int dof = m.row_dof[first + k];
      auto share = [&](int i) {
        if (joints) return R(m.joint_dof[i] == dof ? 1.0f : 0.0f);
        R sum = R(0);
        for (int t = m.term_adr[i]; t < m.term_adr[i + 1]; ++t) if (m.term_dof[t] == dof) sum = sum + moment_arm(p, t);
        return sum;
      };
      out[k] = o2 >= 0 ? sub_mul(share(o1), slope, share(o2)) : share(o1);
    }
    return;
  }
  // connect: two points meet; weld: two frames meet
  const bool weld = kind == model::row_weld;
  const Vec3<R> x1 = load9(s.xmat(), o1) * Vec3<R>{m.equality_data[data + (weld ? 3 : 0)], m.equality_data[data + (weld ? 4 : 1)], m.equality_data[data + (weld ? 5 : 2)]} + load3(s.xpos(), o1);
  const Vec3<R> x2 = load9(s.xmat(), o2) * Vec3<R>{m.equality_data[data + (weld ? 0 : 3)], m.equality_data[data + (weld ? 1 : 4)], m.equality_data[data + (weld ? 2 : 5)]} + load3(s.xpos(), o2);
  const Vec3<R> apart = x1 - x2;
  R square = dot(apart, apart);
  const R scale = m.equality_data[data + 10];
  Quat<R> q{}, back{};
  Vec3<R> turned = zero3<R>();
  if (weld) {                                                      // axis part of conj(q2) q1 relative
    q = load4(s.xquat(), o1) * Quat<R>{m.equality_data[data + 6], m.equality_data[data + 7], m.equality_data[data + 8], m.equality_data[data + 9]};
    back = conjugate(load4(s.xquat(), o2));
    const Quat<R> error = back * q;
    turned = Vec3<R>{error.x, error.y, error.z} * scale;
    square = square + dot(turned, turned);
  }
  out_norm = sqrt(square);
  auto part = [&](Vec3<R> v, int c) { return c == 0 ? v.x : c == 1 ? v.y : v.z; };
  out_pos = component < 3 ? part(apart, component) : part(turned, component - 3);
  for (int k = 0; k < n; ++k) {
    const int dof = m.row_dof[first + k];
    const Twist<R> axis = load6(s.cdof(), dof);
    const Vec3<R> com = load3(s.com(), m.body_frame[m.dof_body[dof]]);
    const R on1 = R(moves(p, dof, o1) ? 1.0f : 0.0f), on2 = R(moves(p, dof, o2) ? 1.0f : 0.0f);
    if (component < 3) {
      const Vec3<R> v = cross_add(axis.w, x1 - com, axis.v) * on1 - cross_add(axis.w, x2 - com, axis.v) * on2;
      out[k] = part(v, component);
    } else {
      const Vec3<R> w = axis.w * (on1 - on2);
      const Quat<R> d = back * Quat<R>{R(0), w.x, w.y, w.z} * q;
      out[k] = part(Vec3<R>{d.x, d.y, d.z} * (R(0.5f) * scale), component - 3);
    }
  }
}

template <class L> NURI_STAGE void catalog_rows(Pack<L>& p) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  p.listed_count = p.lane.list(m.on(model::flag_constraint) ? m.row_count : 0, s.listed(), m.row_count, [&](int row) {
    const int kind = m.row_kind[row];
    if (may_sleep(p) && dof_asleep(p, m.row_dof[m.row_dof_adr[row]])) return p.no();
    if (kind <= model::row_tendon_equality) return R(0.5f) < s.equality_active()[m.row_source[row]];
    if (kind <= model::row_tendon_friction) return p.yes();
    return limit_state(p, row).dist < limit_margin(p, row);
  });
  p.lane.sync();
  int equality = 0, friction = 0;
  for (; equality < p.listed_count && m.row_kind[s.listed()[equality]] <= model::row_tendon_equality;) ++equality;
  for (; equality + friction < p.listed_count && m.row_kind[s.listed()[equality + friction]] <= model::row_tendon_friction;) ++friction;
  p.equality_rows = equality;
  p.friction_rows = friction;
  p.lane.each(p.listed_count, [&](int i) {
    const int row = s.listed()[i], source = m.row_source[row], kind = m.row_kind[row], first = m.row_dof_adr[row];
    R* const J = s.row_value() + first;
    const Impedance<R> imp = load_impedance(m.row_impedance, row);
    R pos = R(0), size = R(0), D, pull;
    auto here = p.yes();
    if (kind <= model::row_tendon_equality) {
      here = R(0.5f) < s.equality_active()[source];
      equality_row(p, row, J, pos, size);
    } else if (kind == model::row_dof_friction) {
      J[0] = R(1);
      s.row_loss()[i] = m.dof_frictionloss[source];
    } else if (kind == model::row_tendon_friction || kind == model::row_tendon_limit) {
      R sign = R(1);
      if (kind == model::row_tendon_limit) {
        const LimitState<R> limit = limit_state(p, row);
        here = limit.dist < m.tendon_margin[source];
        pos = size = limit.dist - m.tendon_margin[source];
        sign = limit.sign;
      } else {
        s.row_loss()[i] = m.tendon_frictionloss[source];
      }
      for (int k = first; k < m.row_dof_adr[row + 1]; ++k) {
        R sum = R(0);
        for (int t = m.term_adr[source]; t < m.term_adr[source + 1]; ++t) if (m.term_dof[t] == m.row_dof[k]) sum = sum + moment_arm(p, t);
        s.row_value()[k] = sum * sign;
      }
    } else {
      const LimitState<R> limit = limit_state(p, row);
      here = limit.dist < m.joint_margin[source];
      pos = size = limit.dist - m.joint_margin[source];
      if (kind == model::row_ball_limit) {
        R angle;
        const Vec3<R> axis = normalized(ball_rotation(p, source), Vec3<R>{R(1), R(0), R(0)}, angle);
        J[0] = -axis.x;
        J[1] = -axis.y;
        J[2] = -axis.z;
      } else {
        J[0] = limit.sign;
      }
    }
    impede(imp, m.row_invweight[row], size, D, pull);
    if (kind <= model::row_weld) pull = imp.k * impedance_at(imp, size) * pos;   // several rows share one impedance
    s.D()[i] = where(here, D, R(0));
    s.aref()[i] = where(here, pull, R(0));
    s.row_key()[i] = row;
  });
  p.lane.sync();
}

template <class L> NURI_STAGE void contact_rows(Pack<L>& p) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const bool elliptic = m.elliptic != 0;
  p.single_rows = p.listed_count;
  bool by_islands = false;
  if constexpr (L::width == 1) by_islands = m.heap;
  p.lane.once([&] {
    int row = p.listed_count;
    auto give_rows = [&](int i) {
      const int o = s.slot_owner()[i], n = rows_of(m.owner_dim[o], elliptic);
      s.slot_row()[i] = row;
      if (row + n <= s.at->room.rows)
        for (int r = 0; r < n; ++r) s.row_key()[row + r] = m.owner_key[o] + s.slot_rank()[i] * n + r;
      row += n;
    };
    if (!by_islands) {
      for (int i = 0; i < p.slot_count; ++i) give_rows(i);
      s.slot_row()[p.slot_count] = row;
    } else if constexpr (L::width == 1) {                          // an island's lie together
      int* at = s.islands();
      find_islands(p);
      for (int k = 0, slot = 0; k <= s.counts()[6]; ++k, at += island::size) {
        at[island::rows] = row;
        for (; slot < at[island::size + island::slots]; ++slot) give_rows(s.island_slot()[slot]);
      }
      at[island::rows] = row;
    }
    s.counts()[4] = row;
  });
  p.lane.sync();
  p.row_count = s.counts()[4];
  p.islands = by_islands ? s.counts()[6] : 0;
  if (p.row_count > s.at->room.rows) {
    p.no_room = true;
    p.slot_count = p.world_slots = p.islands = 0;
    p.row_count = p.listed_count;
    p.lane.sync();
    p.lane.each(m.body_count + 1, [&](int b) { s.link_slot_adr()[b] = 0; });
    p.lane.sync();
  }
  p.lane.each(p.slot_count, [&](int i) {
    const int o = s.slot_owner()[i], dim = m.owner_dim[o], row = s.slot_row()[i], n = rows_of(dim, elliptic);
    const Pick<R> pair(s.slot_pair()[i]);
    auto number = [&](const Field<R>& f) { return pair.of(f, 1, 0); };
    const Impedance<R> imp = load_impedance(m.pair_impedance, pair);
    const R dist = s.slot_dist()[i];
    R margin = number(m.pair_margin), D, pull;
    auto here = dist < margin;
    if (m.on(model::flag_gap)) {                                   // in the gap a contact is a row if it pulls
      margin = number(m.pair_include);
      here = here & ((dist < margin) | (R(0) < abs(number(m.pair_adhesion))));
    }
    impede(imp, number(m.pair_invweight), where(here, dist - margin, R(0)), D, pull);
    D = where(here, D, R(0));
    pull = where(here, pull, R(0));
    if (m.on(model::flag_adhesion)) pull = sub_mul(pull, where(here, number(m.pair_adhesion), R(0)), R(1) / (where(here, D, R(1)) * R(float(elliptic ? 1 : n))));
    s.D()[row] = D;
    s.aref()[row] = pull;
    for (int r = 1; r < n; ++r) {
      if (elliptic) {                                              // R_k = R_0 / impratio * (friction_0 / friction_k)^2
        const R f0 = s.slot_friction()[5 * i], fk = s.slot_friction()[5 * i + r - 1];
        s.D()[row + r] = D * m.impratio[0] * ((fk * fk) / (f0 * f0));
        s.aref()[row + r] = R(0);
      } else {
        s.D()[row + r] = D;
        s.aref()[row + r] = pull;
      }
    }
    if (i < p.world_slots) return;
    // explicit rows in contact coordinates: axis . velocity of body 2 minus body 1 at the point
    const int first = m.owner_dof_adr[o], dofs = m.owner_dof_adr[o + 1] - first;
    const R* const frame = s.frames() + 12 * i;
    const Vec3<R> at = load3(frame, 0) + load3(s.com(), m.body_frame[m.owner_body2[o]]);
    R* const own = s.own() + s.slot_own()[i];
    for (int k = 0; k < dofs; ++k) {
      const int coded = m.owner_dof[first + k], dof = coded < 0 ? -1 - coded : coded;
      const Twist<R> axis = load6(s.cdof(), dof);
      Vec3<R> w = axis.w, v = cross_add(axis.w, at - load3(s.com(), m.body_frame[m.dof_body[dof]]), axis.v);
      if (coded < 0) {
        w = -w;
        v = -v;
      }
      own[k] = dot(load3(frame, 1), v);
      if (dim > 1) {
        own[dofs + k] = dot(load3(frame, 2), v);
        own[2 * dofs + k] = dot(load3(frame, 3), v);
        for (int r = 3; r < dim; ++r) own[r * dofs + k] = dot(load3(frame, r - 2), w);
      }
    }
  });
  p.lane.sync();
}

// aref = -(B v + K imp pos), v with the motion of the surfaces; adhesion is part of `pull` already
template <class L> NURI_STAGE void reference_acceleration(Pack<L>& p) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  times_jacobian(p, s.qvel(), s.jv(), s.cvel());
  if (m.on(model::flag_surfacevel)) add_surface_motion(p);
  p.lane.each(p.listed_count, [&](int i) {
    const R damp = m.row_impedance[model::impedance_size * s.listed()[i] + model::imp_b_damp];
    s.aref()[i] = -mul_add(damp, s.jv()[i], s.aref()[i]);
    if (m.row_kind[s.listed()[i]] <= model::row_weld) s.aref()[i] = s.aref()[i] - where(R(0) < s.D()[i], equality_drift(p, s.listed()[i]), R(0));
  });
  p.lane.each(p.slot_count, [&](int i) {
    const Pick<R> pair(s.slot_pair()[i]);
    const R damp = pair.of(m.pair_impedance, model::impedance_size, model::imp_b_damp);
    const int row = s.slot_row()[i], end = row_end(p, i);
    s.aref()[row] = -mul_add(damp, s.jv()[row], s.aref()[row]);
    const R other = m.elliptic ? pair.of(m.pair_friction_kb, 2, 1) : damp;
    for (int r = row + 1; r < end; ++r) s.aref()[r] = -mul_add(other, s.jv()[r], s.aref()[r]);
  });
  p.lane.sync();
}

template <class L> NURI_FN void constraint_rows(Pack<L>& p) {
  const auto& m = p.model;
  catalog_rows(p);
  contact_rows(p);
  if (m.on(model::flag_diagexact) && p.row_count && !p.no_room) exact_diagonal(p);
  if (p.row_count) reference_acceleration(p);
}

NURI_KERNEL_END
