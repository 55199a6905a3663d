// The two renderers see the same: names and depths of every pixel of one camera, by triangles on Vulkan and by rays on lanes.
#include <doctest/doctest.h>

#include <cmath>

#include "engine/model/compile.h"
#include "engine/scene/mjcf.h"
#include "render/raster/raster.h"
#include "render/trace/eyes.h"
#include "tests/skip.h"

using namespace nuri;

namespace {
const char* const text = R"(<mujoco>
  <asset><mesh name="wedge" vertex="0 0 0  0.4 0 0  0.4 0.3 0  0 0.3 0  0 0 0.3  0 0.3 0.3" face="0 2 1  0 3 2  0 1 4  3 5 2  0 4 5  0 5 3  1 2 5  1 5 4"/></asset>
  <worldbody>
    <camera name="eye" pos="0.3 -2.2 1.3" xyaxes="1 0.1 0 0 0.45 1" fovy="50"/>
    <geom type="plane" size="0 0 1"/>
    <geom type="box" pos="-0.6 0 0.25" size="0.2 0.3 0.25" euler="0 0 30"/>
    <geom type="sphere" pos="0 0.2 0.3" size="0.3"/>
    <geom type="capsule" pos="0.7 0 0.4" size="0.12 0.3" euler="20 30 0"/>
    <geom type="cylinder" pos="0.2 -0.6 0.15" size="0.15 0.15"/>
    <geom type="ellipsoid" pos="-0.3 -0.7 0.15" size="0.25 0.1 0.15"/>
    <geom type="mesh" mesh="wedge" pos="0.7 -0.7 0"/>
  </worldbody>
</mujoco>)";
constexpr int width = 320, height = 240;
}  // namespace

// Colours name the direction, so that no turn or mirror image of the cube would pass. In linear light: both show what is below their tone curves as
// it is, the raster with a dither of one step.
TEST_CASE("rays and triangles see the same sky") {
  auto device = vulkan::Device::create();
  if (!device) NURI_SKIP("there is no Vulkan driver");
  const auto scene = scene::read_mjcf_text("<mujoco><worldbody><geom type='sphere' size='0.1' pos='0 0 -50'/></worldbody></mujoco>", "sky.xml");
  REQUIRE(scene);
  auto compiled = model::compile(*scene);
  REQUIRE(compiled);
  constexpr int side = 64;
  model::Look::Image sky;
  sky.width = side, sky.height = 6 * side, sky.cube = true;
  for (int face = 0; face < 6; ++face)
    for (int y = 0; y < side; ++y)
      for (int x = 0; x < side; ++x) {             // as look.h says of a cube's faces
        const double right = (x + 0.5) / side * 2 - 1, up = 1 - (y + 0.5) / side * 2;
        const double d[6][3] = {{1, -right, up}, {-1, right, up}, {right, 1, up}, {-right, -1, up}, {-right, up, 1}, {right, up, -1}};
        const double length = std::sqrt(1 + right * right + up * up);
        for (double component : d[face]) sky.rgba.push_back(uint8_t(std::lround(120 + 80 * component / length)));
        sky.rgba.push_back(255);
      }
  compiled->look.sky = int32_t(compiled->look.images.size());
  compiled->look.images.push_back(sky);
  const auto model = std::make_shared<const model::Model>(std::move(*compiled));
  const view::Poses poses = view::initial_poses(*model);
  auto raster = raster::Raster::create(**device);
  REQUIRE(raster);
  const view::Scenery scenery = view::Scenery::of({model});
  REQUIRE(scenery.sky >= 0);
  (*raster)->use(scenery);
  constexpr int w = 80, h = 60;
  auto picture = (*raster)->picture(w, h);
  Pool pool(1);
  const auto linear = [](int c) { return c <= 10 ? c / 255.0 / 12.92 : std::pow((c / 255.0 + 0.055) / 1.055, 2.4); };
  int judged = 0, wrong = 0;
  const double quaternions[5][4] = {{1, 0, 0, 0}, {0.6, 0.8, 0, 0}, {0.5, 0.5, 0.5, 0.5}, {0.1, 0.9, 0.3, -0.3}, {0.3, 0.1, -0.2, 0.9}};
  for (const auto& q : quaternions) {
    trace::Sensor sensor;
    trace::Lens lens;
    lens.width = w, lens.height = h, lens.fovy = 1.4;
    sensor.optics = lens;
    double length = 0;
    for (double x : q) length += x * x;
    for (size_t k = 0; k < 4; ++k) sensor.quat[k] = q[k] / std::sqrt(length);
    auto eyes = trace::Eyes::make(model, 1, {sensor}, {});
    REQUIRE(eyes);
    REQUIRE(eyes->render(pool, {poses.position, poses.rotation}));
    const auto* const rgb = static_cast<const uint8_t*>(eyes->groups()[0].tensors[0].data);

    view::Eye eye;
    eye.fovy = 1.4f;
    const double a = sensor.quat[0], b = sensor.quat[1], c = sensor.quat[2], d = sensor.quat[3];
    const double m[9] = {1 - 2 * (c * c + d * d), 2 * (b * c - a * d), 2 * (b * d + a * c), 2 * (b * c + a * d), 1 - 2 * (b * b + d * d), 2 * (c * d - a * b),
                         2 * (b * d - a * c), 2 * (c * d + a * b), 1 - 2 * (b * b + c * c)};
    for (size_t k = 0; k < 9; ++k) eye.axes[k] = float(m[k]);
    const view::Frame frame = view::make_frame(scenery, std::span(&poses, 1), {}, eye);
    raster::Style style;
    style.grid = false;
    (*device)->run([&](VkCommandBuffer commands) { (*raster)->draw(commands, *picture, frame, eye, style, false); });
    const raster::Pixels pixels = (*raster)->read(*picture, false);
    for (size_t k = 0; k < size_t(w) * h; ++k)
      for (size_t i = 0; i < 3; ++i) {
        const int ray = rgb[3 * k + i], seen = pixels.rgba[4 * k + i];
        ++judged;
        // one step of dither, half a step of either's rounding, one of what texels of neighbouring faces differ by
        wrong += std::abs(linear(seen) - linear(ray)) > linear(ray + 3) - linear(ray);
      }
  }
  CHECK(judged == 5 * w * h * 3);
  CHECK(wrong == 0);
}

TEST_CASE("rays and triangles agree") {
  auto device = vulkan::Device::create();
  if (!device) NURI_SKIP("there is no Vulkan driver");
  const auto scene = scene::read_mjcf_text(text, "agree.xml");
  REQUIRE(scene);
  auto compiled = model::compile(*scene);
  REQUIRE(compiled);
  const auto model = std::make_shared<const model::Model>(std::move(*compiled));
  const view::Poses poses = view::initial_poses(*model);

  trace::Sensor sensor;
  trace::Lens lens;
  lens.width = width, lens.height = height;
  sensor.optics = lens;
  sensor.camera = 0;
  sensor.outputs = trace::output::depth | trace::output::geom;
  auto eyes = trace::Eyes::make(model, 1, {sensor}, {});
  REQUIRE(eyes);
  Pool pool(1);
  REQUIRE(eyes->render(pool, {poses.position, poses.rotation}));
  const auto& tensors = eyes->groups()[0].tensors;
  const auto* const depth = static_cast<const float*>(tensors[0].data);
  const auto* const geom = static_cast<const int32_t*>(tensors[1].data);

  auto raster = raster::Raster::create(**device);
  REQUIRE(raster);
  const view::Scenery scenery = view::Scenery::of({model});
  (*raster)->use(scenery);
  auto picture = (*raster)->picture(width, height);
  const view::Eye eye = view::camera_eye(*model, 0, poses);
  const view::Frame frame = view::make_frame(scenery, std::span(&poses, 1), {}, eye);
  (*device)->run([&](VkCommandBuffer commands) { (*raster)->draw(commands, *picture, frame, eye, {}, true); });
  const raster::Pixels pixels = (*raster)->read(*picture, true);

  // where all nine pixels around are of one geom, names are equal; so are depths, but for what facets of round shapes lie inside of them
  int judged = 0, seen[7] = {};
  double worst = 0;
  for (int y = 1; y + 1 < height; ++y)
    for (int x = 1; x + 1 < width; ++x) {
      const size_t at = size_t(y) * width + size_t(x);
      bool inner = true;
      for (int v = -1; v <= 1; ++v)
        for (int u = -1; u <= 1; ++u) inner = inner && geom[at + size_t(v * width + u)] == geom[at];
      if (!inner || geom[at] < 0 || depth[at] > 20) continue;
      ++judged, ++seen[geom[at]];
      CHECK_MESSAGE(int(pixels.id[at]) == geom[at] + 1, "pixel ", x, " ", y);
      const double error = std::abs(double(pixels.depth[at]) - double(depth[at])) / double(depth[at]);
      worst = std::max(worst, error);
    }
  MESSAGE(judged, " pixels, depths differ by at most ", worst);
  CHECK(judged > 30000);
  for (const int count : seen) CHECK(count > 200);
  CHECK(worst < 5e-3);
}
