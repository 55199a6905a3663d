// Any bytes as a height field: MuJoCo's binary file, or PNG with the checksums that its chunks ought to have, or nothing would get
// past them. A PNG also as a texture.
#include <cmath>
#include <zlib.h>
#include "engine/shape/image.h"
#include "engine/shape/mesh.h"
#include "tests/fuzz/fuzz.h"

namespace {
std::uint32_t big_endian(const std::string& s, std::size_t at) {
  std::uint32_t n = 0;
  for (std::size_t k = 0; k < 4; ++k) n = n << 8 | std::uint8_t(s[at + k]);
  return n;
}

void mend(std::string& png) {
  for (std::size_t at = 8; at + 12 <= png.size();) {
    const std::size_t length = big_endian(png, at);
    if (length > png.size() - at - 12) return;
    const auto crc = crc32(0, reinterpret_cast<const Bytef*>(png.data()) + at + 4, uInt(length + 4));
    for (int k = 0; k < 4; ++k) png[at + 8 + length + std::size_t(k)] = char(crc >> (24 - 8 * k));
    at += length + 12;
  }
}
}  // namespace

NURI_FUZZ(data, size) {
  std::string bytes = nuri::fuzz::text(data, size);
  if (bytes.starts_with("\x89PNG")) {
    mend(bytes);
    const auto image = nuri::shape::decode_png(bytes, true);
    if (image) nuri::fuzz::must(image->bytes.size() == 4 * std::size_t(image->width) * image->height, "four bytes per pixel");
  }
  const auto grid = nuri::shape::read_grid(nuri::fuzz::file("input.field", bytes));
  if (!grid) return nuri::fuzz::refused(grid.errors());
  nuri::fuzz::must(grid->rows >= 1 && grid->columns >= 1 && grid->elevation.size() == std::size_t(grid->rows) * std::size_t(grid->columns), "an elevation per point");
  for (float v : grid->elevation) nuri::fuzz::must(v >= 0 && v <= 1, "elevations lie in 0 .. 1");
  return 0;
}
