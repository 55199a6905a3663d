#include "tests/gpu/look.h"
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <iterator>
#if defined(__GLIBC__)
#include <malloc.h>
#endif
#include "physics/kernel/scratch.h"

namespace nuri::gpu_test {
namespace {

constexpr int most_lines = 24;

bool same(float a, float b) { return a == b || (a != a && b != b); }   // zeros have no sign here, and NaN is NaN
unsigned word(float x) { return std::bit_cast<unsigned>(x); }

int stage_of(const std::string& name) {
  return int(std::find(std::begin(stage_names), std::end(stage_names), name) - std::begin(stage_names));
}

// The CPU's look with fresh memory filled with `byte`: what two fillings differ in, nobody wrote.
Probe filled(World& cpu, int environment, int byte) {
#if defined(__GLIBC__)
  mallopt(M_PERTURB, byte);
#endif
  Probe probe = cpu.probe(environment);
#if defined(__GLIBC__)
  mallopt(M_PERTURB, 0);
#endif
  return probe;
}

}  // namespace

void compare_rows(World& cpu, World& other, int environment) {
  int shown = 0;
  for (int f = 0; f < state_field_count; ++f) {
    const StateField field = StateField(f);
    for (int i = 0; i < cpu.columns(field, environment); ++i) {
      const float a = cpu.row<float>(field, environment)[size_t(i)], b = other.row<float>(field, environment)[size_t(i)];
      if (same(a, b) || ++shown > most_lines) continue;
      std::printf("      %s[%d]: cpu %08x %.9g, other %08x %.9g\n", info(field).name, i, word(a), double(a), word(b), double(b));
    }
  }
  if (shown > most_lines) std::printf("      and %d numbers more\n", shown - most_lines);
}

void compare_stages(World& cpu, World& other, int environment) {
  const Probe one = filled(cpu, environment, 0x55), two = filled(cpu, environment, 0xaa), seen = other.probe(environment);
  struct Found { int stage; std::string name; int count, all, first; float cpu, other; };
  std::vector<Found> found;
  for (const auto& [name, array] : one.fields) {
    const auto there = seen.fields.find(name), again = two.fields.find(name);
    Found f{stage_of(array.stage), name, 0, int(array.values.size()), 0, 0, 0};
    if (there == seen.fields.end() || there->second.values.size() != array.values.size()) {
      std::printf("      %s %s: %zu numbers, other %zu\n", array.stage.c_str(), name.c_str(), array.values.size(), there == seen.fields.end() ? size_t(0) : there->second.values.size());
      continue;
    }
    for (size_t i = 0; i < array.values.size(); ++i) {
      const float a = float(array.values[i]), b = float(there->second.values[i]);
      if (same(a, b) || !same(a, float(again->second.values[i]))) continue;
      if (!f.count++) f.first = int(i), f.cpu = a, f.other = b;
    }
    if (f.count) found.push_back(f);
  }
  std::stable_sort(found.begin(), found.end(), [](const Found& a, const Found& b) { return a.stage < b.stage; });
  for (size_t k = 0; k < found.size() && k < size_t(most_lines); ++k) {
    const Found& f = found[k];
    std::printf("      %-18s %s[%d]: cpu %08x %.9g, other %08x %.9g; %d of %d differ\n", f.stage < stage_count ? stage_names[f.stage] : "?", f.name.c_str(), f.first, word(f.cpu), double(f.cpu), word(f.other),
                double(f.other), f.count, f.all);
  }
  if (found.empty()) std::printf("      all arrays agree: it comes from integrate, from what one substep leaves the next, or from the fused launch alone\n");
  else std::printf("      (an array is listed at the first stage that writes it; what later stages use again shows there too)\n");
  std::printf("      contacts %zu and %zu, rows %zu and %zu, iterations %g and %g\n", one.contacts.size(), seen.contacts.size(), one.rows.size(), seen.rows.size(), one.iterations, seen.iterations);
  for (size_t i = 0; i < std::min(one.rows.size(), seen.rows.size()); ++i) {
    const RowRecord &a = one.rows[i], &b = seen.rows[i];
    if (a.kind == b.kind && a.id == b.id && same(float(a.D), float(b.D)) && same(float(a.aref), float(b.aref)) && same(float(a.jar), float(b.jar)) && same(float(a.force), float(b.force))) continue;
    std::printf("      row %zu: kind %d and %d, id %d and %d; D %08x %08x, aref %08x %08x, jar %08x %08x, force %08x %08x\n", i, a.kind, b.kind, a.id, b.id, word(float(a.D)), word(float(b.D)),
                word(float(a.aref)), word(float(b.aref)), word(float(a.jar)), word(float(b.jar)), word(float(a.force)), word(float(b.force)));
    break;
  }
}

}  // namespace nuri::gpu_test
