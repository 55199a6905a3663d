// Sensors that look around: rangefinders, contact sensors, distances, what is inside a site. Values of MuJoCo 3.17 (mj_forward of
// the same scene, ccd_tolerance 1e-12); bits of every width; what the compiler and the reader of .model files refuse.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <functional>

#include "physics/cpu/registry.h"
#include "tests/engine/model/scene_maker.h"
#include "tests/physics/bit_lives.h"

using namespace nuri;
using namespace nuri::scene;

namespace {

enum Geoms { floor_geom, post, ghost, box_geom, ball, rod };
enum Sites { down, side, up, zone };

// A box and a ball with a rod pressed onto each other and the floor, a post, an invisible ball.
model::SceneMaker stage() {
  model::SceneMaker s;
  s.scene.option.tolerance = 0;
  const double h = 0.7071067811865476;
  s.geom(0, GeomType::plane, {2, 2, 1});
  s.geom(0, GeomType::cylinder, {0.1, 0.4, 0}, {1, 0, 0.4});
  s.geom(0, GeomType::sphere, {0.3, 0, 0}, {0, 0, 2}).rgba[3] = 0;
  for (int g : {post, ghost}) s.scene.geoms[size_t(g)].contype = s.scene.geoms[size_t(g)].conaffinity = 0;   // put_shapes may make others of them
  const int box = s.body(0, {0, 0, 0.195}), top = s.body(0, {0, 0.1, 0.585});
  s.joint(box, JointType::free);
  s.joint(top, JointType::free);
  s.geom(box, GeomType::box, {0.2, 0.2, 0.2}).density = 500;
  s.geom(top, GeomType::sphere, {0.2, 0, 0});
  s.geom(top, GeomType::capsule, {0.05, 0.2, 0}, {0.5, 0, 0.3}).quat = {h, 0, h, 0};
  const auto site = [&](Array3 pos, Array4 quat, GeomType type, Array3 size) {
    Site k;
    k.pos = pos, k.quat = quat, k.type = type, k.size = size;
    s.scene.sites.push_back(k);
  };
  site({0.05, 0.02, 3}, {0, 1, 0, 0}, GeomType::sphere, {0.01, 0.01, 0.01});
  site({-3, 0.05, 0.1}, {h, 0, h, 0}, GeomType::sphere, {0.01, 0.01, 0.01});
  site({0, 0, 3}, {1, 0, 0, 0}, GeomType::sphere, {0.01, 0.01, 0.01});
  site({0, 0, 0}, {1, 0, 0, 0}, GeomType::box, {0.3, 0.3, 0.1});
  return s;
}

Sensor sensor(SensorType type, ObjectType object_type, int object, ObjectType reference_type = ObjectType::none, int reference = -1, double cutoff = 0) {
  Sensor s;
  s.type = type, s.object_type = object_type, s.object = object, s.reference_type = reference_type, s.reference = reference, s.cutoff = cutoff;
  return s;
}
Sensor range(int site, int data = 0, double cutoff = 0) {
  Sensor s = sensor(SensorType::rangefinder, ObjectType::site, site, ObjectType::none, -1, cutoff);
  s.data = data;
  return s;
}
Sensor touch(ObjectType one, int first, ObjectType two, int second, int data, ContactReduce reduce, int num) {
  Sensor s = sensor(SensorType::contact, one, first, two, second);
  s.data = data, s.reduce = reduce, s.num = num;
  return s;
}

struct Expected { Sensor sensor; std::vector<double> values; };
std::vector<Expected> expected() {
  using namespace contact_data;
  using enum ObjectType;
  const int most = found | force | contact_data::dist | pos | contact_data::normal | tangent;
  const auto distance = SensorType::distance, direction = SensorType::normal, segment = SensorType::fromto, inside = SensorType::insidesite;
  return {
      {range(down, ray_data::all), {2.238648079, 0, 0, -1, 0.05, 0.02, 3, 0.05, 0.02, 0.7613519209, 0.25, -0.4, 0.8817596044, 2.238648079}},
      {range(side), {2.8}},
      {range(up), {-1}},
      {range(side, 0, 1.5), {1.5}},
      {touch(geom, box_geom, geom, ball, most, ContactReduce::none, 1), {1, 1568.241543, -6.016518092, 155.4425642, -0.01, 0, 0.1, 0.39, 0, 0, 1, 0, -1, 0}},
      {touch(geom, ball, geom, box_geom, most, ContactReduce::none, 1), {1, 1568.241543, -6.016518092, -155.4425642, -0.01, 0, 0.1, 0.39, 0, 0, -1, 0, 1, 0}},
      {touch(body, 1, none, -1, found | force | pos, ContactReduce::maxforce, 2),
       {5, 1568.241543, -6.016518092, 155.4425642, 0, 0.1, 0.39, 5, 831.1311284, 13.49021691, 46.56168349, -0.2, 0.2, -0.0025}},
      {touch(xbody, 1, body, 0, found | force | torque | pos, ContactReduce::netforce, 1),
       {4, -147.7240115, -15.43814519, -2273.302302, -0.2078882815, -0.2262366263, 5.193502536, -0.02584050488, 0.06645268344, -0.0025}},
      {touch(site, zone, none, -1, found | pos, ContactReduce::none, 6),
       {4, -0.2, -0.2, -0.0025, 4, 0.2, -0.2, -0.0025, 4, -0.2, 0.2, -0.0025, 4, 0.2, 0.2, -0.0025, 0, 0, 0, 0, 0, 0, 0, 0}},
      {touch(geom, rod, none, -1, found | contact_data::dist, ContactReduce::none, 2), {0, 0, 0, 0}},
      {sensor(distance, geom, rod, geom, post, 5), {0.1823347731}},
      {sensor(direction, geom, rod, geom, post, 5), {0.8829142067, -0.2943047113, -0.3658513913}},
      {sensor(segment, geom, ball, geom, floor_geom, 1), {0, 0.1, 0.385, 0, 0.1, 0}},
      {sensor(distance, body, 2, geom, post, 0.1), {0.1}},
      {sensor(inside, body, 1, site, zone), {0}},
      {sensor(inside, geom, floor_geom, site, zone), {1}}};
}

std::string refused(const std::function<void(model::SceneMaker&)>& change) {
  model::SceneMaker s = stage();
  change(s);
  return s.error();
}

// The post becomes a mesh and the ghost a height field, which can be seen.
void put_shapes(model::SceneMaker& s) {
  scene::Mesh mesh;
  for (int i = 0; i < 12; ++i)
    for (int j = 0; j < 12; ++j) mesh.vertices.insert(mesh.vertices.end(), {0.2 * i - 1.1, 0.2 * j - 1.1, 0.1 * ((i * j) % 3)});
  for (int i = 0; i < 11; ++i)
    for (int j = 0; j < 11; ++j) mesh.faces.insert(mesh.faces.end(), {12 * i + j, 12 * i + j + 12, 12 * i + j + 1, 12 * i + j + 1, 12 * i + j + 12, 12 * i + j + 13});
  scene::HeightField field;
  field.rows = field.columns = 3;
  field.elevation = {0, 1, 0.5f, 0.2f, 0.7f, 0.1f, 1, 0, 0.3f};
  field.size = {2, 2, 0.4, 0.2};
  s.scene.meshes.push_back(mesh);
  s.scene.height_fields.push_back(field);
  Geom &first = s.scene.geoms[post], &second = s.scene.geoms[ghost];
  first.type = GeomType::mesh, first.mesh = 0;
  second.type = GeomType::hfield, second.height_field = 0, second.rgba[3] = 1;
}
}  // namespace

TEST_CASE("rangefinder, contact, distance, normal, fromto, insidesite: the values of MuJoCo") {
  model::SceneMaker s = stage();
  const auto all = expected();
  for (const Expected& e : all) s.scene.sensors.push_back(e.sensor);
  const auto m = std::make_shared<const model::Model>(s.model());
  for (const Precision precision : {Precision::f64, Precision::f32}) {
    const auto world = bits_test::make_world(m, {.precision = precision, .threads = 1});
    world->forward();
    for (int i = 0; i < m->sensor_count; ++i) {
      CAPTURE(i);
      REQUIRE(m->sensor_adr[i + 1] - m->sensor_adr[i] == int(all[size_t(i)].values.size()));
      for (size_t k = 0; k < all[size_t(i)].values.size(); ++k) {
        CAPTURE(k);
        const double want = all[size_t(i)].values[k], soft = all[size_t(i)].sensor.type == SensorType::normal ? 1e-6 : 1e-8;   // a direction is the root of its distance
        const double tolerance = precision == Precision::f64 ? soft : 2e-3;                             // forces in float: of a stiff problem
        CHECK(std::abs(world->get(StateField::sensordata, 0, m->sensor_adr[i] + int(k)) - want) <= tolerance * std::max(1.0, std::abs(want)));
      }
    }
  }
}

TEST_CASE("sensors that look around: the same bits at every width, meshes and height fields too") {
  model::SceneMaker s = stage();
  for (const Expected& e : expected()) if (e.sensor.type < SensorType::distance || e.sensor.type > SensorType::fromto) s.scene.sensors.push_back(e.sensor);
  s.scene.sensors.push_back(sensor(SensorType::fromto, ObjectType::geom, rod, ObjectType::geom, box_geom, 3));
  s.scene.sensors.push_back(sensor(SensorType::distance, ObjectType::body, 1, ObjectType::body, 2, 3));
  for (int k = 0; k < 24; ++k) {                                        // rays that move with the box, all around
    Site site;
    site.body = 1, site.pos = {0.01 * k, 0, 0.3}, site.quat = {1.0, 0.3 * (k % 5) - 0.6, 0.4 * (k % 7) - 1.2, 0.1};
    s.scene.sites.push_back(site);
    s.scene.sensors.push_back(range(4 + k, ray_data::all));
  }
  put_shapes(s);
  const model::Model m = s.model();
  CHECK(m.ray_triangle_count == 242);
  const auto read = model::deserialize(model::serialize(m), "test");
  REQUIRE_MESSAGE(bool(read), read.errors()[0].message);
  const auto model = std::make_shared<const model::Model>(m);
  constexpr int environments = 19, steps = 15;
  for (const Precision precision : {Precision::f32, Precision::f64}) {
    std::vector<double> reference;
    for (int width : {1, 2, 4, 8, 16}) {
      if (!find_kernel(precision, width)) continue;
      CAPTURE(width);
      const auto world = bits_test::make_world(model, {.environments = environments, .precision = precision, .threads = 1, .width = width});
      for (int e = 0; e < environments; ++e) bits_test::scatter(*world, e, uint64_t(e));
      std::vector<double> seen;
      for (int step = 0; step < steps; ++step) {
        world->step(3);
        for (int e = 0; e < environments; ++e)
          for (int k = 0; k < m.sensor_value_count; ++k) seen.push_back(world->get(StateField::sensordata, e, k));
      }
      CHECK(world->faults() == 0);
      if (reference.empty()) reference = seen;
      CHECK(std::memcmp(reference.data(), seen.data(), seen.size() * sizeof(double)) == 0);
    }
    // rays meet something
    int met = 0;
    for (size_t k = 0; k < reference.size(); k += size_t(m.sensor_value_count)) met += reference[k + size_t(m.sensor_value_count) - 1] > 0;
    CHECK(met > environments);
  }
}

TEST_CASE("sensors that look around: what is refused") {
  using enum ObjectType;
  const auto with = [](Sensor r) { return refused([&](model::SceneMaker& s) { s.scene.sensors.push_back(r); }); };
  CHECK(with(range(down)) == "");
  CHECK(with(range(down, 64)) == "bad-sensor");
  CHECK(with(sensor(SensorType::rangefinder, body, 1)) == "bad-sensor");
  CHECK(with(touch(geom, ball, none, -1, 512, ContactReduce::none, 1)) == "bad-sensor");
  CHECK(with(touch(geom, ball, none, -1, 0, ContactReduce::none, 0)) == "bad-sensor");
  CHECK(with(touch(geom, ball, none, -1, 0, ContactReduce::none, 1'000'000'000)) == "bad-sensor");
  CHECK(with(touch(geom, ball, site, zone, 0, ContactReduce::none, 1)) == "bad-sensor");
  CHECK(with(touch(none, -1, none, -1, 0, ContactReduce::none, 1)) == "");
  CHECK(with(sensor(SensorType::distance, geom, ball, geom, ball, 1)) == "bad-sensor");
  CHECK(with(sensor(SensorType::distance, geom, ball, geom, rod, -1)) == "bad-sensor");
  CHECK(with(sensor(SensorType::distance, geom, ball, none, -1, 1)) == "bad-sensor");
  CHECK(with(sensor(SensorType::insidesite, body, 1, body, 2)) == "bad-sensor");
  CHECK(with(sensor(SensorType::insidesite, body, 1, none, -1)) == "bad-sensor");
  // distances do not know meshes
  CHECK(refused([&](model::SceneMaker& s) {
          put_shapes(s);
          s.scene.sensors.push_back(sensor(SensorType::distance, body, 2, geom, post, 1));
        }) == "unsupported-distance");

  // damaged models: trees of boxes that a walk could not leave
  model::SceneMaker s = stage();
  s.scene.sensors.push_back(range(down));
  put_shapes(s);
  const model::Model good = s.model();
  const auto reads = [](const model::Model& m) { return bool(model::deserialize(model::serialize(m), "test")); };
  CHECK(reads(good));
  for (const int bad : {-1, 0, 1'000'000}) {
    model::Model m = good;
    m.bvh_node[0] = bad;
    CHECK(!reads(m));
  }
  model::Model m = good;
  m.ray_triangle[5] = 144;
  CHECK(!reads(m));
  m = good;
  m.seen_geom[0] = 99;
  CHECK(!reads(m));
  m = good;
  m.sensor_data[0] = 0;
  CHECK(!reads(m));
  m = good;
  m.height_field_rows[0] = 4;
  CHECK(!reads(m));
}
