// Height-field files: PNG through libpng, or MuJoCo's binary format.
#include <algorithm>
#include <csetjmp>
#include <cstdint>
#include <cstring>

#include <png.h>

#include "engine/core/paths.h"
#include "engine/shape/mesh_reader.h"

namespace nuri::shape {
namespace {
constexpr std::size_t most_bytes = std::size_t{512} << 20;
constexpr std::size_t deflate_ratio = 1032;   // zlib's format cannot pack tighter: less data than this cannot hold the picture

struct Pixels {
  std::vector<unsigned char> bytes;
  std::vector<png_bytep> row;
  uint32_t width = 0, height = 0;
  int channels = 0, depth = 0;
  char failure[200] = "";
  const char* code = "bad-image";
};

struct Source { const unsigned char* at; std::size_t left; Pixels* pixels; };

void fail(Pixels& p, const char* code, const char* why) {
  p.code = code;
  std::strncpy(p.failure, why, sizeof p.failure - 1);
}

extern "C" {
void give_bytes(png_structp png, png_bytep out, size_t n) {
  Source& source = *static_cast<Source*>(png_get_io_ptr(png));
  if (n > source.left) png_error(png, "the file ends early");
  std::memcpy(out, source.at, n);
  source.at += n;
  source.left -= n;
}
[[noreturn]] void on_error(png_structp png, png_const_charp why) {
  fail(*static_cast<Pixels*>(png_get_error_ptr(png)), "bad-image", why);
  png_longjmp(png, 1);
}
void on_warning(png_structp, png_const_charp) {}
}

// libpng leaves by longjmp: nothing with a destructor may begin in here.
bool decode(Source& source, Pixels& pixels) {
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &pixels, on_error, on_warning);
  png_infop info = png ? png_create_info_struct(png) : nullptr;
  if (!info) return png_destroy_read_struct(&png, nullptr, nullptr), fail(pixels, "bad-image", "no memory"), false;
  const std::size_t size = source.left;
  if (setjmp(png_jmpbuf(png))) return png_destroy_read_struct(&png, &info, nullptr), false;
  png_set_read_fn(png, &source, give_bytes);
  png_set_user_limits(png, 0x7fffffff, 0x7fffffff);          // ours below say more
  png_set_chunk_malloc_max(png, 8 << 20);
  png_set_chunk_cache_max(png, 100);
  png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
  png_read_info(png, info);

  // the size, before memory is taken for it
  pixels.width = png_get_image_width(png, info), pixels.height = png_get_image_height(png, info);
  if (pixels.width > uint32_t(limits::grid_side) || pixels.height > uint32_t(limits::grid_side)) {
    return fail(pixels, "image-too-large", "it has more than 8192 rows or columns"), png_destroy_read_struct(&png, &info, nullptr), false;
  }
  const std::size_t raw = png_get_rowbytes(png, info) * pixels.height;
  if (raw > size * deflate_ratio) png_error(png, "the file is too short for a picture of this size");

  // grey or three equal colours, 8 or 16 bits, as the file has them: no gamma, no alpha
  if (png_get_color_type(png, info) == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
  else if (png_get_bit_depth(png, info) < 8) png_set_expand_gray_1_2_4_to_8(png);
  png_set_strip_alpha(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  pixels.channels = png_get_channels(png, info), pixels.depth = png_get_bit_depth(png, info);
  const std::size_t row_bytes = png_get_rowbytes(png, info);
  pixels.bytes.assign(row_bytes * pixels.height, 0);
  pixels.row.resize(pixels.height);
  for (uint32_t r = 0; r < pixels.height; ++r) pixels.row[r] = pixels.bytes.data() + row_bytes * r;
  png_read_image(png, pixels.row.data());
  png_read_end(png, nullptr);
  png_destroy_read_struct(&png, &info, nullptr);
  return true;
}

// To 0 .. 1: lowest and highest value; all 0 if they are the same. As MuJoCo.
void normalise(std::vector<float>& values) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  const double from = *low, span = double(*high) - from;
  for (float& v : values) v = span > 0 ? static_cast<float>((v - from) / span) : 0.0f;
}

Result<Grid> read_png(const std::string& content) {
  Pixels pixels;
  Source source{reinterpret_cast<const unsigned char*>(content.data()), content.size(), &pixels};
  if (!decode(source, pixels)) return mesh_error(pixels.code, std::string("the PNG cannot be used: ") + pixels.failure);
  Grid grid{static_cast<int>(pixels.height), static_cast<int>(pixels.width), {}};
  const int bytes = pixels.depth / 8, stride = bytes * pixels.channels;
  grid.elevation.reserve(std::size_t(grid.rows) * grid.columns);
  for (int r = grid.rows - 1; r >= 0; --r) {   // the top row of the picture is at +y
    for (int c = 0; c < grid.columns; ++c) {
      const unsigned char* p = pixels.row[r] + std::size_t(c) * stride;
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
