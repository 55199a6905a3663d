// Height-field files: PNG, or MuJoCo's binary format.
#include <algorithm>
#include <cstdint>
#include <cstring>

#include "engine/core/paths.h"
#include "engine/shape/image.h"
#include "engine/shape/mesh_reader.h"

namespace nuri::shape {
namespace {
constexpr std::size_t most_bytes = std::size_t{512} << 20;
// To 0 .. 1: lowest and highest value; all 0 if they are the same. As MuJoCo.
void normalise(std::vector<float>& values) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  const double from = *low, span = double(*high) - from;
  for (float& v : values) v = span > 0 ? static_cast<float>((v - from) / span) : 0.0f;
}

Result<Grid> read_png(const std::string& content) {
  const Result<Pixels> decoded = decode_png(content, false);
  if (!decoded) return decoded.errors();
  const Pixels& pixels = *decoded;
  Grid grid{static_cast<int>(pixels.height), static_cast<int>(pixels.width), {}};
  const int bytes = pixels.depth / 8, stride = bytes * pixels.channels;
  grid.elevation.reserve(std::size_t(grid.rows) * grid.columns);
  for (int r = grid.rows - 1; r >= 0; --r) {   // the top row of the picture is at +y
    for (int c = 0; c < grid.columns; ++c) {
      const unsigned char* p = pixels.bytes.data() + (std::size_t(r) * grid.columns + c) * stride;
      if (pixels.channels >= 3 && (std::memcmp(p, p + bytes, bytes) != 0 || std::memcmp(p, p + 2 * bytes, bytes) != 0)) {
        return mesh_error("not-grey", "the PNG of a height field has colours, at row " + std::to_string(r) + ", column " + std::to_string(c), "elevations are grey values, of 8 or 16 bits");
      }
      grid.elevation.push_back(bytes == 2 ? static_cast<float>(p[0] << 8 | p[1]) : static_cast<float>(p[0]));
    }
  }
  normalise(grid.elevation);
  return grid;
}

// int32 rows, int32 columns, float32 elevations row by row, the first row at -y.
Result<Grid> read_binary(const std::string& content) {
  int32_t size[2];
  if (content.size() < sizeof size) return mesh_error("truncated-height-field", "a binary height field has at least 8 bytes");
  std::memcpy(size, content.data(), sizeof size);
  if (size[0] < 1 || size[1] < 1) return mesh_error("bad-height-field", "a height field has at least one row and one column");
  if (size[0] > limits::grid_side || size[1] > limits::grid_side) return mesh_error("image-too-large", "the height field has " + std::to_string(size[0]) + " x " + std::to_string(size[1]) + " elevations; " + std::to_string(limits::grid_side) + " x " + std::to_string(limits::grid_side) + " are allowed");
  const std::size_t count = std::size_t(size[0]) * size[1], promised = sizeof size + 4 * count;
  if (content.size() != promised) {
    return mesh_error(content.size() < promised ? "truncated-height-field" : "bad-height-field", "the height field announces " + std::to_string(promised) + " bytes and has " + std::to_string(content.size()));
  }
  Grid grid{size[0], size[1], std::vector<float>(count)};
  std::memcpy(grid.elevation.data(), content.data() + sizeof size, 4 * count);
  for (float v : grid.elevation) if (!std::isfinite(v)) return mesh_error("bad-height-field", "an elevation is not finite");
  normalise(grid.elevation);
  return grid;
}
}  // namespace

Result<Grid> read_grid(const std::string& path) {
  const Result<std::string> content = read_file(path, most_bytes);
  if (!content) return content.errors();
  const bool named_png = path.size() > 4 && (path.ends_with(".png") || path.ends_with(".PNG"));
  return named_png || content->starts_with("\x89PNG") ? read_png(*content) : read_binary(*content);
}

}  // namespace nuri::shape
