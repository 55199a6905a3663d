// A file that appears whole or not at all: written beside its place, renamed when it is complete, removed otherwise. What is there already
// and is no ordinary file (a pipe, /dev/null) is written to directly.
#pragma once
#include <cstdio>
#include <string>
#include <string_view>
#include "engine/core/result.h"

namespace nuri {

class NewFile {
 public:
  static Result<NewFile> create(const std::string& path);
  NewFile(NewFile&& other) noexcept;
  NewFile& operator=(NewFile&&) = delete;
  ~NewFile();                          // not finished: nothing is left of it

  // What goes wrong is told by finish(), so that writers need not ask each time; good() tells early, so that they need not go on.
  void write(const void* bytes, size_t size);
  void rewrite(uint64_t place, const void* bytes, size_t size);   // what was written before; goes back to the end
  uint64_t size() const { return size_; }
  bool good() const { return error_ == 0; }
  Result<bool> finish();

 private:
  NewFile() = default;
  Diagnostic refusal() const;
  std::string path_, beside_;          // beside_ is empty if it is written to directly
  std::FILE* file_ = nullptr;
  uint64_t size_ = 0;
  int error_ = 0;                      // errno
};

// All of a file at once.
Result<bool> write_whole(const std::string& path, std::string_view bytes);

// Whether a file can be made there, told before the work that fills it: its folder is there, and it is none itself.
Result<bool> can_create(const std::string& path);

}  // namespace nuri
