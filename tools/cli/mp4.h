// An MP4 of one H.264 track: ISO/IEC 14496-12 (boxes) and 14496-15 (avc1). The pictures come first and the index after them, so nothing is
// held in memory but sizes. A library for this (libavformat) would bring a hundred formats and forty packages for these hundred lines.
#pragma once
#include <cstdint>
#include <string>
#include <vector>
#include "engine/core/new_file.h"

namespace nuri::cli {

class Mp4 {
 public:
  // Each picture lasts `duration` of `timescale` units per second.
  static Result<Mp4> create(const std::string& path, uint32_t width, uint32_t height, uint32_t timescale, uint32_t duration);

  // One picture's units as the coder gives them (00 00 00 01 before each, Annex B). Parameter sets go to the index, once.
  void add(const uint8_t* bytes, size_t size, bool key);
  size_t pictures() const { return sizes_.size(); }
  uint64_t size() const { return file_.size(); }
  bool good() const { return file_.good(); }
  Result<bool> finish();

 private:
  explicit Mp4(NewFile file) : file_(std::move(file)) {}
  std::string index() const;           // the box moov
  NewFile file_;
  uint32_t width_ = 0, height_ = 0, timescale_ = 0, duration_ = 0;
  uint64_t data_ = 0;                  // where the box of the pictures begins
  std::string sequence_, picture_;     // parameter sets: SPS and PPS
  std::vector<uint32_t> sizes_, keys_; // of pictures; numbers from 1 of those that need no other
};

}  // namespace nuri::cli
