#include "engine/device/info.h"
#include <cuda_runtime_api.h>
#include <cstdlib>
#include "engine/device/memory.h"

namespace nuri::device {

std::optional<Info> find(int index, std::string* why) {
  auto none = [&](std::string text) {
    if (why) *why = std::move(text);
    return std::nullopt;
  };
  int count = 0, driver = 0, runtime = 0;
  const cudaError_t code = cudaGetDeviceCount(&count);
  if (code != cudaSuccess || count == 0) {
    cudaGetLastError();
    cudaDriverGetVersion(&driver);
    cudaRuntimeGetVersion(&runtime);
    return none(no_device(driver, runtime, code == cudaSuccess ? count : 0, cudaGetErrorString(code), std::getenv("CUDA_VISIBLE_DEVICES")));
  }
  if (index < 0 || index >= count) return none("there is no GPU " + std::to_string(index) + ": " + std::to_string(count) + (count == 1 ? " is visible, number 0" : " are visible, from number 0"));
  cudaDeviceProp p{};
  if (const cudaError_t failed = cudaGetDeviceProperties(&p, index)) {
    cudaGetLastError();
    return none(cudaGetErrorString(failed));
  }
  return Info{p.name, p.major, p.minor, p.multiProcessorCount, p.totalGlobalMem, size_t(p.l2CacheSize), p.sharedMemPerBlockOptin, p.sharedMemPerMultiprocessor};
}

void use(int index) { NURI_CUDA(cudaSetDevice(index)); }

size_t free_memory() {
  size_t free = 0, all = 0;
  NURI_CUDA(cudaMemGetInfo(&free, &all));
  return free;
}

}  // namespace nuri::device
