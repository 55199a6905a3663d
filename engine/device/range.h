// A named range in NVIDIA's profilers, for the life of the object; nothing where the toolkit has no NVTX.
#pragma once
#if __has_include(<nvtx3/nvToolsExt.h>)
#include <nvtx3/nvToolsExt.h>
#define NURI_NVTX 1
#endif

namespace nuri::device {

class Range {
 public:
#if defined(NURI_NVTX)
  explicit Range(const char* name) { nvtxRangePushA(name); }
  ~Range() { nvtxRangePop(); }
#else
  explicit Range(const char*) {}
#endif
  Range(const Range&) = delete;
};

}  // namespace nuri::device
