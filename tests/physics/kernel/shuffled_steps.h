// The comparison that both shuffled tests make.
#pragma once
#include "tests/physics/kernel/lane_world.h"

namespace nuri::bits_test {

// Every model, `steps` steps; fields of scratch share memory in one run and not in the other.
template <class Lane> void compare_steps(Precision precision, int environments, int steps) {
  for (const NamedModel& named : models()) {
    CAPTURE(named.name);
    const auto model = compiled(named);
    const auto world = make_world(model, {.environments = environments, .precision = precision, .threads = 1});
    for (int e = 0; e < environments; ++e) scatter(*world, e, uint64_t(e));
    LaneWorld<Lane> shuffled(*world, true), apart(*world, false);
    std::string difference;
    double contacts = 0;
    int step = 0;
    for (; step < steps && difference.empty(); ++step) {
      for (int e = 0; e < environments; ++e) drive(*world, e, uint64_t(e), uint64_t(step));
      shuffled.copy(*world);
      apart.copy(*world);
      world->step(1);
      shuffled.step(1);
      apart.step(1);
      for (int e = 0; e < environments; ++e) contacts += world->contacts(e);
      difference = shuffled.difference(*world);
      if (difference.empty()) difference = apart.difference(*world);
    }
    CHECK_MESSAGE(difference.empty(), named.name << ", step " << step << ": " << difference);
    CHECK(world->faults() == 0);
    MESSAGE(named.name << ": " << contacts / (environments * step) << " contacts on average");
  }
}

}  // namespace nuri::bits_test
