// An HDF5 file as the library sees it: what is in a group, and rows of a data set. Only the child process of vault.h calls this: HDF5 itself
// crashes and hangs on damaged files.
#pragma once
#include <string>
#include <vector>
#include "tools/record/table.h"

namespace nuri::record {

class Hdf5File {
 public:
  ~Hdf5File();
  // These say false, and error() why.
  bool open(const std::string& path);
  bool list(const std::string& group,
            std::vector<Entry>& out);  // members in the order of their names; first the group itself, its name empty
  bool read(const std::string& path, uint64_t first, uint64_t count, Table& out);   // rows beyond the end are left out
  const std::string& error() const { return error_; }

 private:
  bool refuse(const std::string& what);
  int64_t file_ = -1;
  std::string error_;
};

}  // namespace nuri::record
