// Constraint Jacobian without a matrix.
//
// Contacts with the static world are matrix free: twists of links spread down the tree (J x), wrenches gather up it (J' f).
// Contacts between two moving bodies keep explicit sparse rows over the dofs that move one against the other, in contact
// coordinates (normal, two tangents, spin, two rolls). Catalog rows (equality, dry friction, limits) keep their few values.
#pragma once
#include "physics/kernel/contacts.h"
#include "physics/kernel/velocity.h"

NURI_KERNEL_BEGIN

// Contact coordinates of the relative velocity -> rows: pyramid edges are normal +- friction * tangent.
template <class L> NURI_FN void cone_rows(const Pack<L>& p, int slot, int dim, const typename L::Real* v, typename L::Real* out) {
  if (dim == 1) {
    out[0] = v[0];
  } else if (p.model.elliptic) {
    for (int k = 0; k < dim; ++k) out[k] = v[k];
  } else {
    for (int k = 1; k < dim; ++k) {
      const auto friction = p.scratch.slot_friction()[5 * slot + k - 1];
      out[2 * k - 2] = mul_add(friction, v[k], v[0]);
      out[2 * k - 1] = sub_mul(v[0], friction, v[k]);
    }
  }
}

// y = J x, from the twists of links at x
template <class L, class P> NURI_STAGE void times_jacobian(Pack<L>& p, const typename L::Real* const x, typename L::Real* const y, const typename L::Real* const twists, const P part) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  p.lane.each(part.listed(), [&](int k) {
    const int i = part.listed_row(k), row = s.listed()[i], first = m.row_dof_adr[row], n = m.row_dof_adr[row + 1] - first;
    R sum = s.row_value()[first] * x[m.row_dof[first]];
    for (int d = 1; d < n; ++d) sum = mul_add(s.row_value()[first + d], x[m.row_dof[first + d]], sum);
    y[i] = sum;
  });
  p.lane.each(part.world_slots(), [&](int j) {
    const int i = part.slot(j), o = s.slot_owner()[i], dim = m.owner_dim[o];
    const R* const frame = s.frames() + 12 * i;
    const Twist<R> t = load6(twists, m.owner_link[o]);
    const Vec3<R> at_point = cross_add(t.w, load3(frame, 0), t.v);
    R v[6];
    v[0] = dot(load3(frame, 1), at_point);
    if (dim > 1) {
      v[1] = dot(load3(frame, 2), at_point);
      v[2] = dot(load3(frame, 3), at_point);
      for (int k = 3; k < dim; ++k) v[k] = dot(load3(frame, k - 2), t.w);
    }
    cone_rows(p, i, dim, v, y + s.slot_row()[i]);
  });
  p.lane.each(part.slots() - part.world_slots(), [&](int j) {
    const int i = part.slot(part.world_slots() + j), o = s.slot_owner()[i], dim = m.owner_dim[o], first = m.owner_dof_adr[o], n = m.owner_dof_adr[o + 1] - first;
    const R* const own = s.own() + s.slot_own()[i];
    R v[6];
    for (int k = 0; k < dim; ++k) {
      R sum = R(0);
      for (int d = 0; d < n; ++d) {
        const int dof = m.owner_dof[first + d];
        sum = mul_add(own[k * n + d], x[dof < 0 ? -1 - dof : dof], sum);
      }
      v[k] = sum;
    }
    cone_rows(p, i, dim, v, y + s.slot_row()[i]);
  });
  p.lane.sync();
}
template <class L> NURI_FN void times_jacobian(Pack<L>& p, const typename L::Real* const x, typename L::Real* const y, const typename L::Real* const twists) {
  times_jacobian(p, x, y, twists, Everything<L>(p));
}
template <class L, class P> requires std::is_class_v<P>
NURI_FN void times_jacobian(Pack<L>& p, const typename L::Real* const x, typename L::Real* const y, const P part) {
  if (part.world_slots()) spread_down(p, x, part);
  times_jacobian(p, x, y, p.scratch.body6(), part);
}
template <class L> NURI_FN void times_jacobian(Pack<L>& p, const typename L::Real* const x, typename L::Real* const y) { times_jacobian(p, x, y, Everything<L>(p)); }

NURI_KERNEL_END
