// Expectations: what they measure against closed forms and against the model's own sensors, and how they count environments and time.
#include "tools/regress/expect.h"

#include <cmath>
#include "tests/tools/regress/play.h"

using namespace nuri;
using test::Folder;

namespace {

// The checks of a script, in its order.
std::vector<regress::Check> checks(const Folder& folder, const std::string& text) {
  const regress::CaseResult result = test::run_one(folder, text).result;
  for (const Diagnostic& d : result.findings) INFO(to_string(d));
  REQUIRE(result.outcome != regress::CaseResult::error);
  return result.checks;
}

}  // namespace

TEST_CASE("expectations: energy is what the sensors say, with springs and with what an environment overrides") {
  auto loaded = session::load_mjcf_text(R"(<mujoco><option timestep="0.002"/>
    <worldbody>
      <body name="a"><joint name="a" axis="0 1 0" stiffness="3" springref="20"/><geom type="capsule" fromto="0 0 0 0.5 0 0" size="0.03" mass="1"/>
        <body name="b" pos="0.5 0 0"><joint name="b" type="ball" stiffness="2"/><geom type="capsule" fromto="0 0 0 0.4 0 0" size="0.03" mass="0.7"/></body></body>
      <body name="c" pos="0 1 1"><joint name="c" type="slide" axis="0 0 1" stiffness="40"/><geom size="0.1" mass="2"/></body>
      <body name="d" pos="0 3 1"><freejoint/><geom type="box" size="0.1 0.2 0.3" mass="3"/></body>
    </worldbody>
    <tendon><fixed name="t" stiffness="15" springlength="0.1 0.2"><joint joint="c" coef="1"/></fixed></tendon>
    <sensor><e_potential/><e_kinetic/></sensor></mujoco>)", "energy.xml");
  REQUIRE(loaded);
  loaded->settings = {};
  loaded->settings.bodies.push_back({});
  loaded->settings.bodies.back().angular_velocity = {scene::Draw{-2, 2}, scene::Draw{-2, 2}, scene::Draw{-2, 2}};
  scene::RandomField mass;
  mass.field = "mass", mass.draw = {0.5, 2, false};
  loaded->settings.fields.push_back(mass);
  auto made = session::Session::create(std::move(*loaded), {.environments = 5, .precision = Precision::f64, .threads = 1});
  REQUIRE(made);
  session::Session& s = **made;
  double least = 1e9, greatest = -1e9;
  for (int k = 0; k < 20; ++k) {
    s.step(13);
    s.world().forward();                         // sensors of the present state, not of a substep ago
    for (int e = 0; e < 5; ++e) {
      const double sensed = s.world().get(StateField::sensordata, e, 0) + s.world().get(StateField::sensordata, e, 1);
      const double own = regress::energy(s.world(), e, s.world().probe(e));
      CHECK(own == doctest::Approx(sensed).epsilon(1e-12));
      least = std::min(least, own), greatest = std::max(greatest, own);
    }
  }
  CHECK(greatest - least > 1);                   // it is not always the same number
}

TEST_CASE("expectations: speeds of bodies in a chain are those of its velocimeters") {
  auto loaded = session::load_mjcf_text(R"(<mujoco><worldbody>
      <body name="a" pos="0 0 2"><freejoint/><geom type="capsule" fromto="0 0 0 0.5 0 0" size="0.03"/>
        <body name="b" pos="0.5 0 0"><joint axis="0 1 0"/><geom type="capsule" fromto="0 0 0 0.4 0 0" size="0.03"/><joint axis="0 0 1"/>
          <body name="c" pos="0.4 0.1 0"><joint type="ball"/><geom type="capsule" fromto="0 0 0 0.2 0.2 0" size="0.03"/></body></body></body>
    </worldbody><sensor><framelinvel objtype="xbody" objname="c"/><frameangvel objtype="xbody" objname="c"/><framelinvel objtype="xbody" objname="a"/><frameangvel objtype="xbody" objname="a"/></sensor></mujoco>)", "chain.xml");
  REQUIRE(loaded);
  session::perturb(loaded->settings, 2);
  auto made = session::Session::create(std::move(*loaded), {.environments = 3, .precision = Precision::f64, .threads = 1});
  REQUIRE(made);
  session::Session& s = **made;
  s.step(50);
  s.world().forward();
  regress::Look look(s);
  for (int e = 0; e < 3; ++e)
    for (int i = 0; i < 2; ++i) {
      const regress::Motion motion = look.motion(e, i == 0 ? 3 : 1);
      for (size_t k = 0; k < 3; ++k) {
        CHECK(motion.linear[k] == doctest::Approx(s.world().get(StateField::sensordata, e, 6 * i + int(k))).epsilon(1e-10));
        CHECK(motion.angular[k] == doctest::Approx(s.world().get(StateField::sensordata, e, 6 * i + 3 + int(k))).epsilon(1e-10));
      }
    }
}

TEST_CASE("expectations: what lies presses with its weight, and not deep") {
  const Folder folder;
  const auto found = checks(folder, R"(
scene: play.yaml
seconds: 3
expect:
  - {from: 2.5, contact: {between: [floor, ball], present: true, force: {above: 19.5, below: 19.7}}}
  - {from: 2.5, contact: {between: ["b*", floor], force: {above: 29.3, below: 29.5}}}
  - {contact: {between: [ball, box], present: false}}
  - {from: 2.5, penetration: {below: 0.002}}
  - {settled: {by: 2.5, bodies: "b*", speed_below: 0.001}}
  - {settled: {by: 0, bodies: "b*", speed_below: 0.001}}
  - {from: 2.5, penetration: {below: 0.00001}}
  - {from: 2.5, contact: {between: [floor, ball], force: {above: 20}}}
)");
  REQUIRE(found.size() == 9);
  for (size_t i = 0; i < 6; ++i) CHECK(found[i].passed);
  CHECK(found[1].value == doctest::Approx(2 * 9.81).epsilon(0.005));
  CHECK(found[2].value == doctest::Approx(3 * 9.81).epsilon(0.005));
  // what fails says how far, where and when
  for (size_t i = 6; i < 9; ++i) CHECK((!found[i].passed && found[i].margin < 0 && !found[i].detail.empty()));
  CHECK(found[6].value == doctest::Approx(std::sqrt(2 * 9.81 * 0.9)).epsilon(0.05));   // just before it lands, from 0.9 m
  CHECK(found[6].time == doctest::Approx(std::sqrt(2 * 0.9 / 9.81)).epsilon(0.05));
  CHECK(found[6].detail.find("ball") != std::string::npos);
  CHECK(found[8].bound == 20);
  CHECK(found[8].margin == doctest::Approx(found[8].value - 20));
}

TEST_CASE("expectations: at a moment, by a moment, always; the plot has the bounds and the way there") {
  const Folder folder;
  const auto found = checks(folder, R"(
scene: play.yaml
seconds: 2
expect:
  - {at: 0.2, body: ball, position: [null, null, {above: 0.8}]}
  - {at: 0.4, body: ball, position: [null, null, {above: 0.8}]}
  - {by: 0.3, body: ball, position: [null, null, {below: 0.7}]}
  - {by: 0.2, body: ball, position: [null, null, {below: 0.7}]}
  - {from: 1.5, body: ball, position: [null, null, 0.1], within: 0.01}
  - {from: 0, body: ball, position: [null, null, {above: 0.05}]}
  - {from: 0, body: ball, position: [null, null, {above: 0.5}]}
  - {at: 0.2, sensor: {name: ball_pos, component: 2, above: 0.8}}
  - {at: 1, joint: swing, position: {above: -0.1, below: 0.1}}
  - {name: named, at: 1, joint: swing, position: {above: 0.1}}
  - {faults: 0}
)");
  REQUIRE(found.size() == 11);
  const bool wanted[] = {true, false, true, false, true, true, false, true, true, false, true};
  for (size_t i = 0; i < 11; ++i) {
    CAPTURE(i);
    CAPTURE(found[i].detail);
    CHECK(found[i].passed == wanted[i]);
  }
  CHECK(found[0].value == doctest::Approx(1 - 0.5 * 9.81 * 0.04).epsilon(0.01));
  CHECK(found[0].margin == doctest::Approx(found[0].value - 0.8));
  CHECK(found[9].name == "named: swing position");
  CHECK(found[0].place.line == 5);
  REQUIRE(found[0].series.size() == 1);
  const regress::Series& series = found[0].series[0];
  CHECK((series.unit == "m" && series.low == 0.8 && std::isnan(series.high) && series.samples.size() > 100 && series.samples.size() < 500));
  CHECK((series.samples.front().time == 0 && series.samples.front().value == 1));
}

TEST_CASE("expectations: shares of the environments, and the one on which it depends") {
  const Folder folder;
  folder.write("many.yaml", "models:\n  - {file: play.xml}\nsubsteps: 5\ninitial:\n  bodies:\n    - {bodies: ball, linear_velocity: [[-1, 1], 0, 0]}\n");
  const auto found = checks(folder, R"(
scene: many.yaml
environments: 40
seconds: 0.2
expect:
  - {body: ball, velocity: [{above: 0}, null, null], of: any}
  - {body: ball, velocity: [{above: 0}, null, null], of: 0.1}
  - {body: ball, velocity: [{above: 0}, null, null], of: 0.95}
  - {body: ball, velocity: [{above: 0}, null, null], of: all}
  - {body: ball, velocity: [{above: 2}, null, null], of: any}
)");
  REQUIRE(found.size() == 5);
  CHECK((found[0].passed && found[1].passed && !found[2].passed && !found[3].passed && !found[4].passed));
  CHECK((found[0].margin > found[1].margin && found[1].margin > found[2].margin && found[2].margin > found[3].margin));
  CHECK((found[0].value > 0.8 && found[3].value < -0.8));      // the best and the worst of forty draws between -1 and 1
  CHECK(found[0].environment != found[3].environment);
  CHECK(found[2].detail.find("of 40 environments") != std::string::npos);
}

TEST_CASE("expectations: goals, timelines and the steps until they are done") {
  const Folder folder;
  folder.write("task.yaml", R"(
models: [{file: play.xml}]
substeps: 5
seconds: 2
timeline:
  - {wait: 0.5}
  - {set: rail, value: 1, over: 0.5}
goals:
  - {name: down, sensors: ball_pos, inside: {low: [-1, -1, 0], high: [1, 1, 0.2]}}
  - {name: up, sensors: ball_pos, inside: {low: [-1, -1, 1], high: [1, 1, 2]}}
)");
  const auto found = checks(folder, R"(
scene: task.yaml
environments: 3
expect:
  - {goal: {name: down, success_above: 1}}
  - {goal: {name: up, success_above: 0.1}}
  - {timeline: {finished_above: 1}}
  - {steps: {below: 510}}
  - {steps: {below: 490}}
  - {iterations: {below: 20}}
  - {iterations: {below: 0.01}}
)");
  REQUIRE(found.size() == 7);
  const bool wanted[] = {true, false, true, true, false, true, false};
  for (size_t i = 0; i < 7; ++i) {
    CAPTURE(i);
    CHECK(found[i].passed == wanted[i]);
  }
  CHECK(found[3].value == doctest::Approx(500).epsilon(0.02));   // 1 s of 2 ms
  const auto none = checks(folder, "scene: task.yaml\nseconds: 0.5\nexpect:\n  - {steps: {below: 510}}\n  - {timeline: {finished_above: 0.5}}\n");
  CHECK((!none[0].passed && none[0].detail.find("not done") != std::string::npos && !none[1].passed));
  // without a timeline its goals say when it is done
  const auto goal = checks(folder, "scene: task.yaml\ntimeline: false\nseconds: 1\nexpect:\n  - {steps: {below: 600}}\n");
  CHECK(!goal[0].passed);                        // never down and up at once
}

TEST_CASE("expectations: an environment that freezes fails a case that does not speak of it") {
  const Folder folder;
  const auto silent = test::run_one(folder, "scene: play.yaml\nenvironments: 3\nseconds: 0.3\ntimeline:\n  - {at: 0.1, fault: {environment: 1}}\nexpect:\n  - {body: ball, position: [0, 0, null], within: 0.1}\n");
  CHECK(silent.result.outcome == regress::CaseResult::failed);
  CHECK(silent.result.reason.find("faults") != std::string::npos);
  const auto said = test::run_one(folder, "scene: play.yaml\nenvironments: 3\nseconds: 0.3\ntimeline:\n  - {at: 0.1, fault: {environment: 1}}\nexpect:\n  - {body: ball, position: [0, 0, null], within: 0.1}\n  - {fault_in: [1]}\n");
  CHECK(said.result.outcome == regress::CaseResult::passed);
  const auto other = test::run_one(folder, "scene: play.yaml\nenvironments: 3\nseconds: 0.3\ntimeline:\n  - {at: 0.1, fault: {environment: 1}}\nexpect:\n  - {fault_in: [2]}\n");
  CHECK(other.result.outcome == regress::CaseResult::failed);
}

TEST_CASE("expectations: a name that is not there is told with its place and the nearest") {
  const Folder folder;
  const auto code = [&](const std::string& line) {
    const regress::CaseResult r = test::run_one(folder, "scene: play.yaml\nexpect:\n  - " + line + "\n").result;
    CHECK(r.outcome == regress::CaseResult::error);
    if (r.findings.empty()) return std::string("nothing");
    CHECK(r.findings.back().place.line == 3);
    return r.findings.back().code + "; " + r.findings.back().hint;
  };
  CHECK(code("{body: bal, position: [0, 0, 0], within: 1}") == "unknown-name; did you mean 'ball'?");
  CHECK(code("{joint: swin, position: 0, within: 1}") == "unknown-name; did you mean 'swing'?");
  CHECK(code("{contact: {between: [flor, ball]}}") == "unknown-name; did you mean 'floor'?");
  CHECK(code("{sensor: {name: ball_pos, component: 3, above: 1}}").starts_with("out-of-range"));
  CHECK(code("{settled: {by: 0, bodies: world, speed_below: 1}}").starts_with("unknown-name"));
  CHECK(code("{goal: {name: x, success_above: 1}}").starts_with("unknown-name"));
  CHECK(code("{timeline: {finished_above: 1}}").starts_with("unknown-name"));
  CHECK(code("{steps: {below: 1}}").starts_with("unknown-name"));
  CHECK(code("{at: 7, body: ball, position: [0, 0, 0], within: 1}").starts_with("out-of-range"));
}
