#include "physics/cuda/cuda_bucket.h"
#include <algorithm>
#include <array>
#include "engine/device/info.h"
#include "engine/device/memory.h"
#include "physics/cuda/kernel.h"
#include "physics/scratch_layout.h"
#include "physics/world.h"

namespace nuri {
namespace {

using device::Memory;

// A model's numbers on the device, as floats.
class DeviceModel {
 public:
  DeviceModel(const model::Model& m, cudaStream_t stream) {
    auto put = [&](const auto& values) -> const void* {
      using T = typename std::decay_t<decltype(values)>::value_type;
      Memory& to = parts_.emplace_back(std::max<size_t>(values.size() * sizeof(T), 4));
      to.upload(values.data(), values.size() * sizeof(T), stream);
      return to.as();
    };
    auto put_real = [&](const std::vector<double>& values) { return put(std::vector<float>(values.begin(), values.end())); };
#define NURI_COUNT(name, doc) raw.name = m.name;
#define NURI_INDEX(name, count, doc) raw.name = static_cast<const int*>(put(m.name));
#define NURI_REAL(name, count, unit, doc) raw.name = put_real(m.name);
#define NURI_DERIVED(name, count, unit, doc) raw.name = put_real(m.name);
#include "engine/model/model_fields.inl"
    NURI_CUDA(cudaStreamSynchronize(stream));
  }
  RawModel raw;

 private:
  std::vector<Memory> parts_;
};

constexpr StateField inputs[] = {StateField::qpos, StateField::qpos_residual, StateField::qvel, StateField::act, StateField::warmstart, StateField::ctrl,
                                 StateField::qfrc_applied, StateField::xfrc_applied, StateField::mocap_pos, StateField::mocap_quat, StateField::equality_active};
constexpr StateField results[] = {StateField::qpos, StateField::qpos_residual, StateField::qvel, StateField::act, StateField::warmstart,
                                  StateField::qacc, StateField::xpos, StateField::xquat, StateField::sensordata};

// Room for ordinary contact situations. Less than on a CPU: shared memory decides how many environments a processor holds, and the second
// launch repairs the rest.
Room usual_room(const model::Model& m, int contacts) {
  const Room bound = hard_bound(m, 1);
  if (!contacts) contacts = 12 + m.body_count / 2;                 // a fallen humanoid has about ten
  int widest = 1, most_dofs = 0;                                   // rows and dofs of a contact
  for (int o = 0; o < m.owner_count; ++o) {
    const int dim = m.owner_dim[o];
    widest = std::max(widest, dim == 1 ? 1 : m.elliptic ? dim : 2 * (dim - 1));
    if (o >= m.world_owner_count) most_dofs = std::max(most_dofs, dim * (m.owner_dof_adr[o + 1] - m.owner_dof_adr[o]));
  }
  Room r = bound;
  r.pairs = std::min(bound.pairs, 6 * contacts);
  r.hits = std::min(bound.hits, 3 * contacts);
  r.slots = std::min(bound.slots, contacts);
  r.rows = std::min(bound.rows, m.row_count + contacts * widest);
  r.own = std::min(bound.own, std::max(1, contacts / 2) * most_dofs);
  r.coupled = std::min(bound.coupled, contacts);
  if (bound.dual) r.dual = std::min(bound.dual, r.rows * (2 * m.dof_count + r.rows + 8));
  return r;
}

class FusedBucket final : public CudaBucket {
 public:
  FusedBucket(std::shared_ptr<const model::Model> model, const WorldOptions& options, std::vector<uint64_t> ids, const device::Info& info)
      : CudaBucket(std::move(model), options, std::move(ids)), info_(info), numbers_(*model_, stream_) {
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
    plan();
  }
  ~FusedBucket() override { cudaStreamSynchronize(stream_); }

  std::string describe() const override {
    return "cuda, " + info_.name + ", float32, " + std::to_string(usual_.shape.group) + " threads per environment, scratch in " + (usual_.slabs ? "global" : "shared") + " memory";
  }
  std::string launch_report() const override {
    const CudaKernelCost cost = cuda_kernel_cost();
    auto line = [](const char* name, const Plan& p) {
      return std::string(name) + ": group " + std::to_string(p.shape.group) + " block " + std::to_string(p.shape.block) + " blocks " + std::to_string(p.shape.blocks) +
             " (" + std::to_string(p.per_processor) + " per processor), scratch " + std::to_string(p.stride) + " bytes in " + (p.slabs ? "global" : "shared") + " memory";
    };
    return line("usual", usual_) + ", " + std::to_string(usual_.per_processor * usual_.shape.block / usual_.shape.group) + " environments per processor, " +
           std::to_string(cost.registers) + " registers, " + std::to_string(cost.stack_bytes) + " bytes of stack\n" + line("redo", redo_);
  }

  void step_resident(int substeps) override {
    if (substeps > 0) enqueue(nullptr, options_.environments, substeps, true);
  }
  void upload(StateField field) override { state_[int(field)].upload(arrays_[int(field)].data(), arrays_[int(field)].size(), stream_); }
  void download(StateField field) override {
    state_[int(field)].download(arrays_[int(field)].data(), arrays_[int(field)].size(), stream_);
    stream_.wait();
  }
  void download_all() override {
    for (StateField f : results) state_[int(f)].download(arrays_[int(f)].data(), arrays_[int(f)].size(), stream_);
    step_counts_.download(step_count_.data(), step_counts_.bytes(), stream_);
    faults_.download(fault_.data(), faults_.bytes(), stream_);
    contact_counts_.download(contact_count_.data(), contact_counts_.bytes(), stream_);
    CudaTotals t{};
    std::array<unsigned long long, stage_count> cycles{};
    totals_.download(&t, sizeof t, stream_);
    cycles_.download(cycles.data(), sizeof cycles, stream_);
    stream_.wait();
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
    s.cycles.assign(cycles.begin(), cycles.end());
  }
  void* device_data(StateField field) override { return state_[int(field)].as(); }
  void* stream() override { return cudaStream_t(stream_); }

  void clear_statistics() override {
    Bucket::clear_statistics();
    NURI_CUDA(cudaMemsetAsync(totals_.as(), 0, totals_.bytes(), stream_));
    NURI_CUDA(cudaMemsetAsync(cycles_.as(), 0, cycles_.bytes(), stream_));
  }

  // The same bits on a CPU, where one can look inside.
  Probe probe(int environment, const std::vector<ContactRecord>* injected) override {
    WorldOptions one = options_;
    one.environments = one.width = one.threads = 1;
    one.backend = "cpu";
    one.first_id = id(environment);
    auto cpu = World::create(model_, one);
    if (!cpu) return {};
    for (int f = 0; f < state_field_count; ++f)
      for (int i = 0; i < columns_[f]; ++i) (*cpu)->set(StateField(f), 0, i, get(StateField(f), environment, i));
    for (const Override& o : overrides_[environment]) (*cpu)->override_field(real_field_name(o.field), 0, o.item, o.value);
    return (*cpu)->probe(0, injected);
  }

  int begin(std::span<const int> environments, int substeps, bool integrate) override {
    for (StateField f : inputs) upload(f);
    step_counts_.upload(step_count_.data(), step_counts_.bytes(), stream_);
    faults_.upload(fault_.data(), faults_.bytes(), stream_);
    contact_counts_.upload(contact_count_.data(), contact_counts_.bytes(), stream_);
    const bool all = environments.size() == size_t(options_.environments);
    if (!all) {
      // what other environments' outputs were must survive the download
      for (StateField f : results) upload(f);
      list_.upload(environments.data(), environments.size_bytes(), stream_);
    }
    enqueue(all ? nullptr : list_.as<int>(), int(environments.size()), substeps, integrate);
    download_all();
    return 0;
  }

 private:
  struct Plan {
    CudaShape shape;
    ScratchLayout layout;
    size_t stride = 0;
    bool slabs = false;
    int per_processor = 0;
  };

  static const char* real_field_name(int field) {
    static const char* const names[] = {
#define NURI_REAL(name, count, unit, doc) #name,
#define NURI_DERIVED(name, count, unit, doc) #name,
#include "engine/model/model_fields.inl"
    };
    return names[field];
  }

  // Resident blocks for a layout: shared memory if a block fits, else slabs.
  Plan plan_for(const Room& room, bool slabs) const {
    Plan p;
    p.layout = lay_out(*model_, room, sizeof(float), sizeof(int));
    p.stride = cuda_scratch_bytes(p.layout, !own_fields_.empty());
    p.shape.group = options_.group ? options_.group : 32;
    p.shape.block = std::clamp(options_.block / 32 * 32, 32, cuda_largest_block);
    p.slabs = slabs || options_.slabs;
    if (!p.slabs) {                                                // smaller blocks until one fits
      for (;; p.shape.block /= 2) {
        p.shape.shared_bytes = p.stride * size_t(p.shape.block / p.shape.group);
        p.per_processor = p.shape.shared_bytes <= info_.shared_per_block ? cuda_blocks_per_processor(p.shape) : 0;
        if (p.per_processor > 0 || p.shape.block < 64) break;
      }
      p.slabs = p.per_processor == 0;
    }
    if (p.slabs) {
      p.shape.block = std::clamp(options_.block / 32 * 32, 32, cuda_largest_block);
      p.shape.shared_bytes = 0;
      p.per_processor = cuda_blocks_per_processor(p.shape);
      if (p.per_processor == 0) throw std::runtime_error("no kernel for this GPU in this program: built for other generations");
      // as many groups as keep their slabs in L2, but never fewer than one block per processor
      const size_t block_bytes = p.stride * size_t(p.shape.block / p.shape.group), in_l2 = info_.l2 / std::max<size_t>(1, block_bytes * size_t(info_.processors));
      p.per_processor = std::clamp(int(std::min<size_t>(in_l2, 64)), 1, p.per_processor);
    }
    const int groups = p.shape.block / p.shape.group, needed = (options_.environments + groups - 1) / groups;
    p.shape.blocks = std::min(needed, p.per_processor * info_.processors);
    return p;
  }
  void plan() {
    usual_ = plan_for(usual_room(*model_, options_.room), false);
    redo_ = plan_for(hard_bound(*model_, 1), true);
    // a few environments at most are stepped again: one block per processor is enough, and hard bounds are large
    redo_.shape.blocks = std::min(redo_.shape.blocks, info_.processors);
    auto slab_bytes = [](const Plan& p) { return p.slabs ? p.stride * size_t(p.shape.blocks) * size_t(p.shape.block / p.shape.group) : 0; };
    const size_t need = std::max(slab_bytes(usual_), slab_bytes(redo_));
    if (need > slabs_.bytes()) {
      stream_.wait();
      slabs_ = Memory(need);
    }
  }

  void prepare() {
    if (!overrides_changed_) return;
    const bool had = !own_fields_.empty();
    apply_overrides();
    stream_.wait();
    own_.clear();
    if (own_fields_.size() > size_t(most_overrides)) throw std::runtime_error("too many model fields differ between environments for the cuda backend");
    for (const OwnField& f : own_fields_) {
      Memory& to = own_.emplace_back(f.values.size());
      to.upload(f.values.data(), f.values.size(), stream_);
    }
    if (had != !own_fields_.empty()) plan();
  }

  void enqueue(const int* list, int count, int substeps, bool integrate) {
    prepare();
    CudaJob job{};
    job.environments = list;
    job.count = count;
    job.again = again_.as<uint8_t>();
    for (int f = 0; f < state_field_count; ++f) {
      const bool skipped = !options_.publish && (f == int(StateField::xpos) || f == int(StateField::xquat));
      job.state[f] = skipped ? nullptr : state_[f].as();
      job.columns[f] = columns_[f];
    }
    job.step_count = step_counts_.as<uint64_t>();
    job.fault = faults_.as<uint32_t>();
    job.contact_count = contact_counts_.as<int32_t>();
    job.substeps = substeps;
    job.integrate = integrate;
    job.totals = integrate ? totals_.as<CudaTotals>() : nullptr;
    job.cycles = options_.profile ? cycles_.as<unsigned long long>() : nullptr;
    job.override_count = int(own_fields_.size());
    for (int o = 0; o < job.override_count; ++o) job.overrides[o] = {own_fields_[o].field, own_fields_[o].count, own_[o].as()};
    for (const Plan* p : {&usual_, &redo_}) {
      job.layout = p->layout;
      job.stride = uint32_t(p->stride);
      job.slabs = p->slabs ? slabs_.as<char>() : nullptr;
      job.flagged_only = p == &redo_;
      launch_step(numbers_.raw, job, p->shape, stream_);
    }
  }

  device::Info info_;
  device::Stream stream_;
  DeviceModel numbers_;
  std::array<Memory, state_field_count> state_;
  Memory step_counts_, faults_, contact_counts_, again_, list_, totals_, cycles_, slabs_;
  std::vector<Memory> own_;
  Plan usual_, redo_;
};

}  // namespace

bool cuda_usable(std::string* why) {
  const auto info = device::find(why);
  if (!info) return false;
  const CudaShape smallest{32, 32, 1, 0};
  if (cuda_blocks_per_processor(smallest) > 0) return true;
  if (why) *why = info->name + ": this program has no kernels for compute capability " + std::to_string(info->major) + "." + std::to_string(info->minor);
  return false;
}

Result<std::unique_ptr<CudaBucket>> make_cuda_bucket(std::shared_ptr<const model::Model> model, const WorldOptions& options, std::vector<uint64_t> ids) {
  auto refuse = [](std::string code, std::string message, std::string hint) { return Diagnostic{Severity::error, code, message, hint, {}, {}, {}}; };
  std::string why;
  if (!cuda_usable(&why)) return refuse("no-gpu", "no usable GPU: " + why, "use --backend cpu");
  if (options.precision != Precision::f32) return refuse("no-precision", "the cuda backend computes in float32", "use --backend cpu for float64");
  if (options.group && std::find(std::begin(cuda_groups), std::end(cuda_groups), options.group) == std::end(cuda_groups))
    return refuse("bad-group", "a group has 8, 16 or 32 threads, not " + std::to_string(options.group), "");
  try {
    return std::unique_ptr<CudaBucket>(std::make_unique<FusedBucket>(std::move(model), options, std::move(ids), *device::find()));
  } catch (const std::exception& e) {
    return refuse("cuda-failed", e.what(), "fewer environments need less memory; --backend cpu needs no GPU");
  }
}

}  // namespace nuri
