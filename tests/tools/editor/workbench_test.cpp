#include "tools/editor/workbench/workbench.h"

#include <doctest/doctest.h>
#include <cmath>
#include <thread>
#include "tests/tools/editor/little_scene.h"

using namespace nuri;
using namespace nuri::editor;
namespace fs = std::filesystem;

namespace {

double total_force(Workbench& bench) {
  double sum = 0;
  for (const view::Touch& t : bench.touches()) sum += t.force[2] * (t.normal[2] > 0 ? 1 : -1);
  return sum;
}

double joint(Workbench& bench, const std::string& name, int environment = 0) {
  const model::Model& m = bench.session().model();
  return bench.session().world().get(StateField::qpos, environment, m.joint_qpos[test::index_of(m.joint_name, name)]);
}

std::string first_error(const Workbench& bench) { return bench.errors().empty() ? "" : bench.errors().front().code; }

}  // namespace

TEST_CASE("workbench: a scene that was edited and saved is the scene that runs") {
  const auto folder = test::little_folder("saved");
  Workbench bench(test::options());
  test::open(bench, (folder / "little.yaml").string());
  for (int i = 0; i < 10; ++i) bench.step_forward();
  const model::Model& m = bench.session().model();
  bench.set_field({"geom_friction", 3 * test::index_of(m.geom_name, "ground")}, 0.3);
  bench.set_field({"body_mass", test::index_of(m.body_name, "box/box")}, 1.25);
  bench.set_field({"gravity", 2}, -5);
  int nameless = 0;
  while (!m.geom_name[nameless].empty()) ++nameless;
  bench.set_field({"geom_size", 3 * nameless + 2}, 0.03);
  bench.set_field({"body_pos", 3 * test::index_of(m.body_name, "shelf/door") + 2}, 0.4);
  bench.set_field({"actuator_gear", 0}, 1.5);
  CHECK(first_error(bench) == "");
  bench.place_model("box", {-0.9f, 0.1f, 0.4f}, {0.9, 0.1, 0, 0.2});
  bench.place_model("shelf", {-1.1f, 0, 0}, {1, 0, 0, 0});
  bench.place_model("cart", {0, 0.5f, 0}, {0.8, 0, 0, 0.6});
  bench.end_gesture();
  CHECK(first_error(bench) == "");
  CHECK(bench.changed());
  CHECK(bench.entries().size() == 9);

  bench.reset();
  const uint64_t initial = test::hash(bench);
  for (int i = 0; i < 50; ++i) bench.step_forward();
  fs::create_directories(folder / "elsewhere");
  for (const fs::path& path : {folder / "again.yaml", folder / "elsewhere" / "again.yaml"}) {
    REQUIRE(bench.save(path.string()));
    CHECK(!bench.changed());
    CHECK(bench.path() == path.string());
    CHECK(test::read(path) == bench.text());
    Workbench other(test::options());
    test::open(other, path.string());
    CHECK(test::hash(other) == initial);
    for (int i = 0; i < 50; ++i) other.step_forward();
    CHECK(test::hash(other) == test::hash(bench));
  }
  CHECK(bench.text().find("file: ../box.xml") != std::string::npos);
  for (int i = 0; i < 4; ++i) CHECK(bench.undo());   // over the reset and the placed models, which lie in the other folder now
  CHECK(bench.text().find("file: ../shelf.xml, name: shelf, position: [-1, 0, 0], euler: [0, 0, 30]") != std::string::npos);
}

TEST_CASE("workbench: a placed model is there at once, and exactly when the gesture ends") {
  Workbench bench(test::options());
  test::open(bench, (test::little_folder("placed") / "little.yaml").string());
  World* world = &bench.session().world();
  const int box = test::index_of(bench.session().model().body_name, "box/box"),
      door = test::index_of(bench.session().model().body_name, "shelf/door");
  bench.place_model("box", {2, 1, 0.5f}, {std::sqrt(0.5), 0, 0, std::sqrt(0.5)});
  const uint64_t generation = bench.generation();
  for (int e = 0; e < 3; ++e) {
    CHECK(world->get(StateField::xpos, e, 3 * box) == doctest::Approx(2));
    CHECK(world->get(StateField::xpos, e, 3 * box + 1) == doctest::Approx(1));
    CHECK(world->get(StateField::xpos, e, 3 * box + 2) == doctest::Approx(0.7));
    CHECK(world->get(StateField::xquat, e, 4 * box + 3) == doctest::Approx(std::sqrt(0.5)));
  }
  bench.place_model("shelf", {0, 0, 1}, {1, 0, 0, 0});   // ends the gesture of the box
  CHECK(bench.generation() == generation + 1);
  world = &bench.session().world();
  CHECK(world->get(StateField::xpos, 1, 3 * door) == doctest::Approx(0).epsilon(1e-6));
  CHECK(world->get(StateField::xpos, 1, 3 * door + 1) == doctest::Approx(0.3));
  CHECK(world->get(StateField::xpos, 1, 3 * door + 2) == doctest::Approx(1.2));
  const uint64_t state = test::hash(bench);
  bench.end_gesture();
  CHECK(test::hash(bench) == state);             // nothing of the shelf is state
  CHECK(bench.session().model().body_pos[3 * door + 2] == doctest::Approx(1.2));
  CHECK(bench.placements()[1].position[0] == 2);
  REQUIRE(bench.placement_of({0, door, -1}));
  CHECK(bench.placement_of({0, door, -1})->name == "shelf");

  // undone after time has passed: the box stands where it would without
  for (int i = 0; i < 5; ++i) bench.step_forward();
  const double fallen = bench.session().world().get(StateField::xpos, 0, 3 * box + 2);
  REQUIRE(bench.undo());
  REQUIRE(bench.undo());
  CHECK(bench.time() == doctest::Approx(5 * 0.004));
  CHECK(bench.session().world().get(StateField::xpos, 0, 3 * box) == doctest::Approx(1));
  CHECK(bench.session().world().get(StateField::xpos, 0, 3 * box + 2) == doctest::Approx(fallen - 0.5));
}

TEST_CASE("workbench: what cannot be opened or done is told, and what was open lives on") {
  const auto folder = test::little_folder("bad");
  Workbench bench(test::options());
  CHECK(!bench.open((folder / "missing.yaml").string()));
  CHECK(first_error(bench) == "unreadable");
  CHECK(!bench.is_open());
  CHECK(!bench.undo());
  CHECK(!bench.step_back());
  CHECK(bench.poses().empty());
  CHECK(bench.touches().empty());
  bench.reset(), bench.step_forward(), bench.set_joint(0, 0, 1), bench.set_field({"gravity", 0}, 1), bench.end_gesture();

  test::open(bench, (folder / "little.yaml").string());
  for (int i = 0; i < 5; ++i) bench.step_forward();
  const uint64_t state = test::hash(bench), generation = bench.generation();
  test::write(folder / "bad.yaml", "models: [{file: cart.xml, nmae: x}]\n");
  test::write(folder / "broken.xml", "<mujoco><worldbody><body></worldbody></mujoco>");
  test::write(folder / "names.yaml", "models: [{file: cart.xml}]\ncontrols: [{type: zero, actuators: pull}]\n");
  for (const char* file : {"bad.yaml", "broken.xml", "names.yaml", "missing.urdf", "cart.step"}) {
    CAPTURE(file);
    CHECK(!bench.open((folder / file).string()));
    REQUIRE(!bench.errors().empty());
    CHECK(bench.errors().front().place.file.find(file) != std::string::npos);
  }
  // files that vanish while a model is being moved: it stays where it was moved to
  {
    Workbench moving(test::options());
    test::open(moving, (folder / "little.yaml").string());
    moving.place_model("box", {0.5f, 0, 0}, {1, 0, 0, 0});
    fs::rename(folder / "box.xml", folder / "gone.xml");
    moving.end_gesture();
    CHECK(!moving.errors().empty());
    CHECK(moving.placements()[1].position[0] == 0.5);
    CHECK(!moving.undo());
    moving.step_forward();
    fs::rename(folder / "gone.xml", folder / "box.xml");
    CHECK(moving.undo());
    CHECK(moving.text() == test::scene_text);
  }
  test::write(folder / "little.yaml", "models: []\n");
  CHECK(!bench.open((folder / "little.yaml").string()));
  CHECK(bench.path() == (folder / "little.yaml").string());
  CHECK(bench.generation() == generation);
  CHECK(test::hash(bench) == state);

  bench.set_field({"timestep", 0}, 0.1);
  CHECK(first_error(bench) == "fixed-field");
  bench.set_field({"no_such", 0}, 0.1);
  CHECK(first_error(bench) == "unknown-field");
  bench.set_field({"body_mass", 1}, 0);
  CHECK(first_error(bench) == "out-of-range");
  bench.set_field({"body_mass", 1000}, 0.1);
  CHECK(first_error(bench) == "unknown-field");
  bench.set_field({"dof_frictionloss", 0}, 0.1);   // the model has no row for it
  CHECK(first_error(bench) == "fixed-field");
  bench.place_model("nobody", {0, 0, 0}, {1, 0, 0, 0});
  CHECK(first_error(bench) == "cannot-edit");
  bench.set_joint(77, 0, 1), bench.set_joint(0, 1, 1), bench.set_joint(0, 0, NAN), bench.set_control(9, 1), bench.reset_to_key(5);
  bench.place_model("box", {NAN, 0, 0}, {1, 0, 0, 0}), bench.place_model("box", {0, 0, 0}, {0, 0, 0, 0});
  CHECK(!bench.save((folder / "x.xml").string()));
  CHECK(first_error(bench) == "not-a-scene");
  CHECK(!bench.save((folder / "no" / "such" / "x.yaml").string()));
  CHECK(first_error(bench) == "unwritable");
  CHECK(bench.entries().empty());
  CHECK(bench.text() == test::scene_text);
  CHECK(test::hash(bench) == state);
  bench.step_forward();
  CHECK(test::hash(bench) != state);
}

TEST_CASE("workbench: a scene that is opened again keeps what has the same name") {
  const auto folder = test::little_folder("again");
  Workbench bench(test::options());
  test::open(bench, (folder / "little.yaml").string());
  bench.set_joint(3, 0, 0.4);
  for (int i = 0; i < 25; ++i) bench.step_forward();
  bench.selected =
      {1, test::index_of(bench.session().model().body_name, "shelf/door"), test::index_of(bench.session().model().geom_name, "shelf/door")};
  const uint64_t state = test::hash(bench);
  CHECK(!bench.files_changed());

  // the same file: the same state, and the clock
  REQUIRE(bench.open(bench.path()));
  CHECK(test::hash(bench) == state);
  CHECK(bench.time() == doctest::Approx(0.1));

  // a joint more, before the others: joints keep their values by name
  const double rail = joint(bench, "cart/rail", 2), pole = joint(bench, "cart/pole", 2), free = joint(bench, "box/free", 2),
      door = joint(bench, "shelf/door", 2);
  std::string cart = test::cart_text;
  cart.insert(cart.find("<joint name=\"rail\""), "<joint name=\"lift\" type=\"slide\" axis=\"0 0 1\"/>");
  cart.replace(cart.find("qpos=\"0.1 0.2\""), 14, "qpos=\"0 0.1 0.2\"");
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  test::write(folder / "cart.xml", cart);
  CHECK(bench.files_changed());
  test::open(bench, bench.path());
  CHECK(joint(bench, "cart/rail", 2) == rail);
  CHECK(joint(bench, "cart/pole", 2) == pole);
  CHECK(joint(bench, "box/free", 2) == free);
  CHECK(joint(bench, "shelf/door", 2) == door);
  CHECK(joint(bench, "cart/lift", 2) == 0);
  CHECK(std::abs(rail) > 1e-6);
  CHECK(bench.session().model().body_name[bench.selected.body] == "shelf/door");
  CHECK(bench.session().model().geom_name[bench.selected.geom] == "shelf/door");
  CHECK(bench.time() == 0);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  CHECK(!bench.files_changed());
}

TEST_CASE("workbench: robots are opened with the shortest scene around them, which can be saved") {
  const auto folder = test::little_folder("plain");
  test::write(folder / "arm.urdf", R"(<robot name="arm"><link name="base"><inertial><mass value="1"/><inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial></link><link name="tip"><inertial><mass value="1"/><inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial></link>
    <joint name="turn" type="continuous"><parent link="base"/><child link="tip"/><axis xyz="0 0 1"/></joint></robot>)");
  Workbench bench(test::options());
  test::open(bench, (folder / "arm.urdf").string());
  CHECK(bench.session().model().actuator_count == 1);
  test::open(bench, (folder / "cart.xml").string());
  CHECK(bench.text() == "models:\n  - {file: cart.xml}\n");
  CHECK(!bench.changed());
  bench.set_field({"gravity", 2}, -1);
  bench.place_model("cart.xml", {0, 0, 1}, {1, 0, 0, 0});
  CHECK(!bench.save(bench.path()));              // the robot's own file is nothing to write a scene into
  CHECK(test::read(folder / "cart.xml") == test::cart_text);
  REQUIRE(bench.save((folder / "cart.yaml").string()));
  Workbench other(test::options());
  test::open(other, (folder / "cart.yaml").string());
  bench.reset();
  CHECK(test::hash(other) == test::hash(bench));
  CHECK(other.session().world().get(StateField::xpos, 0, 5) == doctest::Approx(1.5));

  // compiled: numbers can be tried, but no scene can name it
  REQUIRE(model::write_file(bench.session().model(), (folder / "cart.model").string()));
  test::open(other, (folder / "cart.model").string());
  other.set_field({"gravity", 2}, -2);
  CHECK(other.errors().empty());
  CHECK(other.undo());
  other.place_model("cart.model", {0, 0, 1}, {1, 0, 0, 0});
  CHECK(first_error(other) == "compiled-model");
  CHECK(!other.save((folder / "compiled.yaml").string()));
  CHECK(first_error(other) == "compiled-model");
}

TEST_CASE("workbench: a compiled model that was changed is saved as one, and runs as it did; other files stay") {
  const auto folder = test::little_folder("compiled");
  Workbench bench(test::options(1)), other(test::options(1));
  test::open(bench, (folder / "little.yaml").string());
  const std::string first = (folder / "first.model").string(), second = (folder / "second.model").string();
  REQUIRE(model::write_file(bench.session().model(), first));
  const std::string bytes = test::read(first);
  test::open(bench, first);
  const model::Model& m = bench.session().model();
  const int box = test::index_of(m.geom_name, "box/box"), body = test::index_of(m.body_name, "box/box"),
      pole = test::index_of(m.body_name, "cart/pole");
  bench.set_field({"geom_size", 3 * box + 2}, 0.05);
  bench.set_field({"geom_friction", 3 * box}, 0.1);
  bench.set_field({"body_mass", body}, 3.5);
  bench.set_field({"gravity", 0}, 1.5);
  bench.set_field({"body_quat", 4 * pole + 2}, 0.3);   // not unit any longer
  bench.set_field({"actuator_gear", 0}, 2);
  CHECK(bench.errors().empty());
  CHECK(bench.changed());
  REQUIRE(bench.save(second));
  CHECK(!bench.changed());
  CHECK(bench.path() == second);
  CHECK(!bench.files_changed());
  CHECK(test::read(first) == bytes);
  test::open(other, second);
  bench.reset();
  bench.set_control(0, 2), other.set_control(0, 2);
  for (int i = 0; i < 200; ++i) bench.step_forward(), other.step_forward();
  CHECK(test::hash(other) == test::hash(bench));
  CHECK(other.session().model().body_mass[body] == 3.5);
  test::open(other, first);
  other.set_control(0, 2);
  for (int i = 0; i < 200; ++i) other.step_forward();
  CHECK(test::hash(other) != test::hash(bench));
  for (int i = 0; i < 2; ++i) REQUIRE(bench.undo());   // the control, the reset
  REQUIRE(bench.undo());                               // and the gear: what is on disk has it
  CHECK(bench.changed());
  CHECK(!bench.save((folder / "nowhere" / "third.model").string()));
  CHECK(!bench.errors().empty());
  CHECK(bench.path() == second);
}

TEST_CASE("workbench: what touches what, how hard, and whether it slips") {
  const auto folder = test::little_folder("touch");
  test::write(folder / "one.yaml", "models: [{file: box.xml}]\nground: {friction: [0.5, 0.005, 0.0001]}\noption: {cone: elliptic}\n");
  Workbench bench(test::options(1));
  test::open(bench, (folder / "one.yaml").string());
  for (int i = 0; i < 1000; ++i) bench.step_forward();
  REQUIRE(!bench.touches().empty());
  CHECK(total_force(bench) == doctest::Approx(2 * 9.81).epsilon(0.01));
  for (const view::Touch& t : bench.touches()) CHECK((t.position[2] == doctest::Approx(0).epsilon(1e-2) && t.depth >= 0 && !t.slips));
  bench.session().world().set(StateField::xfrc_applied, 0, 6, 0.5 * 0.5 * 2 * 9.81);   // half of what friction bears
  for (int i = 0; i < 50; ++i) bench.step_forward();
  for (const view::Touch& t : bench.touches()) CHECK(!t.slips);
  bench.session().world().set(StateField::xfrc_applied, 0, 6, 1.5 * 0.5 * 2 * 9.81);   // more than it
  for (int i = 0; i < 50; ++i) bench.step_forward();
  int slips = 0;
  for (const view::Touch& t : bench.touches()) slips += t.slips;
  CHECK(slips > 0);
  const uint64_t state = test::hash(bench);
  bench.touches();
  CHECK(bench.outliers(Workbench::Worst::largest_force, 3).size() == 1);
  CHECK(test::hash(bench) == state);             // to look changes nothing
}

TEST_CASE("workbench: numbers of the picked body, now and at first; environments that stand out") {
  Workbench bench(test::options());
  test::open(bench, (test::little_folder("numbers") / "little.yaml").string());
  const model::Model& m = bench.session().model();
  const int cart = test::index_of(m.body_name, "cart/cart"), box = test::index_of(m.body_name, "box/box");
  auto find = [&](const Pick& pick, const std::string& field, int nth = 0) {
    for (const auto& n : bench.numbers(pick))
      if (n.item.field == field && nth-- == 0) return n;
    FAIL("no " << field);
    return Workbench::Number{};
  };
  CHECK(find({0, cart, -1}, "body_mass").value == 1);
  CHECK(find({0, cart, -1}, "body_mass").unit == "kg");
  CHECK(find({0, cart, -1}, "dof_damping").value == 0.5);
  CHECK(find({0, cart, -1}, "actuator_gear").value == 1);
  CHECK(find({0, -1, -1}, "gravity", 2).value == -9.81);
  const double first = find({1, box, -1}, "body_mass").value;
  CHECK(first != 2);                             // it varies
  CHECK(first > 1.6);
  bench.set_field(find({1, box, -1}, "body_mass").item, 3);
  bench.end_gesture();
  bench.set_field(find({1, box, -1}, "body_mass").item, 4);
  CHECK(find({1, box, -1}, "body_mass").value == 4);
  CHECK(find({1, box, -1}, "body_mass").at_first == first);
  while (bench.undo()) {}
  CHECK(find({1, box, -1}, "body_mass").value == first);
  CHECK(bench.numbers({7, 0, 0}).empty());

  // one box lies deeper, one environment is broken
  for (int i = 0; i < 200; ++i) bench.step_forward();
  World& world = bench.session().world();
  bench.focus = 2;
  bench.set_joint(2, 2, 0.09);
  const auto deepest = bench.outliers(Workbench::Worst::deepest, 2);
  REQUIRE(deepest.size() == 2);
  CHECK(deepest[0].environment == 2);
  CHECK(deepest[0].value == doctest::Approx(0.01).epsilon(0.02));
  CHECK(bench.outliers(Workbench::Worst::largest_force, 1)[0].environment == 2);
  CHECK(!bench.outliers(Workbench::Worst::slowest, 3).empty());
  CHECK(bench.outliers(Workbench::Worst::faulted, 3).empty());
  world.set(StateField::qvel, 1, 0, NAN);
  const uint64_t before = world.hash(0);
  bench.advance(0.1, 1e9);
  const auto faulted = bench.outliers(Workbench::Worst::faulted, 3);
  REQUIRE(faulted.size() == 1);
  CHECK(faulted[0].environment == 1);
  CHECK(world.hash(0) != before);                // others go on
}

TEST_CASE("workbench: environments are shown in a grid around the one in focus") {
  Workbench bench(test::options(7));
  test::open(bench, (test::little_folder("grid") / "little.yaml").string());
  bench.shown = 4, bench.focus = 5;
  const auto poses = bench.poses();
  REQUIRE(poses.size() == 4);
  const World& world = bench.session().world();
  bool has_focus = false;
  for (const view::Poses& p : poses) {
    CHECK(p.position.size() == size_t(world.columns(StateField::xpos)));
    CHECK(double(p.position[3]) == world.get(StateField::xpos, int(p.environment), 3));
    CHECK(double(p.rotation[4]) == world.get(StateField::xquat, int(p.environment), 4));
    if (p.environment == 5) {
      has_focus = true;
      CHECK(p.offset == view::Vec3f{0, 0, 0});
    }
    for (const view::Poses& q : poses)
      if (&p != &q) CHECK(p.offset != q.offset);
  }
  CHECK(has_focus);
  bench.shown = 100;
  CHECK(bench.poses().size() == 7);
}

TEST_CASE("workbench: a keyframe is for the environment in focus, and its timeline begins again") {
  Workbench bench(test::options());
  test::open(bench, (test::little_folder("key") / "little.yaml").string());
  for (int i = 0; i < 5; ++i) bench.step_forward();
  bench.focus = 1;
  const uint64_t other = bench.session().world().hash(0);
  bench.reset_to_key(0);
  CHECK(joint(bench, "cart/rail", 1) == doctest::Approx(0.1));
  CHECK(joint(bench, "cart/pole", 1) == doctest::Approx(0.2));
  CHECK(bench.session().world().step_count(1) == 0);
  CHECK(bench.session().world().hash(0) == other);
  CHECK(bench.entries().back().what == "keyframe cart/tilted");
  bench.focus = 99;                              // there is none: the last one is meant
  bench.set_joint(0, 0, 0.7);
  CHECK(bench.focus == 2);
  CHECK(joint(bench, "cart/rail", 2) == doctest::Approx(0.7));
}
