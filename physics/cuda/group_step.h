// One environment from state to state, by one group: load, K substeps on chip, store. What PackStep is for a CPU pack; the physics
// and its safety net are the same text (physics/kernel/substep.h).
//
// Nothing leaves before the end: out of room returns false and the state in memory is as it was. The same stages also run one at a
// time, with what crosses from one to the next kept in memory: for profilers, and to look inside.
// Written against the lane only, so tests run it on a CPU too.
#pragma once
#include "physics/cuda/kernel.h"
#include "physics/kernel/substep.h"

NURI_KERNEL_BEGIN

template <class L> struct GroupStep {
  using R = typename L::Real;
  using T = typename L::Scalar;
  static_assert(L::width == 1, "a group steps one environment");

  const L& lane;
  const ModelView<R>& model;
  const CudaLaunch& launch;
  const CudaJob& job;
  const Scratch<L> scratch;
  const int environment;

  // What stages that run one at a time leave to each other, behind the arrays of the scratch.
  struct Between {
    PackCounts counts;
    R iterations;
    Run<L> run;
    CudaTotals work;
  };

  NURI_FN T* row(StateField field) const {
    return static_cast<T*>(job.state[int(field)]) + size_t(environment) * job.columns[int(field)];
  }
  NURI_FN void load(StateField field, R* to) const {
    const T* const from = row(field);
    lane.each(job.columns[int(field)], [&](int i) { to[i] = R(from[i]); });
  }
  // + 0: zero has one sign in the state
  NURI_FN void store(StateField field, const R* values) const {
    if (!job.state[int(field)]) return;
    T* const to = row(field);
    lane.each(job.columns[int(field)], [&](int i) { to[i] = values[i][0] + T(0); });
  }

  // Returns whether some body carries an applied force.
  NURI_STAGE bool load_state() const {
#define NURI_STATE(name, source, role, count, unit, doc) load(StateField::name, scratch.source());
#include "engine/model/state_fields.inl"
    lane.sync();
    return some_body_pushed(Pack<L>(lane, model, scratch));
  }

  NURI_STAGE void store_state(const Run<L>& run) const {
    const Scratch<L>& s = scratch;
    if (launch.integrate) {
#define NURI_STATE(name, source, role, count, unit, doc) if constexpr (written(StateRole::role)) store(StateField::name, s.source());
#include "engine/model/state_fields.inl"
    }
    store(StateField::sensordata, s.sensors());
    store(StateField::xpos, s.xpos());
    store(StateField::xquat, s.xquat());
    lane.once([&] {
      job.step_count[environment] += uint64_t(run.steps[0]);
      job.fault[environment] = uint32_t(run.fault[0]);
      job.contact_count[environment] = int(run.contacts[0]);
    });
    lane.sync();                                                   // the next environment reuses the scratch
  }

  // What the last evaluation left; overwrites body6.
  NURI_STAGE void store_detail(Pack<L>& p) const {
    outside_wrenches(p);
#define NURI_DETAIL(name, source, count, unit, doc) store(StateField::name, scratch.source());
#include "engine/model/state_fields.inl"
    lane.sync();
  }

  NURI_FN Run<L> fresh_run() const {
    typename L::Int fault;
    fault.set(0, int(job.fault[environment]));
    return Run<L>(fault);
  }
  NURI_FN bool gives_detail() const { return job.columns[int(StateField::cinert)] > 0; }
  NURI_FN bool publishes() const { return launch.integrate && job.state[int(StateField::xpos)]; }
  NURI_FN void count(const PackCounts& now, CudaTotals& work) const {
    work.slots += unsigned(now.slot_count);
    work.listed_rows += unsigned(now.row_count);
    work.near_pairs += unsigned(now.near_count);
    work.rounds += unsigned(now.rounds);
    work.evaluations += unsigned(now.evaluations);
    work.factorizations += unsigned(now.factorizations);
  }
  // total(work): called by one thread after a run that commits
  template <class F> NURI_FN void sum_up(const Run<L>& run, CudaTotals& work, F total) const {
    if (!launch.integrate) return;
    work.steps = unsigned(launch.substeps);
    work.contacts = (unsigned long long)(run.contact_sum[0]);
    work.rows = (unsigned long long)(run.row_sum[0]);
    work.iterations = (unsigned long long)(run.iteration_sum[0]);
    lane.once([&] { total(work); });
  }

  template <class F> NURI_FN bool run(F total) const {
    CudaTotals work{};
    Run<L> run = fresh_run();
    const bool pushed = load_state();
    lane.mark(int(Stage::load));
    for (int k = 0; k < launch.substeps; ++k) {
      Pack<L> p(lane, model, scratch);
      p.pushed = pushed;
      const bool last = k + 1 == launch.substeps;
      if (!substep(p, run, last, launch.integrate, [&](const Pack<L>& now) { count(now, work); })) return false;
      if (last && gives_detail()) store_detail(p);
    }
    store(StateField::qacc, scratch.acc());                        // before publish: its kinematics reuses the space of early stages
    lane.sync();
    if (publishes()) {
      Pack<L> p(lane, model, scratch);
      kinematics(p);
      lane.mark(int(Stage::publish));
    }
    store_state(run);
    lane.mark(int(Stage::store));
    sum_up(run, work, total);
    return true;
  }

  // One stage of one substep. The layout gives every array a place of its own, so publishing overwrites nothing that store needs.
  template <class F> NURI_CALL void run_alone(Between& between, F total) const {
    const Stage stage = launch.alone;
    Pack<L> p(lane, model, scratch);
    Run<L> run = stage == Stage::load ? fresh_run() : between.run;
    CudaTotals work = stage == Stage::load ? CudaTotals{} : between.work;
    if (stage == Stage::kinematics) {
      p.pushed = between.counts.pushed;
      begin_substep(p);
    } else if (stage != Stage::load) {
      static_cast<PackCounts&>(p) = between.counts;
      p.iterations = between.iterations;
    }
    lane.sync();
    if (stage == Stage::load) {
      p.pushed = load_state();
    } else if (stage == Stage::sense) {
      look(p, run, launch.last);
      count(p, work);
    } else if (stage == Stage::integrate) {
      if (launch.integrate) end_substep(p, run);
      if (launch.last && gives_detail()) store_detail(p);
    } else if (stage == Stage::publish) {
      if (publishes()) kinematics(p);
    } else if (stage == Stage::store) {
      store(StateField::qacc, scratch.acc());
      store_state(run);
      sum_up(run, work, total);
    } else {
      run_stage(p, stage);
    }
    lane.sync();
    lane.once([&] { between = {p, p.iterations, run, work}; });
    lane.sync();
  }
};

NURI_KERNEL_END
