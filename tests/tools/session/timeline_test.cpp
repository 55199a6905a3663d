#include "tools/session/timeline.h"

#include <doctest/doctest.h>
#include <cmath>
#include <filesystem>
#include <fstream>
#include "tests/tools/session/arm_model.h"
#include "tools/session/session.h"

using namespace nuri;
using namespace nuri::session;

namespace {

constexpr double degree = 3.14159265358979323846 / 180;

const char* const head = R"(
models: [{file: arm.xml}]
initial:
  keyframe: ready
  bodies: [{bodies: box, position: [[-0.1, 0.1], [-0.15, 0.15], 0]}]
)";
const char* const arm = R"(
controllers:
  - {name: arm, type: pose, site: grip, joints: "joint*"}
)";
const char* const reach = R"(
timeline:
  - {move: arm, to: {position: box/pos, offset: [0, 0, 0.15], orientation: {down: true, yaw_of: box/quat, symmetry: 90}}}
)";
const char* const pick = R"(
timeline:
  - {set: [left, right], value: 0.04, over: 0.2}
  - {move: arm, to: {position: box/pos, offset: [0, 0, 0.15], orientation: {down: true, yaw_of: box/quat, symmetry: 180, yaw: 40}}}
  - {move: arm, to: {position: box/pos, orientation: {down: true, yaw_of: box/quat, symmetry: 180, yaw: 40}}, speed: 0.5}
  - {set: [left, right], value: 0, over: 0.2}
  - {wait: 0.2}
  - {wait_for: {sensor: left/pos, above: 0.015, below: 0.03}, within: 1}
  - {move: arm, to: {offset: [0, 0, 0.2]}}
  - {move: arm, to: {position: [0.3, 0.35, 0.2]}}
  - {move: arm, to: {position: [0.3, 0.35, 0.03]}, speed: 0.5}
  - {set: [left, right], value: 0.04, over: 0.2}
  - {wait: 0.2}
  - {move: arm, to: {offset: [0, 0, 0.15]}}
goals:
  - {name: placed, sensors: "box/pos", inside: {low: [0.28, 0.33, 0], high: [0.32, 0.37, 0.05]}}
  - {name: open, sensors: left/pos, inside: {low: 0.03, high: 0.05}}
)";

Result<std::unique_ptr<Session>> open(const std::string& text, WorldOptions options, bool motors = false) {
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / (motors ? "nuri_timeline_motors" : "nuri_timeline_servos");
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "arm.xml") << test::arm_text(motors);
  auto file = scene::read_yaml_text(std::string(motors ? "\nsubsteps: 1" : "\nsubsteps: 5") + (head + text), "cell.yaml", folder.string());
  if (!file) return file.errors();
  auto loaded = load_mjcf_text(test::arm_text(motors), "arm.xml");
  if (!loaded) return loaded.errors();
  loaded->settings = file->settings;
  return Session::create(std::move(*loaded), options);
}

std::unique_ptr<Session> make(const std::string& text, int environments, int threads = 1, Precision precision = Precision::f32, bool motors = false) {
  auto session = open(text, {.environments = environments, .precision = precision, .threads = threads}, motors);
  if (!session) FAIL(to_string(session.errors().front()));
  return std::move(*session);
}

void step_seconds(Session& session, double seconds) { session.step(int(std::lround(seconds / session.model().timestep[0]))); }

double sensor(Session& session, int environment, const std::string& name, int component) {
  const model::Model& m = session.model();
  const int s = int(std::find(m.sensor_name.begin(), m.sensor_name.end(), name) - m.sensor_name.begin());
  return session.world().get(StateField::sensordata, environment, m.sensor_adr[s] + component);
}

// "line code" of the first error.
std::string error(const std::string& text) {
  auto session = open(text, {});
  if (session) return "accepted";
  return std::to_string(session.errors().front().place.line) + " " + session.errors().front().code;
}

}  // namespace

TEST_CASE("timeline: an arm reaches over a box, wherever the box lies") {
  constexpr int environments = 24;
  for (const Precision precision : {Precision::f32, Precision::f64}) {
    auto session = make(std::string(arm) + reach, environments, 1, precision);
    step_seconds(*session, 0.02);
    CHECK(session->timeline()->report().running == environments);
    step_seconds(*session, 3);
    const TimelineReport report = session->timeline()->report();
    CHECK(report.finished == environments);
    CHECK(report.actions == 1);
    double spread = 0;
    for (int e = 0; e < environments; ++e) {
      // the tolerance when it was called done; now the servos rest, a tenth of it
      CHECK(session->timeline()->state(e).position_error < 0.005);
      for (int k = 0; k < 3; ++k) CHECK(std::abs(sensor(*session, e, "grip/pos", k) - sensor(*session, e, "box/pos", k) - (k == 2 ? 0.15 : 0)) < 5e-4);
      Rot grip, box;
      for (int k = 0; k < 4; ++k) grip[k] = sensor(*session, e, "grip/quat", k), box[k] = sensor(*session, e, "box/quat", k);
      const Vec z = shape::rotate(grip, {0, 0, 1}), x = shape::rotate(grip, {1, 0, 0}), side = shape::rotate(box, {1, 0, 0});
      CHECK(z[2] < -0.9999);
      const double between = std::acos(std::min(1.0, std::abs(shape::dot(x, side)))) / degree;   // 0 or 90
      CHECK(std::min(between, 90 - between) < 0.5);
      spread = std::max(spread, std::abs(sensor(*session, e, "box/pos", 1) - sensor(*session, 0, "box/pos", 1)));
    }
    CHECK(spread > 0.1);
  }
}

TEST_CASE("timeline: an arm picks a box up and puts it elsewhere") {
  constexpr int environments = 16;
  auto session = make(std::string(arm) + pick, environments);
  step_seconds(*session, 14);
  const TimelineReport report = session->timeline()->report();
  for (const Stop& s : report.stops) MESSAGE(describe(session->timeline()->action(s.action)) << ": " << s.environments);
  CHECK(report.finished == environments);
  const std::vector<GoalReport> goals = session->judge();
  REQUIRE(goals.size() == 2);
  CHECK(goals[0].success == 1);
  CHECK(goals[0].mean == 1);
  CHECK(goals[1].success == 1);
  session->reset();
  CHECK(session->timeline()->report().running == environments);
  CHECK(session->judge()[0].success == 0);
}

TEST_CASE("timeline: neighbours, threads and pieces of steps do not show in the bits") {
  const std::string text = std::string(arm) + pick;
  auto few = make(text, 8), many = make(text, 64, 2);
  step_seconds(*few, 6);
  for (int i = 0; i < 1500; ++i) {
    many->apply_controls();                      // asked for twice, done once
    many->step(1);
  }
  CHECK(few->world().hash(3) == many->world().hash(3));
  CHECK(few->world().hash(3) != few->world().hash(4));
  for (int e = 0; e < 8; ++e) {
    CHECK(few->world().hash(e) == many->world().hash(e));
    CHECK(few->timeline()->state(e).action == many->timeline()->state(e).action);
    CHECK(few->timeline()->state(e).began == many->timeline()->state(e).began);
  }
  const uint64_t hash = few->world().hash();
  few->reset();
  step_seconds(*few, 6);
  CHECK(few->world().hash() == hash);
}

TEST_CASE("timeline: what cannot be reached, or not in time, fails where it is; or goes on") {
  const auto run = [](const std::string& timeline) {
    auto session = make(arm + timeline, 2);
    step_seconds(*session, 6);
    return session;
  };
  auto far = run("timeline: [{wait: 0.1}, {move: arm, to: {position: [3, 0, 0.5]}, within: 4}, {wait: 1}]");
  CHECK(far->timeline()->state(1).progress == Progress::failed);
  CHECK(far->timeline()->state(1).failure == Failure::out_of_reach);
  CHECK(far->timeline()->state(1).action == 1);
  CHECK(far->timeline()->report().stops.front().environments == 2);
  CHECK(far->world().faults() == 0);

  auto late = run("timeline: [{move: arm, to: {offset: [0, 0, 0.1]}, within: 0.1}]");
  CHECK(late->timeline()->state(0).failure == Failure::late);
  auto on = run("timeline: [{move: arm, to: {offset: [0, 0, 0.1]}, within: 0.1, otherwise: continue}, {wait_for: {sensor: box/pos, component: 2, above: 1}, within: 1, otherwise: continue}]");
  CHECK(on->timeline()->state(0).progress == Progress::finished);
  CHECK(on->timeline()->state(0).missed == 2);
  auto waits = run("timeline: [{wait_for: {sensor: box/pos, component: 2, above: 1}}]");
  CHECK(waits->timeline()->state(0).progress == Progress::running);
}

TEST_CASE("timeline: a followed target is followed") {
  auto session = make(std::string(arm) + "timeline: [{move: arm, to: {position: box/pos, offset: [0, 0, 0.2]}, follow: true}, {wait: 100}]", 1);
  World& world = session->world();
  step_seconds(*session, 3);
  CHECK(session->timeline()->state(0).action == 1);   // arrived, and still with it
  const double y = sensor(*session, 0, "box/pos", 1);
  world.set(StateField::qvel, 0, 9 + 1, 0.3);    // the box slides a little
  step_seconds(*session, 3);
  for (int k = 0; k < 3; ++k) CHECK(std::abs(sensor(*session, 0, "grip/pos", k) - sensor(*session, 0, "box/pos", k) - (k == 2 ? 0.2 : 0)) < 1e-3);
  CHECK(sensor(*session, 0, "box/pos", 1) > y + 0.003);
}

TEST_CASE("timeline: speeds and accelerations stay within their limits") {
  auto session = make("controllers: [{name: arm, type: pose, site: grip, max_speed: {linear: 0.3}, max_acceleration: {linear: 1}}]\n"
                      "timeline: [{move: arm, to: {offset: [0.1, 0.25, 0.05]}}, {move: arm, to: {offset: [0, -0.02, 0]}}]", 1);
  const double period = session->model().timestep[0] * session->settings().substeps;
  Vec last{}, speed{};
  double fastest = 0, strongest = 0;
  for (int i = 0; i < 200; ++i) {
    session->step(session->settings().substeps);
    const Vec now = session->timeline()->state(0).controllers[0].setpoint.position;
    const Vec v = i == 0 ? Vec{} : shape::scale(shape::sub(now, last), 1 / period), a = shape::scale(shape::sub(v, speed), 1 / period);
    fastest = std::max(fastest, std::sqrt(shape::dot(v, v)));
    if (i > 1) strongest = std::max(strongest, std::sqrt(shape::dot(a, a)));
    last = now, speed = v;
  }
  CHECK(session->timeline()->report().finished == 1);
  CHECK(fastest <= 0.3);
  CHECK(fastest > 0.28);
  CHECK(strongest <= 1);
  CHECK(strongest > 0.8);
}

TEST_CASE("timeline: motors follow in operational space, and its rest posture does not disturb") {
  const std::string text = "controllers: [{name: arm, type: operational_space, site: grip, actuators: \"joint*\", stiffness: {linear: 1000, angular: 50},"
                           " damping: {linear: 120, angular: 6}, rest_stiffness: 10, rest_damping: 2, rest: ready}]\n" + std::string(reach);
  // torques change every 4 ms: damping takes a smaller share of the arm's inertia than 20 ms would let it
  auto session = make(text, 8, 1, Precision::f32, true);
  step_seconds(*session, 4);
  CHECK(session->timeline()->report().finished == 8);
  for (int e = 0; e < 8; ++e)
    for (int k = 0; k < 3; ++k) CHECK(std::abs(sensor(*session, e, "grip/pos", k) - sensor(*session, e, "box/pos", k) - (k == 2 ? 0.15 : 0)) < 1e-3);
}

TEST_CASE("timeline: environments with a fault are left alone") {
  auto session = make(std::string(arm) + pick, 3);
  session->step(50);
  session->world().set(StateField::qvel, 1, 0, std::nan(""));
  step_seconds(*session, 14);
  CHECK(session->timeline()->state(1).failure == Failure::frozen);
  CHECK(session->timeline()->report().finished == 2);
}

TEST_CASE("timeline: headings") {
  auto about = [](Vec axis, double degrees) { return turn(axis, degrees * degree); };
  const Rot down{0, 1, 0, 0};
  for (const double yaw : {-170.0, -90.0, 0.0, 30.0, 135.0}) {
    CHECK(std::remainder(yaw_down(shape::mul(about({0, 0, 1}, yaw), down)) / degree - yaw, 360) == doctest::Approx(0).epsilon(1e-9));
    CHECK(heading(about({0, 0, 1}, yaw), 0) / degree == doctest::Approx(yaw));
    // its z axis along the heading, x down: y is 90 degrees further
    const Rot lying = shape::mul(about({0, 0, 1}, yaw), about({0, 1, 0}, 90));
    CHECK(heading(lying, 2) / degree == doctest::Approx(yaw));
    CHECK(std::remainder(heading(lying, 0) / degree - yaw - 90, 360) == doctest::Approx(0).epsilon(1e-9));
  }
  // a quarter turn of the box asks nothing of a gripper for which the box has four sides
  Act act;
  act.action.to.orientation = scene::MoveTarget::Orientation::down;
  act.action.to.yaw_given = true;
  act.action.to.symmetry = 90 * degree;
  act.orientation_sensor = 0;
  const Pose from{{0, 0, 1}, shape::mul(about({0, 0, 1}, 20), down)};
  for (int quarter = 0; quarter < 4; ++quarter) {
    const Rot box = about({0, 0, 1}, 30 + 90 * quarter);
    const Pose to = target_pose(act, from, [&](int i) { return box[i]; });
    CHECK(yaw_down(to.orientation) / degree == doctest::Approx(30));
    CHECK(to.position[2] == 1);
  }
}

TEST_CASE("timeline: names that are not there are errors with a place and a hint") {
  CHECK(error("controllers: [{name: arm, type: pose, site: grp}]\n") == "7 unknown-name");
  CHECK(open("controllers: [{name: arm, type: pose, site: grp}]\n", {}).errors().front().hint == "did you mean 'grip'?");
  CHECK(error("controllers: [{name: arm, type: pose, site: grip, joints: \"jiont*\"}]\n") == "7 unknown-name");
  CHECK(error("controllers: [{name: arm, type: pose, site: grip, rest: [0, 1]}]\n") == "7 wrong-size");
  CHECK(error("controllers: [{name: arm, type: pose, site: grip, rest: redy}]\n") == "7 unknown-name");
  CHECK(error("controllers: [{name: arm, type: operational_space, site: grip, stiffness: {linear: 1}, damping: {linear: 1}}]\n") == "7 no-servo");
  CHECK(error("controllers: [{name: a, type: pose, site: grip}, {name: b, type: pose, site: grip}]\n") == "7 two-drivers");
  CHECK(error(std::string(arm) + "timeline: [{move: am, to: {}}]\n") == "10 unknown-name");
  CHECK(error(std::string(arm) + "timeline: [{move: arm, to: {position: box/qat}}]\n") == "10 unknown-name");
  CHECK(error(std::string(arm) + "timeline: [{move: arm, to: {position: box/quat}}]\n") == "10 wrong-size");
  CHECK(error(std::string(arm) + "timeline: [{move: arm, to: {orientation: {down: true, yaw_of: box/pos}}}]\n") == "10 wrong-size");
  CHECK(error(std::string(arm) + "timeline:\n  - {set: joint1, value: 0}\n") == "11 two-drivers");
  CHECK(error(std::string(arm) + "timeline:\n  - {set: lef, value: 0}\n") == "11 unknown-name");
  CHECK(error(std::string(arm) + "timeline:\n  - {set: left, value: 3}\n") == "11 out-of-range");
  CHECK(error("timeline:\n  - {wait_for: {sensor: left/pos, component: 1, above: 0}}\n") == "8 out-of-range");
  CHECK(error("timeline:\n  - {repeat: {part: [box, bx]}, do: [{wait_for: {sensor: \"${part}/pos\", above: 0}}]}\n") == "8 unknown-name");
  CHECK(error("goals: [{name: g, sensors: \"bx/*\", inside: {low: 0, high: 1}}]\n") == "7 unknown-name");
  CHECK(error("goals: [{name: g, sensors: \"box/*\", inside: {low: 0, high: 1}}]\n") == "7 wrong-size");
}

TEST_CASE("timeline: other controls leave driven actuators alone") {
  auto session = make(std::string(arm) + "timeline: [{set: left, value: 0.02}]\ncontrols: [{type: random}]\n", 2);
  step_seconds(*session, 0.2);
  const model::Model& m = session->model();
  const auto actuator = [&](const char* name) { return int(std::find(m.actuator_name.begin(), m.actuator_name.end(), name) - m.actuator_name.begin()); };
  World& world = session->world();
  CHECK(world.get(StateField::ctrl, 0, actuator("left")) == doctest::Approx(0.02));
  CHECK(world.get(StateField::ctrl, 0, actuator("right")) != world.get(StateField::ctrl, 1, actuator("right")));
  CHECK(std::abs(world.get(StateField::qpos, 0, 0)) < 1e-3);
}
