#include "engine/core/new_file.h"

#include <unistd.h>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace nuri {

namespace fs = std::filesystem;

static Diagnostic cannot_write(const std::string& path, std::string why, std::string hint) {
  return {Severity::error, "cannot-write", std::move(why), std::move(hint), {path, 0, 0}, {}, {}};
}

Result<bool> can_create(const std::string& path) {
  std::error_code code;
  const fs::path folder = fs::path(path).parent_path();
  if (path.empty()) return cannot_write(path, "a file without a name cannot be written", "name one");
  if (!folder.empty() && !fs::is_directory(folder, code))
    return cannot_write(
        path, fs::exists(folder, code) ? folder.string() + " is not a folder" : "the folder " + folder.string() + " does not exist",
        "make it first, or name another file");
  if (fs::is_directory(path, code)) return cannot_write(path, "this is a folder, not a file", "name a file in it");
  return true;
}

Result<NewFile> NewFile::create(const std::string& path) {
  if (Result<bool> possible = can_create(path); !possible) return possible.errors();
  NewFile out;
  out.path_ = path;
  std::error_code code;
  if (const fs::file_status there = fs::status(path, code); !fs::exists(there) || fs::is_regular_file(there))
    out.beside_ = path + ".part" + std::to_string(getpid());
  out.file_ = std::fopen((out.beside_.empty() ? path : out.beside_).c_str(), "wb");
  if (!out.file_) return cannot_write(path, std::string("the file cannot be written: ") + std::strerror(errno), "");
  return out;
}

NewFile::NewFile(NewFile&& other) noexcept
    : path_(std::move(other.path_)),
      beside_(std::move(other.beside_)),
      file_(std::exchange(other.file_, nullptr)),
      size_(other.size_),
      error_(other.error_) {}

NewFile::~NewFile() {
  if (!file_) return;
  std::fclose(file_);
  if (!beside_.empty()) unlink(beside_.c_str());
}

void NewFile::write(const void* bytes, size_t size) {
  if (error_ || size == 0) return;
  if (std::fwrite(bytes, 1, size, file_) != size) error_ = errno ? errno : EIO;
  size_ += size;
}

void NewFile::rewrite(uint64_t place, const void* bytes, size_t size) {
  if (error_) return;
  if (fseeko(file_, off_t(place), SEEK_SET) || std::fwrite(bytes, 1, size, file_) != size || fseeko(file_, 0, SEEK_END))
    error_ = errno ? errno : EIO;
}

Diagnostic NewFile::refusal() const {
  return cannot_write(path_, std::string("the file cannot be written: ") + std::strerror(error_),
                      error_ == ENOSPC ? "make room, or name a file elsewhere" : "");
}

Result<bool> NewFile::finish() {
  if (!file_) return refusal();        // for the second time
  if (!error_ && std::fflush(file_)) error_ = errno;
  if (std::fclose(std::exchange(file_, nullptr)) && !error_) error_ = errno;
  if (!error_ && !beside_.empty() && std::rename(beside_.c_str(), path_.c_str())) error_ = errno;
  if (!error_) return true;
  if (!beside_.empty()) unlink(beside_.c_str());
  return refusal();
}

Result<bool> write_whole(const std::string& path, std::string_view bytes) {
  Result<NewFile> file = NewFile::create(path);
  if (!file) return file.errors();
  file->write(bytes.data(), bytes.size());
  return file->finish();
}

}  // namespace nuri
