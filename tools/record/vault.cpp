#include "tools/record/vault.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <initializer_list>
#include "tools/record/hdf5.h"
#include "tools/record/hdf5_file.h"
#include "tools/record/journal.h"

namespace nuri::record {
namespace {

constexpr rlim_t child_memory = rlim_t{2} << 30; // bytes beyond what the program has when it forks
constexpr uint64_t longest_message = uint64_t{1} << 30;
// Seconds of processor time for an answer: a block of 64 MB takes half a second, lists of groups are as long as the file is large.
constexpr rlim_t least_seconds = 4;
constexpr uint64_t bytes_per_second = 4 << 20;

// ---- messages: numbers as they lie in memory, texts and lists with their lengths before them

class Writer {
 public:
  template <class T> void put(const T& value) { out.append(reinterpret_cast<const char*>(&value), sizeof value); }
  void put(const std::string& text) { put(uint64_t(text.size())), out += text; }
  std::string out;
};

class Reader {
 public:
  explicit Reader(const std::string& from) : from_(from) {}
  template <class T> bool get(T& value) {
    if (from_.size() - at_ < sizeof value) return false;
    std::memcpy(&value, from_.data() + at_, sizeof value);
    at_ += sizeof value;
    return true;
  }
  bool get(std::string& text) {
    uint64_t size = 0;
    if (!count(size, 1)) return false;
    text.assign(from_, at_, size);
    at_ += size;
    return true;
  }
  bool get(Number& type) {
    uint8_t value = 0;
    if (!get(value) || value > uint8_t(Number::other)) return false;
    type = Number(value);
    return true;
  }
  // How many follow, each of so many bytes at least.
  bool count(uint64_t& out, size_t least) { return get(out) && out <= (from_.size() - at_) / least; }
  bool shape(std::vector<uint64_t>& out) {
    uint64_t n = 0;
    if (!count(n, sizeof n)) return false;
    out.resize(n);
    for (uint64_t& size : out) if (!get(size)) return false;
    return true;
  }
  bool bytes(std::vector<std::byte>& out) {
    uint64_t n = 0;
    if (!count(n, 1)) return false;
    const std::byte* const begin = reinterpret_cast<const std::byte*>(from_.data() + at_);
    out.assign(begin, begin + n);
    at_ += n;
    return true;
  }
  bool end() const { return at_ == from_.size(); }

 private:
  const std::string& from_;
  size_t at_ = 0;
};

void put_shape(Writer& to, const std::vector<uint64_t>& shape) {
  to.put(uint64_t(shape.size()));
  for (const uint64_t n : shape) to.put(n);
}

bool send_all(int wire, const char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t n = send(wire, bytes, size, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes += n, size -= size_t(n);
  }
  return true;
}

bool receive_all(int wire, char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t n = recv(wire, bytes, size, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes += n, size -= size_t(n);
  }
  return true;
}

bool send_message(int wire, const std::string& message) {
  const uint64_t size = message.size();
  return send_all(wire, reinterpret_cast<const char*>(&size), sizeof size) && send_all(wire, message.data(), message.size());
}

// Memory grows with what has come, not with what is announced.
bool receive_message(int wire, std::string& out) {
  uint64_t size = 0;
  if (!receive_all(wire, reinterpret_cast<char*>(&size), sizeof size) || size > longest_message) return false;
  out.clear();
  while (out.size() < size) {
    const size_t at = out.size(), more = size_t(std::min<uint64_t>(size - at, 1 << 22));
    out.resize(at + more);
    if (!receive_all(wire, out.data() + at, more)) return false;
  }
  return true;
}

// Whether a writer holds it: half a commit must not be read.
bool held_by_writer(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  const bool held = flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  close(file);
  return held;
}

// ---- the child

void limit(int what, rlim_t most) {
  const rlimit l{most, most};
  setrlimit(static_cast<__rlimit_resource_t>(what), &l);
}

// Ends this process once it has used so many seconds more.
void limit_time(rlim_t seconds) {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  rlimit l{};
  getrlimit(RLIMIT_CPU, &l);
  l.rlim_cur = rlim_t(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + seconds + 1;
  setrlimit(RLIMIT_CPU, &l);
}

std::string answer(Hdf5File& file, const std::string& asked) {
  Reader reader(asked);
  char what = 0;
  std::string path;
  uint64_t first = 0, count = 0;
  if (!reader.get(what) || !reader.get(path) || !reader.get(first) || !reader.get(count)) return "-a damaged question";
  if (what == 'o') return file.open(path) ? "+" : "-" + file.error();
  if (what == 'l') {
    std::vector<Entry> entries;
    return file.list(path, entries) ? "+" + packed(entries) : "-" + file.error();
  }
  Table table;
  return file.read(path, first, count, table) ? "+" + packed(table) : "-" + file.error();
}

[[noreturn]] void child(int wire, rlim_t seconds) {
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  limit(RLIMIT_AS, pages * rlim_t(sysconf(_SC_PAGESIZE)) + child_memory);
  limit(RLIMIT_CORE, 0);
  for (int s : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTERM, SIGXCPU})
    signal(s, SIG_DFL);                          // the program's handlers are not for the child
  signal(SIGINT, SIG_IGN);                       // Ctrl-C is the program's affair: it may still want an answer
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nowhere >= 0) dup2(nowhere, 2);            // a dying child is no news: the parent says what matters
  close_range(3, unsigned(wire) - 1, 0);         // ends of other wires: their owners must notice when this program is gone
  close_range(unsigned(wire) + 1, ~0u, 0);
  Hdf5File file;
  for (std::string asked; receive_message(wire, asked);) {
    limit_time(seconds);
    std::string said;
    try {
      said = answer(file, asked);
    } catch (...) {
      said = "-it needs too much memory";
    }
    if (!send_message(wire, said)) break;
  }
  _exit(0);
}

}  // namespace

std::string packed(const std::vector<Entry>& entries) {
  Writer to;
  to.put(uint64_t(entries.size()));
  for (const Entry& e : entries) {
    to.put(e.name), to.put(uint8_t(e.group)), to.put(e.type), put_shape(to, e.shape), to.put(e.stored),
        to.put(uint64_t(e.attributes.size()));
    for (const Attribute& a : e.attributes) to.put(a.name), to.put(a.type), to.put(a.whole), to.put(a.real), to.put(a.text);
  }
  return std::move(to.out);
}

std::string packed(const Table& table) {
  Writer to;
  to.put(table.type), put_shape(to, table.shape), to.put(uint64_t(table.texts.size()));
  for (const std::string& text : table.texts) to.put(text);
  to.put(uint64_t(table.bytes.size()));
  to.out.append(reinterpret_cast<const char*>(table.bytes.data()), table.bytes.size());
  return std::move(to.out);
}

bool unpacked(const std::string& message, std::vector<Entry>& out) {
  Reader from(message);
  uint64_t count = 0;
  if (!from.count(count, 34)) return false;      // bytes of the smallest entry
  out.resize(count);
  for (Entry& e : out) {
    uint8_t group = 0;
    uint64_t attributes = 0;
    if (!from.get(e.name) || !from.get(group) || !from.get(e.type) || !from.shape(e.shape) || !from.get(e.stored) ||
        !from.count(attributes, 33))
      return false;
    e.group = group != 0;
    e.attributes.resize(attributes);
    for (Attribute& a : e.attributes)
      if (!from.get(a.name) || !from.get(a.type) || !from.get(a.whole) || !from.get(a.real) || !from.get(a.text)) return false;
  }
  return from.end();
}

bool unpacked(const std::string& message, Table& out) {
  Reader from(message);
  uint64_t texts = 0;
  if (!from.get(out.type) || !from.shape(out.shape) || !from.count(texts, 8)) return false;
  out.texts.resize(texts);
  for (std::string& text : out.texts) if (!from.get(text)) return false;
  if (!from.bytes(out.bytes) || !from.end()) return false;
  uint64_t items = 1;
  for (const uint64_t n : out.shape)
    if (__builtin_mul_overflow(items, n, &items)) return false;
  if (out.type == Number::text) return out.texts.size() == items && out.bytes.empty();
  const size_t size = bytes_of(out.type);
  return size > 0 && out.texts.size() == (out.type == Number::named ? items : 0) && out.bytes.size() % size == 0 &&
         out.bytes.size() / size == items;
}

Diagnostic Vault::damaged(const std::string& message) const {
  return {Severity::error,
          "damaged-recording",
          message,
          "what is whole of a damaged HDF5 file, h5dump and h5py can show",
          {path_, 0, 0},
          {},
          {}};
}

Result<std::unique_ptr<Vault>> Vault::open(const std::string& path) {
  struct stat facts{};
  std::unique_ptr<Vault> vault(new Vault());
  vault->path_ = path;
  auto refuse = [&](std::string code, std::string message, std::string hint = {}) {
    return Diagnostic{Severity::error, std::move(code), std::move(message), std::move(hint), {path, 0, 0}, {}, {}};
  };
  if (stat(path.c_str(), &facts) != 0) return refuse("cannot-read", std::string("it cannot be opened: ") + std::strerror(errno));
  if (!S_ISREG(facts.st_mode)) return refuse("cannot-read", "it is not a file");
  if (held_by_writer(path)) return refuse("in-use", "another program is writing this file", "wait until it is done");
  if (const Result<bool> recovered = recover(path); !recovered) return recovered.errors();
  if (stat(path.c_str(), &facts) != 0) return refuse("cannot-read", std::string("it cannot be opened: ") + std::strerror(errno));
  vault->size_ = uint64_t(facts.st_size);
  char head[8] = {};
  std::ifstream(path, std::ios::binary).read(head, sizeof head);
  if (std::memcmp(head, "\x89HDF\r\n\x1a\n", 8) != 0)
    return refuse("not-a-recording", "it is not an HDF5 file", "nuri run SCENE --record FILE.h5 writes recordings");
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return refuse("cannot-read", std::string("the reader cannot be started: ") + std::strerror(errno));
  const auto held = hdf5::lock();                // no other thread is inside the library when the child gets its copy
  vault->child_ = fork();
  if (vault->child_ == 0) close(ends[0]), child(ends[1], least_seconds + rlim_t(vault->size_ / bytes_per_second));
  close(ends[1]);
  vault->wire_ = ends[0];
  if (vault->child_ < 0) return refuse("cannot-read", std::string("the reader cannot be started: ") + std::strerror(errno));
  if (const Result<std::string> opened = vault->ask('o', path, 0, 0); !opened) return opened.errors();
  return vault;
}

Vault::~Vault() {
  if (wire_ >= 0) close(wire_);
  if (child_ <= 0) return;
  kill(child_, SIGKILL);                         // it reads only
  while (waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {}
}

Result<std::string> Vault::ask(char what, const std::string& path, uint64_t first, uint64_t count) {
  Writer question;
  question.put(what), question.put(path), question.put(first), question.put(count);
  std::string said;
  if (wire_ < 0 || !send_message(wire_, question.out) || !receive_message(wire_, said) || said.empty()) {
    if (wire_ >= 0) close(wire_), wire_ = -1;
    return damaged("the file is damaged: HDF5 fails on it" + (path == path_ ? "" : ", at " + path));
  }
  if (said[0] != '+') return damaged(said.substr(1));
  return said.substr(1);
}

Result<std::vector<Entry>> Vault::list(const std::string& group) {
  const Result<std::string> said = ask('l', group, 0, 0);
  if (!said) return said.errors();
  std::vector<Entry> out;
  if (!unpacked(*said, out) || out.empty()) return damaged("the members of " + group + " cannot be listed");
  return out;
}

Result<Table> Vault::read(const std::string& path, uint64_t first, uint64_t count) {
  const Result<std::string> said = ask('r', path, first, count);
  if (!said) return said.errors();
  Table out;
  if (!unpacked(*said, out)) return damaged(path + " cannot be read");
  return out;
}

}  // namespace nuri::record
