// Falling asleep and waking (physics/kernel/sleep.h). Against MuJoCo, tree by tree and step by step: tests/oracle/test_sleep.py.
#include <algorithm>
#include <limits>
#include <vector>
#include "tests/physics/bit_models.h"

using namespace nuri;
using namespace nuri::bits_test;

namespace {

// Trees: a stack of two boxes (0, 1), a box beside it (2), a pendulum (3), a ball that glides above the ground (4). And a mocap ball.
const char* const stack = R"(<mujoco><option timestep='0.004'><flag sleep='enable'/></option><worldbody><geom type='plane' size='5 5 1'/>
  <body name='low' pos='0 0 0.1'><freejoint/><geom type='box' size='0.1 0.1 0.1'/></body>
  <body name='high' pos='0 0 0.3'><freejoint/><geom type='box' size='0.1 0.1 0.1'/></body>
  <body name='beside' pos='1 0 0.1'><freejoint/><geom type='box' size='0.1 0.1 0.1'/></body>
  <body pos='-1 0 1'><joint axis='0 1 0' damping='1'/><geom type='capsule' size='0.04' fromto='0 0 0 0.05 0 -0.3'/></body>
  <body pos='2 0 0.15'><joint type='slide' axis='1 0 0'/><geom type='sphere' size='0.1'/></body>
  <body mocap='true' pos='0 3 0.5'><geom type='sphere' size='0.1'/></body></worldbody>
  <equality><connect body1='high' body2='beside' anchor='0.5 0 0' active='false'/></equality></mujoco>)";

std::unique_ptr<World> world_of(const char* text, Precision precision = Precision::f64, int environments = 1) {
  return make_world(compiled({"sleepers", text}), {.environments = environments, .precision = precision, .threads = 1});
}
std::vector<int> trees(World& world, int e = 0) {
  std::vector<int> out;
  for (int t = 0; t < world.columns(StateField::tree_asleep); ++t) out.push_back(int(world.get(StateField::tree_asleep, e, t)));
  return out;
}
std::unique_ptr<World> sleeping(Precision precision = Precision::f64, const std::string& integrator = "Euler") {
  std::string text = stack;
  auto world = world_of(text.insert(text.find("timestep"), "integrator='" + integrator + "' ").c_str(), precision);
  for (int k = 0; k < 2500 && std::ranges::min(trees(*world)) < 0; ++k) world->step(1);
  REQUIRE(trees(*world) == std::vector<int>{1, 0, 2, 3, 4});       // two rings: the stack, and each other tree alone
  return world;
}
bool sleeps(World& world, int tree) { return trees(world)[size_t(tree)] >= 0; }

}  // namespace

TEST_CASE("what rests falls asleep, island by island, and stands still then") {
  for (const std::string integrator : {"Euler", "RK4", "implicit", "implicitfast"}) for (const Precision precision : {Precision::f32, Precision::f64}) {
    CAPTURE(integrator);
    const auto world = sleeping(precision, integrator);
    const auto before = std::vector<double>{world->get(StateField::qpos, 0, 2), world->get(StateField::qpos, 0, 9), world->get(StateField::qpos, 0, 21)};
    world->step(500);
    for (int i = 0; i < world->columns(StateField::qvel); ++i) CHECK(world->get(StateField::qvel, 0, i) == 0);
    for (int i = 0; i < world->columns(StateField::qacc); ++i) CHECK(world->get(StateField::qacc, 0, i) == 0);
    CHECK(before == std::vector<double>{world->get(StateField::qpos, 0, 2), world->get(StateField::qpos, 0, 9), world->get(StateField::qpos, 0, 21)});
    CHECK(world->contacts(0) == 0);
  }
}

TEST_CASE("a force, a velocity and a new place wake a tree, and with it its ring alone") {
  SUBCASE("force") {
    const auto world = sleeping();
    world->set(StateField::xfrc_applied, 0, 6 * 1 + 2, 1e-9);
    world->step(1);
    CHECK(trees(*world) == std::vector<int>{-11, -10, 2, 3, 4});   // the other one has been still for one step
  }
  SUBCASE("generalised force") {
    const auto world = sleeping();
    world->set(StateField::qfrc_applied, 0, 18, 0.1);              // the pendulum's
    world->step(1);
    CHECK(trees(*world) == std::vector<int>{1, 0, 2, -11, 4});
    CHECK(world->get(StateField::qvel, 0, 18) != 0);
  }
  SUBCASE("velocity") {
    const auto world = sleeping();
    world->set(StateField::qvel, 0, 12, 0.5);
    world->step(1);
    CHECK(trees(*world) == std::vector<int>{1, 0, -11, 3, 4});
  }
  SUBCASE("place") {
    const auto world = sleeping();
    world->set(StateField::qpos, 0, 7 + 2, world->get(StateField::qpos, 0, 7 + 2) + 1e-3);
    world->step(1);
    CHECK(!sleeps(*world, 0));
    CHECK(!sleeps(*world, 1));
    CHECK(sleeps(*world, 2));
  }
}

TEST_CASE("what is touched wakes, in the same step, and pushes back") {
  const auto world = sleeping();
  world->set(StateField::qvel, 0, 19, -2);                         // the ball glides to the box beside the stack
  bool touched = false;
  for (int k = 0; k < 400 && !touched; ++k) {
    world->step(1);
    touched = !sleeps(*world, 2);
    if (!touched) CHECK(world->get(StateField::qvel, 0, 19) == -2);
  }
  CHECK(touched);
  CHECK(world->get(StateField::qvel, 0, 19) > -2);
  CHECK(sleeps(*world, 0));
  SUBCASE("a mocap body wakes too") {
    world->set(StateField::mocap_pos, 0, 1, 0);
    world->set(StateField::mocap_pos, 0, 2, 0.45);
    world->step(1);
    CHECK(!sleeps(*world, 0));
    CHECK(!sleeps(*world, 1));
  }
}

TEST_CASE("an equality that begins to act wakes both ends; a tendon's limit one that sleeps") {
  const auto world = sleeping();
  world->set(StateField::equality_active, 0, 0, 1);
  world->step(1);
  CHECK(!sleeps(*world, 0));
  CHECK(!sleeps(*world, 1));
  CHECK(!sleeps(*world, 2));
  CHECK(sleeps(*world, 3));

  const auto tied = world_of(R"(<mujoco><option timestep='0.004'><flag sleep='enable'/></option><worldbody>
    <body><joint name='a' type='slide' axis='1 0 0' frictionloss='1'/><geom size='0.1'/></body><body pos='0 1 0'><joint name='b' type='slide' axis='1 0 0' frictionloss='1'/><geom size='0.1'/></body></worldbody>
    <tendon><fixed limited='true' range='-0.1 0.1'><joint joint='a' coef='1'/><joint joint='b' coef='-1'/></fixed></tendon></mujoco>)");
  tied->step(30);
  REQUIRE(trees(*tied) == std::vector<int>{0, 1});
  tied->set(StateField::qfrc_applied, 0, 0, 2);
  for (int k = 0; k < 300 && sleeps(*tied, 1); ++k) {
    tied->step(1);
    if (sleeps(*tied, 1)) CHECK(tied->get(StateField::qpos, 0, 0) < 0.101);
  }
  CHECK(!sleeps(*tied, 1));
}

TEST_CASE("who may not sleep does not, and who begins asleep hangs in the air until touched") {
  const auto world = world_of(R"(<mujoco><option timestep='0.004'><flag sleep='enable'/></option><worldbody>
    <body sleep='never'><joint type='slide' axis='1 0 0'/><geom size='0.1'/></body>
    <body pos='0 1 0'><joint name='driven' type='slide' axis='1 0 0'/><geom size='0.1'/></body>
    <body sleep='init' pos='0 2 0'><freejoint/><geom size='0.1'/></body>
    <body pos='0 3 0'><joint type='slide' axis='1 0 0'/><geom size='0.1'/></body></worldbody><actuator><motor joint='driven'/></actuator></mujoco>)");
  world->step(1);
  CHECK(trees(*world) == std::vector<int>{-11, -11, 2, -9});
  world->step(100);
  CHECK(trees(*world) == std::vector<int>{-11, -11, 2, 3});
  CHECK(world->get(StateField::qpos, 0, 4) == 0);                  // not fallen
  world->reset();
  CHECK(trees(*world) == std::vector<int>{-11, -11, -1, -10});
}

TEST_CASE("T25: a pile falls asleep at the same step in every batch, whatever the threads, and from a saved state") {
  std::string pile;
  for (int i = 0; i < 12; ++i)
    pile += "<body pos='" + std::to_string(0.02 * (i % 3)) + " " + std::to_string(0.015 * (i % 4)) + " " + std::to_string(0.12 + 0.21 * i) + "'><freejoint/><geom type='box' size='0.1 0.12 0.1'/></body>";
  const std::string text = "<mujoco><option timestep='0.005' cone='elliptic' sleep_tolerance='0.005'><flag sleep='enable'/></option><worldbody><geom type='plane' size='5 5 1'/>" + pile + "</worldbody></mujoco>";
  const auto model = compiled({"pile", text});
  for (const Precision precision : {Precision::f32, Precision::f64}) {
    constexpr int many = 5, steps = 4000;
    auto slept_at = [&](World& world, int e, std::vector<int>& when, int step) {
      const std::vector<int> now = trees(world, e);
      for (size_t t = 0; t < now.size(); ++t) if (now[t] >= 0 && when[t] < 0) when[t] = step;
    };
    const auto alone = make_world(model, {.environments = 1, .precision = precision, .threads = 1});
    const auto batch = make_world(model, {.environments = many, .precision = precision, .threads = 2});
    for (int e = 0; e < many; ++e) scatter(*batch, e, uint64_t(e));
    scatter(*alone, 0, 3);
    std::vector<int> one(12, -1), three(12, -1);
    std::vector<std::byte> saved;
    uint64_t hash = 0;
    for (int step = 0; step < steps && std::ranges::count(one, -1); ++step) {
      alone->step(1);
      batch->step(1);
      slept_at(*alone, 0, one, step);
      slept_at(*batch, 3, three, step);
      if (step == 400) {
        saved.resize(alone->saved_bytes(0));
        alone->save(0, saved.data());
      }
      if (step == 900) hash = alone->hash(0);
    }
    CHECK(std::ranges::count(one, -1) == 0);
    CHECK(one == three);
    CHECK(alone->hash(0) == batch->hash(3));
    MESSAGE("asleep after " << *std::ranges::max_element(one) + 1 << " steps");
    if (!hash) continue;
    const auto again = make_world(model, {.environments = 1, .precision = precision, .threads = 1});
    again->restore(0, saved.data());
    again->step(500);
    CHECK(again->hash(0) == hash);
  }
}

TEST_CASE("a state that no step leaves is survived") {
  for (const double value : {99.0, 1e30, 4.0, 0.5, std::numeric_limits<double>::quiet_NaN(), -1e30}) {
    CAPTURE(value);
    const auto world = sleeping();
    for (int t = 0; t < 3; ++t) world->set(StateField::tree_asleep, 0, t, value);
    world->set(StateField::xfrc_applied, 0, 8, 5);
    world->step(50);
    CHECK(world->faults() == 0);
  }
}
