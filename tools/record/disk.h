// The few things that a journal asks of the operating system, so that tests can put a disk in their place that dies or fills up at any of them.
// Failures are told by false or -1 and errno.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

namespace nuri::record {

class Disk {
 public:
  virtual ~Disk() = default;
  virtual int open(const std::string& path, bool make);          // to read and write; `make`: an empty one if there is none
  virtual void close(int file);
  virtual bool lock(int file);                                   // false: somebody else holds it. Until it is closed, or the process ends
  virtual int64_t size(int file);
  virtual bool read(int file, uint64_t at, void* to, size_t size);
  virtual bool write(int file, uint64_t at, const void* from, size_t size);
  virtual bool truncate(int file, uint64_t size);
  virtual bool sync(int file);                                   // contents and size outlive the machine
  virtual bool rename(const std::string& from, const std::string& to);
  virtual bool remove(const std::string& path);                  // true as well where there is none
  virtual bool sync_folder(const std::string& path);             // names in the folder of this file do
};

Disk& real_disk();

}  // namespace nuri::record
