// A pack from state to state: load, K substeps on chip, store. Used by the CPU kernels; the CUDA kernel does the same for one
// environment per group.
//
// Nothing leaves before the end: out of room returns false and the state in memory is as it was.
#pragma once
#include <cstring>
#include "engine/lane/transpose.h"
#include "physics/cpu/kernel.h"
#include "physics/kernel/substep.h"

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
  // A field that is zero (in all its bits) nearly always: true if it is not.
  bool load_rare(int field, R* to) const {
    const int n = job.columns[field];
    uint64_t bits = 0, two[sizeof(T) / 4];                         // two numbers at once
    for (int w = 0; w < W; ++w) {
      const T* const from = base(field) + size_t(job.environments[w]) * n;
      for (int i = 0; i + 1 < n; i += 2) {
        std::memcpy(two, from + i, sizeof two);
        for (const uint64_t word : two) bits |= word;
      }
      if (n & 1) {
        two[0] = 0;
        std::memcpy(two, from + n - 1, sizeof(T));
        bits |= two[0];
      }
    }
    if (bits) load(field, to);
    else for (int i = 0; i < n; ++i) to[i] = R(0);
    return bits != 0;
  }
  void store(int field, const R* values) const {
    const int n = job.columns[field];
    T* to[W];
    for (int w = 0; w < W; ++w) to[w] = base(field) + size_t(job.environments[w]) * n;
    scatter_rows(values, n, to, job.live);
  }

  bool pushed = false;                                             // some body carries an applied force
  void load_state() {
    bool rare = false;
#define NURI_STATE(name, source, role, count, unit, doc) \
    if constexpr (StateRole::role == StateRole::rare) rare |= load_rare(int(field::name), scratch.source()); \
    else load(int(field::name), scratch.source());
#include "engine/model/state_fields.inl"
    pushed = rare && some_body_pushed(Pack<L>(lane, model, scratch));
  }

  bool run() {
    if (job.cycles) {
      lane.watch = &watch;
      watch.start();
    }
    typename L::Int faults;
    for (int w = 0; w < W; ++w) faults.set(w, int(job.fault[job.environments[w]]));
    Run<L> run(faults);
    PackCounters work{};
    load_state();
    lane.mark(int(Stage::load));
    for (int k = 0; k < job.substeps; ++k) {
      Pack<L> p(lane, model, scratch);
      p.pushed = pushed;
      p.sweep = job.sweep;
      const bool last = k + 1 == job.substeps;
      const bool fits = substep(p, run, last, job.integrate, [&](const Pack<L>& seen) {
        if (last) sign(seen);
        ++work.packs;
        work.slots += seen.slot_count;
        work.rows += seen.row_count;
        work.near_pairs += seen.near_count;
        work.rounds += seen.rounds;
        work.evaluations += seen.evaluations;
        work.factorizations += seen.factorizations;
      });
      if (!fits) return false;
      if (last && job.columns[int(field::cinert)]) store_detail(p);
    }
    const Scratch<L>& s = scratch;
    store(int(field::qacc), s.acc());
    store(int(field::sensordata), s.sensors());
    if (job.integrate) {
#define NURI_STATE(name, source, role, count, unit, doc) if constexpr (written(StateRole::role)) store(int(field::name), s.source());
#include "engine/model/state_fields.inl"
    }
    lane.mark(int(Stage::store));
    if (job.state[int(field::xpos)]) {                             // poses of the final state; overwrites what shares their memory
      Pack<L> p(lane, model, scratch);
      if (job.integrate) kinematics(p);
      store(int(field::xpos), s.xpos());
      store(int(field::xquat), s.xquat());
    }
    for (int w = 0; w < job.live; ++w) {
      const int e = job.environments[w];
      job.step_count[e] += uint64_t(run.steps[w]);
      job.fault[e] = uint32_t(run.fault[w]);
      job.contact_count[e] = int(run.contacts[w]);
      work.steps += uint64_t(job.substeps);
      work.contact_sum += double(run.contact_sum[w]);
      work.row_sum += double(run.row_sum[w]);
      work.iteration_sum += double(run.iteration_sum[w]);
    }
    if (job.counters) *job.counters += work;
    lane.mark(int(Stage::publish));
    if (job.cycles) for (int i = 0; i < stage_count; ++i) job.cycles[i] += watch.cycles[i];
    return true;
  }

  // What the last evaluation left; overwrites body6.
  void store_detail(Pack<L>& p) const {
    outside_wrenches(p);
#define NURI_DETAIL(name, source, count, unit, doc) store(int(field::name), scratch.source());
#include "engine/model/state_fields.inl"
    p.lane.sync();                                                 // publishing overwrites the poses
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

  Stopwatch watch;

  struct field {
    enum Name : int {
#define NURI_STATE(name, source, role, count, unit, doc) name,
#define NURI_OUTPUT(name, count, unit, doc) name,
#include "engine/model/state_fields.inl"
    };
  };
};

NURI_KERNEL_END
