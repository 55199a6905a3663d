// The functions of CUDA's runtime that this project calls.
#include <cuda_runtime_api.h>
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <vector>
#include "engine/launch/pool.h"
#include "tests/emulated_cuda/emulated.h"

namespace nuri::emulated {
namespace {

constexpr size_t device_memory = size_t(256) << 20;        // what the planner may count on; scratch is a share of it

struct State {
  std::recursive_mutex mutex;
  std::vector<std::function<void()>> queue;                // of all streams, in the order of the calls
  Counts counts{};
};
State& state() {
  static auto* const one = new State;                      // memory is freed at the very end too
  return *one;
}

void finish() {
  State& s = state();
  const std::lock_guard lock(s.mutex);
  const NumericMode mode;
  auto queue = std::move(s.queue);
  s.queue.clear();
  for (auto& work : queue) work();
}

void put(std::function<void()> work) {
  const std::lock_guard lock(state().mutex);
  state().queue.push_back(std::move(work));
}

}  // namespace

void launch(std::function<void()> kernel) {
  ++state().counts.launches;
  put(std::move(kernel));
}

}  // namespace nuri::emulated

using namespace nuri::emulated;

Counts nuri_emulated_counts() { return state().counts; }

extern "C" {

cudaError_t cudaGetDeviceCount(int* count) { return *count = 1, cudaSuccess; }
cudaError_t cudaDriverGetVersion(int* version) { return *version = 13000, cudaSuccess; }
cudaError_t cudaRuntimeGetVersion(int* version) { return *version = 13000, cudaSuccess; }
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* out, int) {
  *out = {};
  std::strcpy(out->name, "emulated");
  out->major = 9, out->minor = 0, out->multiProcessorCount = 2;
  out->totalGlobalMem = device_memory, out->l2CacheSize = 1 << 20;
  out->sharedMemPerBlockOptin = 227 << 10, out->sharedMemPerMultiprocessor = 228 << 10;
  return cudaSuccess;
}
cudaError_t cudaSetDevice(int device) { return device == 0 ? cudaSuccess : cudaErrorInvalidDevice; }
cudaError_t cudaMemGetInfo(size_t* free, size_t* all) { return *free = *all = device_memory, cudaSuccess; }
cudaError_t cudaGetLastError() { return cudaSuccess; }
const char* cudaGetErrorName(cudaError_t) { return "error"; }
const char* cudaGetErrorString(cudaError_t) { return "of the emulated runtime"; }

cudaError_t cudaMalloc(void** out, size_t bytes) { return (*out = std::aligned_alloc(512, (bytes + 511) / 512 * 512)) ? cudaSuccess : cudaErrorMemoryAllocation; }
cudaError_t cudaFree(void* data) {
  finish();                                                // as CUDA's does
  std::free(data);
  return cudaSuccess;
}
cudaError_t cudaMemset(void* data, int value, size_t bytes) {
  finish();
  std::memset(data, value, bytes);
  return cudaSuccess;
}
cudaError_t cudaMemsetAsync(void* data, int value, size_t bytes, cudaStream_t) { return put([=] { std::memset(data, value, bytes); }), cudaSuccess; }

// From pageable memory: the call returns when what was there is on its way, and what comes back has arrived.
cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind, cudaStream_t) {
  Counts& c = state().counts;
  if (kind == cudaMemcpyHostToDevice) {
    const char* const begin = static_cast<const char*>(from);
    put([to, held = std::vector<char>(begin, begin + bytes)] { std::copy(held.begin(), held.end(), static_cast<char*>(to)); });
    ++c.uploads, c.upload_bytes += bytes;
  } else if (kind == cudaMemcpyDeviceToHost) {
    finish();
    std::memcpy(to, from, bytes);
    ++c.downloads, c.download_bytes += bytes;
  } else {
    return cudaErrorInvalidValue;
  }
  return cudaSuccess;
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* out, unsigned) {
  static char streams[1024];
  static int count = 0;
  return *out = reinterpret_cast<cudaStream_t>(&streams[count++ % 1024]), cudaSuccess;
}
cudaError_t cudaStreamDestroy(cudaStream_t) { return finish(), cudaSuccess; }
cudaError_t cudaStreamSynchronize(cudaStream_t) { return ++state().counts.waits, finish(), cudaSuccess; }

cudaError_t cudaEventCreate(cudaEvent_t* out) { return *out = reinterpret_cast<cudaEvent_t>(new cudaStream_t{}), cudaSuccess; }
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* out, unsigned) { return cudaEventCreate(out); }
cudaError_t cudaEventDestroy(cudaEvent_t event) { return delete reinterpret_cast<cudaStream_t*>(event), cudaSuccess; }
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) { return *reinterpret_cast<cudaStream_t*>(event) = stream, cudaSuccess; }
cudaError_t cudaEventSynchronize(cudaEvent_t) { return finish(), cudaSuccess; }
cudaError_t cudaEventElapsedTime(float* out, cudaEvent_t, cudaEvent_t) { return *out = 0, cudaSuccess; }
// A stream that is not ours is the caller's own program: it goes on at once, so what it waits for happens now.
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  if (stream != *reinterpret_cast<cudaStream_t*>(event) && (stream == cudaStreamLegacy || stream == cudaStreamPerThread)) finish();
  return cudaSuccess;
}

}  // extern "C"
