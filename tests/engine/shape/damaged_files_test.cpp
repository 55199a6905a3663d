// Damaged files of every format: never a crash, always a sound mesh or a diagnostic. Seeds are fixed.
#include <doctest/doctest.h>

#include "tests/engine/shape/mesh_maker.h"

using namespace nuri;
using namespace nuri::shape;
using namespace nuri::shape::test;

namespace {
void check_sound(const Result<Mesh>& m) {
  if (!m) {
    CHECK(!m.errors()[0].code.empty());
    CHECK(!m.errors()[0].message.empty());
    return;
  }
  bool sound = !m->faces.empty() && (m->normals.empty() || m->normals.size() == 3 * m->faces.size()) && (m->texcoords.empty() || m->texcoords.size() == 3 * m->faces.size());
  for (const auto& f : m->faces) for (int v : f) sound = sound && v >= 0 && static_cast<std::size_t>(v) < m->vertices.size();
  for (const Vec& p : m->vertices) for (double x : p) sound = sound && std::isfinite(x);
  for (const Vec& n : m->normals) sound = sound && std::abs(dot(n, n) - 1) < 1e-6;
  CHECK(sound);
  for (const MassRule rule : {MassRule::legacy, MassRule::convex, MassRule::exact, MassRule::shell}) {
    const auto part = mesh_mass(*m, rule, 1000);
    if (part) CHECK((part->mass > 0 && std::isfinite(part->mass) && std::isfinite(part->inertia[0]) && part->inertia[2] > 0));
  }
}
}  // namespace

TEST_CASE("own readers") {
  const TemporaryFolder f;
  const std::pair<std::string, std::string> files[] = {{"a.stl", binary_stl(box(1))}, {"b.stl", text_stl(box(1))}, {"c.msh", msh(box(1), true)}, {"d.obj", box_obj}};
  std::mt19937 random(1);
  for (const auto& file : files) {
    const std::string &name = file.first, &good = file.second;
    CAPTURE(name);
    REQUIRE(read_mesh(f.write(name, good)));
    for (std::size_t n = 0; n < good.size(); ++n) check_sound(read_mesh(f.write(name, good.substr(0, n))));
    for (int k = 0; k < 3000; ++k) check_sound(read_mesh(f.write(name, damaged(good, random))));
  }
  // a truncated binary file is never a mesh
  for (const auto& file : {files[0], files[2]}) for (std::size_t n = 0; n < file.second.size(); ++n) CHECK(!read_mesh(f.write(file.first, file.second.substr(0, n))));
}

// What .ci/fuzz has found: a needle of 4000 km, whose hull has a volume about the surface's centroid and, by rounding, a negative one about
// the centre of mass; so its mass was negative.
TEST_CASE("files that were found") { check_sound(read_mesh("tests/bad/mesh/volume_lost.stl")); }

TEST_CASE("what Assimp reads") {
  const TemporaryFolder f;
  f.write("box.bin", gltf_buffer());
  const std::pair<std::string, std::string> files[] = {{"a.dae", dae()}, {"b.gltf", gltf_json("box.bin")}, {"c.glb", glb()}};
  std::mt19937 random(2);
  for (const auto& file : files) {
    const std::string &name = file.first, &good = file.second;
    CAPTURE(name);
    REQUIRE(read_mesh(f.write(name, good)));
    for (std::size_t n = 0; n < good.size(); n += 7) check_sound(read_mesh(f.write(name, good.substr(0, n))));
    for (int k = 0; k < 150; ++k) check_sound(read_mesh(f.write(name, damaged(good, random))));
  }
  // Assimp 5.2.5 dies of this one: an accessor that reads behind the end of its array
  std::string dead = dae();
  dead.replace(dead.find("count=\"24\""), 10, "count=\"0\"");
  const auto died = read_mesh(f.write("dead.dae", dead));
  CHECK(code(died) == "bad-mesh");
}

TEST_CASE("height fields") {
  const TemporaryFolder f;
  std::string good;
  put(good, 2), put(good, 3);
  for (float v : {1.f, 2.f, 3.f, 4.f, 5.f, 9.f}) put(good, v);
  std::mt19937 random(3);
  for (int k = 0; k < 2000; ++k) {
    const auto grid = read_grid(f.write("a.bin", damaged(good, random)));
    if (grid) for (float v : grid->elevation) CHECK((v >= 0 && v <= 1));
  }
}
