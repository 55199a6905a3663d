// The raster where nothing should go wrong: the same bits again, two pictures under way at once, sceneries in turn, frames that name what is not
// there, images that are not as they should be. The validation layer hears every leak.
#include <doctest/doctest.h>
#include <limits>
#include "tests/render/raster/things.h"
#include "tests/skip.h"

using namespace nuri;
using namespace things;

namespace {

const std::array<float, 4> grey{0.5f, 0.5f, 0.5f, 1};

model::Look::Image image(int width, int height, bool cube) {
  model::Look::Image i;
  i.width = width, i.height = height, i.cube = cube;
  for (int k = 0; k < width * height; ++k) i.rgba.insert(i.rgba.end(), {uint8_t(40 * (k % 6)), uint8_t(255 - 30 * (k % 7)), uint8_t(k), 255});
  return i;
}

// One of everything: shapes, images of all kinds, transparent things, lines, marks, lamps of both kinds.
view::Frame everything() {
  view::Frame frame = lit();
  frame.lamps.push_back({{1, -1, 3}, {0, 0, -1}, {2, 2, 2}, false, false});
  for (uint32_t k = 0; k < 40; ++k) {
    view::Instance i = instance({-1.6f + 0.4f * float(k % 9), -1.0f + 0.6f * float(k / 9), 0.2f}, {0.15f, 0.15f, 0.15f},
                                {0.2f + 0.02f * float(k), 0.5f, 0.4f, 1}, k + 1, 0.1f);
    i.material = k % 5, i.marks = k == 3 ? view::mark::selected : k == 4 ? view::mark::hovered : k == 5 ? view::mark::flat : 0u;
    if (k % 8 == 7) {
      i.rgba[3] = 0.4f;
      frame.clear.push_back(uint32_t(frame.instances.size())), frame.clear_shape.push_back(1 + k % 4);
      frame.instances.push_back(i);
    } else {
      add(frame, 1 + k % 4, i);
    }
  }
  view::Instance ground = instance({0, 0, 0}, {30, 30, 1}, grey, 99);
  ground.material = 1;
  add(frame, view::shape::plane, ground);
  frame.lines = {{{-1, 0, 0.5f}, {1, 0, 0.5f}, {1, 1, 0, 1}, 2, false}, {{0, -1, 0.5f}, {0, 1, 0.5f}, {0, 1, 1, 0.5f}, 3, true}};
  return frame;
}

view::Scenery painted(const std::vector<model::Look::Image>& images) {
  view::Scenery s = scenery(12);
  s.materials.resize(5);
  for (size_t k = 0; k < images.size(); ++k) s.images.push_back(&images[k]);
  for (int k = 1; k < 5; ++k) s.materials[size_t(k)].image = k - 1, s.materials[size_t(k)].boxed = k == 2, s.materials[size_t(k)].uniform = k == 1;
  return s;
}

std::unique_ptr<vulkan::Device> watched() {
  auto device = vulkan::Device::create({.instance_extensions = {}, .name = "", .validate = true});
  return device ? std::move(*device) : nullptr;
}

}  // namespace

TEST_CASE("raster: everything at once, twice the same bits, and nothing is left behind") {
  auto device = watched();
  if (!device) NURI_SKIP("no Vulkan 1.3 device here");
  std::vector<model::Look::Image> images = {image(16, 16, false), image(7, 5, false), image(8, 48, true), image(1, 1, false)};
  view::Frame frame = everything();
  view::Eye eye = look({2, -4, 2}, {0, 0, 0.2f});
  raster::Pixels runs[2];
  for (raster::Pixels& pixels : runs) {
    auto raster = raster::Raster::create(*device);
    REQUIRE(raster);
    (*raster)->use(painted(images));
    auto picture = (*raster)->picture(90, 61);     // an odd number of odd pixels
    pixels = drawn(*device, **raster, *picture, frame, eye, {}, true);
    auto times = (*raster)->times();
    if (device->nanoseconds_per_tick() > 0) {
      REQUIRE(times.size() == 7);
      for (const raster::PassTime& time : times) CHECK((time.milliseconds >= 0 && time.milliseconds < 60000));
    }
  }
  CHECK(runs[0].rgba == runs[1].rgba);
  CHECK(runs[0].depth == runs[1].depth);
  CHECK(runs[0].id == runs[1].id);
  CHECK(std::count(runs[0].id.begin(), runs[0].id.end(), 99u) > 500);
  REQUIRE(device->validated());
  for (const std::string& words : device->said) FAIL_CHECK(words);
}

TEST_CASE("raster: two pictures in one batch of commands do not touch each other") {
  auto device = watched();
  if (!device) NURI_SKIP("no Vulkan 1.3 device here");
  auto made = raster::Raster::create(*device);
  REQUIRE(made);
  raster::Raster& raster = **made;
  raster.use(scenery(12));
  view::Frame one = lit(), other = everything();
  add(one, view::shape::box, instance({0, 0, 0.3f}, {0.3f, 0.3f, 0.3f}, grey, 5));
  view::Eye eye = look({2, -4, 2}, {0, 0, 0.2f});
  raster::Style dark;
  dark.dark = true;
  auto a = raster.picture(64, 48), b = raster.picture(40, 40);
  raster::Pixels alone_a = drawn(*device, raster, *a, one, eye, {}, true), alone_b = drawn(*device, raster, *b, other, eye, dark, true);
  device->run([&](VkCommandBuffer commands) {
    raster.draw(commands, *a, one, eye, {}, true);
    raster.draw(commands, *b, other, eye, dark, true);
  });
  raster::Pixels both_a = raster.read(*a, true), both_b = raster.read(*b, true);
  CHECK(both_a.rgba == alone_a.rgba);
  CHECK(both_b.rgba == alone_b.rgba);
  CHECK(both_a.id == alone_a.id);
  CHECK(both_b.id == alone_b.id);
  CHECK(raster.read(*a, false).id.empty());
  for (const std::string& words : device->said) FAIL_CHECK(words);
}

TEST_CASE("raster: frames that name what is not there, and images that are not whole, draw what they can") {
  auto device = watched();
  if (!device) NURI_SKIP("no Vulkan 1.3 device here");
  auto made = raster::Raster::create(*device);
  REQUIRE(made);
  raster::Raster& raster = **made;
  auto picture = raster.picture(48, 32);
  view::Eye eye = look({2, -4, 2}, {0, 0, 0.2f});
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK(drawn(*device, raster, *picture, everything(), eye, {}, true).id == std::vector<uint32_t>(48 * 32, 0));   // no scenery yet: no shapes
  std::vector<model::Look::Image> images = {image(16, 16, false), image(7, 5, true), image(0, 0, false), image(4, 4, false)};
  images[3].rgba.resize(10);                       // cut off
  view::Scenery broken = painted(images);
  broken.images.push_back(nullptr);
  broken.materials[0].image = 77;
  broken.shapes.push_back(unit_box());
  broken.shapes.back().corners[5] = 1000000;       // no such vertex: the shape is left out
  broken.shapes.push_back({});
  raster.use(broken);
  view::Frame frame = everything();
  for (uint32_t shape : {5u, 6u, 7u, 4000000000u}) frame.solid.push_back({shape, 0, 0, 1});
  frame.solid.push_back({4, 500, 0, 1});           // no such material,
  frame.solid.push_back({4, 0, 20, 4000000000u});  //   fewer instances than that,
  frame.solid.push_back({4, 0, 4000000000u, 1});   //   none there
  frame.instances[0].material = 4000000000u;
  frame.clear.push_back(4000000000u), frame.clear_shape.push_back(1);
  frame.clear.push_back(0);                        // without its shape
  frame.instances[9].world[3] = nan;
  frame.lines.push_back({{nan, 0, 0}, {1, 1, 1}, {1, 1, 1, 1}, 2, true});
  frame.lines.push_back({{0, 0, 0}, {0, 0, 0}, {1, 1, 1, 1}, 1e30f, false});
  frame.lamps.push_back({{nan, 0, 0}, {0, 0, 0}, {1, 1, 1}, false, true});
  raster::Pixels p = drawn(*device, raster, *picture, frame, eye, {}, true);
  CHECK(std::count(p.id.begin(), p.id.end(), 99u) > 200);   // the ground is still there
  frame.radius = nan, frame.centre = {nan, nan, nan};
  frame.lamps.clear();
  raster::Style style;
  style.exposure = nan;
  drawn(*device, raster, *picture, frame, eye, style, true);
  // many more instances than before, then another scenery under the same picture
  view::Frame many = lit();
  for (int k = 0; k < 5000; ++k)
    add(many, view::shape::box, instance({0.05f * float(k % 100), 0.05f * float(k / 100), 0}, {0.02f, 0.02f, 0.02f}, grey, uint32_t(k) + 1));
  drawn(*device, raster, *picture, many, eye, {}, true);
  raster.use(scenery(6));
  p = drawn(*device, raster, *picture, everything(), eye, {}, true);
  CHECK(std::count(p.id.begin(), p.id.end(), 99u) > 200);
  CHECK(raster.picture(0, 0)->width == 1);         // a window that is folded away
  for (const std::string& words : device->said) FAIL_CHECK(words);
}
