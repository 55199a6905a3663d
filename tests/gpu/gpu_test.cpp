// nuri_gpu_test: the CUDA backend against the CPU, and its speed. Needs compiled .model files only.
//
//   nuri_gpu_test [MODEL..]           a short comparison; what ctest runs
//   nuri_gpu_test bits [MODEL..]      batches, group sizes, block sizes, little room, global scratch; 1000 steps
//   nuri_gpu_test short [MODEL..]     three environments, five steps, no reference: for compute-sanitizer
//   nuri_gpu_test bench [MODEL..]     steps per second, with hash, contacts, iterations, scratch, occupancy
//   nuri_gpu_test profile [MODEL..]   share of each stage in the groups' cycles
//
// Returns 0 if all agreed, 1 if anything differed, 77 (skipped) without a usable GPU.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>
#include "engine/device/info.h"
#include "engine/device/memory.h"
#include "physics/cuda/cuda_bucket.h"
#include "physics/world.h"
#include "tests/gpu/drive.h"

namespace nuri::gpu_test {
namespace {

using ModelPtr = std::shared_ptr<const model::Model>;

struct Config {
  int environments = 1, group = 32, block = 128, contacts = 0;
  bool slabs = false;
  std::string text() const {
    return "environments " + std::to_string(environments) + " group " + std::to_string(group) + " block " + std::to_string(block) +
           (contacts ? " contacts " + std::to_string(contacts) : "") + (slabs ? " global" : "");
  }
};

[[noreturn]] void fail(const std::vector<Diagnostic>& errors) {
  for (const Diagnostic& d : errors) std::printf("%s\n", to_string(d).c_str());
  std::exit(1);
}
std::unique_ptr<World> cpu_world(ModelPtr model, int environments, int width) {
  auto world = World::create(model, {.environments = environments, .backend = "cpu", .width = width});
  if (!world) fail(world.errors());
  perturb(**world);
  return std::move(*world);
}
std::unique_ptr<World> cuda_world(ModelPtr model, const Config& c, bool profile = false) {
  auto world = World::create(model, {.environments = c.environments, .backend = "cuda", .profile = profile, .group = c.group, .block = c.block, .slabs = c.slabs, .room = c.contacts});
  if (!world) fail(world.errors());
  perturb(**world);
  return std::move(*world);
}

// Steps to `end` from `begin`, with new controls where they are due.
void advance(World& w, uint64_t begin, uint64_t end) {
  while (begin < end) {
    control(w, begin);
    const uint64_t next = std::min(end, (begin / control_period + 1) * control_period);
    w.step(int(next - begin));
    begin = next;
  }
}

uint32_t word(World& w, StateField f, int e, int i) {
  uint32_t x;
  std::memcpy(&x, &w.row<float>(f, e)[i], 4);
  return x;
}

// Says where two worlds first differ: step by step, from the start.
void locate(ModelPtr model, const Config& c, uint64_t most) {
  auto cpu = cpu_world(model, c.environments, 1);
  auto gpu = cuda_world(model, c);
  for (uint64_t step = 0; step < most; ++step) {
    advance(*cpu, step, step + 1);
    advance(*gpu, step, step + 1);
    int shown = 0;
    for (int e = 0; e < c.environments && !shown; ++e) {
      if (cpu->hash(e) == gpu->hash(e)) continue;
      for (int f = 0; f < state_field_count; ++f)
        for (int i = 0; i < cpu->columns(StateField(f)) && shown < 12; ++i)
          if (word(*cpu, StateField(f), e, i) != word(*gpu, StateField(f), e, i)) {
            ++shown;
            std::printf("    step %llu environment %d %s[%d]: cpu %08x %.9g  gpu %08x %.9g\n", (unsigned long long)(step + 1), e, info(StateField(f)).name, i,
                        word(*cpu, StateField(f), e, i), cpu->get(StateField(f), e, i), word(*gpu, StateField(f), e, i), gpu->get(StateField(f), e, i));
          }
      std::printf("    step %llu environment %d: contacts cpu %d gpu %d, fault cpu %u gpu %u, steps cpu %llu gpu %llu\n", (unsigned long long)(step + 1), e, cpu->contacts(e),
                  gpu->contacts(e), cpu->fault(e), gpu->fault(e), (unsigned long long)cpu->step_count(e), (unsigned long long)gpu->step_count(e));
      ++shown;
    }
    if (shown) return;
  }
  std::printf("    stepping one by one does not differ: it depends on the number of substeps per launch\n");
}

// Hashes of every environment at every checkpoint.
using Hashes = std::vector<std::vector<uint64_t>>;
Hashes hashes_of(World& w, const std::vector<uint64_t>& checkpoints) {
  Hashes out;
  uint64_t step = 0;
  for (uint64_t to : checkpoints) {
    advance(w, step, to);
    step = to;
    auto& row = out.emplace_back();
    for (int e = 0; e < w.environments(); ++e) row.push_back(w.hash(e));
  }
  return out;
}

int compare(const char* path, const std::vector<uint64_t>& checkpoints, const std::vector<Config>& configs) {
  auto read = model::read_file(path);
  if (!read) fail(read.errors());
  const ModelPtr model = std::make_shared<model::Model>(std::move(*read));
  int most = 1, failures = 0;
  for (const Config& c : configs) most = std::max(most, c.environments);
  const Hashes reference = hashes_of(*cpu_world(model, most, 1), checkpoints);
  const auto wide = cpu_world(model, most, 0);
  const bool widths_agree = hashes_of(*wide, checkpoints) == reference;
  std::printf("%s: %d environments on %s: %s\n", path, most, wide->describe().c_str(), widths_agree ? "width 1 and best width agree" : "WIDTHS DIFFER");
  failures += !widths_agree;
  for (const Config& c : configs) {
    auto gpu = cuda_world(model, c);
    const Hashes got = hashes_of(*gpu, checkpoints);
    uint64_t first = 0;
    int bad = 0;
    for (size_t k = 0; k < checkpoints.size() && !first; ++k) {
      for (int e = 0; e < c.environments; ++e) bad += got[k][e] != reference[k][e];
      if (bad) first = checkpoints[k];
    }
    std::printf("  %-58s %s  contacts %.2f iterations %.2f redone %llu  hash %016llx\n", c.text().c_str(), bad ? "DIFFERS" : "equal  ",
                gpu->statistics().contacts / double(std::max<uint64_t>(1, gpu->statistics().steps)), gpu->statistics().iterations / double(std::max<uint64_t>(1, gpu->statistics().steps)),
                (unsigned long long)gpu->statistics().redone, (unsigned long long)gpu->hash());
    std::fflush(stdout);
    if (!bad) continue;
    ++failures;
    std::printf("    %d of %d environments differ after %llu steps\n", bad, c.environments, (unsigned long long)first);
    locate(model, c, first);
  }
  return failures;
}

int bits(const std::vector<const char*>& paths, bool quick) {
  std::vector<Config> configs;
  if (quick) {
    configs = {{.environments = 33, .group = 32}, {.environments = 33, .group = 8}};
  } else {
    for (int group : {8, 16, 32})
      for (int n : {1, 7, 256}) configs.push_back({.environments = n, .group = group});
    for (int block : {32, 64, 256}) configs.push_back({.environments = 100, .group = 32, .block = block});
    configs.push_back({.environments = 100, .group = 8, .block = 32});
    configs.push_back({.environments = 100, .group = 32, .slabs = true});
    configs.push_back({.environments = 100, .group = 8, .slabs = true});
    configs.push_back({.environments = 100, .group = 32, .contacts = 2});   // nearly every contact is one too many: stepped again
    configs.push_back({.environments = 100, .group = 16, .contacts = 5});
  }
  const std::vector<uint64_t> checkpoints = quick ? std::vector<uint64_t>{1, 10, 50} : std::vector<uint64_t>{1, 10, 100, 1000};
  int failures = 0;
  for (const char* path : paths) failures += compare(path, checkpoints, configs);
  std::printf(failures ? "bits: %d comparisons FAILED\n" : "bits: all equal\n", failures);
  return failures ? 1 : 0;
}

ModelPtr load(const char* path) {
  auto read = model::read_file(path);
  if (!read) fail(read.errors());
  return std::make_shared<model::Model>(std::move(*read));
}

int short_run(const std::vector<const char*>& paths) {
  for (const char* path : paths)
    for (const Config& c : {Config{.environments = 3, .group = 32}, Config{.environments = 5, .group = 8}, Config{.environments = 3, .group = 32, .contacts = 2}, Config{.environments = 3, .group = 16, .slabs = true}}) {
      auto gpu = cuda_world(load(path), c);
      advance(*gpu, 0, 5);
      std::printf("%s %s: hash %016llx\n", path, c.text().c_str(), (unsigned long long)gpu->hash());
    }
  return 0;
}

CudaBucket& device_of(World& world) { return static_cast<CudaBucket&>(world.bucket(0)); }

void run_resident(World& world, uint64_t begin, uint64_t end, double* seconds) {
  CudaBucket& w = device_of(world);
  for (uint64_t step = begin; step < end; step += control_period) {
    control(world, step);
    w.upload(StateField::ctrl);
    device::check(cudaStreamSynchronize(cudaStream_t(w.stream())), "bench");
    const auto start = std::chrono::steady_clock::now();
    w.step_resident(control_period);
    device::check(cudaStreamSynchronize(cudaStream_t(w.stream())), "bench");
    if (seconds) *seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
}

constexpr double warm_up_seconds = 2;          // simulated: robots have fallen and lie about by then
constexpr uint64_t measured_steps = 200;

// perturb() writes the host's rows: put them onto the device before stepping there.
void upload_start(World& world) {
  CudaBucket& w = device_of(world);
  w.upload(StateField::qpos);
  w.upload(StateField::qvel);
}

int bench(const std::vector<const char*>& paths, bool profile) {
  static const char* const stages[] = {
#define NURI_STAGE_NAME(name) #name,
#include "physics/stage.inl"
#undef NURI_STAGE_NAME
  };
  for (const char* path : paths) {
    const ModelPtr model = load(path);
    const uint64_t warm_up = uint64_t(warm_up_seconds / model->timestep[0]) / control_period * control_period;
    std::printf("%s: %d dofs, %g s per substep, %d substeps per launch, warm-up %llu, measured %llu substeps\n", path, model->dof_count, model->timestep[0], control_period,
                (unsigned long long)warm_up, (unsigned long long)measured_steps);
    for (int n : profile ? std::vector<int>{8192} : std::vector<int>{1024, 8192, 32768})
      for (int group : {8, 16, 32})
        for (const bool slabs : {false, true}) {
          const Config c{.environments = n, .group = group, .block = slabs ? 128 : 64, .slabs = slabs};
          auto w = cuda_world(model, c, profile);
          upload_start(*w);
          run_resident(*w, 0, warm_up, nullptr);
          w->clear_statistics();
          double seconds = 0;
          run_resident(*w, warm_up, warm_up + measured_steps, &seconds);
          device_of(*w).download_all();
          const Statistics s = w->statistics();
          const double steps = double(s.steps);
          std::printf("%6d group %2d %s memory: %10.0f steps/s  hash %016llx  contacts %.2f rows %.2f iterations %.2f redone %.4f faults %d\n", n, group, slabs ? "global" : "shared",
                      double(n) * double(measured_steps) / seconds, (unsigned long long)w->hash(), s.contacts / steps, s.rows / steps, s.iterations / steps, double(s.redone) * control_period / steps, w->faults());
          std::printf("       %s\n", device_of(*w).launch_report().c_str());
          if (profile) {
            double all = 0;
            for (uint64_t x : s.cycles) all += double(x);
            for (size_t k = 0; k < s.cycles.size(); ++k) std::printf("       %-20s %5.1f %%  %9.0f cycles per substep\n", stages[k], 100 * double(s.cycles[k]) / all, double(s.cycles[k]) / steps);
          }
          std::fflush(stdout);
        }
  }
  return 0;
}

}  // namespace

int main_of(int argc, char** argv) {
  const std::vector<std::string> modes = {"bits", "short", "bench", "profile"};
  std::string mode = argc > 1 ? argv[1] : "";
  const bool named = std::find(modes.begin(), modes.end(), mode) != modes.end();
  if (!named) mode = "quick";
  std::vector<const char*> paths(argv + (named ? 2 : 1), argv + argc);
  if (paths.empty()) paths = {"tests/gpu/models/humanoid.model", "tests/gpu/models/hopper.model", "tests/gpu/models/mixed.model"};
  std::string why;
  if (!cuda_usable(&why)) {
    std::printf("skipped: no GPU (%s); the CUDA backend is compiled and linked, not tested\n", why.c_str());
    return 77;
  }
  const auto gpu = device::find();
  std::printf("%s, compute capability %d.%d, %d processors, L2 %zu MiB, shared %zu KiB per processor\n", gpu->name.c_str(), gpu->major, gpu->minor, gpu->processors, gpu->l2 >> 20,
              gpu->shared_per_processor >> 10);
  if (mode == "short") return short_run(paths);
  if (mode == "bench" || mode == "profile") return bench(paths, mode == "profile");
  return bits(paths, mode == "quick");
}

}  // namespace nuri::gpu_test

int main(int argc, char** argv) {
  try {
    return nuri::gpu_test::main_of(argc, argv);
  } catch (const std::exception& e) {
    std::printf("failed: %s\n", e.what());
    return 1;
  }
}
