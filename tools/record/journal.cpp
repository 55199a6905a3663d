#include "tools/record/journal.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>
#include "engine/core/hash.h"
#include "engine/model/bytes.h"

namespace nuri::record {
namespace {

constexpr uint64_t page = 4096;                  // bytes
constexpr uint64_t magic = 0x314E524A'4952554E;  // "NURIJRN1"

Diagnostic refuse(const std::string& path, std::string code, std::string message, std::string hint = {}) {
  return {Severity::error, std::move(code), std::move(message), std::move(hint), {path, 0, 0}, {}, {}};
}
Diagnostic cannot_write(const std::string& path) { return refuse(path, "cannot-write", std::string("the file cannot be written: ") + std::strerror(errno)); }
Diagnostic in_use(const std::string& path) { return refuse(path, "in-use", "another program uses this file", "wait until it is done"); }

uint64_t checksum(const std::string& bytes, size_t size) { return Hash().add(std::string_view(bytes).substr(0, size)).value(); }

// Where a link leads: the journal lies beside the file itself, and a rename must not replace the link.
std::string resolved(const std::string& path) {
  std::error_code code;
  if (!std::filesystem::is_symlink(path, code)) return path;
  const std::filesystem::path real = std::filesystem::canonical(path, code);
  return code ? path : real.string();
}

struct Piece { uint64_t at; std::string bytes; };

}  // namespace

std::string journal_of(const std::string& path) { return resolved(path) + ".journal"; }

Result<std::unique_ptr<Journal>> Journal::create(const std::string& name, Disk& disk) {
  const std::string path = resolved(name);
  std::error_code code;
  if (const auto there = std::filesystem::status(path, code); std::filesystem::exists(there) && !std::filesystem::is_regular_file(there))
    return refuse(path, "cannot-write", "there is something of this name that is no ordinary file", "name another one");
  if (const int there = disk.open(path, false); there >= 0) {    // to be overwritten: not while somebody writes it
    const bool free = disk.lock(there);
    disk.close(there);
    if (!free) return in_use(path);
  }
  std::unique_ptr<Journal> out(new Journal(path, disk));
  const int file = disk.open(path + ".new", true);
  if (file < 0) return cannot_write(path);
  if (!disk.lock(file)) {
    disk.close(file);
    return in_use(path);
  }
  out->file_ = file;
  if (!disk.truncate(file, 0)) return cannot_write(path);
  return out;
}

void Journal::close() {
  if (file_ < 0) return;
  abandon();
  if (named_ && size_ > committed_) disk_.truncate(file_, committed_);
  disk_.close(std::exchange(file_, -1));
  if (!named_) disk_.remove(path_ + ".new");
}

bool Journal::fail() {
  if (!error_) error_ = errno ? errno : EIO;
  abandoned_ = true;
  return false;
}

void Journal::abandon() { abandoned_ = true; }

void Journal::fetch(uint64_t at, std::byte* to, size_t size) {
  const size_t there = at >= size_ ? 0 : size_t(std::min<uint64_t>(size, size_ - at));
  std::memset(to + there, 0, size - there);
  if (there > 0 && !disk_.read(file_, at, to, there)) {
    std::memset(to, 0, there);
    fail();
  }
}

void Journal::keep(uint64_t at, const std::byte* from, size_t size) {
  while (size > 0) {
    const uint64_t number = at / page, offset = at % page;
    const size_t count = size_t(std::min<uint64_t>(size, page - offset));
    Page& kept = kept_[number];
    const size_t whole = size_t(abandoned_ ? page : std::min(page, committed_ - number * page));
    if (const size_t there = kept.size(); there < whole) {
      kept.resize(whole);
      fetch(number * page + there, kept.data() + there, whole - there);
    }
    std::memcpy(kept.data() + offset, from, count);
    at += count, from += count, size -= count;
  }
}

void Journal::read(uint64_t at, void* to, size_t size) {
  auto* place = static_cast<std::byte*>(to);
  fetch(at, place, size);
  const uint64_t end = at + size;
  for (auto i = kept_.lower_bound(at / page); i != kept_.end() && i->first * page < end; ++i) {
    const uint64_t first = std::max(at, i->first * page), last = std::min(end, i->first * page + i->second.size());
    if (first < last) std::memcpy(place + (first - at), i->second.data() + (first - i->first * page), last - first);
  }
}

void Journal::write(uint64_t at, const void* from, size_t size) {
  const auto* place = static_cast<const std::byte*>(from);
  const size_t below = abandoned_ ? size : at < committed_ ? size_t(std::min<uint64_t>(size, committed_ - at)) : 0;
  keep(at, place, below);
  if (below == size) return;
  if (!disk_.write(file_, at + below, place + below, size - below)) {
    fail();
    keep(at + below, place + below, size - below);
    return;
  }
  size_ = std::max(size_, at + size);
}

bool Journal::settle_name() {
  if (named_) return true;
  if (!disk_.remove(journal_of(path_)) || !disk_.rename(path_ + ".new", path_)) return false;
  named_ = true;
  return disk_.sync_folder(path_);
}

bool Journal::write_in_place() {
  if (kept_.empty()) return true;
  model::Writer out;
  out.put(magic), out.put(committed_), out.put(uint64_t(kept_.size()));
  for (const auto& [number, kept] : kept_) {
    out.put(number * page), out.put(uint64_t(kept.size()));
    out.out.append(reinterpret_cast<const char*>(kept.data()), kept.size());
  }
  out.put(checksum(out.out, out.out.size()));
  const int journal = disk_.open(journal_of(path_), true);
  if (journal < 0) return false;
  const bool written = disk_.truncate(journal, 0) && disk_.write(journal, 0, out.out.data(), out.out.size()) && disk_.sync(journal);
  const int why = errno;
  disk_.close(journal);
  if (!written || !disk_.sync_folder(path_)) {   // the file is as it was: so it stays
    if (!written) errno = why;
    fail();
    disk_.remove(journal_of(path_));
    return false;
  }
  for (const auto& [number, kept] : kept_)
    if (!disk_.write(file_, number * page, kept.data(), kept.size())) return false;
  return disk_.sync(file_) && disk_.remove(journal_of(path_));
}

bool Journal::commit() {
  if (abandoned_) return false;
  if (end_ > size_) {                            // room that was taken and not yet written
    if (!disk_.truncate(file_, end_)) return fail();
    size_ = end_;
  }
  if (!disk_.sync(file_) || !settle_name() || !write_in_place()) return fail();
  kept_.clear();
  committed_ = end_;
  if (size_ > end_ && disk_.truncate(file_, end_)) size_ = end_;
  return true;
}

Result<bool> recover(const std::string& path, Disk& disk) {
  struct Closer {
    Disk& disk;
    int file;
    ~Closer() { if (file >= 0) disk.close(file); }
  };
  const int journal = disk.open(journal_of(path), false);
  if (journal < 0 && errno != ENOENT && errno != ENOTDIR) return refuse(path, "cannot-write", std::string("the journal beside this file cannot be finished: ") + std::strerror(errno));
  if (journal < 0) return false;
  const Closer closes_journal{disk, journal}, closes{disk, disk.open(path, false)};
  if (closes.file < 0) return errno == ENOENT ? refuse(path, "damaged-file", "there is a journal of this file, but not the file") : cannot_write(path);
  if (!disk.lock(closes.file)) return in_use(path);

  // whole, or from a writer that died while it wrote the journal
  std::string bytes(size_t(std::max<int64_t>(disk.size(journal), 0)), '\0');
  bool whole = bytes.size() >= 4 * sizeof(uint64_t) && disk.read(journal, 0, bytes.data(), bytes.size());
  std::vector<Piece> pieces;
  uint64_t committed = 0;
  if (whole) {
    const size_t end = bytes.size() - sizeof(uint64_t);
    model::Reader in(bytes, end);
    const std::string tail = bytes.substr(end);
    whole = in.get<uint64_t>() == magic && model::Reader(tail, tail.size()).get<uint64_t>() == checksum(bytes, end);
    committed = in.get<uint64_t>();
    const auto count = in.get<uint64_t>();
    for (uint64_t i = 0; i < count && whole; ++i) {
      Piece piece;
      piece.at = in.get<uint64_t>();
      const auto size = in.get<uint64_t>();
      whole = !in.broken && size <= in.left() && piece.at <= committed && size <= committed - piece.at;
      if (!whole) break;
      std::vector<char> data;
      in.array(data, int64_t(size));
      piece.bytes.assign(data.begin(), data.end());
      pieces.push_back(std::move(piece));
    }
    whole = whole && !in.broken && in.left() == 0;
  }
  if (whole && disk.size(closes.file) < int64_t(committed)) return refuse(path, "damaged-file", "the journal beside this file is of another one", "remove it: " + journal_of(path));
  for (const Piece& piece : pieces)
    if (whole && !disk.write(closes.file, piece.at, piece.bytes.data(), piece.bytes.size())) return cannot_write(path);
  if (whole && !disk.sync(closes.file)) return cannot_write(path);
  if (!disk.remove(journal_of(path))) return cannot_write(path);
  return true;
}

}  // namespace nuri::record
