// Episodes of single environments: each has the bits that it would have in a session of its own, and nobody else notices.
#include <doctest/doctest.h>
#include <numeric>
#include <set>
#include "tools/session/session.h"

using namespace nuri;
using namespace nuri::session;

namespace {

std::unique_ptr<Session> open(const char* scene, int environments, uint64_t seed, uint64_t first_id = 0, int threads = 2, int width = 0) {
  auto loaded = load(scene);
  REQUIRE(loaded);
  WorldOptions options;
  options.environments = environments, options.seed = seed, options.first_id = first_id, options.threads = threads, options.width = width;
  auto session = Session::create(std::move(*loaded), options);
  if (!session) FAIL(to_string(session.errors().front()));
  return std::move(*session);
}

void advance(Session& session, int control_steps) { session.step(control_steps * session.settings().substeps); }

}  // namespace

TEST_CASE("session: an episode has the bits of a session of its own") {
  for (const char* scene : {"scenes/arm_cell.yaml", "scenes/humanoid.yaml", "scenes/fleet.yaml"}) {
    CAPTURE(scene);
    auto session = open(scene, 19, 3), undisturbed = open(scene, 19, 3, 0, 1, 1);
    const std::vector<int> some{2, 3, 11, 18};
    advance(*session, 9), advance(*undisturbed, 9);
    const std::vector<uint64_t> before(session->episodes().begin(), session->episodes().end());
    session->reset(some);
    advance(*session, 4), advance(*undisturbed, 4);
    session->reset(std::span(some).first(2));
    advance(*session, 6), advance(*undisturbed, 6);
    std::set<int> touched(some.begin(), some.end());
    for (int e = 0; e < 19; ++e) {
      CAPTURE(e);
      auto alone = open(scene, 19, 3, 0, 1);
      if (!touched.count(e)) {
        CHECK(session->world().hash(e) == undisturbed->world().hash(e));
        CHECK(session->episodes()[size_t(e)] == 0);
        continue;
      }
      const int number = e <= 3 ? 2 : 1;
      CHECK(session->episodes()[size_t(e)] == uint64_t(number));
      const int one[] = {e};
      for (int k = 0; k < number; ++k) alone->reset(one);
      advance(*alone, e <= 3 ? 6 : 10);
      CHECK(session->world().hash(e) == alone->world().hash(e));
    }
  }
}

TEST_CASE("session: a seed of an environment is episode 0 of a session of that seed") {
  auto session = open("scenes/humanoid.yaml", 6, 1);
  advance(*session, 5);
  const std::vector<int> some{4, 1};
  const std::vector<uint64_t> seeds{77, 78};
  session->reset(some, seeds);
  advance(*session, 3);
  for (size_t i = 0; i < some.size(); ++i) {
    auto other = open("scenes/humanoid.yaml", 6, seeds[i]);
    advance(*other, 3);
    CHECK(session->world().hash(some[i]) == other->world().hash(some[i]));
    CHECK(session->seeds()[size_t(some[i])] == seeds[i]);
  }
  CHECK(episode_seed(5, 0) == 5);
  std::set<uint64_t> different;
  for (uint64_t seed = 0; seed < 100; ++seed)
    for (uint64_t number = 0; number < 100; ++number) different.insert(episode_seed(seed, number));
  CHECK(different.size() == 10000);
  session->reset();                              // of all: from the beginning
  CHECK(session->world().hash() == open("scenes/humanoid.yaml", 6, 1)->world().hash());
}

TEST_CASE("session: what was saved goes on as the episode it was, at another time too") {
  auto session = open("scenes/humanoid.yaml", 5, 1), other = open("scenes/humanoid.yaml", 5, 1);
  advance(*session, 3);
  const std::vector<int> one{3};
  session->reset(one);
  advance(*session, 4);
  const Saved saved = session->save(one);
  advance(*session, 5);
  const uint64_t hash = session->world().hash(3);
  advance(*other, 2);                            // another clock
  REQUIRE(other->restore(saved));
  CHECK(other->episodes()[3] == 1);
  advance(*other, 5);
  CHECK(other->world().hash(3) == hash);
  Saved less = saved;
  less.episodes.clear();
  CHECK_FALSE(other->restore(less));
}
