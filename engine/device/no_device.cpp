#include "engine/device/info.h"

namespace nuri::device {

std::string no_device(int driver, int runtime, int devices, const char* status, const char* visible) {
  auto version = [](int v) { return std::to_string(v / 1000) + "." + std::to_string(v % 1000 / 10); };
  if (driver == 0) return "no NVIDIA driver is installed";
  if (driver / 1000 < runtime / 1000)                              // a driver of the same major version runs it, whatever the minor
    return "the NVIDIA driver is too old: it knows CUDA " + version(driver) + ", this program needs " + version(runtime / 1000 * 1000) + " or newer";
  if (devices == 0 && visible) return std::string("CUDA_VISIBLE_DEVICES=\"") + visible + "\" hides every GPU";
  if (devices == 0) return std::string("the driver finds no GPU (") + status + ")";
  return status;
}

}  // namespace nuri::device
