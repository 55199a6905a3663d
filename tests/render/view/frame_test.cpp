// What make_frame() puts where: places, colours, groups, batches, the order of what is transparent, marks, endless planes, lights, gizmos.
#include <algorithm>
#include <cmath>
#include <limits>
#include "models.h"
#include "render/view/gizmos.h"

namespace nuri::view {
namespace {

constexpr float nan = std::numeric_limits<float>::quiet_NaN();

// A floor, a box that stands still, a ball that is free, a capsule on a hinge.
std::shared_ptr<model::Model> room() {
  return model_of(R"(<worldbody><geom type="plane" size="0 0 1"/><geom type="box" size="0.1 0.2 0.3" pos="0 -1 0.3"/>
    <body name="ball" pos="1 2 3"><freejoint/><geom type="ellipsoid" size="0.1 0.2 0.3" pos="0.5 0 0" mass="2"/></body>
    <body name="arm" pos="0 0 1"><joint name="turn" type="hinge" axis="0 1 0" pos="0 0 0.1"/><geom type="capsule" size="0.05 0.4"/>
      <site name="tip" pos="0 0 0.4"/></body></worldbody>)");
}
const Instance* find(const Frame& frame, uint32_t id, uint32_t environment = 0) {
  for (const Instance& i : frame.instances)
    if (i.id == id && i.environment == environment) return &i;
  return nullptr;
}
uint32_t shape_drawn(const Frame& frame, const Instance* instance) {
  const auto index = uint32_t(instance - frame.instances.data());
  for (const Batch& b : frame.solid)
    if (index >= b.first && index < b.first + b.count) return b.shape;
  for (size_t k = 0; k < frame.clear.size(); ++k)
    if (frame.clear[k] == index) return frame.clear_shape[k];
  return no_shape;
}
// Every instance is in one batch or in the list of transparent ones, and where it says.
void check_lists(const Frame& frame) {
  std::vector<int> times(frame.instances.size());
  for (size_t b = 0; b < frame.solid.size(); ++b) {
    const Batch& batch = frame.solid[b];
    CHECK(batch.count > 0);
    REQUIRE(batch.first + batch.count <= frame.instances.size());
    for (uint32_t i = batch.first; i < batch.first + batch.count; ++i) {
      ++times[i];
      CHECK(frame.instances[i].material == batch.material);
      CHECK(frame.instances[i].rgba[3] == 1);
    }
    for (size_t c = 0; c < b; ++c) CHECK((frame.solid[c].shape != batch.shape || frame.solid[c].material != batch.material));
  }
  REQUIRE(frame.clear.size() == frame.clear_shape.size());
  for (const uint32_t i : frame.clear) {
    ++times[i];
    CHECK(frame.instances[i].rgba[3] < 1);
  }
  for (const int n : times) CHECK(n == 1);
}
void check_place(const Instance& i, const Vec3f& shape_point, const Vec3f& world) {
  const auto p = placed({{shape_point[0], shape_point[1], shape_point[2]}, {}, {}, 0}, i);
  for (size_t k = 0; k < 3; ++k) CHECK(std::abs(p[k] - double(world[k])) < 1e-5);
}

TEST_CASE("instances are where their geoms are, as large and of their shape") {
  const auto m = room();
  const Scenery scenery = scenery_of(m);
  std::vector<Poses> poses{initial_poses(*m)};
  const auto ball = size_t(body_named(*m, "ball"));
  const float half = std::sqrt(0.5f);
  const std::array<float, 4> turned{half, 0, 0, half};   // 90 degrees about z
  std::copy(turned.begin(), turned.end(), &poses[0].rotation[4 * ball]);
  poses[0].offset = {10, 0, 0}, poses[0].environment = 3;
  const Frame frame = make_frame(scenery, poses, {}, {});
  check_lists(frame);
  REQUIRE(frame.instances.size() == 4);
  const Instance* egg = find(frame, 3, 3);
  REQUIRE(egg);
  CHECK(shape_drawn(frame, egg) == shape::sphere);
  check_place(*egg, {0, 0, 0}, {11, 2.5f, 3});     // its x is the world's y now
  check_place(*egg, {1, 0, 0}, {11, 2.6f, 3});
  check_place(*egg, {0, 1, 0}, {10.8f, 2.5f, 3});
  check_place(*egg, {0, 0, -1}, {11, 2.5f, 2.7f});
  const Instance* arm = find(frame, 4, 3);
  REQUIRE(arm);
  CHECK(shape_drawn(frame, arm) == shape::capsule);
  CHECK(arm->stretch == 0.4f);
  CHECK(arm->scale[2] == 0.05f);
  const Instance* box = find(frame, 2, 3);
  REQUIRE(box);
  CHECK(shape_drawn(frame, box) == shape::box);
  check_place(*box, {1, 1, 1}, {10.1f, -0.8f, 0.6f});
  CHECK(frame.lamps.size() == 1);
}

TEST_CASE("colours are linear: IEC 61966-2-1") {
  const auto m = room();
  m->look.parts[1].rgba = {0.5f, 0.02f, 1, 1};
  const std::vector<Poses> poses{initial_poses(*m)};
  const Frame frame = make_frame(scenery_of(m), poses, {}, {});
  const Instance* box = find(frame, 2);
  CHECK(box->rgba[0] == doctest::Approx(0.21404f).epsilon(1e-4));
  CHECK(box->rgba[1] == doctest::Approx(0.02f / 12.92f));
  CHECK(box->rgba[2] == doctest::Approx(1));
}

TEST_CASE("groups are bits, and what is wholly transparent is not drawn") {
  const auto m = room();
  m->look.parts[1].group = 2, m->look.parts[2].group = 3, m->look.parts[3].group = 77;
  const Scenery scenery = scenery_of(m);
  const std::vector<Poses> poses{initial_poses(*m)};
  Show show;
  const auto drawn = [&](uint32_t id) { return find(make_frame(scenery, poses, show, {}), id) != nullptr; };
  CHECK(drawn(1));
  CHECK(drawn(2));
  CHECK_FALSE(drawn(3));
  CHECK_FALSE(drawn(4));                           // there is no such group
  show.geom_groups = 0b1000;
  CHECK_FALSE(drawn(1));
  CHECK_FALSE(drawn(2));
  CHECK(drawn(3));
  show = {};
  m->look.parts[0].rgba[3] = m->look.parts[1].rgba[3] = 0;
  CHECK_FALSE(drawn(1));
  CHECK_FALSE(drawn(2));
}

TEST_CASE("transparent instances come last, the farthest first") {
  const auto m = model_of(R"(<worldbody><geom size="0.1" pos="0 5 0"/><geom size="0.1" pos="0 1 0"/><geom size="0.1" pos="0 9 0"/>
    <geom type="box" size="0.1 0.1 0.1" pos="0 3 0"/><geom size="0.1" pos="0 7 0"/></worldbody>)");
  for (size_t g = 0; g < 4; ++g) m->look.parts[g].rgba[3] = 0.5f;
  const Scenery scenery = scenery_of(m);
  const std::vector<Poses> poses{initial_poses(*m)};
  const auto order = [&](const Vec3f& from) {
    Eye eye;
    eye.position = from;
    const Frame frame = make_frame(scenery, poses, {}, eye);
    check_lists(frame);
    CHECK(frame.solid.size() == 1);
    std::vector<uint32_t> ids;
    for (const uint32_t i : frame.clear) ids.push_back(frame.instances[i].id);
    return ids;
  };
  CHECK(order({0, 0, 0}) == std::vector<uint32_t>{3, 1, 4, 2});
  CHECK(order({0, 10, 0}) == std::vector<uint32_t>{2, 4, 1, 3});
  CHECK(order({nan, 0, 0}).size() == 4);
}

TEST_CASE("with Show::transparent what can move lets light through") {
  const auto m = room();
  const std::vector<Poses> poses{initial_poses(*m)};
  Show show;
  show.transparent = true;
  const Frame frame = make_frame(scenery_of(m), poses, show, {});
  check_lists(frame);
  CHECK(find(frame, 2)->rgba[3] == 1);
  CHECK(find(frame, 3)->rgba[3] < 1);
  CHECK(find(frame, 4)->rgba[3] < 1);
  CHECK(frame.clear.size() == 2);
}

TEST_CASE("a batch for each shape and material, over all environments") {
  const auto m = room();
  m->look.materials.resize(2);
  m->look.parts[3].material = 1;
  const Scenery scenery = scenery_of(m);
  std::vector<Poses> poses(100, initial_poses(*m));
  for (uint32_t e = 0; e < 100; ++e) poses[e].environment = e, poses[e].offset = {float(e), 0, 0};
  Show show;
  show.selected_body = body_named(*m, "arm"), show.hovered_body = body_named(*m, "ball"), show.selected_environment = 42;
  const Frame frame = make_frame(scenery, poses, show, {});
  check_lists(frame);
  CHECK(frame.instances.size() == 301);            // 100 boxes, ellipsoids and capsules, one floor
  CHECK(frame.solid.size() == 4);
  for (uint32_t e = 0; e < 100; ++e) {
    const Instance *arm = find(frame, 4, e), *ball = find(frame, 3, e), *box = find(frame, 2, e);
    CHECK(arm->material == scenery.models[0].first_material + 1);
    CHECK(arm->world[3] == float(e));
    CHECK(arm->marks == (e == 42 ? uint32_t(mark::selected) : 0u));
    CHECK(ball->marks == (e == 42 ? uint32_t(mark::hovered) : 0u));
    CHECK(box->marks == 0);
  }
  CHECK(frame.centre[0] > 45);
  CHECK(frame.radius > 49);
  CHECK(frame.radius < 60);
}

TEST_CASE("endless planes lie around the eye and do not drag their image along") {
  const auto m = model_of(R"(<worldbody><geom type="plane" size="0 0 1" pos="0 0 -1" euler="0 0 30"/>
    <geom type="plane" size="0 2 1" pos="0 0 3"/><geom type="plane" size="2 3 1" pos="0 0 5"/></worldbody>)");
  m->look.images.resize(1);
  m->look.materials.resize(2);
  m->look.materials[0].image = m->look.materials[1].image = 0;
  m->look.materials[0].uniform = true, m->look.materials[0].repeat = {0.5f, 4};
  m->look.materials[1].repeat = {5, 5};
  m->look.parts[0].material = 0, m->look.parts[1].material = 1, m->look.parts[2].material = 1;
  const Scenery scenery = scenery_of(m);
  const std::vector<Poses> poses{initial_poses(*m)};
  // texture coordinates as a shader has them (scenery.h), at a point of the world on the plane
  const auto texture = [&](const Instance& i, double x, double y) {
    const Material& material = scenery.materials[i.material];
    REQUIRE(material.uniform);
    const double dx = x - double(i.world[3]), dy = y - double(i.world[7]);
    const double u = dx * double(i.world[0]) + dy * double(i.world[4]), v = dx * double(i.world[1]) + dy * double(i.world[5]);
    return std::array<double, 2>{double(material.repeat[0]) * u + 0.5, double(material.repeat[1]) * v + 0.5};
  };
  const auto near_whole = [](double x) { return std::abs(x - std::round(x)) < 1e-3; };
  Eye eye;
  const Frame first = make_frame(scenery, poses, {}, eye);
  for (const Vec3f& where : {Vec3f{100.3f, -47, 2}, Vec3f{-3, 0.6f, 9}, Vec3f{5000, 5000, 50}}) {
    eye.position = where;
    const Frame frame = make_frame(scenery, poses, {}, eye);
    for (const uint32_t id : {1u, 2u}) {
      CAPTURE(id);
      const Instance *a = find(first, id), *b = find(frame, id);
      CHECK((b->marks & mark::no_shadow));
      const auto s = texture(*a, 1.2, 0.7), t = texture(*b, 1.2, 0.7);
      for (size_t k = 0; k < 2; ++k) CHECK(near_whole(s[k] - t[k]));
      if (id == 1) CHECK(std::hypot(b->world[3] - where[0], b->world[7] - where[1]) < 2);   // an image is 2 m long
      if (id == 1) CHECK(b->world[11] == doctest::Approx(-1));
      if (id == 2) CHECK(b->world[7] == doctest::Approx(0));   // across its finite side it stays
      CHECK(b->scale[0] >= 200);
    }
    CHECK(find(frame, 2)->scale[1] == 2);
    check_place(*find(frame, 3), {1, 1, 0}, {2, 3, 5});
  }
  CHECK_FALSE(scenery.materials[find(first, 3)->material].uniform);
  CHECK(scenery.materials[find(first, 2)->material].repeat[0] == 2.5f);   // without end, over 2 m instead of the whole
}

TEST_CASE("images fit what wears them") {
  const auto m = model_of(R"(<asset><mesh name="slab" vertex="0 0 0  4 0 0  0 2 0  4 2 0  0 0 1  4 0 1  0 2 1  4 2 1"/></asset>
    <worldbody><geom type="mesh" mesh="slab"/><geom type="mesh" mesh="slab"/><geom type="box" size="1 1 1"/>
      <body pos="0 0 9"><freejoint/><geom size="0.1"/></body></worldbody>)");
  m->look.images.resize(2);
  m->look.images[1].cube = true;
  m->look.materials.resize(2);
  m->look.materials[0].image = 0, m->look.materials[0].repeat = {2, 3}, m->look.materials[0].roughness = nan;
  m->look.materials[1].image = 1;
  model::Look::Mesh mesh;
  mesh.position = {0, 0, 0, 4, 0, 0, 0, 2, 0};
  mesh.corner = {0, 1, 2};
  m->look.meshes.push_back(mesh);
  mesh.uv = {0, 0, 1, 0, 0, 1};
  m->look.meshes.push_back(mesh);
  m->look.parts[0].mesh = 0, m->look.parts[1].mesh = 1;
  for (size_t g = 0; g < 3; ++g) m->look.parts[g].material = 0;
  m->look.parts[3].material = 1;
  const Scenery scenery = scenery_of(m);
  const Scenery::Of& of = scenery.models[0];
  CHECK(scenery.images.size() == 2);
  const auto material = [&](size_t geom) { return scenery.materials[of.geom_material[geom]]; };
  CHECK(material(0).boxed);                        // no texture coordinates: twice and three times over its longest side
  CHECK(material(0).repeat[0] == 0.5f);
  CHECK(material(0).repeat[1] == 0.75f);
  CHECK_FALSE(material(1).boxed);                  // its own coordinates, once
  CHECK(material(1).repeat[1] == 1);
  CHECK_FALSE(material(2).boxed);
  CHECK(material(2).repeat[1] == 3);
  CHECK(material(2).roughness == 0);
  CHECK(material(3).image == 1);
  CHECK(of.geom_shape[0] == of.first_mesh);
  CHECK(of.geom_shape[1] == of.first_mesh + 1);
  m->look.parts[0].mesh = 50, m->look.parts[2].material = -3, m->look.parts[3].material = 50;   // of a damaged file
  const Scenery damaged = scenery_of(m);
  CHECK(damaged.models[0].geom_shape[0] == damaged.models[0].first_hull);
  CHECK(damaged.models[0].geom_material[2] == 0);
  CHECK(damaged.models[0].geom_material[3] == 0);
}

TEST_CASE("the extent of a model, without planes") {
  const auto m = model_of(R"(<worldbody><geom type="plane" size="50 50 1"/>
    <body pos="4 0 1"><freejoint/><geom type="box" size="1 2 0.5"/></body></worldbody>)");
  const Scenery::Of of = scenery_of(m).models[0];
  CHECK(of.centre[0] == doctest::Approx(4));
  CHECK(of.centre[2] == doctest::Approx(1));
  CHECK(of.radius == doctest::Approx(std::sqrt(1 + 4 + 0.25f)));
  const auto empty = model_of("<worldbody><geom type='plane' size='0 0 1'/></worldbody>");
  CHECK(scenery_of(empty).models[0].radius == 1);
}

TEST_CASE("what is not known is drawn as nothing") {
  const auto m = room();
  const Scenery scenery = scenery_of(m);
  std::vector<Poses> poses(4, initial_poses(*m));
  poses[0].position[3 * size_t(body_named(*m, "ball"))] = nan;
  poses[1].position.clear();
  poses[2].model = 9;
  poses[3].rotation.assign(poses[3].rotation.size(), 0);   // no direction: as the world's
  for (uint32_t e = 0; e < 4; ++e) poses[e].environment = e;
  Show show;
  show.sites = show.hulls = show.joints = show.frames = show.centres_of_mass = show.inertias = show.labels = show.cameras = show.lights = true;
  const Frame frame = make_frame(scenery, poses, show, {});
  for (const Instance& i : frame.instances)
    for (const float x : i.world) CHECK(std::isfinite(x));
  for (const Line& l : frame.lines)
    for (size_t k = 0; k < 3; ++k) CHECK(std::isfinite(l.from[k] + l.to[k]));
  CHECK(std::isfinite(frame.radius));
  CHECK(frame.radius < 10);
  CHECK(find(frame, 3, 0)->world[0] == 0);         // without extent
  CHECK(find(frame, 2, 2) == nullptr);
  CHECK(make_frame(scenery, {}, show, {}).lamps.size() == 1);
  CHECK(Scenery::of({nullptr}).models.empty());
}

TEST_CASE("joints, frames, masses, sites and labels show what they stand for") {
  const auto m = room();
  m->look.marks.resize(1);
  m->look.marks[0].rgba = {1, 0, 0, 1}, m->look.marks[0].type = 6, m->look.marks[0].size = {0.01f, 0.02f, 0.03f};
  const Scenery scenery = scenery_of(m);
  const std::vector<Poses> poses{initial_poses(*m)};
  const auto with = [&](auto change) {
    Show show;
    change(show);
    Frame frame = make_frame(scenery, poses, show, {});
    check_lists(frame);
    return frame;
  };
  const size_t plain = with([](Show&) {}).instances.size();

  Frame frame = with([](Show& s) { s.joints = true; });
  REQUIRE(frame.instances.size() == plain + 1);    // the hinge; a free joint has no axis
  for (const Instance& i : frame.instances) {
    if (shape_drawn(frame, &i) != shape::arrow) continue;
    check_place(i, {0, 0, 0}, {0, 0, 1.1f});
    CHECK(i.world[6] == doctest::Approx(1));       // along y
    CHECK(i.id == 0);
    CHECK(i.scale[2] + i.stretch == doctest::Approx(1.6f * scenery.models[0].gauge));   // m, the whole arrow
  }
  frame = with([](Show& s) { s.frames = true; });
  CHECK(frame.lines.size() == size_t(3 * m->body_count));
  CHECK(frame.lines[0].on_top);
  CHECK(frame.lines[2].to[2] > frame.lines[2].from[2]);

  frame = with([](Show& s) { s.sites = true; });
  REQUIRE(frame.instances.size() == plain + 1);
  frame = with([](Show& s) { s.sites = true, s.site_groups = 2; });
  CHECK(frame.instances.size() == plain);

  // the box of equal inertia of an ellipsoid: m/3 (b^2 + c^2) = m/5 (q^2 + r^2), so its half sides are sqrt(3/5) of the radii
  frame = with([](Show& s) { s.inertias = true; });
  REQUIRE(frame.clear.size() == 2);
  std::vector<float> sides;
  for (const uint32_t i : frame.clear)
    if (std::abs(frame.instances[i].world[3] - 1.5f) < 1e-4f) sides.assign(frame.instances[i].scale, frame.instances[i].scale + 3);
  std::sort(sides.begin(), sides.end());
  REQUIRE(sides.size() == 3);
  for (size_t k = 0; k < 3; ++k) CHECK(double(sides[k]) == doctest::Approx(std::sqrt(0.6) * 0.1 * double(k + 1)).epsilon(1e-4));

  frame = with([](Show& s) { s.centres_of_mass = true; });
  CHECK(frame.instances.size() == plain + 2);
  frame = with([](Show& s) { s.labels = true; });
  REQUIRE(frame.labels.size() == 2);
  CHECK(frame.labels[0].text == "ball");
  CHECK(frame.labels[0].at[0] == doctest::Approx(1.5f));
}

TEST_CASE("hulls are what bodies collide with, and not twice what is seen anyway") {
  const auto m = model_of(R"(<asset><mesh name="slab" vertex="0 0 0  4 0 0  0 2 0  4 2 0  0 0 1  4 0 1  0 2 1  4 2 1"/></asset>
    <worldbody><geom type="plane" size="0 0 1"/><body pos="0 0 3"><freejoint/>
      <geom type="mesh" mesh="slab"/><geom size="0.2"/><geom size="0.3"/></body></worldbody>)");
  m->look.parts[3].group = 3;
  const Scenery scenery = scenery_of(m);
  const std::vector<Poses> poses{initial_poses(*m)};
  Show show;
  show.hulls = true;
  const Frame frame = make_frame(scenery, poses, show, {});
  check_lists(frame);
  std::vector<uint32_t> ids;
  for (const uint32_t i : frame.clear) ids.push_back(frame.instances[i].id);
  std::sort(ids.begin(), ids.end());
  CHECK(ids == std::vector<uint32_t>{2, 4});       // the mesh's hull, and the ball of a hidden group
}

TEST_CASE("lamps: the model's lights, of which suns come first, or a sun") {
  const auto m = room();
  const Scenery none = scenery_of(m);
  const std::vector<Poses> poses{initial_poses(*m)};
  const auto sun = make_frame(none, poses, {}, {}).lamps;
  REQUIRE(sun.size() == 1);
  CHECK(sun[0].directional);
  CHECK(sun[0].shadow);
  CHECK(sun[0].direction[2] < -0.5f);
  CHECK(std::abs(std::hypot(sun[0].direction[0], sun[0].direction[1], sun[0].direction[2]) - 1) < 1e-5f);

  using Track = model::Look::Track;
  m->look.lights.resize(12);
  for (auto& l : m->look.lights) l.shadow = false, l.diffuse = {0.1f, 0.1f, 0.1f};
  m->look.lights[2].diffuse = {0, 0, 0};
  m->look.lights[3].pos = {0, 0, 5}, m->look.lights[3].track = Track::targetbody, m->look.lights[3].target = body_named(*m, "ball");
  m->look.lights[3].shadow = true;
  m->look.lights[7].type = model::Look::Light::Type::directional, m->look.lights[7].shadow = true, m->look.lights[7].dir = {0, 3, -4};
  m->look.lights[9].diffuse = {0.2f, 0.3f, 0.2f};
  const Scenery lit = scenery_of(m);
  const auto lamps = make_frame(lit, poses, {}, {}).lamps;
  REQUIRE(lamps.size() == 8);
  CHECK(lamps[0].directional);
  CHECK(lamps[0].direction[1] == doctest::Approx(0.6f));
  CHECK(lamps[0].direction[2] == doctest::Approx(-0.8f));
  CHECK(lamps[1].shadow);                          // looks from 0 0 5 at 1 2 3
  CHECK(lamps[1].direction[0] == doctest::Approx(1 / 3.0f));
  CHECK(lamps[1].direction[2] == doctest::Approx(-2 / 3.0f));
  CHECK(lamps[2].colour[1] == doctest::Approx(1.5f * lamps[2].colour[0]));
  CHECK(lamps[2].colour[1] > lamps[3].colour[1]);

  for (auto& l : m->look.lights) l.diffuse = {1, 1, 1};   // however many: as bright as one and a half suns
  float sum = 0;
  for (const Lamp& l : make_frame(scenery_of(m), poses, {}, {}).lamps) sum += l.colour[0];
  CHECK(sum > 2);
  CHECK(sum < 4);
}

TEST_CASE("lamps: cones, attenuation and range of the model's lights; suns have none, and what is off is dark") {
  using Type = model::Look::Light::Type;
  const auto m = room();
  m->look.lights.resize(4);
  for (auto& l : m->look.lights) l.shadow = false, l.attenuation = {0.5f, -1, 0.25f}, l.cutoff = 0.6f, l.exponent = 3, l.range = 7, l.pos = {0, 0, 4};
  m->look.lights[0].type = Type::spot, m->look.lights[0].diffuse = {0.4f, 0.4f, 0.4f};
  m->look.lights[1].type = Type::point, m->look.lights[1].diffuse = {0.3f, 0.3f, 0.3f};
  m->look.lights[2].type = Type::directional, m->look.lights[2].diffuse = {0.01f, 0.01f, 0.01f};
  m->look.lights[3].active = false;
  const std::vector<Poses> poses{initial_poses(*m)};
  const auto lamps = lamps_of(*m, body_places(*m, poses[0]));
  REQUIRE(lamps.size() == 3);
  CHECK(lamps[0].cone == doctest::Approx(std::cos(0.6f)));
  CHECK(lamps[0].exponent == 3);
  CHECK(lamps[0].range == 7);
  CHECK(lamps[1].cone == -1);
  CHECK(lamps[1].range == 7);
  CHECK(share(lamps[1], 2) == doctest::Approx(1 / (0.5f + 0.25f * 4)));   // less than nothing counts as nothing
  CHECK(share(lamps[1], 7.1f) == 0);
  CHECK(share(lamps[2], 1e9f) == 1);
  CHECK(lamps[2].cone == -1);

  // a lamp that has faded where the things are takes nothing from the others
  m->look.lights[0].diffuse = {50, 50, 50}, m->look.lights[0].attenuation = {0, 0, 1000};
  const auto before = make_frame(scenery_of(m), poses, {}, {}).lamps;
  m->look.lights[0].active = false;
  const auto after = make_frame(scenery_of(m), poses, {}, {}).lamps;
  REQUIRE(before.size() == 3);
  REQUIRE(after.size() == 2);
  for (const Lamp& l : before)
    if (l.cone == -1 && !l.directional) CHECK(l.colour[0] == doctest::Approx(after[0].colour[0]));
}

TEST_CASE("a light that tracks goes along without turning") {
  const auto m = room();
  m->look.lights.resize(2);
  for (auto& l : m->look.lights) l.body = body_named(*m, "ball"), l.pos = {0, 0, 1}, l.dir = {1, 0, 0};
  m->look.lights[0].track = model::Look::Track::track, m->look.lights[0].shadow = true, m->look.lights[1].shadow = false;
  const Scenery scenery = scenery_of(m);
  std::vector<Poses> poses{initial_poses(*m)};
  const auto ball = size_t(body_named(*m, "ball"));
  const float half = std::sqrt(0.5f);
  const std::array<float, 4> over{half, 0, half, 0};   // its z axis to x, its x axis to -z
  std::copy(over.begin(), over.end(), &poses[0].rotation[4 * ball]);
  poses[0].position[3 * ball] = 6;
  const auto lamps = make_frame(scenery, poses, {}, {}).lamps;
  REQUIRE(lamps.size() == 2);
  CHECK(lamps[0].position[0] == doctest::Approx(6));
  CHECK(lamps[0].position[2] == doctest::Approx(4));
  CHECK(lamps[0].direction[0] == doctest::Approx(1));
  CHECK(lamps[1].position[0] == doctest::Approx(7));
  CHECK(lamps[1].position[2] == doctest::Approx(3));
  CHECK(lamps[1].direction[2] == doctest::Approx(-1));
}

TEST_CASE("touches: discs across normals, arrows as long as their forces, by whether they stick") {
  const auto m = room();
  m->look.parts[1].rgba[3] = 0.5f;
  const Scenery scenery = scenery_of(m);
  const std::vector<Poses> poses{initial_poses(*m)};
  Frame frame = make_frame(scenery, poses, {}, {});
  const size_t before = frame.instances.size();
  const std::vector<Touch> touches{{{1, 2, 0}, {0, 0, 1}, {0, 0, 50}, 0.001f, false}, {{0, 0, 0}, {1, 0, 0}, {30, 0, 40}, 0, true},
                                   {{nan, 0, 0}, {1, 0, 0}, {30, 0, 40}, 0, true}, {{0, 1, 0}, {1, 0, 0}, {0, 0, 0}, 0, true}};
  add_touches(frame, touches, 0.01f, true, true);
  CHECK(frame.instances.size() == before + 3 + 2);
  check_lists(frame);
  std::vector<const Instance*> arrows, discs;
  for (size_t i = before; i < frame.instances.size(); ++i)
    (shape_drawn(frame, &frame.instances[i]) == shape::arrow ? arrows : discs).push_back(&frame.instances[i]);
  REQUIRE(arrows.size() == 2);
  for (const Instance* a : arrows) CHECK(a->scale[2] + a->stretch == doctest::Approx(0.5f));   // 50 N
  CHECK(arrows[1]->world[2] == doctest::Approx(0.6f));
  CHECK(arrows[1]->world[10] == doctest::Approx(0.8f));
  REQUIRE(discs.size() == 3);
  CHECK(discs[0]->rgba[1] > discs[0]->rgba[0]);    // sticks: green
  CHECK(discs[1]->rgba[0] > discs[1]->rgba[1]);    // slips: orange
  CHECK(discs[0]->world[10] == doctest::Approx(1));
  CHECK(discs[1]->world[2] == doctest::Approx(1));
  CHECK(discs[0]->scale[2] < discs[0]->scale[0]);

  Frame few = make_frame(scenery, poses, {}, {});
  add_touches(few, touches, 0.01f, false, false);
  CHECK(few.instances.size() == before);
}

}  // namespace
}  // namespace nuri::view
