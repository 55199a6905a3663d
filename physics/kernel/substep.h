// One substep with its safety net, the same for every backend: the physics of step.h, faults, and what is counted.
//
// An environment that turns NaN or explodes goes back to the state before the substep and stays there, with a flag that says what was seen
// after which stage; its neighbours never notice. Out of room: `substep` returns false and nothing of the run may be stored.
// Everything here goes through the lane, so that the threads of a group share the work.
#pragma once
#include "engine/model/state_role.h"
#include "physics/kernel/step.h"

NURI_KERNEL_BEGIN

// Above this a number of the state is an explosion: m, rad, m/s, rad/s and their rates.
inline constexpr float too_fast_limit = 1e10f;

// A run of substeps, as far as it got.
template <class L> struct Run {
  using R = typename L::Real;
  typename L::Truth frozen;                    // stands still since an earlier substep, or an earlier run
  typename L::Int fault, steps;                // fault word; substeps done by this run
  R contacts = R(0);                           // of the last substep
  R contact_sum = R(0), row_sum = R(0), iteration_sum = R(0);   // over substeps, frozen ones left out; whole numbers

  // faults: the fault word of each environment when the run begins
  NURI_FN explicit Run(const typename L::Int& faults) : fault(faults) {
    unsigned bits = 0;
    for (int w = 0; w < L::width; ++w) {
      bits |= (faults[w] ? 1u : 0u) << w;
      steps.set(w, 0);
    }
    frozen = L::Truth::from_bits(bits);
  }
};

// f(number of the state, its copy in `good`, item): the state as it was before the substep, to fall back on.
template <class L, class F> NURI_FN void each_state(const Pack<L>& p, F f) {
  const auto& m = p.model;
  const auto& s = p.scratch;
  auto* good = s.good();
  auto part = [&](auto* now, int n) {
    p.lane.each(n, [&](int i) { f(now[i], good[i]); });
    good += n;
  };
#define NURI_STATE(name, source, role, count, unit, doc) if constexpr (StateRole::role == StateRole::moved) part(s.source(), int(count));
#include "engine/model/state_fields.inl"
  p.lane.sync();
}

// Who has a number that is not finite or far too large.
template <class L> NURI_STAGE typename L::Truth bad_numbers(const Pack<L>& p, const typename L::Real* x, int n) {
  using R = typename L::Real;
  R count[1];
  p.lane.template sums<1>(n, ByItem{}, count, [&](int i, R* acc) { acc[0] = acc[0] + where(abs(x[i]) <= R(too_fast_limit), R(0), R(1)); });
  return R(0) < count[0];
}

// What failed: the fault word.
template <class L> NURI_STAGE void note_faults(const Pack<L>& p, Run<L>& run, typename L::Truth failed, typename L::Truth smooth, typename L::Truth acc) {
  using R = typename L::Real;
  const auto& s = p.scratch;
  R sum[1];                                                        // NaN if any number is NaN or infinite
  p.lane.template sums<1>(p.model.dof_count, ByItem{}, sum, [&](int i, R* a) { a[0] = a[0] + (s.acc()[i] + s.qvel()[i]) * R(0); });
  for (int w = 0; w < L::width; ++w) {
    if (!failed[w]) continue;
    const Stage seen = smooth[w] ? Stage::actuators : acc[w] ? Stage::solve : Stage::integrate;
    run.fault.set(w, (sum[0][w] == typename L::Scalar(0) ? fault::too_fast : fault::not_finite) | int(seen) << 8);
  }
  run.frozen = run.frozen | failed;
}

// Active rows and contacts, counted before Runge-Kutta evaluates again.
template <class L> NURI_STAGE void count_active(const Pack<L>& p, Run<L>& run) {
  using R = typename L::Real;
  const auto& s = p.scratch;
  R rows[1], slots[1];
  sum_rows(p, 0, p.row_count, rows, [&](int i, R* acc) { acc[0] = acc[0] + where(R(0) < s.D()[i], R(1), R(0)); });
  p.lane.template sums<1>(p.slot_count, ByItem{}, slots, [&](int i, R* acc) {   // whole numbers: any order, same sum
    acc[0] = acc[0] + where(R(0) < s.D()[s.slot_row()[i]], R(1), R(0));
  });
  run.contacts = slots[0];
  run.row_sum = run.row_sum + where(run.frozen, R(0), rows[0]);
  run.contact_sum = run.contact_sum + where(run.frozen, R(0), slots[0]);
  run.iteration_sum = run.iteration_sum + where(run.frozen, R(0), p.iterations);
}

// Whether some body carries an applied force: nearly never, and then a pass over the tree is spared.
template <class L> NURI_STAGE bool some_body_pushed(const Pack<L>& p) {
  using R = typename L::Real;
  R count[1];
  p.lane.template sums<1>(6 * p.model.body_count, ByItem{}, count, [&](int i, R* acc) {
    acc[0] = acc[0] + where(abs(p.scratch.body_applied()[i]) <= R(0), R(0), R(1));   // NaN counts
  });
  return any(R(0) < count[0]);
}

// A substep in three parts, so that a backend may stop between stages.
template <class L> NURI_CALL void begin_substep(const Pack<L>& p) {
  each_state(p, [](typename L::Real& now, typename L::Real& good) { good = now; });
}
// After the forward pass. last: sensors are read; those whose past counts, always.
template <class L> NURI_CALL void look(Pack<L>& p, Run<L>& run, bool last) {
  if (last || keeps_sensors(p)) {
    sense(p);
    finished(p, Stage::sense);
  }
  count_active(p, run);
}
template <class L> NURI_CALL bool end_substep(Pack<L>& p, Run<L>& run) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const auto smooth = bad_numbers(p, s.acc_smooth(), m.dof_count), acc = bad_numbers(p, s.acc(), m.dof_count);
  integrate_state(p);
  if (p.no_room) return false;
  const auto failed = (smooth | acc | bad_numbers(p, s.qpos(), m.qpos_count) | bad_numbers(p, s.qvel(), m.dof_count)) & !run.frozen;
  if (any(failed)) note_faults(p, run, failed, smooth, acc);
  p.lane.sync();
  if (any(run.frozen)) each_state(p, [&](R& now, R& good) { now = where(run.frozen, good, now); });
  if (m.track_count) keep_history(p, run.frozen);
  if (m.clock_count) advance_clock(p, run.frozen);
  for (int w = 0; w < L::width; ++w) run.steps.set(w, run.steps[w] + (run.frozen[w] ? 0 : 1));
  finished(p, Stage::integrate);
  return true;
}

// seen(p): called after the forward pass, for what a backend wants to know. integrate = false: forward only.
template <class L, class F> NURI_FN bool substep(Pack<L>& p, Run<L>& run, bool last, bool integrate, F seen) {
  begin_substep(p);
  forward(p);
  if (p.no_room) return false;
  look(p, run, last);
  seen(p);
  return !integrate || end_substep(p, run);
}

NURI_KERNEL_END
