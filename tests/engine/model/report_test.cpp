// What the compiler adjusts is told: stable code, place, values before and after with units. Numbers are closed forms.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "engine/model/compile.h"
#include "engine/scene/mjcf.h"

using namespace nuri;

namespace {

struct Told { std::vector<Diagnostic> report; std::vector<model::MeshFacts> meshes; };
Told told(const std::string& inside) {
  Told out;
  Result<scene::Scene> scene = scene::read_mjcf_text("<mujoco>\n" + inside + "</mujoco>", "told.xml");
  if (!scene) FAIL(to_string(scene.errors()[0]));
  out.report = scene->report;
  auto m = model::compile(*scene, &out.report, &out.meshes);
  if (!m) FAIL(to_string(m.errors()[0]));
  return out;
}
// "LINE MESSAGE" of the first finding of that code.
std::string of(const Told& t, const std::string& code) {
  const auto found = std::find_if(t.report.begin(), t.report.end(), [&](const Diagnostic& d) { return d.code == code; });
  return found == t.report.end() ? "" : std::to_string(found->place.line) + " " + found->message;
}

// A prism over an L of 2 x 2 m without a corner of 1 x 1 m, 1 m high: 3 m^3, its hull 3.5 m^3. `open`: one face is missing.
std::string angle_iron(bool open) {
  const int polygon[6][2] = {{0, 0}, {2, 0}, {2, 1}, {1, 1}, {1, 2}, {0, 2}};
  std::string vertices, faces;
  auto face = [&](int a, int b, int c) { faces += std::to_string(a) + " " + std::to_string(b) + " " + std::to_string(c) + " "; };
  for (int z = 0; z < 2; ++z)
    for (const auto& p : polygon) vertices += std::to_string(p[0]) + " " + std::to_string(p[1]) + " " + std::to_string(z) + " ";
  for (int k = 1; k < 5; ++k) {
    face(6, 6 + k, 7 + k);
    if (!open || k > 1) face(0, k + 1, k);
  }
  for (int i = 0; i < 6; ++i) {
    const int j = (i + 1) % 6;
    face(i, j, j + 6);
    face(i, j + 6, i + 6);
  }
  return "<asset><mesh name='l' vertex='" + vertices + "' face='" + faces + "'" + (open ? "" : " inertia='exact'") + "/></asset>";
}

}  // namespace

TEST_CASE("masses and moments that are raised, balanced and scaled are told with both values") {
  const std::string body = "<worldbody>\n<body name='b'><freejoint/><inertial pos='0 0 0' mass='0.5' diaginertia='1 2 4'/></body></worldbody>";
  const Told t = told("<compiler boundmass='2' boundinertia='1.5' balanceinertia='true' settotalmass='3'/>" + body);
  CHECK(of(t, "bounded-mass") == "3 body 'b': mass raised from 0.5 to 2 kg, by boundmass");
  CHECK(of(t, "bounded-inertia") == "3 body 'b': principal moments raised from 1 2 4 to 1.5 2 4 kg m^2, by boundinertia");
  CHECK(of(t, "balanced-inertia") == "3 body 'b': principal moments 1.5 2 4 break A + B >= C; they become their mean, 2.5 kg m^2");
  CHECK(of(t, "total-mass") == "1 all masses scaled by 1.5, from a total of 2 to 3 kg");
  const Told quiet = told("<worldbody>\n<body name='b'><freejoint/><inertial pos='0 0 0' mass='0.5' diaginertia='1 2 2.5'/></body></worldbody>");
  CHECK(quiet.report.empty());
}

TEST_CASE("meshes: what the hull fills, and what an open surface leaves to guess") {
  const std::string world = "<worldbody><geom type='plane' size='1 1 1'/>\n<body><freejoint/><geom type='mesh' mesh='l'/></body></worldbody>";
  const Told closed = told(angle_iron(false) + world);
  CHECK(of(closed, "convex-hull") == "2 mesh 'l' collides as its convex hull: 3.5 m^3 instead of 3 m^3");
  CHECK(of(closed, "open-mesh").empty());
  REQUIRE(closed.meshes.size() == 1);
  CHECK(closed.meshes[0].closed);
  CHECK(closed.meshes[0].triangles == 20);
  CHECK(closed.meshes[0].vertices == 12);
  CHECK(closed.meshes[0].hull_vertices == 10);
  CHECK(closed.meshes[0].volume == doctest::Approx(3).epsilon(1e-12));
  CHECK(closed.meshes[0].hull_volume == doctest::Approx(3.5).epsilon(1e-6));    // the hull's grid
  const Told open = told(angle_iron(true) + world);
  CHECK_FALSE(open.meshes[0].closed);
  CHECK(of(open, "open-mesh").find("not watertight") != std::string::npos);
}

TEST_CASE("quaternions far from unit, and keyframes that were added") {
  const Told t = told("<size nkey='2'/><worldbody>\n<body><freejoint/><geom size='1' quat='2 0 0 0'/></body></worldbody>");
  CHECK(of(t, "normalised-quat").substr(0, 38) == "3 this quaternion has the length 2.000");
  CHECK(of(t, "default-keyframes").find("2 keyframes") != std::string::npos);
  CHECK(of(told("<worldbody><body><freejoint/><geom size='1' quat='0.7071 0.7071 0 0'/></body></worldbody>"), "normalised-quat").empty());
}
