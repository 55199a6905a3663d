// Where two runs that should be equal part: not that they differ, but in which environment, substep, stage, field and item, with both values.
//
//   Divergence found = compare_state(a, b, n, "load", step);            // before every substep
//   const StateBytes before_a = save_state(a, n), before_b = save_state(b, n);
//   a.step(1), b.step(1);
//   if (found = compare_state(a, b, n, "integrate", step); found) {     // put both back and look inside
//     restore_state(a, before_a), restore_state(b, before_b);
//     compare_stages(a, b, found.environment, step);
//   }
#pragma once
#include <string>
#include <vector>
#include "physics/world.h"

namespace nuri::session {

struct Divergence {
  bool found = false;
  int environment = 0;
  uint64_t step = 0;
  std::string stage, field;
  int item = 0;
  double a = 0, b = 0;
  explicit operator bool() const { return found; }
};

// The first difference of the states of the first `environments`.
Divergence compare_state(World& a, World& b, int environments, const char* stage, uint64_t step);
// The first difference inside the next substep of one environment, in the order of the stages; none, if the stages agree.
Divergence compare_stages(World& a, World& b, int environment, uint64_t step);

// State and outputs of the first `environments`, one after the other, field by field.
using StateBytes = std::vector<std::byte>;
StateBytes save_state(World& world, int environments);
void restore_state(World& world, const StateBytes& saved);

// A number as its bits: "0x3f800000".
std::string bits_of(double value, Precision precision);

}  // namespace nuri::session
