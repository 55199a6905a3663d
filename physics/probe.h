// A look inside one environment after a forward pass: what oracles and `nuri diff` compare. Plain data.
#pragma once
#include <map>
#include <string>
#include <vector>
#include "physics/contact_record.h"

namespace nuri {

struct StageArray { std::string stage; std::vector<double> values; };
struct RowRecord { int kind, id; double D, aref, jar, force; std::vector<double> J; };   // kind: model::RowKind, or -1 for contacts; id: source, or index of the contact
struct Probe {
  std::map<std::string, StageArray> fields;   // every array of physics/kernel/scratch_fields.inl, by name
  std::vector<ContactRecord> contacts;
  std::vector<RowRecord> rows;
  double iterations = 0;
};

}  // namespace nuri
