// NumPy's .npy files, as much as oracles need: arrays of doubles (or floats, read only), C order, one or two dimensions.
// Format: numpy.org, "numpy.lib.format", versions 1.0 and 2.0.
#pragma once
#include <string>
#include <vector>
#include "engine/core/result.h"

namespace nuri::cli {

struct Table {
  size_t rows = 0, columns = 0;
  std::vector<double> values;          // row after row
};

Result<Table> read_npy(const std::string& path);
bool write_npy(const std::string& path, const Table& table);

}  // namespace nuri::cli
