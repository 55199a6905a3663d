// Meshes and height fields in a Model: frames, mass, hulls, grids, against MuJoCo 3.17.0; and what is refused.
#include <doctest/doctest.h>

#include <cmath>
#include <set>

#include "engine/shape/rigid.h"
#include "tests/engine/model/scene_maker.h"

using namespace nuri;
using namespace nuri::model;
using namespace nuri::scene;

namespace {
// MuJoCo: <mesh name="m" scale="1 1 -1" inertia="exact" vertex="0 0 0 1 0 0 0 2 0 0 0 -3"/>, <hfield nrow="3" ncol="4" size="2 3 .5 .25"/>, on
// a free body a mesh geom (pos="1 2 3" quat="0.8 0.6 0 0" density="500") and a box of 2 kg
SceneMaker tent() {
  SceneMaker s;
  scene::Mesh mesh;
  mesh.name = "m";
  mesh.vertices = {0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, -3};
  mesh.scale = {1, 1, -1};
  mesh.inertia = MeshInertia::exact;
  s.scene.meshes.push_back(mesh);
  HeightField field;
  field.name = "h";
  field.rows = 3;
  field.columns = 4;
  field.elevation = {9, 10, 11, 13, 5, 6, 7, 8, 1, 2, 3, 4};
  field.size = {2, 3, 0.5, 0.25};
  s.scene.height_fields.push_back(field);
  s.geom(0, GeomType::hfield, {0, 0, 0}, {1, 2, 3}).height_field = 0;
  const int b = s.body(0, {0, 0, 5});
  s.joint(b, JointType::free);
  auto& g = s.geom(b, GeomType::mesh, {0, 0, 0}, {1, 2, 3});
  g.mesh = 0;
  g.quat = {0.8, 0.6, 0, 0};
  g.density = 500;
  s.geom(b, GeomType::box, {0.1, 0.2, 0.3}).mass = 2;
  return s;
}
// The same rotation of a body without symmetry, whatever the signs of its axes.
bool same_axes(const double* p, const shape::Rot& q) {
  const shape::Mat a = shape::matrix(shape::rot(p)), b = shape::matrix(q);
  for (int k = 0; k < 3; ++k)
    if (std::fabs(std::fabs(a[k] * b[k] + a[3 + k] * b[3 + k] + a[6 + k] * b[6 + k]) - 1) > 1e-9) return false;
  return true;
}
}  // namespace

TEST_CASE("a mesh geom stands at its centre of mass, along its principal axes") {
  const Model m = tent().model();
  const double pos[] = {1.25, 1.42, 3.69}, half[] = {0.5161073440868248, 1.2306686031180936, 2.3047652887831687};
  for (int k = 0; k < 3; ++k) {
    CHECK(m.geom_pos[3 + k] == doctest::Approx(pos[k]).epsilon(1e-12));
    CHECK(m.geom_size[3 + k] == doctest::Approx(half[k]).epsilon(1e-6));
  }
  CHECK(same_axes(&m.geom_quat[4], {0.6869506156304455, 0.7055776688467872, -0.15047220290444216, 0.08727611965921506}));
  CHECK(m.body_mass[1] == doctest::Approx(502).epsilon(1e-12));
  const double inertia[] = {278.33565631188844, 208.59741101373376, 106.75957543666243}, centre[] = {1.245019920318725, 1.4143426294820716, 3.6752988047808763};
  for (int k = 0; k < 3; ++k) {
    CHECK(m.body_inertia[3 + k] == doctest::Approx(inertia[k]).epsilon(1e-9));
    CHECK(m.body_ipos[3 + k] == doctest::Approx(centre[k]).epsilon(1e-12));
  }
  CHECK(same_axes(&m.body_iquat[4], {0.6492042561902699, 0.7549279035167858, -0.09175610373437733, 0.0140894167259477}));
}

TEST_CASE("hulls and grids of geoms that collide") {
  SceneMaker s = tent();
  const Model m = s.model();
  REQUIRE(m.mesh_count == 1);
  CHECK(m.geom_shape == std::vector<int32_t>{0, 0, -1});
  CHECK(m.mesh_vertex_count == 4);
  CHECK(m.mesh_polygon_count == 4);
  CHECK(m.mesh_corner_count == 12);
  // every link is an edge of its polygon, every polygon's corners lie in its plane and everything else behind it
  for (int v = 0; v < 4; ++v) {
    std::set<int> neighbours;
    for (int k = m.vertex_link_adr[v]; k < m.vertex_link_adr[v + 1]; ++k) neighbours.insert(m.vertex_link[k]);
    CHECK(neighbours.size() == 3);
    CHECK(neighbours.count(v) == 0);
  }
  double reach = 0;
  for (int p = 0; p < 4; ++p) {
    const shape::Vec n = shape::vec(&m.mesh_normal[3 * p]);
    const double plane = shape::dot(n, shape::vec(&m.mesh_vertex[3 * m.polygon_corner[m.polygon_corner_adr[p]]]));
    CHECK(plane >= m.mesh_thickness[0] * (1 - 1e-12));        // its centre of mass is the middle of its corners
    for (int v = 0; v < 4; ++v) CHECK(shape::dot(n, shape::vec(&m.mesh_vertex[3 * v])) <= plane + 1e-12);
  }
  for (int v = 0; v < 4; ++v) reach = std::max(reach, std::sqrt(shape::dot(shape::vec(&m.mesh_vertex[3 * v]), shape::vec(&m.mesh_vertex[3 * v]))));
  CHECK(m.geom_bound[1] == doctest::Approx(reach));
  CHECK(m.geom_bound[0] == doctest::Approx(std::sqrt(4 + 9 + 0.25)));
  CHECK(m.height_field_rows[0] == 3);
  CHECK(m.height_field_columns[0] == 4);
  CHECK(m.height_field_elevation[0] == doctest::Approx(0.6666667));                      // MuJoCo's hfield_data
  CHECK(m.height_field_elevation[11] == 0.25);
  CHECK(m.height_field_elevation[3] == 1);

  // in the file and back; a damaged index is found
  const auto back = deserialize(serialize(m), "x");
  REQUIRE(bool(back));
  CHECK(hash(*back) == hash(m));
  Model bad = m;
  bad.vertex_link[5] = 4;
  CHECK(!deserialize(serialize(bad), "x"));
  bad = m;
  bad.geom_shape[1] = -1;
  CHECK(!deserialize(serialize(bad), "x"));
  bad = m;
  bad.height_field_columns[0] = 5;
  CHECK(!deserialize(serialize(bad), "x"));

  // nobody collides with it: no hull, but still its mass and frame, and the field's heights, from which it is drawn
  for (auto& g : s.scene.geoms) g.contype = g.conaffinity = 0;
  const Model seen = s.model();
  CHECK(seen.mesh_count == 0);
  CHECK(seen.elevation_count == m.elevation_count);
  CHECK(seen.body_mass[1] == doctest::Approx(502));
}

TEST_CASE("bad meshes and height fields are named") {
  const auto code = [](auto&& change) {
    SceneMaker s = tent();
    change(s.scene);
    return s.error();
  };
  CHECK(code([](Scene& s) { s.geoms[1].mesh = 3; }) == "bad-reference");
  CHECK(code([](Scene& s) { s.geoms[0].height_field = -1; }) == "bad-reference");
  CHECK(code([](Scene& s) { s.meshes[0].vertices.resize(10); }) == "bad-mesh");
  CHECK(code([](Scene& s) { s.meshes[0].vertices[4] = NAN; }) == "bad-vertex");
  CHECK(code([](Scene& s) { s.meshes[0].scale[1] = 0; }) == "bad-mesh");
  CHECK(code([](Scene& s) { s.meshes[0].faces = {0, 1, 4}; }) == "bad-mesh");
  CHECK(code([](Scene& s) { s.meshes[0].vertices = {0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 1, 0}; }) != "");
  CHECK(code([](Scene& s) { s.height_fields[0].rows = 1; }) == "bad-height-field");
  CHECK(code([](Scene& s) { s.height_fields[0].elevation.pop_back(); }) == "bad-height-field");
  CHECK(code([](Scene& s) { s.height_fields[0].elevation[2] = INFINITY; }) == "bad-height-field");
  CHECK(code([](Scene& s) { s.height_fields[0].size[2] = 0; }) == "bad-size");
}
