// Colours of numbers: what is nearer is brighter, neighbours among names differ, and nothing looks like nothing.
#include "tools/editor/workbench/false_colour.h"
#include <doctest/doctest.h>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <vector>
#include "engine/scene/eyes.h"

using namespace nuri::editor::false_colour;
namespace output = nuri::scene::eye_output;

namespace {
constexpr float none = std::numeric_limits<float>::quiet_NaN(), endless = std::numeric_limits<float>::infinity();
double light(const Rgb& c) { return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2]; }
}  // namespace

TEST_CASE("false colour: distances grow darker, evenly by factors, and end at their scale") {
  const Scale scale{0.1f, 10};
  double before = 256;
  for (int i = 0; i <= 100; ++i) {
    const Rgb c = of_distance(0.1f * std::pow(100.0f, float(i) / 100), scale);
    CHECK(light(c) < before);
    CHECK(c != nothing);
    before = light(c);
  }
  CHECK(of_distance(0.01f, scale) == of_distance(0.1f, scale));
  CHECK(of_distance(100, scale) == of_distance(10, scale));
  for (const float bad : {0.0f, -1.0f, none, endless}) CHECK(of_distance(bad, scale) == nothing);
  CHECK(of_distance(1, Scale{}) == nothing);
}

TEST_CASE("false colour: a scale holds what was met in round numbers, and stays while that moves a little") {
  const auto of = [](std::vector<float> distances) { return scale_of(distances); };
  CHECK(of({0.73f, 3.2f, 0, none, endless, -1}) == Scale{0.5f, 5});
  CHECK(of({0.74f, 3.3f}) == of({0.73f, 3.2f}));
  CHECK(of({}) == Scale{});
  CHECK(of({0, 0, none}) == Scale{});
  for (const float lone : {1e-6f, 0.001f, 0.1f, 0.2f, 1.0f, 1.5f, 5.0f, 10.0f, 999.0f, 1e6f}) {
    CAPTURE(lone);
    const Scale s = of({lone});
    CHECK(s.near <= lone * 1.00001f);
    CHECK(s.far >= lone * 0.99999f);
    CHECK(s.far > s.near);
    CHECK(s.far <= 2.6f * s.near);
  }
}

TEST_CASE("false colour: names have colours that differ from those around them") {
  std::vector<Rgb> all;
  for (int i = 0; i < 64; ++i) all.push_back(of_number(i));
  for (size_t i = 0; i < all.size(); ++i) {
    CHECK(all[i] != nothing);
    CHECK(all[i] != unnamed);
    for (size_t j = i + 1; j < std::min(all.size(), i + 4); ++j) {
      int most = 0;
      for (size_t k = 0; k < 3; ++k) most = std::max(most, std::abs(all[i][k] - all[j][k]));
      CAPTURE(i);
      CAPTURE(j);
      CHECK(most >= 48);                         // far apart for an eye
    }
    for (size_t j = i + 1; j < all.size(); ++j) CHECK(all[i] != all[j]);
  }
  CHECK(of_number(-1) == nothing);
  of_number(std::numeric_limits<int32_t>::max());
}

TEST_CASE("false colour: directions are their components") {
  const float x[] = {1, 0, 0}, down[] = {0, 0, -1}, zero[] = {0, 0, 0}, bad[] = {0, none, 1};
  CHECK(of_direction(x) == Rgb{255, 128, 128});
  CHECK(of_direction(down) == Rgb{128, 128, 0});
  CHECK(of_direction(zero) == nothing);
  CHECK(of_direction(bad) == nothing);
}

TEST_CASE("false colour: a picture is painted pixel by pixel, whatever is in it") {
  const uint8_t colours[] = {1, 2, 3, 250, 251, 252};
  const float reals[] = {1, none, 5, 0, -1, endless};
  const int32_t names[] = {4, -1};
  const Scale scale{1, 10};
  std::array<uint8_t, 8> out{};
  const auto pixel = [&](size_t i) { return Rgb{out[4 * i], out[4 * i + 1], out[4 * i + 2]}; };
  paint(output::rgb, colours, 2, scale, out.data());
  CHECK(out == std::array<uint8_t, 8>{1, 2, 3, 255, 250, 251, 252, 255});
  for (const uint32_t one : {output::depth, output::range}) {
    paint(one, reals, 2, scale, out.data());
    CHECK(pixel(0) == of_distance(1, scale));
    CHECK(pixel(1) == nothing);
  }
  for (const uint32_t one : {output::geom, output::body, output::label}) {
    paint(one, names, 2, scale, out.data());
    CHECK(pixel(0) == of_number(4));
    CHECK(pixel(1) == nothing);
    const int32_t zero[] = {0, 1};
    paint(one, zero, 2, scale, out.data());
    CHECK(pixel(0) == (one == output::geom ? of_number(0) : unnamed));
    CHECK(pixel(1) == of_number(1));
  }
  for (const uint32_t one : {output::normal, output::point}) {
    paint(one, reals, 2, scale, out.data());
    CHECK(pixel(0) == nothing);
    CHECK(pixel(1) == nothing);
  }
  paint(output::intensity, reals, 2, scale, out.data());
  CHECK(pixel(0) == Rgb{255, 255, 255});
  CHECK(pixel(1) == Rgb{0, 0, 0});
  CHECK(out[7] == 255);
}
