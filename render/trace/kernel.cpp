// One width and instruction set; compiled once for each (NURI_KERNEL_W, NURI_KERNEL_ISA).
#include "render/trace/block.h"
#include "render/trace/clusters.h"
#include "render/trace/place.h"

namespace nuri::trace {
namespace {
void place(const Launch& launch, int environment) {
  for (int i = 0; i < tracing::placed(launch); ++i) tracing::place(launch, environment, i);
  tracing::cluster(launch, environment, tracing::Alone());
}
void run(const Launch& launch, int environment, int sensor, int first, int count, const Scratch& scratch) {
  tracing::trace<Wide<float, NURI_KERNEL_W>>(launch, environment, sensor, first, count, tracing::Alone(), scratch);
}
}  // namespace

#define NURI_JOIN2(a, b) trace_kernel_##a##_##b
#define NURI_JOIN(a, b) NURI_JOIN2(a, b)
const Kernel& NURI_JOIN(NURI_KERNEL_W, NURI_KERNEL_ISA)();
const Kernel& NURI_JOIN(NURI_KERNEL_W, NURI_KERNEL_ISA)() {
#define NURI_TEXT2(x) #x
#define NURI_TEXT(x) NURI_TEXT2(x)
  static const Kernel kernel{NURI_TEXT(NURI_KERNEL_ISA), NURI_KERNEL_W, place, run};
  return kernel;
}
}  // namespace nuri::trace
