#include "physics/cuda/cuda_bucket.h"
#include <algorithm>
#include <cstring>
#include "engine/launch/pool.h"
#include "physics/cpu/cpu_bucket.h"
#include "physics/cpu/registry.h"
#include "physics/cuda/cuda_backend.h"
#include "physics/scratch_layout.h"

namespace nuri {
namespace {

using device::Memory;

// f(field) for those that a step reads, and those that it leaves.
template <class F> void each_input(F f) {
  for (int i = 0; i < state_field_count; ++i) if (!info(StateField(i)).output) f(i);
}
template <class F> void each_result(F f) {
  for (int i = 0; i < state_field_count; ++i) if (!info(StateField(i)).given) f(i);
}

constexpr size_t counter_bytes = sizeof(uint64_t) + sizeof(uint32_t) + sizeof(int32_t) + 1 + sizeof(int);   // steps, fault, contacts, again, list

}  // namespace

DeviceModel::DeviceModel(const model::Model& m, cudaStream_t stream) {
  auto put = [&](const auto& values) -> const void* {
    using T = typename std::decay_t<decltype(values)>::value_type;
    Memory& to = parts_.emplace_back(std::max<size_t>(values.size() * sizeof(T), 4));
    to.upload(values.data(), values.size() * sizeof(T), stream);
    return to.as();
  };
  auto put_real = [&](const std::vector<double>& values) { return put(std::vector<float>(values.begin(), values.end())); };
  RawModel raw;
#define NURI_COUNT(name, doc) raw.name = m.name;
#define NURI_INDEX(name, count, doc) raw.name = static_cast<const int*>(put(m.name));
#define NURI_REAL(name, count, unit, doc) raw.name = put_real(m.name);
#define NURI_DERIVED(name, count, unit, doc) raw.name = put_real(m.name);
#include "engine/model/model_fields.inl"
  const std::vector<std::byte> view = make_view(raw);
  view_ = Memory(view.size());
  view_.upload(view.data(), view.size(), stream);
}

size_t DeviceModel::bytes(const model::Model& m) {
  constexpr size_t page = 512;                                     // what an allocation is rounded up to
  size_t sum = 0;
  auto add = [&](const auto& values) { sum += (values.size() * 4 + page) / page * page; };
#define NURI_INDEX(name, count, doc) add(m.name);
#define NURI_REAL(name, count, unit, doc) add(m.name);
#define NURI_DERIVED(name, count, unit, doc) add(m.name);
#include "engine/model/model_fields.inl"
  return sum;
}

CudaBucket::CudaBucket(Members members, const WorldOptions& options, CudaBackend& backend, const device::Stream& stream)
    : Bucket(std::move(members.model), options, std::move(members.ids)), backend_(backend), stream_(stream), numbers_(*model_, stream) {
  options_.backend = "cuda";
  options_.width = 1;
  options_.threads = 1;
  const size_t n = size_t(options_.environments);
  for (int f = 0; f < state_field_count; ++f) state_[f] = Memory(arrays_[f].size());
  step_counts_ = Memory(n * sizeof(uint64_t));
  faults_ = Memory(n * sizeof(uint32_t));
  contact_counts_ = Memory(n * sizeof(int32_t));
  again_ = Memory(n);
  list_ = Memory(n * sizeof(int));
  totals_ = Memory(sizeof(CudaTotals));
  cycles_ = Memory(stage_count * sizeof(unsigned long long));
  NURI_CUDA(cudaMemsetAsync(again_.as(), 0, n, stream_));
  statistics_.cycles.resize(stage_count);
}

size_t CudaBucket::bytes(const model::Model& m, size_t environments, bool detail) {
  size_t columns = 0;
  for (int f = 0; f < state_field_count; ++f) columns += size_t(nuri::columns(m, StateField(f), detail));
  return DeviceModel::bytes(m) + environments * (columns * sizeof(float) + counter_bytes);
}

std::string CudaBucket::describe() const { return backend_.describe(); }

Probe CudaBucket::probe(int environment, const std::vector<ContactRecord>* injected) { return backend_.probe(*this, environment, injected); }

void CudaBucket::clear_statistics() {
  Bucket::clear_statistics();
  NURI_CUDA(cudaMemsetAsync(totals_.as(), 0, totals_.bytes(), stream_));
  NURI_CUDA(cudaMemsetAsync(cycles_.as(), 0, cycles_.bytes(), stream_));
}

void CudaBucket::upload(StateField field) {
  device::use(options_.device);
  state_[int(field)].upload(arrays_[int(field)].data(), arrays_[int(field)].size(), stream_);
}
void CudaBucket::download(StateField field) {
  device::use(options_.device);
  state_[int(field)].download(arrays_[int(field)].data(), arrays_[int(field)].size(), stream_);
  stream_.wait();
}

void CudaBucket::upload_inputs() {
  each_input([&](int f) { upload(StateField(f)); });
  step_counts_.upload(step_count_.data(), step_counts_.bytes(), stream_);
  faults_.upload(fault_.data(), faults_.bytes(), stream_);
  contact_counts_.upload(contact_count_.data(), contact_counts_.bytes(), stream_);
}

void CudaBucket::set_list(std::span<const int> environments) { list_.upload(environments.data(), environments.size_bytes(), stream_); }

// Rows of the environments in the list, through one compact copy. words: 4-byte words of a row.
void CudaBucket::move_rows(void* host, const Memory& device, int words, std::span<const int> environments, bool gather) {
  const size_t row = size_t(words) * sizeof(uint32_t), bytes = row * environments.size();
  if (!bytes) return;
  if (compact_.bytes() < bytes) {
    stream_.wait();
    compact_ = Memory(bytes);
  }
  staging_.resize(std::max(staging_.size(), bytes));
  std::byte* const rows = static_cast<std::byte*>(host);
  if (!gather) {
    for (size_t i = 0; i < environments.size(); ++i) std::memcpy(staging_.data() + i * row, rows + size_t(environments[i]) * row, row);
    compact_.upload(staging_.data(), bytes, stream_);
  }
  launch_rows(list_.as<int>(), int(environments.size()), words, device.as(), compact_.as(), gather, stream_);
  if (gather) {
    compact_.download(staging_.data(), bytes, stream_);
    stream_.wait();
    for (size_t i = 0; i < environments.size(); ++i) std::memcpy(rows + size_t(environments[i]) * row, staging_.data() + i * row, row);
  }
}

void CudaBucket::move_counters(std::span<const int> environments, bool gather) {
  move_rows(step_count_.data(), step_counts_, sizeof(uint64_t) / sizeof(uint32_t), environments, gather);
  move_rows(fault_.data(), faults_, 1, environments, gather);
  move_rows(contact_count_.data(), contact_counts_, 1, environments, gather);
}

void CudaBucket::upload_rows(std::span<const int> environments) {
  if (environments.size() == size_t(options_.environments)) return upload_inputs();
  set_list(environments);
  each_input([&](int f) { move_rows(arrays_[f].data(), state_[f], columns_[f], environments, false); });
  move_counters(environments, false);
}

void CudaBucket::download_results(std::span<const int> environments) {
  each_result([&](int f) { move_rows(arrays_[f].data(), state_[f], columns_[f], environments, true); });
  move_counters(environments, true);
}

void CudaBucket::download_all() {
  each_result([&](int f) { state_[f].download(arrays_[f].data(), arrays_[f].size(), stream_); });
  step_counts_.download(step_count_.data(), step_counts_.bytes(), stream_);
  faults_.download(fault_.data(), faults_.bytes(), stream_);
  contact_counts_.download(contact_count_.data(), contact_counts_.bytes(), stream_);
  totals_.download(&downloaded_, sizeof downloaded_, stream_);
  cycles_.download(downloaded_cycles_.data(), sizeof downloaded_cycles_, stream_);
}

void CudaBucket::take_totals() {
  const CudaTotals& t = downloaded_;
  Statistics& s = statistics_;
  s.steps = s.packs = t.steps;
  s.contacts = double(t.contacts);
  s.rows = double(t.rows);
  s.iterations = double(t.iterations);
  s.slots = t.slots;
  s.pack_rows = t.listed_rows;
  s.rounds = t.rounds;
  s.evaluations = t.evaluations;
  s.factorizations = t.factorizations;
  s.near_pairs = t.near_pairs;
  s.redone = t.redone;
  if (!options_.staged) s.cycles.assign(downloaded_cycles_.begin(), downloaded_cycles_.end());
}

void CudaBucket::add_times(const std::array<float, stage_count>& milliseconds) {
  for (int s = 0; s < stage_count; ++s) statistics_.cycles[s] += uint64_t(double(milliseconds[s]) * 1e6);
}

void CudaBucket::copy_environment(int environment, World& to) const {
  static const char* const names[] = {
#define NURI_REAL(name, count, unit, doc) #name,
#define NURI_DERIVED(name, count, unit, doc) #name,
#include "engine/model/model_fields.inl"
  };
  for (int f = 0; f < state_field_count; ++f)
    for (int i = 0; i < columns_[f]; ++i) to.set(StateField(f), 0, i, get(StateField(f), environment, i));
  for (const Override& o : overrides_[environment]) to.override_field(names[o.field], 0, o.item, o.value);
}

// Arrays lie in the same places on the device and in the CPU's kernel of width one, so that kernel's text says what they mean.
Probe CudaBucket::read_slab(std::span<const std::byte> slab) const {
  const CpuKernel* const kernel = find_kernel(Precision::f32, 1);
  if (!kernel) return {};
  const ScratchLayout layout = lay_out_unshared(*model_, hard_bound(*model_), kernel->scalar_bytes, kernel->rank_bytes);
  const CudaSeen seen = read_between(slab.data(), layout);
  const ModelNumbers numbers(*model_, true);
  std::vector<RawOverride> own;
  size_t own_bytes = 0;
  for (const OwnField& f : own_fields_) {
    own.push_back({f.field, f.count, f.values.data()});
    own_bytes += f.values.size();
  }
  Arena arena;
  std::memcpy(arena.fit(layout.bytes + own_bytes), slab.data(), layout.bytes);
  const int alone = 0;
  ProbeJob job{};
  job.pack.model = &numbers.raw;
  job.pack.overrides = own.data();
  job.pack.override_count = int(own.size());
  job.pack.layout = &layout;
  job.pack.arena = arena.data;
  job.pack.environments = &alone;
  job.pack.live = 1;
  job.counts = &seen.counts;
  job.iterations = seen.iterations;
  return probe_with(*kernel, job);
}

bool CudaBucket::prepare() {
  if (!overrides_changed()) return false;
  apply_overrides();
  stream_.wait();
  if (own_fields_.size() > size_t(most_overrides))
    throw std::runtime_error(std::to_string(own_fields_.size()) + " model fields differ between environments, the cuda backend has room for " + std::to_string(most_overrides));
  for (size_t i = 0; i < own_fields_.size(); ++i) {
    const OwnField& f = own_fields_[i];
    if (i == own_.size()) {
      own_.emplace_back(f.values.size()).upload(f.values.data(), f.values.size(), stream_);
      continue;
    }
    const size_t row = size_t(f.count) * sizeof(float);            // environments in a row move as one
    for (size_t k = 0, end = 0; k < renewed_.size(); k = end) {
      for (end = k + 1; end < renewed_.size() && renewed_[end] == renewed_[end - 1] + 1; ++end) {}
      const size_t first = size_t(renewed_[k]) * row;
      NURI_CUDA(cudaMemcpyAsync(own_[i].as<std::byte>() + first, f.values.data() + first, (end - k) * row, cudaMemcpyHostToDevice, stream_));
    }
  }
  return true;
}

CudaJob CudaBucket::job(const ScratchLayout (&layouts)[int(CudaRoom::count)]) const {
  CudaJob job{};
  job.view = numbers_.view();
  std::copy(std::begin(layouts), std::end(layouts), job.layout);
  job.list = list_.as<int>();
  job.again = again_.as<uint8_t>();
  for (int f = 0; f < state_field_count; ++f) {
    const bool skipped = !options_.publish && (f == int(StateField::xpos) || f == int(StateField::xquat));
    job.state[f] = skipped ? nullptr : state_[f].as();
    job.columns[f] = columns_[f];
  }
  job.step_count = step_counts_.as<uint64_t>();
  job.fault = faults_.as<uint32_t>();
  job.contact_count = contact_counts_.as<int32_t>();
  job.totals = totals_.as<CudaTotals>();
  job.cycles = options_.profile && !options_.staged ? cycles_.as<unsigned long long>() : nullptr;
  job.override_count = int(own_fields_.size());
  for (int o = 0; o < job.override_count; ++o) job.overrides[o] = {own_fields_[o].field, own_fields_[o].count, own_[o].as()};
  return job;
}

}  // namespace nuri
