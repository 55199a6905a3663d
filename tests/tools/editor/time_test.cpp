#include <doctest/doctest.h>
#include <cmath>
#include <random>
#include "tests/tools/editor/little_scene.h"

using namespace nuri;
using namespace nuri::editor;

namespace {

// Runs, while a person pulls, sets controls and moves joints; the hash after each control step.
std::vector<uint64_t> run(Workbench& bench, int steps, const Pick& pulled) {
  std::vector<uint64_t> out{test::hash(bench)};
  for (int i = 1; i <= steps; ++i) {
    if (i % 40 == 10) bench.pull(pulled, {0.01f, 0.02f, 0}, {0.3f, 0.1f * float(i % 3), 0.6f});
    if (i % 40 == 15) bench.pull(pulled, {0.01f, 0.02f, 0}, {0.1f, 0.2f, 0.7f});
    if (i % 40 == 30) bench.let_go(), out.back() = test::hash(bench);
    if (i % 40 == 33) bench.set_control(0, 0.1 * i), bench.end_gesture(), out.back() = test::hash(bench);
    bench.step_forward();
    out.push_back(test::hash(bench));
  }
  return out;
}

void check_history(Workbench& bench, const std::vector<uint64_t>& hashes) {
  const double step = bench.time() / double(hashes.size() - 1);
  auto at = [&] { return size_t(std::lround(bench.time() / step)); };
  const size_t oldest = size_t(std::lround(bench.span().oldest / step));
  CHECK(at() == hashes.size() - 1);
  CHECK(hashes.size() - 1 - oldest > 40);
  for (int i = 0; i < 25; ++i) {
    REQUIRE(bench.step_back());
    CHECK(at() == hashes.size() - 2 - size_t(i));
    CHECK(test::hash(bench) == hashes[at()]);
  }
  for (int i = 0; i < 10; ++i) {
    bench.step_forward();
    CHECK(at() == hashes.size() - 25 + size_t(i));
    CHECK(test::hash(bench) == hashes[at()]);
  }
  std::mt19937 random(1);
  for (int i = 0; i < 12; ++i) {
    const size_t to = oldest + random() % (hashes.size() - oldest);
    bench.go_to(double(to) * step);
    CHECK(at() == to);
    CHECK(test::hash(bench) == hashes[to]);
  }
  bench.go_to(-1);
  CHECK(at() == oldest);
  CHECK(!bench.step_back());
  bench.go_to(1e9);
  CHECK(test::hash(bench) == hashes.back());
}

}  // namespace

TEST_CASE("time: steps back are exact, with a timeline, controllers and a hand, whether every state is kept or few") {
  std::vector<uint64_t> first;
  for (const size_t bytes : {size_t{64} << 20, size_t{150} << 10}) {
    Workbench bench(test::options(3, bytes));
    test::open(bench, "scenes/arm_cell.yaml");
    const model::Model& m = bench.session().model();
    const std::vector<uint64_t> hashes = run(bench, 120, {1, test::index_of(m.body_name, "block_1/part"), -1});
    if (first.empty()) first = hashes;
    CHECK(hashes == first);
    CHECK(bench.session().timeline()->report().failed == 0);
    check_history(bench, hashes);
  }
}

TEST_CASE("time: a step back of a robot without a scene is exact") {
  Workbench bench(test::options(1));
  test::open(bench, (test::little_folder("time_plain") / "box.xml").string());
  check_history(bench, run(bench, 90, {0, 1, -1}));
}

TEST_CASE("time: who goes back and runs on drops the future, and runs as if it had not been") {
  Workbench bench(test::options(3)), other(test::options(3));
  for (Workbench* b : {&bench, &other}) test::open(*b, (test::little_folder("time_future") / "little.yaml").string());
  for (int i = 0; i < 30; ++i) bench.step_forward();
  bench.go_to(0.04);
  CHECK(bench.span().newest == doctest::Approx(0.12));
  bench.set_control(0, 0.5);
  CHECK(bench.span().newest == doctest::Approx(0.04));
  for (int i = 0; i < 10; ++i) bench.step_forward(), other.step_forward();
  other.set_control(0, 0.5);
  for (int i = 0; i < 10; ++i) other.step_forward();
  CHECK(test::hash(bench) == test::hash(other));
}

TEST_CASE("time: an edit of the scene keeps what was before it") {
  Workbench bench(test::options(3, size_t{64} << 20));
  test::open(bench, (test::little_folder("time_edit") / "little.yaml").string());
  std::vector<uint64_t> hashes{test::hash(bench)};
  for (int i = 0; i < 20; ++i) {
    if (i == 10) bench.set_field({"gravity", 2}, -3);
    bench.step_forward();
    hashes.push_back(test::hash(bench));
  }
  for (int i = 20; i-- > 0;) {
    REQUIRE(bench.step_back());
    CHECK(test::hash(bench) == hashes[size_t(i)]);
  }
}

TEST_CASE("time: it keeps step with the clock, within its budget, and says how fast it goes") {
  Workbench bench(test::options(1));
  CHECK(bench.time() == 0);
  bench.advance(1);                              // nothing is open, nothing happens
  test::open(bench, (test::little_folder("time_pace") / "little.yaml").string());
  for (int i = 0; i < 60; ++i) bench.advance(1.0 / 60, 1e9);
  CHECK(bench.time() == doctest::Approx(1).epsilon(0.005));
  CHECK(bench.real_time_factor() == doctest::Approx(1).epsilon(0.03));
  bench.speed = 0.25;
  for (int i = 0; i < 60; ++i) bench.advance(1.0 / 60, 1e9);
  CHECK(bench.time() == doctest::Approx(1.25).epsilon(0.005));
  CHECK(bench.real_time_factor() == doctest::Approx(0.25).epsilon(0.1));
  bench.speed = 1;
  bench.advance(10, 0);                          // no budget: one step
  CHECK(bench.time() == doctest::Approx(1.254).epsilon(0.002));
  bench.running = false;
  const uint64_t before = test::hash(bench);
  for (int i = 0; i < 60; ++i) bench.advance(1.0 / 60);
  CHECK(test::hash(bench) == before);
  CHECK(bench.real_time_factor() == 0);
}

TEST_CASE("time: a reset begins a new history, and undoing it another") {
  Workbench bench(test::options(3));
  test::open(bench, (test::little_folder("time_reset") / "little.yaml").string());
  const uint64_t first = test::hash(bench);
  for (int i = 0; i < 10; ++i) bench.step_forward();
  const uint64_t tenth = test::hash(bench);
  bench.reset();
  CHECK(test::hash(bench) == first);
  CHECK(!bench.step_back());
  for (int i = 0; i < 10; ++i) bench.step_forward();
  CHECK(test::hash(bench) == tenth);
  for (int i = 0; i < 3; ++i) bench.step_forward();
  CHECK(bench.undo());
  CHECK(test::hash(bench) == tenth);
  CHECK(!bench.step_back());
}
