// Cases: matrix, goldens, guards.
#include "tools/regress/case.h"

#include <algorithm>
#include "tests/tools/regress/play.h"
#include "tools/regress/locate.h"

using namespace nuri;
using test::Folder;

namespace {

const char* const simple_script = "scene: play.yaml\nseconds: 0.5\nmatrix: {precision: [float, double], environments: [1, 3], width: [1, 8], threads: [1, 2]}\nexpect:\n  - {hash: golden}\n";

}  // namespace

TEST_CASE("cases: one for each combination, named by what varies") {
  const Folder folder;
  const auto script = test::script_of(folder, "scene: play.yaml\nseed: 5\nenvironments: 4\nmatrix: {precision: [double], seed: [0, 7], environments: [2]}\nexpect: [{faults: 0}]\nguards: [{gravity: 2}]\n");
  const auto cases = regress::cases_of(script, {}, false);
  REQUIRE(cases.size() == 2);
  CHECK(cases[0].name == "test[double,2,seed=0]");
  CHECK(cases[1].combination.key() == "double 2 seed=7");
  const auto guards = regress::cases_of(script, {}, true);
  REQUIRE(guards.size() == 1);
  CHECK(guards[0].name == "test/guard gravity 2");
  const auto one = regress::cases_of(test::script_of(folder, "scene: play.yaml\nseed: 5\nenvironments: 4\nexpect: [{faults: 0}]\n"), {}, false);
  CHECK((one.size() == 1 && one[0].name == "test" && one[0].combination.key() == "float 4 seed=5"));
  scene::Settings settings;
  settings.seed = 11;
  CHECK(regress::cases_of(test::script_of(folder, "scene: play.yaml\nexpect: [{faults: 0}]\n"), settings, false)[0].combination.seed == 11);
}

TEST_CASE("cases: a golden of one width is that of all; what differs is named by substep and field") {
  const Folder folder;
  const auto script = test::script_of(folder, simple_script);
  regress::Golden golden;
  for (const regress::Ran& ran : test::run_all(script, false, {}, {.update = true})) {
    CHECK(ran.result.outcome == regress::CaseResult::passed);
    golden.put(*ran.trace);
  }
  CHECK(golden.traces.size() == 4);              // precision and environments; widths and threads share theirs
  for (const regress::Ran& ran : test::run_all(script, false, golden)) {
    CAPTURE(ran.result.name);
    CAPTURE(ran.result.reason);
    CHECK(ran.result.outcome == regress::CaseResult::passed);
    CHECK(ran.result.state_hash.size() == 16);
  }
  // the text is the golden
  auto again = regress::read_golden_text(golden.text(), "g");
  REQUIRE(again);
  CHECK(again->text() == golden.text());
  CHECK(again->hash() == golden.hash());

  // one number, moved by the least amount: box (dof 8 is its height), which lies
  const auto nudged = test::script_of(folder, "scene: play.yaml\nseconds: 0.5\nmatrix: {precision: [float], environments: [3]}\ntimeline:\n  - {at: 0.2, nudge: {environment: 1, field: qvel, item: 8}}\nexpect:\n  - {hash: golden}\n");
  const auto ran = test::run_all(nudged, false, golden);
  REQUIRE(ran.size() == 1);
  CHECK(ran[0].result.outcome == regress::CaseResult::failed);
  const regress::Check& check = ran[0].result.checks.at(0);
  CAPTURE(check.detail);
  CHECK(check.detail.find("substep 105 (0.21 s): ") != std::string::npos);
  CHECK(check.detail.find("qvel") != std::string::npos);
  CHECK(check.detail.find("same bits") != std::string::npos);       // the script changed, not the machine
  CHECK(check.time == doctest::Approx(0.21));

  const auto longer = test::run_all(test::script_of(folder, "scene: play.yaml\nseconds: 0.6\nmatrix: {precision: [float], environments: [3]}\nexpect: [{hash: golden}]\n"), false, golden);
  CHECK(longer[0].result.outcome == regress::CaseResult::failed);
  const auto missing = test::run_all(test::script_of(folder, "scene: play.yaml\nseconds: 0.5\nmatrix: {precision: [float], environments: [2]}\nexpect: [{hash: golden}]\n"), false, golden);
  CHECK(missing[0].result.reason.find("--update") != std::string::npos);
}

TEST_CASE("cases: where two runs part is located") {
  const Folder folder;
  const auto script = test::script_of(folder, simple_script);
  auto scene = regress::load_scene(script);
  REQUIRE(scene);
  const auto make = [&](int width) { return std::move(*session::Session::create(*scene, {.environments = 3, .threads = 1, .width = width})); };
  CHECK(regress::locate(*make(8), *make(1), script, 50, {}) == "");
  const auto nudged = make(1);
  nudged->world().set(StateField::qvel, 2, 3, 1e-6);
  const std::string where = regress::locate(*make(8), *nudged, script, 50, {});
  CAPTURE(where);
  CHECK(where.starts_with("environment 2, substep 0, stage load, field qvel, item 3: 0x00000000 = 0 ("));
  const auto heavier = make(1);
  heavier->world().override_field("body_mass", 1, 1, 3);
  const std::string inside = regress::locate(*make(8), *heavier, script, 50, {});
  CAPTURE(inside);
  CHECK(inside.starts_with("environment 1, substep "));
  CHECK(inside.find("stage integrate") == std::string::npos);       // earlier: where the mass is first used
}

TEST_CASE("cases: damaged goldens are refused with their line") {
  const Folder folder;
  regress::Golden golden;
  for (const regress::Ran& ran : test::run_all(test::script_of(folder, simple_script), false, {}, {.update = true})) golden.put(*ran.trace);
  const std::string text = golden.text();
  CHECK(regress::read_golden_text(text, "g"));
  CHECK_FALSE(regress::read_golden_text("", "g"));
  CHECK_FALSE(regress::read_golden_text("nuri-golden 2\n", "g"));
  CHECK_FALSE(regress::read_golden_text("nuri-golden 1\n0 12\n", "g"));
  CHECK_FALSE(regress::read_golden_text("nuri-golden 1\ncase float 1\n", "g"));
  int refused = 0, line = 0;
  for (size_t cut = 1; cut < std::min<size_t>(text.size(), 4000); cut += 7) {   // cut short anywhere: refused, or a shorter golden that no case equals
    auto read = regress::read_golden_text(text.substr(0, cut), "g");
    if (!read) ++refused, line = std::max(line, read.errors().front().place.line);
    else CHECK(read->text() != text);
  }
  CHECK((refused > 100 && line > 10));
}

TEST_CASE("cases: a guard must make its script fail, by more than a hash") {
  const Folder folder;
  const auto script = test::script_of(folder, R"(
scene: play.yaml
seconds: 1.5
expect:
  - {at: 0.3, body: ball, position: [null, null, 0.5555], within: 0.01}
  - {hash: golden}
guards:
  - {gravity: 1.3}
  - {field: geom_friction, names: box, component: 0, scale: 0.5}
  - {field: geom_friction, names: bax, component: 0, scale: 0.5}
)");
  const auto ran = test::run_all(script, true);
  REQUIRE(ran.size() == 3);
  CHECK(ran[0].result.outcome == regress::CaseResult::passed);      // the ball falls faster, and the script sees it
  CHECK(ran[0].result.checks.size() == 1);                          // no hash
  CHECK(!ran[0].result.checks[0].passed);
  CHECK(ran[1].result.outcome == regress::CaseResult::failed);      // nobody looks at the box
  CHECK(ran[1].result.reason.find("nothing noticed") != std::string::npos);
  CHECK(ran[1].result.place.line == 9);
  CHECK(ran[2].result.outcome == regress::CaseResult::error);       // no such geom
}

TEST_CASE("cases: a model alone begins as it is, and nothing drives it") {
  const Folder folder;
  const auto ran = test::run_one(folder, "scene: play.xml\nseconds: 0.2\nenvironments: 2\nexpect:\n  - {from: 0, joint: elbow, velocity: {above: -10, below: 10}}\n  - {at: 0, joint: swing, position: 0, within: 0}\n  - {from: 0, joint: rail, velocity: 0, within: 0}\n");
  CAPTURE(ran.result.reason);
  CHECK(ran.result.outcome == regress::CaseResult::passed);
  CHECK(ran.result.steps == 200);
  CHECK(ran.result.seconds_simulated == doctest::Approx(0.2));
}

TEST_CASE("cases: a scene that is not there, and one that is wrong, are errors with their place") {
  const Folder folder;
  const auto script = test::script_of(folder, "scene: nothing.yaml\nexpect: [{faults: 0}]\n");
  auto missing = regress::load_scene(script);
  REQUIRE_FALSE(missing);
  CHECK((missing.errors()[0].code == "unreadable" && missing.errors()[0].place.line == 1 && missing.errors()[0].place.column == 8));
  folder.write("bad.yaml", "models:\n  - {file: play.xml}\nsubstep: 5\n");
  auto bad = regress::load_scene(test::script_of(folder, "scene: bad.yaml\nexpect: [{faults: 0}]\n"));
  REQUIRE_FALSE(bad);
  CHECK((bad.errors()[0].code == "unknown-key" && bad.errors()[0].place.line == 3));
}
