// PNG to colours and back.
#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "engine/shape/image.h"

using namespace nuri;
using namespace nuri::shape;

namespace {
Pixels noise(uint32_t width, uint32_t height, int channels, int depth) {
  Pixels p{width, height, channels, depth, {}};
  std::mt19937 random(width + 10 * height + 100 * uint32_t(channels));
  p.bytes.resize(size_t(width) * height * size_t(channels) * size_t(depth / 8));
  for (unsigned char& b : p.bytes) b = static_cast<unsigned char>(random());
  return p;
}
}  // namespace

TEST_CASE("what is written is read again") {
  for (const auto& [width, height] : {std::pair{1u, 1u}, {7u, 3u}, {64u, 65u}}) {
    const Pixels rgba = noise(width, height, 4, 8);
    const auto back = decode_png(encode_png(rgba), true);
    REQUIRE(back);
    CHECK(back->width == width);
    CHECK(back->height == height);
    CHECK(back->bytes == rgba.bytes);
    const Pixels rgb = noise(width, height, 3, 8);
    const auto opaque = decode_png(encode_png(rgb), true);
    REQUIRE(opaque);
    bool same = opaque->channels == 4;
    for (size_t i = 0; i < size_t(width) * height; ++i) same = same && std::equal(&rgb.bytes[3 * i], &rgb.bytes[3 * i] + 3, &opaque->bytes[4 * i]) && opaque->bytes[4 * i + 3] == 255;
    CHECK(same);
    const Pixels deep = noise(width, height, 1, 16);
    const auto grey = decode_png(encode_png(deep), false);
    REQUIRE(grey);
    CHECK(grey->depth == 16);
    CHECK(grey->bytes == deep.bytes);
  }
}

TEST_CASE("16 bits become 8, rounded") {
  Pixels deep{4, 1, 1, 16, {0, 0, 0x80, 0x80, 0xff, 0xff, 0x01, 0x40}};
  const auto image = decode_png(encode_png(deep), true);
  REQUIRE(image);
  CHECK(image->bytes[0] == 0);
  CHECK(image->bytes[4] == 0x80);
  CHECK(image->bytes[8] == 0xff);
  CHECK(image->bytes[12] == 1);
  CHECK(image->bytes[13] == 1);                    // grey: three equal colours
}

TEST_CASE("damaged pictures are errors") {
  const std::string good = encode_png(noise(20, 20, 4, 8));
  CHECK(!decode_png("", true));
  CHECK(!decode_png(good.substr(0, good.size() / 2), true));
  std::mt19937 random(5);
  for (int i = 0; i < 500; ++i) {
    std::string bad = good;
    bad[8 + random() % (bad.size() - 8)] ^= char(1 + random() % 255);
    CHECK(!decode_png(bad, true));                 // every byte is under a checksum
  }
  CHECK(!read_image("no/such/file.png"));
}
