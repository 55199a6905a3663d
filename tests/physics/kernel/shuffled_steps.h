// The comparison that both shuffled tests make.
#pragma once
#include "tests/physics/kernel/lane_world.h"

namespace nuri::bits_test {

// `steps` steps; fields of scratch share memory in one run and not in the other.
template <class Lane> void compare_steps_of(const NamedModel& named, const std::shared_ptr<const model::Model>& model, Precision precision, int environments, int steps) {
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

// Every model; a heap's environments are alone in their packs, so it takes a lane of one.
template <class Lane, class Alone> void compare_steps(Precision precision, int environments, int steps) {
  for (const NamedModel& named : models()) {
    CAPTURE(named.name);
    const auto model = compiled(named);
    if (model->heap) compare_steps_of<Alone>(named, model, precision, environments, steps);
    else compare_steps_of<Lane>(named, model, precision, environments, steps);
  }
}

}  // namespace nuri::bits_test
