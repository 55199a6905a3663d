// Hundreds of props, which lie in clusters: nothing is left out, neither of what is seen nor of what casts shadows.
#include "render/trace/registry.h"
#include "tests/render/trace/viewing.h"

namespace nuri::trace::test {
namespace {
struct Ball { Triple at; double radius; };
struct Crowd {
  std::vector<Ball> balls;                       // geom 1 + i
  std::shared_ptr<const model::Model> model;
};
// Balls above an endless floor, of very different sizes, some far away.
Crowd crowd(int count, unsigned seed) {
  std::mt19937_64 words(seed);
  const auto random = [&] { return double(words() >> 11) * 0x1p-53; };
  Crowd out;
  model::SceneMaker maker;
  maker.geom(0, GeomType::plane, {0, 0, 1}).rgba = {1, 1, 1, 1};
  for (int i = 0; i < count; ++i) {
    const double wide = i % 50 == 7 ? 40 : 2;
    const Ball b{{double(float(wide * (random() - 0.5))), double(float(wide * (random() - 0.5))), double(float(0.3 + 1.2 * random()))}, double(float(0.01 + 0.1 * random() * random()))};
    out.balls.push_back(b);
    maker.geom(0, GeomType::sphere, {b.radius, 0, 0}, {b.at[0], b.at[1], b.at[2]}).rgba = {1, 1, 1, 1};
  }
  out.model = shared(maker.model());
  return out;
}
// How near the line from o along d comes to passing between meeting the ball and missing it, and where it meets it; 1e9: not.
double meet(const Ball& b, const Triple& o, const Triple& d, double& out_edge) {
  const Triple v = b.at - o;
  const double along = dot(v, d), square = dot(v, v) - along * along, room = b.radius * b.radius - square;
  out_edge = along > 0 ? std::abs(std::sqrt(std::max(0.0, square)) - b.radius) : 1;
  return room > 0 && along > 0 ? along - std::sqrt(room) : 1e9;
}
}  // namespace

TEST_CASE("every one of hundreds of props is seen, and casts its shadow") {
  for (const int count : {many_props - 1, many_props, 500}) {
    CAPTURE(count);
    const Crowd c = crowd(count, unsigned(count));
    Sensor s = camera(96, 96, 0.9, output::geom | output::range | output::rgb, {1.9, -2.2, 1.7});
    s.quat = towards(s.pos, {0, 0, 0.5});
    Options o;
    o.zenith = o.horizon = o.ground = {0, 0, 0};
    o.lamps = {{LampKind::point, 0, {0.4, 0.3, 3}}};
    const Triple lamp{0.4, 0.3, 3};
    const Picture p(c.model, s, o);
    const auto rays = rays_of(s);
    int seen = 0, dark = 0, lit = 0;
    for (int i = 0; i < 96 * 96; ++i) {
      const Triple& d = rays[size_t(i)];
      double best = d[2] < 0 ? -s.pos[2] / d[2] : 1e9, close = 1, edge;
      int geom = best < 1e9 ? 0 : -1;
      for (size_t b = 0; b < c.balls.size(); ++b) {
        const double t = meet(c.balls[b], s.pos, d, edge);
        close = std::min(close, edge);
        if (t < best) best = t, geom = int(b) + 1;
      }
      if (close < 1e-4 || best > 900) continue;
      REQUIRE(p.whole(output::geom, i % 96, i / 96) == geom);
      if (geom > 0) ++seen;
      if (geom >= 0) CHECK(p.number(output::range, i % 96, i / 96) == doctest::Approx(best).epsilon(1e-4));
      if (geom != 0) continue;
      const Triple at = along(s.pos, d, best), to = unit(lamp - at);
      bool shaded = false;
      close = 1;
      for (const Ball& b : c.balls) shaded |= meet(b, at, to, edge) < 1e8, close = std::min(close, edge);
      if (close < 1e-3) continue;
      ++(shaded ? dark : lit);
      REQUIRE((p.colour(i % 96, i / 96, 1) == 0) == shaded);
    }
    CHECK(seen > 300);
    CHECK(dark > 100);
    CHECK(lit > 1000);
  }
}

TEST_CASE("hundreds of props: equal bits at every width, and places that are no numbers are no trouble") {
  const Crowd c = crowd(300, 3);
  Sensor s = camera(64, 48, 0.9, output::rgb | output::geom | output::range, {1.9, -2.2, 1.7});
  s.quat = towards(s.pos, {0, 0, 0.5});
  Options o;
  o.lamps = {{LampKind::point, 0, {0.4, 0.3, 3}}, {LampKind::directional, 0, {}, {0.3, 0.2, -1}}};
  uint64_t expected = 0;
  for (const Kernel* k : kernels()) {
    o.width = k->width;
    const Picture p(c.model, s, o, 2);
    if (!expected) expected = p.hash();
    CHECK(p.hash() == expected);
  }
  model::SceneMaker maker;
  for (int i = 0; i < 2 * many_props; ++i) maker.geom(maker.body(0, {0.01 * i, 0, 0}), GeomType::box, {0.1, 0.1, 0.1});
  const auto m = shared(maker.model());
  Eyes eyes = opened(Eyes::make(m, 1, {s}));
  Pool pool(1);
  for (const float bad : {NAN, INFINITY, -INFINITY, 3e38f}) {
    Poses q(*m);
    for (size_t k = 3; k < q.position.size(); k += 5) q.position[k] = bad;
    CHECK(eyes.render(pool, q));
  }
}

}  // namespace nuri::trace::test
