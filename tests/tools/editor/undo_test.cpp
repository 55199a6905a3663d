#include <doctest/doctest.h>
#include <random>
#include "tests/tools/editor/little_scene.h"

using namespace nuri;
using namespace nuri::editor;

namespace {

struct Seen {
  std::string text;
  uint64_t hash;
  bool operator==(const Seen&) const = default;
};
Seen see(Workbench& bench) { return {bench.text(), test::hash(bench)}; }

// One change at random, as a gesture of one or two values.
void change(Workbench& bench, std::mt19937& random) {
  auto some = [&](double low, double high) { return low + (high - low) * double(random() % 1000) / 1000; };
  const model::Model& m = bench.session().model();
  bench.focus = int(random() % 3);
  const int joint = int(random() % 4), what = int(random() % 12);
  if (what == 0) bench.reset();
  else if (what == 1) bench.reset_to_key(0);
  else if (what <= 3) bench.set_joint(joint, m.joint_type[joint] == 0 ? int(random() % 7) : 0, some(-1, 1));
  else if (what <= 5) bench.set_control(0, some(-3, 3));
  else if (what >= 10)
    bench.place_model(random() % 2 ? "box" : "shelf", {float(some(-2, 2)), 0.25f, float(some(0, 1))},
                      {some(0.1, 1), 0, some(0, 1), some(0, 1)});
  else if (what == 7)
    bench.set_field({"geom_friction", 3 * int(random() % 5)}, some(0.1, 1)), bench.set_field({"gravity", 2}, some(-12, -8));
  else if (what == 8) bench.set_field({"dof_damping", int(random() % m.dof_count)}, some(0.1, 2));
  else if (what == 6) bench.set_field({"geom_size", int(random() % (3 * m.geom_count))}, some(0.05, 0.1));
  else bench.set_field({"body_mass", 1 + int(random() % 4)}, some(0.5, 2));
  bench.end_gesture();
}

}  // namespace

TEST_CASE("undo: whatever was done is undone one by one, to the text and state before it, and done again") {
  for (const unsigned seed : {1u, 2u, 3u}) {
    const auto folder = test::little_folder("undo");
    Workbench bench(test::options());
    test::open(bench, (folder / "little.yaml").string());
    for (int i = 0; i < 20; ++i) bench.step_forward();
    CHECK(!bench.changed());

    std::mt19937 random(seed);
    std::vector<Seen> seen{see(bench)};
    for (int i = 0; i < 25; ++i) {
      const size_t entries = bench.entries().size();
      change(bench, random);
      // two commands in one change: the state between was not seen
      for (size_t k = entries; k + 1 < bench.entries().size(); ++k) seen.push_back({"", 0});
      if (bench.entries().size() > entries) seen.push_back(see(bench));
      for (const Diagnostic& d : bench.errors()) MESSAGE(to_string(d));
      CHECK(bench.errors().empty());
    }
    REQUIRE(seen.size() == bench.entries().size() + 1);
    CHECK(seen.size() > 20);
    auto check = [&](size_t at) { if (!seen[at].text.empty()) CHECK(see(bench) == seen[at]); };
    for (int turn = 0; turn < 2; ++turn) {
      for (size_t i = seen.size() - 1; i-- > 0;) {
        REQUIRE(bench.undo());
        check(i);
      }
      CHECK(!bench.undo());
      CHECK(bench.text() == test::read(folder / "little.yaml"));
      CHECK(!bench.changed());
      for (size_t i = 1; i < seen.size(); ++i) {
        REQUIRE(bench.redo());
        check(i);
      }
      CHECK(!bench.redo());
    }
  }
}

TEST_CASE("undo: a change of the state is taken back to its moment, though time has passed") {
  Workbench bench(test::options(1));
  test::open(bench, (test::little_folder("undo_time") / "little.yaml").string());
  std::vector<uint64_t> before;
  for (int i = 0; i < 6; ++i) {
    for (int k = 0; k < 5; ++k) bench.step_forward();
    before.push_back(test::hash(bench));
    i % 2 ? bench.set_control(0, i) : bench.set_joint(1, 0, 0.1 * i);
    bench.end_gesture();
    CHECK(test::hash(bench) != before.back());
  }
  for (int k = 0; k < 5; ++k) bench.step_forward();
  for (int i = 6; i-- > 0;) {
    REQUIRE(bench.undo());
    CHECK(test::hash(bench) == before[size_t(i)]);
    CHECK(bench.time() == doctest::Approx(0.004 * 5 * (i + 1)));
  }
}

TEST_CASE("undo: a model that was placed in flight flies on from where it was, bit for bit, and its speed turns with it") {
  Workbench bench(test::options());
  test::open(bench, (test::little_folder("undo_flight") / "little.yaml").string());
  const model::Model* m = &bench.session().model();
  const int free = test::index_of(m->joint_name, "box/free"), q = m->joint_qpos[free], v = m->joint_dof[free];
  for (const double height : {0.9, 1.3, 1.7, 2.1}) {
    for (int e = 0; e < 3; ++e) {
      World& world = bench.session().world();
      for (int k = 0; k < 3; ++k)
        world.set(StateField::qpos, e, q + k, height / 3 + 0.1 * e * k), world.set(StateField::qvel, e, v + k, 0.7 * k + 0.3);
      world.set(StateField::qvel, e, v + 3, 2);
    }
    bench.step_forward();
    const Seen before = see(bench);
    bench.place_model("box", {0.3f, 0.7f, float(height)}, {0.5, 0.5, 0.5, 0.5});   // x to y, y to z, z to x
    bench.end_gesture();
    const Seen after = see(bench);
    CHECK(bench.undo());
    CHECK(see(bench) == before);
    const double speed = bench.session().world().get(StateField::qvel, 1, v);
    CHECK(bench.redo());
    CHECK(see(bench) == after);
    CHECK(bench.session().world().get(StateField::qvel, 1, v + 1) == doctest::Approx(speed));
    CHECK(bench.undo());
  }
}

TEST_CASE("undo: changes of one gesture are one command, and a new change forgets what was undone") {
  Workbench bench(test::options());
  test::open(bench, (test::little_folder("undo_gesture") / "little.yaml").string());
  const Seen first = see(bench);
  const int ground = test::index_of(bench.session().model().geom_name, "ground");
  for (const double mu : {0.9, 0.8, 0.6}) bench.set_field({"geom_friction", 3 * ground}, mu);
  bench.set_joint(0, 0, 0.25);
  bench.set_joint(0, 0, 0.5);
  bench.end_gesture();
  bench.set_joint(0, 0, 0.75);
  for (const float x : {0.1f, 0.2f, 0.3f}) bench.place_model("cart", {x, 0, 0}, {1, 0, 0, 0});
  bench.end_gesture();
  REQUIRE(bench.entries().size() == 4);
  CHECK(bench.entries()[0].what.find("friction of ground: ") == 0);
  CHECK(bench.entries()[0].what.find(" to 0.6") != std::string::npos);
  CHECK(bench.entries()[1].what == "joint cart/rail: 0 to 0.5");
  CHECK(bench.entries()[2].what == "joint cart/rail: 0.5 to 0.75");
  CHECK(bench.text().find("- {file: cart.xml, name: cart, position: [0.3, 0, 0]}   # the cart") != std::string::npos);
  while (bench.undo()) {}
  CHECK(see(bench) == first);
  CHECK(!bench.entries()[0].done);
  bench.set_control(0, 1);
  CHECK(bench.entries().size() == 1);
  CHECK(!bench.redo());
}
