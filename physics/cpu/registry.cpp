#include "physics/cpu/registry.h"
#include <vector>

namespace nuri {

#define X(type, width, isa) const CpuKernel& kernel_##type##_##width##_##isa();
#include <kernel_variants.inl>
#undef X

namespace {
const std::vector<const CpuKernel*>& kernels() {
  static const std::vector<const CpuKernel*> all = {
#define X(type, width, isa) &kernel_##type##_##width##_##isa(),
#include <kernel_variants.inl>
#undef X
  };
  return all;
}

// Higher is tried first. Wider is faster up to one register (measured: docs/performance.md).
int preference(const CpuKernel& k) {
  const std::string isa = k.isa;
  const int native = (isa == "avx512" ? 64 : isa == "avx2" ? 32 : 16) / k.scalar_bytes;
  return (k.width <= native ? 1000 * k.width : 100 * native) + (isa == "avx512" ? 1 : 0);
}
}  // namespace

bool cpu_runs(const std::string& isa) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
  if (isa == "avx2") return avx2;
  if (isa == "avx512") return avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
  return false;
#else
  return isa == "neon";
#endif
}

const CpuKernel* find_kernel(Precision precision, int width) {
  const CpuKernel* best = nullptr;
  for (const CpuKernel* k : kernels()) {
    if (k->scalar_bytes != (precision == Precision::f32 ? 4 : 8) || (width && k->width != width) || !cpu_runs(k->isa)) continue;
    if (!best || preference(*k) > preference(*best)) best = k;
  }
  return best;
}

std::string kernel_list() {
  std::string text;
  for (const CpuKernel* k : kernels()) {
    if (!text.empty()) text += ", ";
    text += std::string(k->scalar_bytes == 4 ? "f32 x " : "f64 x ") + std::to_string(k->width) + " " + k->isa + (cpu_runs(k->isa) ? "" : " (not on this CPU)");
  }
  return text;
}

}  // namespace nuri
