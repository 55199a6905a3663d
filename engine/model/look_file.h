// The Look in a .model file.
#pragma once
#include "engine/model/bytes.h"
#include "engine/model/model.h"

namespace nuri::model {

void write_look(Writer& to, const Look& look);
void read_look(Reader& from, Look& out_look);      // broken bytes: from.broken
// "" if every number of the look is usable: indices in range, arrays of fitting sizes, nothing infinite.
std::string find_look_fault(const Model& model);

}  // namespace nuri::model
