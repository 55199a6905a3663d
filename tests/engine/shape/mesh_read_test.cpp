// Mesh files: what good ones give, and that bad ones give a diagnostic.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/engine/shape/mesh_maker.h"

using namespace nuri;
using namespace nuri::shape;
using namespace nuri::shape::test;

namespace {
std::array<Vec, 2> bounds(const Mesh& m) {
  std::array<Vec, 2> b{m.vertices[0], m.vertices[0]};
  for (const Vec& p : m.vertices) for (int k = 0; k < 3; ++k) b[0][k] = std::min(b[0][k], p[k]), b[1][k] = std::max(b[1][k], p[k]);
  return b;
}
double volume(const Mesh& m) {
  double v = 0;
  for (const auto& f : m.faces) v += dot(m.vertices[f[0]], cross(m.vertices[f[1]], m.vertices[f[2]])) / 6;
  return v;
}
bool says(const Mesh& m, const std::string& what) {
  return std::any_of(m.adjusted.begin(), m.adjusted.end(), [&](const std::string& s) { return s.find(what) != std::string::npos; });
}
void check_box(const Mesh& m, const Vec& low, const Vec& high, double tolerance = 0) {
  CHECK(m.vertices.size() == 8);
  CHECK(m.faces.size() == 12);
  const auto b = bounds(m);
  for (int k = 0; k < 3; ++k) {
    CHECK(std::abs(b[0][k] - low[k]) <= tolerance);
    CHECK(std::abs(b[1][k] - high[k]) <= tolerance);
  }
  CHECK(volume(m) == doctest::Approx((high[0] - low[0]) * (high[1] - low[1]) * (high[2] - low[2])).epsilon(1e-6));
  for (const std::string& s : m.adjusted) { CHECK(s.find("open") == std::string::npos); CHECK(s.find("inside out") == std::string::npos); }
}
}  // namespace

TEST_CASE("one box, eight ways") {
  const TemporaryFolder f;
  const Mesh b = box(1);
  const Vec low{-1, -1, -1}, high{1, 1, 1};
  const std::string files[] = {f.write("a.stl", binary_stl(b)), f.write("b.STL", binary_stl(b, "solid but binary")), f.write("c.stl", text_stl(b)),
                               f.write("d.msh", msh(b)), f.write("e.obj", box_obj)};
  for (const std::string& file : files) {
    CAPTURE(file);
    const auto m = read_mesh(file);
    REQUIRE(m);
    check_box(*m, low, high);
    CHECK(m->adjusted.empty());
  }
  SUBCASE("with normals and texture coordinates per corner") {
    const auto obj = read_mesh(files[4]), with = read_mesh(f.write("f.msh", msh(b, true)));
    REQUIRE(obj);
    REQUIRE(with);
    REQUIRE(obj->normals.size() == 36);
    REQUIRE(obj->texcoords.size() == 36);
    CHECK(obj->normals[0] == Vec{0, 0, -1});
    CHECK(obj->texcoords[1] == std::array{1.0, 0.0});
    REQUIRE(with->normals.size() == 36);
    for (std::size_t i = 0; i < 36; ++i) {
      const Vec& p = with->vertices[with->faces[i / 3][i % 3]];
      CHECK(dot(with->normals[i], p) == doctest::Approx(std::sqrt(3.0)));   // unit, along the vertex
      CHECK(with->texcoords[i] == std::array{p[0], p[1]});
    }
  }
  SUBCASE("DAE: units, axes, nodes") {
    // x 10 in a frame turned by 90 degrees about z, in centimetres
    const auto z = read_mesh(f.write("z.dae", dae()));
    REQUIRE(z);
    check_box(*z, {-0.01, 0.09, -0.01}, {0.01, 0.11, 0.01}, 1e-8);
    CHECK(says(*z, "unit of 0.01 m"));
    const auto y = read_mesh(f.write("y.dae", dae("Y_UP", "1")));
    REQUIRE(y);
    check_box(*y, {-1, -1, 9}, {1, 1, 11}, 1e-6);   // y was up
    CHECK(says(*y, "Y_UP"));
    const auto x = read_mesh(f.write("x.dae", dae("X_UP", "1")));
    REQUIRE(x);
    check_box(*x, {-11, -1, -1}, {-9, 1, 1}, 1e-6);   // COLLADA 1.4.1, table of up_axis: right is -y
  }
  SUBCASE("glTF: y up, nodes, buffers inside, beside and in one file") {
    f.write("box.bin", gltf_buffer());
    for (const std::string& file : {f.write("a.gltf", gltf_json("box.bin")), f.write("a.glb", glb())}) {
      CAPTURE(file);
      const auto m = read_mesh(file);
      REQUIRE(m);
      check_box(*m, {-1, -4, 1}, {3, -2, 3}, 1e-6);   // (x, y, z) -> (x, -z, y)
      CHECK(says(*m, "y up"));
    }
  }
}

TEST_CASE("repairs are said") {
  const TemporaryFolder f;
  Mesh b = box(1);
  auto read = [&](const Mesh& m) { return read_mesh(f.write("m.stl", binary_stl(m))); };
  SUBCASE("faces without area") {
    b.vertices.push_back({0, -1, -1});   // in the middle of an edge
    b.faces.push_back({0, 8, 1});
    b.faces.push_back({0, 0, 1});
    const auto m = read(b);
    REQUIRE(m);
    CHECK(m->faces.size() == 12);
    CHECK(says(*m, "dropped 2 faces"));
  }
  SUBCASE("open") { b.faces.pop_back(); CHECK(says(*read(b), "open: 3 edges")); }
  SUBCASE("turned faces") { std::swap(b.faces[0][1], b.faces[0][2]); CHECK(says(*read(b), "against each other at 3 edges")); }
  SUBCASE("inside out") { CHECK(says(*read(reversed(b)), "inside out")); }
  SUBCASE("branching") { CHECK(says(*read(joined(b, box({1, 1, -1}, {3, 3, 1}))), "branches: 1 edge ")); }
  SUBCASE("the same place twice") {
    const auto m = read_mesh(f.write("m.msh", msh(joined(b, b))));
    REQUIRE(m);
    CHECK(m->vertices.size() == 8);
    CHECK(says(*m, "16 became 8"));
  }
  SUBCASE("no faces") {
    b.faces.clear();
    const auto m = read_mesh(f.write("m.msh", msh(b)));
    REQUIRE(m);
    CHECK(m->faces.size() == 12);
    CHECK(volume(*m) == doctest::Approx(8));
    CHECK(says(*m, "convex hull"));
  }
}

TEST_CASE("OBJ polygons") {
  const TemporaryFolder f;
  auto faces = [&](const std::string& text) { const auto m = read_mesh(f.write("m.obj", text)); REQUIRE(m); return *m; };
  // an arrowhead: a fan from its first corner would cover ground outside it
  const Mesh arrow = faces("v 0 2 0\nv -2 -2 0\nv 0 -1 0\nv 2 -2 0\nv 0 0 1\nf 1 2 3 4\n");
  CHECK(arrow.faces.size() == 2);
  double area = 0;
  for (const auto& t : arrow.faces) {
    const Vec n = cross(sub(arrow.vertices[t[1]], arrow.vertices[t[0]]), sub(arrow.vertices[t[2]], arrow.vertices[t[0]]));
    CHECK(n[2] > 0);
    area += n[2] / 2;
  }
  CHECK(area == doctest::Approx(6));
  // faces of two corners and of one are edges and points
  CHECK(faces("v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 2\nf 3 2 1\nf 4\nf 1 2 4\n").faces.size() == 2);
  // a line crossing itself still ends
  CHECK(faces("v 0 0 0\nv 1 1 0\nv 1 0 0\nv 0 1 0\nv 2 5 0\nf 1 2 3 4 5\n").faces.size() == 3);
  // a wheel of 100000 corners is a fan
  std::ostringstream wheel;
  const int n = 100000;
  for (int i = 0; i < n; ++i) wheel << "v " << std::cos(2 * M_PI * i / n) << " " << std::sin(2 * M_PI * i / n) << " " << (i % 7) * 1e-3 << "\n";
  wheel << "f";
  for (int i = 1; i <= n; ++i) wheel << " " << i;
  CHECK(faces(wheel.str() + "\n").faces.size() > 90000);
}

TEST_CASE("bad mesh files have a code") {
  const TemporaryFolder f;
  const Mesh b = box(1);
  const std::string good = binary_stl(b);
  auto with = [](std::string s, std::size_t at, const std::string& bytes) { return s.replace(at, bytes.size(), bytes); };
  auto word = [](uint32_t n) { std::string s; put(s, n); return s; };
  auto real = [](float x) { std::string s; put(s, x); return s; };
  struct Case { std::string name, content, code; };
  const Case cases[] = {
    {"a.stl", "", "empty-mesh"},
    {"a.ply", "ply", "unknown-mesh-format"},
    {"stl", "x", "unknown-mesh-format"},
    {"a.stl", good.substr(0, 83), "truncated-mesh"},
    {"a.stl", with(good, 80, word(0)).substr(0, 84), "empty-mesh"},
    {"a.stl", with(good, 80, word(0)), "bad-mesh"},
    {"a.stl", with(good, 80, word(1)), "bad-mesh"},
    {"a.stl", with(good, 80, word(13)), "truncated-mesh"},
    {"a.stl", with(good, 80, word(0xffffffff)), "mesh-too-large"},
    {"a.stl", with(good, 96, real(NAN)), "bad-vertex"},
    {"a.stl", with(good, 96, real(INFINITY)), "bad-vertex"},
    {"a.stl", with(good, 96, real(1e30f)), "bad-vertex"},
    {"a.stl", binary_stl(moved(box(0), {1, 2, 3})), "empty-mesh"},   // all at one place
    {"a.stl", "solid a\nendsolid a\n", "empty-mesh"},
    {"a.stl", "solid a\nfacet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nendloop\n", "bad-mesh"},
    {"a.stl", "solid a\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 1 nan 0\nendloop\nendsolid\n", "bad-vertex"},
    {"a.stl", "solid a\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 1 1,5 0\nendloop\nendsolid\n", "bad-mesh"},
    {"a.stl", "solid a\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 1 1 0\n", "truncated-mesh"},
    {"a.msh", with(msh(b), 0, word(0xffffffff)), "bad-mesh"},
    {"a.msh", with(msh(b), 12, word(0x7fffffff)), "mesh-too-large"},
    {"a.msh", with(msh(b), 4, word(3)), "bad-mesh"},
    {"a.msh", with(msh(b), 0, word(9)), "truncated-mesh"},
    {"a.msh", msh(b) + "x", "bad-mesh"},
    {"a.msh", with(msh(b), msh(b).size() - 4, word(8)), "bad-mesh"},
    {"a.msh", with(msh(b), 16, real(NAN)), "bad-vertex"},
    {"a.obj", "f 1 2 3\n", "bad-mesh"},
    {"a.obj", "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 0 1 2\n", "bad-mesh"},
    {"a.obj", "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 4\n", "bad-mesh"},
    {"a.obj", "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 -4\n", "bad-mesh"},
    {"a.obj", "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 9223372036854775808\n", "bad-mesh"},
    {"a.obj", "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 9223372036854775807\n", "bad-mesh"},
    {"a.obj", "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1/2/3/4 2 3\n", "bad-mesh"},
    {"a.obj", "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1/1 2/1 3/1\n", "bad-mesh"},
    {"a.obj", "v 0 0 0\nv 1 0 0\nf 1 2\n", "flat-mesh"},           // a face of two corners is an edge: nothing but points, and no hull
    {"a.obj", "v 0 0\n", "bad-mesh"},
    {"a.obj", "v 0 0 1e400\n", "bad-vertex"},
    {"a.obj", "v 0 0 nan\n", "bad-vertex"},
    {"a.obj", "# nothing\n", "empty-mesh"},
    {"a.obj", "v 0 0 0\nv 1 0 0\nv 0 1 0\nv 1 1 0\n", "flat-mesh"},   // points only, and no hull
    {"a.dae", "<COLLADA>", "bad-mesh"},
    {"a.gltf", "{", "bad-mesh"},
    {"a.glb", "glTF", "bad-mesh"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    CAPTURE(c.code);
    const auto m = read_mesh(f.write(c.name, c.content));
    CHECK(code(m) == c.code);
    if (!m) CHECK(!m.errors()[0].message.empty());
  }
  CHECK(code(read_mesh(f.path + "/none.stl")) == "cannot-read");
}

TEST_CASE("glTF opens nothing outside its own folder, and ends") {
  const TemporaryFolder f;
  std::filesystem::create_directories(f.path + "/in");
  f.write("out.bin", gltf_buffer());
  f.write("in/box.bin", gltf_buffer());
  CHECK(read_mesh(f.write("in/a.gltf", gltf_json("box.bin"))));
  CHECK(code(read_mesh(f.write("in/a.gltf", gltf_json("../out.bin")))) == "bad-mesh");
  CHECK(code(read_mesh(f.write("in/a.gltf", gltf_json(f.path + "/out.bin")))) == "bad-mesh");
  std::filesystem::create_symlink("../out.bin", f.path + "/in/link.bin");
  CHECK(code(read_mesh(f.write("in/a.gltf", gltf_json("link.bin")))) == "bad-mesh");
  // nodes that contain each other, and a chain of 3000
  CHECK(code(read_mesh(f.write("in/a.gltf", gltf_json("box.bin", R"([{"children":[1]},{"children":[0],"mesh":0}])")))) == "bad-mesh");
  std::string chain = "[";
  for (int i = 1; i < 3000; ++i) chain += "{\"children\":[" + std::to_string(i) + "]},";
  CHECK(code(read_mesh(f.write("in/a.gltf", gltf_json("box.bin", chain + "{\"mesh\":0}]")))) == "bad-mesh");
}

TEST_CASE("refpos, refquat and scale") {
  // mujoco 3.17: a tetrahedron 0, (1 0 0), (0 2 0), (0 0 3); exact centre of mass of <mesh scale refpos refquat>
  Mesh t;
  t.vertices = {{0, 0, 0}, {1, 0, 0}, {0, 2, 0}, {0, 0, 3}};
  t.faces = {{0, 2, 1}, {0, 1, 3}, {0, 3, 2}, {1, 2, 3}};
  for (const auto& f : t.faces) for (int k = 0; k < 3; ++k) {
    const Vec n = cross(sub(t.vertices[f[1]], t.vertices[f[0]]), sub(t.vertices[f[2]], t.vertices[f[0]]));
    t.normals.push_back(scale(n, 1 / std::sqrt(dot(n, n))));
  }
  const Rot turned{1, 1, 0, 0};
  const Vec by{2, 3, 4}, mirrored{-2, 3, 4}, from{1, 2, 3};
  auto centre = [](const Mesh& m) { Vec c{0, 0, 0}; for (const Vec& p : m.vertices) c = add(c, scale(p, 0.25)); return c; };
  auto near = [](const Vec& a, const Vec& b) { const Vec d = sub(a, b); return dot(d, d) < 1e-24; };
  CHECK(near(centre(transformed(t, by, from, {1, 0, 0, 0})), {-1.5, -4.5, -9}));
  CHECK(near(centre(transformed(t, by, from, turned)), {-1.5, -6.75, 6}));
  CHECK(near(centre(transformed(t, mirrored, from, turned)), {1.5, -6.75, 6}));
  for (const Vec& s : {by, mirrored}) {
    const Mesh m = transformed(t, s, from, turned);
    CHECK(volume(moved(m, scale(centre(m), -1))) == doctest::Approx(24));   // positive after mirroring too
    for (std::size_t i = 0; i < m.faces.size(); ++i) {
      const auto& f = m.faces[i];
      const Vec n = cross(sub(m.vertices[f[1]], m.vertices[f[0]]), sub(m.vertices[f[2]], m.vertices[f[0]]));
      CHECK(near(m.normals[3 * i], scale(n, 1 / std::sqrt(dot(n, n)))));
    }
  }
  CHECK(transformed(t, {1, 1, 1}, {0, 0, 0}, {1, 0, 0, 0}).vertices == t.vertices);
}
