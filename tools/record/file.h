// An HDF5 file that is being written: groups, attributes, datasets, commits.
//
// Nothing of the machine or the time of day goes into it, so that equal inputs give equal bytes: objects have no times, every group is made
// here (the library would give groups made on the way their times), and commits are called for by counts. The superblock and the root group are
// of the oldest kind: a newer root has times whatever it is told, and the newest superblock notes that a file is open for writing, so that after a
// crash other readers would refuse it. Everything below the root is of version 1.8, in which small things are small.
//
// It lies in a journal (journal.h): whatever happens, the file is as of its last commit. What fails first is kept in error(); everything after
// that does nothing, so that callers need not ask each time.
#pragma once
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>
#include "engine/core/result.h"
#include "tools/record/hdf5.h"
#include "tools/record/journal.h"
#include "tools/record/schema.h"

namespace nuri::record {

class File {
 public:
  // A new file at the path, whatever was there. `level`: of gzip, 0 to 9; 0: no compression.
  static Result<std::unique_ptr<File>> create(const std::string& path, int level, Disk& disk = real_disk());
  ~File();

  bool good() const { return !error_; }
  const std::optional<Diagnostic>& error() const { return error_; }

  hdf5::Handle root();
  hdf5::Handle group(hid_t at, const std::string& name);         // a new one
  hdf5::Handle open(hid_t at, const std::string& name);          // a group that is there
  void move(const std::string& from, const std::string& to);
  void remove(const std::string& path);

  // Attributes, new or written over.
  void put(hid_t at, const std::string& name, int64_t value) { put(at, name, H5T_STD_I64LE, H5T_NATIVE_INT64, &value); }
  void put(hid_t at, const std::string& name, uint64_t value) { put(at, name, H5T_STD_U64LE, H5T_NATIVE_UINT64, &value); }
  void put(hid_t at, const std::string& name, int32_t value) { put(at, name, H5T_STD_I32LE, H5T_NATIVE_INT32, &value); }
  void put(hid_t at, const std::string& name, uint32_t value) { put(at, name, H5T_STD_U32LE, H5T_NATIVE_UINT32, &value); }
  void put(hid_t at, const std::string& name, uint8_t value) { put(at, name, H5T_STD_U8LE, H5T_NATIVE_UINT8, &value); }
  void put(hid_t at, const std::string& name, double value) { put(at, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &value); }
  void put(hid_t at, const std::string& name, const std::string& text);

  // Datasets. `write`: whole; `append`: as many rows after the `before` that are there, 0: a new dataset.
  void write(hid_t at, const Column& column, uint64_t rows, const void* data);
  void append(hid_t at, const Column& column, uint64_t before, uint64_t rows, const void* data);
  void text(hid_t at, const std::string& name, const std::string& text);
  void bytes(hid_t at, const std::string& name, std::span<const std::byte> bytes);
  struct Parameter { int number, item; double value; };          // parameter_name, which of its numbers, what it is instead of the model's
  void parameters(hid_t at, const std::string& name, const std::vector<Parameter>& list);
  // Fixed-length strings after the `before` that are there, 0: a new dataset.
  void names(hid_t at, const std::string& name, uint64_t before, const std::vector<std::string>& list);

  // Everything so far stays, whatever happens from now on.
  void commit();
  void close();                                  // with a last commit. A file that is not closed loses what came after the one before

 private:
  explicit File(std::string path, int level) : path_(std::move(path)), level_(level) {}
  bool hold(bool fine, const char* what);
  void put(hid_t at, const std::string& name, hid_t in_file, hid_t in_memory, const void* value);
  hdf5::Handle make(hid_t at, const std::string& name, hid_t type, const Column& column, uint64_t rows, bool grows);

  std::string path_;
  int level_;
  std::unique_ptr<Journal> journal_;             // outlives file_
  hdf5::Handle group_making_, file_;
  std::optional<Diagnostic> error_;
};

}  // namespace nuri::record
