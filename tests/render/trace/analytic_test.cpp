// Pictures with a closed form: spheres, planes, the furnace, lamps and their shadows.
#include "tests/render/trace/viewing.h"

namespace nuri::trace::test {
namespace {
constexpr double close = 2e-6;                   // relative: a few roundings of a float
constexpr double quarter_turn = 1.5707963267948966;

// A sky of one radiance everywhere, and no lamp.
Options furnace(float radiance) {
  Options o;
  o.zenith = o.horizon = o.ground = {radiance, radiance, radiance};
  o.ambient = 1;
  LampSpec dark;
  dark.colour = {0, 0, 0};
  o.lamps = {dark};
  return o;
}
double linear(double c) { return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4); }
int encoded(double x) { return int(std::floor(255 * (x <= 0.0031308 ? 12.92 * x : 1.055 * std::pow(x, 1 / 2.4) - 0.055) + 0.5)); }
}  // namespace

TEST_CASE("a sphere: distance, depth, normal and outline") {
  for (const double far : {3.0, 50.0}) {
    CAPTURE(far);
    model::SceneMaker maker;
    maker.geom(0, GeomType::sphere, {0.7, 0, 0}, {0.1, -0.2, -far});
    const Triple centre{0.1, -0.2, -far};
    const double radius = double(0.7f);
    const Sensor s = camera(101, 77, far > 10 ? 0.04 : 0.9, output::depth | output::range | output::normal | output::geom);
    const Picture p(shared(maker.model()), s);
    const auto rays = rays_of(s);
    int inside = 0;
    for (int y = 0; y < 77; ++y)
      for (int x = 0; x < 101; ++x) {
        const Triple& d = rays[size_t(y * 101 + x)];
        const double b = dot(d, centre), room = radius * radius - (dot(centre, centre) - b * b);
        if (std::abs(room) < 1e-4 * radius * far) continue;                            // the outline itself
        REQUIRE((p.whole(output::geom, x, y) == 0) == (room > 0));
        if (room < 0) {
          CHECK(p.number(output::range, x, y) == 0);
          continue;
        }
        ++inside;
        const double t = b - std::sqrt(room);
        CHECK(p.number(output::range, x, y) == doctest::Approx(t).epsilon(1e-5));
        CHECK(p.number(output::depth, x, y) == doctest::Approx(-t * d[2]).epsilon(1e-5));
        const Triple n = unit(along({}, d, t) - centre);
        for (int k = 0; k < 3; ++k) CHECK(std::abs(p.number(output::normal, x, y, k) - n[size_t(k)]) < 2e-3);
      }
    CHECK(inside > 500);
  }
}

TEST_CASE("an endless plane: depth is constant from above, and exact to the horizon") {
  model::SceneMaker maker;
  maker.geom(0, GeomType::plane, {0, 0, 1});
  Sensor s = camera(33, 33, 1.2, output::depth | output::range | output::geom, {0, 0, 2.5});
  const Picture above(shared(maker.model()), s);
  for (int y = 0; y < 33; ++y) for (int x = 0; x < 33; ++x) CHECK(above.number(output::depth, x, y) == doctest::Approx(2.5).epsilon(close));
  s.quat = towards({0, 0, 2.5}, {10, 0, 2.5});
  s.far = 1e5;
  const Picture level(shared(maker.model()), s);
  const auto rays = rays_of(s);
  for (int y = 0; y < 33; ++y)
    for (int x = 0; x < 33; ++x) {
      const double down = -rays[size_t(33 * y + x)][2];
      if (std::abs(down) < 1e-6) continue;
      CHECK((level.whole(output::geom, x, y) == 0) == (down > 0));
      if (down > 0) CHECK(level.number(output::range, x, y) == doctest::Approx(2.5 / down).epsilon(1e-5));
    }
  s.pos = {0, 0, -1};                            // from below it is not there
  CHECK(Picture(shared(maker.model()), s).whole(output::geom, 16, 3) == -1);
}

TEST_CASE("near and far: along the viewing direction") {
  model::SceneMaker maker;
  maker.geom(0, GeomType::box, {0.5, 0.5, 0.5});                                       // the camera sits inside
  maker.geom(0, GeomType::box, {3, 3, 0.1}, {0, 0, -4});
  maker.geom(0, GeomType::box, {9, 9, 0.1}, {0, 0, -8});
  Sensor s = camera(16, 16, 0.5, output::geom | output::depth);
  s.near = 0.6;
  CHECK(Picture(shared(maker.model()), s).whole(output::geom, 8, 8) == 1);
  s.near = 0.1;
  const Picture from_inside(shared(maker.model()), s);
  CHECK(from_inside.whole(output::geom, 8, 8) == 0);
  CHECK(from_inside.number(output::depth, 3, 12) == doctest::Approx(0.5).epsilon(close));
  s.near = 4.5;
  const Picture behind(shared(maker.model()), s);
  CHECK(behind.whole(output::geom, 8, 8) == 2);
  CHECK(behind.number(output::depth, 1, 1) == doctest::Approx(7.9).epsilon(close));
  s.far = 7;
  s.nothing = -3;
  const Picture nothing(shared(maker.model()), s);
  CHECK(nothing.whole(output::geom, 8, 8) == -1);
  CHECK(nothing.number(output::depth, 8, 8) == -3);
}

TEST_CASE("furnace: white surfaces vanish in a sky of one colour") {
  model::SceneMaker maker;
  maker.geom(0, GeomType::sphere, {1, 0, 0}, {0, 0, -3}).rgba = {1, 1, 1, 1};
  maker.geom(0, GeomType::box, {0.3, 0.8, 0.5}, {1.5, 0, -4}).rgba = {1, 1, 1, 1};
  const Picture p(shared(maker.model()), camera(48, 48, 1.0, output::rgb), furnace(0.5f));
  const int expected = encoded(0.5);
  for (int y = 0; y < 48; ++y) for (int x = 0; x < 48; ++x) for (int k = 0; k < 3; ++k) REQUIRE(std::abs(p.colour(x, y, k) - expected) <= 1);
}

TEST_CASE("a lamp's light goes with the cosine, the distance and the spot's edge") {
  model::SceneMaker maker;
  maker.geom(0, GeomType::plane, {0, 0, 1}).rgba = {0.5f, 0.5f, 0.5f, 1};
  model::Model m = maker.model();
  model::Look::Material matt;
  matt.specular = 0;
  m.look.materials = {matt};
  m.look.parts[0].material = 0;
  const auto made = shared(m);
  const Sensor s = camera(65, 65, quarter_turn, output::rgb, {0, 0, 1});               // a pixel's centre at (x - 32) / 32.5 m
  const auto place = [](int i) { return (i - 32) / 32.5; };
  Options o = furnace(0);
  SUBCASE("directional") {
    o.lamps = {{LampKind::directional, 0, {}, {0, -3, -4}, {0.5f, 0.7f, 0.9f}}};
    const Picture p(made, s, o);
    const float colour[3] = {0.5f, 0.7f, 0.9f};
    for (int k = 0; k < 3; ++k) CHECK(std::abs(p.colour(20, 40, k) - encoded(linear(0.5) * colour[k] * 0.8)) <= 1);
  }
  SUBCASE("point") {
    LampSpec lamp{LampKind::point, 0, {0.3, 0.2, 2}};
    lamp.falls = true;
    o.lamps = {lamp};
    const Picture p(made, s, o);
    for (int x = 2; x < 65; x += 9) {
      const double dx = place(x) - 0.3, dy = place(64 - 30) - 0.2, square = dx * dx + dy * dy + 4;
      CHECK(std::abs(p.colour(x, 30, 0) - encoded(linear(0.5) * 2 / std::sqrt(square) / square)) <= 1);
    }
  }
  SUBCASE("spot") {
    o.lamps = {{LampKind::spot, 0, {0, 0, 1}, {0, 0, -1}, {1, 1, 1}, 0.5, 0.3}};
    const Picture p(made, s, o);
    const double full = std::tan(0.3), dark = std::tan(0.5);
    for (int x = 0; x < 65; ++x) {
      const double r = std::abs(place(x));
      if (r > dark) CHECK(p.colour(x, 32, 0) == 0);
      if (r < full) CHECK(std::abs(p.colour(x, 32, 0) - encoded(linear(0.5) / std::sqrt(1 + r * r))) <= 1);
    }
  }
}

TEST_CASE("hard shadows lie where geometry puts them") {
  model::SceneMaker maker;
  maker.geom(0, GeomType::plane, {0, 0, 1}).rgba = {1, 1, 1, 1};
  maker.geom(0, GeomType::sphere, {0.25, 0, 0}, {0.6, 0, 1}).rgba = {1, 1, 1, 1};
  const auto made = shared(maker.model());
  const Sensor s = camera(129, 129, 2 * std::atan(1.0 / 3), output::rgb | output::geom, {0, 0, 3});   // sees 1 m to each side
  const auto place = [](int i) { return (i - 64) / 64.5; };
  for (const bool point : {false, true}) {
    CAPTURE(point);
    Options o = furnace(0);
    const Triple lamp{1.8, 0, 3};
    o.lamps = {{point ? LampKind::point : LampKind::directional, 0, lamp, {-1.2, 0, -2}}};
    const Picture p(made, s, o);
    int dark = 0;
    for (int y = 0; y < 129; ++y)
      for (int x = 0; x < 129; ++x) {
        if (p.whole(output::geom, x, y) != 0) continue;
        const Triple at{place(x), place(128 - y), 0}, l = unit(point ? lamp - at : Triple{1.2, 0, 2}), c = Triple{0.6, 0, 1} - at;
        const double off = std::sqrt(dot(cross(c, l), cross(c, l)));                   // of the ball's centre from the way to the lamp
        if (std::abs(off - 0.25) < 2e-3) continue;
        dark += off < 0.25;
        REQUIRE((p.colour(x, y, 0) == 0) == (off < 0.25));
      }
    CHECK(dark > 300);
    o.lamps[0].shadow = false;
    const Picture open(made, s, o);
    for (int x = 0; x < 129; ++x) if (open.whole(output::geom, x, 64) == 0) CHECK(open.colour(x, 64, 0) > 0);
  }
}

TEST_CASE("clear surfaces show what is behind them, and cast no shadow") {
  model::SceneMaker maker;
  maker.geom(0, GeomType::plane, {0, 0, 1}).rgba = {1, 1, 1, 1};
  maker.geom(0, GeomType::box, {0.5, 0.5, 0.1}, {0, 0, 1}).rgba = {0, 0, 0, 0.25f};
  model::Model m = maker.model();
  model::Look::Material matt;
  matt.specular = 0;
  m.look.materials = {matt};
  for (auto& part : m.look.parts) part.material = 0;
  const Options o = furnace(0.4f);
  const Picture p(shared(m), camera(32, 32, 0.2, output::rgb | output::geom, {0, 0, 5}), o);
  CHECK(p.whole(output::geom, 16, 16) == 1);
  CHECK(std::abs(p.colour(16, 16, 0) - encoded(0.75 * 0.4)) <= 1);
}

TEST_CASE("pictures on surfaces: place, repeat, level of detail") {
  // red to the left, green to the right, blue above: a plane of 2 x 2 m shows the picture once, its top towards +y
  model::SceneMaker maker;
  maker.geom(0, GeomType::plane, {1, 1, 1}).rgba = {1, 1, 1, 1};
  model::Model m = maker.model();
  model::Look::Image image{64, 64, false, {}};
  for (int y = 0; y < 64; ++y)
    for (int x = 0; x < 64; ++x) {
      const uint8_t r = y >= 16 && x < 32 ? 255 : 0, g = y >= 16 && x >= 32 ? 255 : 0, b = y < 16 ? 255 : 0;
      image.rgba.insert(image.rgba.end(), {r, g, b, 255});
    }
  m.look.images = {image};
  model::Look::Material material;
  material.specular = 0, material.image = 0;
  m.look.materials = {material};
  m.look.parts[0].material = 0;
  const Sensor s = camera(64, 64, 2 * std::atan(0.5), output::rgb, {0, 0, 2});         // a pixel is 1 / 32 m
  const Options o = furnace(1.0f / 3);
  const int full = encoded(1.0 / 3);
  {
    const Picture p(shared(m), s, o);
    const auto is = [&](int x, int y, int r, int g, int b) {
      CHECK(std::abs(p.colour(x, y, 0) - r * full) <= 1);
      CHECK(std::abs(p.colour(x, y, 1) - g * full) <= 1);
      CHECK(std::abs(p.colour(x, y, 2) - b * full) <= 1);
    };
    is(10, 40, 1, 0, 0);
    is(50, 40, 0, 1, 0);
    is(10, 5, 0, 0, 1);
    is(50, 10, 0, 0, 1);
  }
  // far repeated, it is the mean in linear light: (3/8, 3/8, 1/4)
  m.look.materials[0].repeat = {400, 400};
  const Picture far(shared(m), s, o);
  for (int x = 8; x < 60; x += 17) {
    CHECK(std::abs(far.colour(x, 30, 0) - encoded(0.375 / 3)) <= 2);
    CHECK(std::abs(far.colour(x, 30, 1) - encoded(0.375 / 3)) <= 2);
    CHECK(std::abs(far.colour(x, 30, 2) - encoded(0.25 / 3)) <= 2);
  }
}

}  // namespace nuri::trace::test
