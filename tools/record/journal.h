// Journal: a file that is only ever as of its last commit, whenever the program or the machine dies.
//
// HDF5 writes new data at the end of a file and changes metadata in place; a crash in between leaves a file that nobody opens. Here, between two
// commits, what lies beyond the committed end is written at once, and what lies below is kept in memory by pages. A commit
//   1. brings the new part to the disk,
//   2. writes the kept pages to NAME.journal, with a checksum, and brings that to the disk,
//   3. writes them in place, brings them to the disk, and removes the journal.
// A death before the end of 2 leaves the file of the commit before (with something useless behind its end, which readers ignore), one during 3 a
// complete journal, with which recover() finishes. Only then does the file need Nuri before other programs can read it: for the milliseconds of 3.
//
// The file stands under the name NAME.new until its first commit. A disk that is full or broken ends the work: error() is set, and from then on
// writes stay in memory and are forgotten, so that HDF5 can close what it has in peace; the file is as of the last commit.
//
// Rejected: HDF5's SWMR mode (does not cover new groups and attributes), copying the file at every commit (its whole size each time), a second
// file per episode (not what robomimic reads).
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>
#include "engine/core/result.h"
#include "tools/record/disk.h"

namespace nuri::record {

class Journal {
 public:
  // Codes: cannot-write, in-use.
  static Result<std::unique_ptr<Journal>> create(const std::string& path, Disk& disk = real_disk());
  ~Journal() { close(); }
  void close();                                  // what was not committed is gone; others may open the file

  void read(uint64_t at, void* to, size_t size);                 // zeros where nothing was written
  void write(uint64_t at, const void* from, size_t size);
  // Where the file ends, as far as HDF5 is concerned.
  void set_end(uint64_t end) { end_ = end; }
  uint64_t end() const { return end_; }
  bool commit();                                 // everything written so far stays from here on
  void abandon();                                // from now on nothing reaches the disk

  int error() const { return error_; }           // errno of what failed first; 0: nothing
  uint64_t committed() const { return committed_; }   // bytes

 private:
  using Page = std::vector<std::byte>;
  Journal(std::string path, Disk& disk) : path_(std::move(path)), disk_(disk) {}
  bool fail();
  void keep(uint64_t at, const std::byte* from, size_t size);
  void fetch(uint64_t at, std::byte* to, size_t size);           // from the file; zeros behind its end
  bool settle_name();
  bool write_in_place();

  std::string path_;
  Disk& disk_;
  int file_ = -1;
  bool named_ = false, abandoned_ = false;
  int error_ = 0;
  uint64_t committed_ = 0, size_ = 0, end_ = 0;  // bytes; size: of the file as it is now
  std::map<uint64_t, Page> kept_;                // by page number; the last one may be cut, by the committed end
};

std::string journal_of(const std::string& path);

// Finishes what a writer that died had begun: before anything else opens a file. True: there was something to finish or to drop. Codes: in-use,
// damaged-file, cannot-write.
Result<bool> recover(const std::string& path, Disk& disk = real_disk());

}  // namespace nuri::record
