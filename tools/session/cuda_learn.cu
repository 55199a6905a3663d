#include "engine/device/memory.h"
#include "tools/session/cuda_learn.h"

namespace nuri::session {
namespace {

constexpr int threads = 256;
constexpr int64_t most_blocks = 4096;            // enough to keep memory busy; each thread goes on from there

// item(row, column) for every number of a table. Neighbouring threads have neighbouring columns: tables are read and written in order.
template <class Item> __device__ void each_item(int rows, int columns, const Item& item) {
  const int64_t all = int64_t(rows) * columns, step = int64_t(gridDim.x) * blockDim.x;
  for (int64_t k = int64_t(blockIdx.x) * blockDim.x + threadIdx.x; k < all; k += step) item(int(k / columns), int(k % columns));
}

__global__ void __launch_bounds__(threads) observe_kernel(const __grid_constant__ PortJob<float> job) {
  each_item(job.environments, job.inputs, [&](int e, int c) { port_observe(job, e, c); });
}
__global__ void __launch_bounds__(threads) act_kernel(const __grid_constant__ PortJob<float> job) {
  each_item(job.environments, job.outputs, [&](int e, int c) { port_act(job, e, c); });
}
__global__ void __launch_bounds__(threads) clear_kernel(const int* list, int count, int columns, float* rows) {
  each_item(count, columns, [&](int i, int c) { rows[size_t(list[i]) * columns + c] = 0; });
}
__global__ void __launch_bounds__(threads) uniform_kernel(const __grid_constant__ DrawJob job, const DrawRange range) {
  each_item(job.environments, job.columns, [&](int e, int c) {
    draw_item(job, e, c, [&](uint64_t seed, uint64_t id, uint32_t stream, uint64_t step, uint32_t k) { return uniform_draw(range, seed, id, stream, step, k); });
  });
}
__global__ void __launch_bounds__(threads) normal_kernel(const __grid_constant__ DrawJob job) {
  each_item(job.environments, job.columns, [&](int e, int c) {
    draw_item(job, e, c, [](uint64_t seed, uint64_t id, uint32_t stream, uint64_t step, uint32_t k) { return normal_draw(seed, id, stream, step, k); });
  });
}

unsigned blocks(int rows, int columns) {
  const int64_t needed = (int64_t(rows) * columns + threads - 1) / threads;
  return unsigned(needed < most_blocks ? needed : most_blocks);
}

}  // namespace

void launch_observe(const PortJob<float>& job, CUstream_st* stream) {
  if (const unsigned n = blocks(job.environments, job.inputs)) observe_kernel<<<n, threads, 0, stream>>>(job);
  NURI_CUDA(cudaGetLastError());
}

void launch_act(const PortJob<float>& job, CUstream_st* stream) {
  if (const unsigned n = blocks(job.environments, job.outputs)) act_kernel<<<n, threads, 0, stream>>>(job);
  NURI_CUDA(cudaGetLastError());
}

void launch_clear(const int* list, int count, int columns, float* rows, CUstream_st* stream) {
  if (const unsigned n = blocks(count, columns)) clear_kernel<<<n, threads, 0, stream>>>(list, count, columns, rows);
  NURI_CUDA(cudaGetLastError());
}

void launch_uniform(const DrawJob& job, const DrawRange& range, CUstream_st* stream) {
  if (const unsigned n = blocks(job.environments, job.columns)) uniform_kernel<<<n, threads, 0, stream>>>(job, range);
  NURI_CUDA(cudaGetLastError());
}

void launch_normal(const DrawJob& job, CUstream_st* stream) {
  if (const unsigned n = blocks(job.environments, job.columns)) normal_kernel<<<n, threads, 0, stream>>>(job);
  NURI_CUDA(cudaGetLastError());
}

}  // namespace nuri::session
