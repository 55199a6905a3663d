// One number type, width and instruction set; compiled once for each (NURI_KERNEL_T, NURI_KERNEL_W, NURI_KERNEL_ISA).
#include "physics/cpu/kernel.h"
#include "physics/cpu/pack_step.h"
#include "physics/cpu/probe_pack.h"

namespace nuri {
namespace {
using Lane = PackLane<NURI_KERNEL_T, NURI_KERNEL_W>;
bool step(const PackJob& job) { return PackStep<Lane>(job).run(); }
bool probe(const ProbeJob& job) { return probe_pack<Lane>(job); }
}  // namespace

#define NURI_JOIN2(a, b, c) kernel_##a##_##b##_##c
#define NURI_JOIN(a, b, c) NURI_JOIN2(a, b, c)
const CpuKernel& NURI_JOIN(NURI_KERNEL_T, NURI_KERNEL_W, NURI_KERNEL_ISA)();
const CpuKernel& NURI_JOIN(NURI_KERNEL_T, NURI_KERNEL_W, NURI_KERNEL_ISA)() {
#define NURI_TEXT2(x) #x
#define NURI_TEXT(x) NURI_TEXT2(x)
  static const CpuKernel kernel{NURI_TEXT(NURI_KERNEL_ISA), NURI_KERNEL_W, int(sizeof(NURI_KERNEL_T)), int(sizeof(Lane::Int)), step, probe};
  return kernel;
}
}  // namespace nuri
