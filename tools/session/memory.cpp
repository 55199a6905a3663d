#include "tools/session/memory.h"

#include <fmt/format.h>
#include <unistd.h>
#include <algorithm>
#include <cstdlib>
#include <fstream>

namespace nuri::session {

double free_memory() {
  double least = double(sysconf(_SC_PHYS_PAGES)) * double(sysconf(_SC_PAGESIZE));
  std::ifstream memory("/proc/meminfo");
  for (std::string line; std::getline(memory, line);)
    if (line.rfind("MemAvailable:", 0) == 0) least = std::min(least, 1024 * std::strtod(line.c_str() + 13, nullptr));
  for (auto [limit_file, used_file] : {std::pair{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"},
                                       {"/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"}}) {
    double limit, used;
    if (std::ifstream(limit_file) >> limit && std::ifstream(used_file) >> used) least = std::min(least, std::max(0.0, limit - used));
  }
  return least;
}

std::optional<Diagnostic> refuse_memory(const Loaded& loaded, const WorldOptions& options) {
  constexpr double gibibyte = 1024.0 * 1024 * 1024;
  const double each = bytes_per_environment(loaded, options.precision == Precision::f32 ? 4 : 8, options.detail), bytes = double(options.environments) * each,
               memory = free_memory();
  if (bytes <= memory_share * memory) return std::nullopt;
  return Diagnostic{Severity::error, "no-memory",
                    fmt::format("{} environment{} of this model need {:.1f} GiB, {:.1f} GiB are available, of which a world may take {:.0f} %", options.environments,
                                options.environments == 1 ? "" : "s", bytes / gibibyte, memory / gibibyte, 100 * memory_share),
                    fmt::format("--envs {} would fit", int64_t(memory_share * memory / bytes * options.environments)), {loaded.path, 0, 0}, {}, {}};
}

}  // namespace nuri::session
