// Convex parts of a mesh, switched on and off: the text, the scene that runs, its state, what is selected, undo.
#include <doctest/doctest.h>
#include <array>
#include "tests/tools/editor/little_scene.h"

using namespace nuri;
using namespace nuri::editor;

namespace {

// Boxes, as the vertices and faces of one mesh.
std::string mesh(const char* name, const std::vector<std::array<double, 6>>& boxes, size_t faces = 6) {
  std::string vertices, corners;
  for (size_t b = 0; b < boxes.size(); ++b) {
    for (int i = 0; i < 8; ++i)
      for (size_t k = 0; k < 3; ++k) vertices += std::to_string(boxes[b][k + (i >> k & 1 ? 3 : 0)]) + " ";
    const std::array<int, 4> sides[] = {{0, 2, 3, 1}, {4, 5, 7, 6}, {0, 1, 5, 4}, {2, 6, 7, 3}, {0, 4, 6, 2}, {1, 3, 7, 5}};
    for (size_t side = 0; side < faces; ++side)
      for (const int corner : {0, 1, 2, 0, 2, 3}) corners += std::to_string(8 * int(b) + sides[side][size_t(corner)]) + " ";
  }
  return std::string("<mesh name='") + name + "' inertia='shell' vertex='" + vertices + "' face='" + corners + "'/>";
}

// A cup of three boxes, and a lid of the same mesh that only is looked at; a hook of two boxes, whose geom has no name; a bag that is open; a ball.
std::filesystem::path folder_with_cups(const std::string& name) {
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / ("nuri_editor_" + name);
  std::filesystem::remove_all(folder);
  test::write(folder / "cup.xml", "<mujoco model='cup'><asset>" + mesh("cup", {{0, 0, 0, 0.3, 0.1, 0.05}, {0, 0, 0.06, 0.05, 0.1, 0.2}, {0.25, 0, 0.06, 0.3, 0.1, 0.2}}) +
              mesh("hook", {{0, 0, 0, 0.2, 0.1, 0.05}, {0, 0, 0.06, 0.05, 0.1, 0.2}}) + mesh("bag", {{0, 0, 0, 0.1, 0.1, 0.1}}, 5) + R"(</asset><worldbody>
    <body name="cup" pos="0 0 0.5"><freejoint name="cup"/><geom name="lid" type="mesh" mesh="cup" contype="0" conaffinity="0"/>
      <geom name="cup" type="mesh" mesh="cup"/></body>
    <body name="hook" pos="-1 0 0.5"><freejoint name="hook"/><geom type="mesh" mesh="hook"/></body>
    <body name="bag" pos="1 0 0.5"><freejoint name="bag"/><geom name="bag" type="mesh" mesh="bag"/></body>
    <body name="ball" pos="0.15 0.05 1"><freejoint name="ball"/><geom name="ball" size="0.03"/></body>
  </worldbody></mujoco>)");
  test::write(folder / "cup.yaml", "models:\n  - {file: cup.xml, name: a} # the cup\nenvironments: 2\nground: true\n");
  return folder;
}

Pick pick(Workbench& bench, const std::string& geom) {
  const model::Model& m = bench.session().model();
  const int g = test::index_of(m.geom_name, geom);
  return {0, m.geom_body[size_t(g)], g};
}
double height(Workbench& bench, const std::string& joint) {
  const model::Model& m = bench.session().model();
  return bench.session().world().get(StateField::qpos, 0, m.joint_qpos[size_t(test::index_of(m.joint_name, joint))] + 2);
}

}  // namespace

TEST_CASE("parts: a mesh is taken apart and whole again, while time goes on") {
  const auto folder = folder_with_cups("parts");
  Workbench bench(test::options());
  test::open(bench, (folder / "cup.yaml").string());
  const std::string text = bench.text();
  for (int i = 0; i < 20; ++i) bench.step_forward();
  const uint64_t before = test::hash(bench);

  bench.selected = pick(bench, "a/cup");
  auto parts = bench.parts_of(bench.selected);
  REQUIRE(parts);
  CHECK((parts->mesh == "cup" && !parts->on && parts->closed && parts->count == 0));
  CHECK(!bench.parts_of(pick(bench, "a/ball")));
  CHECK(!bench.parts_of(pick(bench, "a/lid")));        // it touches nothing
  CHECK(!bench.parts_of({}));
  CHECK(!bench.parts_of(pick(bench, "a/bag"))->closed);

  bench.set_parts(bench.selected, true);
  for (const Diagnostic& d : bench.errors()) MESSAGE(to_string(d));
  REQUIRE(bench.errors().empty());
  CHECK(bench.text() == "models:\n  - {file: cup.xml, name: a, decompose: {meshes: cup}} # the cup\nenvironments: 2\nground: true\n");
  CHECK(bench.session().model().geom_name[size_t(bench.selected.geom)] == "a/cup");
  parts = bench.parts_of(bench.selected);
  REQUIRE(parts);
  CHECK((parts->on && parts->count == 3));
  CHECK(bench.parts_of(pick(bench, "a/cup~1"))->mesh == "cup");
  CHECK(test::hash(bench) == before);                // the state goes on
  CHECK(bench.entries().back().what == "convex parts of a/cup");

  // a nameless geom behind it is found again, and a second mesh goes into the list
  const int hook = test::index_of(bench.session().model().geom_name, "a/cup~2") + 1;
  bench.selected = {0, bench.session().model().geom_body[size_t(hook)], hook};
  CHECK(bench.parts_of(bench.selected)->mesh == "hook");
  bench.set_parts(bench.selected, true);
  CHECK(bench.text().find("decompose: {meshes: [cup, hook]}") != std::string::npos);
  CHECK(bench.parts_of(bench.selected)->count == 2);
  bench.set_parts(bench.selected, true);             // it is already
  CHECK(bench.entries().size() == 2);
  CHECK(bench.selected.geom == hook);
  bench.selected = pick(bench, "a/cup~0");           // of a part that goes its whole remains
  bench.set_parts(bench.selected, false);
  CHECK(bench.text().find("decompose: {meshes: hook}") != std::string::npos);
  CHECK(bench.session().model().geom_name[size_t(bench.selected.geom)] == "a/cup");

  // a ball between the walls touches the hull, not the parts; undone later, the state goes on
  const model::Model& m = bench.session().model();
  bench.set_joint(test::index_of(m.joint_name, "a/ball"), 2, height(bench, "a/cup") + 0.1);
  bench.end_gesture();
  CHECK(!bench.touches().empty());
  CHECK(bench.undo());
  CHECK(bench.undo());
  CHECK(bench.parts_of(pick(bench, "a/cup"))->count == 3);
  bench.set_joint(test::index_of(bench.session().model().joint_name, "a/ball"), 2, height(bench, "a/cup") + 0.1);
  bench.end_gesture();
  CHECK(bench.touches().empty());
  bench.step_forward();
  const double now = height(bench, "a/ball"), time = bench.time();
  bench.set_parts(pick(bench, "a/cup"), false);
  CHECK(!bench.touches().empty());
  bench.step_forward();
  CHECK(bench.undo());
  CHECK(bench.time() > time);
  CHECK(height(bench, "a/ball") != now);
  CHECK(bench.parts_of(pick(bench, "a/cup"))->count == 3);

  CHECK(bench.undo());
  CHECK(bench.undo());
  CHECK(bench.undo());
  CHECK(!bench.undo());
  CHECK(bench.text() == text);
  CHECK(!bench.changed());
  for (int i = 0; i < 4; ++i) CHECK(bench.redo());
  CHECK(bench.text().find("decompose: {meshes: hook}") != std::string::npos);
  CHECK(!bench.redo());
}

TEST_CASE("parts: undone at once, the bits are those before") {
  const auto folder = folder_with_cups("parts_undo");
  Workbench bench(test::options());
  test::open(bench, (folder / "cup.yaml").string());
  for (int i = 0; i < 10; ++i) bench.step_forward();
  bench.set_field({"geom_friction", 3 * test::index_of(bench.session().model().geom_name, "a/ball")}, 0.3);
  bench.end_gesture();
  const uint64_t before = test::hash(bench);
  const std::string text = bench.text();
  bench.set_parts(pick(bench, "a/cup"), true);
  const uint64_t after = test::hash(bench);
  const Pick ball = pick(bench, "a/ball");
  for (const auto& number : bench.numbers(ball))
    if (number.item.field == "geom_friction" && number.item.item == 3 * ball.geom) CHECK(number.value == 0.3);
  for (int turn = 0; turn < 2; ++turn) {
    CHECK(bench.undo());
    CHECK((test::hash(bench) == before && bench.text() == text));
    CHECK(bench.redo());
    CHECK(test::hash(bench) == after);
  }
  CHECK(bench.undo());
  CHECK(bench.undo());
  CHECK(bench.text() == test::read(folder / "cup.yaml"));
}

TEST_CASE("parts: a robot alone, patterns and what cannot be") {
  const auto folder = folder_with_cups("parts_alone");
  Workbench bench(test::options(1));
  test::open(bench, (folder / "cup.xml").string());
  bench.set_parts(pick(bench, "cup"), true);
  CHECK(bench.text() == "models:\n  - {file: cup.xml, decompose: {meshes: cup}}\n");

  // a pattern becomes names: the others stay
  test::write(folder / "all.yaml", "models: [{file: cup.xml, decompose: {meshes: \"*\", excess: 0.1}}]\n");
  test::open(bench, (folder / "all.yaml").string());
  bench.set_parts(pick(bench, "cup"), false);
  CHECK(bench.text() == "models: [{file: cup.xml, decompose: {meshes: [hook, bag], excess: 0.1}}]\n");
  CHECK(bench.parts_of(pick(bench, "bag"))->count == 0);   // open: its hull

  // a scene that the change would break: nothing has changed
  test::write(folder / "named.yaml", "models: [{file: cup.xml, decompose: {meshes: cup}}]\nvary: [{field: geom_friction, names: cup~1, set: 0.1}]\n");
  test::open(bench, (folder / "named.yaml").string());
  const uint64_t before = test::hash(bench);
  bench.set_parts(pick(bench, "cup"), false);
  REQUIRE(!bench.errors().empty());
  CHECK((!bench.changed() && bench.entries().empty() && test::hash(bench) == before));
  bench.set_parts(pick(bench, "ball"), true);
  CHECK(bench.errors().front().code == "no-mesh");
}
