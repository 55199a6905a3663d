// Conjugate gradients on the primal problem: Polak and Ribiere's directions, preconditioned by the inertia. MuJoCo documentation,
// Computation, "Solvers"; mj_solCGNewton.
//
//   search = -inv(M) grad + beta search,     beta = max(0, grad' (y - y_last) / (grad_last' y_last)),     y = inv(M) grad
//
// Start, line search, costs and tests are Newton's (newton.h), and so is the minimum. No Hessian: M's factor stands through the
// solve. For models whose Hessian costs more than the iterations that it saves; Newton's method is the default.
#pragma once
#include "physics/kernel/newton.h"

NURI_KERNEL_BEGIN

template <class L> NURI_STAGE void solve_conjugate(Pack<L>& p) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const R tolerance = m.tolerance[0];
  R inverse_scale;
  const auto has = warm_start(p, inverse_scale);
  const R scale = R(1) / inverse_scale;
  auto done = (!has) | (scale * gradient(p) < tolerance);
  preconditioned_gradient(p, s.Mgrad());
  p.lane.each(m.dof_count, [&](int i) { s.search()[i] = -s.Mgrad()[i]; });
  p.lane.sync();
  for (int iteration = 0; iteration < m.iterations && any(!done); ++iteration) {
    ++p.rounds;
    R q[2];
    sum_dofs(p, q, [&](int i, R* acc) {
      const R v = s.search()[i];
      acc[0] = mul_add(s.grad()[i], v, acc[0]);
      acc[1] = mul_add(v, v, acc[1]);
    });
    times_jacobian(p, s.search(), s.jv());
    times_mass(p, s.search(), s.Mv());
    const auto step = step_along(p, Everything<L>(p), q, inverse_scale, done);
    p.lane.each(m.dof_count, [&](int i) {
      s.last_grad()[i] = s.grad()[i];
      s.last_Mgrad()[i] = s.Mgrad()[i];
    });
    p.lane.sync();
    const R norm = scale * gradient(p);
    done = done | (norm < tolerance) | (step.better < tolerance) | (step.alpha <= R(0));
    if (!any(!done)) break;
    preconditioned_gradient(p, s.Mgrad());
    R turn[2];
    sum_dofs(p, turn, [&](int i, R* acc) {
      acc[0] = mul_add(s.grad()[i], s.Mgrad()[i] - s.last_Mgrad()[i], acc[0]);
      acc[1] = mul_add(s.last_grad()[i], s.last_Mgrad()[i], acc[1]);
    });
    const R beta = max(R(0), turn[0] / max(p.tiny(), turn[1]));
    p.lane.sync();
    p.lane.each(m.dof_count, [&](int i) { s.search()[i] = mul_add(beta, s.search()[i], -s.Mgrad()[i]); });
    p.lane.sync();
  }
}

NURI_KERNEL_END
