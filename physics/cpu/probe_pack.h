// Runs all stages of one pack without integrating and hands out what one environment holds.
#pragma once
#include "physics/cpu/pack_step.h"

NURI_KERNEL_BEGIN

// Instead of the engine's own collision: the given contacts, in their order, as hits of their candidate pairs.
template <class L> bool inject_contacts(Pack<L>& p, const ContactRecord* records, int count, int w) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  int found = 0;
  for (int pair = 0; pair < m.pair_count; ++pair)                  // hits must come in the order of their owners
    for (int i = 0; i < count; ++i) {
      const ContactRecord& c = records[i];
      const bool straight = m.pair_geom1[pair] == c.geom1 && m.pair_geom2[pair] == c.geom2;
      const bool swapped = m.pair_geom1[pair] == c.geom2 && m.pair_geom2[pair] == c.geom1;
      if (!straight && !swapped) continue;
      if (m.on(model::flag_gap) && (m.pair_gap[pair] != 0) != (double(m.pair_include[pair][w]) <= c.dist)) continue;
      if (found >= s.at->room.hits || found >= s.at->room.slots) return false;
      const double sign = straight ? 1 : -1;
      R* const o = s.hits() + hit_size * found;
      o[0] = p.real(c.dist);
      for (int k = 0; k < 3; ++k) {
        o[1 + k] = p.real(c.pos[k]);
        o[4 + k] = p.real(sign * c.frame[k]);
        o[7 + k] = p.real(c.frame[3 + k]);
      }
      s.hit_pair()[found] = pair;
      s.live_hits()[found] = found;
      ++found;
    }
  p.hit_count = p.live_count = found;
  return found == count;
}

template <class L> bool probe_pack(const ProbeJob& job) {
  using R = typename L::Real;
  PackStep<L> pack(job.pack);
  Pack<L> p(pack.lane, pack.model, pack.scratch);
  const auto& m = p.model;
  const auto& s = p.scratch;
  const int w = job.lane;
  if (!job.counts) pack.load_state();
  if (job.counts) {                                                // another machine has been through the stages: its scratch is here
    static_cast<PackCounts&>(p) = *job.counts;
    p.iterations = p.real(job.iterations);
  } else if (job.injected) {
    run_stages(p, Stage::kinematics, Stage::factor);
    if (!inject_contacts(p, job.injected, job.injected_count, w)) return false;
    run_stages(p, Stage::contacts, Stage::solve);
  } else {
    forward(p);
  }
  if (p.no_room) return false;
  if (!job.counts) sense(p);

  // arrays, by the list that declares them
  double* const numbers = new double[s.at->bytes / sizeof(R) + 1];
  const Room r = s.at->room;
  auto give = [&](const char* stage, const char* name, const R* values, int count) {
    for (int i = 0; i < count; ++i) numbers[i] = double(values[i][w]);
    job.sink.field(job.sink.context, stage, name, numbers, count);
  };
#define NURI_REALS(name, count, first, last) give(stage_names[int(Stage::first)], #name, s.name(), int(count));
#define NURI_NUMBERS(name, count, first, last)
#define NURI_RANKS(name, count, first, last)
#include "physics/kernel/scratch_fields.inl"
  (void)r;
  job.sink.iterations(job.sink.context, double(p.iterations[w]));

  // contacts that this environment has
  for (int i = 0; i < p.slot_count; ++i) {
    if (!(double(s.D()[s.slot_row()[i]][w]) > 0)) continue;
    const int o = s.slot_owner()[i], pair = s.slot_pair()[i][w];
    const bool world = o < m.world_owner_count;
    const double sign = world ? m.owner_sign[o] : 1;
    const R* const com = s.com() + 3 * m.body_frame[world ? m.owner_body[o] : m.owner_body2[o]];
    ContactRecord c{};
    c.geom1 = m.pair_geom1[pair];
    c.geom2 = m.pair_geom2[pair];
    c.dim = m.owner_dim[o];
    c.dist = double(s.slot_dist()[i][w]);
    for (int k = 0; k < 3; ++k) c.pos[k] = double(s.frames()[12 * i + k][w]) + double(com[k][w]);
    for (int k = 0; k < 9; ++k) c.frame[k] = sign * double(s.frames()[12 * i + 3 + k][w]);
    R f[6];
    felt_force(p, i, f);
    for (int k = 0; k < 6; ++k) c.force[k] = double(f[k][w]);
    for (int k = 0; k < 5; ++k) c.friction[k] = double(s.slot_friction()[5 * i + k][w]);
    job.sink.contact(job.sink.context, c);
  }

  // rows, with their Jacobian a column at a time
  const int n = m.dof_count;
  double* const J = new double[size_t(p.row_count) * n + 1];
  for (int d = 0; d < n; ++d) {
    for (int i = 0; i < n; ++i) s.search()[i] = R(typename L::Scalar(i == d));
    times_jacobian(p, s.search(), s.jv());
    for (int i = 0; i < p.row_count; ++i) J[size_t(i) * n + d] = double(s.jv()[i][w]);
  }
  auto row = [&](int i, int kind, int id) {
    job.sink.row(job.sink.context, kind, id, double(s.D()[i][w]), double(s.aref()[i][w]), double(s.jar()[i][w]), double(row_force(p, i)[w]), J + size_t(i) * n, n);
  };
  for (int i = 0; i < p.listed_count; ++i)
    if (double(s.D()[i][w]) > 0) row(i, m.row_kind[s.listed()[i]], m.row_source[s.listed()[i]]);
  int contact = 0;
  for (int i = 0; i < p.slot_count; ++i) {
    if (!(double(s.D()[s.slot_row()[i]][w]) > 0)) continue;
    for (int k = s.slot_row()[i]; k < row_end(p, i); ++k) row(k, -1, contact);
    ++contact;
  }
  delete[] J;
  delete[] numbers;
  return true;
}

NURI_KERNEL_END
