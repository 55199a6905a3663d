// Many scripts at once: what is run, what is filtered, goldens renewed with a reason.
#include "tools/regress/run.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include "tests/tools/regress/play.h"
#include "tools/regress/picture.h"

using namespace nuri;
using regress::CaseResult;
using test::Folder;

namespace {

std::string read(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

// "a passed, b failed" in the order of the results.
std::string said(const Result<regress::Results>& results) {
  if (!results) return results.errors().front().code;
  std::string out;
  for (const CaseResult& c : results->cases) out += (out.empty() ? "" : ", ") + c.name + " " + regress::word(c.outcome);
  return out;
}

Folder scripts() {
  Folder folder;
  folder.write("b.yaml", "scene: play.xml\ntags: [quick]\nseconds: 0.1\nmatrix: {precision: [float, double], width: [1, 8]}\nexpect:\n  - {hash: golden}\n");
  folder.write("a.yaml", "scene: play.xml\ntags: [slow, deep]\nseconds: 0.2\nexpect:\n  - {body: ball, position: [null, null, {below: 0.9}]}\nguards:\n  - {gravity: 0.1}\n");
  std::filesystem::remove(folder.path / "play.yaml");
  return folder;
}

}  // namespace

TEST_CASE("run: all cases in the order of scripts and matrix, whatever ends first; a broken script stops no other") {
  const Folder folder = scripts();
  const std::string path = folder.path.string();
  const std::string all = "a passed, b[float,width=1] failed, b[float,width=8] failed, b[double,width=1] failed, b[double,width=8] failed";
  CHECK(said(regress::run({.paths = {path}, .jobs = 1})) == all);
  CHECK(said(regress::run({.paths = {path}, .jobs = 4})) == all);
  CHECK(said(regress::run({.paths = {path + "/b.yaml", path + "/a.yaml"}, .text = "float"})) == "b[float,width=1] failed, b[float,width=8] failed");
  CHECK(said(regress::run({.paths = {path}, .tags = {"deep"}})) == "a passed");
  CHECK(said(regress::run({.paths = {path}, .tags = {"quick"}, .only = {{"precision", "double"}, {"width", "8"}}})) == "b[double,width=8] failed");
  CHECK(said(regress::run({.paths = {path}, .text = "zzz"})) == "nothing-fits");
  CHECK(said(regress::run({.paths = {path + "/nowhere"}})) == "unreadable");
  CHECK(said(regress::run({.paths = {path}, .jobs = 1, .mutate = true})) == "a/guard gravity 0.1 passed");
  folder.write("c.yaml", "scene: play.xml\nexpct: []\n");
  folder.write("d.yaml", "scene: gone.xml\nexpect: [{faults: 0}]\n");
  const auto results = regress::run({.paths = {path}, .text = "", .tags = {}});
  REQUIRE(results);
  CHECK(said(results) == all + ", c error, d error");
  CHECK((results->errors() == 2 && results->failed() == 4 && !results->good()));
  CHECK(results->cases[5].findings.front().code == "unknown-key");
  CHECK(results->cases[6].findings.front().place.line == 1);
  int told = 0;
  const auto counted = regress::run({.paths = {path + "/b.yaml"}, .tell = [&](const CaseResult&, int done, int of) { CHECK((++told == done && of == 4)); }});
  CHECK(told == 4);
}

TEST_CASE("run: goldens change with a reason, and only where all else is as expected") {
  Folder folder = scripts();
  const std::string path = folder.path.string();
  const auto golden = folder.path / "golden" / "b.golden", ledger = folder.path / "golden" / "ledger.txt";
  const regress::Wish update{.paths = {path}, .update = true, .reason = "first\nlook", .version = "7"};
  CHECK(said(regress::run(update)) == "a passed, b[float,width=1] passed, b[float,width=8] passed, b[double,width=1] passed, b[double,width=8] passed");
  const std::string first = read(golden), lines = read(ledger);
  CHECK(std::count(first.begin(), first.end(), '\n') > 20);
  CHECK(lines.find("\nb | none | ") != std::string::npos);
  CHECK(lines.find(" | 7 | first look\n") != std::string::npos);
  CHECK(regress::run({.paths = {path + "/b.yaml"}})->good());
  // nothing changed: nothing is written
  (void)regress::run(update);
  CHECK((read(golden) == first && read(ledger) == lines));
  // something else: a second line, with the hash before
  folder.write("b.yaml", "scene: play.xml\nseconds: 0.15\nmatrix: {precision: [float]}\nexpect:\n  - {hash: golden}\n");
  CHECK(said(regress::run({.paths = {path + "/b.yaml"}})) == "b[float] failed");
  (void)regress::run({.paths = {path + "/b.yaml"}, .update = true, .reason = "longer", .version = "8"});
  CHECK(read(golden) != first);
  CHECK(read(golden).find("double") == std::string::npos);           // no case has it any more
  const std::string after = read(ledger), second = after.substr(lines.size());
  CHECK(after.starts_with(lines));
  CHECK(second.starts_with("b | "));
  CHECK(lines.find(second.substr(4, 16)) != std::string::npos);
  // what fails otherwise is not blessed
  folder.write("b.yaml", "scene: play.xml\nseconds: 0.3\nmatrix: {precision: [float]}\nexpect:\n  - {hash: golden}\n  - {body: ball, position: [null, null, {above: 2}]}\n");
  const std::string before = read(golden);
  CHECK(said(regress::run({.paths = {path + "/b.yaml"}, .update = true, .reason = "wrong", .version = "8"})) == "b[float] failed");
  CHECK(read(golden) == before);
}

TEST_CASE("run: pictures, within a tolerance or by their hash") {
  Folder folder = scripts();
  const std::string path = folder.write("p.yaml", "scene: play.xml\nseconds: 0.3\nmatrix: {precision: [float, double]}\nexpect:\n  - {at: 0.2, image: {camera: front, tolerance: 8, share: 0.01}}\n  - {at: 0.3, image: {camera: front, hash: true}}\n");
  CHECK(said(regress::run({.paths = {path}})) == "p[float] failed, p[double] failed");
  CHECK(regress::run({.paths = {path}, .update = true, .reason = "look", .version = "1"})->good());
  const auto png = folder.path / "golden" / "p_front_0.2s.png";
  REQUIRE(std::filesystem::exists(png));
  const auto good = regress::run({.paths = {path}});
  CHECK(good->good());
  CHECK(good->cases[0].checks[0].value == 0);
  CHECK(read(folder.path / "golden" / "ledger.txt").find("p_front_0.2s.png | none | ") != std::string::npos);
  // the ball is elsewhere: some pixels are off
  folder.write("p.yaml", "scene: play.xml\nseconds: 0.3\ntimeline: [{at: 0.1, teleport: {body: ball, position: [0.5, 0, 1]}}]\nexpect:\n  - {at: 0.2, image: {camera: front, tolerance: 8, share: 0.001}}\n  - {at: 0.3, image: {camera: front, hash: true}}\n");
  const auto moved = regress::run({.paths = {path}});
  REQUIRE(moved);
  const regress::Check& check = moved->cases[0].checks[0];
  CHECK((!check.passed && check.images.size() == 3 && check.value > 0.1 && check.value < 20 && check.unit == "%"));
  CHECK(!moved->cases[0].checks[1].passed);
  // half the picture black, by hand
  shape::Pixels one{4, 2, 3, 8, std::vector<unsigned char>(24, 100)}, two = one;
  for (size_t i = 0; i < 12; ++i) two.bytes[i] = 104;
  CHECK(regress::difference(one, two, 4).share == 0);
  CHECK(regress::difference(one, two, 3).share == 0.5);
  CHECK(regress::difference(one, two, 3).greatest == 4);
  // what there is none of
  folder.write("p.yaml", "scene: play.xml\nexpect:\n  - {image: {camera: frnt}}\n");
  const auto wrong = regress::run({.paths = {path}});
  CHECK((wrong->cases[0].outcome == CaseResult::error && wrong->cases[0].findings.back().place.line == 3));
}
