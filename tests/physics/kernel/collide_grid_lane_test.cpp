// Narrow phase of height fields: as a plane where flat, no seams, slopes, valleys, ridges and peaks.
#include <doctest/doctest.h>
#include "tests/physics/kernel/shapes_view.h"

using namespace nuri;

namespace {
template <class T> struct Yard {
  ShapesView<T> all;
  int field, rock, cube;
  // heights(x, y) in m over [-2, 2] x [-1.5, 1.5], 41 x 31 points, above a base of 0.5 m
  template <class F> explicit Yard(F&& heights, double top = 1) {
    std::vector<double> h;
    for (int r = 0; r < 31; ++r)
      for (int c = 0; c < 41; ++c) h.push_back(heights(-2 + 0.1 * c, -1.5 + 0.1 * r) / top);
    field = all.add_field(31, 41, {2, 1.5, top, 0.5}, h);
    Dice dice(9);
    rock = all.add(dice.rock(14, {0.25, 0.2, 0.3}));
    cube = all.add(brick({0.2, 0.2, 0.2}));
  }
  auto hits(int type, const Placed& g, double margin = 0, const Placed& at = {}) const {
    return hits_between(all, true, geom::hfield, field, at, type, type == geom::mesh ? rock : 0, g, margin);
  }
  auto on_plane(int type, const Placed& g, double margin, double height) const {
    Placed ground;
    ground.pos = {0, 0, height};
    return hits_between(all, true, geom::plane, 0, ground, type, rock, g, margin);
  }
};
template <class H> double deepest(const std::vector<H>& hits) {
  double d = 1e9;
  for (const auto& h : hits) d = std::min(d, double(h.dist.v));
  return d;
}
Placed random_geom(Dice& dice, int type, double low, double high) {
  Placed g;
  g.size = {dice.uniform(0.05, 0.3), dice.uniform(0.05, 0.3), dice.uniform(0.05, 0.3)};
  g.quat = dice.turn();
  g.pos = {dice.uniform(-1.2, 1.2), dice.uniform(-0.8, 0.8), dice.uniform(low, high)};
  if (type == geom::sphere) g.quat = {1, 0, 0, 0};
  return g;
}
}  // namespace

// The ghost collisions of other engines: a geom that slides over a flat field meets seams, and its path bends.
template <class T> void flat_is_a_plane() {
  const double slack = sizeof(T) == 8 ? 1e-12 : 2e-6;
  const Yard<T> yard([](double, double) { return 0.25; });
  Dice dice(1);
  int touching = 0;
  for (int type = geom::sphere; type <= geom::mesh; ++type) {
    for (int round = 0; round < 400; ++round) {
      const Placed g = random_geom(dice, type, 0.2, 0.6);
      const double margin = round % 2 ? 0.02 : 0;
      const auto field = yard.hits(type, g, margin), plane = yard.on_plane(type, g, margin, 0.25);
      CAPTURE(type);
      CAPTURE(round);
      if (std::fabs(deepest(plane) - margin) < 1e-5) continue;
      REQUIRE(field.empty() == plane.empty());
      if (field.empty()) continue;
      ++touching;
      for (const auto& h : field) {
        CHECK(std::fabs(double(h.normal.x.v)) + std::fabs(double(h.normal.y.v)) < slack);
        CHECK(double(h.dist.v) >= deepest(plane) - slack);
      }
      CHECK(std::fabs(deepest(field) - deepest(plane)) < slack);
      if (type != geom::cylinder && type != geom::mesh && type != geom::box) {             // there the choice of points differs
        REQUIRE(field.size() == plane.size());
        for (const auto& h : field)
          CHECK(std::any_of(plane.begin(), plane.end(), [&](const auto& p) { return std::fabs(double((p.dist - h.dist).v)) + double(norm(p.pos - h.pos).v) < 4 * slack; }));
      }
    }
  }
  CHECK(touching > 1000);
}
TEST_CASE("height fields: a flat one is a plane") {
  flat_is_a_plane<double>();
  flat_is_a_plane<float>();
}

TEST_CASE("height fields: a ball rolls over seams without a bump") {
  for (const double slope : {0.0, 0.3}) {
    const Yard<float> yard([&](double x, double) { return 0.3 + slope * (x + 2) / 4; });
    const double steep = slope / 4, cosine = 1 / std::sqrt(1 + steep * steep);
    for (int step = 0; step <= 2000; ++step) {                // over 20 cells, along diagonals and through grid points
      const double x = -1 + 0.001 * step, y = step % 2 ? 0.5 * x : 0;
      Placed ball;
      ball.size = {0.15, 0, 0};
      const double ground = 0.3 + slope * (x + 2) / 4;
      ball.pos = {x, y, ground + (0.15 - 0.001) / cosine};
      const auto hits = yard.hits(geom::sphere, ball);
      REQUIRE(hits.size() == 1);
      CHECK(std::fabs(double(hits[0].dist.v) + 0.001) < 1e-6);
      CHECK(std::fabs(double(hits[0].normal.x.v) + steep * cosine) < 1e-5);
      CHECK(std::fabs(double(hits[0].normal.y.v)) < 1e-5);
    }
  }
}

TEST_CASE("height fields: valley, ridge, peak") {
  using D = Wide<double, 1>;
  const Yard<double> valley([](double x, double) { return std::fabs(x); }, 2), roof([](double x, double) { return 2 - std::fabs(x); }, 2);
  Placed ball;
  ball.size = {0.3, 0, 0};
  ball.pos = {0, 0.23, 0.3 * std::sqrt(2.0) - 0.001};
  auto hits = valley.hits(geom::sphere, ball);                // rests on both slopes
  REQUIRE(hits.size() == 2);
  for (const auto& h : hits) {
    CHECK(h.dist.v == doctest::Approx(-0.001 * std::sqrt(0.5)));
    CHECK(h.normal.z.v == doctest::Approx(std::sqrt(0.5)));
  }
  CHECK(hits[0].normal.x.v == doctest::Approx(-hits[1].normal.x.v));

  // everything that stands on the roof is carried by its ridge, straight up
  for (int type = geom::sphere; type <= geom::box; ++type) {
    CAPTURE(type);
    Placed g;
    g.size = {0.25, 0.2, 0.15};
    const double low = type == geom::capsule ? 0.45 : type == geom::cylinder ? 0.2 : type == geom::sphere ? 0.25 : 0.15;
    g.pos = {0.003, 0.02, 2 + low - 0.002};
    hits = roof.hits(type, g);
    REQUIRE(!hits.empty());
    CHECK(std::fabs(deepest(hits) + 0.002) < 3e-4);
    for (const auto& h : hits) CHECK(h.normal.z.v > 0.99);
    if (type == geom::box || type == geom::cylinder) {
      double low_y = 1, high_y = -1;
      for (const auto& h : hits) low_y = std::min(low_y, h.pos.y.v), high_y = std::max(high_y, h.pos.y.v);
      CHECK(high_y - low_y > 0.3);                            // and does not rock along it
    }
  }
  // a plank on the ridge, deeper than half its height, is still pushed up
  Placed plank;
  plank.size = {0.3, 0.3, 0.01};
  plank.pos = {0, 0, 2 + 0.01 - 0.013};
  hits = roof.hits(geom::box, plank);
  REQUIRE(!hits.empty());
  for (const auto& h : hits) CHECK(h.normal.z.v > 0.7);

  // a single peak under the middle of a box
  const Yard<double> peak([](double x, double y) { return std::fabs(x) + std::fabs(y) < 0.01 ? 0.2 : 0.1; });
  Placed box;
  box.size = {0.4, 0.4, 0.1};
  box.pos = {0.013, 0.02, 0.2 + 0.1 - 0.004};
  hits = peak.hits(geom::box, box);
  REQUIRE(hits.size() == 1);
  CHECK(hits[0].dist.v == doctest::Approx(-0.004));
  CHECK(norm(hits[0].pos - Vec3<D>{0, 0, 0.198}).v < 1e-9);
  CHECK(hits[0].normal.z.v == doctest::Approx(1));

  // over the border, and below the base
  const Yard<double> flat([](double, double) { return 0.0; });
  ball.pos = {2.1, 0, 0.2};
  hits = flat.hits(geom::sphere, ball);
  REQUIRE(hits.size() == 1);
  CHECK(hits[0].dist.v == doctest::Approx(std::hypot(0.1, 0.2) - 0.3));
  CHECK(norm(hits[0].normal - Vec3<D>{0.1 / std::hypot(0.1, 0.2), 0, 0.2 / std::hypot(0.1, 0.2)}).v < 1e-9);
  ball.pos = {0, 0, -0.9};
  CHECK(flat.hits(geom::sphere, ball).empty());
}

// On rough ground: the depth of a ball is that of the nearest point of all triangles; nothing depends on how the field stands.
TEST_CASE("height fields: rough ground") {
  Dice dice(4);
  std::vector<double> bumps;
  for (int k = 0; k < 31 * 41; ++k) bumps.push_back(dice.uniform(0, 0.12));
  int at = 0;
  const Yard<double> yard([&](double, double) { return bumps[at++]; });
  const auto height = [&](int r, int c) { return Point{-2 + 0.1 * c, -1.5 + 0.1 * r, bumps[41 * r + c]}; };
  const auto nearest = [](const Point& p, const Point& a, const Point& b, const Point& c) {
    // by its conditions: the face, then the edges
    const Point ab = minus(b, a), ac = minus(c, a), ap = minus(p, a), n = outer(ab, ac);
    const double square = inner(n, n), v = inner(outer(ap, ac), n) / square, w = inner(outer(ab, ap), n) / square;
    if (v >= 0 && w >= 0 && v + w <= 1) return std::fabs(inner(n, ap)) / std::sqrt(square);
    double best = 1e9;
    const Point ends[3][2] = {{a, b}, {b, c}, {c, a}};
    for (const auto& e : ends) {
      const Point d = minus(e[1], e[0]), q = minus(p, e[0]);
      const double t = std::clamp(inner(q, d) / inner(d, d), 0.0, 1.0);
      const Point off{q[0] - t * d[0], q[1] - t * d[1], q[2] - t * d[2]};
      best = std::min(best, std::sqrt(inner(off, off)));
    }
    return best;
  };
  int touching = 0;
  for (int round = 0; round < 2000; ++round) {
    Placed ball = random_geom(dice, geom::sphere, 0.13, 0.45);
    double least = 1e9;
    for (int r = 0; r < 30; ++r)
      for (int c = 0; c < 40; ++c) {
        least = std::min(least, nearest(ball.pos, height(r, c), height(r, c + 1), height(r + 1, c + 1)));
        least = std::min(least, nearest(ball.pos, height(r, c), height(r + 1, c + 1), height(r + 1, c)));
      }
    const auto hits = yard.hits(geom::sphere, ball, 0.01);
    CAPTURE(round);
    if (least - ball.size[0] > 0.01) {
      CHECK(hits.empty());
      continue;
    }
    ++touching;
    REQUIRE(!hits.empty());
    CHECK(deepest(hits) == doctest::Approx(least - ball.size[0]).epsilon(1e-6));
  }
  CHECK(touching > 300);

  // every geom: hits are finite, within the margin, and the same wherever field and geom stand together
  int several = 0;
  for (int type = geom::sphere; type <= geom::mesh; ++type) {
    for (int round = 0; round < 150; ++round) {
      Placed g = random_geom(dice, type, 0, 0.3), field, moved = g;
      const auto here = yard.hits(type, g, 0.01);
      field.quat = dice.turn();
      field.pos = {dice.uniform(-3, 3), dice.uniform(-3, 3), dice.uniform(-3, 3)};
      using D = Wide<double, 1>;
      const Shape<D> frame = field.shape<D>();
      const Quat<D> q = Quat<D>{field.quat[0], field.quat[1], field.quat[2], field.quat[3]} * Quat<D>{g.quat[0], g.quat[1], g.quat[2], g.quat[3]};
      moved.quat = {q.w.v, q.x.v, q.y.v, q.z.v};
      const Vec3<D> p = frame.pos + frame.mat * Vec3<D>{g.pos[0], g.pos[1], g.pos[2]};
      moved.pos = {p.x.v, p.y.v, p.z.v};
      const auto there = yard.hits(type, moved, 0.01, field);
      CAPTURE(type);
      CAPTURE(round);
      CHECK(here.size() == there.size());
      several += here.size() > 2;
      if (here.size() != there.size()) continue;
      for (size_t k = 0; k < here.size(); ++k) {
        CHECK(here[k].dist.v <= 0.01);
        CHECK(here[k].normal.z.v > -1e-6);
        CHECK(std::fabs(norm(here[k].normal).v - 1) < 1e-9);
      }
      CHECK(std::fabs(deepest(here) - deepest(there)) < 1e-7);
    }
  }
  CHECK(several > 300);
}
