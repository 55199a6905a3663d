#include "tools/record/disk.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <filesystem>

namespace nuri::record {

int Disk::open(const std::string& path, bool make) { return ::open(path.c_str(), O_RDWR | O_CLOEXEC | (make ? O_CREAT : 0), 0666); }
void Disk::close(int file) { ::close(file); }
bool Disk::lock(int file) { return flock(file, LOCK_EX | LOCK_NB) == 0 || (errno != EWOULDBLOCK && errno != EINTR); }   // not every file system has locks

int64_t Disk::size(int file) {
  struct stat status {};
  return fstat(file, &status) == 0 ? int64_t(status.st_size) : -1;
}

bool Disk::read(int file, uint64_t at, void* to, size_t size) {
  auto* place = static_cast<char*>(to);
  while (size > 0) {
    const ssize_t got = pread(file, place, size, off_t(at));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      if (got == 0) errno = EIO;
      return false;
    }
    place += got, at += uint64_t(got), size -= size_t(got);
  }
  return true;
}

bool Disk::write(int file, uint64_t at, const void* from, size_t size) {
  const auto* place = static_cast<const char*>(from);
  while (size > 0) {
    const ssize_t put = pwrite(file, place, size, off_t(at));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) {
      if (put == 0) errno = ENOSPC;
      return false;
    }
    place += put, at += uint64_t(put), size -= size_t(put);
  }
  return true;
}

bool Disk::truncate(int file, uint64_t size) { return ftruncate(file, off_t(size)) == 0; }
bool Disk::sync(int file) { return fdatasync(file) == 0; }
bool Disk::rename(const std::string& from, const std::string& to) { return std::rename(from.c_str(), to.c_str()) == 0; }
bool Disk::remove(const std::string& path) { return unlink(path.c_str()) == 0 || errno == ENOENT; }

bool Disk::sync_folder(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  const int file = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return false;
  const bool done = fsync(file) == 0 || errno == EINVAL || errno == EROFS;   // some file systems cannot
  ::close(file);
  return done;
}

Disk& real_disk() {
  static Disk disk;
  return disk;
}

}  // namespace nuri::record
