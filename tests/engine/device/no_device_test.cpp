// Why there is no GPU: every cause has words of its own.
#include <doctest/doctest.h>
#include "engine/device/info.h"

using nuri::device::no_device;

TEST_CASE("what is missing is said") {
  const char* const status = "no CUDA-capable device is detected";
  CHECK(no_device(0, 13000, 0, "CUDA driver version is insufficient for CUDA runtime version", nullptr) == "no NVIDIA driver is installed");
  CHECK(no_device(11080, 13000, 0, "insufficient", nullptr) == "the NVIDIA driver is too old: it knows CUDA 11.8, this program needs 13.0 or newer");
  CHECK(no_device(12090, 12040, 0, status, nullptr) == std::string("the driver finds no GPU (") + status + ")");
  CHECK(no_device(13000, 13010, 0, status, nullptr) == std::string("the driver finds no GPU (") + status + ")");   // minor versions are compatible
  CHECK(no_device(13000, 13000, 0, status, "") == "CUDA_VISIBLE_DEVICES=\"\" hides every GPU");
  CHECK(no_device(13000, 13000, 0, status, "7") == "CUDA_VISIBLE_DEVICES=\"7\" hides every GPU");
}
