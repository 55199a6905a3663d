// Drills: what goes wrong in one environment stays there, and what there was no room for is done again, seen by nobody.
#include <doctest/doctest.h>
#include <cmath>
#include <limits>
#include <string>
#include <vector>
#include "tools/session/session.h"

using namespace nuri;

namespace {

std::unique_ptr<session::Session> open(const std::string& scene, const WorldOptions& options) {
  auto loaded = session::load(scene, {});
  REQUIRE(loaded);
  auto session = session::Session::create(std::move(*loaded), options);
  if (!session) FAIL(to_string(session.errors().front()));
  return std::move(*session);
}

std::vector<uint64_t> hashes(session::Session& session) {
  std::vector<uint64_t> out;
  for (int e = 0; e < session.environments(); ++e) out.push_back(session.world().hash(e));
  return out;
}

}  // namespace

TEST_CASE("drill: a number that is none in one environment of 4096 leaves the other 4095 as they were") {
  const WorldOptions options{.environments = 4096, .backend = "cpu", .threads = 2};
  const auto good = open("scenes/boxes.yaml", options), sick = open("scenes/boxes.yaml", options);
  const int where = 1234;
  good->step(4);
  sick->step(4);
  CHECK(hashes(*good) == hashes(*sick));
  sick->world().set(StateField::qvel, where, 2, std::numeric_limits<double>::quiet_NaN());
  const uint64_t steps = sick->world().step_count(where);
  good->step(12);
  sick->step(12);
  const std::vector<uint64_t> a = hashes(*good), b = hashes(*sick);
  int differ = 0;
  for (int e = 0; e < 4096; ++e) differ += a[size_t(e)] != b[size_t(e)];
  CHECK(differ == 1);
  CHECK(a[where] != b[where]);
  CHECK(good->world().faults() == 0);
  CHECK(sick->world().faults() == 1);
  CHECK(sick->world().fault(where) != 0);
  CHECK(sick->world().step_count(where) == steps);

  // and again in the next episode, of all
  for (const auto& session : {&good, &sick}) {
    (*session)->reset();
    (*session)->step(4);
  }
  CHECK(hashes(*good) == hashes(*sick));
}

TEST_CASE("drill: room for one contact in the beginning gives the bits that enough room gives") {
  struct Try { std::string scene; int environments, steps; };
  for (const Try& one : {Try{"scenes/boxes.yaml", 9, 120}, {"scenes/arm_cell.yaml", 9, 60}, {"scenes/conveyor.yaml", 5, 60}})
    for (const int width : {1, 8})
      for (const Precision precision : {Precision::f32, Precision::f64}) {
        CAPTURE(one.scene);
        CAPTURE(width);
        WorldOptions options{.environments = one.environments, .backend = "cpu", .precision = precision, .threads = 1, .width = width};
        const auto plenty = open(one.scene, options);
        options.room = 1;
        const auto one_by_one = open(one.scene, options);
        plenty->step(one.steps);
        one_by_one->step(one.steps);
        CHECK(hashes(*plenty) == hashes(*one_by_one));
        CHECK(one_by_one->world().statistics().redone > plenty->world().statistics().redone);
      }
}

TEST_CASE("drill: a heap that begins with room for one contact") {
  WorldOptions options{.environments = 1, .backend = "cpu", .threads = 1};
  const auto plenty = open("scenes/bin_pile.yaml", options);
  options.room = 1;
  const auto one_by_one = open("scenes/bin_pile.yaml", options);
  plenty->step(60);
  one_by_one->step(60);
  CHECK(plenty->world().hash() == one_by_one->world().hash());
  CHECK(plenty->world().statistics().contacts > 100);
  CHECK(one_by_one->world().statistics().redone > 1);
}
