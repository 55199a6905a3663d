// One substep of one pack: the table of contents of the physics. Order and names as in physics/stage.inl.
#pragma once
#include "physics/kernel/conjugate.h"
#include "physics/kernel/enums.h"
#include "physics/kernel/integrate.h"
#include "physics/kernel/newton.h"
#include "physics/kernel/noslip.h"
#include "physics/kernel/passive.h"
#include "physics/kernel/pgs.h"
#include "physics/kernel/rows.h"
#include "physics/kernel/sleep.h"
#include "physics/kernel/tendon_inertia.h"
#include "physics/sensor/sense.h"

NURI_KERNEL_BEGIN

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
  if (may_sleep(p)) hold_sleepers(p);
  if (m.noslip_iterations && p.row_count && !p.no_room) solve_noslip(p);
}

template <class L> NURI_VALUE void finished(const Pack<L>& p, Stage stage) { p.lane.mark(int(stage)); }

template <class L> NURI_CALL void run_stage(Pack<L>& p, Stage stage) {
  switch (stage) {
    case Stage::kinematics:
      if (may_sleep(p)) wake_disturbed(p);
      return kinematics(p);
    case Stage::com: return centers_of_mass(p);
    case Stage::tendons: return tendons(p);
    case Stage::composite_inertia:
      composite_inertia(p);
      if (p.model.on(model::flag_tendon_armature)) add_tendon_armature(p);
      return;
    case Stage::factor: return factor_mass(p);
    case Stage::broadphase:
      if (may_sleep(p)) wake_tied(p);
      return broadphase(p);
    case Stage::narrowphase:
      narrowphase(p);
      if (may_sleep(p))
        while (!p.no_room && wake_touched(p)) {
          broadphase(p);
          narrowphase(p);
        }
      return;
    case Stage::contacts: return contacts(p);
    case Stage::velocity: velocity(p); return tendon_velocities(p);
    case Stage::bias:
      bias_force(p);
      if (p.model.on(model::flag_tendon_armature)) add_tendon_bias(p);
      return;
    case Stage::passive: return passive_forces(p);
    case Stage::actuators: actuator_forces(p); return smooth_acceleration(p);
    case Stage::constraint_rows: return constraint_rows(p);
    case Stage::solve: return solve(p);
    default: return;                                               // the others are not of the physics: substep.h, backends
  }
}
template <class L> NURI_FN void run_stages(Pack<L>& p, Stage first, Stage last) {
  NURI_KEEP_LOOP for (int stage = int(first); stage <= int(last); ++stage) {
    run_stage(p, Stage(stage));
    finished(p, Stage(stage));
  }
}

// All stages up to the acceleration, at the current state.
template <class L> NURI_FN void forward(Pack<L>& p) { run_stages(p, Stage::kinematics, Stage::solve); }

// The solver starts the next step from this step's acceleration; Runge-Kutta stages all start from the last step's.
template <class L> NURI_FN void integrate_state(Pack<L>& p) {
  const auto& s = p.scratch;
  if (p.model.integrator == integrator::rk4) integrate_rk4(p, [&] { forward(p); });
  else integrate_euler(p);
  p.lane.each(p.model.dof_count, [&](int i) { s.warm()[i] = s.acc()[i]; });
  p.lane.sync();
}

NURI_KERNEL_END
