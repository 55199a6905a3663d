// CPU = CUDA, bit for bit, and where they first differ if they do.
#include <algorithm>
#include <cmath>
#include "engine/core/hash.h"
#include "tests/gpu/look.h"
#include "tests/gpu/run_of.h"

namespace nuri::gpu_test {
namespace {

// State, step counter and fault; and what a step shows beside them.
struct Digest {
  uint64_t state = 0, shown = 0;
  bool operator==(const Digest&) const = default;
};
Digest digest(World& w, int e) {
  Hash h;
  for (int f = 0; f < state_field_count; ++f)
    if (info(StateField(f)).output) h.add(std::span<const float>(w.row<float>(StateField(f), e)));
  return {w.hash(e), h.add(w.contacts(e)).value()};
}

using Digests = std::vector<std::vector<Digest>>;                  // by checkpoint and environment
Digests digests(Run& run, const std::vector<uint64_t>& checkpoints) {
  Digests out;
  for (uint64_t to : checkpoints) {
    run.to(to);
    auto& row = out.emplace_back();
    for (int e = 0; e < run.world().environments(); ++e) row.push_back(digest(run.world(), e));
  }
  return out;
}

// Where a way of launching first differs: the step, by going there one by one; the numbers that differ after it; then a look at what the stages
// of that step make of the equal state before it; then which other ways differ too.
void locate(const Scene& scene, const Settings& settings, const Way& asked, uint64_t last, int steps) {
  Way way = asked;
  way.per_call = 1;
  Run cpu(scene, settings, way, false, steps), other(scene, settings, way, true, steps);
  int where = -1;
  while (where < 0 && cpu.step() < last) {
    cpu.to(cpu.step() + 1);
    other.to(cpu.step());
    for (int e = 0; e < way.environments && where < 0; ++e) if (!(digest(cpu.world(), e) == digest(other.world(), e))) where = e;
  }
  if (where < 0) return void(std::printf("    one substep per call does not differ: it depends on the number of substeps per launch\n"));
  const uint64_t at = cpu.step() - 1;
  std::printf("    first difference: environment %d in substep %llu; contacts %d and %d, fault %u and %u (cpu first)\n", where, static_cast<unsigned long long>(at),
              cpu.world().contacts(where), other.world().contacts(where), cpu.world().fault(where), other.world().fault(where));
  compare_rows(cpu.world(), other.world(), where);

  Run cpu_before(scene, settings, way, false, steps), other_before(scene, settings, way, true, steps);
  cpu_before.to(at);
  other_before.to(at);
  cpu_before.prepare();
  other_before.prepare();
  std::printf("    the forward pass of that substep, launched stage by stage from the state before it:\n");
  compare_stages(cpu_before.world(), other_before.world(), where);

  const auto try_way = [&](const char* what, auto change) {
    Way w = way;
    change(w);
    Run again(scene, settings, w, true, steps);
    again.to(at + 1);
    std::printf("    %-26s %s\n", what, digest(again.world(), where) == digest(cpu.world(), where) ? "equal" : "differs");
  };
  try_way("the same once more", [](Way&) {});
  try_way("a launch per stage", [](Way& w) { w.staged = true; });
  try_way("scratch in global memory", [](Way& w) { w.slabs = true; });
  for (int group : {8, 32, 64}) try_way(text("group %d", group).c_str(), [&](Way& w) { w.group = group, w.block = 0; });
}

std::vector<Way> ways(const Case& c, bool quick) {
  int cycle = 0;
  for (int share : c.shares) cycle += share;
  const int many = std::max(c.compared, cycle), few = std::max(std::min(7, many), cycle);
  if (quick) return {{.environments = few}, {.environments = few, .group = 8}, {.environments = few, .resident = true, .event = Event::reset}};
  std::vector<Way> out{{.environments = many}, {.environments = many}};   // twice: run to run
  out.push_back({.environments = many, .resident = true});
  out.push_back({.environments = few, .staged = true});
  for (int group : {8, 16, 32, 64, 128, 256})
    if (c.thorough || group == 8 || group == 32 || group == 128) out.push_back({.environments = c.thorough ? many : few, .group = group});
  if (c.compared >= 16) {                                          // heaps take a CPU seconds
    out.push_back({.environments = few, .resident = true, .event = Event::reset});
    out.push_back({.environments = few, .event = Event::own_numbers});
    out.push_back({.environments = few, .event = Event::explode});
  }
  if (!c.thorough) return out;
  for (int n : {1, 7}) if (n >= cycle) out.push_back({.environments = n, .group = 32});
  for (int block : {32, 64, 256}) out.push_back({.environments = many, .group = 32, .block = block});
  out.push_back({.environments = many, .group = 8, .block = 32});
  out.push_back({.environments = few, .per_call = 1});
  out.push_back({.environments = many, .group = 32, .slabs = true});
  out.push_back({.environments = many, .group = 8, .slabs = true});
  out.push_back({.environments = many, .group = 128, .slabs = true});
  out.push_back({.environments = many, .group = 32, .room = 2});   // nearly every contact is one too many: stepped again
  out.push_back({.environments = many, .group = 16, .room = 5});
  out.push_back({.environments = few, .resident = true, .event = Event::own_numbers});
  out.push_back({.environments = few, .resident = true, .event = Event::explode});
  out.push_back({.environments = few, .event = Event::reset});
  return out;
}

constexpr int most_located = 3;        // differences of a case that are looked into: each takes as long as several comparisons

struct Tally { int equal = 0, failed = 0, left_out = 0; };

void compare(const Scene& scene, const Settings& settings, bool quick, const Clock& clock, Table& table, Tally& tally) {
  const Case& c = *scene.of;
  const int steps = settings.steps ? settings.steps : quick ? std::min(c.steps, 50) : c.steps;
  std::vector<uint64_t> checkpoints;
  for (uint64_t k : {1, 10, 50, 100, 300}) if (k < uint64_t(steps)) checkpoints.push_back(k);
  checkpoints.push_back(uint64_t(steps));
  int located = 0;
  std::map<Event, std::map<int, Digests>> references;              // by the number of environments too: which of them are reset depends on it
  for (Way way : ways(c, quick)) {
    if (settings.environments) way.environments = settings.environments;
    if (clock.seconds() > settings.seconds) {
      ++tally.left_out;
      continue;
    }
    Digests& reference = references[way.event][way.environments];
    if (reference.empty()) {
      Run one(scene, settings, way, false, steps);
      reference = digests(one, checkpoints);
      const Statistics done = one.world().statistics();
      const double contacts = done.contacts / double(std::max<uint64_t>(1, done.steps));
      Run wide(scene, settings, way, false, steps, 0);
      const bool agree = digests(wide, checkpoints) == reference;
      std::printf("%s%s%s: %d environments, %d substeps on the CPU: %s; %.1f contacts per step, %d faults\n", c.name.c_str(), *name(way.event) ? ", " : "", name(way.event),
                  way.environments, steps, agree ? "width 1 and best width agree" : "WIDTHS DIFFER", contacts, one.world().faults());
      tally.failed += !agree;
      if (way.event == Event::explode && !one.world().faults()) ++tally.failed, std::printf("    NOTHING EXPLODED\n");
      if (contacts == 0 && steps >= c.steps / 2) ++tally.failed, std::printf("    NOTHING TOUCHES\n");
    }
    Run run(scene, settings, way, true, steps);
    const Digests got = digests(run, checkpoints);
    int bad = 0, shown_only = 0;
    uint64_t first = 0;
    for (size_t k = 0; k < checkpoints.size() && !bad; ++k)
      for (int e = 0; e < way.environments; ++e) {
        if (got[k][size_t(e)] == reference[k][size_t(e)]) continue;
        ++bad;
        shown_only += got[k][size_t(e)].state == reference[k][size_t(e)].state;
        first = checkpoints[k];
      }
    const Statistics s = run.world().statistics();
    const double done = double(std::max<uint64_t>(1, s.steps));
    table.row({c.name, way.text(), bad ? "DIFFERS" : "equal", hex(run.world().hash()), text("%.2f", s.contacts / done), text("%.2f", s.iterations / done), std::to_string(s.redone), text("%.1f", clock.seconds())});
    ++(bad ? tally.failed : tally.equal);
    if (!bad) continue;
    std::printf("    %d of %d environments differ after %llu substeps, %d of them in outputs only\n", bad, way.environments, static_cast<unsigned long long>(first), shown_only);
    if (++located <= most_located) locate(scene, settings, way, first, steps);
    else std::printf("    (not looked into: that was done %d times)\n", most_located);
  }
}

}  // namespace

int bits(const Settings& settings) {
  const Clock clock;
  Table table(settings, "bits", {"case", "way", "result", "hash", "contacts", "iterations", "redone", "seconds"});
  Tally tally;
  int missing = 0;
  for (const Case& c : settings.chosen) {
    const auto scene = load(c);
    missing += !scene;
    if (scene) compare(*scene, settings, settings.mode == "quick", clock, table, tally);
  }
  std::printf("bits%s: %d comparisons equal, %d FAILED, %d left out for want of time, %d cases without a model\n", settings.on_cpu() ? " against the CPU" : "", tally.equal, tally.failed, tally.left_out, missing);
  return tally.failed;
}

int short_run(const Settings& settings) {
  for (const Case& c : settings.chosen) {
    const auto scene = load(c);
    if (!scene) continue;
    const int n = std::max<int>(3, find_case(c.name).shares.size() > 1 ? 10 : 3);
    for (const Way& way : {Way{.environments = n}, Way{.environments = n, .group = 8}, Way{.environments = n, .group = 128}, Way{.environments = n, .group = 32, .room = 2},
                           Way{.environments = n, .group = 16, .slabs = true}, Way{.environments = n, .resident = true, .event = Event::reset}, Way{.environments = n, .event = Event::own_numbers}}) {
      const int steps = settings.steps ? settings.steps : 3;
      Run run(*scene, settings, way, true, steps);
      run.to(uint64_t(steps));
      std::printf("%s, %s: hash %016llx\n", c.name.c_str(), way.text().c_str(), static_cast<unsigned long long>(run.world().hash()));
      std::fflush(stdout);
    }
  }
  return 0;
}

}  // namespace nuri::gpu_test
