// One substep of one pack: the table of contents of the physics. Order and names as in physics/stage.inl.
#pragma once
#include "physics/kernel/conjugate.h"
#include "physics/kernel/integrate.h"
#include "physics/kernel/newton.h"
#include "physics/kernel/passive.h"
#include "physics/kernel/pgs.h"
#include "physics/kernel/rows.h"
#include "physics/sensor/sense.h"

NURI_KERNEL_BEGIN

namespace solver { enum Type { pgs, cg, newton }; }

// Why an environment was stopped; bits of its fault word. The low byte is what, the next the stage after which it was seen.
namespace fault { enum Bits : int { none = 0, not_finite = 1, too_fast = 2, no_room = 4 }; }

template <class L> NURI_FN void solve(Pack<L>& p) {
  const auto& m = p.model;
  const auto& s = p.scratch;
  if (!p.row_count) {
    p.lane.each(m.dof_count, [&](int i) {
      s.acc()[i] = s.acc_smooth()[i];
      s.constraint()[i] = typename L::Real(0);
    });
    p.lane.sync();
  } else if (m.solver == solver::pgs) {
    solve_pgs(p);
  } else if (m.solver == solver::cg) {
    solve_conjugate(p);
  } else {
    solve_newton(p);
  }
}

template <class L> NURI_VALUE void finished(const Pack<L>& p, Stage stage) { p.lane.mark(int(stage)); }

// All stages up to the acceleration, at the current state. In three parts, so that an oracle can put its own contacts in.
template <class L> NURI_FN void before_contacts(Pack<L>& p) {
  kinematics(p);             finished(p, Stage::kinematics);
  centers_of_mass(p);        finished(p, Stage::com);
  composite_inertia(p);      finished(p, Stage::composite_inertia);
  factor_mass(p);            finished(p, Stage::factor);
  tendons(p);                finished(p, Stage::tendons);
}
template <class L> NURI_FN void find_contacts(Pack<L>& p) {
  broadphase(p);             finished(p, Stage::broadphase);
  narrowphase(p);            finished(p, Stage::narrowphase);
  contacts(p);               finished(p, Stage::contacts);
}
template <class L> NURI_FN void after_contacts(Pack<L>& p) {
  velocity(p);
  tendon_velocities(p);      finished(p, Stage::velocity);
  bias_force(p);             finished(p, Stage::bias);
  passive_forces(p);         finished(p, Stage::passive);
  actuator_forces(p);
  smooth_acceleration(p);    finished(p, Stage::actuators);
  constraint_rows(p);        finished(p, Stage::constraint_rows);
  solve(p);                  finished(p, Stage::solve);
}
template <class L> NURI_FN void forward(Pack<L>& p) {
  before_contacts(p);
  find_contacts(p);
  after_contacts(p);
}

// The solver starts the next step from this step's acceleration; Runge-Kutta stages all start from the last step's.
template <class L> NURI_FN void integrate_state(Pack<L>& p) {
  const auto& s = p.scratch;
  if (p.model.integrator == integrator::rk4) integrate_rk4(p, [&] { forward(p); });
  else integrate_euler(p);
  p.lane.each(p.model.dof_count, [&](int i) { s.warm()[i] = s.acc()[i]; });
  p.lane.sync();
}

NURI_KERNEL_END
