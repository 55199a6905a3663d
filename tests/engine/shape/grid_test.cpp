// Height-field files. What MuJoCo 3.17 made of the same bytes is in the comments.
#include <doctest/doctest.h>

#include <png.h>

#include "tests/engine/shape/mesh_maker.h"

using namespace nuri;
using namespace nuri::shape;
using namespace nuri::shape::test;

namespace {
// rows of samples, as many per pixel as the colour type has
std::string png_file(const std::vector<std::vector<int>>& rows, int bits, int colour, bool interlaced = false) {
  std::string out;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(png, &out, [](png_structp p, png_bytep data, size_t n) { static_cast<std::string*>(png_get_io_ptr(p))->append(reinterpret_cast<char*>(data), n); }, nullptr);
  const int channels = colour == PNG_COLOR_TYPE_RGB ? 3 : colour == PNG_COLOR_TYPE_GRAY_ALPHA ? 2 : 1;
  png_set_IHDR(png, info, rows[0].size() / channels, rows.size(), bits, colour, interlaced, 0, 0);
  png_color palette[16];
  for (int i = 0; i < 16; ++i) palette[i].red = palette[i].green = palette[i].blue = static_cast<png_byte>(10 * i);
  if (colour == PNG_COLOR_TYPE_PALETTE) png_set_PLTE(png, info, palette, 16);
  png_write_info(png, info);
  std::vector<std::string> bytes;
  std::vector<png_bytep> pointers;
  for (const auto& row : rows) {
    std::string& b = bytes.emplace_back();
    if (bits < 8) b.resize((row.size() * bits + 7) / 8);
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (bits < 8) { b[i * bits / 8] = static_cast<char>(b[i * bits / 8] | row[i] << (8 - bits - i * bits % 8)); continue; }
      if (bits == 16) b += static_cast<char>(row[i] >> 8);
      b += static_cast<char>(row[i]);
    }
  }
  for (auto& b : bytes) pointers.push_back(reinterpret_cast<png_bytep>(b.data()));
  png_write_image(png, pointers.data());
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return out;
}
std::string binary(int rows, int columns, const std::vector<float>& values) {
  std::string out;
  put(out, rows), put(out, columns);
  for (float v : values) put(out, v);
  return out;
}
void check(const Result<Grid>& grid, int rows, int columns, const std::vector<double>& values) {
  REQUIRE(grid);
  CHECK(grid->rows == rows);
  CHECK(grid->columns == columns);
  REQUIRE(grid->elevation.size() == values.size());
  for (std::size_t i = 0; i < values.size(); ++i) CHECK(grid->elevation[i] == doctest::Approx(values[i]).epsilon(1e-7));
}
// The CRC of a chunk that was changed at `at`, so that only the change matters.
void mend(std::string& file, std::size_t chunk) {
  uint32_t length = 0, crc = 0xffffffffu;
  for (int k = 0; k < 4; ++k) length = length << 8 | static_cast<unsigned char>(file[chunk + k]);
  for (std::size_t i = chunk + 4; i < chunk + 8 + length; ++i) {
    crc ^= static_cast<unsigned char>(file[i]);
    for (int k = 0; k < 8; ++k) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
  }
  crc = ~crc;
  for (int k = 0; k < 4; ++k) file[chunk + 8 + length + k] = static_cast<char>(crc >> (24 - 8 * k));
}
}  // namespace

TEST_CASE("PNG: the top row is at +y, values from lowest to highest") {
  const TemporaryFolder f;
  auto read = [&](const std::string& content) { return read_grid(f.write("a.png", content)); };
  const std::vector<std::vector<int>> grey{{0, 10, 20}, {30, 40, 250}};
  const std::vector<double> as_mujoco{0.12, 0.16, 1, 0, 0.04, 0.08};
  check(read(png_file(grey, 8, PNG_COLOR_TYPE_GRAY)), 2, 3, as_mujoco);
  check(read(png_file(grey, 8, PNG_COLOR_TYPE_GRAY, true)), 2, 3, as_mujoco);
  check(read(png_file({{0, 255, 10, 255, 20, 0}, {30, 255, 40, 255, 250, 255}}, 8, PNG_COLOR_TYPE_GRAY_ALPHA)), 2, 3, as_mujoco);
  check(read(png_file({{0, 0, 0, 10, 10, 10, 20, 20, 20}, {30, 30, 30, 40, 40, 40, 250, 250, 250}}, 8, PNG_COLOR_TYPE_RGB)), 2, 3, as_mujoco);
  check(read(png_file({{0, 1, 2}, {3, 4, 9}}, 8, PNG_COLOR_TYPE_PALETTE)), 2, 3, {3 / 9.0, 4 / 9.0, 1, 0, 1 / 9.0, 2 / 9.0});
  check(read(png_file({{0, 1, 2}, {3, 4, 9}}, 4, PNG_COLOR_TYPE_GRAY)), 2, 3, {3 / 9.0, 4 / 9.0, 1, 0, 1 / 9.0, 2 / 9.0});
  check(read(png_file({{7, 7, 7}, {7, 7, 7}}, 8, PNG_COLOR_TYPE_GRAY)), 2, 3, {0, 0, 0, 0, 0, 0});
  // 16 bits are kept; MuJoCo reads 8 of them (0.4588 for 30000)
  check(read(png_file({{0, 1000, 5140}, {30000, 40000, 65535}}, 16, PNG_COLOR_TYPE_GRAY)), 2, 3, {30000 / 65535.0, 40000 / 65535.0, 1, 0, 1000 / 65535.0, 5140 / 65535.0});
  CHECK(code(read(png_file({{0, 0, 0, 10, 20, 30}}, 8, PNG_COLOR_TYPE_RGB))) == "not-grey");
}

TEST_CASE("MuJoCo's binary file: the first row is at -y") {
  const TemporaryFolder f;
  check(read_grid(f.write("a.bin", binary(2, 3, {1, 2, 3, 4, 5, 9}))), 2, 3, {0, 0.125, 0.25, 0.375, 0.5, 1});
  check(read_grid(f.write("a.bin", binary(2, 3, {-5, 2, 3, 4, 5, 9}))), 2, 3, {0, 7 / 14.0, 8 / 14.0, 9 / 14.0, 10 / 14.0, 1});
  const std::pair<std::string, const char*> bad[] = {
    {"", "truncated-height-field"}, {binary(2, 3, {1, 2, 3, 4, 5}), "truncated-height-field"}, {binary(2, 3, {1, 2, 3, 4, 5, 6, 7}), "bad-height-field"},
    {binary(0, 3, {}), "bad-height-field"}, {binary(-1, -1, {1}), "bad-height-field"}, {binary(65536, 65536, {}), "image-too-large"},
    {binary(2147483647, 2, {}), "image-too-large"}, {binary(1, 2, {1, NAN}), "bad-height-field"}, {binary(1, 2, {1, INFINITY}), "bad-height-field"},
  };
  for (const auto& b : bad) CHECK(code(read_grid(f.write("b.bin", b.first))) == b.second);
  check(read_grid(f.write("c.bin", binary(1, 2, {-3e38f, 3e38f}))), 1, 2, {0, 1});
}

TEST_CASE("bad PNG files") {
  const TemporaryFolder f;
  auto read = [&](const std::string& content) { return code(read_grid(f.write("a.png", content))); };
  const std::string good = png_file({{0, 10, 20}, {30, 40, 250}}, 8, PNG_COLOR_TYPE_GRAY);
  CHECK(read("") == "bad-image");
  CHECK(read("not a picture") == "bad-image");
  std::string s = good;
  s[good.find("IDAT") + 8] ^= 1;
  CHECK(read(s) == "bad-image");   // checksum
  // a bomb: 65535 x 65535, then 8192 x 8192 in 20 bytes of data; neither may take memory first
  for (const auto& bomb : {std::pair{65535u, "image-too-large"}, std::pair{8192u, "bad-image"}}) {
    const unsigned side = bomb.first;
    s = good;
    for (int k = 0; k < 8; ++k) s[16 + k] = static_cast<char>(side >> (24 - 8 * (k % 4)));
    mend(s, 8);
    CHECK(read(s) == bomb.second);
  }
  for (std::size_t n = 0; n < good.size(); ++n) {
    CAPTURE(n);
    CHECK(read(good.substr(0, n)) == "bad-image");
  }
}
