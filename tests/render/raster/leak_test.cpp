// Many frames with all passes, pictures of changing sizes and sceneries in turn: the validation layer, hazards between commands included, has nothing
// to say, and memory stays what it was.
#include <doctest/doctest.h>
#include <cstdio>
#include <unistd.h>
#include "tests/render/raster/things.h"
#include "tests/skip.h"

using namespace nuri;
using namespace things;

namespace {

const std::array<float, 4> grey{0.5f, 0.5f, 0.5f, 1};

// All passes have something to do: shadows, images, a sky, transparent, selected, lines.
view::Scenery painted(const model::Look::Image& flat, const model::Look::Image& cube) {
  view::Scenery s = scenery(10);
  s.images = {&flat, &cube};
  s.materials.resize(3);
  s.materials[1].image = 0, s.materials[2].image = 1;
  s.sky = 1;
  return s;
}
view::Frame busy(int number) {
  view::Frame frame = lit();
  frame.lamps.push_back({{1, -1, 3}, {0, 0, -1}, {2, 2, 2}, false, false});
  frame.lamps.back().cone = 0.8f, frame.lamps.back().exponent = 2;
  for (uint32_t k = 0; k < 24; ++k) {
    view::Instance i = instance({-1.6f + 0.4f * float(k % 9), -1.0f + 0.6f * float(k / 9), 0.2f}, {0.15f, 0.15f, 0.15f}, grey, k + 1, 0.1f);
    i.material = k % 3, i.marks = int(k) == number % 24 ? view::mark::selected : 0u;
    if (k % 8 == 7) {
      i.rgba[3] = 0.4f;
      frame.clear.push_back(uint32_t(frame.instances.size())), frame.clear_shape.push_back(1 + k % 4);
      frame.instances.push_back(i);
    } else {
      add(frame, 1 + k % 4, i);
    }
  }
  add(frame, view::shape::plane, instance({0, 0, 0}, {30, 30, 1}, grey, 99));
  for (int k = 0; k < 20 + 30 * (number % 3); ++k) frame.lines.push_back({{0, 0, 1}, {0.05f * float(k), 1, 1}, {1, 0, 0, 1}, 2, k % 2 == 0});
  for (int k = 0; k < number % 5; ++k) frame.labels.push_back({{0, 0, 0.2f * float(k)}, "label", {1, 1, 1, 1}});
  return frame;
}

struct Editor {                                    // what a window does: two pictures in turn, new ones when its size changes
  vulkan::Device& device;
  std::unique_ptr<raster::Raster> raster;
  std::unique_ptr<raster::Picture> pictures[2];
  model::Look::Image flat, cube;

  explicit Editor(vulkan::Device& d) : device(d) {
    auto made = raster::Raster::create(d);
    REQUIRE(made);
    raster = std::move(*made);
    flat.width = flat.height = 16, flat.rgba.assign(16 * 16 * 4, 120);
    cube.cube = true, cube.width = 8, cube.height = 48, cube.rgba.assign(8 * 48 * 4, 90);
  }
  void frame(int number) {
    constexpr uint32_t sizes[][2] = {{64, 48}, {65, 47}, {33, 70}, {96, 64}};
    if (number % 40 == 0) raster->use(number % 80 ? scenery(6) : painted(flat, cube));
    const auto& size = sizes[number / 10 % 4];
    auto& picture = pictures[number % 2];
    if (!picture || picture->width != size[0] || picture->height != size[1]) picture = raster->picture(size[0], size[1]);
    raster::Style style;
    style.quick = number % 7 > 3, style.dark = number % 3 == 0, style.shadows = number % 5 == 0;
    style.text = true;
    const view::Eye eye = look({2, -4 + 0.01f * float(number), 2}, {0, 0, 0.2f});
    const raster::Pixels p = drawn(device, *raster, *picture, busy(number), eye, style, number % 4 == 1);
    REQUIRE(p.rgba.size() == size_t(size[0]) * size[1] * 4);
  }
};

size_t resident() {                                // bytes of this process that are in memory
  std::FILE* const file = std::fopen("/proc/self/statm", "r");
  unsigned long all = 0, here = 0;
  const bool read = file && std::fscanf(file, "%lu %lu", &all, &here) == 2;
  if (file) std::fclose(file);
  return read ? size_t(here) * size_t(sysconf(_SC_PAGESIZE)) : 0;
}

}  // namespace

TEST_CASE("raster: the validation layer is silent over many frames, sizes and sceneries, of hazards too") {
  auto made = vulkan::Device::create({.instance_extensions = {}, .name = "", .validate = true});
  if (!made) NURI_SKIP("no Vulkan 1.3 device here");
  vulkan::Device& device = **made;
  if (!device.validated()) NURI_SKIP("the validation layer is not installed");
  CHECK(device.hears_hazards());
  {
    Editor editor(device);
    for (int k = 0; k < 120; ++k) editor.frame(k);
  }
  CHECK(device.allocations() == 0);                // all was given back
  CHECK(device.allocated() == 0);
  for (const std::string& words : device.said) FAIL_CHECK(words);
}

TEST_CASE("raster: five hundred frames with changing sizes take no more memory than those before") {
  auto made = vulkan::Device::create({});
  if (!made) NURI_SKIP("no Vulkan 1.3 device here");
  vulkan::Device& device = **made;
  Editor editor(device);
  constexpr int turn = 160;                        // frames after which sizes and sceneries are as before
  for (int k = 0; k < turn; ++k) editor.frame(k);
  const size_t allocations = device.allocations();
  const VkDeviceSize bytes = device.allocated();
  const size_t process = resident();
  CHECK(allocations > 20);
  int k = turn;
  for (; k < 4 * turn; ++k) editor.frame(k);
  CHECK(device.allocations() == allocations);
  CHECK(device.allocated() == bytes);
  const double grown = (double(resident()) - double(process)) / (1 << 20);
  MESSAGE(allocations, " allocations, ", bytes >> 20, " MiB; the process grew by ", grown, " MiB over ", k - turn, " frames");
  // a leak of one of the smallest pictures for every change of size would be 48 times 33 * 70 * 60 bytes, 6.3 MiB; allocators keep some of what they get
  CHECK(grown < 4);
}
