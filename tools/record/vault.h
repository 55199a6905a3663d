// A recording's file, opened in a child process: HDF5 1.10 crashes on about one damaged file in a thousand, and never returns from some; a program
// must not go down with it. So a forked child calls the library, with limits on its memory and on the processor time of each answer, and what it
// sends is checked like any other input: a damaged file may have damaged the child. Rejected: a reader of HDF5 of our own (its format is large, and a
// second reading of it would have to agree with the first), a child that only looks at the file once (what it found good could still crash here).
#pragma once
#include <sys/types.h>
#include <memory>
#include "engine/core/result.h"
#include "tools/record/table.h"

namespace nuri::record {

class Vault {
 public:
  static Result<std::unique_ptr<Vault>> open(const std::string& path);
  ~Vault();

  // Codes: damaged-recording (also of everything after the child died).
  Result<std::vector<Entry>> list(const std::string& group);     // the group itself, then its members by name
  Result<Table> read(const std::string& path, uint64_t first, uint64_t count);
  const std::string& path() const { return path_; }
  uint64_t size() const { return size_; }                        // of the file, bytes

 private:
  Vault() = default;
  Result<std::string> ask(char what, const std::string& path, uint64_t first, uint64_t count);
  Diagnostic damaged(const std::string& message) const;

  std::string path_;
  uint64_t size_ = 0;
  int wire_ = -1;
  pid_t child_ = -1;
};

// What the child sends, and back; false: damaged.
std::string packed(const std::vector<Entry>& entries);
std::string packed(const Table& table);
bool unpacked(const std::string& message, std::vector<Entry>& out);
bool unpacked(const std::string& message, Table& out);

}  // namespace nuri::record
