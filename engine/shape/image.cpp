// PNG through libpng.
#include "engine/shape/image.h"

#include <csetjmp>
#include <cstring>

#include <png.h>

#include "engine/core/paths.h"
#include "engine/shape/mesh_reader.h"

namespace nuri::shape {
namespace {
constexpr std::size_t most_bytes = std::size_t{512} << 20;
constexpr std::size_t deflate_ratio = 1032;   // zlib's format cannot pack tighter: less data than this cannot hold the picture

struct Decoding {
  Pixels pixels;
  std::vector<png_bytep> row;
  const unsigned char* at;
  std::size_t left;
  bool colours;
  char failure[200] = "";
  const char* code = "bad-image";
};

void fail(Decoding& d, const char* code, const char* why) {
  d.code = code;
  std::strncpy(d.failure, why, sizeof d.failure - 1);
}

extern "C" {
void give_bytes(png_structp png, png_bytep out, size_t n) {
  Decoding& source = *static_cast<Decoding*>(png_get_io_ptr(png));
  if (n > source.left) png_error(png, "the file ends early");
  std::memcpy(out, source.at, n);
  source.at += n;
  source.left -= n;
}
[[noreturn]] void on_error(png_structp png, png_const_charp why) {
  fail(*static_cast<Decoding*>(png_get_error_ptr(png)), "bad-image", why);
  png_longjmp(png, 1);
}
void on_warning(png_structp, png_const_charp) {}
void append_bytes(png_structp png, png_bytep bytes, size_t n) { static_cast<std::string*>(png_get_io_ptr(png))->append(reinterpret_cast<const char*>(bytes), n); }
void flush_bytes(png_structp) {}
}

// libpng leaves by longjmp: nothing with a destructor may begin in here.
bool decode(Decoding& d) {
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &d, on_error, on_warning);
  png_infop info = png ? png_create_info_struct(png) : nullptr;
  if (!info) return png_destroy_read_struct(&png, nullptr, nullptr), fail(d, "bad-image", "no memory"), false;
  const std::size_t size = d.left;
  Pixels& pixels = d.pixels;
  if (setjmp(png_jmpbuf(png))) return png_destroy_read_struct(&png, &info, nullptr), false;
  png_set_read_fn(png, &d, give_bytes);
  png_set_user_limits(png, 0x7fffffff, 0x7fffffff);          // ours below say more
  png_set_chunk_malloc_max(png, 8 << 20);
  png_set_chunk_cache_max(png, 100);
  png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
  png_read_info(png, info);

  // the size, before memory is taken for it
  pixels.width = png_get_image_width(png, info), pixels.height = png_get_image_height(png, info);
  if (pixels.width > uint32_t(limits::grid_side) || pixels.height > uint32_t(limits::grid_side)) {
    return fail(d, "image-too-large", "it has more than 8192 rows or columns"), png_destroy_read_struct(&png, &info, nullptr), false;
  }
  const std::size_t raw = png_get_rowbytes(png, info) * pixels.height;
  if (raw > size * deflate_ratio) png_error(png, "the file is too short for a picture of this size");

  // as the file has them: no gamma
  if (png_get_color_type(png, info) == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
  else if (png_get_bit_depth(png, info) < 8) png_set_expand_gray_1_2_4_to_8(png);
  if (d.colours) {
    if (png_get_valid(png, info, PNG_INFO_tRNS)) png_set_tRNS_to_alpha(png);
    png_set_scale_16(png);
    png_set_gray_to_rgb(png);
    png_set_add_alpha(png, 0xff, PNG_FILLER_AFTER);
  } else {
    png_set_strip_alpha(png);
  }
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  pixels.channels = png_get_channels(png, info), pixels.depth = png_get_bit_depth(png, info);
  const std::size_t row_bytes = png_get_rowbytes(png, info);
  pixels.bytes.assign(row_bytes * pixels.height, 0);
  d.row.resize(pixels.height);
  for (uint32_t r = 0; r < pixels.height; ++r) d.row[r] = pixels.bytes.data() + row_bytes * r;
  png_read_image(png, d.row.data());
  png_read_end(png, nullptr);
  png_destroy_read_struct(&png, &info, nullptr);
  return true;
}

struct Encoding {
  std::string out;
  std::vector<png_bytep> row;
};

bool encode(const Pixels& pixels, Encoding& e) {
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, on_warning);
  png_infop info = png ? png_create_info_struct(png) : nullptr;
  if (!info) return png_destroy_write_struct(&png, nullptr), false;
  if (setjmp(png_jmpbuf(png))) return png_destroy_write_struct(&png, &info), false;
  png_set_write_fn(png, &e.out, append_bytes, flush_bytes);
  png_set_IHDR(png, info, pixels.width, pixels.height, pixels.depth, pixels.channels == 1 ? PNG_COLOR_TYPE_GRAY : pixels.channels == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_RGBA,
               PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  png_write_image(png, e.row.data());
  png_write_end(png, nullptr);
  png_destroy_write_struct(&png, &info);
  return true;
}
}  // namespace

Result<Pixels> decode_png(const std::string& content, bool colours) {
  Decoding d{{}, {}, reinterpret_cast<const unsigned char*>(content.data()), content.size(), colours};
  if (!decode(d)) return mesh_error(d.code, std::string("the PNG cannot be used: ") + d.failure);
  return std::move(d.pixels);
}

Result<Pixels> read_image(const std::string& path) {
  const Result<std::string> content = read_file(path, most_bytes);
  if (!content) return content.errors();
  if (!content->starts_with("\x89PNG")) return mesh_error("unsupported-image", "only PNG pictures are read", "convert it to PNG");
  return decode_png(*content, true);
}

std::string encode_png(const Pixels& pixels) {
  Encoding e;
  const std::size_t row_bytes = std::size_t(pixels.width) * std::size_t(pixels.channels) * std::size_t(pixels.depth / 8);
  for (uint32_t r = 0; r < pixels.height; ++r) e.row.push_back(const_cast<png_bytep>(pixels.bytes.data() + row_bytes * r));
  return encode(pixels, e) ? std::move(e.out) : std::string();
}

}  // namespace nuri::shape
