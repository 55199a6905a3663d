// Velocity: twists of links down the tree, and with them the bias force (gravity, Coriolis, centrifugal) by recursive
// Newton-Euler with zero joint acceleration. MuJoCo: mj_comVel, mj_rne.
//
// All spatial vectors of a tree are in world axes about the tree's centre of mass:
//   v_b = v_parent + sum axis qvel          a_b = a_parent + sum (v x axis) qvel,   a_world = -gravity
//   f_b = I a_b + v_b x* (I v_b)            bias_d = axis_d . (f of the link and all below it)
// A link moves as one: what its bodies feel is summed, and goes up and down the tree of links, which robots with many welded parts have
// far fewer of (an ant of 13 bodies has 9).
#pragma once
#include "engine/model/model_flags.h"
#include "physics/kernel/inertia.h"
#include "physics/kernel/kinematics.h"
#include "physics/kernel/part.h"

NURI_KERNEL_BEGIN

template <class L> NURI_STAGE void velocity(Pack<L>& p) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  p.lane.once([&] {
    Vec3<R> g = zero3<R>();
    if (m.on(model::flag_gravity)) g = load3(m.gravity, 0);
    store6(s.cvel(), 0, zero6<R>());
    store6(s.cacc(), 0, Twist<R>{zero3<R>(), -g});
  });
  p.lane.sync();
  for (int level = 0; level < m.link_level_count; ++level) {
    const int* const links = m.link_level + m.link_level_adr[level];
    p.lane.each(m.link_level_adr[level + 1] - m.link_level_adr[level], [&](int k) {
      const int b = links[k], parent = m.link_parent[b], first = m.body_dof_adr[b], end = first + m.body_dof_num[b];
      Twist<R> vel = load6(s.cvel(), parent), acc = load6(s.cacc(), parent);
      for (int d = first; d < end;) {
        const int type = m.joint_type[m.dof_joint[d]];
        if (type == joint::free && d == first) {                   // translations do not turn each other's axes
          for (int c = 0; c < 3; ++c, ++d) vel = mul_add(load6(s.cdof(), d), s.qvel()[d], vel);
          continue;
        }
        const int count = type >= joint::slide ? 1 : 3;
        const Twist<R> before = vel;
        for (int c = 0; c < count; ++c, ++d) {
          const Twist<R> axis = load6(s.cdof(), d);
          const R v = s.qvel()[d];
          acc = mul_add(cross_motion(before, axis), v, acc);
          vel = mul_add(axis, v, vel);
        }
      }
      const R* const inertia = s.link_inertia() + inertia_size * b;
      store6(s.cvel(), b, vel);
      store6(s.cacc(), b, acc);
      store6(s.body6(), b, times_inertia(inertia, acc) + cross_force(vel, times_inertia(inertia, vel)));
    });
    p.lane.sync();
  }
  p.lane.each(m.body_count, [&](int b) {
    const int link = m.body_link[b];
    if (link == b) return;
    store6(s.cvel(), b, load6(s.cvel(), link));
    store6(s.cacc(), b, load6(s.cacc(), link));
  });
  p.lane.sync();
}

// body6 of each link becomes the sum of f(body) over its bodies, ascending
template <class L, class F> NURI_FN void gather_bodies(Pack<L>& p, F f) {
  const auto& m = p.model;
  p.lane.each(m.link_count, [&](int k) {
    const int b = m.link_level[k];
    auto sum = f(b);
    for (int i = m.link_body_adr[b] + 1; i < m.link_body_adr[b + 1]; ++i) sum = sum + f(m.link_body[i]);
    store6(p.scratch.body6(), b, sum);
  });
  p.lane.sync();
}

// body6 of each link becomes the sum over its subtree, leaves first, children ascending
template <class L, class P> NURI_STAGE void gather_up(Pack<L>& p, const P part) {
  const auto& m = p.model;
  auto* const body6 = p.scratch.body6();
  for (int level = part.levels() - 2; level >= 0; --level) {
    const int begin = part.level_begin(level);
    p.lane.each(part.level_begin(level + 1) - begin, [&](int k) {
      const int b = part.link(begin + k);
      auto f = load6(body6, b);
      for (int i = m.link_child_adr[b]; i < m.link_child_adr[b + 1]; ++i) f = f + load6(body6, m.link_child[i]);
      store6(body6, b, f);
    });
    p.lane.sync();
  }
}
template <class L> NURI_FN void gather_up(Pack<L>& p) { gather_up(p, Everything<L>(p)); }

// body6 = twist of each link when the dofs move at x
template <class L, class P> NURI_STAGE void spread_down(Pack<L>& p, const typename L::Real* x, const P part) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  p.lane.once([&] { store6(s.body6(), 0, zero6<R>()); });
  p.lane.sync();
  for (int level = 0; level < part.levels(); ++level) {
    const int begin = part.level_begin(level);
    p.lane.each(part.level_begin(level + 1) - begin, [&](int k) {
      const int b = part.link(begin + k);
      Twist<R> v = load6(s.body6(), m.link_parent[b]);
      for (int d = m.body_dof_adr[b], end = d + m.body_dof_num[b]; d < end; ++d) v = mul_add(load6(s.cdof(), d), x[d], v);
      store6(s.body6(), b, v);
    });
    p.lane.sync();
  }
}

template <class L> NURI_STAGE void bias_force(Pack<L>& p) {
  const auto& m = p.model;
  const auto& s = p.scratch;
  gather_up(p);
  p.lane.each(m.dof_count, [&](int i) { s.bias()[i] = dot(load6(s.cdof(), i), load6(s.body6(), m.dof_body[i])); });
  p.lane.sync();
}

NURI_KERNEL_END
