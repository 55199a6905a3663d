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

constexpr int width = 320, height = 240;

// What rays see: m along the view direction, and geoms; -1: nothing.
struct Rays { std::vector<float> depth; std::vector<int> geom; };

Rays traced(const std::shared_ptr<const model::Model>& model, const view::Poses& poses, const trace::Sensor& from) {
  trace::Sensor sensor = from;
  auto& lens = std::get<trace::Lens>(sensor.optics);
  lens.width = width, lens.height = height;
  sensor.outputs = trace::output::depth | trace::output::geom;
  auto eyes = trace::Eyes::make(model, 1, {sensor}, {});
  REQUIRE(eyes);
  Pool pool(1);
  REQUIRE(eyes->render(pool, {poses.position, poses.rotation}));
  const auto& tensors = eyes->groups()[0].tensors;
  const auto* const depth = static_cast<const float*>(tensors[0].data);
  const auto* const geom = static_cast<const int32_t*>(tensors[1].data);
  constexpr size_t count = size_t(width) * height;
  return {{depth, depth + count}, {geom, geom + count}};
}

// The same free camera, w x y z, for both.
trace::Sensor sensor_at(const std::array<double, 3>& position, std::array<double, 4> q, double fovy) {
  trace::Sensor sensor;
  trace::Lens lens;
  lens.fovy = fovy;
  sensor.optics = lens;
  const double length = std::sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]);
  for (size_t k = 0; k < 4; ++k) sensor.quat[k] = q[k] / length;
  sensor.pos = position;
  return sensor;
}
view::Eye eye_of(const trace::Sensor& sensor) {
  view::Eye eye;
  eye.fovy = float(std::get<trace::Lens>(sensor.optics).fovy);
  for (size_t k = 0; k < 3; ++k) eye.position[k] = float(sensor.pos[k]);
  const double a = sensor.quat[0], b = sensor.quat[1], c = sensor.quat[2], d = sensor.quat[3];
  const double m[9] = {1 - 2 * (c * c + d * d), 2 * (b * c - a * d), 2 * (b * d + a * c), 2 * (b * c + a * d), 1 - 2 * (b * b + d * d), 2 * (c * d - a * b),
                       2 * (b * d - a * c), 2 * (c * d + a * b), 1 - 2 * (b * b + c * c)};
  for (size_t k = 0; k < 9; ++k) eye.axes[k] = float(m[k]);
  return eye;
}

// A pixel is at an edge where the nine pixels around it are not of one thing, or its depth leaps between them.
struct Verdict { int inner = 0, wrong = 0, edge = 0, strange = 0; double worst = 0; std::vector<int> seen; };

// `name`: of a pixel by rays, and by triangles. Inside of things names are equal; so are depths, to `worst`; at edges the triangles' name is that of a
// neighbour.
template <class Name> Verdict judge(const Rays& rays, const raster::Pixels& pixels, int names, Name by_ray) {
  Verdict v;
  v.seen.resize(size_t(names));
  for (int y = 1; y + 1 < height; ++y)
    for (int x = 1; x + 1 < width; ++x) {
      const size_t at = size_t(y) * width + size_t(x);
      bool inner = true, leaps = false, neighbours = false;
      for (int row = -1; row <= 1; ++row)
        for (int column = -1; column <= 1; ++column) {
          const size_t near = at + size_t(row * width + column);
          inner = inner && by_ray(near) == by_ray(at);
          leaps = leaps || !(std::abs(rays.depth[near] - rays.depth[at]) < 0.05f * rays.depth[at]);
          neighbours = neighbours || by_ray(near) == int(pixels.id[at]);
        }
      if (by_ray(at) > 0 && rays.depth[at] > 20) continue;   // planes without end do end for triangles
      if (!inner) {
        ++v.edge, v.strange += !neighbours;
        continue;
      }
      ++v.inner, ++v.seen[size_t(by_ray(at))];
      v.wrong += int(pixels.id[at]) != by_ray(at);
      if (by_ray(at) > 0 && !leaps && int(pixels.id[at]) == by_ray(at))
        v.worst = std::max(v.worst, std::abs(double(pixels.depth[at]) - double(rays.depth[at])) / double(rays.depth[at]));
    }
  return v;
}

// One raster for all cases, under the validation layer.
struct Drawn {
  std::unique_ptr<vulkan::Device> device;
  std::unique_ptr<raster::Raster> raster;
  view::Scenery scenery;
  std::unique_ptr<raster::Picture> picture;
  explicit Drawn(const std::shared_ptr<const model::Model>& model) : scenery(view::Scenery::of({model})) {
    auto made = vulkan::Device::create({.instance_extensions = {}, .name = "", .validate = true});
    if (!made) return;
    device = std::move(*made);
    auto drawing = raster::Raster::create(*device);
    REQUIRE(drawing);
    raster = std::move(*drawing);
    raster->use(scenery);
    picture = raster->picture(width, height);
  }
  raster::Pixels operator()(std::span<const view::Poses> poses, const view::Eye& eye) {
    const view::Frame frame = view::make_frame(scenery, poses, {}, eye);
    device->run([&](VkCommandBuffer commands) { raster->draw(commands, *picture, frame, eye, {}, true); });
    return raster->read(*picture, true);
  }
};

std::shared_ptr<const model::Model> compiled(const char* text) {
  const auto scene = scene::read_mjcf_text(text, "agree.xml");
  REQUIRE(scene);
  auto made = model::compile(*scene);
  REQUIRE(made);
  return std::make_shared<const model::Model>(std::move(*made));
}

// Depths of things with flat faces agree as floats do; round ones are drawn by facets that lie inside of them: of a unit ball's, up to 4e-3 of what
// its distance is here.
constexpr double flat_depth = 1e-4, round_depth = 5e-3;

const char* const flat = R"(<mujoco>
  <asset>
    <mesh name="wedge" vertex="0 0 0  0.4 0 0  0.4 0.3 0  0 0.3 0  0 0 0.3  0 0.3 0.3" face="0 2 1  0 3 2  0 1 4  3 5 2  0 4 5  0 5 3  1 2 5  1 5 4"/>
    <mesh name="corner" vertex="0 0 0  .6 0 0  .6 .2 0  .2 .2 0  .2 .6 0  0 .6 0  0 0 .2  .6 0 .2  .6 .2 .2  .2 .2 .2  .2 .6 .2  0 .6 .2"
      face="0 2 1  0 3 2  0 5 3  3 5 4  6 7 8  6 8 9  6 9 11  9 10 11  0 1 7  0 7 6  1 2 8  1 8 7  2 3 9  2 9 8  3 4 10  3 10 9  4 5 11  4 11 10  5 0 6  5 6 11"/>
    <hfield name="hills" nrow="5" ncol="6" size="0.7 0.5 0.3 0.1" elevation="0 .2 .1 .6 .3 0  .1 .9 .3 .2 .5 .1  0 .3 .8 .1 .2 .4  .2 .1 .5 1 .3 .2  0 .1 .2 .4 .6 .1"/>
  </asset>
  <worldbody>
    <camera name="front" pos="0.3 -2.2 1.3" xyaxes="1 0.1 0 0 0.45 1" fovy="50"/>
    <camera name="above" pos="0 0 3" xyaxes="0.8 0.6 0 -0.6 0.8 0" fovy="60"/>
    <camera name="near" pos="1.1 -0.9 0.5" xyaxes="0.6 0.8 0 -0.3 0.2 1" fovy="80"/>
    <camera name="side" pos="-2.4 0.9 0.4" xyaxes="-0.4 -1 0 0.1 0 1" fovy="35"/>
    <geom type="plane" size="0 0 1"/>
    <geom type="box" pos="-0.6 0 0.25" size="0.2 0.3 0.25" euler="0 0 30"/>
    <geom type="mesh" mesh="wedge" pos="0.7 -0.7 0.01"/>
    <geom type="hfield" hfield="hills" pos="0.7 0.5 0.02"/>
    <body pos="-0.2 -0.5 0.1" euler="20 0 40"><freejoint/><geom type="mesh" mesh="corner"/></body>
    <geom type="plane" size="0.3 0.2 1" pos="-0.9 -0.8 0.3" euler="-30 10 0"/>
  </worldbody>
</mujoco>)";

const char* const rounded = R"(<mujoco>
  <worldbody>
    <camera name="front" pos="0.3 -2.2 1.3" xyaxes="1 0.1 0 0 0.45 1" fovy="50"/>
    <camera name="above" pos="0 0 3" xyaxes="0.8 0.6 0 -0.6 0.8 0" fovy="60"/>
    <camera name="side" pos="-2.4 0.9 0.4" xyaxes="-0.4 -1 0 0.1 0 1" fovy="50"/>
    <geom type="sphere" pos="0 0.2 0.3" size="0.3"/>
    <geom type="capsule" pos="0.7 0 0.4" size="0.12 0.3" euler="20 30 0"/>
    <body pos="0.2 -0.6 0.15" euler="10 0 0"><freejoint/><geom type="cylinder" size="0.15 0.15"/></body>
    <geom type="ellipsoid" pos="-0.3 -0.7 0.15" size="0.25 0.1 0.15"/>
  </worldbody>
</mujoco>)";

const char* const robot = R"(<mujoco>
  <worldbody>
    <geom type="plane" size="0 0 1"/>
    <geom type="box" size="0.2 0.2 0.1" pos="0 0 0.1"/>
    <body name="arm" pos="0 0 0.2"><joint type="hinge" axis="0 0 1"/><geom type="box" size="0.05 0.25 0.05" pos="0 0.2 0.1"/>
      <body pos="0 0.4 0.1"><joint type="hinge" axis="1 0 0"/><geom type="box" size="0.04 0.06 0.2" pos="0 0 0.15"/></body></body>
  </worldbody>
</mujoco>)";

}  // namespace

// Colours name the direction, so that no turn or mirror image of the cube would pass. In linear light: both show what is below their tone curves as
// it is, the raster with a dither of one step.
TEST_CASE("rays and triangles see the same sky") {
  auto device = vulkan::Device::create();
  if (!device) NURI_SKIP("there is no Vulkan driver");
  model::Model compiled_sky = *compiled("<mujoco><worldbody><geom type='sphere' size='0.1' pos='0 0 -50'/></worldbody></mujoco>");
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
  compiled_sky.look.sky = int32_t(compiled_sky.look.images.size());
  compiled_sky.look.images.push_back(sky);
  const auto model = std::make_shared<const model::Model>(std::move(compiled_sky));
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
  const std::array<double, 4> quaternions[] = {{1, 0, 0, 0}, {0.6, 0.8, 0, 0}, {0.5, 0.5, 0.5, 0.5}, {0.1, 0.9, 0.3, -0.3}, {0.3, 0.1, -0.2, 0.9}};
  for (const auto& q : quaternions) {
    trace::Sensor sensor = sensor_at({}, q, 1.4);
    std::get<trace::Lens>(sensor.optics).width = w, std::get<trace::Lens>(sensor.optics).height = h;
    auto eyes = trace::Eyes::make(model, 1, {sensor}, {});
    REQUIRE(eyes);
    REQUIRE(eyes->render(pool, {poses.position, poses.rotation}));
    const auto* const rgb = static_cast<const uint8_t*>(eyes->groups()[0].tensors[0].data);

    const view::Eye eye = eye_of(sensor);
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

TEST_CASE("rays and triangles agree on every kind of shape, from several cameras") {
  for (const bool facets : {false, true}) {
    const auto model = compiled(facets ? rounded : flat);
    const view::Poses poses = view::initial_poses(*model);
    Drawn draw(model);
    if (!draw.device) NURI_SKIP("there is no Vulkan driver");
    std::vector<int> seen(size_t(model->geom_count) + 1);
    for (int camera = 0; camera < int(model->look.cameras.size()); ++camera) {
      const std::string& name = model->look.cameras[size_t(camera)].name;
      CAPTURE(name);
      trace::Sensor sensor;
      sensor.camera = camera;
      const Rays rays = traced(model, poses, sensor);
      const raster::Pixels pixels = draw(std::span(&poses, 1), view::camera_eye(*model, camera, poses));
      const Verdict v = judge(rays, pixels, model->geom_count + 1, [&](size_t at) { return rays.geom[at] + 1; });
      MESSAGE(name, ": ", v.inner, " pixels inside, ", v.edge, " at edges, depths differ by at most ", v.worst);
      CHECK(v.wrong == 0);
      CHECK(v.strange == 0);
      CHECK(v.worst < (facets ? round_depth : flat_depth));
      CHECK(v.inner > 5 * v.edge);
      for (size_t g = 0; g < seen.size(); ++g) seen[g] += v.seen[g];
    }
    for (size_t g = 1; g < seen.size(); ++g) CHECK_MESSAGE(seen[g] > 500, "geom ", g - 1);
    for (const std::string& words : draw.device->said) FAIL_CHECK(words);
  }
}

// Rays see one environment at a time, triangles all of them beside each other: what is nearest of all pictures is what is seen. The floor is one.
TEST_CASE("rays and triangles agree on a grid of environments") {
  const auto model = compiled(robot);
  std::vector<view::Poses> many;
  for (uint32_t e = 0; e < 9; ++e) {
    view::Poses p = view::initial_poses(*model);
    p.environment = 100 + e, p.offset = {0.9f * float(e % 3) - 0.9f, 0.9f * float(e / 3) - 0.9f, 0};
    const float turn = 0.35f * float(e);         // no two faces of different parts lie in one plane: which of them is seen would be anybody's guess
    for (size_t b = 2; b < 4; ++b) p.rotation[4 * b] = std::cos(turn), p.rotation[4 * b + 1] = std::sin(turn), p.rotation[4 * b + 2] = 0, p.rotation[4 * b + 3] = 0;
    many.push_back(p);
  }
  Drawn draw(model);
  if (!draw.device) NURI_SKIP("there is no Vulkan driver");
  const trace::Sensor cameras[] = {sensor_at({0, -3.2, 2.2}, {0.88, 0.47, 0, 0}, 0.8), sensor_at({2.1, 1.3, 1.2}, {0.4, 0.37, 0.52, 0.63}, 0.9), sensor_at({0.3, 0.1, 3.5}, {1, 0.05, 0, 0.2}, 0.8)};
  for (const trace::Sensor& camera : cameras) {
    const raster::Pixels pixels = draw(many, eye_of(camera));
    Rays nearest{std::vector<float>(size_t(width) * height, 1e30f), std::vector<int>(size_t(width) * height, -1)};
    std::vector<uint32_t> whose(nearest.geom.size(), 0);
    for (const view::Poses& p : many) {
      trace::Sensor shifted = camera;
      for (size_t k = 0; k < 3; ++k) shifted.pos[k] -= double(p.offset[k]);
      const Rays rays = traced(model, p, shifted);
      for (size_t at = 0; at < whose.size(); ++at)
        if (rays.geom[at] >= 0 && rays.depth[at] < nearest.depth[at] - (rays.geom[at] == 0 ? 1e-4f : 0.0f))   // of equal floors, the first
          nearest.depth[at] = rays.depth[at], nearest.geom[at] = rays.geom[at], whose[at] = rays.geom[at] == 0 ? many[0].environment : p.environment;
    }
    // things by geom and environment: edges are between the same part of neighbours too
    const auto thing = [&](size_t at) { return nearest.geom[at] < 0 ? 0 : 1 + nearest.geom[at] + model->geom_count * int(nearest.geom[at] == 0 ? 0 : whose[at] - 100); };
    raster::Pixels named = pixels;
    for (size_t at = 0; at < whose.size(); ++at)
      if (pixels.id[at] > 1) named.id[at] += uint32_t(model->geom_count) * (pixels.environment[at] - 100);
    const Verdict v = judge(nearest, named, 1 + 9 * model->geom_count, thing);
    MESSAGE(v.inner, " pixels inside, ", v.edge, " at edges, depths differ by at most ", v.worst);
    CHECK(v.wrong == 0);
    CHECK(v.strange == 0);
    CHECK(v.worst < flat_depth);
    int things = 0;
    for (const int count : v.seen) things += count > 20;
    CHECK(things > 20);
  }
  for (const std::string& words : draw.device->said) FAIL_CHECK(words);
}
