#include "tools/record/journal.h"

#include <csignal>
#include <sys/resource.h>
#include <numeric>
#include "tests/tools/record/fragile_disk.h"
#include "tests/tools/record/scenes.h"
#include "tools/record/file.h"

using namespace nuri;
using namespace nuri::test;
using Trouble = FragileDisk::Trouble;

namespace {

constexpr int groups = 12, per_commit = 3;

// Numbers of group k: some fit their header, others fill chunks.
std::vector<uint32_t> numbers(int k) {
  std::vector<uint32_t> out(size_t(k % 4 == 0 ? 20 : 3000 + 100 * k));
  std::iota(out.begin(), out.end(), uint32_t(1000 * k));
  return out;
}

// Writes groups and commits now and then, until it is done or the disk is not. Returns how many groups were committed for certain.
int write(const std::string& path, record::Disk& disk, bool& out_error) {
  const auto held = record::hdf5::lock();
  auto file = record::File::create(path, 4, disk);
  if (!file) {
    out_error = true;
    return 0;
  }
  record::File& f = **file;
  int committed = 0;
  {
    const record::hdf5::Handle root = f.root(), data = f.group(root, "data"), other = f.group(root, "other");
    f.put(data, "total", int64_t(0));
    f.commit();
    for (int k = 0; k < groups && f.good(); ++k) {
      const std::string name = "/other/" + std::to_string(k), there = "/data/" + std::to_string(k);
      const record::hdf5::Handle group = f.group(root, name);
      const std::vector<uint32_t> all = numbers(k);
      const record::Column column{"numbers", record::Type::u32, {}, 1024, {}, 0, 0};
      for (size_t at = 0; at < all.size(); at += 1024) f.append(group, column, at, std::min<size_t>(1024, all.size() - at), all.data() + at);
      f.put(group, "k", int64_t(k));
      f.move(name, there);
      f.names(other, "names", uint64_t(k), {"demo_" + std::to_string(k)});
      if (k % per_commit != per_commit - 1) continue;
      f.put(data, "total", int64_t(k + 1));
      f.commit();
      if (f.good()) committed = k + 1;
    }
  }
  f.close();
  out_error = !f.good();
  return out_error ? committed : groups;
}

// How many groups a file has, every one of which must be whole; -1: there is no file.
int check(const std::string& path) {
  if (!std::filesystem::exists(path)) return -1;
  const Reader file(path);
  REQUIRE_MESSAGE(bool(file), "it does not open");
  const auto total = int(file.number<int64_t>("/data", "total"));
  CHECK(file.children("/data") == total);
  for (int k = 0; k < total; ++k) {
    const std::string group = "/data/" + std::to_string(k);
    CHECK(file.number<int64_t>(group, "k") == k);
    CHECK(file.read<uint32_t>(group + "/numbers") == numbers(k));
  }
  if (total > 0) CHECK(file.shape("/other/names") == std::vector<hsize_t>{hsize_t(total)});
  return total;
}

}  // namespace

TEST_CASE("journal: after a death at any operation, the file is as of a commit") {
  FragileDisk whole(Trouble::none, 0, 0);
  bool error = false;
  REQUIRE(write("disk/a.h5", whole, error) == groups);
  REQUIRE(!error);
  const uint64_t operations = whole.operations();
  REQUIRE(operations > 60);
  for (const Trouble trouble : {Trouble::killed, Trouble::power}) {
    int finished = 0, dropped = 0;
    for (uint64_t k = 1; k <= operations; ++k)
      for (uint64_t seed = 0; seed < (trouble == Trouble::power ? 6 : 1); ++seed) {
        CAPTURE(int(trouble));
        CAPTURE(k);
        CAPTURE(seed);
        const Folder folder;
        FragileDisk disk(trouble, k, seed);
        const int committed = write("disk/a.h5", disk, error);
        CHECK(error);
        disk.leave(folder.path.string());
        const std::string path = folder / "a.h5", before = std::filesystem::exists(path) ? bytes_of(path) : "";
        const bool journal = std::filesystem::exists(record::journal_of(path));
        if (journal && before.empty()) continue;                 // neither has a name yet
        const auto recovered = record::recover(path);
        REQUIRE(recovered);
        CHECK(*recovered == journal);
        CHECK(!std::filesystem::exists(record::journal_of(path)));
        const int there = check(path);
        CHECK(there >= (committed > 0 ? committed : -1));
        CHECK(there <= committed + per_commit);
        if (journal) ++(before == bytes_of(path) ? dropped : finished);
      }
    CHECK(finished > 0);
    CHECK(dropped > 0);
  }
}

TEST_CASE("journal: a disk that is full at any operation leaves the last commit, an error, and no journal") {
  FragileDisk whole(Trouble::none, 0, 0);
  bool error = false;
  write("disk/a.h5", whole, error);
  int failures = 0;
  for (uint64_t k = 1; k <= whole.operations(); ++k) {
    CAPTURE(k);
    const Folder folder;
    FragileDisk disk(Trouble::full, k, k);
    const int committed = write("disk/a.h5", disk, error);
    disk.leave(folder.path.string());
    failures += error;
    CHECK(!std::filesystem::exists(folder / "a.h5.journal"));
    CHECK(!std::filesystem::exists(folder / "a.h5.new"));
    const int there = check(folder / "a.h5");
    CHECK(std::max(there, 0) == committed);
  }
  CHECK(failures > 20);
}

TEST_CASE("journal: a limit of the system on the size of files is an error like any other") {
  const Folder folder;
  bool error = false;
  REQUIRE(write(folder / "whole.h5", record::real_disk(), error) == groups);
  const auto size = std::filesystem::file_size(folder / "whole.h5");
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  int last = -1;
  for (const double share : {0.02, 0.3, 0.6, 0.9}) {
    rlimit less = before;
    less.rlim_cur = rlim_t(share * double(size));
    setrlimit(RLIMIT_FSIZE, &less);
    const int committed = write(folder / "a.h5", record::real_disk(), error);
    setrlimit(RLIMIT_FSIZE, &before);
    CHECK(error);
    CHECK(committed >= last);
    last = committed;
    CHECK(std::max(check(folder / "a.h5"), 0) == committed);
    std::filesystem::remove(folder / "a.h5");
  }
  CHECK(last > 0);
  std::signal(SIGXFSZ, handler);
}

TEST_CASE("journal: one that is damaged is dropped, one of another file is refused") {
  const Folder folder;
  // a journal as a death in the middle of writing in place leaves it
  FragileDisk whole(Trouble::none, 0, 0);
  bool error = false;
  write("disk/a.h5", whole, error);
  const std::string path = folder / "a.h5", beside = record::journal_of(path);
  std::string file, journal;
  for (uint64_t k = whole.operations(); k > 0 && journal.empty(); --k) {
    FragileDisk disk(Trouble::killed, k, 0);
    write("disk/a.h5", disk, error);
    disk.leave(folder.path.string());
    file = bytes_of(path);
    if (std::filesystem::exists(beside)) journal = bytes_of(beside);
    if (!journal.empty()) {
      REQUIRE(record::recover(path));
      if (bytes_of(path) == file) journal.clear();               // it was written in place already
    }
  }
  REQUIRE(journal.size() > 4096);
  auto put = [](const std::string& name, const std::string& bytes) { std::ofstream(name, std::ios::binary) << bytes; };
  auto recovered = [&](const std::string& bytes) {
    put(path, file), put(beside, bytes);
    const auto done = record::recover(path);
    REQUIRE(done);
    CHECK(*done);
    CHECK(!std::filesystem::exists(beside));
    return bytes_of(path) != file;
  };
  CHECK(recovered(journal));
  for (size_t size = 0; size < journal.size(); size += size < 64 ? 1 : 997) CHECK(!recovered(journal.substr(0, size)));
  for (size_t at = 0; at < journal.size(); at += at < 64 ? 1 : 997) {
    std::string bad = journal;
    bad[at] = char(bad[at] ^ 4);
    CHECK(!recovered(bad));
  }
  put(path, file.substr(0, 600)), put(beside, journal);
  const auto foreign = record::recover(path);
  REQUIRE(!foreign);
  CHECK(foreign.errors()[0].code == "damaged-file");
  CHECK(bytes_of(path).size() == 600);
  std::filesystem::remove(path);
  CHECK(!record::recover(path));
  std::filesystem::remove(beside);
  const auto nothing = record::recover(path);
  REQUIRE(nothing);
  CHECK(!*nothing);
}

TEST_CASE("journal: links are followed, folders and devices are no files") {
  const Folder folder;
  std::ofstream(folder / "real.h5") << "old";
  std::filesystem::create_symlink("real.h5", folder / "link.h5");
  CHECK(record::journal_of(folder / "link.h5") == std::filesystem::canonical(folder / "real.h5").string() + ".journal");
  {
    auto journal = record::Journal::create(folder / "link.h5");
    REQUIRE(journal);
    (*journal)->write(0, "new", 3);
    (*journal)->set_end(3);
    CHECK((*journal)->commit());
  }
  CHECK(std::filesystem::is_symlink(folder / "link.h5"));
  CHECK(bytes_of(folder / "real.h5") == "new");
  std::filesystem::create_directory(folder / "folder");
  for (const std::string& path : {folder / "folder", std::string("/dev/null")}) {
    const auto journal = record::Journal::create(path);
    REQUIRE(!journal);
    CHECK(journal.errors()[0].code == "cannot-write");
  }
  CHECK(!std::filesystem::is_regular_file("/dev/null"));
}

TEST_CASE("journal: one writer at a time; what it replaces stays until the first commit") {
  const Folder folder;
  const std::string path = folder / "a.h5";
  std::ofstream(path) << "old";
  {
    auto first = record::Journal::create(path);
    REQUIRE(first);
    (*first)->write(0, "12345678", 8);
    (*first)->set_end(8);
    CHECK(bytes_of(path) == "old");
    const auto second = record::Journal::create(path);
    REQUIRE(!second);
    CHECK(second.errors()[0].code == "in-use");
    CHECK((*first)->commit());
    CHECK(bytes_of(path) == "12345678");
    const auto third = record::Journal::create(path);
    REQUIRE(!third);
    CHECK(third.errors()[0].code == "in-use");
    std::ofstream(record::journal_of(path)) << "x";
    CHECK(!record::recover(path));
    std::filesystem::remove(record::journal_of(path));

    // what is below the end is seen at once and stays in memory
    (*first)->write(6, "abcd", 4);
    char seen[12] = {};
    (*first)->read(0, seen, 12);
    CHECK(std::string(seen, 12) == std::string("123456abcd\0\0", 12));
    CHECK(bytes_of(path) == "12345678cd");
    (*first)->set_end(10);
  }
  CHECK(bytes_of(path) == "12345678");
  CHECK(!std::filesystem::exists(path + ".new"));
  CHECK(record::Journal::create(path));
  CHECK(bytes_of(path) == "12345678");
}
