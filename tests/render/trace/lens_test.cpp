// Known points through every lens model, and the way back.
#include "tests/render/trace/viewing.h"

namespace nuri::trace::test {
namespace {
constexpr double exactly = 1e-9;                 // px; Newton's end is 1e-12 of the focal length

// Every seen pixel's direction must fall back on the pixel's centre.
int returns(const Lens& lens) {
  const Directions d = *directions(lens);
  int seen = 0;
  for (int y = 0; y < lens.height; ++y)
    for (int x = 0; x < lens.width; ++x) {
      const Triple& v = d.each[size_t(y * lens.width + x)];
      if (dot(v, v) < 0.5) continue;
      ++seen;
      CHECK(dot(v, v) == doctest::Approx(1).epsilon(1e-14));
      double u = 0, w = 0;
      REQUIRE(project(lens, {3 * v[0], 3 * v[1], 3 * v[2]}, u, w));
      REQUIRE(std::abs(u - (x + 0.5)) < exactly);
      REQUIRE(std::abs(w - (y + 0.5)) < exactly);
    }
  return seen;
}
}  // namespace

TEST_CASE("pinhole: fovy and intrinsics") {
  Lens lens;
  lens.width = 40, lens.height = 20;
  lens.fovy = 2 * std::atan(0.5);                // the upper edge lies at y / z = 1/2: fy = 20
  double u = 0, v = 0;
  REQUIRE(project(lens, {0.25, 0.1, -1}, u, v));
  CHECK(u == doctest::Approx(20 + 20 * 0.25).epsilon(1e-12));
  CHECK(v == doctest::Approx(10 - 20 * 0.1).epsilon(1e-12));
  CHECK_FALSE(project(lens, {0, 0, 1}, u, v));
  CHECK(returns(lens) == 800);
  lens.fx = 31, lens.fy = 29, lens.cx = 17.25, lens.cy = 11.5;
  REQUIRE(project(lens, {0.5, -0.5, -2}, u, v));
  CHECK(u == doctest::Approx(17.25 + 31 * 0.25).epsilon(1e-12));
  CHECK(v == doctest::Approx(11.5 + 29 * 0.25).epsilon(1e-12));
  CHECK(returns(lens) == 800);
}

TEST_CASE("radial and tangential distortion, as OpenCV writes it") {
  Lens lens;
  lens.model = Lens::Model::radial;
  lens.width = 64, lens.height = 48, lens.fx = 50, lens.fy = 52, lens.cx = 31, lens.cy = 25;
  lens.distortion = {-0.28, 0.07, 1.2e-3, -7e-4, 0.01, 0, 0, 0};
  // x' = 0.3, y' = -0.2 by hand: r^2 = 0.13, radial 1 - 0.0364 + 0.001183 + 0.00002197 = 0.96480497
  const double q = 0.96480497, x = 0.3 * q + 2 * 1.2e-3 * 0.3 * -0.2 - 7e-4 * (0.13 + 0.18), y = -0.2 * q + 1.2e-3 * (0.13 + 0.08) - 2 * 7e-4 * 0.3 * -0.2;
  double u = 0, v = 0;
  REQUIRE(project(lens, {0.6, 0.4, -2}, u, v));
  CHECK(u == doctest::Approx(31 + 50 * x).epsilon(1e-12));
  CHECK(v == doctest::Approx(25 + 52 * y).epsilon(1e-12));
  CHECK(returns(lens) == 64 * 48);
  lens.distortion = {0.3, -0.2, 0, 0, 0.05, 0.35, -0.1, 0.02};       // the rational model
  CHECK(returns(lens) == 64 * 48);
}

TEST_CASE("a lens that folds sees nothing beyond the fold") {
  Lens lens;
  lens.model = Lens::Model::radial;
  lens.width = 200, lens.height = 4, lens.fx = 60, lens.fy = 60;
  lens.distortion = {-0.3};                      // x (1 - 0.3 x^2) turns back at x = sqrt(1 / 0.9) = 1.0541, where it is 0.7027
  const Directions d = *directions(lens);
  int seen = 0;
  for (int x = 0; x < 200; ++x) seen += dot(d.each[size_t(200 + x)], d.each[size_t(200 + x)]) > 0.5;
  CHECK(std::abs(seen - 2 * 60 * 0.7027) <= 2);
  CHECK(returns(lens) == 4 * seen);
}

TEST_CASE("fisheye: equidistant, distorted, past a half turn") {
  Lens lens;
  lens.model = Lens::Model::fisheye;
  lens.width = 90, lens.height = 90;
  lens.fovy = 3.6651914291880923;                // 210 degrees: 24.5... px per rad
  const double f = 90 / lens.fovy;
  double u = 0, v = 0;
  REQUIRE(project(lens, {1, 0, 0}, u, v));       // 90 degrees to the right
  CHECK(u == doctest::Approx(45 + f * 1.5707963267948966).epsilon(1e-12));
  CHECK(v == doctest::Approx(45).epsilon(1e-12));
  REQUIRE(project(lens, {0, 1, 1}, u, v));       // 135 degrees up: behind
  CHECK(v == doctest::Approx(45 - f * 2.356194490192345).epsilon(1e-12));
  CHECK(returns(lens) == 90 * 90);
  lens.fx = lens.fy = 40;
  lens.distortion = {0.05, -0.01, 0.002, -0.0003};
  const double a = 0.7, b = a * a;
  REQUIRE(project(lens, {std::sin(a), 0, -std::cos(a)}, u, v));
  CHECK(u == doctest::Approx(45 + 40 * a * (1 + 0.05 * b - 0.01 * b * b + 0.002 * b * b * b - 0.0003 * b * b * b * b)).epsilon(1e-12));
  CHECK(returns(lens) > 6000);
}

TEST_CASE("ray tables hold every pixel once, in blocks of neighbours") {
  Lens lens;
  lens.width = 21, lens.height = 13;
  const Directions d = *directions(lens);
  const RayTable t = make_rays(d);
  REQUIRE(t.blocks == 3 * 2);
  std::vector<int> count(21 * 13, 0);
  for (int b = 0; b < t.blocks; ++b)
    for (int k = 0; k < 64; ++k) {
      const float* const v = &t.direction[size_t(192 * b + k)];
      const float* const c = &t.cone[size_t(5 * b)];
      CHECK(v[0] * c[0] + v[64] * c[1] + v[128] * c[2] >= c[3]);
      const int p = t.pixel[size_t(64 * b + k)];
      if (p < 0) continue;
      ++count[size_t(p)];
      CHECK(v[0] == float(d.each[size_t(p)][0]));
      CHECK(v[128] == float(d.each[size_t(p)][2]));
    }
  for (int n : count) CHECK(n == 1);
  // four in a row are a tile of 2 x 2
  CHECK(t.pixel[0] == 0);
  CHECK(t.pixel[1] == 1);
  CHECK(t.pixel[2] == 21);
  CHECK(t.pixel[3] == 22);
  CHECK(t.pixel[4] == 2);
}

TEST_CASE("bad lenses and scans are refused") {
  Lens lens;
  lens.width = 0;
  CHECK_FALSE(directions(lens));
  lens = {}, lens.width = 1 << 20, lens.height = 1 << 20;
  CHECK_FALSE(directions(lens));
  for (double fovy : {-1.0, 3.2, double(NAN), double(INFINITY)}) {
    lens = {}, lens.fovy = fovy;
    CHECK_FALSE(directions(lens));
  }
  lens = {}, lens.distortion[3] = NAN;
  CHECK_FALSE(directions(lens));
  Scan scan;
  scan.columns = -4;
  CHECK_FALSE(directions(scan));
  scan = {}, scan.high = INFINITY;
  CHECK_FALSE(directions(scan));
  scan = {}, scan.elevations = {0.0, NAN};
  CHECK_FALSE(directions(scan));
}

}  // namespace nuri::trace::test
