// NumPy's .npy files. Read: arrays of doubles or floats, C order, one or two dimensions. Written: numbers of any type, piece by piece.
// Format: numpy.org, "numpy.lib.format", versions 1.0 and 2.0.
#pragma once
#include <cstdint>
#include <string>
#include <vector>
#include "engine/core/result.h"
#include "engine/core/new_file.h"

namespace nuri::cli {

struct Table {
  size_t rows = 0, columns = 0;
  std::vector<double> values;          // row after row
};

Result<Table> read_npy(const std::string& path);
bool write_npy(const std::string& path, const Table& table);

// What stands before an array's numbers. Types as NumPy names them: "|u1", "<i4", "<f4", "<f8".
std::string npy_header(const std::string& type, const std::vector<int64_t>& shape);

// An array written in the order of its memory, the last index fastest, without a copy of the whole.
class NpyWriter {
 public:
  static Result<NpyWriter> create(const std::string& path, const std::string& type, const std::vector<int64_t>& shape);
  void add(const void* numbers, size_t bytes) { file_.write(numbers, bytes); }
  bool good() const { return file_.good(); }
  Result<bool> finish();               // also if less or more was added than its shape says: then there is no file

 private:
  explicit NpyWriter(NewFile file) : file_(std::move(file)) {}
  NewFile file_;
  std::string path_;
  uint64_t expected_ = 0;              // bytes, header included
};

}  // namespace nuri::cli
