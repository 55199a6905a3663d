// A small picture of each technique on Mesa's software driver against the one in tests/golden/raster, and the same without the technique, which
// must not pass for it: so no comparison is too lenient to see what it is for. NURI_UPDATE_GOLDEN=1 writes the pictures anew.
//
// llvmpipe compiles its programs for the processor that it finds, by the LLVM that it was built with: fused products, vectors' width and approximate
// reciprocals differ, so bits may. Mesa 22.3 told that it has AVX-512, AVX or SSE 4.1, with vectors of 128 and 256 bits, gave mean differences up
// to 0.0002 and no pixel that differs visibly; what another rasteriser does along edges is a few pixels of each picture. The limits leave room for
// that, and are half of the mean and a sixth of the pixels that the least technique is seen by.
#include <doctest/doctest.h>
#include <cstdlib>
#include <functional>
#include "engine/shape/image.h"
#include "tests/render/raster/things.h"
#include "tests/skip.h"

using namespace nuri;
using namespace things;

namespace {

constexpr uint32_t width = 160, height = 120;
constexpr double most_mean = 0.04;                 // of 255, over all colours of all pixels
constexpr int visible = 8, most_visible = 20;      // pixels of which a colour differs by more
const std::array<float, 4> white{0.8f, 0.8f, 0.8f, 1}, grey{0.35f, 0.35f, 0.35f, 1}, red{0.7f, 0.06f, 0.05f, 1}, blue{0.05f, 0.12f, 0.7f, 1};

// All that a picture is made of.
struct Set {
  view::Scenery scenery = things::scenery();
  std::vector<std::unique_ptr<model::Look::Image>> images;
  view::Frame frame = lit();
  view::Eye eye = look({0, -4, 2}, {0, 0, 0.4f}, 0.7f);
  raster::Style style;

  Set() { style.grid = false; }
  int add_image(model::Look::Image image) {
    images.push_back(std::make_unique<model::Look::Image>(std::move(image)));
    scenery.images.push_back(images.back().get());
    return int(images.size()) - 1;
  }
  uint32_t add_material(const view::Material& m) {
    scenery.materials.push_back(m);
    return uint32_t(scenery.materials.size()) - 1;
  }
  void ground(const std::array<float, 4>& rgba = white) { add(frame, view::shape::plane, instance({0, 0, 0}, {40, 40, 1}, rgba, 1)); }
};

// A studio for pictures of one size.
struct Studio {
  std::unique_ptr<vulkan::Device> device;
  std::unique_ptr<raster::Raster> raster;
  raster::Pixels draw(const Set& set) {
    raster->use(set.scenery);
    auto picture = raster->picture(width, height);
    return drawn(*device, *raster, *picture, set.frame, set.eye, set.style);
  }
};

Studio* studio() {                                 // opened once; nullptr: no such driver
  static Studio* const opened = []() -> Studio* {
    auto device = vulkan::Device::create({.instance_extensions = {}, .name = "llvmpipe", .validate = true});
    if (!device) return nullptr;
    auto raster = raster::Raster::create(**device);
    static Studio s{std::move(*device), raster ? std::move(*raster) : nullptr};
    return s.raster ? &s : nullptr;
  }();
  return opened;
}

struct Difference {
  double mean = 0;
  int pixels = 0;
  bool none() const { return mean <= most_mean && pixels <= most_visible; }
};

Difference difference(const std::vector<uint8_t>& a, const std::vector<uint8_t>& b) {
  Difference d;
  for (size_t k = 0; k < a.size(); k += 4) {
    int worst = 0;
    for (size_t c = 0; c < 3; ++c) {
      const int off = std::abs(int(a[k + c]) - int(b[k + c]));
      d.mean += off, worst = std::max(worst, off);
    }
    d.pixels += worst > visible;
  }
  d.mean /= double(a.size()) / 4 * 3;
  return d;
}

using Make = std::function<raster::Pixels(Studio&)>;

void compare(const std::string& name, const Make& with, const std::vector<Make>& without) {
  Studio* const s = studio();
  if (!s) NURI_SKIP("no llvmpipe here");
  const std::string path = "tests/golden/raster/" + name + ".png";
  const raster::Pixels seen = with(*s);
  if (std::getenv("NURI_UPDATE_GOLDEN")) {
    const std::string bytes = shape::encode_png({seen.width, seen.height, 4, 8, seen.rgba});
    std::FILE* file = std::fopen(path.c_str(), "wb");
    REQUIRE(file);
    const bool whole = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
    REQUIRE((std::fclose(file) == 0 && whole));
  }
  const auto golden = shape::read_image(path);
  REQUIRE(golden);
  REQUIRE(golden->bytes.size() == seen.rgba.size());
  const Difference d = difference(seen.rgba, golden->bytes);
  CHECK_MESSAGE(d.none(), path, ": mean ", d.mean, ", ", d.pixels, " pixels differ visibly");
  MESSAGE(name, ": mean ", d.mean, ", ", d.pixels, " pixels");
  for (size_t k = 0; k < without.size(); ++k) {
    const Difference off = difference(without[k](*s).rgba, golden->bytes);
    CHECK_MESSAGE(!off.none(), path, " cannot tell that the technique is off (", k, "): mean ", off.mean, ", ", off.pixels, " pixels");
    MESSAGE(name, " without: mean ", off.mean, ", ", off.pixels, " pixels");
  }
  for (const std::string& words : s->device->said) FAIL_CHECK(words);
}

// Pictures of a set that a word is said to: is the technique there?
Make of(std::function<void(Set&)> fill) {
  return [fill](Studio& s) {
    Set set;
    fill(set);
    return s.draw(set);
  };
}

model::Look::Image checker() {
  model::Look::Image i;
  i.width = i.height = 32;
  for (int y = 0; y < 32; ++y)
    for (int x = 0; x < 32; ++x) {
      const bool odd = (x / 8 + y / 8) % 2;
      i.rgba.insert(i.rgba.end(), {uint8_t(odd ? 220 : 40), uint8_t(odd ? 200 : 60 + 4 * y), uint8_t(odd ? 120 + 4 * x : 90), 255});
    }
  return i;
}
model::Look::Image cube(bool sky) {
  model::Look::Image i;
  i.width = 32, i.height = 192, i.cube = true;
  for (int y = 0; y < 192; ++y)
    for (int x = 0; x < 32; ++x) {
      const int face = y / 32, row = y % 32;
      const int up = face == 4 ? 31 : face == 5 ? 0 : 31 - row;
      if (sky) i.rgba.insert(i.rgba.end(), {uint8_t(190 - 3 * up), uint8_t(120 + up), uint8_t(90 + 4 * up), 255});
      else i.rgba.insert(i.rgba.end(), {uint8_t(40 * face + 30), uint8_t(8 * x), uint8_t(8 * row), 255});
    }
  return i;
}

}  // namespace

TEST_CASE("golden: materials from mirror to matt, dielectric and metal") {
  const auto fill = [](bool with) {
    return of([with](Set& s) {
      s.ground(grey);
      s.eye = look({0, -5, 1.9f}, {0, 0, 0.55f}, 0.55f);
      for (int row = 0; row < 3; ++row)
        for (int column = 0; column < 5; ++column) {
          view::Material m;
          if (with) m.roughness = 0.05f + 0.22f * float(column), m.metallic = 0.5f * float(row), m.emission = row == 2 && column == 4 ? 0.5f : 0.0f;
          view::Instance ball = instance({-1.5f + 0.75f * float(column), 0.9f * float(row) - 0.5f, 0.3f + 0.5f * float(row)}, {0.32f, 0.32f, 0.32f}, {0.85f, 0.5f, 0.15f, 1});
          ball.material = s.add_material(m);
          add(s.frame, view::shape::sphere, ball);
        }
    });
  };
  compare("materials", fill(true), {fill(false)});
}

TEST_CASE("golden: images on boxes, balls and planes") {
  const auto fill = [](bool with) {
    return of([with](Set& s) {
      const int flat = s.add_image(checker()), faces = s.add_image(cube(false));
      view::Material per_metre, once, all_around;
      per_metre.image = once.image = flat, all_around.image = faces;
      per_metre.uniform = true, per_metre.repeat = {0.5f, 0.5f}, once.repeat = {2, 1};
      if (!with) per_metre.image = once.image = all_around.image = -1;
      const uint32_t materials[] = {s.add_material(per_metre), s.add_material(once), s.add_material(all_around)};
      const auto put = [&](uint32_t shape, view::Instance i, uint32_t material) {
        i.material = materials[material];
        add(s.frame, shape, i);
      };
      put(view::shape::plane, instance({0, 0, 0}, {40, 40, 1}, white), 0);
      put(view::shape::box, instance({-0.9f, 0, 0.4f}, {0.35f, 0.35f, 0.4f}, white), 1);
      put(view::shape::cylinder, instance({0, 0.3f, 0.5f}, {0.35f, 0.35f, 0.5f}, white), 1);
      put(view::shape::sphere, instance({0.9f, 0, 0.45f}, {0.45f, 0.45f, 0.45f}, white), 2);
    });
  };
  compare("textures", fill(true), {fill(false)});
}

TEST_CASE("golden: the scene's own sky, seen, mirrored and lighting") {
  const auto fill = [](bool with) {
    return of([with](Set& s) {
      s.scenery.sky = s.add_image(cube(true));
      s.style.sky = with;
      s.eye = look({0, -4, 0.7f}, {0, 0, 0.7f}, 0.9f);
      view::Material mirror;
      mirror.roughness = 0.06f, mirror.metallic = 1;
      view::Instance ball = instance({-0.7f, 0, 0.6f}, {0.55f, 0.55f, 0.55f}, white);
      ball.material = s.add_material(mirror);
      add(s.frame, view::shape::sphere, ball);
      add(s.frame, view::shape::sphere, instance({0.7f, 0, 0.6f}, {0.55f, 0.55f, 0.55f}, white));
    });
  };
  compare("sky", fill(true), {fill(false)});
}

TEST_CASE("golden: shadows that are softer the farther they fall") {
  const auto fill = [](bool shadows, bool soft) {
    return of([shadows, soft](Set& s) {
      s.style.shadows = shadows, s.style.quick = !soft;
      s.frame = lit({-0.6f, 0.25f, -0.8f});
      s.eye = look({-1.5f, -1.6f, 1.6f}, {-0.75f, 0.4f, 0}, 0.55f);   // what casts them is out of sight: there are no edges but theirs
      s.ground();
      add(s.frame, view::shape::box, instance({0.4f, 0, 1}, {0.06f, 0.06f, 1}, red));
      add(s.frame, view::shape::box, instance({0.4f, 0, 1.8f}, {0.4f, 0.3f, 0.03f}, blue));
    });
  };
  compare("shadow", fill(true, true), {fill(false, true), fill(true, false)});
}

TEST_CASE("golden: light within a spot's cone") {
  const auto fill = [](bool with) {
    return of([with](Set& s) {
      s.frame.lamps = {{{-0.8f, -0.4f, 2}, {0.4f, 0.1f, -0.9110434f}, {4, 3.6f, 3}, false, true}, {{1.5f, 0.5f, 0.8f}, {0, 0, -1}, {1, 2, 4}, false, false}};
      if (with) {
        s.frame.lamps[0].cone = std::cos(0.45f), s.frame.lamps[0].exponent = 4;
        s.frame.lamps[1].attenuation = {0, 0, 2}, s.frame.lamps[1].range = 1.4f;
      }
      s.style.dark = true;
      s.ground();
      add(s.frame, view::shape::sphere, instance({0, 0, 0.3f}, {0.3f, 0.3f, 0.3f}, white));
    });
  };
  compare("lamps", fill(true), {fill(false)});
}

TEST_CASE("golden: edges by several samples") {
  if (Studio* const s = studio(); s && s->device->most_samples() == 1) NURI_SKIP("one sample a pixel here");
  const auto fill = [](bool with) {
    return of([with](Set& s) {
      s.style.quick = !with, s.style.shadows = false, s.style.dark = true;
      s.eye = look({0, -4, 0.01f}, {0, 0, 0}, 0.7f);
      for (int k = 0; k < 12; ++k) {
        view::Instance bar = instance({0, 0, 0}, {1.3f, 0.02f, 0.02f}, white);
        const float turn = 0.05f + 0.26f * float(k), c = std::cos(turn), v = std::sin(turn);
        bar.world[0] = c, bar.world[2] = -v, bar.world[8] = v, bar.world[10] = c, bar.marks = view::mark::flat;
        add(s.frame, view::shape::box, bar);
      }
    });
  };
  compare("edges", fill(true), {fill(false)});
}

// Without tone mapping: what is drawn so dark that the curve leaves it alone, made brighter by the same factor and cut off at 1.
TEST_CASE("golden: bright light is toned, not cut off") {
  const auto fill = [](float exposure) {
    return of([exposure](Set& s) {
      s.style.exposure = exposure;
      s.frame.lamps[0].colour = {9, 8, 7};
      s.ground(grey);
      int k = 0;
      for (const auto& colour : {white, red, blue}) add(s.frame, view::shape::sphere, instance({-1 + float(k++), 0, 0.5f}, {0.45f, 0.45f, 0.45f}, colour));
    });
  };
  constexpr float factor = 16;
  const Make cut_off = [&](Studio& s) {
    raster::Pixels p = fill(1 / factor)(s);
    for (size_t k = 0; k < p.rgba.size(); ++k) {
      if (k % 4 == 3) continue;
      const double c = p.rgba[k] / 255.0, light = std::min(1.0, factor * (c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4)));
      p.rgba[k] = uint8_t(std::lround(255 * (light <= 0.0031308 ? 12.92 * light : 1.055 * std::pow(light, 1 / 2.4) - 0.055)));
    }
    return p;
  };
  compare("tone", fill(1), {cut_off});
}

TEST_CASE("golden: lines on the ground fade") {
  const auto fill = [](bool with) {
    return of([with](Set& s) {
      s.style.grid = with;
      s.eye = look({1.5f, -4, 1.2f}, {0, 0, 0.2f}, 0.8f);
      s.ground(grey);
      add(s.frame, view::shape::box, instance({0, 0, 0.2f}, {0.2f, 0.2f, 0.2f}, red));
    });
  };
  compare("grid", fill(true), {fill(false)});
}

TEST_CASE("golden: what is selected and hovered is outlined") {
  const auto fill = [](uint32_t left, uint32_t right) {
    return of([=](Set& s) {
      s.ground();
      view::Instance ball = instance({-0.6f, 0, 0.5f}, {0.45f, 0.45f, 0.45f}, blue, 2), box = instance({0.7f, 0.2f, 0.4f}, {0.3f, 0.3f, 0.4f}, red, 3);
      ball.marks = left, box.marks = right;
      add(s.frame, view::shape::sphere, ball), add(s.frame, view::shape::box, box);
      add(s.frame, view::shape::box, instance({-0.3f, -0.8f, 0.4f}, {0.2f, 0.05f, 0.2f}, grey, 4));   // in front: the outline shows through
    });
  };
  using namespace view::mark;
  compare("outline", fill(selected, hovered), {fill(0, 0), fill(selected, 0)});
}

TEST_CASE("golden: transparent things show what is behind them, in their order") {
  const auto fill = [](float opacity, bool turned) {
    return of([=](Set& s) {
      s.ground();
      add(s.frame, view::shape::sphere, instance({0, 0.6f, 0.5f}, {0.4f, 0.4f, 0.4f}, white));
      const std::array<float, 4> colours[] = {red, {0.1f, 0.6f, 0.15f, 1}, blue};
      for (int k = 0; k < 3; ++k) {                // the farthest first
        const int which = turned ? 2 - k : k;
        view::Instance pane = instance({-0.35f + 0.35f * float(which), -0.2f - 0.4f * float(which), 0.5f}, {0.5f, 0.01f, 0.45f}, colours[which]);
        pane.rgba[3] = opacity;
        s.frame.clear.push_back(uint32_t(s.frame.instances.size())), s.frame.clear_shape.push_back(view::shape::box);
        s.frame.instances.push_back(pane);
      }
    });
  };
  compare("transparency", fill(0.4f, false), {fill(1, false), fill(0.4f, true)});
}

TEST_CASE("golden: thousands of instances in one call") {
  const auto fill = [](uint32_t drawn) {
    return of([=](Set& s) {
      s.eye = look({0, -5.5f, 3.2f}, {0, 0, 0}, 0.65f);
      s.ground(grey);
      const auto first = uint32_t(s.frame.instances.size());
      for (int k = 0; k < 4096; ++k) {
        const float x = float(k % 64) / 63, y = float(k / 64) / 63, up = 0.12f + 0.1f * std::sin(9 * x) * std::cos(7 * y);
        s.frame.instances.push_back(instance({3 * x - 1.5f, 3 * y - 1.5f, up}, {0.016f, 0.016f, up}, {0.1f + 0.7f * x, 0.5f - 0.4f * x * y, 0.1f + 0.7f * y, 1}, uint32_t(k) + 2));
      }
      s.frame.solid.push_back({view::shape::box, 0, first, drawn});
    });
  };
  compare("instances", fill(4096), {fill(1), fill(4000)});
}

TEST_CASE("golden: lines of all widths, before, behind and on top of things") {
  const auto fill = [](bool with, bool on_top) {
    return of([=](Set& s) {
      s.ground(grey);
      add(s.frame, view::shape::box, instance({0, 0, 0.5f}, {0.4f, 0.4f, 0.5f}, white));
      if (!with) return;
      for (int k = 0; k < 9; ++k) {
        const float turn = 0.7f * float(k), c = std::cos(turn), v = std::sin(turn);
        s.frame.lines.push_back({{0, 0, 0.5f}, {1.2f * c, 1.2f * v, 0.5f + 0.05f * float(k)}, {0.1f * float(k), 0.9f - 0.1f * float(k), 0.8f, 1}, 1 + 0.5f * float(k), on_top && k % 2 == 1});
      }
      s.frame.lines.push_back({{-1, -1, 0.005f}, {1, -1, 0.005f}, {1, 1, 0, 0.5f}, 6, false});
    });
  };
  compare("lines", fill(true, true), {fill(false, false), fill(true, false)});
}

TEST_CASE("golden: labels in letters with a dark rim, on top of things") {
  const auto fill = [](bool with) {
    return of([=](Set& s) {
      s.style.text = with;
      s.ground();
      add(s.frame, view::shape::box, instance({0, 0, 0.5f}, {0.4f, 0.4f, 0.5f}, blue));
      s.frame.labels = {{{-1.2f, 0, 1.2f}, "gripper_0 (left)", {1, 1, 1, 1}}, {{0, 0.8f, 0.4f}, "|x| = 0.25 m", {1, 0.8f, 0.25f, 1}},
                        {{-1, -0.8f, 0}, "Gr\xc3\xb6\xc3\x9f" "e \xe2\x82\xac", {0.2f, 1, 0.4f, 0.7f}}, {{0, -9, 0}, "behind", {1, 1, 1, 1}}, {{3, 0, 0}, "outside", {1, 1, 1, 1}}};
    });
  };
  compare("text", fill(true), {fill(false)});
}
