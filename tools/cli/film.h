// A film: pictures one after the other into an MP4, coded as H.264 by OpenH264 (BSD licence; package libopenh264-dev). Rejected: x264
// (GPL); libavcodec (Debian's has GPL parts; fifty packages); VP9 and AV1 (players of today's laboratories stumble over them in an MP4).
//
// Every picture has the same quantiser, so quality does not wander with motion; the bits are the same in every run. Colours are BT.709 with
// half the resolution, as every player expects; sides are made even by repeating the last row or column.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include "engine/core/result.h"

namespace nuri::cli {

class Film {
 public:
  static Result<bool> possible(uint32_t width, uint32_t height);   // in this build, and so large; no file is touched
  static Result<std::unique_ptr<Film>> create(const std::string& path, uint32_t width, uint32_t height, double pictures_per_second);
  virtual ~Film() = default;           // not finished: no file is left

  virtual Result<bool> add(const uint8_t* rgb) = 0;                // [height][width][3]
  virtual Result<bool> finish() = 0;
  virtual uint64_t bytes() const = 0;
};

}  // namespace nuri::cli
