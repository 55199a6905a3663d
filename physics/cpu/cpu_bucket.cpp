#include "physics/cpu/cpu_bucket.h"
#include <algorithm>
#include <bit>
#include "engine/launch/pool.h"
#include "physics/scratch_layout.h"

namespace nuri {
namespace {

constexpr int max_width = 16;

struct RealField {
  enum Name : int {
#define NURI_REAL(name, count, unit, doc) name,
#define NURI_DERIVED(name, count, unit, doc) name,
#include "engine/model/model_fields.inl"
  };
};
constexpr int64_t steps_between_sorts = 100;   // packing alike pays x1.1-1.2 and its signatures stay good for about this long

}  // namespace

char* Arena::fit(size_t need) {
  if (need > bytes) {
    std::free(data);
    bytes = (need + 4095) / 4096 * 4096;
    data = static_cast<char*>(std::aligned_alloc(4096, bytes));
    std::fill(data, data + bytes, char(0));
  }
  return data;
}

ModelNumbers::ModelNumbers(const model::Model& m, bool single) {
  auto convert = [&](const std::vector<double>& values) -> const void* {
    if (!single) return values.data();
    auto& out = converted.emplace_back(values.size() * sizeof(float));
    for (size_t i = 0; i < values.size(); ++i) reinterpret_cast<float*>(out.data())[i] = float(values[i]);
    return out.data();
  };
#define NURI_COUNT(name, doc) raw.name = m.name;
#define NURI_INDEX(name, count, doc) raw.name = m.name.data();
#define NURI_REAL(name, count, unit, doc) raw.name = convert(m.name);
#define NURI_DERIVED(name, count, unit, doc) raw.name = convert(m.name);
#include "engine/model/model_fields.inl"
}

CpuBucket::CpuBucket(Members members, const WorldOptions& options, const CpuKernel& kernel, std::vector<Arena>& arenas)
    : Bucket(std::move(members.model), options, std::move(members.ids)), kernel_(kernel), numbers_(*model_, options.precision == Precision::f32), pairs_(*model_), sweep_(pairs_.view()), arenas_(arenas) {
  options_.backend = "cpu";
  options_.width = kernel.width;
  options_.threads = int(arenas.size());
  bound_ = hard_bound(*model_);
  layouts_.assign(arenas.size(), make_layout(first_room(*model_, kernel.width, options.room)));
  order_ = everyone_;
  sorted_.reserve(everyone_.size());
  unsorted_.reserve(everyone_.size());
  signature_.resize(2 * size_t(options_.environments));
  statistics_.cycles.resize(stage_count);
}

std::string CpuBucket::describe() const {
  return "cpu, " + std::string(kernel_.isa) + ", " + (options_.precision == Precision::f32 ? "float32" : "float64") + ", " + std::to_string(kernel_.width) +
         (kernel_.width == 1 ? " environment" : " environments") + " per pack" + (model_->heap ? " (a heap), " : ", ") + std::to_string(options_.threads) + (options_.threads == 1 ? " thread" : " threads");
}

Probe CpuBucket::probe(int environment, const std::vector<ContactRecord>* injected) {
  prepare();
  // nothing shares memory, so that every array is whole at the end
  Room room = bound_;
  if (injected) room.hits = room.slots = std::max<int>(room.hits, int(injected->size()));
  const ScratchLayout layout = lay_out_unshared(*model_, room, kernel_.scalar_bytes * kernel_.width, kernel_.rank_bytes);
  Arena arena;
  const std::vector<int> pack(kernel_.width, environment);
  ProbeJob job{};
  job.pack = make_job(layout, arena.fit(layout.bytes + own_bytes()), pack.data(), 1);
  job.pack.integrate = false;
  static const ContactRecord none{};                             // an empty list is a list too
  job.injected = !injected ? nullptr : injected->empty() ? &none : injected->data();
  job.injected_count = injected ? int(injected->size()) : 0;
  return probe_with(kernel_, job);
}

Probe probe_with(const CpuKernel& kernel, ProbeJob job) {
  Probe out;
  job.sink.context = &out;
  job.sink.field = [](void* to, const char* stage, const char* name, const double* values, int count) {
    static_cast<Probe*>(to)->fields[name] = {stage, std::vector<double>(values, values + count)};
  };
  job.sink.contact = [](void* to, const ContactRecord& c) { static_cast<Probe*>(to)->contacts.push_back(c); };
  job.sink.row = [](void* to, int kind, int id, double D, double aref, double jar, double force, const double* J, int dofs) {
    static_cast<Probe*>(to)->rows.push_back({kind, id, D, aref, jar, force, std::vector<double>(J, J + dofs)});
  };
  job.sink.iterations = [](void* to, double count) { static_cast<Probe*>(to)->iterations = count; };
  const NumericMode mode;
  kernel.probe(job);
  return out;
}

int CpuBucket::begin(std::span<const int> environments, int substeps, bool integrate) {
  prepare();
  const bool all = environments.size() == size_t(options_.environments);
  if (all && integrate) sort_alike(substeps);
  list_ = all ? order_.data() : environments.data();
  count_ = int(environments.size());
  substeps_ = substeps;
  integrate_ = integrate;
  return (count_ + kernel_.width - 1) / kernel_.width;
}

void CpuBucket::job(int index, int thread) {
  const NumericMode mode;
  const int width = kernel_.width, first = index * width, live = std::min(width, count_ - first);
  int members[max_width];
  for (int w = 0; w < width; ++w) members[w] = list_[first + std::min(w, live - 1)];
  ScratchLayout& layout = layouts_[thread];
  PackCounters counters{};
  uint64_t cycles[stage_count] = {}, redone = 0;
  int alone = -1;                                                  // which of the pack's environments is stepped by itself; -1: all at once
  for (;;) {
    PackJob job = make_job(layout, arenas_[thread].fit(layout.bytes + own_bytes()), members, alone < 0 ? live : 1);
    job.substeps = substeps_;
    job.integrate = integrate_;
    job.signature = options_.pack_alike ? signature_.data() : nullptr;
    PackCounters now{};
    job.counters = integrate_ ? &now : nullptr;
    job.cycles = options_.profile ? cycles : nullptr;
    const bool done = kernel_.step(job);
    if (done) {
      counters += now;
    } else {
      const Room room = grown(layout.room, bound_);
      ++redone;
      if (room != layout.room) {                                   // out of room: again, with more; same bits
        layout = make_layout(room);
        continue;
      }
      if (alone >= 0) fault_[members[0]] = fault_no_room;          // the most that an environment may have (hard_bound), and it needs more
    }
    // The bound is that of one environment: where those of a pack need more together, they are stepped one by one.
    if (done && alone < 0) break;
    if (++alone == live) break;
    std::fill_n(members, width, list_[first + alone]);
  }
  const std::lock_guard lock(merging_);
  Statistics& s = statistics_;
  s.steps += counters.steps;
  s.packs += counters.packs;
  s.slots += counters.slots;
  s.pack_rows += counters.rows;
  s.rounds += counters.rounds;
  s.evaluations += counters.evaluations;
  s.factorizations += counters.factorizations;
  s.near_pairs += counters.near_pairs;
  s.redone += redone;
  // whole numbers in doubles: exact in any order
  s.contacts += counters.contact_sum;
  s.rows += counters.row_sum;
  s.iterations += counters.iteration_sum;
  for (int i = 0; i < stage_count; ++i) s.cycles[i] += cycles[i];
}

ScratchLayout CpuBucket::make_layout(const Room& room) const { return lay_out(*model_, room, kernel_.scalar_bytes * kernel_.width, kernel_.rank_bytes); }

size_t CpuBucket::own_bytes() const {
  size_t bytes = 0;
  for (const OwnField& f : own_fields_) bytes += size_t(f.count) * kernel_.scalar_bytes * kernel_.width;
  return bytes;
}

PackJob CpuBucket::make_job(const ScratchLayout& layout, char* memory, const int* environments, int live) {
  PackJob job{};
  job.model = &numbers_.raw;
  job.overrides = raw_overrides_.data();
  job.override_count = int(raw_overrides_.size());
  job.layout = &layout;
  const bool own_bounds = std::any_of(own_fields_.begin(), own_fields_.end(), [](const OwnField& f) { return f.field == RealField::pair_reach; });
  job.sweep = pairs_.worth() && !own_bounds ? &sweep_ : nullptr;
  job.arena = memory;
  job.environments = environments;
  job.live = live;
  job.state = state_;
  job.columns = columns_.data();
  job.step_count = step_count_.data();
  job.fault = fault_.data();
  job.contact_count = contact_count_.data();
  return job;
}

void CpuBucket::prepare() {
  apply_overrides();
  raw_overrides_.clear();
  for (const OwnField& f : own_fields_) raw_overrides_.push_back({f.field, f.count, f.values.data()});
  for (int f = 0; f < state_field_count; ++f) state_[f] = arrays_[f].data();
  if (!options_.publish) state_[int(StateField::xpos)] = state_[int(StateField::xquat)] = nullptr;
}

// Packs like with like: a greedy chain over what environments touched last. Cannot show in the bits.
void CpuBucket::sort_alike(int substeps) {
  if (!options_.pack_alike || kernel_.width == 1) return;
  if (steps_to_sort_ > 0) {
    steps_to_sort_ -= substeps;
    return;
  }
  steps_to_sort_ = steps_between_sorts;
  const int n = options_.environments, width = kernel_.width;
  constexpr int window = 1024;                                   // bounds the work: n * window / 2 comparisons
  std::vector<int>&out = sorted_, &left = unsorted_;             // kept: a step allocates nothing
  out.clear();
  for (int begin = 0; begin < n; begin += window) {
    left.assign(order_.begin() + begin, order_.begin() + std::min(n, begin + window));
    uint64_t pack[2] = {};
    while (!left.empty()) {
      size_t best = 0;
      if (out.size() % width == 0) {
        pack[0] = pack[1] = 0;
      } else {
        int least = 1 << 30;
        for (size_t i = 0; i < left.size(); ++i) {
          const uint64_t* const s = &signature_[2 * left[i]];
          const int grows = std::popcount(s[0] & ~pack[0]) * 4 + std::popcount(s[1] & ~pack[1]), shares = std::popcount(s[0] & pack[0]) * 4 + std::popcount(s[1] & pack[1]);
          const int cost = 2 * grows - shares;
          if (cost < least) {
            least = cost;
            best = i;
          }
        }
      }
      const int e = left[best];
      left[best] = left.back();
      left.pop_back();
      out.push_back(e);
      pack[0] |= signature_[2 * e];
      pack[1] |= signature_[2 * e + 1];
    }
  }
  order_.swap(out);
}

}  // namespace nuri
