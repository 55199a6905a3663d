// What renderers get of a scene: colours, pictures, triangles, cameras, lights; and that files keep it.
#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <set>

#include "engine/core/hash.h"
#include "engine/model/compile.h"
#include "engine/scene/mjcf.h"

using namespace nuri;
using namespace nuri::model;

namespace {
const char* const cube_corners = "-1 -1 -1  1 -1 -1  1 1 -1  -1 1 -1  -1 -1 1  1 -1 1  1 1 1  -1 1 1";
const char* const cube_faces = "0 2 1  0 3 2  4 5 6  4 6 7  0 1 5  0 5 4  1 2 6  1 6 5  2 3 7  2 7 6  3 0 4  3 4 7";

std::string scene_text() {
  return std::string(R"(<mujoco>
    <asset>
      <texture name="tiles" type="2d" builtin="checker" width="8" height="4" rgb1="1 0 0" rgb2="0 0 1" mark="edge" markrgb="0 1 0"/>
      <texture name="unused" type="2d" builtin="flat" width="4" height="4"/>
      <texture name="sky" type="skybox" builtin="gradient" width="16" height="16" rgb1="0 0 1" rgb2="1 1 1"/>
      <material name="floor" texture="tiles" texrepeat="3 5" texuniform="true" shininess="1" reflectance="0.25"/>
      <material name="metal" rgba="0.1 0.2 0.3 0.4" metallic="0.75" roughness="0.125"/>
      <mesh name="sharp" vertex=")") + cube_corners + "\" face=\"" + cube_faces + R"("/>
      <mesh name="soft" smoothnormal="true" vertex=")" + cube_corners + "\" face=\"" + cube_faces + R"("/>
    </asset>
    <worldbody>
      <light name="sun" directional="true" dir="0 1 -1" diffuse="0.5 0.6 0.7"/>
      <camera name="eye" mode="targetbody" target="second" pos="1 2 3" fovy="60"/>
      <geom type="plane" size="1 1 1" material="floor"/>
      <body name="first" pos="0 0 5"><freejoint/>
        <geom name="a" type="mesh" mesh="sharp" material="metal"/>
        <geom name="b" type="mesh" mesh="soft" rgba="1 1 0 1" material="metal" group="2"/>
        <geom name="c" type="sphere" size="0.1"/>
        <site name="s" rgba="0 1 0 1" size="0.2" group="4"/>
        <camera name="follows" mode="trackcom" pos="0 0 1"/>
      </body>
      <body name="second" pos="0 0 9"><freejoint/><geom type="mesh" mesh="sharp"/></body>
    </worldbody>
  </mujoco>)";
}
Model made() {
  const auto scene = scene::read_mjcf_text(scene_text(), "look.xml");
  REQUIRE(scene);
  auto model = compile(*scene);
  REQUIRE(model);
  return std::move(*model);
}
std::array<int, 3> colour(const Look::Image& image, int x, int y) {
  const uint8_t* p = &image.rgba[4 * (size_t(y) * size_t(image.width) + size_t(x))];
  return {p[0], p[1], p[2]};
}
}  // namespace

TEST_CASE("colours and materials of geoms") {
  const Model m = made();
  REQUIRE(m.look.parts.size() == size_t(m.geom_count));
  REQUIRE(m.look.materials.size() == 2);
  const Look::Material &floor = m.look.materials[0], &metal = m.look.materials[1];
  CHECK(floor.image == 0);
  CHECK(floor.repeat == std::array<float, 2>{3, 5});
  CHECK(floor.uniform);
  CHECK(floor.reflectance == 0.25f);
  CHECK(floor.roughness == doctest::Approx(std::pow(2.0 / 130, 0.25)));   // an exponent of 128
  CHECK(metal.metallic == 0.75f);
  CHECK(metal.roughness == 0.125f);
  CHECK(metal.image == -1);
  CHECK(m.look.parts[1].rgba == std::array<float, 4>{0.1f, 0.2f, 0.3f, 0.4f});   // its material's
  CHECK(m.look.parts[2].rgba == std::array<float, 4>{1, 1, 0, 1});               // its own counts
  CHECK(m.look.parts[2].group == 2);
  CHECK(m.look.parts[3].rgba == std::array<float, 4>{0.5f, 0.5f, 0.5f, 1});
  CHECK(m.look.parts[3].material == -1);
  CHECK(m.look.marks.size() == 1);
  CHECK(m.look.marks[0].rgba == std::array<float, 4>{0, 1, 0, 1});
  CHECK(m.look.marks[0].group == 4);
}

TEST_CASE("pictures: only those that something wears") {
  const Model m = made();
  REQUIRE(m.look.images.size() == 2);                        // tiles, sky
  const Look::Image& tiles = m.look.images[0];
  CHECK(tiles.width == 8);
  CHECK(tiles.height == 4);
  CHECK_FALSE(tiles.cube);
  CHECK(colour(tiles, 1, 1) == std::array<int, 3>{255, 0, 0});       // upper left: the first colour
  CHECK(colour(tiles, 6, 1) == std::array<int, 3>{0, 0, 255});
  CHECK(colour(tiles, 1, 2) == std::array<int, 3>{0, 0, 255});
  CHECK(colour(tiles, 6, 2) == std::array<int, 3>{255, 0, 0});
  CHECK(colour(tiles, 0, 1) == std::array<int, 3>{0, 255, 0});       // the marked edge
  REQUIRE(m.look.sky == 1);
  const Look::Image& sky = m.look.images[1];
  CHECK(sky.cube);
  CHECK(sky.width == 16);
  CHECK(sky.height == 96);
  // +x -x +y -y stand upright: blue above, white below; +z is the top, -z the bottom
  for (int face = 0; face < 4; ++face) CHECK(colour(sky, 8, 16 * face + 1)[0] < colour(sky, 8, 16 * face + 14)[0]);
  CHECK(colour(sky, 8, 16 * 4 + 8)[0] < 10);
  CHECK(colour(sky, 8, 16 * 5 + 8)[0] > 245);
  CHECK(colour(sky, 8, 0)[0] == doctest::Approx(colour(sky, 8, 16 * 4)[0]).epsilon(0.2));   // faces meet without a step
}

TEST_CASE("triangles: sharp edges are split, smooth ones shared") {
  const Model m = made();
  REQUIRE(m.look.meshes.size() == 2);
  CHECK(m.look.parts[1].mesh == 0);
  CHECK(m.look.parts[4].mesh == 0);                          // made once
  const Look::Mesh &sharp = m.look.meshes[0], &soft = m.look.meshes[1];
  CHECK(sharp.position.size() == 3 * 24);
  CHECK(soft.position.size() == 3 * 8);
  CHECK(sharp.corner.size() == 36);
  CHECK(sharp.uv.empty());
  double volume = 0;
  for (size_t t = 0; t < sharp.corner.size(); t += 3) {
    double p[3][3], n[3];
    for (size_t k = 0; k < 3; ++k)
      for (size_t a = 0; a < 3; ++a) p[k][a] = double(sharp.position[3 * sharp.corner[t + k] + a]);
    for (size_t a = 0; a < 3; ++a) n[a] = double(sharp.normal[3 * sharp.corner[t] + a]);
    double det = 0, out = 0;
    for (size_t a = 0; a < 3; ++a) {
      const size_t b = (a + 1) % 3, c = (a + 2) % 3;
      det += p[0][a] * (p[1][b] * p[2][c] - p[1][c] * p[2][b]);
      out += n[a] * ((p[1][b] - p[0][b]) * (p[2][c] - p[0][c]) - (p[1][c] - p[0][c]) * (p[2][b] - p[0][b]));
    }
    volume += det / 6;
    CHECK(out == doctest::Approx(4));                        // unit normal times twice the area of the triangle, outwards
  }
  CHECK(volume == doctest::Approx(8));
  for (size_t v = 0; v < 8; ++v)                             // along the diagonals of the cube
    for (size_t a = 0; a < 3; ++a) CHECK(std::abs(soft.normal[3 * v + a]) == doctest::Approx(std::sqrt(1.0 / 3)));
}

TEST_CASE("cameras and lights") {
  const Model m = made();
  REQUIRE(m.look.cameras.size() == 2);
  const Look::Camera& eye = m.look.cameras[0];
  CHECK(eye.name == "eye");
  CHECK(eye.track == Look::Track::targetbody);
  CHECK(eye.body == 0);
  CHECK(m.body_name[size_t(eye.target)] == "second");
  CHECK(eye.pos == std::array<double, 3>{1, 2, 3});
  CHECK(eye.fovy == doctest::Approx(3.14159265358979 / 3));
  CHECK(m.look.cameras[1].track == Look::Track::trackcom);
  CHECK(m.look.cameras[1].target == -1);
  REQUIRE(m.look.lights.size() == 1);
  CHECK(m.look.lights[0].type == Look::Light::Type::directional);
  CHECK(m.look.lights[0].diffuse == std::array<float, 3>{0.5f, 0.6f, 0.7f});
}

TEST_CASE("a file keeps the look, and a damaged look is refused or harmless") {
  const Model m = made();
  const std::string bytes = serialize(m);
  const auto back = deserialize(bytes, "x");
  REQUIRE(back);
  CHECK(serialize(*back) == bytes);
  CHECK(back->look.images[0].rgba == m.look.images[0].rgba);
  CHECK(back->look.meshes[1].normal == m.look.meshes[1].normal);
  CHECK(back->look.cameras[0].name == "eye");

  auto refused = [&](auto change) {
    Model bad = m;
    change(bad.look);
    return !deserialize(serialize(bad), "x");
  };
  CHECK(refused([](Look& l) { l.meshes[0].corner[5] = 24; }));
  CHECK(refused([](Look& l) { l.meshes[0].normal.pop_back(); }));
  CHECK(refused([](Look& l) { l.images[0].rgba.pop_back(); }));
  CHECK(refused([](Look& l) { l.images[1].height = 95; }));
  CHECK(refused([](Look& l) { l.parts[0].material = 2; }));
  CHECK(refused([](Look& l) { l.parts.pop_back(); }));
  CHECK(refused([](Look& l) { l.materials[0].image = 2; }));
  CHECK(refused([](Look& l) { l.cameras[0].target = 99; }));
  CHECK(refused([](Look& l) { l.cameras[0].fovy = 4; }));
  CHECK(refused([](Look& l) { l.lights[0].body = -1; }));
  CHECK(refused([](Look& l) { l.sky = 7; }));
  CHECK_FALSE(refused([](Look&) {}));

  const size_t look_begin = bytes.find("metal") - 400;       // somewhere inside the look
  std::mt19937 random(3);
  for (int i = 0; i < 2000; ++i) {
    std::string bad = bytes;
    for (int k = int(random() % 4); k >= 0; --k) bad[look_begin + random() % (bad.size() - 8 - look_begin)] = char(i % 2 ? random() : 0xFF);
    const uint64_t h = Hash().add(std::string_view(bad).substr(0, bad.size() - 8)).value();
    for (int k = 0; k < 8; ++k) bad[bad.size() - 8 + size_t(k)] = char(h >> (8 * k));
    deserialize(bad, "x");                                   // returns
  }
}
