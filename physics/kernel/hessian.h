// Hessian of the solver's cost: H = M + J' (d2 cost / d jar2) J, into the lower triangle L.
//
// A contact with the world adds a 6x6 stiffness to its link; composite stiffness of subtrees then enters exactly as composite
// inertia enters M, so the cost does not depend on the number of contacts and H keeps the sparsity of M. Contacts between
// moving bodies and catalog rows with several dofs add their outer products.
#pragma once
#include "physics/kernel/contact_force.h"
#include "physics/kernel/fill.h"
#include "physics/kernel/inertia.h"

NURI_KERNEL_BEGIN

template <class L> NURI_FN typename L::Real row_stiffness(const Pack<L>& p, int i) {
  using R = typename L::Real;
  const auto& s = p.scratch;
  const R D = s.D()[i], x = s.jar()[i];
  if (i < p.equality_rows) return D;
  if (i < p.equality_rows + p.friction_rows) return where(abs(D * x) < s.row_loss()[i], D, R(0));
  return where(x < R(0), D, R(0));
}

// Second derivative of a contact's cost in contact coordinates: k(i, j) at k[triangle(i) + j]. False if no environment presses on it.
template <int Dim, class L> NURI_FN bool contact_stiffness(const Pack<L>& p, int slot, typename L::Real* k) {
  using R = typename L::Real;
  const auto& s = p.scratch;
  const int row = s.slot_row()[slot];
  if constexpr (Dim == 1) {
    k[0] = row_stiffness(p, row);
    return any(R(0) < k[0]);
  } else if (p.model.elliptic) {
    const ConeState<L, Dim> c = cone_state<Dim>(p, slot, s.jar() + row);
    const R inverse = R(1) / where(c.middle, c.tangent, R(1)), mu = c.mu;
    const R outer = c.normal * mu * inverse * inverse * inverse, round = sub_mul(mu * mu, mu * c.normal, inverse);
    NURI_UNROLL for (int i = 0; i < Dim; ++i)
      NURI_UNROLL for (int j = 0; j <= i; ++j) {
        R cone = i == 0 ? R(1) : j == 0 ? -(mu * inverse * c.u[i]) : outer * c.u[i] * c.u[j];
        if (i == j && i > 0) cone = cone + round;
        cone = cone * c.friction[i] * c.friction[j] * c.dm;
        k[triangle(i) + j] = where(c.middle, cone, i == j ? where(c.bottom, s.D()[row + i], R(0)) : R(0));
      }
    return any((c.middle | c.bottom) & (R(0) < s.D()[row]));
  } else {
    R normal = R(0);
    NURI_UNROLL for (int i = 1; i < Dim; ++i) {
      const R a = row_stiffness(p, row + 2 * i - 2), b = row_stiffness(p, row + 2 * i - 1), friction = s.slot_friction()[5 * slot + i - 1];
      normal = i == 1 ? a + b : normal + (a + b);
      k[triangle(i)] = friction * (a - b);
      NURI_UNROLL for (int j = 1; j < i; ++j) k[triangle(i) + j] = R(0);
      k[triangle(i) + i] = friction * friction * (a + b);
    }
    k[0] = normal;
    return any(R(0) < normal);
  }
}

// Stiffness of a world contact, as its link has it (a).
template <int Dim, class L> NURI_FN void world_contact(const Pack<L>& p, int slot, typename L::Real* a) {
  using R = typename L::Real;
  R k[triangle_size(Dim)];
  contact_stiffness<Dim>(p, slot, k);
  const R* const frame = p.scratch.frames() + 12 * slot;
  const Vec3<R> r = load3(frame, 0), n = load3(frame, 1);
  Vec3<R> g0, g1, g2;                                              // 3x3 stiffness of the point
  if constexpr (Dim == 1) {
    const Vec3<R> kn = n * k[0];
    g0 = kn * n.x;
    g1 = kn * n.y;
    g2 = kn * n.z;
  } else {
    const Vec3<R> t1 = load3(frame, 2), t2 = load3(frame, 3);
    const Vec3<R> bn = mul_add(t2, k[3], mul_add(t1, k[1], n * k[0]));
    Vec3<R> b1 = mul_add(t1, k[2], n * k[1]), b2 = mul_add(t2, k[5], n * k[3]);
    if (p.model.elliptic) {
      b1 = mul_add(t2, k[4], b1);
      b2 = mul_add(t1, k[4], b2);
    }
    g0 = mul_add(b2, t2.x, mul_add(b1, t1.x, bn * n.x));
    g1 = mul_add(b2, t2.y, mul_add(b1, t1.y, bn * n.y));
    g2 = mul_add(b2, t2.z, mul_add(b1, t1.z, bn * n.z));
  }
  const Vec3<R> c0 = cross(r, g0), c1 = cross(r, g1), c2 = cross(r, g2);          // columns of X = [r] G
  const Vec3<R> x0{c0.x, c1.x, c2.x}, x1{c0.y, c1.y, c2.y}, x2{c0.z, c1.z, c2.z};
  const Vec3<R> y0 = cross(r, x0), y1 = cross(r, x1), y2 = cross(r, x2);
  const R whole[symmetric6_size] = {y0.x, y0.y, y0.z, y1.y, y1.z, y2.z, x0.x, x0.y, x0.z, x1.x, x1.y, x1.z, x2.x, x2.y, x2.z, g0.x, g0.y, g0.z, g1.y, g1.z, g2.z};
  NURI_UNROLL for (int i = 0; i < symmetric6_size; ++i) a[i] = whole[i];
  if constexpr (Dim > 3) {                                         // spin and rolls turn about the frame's axes
    for (int i = 3; i < Dim; ++i) {
      const Vec3<R> turn = load3(frame, i - 2);
      Vec3<R> w = zero3<R>(), mixed = zero3<R>(), lin = zero3<R>();   // sum over the turning j; over the translations j
      for (int j = 3; j < Dim; ++j) w = mul_add(load3(frame, j - 2), i >= j ? k[triangle(i) + j] : k[triangle(j) + i], w);
      for (int j = 0; j < 3; ++j) lin = mul_add(load3(frame, j + 1), k[triangle(i) + j], lin);
      mixed = cross(r, lin);
      const R t[3] = {turn.x, turn.y, turn.z}, ww[3] = {w.x, w.y, w.z}, wm[3] = {mixed.x, mixed.y, mixed.z}, wl[3] = {lin.x, lin.y, lin.z};
      for (int x = 0, e = 0; x < 3; ++x)
        for (int y = x; y < 3; ++y, ++e) a[e] = a[e] + (mul_add(t[x], ww[y], t[x] * wm[y]) + t[y] * wm[x]);
      for (int x = 0; x < 3; ++x)
        for (int y = 0; y < 3; ++y) a[6 + 3 * x + y] = mul_add(t[x], wl[y], a[6 + 3 * x + y]);
    }
  }
}

// Where entries of L lie: rows by dof, or by the island's own order of elimination. Either dof may come first.
template <class L, class P> struct Places {
  typename L::Real* const lower;
  const int* const position;
  NURI_FN explicit Places(const Pack<L>& p) : lower(p.scratch.lower()), position(P::is_island ? p.scratch.position() : nullptr) {}
  NURI_FN int of(int dof) const {
    if constexpr (P::is_island) return position[dof];
    else return dof;
  }
  NURI_FN typename L::Real& at(int i, int j) const {               // i >= j unless there is an order
    if constexpr (P::is_island) {
      if (position[i] < position[j]) return lower[triangle(position[j]) + position[i]];
    }
    return lower[triangle(of(i)) + of(j)];
  }
};

// Adds a contact between two moving bodies to L.
template <int Dim, class L> NURI_FN void add_own_contact(Pack<L>& p, const Everything<L>&, int slot) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  R k[triangle_size(Dim)];
  if (!contact_stiffness<Dim>(p, slot, k)) return;
  const int o = s.slot_owner()[slot], first = m.owner_dof_adr[o], n = m.owner_dof_adr[o + 1] - first;
  const int* const coded = m.owner_dof + first;
  const R* const own = s.own() + s.slot_own()[slot];
  const Places<L, Everything<L>> places(p);
  auto dof_at = [&](int i) { return coded[i] < 0 ? -1 - coded[i] : coded[i]; };
  p.lane.each(n, [&](int i) {
    R b[Dim];
    NURI_UNROLL for (int c = 0; c < Dim; ++c) {
      R sum = R(0);
      NURI_UNROLL for (int e = 0; e < Dim; ++e) sum = mul_add(k[c >= e ? triangle(c) + e : triangle(e) + c], own[e * n + i], sum);
      b[c] = sum;
    }
    const int d = dof_at(i);
    for (int j = 0; j <= i; ++j) {
      R& entry = places.at(d, dof_at(j));
      R sum = entry;
      NURI_UNROLL for (int c = 0; c < Dim; ++c) sum = mul_add(b[c], own[c * n + j], sum);
      entry = sum;
    }
  });
  p.lane.sync();
}

// The same in an island's order: one or two trees, each ascending; those of the tree that comes first in the matrix are columns of the
// other's rows, by runs of neighbours.
template <int Dim, class L> NURI_FN void add_own_contact(Pack<L>& p, const Island<L>&, int slot) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  R k[triangle_size(Dim)];
  if (!contact_stiffness<Dim>(p, slot, k)) return;
  const int o = s.slot_owner()[slot], first = m.owner_dof_adr[o], n = m.owner_dof_adr[o + 1] - first;
  const int *const coded = m.owner_dof + first, *const position = s.position();
  R *const own = s.own() + s.slot_own()[slot], *const lower = s.lower();
  auto dof_at = [&](int i) { return coded[i] < 0 ? -1 - coded[i] : coded[i]; };
  auto place = [&](int i) { return position[dof_at(i)]; };
  auto tree = [&](int i) { return m.body_tree[m.dof_body[dof_at(i)]]; };
  int split = 1;
  while (split < n && tree(split) == tree(0)) ++split;
  const bool turned = split < n && place(split) < place(0);
  const int low = turned ? split : 0, low_end = turned ? n : split, high = turned ? 0 : split;
  p.lane.each(n, [&](int i) {
    R b[Dim];
    NURI_UNROLL for (int c = 0; c < Dim; ++c) {
      R sum = R(0);
      NURI_UNROLL for (int e = 0; e < Dim; ++e) sum = mul_add(k[c >= e ? triangle(c) + e : triangle(e) + c], own[e * n + i], sum);
      b[c] = -sum;                                                 // take_rows subtracts
    }
    R* const row = lower + triangle(place(i));
    auto columns = [&](int begin, int end) {
      for (int j = begin, many = 1; j < end; j += many, many = 1) {
        const int at = place(j);
        while (j + many < end && place(j + many) == at + many) ++many;
        R* from[Dim];
        NURI_UNROLL for (int c = 0; c < Dim; ++c) from[c] = own + c * n + j;
        take_rows<Dim>(row + at, b, from, 0, many);
      }
    };
    const bool lower_tree = low <= i && i < low_end;
    columns(low, lower_tree ? i + 1 : low_end);
    if (!lower_tree) columns(high, i + 1);
  });
  p.lane.sync();
}

// Notes which environments press on each row of a contact; true if that differs from the last note (a curved cone always does).
template <int Dim, class L> NURI_FN bool sides_changed(const Pack<L>& p, int slot) {
  using R = typename L::Real;
  const auto& s = p.scratch;
  const int row = s.slot_row()[slot];
  bool changed = false;
  auto note = [&](int r, auto pressed) {
    const int bits = int(pressed.bits());
    changed = changed || bits != s.sides()[r];
    s.sides()[r] = bits;
  };
  if (Dim > 1 && p.model.elliptic) {
    const ConeState<L, Dim> c = cone_state<Dim>(p, slot, s.jar() + row);
    const auto here = R(0) < s.D()[row];
    changed = any(c.middle & here);
    note(row, c.bottom & here);
    note(row + 1, c.middle & here);
  } else {
    for (int r = row; r < row + rows_of(Dim, false); ++r) note(r, (s.jar()[r] < R(0)) & (R(0) < s.D()[r]));
  }
  return changed;
}

// Stiffness of contacts with the world, link by link: own_stiff; touched: 0 none, 1 as last time, 2 new, and all above them.
// `first`: of this substep. Later ones assemble again only what changed sides since, which cannot show in the bits.
template <class L, class P> NURI_STAGE void stiffen_links(Pack<L>& p, bool first, const P part) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  int* const touched = s.touched();
  p.lane.each(part.links(), [&](int k) {
    const int b = part.link(k), begin = s.link_slot_adr()[b], end = s.link_slot_adr()[b + 1];
    touched[b] = 0;
    if (begin == end) return;
    touched[b] = 1;
    for (int i = begin; i < end; ++i)
      with_dim(p, i, [&]<int Dim>() {
        if (!sides_changed<Dim>(p, i) && !first) return;
        touched[b] = 2;
        world_contact<Dim>(p, i, s.slot_stiff() + symmetric6_size * i);
      });
    if (touched[b] < 2) return;
    R a[symmetric6_size];
    NURI_UNROLL for (int k = 0; k < symmetric6_size; ++k) a[k] = s.slot_stiff()[symmetric6_size * begin + k];
    for (int i = begin + 1; i < end; ++i) NURI_UNROLL for (int k = 0; k < symmetric6_size; ++k) a[k] = a[k] + s.slot_stiff()[symmetric6_size * i + k];
    NURI_UNROLL for (int k = 0; k < symmetric6_size; ++k) s.own_stiff()[symmetric6_size * b + k] = a[k];
  });
  p.lane.sync();
  if (m.along_tree) {                                              // every catalog row is of one dof: it counts as the dof's own
    p.lane.each(m.dof_count, [&](int i) { s.dof_own()[i] = m.dof_armature[i]; });
    p.lane.sync();
    p.lane.once([&] {
      for (int i = 0; i < p.listed_count; ++i) {
        const int at = m.row_dof_adr[s.listed()[i]], dof = m.row_dof[at];
        const R k = row_stiffness(p, i);
        const int pressed = int((R(0) < k).bits());
        if (first || pressed != s.sides()[i]) touched[m.dof_body[dof]] = 2;
        s.sides()[i] = pressed;
        s.dof_own()[dof] = mul_add(k * s.row_value()[at], s.row_value()[at], s.dof_own()[dof]);
      }
    });
    p.lane.sync();
  }
  p.lane.once([&] {
    for (int k = part.links() - 1; k >= 0; --k) {                  // the deepest first
      const int b = part.link(k);
      if (!m.link_parent[b]) continue;
      int& above = touched[m.link_parent[b]];
      above = touched[b] > above ? touched[b] : above;
    }
  });
  p.lane.sync();
}

// H into the lower triangle; its entries are those of the pattern.
template <class L, class P> NURI_STAGE void hessian(Pack<L>& p, const P part, const Pattern pattern) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  R *const A = s.lower(), *const stiff = s.stiff();
  const int* const touched = s.touched();
  for (int level = part.levels() - 1; level >= 0; --level) {
    const int begin = part.level_begin(level);
    p.lane.each(part.level_begin(level + 1) - begin, [&](int k) {
      const int b = part.link(begin + k);
      if (touched[b] < 2) return;
      R a[symmetric6_size];
      const bool carries = s.link_slot_adr()[b + 1] > s.link_slot_adr()[b];
      NURI_UNROLL for (int c = 0; c < symmetric6_size; ++c) a[c] = carries ? s.own_stiff()[symmetric6_size * b + c] : R(0);
      for (int i = m.link_child_adr[b]; i < m.link_child_adr[b + 1]; ++i) {
        if (!touched[m.link_child[i]]) continue;
        const R* const add = stiff + symmetric6_size * m.link_child[i];
        NURI_UNROLL for (int c = 0; c < symmetric6_size; ++c) a[c] = a[c] + add[c];
      }
      NURI_UNROLL for (int c = 0; c < symmetric6_size; ++c) stiff[symmetric6_size * b + c] = a[c];
    });
    p.lane.sync();
  }
  // second composite pass: H(i, j) = M(i, j) + axis_j . (composite stiffness) axis_i
  const Places<L, P> places(p);
  if constexpr (P::is_island) {
    p.lane.each(pattern.dof_count, [&](int i) {
      R* const row = A + triangle(i);
      for (int k = pattern.adr[i]; k < pattern.end[i]; ++k) row[pattern.column[k]] = R(0);
    });
    p.lane.sync();
  } else if (p.filled) {
    p.lane.each(s.counts()[7], [&](int k) { A[s.fill()[k]] = R(0); });
  }
  p.lane.each(part.dofs(), [&](int d) {
    const int i = part.dof(d), b = m.dof_body[i], first_above = m.ancestor_adr[i], n = m.ancestor_adr[i + 1] - first_above;
    const R* const mass = s.mass() + m.mass_adr[i];
    const int* const above = m.ancestor + first_above;
    R* const out = A + triangle(places.of(i));                     // those above come first in any order
    if (!touched[b]) {
      for (int k = 0; k < n; ++k) out[places.of(above[k])] = mass[k];
      out[places.of(i)] = mass[n];
      return;
    }
    const Twist<R> x = load6(s.cdof(), i), f = times_symmetric6(stiff + symmetric6_size * b, x);
    along_chain(p, i, f, [&](int k, R v) { out[places.of(above[k])] = mass[k] + v; });
    out[places.of(i)] = mass[n] + dot(x, f);
  });
  p.lane.sync();
  for (int r = 0; r < part.listed(); ++r) {
    const int i = part.listed_row(r);
    const R k = row_stiffness(p, i);
    if (!any(R(0) < k)) continue;
    const int row = s.listed()[i], first = m.row_dof_adr[row], n = m.row_dof_adr[row + 1] - first;
    const R* const J = s.row_value() + first;
    p.lane.each(n, [&](int a) {
      const R ka = k * J[a];
      for (int b = 0; b <= a; ++b) {
        R& entry = places.at(m.row_dof[first + a], m.row_dof[first + b]);
        entry = mul_add(ka, J[b], entry);
      }
    });
    p.lane.sync();
  }
  for (int k = part.world_slots(); k < part.slots(); ++k) {
    const int slot = part.slot(k);
    with_dim(p, slot, [&]<int Dim>() { add_own_contact<Dim>(p, part, slot); });
  }
}

NURI_KERNEL_END
