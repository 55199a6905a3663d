// Strings around spheres and cylinders: MuJoCo 4.0.1's own answers; tangents, arcs and mirrored angles by formulas that the code under
// test does not use; every width has the bits of width 1.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <random>

#include "engine/shape/wrap.h"

NURI_KERNEL_BEGIN
namespace {

struct Given { int surface; double radius, from[3], to[3]; bool sided; double side[3]; };
struct Found { bool wraps; double points[6], length; };

template <int W> Wrapped<Wide<double, W>> wide_string(const Given* given) {
  using R = Wide<double, W>;
  R radius(0.0);
  Vec3<R> at[3] = {zero3<R>(), zero3<R>(), zero3<R>()};
  for (int w = 0; w < W; ++w) {
    radius.set(w, given[w].radius);
    const double* from[3] = {given[w].from, given[w].to, given[w].side};
    for (int k = 0; k < 3; ++k) at[k].x.set(w, from[k][0]), at[k].y.set(w, from[k][1]), at[k].z.set(w, from[k][2]);
  }
  return wrap_string(given->surface, radius, at[0], at[1], given->sided, at[2]);
}
template <int W> Found found(const Wrapped<Wide<double, W>>& s, int w) {
  return {s.wraps[w], {s.first.x[w], s.first.y[w], s.first.z[w], s.second.x[w], s.second.y[w], s.second.z[w]}, s.length[w]};
}
Found string(const Given& given) { return found<1>(wide_string<1>(&given), 0); }

struct Dice {
  std::mt19937 engine{7};
  double operator()(double low, double high) { return std::uniform_real_distribution<double>(low, high)(engine); }
  Given given(int surface, bool sided) {
    Given g{surface, (*this)(0.05, 0.4), {}, {}, sided, {}};
    for (double* x : {g.from, g.to}) for (int k = 0; k < 3; ++k) x[k] = (*this)(-1, 1);
    const double far = (*this)(0, 1) < 0.5 ? 0.3 * g.radius : 1;
    for (int k = 0; k < 3; ++k) g.side[k] = sided ? far * (*this)(-1, 1) : 0;
    return g;
  }
};

}  // namespace

TEST_CASE("wrap: MuJoCo's answers") {
  const struct { Given given; Found mujoco; } cases[] = {
      {{wrap::sphere, 0.3, {-1.0, 0.1, 0.2}, {0.8, -0.1, 0.3}, false, {0.0, 0.0, 0.0}},
       {true, {-0.03131459464992564, -0.009561801783358108, 0.2982079276420508,
        -0.001503534461342007, -0.012867882389009577, 0.2997201311005755}, 0.03004447441698608}},
      {{wrap::sphere, 0.3, {-1.0, 0.4, 0.2}, {0.8, 0.3, 0.3}, false, {0.0, 0.0, 0.0}},
       {false, {0.0, 0.0, 0.0, 0.0, 0.0, 0.0}, 0.0}},
      {{wrap::sphere, 0.3, {-1.0, 0.4, 0.2}, {0.8, 0.3, 0.3}, true, {0.0, -0.8, -0.5}},
       {true, {-0.19065105610348704, -0.17681130032623563, -0.14963267986496387,
        0.21859743510278873, -0.17456506679886855, -0.10836142680856807}, 0.45321587424643717}},
      {{wrap::sphere, 0.3, {-1.0, 0.1, 0.2}, {0.8, -0.1, 0.3}, true, {0.0, 0.2, -0.9}},
       {true, {-0.1401139767786458, 0.02670465892621525, -0.26392221335633653,
        0.19609812905593657, -0.01145644193531474, -0.22674715812760254}, 0.36196672108239886}},
      {{wrap::sphere, 0.3, {-1.0, 0.1, 0.2}, {0.8, -0.1, 0.3}, true, {0.1, 0.05, 0.0}},
       {false, {0.0, 0.0, 0.0, 0.0, 0.0, 0.0}, 0.0}},
      {{wrap::sphere, 0.3, {-1.0, 0.5, 0.2}, {0.8, 0.6, 0.3}, true, {0.1, 0.05, 0.0}},
       {true, {-0.027151012470123262, 0.27173705760655587, 0.124184516124912,
        -0.027151012470123262, 0.27173705760655587, 0.124184516124912}, 0.0}},
      {{wrap::sphere, 0.3, {0.1, 0.1, 0.2}, {0.8, 0.6, 0.3}, false, {0.0, 0.0, 0.0}},
       {false, {0.0, 0.0, 0.0, 0.0, 0.0, 0.0}, 0.0}},
      {{wrap::cylinder, 0.2, {-0.5, 0.1, -0.4}, {0.6, 0.05, 0.5}, false, {0.0, 0.0, 0.0}},
       {true, {-0.04084295569366593, 0.19578522153167038, -0.02614904063148904,
        0.050540942494344085, 0.1935086900678711, 0.04736095008277075}, 0.11793889267377392}},
      {{wrap::cylinder, 0.2, {-0.5, 0.1, -0.4}, {0.6, 0.05, 0.5}, true, {0.1, -0.9, 0.0}},
       {true, {-0.11300319815248794, -0.16501599076243958, -0.059943503141527354,
        0.08187285060910422, -0.1824742073092504, 0.08827750524915451}, 0.2525192679829861}},
      {{wrap::cylinder, 0.2, {-0.5, 0.3, -0.4}, {0.6, 0.3, 0.5}, false, {0.0, 0.0, 0.0}},
       {false, {0.0, 0.0, 0.0, 0.0, 0.0, 0.0}, 0.0}},
      {{wrap::cylinder, 0.2, {-0.5, 0.3, -0.4}, {0.6, 0.3, 0.5}, true, {0.0, -1.0, 3.0}},
       {true, {-0.15548045132444108, -0.1258007522074018, -0.07556652694635668,
        0.13870832316577134, -0.14408331299820928, 0.12072260740791074}, 0.38515532682543535}},
      {{wrap::cylinder, 0.2, {-0.5, 0.3, -0.4}, {0.6, 0.3, 0.5}, true, {0.0, 0.01, 0.02}},
       {true, {0.003027241636054301, 0.19997708820781682, 0.012806585854195696,
        0.003027241636054301, 0.19997708820781682, 0.012806585854195696}, 0.0}},
      {{wrap::cylinder, 0.2, {-0.5, 0.03, -0.4}, {0.6, 0.03, 0.5}, true, {0.0, 0.01, 0.02}},
       {false, {0.0, 0.0, 0.0, 0.0, 0.0, 0.0}, 0.0}},
      {{wrap::cylinder, 0.2, {-0.5, 0.0, 0.1}, {0.5, 0.0, 0.1}, false, {0.0, 0.0, 0.0}},
       {true, {-0.08000000000000002, -0.1833030277982336, 0.1, 0.08000000000000002, -0.1833030277982336, 0.1}, 0.16460673842699525}},
      {{wrap::sphere, 0.2, {-0.5, 0.0, 0.0}, {0.5, 0.0, 0.0}, false, {0.0, 0.0, 0.0}},
       {true, {-0.08000000000000002, 0.12961481396815722, 0.12961481396815722,
        0.08000000000000002, 0.12961481396815722, 0.12961481396815722}, 0.16460673842699525}},
  };
  for (const auto& c : cases) {
    CAPTURE(&c - cases);
    const Found s = string(c.given);
    CHECK(s.wraps == c.mujoco.wraps);
    if (!s.wraps) continue;
    for (int k = 0; k < 6; ++k) CHECK(std::abs(s.points[k] - c.mujoco.points[k]) < 1e-14);
    CHECK(std::abs(s.length - c.mujoco.length) < 1e-14);
  }
}

TEST_CASE("wrap: a string touches the surface and leaves it along tangents, or bends as light in a mirror") {
  Dice dice;
  int around = 0, within = 0;
  for (int k = 0; k < 4000; ++k) {
    const Given g = dice.given(k % 2, k % 4 >= 2);
    const Found s = string(g);
    if (!s.wraps) continue;
    CAPTURE(k);
    const int plane = g.surface == wrap::sphere ? 3 : 2;                       // a cylinder's normals lie across its axis
    const bool bent = std::memcmp(s.points, s.points + 3, sizeof(double) * size_t(plane)) == 0;
    double normal[2] = {0, 0}, ends[2] = {0, 0}, turn = 0;
    for (int e = 0; e < 2; ++e) {
      const double *at = s.points + 3 * e, *end = e ? g.to : g.from;
      double square = 0, along = 0, way = 0;
      for (int c = 0; c < plane; ++c) {
        const double step = end[c] - at[c];
        square += at[c] * at[c], along += at[c] * step, way += step * step;
      }
      CHECK(std::abs(std::sqrt(square) - g.radius) < 1e-12);
      normal[e] = along / g.radius, ends[e] = std::sqrt(way);
    }
    if (bent) {                                                               // the same angle on both sides of the normal
      ++within;
      CHECK(std::abs(normal[0] / ends[0] - normal[1] / ends[1]) < 2e-6);       // the search ends at 1e-6 rad
      CHECK(s.length == 0);
      continue;
    }
    ++around;
    for (int e = 0; e < 2; ++e) CHECK(std::abs(normal[e]) < 1e-12);
    for (int c = 0; c < plane; ++c) turn += s.points[c] * s.points[3 + c];
    const double short_arc = g.radius * std::acos(std::min(1.0, std::max(-1.0, turn / (g.radius * g.radius))));
    const double climb = g.surface == wrap::sphere ? 0 : s.points[5] - s.points[2];
    const double arc = std::sqrt(s.length * s.length - climb * climb), whole = 6.283185307179586 * g.radius;
    CHECK(std::min(std::abs(arc - short_arc), std::abs(arc - (whole - short_arc))) < 1e-7);
  }
  CHECK(around > 200);
  CHECK(within > 200);
}

TEST_CASE("wrap: every width has the bits of width 1") {
  Dice dice;
  for (int round = 0; round < 200; ++round) {
    Given given[8];
    for (Given& g : given) {
      g = dice.given(round % 2, round % 4 >= 2);
      if (g.sided) g.surface = given[0].surface;
    }
    const auto together = wide_string<8>(given);
    for (int w = 0; w < 8; ++w) {
      const Found alone = string(given[w]), beside = found<8>(together, w);
      CHECK(alone.wraps == beside.wraps);
      if (!alone.wraps) continue;
      CHECK(std::memcmp(alone.points, beside.points, sizeof alone.points) == 0);
      CHECK(alone.length == beside.length);
    }
  }
}

NURI_KERNEL_END
