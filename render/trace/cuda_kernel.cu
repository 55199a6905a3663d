#include "render/trace/cuda_kernel.h"
#include "engine/device/memory.h"
#include "render/trace/block.h"
#include "render/trace/clusters.h"
#include "render/trace/place.h"

namespace nuri::trace {
namespace {
using Real = Wide<float, 1>;
constexpr int place_threads = 128;

__host__ __device__ constexpr size_t aligned(size_t bytes) { return (bytes + 15) / 16 * 16; }

__global__ void __launch_bounds__(place_threads) place_kernel(const __grid_constant__ Launch launch) {
  const int items = tracing::placed(launch);
  const int64_t all = int64_t(launch.active_count) * items, step = int64_t(gridDim.x) * blockDim.x;
  for (int64_t k = int64_t(blockIdx.x) * blockDim.x + threadIdx.x; k < all; k += step) tracing::place(launch, launch.active[k / items], int(k % items));
}

// A team per environment.
__global__ void __launch_bounds__(place_threads) cluster_kernel(const __grid_constant__ Launch launch) {
  __shared__ int count;
  const tracing::BlockTeam team{&count};
  for (int k = int(blockIdx.x); k < launch.active_count; k += int(gridDim.x)) tracing::cluster(launch, launch.active[k], team);
}

__global__ void __launch_bounds__(block_rays) trace_kernel(const __grid_constant__ Launch launch, const __grid_constant__ CudaRoom room) {
  extern __shared__ __align__(16) char on_chip[];
  __shared__ int count;
  const tracing::BlockTeam team{&count};
  char* const base = room.slabs ? room.slabs + blockIdx.x * room.stride : on_chip;
  const size_t entries = size_t(tracing::BlockTeam::list_room) * size_t(launch.view.prop_count);
  const Scratch lists{reinterpret_cast<int32_t*>(base), reinterpret_cast<float*>(base) + entries, reinterpret_cast<float*>(base) + 2 * entries};
  const int all = launch.active_count * launch.blocks;
  for (int k = int(blockIdx.x); k < all; k += int(gridDim.x)) tracing::trace_block<Real>(launch, k, team, lists);
}

}  // namespace

size_t cuda_list_bytes(int props) { return aligned(size_t(props) * 4 * (2 * size_t(tracing::BlockTeam::list_room) + 3)); }

int cuda_teams(size_t shared_bytes, int processors) {
  int blocks = 0;
  if (cudaFuncSetAttribute(trace_kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, int(shared_bytes)) == cudaSuccess &&
      cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, trace_kernel, block_rays, shared_bytes) == cudaSuccess)
    return blocks * processors;
  cudaGetLastError();                            // not this much, or not this GPU
  return 0;
}

void launch_place(const Launch& launch, CUstream_st* stream) {
  constexpr int64_t most_blocks = 4096;          // enough to keep memory busy; each thread goes on from there
  const int64_t all = int64_t(launch.active_count) * (launch.view.prop_count + launch.eye_count + launch.view.lamp_count), blocks = (all + place_threads - 1) / place_threads;
  place_kernel<<<unsigned(blocks < most_blocks ? blocks : most_blocks), place_threads, 0, stream>>>(launch);
  NURI_CUDA(cudaGetLastError());
  if (launch.frames.clusters == 0) return;
  cluster_kernel<<<unsigned(launch.active_count < most_blocks ? launch.active_count : most_blocks), place_threads, 0, stream>>>(launch);
  NURI_CUDA(cudaGetLastError());
}

void launch_trace(const Launch& launch, const CudaRoom& room, CUstream_st* stream) {
  const int all = launch.active_count * launch.blocks;
  trace_kernel<<<unsigned(all < room.teams ? all : room.teams), block_rays, room.slabs ? 0 : room.stride, stream>>>(launch, room);
  NURI_CUDA(cudaGetLastError());
}

CudaTraceCost cuda_trace_cost() {
  cudaFuncAttributes a{};
  NURI_CUDA(cudaFuncGetAttributes(&a, trace_kernel));
  return {a.numRegs, int(a.localSizeBytes)};
}

}  // namespace nuri::trace
