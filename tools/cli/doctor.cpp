// nuri doctor: what this machine and this program have, and whether numbers behave as bit guarantees need.
#include <fmt/format.h>
#include <unistd.h>
#include <algorithm>
#include <cfenv>
#include <fstream>
#include <set>
#include <thread>
#include "tools/cli/cli.h"
#if defined(NURI_WITH_CUDA)
#include "engine/device/info.h"
#include "physics/cuda/cuda_backend.h"
#endif

namespace nuri::cli {
namespace {

// Something with a free joint, a hinge, a motor and a contact.
constexpr const char* small_model = R"(<mujoco model="small">
  <worldbody>
    <geom type="plane" size="0 0 1"/>
    <body pos="0 0 0.3">
      <freejoint/>
      <geom type="capsule" fromto="0 0 0 0.3 0 0" size="0.05"/>
      <body pos="0.3 0 0">
        <joint name="hinge" axis="0 1 0" damping="0.1"/>
        <geom type="capsule" fromto="0 0 0 0.3 0 0" size="0.05"/>
      </body>
    </body>
  </worldbody>
  <actuator><motor joint="hinge" gear="5"/></actuator>
</mujoco>)";

std::string processor() {
  std::ifstream stream("/proc/cpuinfo");
  for (std::string line; std::getline(stream, line);)
    if (line.rfind("model name", 0) == 0 && line.find(": ") != std::string::npos) return line.substr(line.find(": ") + 2);
  return "unknown";
}

std::vector<std::string> instruction_sets() {
  std::vector<std::string> list;
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2")) list.emplace_back("avx2");
  if (__builtin_cpu_supports("fma")) list.emplace_back("fma");
  if (__builtin_cpu_supports("avx512f")) list.emplace_back("avx512f");
#elif defined(__aarch64__)
  list.emplace_back("neon");
#endif
  return list;
}

std::vector<std::string> kernels() {
  return {
#define X(type, width, isa) #type " x " #width " " #isa,
#include "kernel_variants.inl"
#undef X
  };
}

// In single precision.
std::set<int> widths() {
  return {
#define X(type, width, isa) sizeof(type) == 4 ? width : 1,
#include "kernel_variants.inl"
#undef X
  };
}

// Every GPU that is visible, and whether this program can use it; or why there is none.
std::vector<std::string> gpus() {
#if defined(NURI_WITH_CUDA)
  std::vector<std::string> list;
  std::string why;
  for (int index = 0; const auto gpu = device::find(index, &why); ++index) {
    std::string kernels;
    const bool usable = cuda_usable(index, &kernels);
    list.push_back(fmt::format("{}: {}, compute capability {}.{}, {} processors, {:.0f} GiB; {}", index, gpu->name, gpu->major, gpu->minor, gpu->processors, double(gpu->memory) / (1 << 30),
                               usable ? "can be used" : kernels));
  }
  return list.empty() ? std::vector{"none: " + why} : list;
#else
  return {"not looked for: this program was built without CUDA"};
#endif
}

// What the second opinion is computed by, or why there is none.
std::string bullet() {
  Result<session::Loaded> loaded = session::load_mjcf_text(small_model, "small");
  if (!loaded) return loaded.errors().front().message;
  WorldOptions options;
  options.backend = "bullet";
  options.threads = 1;
  auto session = session::Session::create(std::move(*loaded), options);
  return session ? (*session)->world().describe() : session.errors().front().message;
}

Json check(const char* name, bool passed, const std::string& note) { return {{"check", name}, {"passed", passed}, {"note", note}}; }

Result<uint64_t> small_hash(int width) {
  Result<session::Loaded> loaded = session::load_mjcf_text(small_model, "small");
  if (!loaded) return loaded.errors();
  WorldOptions options;
  options.environments = 5;
  options.backend = "cpu";
  options.threads = 1;
  options.width = width;
  auto session = session::Session::create(std::move(*loaded), options);
  if (!session) return session.errors();
  (*session)->step(100);
  return (*session)->world().hash();
}

Json self_check() {
  Json list = Json::array();
  volatile float small = 1e-38f, quarter = 0.25f;
  volatile float product = small * quarter;
  list.push_back(check("denormals", product > 0, "small numbers are not flushed to zero"));
  list.push_back(check("rounding", std::fegetround() == FE_TONEAREST, "to nearest"));
  volatile double above = 1 + 0x1p-30, below = 1 - 0x1p-30;
  const double a = above, b = below, difference = a * b - 1;   // -2^-60 if this became one fma
  list.push_back(check("no contraction", difference == 0, "products are rounded before they are added"));
  // every width that this program has and this processor runs
  std::string note;
  std::set<uint64_t> hashes;
  for (int width : widths()) {
    const Result<uint64_t> hash = small_hash(width);
    if (!hash) note += fmt::format("; width {}: {}", width, hash.errors().front().message);
    else hashes.insert(*hash), note += fmt::format("; width {}: {}", width, hex(*hash));
  }
  list.push_back(check("equal bits", hashes.size() == 1, "5 environments, 100 substeps" + note));
  return list;
}

int doctor(bool json) {
  const double memory = double(sysconf(_SC_PHYS_PAGES)) * double(sysconf(_SC_PAGESIZE)) / 1e9;
#if defined(NURI_WITH_CUDA)
  const bool cuda = true;
#else
  const bool cuda = false;
#endif
  const Json checks = self_check();
  const bool healthy = std::all_of(checks.begin(), checks.end(), [](const Json& c) { return bool(c["passed"]); });
  Json result{{"ok", healthy},
              {"version", NURI_VERSION},
              {"processor", processor()},
              {"instruction_sets", instruction_sets()},
              {"threads", std::thread::hardware_concurrency()},
              {"memory_gb", memory},
#if defined(__clang__)
              {"compiler", "clang " __clang_version__},
#else
              {"compiler", "gcc " __VERSION__},
#endif
              {"kernels", kernels()},
              {"gpus", gpus()},
              {"cuda_compiled_in", cuda},
              {"bullet", bullet()},
              {"checks", checks}};
  if (json) {
    print(result);
  } else {
    fmt::print("nuri {}\n  processor   {}, {} threads, {:.1f} GB\n  can         ", NURI_VERSION, std::string(result["processor"]), int(result["threads"]), memory);
    for (const Json& set : result["instruction_sets"]) fmt::print("{} ", std::string(set));
    fmt::print("\n  compiler    {}\n  kernels     ", std::string(result["compiler"]));
    for (const Json& kernel : result["kernels"]) fmt::print("{}{}", &kernel == &result["kernels"].front() ? "" : ", ", std::string(kernel));
    for (const Json& gpu : result["gpus"]) fmt::print("{}{}", &gpu == &result["gpus"].front() ? "\n  GPU         " : "\n              ", std::string(gpu));
    fmt::print("\n  CUDA        {}\n", cuda ? "compiled in, not tested on a GPU" : "not part of this program");
    fmt::print("  Bullet      {}\n", std::string(result["bullet"]));
    for (const Json& c : checks) fmt::print("  {:<11} {}: {}\n", bool(c["passed"]) ? "passed" : "FAILED", std::string(c["check"]), std::string(c["note"]));
  }
  return healthy ? good : failed;
}

}  // namespace

void add_doctor(CLI::App& app, int& status) {
  auto json = std::make_shared<bool>(false);
  CLI::App* command = app.add_subcommand("doctor", "What this machine and program have, and a self-check of the numbers");
  command->add_flag("--json", *json, "One JSON object on standard output");
  command->callback([=, &status] { status = doctor(*json); });
}

}  // namespace nuri::cli
