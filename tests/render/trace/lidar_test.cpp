// Lidars in rooms whose walls have a closed form.
#include "tests/render/trace/viewing.h"

namespace nuri::trace::test {
namespace {
constexpr double close = 1e-5;

// A room of 8 x 6 x 4 m around the origin, its walls boxes of 0.2 m.
model::SceneMaker room() {
  model::SceneMaker maker;
  maker.geom(0, GeomType::box, {0.1, 4, 3}, {4.1, 0, 0}).rgba = {1, 1, 1, 1};
  maker.geom(0, GeomType::box, {0.1, 4, 3}, {-4.1, 0, 0}).rgba = {1, 1, 1, 1};
  maker.geom(0, GeomType::box, {5, 0.1, 3}, {0, 3.1, 0}).rgba = {0.5f, 0.5f, 0.5f, 1};
  maker.geom(0, GeomType::box, {5, 0.1, 3}, {0, -3.1, 0}).rgba = {0.5f, 0.5f, 0.5f, 1};
  maker.geom(0, GeomType::box, {5, 4, 0.1}, {0, 0, 2.1}).rgba = {1, 0, 0, 1};
  maker.geom(0, GeomType::box, {5, 4, 0.1}, {0, 0, -2.1}).rgba = {1, 0, 0, 1};
  return maker;
}
struct Wall { double range, cosine; int axis; };
Wall wall(const Triple& o, const Triple& d) {
  const Triple half{4, 3, 2};
  Wall out{1e9, 0, 0};
  for (size_t k = 0; k < 3; ++k) {
    const double t = d[k] == 0 ? 1e9 : ((d[k] > 0 ? half[k] : -half[k]) - o[k]) / d[k];
    if (t < out.range) out = {t, std::abs(d[k]), int(k)};
  }
  return out;
}
Sensor lidar(Scan scan, const Triple& pos) {
  Sensor s;
  s.name = "lidar";
  s.optics = scan;
  s.outputs = output::range | output::intensity | output::point | output::geom;
  s.pos = pos;
  s.far = 100;
  return s;
}
}  // namespace

TEST_CASE("range, intensity and points of every pattern in a room") {
  for (const Scan::Pattern pattern : {Scan::Pattern::spinning, Scan::Pattern::raster, Scan::Pattern::rosette}) {
    CAPTURE(int(pattern));
    Scan scan;
    scan.pattern = pattern;
    scan.rows = 12, scan.columns = 90;
    if (pattern == Scan::Pattern::spinning) scan.elevations = {0.5, 0.31, 0.2, 0.1, 0.05, 0, -0.05, -0.1, -0.2, -0.4, -0.7};
    if (pattern == Scan::Pattern::raster) scan.from = -0.6, scan.to = 0.7, scan.low = -0.3, scan.high = 0.4;
    if (pattern == Scan::Pattern::rosette) scan.high = 0.6;
    Sensor s = lidar(scan, {0.5, -0.7, 0.3});
    s.quat = shape::unit({0.9, 0.1, -0.2, 0.35});
    const Picture p(shared(room().model()), s);
    const auto rays = rays_of(s);
    const Directions own = *directions(scan);
    for (size_t i = 0; i < rays.size(); ++i) {
      const int x = int(i) % own.width, y = int(i) / own.width;
      const Wall w = wall(s.pos, rays[i]);
      REQUIRE(p.number(output::range, x, y) == doctest::Approx(w.range).epsilon(close));
      const double albedo = w.axis == 0 ? 1 : w.axis == 1 ? 0.214041140482 : 0.2126;
      CHECK(p.number(output::intensity, x, y) == doctest::Approx(albedo * w.cosine).epsilon(1e-4));
      for (int k = 0; k < 3; ++k) CHECK(std::abs(p.number(output::point, x, y, k) - w.range * own.each[i][size_t(k)]) < 1e-4);
      CHECK(p.whole(output::geom, x, y) / 2 == w.axis);
    }
  }
}

TEST_CASE("a spinning lidar's rows are its beams from above, its columns go round from the left") {
  Scan scan;
  scan.rows = 3, scan.columns = 4;
  scan.low = -0.3, scan.high = 0.3;
  const Directions d = *directions(scan);
  REQUIRE(d.width == 4);
  REQUIRE(d.height == 3);
  CHECK(d.each[0][2] == doctest::Approx(std::sin(0.3)).epsilon(1e-12));
  CHECK(d.each[4][0] == doctest::Approx(-1).epsilon(1e-12));       // behind,
  CHECK(d.each[5][1] == doctest::Approx(1).epsilon(1e-12));        //   left,
  CHECK(d.each[6][0] == doctest::Approx(1).epsilon(1e-12));        //   ahead,
  CHECK(d.each[7][1] == doctest::Approx(-1).epsilon(1e-12));       //   right
}

TEST_CASE("out of reach is nothing") {
  Scan scan;
  scan.rows = 4, scan.columns = 64;
  Sensor s = lidar(scan, {0, 0, 0});
  s.far = 3.5, s.near = 3.05, s.nothing = -1;
  const Picture p(shared(room().model()), s);
  const auto rays = rays_of(s);
  int met = 0;
  for (size_t i = 0; i < rays.size(); ++i) {
    const double range = wall({0, 0, 0}, rays[i]).range;
    const float got = p.number(output::range, int(i) % 64, int(i) / 64);
    if (range > 3.05 && range < 3.5) {
      CHECK(got == doctest::Approx(range).epsilon(close));
      ++met;
    }
    if (range > 3.5) CHECK(got == -1);
  }
  CHECK(met > 20);
}

}  // namespace nuri::trace::test
