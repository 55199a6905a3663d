#include "physics/cuda/cuda_backend.h"
#include <algorithm>
#include <cstdio>
#include "engine/device/range.h"
#include "physics/scratch_layout.h"

namespace nuri {
namespace {

constexpr double usable_share = 0.95;         // of the free memory: the driver and the kernel's stack take some
constexpr int redo_share = 8;                 // the second launch's slabs take at most one part in so many of the GPU's memory

std::string gibibytes(size_t bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", double(bytes) / double(size_t(1) << 30));
  return text;
}

size_t scratch(const model::Model& m, const Room& room, bool apart, bool overrides, bool staged) {
  const ScratchLayout layout = apart ? lay_out_unshared(m, room, sizeof(float), sizeof(int)) : lay_out(m, room, sizeof(float), sizeof(int));
  return cuda_scratch_bytes(layout, overrides, staged);
}

// How the buckets of a world are launched: once for all of them.
struct Plans { Plan usual, redo, staged; };
Plans plan_for(const std::vector<const model::Model*>& models, const WorldOptions& options, const device::Info& gpu, bool overrides) {
  Demand demand;
  demand.environments = options.environments;
  demand.group = options.group;
  demand.block = options.block;
  demand.slabs = options.slabs;
  demand.work = [&](int group) {
    double work = 0;
    for (const model::Model* m : models) work = std::max(work, group_work(*m, group));
    return work;
  };
  auto largest = [&](auto&& bytes) {
    size_t most = 0;
    for (const model::Model* m : models) most = std::max(most, bytes(*m));
    return most;
  };
  Plans plans;
  demand.stride = largest([&](const model::Model& m) { return scratch(m, usual_room(m, options.room), false, overrides, false); });
  const auto usual = plan_usual(demand, gpu, cuda_blocks_per_processor);
  if (!usual) throw std::runtime_error("no kernel for this GPU in this program: built for other generations");
  plans.usual = *usual;
  demand.group = usual->shape.group;
  demand.stride = largest([&](const model::Model& m) { return scratch(m, hard_bound(m), false, overrides, false); });
  plans.redo = *plan_redo(demand, gpu, cuda_blocks_per_processor, gpu.memory / redo_share);
  if (options.staged) {
    demand.stride = largest([&](const model::Model& m) { return scratch(m, hard_bound(m), true, overrides, true); });
    plans.staged = plan_staged(demand);
  }
  return plans;
}

size_t slab_bytes(const Plans& p) { return std::max({p.usual.slab_bytes(), p.redo.slab_bytes(), p.staged.slab_bytes()}); }

}  // namespace

CudaBackend::CudaBackend(std::vector<Members> members, const WorldOptions& options, const device::Info& gpu) : options_(options), gpu_(gpu) {
  options_.backend = "cuda";
  for (Members& m : members) buckets.push_back(std::make_unique<CudaBucket>(std::move(m), options_, *this, stream_));
  plan();
  stream_.wait();                                                  // what was uploaded lies in memory that goes now
}
CudaBackend::~CudaBackend() { cudaStreamSynchronize(stream_); }

// Scratch for the launches, and what they need of each bucket. Again whenever environments get numbers of their own.
void CudaBackend::plan() {
  std::vector<const model::Model*> models;
  bool overrides = false;
  for (size_t b = 0; b < buckets.size(); ++b) {
    models.push_back(&bucket(b).model());
    overrides |= bucket(b).owns_fields();
  }
  const Plans plans = plan_for(models, options_, gpu_, overrides);
  usual_ = plans.usual;
  redo_ = plans.redo;
  staged_ = plans.staged;
  stream_.wait();
  if (slab_bytes(plans) > slabs_.bytes()) {
    slabs_ = {};                                                   // before more is taken
    slabs_ = device::Memory(slab_bytes(plans));
  }
  std::vector<CudaJob> jobs;
  for (size_t b = 0; b < buckets.size(); ++b) {
    const model::Model& m = *models[b];
    const Room bound = hard_bound(m);
    const ScratchLayout layouts[] = {lay_out(m, usual_room(m, options_.room), sizeof(float), sizeof(int)), lay_out(m, bound, sizeof(float), sizeof(int)),
                                     lay_out_unshared(m, bound, sizeof(float), sizeof(int))};
    jobs.push_back(bucket(b).job(layouts));
  }
  if (jobs_.bytes() == 0) jobs_ = device::Memory(jobs.size() * sizeof(CudaJob));
  jobs_.upload(jobs.data(), jobs.size() * sizeof(CudaJob), stream_);
}

void CudaBackend::prepare() {
  bool changed = false;
  for (size_t b = 0; b < buckets.size(); ++b) changed |= bucket(b).prepare();
  if (changed) plan();
}

void CudaBackend::enqueue(std::span<const std::span<const int>> environments, bool all, int substeps, bool integrate) {
  prepare();
  CudaLaunch launch{};
  launch.jobs = jobs_.as<CudaJob>();
  launch.job_count = int(buckets.size());
  for (size_t b = 0; b < buckets.size(); ++b) launch.first[b + 1] = launch.first[b] + int(environments[b].size());
  if (launch.first[launch.job_count] == 0) return;
  launch.listed = !all;
  launch.substeps = substeps;
  launch.integrate = integrate;
  launch.alone = Stage::count;
  if (options_.staged) return enqueue_stages(launch, staged_);
  for (const Plan* p : {&usual_, &redo_}) {
    launch.room = p == &usual_ ? CudaRoom::usual : CudaRoom::all;
    launch.flagged_only = p == &redo_;
    launch.stride = p->stride;
    launch.slabs = p->slabs ? slabs_.as<char>() : nullptr;
    launch.group = p->shape.group;
    launch_step(launch, p->shape, stream_);
  }
}

// A launch per stage, each in a range of the stage's name; with `profile`, how long each took (ns, in the place of cycles).
void CudaBackend::enqueue_stages(CudaLaunch& launch, const Plan& plan) {
  launch.room = CudaRoom::apart;
  launch.stride = plan.stride;
  launch.slabs = slabs_.as<char>();
  launch.group = plan.shape.group;
  std::array<float, stage_count> milliseconds{};
  auto stage = [&](Stage s, bool last) {
    const device::Range range(stage_names[int(s)]);
    const device::Event begin, end;
    if (options_.profile) begin.record(stream_);
    launch.alone = s;
    launch.last = last;
    launch_step(launch, plan.shape, stream_);
    if (!options_.profile) return;
    end.record(stream_);
    milliseconds[int(s)] += device::Event::milliseconds(begin, end);
  };
  stage(Stage::load, false);
  for (int k = 0; k < launch.substeps; ++k) {
    const bool last = k + 1 == launch.substeps;
    for (int s = int(Stage::kinematics); s <= int(Stage::integrate); ++s) stage(Stage(s), last);
  }
  stage(Stage::publish, true);
  stage(Stage::store, true);
  if (options_.profile) bucket(0).add_times(milliseconds);
}

void CudaBackend::run(std::span<const std::span<const int>> environments, int substeps, bool integrate) {
  device::use(options_.device);
  bool all = true;
  for (size_t b = 0; b < buckets.size(); ++b) all &= environments[b].size() == size_t(buckets[b]->environments());
  for (size_t b = 0; b < buckets.size(); ++b) {
    if (!options_.resident) all ? bucket(b).upload_inputs() : bucket(b).upload_rows(environments[b]);
    if (!all) bucket(b).set_list(environments[b]);
  }
  enqueue(environments, all, substeps, integrate);
  if (options_.resident) return;
  for (size_t b = 0; b < buckets.size(); ++b) all ? bucket(b).download_all() : bucket(b).download_results(environments[b]);
  stream_.wait();
  if (all) for (size_t b = 0; b < buckets.size(); ++b) bucket(b).take_totals();
}

void CudaBackend::upload(std::span<const std::span<const int>> environments) {
  if (!options_.resident) return;                                  // run does it
  device::use(options_.device);
  for (size_t b = 0; b < buckets.size(); ++b) if (!environments[b].empty()) bucket(b).upload_rows(environments[b]);
}

void CudaBackend::download() {
  device::use(options_.device);
  for (size_t b = 0; b < buckets.size(); ++b) bucket(b).download_all();
  stream_.wait();
  for (size_t b = 0; b < buckets.size(); ++b) bucket(b).take_totals();
}

void CudaBackend::wait() {
  device::use(options_.device);
  stream_.wait();
}

// One environment through all stages in a slab of its own, which the host then reads with the text of the CPU's probe.
Probe CudaBackend::probe(CudaBucket& of, int environment, const std::vector<ContactRecord>* injected) {
  WorldOptions one = of.options();
  one.environments = one.threads = 1;
  one.backend = injected ? "cpu" : "cuda";                         // contacts that are put in are the CPU's alone
  one.staged = !injected;
  one.resident = one.profile = false;
  one.width = injected ? 1 : 0;
  one.first_id = of.id(environment);
  auto world = World::create(of.shared_model(), one);
  if (!world) return {};
  of.copy_environment(environment, **world);
  if (injected) return (*world)->probe(0, injected);
  (*world)->forward();
  CudaBucket& alone = static_cast<CudaBucket&>((*world)->bucket(0));
  std::vector<std::byte> slab(alone.backend().staged_.stride);
  alone.backend().slabs_.download(slab.data(), slab.size(), alone.backend().stream_);
  (*world)->wait();
  return alone.read_slab(slab);
}

std::string CudaBackend::describe() const {
  size_t bytes = slabs_.bytes();
  for (size_t b = 0; b < buckets.size(); ++b) bytes += CudaBucket::bytes(buckets[b]->model(), size_t(buckets[b]->environments()), options_.detail);
  return "cuda, " + gpu_.name + (options_.device ? " (number " + std::to_string(options_.device) + ")" : "") + ", float32, " +
         (options_.staged ? "a launch per stage" : std::to_string(usual_.shape.group) + " threads per environment, scratch in " + (usual_.slabs ? "global" : "shared") + " memory") + ", " + gibibytes(bytes) +
         " of " + gibibytes(gpu_.memory) + " GiB";
}

std::string CudaBackend::launch_report() const {
  const CudaKernelCost cost = cuda_kernel_cost();
  auto line = [](const char* name, const Plan& p) {
    return std::string(name) + ": group " + std::to_string(p.shape.group) + " block " + std::to_string(p.shape.block) + " blocks " + std::to_string(p.shape.blocks) +
           " (" + std::to_string(p.per_processor) + " per processor), scratch " + std::to_string(p.stride) + " bytes in " + (p.slabs ? "global" : "shared") + " memory";
  };
  return line("usual", usual_) + ", " + std::to_string(usual_.per_processor * usual_.shape.block / usual_.shape.group) + " environments per processor, " +
         std::to_string(cost.registers) + " registers, " + std::to_string(cost.stack_bytes) + " bytes of stack\n" + line("redo", redo_);
}

bool cuda_usable(int device, std::string* why) {
  const auto info = device::find(device, why);
  if (!info) return false;
  device::use(device);
  const CudaShape smallest{32, 32, 1, 0};
  if (cuda_blocks_per_processor(smallest) > 0) return true;
  if (why) *why = info->name + ": this program has no kernels for compute capability " + std::to_string(info->major) + "." + std::to_string(info->minor);
  return false;
}

Result<std::unique_ptr<Backend>> make_cuda_backend(std::vector<Members> members, const WorldOptions& options) {
  auto refuse = [](std::string code, std::string message, std::string hint) { return Diagnostic{Severity::error, code, message, hint, {}, {}, {}}; };
  std::string why;
  if (!cuda_usable(options.device, &why)) return refuse("no-gpu", "no usable GPU: " + why, "use --backend cpu");
  if (options.precision != Precision::f32) return refuse("no-precision", "the cuda backend computes in float32", "use --backend cpu for float64");
  if (options.group && std::find(std::begin(cuda_groups), std::end(cuda_groups), options.group) == std::end(cuda_groups))
    return refuse("bad-group", "a group has 8, 16, 32, 64, 128 or 256 threads, not " + std::to_string(options.group), "");
  if (members.size() > size_t(most_jobs)) return refuse("too-many-models", std::to_string(members.size()) + " models in one world, the cuda backend takes " + std::to_string(most_jobs), "use --backend cpu");
  try {
    const device::Info gpu = *device::find(options.device);
    std::vector<const model::Model*> models;
    size_t state = 0;
    for (const Members& m : members) {
      models.push_back(m.model.get());
      state += CudaBucket::bytes(*m.model, m.ids.size(), options.detail);
    }
    const size_t slabs = slab_bytes(plan_for(models, options, gpu, false)), free = device::free_memory();
    if (double(state + slabs) > usable_share * double(free)) {
      const double fit = (usable_share * double(free) - double(slabs)) / double(state) * options.environments;
      return refuse("gpu-memory", std::to_string(options.environments) + " environments need " + gibibytes(state + slabs) + " GiB of GPU memory (state " + gibibytes(state) + ", scratch " + gibibytes(slabs) + "), " +
                    gibibytes(free) + " of " + gibibytes(gpu.memory) + " GiB are free", fit >= 1 ? "--envs " + std::to_string(int64_t(fit)) + " would fit" : "use --backend cpu");
    }
    return std::unique_ptr<Backend>(std::make_unique<CudaBackend>(std::move(members), options, gpu));
  } catch (const device::Error& e) {
    return refuse("cuda-failed", e.what(), e.code == cudaErrorMemoryAllocation ? "fewer environments need less memory" : "`nuri doctor` says what is there; --backend cpu needs no GPU");
  } catch (const std::exception& e) {
    return refuse("cuda-failed", e.what(), "--backend cpu needs no GPU");
  }
}

}  // namespace nuri
