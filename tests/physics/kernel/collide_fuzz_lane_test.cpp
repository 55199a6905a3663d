// T26: random pairs of all types, sizes from 1e-6 to 1e3 m and proportions to 1e4, separated, touching, deep and with one
// centre. No hit may be anything but a number; the depth must be what both supports say, least among many directions, the same
// with the geoms swapped, and wherever the pair stands; and pulling the geoms apart along the normal must lessen it by as much.
#include <doctest/doctest.h>
#include "tests/physics/kernel/shapes_view.h"

using namespace nuri;

namespace {
using D = Wide<double, 1>;

// Shares of the two sizes. `least`: how far a depth may lie above the least, which pulling apart and swapping show too: of
// flat-sided pairs, of all pairs (deep curved ones run out of corners), and at proportions beyond 10. Worst seen, double: 1.5e-11;
// 1e-11, 7e-4, 7e-4; float: 1.2e-6; 5e-4 (things of a micrometre), 1.3e-2, 5e-3.
template <class T> struct Limits;
template <> struct Limits<double> { static constexpr double value = 1e-10, least[3] = {1e-9, 5e-3, 5e-3}; };
template <> struct Limits<float> { static constexpr double value = 1e-5, least[3] = {2e-3, 4e-2, 4e-2}; };

Placed moved_by(const Placed& g, const Point& p) { return {{g.pos[0] + p[0], g.pos[1] + p[1], g.pos[2] + p[2]}, g.quat, g.size}; }

template <class T> struct Fuzz {
  using R = Wide<T, 1>;
  Dice dice;
  ShapesView<T> all;
  std::vector<Polyhedron> hulls;
  int touching = 0;
  double value = 0, least[3] = {0, 0, 0};

  explicit Fuzz(uint64_t seed) : dice(seed) {}

  Solid<R> solid_of(int type, int g, const Placed& p) {
    return type == geom::mesh ? solid(p.shape<R>(), 0, hull_of(all.template view<R>(true), g)) : solid(p.shape<R>(), 0, false);
  }
  double overlap(int type1, const Solid<R>& a, int type2, const Solid<R>& b, Vec3<R> n) {
    return double((dot(n, core_support(type1, a, n) - core_support(type2, b, -n)) + round_radius(type1, a) + round_radius(type2, b)).v);
  }
  double deepest(const std::vector<Hit<R>>& hits) {
    double d = no_hit;
    for (const auto& h : hits) d = std::min(d, double(h.dist.v));
    return d;
  }

  void pair(int type1, int type2, double scale, double aspect) {
    const auto size = [&] {
      Point s;
      for (double& x : s) x = scale * std::pow(aspect, -dice.uniform(0, 1));
      return s;
    };
    Placed a, b;
    a.size = size(), b.size = size(), a.quat = dice.turn(), b.quat = dice.turn();
    if (type1 == geom::plane) a.size = {0, 0, 0};
    if (type1 == geom::sphere) a.quat = {1, 0, 0, 0};
    if (type2 == geom::sphere) b.quat = {1, 0, 0, 0};
    if (dice.pick(4) == 0) a.quat = b.quat = {1, 0, 0, 0};
    const auto mesh = [&](const Point& half) { return all.add(dice.pick(2) ? dice.rock(8 + dice.pick(8), half) : brick(half)); };
    const int g1 = type1 == geom::mesh ? mesh(a.size) : 0, g2 = type2 == geom::mesh ? mesh(b.size) : 0;
    Solid<R> s1 = solid_of(type1, g1, a), s2 = solid_of(type2, g2, b);
    const Point d = dice.direction();
    const Vec3<R> to{real<R>(d[0]), real<R>(d[1]), real<R>(d[2])};
    const double reach = type1 == geom::plane ? double(bounding_radius(type2, s2).v) : overlap(type1, s1, type2, s2, to);
    const double share = dice.pick(3) == 0 ? 1 : dice.pick(20) == 0 ? 0 : dice.uniform(0, 1.05);
    b.pos = {d[0] * reach * share, d[1] * reach * share, d[2] * reach * share};
    const double margin = dice.pick(3) == 0 ? 0.1 * double(thickness(type2, s2).v) : 0;
    s2 = solid_of(type2, g2, b);
    const double both = (type1 == geom::plane ? 0 : double(bounding_radius(type1, s1).v)) + double(bounding_radius(type2, s2).v) + margin;
    CAPTURE(type1);
    CAPTURE(type2);
    CAPTURE(scale);
    CAPTURE(aspect);

    for (const bool manifold : {false, true}) {
      Hit<R> raw[most_hits];
      collide(all.template view<R>(manifold), g1, g2, type1, type2, a.shape<R>(), b.shape<R>(), R(T(margin)), raw);
      for (int k = 0; k < max_hits(type1, type2); ++k) {
        const Hit<R>& h = raw[k];
        CHECK(std::isfinite(h.dist.v + h.pos.x.v + h.pos.y.v + h.pos.z.v + h.normal.x.v + h.normal.y.v + h.normal.z.v));
        if (h.dist.v >= T(no_hit)) continue;
        CHECK(h.dist.v <= T(margin));
        CHECK(std::fabs(double(norm(h.normal).v) - 1) < 1e-4);
      }
    }
    const auto hits = hits_between(all, true, type1, g1, a, type2, g2, b, margin);
    if (hits.empty() || type1 == geom::plane) return;
    ++touching;
    const double depth = -deepest(hits);
    const Vec3<R> n = hits[0].normal;
    // box-box prefers faces, and the closed forms of deep capsules and spheres have conventions of their own
    const bool convex = max_hits(type1, type2) > 0 && !(type1 <= geom::capsule && type2 <= geom::capsule) && !(type1 == geom::sphere && (type2 == geom::cylinder || type2 == geom::box)) &&
                        !(type1 == geom::capsule && type2 == geom::box) && !(type1 == geom::box && type2 == geom::box);
    if (!convex) return;
    value = std::max(value, std::fabs(overlap(type1, s1, type2, s2, n) - depth) / both);
    const auto flat = [](int type) { return type != geom::ellipsoid && type != geom::cylinder; };
    double& above = least[aspect > 10 ? 2 : flat(type1) && flat(type2) ? 0 : 1];
    for (int k = 0; k < 60; ++k) {                           // a sweep, and the neighbourhood
      const Point e = dice.direction();
      const double near = k % 2 ? 2 : std::pow(10, -dice.uniform(0.5, 4));
      R length;
      const Vec3<R> m = normalized(mul_add(Vec3<R>{real<R>(e[0]), real<R>(e[1]), real<R>(e[2])}, real<R>(near), n), n, length);
      above = std::max(above, (depth - overlap(type1, s1, type2, s2, m)) / both);
    }
    if (type1 == type2) {
      const auto swapped = hits_between(all, true, type2, g2, b, type1, g1, a, margin);
      if (depth + margin > 1e-4 * both) {
        REQUIRE(!swapped.empty());
        above = std::max(above, std::fabs(-deepest(swapped) - depth) / both);
      }
    }
    // pulled apart along the normal by a tenth of the depth
    const double step = 0.1 * (depth + margin);
    const Placed far = moved_by(b, {double(n.x.v) * step, double(n.y.v) * step, double(n.z.v) * step});
    const auto less = hits_between(all, true, type1, g1, a, type2, g2, far, margin);
    if (step > 1e-3 * both) {
      REQUIRE(!less.empty());
      above = std::max(above, std::fabs(-deepest(less) - (depth - step)) / both);
    }
  }
  void run(int rounds) {
    for (int type1 = 0; type1 <= geom::mesh; ++type1)
      for (int type2 = geom::sphere; type2 <= geom::mesh; ++type2)
        for (int round = 0; type1 <= type2 && type1 != geom::hfield && round < rounds; ++round) {
          const double scales[] = {1, 0.1, 1e-3, 1e-6, 1e3}, aspects[] = {1, 3, 10, 100, 1e4};
          pair(type1, type2, scales[round % 5], aspects[round / 5 % 5]);
        }
    MESSAGE("bytes ", sizeof(T), ": ", touching, " touch; value ", value, ", above the least ", least[0], " ", least[1], " ", least[2]);
    CHECK(touching > 6 * rounds);
    CHECK(value < Limits<T>::value);
    for (int k = 0; k < 3; ++k) CHECK(least[k] < Limits<T>::least[k]);
  }
};
}  // namespace

TEST_CASE("collision fuzz: double") { Fuzz<double>(1).run(400); }
TEST_CASE("collision fuzz: float") { Fuzz<float>(2).run(400); }

// Rounding is taken off until what is left fits the shapes: a billionth of it each time would take for ever.
TEST_CASE("a margin a billion times the size of the shapes ends") {
  for (const double size : {1e-9, 1e-6, 1e-3}) {
    for (const int type : {geom::ellipsoid, geom::cylinder, geom::box}) {
      Placed a, b;
      a.quat = {1, 0, 0, 0}, b.quat = {0.8, 0.6, 0, 0};
      a.size = {size, 1.5 * size, 2 * size}, b.size = {3 * size, size, 2 * size};
      b.pos = {0, 0, 10 * size};
      Hit<D> hit[4];
      const int found = convex_hit(geom::ellipsoid, type, solid(a.shape<D>(), 0, false), solid(b.shape<D>(), 0, false), D(1e9 * size), hit);
      REQUIRE(found == 1);
      CHECK(std::isfinite(double(hit[0].dist.v)));
    }
  }
}
