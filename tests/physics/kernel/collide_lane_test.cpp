// Narrow phase: closed forms, MuJoCo's answers, a sweep over directions, and the same bits for every pack width.
#include <doctest/doctest.h>
#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <vector>
#include "physics/kernel/collide.h"

using namespace nuri;

namespace {
using D = Wide<double, 1>;

namespace tolerance {
constexpr double analytic = 1e-10;        // m; closed forms in double against MuJoCo's, worst seen 2e-13
constexpr double convex_dist = 1e-7;      // m; MuJoCo's convex solver at 1e-10 is itself good to 2e-8 here
constexpr double convex_normal = 5e-3;    // worst seen 5e-4
constexpr double float_dist = 2e-3;       // of the size; where no cylinder edge is met it is 1e-6
constexpr double witness = 1e-5;          // of the size; how far a convex pair's points may be off their surfaces
constexpr double sweep = 1e-5;            // of the size; the sweep's own search stops at 1e-6
}

struct Case {
  int type1, type2;
  double geom1[10], geom2[10], margin;
  int count;
  double hits[8][7];
};
const Case cases[] = {
#include "collide_cases.inl"
};

template <class R> Shape<R> shape(double const* g) {
  Shape<R> s;
  s.pos = {real<R>(g[0]), real<R>(g[1]), real<R>(g[2])};
  const Mat3<D> m = matrix(Quat<D>{g[3], g[4], g[5], g[6]});
  for (int k = 0; k < 9; ++k) s.mat.m[k] = real<R>(m.m[k].v);
  s.size = {real<R>(g[7]), real<R>(g[8]), real<R>(g[9])};
  return s;
}
template <class R> Shape<R> upright(int, Vec3<R> pos, Vec3<R> size) {
  return {pos, {{R(1), R(0), R(0), R(0), R(1), R(0), R(0), R(0), R(1)}}, size};
}
double distance(Vec3<D> a, Vec3<D> b) { return norm(a - b).v; }
Vec3<D> vec(double x, double y, double z) { return {x, y, z}; }

std::vector<Hit<D>> hits_of(int type1, int type2, const Shape<D>& a, const Shape<D>& b, double margin) {
  Hit<D> out[8];
  collide(type1, type2, a, b, D(margin), false, out);
  std::vector<Hit<D>> kept;
  for (int k = 0; k < max_hits(type1, type2); ++k) {
    CHECK(std::isfinite(out[k].pos.x.v + out[k].normal.x.v + out[k].tangent.x.v));
    if (out[k].dist.v < no_hit) kept.push_back(out[k]);
  }
  return kept;
}

struct Random {
  std::mt19937_64 engine{5};
  double uniform(double low, double high) { return low + (high - low) * double(engine() >> 11) * 0x1p-53; }
  // a geom with sizes between a fifth and one; `kind` 0: any orientation, 1: along axes, 2: turned about y
  void geom(double* g, int kind) {
    for (int k = 0; k < 3; ++k) g[k] = uniform(-0.7, 0.7), g[7 + k] = uniform(0.2, 1);
    if (kind == 2) g[1] = 0;
    double q[4] = {1, 0, 0, 0}, length = 0;
    if (kind == 0) for (double& x : q) x = uniform(-1, 1);
    if (kind == 1) q[1 + engine() % 3] = double(engine() % 2);
    if (kind == 2) q[2] = uniform(-3, 3);
    for (double x : q) length += x * x;
    for (int k = 0; k < 4; ++k) g[3 + k] = q[k] / std::sqrt(length);
  }
};

// The least overlap over all directions: a sweep, then a pattern search from the two best.
double sweep_depth(int type1, int type2, const Shape<D>& shape1, const Shape<D>& shape2, Vec3<D>& best_n) {
  const Solid<D> a = solid(shape1, 0, false), b = solid(shape2, 0, false);
  const auto reach = [&](Vec3<D> n) {
    return dot(n, core_support(type1, a, n) - core_support(type2, b, -n)).v + round_radius(type1, a).v + round_radius(type2, b).v;
  };
  const int count = 800;
  std::vector<std::pair<double, Vec3<D>>> all;
  for (int k = 0; k < count; ++k) {
    const double z = 1 - 2 * (k + 0.5) / count, r = std::sqrt(1 - z * z), turn = k * 2.39996322972865;
    const Vec3<D> n = vec(r * std::cos(turn), r * std::sin(turn), z);
    all.push_back({reach(n), n});
  }
  std::partial_sort(all.begin(), all.begin() + 3, all.end(), [](const auto& x, const auto& y) { return x.first < y.first; });
  double least = 1e9;
  for (int start = 0; start < 3; ++start) {
    auto [h, n] = all[start];
    double step = 0.06;
    for (int iteration = 0; step > 1e-7 && iteration < 300; ++iteration) {
      D length;
      const Vec3<D> u = normalized(cross(n, std::fabs(n.x.v) < 0.6 ? vec(1, 0, 0) : vec(0, 1, 0)), n, length), v = cross(n, u);
      bool better = false;
      for (int k = 0; k < 8; ++k) {
        const Vec3<D> m = normalized(mul_add(v, D(step * std::sin(k * 0.785398163)), mul_add(u, D(step * std::cos(k * 0.785398163)), n)), n, length);
        if (reach(m) < h) h = reach(m), n = m, better = true;
      }
      if (!better) step *= 0.5;
    }
    if (h < least) least = h, best_n = n;
  }
  return least;
}

// How far outside (positive) a point is.
double outside(int type, const Shape<D>& g, Vec3<D> p) {
  const Vec3<D> l = transposed_times(g.mat, p - g.pos);
  const double x = l.x.v, y = l.y.v, z = l.z.v, a = g.size.x.v, b = g.size.y.v, c = g.size.z.v;
  if (type == geom::sphere) return std::sqrt(x * x + y * y + z * z) - a;
  if (type == geom::capsule) return std::hypot(std::hypot(x, y), z - std::clamp(z, -b, b)) - a;
  if (type == geom::ellipsoid) return (std::sqrt(x * x / a / a + y * y / b / b + z * z / c / c) - 1) * std::min({a, b, c});
  if (type == geom::cylinder) return std::max(std::hypot(x, y) - a, std::fabs(z) - b);
  return std::max({std::fabs(x) - a, std::fabs(y) - b, std::fabs(z) - c});
}
bool analytic(int type1, int type2) {
  if (type1 == geom::plane) return true;
  if (type1 == geom::ellipsoid || type2 == geom::ellipsoid) return false;
  return type2 != geom::cylinder ? type1 != geom::cylinder : type1 == geom::sphere;
}

// Every number of a float or double pack against the same geoms alone.
template <class T, int W> void same_bits() {
  using R = Wide<T, W>;
  using S = Wide<T, 1>;
  Random random;
  int touching = 0;
  for (int type1 = 0; type1 < geom::mesh; ++type1) {
    for (int type2 = type1; type2 < geom::mesh; ++type2) {
      const int slots = type1 == geom::hfield ? 0 : max_hits(type1, type2);        // fields: collide_grid_lane_test.cpp
      for (int round = 0; slots > 0 && round < 12; ++round) {
        Shape<R> a, b;
        R margin;
        Shape<S> a1[W], b1[W];
        S margin1[W];
        for (int w = 0; w < W; ++w) {
          double g1[10], g2[10];
          random.geom(g1, round % 3);
          random.geom(g2, round % 3);
          a1[w] = shape<S>(g1), b1[w] = shape<S>(g2), margin1[w] = real<S>(round % 2 ? random.uniform(0, 0.1) : 0);
          set_lane(a.pos, w, a1[w].pos), set_lane(a.size, w, a1[w].size), set_lane(b.pos, w, b1[w].pos), set_lane(b.size, w, b1[w].size);
          for (int k = 0; k < 9; ++k) a.mat.m[k].set(w, a1[w].mat.m[k].v), b.mat.m[k].set(w, b1[w].mat.m[k].v);
          margin.set(w, margin1[w].v);
        }
        Hit<R> pack[8];
        collide(type1, type2, a, b, margin, round % 2 == 0, pack);
        for (int w = 0; w < W; ++w) {
          Hit<S> alone[8];
          collide(type1, type2, a1[w], b1[w], margin1[w], round % 2 == 0, alone);
          for (int k = 0; k < slots; ++k) {
            const Hit<S> got{pack[k].dist[w], lane(pack[k].pos, w), lane(pack[k].normal, w), lane(pack[k].tangent, w)};
            touching += got.dist.v < T(no_hit);
            const bool both_absent = got.dist.v == T(no_hit) && alone[k].dist.v == T(no_hit);   // the rest of an absent hit means nothing
            CHECK_MESSAGE((both_absent || std::memcmp(&got, &alone[k], sizeof(got)) == 0), "types ", type1, " ", type2, " lane ", w, " hit ", k);
          }
        }
      }
    }
  }
  CHECK(touching > 500);
}
}  // namespace

TEST_CASE("collide: spheres, capsules and planes have closed forms") {
  const auto ball = [](Vec3<D> p, double r) { return upright<D>(geom::sphere, p, vec(r, 0, 0)); };
  const Shape<D> ground = upright<D>(geom::plane, vec(0, 0, 0), vec(0, 0, 0));

  auto h = hits_of(geom::sphere, geom::sphere, ball(vec(0, 0, 0), 1), ball(vec(0, 3, 0), 1.5), 0.6);
  REQUIRE(h.size() == 1);
  CHECK(h[0].dist.v == doctest::Approx(0.5));
  CHECK(distance(h[0].pos, vec(0, 1.25, 0)) < 1e-15);
  CHECK(distance(h[0].normal, vec(0, 1, 0)) < 1e-15);
  CHECK(hits_of(geom::sphere, geom::sphere, ball(vec(0, 0, 0), 1), ball(vec(0, 3, 0), 1.5), 0.4).empty());
  CHECK(hits_of(geom::sphere, geom::sphere, ball(vec(1, 2, 3), 1), ball(vec(1, 2, 3), 1), 0)[0].dist.v == -2);   // same centre

  h = hits_of(geom::plane, geom::sphere, ground, ball(vec(1, 2, 0.9), 1), 0);
  REQUIRE(h.size() == 1);
  CHECK(h[0].dist.v == doctest::Approx(-0.1));
  CHECK(distance(h[0].pos, vec(1, 2, -0.05)) < 1e-15);

  // a capsule lying on the ground: two points, and the first tangent along it
  double lying[10] = {0, 0, 0.3, std::sqrt(0.5), 0, std::sqrt(0.5), 0, 0.3, 1, 0};
  h = hits_of(geom::plane, geom::capsule, ground, shape<D>(lying), 0.001);
  REQUIRE(h.size() == 2);
  CHECK(distance(h[0].pos, vec(1, 0, 0)) < 1e-15);
  CHECK(distance(h[1].pos, vec(-1, 0, 0)) < 1e-15);
  CHECK(distance(h[0].tangent, vec(1, 0, 0)) < 1e-15);

  // standing: the upper end is too far, its slot is empty and the lower end stays in its own slot
  Hit<D> out[8];
  collide(geom::plane, geom::capsule, ground, upright<D>(geom::capsule, vec(0, 0, 1.2), vec(0.3, 1, 0)), D(0), false, out);
  CHECK(out[0].dist.v == double(no_hit));
  CHECK(out[1].dist.v == doctest::Approx(-0.1));

  // parallel capsules touch at both ends of the stretch they share; crossed ones at one point
  const Shape<D> post = upright<D>(geom::capsule, vec(0, 0, 0), vec(0.1, 1, 0));
  h = hits_of(geom::capsule, geom::capsule, post, upright<D>(geom::capsule, vec(0.19, 0, 0.5), vec(0.1, 1, 0)), 0);
  REQUIRE(h.size() == 2);
  CHECK(distance(h[0].pos, vec(0.095, 0, -0.5)) < 1e-15);
  CHECK(distance(h[1].pos, vec(0.095, 0, 1)) < 1e-15);
  double crossed[10] = {0, 0.15, 0.4, std::sqrt(0.5), 0, std::sqrt(0.5), 0, 0.1, 1, 0};
  h = hits_of(geom::capsule, geom::capsule, post, shape<D>(crossed), 0);
  REQUIRE(h.size() == 1);
  CHECK(h[0].dist.v == doctest::Approx(-0.05));
  CHECK(distance(h[0].pos, vec(0, 0.075, 0.4)) < 1e-15);

  // sphere and cylinder: side, cap, rim
  const Shape<D> drum = upright<D>(geom::cylinder, vec(0, 0, 0), vec(1, 0.5, 0));
  CHECK(hits_of(geom::sphere, geom::cylinder, ball(vec(1.2, 0, 0.1), 0.3), drum, 0)[0].dist.v == doctest::Approx(-0.1));
  CHECK(distance(hits_of(geom::sphere, geom::cylinder, ball(vec(0.3, 0, 0.7), 0.3), drum, 0)[0].normal, vec(0, 0, -1)) < 1e-15);
  CHECK(hits_of(geom::sphere, geom::cylinder, ball(vec(1.3, 0, 0.9), 0.6), drum, 0)[0].dist.v == doctest::Approx(-0.1));
}

TEST_CASE("collide: boxes, cylinders and ellipsoids have closed forms") {
  const Shape<D> ground = upright<D>(geom::plane, vec(0, 0, 0), vec(0, 0, 0));
  const Shape<D> cube = upright<D>(geom::box, vec(0, 0, 0), vec(1, 1, 1));

  auto h = hits_of(geom::plane, geom::box, ground, upright<D>(geom::box, vec(0, 0, 0.4), vec(1, 2, 0.5)), 0);
  REQUIRE(h.size() == 4);
  for (const auto& x : h) CHECK(x.dist.v == doctest::Approx(-0.1));
  CHECK(hits_of(geom::plane, geom::cylinder, ground, upright<D>(geom::cylinder, vec(0, 0, 0.4), vec(1, 0.5, 0)), 0).size() == 3);
  h = hits_of(geom::plane, geom::ellipsoid, ground, upright<D>(geom::ellipsoid, vec(0, 0, 0.4), vec(1, 2, 0.5)), 0);
  REQUIRE(h.size() == 1);
  CHECK(distance(h[0].pos, vec(0, 0, -0.05)) < 1e-15);

  // a ball beside, at a corner of, and inside a cube
  const auto ball = [](Vec3<D> p, double r) { return upright<D>(geom::sphere, p, vec(r, 0, 0)); };
  CHECK(hits_of(geom::sphere, geom::box, ball(vec(1.2, 0.3, 0), 0.25), cube, 0)[0].dist.v == doctest::Approx(-0.05));
  CHECK(hits_of(geom::sphere, geom::box, ball(vec(1.1, 1.1, 1.1), 0.2), cube, 0)[0].dist.v == doctest::Approx(0.1 * std::sqrt(3) - 0.2));
  CHECK(hits_of(geom::sphere, geom::box, ball(vec(0.9, 0, 0), 0.2), cube, 0)[0].dist.v == doctest::Approx(-0.3));

  // a capsule lying on a cube, longer than it; and one parallel to an edge, shorter than it
  double lying[10] = {0, 0, 1.3, std::sqrt(0.5), 0, std::sqrt(0.5), 0, 0.3, 2, 0};
  h = hits_of(geom::capsule, geom::box, shape<D>(lying), cube, 0.001);
  REQUIRE(h.size() == 2);
  CHECK(std::fabs(h[0].pos.x.v) == doctest::Approx(1));
  CHECK(h[0].pos.x.v == doctest::Approx(-h[1].pos.x.v));
  h = hits_of(geom::capsule, geom::box, upright<D>(geom::capsule, vec(1.1, 1.1, 0), vec(0.2, 0.5, 0)), cube, 0);
  REQUIRE(h.size() == 2);
  for (const auto& x : h) CHECK(x.dist.v == doctest::Approx(0.1 * std::sqrt(2) - 0.2));
  CHECK(std::fabs(h[0].pos.z.v - h[1].pos.z.v) == doctest::Approx(1));

  // a cube on a cube, shifted: the corners of the shared rectangle; turned by 45 degrees: an octagon
  h = hits_of(geom::box, geom::box, cube, upright<D>(geom::box, vec(0.5, 0.25, 1.9), vec(1, 1, 1)), 0);
  REQUIRE(h.size() == 4);
  for (const auto& x : h) {
    CHECK(x.dist.v == doctest::Approx(-0.1));
    CHECK(x.pos.z.v == doctest::Approx(0.95));
    CHECK(distance(x.normal, vec(0, 0, 1)) < 1e-15);
  }
  double turned[10] = {0, 0, 1.9, std::cos(M_PI / 8), 0, 0, std::sin(M_PI / 8), 1, 1, 1};
  CHECK(hits_of(geom::box, geom::box, cube, shape<D>(turned), 0).size() == 8);
  // edge across edge
  double ridge1[10] = {0, 0, 0, std::cos(M_PI / 8), std::sin(M_PI / 8), 0, 0, 1, 1, 1};
  double ridge2[10] = {0, 0, 2.8, std::cos(M_PI / 8), 0, std::sin(M_PI / 8), 0, 1, 1, 1};
  h = hits_of(geom::box, geom::box, shape<D>(ridge1), shape<D>(ridge2), 0);
  REQUIRE(h.size() == 1);
  CHECK(h[0].dist.v == doctest::Approx(2.8 - 2 * std::sqrt(2)));
  CHECK(distance(h[0].pos, vec(0, 0, 1.4)) < 1e-12);

  // convex pairs
  const Shape<D> egg = upright<D>(geom::ellipsoid, vec(0, 0, 1.45), vec(0.4, 0.3, 0.5));
  h = hits_of(geom::ellipsoid, geom::box, egg, cube, 0);
  REQUIRE(h.size() == 1);
  CHECK(h[0].dist.v == doctest::Approx(-0.05).epsilon(1e-9));
  CHECK(distance(h[0].pos, vec(0, 0, 0.975)) < 1e-6);
  CHECK(distance(h[0].normal, vec(0, 0, -1)) < 1e-8);
  h = hits_of(geom::cylinder, geom::box, upright<D>(geom::cylinder, vec(1.4, 0, 0.2), vec(0.5, 0.3, 0)), cube, 0);
  REQUIRE(h.size() == 1);
  CHECK(h[0].dist.v == doctest::Approx(-0.1).epsilon(1e-9));
  h = hits_of(geom::sphere, geom::ellipsoid, ball(vec(0, 0, 2.05), 0.15), egg, 0);
  REQUIRE(h.size() == 1);
  CHECK(h[0].dist.v == doctest::Approx(-0.05).epsilon(1e-9));
}

TEST_CASE("collide: MuJoCo's contacts") {
  for (const Case& c : cases) {
    CAPTURE(c.type1);
    CAPTURE(c.type2);
    CAPTURE(&c - cases);
    const Shape<D> a = shape<D>(c.geom1), b = shape<D>(c.geom2);
    const auto got = hits_of(c.type1, c.type2, a, b, c.margin);
    REQUIRE(int(got.size()) == c.count);
    const bool exact = analytic(c.type1, c.type2);
    for (int k = 0; k < c.count; ++k) {
      const double* want = c.hits[k];
      CHECK(std::fabs(got[k].dist.v - want[0]) < (exact ? tolerance::analytic : tolerance::convex_dist));
      CHECK(distance(got[k].normal, vec(want[4], want[5], want[6])) < (exact ? tolerance::analytic : tolerance::convex_normal));
      if (exact) CHECK(distance(got[k].pos, vec(want[1], want[2], want[3])) < tolerance::analytic);
    }
  }
}

TEST_CASE("collide: a sweep over directions finds no less overlap, and points lie on the surfaces") {
  Random random;
  int touching = 0;
  for (int type1 = geom::sphere; type1 <= geom::box; ++type1) {
    for (int type2 = type1; type2 <= geom::box; ++type2) {
      const bool convex = !analytic(type1, type2), boxes = type1 == geom::box;
      for (int round = 0; (convex || boxes) && round < 100; ++round) {
        double g1[10], g2[10];
        random.geom(g1, round % 4 == 3 ? 2 : 0);
        random.geom(g2, round % 4 == 3 ? 2 : 0);
        if (round % 5 == 0) g1[7 + random.engine() % 3] *= 0.2;                       // slabs and needles
        const Shape<D> a = shape<D>(g1), b = shape<D>(g2);
        const double margin = round % 2 ? 0.1 : 0;
        Vec3<D> n = vec(0, 0, 0);
        const double depth = sweep_depth(type1, type2, a, b, n);
        const auto h = hits_of(type1, type2, a, b, margin);
        CAPTURE(type1);
        CAPTURE(type2);
        CAPTURE(round);
        if (std::fabs(depth + margin) > 1e-3 && (!boxes || margin == 0)) CHECK((depth > -margin) == !h.empty());
        if (h.empty()) continue;
        ++touching;
        for (const auto& x : h) {
          CHECK(std::fabs(norm(x.normal).v - 1) < 1e-12);
          CHECK(x.dist.v <= margin + 1e-12);
          CHECK(distance(x.normal, h[0].normal) == 0);
          if (boxes) {                                                               // a face wins over an edge that is 5 % better
            CHECK(x.dist.v > -1.06 * std::max(depth, 0.0) - margin - tolerance::sweep);
            const double through = margin + std::max(0.0, -0.5 * x.dist.v) + 1e-9;         // half the depth may leave a slab behind
            CHECK(outside(type1, a, x.pos) < through);
            CHECK(outside(type2, b, x.pos) < through);
          }
        }
        if (boxes) {
          const auto mirrored = hits_of(type1, type2, b, a, margin);
          if (mirrored.size() == h.size() && distance(mirrored[0].normal, -h[0].normal) < 1e-9) {
            for (const auto& x : h)
              CHECK(std::any_of(mirrored.begin(), mirrored.end(), [&](const auto& y) {
                return distance(x.pos, y.pos) < 1e-9 && std::fabs((x.dist - y.dist).v) < 1e-9;
              }));
          } else {
            CHECK(!mirrored.empty());                                                // equal axes: either may win
          }
        } else {
          if (depth > 0.6) continue;                                                 // centre near centre: many directions are as good
          CHECK(-h[0].dist.v < depth + tolerance::sweep);                            // the sweep is an upper bound too
          const Vec3<D> on1 = sub_mul(h[0].pos, h[0].normal, h[0].dist * D(0.5)), on2 = mul_add(h[0].normal, h[0].dist * D(0.5), h[0].pos);
          CHECK(std::fabs(outside(type1, a, on1)) < tolerance::witness);
          CHECK(std::fabs(outside(type2, b, on2)) < tolerance::witness);
        }
      }
    }
  }
  CHECK(touching > 500);
}

TEST_CASE("collide: swapping two geoms of a type mirrors the hit") {
  Random random;
  for (int type : {int(geom::sphere), int(geom::capsule), int(geom::ellipsoid), int(geom::cylinder)}) {
    for (int round = 0; round < 60; ++round) {
      double g1[10], g2[10];
      random.geom(g1, 0);
      random.geom(g2, 0);
      const Shape<D> a = shape<D>(g1), b = shape<D>(g2);
      const auto h = hits_of(type, type, a, b, 0.05), m = hits_of(type, type, b, a, 0.05);
      REQUIRE(h.size() == m.size());
      if (h.empty()) continue;
      const double loose = analytic(type, type) ? 1e-10 : 1e-6;
      CAPTURE(type);
      CAPTURE(round);
      CHECK(std::fabs(h[0].dist.v - m[0].dist.v) < loose);
    }
  }
}

TEST_CASE("collide: float follows double") {
  Random random;
  using F = Wide<float, 1>;
  int touching = 0;
  for (int type1 = 0; type1 <= geom::box; ++type1) {
    for (int type2 = std::max(type1, int(geom::sphere)); type2 <= geom::box; ++type2) {
      for (int round = 0; type1 != geom::hfield && max_hits(type1, type2) > 0 && round < 60; ++round) {
        double g1[10], g2[10];
        random.geom(g1, 0);
        random.geom(g2, 0);
        Hit<F> f[8];
        Hit<D> d[8];
        collide(type1, type2, shape<F>(g1), shape<F>(g2), F(0.02f), false, f);
        collide(type1, type2, shape<D>(g1), shape<D>(g2), D(0.02), false, d);
        double deepest_f = no_hit, deepest_d = no_hit;
        for (int k = 0; k < max_hits(type1, type2); ++k) {
          deepest_f = std::min(deepest_f, double(f[k].dist.v));
          deepest_d = std::min(deepest_d, d[k].dist.v);
        }
        if (deepest_d > 0.01) continue;
        ++touching;
        CAPTURE(type1);
        CAPTURE(type2);
        CAPTURE(round);
        CHECK(std::fabs(deepest_f - deepest_d) < tolerance::float_dist);
      }
    }
  }
  CHECK(touching > 500);
}

TEST_CASE("collide: an environment's bits do not depend on its pack") {
  same_bits<float, 4>();
  same_bits<float, 8>();
  same_bits<float, 16>();
  same_bits<double, 4>();
}
