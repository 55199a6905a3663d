// One substep of one pack: the table of contents of the physics. Order and names as in physics/stage.inl.
#pragma once
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
  } else {
    solve_newton(p);
  }
}

// All stages up to the acceleration, at the current state.
template <class L> NURI_FN void forward(Pack<L>& p) {
  auto done = [&](Stage stage) { p.lane.mark(int(stage)); };
  kinematics(p);             done(Stage::kinematics);
  centers_of_mass(p);        done(Stage::com);
  composite_inertia(p);      done(Stage::composite_inertia);
  factor_mass(p);            done(Stage::factor);
  tendons(p);                done(Stage::tendons);
  broadphase(p);             done(Stage::broadphase);
  narrowphase(p);            done(Stage::narrowphase);
  contacts(p);               done(Stage::contacts);
  velocity(p);
  tendon_velocities(p);      done(Stage::velocity);
  bias_force(p);             done(Stage::bias);
  passive_forces(p);         done(Stage::passive);
  actuator_forces(p);
  smooth_acceleration(p);    done(Stage::actuators);
  constraint_rows(p);        done(Stage::constraint_rows);
  solve(p);                  done(Stage::solve);
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
