// Model: what all environments share, compiled from a Scene. Flat arrays, indices instead of names, immutable.
//
// Fields are declared once, in model_fields.inl. Master numbers are kept in double; a World converts them to its
// precision. Derived numbers come from the master ones by derive(), at compile time and again for an environment whose
// master numbers are overridden: one function, so an overridden environment equals a recompiled model.
// The file format (.model) is the field list in order, little endian, with version and hash; bit guarantees start there.
#pragma once
#include <cstdint>
#include <string>
#include <vector>
#include "engine/core/result.h"
#include "engine/model/look.h"
#include "engine/model/model_flags.h"

namespace nuri::model {

struct Model {
#define NURI_COUNT(name, doc) int32_t name = 0;
#define NURI_INDEX(name, count, doc) std::vector<int32_t> name;
#define NURI_REAL(name, count, unit, doc) std::vector<double> name;
#define NURI_DERIVED(name, count, unit, doc) std::vector<double> name;
#include "engine/model/model_fields.inl"

  // names by index; empty where a thing has none
  std::vector<std::string> body_name, joint_name, geom_name, site_name, tendon_name, actuator_name, control_name, equality_name, sensor_name, key_name;
  std::string name;

  Look look;                           // for renderers; the dynamics never look
};

// Recomputes every NURI_DERIVED field from the others. Plain double arithmetic in a fixed order: the same bits everywhere.
void derive(Model& model);

// Gives every array the size that the counts ask for; new entries are zero.
void resize(Model& model);

// 64-bit hash over all fields and names.
uint64_t hash(const Model& model);

// Bytes of a .model file, and back. Reading checks magic, version, hash, every size and every index range: a damaged
// file is an error, never a crash.
std::string serialize(const Model& model);
Result<Model> deserialize(const std::string& bytes, const std::string& name);
Result<Model> read_file(const std::string& path);
Result<bool> write_file(const Model& model, const std::string& path);   // written beside and renamed, so never half a file

}  // namespace nuri::model
