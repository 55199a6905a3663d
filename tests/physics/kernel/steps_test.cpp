// Whole steps by other lanes: items in random order give the bits of the World's kernel, and no kernel reads what nobody wrote or what is
// not finished, or writes another item's slots.
#include "tests/physics/kernel/compare.h"

using namespace nuri;
using namespace nuri::bits_test;

namespace {

// Fields of scratch share memory in one run and not in the other.
void compare_shuffled(Precision precision, int environments, int steps) {
  for (const NamedModel& named : models()) {
    if (!chosen(named)) continue;
    CAPTURE(named.name);
    const auto model = compiled(named);
    const auto world = make_world(model, {.environments = environments, .precision = precision, .threads = 1, .detail = true});
    scatter_all(*world);
    Lanes lanes;
    for (bool shared : {true, false})
      lanes.push_back(precision == Precision::f64 ? shuffled_f64(*world, shared) : shuffled_f32(*world, model->heap, shared));   // a heap's are alone in their packs
    CHECK(first_difference(*world, lanes, steps, 1) == "");
    CHECK(world->faults() == 0);
    const Statistics work = world->statistics();
    MESSAGE(named.name << ": " << work.contacts / double(work.steps) << " contacts on average");
  }
}

}  // namespace

TEST_CASE("items in any order give the bits of PackLane: float, packs of four") { compare_shuffled(Precision::f32, 6, 120); }
TEST_CASE("items in any order give the bits of PackLane: double, one environment") { compare_shuffled(Precision::f64, 2, 120); }

TEST_CASE("kernels keep the lane contract, and CheckedLane has PackLane's bits") {
  for (const NamedModel& named : models()) {
    if (!chosen(named)) continue;
    CAPTURE(named.name);
    const auto model = compiled(named);
    for (uint64_t id : {3, 4}) {
      const auto world = make_world(model, {.environments = 1, .precision = Precision::f64, .threads = 1, .width = 1, .first_id = id, .detail = true});
      scatter_all(*world);
      Lanes lanes;
      lanes.push_back(checked(*world));
      CHECK(first_difference(*world, lanes, 60, 2) == "");
    }
  }
}
