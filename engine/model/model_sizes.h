// The counts of a model in 64 bits, so that the size expressions of model_fields.inl (written in terms of `m`) cannot
// overflow, whatever a damaged file says.
#pragma once
#include <cstdint>
#include "engine/model/model.h"

namespace nuri::model {
struct Sizes {
#define NURI_COUNT(name, doc) int64_t name;
#include "engine/model/model_fields.inl"
  explicit Sizes(const Model& model) {
#define NURI_COUNT(name, doc) name = model.name;
#include "engine/model/model_fields.inl"
  }
};
}  // namespace nuri::model
