// Different robots in one World: what an environment does shows nothing of the other robots, nor of how many there are.
#include <algorithm>
#include "tests/physics/bit_models.h"

using namespace nuri;
using namespace nuri::bits_test;

namespace {

constexpr int environments = 45, steps = 80;

std::vector<std::shared_ptr<const model::Model>> robots() {
  std::vector<std::shared_ptr<const model::Model>> out;
  for (const NamedModel& m : models())
    if (m.name == "tree" || m.name == "heap" || m.name == "figure_cone_pgs") out.push_back(compiled(m));
  REQUIRE(out.size() == 3);
  return out;
}

std::vector<uint64_t> live(World& world) {
  for (int e = 0; e < world.environments(); ++e) scatter(world, e, world.id(e));
  for (int step = 0; step < steps; step += 10) {
    for (int e = 0; e < world.environments(); ++e) drive(world, e, world.id(e), uint64_t(step));
    world.step(10);
  }
  std::vector<uint64_t> hashes;
  for (int e = 0; e < world.environments(); ++e) hashes.push_back(world.hash(e));
  return hashes;
}

}  // namespace

TEST_CASE("an environment of a mixed world lives as it would alone") {
  const auto models = robots();
  std::vector<int> which;
  for (int e = 0; e < environments; ++e) which.push_back(e % 7 == 0 ? 2 : e % 3 == 0 ? 1 : 0);
  std::vector<uint64_t> reference;
  for (int e = 0; e < environments; ++e) reference.push_back(live(*make_world(models[which[e]], {.threads = 1, .first_id = uint64_t(e)}))[0]);
  for (const Precision precision : {Precision::f32, Precision::f64}) {
    if (precision == Precision::f64)
      for (int e = 0; e < environments; ++e) reference[e] = live(*make_world(models[which[e]], {.precision = precision, .threads = 1, .first_id = uint64_t(e)}))[0];
    for (int threads : {1, 3}) {
      auto world = World::create(models, which, {.environments = environments, .precision = precision, .threads = threads});
      REQUIRE(bool(world));
      CHECK((*world)->buckets() == 3);
      CHECK(&(*world)->model(0) == models[2].get());
      const std::vector<uint64_t> found = live(**world);
      for (int e = 0; e < environments; ++e) CHECK_MESSAGE(found[e] == reference[e], "environment " << e << " threads " << threads);
      CHECK((*world)->statistics().steps == uint64_t(environments * steps));

      // some of them anew, the others as they are
      const std::vector<int> again{3, 7, 8, 44};
      (*world)->reset(again);
      for (int e = 0; e < environments; ++e) {
        const bool renewed = std::find(again.begin(), again.end(), e) != again.end();
        CHECK((*world)->step_count(e) == (renewed ? 0 : steps));
        CHECK(((*world)->hash(e) == found[e]) == !renewed);
      }
    }
  }
}

TEST_CASE("a world says what it cannot mix") {
  const auto models = robots();
  const auto refused = [&](std::vector<int> which, int count) {
    auto world = World::create(models, which, {.environments = count});
    return world ? std::string() : world.errors()[0].code;
  };
  CHECK(refused({0, 1}, 2) == "bad-variant");                      // nobody is of model 2
  CHECK(refused({0, 1, 3}, 3) == "bad-variant");
  CHECK(refused({0, 1, -1}, 3) == "bad-variant");
  CHECK(refused({0, 1, 2}, 4) == "bad-environments");
  CHECK(refused({}, 0) == "bad-environments");
}
