// Pictures from files.
#pragma once
#include <cstdint>
#include <string>
#include <vector>
#include "engine/core/result.h"

namespace nuri::shape {

// Rows from the top, without gaps; 8 or 16 bits (big endian) a channel.
struct Pixels {
  uint32_t width = 0, height = 0;
  int channels = 0, depth = 0;
  std::vector<unsigned char> bytes;
};

// A PNG. `colours` gives 4 channels of 8 bits, red green blue opacity; otherwise grey or colours as the file has them, opacity left
// out. No side longer than limits::grid_side. Errors have no place.
Result<Pixels> decode_png(const std::string& content, bool colours);

Result<Pixels> read_image(const std::string& path);      // in colours

// The bytes of a PNG: 1 (grey), 3 or 4 channels, 8 or 16 bits.
std::string encode_png(const Pixels& pixels);

}  // namespace nuri::shape
