// Speed and where it goes. A row is one world that has settled: its steps per second, and beside them what makes the figure worth anything: hash,
// contacts, rows, iterations; what it moves and how it is launched.
#include <algorithm>
#include "engine/device/memory.h"
#include "physics/cuda/cuda_backend.h"
#include "tests/gpu/cases.h"
#include "tests/gpu/drive.h"

namespace nuri::gpu_test {
namespace {

constexpr int measured_steps = 200, measured_heap_steps = 50;      // substeps; heaps: worlds of fewer than 1000 environments
constexpr double row_seconds = 60;                                 // a row that takes longer is left

struct Ask {
  int environments = 1, group = 0, block = 0, per_launch = control_period;
  bool slabs = false, staged = false, profile = false;
};

std::unique_ptr<World> make(const Scene& scene, const Settings& settings, const Ask& ask) {
  WorldOptions o{.environments = ask.environments, .backend = settings.against, .profile = ask.profile};
  if (!settings.on_cpu()) o.resident = true, o.staged = ask.staged, o.group = ask.group, o.block = ask.block, o.slabs = ask.slabs;
  return scene.world(o);
}
std::string launch_of(World& w, const Settings& settings) {
  if (settings.on_cpu()) return w.describe();
  std::string report = static_cast<CudaBucket&>(w.bucket(0)).backend().launch_report();
  std::replace(report.begin(), report.end(), '\n', ';');
  return report;
}
double share_of(const Settings& settings) { return settings.control > 0 ? settings.control : calm; }

// Substeps from `begin` to `end` with new controls every control_period; false: out of time. seconds: of the steps alone.
bool advance(World& w, const Settings& settings, uint64_t begin, uint64_t end, int per_launch, double* out_seconds) {
  const Clock clock;
  for (uint64_t step = begin; step < end;) {
    if (step % control_period == 0) {
      control(w, step, share_of(settings));
      for (int b = 0; b < w.buckets(); ++b) w.bucket(b).upload(StateField::ctrl);
    }
    w.wait();
    const Clock stepping;
    const uint64_t next = std::min<uint64_t>(end, step + uint64_t(per_launch));
    w.step(int(next - step));
    w.wait();
    if (out_seconds) *out_seconds += stepping.seconds();
    step = next;
    if (clock.seconds() > row_seconds) return false;
  }
  return true;
}

std::vector<int> everyone(const World& w) {
  std::vector<int> list;
  for (int e = 0; e < w.environments(); ++e) list.push_back(e);
  return list;
}
// Begins and settles: robots have fallen and lie about by then. The substep reached; 0: out of time.
uint64_t settle(World& w, const Settings& settings) {
  begin(w);
  w.upload(everyone(w));
  const uint64_t steps = uint64_t(settings.warm_up / w.model().timestep[0]) / control_period * control_period;
  if (!advance(w, settings, 0, steps, control_period, nullptr)) return 0;
  w.clear_statistics();
  return std::max<uint64_t>(steps, control_period);
}

// Bytes of state that an environment's group reads and writes per launch; the mean of the environments of a mixed world.
double bytes_per_launch(const World& w) {
  double sum = 0;
  for (int e = 0; e < w.environments(); ++e)
    for (int f = 0; f < state_field_count; ++f) {
      const StateField field = StateField(f);
      const bool both = field == StateField::qpos || field == StateField::qpos_residual || field == StateField::qvel || field == StateField::act || field == StateField::plastic || field == StateField::warmstart;
      sum += 4.0 * (both ? 2 : 1) * w.columns(field, e);
    }
  constexpr double counters = 8 + 8 + 4 + 4 + 4 + 1;                // steps read and written, fault too, contacts, the flag
  return sum / w.environments() + counters;
}

// Bytes per second of a copy within the GPU, read and written: what its memory gives.
double copy_rate() {
  constexpr size_t bytes = size_t(1) << 30;
  constexpr int rounds = 10;
  const device::Memory from(bytes), to(bytes);
  const device::Stream stream;
  const device::Event begin, end;
  for (int k = -2; k < rounds; ++k) {                              // two to warm up
    if (k == 0) begin.record(stream);
    NURI_CUDA(cudaMemcpyAsync(to.as(), from.as(), bytes, cudaMemcpyDeviceToDevice, stream));
  }
  end.record(stream);
  return 2.0 * double(bytes) * rounds / (1e-3 * double(device::Event::milliseconds(begin, end)));
}

void measure(const Scene& scene, const Settings& settings, const Ask& ask, double copy, Table& table) {
  auto w = make(scene, settings, ask);
  const Clock clock;
  const uint64_t from = settle(*w, settings);
  if (!from) return void(std::printf("  %s, %d environments: out of time while it settles\n", scene.of->name.c_str(), ask.environments));
  const int steps = settings.steps ? settings.steps : ask.environments < 1000 ? measured_heap_steps : measured_steps;
  double seconds = 0;
  if (!advance(*w, settings, from, from + uint64_t(steps), ask.per_launch, &seconds)) return void(std::printf("  %s, %d environments: out of time\n", scene.of->name.c_str(), ask.environments));
  w->download();
  const Statistics s = w->statistics();
  const double done = double(std::max<uint64_t>(1, s.steps)), rate = double(ask.environments) * steps / seconds, bytes = bytes_per_launch(*w) / ask.per_launch;
  table.row({scene.of->name, std::to_string(ask.environments), ask.group ? std::to_string(ask.group) : "rule", ask.slabs ? "global" : "rule", text("%.0f", rate), hex(w->hash()), text("%.2f", s.contacts / done),
             text("%.2f", s.rows / done), text("%.2f", s.iterations / done), text("%.4f", double(s.redone) * ask.per_launch / done), std::to_string(w->faults()), text("%.0f", bytes),
             copy > 0 ? text("%.2f", 100 * rate * bytes / copy) : "unknown", text("%.1f", clock.seconds()), launch_of(*w, settings)});
}

const std::vector<std::string> columns = {"case", "environments", "group", "memory", "steps/s", "hash", "contacts", "rows", "iterations", "redone per launch", "faults", "bytes per step",
                                          "% of copy bandwidth", "seconds", "launch"};

void print_stages(const std::string& name, const char* how, const Statistics& s, Table& table) {
  double all = 0;
  for (uint64_t x : s.cycles) all += double(x);
  for (size_t k = 0; k < s.cycles.size(); ++k) {
    if (s.cycles[k]) table.row({name, how, stage_names[k], text("%.1f", 100 * double(s.cycles[k]) / all), text("%.1f", double(s.cycles[k]) / double(std::max<uint64_t>(1, s.steps)))});
  }
}

}  // namespace

int bench(const Settings& settings) {
  const Clock clock;
  Table table(settings, "bench", columns);
  const double copy = settings.on_cpu() ? 0 : copy_rate();
  if (copy > 0) std::printf("a copy within the GPU: %.0f GB/s, read and written\n", copy * 1e-9);
  std::printf("share of FP32: unknown here, operations are not counted (run.sh profile asks ncu where there is one)\n");
  for (const Case& c : settings.chosen) {
    const auto scene = load(c);
    if (!scene) continue;
    std::vector<Ask> asks{{.environments = c.measured}};
    if (c.name == "humanoid") {
      for (int n : {1024, 32768}) asks.push_back({.environments = n});
      for (int group : {8, 16, 32, 64, 128}) asks.push_back({.environments = c.measured, .group = group});
      for (int group : {8, 32}) asks.push_back({.environments = c.measured, .group = group, .slabs = true});
      for (int block : {32, 128}) asks.push_back({.environments = c.measured, .group = 32, .block = block});
      asks.push_back({.environments = c.measured, .per_launch = 1});
    } else if (c.measured < 1000) {                                // heaps: which group is right is least certain
      for (int group : {32, 256}) asks.push_back({.environments = c.measured, .group = group});
    }
    for (Ask ask : asks) {
      if (settings.environments) ask.environments = settings.environments;
      if (settings.group) ask.group = settings.group;
      if (clock.seconds() > settings.seconds) return std::printf("out of time: the rest is left out\n"), 0;
      measure(*scene, settings, ask, copy, table);
      if (settings.environments || settings.group) break;
    }
  }
  return 0;
}

// One environment: how long a step takes, asked for one by one and waited for; and when steps are put into the stream without waiting.
int latency(const Settings& settings) {
  constexpr int rounds = 200;
  Table table(settings, "latency", {"case", "group", "us per step, waited for", "us per step, in a row", "us per substep of 10 in one launch", "hash", "launch"});
  for (const Case& c : settings.chosen) {
    const auto scene = load(c);
    if (!scene || scene->models.size() > 1) continue;
    for (int group : {0, 8, 32, 64, 128, 256}) {
      auto w = make(*scene, settings, {.environments = 1, .group = group});
      if (!settle(*w, settings)) continue;
      auto time = [&](int substeps, bool each) {
        w->wait();
        const Clock clock;
        for (int k = 0; k < rounds; ++k) {
          w->step(substeps);
          if (each) w->wait();
        }
        w->wait();
        return 1e6 * clock.seconds() / rounds / substeps;
      };
      time(1, true);                                               // warm
      const double waited = time(1, true), row = time(1, false), many = time(10, true);
      w->download();
      table.row({c.name, group ? std::to_string(group) : "rule", text("%.1f", waited), text("%.1f", row), text("%.1f", many), hex(w->hash()), launch_of(*w, settings)});
      if (settings.on_cpu()) break;
    }
  }
  return 0;
}

int profile(const Settings& settings) {
  Table table(settings, "stages", {"case", "measured", "stage", "%", "clocks or ns per substep"});
  const Clock clock;
  for (const Case& c : settings.chosen) {
    const auto scene = load(c);
    if (!scene) continue;
    for (const bool staged : {false, true}) {
      if (settings.on_cpu() && staged) continue;
      if (clock.seconds() > settings.seconds) return std::printf("out of time: the rest is left out\n"), 0;
      // a slab for every environment if stages are launched one by one
      const int n = settings.environments ? settings.environments : staged ? std::min(c.measured, 1024) : c.measured;
      auto w = make(*scene, settings, {.environments = n, .group = settings.group, .staged = staged, .profile = true});
      const uint64_t from = settle(*w, settings);
      const int steps = settings.steps ? settings.steps : measured_heap_steps;
      if (!from || !advance(*w, settings, from, from + uint64_t(steps), control_period, nullptr)) {
        std::printf("  %s: out of time\n", c.name.c_str());
        continue;
      }
      w->download();
      std::printf("%s, %d environments, %s: hash %016llx, %s\n", c.name.c_str(), n, staged ? "launched stage by stage" : "fused", static_cast<unsigned long long>(w->hash()), launch_of(*w, settings).c_str());
      print_stages(c.name, staged ? "launches" : "clocks", w->statistics(), table);
    }
  }
  return 0;
}

}  // namespace nuri::gpu_test
