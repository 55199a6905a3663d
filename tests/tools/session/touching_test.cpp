// Pairs of links that cannot help touching: found from poses, told, and nothing else excluded.
#include "tools/session/touching.h"
#include <doctest/doctest.h>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include "engine/scene/urdf.h"
#include "tools/session/load.h"

using namespace nuri;

namespace {

std::string link(const std::string& name, const std::string& shape, const std::string& xyz = "0 0 0") {
  return "<link name='" + name + "'><inertial><mass value='1'/><inertia ixx='1' iyy='1' izz='1'/></inertial>" +
         "<collision><origin xyz='" + xyz + "'/><geometry>" + shape + "</geometry></collision></link>";
}
std::string joint(const std::string& name, const std::string& parent, const std::string& child, const std::string& xyz, const std::string& limits) {
  return "<joint name='" + name + "' type='revolute'><origin xyz='" + xyz + "'/><axis xyz='0 1 0'/><parent link='" + parent + "'/><child link='" + child + "'/>" +
         "<limit effort='1' velocity='1' " + limits + "/></joint>";
}
// A chain along x of links 0.2 m long: its second joint ranges as given, its third turns little. The stub of link c is so short
// that d, whose ball reaches over it, always touches b.
std::string chain(const std::string& second) {
  const std::string bar = "<box size='0.16 0.04 0.04'/>";
  return "<robot name='chain'>" + link("base", bar, "0.1 0 0") + link("a", bar, "0.1 0 0") + link("b", bar, "0.1 0 0") + link("c", "<sphere radius='0.01'/>") + link("d", "<sphere radius='0.06'/>") +
         joint("j1", "base", "a", "0.2 0 0", "lower='-0.1' upper='0.1'") + joint("j2", "a", "b", "0.2 0 0", second) + joint("j3", "b", "c", "0.2 0 0", "lower='-1' upper='1'") +
         joint("j4", "c", "d", "0.01 0 0", "lower='-1' upper='1'") + "</robot>";
}
std::string excluded(scene::Scene s) {
  session::exclude_touching(s);
  std::string text;
  for (const scene::Exclude& e : s.excludes) {
    text += s.bodies[size_t(e.body1)].name + "-" + s.bodies[size_t(e.body2)].name;
    text += e.why.find("reference") != std::string::npos ? " reference;" : e.why.find("random") != std::string::npos ? " random;" : ";";
  }
  return text;
}
scene::Scene read(const std::string& text) {
  Result<scene::Scene> scene = scene::parse_urdf(text, "chain.urdf");
  if (!scene) FAIL(to_string(scene.errors()[0]));
  return *scene;
}

}  // namespace

TEST_CASE("links that always touch are excluded, those that can are not") {
  // b and d: 0.02 m from the end of b's box to the middle of a ball of 0.06 m, whatever j3 does
  CHECK(excluded(read(chain("lower='-2' upper='2'"))) == "b-d random;");
}

TEST_CASE("the reference pose respects limits: folded back, d lies between a and the base") {
  // with j2 about pi the ball d comes to x = 0.2 m, where base ends and a begins; at 0, which the limits exclude, it is far away
  CHECK(excluded(read(chain("lower='3.1' upper='3.14'"))) == "base-d random;a-d random;b-d random;");
}

TEST_CASE("every exclusion is told with its reason and place, and an SRDF is taken at its word") {
  const auto folder = std::filesystem::temp_directory_path() / "nuri_touching_test";
  std::filesystem::create_directories(folder);
  const std::string path = (folder / "chain.urdf").string();
  std::ofstream(path) << chain("lower='-2' upper='2'");
  auto loaded = session::load(path);
  REQUIRE(loaded);
  REQUIRE(loaded->facts[0].disabled.size() == 1);
  CHECK(loaded->facts[0].disabled[0].why.find("% of 200 random poses") != std::string::npos);
  const auto told = std::find_if(loaded->report.begin(), loaded->report.end(), [](const Diagnostic& d) { return d.code == "touching-pair"; });
  REQUIRE(told != loaded->report.end());
  CHECK(told->place.line == 1);
  CHECK(told->element == "robot[chain]/link[d]");
  std::ofstream(folder / "two.yaml") << "models:\n  - {file: chain.urdf, name: one}\n  - {file: chain.urdf, name: two, position: [0, 0, 0.05]}\n";
  auto two = session::load((folder / "two.yaml").string());
  REQUIRE(two);
  REQUIRE(two->facts[0].disabled.size() == 2);                    // of each robot with itself, never with the other that it stands in
  CHECK(two->facts[0].disabled[1].body1 == "two/b");
  std::ofstream(folder / "chain.srdf") << "<robot name='chain'/>";
  auto listed = session::load(path);
  REQUIRE(listed);
  CHECK(listed->facts[0].disabled.empty());
  std::filesystem::remove_all(folder);
}

TEST_CASE("the search draws the same poses every time") {
  const scene::Scene s = read(chain("lower='-2.9' upper='2.9'"));
  CHECK(excluded(s) == excluded(s));
}
