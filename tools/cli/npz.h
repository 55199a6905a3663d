// NumPy's .npz: a zip archive of .npy files, stored as they are. Arrays come in pieces; their sizes are known before, so archives and arrays
// beyond 4 GiB work (zip64), and nothing is held in memory. Format: PKWARE, "APPNOTE.TXT", 6.3.10, sections 4.3 and 4.5.3.
#pragma once
#include <cstdint>
#include <string>
#include <vector>
#include "engine/core/new_file.h"

namespace nuri::cli {

class NpzWriter {
 public:
  static Result<NpzWriter> create(const std::string& path);      // a file, no pipe: checksums are written afterwards
  void begin(const std::string& name, const std::string& type, const std::vector<int64_t>& shape);   // an array NAME: "demo_0/actions"
  void add(const void* numbers, size_t bytes);
  void end();
  Result<bool> finish();               // also if an array got less or more than its shape says: then there is no file

 private:
  struct Member { std::string name; uint64_t place, size; uint32_t checksum; };
  explicit NpzWriter(NewFile file) : file_(std::move(file)) {}
  void header(const Member& member, bool central);
  NewFile file_;
  std::string path_;
  std::vector<Member> members_;
  uint64_t begun_ = 0;                 // where the member's bytes begin
  bool sound_ = true;
};

}  // namespace nuri::cli
