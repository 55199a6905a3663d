// A pack from state to state: load, K substeps on chip, store. Used by the CPU kernels; the CUDA kernel does the same for one
// environment per group.
//
// Nothing leaves before the end: out of room returns false and the state in memory is as it was. An environment that
// turns NaN or explodes freezes at its last good substep and is flagged; its neighbours never notice.
#pragma once
#include "engine/lane/transpose.h"
#include "physics/cpu/kernel.h"
#include "physics/kernel/step.h"

NURI_KERNEL_BEGIN

template <class L> struct PackStep {
  using T = typename L::Scalar;
  using R = typename L::Real;
  static constexpr int W = L::width;

  const PackJob& job;
  ModelView<R> model;
  L lane;
  Scratch<L> scratch;

  explicit PackStep(const PackJob& j) : job(j), scratch{j.arena, j.layout} {
    const RawModel& raw = *job.model;
    const R* own[real_fields] = {};
    char* room = job.arena + job.layout->bytes;
    for (int o = 0; o < job.override_count; ++o) {
      const RawOverride& over = job.overrides[o];
      R* const to = reinterpret_cast<R*>(room);
      for (int i = 0; i < over.count; ++i)
        for (int w = 0; w < W; ++w) to[i].set(w, static_cast<const T*>(over.values)[size_t(job.environments[w]) * over.count + i]);
      own[over.field] = to;
      room += size_t(over.count) * sizeof(R);
    }
    int field = 0;
#define NURI_COUNT(name, doc) model.name = raw.name;
#define NURI_INDEX(name, count, doc) model.name = raw.name;
#define NURI_REAL(name, count, unit, doc) model.name = {static_cast<const T*>(raw.name), own[field++]};
#define NURI_DERIVED(name, count, unit, doc) model.name = {static_cast<const T*>(raw.name), own[field++]};
#include "engine/model/model_fields.inl"
  }

  static constexpr int real_fields = 0
#define NURI_REAL(name, count, unit, doc) +1
#define NURI_DERIVED(name, count, unit, doc) +1
#include "engine/model/model_fields.inl"
      ;

  T* base(int field) const { return static_cast<T*>(job.state[field]); }
  void load(int field, R* to) const {
    const int n = job.columns[field];
    const T* from[W];
    for (int w = 0; w < W; ++w) from[w] = base(field) + size_t(job.environments[w]) * n;
    gather_rows(from, n, to);
  }
  // A field that is zero nearly always: true if it is not.
  bool load_rare(int field, R* to) const {
    const int n = job.columns[field];
    T most = T(0);
    for (int w = 0; w < W; ++w) {
      const T* const from = base(field) + size_t(job.environments[w]) * n;
      for (int i = 0; i < n; ++i) most = from[i] == T(0) ? most : T(1);
    }
    if (most != T(0)) load(field, to);
    else for (int i = 0; i < n; ++i) to[i] = R(0);
    return most != T(0);
  }
  void store(int field, const R* values) const {
    const int n = job.columns[field];
    T* to[W];
    for (int w = 0; w < W; ++w) to[w] = base(field) + size_t(job.environments[w]) * n;
    scatter_rows(values, n, to, job.live);
  }

  bool pushed = false;                                             // some body carries an applied force
  void load_state() {
    const Scratch<L>& s = scratch;
    load(int(field::qpos), s.qpos());
    load(int(field::qpos_residual), s.qpos_residual());
    load(int(field::qvel), s.qvel());
    load(int(field::act), s.act());
    load(int(field::warmstart), s.warm());
    load(int(field::ctrl), s.ctrl());
    load_rare(int(field::qfrc_applied), s.applied());
    pushed = load_rare(int(field::xfrc_applied), s.body_applied());
    load(int(field::equality_active), s.equality_active());
    const int mocaps = model.mocap_count;
    for (int k = 0; k < mocaps; ++k)
      for (int w = 0; w < W; ++w) {
        const T* const pos = base(int(field::mocap_pos)) + (size_t(job.environments[w]) * mocaps + k) * 3;
        const T* const quat = base(int(field::mocap_quat)) + (size_t(job.environments[w]) * mocaps + k) * 4;
        for (int c = 0; c < 7; ++c) s.mocap()[7 * k + c].set(w, c < 3 ? pos[c] : quat[c - 3]);
      }
  }

  // The state as it was before a substep, to fall back on.
  template <class F> void each_state(F f) const {
    const Scratch<L>& s = scratch;
    R* good = s.good();
    auto part = [&](R* now, int n) {
      for (int i = 0; i < n; ++i) f(now[i], good[i]);
      good += n;
    };
    part(s.qpos(), model.qpos_count);
    part(s.qpos_residual(), 3 * model.free_count);
    part(s.qvel(), model.dof_count);
    part(s.act(), model.activation_count);
    part(s.warm(), model.dof_count);
  }

  static typename L::Truth bad(const R* x, int n) {
    R worst = R(0), sum = R(0);
    for (int i = 0; i < n; ++i) {
      worst = max(worst, abs(x[i]));
      sum = sum + x[i] * R(0);                                     // NaN if any is NaN or infinite
    }
    return !(sum <= R(0)) | !(worst <= R(1e10f));
  }

  bool run() {
    lane_watch();
    int faults[W];
    unsigned frozen_bits = 0;
    for (int w = 0; w < W; ++w) {
      faults[w] = int(job.fault[job.environments[w]]);
      if (faults[w]) frozen_bits |= 1u << w;
    }
    auto frozen = L::Truth::from_bits(frozen_bits);
    PackCounters work{};
    R contact_sum = R(0), row_sum = R(0), iteration_sum = R(0), contacts_now = R(0);
    int steps_done[W] = {};
    load_state();
    mark(Stage::load);
    for (int k = 0; k < job.substeps; ++k) {
      Pack<L> p{lane, model, scratch};
      p.pushed = pushed;
      each_state([](R& now, R& good) { good = now; });
      forward(p);
      if (p.no_room) return false;
      const bool last = k + 1 == job.substeps;
      if (last) {
        sense(p);
        mark(Stage::sense);
      }
      // count before Runge-Kutta evaluates again
      R rows = R(0);
      contacts_now = R(0);
      for (int i = 0; i < p.row_count; ++i) rows = rows + where(R(0) < scratch.D()[i], R(1), R(0));
      for (int i = 0; i < p.slot_count; ++i) contacts_now = contacts_now + where(R(0) < scratch.D()[scratch.slot_row()[i]], R(1), R(0));
      if (last) sign(p);
      ++work.packs;
      work.slots += p.slot_count;
      work.rows += p.row_count;
      work.near_pairs += p.near_count;
      work.rounds += p.rounds;
      work.evaluations += p.evaluations;
      work.factorizations += p.factorizations;
      row_sum = row_sum + where(frozen, R(0), rows);
      contact_sum = contact_sum + where(frozen, R(0), contacts_now);
      iteration_sum = iteration_sum + where(frozen, R(0), p.iterations);
      const auto bad_smooth = bad(scratch.acc_smooth(), model.dof_count), bad_acc = bad(scratch.acc(), model.dof_count);
      if (!job.integrate) break;
      integrate_state(p);
      if (p.no_room) return false;
      const auto bad_state = bad(scratch.qpos(), model.qpos_count) | bad(scratch.qvel(), model.dof_count);
      const auto failed = (bad_smooth | bad_acc | bad_state) & !frozen;
      if (any(failed)) {
        for (int w = 0; w < W; ++w)
          if (failed[w]) {
            R nan_sum = R(0);
            for (int i = 0; i < model.dof_count; ++i) nan_sum = nan_sum + (scratch.acc()[i] + scratch.qvel()[i]) * R(0);
            const bool finite = nan_sum[w] == T(0);
            const Stage where_seen = bad_smooth[w] ? Stage::actuators : bad_acc[w] ? Stage::solve : Stage::integrate;
            faults[w] = (finite ? fault::too_fast : fault::not_finite) | int(where_seen) << 8;
          }
        frozen = frozen | failed;
      }
      if (any(frozen)) each_state([&](R& now, R& good) { now = where(frozen, good, now); });
      for (int w = 0; w < W; ++w) steps_done[w] += !frozen[w];
      mark(Stage::integrate);
    }
    if (!job.integrate || job.state[int(field::xpos)]) {
      Pack<L> p{lane, model, scratch};
      if (job.integrate && job.state[int(field::xpos)]) kinematics(p);
      mark(Stage::publish);
    }
    if (job.integrate) {
      const Scratch<L>& s = scratch;
      store(int(field::qpos), s.qpos());
      store(int(field::qpos_residual), s.qpos_residual());
      store(int(field::qvel), s.qvel());
      store(int(field::act), s.act());
      store(int(field::warmstart), s.warm());
    }
    store(int(field::qacc), scratch.acc());
    store(int(field::sensordata), scratch.sensors());
    if (job.state[int(field::xpos)]) {
      store(int(field::xpos), scratch.xpos());
      store(int(field::xquat), scratch.xquat());
    }
    for (int w = 0; w < job.live; ++w) {
      const int e = job.environments[w];
      job.step_count[e] += uint64_t(steps_done[w]);
      job.fault[e] = uint32_t(faults[w]);
      job.contact_count[e] = int(contacts_now[w]);
      work.steps += uint64_t(job.substeps);
      work.contact_sum += double(contact_sum[w]);
      work.row_sum += double(row_sum[w]);
      work.iteration_sum += double(iteration_sum[w]);
    }
    if (job.counters) add(*job.counters, work);
    mark(Stage::store);
    if (job.cycles) for (int i = 0; i < stage_count; ++i) job.cycles[i] += watch.cycles[i];
    return true;
  }

  // What each environment touches, as 128 bits: contacts by owner and rank, limits by row.
  void sign(const Pack<L>& p) const {
    if (!job.signature) return;
    uint64_t words[W][2] = {};
    for (int i = 0; i < p.slot_count; ++i) {
      const unsigned name = unsigned(scratch.slot_owner()[i]) * 5u + unsigned(scratch.slot_rank()[i]);
      for (unsigned bits = (R(0) < scratch.D()[scratch.slot_row()[i]]).bits(); bits; bits &= bits - 1) words[__builtin_ctz(bits)][0] |= uint64_t(1) << (name % 64);
    }
    for (int i = p.equality_rows + p.friction_rows; i < p.listed_count; ++i)
      for (unsigned bits = (R(0) < scratch.D()[i]).bits(); bits; bits &= bits - 1) words[__builtin_ctz(bits)][1] |= uint64_t(1) << (unsigned(scratch.listed()[i]) % 64);
    for (int w = 0; w < job.live; ++w) {
      job.signature[2 * job.environments[w]] = words[w][0];
      job.signature[2 * job.environments[w] + 1] = words[w][1];
    }
  }

  static void add(PackCounters& to, const PackCounters& from) {
    to.steps += from.steps;
    to.packs += from.packs;
    to.slots += from.slots;
    to.rows += from.rows;
    to.rounds += from.rounds;
    to.evaluations += from.evaluations;
    to.factorizations += from.factorizations;
    to.near_pairs += from.near_pairs;
    to.contact_sum += from.contact_sum;
    to.row_sum += from.row_sum;
    to.iteration_sum += from.iteration_sum;
  }

  Stopwatch watch;
  void lane_watch() {
    if (!job.cycles) return;
    lane.watch = &watch;
    watch.start();
  }
  void mark(Stage stage) const { lane.mark(int(stage)); }

  struct field {
    enum Name : int {
#define NURI_STATE(name, count, unit, doc) name,
#define NURI_OUTPUT(name, count, unit, doc) name,
#include "engine/model/state_fields.inl"
    };
  };
};

NURI_KERNEL_END
