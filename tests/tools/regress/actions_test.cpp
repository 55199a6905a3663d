// What a script does to a scene, against closed forms of motion and against the same thing elsewhere.
#include "tools/regress/actions.h"

#include <cmath>
#include "physics/cpu/registry.h"
#include "tests/tools/regress/play.h"

using namespace nuri;
using test::Folder;

namespace {

// Passed, or everything that was not as expected.
std::string outcome(const Folder& folder, const std::string& text) {
  const regress::CaseResult result = test::run_one(folder, text).result;
  std::string out = result.outcome == regress::CaseResult::passed ? "passed" : std::string(regress::word(result.outcome)) + ": " + result.reason;
  for (const regress::Check& check : result.checks)
    if (!check.passed) out += "\n" + check.name + ": " + check.detail;
  return out;
}

constexpr double g = 9.81, h = 0.002;            // m/s^2; s

std::unique_ptr<session::Session> session_of(const regress::Script& script, int environments, int width, int threads) {
  auto scene = regress::load_scene(script);
  REQUIRE(scene);
  scene->settings.bodies.push_back({});          // every environment another one
  scene->settings.bodies.back().bodies = {"ball"};
  scene->settings.bodies.back().linear_velocity = {scene::Draw{-1, 1}, scene::Draw{-1, 1}, scene::Draw{0, 2}};
  auto session = session::Session::create(std::move(*scene), {.environments = environments, .threads = threads, .width = width});
  REQUIRE(session);
  return std::move(*session);
}

// Hashes of the environments after a second of the script.
std::vector<uint64_t> hashes(const regress::Script& script, int environments, int width, int threads) {
  auto session = session_of(script, environments, width, threads);
  auto actions = regress::Actions::make(*session, script);
  if (!actions) FAIL(to_string(actions.errors().front()));
  session->show(actions->get());
  (*actions)->begin();
  for (int64_t step = 0; step < 100; ++step) {
    (*actions)->act(step);
    session->step(session->settings().substeps);
    (*actions)->hold();
  }
  session->show(nullptr);
  std::vector<uint64_t> out;
  for (int e = 0; e < environments; ++e) out.push_back(session->world().hash(e));
  return out;
}

const char* const everything = R"(
scene: play.yaml
environments: 21
timeline:
  - {at: 0.1, push: {body: ball, force: [3, 0, 0], torque: [0, 0.1, 0], for: 0.2}}
  - {at: 0.2, push: {body: "b*", force: [0, 1, 0], for: 0.25}, environments: [0, 2, 5]}
  - {at: 0.1, control: {actuators: rail, value: 0.5, for: 0.3}}
  - {at: 0.3, target: {joints: elbow, value: 0.5}}
  - {at: 0.4, teleport: {body: ball, position: [0, 0, 2], euler: [10, 20, 30], angular_velocity: [1, 2, 3]}, environments: [1, 2]}
  - {at: 0.5, teleport: {joint: swing, position: 1, velocity: 0.5}}
  - {at: 0.5, set: {field: gravity, component: 2, scale: 0.5}, environments: [0, 3]}
  - {at: 0.6, spawn: {body: box, position: [0.05, 0, 1], linear_velocity: [0, 0, 1]}}
  - {at: 0.7, equality: {name: grip, active: true}}
  - {at: 0.75, teleport: {body: hand, position: [5, 0, 1.2]}}
  - {at: 0.8, fault: {environment: 4}}
expect: [{fault_in: [4]}]
)";

}  // namespace

TEST_CASE("script actions: batch, width and threads do not show in the bits, and each environment has its own") {
  const Folder folder;
  const regress::Script script = test::script_of(folder, everything);
  const std::vector<uint64_t> reference = hashes(script, 9, 1, 1);
  for (int width : {4, 8, 16})
    for (int threads : {1, 3})
      if (find_kernel(Precision::f32, width)) CHECK(hashes(script, 9, width, threads) == reference);
  for (int batch : {1, 3, 21}) {
    const std::vector<uint64_t> other = hashes(script, batch, 8, 2);
    for (int e = 0; e < std::min(batch, 9); ++e) CHECK(other[size_t(e)] == reference[size_t(e)]);
  }
  CHECK(reference[0] != reference[1]);
}

TEST_CASE("script actions: a fault in one environment is noticed by no other") {
  const Folder folder;
  std::string text = everything;
  const std::vector<uint64_t> sick = hashes(test::script_of(folder, text), 9, 8, 2);
  text.replace(text.find("  - {at: 0.8, fault"), std::string("  - {at: 0.8, fault: {environment: 4}}\n").size(), "");
  const std::vector<uint64_t> well = hashes(test::script_of(folder, text), 9, 8, 2);
  for (int e = 0; e < 9; ++e) CHECK((sick[size_t(e)] == well[size_t(e)]) == (e != 4));
}

TEST_CASE("script actions: a push gives F t / m, and only while it acts; two add up") {
  const Folder folder;
  CHECK(outcome(folder, R"(
scene: play.yaml
seconds: 0.4
timeline:
  - {at: 0.1, push: {body: ball, force: [10, 0, 0], for: 0.1}}
  - {at: 0.15, push: {body: ball, force: [10, 4, 0], for: 0.1}}
expect:
  - {at: 0.1, body: ball, velocity: [0, 0, null], within: 1.0e-7}
  - {at: 0.2, body: ball, velocity: [0.75, 0.1, null], within: 1.0e-5}
  - {body: ball, velocity: [1, 0.2, null], within: 1.0e-5}
)") == "passed");
}

TEST_CASE("script actions: a teleported ball falls from where it was put, in the steps of semi-implicit Euler") {
  const Folder folder;
  const int n = 100;                             // substeps in 0.2 s
  const double z = 5 - g * h * h * n * (n + 1) / 2, v = 1 - g * h * n, up = 1 * h * n;
  const auto text = [&](double z_wanted) {
    return "scene: play.yaml\nseconds: 0.7\ntimeline:\n  - {at: 0.5, teleport: {body: ball, position: [1, 2, 5], euler: [0, 0, 90], linear_velocity: [0, 0, 1], angular_velocity: [0, 2, 0]}}\nexpect:\n"
           "  - {body: ball, position: [1, 2, " + std::to_string(z_wanted) + "], within: 0.00002}\n"
           "  - {body: ball, velocity: [0, 0, " + std::to_string(v) + "], within: 0.00002}\n"
           "  - {body: ball, angular_velocity: [0, 2, 0], within: 0.0001}\n"
           "  - {at: 0.5, body: ball, euler: [0, 0, 90], within_angle: 0.01}\n";
  };
  CHECK(outcome(folder, text(z + up)) == "passed");
  CHECK(outcome(folder, text(z + up + 0.0001)).find("ball position z") != std::string::npos);
}

TEST_CASE("script actions: controls hold until they are let go, and a target is where the servo rests") {
  const Folder folder;
  // a motor of 2 N per unit against 1 N s/m on 1 kg: v = (F / c) (1 - exp(-c t / m)); implicit in the damping, v += h (F - c v') / m
  double driven = 0, v = 0;
  for (int i = 0; i < 150; ++i) driven = v = (v + h * 1.0) / (1 + h);
  for (int i = 0; i < 150; ++i) v = v / (1 + h);
  CHECK(outcome(folder, "scene: play.yaml\nseconds: 0.7\ntimeline:\n  - {at: 0.1, control: {actuators: rail, value: 0.5, for: 0.3}}\n  - {at: 0.1, target: {joints: elbow, value: -0.4}}\nexpect:\n"
                        "  - {at: 0.1, joint: rail, velocity: 0, within: 0}\n"
                        "  - {at: 0.4, joint: rail, velocity: " + std::to_string(driven) + ", within: 0.00001}\n"
                        "  - {joint: rail, velocity: " + std::to_string(v) + ", within: 0.00001}\n"
                        // 0.1 kg at 0.15 m against 50 N m/rad: 0.147 N m cos(0.4) / 50 = 0.0027 rad below
                        "  - {joint: elbow, position: -0.3973, within: 0.0005}\n") == "passed");
}

TEST_CASE("script actions: fields, equalities, joints and spawned bodies") {
  const Folder folder;
  const double v = -g * 0.1;
  CHECK(outcome(folder, "scene: play.yaml\nseconds: 0.3\ntimeline:\n  - {at: 0.1, set: {field: gravity, value: 0}}\nexpect:\n"
                        "  - {from: 0.1, body: ball, velocity: [0, 0, " + std::to_string(v) + "], within: 0.0001}\n") == "passed");
  CHECK(outcome(folder, R"(
scene: play.yaml
seconds: 2
timeline:
  - {at: 0, equality: {name: grip, active: true}}
  - {at: 0.1, teleport: {body: hand, position: [5, 0, 1.5]}}
  - {at: 1.5, equality: {name: grip, active: false}}
expect:
  - {at: 1.5, body: box, position: [2, 0, 0.6], within: 0.02}
  - {body: box, position: [null, null, 0.1], within: 0.002}
)") == "passed");
  CHECK(outcome(folder, "scene: play.yaml\nseconds: 0.5\ntimeline:\n  - {at: 0.4, teleport: {joint: swing, position: 0.7, velocity: 0.3}}\nexpect:\n"
                        "  - {at: 0.4, joint: swing, position: 0.7, within: 0.000001}\n  - {at: 0.4, joint: swing, velocity: 0.3, within: 0.000001}\n") == "passed");
  CHECK(outcome(folder, R"(
scene: play.yaml
seconds: 2
timeline:
  - {at: 0.5, spawn: {body: box, position: [3, 0, 0.5]}}
expect:
  - {from: 0, to: 0.49, contact: {between: [floor, box], present: false}}
  - {from: 0, to: 0.49, body: box, position: [null, null, {above: 100}]}
  - {at: 0.5, body: box, position: [3, 0, 0.5], within: 0.0001}
  - {from: 1, contact: {between: [floor, box], present: true}}
  - {body: box, position: [3, 0, 0.1], within: 0.002}
)") == "passed");
}

TEST_CASE("script actions: a name that is not there, or a thing that cannot do it, is told with its place") {
  const Folder folder;
  const auto code = [&](const std::string& line) {
    const regress::CaseResult r = test::run_one(folder, "scene: play.yaml\ntimeline:\n  - " + line + "\nexpect:\n  - {faults: 0}\n").result;
    CHECK(r.outcome == regress::CaseResult::error);
    const Diagnostic& d = r.findings.back();
    CHECK(d.place.line == 3);
    return d.code + "; " + d.hint;
  };
  CHECK(code("{at: 0.1, push: {body: bal, force: [0, 0, 1], for: 1}}") == "unknown-name; did you mean 'ball'?");
  CHECK(code("{at: 0.1, push: {body: hand, force: [0, 0, 1], for: 1}}").starts_with("unknown-name"));
  CHECK(code("{at: 0.1, target: {joints: rail, value: 1}}").starts_with("unknown-name"));
  CHECK(code("{at: 0.1, teleport: {body: arm, position: [0, 0, 1]}}").starts_with("unknown-name"));
  CHECK(code("{at: 0.1, teleport: {body: hand, linear_velocity: [0, 0, 1]}}").starts_with("not-free"));
  CHECK(code("{at: 0.1, set: {field: geom_frction, value: 1}}") == "unknown-field; did you mean 'geom_friction'?");
  CHECK(code("{at: 0.1, set: {field: timestep, value: 1}}").starts_with("fixed-field"));
  CHECK(code("{at: 0.1, nudge: {environment: 0, field: qvel, item: 500}}").starts_with("out-of-range"));
  CHECK(code("{at: 1, spawn: {body: ball}}").starts_with("out-of-range"));
}
