// Lights as MJCF means them: of every pixel of a matt floor the radiance is known, with OpenGL's formula of fixed lighting:
//   share (ambient + diffuse cos),  share = cos_axis^exponent / (a + b d + c d^2) within the cutoff and the range, else 0
#include "tests/render/trace/viewing.h"

namespace nuri::trace::test {
namespace {
using Light = model::Look::Light;

double linear(double c) { return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4); }
int encoded(double x) { return int(std::floor(255 * (x <= 0.0031308 ? 12.92 * x : 1.055 * std::pow(x, 1 / 2.4) - 0.055) + 0.5)); }

constexpr int across = 65;
double place(int i) { return (i - 32) / 32.5; }  // m, of a pixel's centre on the floor

// A floor of sRGB 0.5 without gloss, 1 m to each side of the picture's middle, under a black sky.
Picture seen(const std::vector<Light>& lights) {
  model::SceneMaker maker;
  maker.geom(0, GeomType::plane, {0, 0, 1}).rgba = {0.5f, 0.5f, 0.5f, 1};
  model::Model m = maker.model();
  model::Look::Material matt;
  matt.specular = 0;
  m.look.materials = {matt};
  m.look.parts[0].material = 0;
  m.look.lights = lights;
  Options black;
  black.zenith = black.horizon = black.ground = {0, 0, 0};
  return Picture(shared(m), camera(across, across, 1.5707963267948966, output::rgb, {0, 0, 1}), black);
}

struct Lit { double share, cosine, edge; };      // edge: how far the pixel is from where light ends
Lit lit(const Light& l, const Triple& at) {
  const Triple way = Triple{l.pos[0], l.pos[1], l.pos[2]} - at, to = unit(way), axis = unit({l.dir[0], l.dir[1], l.dir[2]});
  const double d = std::sqrt(dot(way, way)), cosine = -dot(to, axis);
  double share = 1 / (double(l.attenuation[0]) + double(l.attenuation[1]) * d + double(l.attenuation[2]) * d * d);
  double edge = std::abs(d - double(l.range));
  if (l.type == Light::Type::spot && l.cutoff < 3.14f) {
    edge = std::min(edge, std::abs(std::acos(cosine) - double(l.cutoff)));
    share = cosine < std::cos(double(l.cutoff)) ? 0 : share * std::pow(cosine, double(l.exponent));
  }
  return {d > double(l.range) ? 0 : share, to[2], edge};
}

Light lamp(Light::Type type) {
  Light l;
  l.type = type;
  l.pos = {0.3, 0.2, 2}, l.dir = {0.1, -0.3, -1};
  l.ambient = {0.03f, 0.1f, 0}, l.diffuse = {0.5f, 0.6f, 0.7f}, l.specular = {0, 0, 0};
  l.attenuation = {0.5f, 0.2f, 0.15f};
  l.shadow = false;
  return l;
}

// Compares all pixels but those within 1e-3 of where light ends; returns how many are lit and how many are dark.
std::array<int, 2> compare(const Light& l) {
  const Picture p = seen({l});
  std::array<int, 2> count{};
  for (int y = 0; y < across; ++y)
    for (int x = 0; x < across; ++x) {
      const Lit want = lit(l, {place(x), place(across - 1 - y), 0});
      if (want.edge < 1e-3) continue;
      ++count[want.share > 0 ? 0 : 1];
      for (size_t k = 0; k < 3; ++k) {
        const double radiance = linear(0.5) * want.share * (double(l.ambient[k]) + double(l.diffuse[k]) * want.cosine);
        REQUIRE(radiance < 0.8);                                                       // brighter light bends
        CHECK(std::abs(p.colour(x, y, int(k)) - encoded(radiance)) <= 1);
      }
    }
  return count;
}
}  // namespace

TEST_CASE("a spot: its cosine's power inside the cutoff, nothing outside") {
  for (const float exponent : {0.0f, 1.0f, 10.0f, 64.0f}) {
    CAPTURE(exponent);
    Light l = lamp(Light::Type::spot);
    l.exponent = exponent, l.cutoff = 0.35f;
    const auto [light, dark] = compare(l);
    CHECK(light > 800);
    CHECK(dark > 800);
  }
}

TEST_CASE("a point's light falls with the distance and ends at its range; a spot of 180 degrees is a point") {
  Light l = lamp(Light::Type::point);
  CHECK(compare(l) == std::array<int, 2>{across * across, 0});
  l.range = 2.1f;
  const auto [light, dark] = compare(l);
  CHECK(light > 800);
  CHECK(dark > 800);
  Light wide = lamp(Light::Type::spot);
  wide.cutoff = 3.1415927f;
  CHECK(compare(wide) == std::array<int, 2>{across * across, 0});
  CHECK(seen({wide}).hash() == seen({lamp(Light::Type::point)}).hash());
  l.attenuation = {0, 0, 0};                     // no end of light: bounded, and finite
  l.diffuse = l.ambient = {1e-5f, 1e-5f, 1e-5f};
  CHECK(seen({l}).colour(32, 32, 0) > 0);
}

TEST_CASE("a directional light knows neither distance nor range, and its ambient light is everywhere") {
  Light l = lamp(Light::Type::directional);
  l.range = 0.5f, l.dir = {0, -3, -4};
  const Picture p = seen({l});
  for (size_t k = 0; k < 3; ++k) CHECK(std::abs(p.colour(11, 50, int(k)) - encoded(linear(0.5) * (double(l.ambient[k]) + 0.8 * double(l.diffuse[k])))) <= 1);
}

TEST_CASE("lights that are switched off are dark, and no sun rises for them; without lights there is one") {
  Light l = lamp(Light::Type::directional);
  l.active = false;
  CHECK(seen({l}).colour(32, 32, 1) == 0);
  CHECK(seen({}).colour(32, 32, 1) > 100);
  Light on = lamp(Light::Type::spot);
  CHECK(seen({l, on}).hash() == seen({on}).hash());
}

}  // namespace nuri::trace::test
