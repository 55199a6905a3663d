#include "physics/cuda/kernel.h"
#include <cstring>
#include "engine/device/memory.h"
#include "engine/lane/group.h"
#include "physics/cuda/group_step.h"

namespace nuri {
namespace {

using Lane = GroupLane;
using View = ModelView<Lane::Real>;
using Step = GroupStep<Lane>;

constexpr int real_fields = 0
#define NURI_REAL(name, count, unit, doc) +1
#define NURI_DERIVED(name, count, unit, doc) +1
#include "engine/model/model_fields.inl"
    ;

__host__ __device__ constexpr size_t aligned(size_t bytes) { return (bytes + 15) / 16 * 16; }

static_assert(sizeof(Lane::Board) <= cuda_board_bytes);

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

// Environment i of a launch: its bucket, and which of the bucket's.
struct Place { const CudaJob& job; int environment; };
__device__ Place find(const CudaLaunch& launch, int i) {
  int b = 0;
  while (i >= launch.first[b + 1]) ++b;
  const CudaJob& job = launch.jobs[b];
  const int at = i - launch.first[b];
  return {job, launch.listed ? job.list[at] : at};
}

__device__ const View& view_of(const Lane& lane, const CudaJob& job, char* room, int environment) {
  const View& shared = *static_cast<const View*>(job.view);
  return job.override_count ? own_view(lane, shared, job, room, environment) : shared;
}

__device__ __noinline__ void add(const CudaJob& job, const CudaTotals& work) {
  const unsigned long long* const more = reinterpret_cast<const unsigned long long*>(&work);
  unsigned long long* const sum = reinterpret_cast<unsigned long long*>(job.totals);
  for (int k = 0; k < cuda_total_count; ++k) if (more[k]) atomicAdd(sum + k, more[k]);
}

__global__ void __launch_bounds__(cuda_largest_block) step_kernel(const __grid_constant__ CudaLaunch launch) {
  extern __shared__ __align__(16) char on_chip[];
  const bool alone = launch.alone != Stage::count, whole = launch.group > 32;
  Lane lane(launch.group, whole ? reinterpret_cast<Lane::Board*>(on_chip) : nullptr);
  const int groups = int(blockDim.x) / launch.group, in_block = int(threadIdx.x) / launch.group, first = int(blockIdx.x) * groups + in_block;
  char* base = launch.slabs ? launch.slabs + size_t(first) * launch.stride : on_chip + (whole ? cuda_board_bytes : 0) + size_t(in_block) * launch.stride;
  for (int i = first; i < launch.first[launch.job_count]; i += int(gridDim.x) * groups) {
    const Place at = find(launch, i);
    const CudaJob& job = at.job;
    if (launch.flagged_only && !job.again[at.environment]) continue;
    lane.cycles = alone ? nullptr : job.cycles;
    lane.last = clock64();
    if (alone) base = launch.slabs + size_t(i) * launch.stride;    // stages are launches, so each environment keeps its own
    const ScratchLayout& layout = job.layout[int(launch.room)];
    char* const behind = base + aligned(layout.bytes);
    const View& view = view_of(lane, job, behind + (alone ? aligned(sizeof(Step::Between)) : 0), at.environment);
    const Step step{lane, view, launch, job, {base, &layout}, at.environment};
    const auto total = [&](const CudaTotals& work) { add(job, work); };
    if (alone) {
      step.run_alone(*reinterpret_cast<Step::Between*>(behind), total);
      continue;
    }
    const bool done = step.run(total);
    lane.sync();
    lane.once([&] {
      if (!done && launch.flagged_only) job.fault[at.environment] = fault::no_room;   // cannot be: this launch has room for the model's hard bound
      if (!done && !launch.flagged_only && launch.integrate) atomicAdd(&job.totals->redone, 1ull);
      job.again[at.environment] = !done && !launch.flagged_only;
    });
    lane.sync();
  }
}

__global__ void rows_kernel(const int* list, int count, int columns, uint32_t* rows, uint32_t* compact, bool gather) {
  const size_t all = size_t(count) * columns, step = size_t(gridDim.x) * blockDim.x;
  for (size_t k = size_t(blockIdx.x) * blockDim.x + threadIdx.x; k < all; k += step) {
    uint32_t& row = rows[size_t(list[k / columns]) * columns + k % columns];
    if (gather) compact[k] = row;
    else row = compact[k];
  }
}

}  // namespace

std::vector<std::byte> make_view(const RawModel& raw) {
  View view;
#define NURI_COUNT(name, doc) view.name = raw.name;
#define NURI_INDEX(name, count, doc) view.name = raw.name;
#define NURI_REAL(name, count, unit, doc) view.name = {static_cast<const float*>(raw.name), nullptr};
#define NURI_DERIVED(name, count, unit, doc) view.name = {static_cast<const float*>(raw.name), nullptr};
#include "engine/model/model_fields.inl"
  std::vector<std::byte> bytes(sizeof view);
  std::memcpy(bytes.data(), &view, sizeof view);
  return bytes;
}

size_t cuda_scratch_bytes(const ScratchLayout& layout, bool overrides, bool staged) {
  return aligned(layout.bytes) + (staged ? aligned(sizeof(Step::Between)) : 0) + (overrides ? aligned(sizeof(View)) : 0);
}

CudaSeen read_between(const std::byte* slab, const ScratchLayout& layout) {
  const Step::Between& between = *reinterpret_cast<const Step::Between*>(slab + aligned(layout.bytes));
  return {between.counts, double(between.iterations.v)};
}

// The kernel may ask for this much shared memory (what it declares itself comes on top), and the cache gives way to it.
static cudaError_t allow_shared(size_t bytes) {
  if (const cudaError_t code = cudaFuncSetAttribute(step_kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, int(bytes))) return code;
  return cudaFuncSetAttribute(step_kernel, cudaFuncAttributePreferredSharedMemoryCarveout, bytes > cuda_board_bytes ? cudaSharedmemCarveoutMaxShared : cudaSharedmemCarveoutDefault);
}

int cuda_blocks_per_processor(const CudaShape& shape) {
  int blocks = 0;
  if (allow_shared(shape.shared_bytes) == cudaSuccess &&
      cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, step_kernel, shape.block, shape.shared_bytes) == cudaSuccess)
    return blocks;
  cudaGetLastError();                                              // not this shape, or not this GPU
  return 0;
}

void launch_step(const CudaLaunch& launch, const CudaShape& shape, CUstream_st* stream) {
  if (shape.shared_bytes) NURI_CUDA(allow_shared(shape.shared_bytes));
  step_kernel<<<shape.blocks, shape.block, shape.shared_bytes, stream>>>(launch);
  NURI_CUDA(cudaGetLastError());
}

void launch_rows(const int* list, int count, int columns, void* rows, void* compact, bool gather, CUstream_st* stream) {
  if (size_t(count) * columns == 0) return;
  constexpr int block = 256, most_blocks = 1024;                   // enough to keep memory busy; each thread goes on from there
  const size_t blocks = (size_t(count) * columns + block - 1) / block;
  rows_kernel<<<blocks < most_blocks ? unsigned(blocks) : most_blocks, block, 0, stream>>>(list, count, columns, static_cast<uint32_t*>(rows), static_cast<uint32_t*>(compact), gather);
  NURI_CUDA(cudaGetLastError());
}

CudaKernelCost cuda_kernel_cost() {
  cudaFuncAttributes a{};
  NURI_CUDA(cudaFuncGetAttributes(&a, step_kernel));
  return {a.numRegs, int(a.localSizeBytes), int(a.sharedSizeBytes), int(a.constSizeBytes), a.maxThreadsPerBlock};
}

}  // namespace nuri
