#include "physics/cuda/kernel.h"
#include "engine/device/memory.h"
#include "engine/lane/group.h"
#include "physics/cuda/group_step.h"

namespace nuri {
namespace {

using Lane = GroupLane;
using View = ModelView<Lane::Real>;

constexpr int real_fields = 0
#define NURI_REAL(name, count, unit, doc) +1
#define NURI_DERIVED(name, count, unit, doc) +1
#include "engine/model/model_fields.inl"
    ;

// A view with this environment's own numbers, in the group's scratch.
__device__ __noinline__ const View& own_view(const Lane& lane, const View& shared, const CudaJob& job, char* room, int environment) {
  lane.sync();                                                     // nobody still reads the last environment's
  const int words = int(sizeof(View) / sizeof(int));
  lane.each(words, [&](int i) { reinterpret_cast<int*>(room)[i] = reinterpret_cast<const int*>(&shared)[i]; });
  lane.sync();
  View& view = *reinterpret_cast<View*>(room);
  lane.once([&] {
    const Lane::Real* own[real_fields] = {};
    for (int o = 0; o < job.override_count; ++o) {
      const RawOverride& over = job.overrides[o];
      own[over.field] = static_cast<const Lane::Real*>(over.values) + size_t(environment) * over.count;
    }
    int field = 0;
#define NURI_REAL(name, count, unit, doc) view.name.own = own[field++];
#define NURI_DERIVED(name, count, unit, doc) view.name.own = own[field++];
#include "engine/model/model_fields.inl"
  });
  lane.sync();
  return view;
}

__global__ void __launch_bounds__(cuda_largest_block) step_kernel(const __grid_constant__ View shared, const __grid_constant__ CudaJob job, int group) {
  extern __shared__ __align__(16) char on_chip[];
  Lane lane(group);
  lane.cycles = job.cycles;
  const int groups = int(blockDim.x) / group, in_block = int(threadIdx.x) / group, first = int(blockIdx.x) * groups + in_block;
  char* const base = job.slabs ? job.slabs + size_t(first) * job.stride : on_chip + size_t(in_block) * job.stride;
  const Scratch<Lane> scratch{base, &job.layout};
  for (int i = first; i < job.count; i += int(gridDim.x) * groups) {
    const int e = job.environments ? job.environments[i] : i;
    if (job.flagged_only && !job.again[e]) continue;
    lane.last = clock64();
    const View& view = job.override_count ? own_view(lane, shared, job, base + job.layout.bytes, e) : shared;
    const bool done = GroupStep<Lane>{lane, view, job, scratch, e}.run([&](const CudaTotals& work) {
      const unsigned long long* const add = reinterpret_cast<const unsigned long long*>(&work);
      unsigned long long* const sum = reinterpret_cast<unsigned long long*>(job.totals);
      for (int k = 0; k < cuda_total_count; ++k) if (add[k]) atomicAdd(sum + k, add[k]);
    });
    lane.sync();
    lane.once([&] {
      if (!done && job.flagged_only) job.fault[e] = fault::no_room;   // cannot be: this launch has room for the model's hard bound
      if (!done && !job.flagged_only && job.totals) atomicAdd(&job.totals->redone, 1ull);
      job.again[e] = !done && !job.flagged_only;
    });
    lane.sync();
  }
}

}  // namespace

size_t cuda_scratch_bytes(const ScratchLayout& layout, bool overrides) { return (layout.bytes + (overrides ? sizeof(View) : 0) + 15) / 16 * 16; }

// Kernels may ask for as much shared memory as the device has, and the cache gives way to it.
static cudaError_t allow_shared(size_t bytes) {
  int device = 0, most = 0;
  if (const cudaError_t code = cudaGetDevice(&device)) return code;
  if (const cudaError_t code = cudaDeviceGetAttribute(&most, cudaDevAttrMaxSharedMemoryPerBlockOptin, device)) return code;
  if (const cudaError_t code = cudaFuncSetAttribute(step_kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, most)) return code;
  return cudaFuncSetAttribute(step_kernel, cudaFuncAttributePreferredSharedMemoryCarveout, bytes ? cudaSharedmemCarveoutMaxShared : cudaSharedmemCarveoutDefault);
}

int cuda_blocks_per_processor(const CudaShape& shape) {
  int blocks = 0;
  if (allow_shared(shape.shared_bytes) == cudaSuccess &&
      cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, step_kernel, shape.block, shape.shared_bytes) == cudaSuccess)
    return blocks;
  cudaGetLastError();                                              // not this shape, or not this GPU
  return 0;
}

void launch_step(const RawModel& raw, const CudaJob& job, const CudaShape& shape, CUstream_st* stream) {
  View view;
#define NURI_COUNT(name, doc) view.name = raw.name;
#define NURI_INDEX(name, count, doc) view.name = raw.name;
#define NURI_REAL(name, count, unit, doc) view.name = {static_cast<const float*>(raw.name), nullptr};
#define NURI_DERIVED(name, count, unit, doc) view.name = {static_cast<const float*>(raw.name), nullptr};
#include "engine/model/model_fields.inl"
  if (shape.shared_bytes) NURI_CUDA(allow_shared(shape.shared_bytes));
  step_kernel<<<shape.blocks, shape.block, shape.shared_bytes, stream>>>(view, job, shape.group);
  NURI_CUDA(cudaGetLastError());
}

CudaKernelCost cuda_kernel_cost() {
  cudaFuncAttributes a{};
  NURI_CUDA(cudaFuncGetAttributes(&a, step_kernel));
  return {a.numRegs, int(a.localSizeBytes), int(a.sharedSizeBytes), int(a.constSizeBytes), a.maxThreadsPerBlock};
}

}  // namespace nuri
