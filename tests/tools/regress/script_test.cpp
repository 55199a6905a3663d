#include "tools/regress/script.h"

#include <doctest/doctest.h>
#include <algorithm>
#include <cmath>

using namespace nuri;
using regress::ActionType;
using regress::ExpectationType;

namespace {

// The code of the first finding, with line:column; "good" if there is none.
std::string verdict(const std::string& text) {
  auto script = regress::read_script_text(text, "s.yaml");
  if (script) return "good";
  const Diagnostic& d = script.errors().front();
  CHECK(!d.message.empty());
  CHECK(d.place.file == "s.yaml");
  return d.code + " " + std::to_string(d.place.line) + ":" + std::to_string(d.place.column);
}
std::string expecting(const std::string& line) { return verdict("scene: a.xml\nexpect:\n  - " + line + "\n"); }
std::string acting(const std::string& line) { return verdict("scene: a.xml\ntimeline:\n  - " + line + "\nexpect:\n  - {faults: 0}\n"); }

}  // namespace

TEST_CASE("script: everything that can be said is read as it is meant") {
  auto read = regress::read_script_text(R"(
scene: ../boxes.yaml
about: crates fall and lie still
tags: [contact, quick]
environments: 8
seed: 3
substeps: 2
seconds: 4
control: zero
scene_timeline: false
matrix: {precision: [float, double], environments: [1, 8], seed: [0, 7], width: [1, 8], threads: [1, 2], backend: [cpu]}
timeline:
  - {at: 0.5, push: {body: thrown/crate, force: [0, 0, 50], for: 0.2}, environments: [0, 2]}
  - {at: 1, control: {actuators: "arm/*", value: 0.3}}
  - {at: 1, target: {joints: "arm/*", value: 0.5, for: 1}}
  - {at: 1, teleport: {body: a, position: [0, 0, 1], euler: [0, 0, 90], linear_velocity: [1, 0, 0]}}
  - {at: 1, teleport: {joint: b, position: 0.1, velocity: -1}}
  - {at: 2, set: {field: geom_friction, names: floor, component: 0, value: 0.1}}
  - {at: 2, set: {field: mass, scale: 2}}
  - {at: 2, spawn: {body: part, position: [1, 2, 3]}}
  - {at: 2, equality: {name: grip, active: false}}
  - {at: 3, fault: {environment: 2}}
  - {at: 3, nudge: {environment: 1, field: qvel, item: 4}}
expect:
  - {at: end, body: a, position: [null, {above: 1}, 0.2], within: 0.005, name: lies}
  - {by: 2, joint: b, velocity: {below: 3}, of: any}
  - {from: 1, to: end, contact: {between: [floor, "left/*"], present: true, force: {above: 10, below: 900}}, every: 0.1}
  - {penetration: {below: 0.002}}
  - {from: 0.5, energy: {drift_below: 0.02}}
  - {settled: {by: 2.5, bodies: "*/crate", speed_below: 0.01}, of: 0.9}
  - {at: 3, sensor: {name: tip, component: 2, value: 1, within: 0.5}}
  - {image: {camera: overview, tolerance: 2, share: 0.01}}
  - {at: 1, image: {camera: overview, hash: true, environment: 3}}
  - {hash: golden}
  - {fault_in: [2]}
  - {goal: {name: delivered, success_above: 0.9}}
  - {timeline: {finished_above: 1.0}}
  - {steps: {below: 5000}}
  - {iterations: {below: 20}}
guards:
  - {gravity: 1.3}
  - {field: geom_friction, names: "left/*", component: 0, scale: 0.3}
)", "scripts/boxes.yaml");
  if (!read) FAIL(to_string(read.errors().front()));
  const regress::Script& s = *read;
  CHECK(s.name == "boxes");
  CHECK(s.scene == "../boxes.yaml");
  CHECK(s.tags == std::vector<std::string>{"contact", "quick"});
  CHECK((s.environments == 8 && s.seed == 3u && s.substeps == 2 && s.seconds == 4.0));
  CHECK((s.control == "zero" && !s.timeline));
  CHECK((s.matrix.precision.size() == 2 && s.matrix.environments == std::vector<int>{1, 8} && s.matrix.seed == std::vector<uint64_t>{0, 7} && s.matrix.threads == std::vector<int>{1, 2}));
  REQUIRE(s.actions.size() == 11);
  const auto& a = s.actions;
  CHECK((a[0].type == ActionType::push && a[0].at == 0.5 && a[0].duration == 0.2 && a[0].force[2] == 50 && a[0].torque[0] == 0 && a[0].environments == std::vector<uint64_t>{0, 2}));
  CHECK((a[1].type == ActionType::control && a[1].value == 0.3 && a[1].duration < 0 && a[1].names.patterns[0] == "arm/*"));
  CHECK((a[2].type == ActionType::target && a[2].duration == 1));
  CHECK((a[3].position && !a[3].angular_velocity && (*a[3].linear_velocity)[0] == 1));
  CHECK((*a[3].orientation)[3] == doctest::Approx(std::sqrt(0.5)));
  CHECK((a[4].of_joint && a[4].value == 0.1 && a[4].speed == -1));
  CHECK((a[5].field.field == "geom_friction" && a[5].field.operation == scene::Operation::set && a[5].field.draw.a == 0.1 && a[5].field.component == 0));
  CHECK((a[6].field.operation == scene::Operation::scale && a[6].field.draw.a == 2));
  CHECK((a[8].type == ActionType::equality && !a[8].active));
  CHECK((a[9].environments == std::vector<uint64_t>{2} && a[10].item == 4 && a[10].state_field == "qvel"));
  CHECK((a[9].place.line == 22 && a[9].place.column == 5));
  REQUIRE(s.expectations.size() == 15);
  const auto& e = s.expectations;
  CHECK((e[0].when.kind == regress::When::at && e[0].when.to == regress::at_end && !e[0].position[0] && e[0].position[1]->low == 1 && std::isinf(e[0].position[1]->high) && e[0].name == "lies"));
  CHECK(e[0].position[2]->low == doctest::Approx(0.195));
  CHECK((e[1].when.kind == regress::When::by && e[1].when.to == 2 && e[1].share == 0 && e[1].joint_velocity->high == 3));
  CHECK((e[2].when.kind == regress::When::always && e[2].when.from == 1 && e[2].when.to == regress::at_end && e[2].every == 0.1 && *e[2].present && e[2].force->low == 10));
  CHECK((e[3].when.kind == regress::When::always && e[3].when.from == 0 && e[3].range.high == 0.002));
  CHECK((e[4].when.from == 0.5 && e[4].range.high == 0.02));
  CHECK((e[5].when.from == 2.5 && e[5].range.high == 0.01 && e[5].share == 0.9));
  CHECK((e[6].component == 2 && e[6].range.low == 0.5 && e[6].range.high == 1.5 && e[6].when.from == 3));
  CHECK((e[7].tolerance == 2 && e[7].pixels == 0.01 && !e[7].exact));
  CHECK((e[8].exact && e[8].environment == 3 && e[8].when.from == 1));
  CHECK((e[10].environments == std::vector<uint64_t>{2} && e[11].range.low == 0.9 && e[12].range.low == 1 && e[13].range.high == 5000 && e[14].range.high == 20));
  REQUIRE(s.guards.size() == 2);
  CHECK((s.guards[0].name == "gravity 1.3" && s.guards[0].field.field == "gravity" && s.guards[0].field.operation == scene::Operation::scale));
  CHECK(s.guards[1].name == "geom_friction left/* scale 0.3");
}

TEST_CASE("script: what is wrong is told with its place and, where there is one, the nearest word") {
  CHECK(verdict("expect:\n  - {faults: 0}\n") == "missing-key 1:1");
  CHECK(verdict("scene: a.xml\n") == "missing-key 1:1");
  CHECK(verdict("scene: a.xml\nsecond: 3\nexpect:\n  - {faults: 0}\n") == "unknown-key 2:1");
  CHECK(verdict("") == "empty-file 1:1");
  CHECK(verdict("scene: [a\n") .starts_with("bad-yaml"));
  CHECK(verdict("scene: a.xml\ntags: [a, {b: 1}]\nexpect:\n  - {faults: 0}\n") == "wrong-kind 2:7");
  CHECK(verdict("scene: a.xml\nseconds: 2\nexpect:\n  - {at: 3, body: a, position: [1, 1, 1], within: 1}\n") == "out-of-range 4:5");
  CHECK(verdict("scene: a.xml\nseconds: 2\ntimeline:\n  - {at: 2, equality: {name: a, active: true}}\nexpect:\n  - {faults: 0}\n") == "out-of-range 4:5");
  CHECK(verdict("scene: a.xml\nexpect:\n  - {hash: golden}\nguards:\n  - {gravity: 2}\n") == "missing-key 5:5");
  CHECK(verdict("scene: a.xml\nexpect:\n  - {faults: 0}\nguards:\n  - {gravity: 2}\n  - {gravity: 2}\n") == "repeated-name 6:5");
  CHECK(verdict("scene: a.xml\nmatrix: {precision: [flaot]}\nexpect:\n  - {faults: 0}\n") == "bad-keyword 2:22");
  CHECK(verdict("scene: a.xml\nmatrix: {seed: [1, 1]}\nexpect:\n  - {faults: 0}\n") == "repeated-name 2:20");
  CHECK(verdict("scene: a.xml\nmatrix: {width: 8}\nexpect:\n  - {faults: 0}\n") == "wrong-kind 2:17");

  CHECK(acting("{at: 1, pusch: {body: a, force: [0, 0, 1], for: 1}}") == "unknown-key 3:13");
  CHECK(acting("{push: {body: a, force: [0, 0, 1], for: 1}}") == "missing-key 3:5");
  CHECK(acting("{at: 1}") == "missing-key 3:5");
  CHECK(acting("{at: 1, push: {body: a, force: [0, 0, 1], for: 1}, spawn: {body: a}}") == "missing-key 3:5");
  CHECK(acting("{at: -1, spawn: {body: a}}") == "out-of-range 3:10");
  CHECK(acting("{at: 1, push: {body: a, force: [0, 1], for: 1}}") == "wrong-kind 3:36");
  CHECK(acting("{at: 1, push: {body: a, for: 1}}") == "missing-key 3:26");
  CHECK(acting("{at: 1, push: {body: a, force: [0, 0, 1]}}") == "missing-key 3:19");
  CHECK(acting("{at: 1, teleport: {body: a}}") == "missing-key 3:30");
  CHECK(acting("{at: 1, set: {field: mass, value: 1, scale: 2}}") == "missing-key 3:26");
  CHECK(acting("{at: 1, nudge: {environment: 0, field: qvol, item: 0}}") == "unknown-field 3:44");
  CHECK(acting("{at: 1, fault: {environment: 0}, environments: [1]}") == "unknown-key 3:38");
  CHECK(acting("{at: .inf, spawn: {body: a}}") == "wrong-kind 3:10");

  CHECK(expecting("{}") == "missing-key 3:5");
  CHECK(expecting("{bodi: a, position: [1, 1, 1], within: 1}") == "unknown-key 3:6");
  CHECK(expecting("{body: a}") == "missing-key 3:12");
  CHECK(expecting("{body: a, position: [1, 1, 1]}") == "missing-key 3:25");
  CHECK(expecting("{body: a, position: [null, null, null]}") == "missing-key 3:25");
  CHECK(expecting("{body: a, position: [1, 1], within: 1}") == "wrong-kind 3:25");
  CHECK(expecting("{body: a, euler: [0, 0, 0]}") == "missing-key 3:5");
  CHECK(expecting("{body: a, position: [{above: 2, below: 1}, null, null]}").starts_with("out-of-range"));
  CHECK(expecting("{at: 1, by: 2, penetration: {below: 1}}") == "two-times 3:10");
  CHECK(expecting("{from: 2, to: 1, penetration: {below: 1}}") == "out-of-range 3:12");
  CHECK(expecting("{contact: {between: [a, b, c]}}") == "wrong-size 3:25");
  CHECK(expecting("{contact: {between: [a, b], force: {}}}").starts_with("missing-key"));
  CHECK(expecting("{sensor: {name: a}}") == "missing-key 3:21");
  CHECK(expecting("{sensor: {name: a, value: 1}}") == "missing-key 3:31");
  CHECK(expecting("{sensor: {name: a, above: 1}, of: 2}") == "out-of-range 3:39");
  CHECK(expecting("{image: {camera: a, hash: true, tolerance: 1}}").starts_with("bad-keyword"));
  CHECK(expecting("{hash: silver}") == "bad-keyword 3:12");
  CHECK(expecting("{hash: golden, of: any}") == "unknown-key 3:20");
  CHECK(expecting("{fault_in: [1, 1]}") == "repeated-name 3:20");
  CHECK(expecting("{goal: {name: a, success_above: 2}}") == "out-of-range 3:37");
}

TEST_CASE("script: no text makes the reader fall") {
  for (const char* text : {"scene: ~", "[]", "- 1", "scene: a\nexpect: 3", "scene: a\nexpect: [3, [4], ~, {1: 2}, {[a]: b}]", "scene: a\ntimeline: [[]]\nexpect: [{body: {}}]", "scene: a\nmatrix: []\nexpect: [{at: {}, hash: golden}]",
                           "scene: a\nexpect: [{body: a, position: [{}, [], ~], within: x}]", "scene: a\nguards: [~]\nexpect: [{fault_in: {}}]", "scene: *a", "scene: a\nexpect: [{sensor: [1], of: []}]",
                           "scene: a\ntimeline: [{at: 1, set: ~}, {at: 1, teleport: 7}, {at: [], spawn: {}}]\nexpect: [{image: ~}]"}) {
    CAPTURE(std::string(text));
    auto script = regress::read_script_text(text, "s.yaml");
    CHECK_FALSE(script);
    for (const Diagnostic& d : script.errors()) CHECK(!to_string(d).empty());
  }
}
