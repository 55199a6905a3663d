// nuri_gpu_test: the CUDA backend against the CPU, and its speed. Needs compiled .model files only.
//
//   nuri_gpu_test [CASE..]           a short comparison; what ctest runs
//   nuri_gpu_test bits [CASE..]      groups, blocks, batches, little room, global scratch, stages, residency, resets, own numbers, explosions
//   nuri_gpu_test pictures [CASE..]  what cameras and lidars see
//   nuri_gpu_test learn [CASE..]     ports, random numbers and status where the world is stepped; what a step of learning copies
//   nuri_gpu_test short [CASE..]     few environments, three substeps, no reference: for compute-sanitizer
//   nuri_gpu_test bench [CASE..]     steps per second, with hash, contacts, iterations, bytes, launch
//   nuri_gpu_test latency [CASE..]   microseconds of a step of one environment
//   nuri_gpu_test profile [CASE..]   share of each stage, by clocks in the fused kernel and by launches
//   nuri_gpu_test plan [CASE..]      what would be launched on an A100 and an H100, by the planner; needs no GPU
//   nuri_gpu_test list               the cases
//
// A case is one of `list`, or .model files joined by + (a mixed world).
//   --against cpu     every CUDA world is replaced by a CPU world of another width: tries this program's own logic without a GPU, and nothing of CUDA
//   --spoil           one bit of one environment of each tested world is changed on the way: the comparison must find it
//   --environments N, --steps N, --group N, --warm-up S, --control SHARE, --seconds S, --registers N, --out FOLDER (tables, tab-separated)
//
// Returns 0 if all agreed, 1 if anything differed, 77 (skipped) without a usable GPU.
#include <algorithm>
#include <cstdlib>
#include "physics/cuda/cuda_backend.h"
#include "tests/gpu/cases.h"

namespace nuri::gpu_test {
namespace {

bool is(const std::string& word, std::initializer_list<const char*> words) { return std::find(words.begin(), words.end(), word) != words.end(); }

Settings read(int argc, char** argv) {
  Settings s;
  s.mode = "quick";
  int at = 1;
  if (argc > 1 && is(argv[1], {"bits", "pictures", "learn", "short", "bench", "latency", "profile", "plan", "list"})) s.mode = argv[at++];
  for (; at < argc; ++at) {
    const std::string word = argv[at];
    if (!word.starts_with("--")) {
      s.chosen.push_back(find_case(word));
      continue;
    }
    if (word == "--spoil") {
      s.spoil = true;
      continue;
    }
    if (at + 1 == argc) throw std::runtime_error(word + " needs a value");
    const char* const value = argv[++at];
    if (word == "--against") s.against = value;
    else if (word == "--out") s.out = value;
    else if (word == "--environments") s.environments = std::atoi(value);
    else if (word == "--steps") s.steps = std::atoi(value);
    else if (word == "--group") s.group = std::atoi(value);
    else if (word == "--warm-up") s.warm_up = std::atof(value);
    else if (word == "--control") s.control = std::atof(value);
    else if (word == "--seconds") s.seconds = std::atof(value);
    else if (word == "--registers") s.registers = std::atoi(value);
    else throw std::runtime_error("unknown option " + word);
  }
  if (!is(s.against, {"cpu", "cuda"})) throw std::runtime_error("--against cpu or cuda");
  if (!s.chosen.empty()) return s;
  for (const Case& c : cases()) {
    const bool wanted = s.mode == "quick" ? is(c.name, {"humanoid", "hopper", "mixed", "fleet"}) : s.mode == "short" ? is(c.name, {"humanoid", "mixed", "boxes", "fleet"})
                      : s.mode == "learn" ? is(c.name, {"humanoid", "hopper", "mixed", "fleet"}) : s.mode == "pictures" ? is(c.name, {"fair", "lamps", "humanoid", "quadruped"}) : s.mode == "latency" ? is(c.name, {"humanoid", "arm_cell"}) : s.mode == "profile" ? is(c.name, {"humanoid", "arm_cell", "tumbler"})
                      : s.mode == "bench" ? !is(c.name, {"hopper", "mixed", "zoo", "boxes", "conveyor", "fair", "lamps"}) : !is(c.name, {"fair", "lamps"});
    if (wanted) s.chosen.push_back(c);
  }
  return s;
}

int main_of(int argc, char** argv) {
  const Settings s = read(argc, argv);
  if (s.mode == "list") {
    for (const Case& c : cases()) {
      std::printf("%-16s", c.name.c_str());
      for (const std::string& file : c.files) std::printf(" %s", file.c_str());
      std::printf("\n");
    }
    return 0;
  }
  if (s.mode == "plan") return plans(s);
  std::string why;
  if (s.mode == "learn" && s.on_cpu()) throw std::runtime_error("learn needs CUDA: there is nothing else in its place");
  if (s.on_cpu()) {
    std::printf("NO GPU IN THIS RUN: CPU worlds stand where CUDA worlds would. It tries nuri_gpu_test itself and shows nothing of the CUDA backend.\n");
  } else if (!cuda_usable(0, &why)) {
    std::printf("skipped: no GPU (%s); the CUDA backend is compiled and linked, not tested\n", why.c_str());
    return 77;
  } else {
    const auto gpu = *device::find(0);
    std::printf("%s, compute capability %d.%d, %d processors, L2 %zu MiB, shared memory %zu KiB per processor, %zu KiB per block\n", gpu.name.c_str(), gpu.major, gpu.minor, gpu.processors, gpu.l2 >> 20,
                gpu.shared_per_processor >> 10, gpu.shared_per_block >> 10);
  }
  if (s.mode == "short") return short_run(s);
  if (s.mode == "bench") return bench(s);
  if (s.mode == "latency") return latency(s);
  if (s.mode == "profile") return profile(s);
  if (s.mode == "learn") return learn(s) ? 1 : 0;
  return (s.mode == "pictures" ? pictures(s) : bits(s)) ? 1 : 0;
}

}  // namespace
}  // namespace nuri::gpu_test

int main(int argc, char** argv) {
  try {
    return nuri::gpu_test::main_of(argc, argv);
  } catch (const std::exception& e) {
    std::printf("failed: %s\n", e.what());
    return 1;
  }
}
