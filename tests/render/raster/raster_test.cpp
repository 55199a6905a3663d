// Pictures of things made by hand, against what rays say that meet them in closed form, and against what light must do. Everything is drawn
// under the validation layer, which must stay silent from the first picture to the last thing freed.
#include "render/raster/raster.h"
#include <doctest/doctest.h>
#include <limits>
#include <optional>
#include "tests/render/raster/things.h"
#include "tests/skip.h"

using namespace nuri;
using namespace things;
using view::Vec3f;

namespace {

constexpr uint32_t width = 96, height = 64;
const std::array<float, 4> white{0.8f, 0.8f, 0.8f, 1}, red{0.7f, 0.05f, 0.05f, 1}, blue{0.05f, 0.05f, 0.7f, 1};

// A device with its raster, and a picture that goes before them.
struct Studio {
  std::unique_ptr<vulkan::Device> device;
  std::unique_ptr<raster::Raster> raster;
  std::unique_ptr<raster::Picture> picture;
  static std::optional<Studio> open(const view::Scenery& scenery) {
    auto device = vulkan::Device::create({.instance_extensions = {}, .name = "", .validate = true});
    if (!device) return {};
    auto raster = raster::Raster::create(**device);
    REQUIRE(raster);
    Studio s{std::move(*device), std::move(*raster), nullptr};
    s.raster->use(scenery);
    s.picture = s.raster->picture(width, height);
    return s;
  }
  raster::Pixels draw(const view::Frame& frame, const view::Eye& eye, const raster::Style& style = {}, bool ids = false) {
    return drawn(*device, *raster, *picture, frame, eye, style, ids);
  }
  void silent() const { for (const std::string& words : device->said) FAIL_CHECK(words); }
};

std::array<int, 3> pixel(const raster::Pixels& p, uint32_t x, uint32_t y) {
  size_t k = 4 * (size_t(y) * p.width + x);
  return {p.rgba[k], p.rgba[k + 1], p.rgba[k + 2]};
}
int brightness(const raster::Pixels& p, uint32_t x, uint32_t y) {
  auto c = pixel(p, x, y);
  return c[0] + c[1] + c[2];
}

struct Ray { double from[3], along[3]; };          // along: 1 m per m of depth

Ray ray(const view::Eye& eye, double x, double y) {
  double tangent = std::tan(0.5 * double(eye.fovy)), right = (2 * x / width - 1) * tangent * width / height, up = (1 - 2 * y / height) * tangent;
  Ray r{};
  for (size_t k = 0; k < 3; ++k) {
    r.from[k] = double(eye.position[k]);
    r.along[k] = right * double(eye.axes[3 * k]) + up * double(eye.axes[3 * k + 1]) - double(eye.axes[3 * k + 2]);
  }
  return r;
}
// Depth where a ray meets a sphere, or a box along the axes; infinity: it does not.
double meets_sphere(const Ray& r, const double (&at)[3], double radius) {
  double a = 0, b = 0, c = -radius * radius;
  for (int k = 0; k < 3; ++k) a += r.along[k] * r.along[k], b += r.along[k] * (r.from[k] - at[k]), c += (r.from[k] - at[k]) * (r.from[k] - at[k]);
  double d = b * b - a * c;
  return d < 0 ? std::numeric_limits<double>::infinity() : (-b - std::sqrt(d)) / a;
}
double meets_box(const Ray& r, const double (&at)[3], const double (&half)[3]) {
  double in = 0, out = std::numeric_limits<double>::infinity();
  for (int k = 0; k < 3; ++k) {
    double a = (at[k] - half[k] - r.from[k]) / r.along[k], b = (at[k] + half[k] - r.from[k]) / r.along[k];
    in = std::max(in, std::min(a, b)), out = std::min(out, std::max(a, b));
  }
  return in <= out ? in : std::numeric_limits<double>::infinity();
}

}  // namespace

TEST_CASE("raster: names and depths are those of rays") {
  auto studio = Studio::open(scenery(192));        // so fine that its facets lie within the tolerance
  if (!studio) NURI_SKIP("no Vulkan 1.3 device here");
  const double ball[3] = {-0.5, 0.2, 0.6}, chest[3] = {0.8, -0.1, 0.4}, half[3] = {0.3, 0.5, 0.4};
  view::Frame frame = lit();
  view::Instance sphere = instance({-0.5f, 0.2f, 0.6f}, {0.6f, 0.6f, 0.6f}, red, 7), box = instance({0.8f, -0.1f, 0.4f}, {0.3f, 0.5f, 0.4f}, blue, 9);
  sphere.environment = 3, box.environment = 70000;
  add(frame, view::shape::sphere, sphere), add(frame, view::shape::box, box);
  add(frame, view::shape::box, instance({0, -2, 0.5f}, {5, 0.01f, 5}, white, 0));   // in front of all, but nothing that can be picked
  view::Eye eye = look({0.6f, -4, 1.7f}, {0, 0, 0.5f}, 0.6f);
  raster::Pixels p = studio->draw(frame, eye, {}, true);
  REQUIRE(p.id.size() == size_t(width) * height);
  REQUIRE(p.depth.size() == p.id.size());
  constexpr double depth_tolerance = 1e-4;         // relative: of the facets of a sphere with 192 rings, (pi / 192)^2 / 8 of its radius, and of floats
  int seen[3] = {0, 0, 0}, wrong_name = 0, wrong_depth = 0;
  for (uint32_t y = 0; y < height; ++y)
    for (uint32_t x = 0; x < width; ++x) {
      auto name_at = [&](double px, double py, double& out_depth) {
        Ray r = ray(eye, px, py);
        double a = meets_sphere(r, ball, 0.6), b = meets_box(r, chest, half);
        out_depth = std::min(a, b);
        return std::isinf(out_depth) ? 0u : a < b ? 7u : 9u;
      };
      double depth, other;
      uint32_t name = name_at(x + 0.5, y + 0.5, depth);
      bool inside = true;                          // away from edges by half a pixel
      for (double dx : {-0.5, 0.5}) for (double dy : {-0.5, 0.5}) inside = inside && name_at(x + 0.5 + dx, y + 0.5 + dy, other) == name;
      if (!inside) continue;
      size_t k = size_t(y) * width + x;
      ++seen[name == 0 ? 0 : name == 7 ? 1 : 2];
      wrong_name += p.id[k] != name || p.environment[k] != (name == 7 ? 3u : name == 9 ? 70000u : 0u);
      wrong_depth += name ? !(std::abs(double(p.depth[k]) - depth) <= depth_tolerance * depth) : !std::isinf(p.depth[k]);
    }
  CHECK(wrong_name == 0);
  CHECK(wrong_depth == 0);
  for (int count : seen) CHECK(count > 300);       // each was there to be checked
  studio->silent();
}

TEST_CASE("raster: an empty picture is the sky, brighter by day, and the eye above it sees no ground") {
  auto studio = Studio::open({});
  if (!studio) NURI_SKIP("no Vulkan 1.3 device here");
  view::Frame frame = lit();
  view::Eye eye = look({0, -3, 1}, {0, 0, 1.5f});
  raster::Style style;
  style.grid = false;
  raster::Pixels day = studio->draw(frame, eye, style, true);
  style.dark = true;
  raster::Pixels night = studio->draw(frame, eye, style);
  int spread = 0, dark_spread = 0;
  for (uint32_t x = 1; x < width; ++x) {           // the same all along a row, but for dither and the glow about the sun behind
    spread = std::max(spread, std::abs(brightness(day, x, 3) - brightness(day, 0, 3)));
    dark_spread = std::max(dark_spread, std::abs(brightness(night, x, 3) - brightness(night, 0, 3)));
  }
  CHECK(spread < 60);
  CHECK(dark_spread <= 12);
  CHECK(brightness(day, 48, 3) > brightness(night, 48, 3) + 150);
  CHECK(pixel(day, 48, 3)[2] > pixel(day, 48, 3)[0] + 30);   // blue
  for (uint32_t id : day.id) REQUIRE(id == 0);
  for (float depth : day.depth) REQUIRE(std::isinf(depth));
  studio->silent();
}

TEST_CASE("raster: under a box it is darker than beside it, and without shadows it is not") {
  auto studio = Studio::open(scenery());
  if (!studio) NURI_SKIP("no Vulkan 1.3 device here");
  view::Frame frame = lit({0, 0, -1});
  add(frame, view::shape::plane, instance({0, 0, 0}, {20, 20, 1}, white, 1));
  add(frame, view::shape::box, instance({0, 0, 1}, {0.4f, 0.4f, 0.05f}, white, 2));
  view::Eye eye = look({0, -4, 0.5f}, {0, 0, 0.3f});
  raster::Style style;
  style.grid = false;
  // the pixel of a point on the ground
  auto at = [&](float x, float y) {
    auto clip = view::clip_from_world(eye, float(width) / height);
    float w = clip[12] * x + clip[13] * y + clip[15];
    float right = (clip[0] * x + clip[1] * y + clip[3]) / w, down = (clip[4] * x + clip[5] * y + clip[7]) / w;
    return std::array<uint32_t, 2>{uint32_t((0.5f + 0.5f * right) * width), uint32_t((0.5f + 0.5f * down) * height)};
  };
  auto under = at(0, 0), beside = at(1.2f, 0);
  raster::Pixels p = studio->draw(frame, eye, style);
  CHECK(brightness(p, under[0], under[1]) * 5 < brightness(p, beside[0], beside[1]) * 4);
  style.shadows = false;
  raster::Pixels lit_all = studio->draw(frame, eye, style);
  CHECK(std::abs(brightness(lit_all, under[0], under[1]) - brightness(lit_all, beside[0], beside[1])) < 40);
  style.shadows = true;
  frame.instances[1].marks = view::mark::no_shadow;
  raster::Pixels unmarked = studio->draw(frame, eye, style);
  CHECK(std::abs(brightness(unmarked, under[0], under[1]) - brightness(unmarked, beside[0], beside[1])) < 40);
  // a lamp at a place throws its shadow to the other side
  frame.instances[1].marks = 0;
  frame.lamps[0] = {{3, 0, 3}, {0, 0, -1}, {3, 3, 3}, false, true};
  auto thrown = at(-1.5f, 0), free = at(1.2f, 0);
  raster::Pixels side = studio->draw(frame, eye, style);
  CHECK(brightness(side, thrown[0], thrown[1]) * 5 < brightness(side, free[0], free[1]) * 4);
  CHECK(brightness(side, under[0], under[1]) > brightness(side, thrown[0], thrown[1]));
  studio->silent();
}

// Small things are drawn by fewer triangles: their outlines stay where they are to a pixel. Some are out of sight, and must not take others along.
TEST_CASE("raster: thousands of small things are where rays say") {
  auto studio = Studio::open(scenery(96));
  if (!studio) NURI_SKIP("no Vulkan 1.3 device here");
  struct Ball { double at[3], radius; };
  std::vector<Ball> balls;
  view::Frame frame = lit();
  frame.radius = 20;
  const auto first = uint32_t(frame.instances.size());
  for (int k = 0; k < 2500; ++k) {
    const Ball b{{0.5 * (k % 50) - 12, 0.9 * (k / 50) - 8, 0.1 * (k % 7)}, k % 57 == 0 ? 1.0 : 0.02 + 0.017 * (k % 11)};
    balls.push_back(b);
    const auto r = float(b.radius);
    frame.instances.push_back(instance({float(b.at[0]), float(b.at[1]), float(b.at[2])}, {r, r, r}, red, uint32_t(k) + 1));
  }
  frame.solid.push_back({view::shape::sphere, 0, first, uint32_t(balls.size())});
  const view::Eye eye = look({1, -14, 5}, {1, 0, 0}, 0.45f);
  raster::Style style;
  style.shadows = false;                           // which are drawn finer
  const raster::Pixels p = studio->draw(frame, eye, style, true);
  const double pixel_at_1m = 2 * std::tan(0.5 * double(eye.fovy)) / height;
  int inside = 0, outside = 0, wrong = 0;
  for (uint32_t y = 0; y < height; ++y)
    for (uint32_t x = 0; x < width; ++x) {
      const Ray r = ray(eye, x + 0.5, y + 0.5);
      double nearest = std::numeric_limits<double>::infinity();
      uint32_t name = 0;
      bool sure = true;                            // nowhere near an outline
      for (size_t k = 0; k < balls.size(); ++k) {
        const Ball& b = balls[k];
        double depth = 0;
        for (size_t i = 0; i < 3; ++i) depth -= (b.at[i] - r.from[i]) * double(eye.axes[3 * i + 2]);
        const double pixel = depth * pixel_at_1m;
        if (depth < 0 || std::isinf(meets_sphere(r, b.at, b.radius + pixel))) continue;
        if (b.radius < pixel || std::isinf(meets_sphere(r, b.at, b.radius - pixel))) sure = false;
        else if (const double d = meets_sphere(r, b.at, b.radius); d < nearest) nearest = d, name = uint32_t(k) + 1;
      }
      if (!sure) continue;
      ++(name ? inside : outside);
      wrong += p.id[size_t(y) * width + x] != name;
    }
  CHECK(wrong == 0);
  CHECK(inside > 20);
  CHECK(outside > 500);
  MESSAGE(inside, " pixels inside of balls, ", outside, " outside of them");
  studio->silent();
}

// A spot of OpenGL's, and so of MuJoCo's: cos^exponent within the cone, nothing outside; all lamps in a place by 1 / (a + b d + c d^2). What the
// ground sends back stands in this proportion to what the same lamp gives all around without attenuation, whatever the material.
TEST_CASE("raster: lamps keep to their cones, attenuation and range") {
  auto studio = Studio::open(scenery());
  if (!studio) NURI_SKIP("no Vulkan 1.3 device here");
  view::Frame frame = lit();
  add(frame, view::shape::plane, instance({0, 0, 0}, {20, 20, 1}, {0.3f, 0.3f, 0.3f, 1}, 1));
  const view::Eye eye = look({0, -3.5f, 4}, {0, 0, 0});
  raster::Style style;
  style.grid = false, style.shadows = false;
  const view::Lamp plain{{0.2f, 0.1f, 2}, {0.3f / 1.1180340f, 0.4f / 1.1180340f, -1 / 1.1180340f}, {4, 4, 4}, false, false};
  auto light = [&](const view::Lamp& lamp) {       // linear, of every pixel
    frame.lamps = {lamp};
    const raster::Pixels p = studio->draw(frame, eye, style);
    std::vector<double> out;
    for (size_t k = 0; k < p.rgba.size(); k += 4) out.push_back(std::pow((p.rgba[k + 1] / 255.0 + 0.055) / 1.055, 2.4));
    return out;
  };
  view::Lamp none = plain, spot = plain, fading = plain, near = plain;
  none.colour = {0, 0, 0};
  spot.cone = std::cos(0.5f), spot.exponent = 7;
  fading.attenuation = {0.3f, 0.2f, 0.15f};
  near.range = 2.4f;
  const auto dark = light(none), full = light(plain);
  constexpr double tolerance = 0.05;               // of the lamp's part: 8 bits with a dither of one step are up to 0.02 of 0.5 at either end of the quotient
  auto judge = [&](const view::Lamp& lamp, auto share) {
    const auto seen = light(lamp);
    int some = 0, nothing = 0, wrong = 0;
    for (uint32_t y = 0; y < height; ++y)
      for (uint32_t x = 0; x < width; ++x) {
        const size_t at = size_t(y) * width + x;
        if (full[at] - dark[at] < 0.15 || full[at] > 0.65) continue;   // too little to divide by; or toned
        auto wanted = [&](double px, double py) {
          const Ray r = ray(eye, px, py);
          const double depth = -r.from[2] / r.along[2];
          double to[3], d = 0, along = 0;
          for (int k = 0; k < 3; ++k) to[k] = r.from[k] + depth * r.along[k] - double(lamp.position[size_t(k)]), d += to[k] * to[k];
          d = std::sqrt(d);
          for (int k = 0; k < 3; ++k) along += to[k] / d * double(lamp.direction[size_t(k)]);
          return share(d, along);
        };
        const double here = wanted(x + 0.5, y + 0.5);
        bool edge = false;
        for (double dx : {-0.6, 0.6}) for (double dy : {-0.6, 0.6}) edge = edge || (wanted(x + 0.5 + dx, y + 0.5 + dy) > 0) != (here > 0);
        if (edge) continue;
        ++(here > 0 ? some : nothing);
        wrong += std::abs((seen[at] - dark[at]) / (full[at] - dark[at]) - here) > tolerance;
      }
    CHECK(wrong == 0);
    CHECK(some > 100);
    return nothing;
  };
  CHECK(judge(spot, [](double, double along) { return along > std::cos(0.5) ? std::pow(along, 7) : 0.0; }) > 100);
  CHECK(judge(fading, [](double d, double) { return 1 / (0.3 + 0.2 * d + 0.15 * d * d); }) == 0);
  CHECK(judge(near, [](double d, double) { return d < 2.4 ? 1.0 : 0.0; }) > 100);
  studio->silent();
}

TEST_CASE("raster: what is clear shows what is behind it, in its order") {
  auto studio = Studio::open(scenery());
  if (!studio) NURI_SKIP("no Vulkan 1.3 device here");
  view::Eye eye = look({0, -3, 0.01f}, {0, 0, 0});
  raster::Style style;
  style.grid = false;
  auto picture = [&](bool blue_in_front) {
    view::Frame frame = lit();
    for (bool front : {false, true}) {             // the farther first
      view::Instance i = instance({0, front ? -0.5f : 0.5f, 0}, {0.5f, 0.01f, 0.5f}, front == blue_in_front ? blue : red);
      i.rgba[3] = 0.5f, i.marks = view::mark::flat;
      frame.clear.push_back(uint32_t(frame.instances.size())), frame.clear_shape.push_back(view::shape::box);
      frame.instances.push_back(i);
    }
    add(frame, view::shape::box, instance({0, 1, 0}, {2, 0.01f, 2}, {0, 0, 0, 1}));
    frame.instances.back().marks = view::mark::flat;
    return pixel(studio->draw(frame, eye, style), width / 2, height / 2);
  };
  // half of what is in front, a quarter of what is behind, on black; and back from light to sRGB
  auto screen = [](float c) { return int(std::lround(255 * (c <= 0.0031308f ? 12.92f * c : 1.055f * std::pow(c, 1 / 2.4f) - 0.055f))); };
  constexpr int dither = 2;
  auto front_blue = picture(true), front_red = picture(false);
  CHECK(std::abs(front_blue[2] - screen(0.5f * 0.7f + 0.25f * 0.05f)) <= dither);
  CHECK(std::abs(front_blue[0] - screen(0.5f * 0.05f + 0.25f * 0.7f)) <= dither);
  CHECK(std::abs(front_red[0] - screen(0.5f * 0.7f + 0.25f * 0.05f)) <= dither);
  CHECK(std::abs(front_red[2] - screen(0.5f * 0.05f + 0.25f * 0.7f)) <= dither);
  studio->silent();
}

TEST_CASE("raster: lines have their colour and width, and hide behind things unless they are on top") {
  auto studio = Studio::open(scenery());
  if (!studio) NURI_SKIP("no Vulkan 1.3 device here");
  view::Eye eye = look({0, -3, 0.01f}, {0, 0, 0});
  raster::Style style;
  style.grid = false, style.dark = true;
  view::Frame frame = lit();
  add(frame, view::shape::box, instance({0, 0, 0}, {0.4f, 0.1f, 0.4f}, {0, 0, 0, 1}));
  frame.instances.back().marks = view::mark::flat;
  auto columns = [&](uint32_t row) {               // greener than red and blue
    raster::Pixels p = studio->draw(frame, eye, style);
    int count = 0;
    for (uint32_t x = 0; x < width; ++x) count += pixel(p, x, row)[1] > 120 && pixel(p, x, row)[0] < 60;
    return count;
  };
  frame.lines = {{{0, 0.5f, -5}, {0, 0.5f, 5}, {0, 0.8f, 0, 1}, 4, false}};
  CHECK(std::abs(columns(2) - 4) <= 1);            // above the box
  CHECK(columns(height / 2) == 0);                 // behind it
  frame.lines[0].on_top = true;
  CHECK(std::abs(columns(height / 2) - 4) <= 1);
  frame.lines[0].from = {0, -50, 0}, frame.lines[0].to = {0, 50, 0};   // through the eye: no part of it may leap across the picture
  CHECK(columns(2) <= 1);
  studio->silent();
}

TEST_CASE("raster: a cube's faces lie as seen from inside, their tops towards +z, or +y above and below") {
  model::Look::Image image;                        // per face: red says which, green where its left half is, blue its upper
  image.width = 64, image.height = 384, image.cube = true;
  for (int y = 0; y < 384; ++y)
    for (int x = 0; x < 64; ++x) image.rgba.insert(image.rgba.end(), {uint8_t(30 + 30 * (y / 64)), uint8_t(x < 32 ? 200 : 0), uint8_t(y % 64 < 32 ? 200 : 0), 255});
  view::Scenery painted = scenery(8);
  painted.images = {&image};
  painted.materials[0].image = 0;
  auto studio = Studio::open(painted);
  if (!studio) NURI_SKIP("no Vulkan 1.3 device here");
  const double half[3] = {0.5, 0.6, 0.4}, at[3] = {0, 0, 0};
  view::Frame frame = lit();
  add(frame, view::shape::box, instance({0, 0, 0}, {0.5f, 0.6f, 0.4f}, {1, 1, 1, 1}));
  frame.instances[0].marks = view::mark::flat;
  int seen[6] = {}, wrong = 0;
  for (Vec3f from : {Vec3f{2, 0, 0}, Vec3f{-2, 0.1f, 0}, Vec3f{0, 2, 0}, Vec3f{0, -2, 0.1f}, Vec3f{0.1f, 0.2f, 2}, Vec3f{0.2f, 0.1f, -2}}) {
    view::Eye eye = look(from, {0, 0, 0});
    raster::Pixels p = studio->draw(frame, eye);
    for (uint32_t y = 0; y < height; ++y)
      for (uint32_t x = 0; x < width; ++x) {
        Ray r = ray(eye, x + 0.5, y + 0.5);
        double depth = meets_box(r, at, half), u[3];
        if (std::isinf(depth)) continue;
        for (int k = 0; k < 3; ++k) u[k] = (r.from[k] + depth * r.along[k]) / half[k];
        int axis = std::abs(u[0]) > std::abs(u[1]) && std::abs(u[0]) > std::abs(u[2]) ? 0 : std::abs(u[1]) > std::abs(u[2]) ? 1 : 2;
        int face = 2 * axis + (u[axis] < 0);
        double side = u[axis] < 0 ? -1 : 1, left = axis == 0 ? side * u[1] : axis == 1 ? -side * u[0] : side * u[0], up = axis == 2 ? u[1] : u[2];
        // the face that is looked at, where no neighbouring texels mix
        if (std::abs(from[size_t(axis)]) < 1 || std::abs(left) < 0.4 || std::abs(up) < 0.4 || std::abs(left) > 0.7 || std::abs(up) > 0.7) continue;
        auto c = pixel(p, x, y);
        ++seen[face];
        wrong += std::abs(c[0] - (30 + 30 * face)) > 12 || (c[1] > 100) != (left > 0) || (c[2] > 100) != (up > 0);
      }
  }
  CHECK(wrong == 0);
  for (int count : seen) CHECK(count >= 12);
  studio->silent();
}

TEST_CASE("raster: what is selected is outlined, and nothing else") {
  auto studio = Studio::open(scenery());
  if (!studio) NURI_SKIP("no Vulkan 1.3 device here");
  view::Eye eye = look({0, -4, 0.01f}, {0, 0, 0});
  raster::Style style;
  style.grid = false, style.dark = true;
  view::Frame frame = lit();
  add(frame, view::shape::sphere, instance({-0.7f, 0, 0}, {0.4f, 0.4f, 0.4f}, {0, 0, 0, 1}, 1));
  add(frame, view::shape::sphere, instance({0.7f, 0, 0}, {0.4f, 0.4f, 0.4f}, {0, 0, 0, 1}, 2));
  auto orange = [&](uint32_t from, uint32_t to) {
    raster::Pixels p = studio->draw(frame, eye, style);
    int count = 0;
    for (uint32_t y = 0; y < height; ++y)
      for (uint32_t x = from; x < to; ++x) count += pixel(p, x, y)[0] > 150 && pixel(p, x, y)[2] < 90;
    return count;
  };
  CHECK(orange(0, width) == 0);
  frame.instances[0].marks = view::mark::selected;
  const int radius = int(std::lround(0.4f / 4 / std::tan(0.5f * eye.fovy) * height / 2)), round = int(2 * 3.14159f * float(radius));   // pixels
  int found = orange(0, width / 2);
  CHECK(found > round);                            // between one and three pixels all around
  CHECK(found < 3 * round + 20);
  CHECK(orange(width / 2, width) == 0);
  studio->silent();
}
