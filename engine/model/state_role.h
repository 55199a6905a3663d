// What a step does with a field of the state: the third item of NURI_STATE in state_fields.inl.
#pragma once
#include "engine/model/model_flags.h"

namespace nuri {

enum class StateRole {
  moved,   // the step moves it; where an environment fails it goes back to what it was before the substep
  kept,    // the step moves it, and sees to failed environments itself
  given,   // only read
  rare,    // only read, and nearly always zero
};
constexpr bool written(StateRole role) { return role == StateRole::moved || role == StateRole::kept; }

// How many numbers of an environment are moved.
template <class M> constexpr int moved_numbers(const M& m) {
  int n = 0;
#define NURI_STATE(name, source, role, count, unit, doc) if constexpr (StateRole::role == StateRole::moved) n += int(count);
#include "engine/model/state_fields.inl"
  return n;
}

}  // namespace nuri
