// Meshes that collide as convex parts: what the geom keeps, what its parts have, and who refers to it.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "tests/engine/model/scene_maker.h"

using namespace nuri;
using namespace nuri::model;
using namespace nuri::scene;

namespace {

// Three boxes in a row that overlap nowhere, as one mesh: a U of 3 x 1 x 2 on its back.
void add_box(scene::Mesh& m, const Array3& low, const Array3& high) {
  const int first = int(m.vertices.size() / 3);
  for (int i = 0; i < 8; ++i)
    for (int k = 0; k < 3; ++k) m.vertices.push_back(i >> k & 1 ? high[size_t(k)] : low[size_t(k)]);
  for (const auto& q : {std::array{0, 2, 3, 1}, std::array{4, 5, 7, 6}, std::array{0, 1, 5, 4}, std::array{2, 6, 7, 3}, std::array{0, 4, 6, 2}, std::array{1, 3, 7, 5}})
    for (int corner : {q[0], q[1], q[2], q[0], q[2], q[3]}) m.faces.push_back(first + corner);
}

struct Cup : SceneMaker {
  Cup() {
    scene::Mesh mesh;
    mesh.name = "cup";
    add_box(mesh, {0, 0, 0}, {3, 1, 0.5});
    add_box(mesh, {0, 0, 0.6}, {0.5, 1, 2});
    add_box(mesh, {2.5, 0, 0.6}, {3, 1, 2});
    mesh.inertia = MeshInertia::exact;
    mesh.parts.most = 8;
    mesh.parts.excess = 1e-6;
    scene.meshes.push_back(mesh);
    const int b = body(0, {0, 0, 1});
    joint(b, JointType::free);
    Geom& cup = geom(b, GeomType::mesh, {0, 0, 0});
    cup.name = "cup", cup.mesh = 0, cup.density = 100;
    const int ball = body(0, {1.5, 0.5, 3});
    joint(ball, JointType::free);
    geom(ball, GeomType::sphere, {0.1, 0, 0}).name = "ball";
  }
};

}  // namespace

TEST_CASE("decompose: the geom weighs, its parts touch") {
  Cup s;
  std::vector<Diagnostic> report;
  Result<Model> made = compile(s.scene, &report);
  REQUIRE(made);
  const Model& m = *made;
  CHECK(m.geom_count == 5);
  CHECK(m.geom_name == std::vector<std::string>{"cup", "cup~0", "cup~1", "cup~2", "ball"});
  CHECK(m.pair_count == 3);                                      // the ball with each part
  for (int p = 0; p < m.pair_count; ++p) CHECK(std::max(m.pair_geom1[size_t(p)], m.pair_geom2[size_t(p)]) <= 4);
  CHECK(m.body_mass[1] == doctest::Approx(100 * (3 * 0.5 + 2 * 0.5 * 1.4)));
  CHECK(std::any_of(report.begin(), report.end(), [](const Diagnostic& d) { return d.code == "decomposed" && d.severity == Severity::note; }));

  Cup whole;
  whole.scene.meshes[0].parts = {};
  const Model hull = whole.model();
  CHECK(hull.geom_count == 2);
  CHECK(hull.body_mass[1] == m.body_mass[1]);
  for (size_t k = 3; k < 6; ++k) CHECK(hull.body_inertia[k] == m.body_inertia[k]);
}

TEST_CASE("decompose: who refers to the geom") {
  Cup s;
  Pair pair;
  pair.name = "explicit", pair.geom1 = 1, pair.geom2 = 0;
  s.scene.pairs.push_back(pair);
  Sensor sensor;
  sensor.name = "where", sensor.type = SensorType::framepos, sensor.object_type = ObjectType::geom, sensor.object = 1;
  s.scene.sensors.push_back(sensor);
  const Model m = s.model();
  CHECK(m.explicit_count == 3);
  CHECK(m.pair_count == 3);
  CHECK(m.sensor_object[0] == 4);                                // the ball, whose number has changed

  sensor.name = "near", sensor.type = SensorType::distance, sensor.object = 0, sensor.reference_type = ObjectType::geom, sensor.reference = 1;
  s.scene.sensors.push_back(sensor);
  const Result<Model> refused = compile(s.scene);
  REQUIRE(!refused);
  CHECK(refused.errors()[0].code == "decomposed");
}

TEST_CASE("decompose: what is open stays a hull, and the report says so; a file says what the parts are") {
  Cup s;
  s.scene.meshes[0].faces.resize(s.scene.meshes[0].faces.size() - 3);
  std::vector<Diagnostic> report;
  const Result<Model> open = compile(s.scene, &report);
  REQUIRE(open);
  CHECK(open->geom_count == 2);
  CHECK(open->pair_count == 1);
  CHECK(std::any_of(report.begin(), report.end(), [](const Diagnostic& d) { return d.code == "open-mesh" && d.severity == Severity::warning; }));

  char name[] = "/tmp/nuri_parts_XXXXXX.obj";
  REQUIRE(mkstemps(name, 4) >= 0);
  std::ofstream(name) << "o one\nv 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 2 3\nf 1 2 4\nf 1 3 4\nf 2 3 4\no two\nv 3 0 0\nf 2 3 5\nf 3 4 5\nf 2 4 5\n";
  Cup two;
  two.scene.meshes[0].parts.file = name;
  two.scene.meshes[0].scale = {2, 2, 2};
  const Model m = two.model();
  CHECK(m.geom_count == 4);
  CHECK(m.mesh_vertex_count == 8);
  std::ofstream(name) << "v 0 0 0\n";
  const Result<Model> none = compile(two.scene);
  REQUIRE(!none);
  CHECK(none.errors()[0].code == "bad-parts");
  std::remove(name);
  CHECK(!compile(two.scene));
}
