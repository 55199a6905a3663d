// Choosing, judging and reporting cases of `nuri verify`, and trajectories that another engine played.
#include <doctest/doctest.h>
#include <unistd.h>
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include "tools/verify/played.h"
#include "tools/verify/report.h"

using namespace nuri;
using namespace nuri::verify;
namespace fs = std::filesystem;

namespace {

std::vector<std::string> chosen(const std::vector<std::string>& only, bool extended = false) {
  std::string unknown;
  std::vector<std::string> out;
  for (const Case* c : choose(only, extended, unknown)) out.push_back(c->id);
  CHECK(unknown.empty());
  return out;
}
Verdict verdict(const Row& row, double value, Precision p = Precision::f64,
                const std::string& trouble = "") { return judge(Case{}, row, value, p, trouble).verdict; }

struct Folder {
  fs::path path = fs::temp_directory_path() / ("nuri_verify_" + std::to_string(getpid()));
  Folder() { fs::remove_all(path), fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
};

const Case& named(const std::string& id) {
  const auto found = std::ranges::find(cases(), id, &Case::id);
  REQUIRE(found != cases().end());
  return *found;
}

}  // namespace

TEST_CASE("verify: ids are unique, and MuJoCo's figures are those of the rows") {
  std::set<std::string> ids, rows;
  for (const Case& c : cases()) {
    CHECK(ids.insert(c.id).second);
    CHECK(!c.about.empty());
    for (const Row& row : c.rows) {
      INFO(row.id);
      CHECK(rows.insert(row.id).second);
      CHECK((row.id == c.id || row.id.starts_with(c.id + ".")));
      CHECK(std::isfinite(mujoco_figure(row.id)));
      CHECK((row.published.empty() || !c.source.empty()));
      CHECK((row.at_least || std::isnan(row.bound_double) || !std::isnan(row.ideal)));
    }
  }
  CHECK(std::string(mujoco_version).starts_with("MuJoCo "));
  CHECK(std::isnan(mujoco_figure("nothing")));
}

TEST_CASE("verify: cases are chosen by id, row, beginning and group") {
  CHECK(chosen({"fall"}) == std::vector<std::string>{"fall"});
  CHECK(chosen({"fall.discrete"}) == std::vector<std::string>{"fall"});
  CHECK(chosen({"stop"}) == std::vector<std::string>{"stop.mu0.2", "stop.mu0.4", "stop.mu0.7"});
  CHECK(chosen({"grasp", "fall"}) == std::vector<std::string>{"fall", "grasp"});
  CHECK(chosen({"motion"}).size() + 1 == chosen({"motion"}, true).size());
  CHECK(chosen({"pendulum.drift"}) == std::vector<std::string>{"pendulum.drift"});   // named: although it takes long
  CHECK(chosen({}).size() < chosen({}, true).size());
  CHECK(chosen({}, true).size() == cases().size());
  for (const char* wrong : {"fal", "666.", "nothing", "motion."}) {
    std::string unknown;
    choose({wrong}, true, unknown);
    CHECK(unknown == wrong);
  }
}

TEST_CASE("verify: judging") {
  const Row near{.id = "x", .ideal = 2, .bound_double = 0.1, .bound_float = 0.5};
  CHECK(verdict(near, 2.09) == Verdict::passed);
  CHECK(verdict(near, 1.89) == Verdict::failed);
  CHECK(verdict(near, 1.89, Precision::f32) == Verdict::passed);
  CHECK(verdict(near, none) == Verdict::failed);
  CHECK(verdict(near, INFINITY) == Verdict::failed);
  CHECK(verdict(near, 2, Precision::f64, "trouble") == Verdict::failed);
  const Row least{.id = "x", .bound_double = 8, .at_least = true};
  CHECK(verdict(least, 8) == Verdict::passed);
  CHECK(verdict(least, 4) == Verdict::failed);
  CHECK(verdict(least, none) == Verdict::failed);
  CHECK(verdict(least, 4, Precision::f32) == Verdict::shown);
  const Row free{.id = "x"};
  CHECK(verdict(free, 1e9) == Verdict::shown);
  CHECK(verdict(free, 0, Precision::f64, "trouble") == Verdict::failed);
  const Row like{.id = "rolling.y.euler.1ms", .as_mujoco = true};
  const double theirs = mujoco_figure(like.id);
  CHECK(verdict(like, theirs * (1 + 0.9e-4)) == Verdict::passed);
  CHECK(verdict(like, theirs * (1 + 1.1e-4)) == Verdict::failed);
  CHECK(verdict(like, theirs * 2, Precision::f32) == Verdict::shown);
}

TEST_CASE("verify: lines fit 120 columns, and say what failed") {
  for (const Case& c : cases())
    for (const Row& row : c.rows) {
      const Outcome o = judge(c, row, -1.234567e-100, Precision::f64, "");
      std::istringstream lines(text_head() + text_of(o));
      for (std::string line; std::getline(lines, line);) {
        INFO(line);
        CHECK(line.size() <= 120);
      }
      CHECK(text_of(o).find(row.quantity) != std::string::npos);   // not cut
      if (o.verdict == Verdict::failed) CHECK(text_of(o).find("FAILED") != std::string::npos);
    }
  CHECK(number(none) == "-");
  CHECK(number(-0.0) == "0");
  CHECK(number(0.00811734) == "0.008117");
}

TEST_CASE("verify: the section of a document is replaced, and nothing else") {
  std::string document = std::string("before\n") + markdown_begin + "\nold\n" + markdown_end + "\nafter\n";
  CHECK(put_section(document, "new\n"));
  CHECK(document == std::string("before\n") + markdown_begin + "\nnew\n\n" + markdown_end + "\nafter\n");
  std::string none_there = "nothing", turned = std::string(markdown_end) + markdown_begin;
  CHECK(!put_section(none_there, "new"));
  CHECK(!put_section(turned, "new"));
  CHECK(none_there == "nothing");
  std::vector<Outcome> both;
  for (const Case& c : cases())
    for (const Row& row : c.rows) both.push_back(judge(c, row, 1, Precision::f64, ""));
  const std::string section = markdown(both, both);
  for (const Case& c : cases())
    for (const Row& row : c.rows) CHECK(section.find("| " + row.id + " |") != std::string::npos);
}

TEST_CASE("verify: recipes go out, trajectories come in and are measured by the same lines") {
  Folder folder;
  const Case& c = named("chain.2.euler");
  Writer writer(folder.path.string());
  writer.begin(c.id);
  c.measure(writer);
  CHECK(writer.problem().empty());
  const fs::path base = folder.path / c.id / "0";
  std::stringstream scene;
  scene << std::ifstream(base.string() + ".xml").rdbuf();
  CHECK(scene.str().starts_with("<mujoco>"));

  // what Nuri plays, written as another engine would
  std::vector<double> numbers{2, 2, 2};
  Stepped stepped(Precision::f64);
  CHECK(stepped.play({.scene = scene.str(), .steps = 501}, [&](const Moment& at) {
    numbers.insert(numbers.end(), at.qpos.begin(), at.qpos.end());
    numbers.insert(numbers.end(), at.qvel.begin(), at.qvel.end());
    if (at.step > 0) numbers.insert(numbers.end(), at.sensors.begin(), at.sensors.end());
    else numbers.insert(numbers.end(), 2, 0.0);
  }));
  const auto put = [&](const std::vector<double>& list) {
    std::ofstream(base.string() + ".bin", std::ios::binary).write(reinterpret_cast<const char*>(list.data()),
                                                                  std::streamsize(list.size() * sizeof(double)));
  };
  const auto measured = [&] {
    Reader reader(folder.path.string());
    return run(reader, c, Precision::f64)[0];
  };
  put(numbers);
  Stepped again(Precision::f64);
  CHECK(measured().value == run(again, c, Precision::f64)[0].value);
  CHECK(measured().verdict == Verdict::passed);

  numbers[3 + 6 * 501 + 4] += 1;                                   // another energy at the end
  put(numbers);
  CHECK(measured().verdict == Verdict::failed);
  const auto refused = [&](std::vector<double> list, const char* why) {
    put(list);
    const Outcome o = measured();
    INFO(o.why);
    CHECK(o.verdict == Verdict::failed);
    CHECK(o.why.find(why) != std::string::npos);
  };
  refused({2, 2}, "cannot be read");
  refused({2, 2, 1e300}, "no trajectory");
  refused({2, 2, none}, "no trajectory");
  refused({3, 2, 2}, "another scene");
  numbers.pop_back();
  refused(numbers, "ends early");
  fs::remove(base.string() + ".bin");
  CHECK(measured().why.find("cannot be read") != std::string::npos);

  Writer nowhere((folder.path / "chain.2.euler/0.xml").string());  // a file, no folder
  nowhere.begin(c.id);
  c.measure(nowhere);
  CHECK(!nowhere.problem().empty());
}

TEST_CASE("verify: who watches hears all steps, and can stop") {
  const Case& c = named("tower");
  Counter counter;
  c.measure(counter);
  int64_t heard = 0;
  Stepped watched(Precision::f64, 1, {}, [&](int64_t steps) { return heard += steps, true; });
  CHECK(run(watched, c, Precision::f64)[0].verdict == Verdict::passed);
  CHECK(heard == counter.steps);
  heard = 0;
  Stepped stopped(Precision::f64, 1, {}, [&](int64_t steps) { return (heard += steps) < 1000; });
  CHECK(run(stopped, c, Precision::f64)[0].why == "interrupted");
  CHECK(heard == 1000);
}
