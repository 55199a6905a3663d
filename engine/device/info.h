// What the CUDA devices are, whether one can be used, and if not, why.
#pragma once
#include <cstddef>
#include <optional>
#include <string>

namespace nuri::device {

struct Info {
  std::string name;
  int major = 0, minor = 0;            // compute capability
  int processors = 0;                  // streaming multiprocessors
  size_t memory = 0, l2 = 0;           // bytes
  size_t shared_per_block = 0, shared_per_processor = 0;   // bytes a block may ask for; bytes that its blocks share
};

// Device `index` of those that are visible (CUDA_VISIBLE_DEVICES). Null if it cannot be used; `why` then says what is missing.
std::optional<Info> find(int index, std::string* why = nullptr);
// Makes a device the calling thread's current one; every use of it begins with this.
void use(int index);
// Bytes of the current device that nobody has taken yet.
size_t free_memory();

// Why there is no device, in words. Versions as CUDA counts them, 12040 is 12.4; driver 0: none is installed. status: of
// cudaGetDeviceCount, in CUDA's words. visible: CUDA_VISIBLE_DEVICES, null if not set.
std::string no_device(int driver, int runtime, int devices, const char* status, const char* visible);

}  // namespace nuri::device
