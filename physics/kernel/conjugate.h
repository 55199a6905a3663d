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

// y = inv(M) grad
template <class L> NURI_FN void preconditioned_gradient(Pack<L>& p) {
  const auto& s = p.scratch;
  p.lane.each(p.model.dof_count, [&](int i) { s.Mgrad()[i] = s.grad()[i]; });
  p.lane.sync();
  solve_inertia(p, s.Mgrad());
}

template <class L> NURI_STAGE void solve_conjugate(Pack<L>& p) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const R half = p.half(), tolerance = m.tolerance[0];
  R inverse_scale;
  const auto has = warm_start(p, inverse_scale);
  const R scale = R(1) / inverse_scale;
  auto done = (!has) | (scale * gradient(p) < tolerance);
  preconditioned_gradient(p);
  p.lane.each(m.dof_count, [&](int i) { s.search()[i] = -s.Mgrad()[i]; });
  p.lane.sync();
  for (int iteration = 0; iteration < m.iterations && any(!done); ++iteration) {
    ++p.rounds;
    R q[2], along[2];
    sum_dofs(p, q, [&](int i, R* acc) {
      const R v = s.search()[i];
      acc[0] = mul_add(s.grad()[i], v, acc[0]);
      acc[1] = mul_add(v, v, acc[1]);
    });
    times_jacobian(p, s.search(), s.jv());
    times_mass(p, s.search(), s.Mv());
    sum_dofs(p, along, [&](int i, R* acc) {
      const R v = s.search()[i];
      acc[0] = mul_add(v, s.Ma()[i] - s.smooth()[i], acc[0]);
      acc[1] = mul_add(v, s.Mv()[i], acc[1]);
    });
    const R length = sqrt(q[1]);
    const auto still = length < p.tiny();
    R alpha = line_search(p, q[0], along[0], along[1], tolerance * m.ls_tolerance[0] * length * inverse_scale, !done & !still);
    alpha = where(done | still, R(0), alpha);
    R change[2];
    cost_change(p, alpha, change);
    const R better = -(mul_add(alpha, mul_add(half * alpha, along[1], along[0]), change[0])) * scale;
    p.iterations = where(done, p.iterations, p.iterations + R(1));
    p.lane.sync();
    p.lane.each(p.row_count, [&](int i) { s.jar()[i] = mul_add(alpha, s.jv()[i], s.jar()[i]); });
    p.lane.each(m.dof_count, [&](int i) {
      s.acc()[i] = mul_add(alpha, s.search()[i], s.acc()[i]);
      s.Ma()[i] = mul_add(alpha, s.Mv()[i], s.Ma()[i]);
      s.last_grad()[i] = s.grad()[i];
      s.last_Mgrad()[i] = s.Mgrad()[i];
    });
    p.lane.sync();
    const R norm = scale * gradient(p);
    done = done | (norm < tolerance) | (better < tolerance) | (alpha <= R(0));
    if (!any(!done)) break;
    preconditioned_gradient(p);
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
