// A disk in memory that dies, or is full, at any operation that is asked for.
//
// It knows what a real one owes after a loss of power: what was synchronised, of the other writes any subset, each of them perhaps torn, and of
// the changes of names any first part. A killed program leaves everything it wrote, the last write perhaps in part.
#pragma once
#include <cerrno>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>
#include "tools/record/disk.h"

namespace nuri::test {

class FragileDisk final : public record::Disk {
 public:
  enum class Trouble { none, killed, power, full };
  FragileDisk(Trouble trouble, uint64_t operation, uint64_t seed) : trouble_(trouble), at_(operation), random_(seed) {}

  uint64_t operations() const { return count_; }
  bool happened() const { return happened_; }
  // What is left, as files of a folder that stands for this disk's only one.
  void leave(const std::string& folder) {
    for (const auto& [name, file] : trouble_ == Trouble::power && happened_ ? after_power() : names_)
      std::ofstream(folder + "/" + name, std::ios::binary) << (trouble_ == Trouble::power && happened_ ? file->durable : file->live);
  }

  int open(const std::string& path, bool make) override {
    const std::string name = path.substr(path.rfind('/') + 1);
    if (!make && !names_.contains(name)) return errno = ENOENT, -1;
    if (make && !begin() && (trouble_ != Trouble::full || !names_.contains(name))) return -1;
    if (!names_.contains(name)) names_[name] = std::make_shared<File>(), renamed_.push_back(names_);
    files_.push_back(names_[name]);
    return int(files_.size()) - 1;
  }
  void close(int) override {}
  bool lock(int) override { return true; }
  int64_t size(int file) override { return int64_t(files_[size_t(file)]->live.size()); }
  bool read(int file, uint64_t at, void* to, size_t size) override {
    const std::string& live = files_[size_t(file)]->live;
    if (at + size > live.size()) return errno = EIO, false;
    live.copy(static_cast<char*>(to), size, at);
    return true;
  }
  bool write(int file, uint64_t at, const void* from, size_t size) override {
    const bool before = dead_;
    const bool fine = begin();
    File& f = *files_[size_t(file)];
    const Change change{at, std::string(static_cast<const char*>(from), fine ? size : size / 2), false};
    if (before) return false;
    if (!fine && trouble_ == Trouble::full && at + size <= f.live.size()) return put(f, {at, std::string(static_cast<const char*>(from), size), false});   // has its room
    put(f, change);
    return fine;
  }
  bool truncate(int file, uint64_t size) override {
    const bool fine = begin();
    if (!fine && (trouble_ != Trouble::full || size > files_[size_t(file)]->live.size())) return false;
    return put(*files_[size_t(file)], {size, "", true});
  }
  bool sync(int file) override {
    if (!begin() && trouble_ != Trouble::full) return false;
    File& f = *files_[size_t(file)];
    f.durable = f.live, f.pending.clear();
    return true;
  }
  bool rename(const std::string& from, const std::string& to) override {
    if (!begin() && trouble_ != Trouble::full) return false;
    names_[to.substr(to.rfind('/') + 1)] = names_[from.substr(from.rfind('/') + 1)];
    names_.erase(from.substr(from.rfind('/') + 1));
    renamed_.push_back(names_);
    return true;
  }
  bool remove(const std::string& path) override {
    if (!begin() && trouble_ != Trouble::full) return false;
    names_.erase(path.substr(path.rfind('/') + 1));
    renamed_.push_back(names_);
    return true;
  }
  bool sync_folder(const std::string&) override {
    if (!begin() && trouble_ != Trouble::full) return false;
    durable_names_ = names_, renamed_.clear();
    return true;
  }

 private:
  struct Change { uint64_t at; std::string bytes; bool truncates; };
  struct File { std::string live, durable; std::vector<Change> pending; };
  using Names = std::map<std::string, std::shared_ptr<File>>;

  // Counts an operation; false where it fails.
  bool begin() {
    if (trouble_ != Trouble::none && ++count_ >= at_) {
      happened_ = true;
      dead_ = trouble_ != Trouble::full;
      errno = dead_ ? EIO : ENOSPC;
      return false;
    }
    if (trouble_ == Trouble::none) ++count_;
    return true;
  }
  static void apply(std::string& to, const Change& c) {
    if (c.truncates) return to.resize(c.at);
    if (to.size() < c.at + c.bytes.size()) to.resize(c.at + c.bytes.size());
    to.replace(c.at, c.bytes.size(), c.bytes);
  }
  bool put(File& f, const Change& c) {
    apply(f.live, c);
    f.pending.push_back(c);
    return true;
  }
  Names after_power() {
    Names out = durable_names_;
    if (const size_t reached = random_() % (renamed_.size() + 1); reached > 0) out = renamed_[reached - 1];
    for (const auto& [name, file] : out) {
      for (Change c : file->pending) {
        if (random_() % 2) continue;
        if (random_() % 4 == 0) c.bytes.resize(c.bytes.size() / 2);
        apply(file->durable, c);
      }
      file->pending.clear();
    }
    return out;
  }

  Trouble trouble_;
  uint64_t at_, count_ = 0;
  bool happened_ = false, dead_ = false;
  std::mt19937_64 random_;
  Names names_, durable_names_;
  std::vector<Names> renamed_;                   // after each change since the folder was synchronised
  std::vector<std::shared_ptr<File>> files_;
};

}  // namespace nuri::test
