#include "engine/core/paths.h"

#include <cctype>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <memory>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace nuri {
namespace {
constexpr std::size_t longest_name = 4096;               // bytes
constexpr long proc_magic = 0x9fa0, sys_magic = 0x62656572;   // f_type of /proc and /sys (linux/magic.h)

Diagnostic error(std::string code, std::string message, std::string hint = "") {
  Diagnostic d;
  d.code = std::move(code), d.message = std::move(message), d.hint = std::move(hint);
  return d;
}

Diagnostic unreadable(const std::string& path, const std::string& why) { return error("cannot-read", "cannot read \"" + path + "\": " + why); }

Diagnostic too_large(const std::string& path, std::size_t bytes, std::size_t most) {
  return error("file-too-large", "\"" + path + "\" has " + std::to_string(bytes) + " bytes, more than the " + std::to_string(most) + " allowed");
}

// A name as it may be shown: cut, and without control characters.
std::string shown(const std::string& name) {
  std::string out = name.substr(0, 200);
  for (char& c : out) if (static_cast<unsigned char>(c) < 32 || c == 127) c = '?';
  return out.size() < name.size() ? out + "..." : out;
}

// "http:", "C:", but not "a/b:c"
bool has_scheme(const std::string& name) {
  std::size_t k = 0;
  while (k < name.size() && (std::isalnum(static_cast<unsigned char>(name[k])) || std::strchr("+-.", name[k]))) ++k;
  return k > 0 && k < name.size() && name[k] == ':';
}

// realpath(); "" with errno set if there is no such file.
std::string canonical(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> found(realpath(path.c_str(), nullptr), &std::free);
  return found ? found.get() : "";
}

bool lies_in(const std::string& path, std::string root) {
  while (root.size() > 1 && root.back() == '/') root.pop_back();
  if (root.empty() || root[0] != '/') return false;
  return root == "/" || (path.size() > root.size() && path.compare(0, root.size(), root) == 0 && path[root.size()] == '/');
}

const char* kind(mode_t mode) {
  if (S_ISDIR(mode)) return "it is a folder";
  if (S_ISFIFO(mode) || S_ISSOCK(mode)) return "it is a pipe or socket, not a file";
  return "it is a device, not a file";
}

struct Descriptor {
  int number;
  ~Descriptor() { if (number >= 0) close(number); }
};
}  // namespace

Result<std::string> resolve_file(const std::string& name, const std::string& folder, const std::vector<std::string>& roots, std::size_t most_bytes) {
  // the name itself
  if (name.empty()) return error("bad-file-name", "empty file name");
  if (name.size() > longest_name) return error("bad-file-name", "file name of " + std::to_string(name.size()) + " bytes: \"" + shown(name) + "\"");
  if (name.find('\0') != std::string::npos) return error("bad-file-name", "file name with a zero byte: \"" + shown(name) + "\"");
  if (name.find('\\') != std::string::npos) return error("bad-file-name", "file name with a backslash: \"" + shown(name) + "\"", "write / between folders");
  if (has_scheme(name)) return error("bad-file-name", "\"" + shown(name) + "\" is an address or a drive, not a file in an allowed folder");

  // where it leads
  const std::string asked = name[0] == '/' ? name : folder + "/" + name, path = canonical(asked);
  if (path.empty()) return unreadable(shown(name), std::strerror(errno));
  bool allowed = false;
  for (const std::string& root : roots) allowed = allowed || lies_in(path, root);
  if (!allowed) {
    return error("outside-folder", "\"" + shown(name) + "\" leads out of the folders that may be read", "move the file beside the scene, or allow its folder: --root FOLDER");
  }

  // what is there
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return unreadable(shown(name), std::strerror(errno));
  if (!S_ISREG(info.st_mode)) return unreadable(shown(name), kind(info.st_mode));
  if (static_cast<std::size_t>(info.st_size) > most_bytes) return too_large(shown(name), info.st_size, most_bytes);
  if (access(path.c_str(), R_OK) != 0) return unreadable(shown(name), std::strerror(errno));
  return path;
}

// Everything is asked of the opened file, so what is put at `path` meanwhile does not matter: no link is followed at its
// end, a link put in place of a folder above shows in the descriptor's own name, a pipe does not block.
Result<std::string> read_file(const std::string& path, std::size_t most_bytes) {
  if (path.find('\0') != std::string::npos) return error("bad-file-name", "file name with a zero byte: \"" + shown(path) + "\"");
  const Descriptor file{open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
  if (file.number < 0) return unreadable(shown(path), std::strerror(errno));
  struct stat info;
  struct statfs system;
  if (fstat(file.number, &info) != 0 || fstatfs(file.number, &system) != 0) return unreadable(shown(path), std::strerror(errno));
  if (!S_ISREG(info.st_mode)) return unreadable(shown(path), kind(info.st_mode));
  if (static_cast<long>(system.f_type) == proc_magic || static_cast<long>(system.f_type) == sys_magic) return unreadable(shown(path), "the kernel writes it");
  char opened[PATH_MAX];
  const ssize_t length = readlink(("/proc/self/fd/" + std::to_string(file.number)).c_str(), opened, sizeof opened);
  if (path[0] == '/' && length >= 0 && path != std::string(opened, length)) return unreadable(shown(path), "it was moved while it was being read, or a link leads there");
  const std::size_t size = info.st_size;
  if (size > most_bytes) return too_large(shown(path), size, most_bytes);

  // one byte more than there should be, to notice growth
  std::string content(size + 1, '\0');
  std::size_t filled = 0;
  while (filled < content.size()) {
    const ssize_t got = read(file.number, content.data() + filled, content.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return unreadable(shown(path), std::strerror(errno));
    if (got == 0) break;
    filled += got;
  }
  if (filled != size) return unreadable(shown(path), "it changed while it was being read");
  content.resize(size);
  return content;
}

std::string folder_of(const std::string& path) {
  if (path.find('\0') != std::string::npos) return "";
  const std::string file = canonical(path);
  const std::size_t slash = file.rfind('/');
  return slash == std::string::npos ? "" : slash == 0 ? "/" : file.substr(0, slash);
}

}  // namespace nuri
