// Scenes with variants: who gets which robot, what the settings mean for each, and that nobody shows in another's bits.
#include <doctest/doctest.h>
#include <cmath>
#include <filesystem>
#include <fstream>
#include "tests/tools/session/arm_model.h"
#include "tools/session/session.h"

using namespace nuri;
using namespace nuri::session;

namespace {

const char* const cart = R"(<mujoco model="cart">
  <option timestep="0.004" integrator="implicitfast"/>
  <worldbody><geom name="floor" type="plane" size="0 0 1"/>
    <body name="cart" pos="0 0 0.2"><joint name="slide" type="slide" axis="1 0 0" damping="1"/><geom name="cart" type="box" size="0.1 0.1 0.1"/>
      <body name="pole" pos="0 0 0.1"><joint name="pole" axis="0 1 0"/><geom name="pole" type="capsule" fromto="0 0 0 0 0 0.5" size="0.02" contype="0" conaffinity="0"/></body></body>
  </worldbody>
  <actuator><motor name="push" joint="slide" gear="100" ctrlrange="-1 1" ctrllimited="true"/></actuator>
  <sensor><jointpos name="where" joint="slide"/></sensor>
</mujoco>)";

const char* const heap = R"(<mujoco model="heap">
  <option timestep="0.004" integrator="implicitfast"/>
  <worldbody><geom name="floor" type="plane" size="0 0 1"/>
    <body name="low" pos="0 0 0.1"><freejoint/><geom name="low" type="box" size="0.1 0.1 0.1"/></body>
    <body name="high" pos="0.02 0 0.31"><freejoint/><geom name="high" type="box" size="0.1 0.1 0.1"/></body>
  </worldbody>
</mujoco>)";

const char* const three = "variants:\n  - {model: arm.xml, name: arm, share: 3}\n  - {model: cart.xml, name: cart, share: 2}\n  - {model: heap.xml, share: 1}\n";
const std::vector<double> shares{3, 2, 1};

Result<std::unique_ptr<Session>> open(const std::string& text, WorldOptions options) {
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / "nuri_variants_test";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "arm.xml") << test::arm_text();
  std::ofstream(folder / "cart.xml") << cart;
  std::ofstream(folder / "heap.xml") << heap;
  std::ofstream(folder / "fleet.yaml") << text;
  auto loaded = load((folder / "fleet.yaml").string());
  if (!loaded) return loaded.errors();
  return Session::create(std::move(*loaded), options);
}

std::unique_ptr<Session> make(const std::string& text, WorldOptions options) {
  auto session = open(text, options);
  if (!session) FAIL(to_string(session.errors().front()));
  return std::move(*session);
}

std::string model_of(Session& session, int environment) { return session.world().model(environment).name; }

// "line code" of the first error.
std::string error(const std::string& text) {
  auto session = open(text, {.environments = 3, .threads = 1});
  if (session) return "accepted";
  return std::to_string(session.errors().front().place.line) + " " + session.errors().front().code;
}

}  // namespace

TEST_CASE("variants: every run of ids has the shares, whatever the seed") {
  constexpr double slack = 5;                    // measured: 4.1 at most, for every n to 100000 and 300 offsets; independent draws miss by about 0.5 root(n), 160
  const std::vector<double> uneven{0.3, 0.4, 0.2, 0.1};
  for (const uint64_t seed : {uint64_t(0), uint64_t(7), ~uint64_t(0)})
    for (const uint64_t first : {uint64_t(0), uint64_t(123'456'789), ~uint64_t(0) - 1'000'000})
      for (const int n : {1, 10, 1000, 100'000}) {
        std::vector<int> counts(4);
        for (int i = 0; i < n; ++i) ++counts[variant_of(seed, first + uint64_t(i), uneven)];
        for (int v = 0; v < 4; ++v) CHECK(std::abs(counts[v] - n * uneven[v]) <= slack);
      }
  int differ = 0;
  for (uint64_t id = 0; id < 100; ++id) differ += variant_of(1, id, uneven) != variant_of(2, id, uneven);
  CHECK(differ > 0);
  CHECK(variant_of(3, 17, {5}) == 0);
}

TEST_CASE("variants: an environment lives as it would in a scene of its own kind") {
  constexpr int environments = 29, steps = 60;
  const std::string rules = R"(
substeps: 2
initial: {joints: [{position: [-0.1, 0.1], velocity: [-1, 1]}], bodies: [{position: [[-0.1, 0.1], 0, [0, 0.1]], yaw: [-90, 90]}]}
vary: [{field: mass, scale: [0.8, 1.2]}, {field: geom_friction, component: 0, scale: [0.5, 1], shared: true}]
controls: [{type: random, scale: 0.3, hold: 3}]
)";
  const std::string alone[3] = {"variants: [{model: arm.xml, name: arm}]\n", "variants: [{model: cart.xml, name: cart}]\n", "models: [{file: heap.xml}]\n"};
  std::vector<uint64_t> reference;
  for (int e = 0; e < environments; ++e) {
    auto session = make(alone[variant_of(0, uint64_t(e), shares)] + rules, {.environments = 1, .threads = 1, .first_id = uint64_t(e)});
    session->step(steps);
    reference.push_back(session->world().hash(0));
  }
  for (const int width : {0, 1, 8})
    for (const int threads : {1, 3}) {
      auto session = make(three + rules, {.environments = environments, .threads = threads, .width = width});
      CHECK(session->world().buckets() == 3);
      for (int pass = 0; pass < 2; ++pass) {
        session->step(steps);
        for (int e = 0; e < environments; ++e) CHECK_MESSAGE(session->world().hash(e) == reference[e], "environment " << e << ", width " << width << ", threads " << threads);
        session->reset();
      }
    }

  // fewer environments than variants; and those of a later shard
  for (const int first : {0, 11}) {
    auto few = make(three + rules, {.environments = 2, .threads = 1, .first_id = uint64_t(first)});
    few->step(steps);
    for (int e = 0; e < 2; ++e) CHECK(few->world().hash(e) == reference[first + e]);
  }
}

TEST_CASE("variants: settings act where they fit") {
  constexpr int environments = 30;
  auto session = make(std::string(three) + R"(
substeps: 5
initial:
  keyframe: arm/ready
  joints: [{joints: cart/pole, position: 0.3}]
vary:
  - {field: gain, names: "arm/*", scale: 1.1}
  - {field: body_mass, names: low, set: 2}
controls:
  - {type: hold, actuators: cart/push, value: 0.25}
controllers:
  - {name: arm, type: pose, site: arm/grip, joints: "arm/joint*"}
timeline:
  - {move: arm, to: {offset: [0, 0, 0.05]}}
  - {wait_for: {sensor: cart/where, above: 0.01}, within: 3}
  - {set: cart/push, value: -0.5, over: 0.1}
goals:
  - {name: far, sensors: cart/where, inside: {low: 0.01, high: 10}}
)", {.environments = environments, .threads = 2});
  World& world = session->world();
  int count[3] = {};
  for (int e = 0; e < environments; ++e) {
    const std::string model = model_of(*session, e);
    ++count[model == "arm" ? 0 : model == "cart" ? 1 : 2];
    if (model == "arm") CHECK(world.get(StateField::qpos, e, 1) == doctest::Approx(0.3));
    if (model == "cart") CHECK(world.get(StateField::qpos, e, 1) == doctest::Approx(0.3));
    if (model == "cart") CHECK(world.get(StateField::ctrl, e, 0) == 0.25);
    if (model == "heap") CHECK(world.get(StateField::qpos, e, 2) == doctest::Approx(0.1));
  }
  CHECK((count[0] >= 13 && count[0] <= 17));
  CHECK((count[1] >= 8 && count[1] <= 12));

  session->step(500);
  CHECK(world.faults() == 0);
  const TimelineReport report = session->timeline()->report();
  CHECK(report.finished == count[0] + count[1]);
  CHECK(report.actions == doctest::Approx(double(count[0] + 2 * count[1]) / (count[0] + count[1])));
  for (int e = 0; e < environments; ++e) {
    if (model_of(*session, e) == "cart") CHECK(world.get(StateField::ctrl, e, 0) == -0.5);
    CHECK(int(session->timeline()->state(e).controllers.size()) == (model_of(*session, e) == "arm" ? 1 : 0));
  }
  const std::vector<GoalReport> goals = session->judge();
  REQUIRE(goals.size() == 1);
  CHECK(goals[0].environments == count[1]);
  CHECK(goals[0].sensors == 1);
}

TEST_CASE("variants: a failure names the action of the scene's list") {
  auto session = make(std::string(three) + "timeline:\n  - {set: arm/left, value: 0}\n  - {wait: 0.1}\n  - {wait_for: {sensor: cart/where, above: 5}, within: 0.1}\n", {.environments = 12, .threads = 1});
  session->step(100);
  const TimelineReport report = session->timeline()->report();
  REQUIRE(report.stops.size() == 1);
  CHECK(report.stops[0].action == 2);
  CHECK(report.failed == report.stops[0].environments);
  CHECK(report.failed > 0);
}

TEST_CASE("variants: what fits no variant is an error, what fits one is none") {
  const std::string fleet = three;                              // four lines
  CHECK(error(fleet + "controls: [{type: zero, actuators: cart/push}]\n") == "accepted");
  CHECK(error(fleet + "controls: [{type: zero, actuators: cart/pull}]\n") == "5 unknown-name");
  CHECK(error(fleet + "controls: [{type: hold, keyframe: arm/ready}]\n") == "accepted");
  CHECK(error(fleet + "controls: [{type: hold, keyframe: arm/redy}]\n") == "5 unknown-name");
  CHECK(error(fleet + "initial: {keyframe: redy}\n") == "5 unknown-name");
  // one misspelt name of several, too, with its own place, the line and the nearest name
  auto misspelt = open(fleet + "controls: [{type: zero, actuators: [cart/push, cart/psuh]}]\n", {.environments = 3, .threads = 1});
  REQUIRE(!misspelt);
  REQUIRE(misspelt.errors().size() == 1);
  CHECK(misspelt.errors()[0].place.column == 48);
  CHECK(misspelt.errors()[0].hint == "did you mean 'cart/push'?");
  CHECK(misspelt.errors()[0].excerpt.line.find("cart/psuh") != std::string::npos);
  auto without_prefix = open(fleet + "goals: [{name: g, sensors: left/ps, inside: {low: 0, high: 1}}]\n", {.environments = 3, .threads = 1});
  REQUIRE(!without_prefix);
  CHECK(without_prefix.errors()[0].hint.find("Names of a model") != std::string::npos);
  CHECK(error(fleet + "initial: {joints: [{joints: elbow, position: 1}]}\n") == "5 unknown-name");
  CHECK(error(fleet + "initial: {bodies: [{bodies: cart/cart, yaw: 1}]}\n") == "5 unknown-name");
  CHECK(error(fleet + "vary: [{field: mass, names: high, scale: 2}]\n") == "accepted");
  CHECK(error(fleet + "vary: [{field: mass, names: hihg, scale: 2}]\n") == "5 unknown-name");
  CHECK(error(fleet + "vary: [{field: mas, scale: 2}]\n") == "5 unknown-field");
  CHECK(error(fleet + "controllers: [{name: a, type: pose, site: arm/grip}]\n") == "accepted");
  CHECK(error(fleet + "controllers: [{name: a, type: pose, site: arm/grp}]\n") == "5 unknown-name");
  CHECK(error(fleet + "timeline:\n  - {move: a, to: {}}\n") == "6 unknown-name");
  CHECK(error(fleet + "goals: [{name: g, sensors: arm/left/pos, inside: {low: 0, high: 1}}]\n") == "accepted");
  CHECK(error(fleet + "goals: [{name: g, sensors: arm/lft/pos, inside: {low: 0, high: 1}}]\n") == "5 unknown-name");
  // each name is somewhere, but never all in one variant
  CHECK(error(fleet + "controllers: [{name: a, type: pose, site: arm/grip}]\ntimeline:\n  - {move: a, to: {position: cart/where}}\n") == "7 unknown-name");
  // wrong in one variant is wrong, and says in which
  auto session = open(fleet + "timeline:\n  - {set: \"*t\", value: 0.5}\n", {.environments = 3, .threads = 1});
  REQUIRE(!session);
  CHECK(session.errors().size() == 2);                          // arm/left and arm/right, of 5 cm
  CHECK(session.errors().front().code == "out-of-range");
  CHECK(session.errors().front().element == "variant arm");
}
