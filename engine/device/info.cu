#include "engine/device/info.h"
#include <cuda_runtime_api.h>

namespace nuri::device {

std::optional<Info> find(std::string* why) {
  int count = 0;
  const cudaError_t code = cudaGetDeviceCount(&count);
  if (code != cudaSuccess || count == 0) {
    cudaGetLastError();
    if (why) *why = code != cudaSuccess ? cudaGetErrorString(code) : "no CUDA device";
    return std::nullopt;
  }
  int device = 0;
  cudaDeviceProp p{};
  if (cudaGetDevice(&device) != cudaSuccess || cudaGetDeviceProperties(&p, device) != cudaSuccess) {
    if (why) *why = cudaGetErrorString(cudaGetLastError());
    return std::nullopt;
  }
  return Info{p.name, p.major, p.minor, p.multiProcessorCount, p.totalGlobalMem, size_t(p.l2CacheSize), p.sharedMemPerBlockOptin, p.sharedMemPerMultiprocessor};
}

}  // namespace nuri::device
