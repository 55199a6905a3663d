// Forces of constraint rows from their residual jar = J a - aref. MuJoCo documentation, Computation, "Primal".
//
//   two-sided    f = -D x
//   dry friction f = clamp(-D x, -loss, loss)
//   one-sided    f = -D min(x, 0)                           (limits, frictionless contacts, pyramid edges)
//   elliptic     with N = mu x_0, T = |friction_k x_k|:      top    N >= mu T           f = 0
//                                                            bottom mu N + T <= 0       f = -D x
//                                                            middle                     f_0 = -Dm (N - mu T) mu, ...
//                Dm = D_0 / (mu^2 (1 + mu^2))
#pragma once
#include "physics/kernel/adhesion.h"

NURI_KERNEL_BEGIN

// Where an elliptic contact is in its cone, at residual x (Dim numbers).
template <class L, int Dim> struct ConeState {
  using R = typename L::Real;
  R u[Dim];                     // scaled residual: mu x_0, friction_k x_k
  R friction[Dim];              // scale: mu, friction_k
  R mu, normal, tangent, excess;    // N, T, N - mu T
  R dm;
  typename L::Truth bottom, middle;
};

template <int Dim, class L> NURI_FN ConeState<L, Dim> cone_state(const Pack<L>& p, int slot, const typename L::Real* x) {
  using R = typename L::Real;
  const auto& s = p.scratch;
  ConeState<L, Dim> c;
  c.mu = s.slot_mu()[slot];
  c.friction[0] = c.mu;
  c.u[0] = c.normal = c.mu * x[0];
  R square = R(0);
  NURI_UNROLL for (int k = 1; k < Dim; ++k) {
    c.friction[k] = s.slot_friction()[5 * slot + k - 1];
    c.u[k] = c.friction[k] * x[k];
    square = mul_add(c.u[k], c.u[k], square);
  }
  c.tangent = sqrt(square);
  c.excess = sub_mul(c.normal, c.mu, c.tangent);
  const auto top = R(0) <= c.excess;
  c.bottom = (mul_add(c.mu, c.normal, c.tangent) <= R(0)) & !top;
  c.middle = !top & !c.bottom;
  c.dm = s.D()[s.slot_row()[slot]] / (c.mu * c.mu * mul_add(c.mu, c.mu, R(1)));
  return c;
}

template <class L> NURI_FN typename L::Real row_force(const Pack<L>& p, int i) {
  using R = typename L::Real;
  const auto& s = p.scratch;
  const R pull = -(s.D()[i] * s.jar()[i]);
  if (i < p.equality_rows) return pull;
  if (i < p.equality_rows + p.friction_rows) return max(-s.row_loss()[i], min(s.row_loss()[i], pull));
  return max(pull, R(0));
}

// Force of a contact in contact coordinates, Dim numbers.
template <int Dim, class L> NURI_FN void contact_force(const Pack<L>& p, int slot, typename L::Real* f) {
  using R = typename L::Real;
  const auto& s = p.scratch;
  const int row = s.slot_row()[slot];
  if constexpr (Dim == 1) {
    f[0] = row_force(p, row);
  } else if (p.model.elliptic) {
    const R* const x = s.jar() + row;
    const ConeState<L, Dim> c = cone_state<Dim>(p, slot, x);
    const R normal = -(c.dm * c.excess * c.mu), share = -(normal / where(c.middle, c.tangent, R(1)));
    f[0] = where(c.middle, normal, where(c.bottom, -(s.D()[row] * x[0]), R(0)));
    NURI_UNROLL for (int k = 1; k < Dim; ++k)
      f[k] = where(c.middle, share * c.u[k] * c.friction[k], where(c.bottom, -(s.D()[row + k] * x[k]), R(0)));
  } else {
    R normal = R(0);
    NURI_UNROLL for (int k = 1; k < Dim; ++k) {
      const R a = row_force(p, row + 2 * k - 2), b = row_force(p, row + 2 * k - 1);
      normal = k == 1 ? a + b : normal + (a + b);
      f[k] = s.slot_friction()[5 * slot + k - 1] * (a - b);
    }
    f[0] = normal;
  }
}

// f with the slot's condim as a constant
template <class L, class F> NURI_FN void with_dim(const Pack<L>& p, int slot, F f) {
  switch (p.model.owner_dim[p.scratch.slot_owner()[slot]]) {
    case 1: f.template operator()<1>(); break;
    case 3: f.template operator()<3>(); break;
    case 4: f.template operator()<4>(); break;
    default: f.template operator()<6>(); break;
  }
}

// The same for any condim; what the contact does not have is 0.
template <class L> NURI_FN void slot_force(const Pack<L>& p, int slot, typename L::Real (&f)[6]) {
  for (int k = 0; k < 6; ++k) f[k] = typename L::Real(0);
  with_dim(p, slot, [&]<int Dim>() { contact_force<Dim>(p, slot, f); });
}

// What two bodies feel of a contact: adhesion has pulled already, and its row pushes that much harder (adhesion.h).
template <class L> NURI_FN void felt_force(const Pack<L>& p, int slot, typename L::Real (&f)[6]) {
  slot_force(p, slot, f);
  if (p.model.on(model::flag_adhesion)) f[0] = f[0] - slot_adhesion(p, slot);
}

// constraint = J' f
template <class L, class P> NURI_STAGE void constraint_forces(Pack<L>& p, const P part) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  R* const out = s.constraint();
  if (part.world_slots()) {
    p.lane.each(part.links(), [&](int k) {
      const int b = part.link(k);
      Twist<R> sum = zero6<R>();
      for (int i = s.link_slot_adr()[b]; i < s.link_slot_adr()[b + 1]; ++i) {
        R f[6];
        const int dim = m.owner_dim[s.slot_owner()[i]];
        const R* const frame = s.frames() + 12 * i;
        if (dim == 3) contact_force<3>(p, i, f);
        else slot_force(p, i, f);
        Vec3<R> force = load3(frame, 1) * f[0];
        if (dim > 1) force = mul_add(load3(frame, 3), f[2], mul_add(load3(frame, 2), f[1], force));
        sum.v = sum.v + force;
        sum.w = cross_add(load3(frame, 0), force, sum.w);
        for (int k = 3; k < dim; ++k) sum.w = mul_add(load3(frame, k - 2), f[k], sum.w);
      }
      store6(s.body6(), b, sum);
    });
    p.lane.sync();
    gather_up(p, part);
    p.lane.each(part.dofs(), [&](int k) {
      const int i = part.dof(k);
      out[i] = dot(load6(s.cdof(), i), load6(s.body6(), m.dof_body[i]));
    });
  } else {
    p.lane.each(part.dofs(), [&](int k) { out[part.dof(k)] = R(0); });
  }
  p.lane.sync();
  for (int r = 0; r < part.listed(); ++r) {                        // rows may share dofs: one after another
    const int i = part.listed_row(r), row = s.listed()[i], first = m.row_dof_adr[row], n = m.row_dof_adr[row + 1] - first;
    const R f = row_force(p, i);
    p.lane.each(n, [&](int k) {
      const int d = m.row_dof[first + k];
      out[d] = mul_add(s.row_value()[first + k], f, out[d]);
    });
    p.lane.sync();
  }
  for (int j = part.world_slots(); j < part.slots(); ++j) {
    const int i = part.slot(j), o = s.slot_owner()[i], dim = m.owner_dim[o], first = m.owner_dof_adr[o], n = m.owner_dof_adr[o + 1] - first;
    const R* const own = s.own() + s.slot_own()[i];
    R f[6];
    slot_force(p, i, f);
    p.lane.each(n, [&](int k) {
      const int coded = m.owner_dof[first + k], d = coded < 0 ? -1 - coded : coded;
      R sum = mul_add(own[k], f[0], out[d]);
      for (int c = 1; c < dim; ++c) sum = mul_add(own[c * n + k], f[c], sum);
      out[d] = sum;
    });
    p.lane.sync();
  }
}

template <class L> NURI_FN void constraint_forces(Pack<L>& p) { constraint_forces(p, Everything<L>(p)); }

NURI_KERNEL_END
