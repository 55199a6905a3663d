// Steps a World and lanes beside it, and compares after every round.
#pragma once
#include <cstdlib>
#include <initializer_list>
#include "tests/physics/bit_models.h"
#include "tests/physics/kernel/lanes.h"

namespace nuri::bits_test {

using Lanes = std::vector<std::unique_ptr<Beside>>;

// drive(round) sets controls, advance() steps the world by `substeps`. Empty, or what differs first, or what broke the contract.
template <class Drive, class Advance> std::string first_difference(World& world, const Lanes& lanes, int rounds, int substeps, Drive drive, Advance advance) {
  for (int round = 0; round < rounds; ++round) {
    drive(round);
    for (const auto& lane : lanes) lane->copy(world);
    advance();
    for (const auto& lane : lanes) {
      lane->step(substeps);
      std::string found = lane->difference(world);
      if (found.empty()) found = lane->broken();
      if (!found.empty()) return "round " + std::to_string(round) + ": " + found;
    }
  }
  return "";
}
// With a model of bit_models.h, whose controls come from the ids of environments.
inline std::string first_difference(World& world, const Lanes& lanes, int rounds, int substeps) {
  const auto drive_all = [&](int round) {
    for (int e = 0; e < world.environments(); ++e) drive(world, e, world.id(e), uint64_t(round * substeps));
  };
  return first_difference(world, lanes, rounds, substeps, drive_all, [&] { world.step(substeps); });
}
inline void scatter_all(World& world) {
  for (int e = 0; e < world.environments(); ++e) scatter(world, e, world.id(e));
}

// Four environments, so that groups of 8 stand side by side in one warp, by groups of these sizes.
inline void compare_groups(const NamedModel& named, std::initializer_list<int> groups, int rounds, int substeps, int warm_up = 60) {
  CAPTURE(named.name);
  const auto model = compiled(named);
  const auto world = make_world(model, {.environments = 4, .backend = "cpu", .threads = 1, .first_id = 5, .detail = true});
  scatter_all(*world);
  for (int e = 0; e < 4; ++e) drive(*world, e, world->id(e), 0);
  world->step(warm_up);                                            // things have met the ground by then
  Lanes lanes;
  for (int threads : groups) lanes.push_back(grouped(*world, threads));
  lanes.push_back(staged(*world, *groups.begin()));
  CHECK(first_difference(*world, lanes, rounds, substeps) == "");
}

inline bool chosen(const NamedModel& named) {
  const char* const only = std::getenv("NURI_ONLY_MODEL");
  return !only || named.name == only;
}

}  // namespace nuri::bits_test
