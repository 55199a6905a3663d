#include "render/trace/registry.h"

#include <string_view>

namespace nuri::trace {

#define X(width, isa) const Kernel& trace_kernel_##width##_##isa();
#include <trace_variants.inl>
#undef X

namespace {
[[maybe_unused]] bool runs(std::string_view isa) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
  if (isa == "avx512") return avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
  return isa == "avx2" && avx2;
#else
  return isa == "neon";
#endif
}
// As wide as a register; wider costs more than it saves.
int preference(const Kernel& k) {
  const int native = std::string_view(k.isa) == "avx512" ? 16 : std::string_view(k.isa) == "avx2" ? 8 : 4;
  return k.width <= native ? 10 * k.width + (native == 16) : native;
}
}  // namespace

std::vector<const Kernel*> kernels() {
  std::vector<const Kernel*> all;
#define X(width, isa) if (runs(#isa)) all.push_back(&trace_kernel_##width##_##isa());
#include <trace_variants.inl>
#undef X
  return all;
}

const Kernel* find_kernel(int width) {
  const Kernel* best = nullptr;
  for (const Kernel* k : kernels())
    if ((width == 0 || k->width == width) && (!best || preference(*k) > preference(*best))) best = k;
  return best;
}

}  // namespace nuri::trace
