// Equations A x = b of a robot, solved along its tree in O(n), without a matrix (Featherstone 2008, ch. 7). A is the mass matrix plus
// what depends on one link or one dof: the stiffness of contacts with the world, of joint limits and of dry friction, damping, armature.
//
// Of each link, outermost first:  Ia = I + K + sum over children of what is left of theirs
//   of each of its dofs, last first:  U = Ia axis,  d = axis . U + the dof's own,  Ia <- Ia - U U' / d
// Up the tree b loses what reaches it through the dofs below, down the tree x follows from the link's acceleration. Dofs of one link go
// by threes: the ties between them, (axis_e . U_d) / d for e before d, replace the way through Ia, which is a long chain of
// operations that wait for each other (measured: a tenth of the time).
//
// Contacts between two bodies of the robot couple branches: A + C' C with few rows C. Then (Woodbury)
//   inv(A + C'C) = inv(A) - inv(A) C' inv(S) C inv(A),   S = 1 + C inv(A) C' = 1 + Y inv(d) Y'
// where the rows of Y are those of C on half their way: up the tree. S is well conditioned in float: constraint stiffness follows
// the inertia it works on, so its eigenvalues reach from 1 to about imp / (1 - imp).
//
// A model says whether this way is shorter than factoring the matrix (model::along_tree): small robots, several trees and rows over
// several dofs take factor.h. Which way is a matter of the model alone, or it would show in the bits.
#pragma once
#include "physics/kernel/factor.h"
#include "physics/kernel/hessian.h"
#include "physics/kernel/inertia.h"
#include "physics/kernel/velocity.h"

NURI_KERNEL_BEGIN

inline constexpr int dofs_at_once = 3;

// Two chains of three instead of one of six: here everything waits for it.
template <class R> NURI_VALUE R short_dot(Twist<R> a, Twist<R> b) { return dot(a.w, b.w) + dot(a.v, b.v); }

// f(first dof, number of dofs as a constant) for a link's dofs, the last ones first or the first ones first; the same groups both ways.
template <class L, class F> NURI_VALUE void dofs_upwards(const Pack<L>& p, int b, F f) {
  const int first = p.model.body_dof_adr[b];
  for (int n = p.model.body_dof_num[b]; n > 0; n -= dofs_at_once) {
    if (n == 1) f.template operator()<1>(first);
    else if (n == 2) f.template operator()<2>(first);
    else f.template operator()<dofs_at_once>(first + n - dofs_at_once);
  }
}
template <class L, class F> NURI_VALUE void dofs_downwards(const Pack<L>& p, int b, F f) {
  int d = p.model.body_dof_adr[b];
  const int end = d + p.model.body_dof_num[b], odd = (end - d) % dofs_at_once;
  if (odd == 1) f.template operator()<1>(d);
  if (odd == 2) f.template operator()<2>(d);
  for (d += odd; d < end; d += dofs_at_once) f.template operator()<dofs_at_once>(d);
}

// The dofs d .. d + N - 1 leave the inertia a (if `leave`; nobody reads what is left of a root's). dof_tie[2 d + k]: tie to dof d + 1 + k.
template <int N, class L> NURI_VALUE void release_dofs(Pack<L>& p, typename L::Real* a, int d, bool leave) {
  using R = typename L::Real;
  const auto& s = p.scratch;
  R *const ties = s.dof_tie() + 2 * d, *const inverse = s.inverse_diagonal() + d, *const force = s.axis_force();
  const R *const axes = s.cdof(), *const dof_own = s.dof_own() + d;
  Twist<R> axis[N], u[N];
  R D[N][N], inv[N];
  NURI_UNROLL for (int i = 0; i < N; ++i) {
    axis[i] = load6(axes, d + i);
    u[i] = times_symmetric6(a, axis[i]);
    NURI_UNROLL for (int j = 0; j <= i; ++j) D[i][j] = short_dot(axis[j], u[i]);
    D[i][i] = D[i][i] + dof_own[i];
  }
  NURI_UNROLL for (int i = N - 1; i >= 0; --i) {
    inv[i] = R(1) / D[i][i];
    NURI_UNROLL for (int e = 0; e < i; ++e) {
      const R tie = D[i][e] * inv[i];
      NURI_UNROLL for (int f = 0; f <= e; ++f) D[e][f] = sub_mul(D[e][f], tie, D[i][f]);
      u[e] = mul_add(u[i], -tie, u[e]);
      ties[2 * e + i - e - 1] = tie;
    }
    inverse[i] = inv[i];
    store6(force, d + i, u[i]);
  }
  if (!leave) return;
  R sum[symmetric6_size];
  NURI_UNROLL for (int e = 0; e < symmetric6_size; ++e) sum[e] = a[e];
  NURI_UNROLL for (int i = N - 1; i >= 0; --i) {
    const Vec3<R> x = u[i].w, y = u[i].v, w = x * inv[i], v = y * inv[i];
    sum[0] = sub_mul(sum[0], x.x, w.x);
    sum[1] = sub_mul(sum[1], x.x, w.y);
    sum[2] = sub_mul(sum[2], x.x, w.z);
    sum[3] = sub_mul(sum[3], x.y, w.y);
    sum[4] = sub_mul(sum[4], x.y, w.z);
    sum[5] = sub_mul(sum[5], x.z, w.z);
    sum[6] = sub_mul(sum[6], x.x, v.x);
    sum[7] = sub_mul(sum[7], x.x, v.y);
    sum[8] = sub_mul(sum[8], x.x, v.z);
    sum[9] = sub_mul(sum[9], x.y, v.x);
    sum[10] = sub_mul(sum[10], x.y, v.y);
    sum[11] = sub_mul(sum[11], x.y, v.z);
    sum[12] = sub_mul(sum[12], x.z, v.x);
    sum[13] = sub_mul(sum[13], x.z, v.y);
    sum[14] = sub_mul(sum[14], x.z, v.z);
    sum[15] = sub_mul(sum[15], y.x, v.x);
    sum[16] = sub_mul(sum[16], y.x, v.y);
    sum[17] = sub_mul(sum[17], y.x, v.z);
    sum[18] = sub_mul(sum[18], y.y, v.y);
    sum[19] = sub_mul(sum[19], y.y, v.z);
    sum[20] = sub_mul(sum[20], y.z, v.z);
  }
  NURI_UNROLL for (int e = 0; e < symmetric6_size; ++e) a[e] = sum[e];
}

// Ia, axis_force (U), inverse_diagonal (1/d), dof_tie: of every link by inertia and dof_own alone, or then, `stiff`, with contacts, of
// those links where touched = 2 says that they came or changed.
template <class L> NURI_STAGE void articulate(Pack<L>& p, bool stiff) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const int* const touched = s.touched();
  R* const left = s.articulated();
  for (int level = m.link_level_count - 1; level >= 0; --level) {
    const int* const links = m.link_level + m.link_level_adr[level];
    p.lane.each(m.link_level_adr[level + 1] - m.link_level_adr[level], [&](int k) {
      const int b = links[k];
      if (stiff && touched[b] < 2) return;
      const R* const i = s.link_inertia() + inertia_size * b;
      R sum[symmetric6_size] = {i[0], i[3], i[4], i[1], i[5], i[2], R(0), -i[8], i[7], i[8], R(0), -i[6], -i[7], i[6], R(0), i[9], R(0), R(0), i[9], R(0), i[9]};
      if (stiff && s.link_slot_adr()[b + 1] > s.link_slot_adr()[b])
        NURI_UNROLL for (int c = 0; c < symmetric6_size; ++c) sum[c] = sum[c] + s.own_stiff()[symmetric6_size * b + c];
      for (int c = m.link_child_adr[b]; c < m.link_child_adr[b + 1]; ++c) {
        const R* const add = left + symmetric6_size * m.link_child[c];
        NURI_UNROLL for (int e = 0; e < symmetric6_size; ++e) sum[e] = sum[e] + add[e];
      }
      R* const a = left + symmetric6_size * b;
      NURI_UNROLL for (int c = 0; c < symmetric6_size; ++c) a[c] = sum[c];
      dofs_upwards(p, b, [&]<int N>(int d) NURI_INLINED { release_dofs<N>(p, a, d, m.link_parent[b] || d > m.body_dof_adr[b]); });
    });
    p.lane.sync();
  }
}

// Rows of Y: what is left of each row of C when it has gone up the tree.
template <int Dim, class L> NURI_FN void lift_contact(Pack<L>& p, int slot) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const int o = s.slot_owner()[slot], first = m.owner_dof_adr[o], n = m.owner_dof_adr[o + 1] - first, dofs = m.dof_count;
  const R *const own = s.own() + s.slot_own()[slot], *const inverse = s.inverse_diagonal();
  R k[triangle_size(Dim)];
  contact_stiffness<Dim>(p, slot, k);
  // k = G G'; a pivot that is only rounding of its entry stands for none (an edge of the pyramid alone has rank 1)
  const R least = p.real(p.in_float ? 1e-5 : 1e-13);
  NURI_UNROLL for (int c = 0; c < Dim; ++c) {
    R pivot = k[triangle(c) + c];
    NURI_UNROLL for (int e = 0; e < c; ++e) pivot = sub_mul(pivot, k[triangle(c) + e], k[triangle(c) + e]);
    const auto some = least * k[triangle(c) + c] < pivot;
    const R root = sqrt(where(some, pivot, R(0))), inv = where(some, R(1), R(0)) / where(some, root, R(1));
    k[triangle(c) + c] = root;
    NURI_UNROLL for (int r = c + 1; r < Dim; ++r) {
      R v = k[triangle(r) + c];
      NURI_UNROLL for (int e = 0; e < c; ++e) v = sub_mul(v, k[triangle(r) + e], k[triangle(c) + e]);
      k[triangle(r) + c] = v * inv;
    }
  }
  R* const y = s.couple() + s.slot_couple()[slot] * dofs;
  for (int d = 0; d < Dim * dofs; ++d) y[d] = R(0);
  // All rows go up together, each body a chain of operations for every row: alone they would wait for themselves.
  int next = n - 1;                                                // bodies come in descending order, so dofs do
  auto through = [&](int b, Twist<R> (&f)[Dim]) {
    dofs_upwards(p, b, [&]<int N>(int d) NURI_INLINED {
      int at[N];                                                   // where the row's own values at these dofs lie
      NURI_UNROLL for (int i = N - 1; i >= 0; --i) {
        at[i] = next >= 0 && (m.owner_dof[first + next] == d + i || m.owner_dof[first + next] == -1 - (d + i)) ? next : -1;
        if (at[i] >= 0) --next;
      }
      NURI_UNROLL_PACK for (int c = 0; c < Dim; ++c) {
        R u[N];
        NURI_UNROLL for (int i = N - 1; i >= 0; --i) {
          u[i] = -short_dot(load6(s.cdof(), d + i), f[c]);
          if (at[i] >= 0) NURI_UNROLL for (int e = c; e < Dim; ++e) u[i] = mul_add(k[triangle(e) + c], own[e * n + at[i]], u[i]);
          NURI_UNROLL for (int e = i + 1; e < N; ++e) u[i] = sub_mul(u[i], s.dof_tie()[2 * (d + i) + e - i - 1], u[e]);
          y[c * dofs + d + i] = u[i];
        }
        NURI_UNROLL for (int i = N - 1; i >= 0; --i) f[c] = mul_add(load6(s.axis_force(), d + i), u[i] * inverse[d + i], f[c]);
      }
    });
  };
  int b1 = m.body_link[m.owner_body1[o]], b2 = m.body_link[m.owner_body2[o]];
  Twist<R> f1[Dim], f2[Dim];
  for (int c = 0; c < Dim; ++c) f1[c] = f2[c] = zero6<R>();
  while (b1 != b2 || b1) {
    if (b1 == b2) {                                                // they have met: on as one
      for (int c = 0; c < Dim; ++c) f1[c] = f1[c] + f2[c];
      b2 = 0;
    }
    int& b = b1 > b2 ? b1 : b2;
    through(b, b1 > b2 ? f1 : f2);
    b = m.link_parent[b];
  }
}

// f(d) for the dofs that rows of Y of a contact reach, ascending: those that carry either body. Bodies are numbered depth first, so
// what carries the second of them alone comes after all that carries the first.
template <class L, class F> NURI_VALUE void reached_dofs(const Pack<L>& p, int slot, F f) {
  const auto& m = p.model;
  const int o = p.scratch.slot_owner()[slot], b1 = m.owner_body1[o], b2 = m.owner_body2[o];
  int last = -1;
  NURI_KEEP_LOOP for (int i = 0; i < 2; ++i) {
    const int d = m.body_last_dof[(i == 0) == (b1 < b2) ? b1 : b2];
    if (d <= last) continue;
    const int* const above = m.ancestor + m.ancestor_adr[d];
    const int n = m.ancestor_adr[d + 1] - m.ancestor_adr[d];
    int k = 0;
    while (k < n && above[k] <= last) ++k;
    for (; k <= n; ++k) f(k < n ? above[k] : d);
    last = d;
  }
}

// Y, and S = l D l' in place: unit lower l, 1/D on the diagonal. Of contacts that press in environments that are `live`: the others
// are solved already, and what a round finds for them is not used.
template <class L> NURI_STAGE void couple_branches(Pack<L>& p, typename L::Truth live) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  p.coupled = 0;
  if (p.world_slots == p.slot_count) return;
  p.lane.each(p.slot_count - p.world_slots, [&](int j) {
    const int i = p.world_slots + j;
    with_dim(p, i, [&]<int Dim>() {
      R k[triangle_size(Dim)];
      contact_stiffness<Dim>(p, i, k);
      s.slot_couple()[i] = any(live & (R(0) < k[0])) ? Dim : 0;
    });
  });
  p.lane.sync();
  p.lane.once([&] {
    int rows = 0;
    for (int i = p.world_slots; i < p.slot_count; ++i) {
      const int n = s.slot_couple()[i];
      s.slot_couple()[i] = n ? rows : -1;
      rows += n;
    }
    s.counts()[5] = rows;
  });
  p.lane.sync();
  const int rows = p.coupled = s.counts()[5], dofs = m.dof_count;
  if (!rows) return;
  p.lane.each(p.slot_count - p.world_slots, [&](int j) {
    const int i = p.world_slots + j;
    if (s.slot_couple()[i] >= 0) with_dim(p, i, [&]<int Dim>() { lift_contact<Dim>(p, i); });
  });
  p.lane.sync();
  R* const S = s.couple() + rows * dofs;
  const R *const Y = s.couple(), *const inverse = s.inverse_diagonal();
  p.lane.each(p.slot_count - p.world_slots, [&](int j) {
    const int slot = p.world_slots + j, begin = s.slot_couple()[slot];
    if (begin < 0) return;
    for (int i = begin; i < begin + m.owner_dim[s.slot_owner()[slot]]; ++i)
      for (int other = p.world_slots; other <= slot; ++other) {
        const int at = s.slot_couple()[other];
        if (at < 0) continue;
        with_dim(p, other, [&]<int Dim>() {
          const R *const one = Y + i * dofs, *const two = Y + at * dofs;
          R sum[Dim];
          NURI_UNROLL for (int c = 0; c < Dim; ++c) sum[c] = R(at + c == i ? 1.0f : 0.0f);
          reached_dofs(p, other, [=, &sum](int d) NURI_INLINED {
            const R v = one[d] * inverse[d];
            NURI_UNROLL for (int c = 0; c < Dim; ++c) sum[c] = mul_add(v, two[c * dofs + d], sum[c]);
          });
          for (int c = 0; c < Dim && at + c <= i; ++c) S[triangle(i) + at + c] = sum[c];
        });
      }
  });
  p.lane.sync();
  for (int k = 0; k < rows; ++k) {
    const R inv = R(1) / S[triangle(k) + k];
    p.lane.each(rows - k - 1, [&](int a) {
      R* const row = S + triangle(k + 1 + a);
      const R l = row[k] * inv, *column = S + triangle(k + 1) + k;
      for (int j = k + 1; j <= k + 1 + a; column += ++j) row[j] = sub_mul(row[j], l, *column);
    });
    p.lane.sync();
    p.lane.each(rows - k, [&](int a) {
      R& entry = S[triangle(k + a) + k];
      entry = a ? entry * inv : inv;
    });
    p.lane.sync();
  }
}

// x = inv(A) x, with the coupling of the last couple_branches if `coupled`. body6 becomes the twists of links when the dofs move at x.
template <class L> NURI_STAGE void solve_articulated(Pack<L>& p, typename L::Real* const x, int coupled) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const R *const inverse = s.inverse_diagonal(), *const axes = s.cdof(), *const force = s.axis_force(), *const ties = s.dof_tie();
  R* const body6 = s.body6();
  for (int level = m.link_level_count - 1; level >= 0; --level) {
    const int* const links = m.link_level + m.link_level_adr[level];
    p.lane.each(m.link_level_adr[level + 1] - m.link_level_adr[level], [&](int k) {
      const int b = links[k];
      Twist<R> f = zero6<R>();
      for (int c = m.link_child_adr[b]; c < m.link_child_adr[b + 1]; ++c) f = f + load6(body6, m.link_child[c]);
      dofs_upwards(p, b, [&]<int N>(int d) NURI_INLINED {
        R u[N];
        NURI_UNROLL for (int i = N - 1; i >= 0; --i) {
          u[i] = x[d + i] - short_dot(load6(axes, d + i), f);
          NURI_UNROLL for (int e = i + 1; e < N; ++e) u[i] = sub_mul(u[i], ties[2 * (d + i) + e - i - 1], u[e]);
          x[d + i] = u[i];
        }
        NURI_UNROLL for (int i = N - 1; i >= 0; --i) f = mul_add(load6(force, d + i), u[i] * inverse[d + i], f);
      });
      store6(body6, b, f);
    });
    p.lane.sync();
  }
  if (coupled) {
    const int dofs = m.dof_count;
    const R *const Y = s.couple(), *const S = Y + coupled * dofs;
    R* const z = s.couple() + coupled * dofs + triangle_size(coupled);
    p.lane.each(p.slot_count - p.world_slots, [&](int j) {
      const int slot = p.world_slots + j, at = s.slot_couple()[slot];
      if (at < 0) return;
      with_dim(p, slot, [&]<int Dim>() {
        const R* const y = Y + at * dofs;
        R sum[Dim];
        NURI_UNROLL for (int c = 0; c < Dim; ++c) sum[c] = R(0);
        reached_dofs(p, slot, [=, &sum](int d) NURI_INLINED {
          NURI_UNROLL for (int c = 0; c < Dim; ++c) sum[c] = mul_add(y[c * dofs + d] * inverse[d], x[d], sum[c]);
        });
        NURI_UNROLL for (int c = 0; c < Dim; ++c) z[at + c] = sum[c];
      });
    });
    p.lane.sync();
    p.lane.once([&] {
      for (int i = 1; i < coupled; ++i) {
        R sum = z[i];
        for (int j = 0; j < i; ++j) sum = sub_mul(sum, S[triangle(i) + j], z[j]);
        z[i] = sum;
      }
      for (int i = coupled - 1; i >= 0; --i) {
        R sum = z[i] * S[triangle(i) + i];
        for (int j = i + 1; j < coupled; ++j) sum = sub_mul(sum, S[triangle(j) + i], z[j]);
        z[i] = sum;
      }
    });
    p.lane.sync();
    p.lane.each(dofs, [&](int d) {
      R sum = x[d];
      for (int i = 0; i < coupled; ++i) sum = sub_mul(sum, Y[i * dofs + d], z[i]);
      x[d] = sum;
    });
    p.lane.sync();
  }
  p.lane.once([&] { store6(body6, 0, zero6<R>()); });
  p.lane.sync();
  for (int level = 0; level < m.link_level_count; ++level) {
    const int* const links = m.link_level + m.link_level_adr[level];
    p.lane.each(m.link_level_adr[level + 1] - m.link_level_adr[level], [&](int k) {
      const int b = links[k];
      Twist<R> a = load6(body6, m.link_parent[b]);
      dofs_downwards(p, b, [&]<int N>(int d) NURI_INLINED {
        R v[N];
        NURI_UNROLL for (int i = 0; i < N; ++i) {
          v[i] = (x[d + i] - short_dot(load6(force, d + i), a)) * inverse[d + i];
          NURI_UNROLL for (int e = 0; e < i; ++e) v[i] = sub_mul(v[i], ties[2 * (d + e) + i - e - 1], v[e]);
          x[d + i] = v[i];
        }
        NURI_UNROLL for (int i = 0; i < N; ++i) a = mul_add(load6(axes, d + i), v[i], a);
      });
      store6(body6, b, a);
    });
    p.lane.sync();
  }
}

// y = M x, from the twists of links at x in body6, which become forces
template <class L> NURI_STAGE void times_inertias(Pack<L>& p, const typename L::Real* x, typename L::Real* y) {
  const auto& m = p.model;
  const auto& s = p.scratch;
  p.lane.each(m.link_count, [&](int k) {
    const int b = m.link_level[k];
    store6(s.body6(), b, times_inertia(s.link_inertia() + inertia_size * b, load6(s.body6(), b)));
  });
  p.lane.sync();
  gather_up(p);
  p.lane.each(m.dof_count, [&](int i) { y[i] = mul_add(m.dof_armature[i], x[i], short_dot(load6(s.cdof(), i), load6(s.body6(), m.dof_body[i]))); });
  p.lane.sync();
}

// Prepares inv(M + a diagonal): add(i, x) is x and what dof i has besides.
template <class L, class F> NURI_FN void factor_inertia(Pack<L>& p, F add) {
  if (!p.model.along_tree) {
    load_mass(p, add);
    factorize(p, tree_pattern(p));
    return;
  }
  p.lane.each(p.model.dof_count, [&](int i) { p.scratch.dof_own()[i] = add(i, typename L::Real(p.model.dof_armature[i])); });
  p.lane.sync();
  articulate(p, false);
}
// x = inv(M + diagonal) x
template <class L> NURI_FN void solve_inertia(Pack<L>& p, typename L::Real* const x) {
  if (p.model.along_tree) solve_articulated(p, x, 0);
  else solve_factored(p, tree_pattern(p), x);
}
template <class L> NURI_STAGE void factor_mass(Pack<L>& p) { factor_inertia(p, [](int, auto diagonal) { return diagonal; }); }

NURI_KERNEL_END
