#include "engine/scene/packages.h"
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include "engine/core/paths.h"
#include "engine/scene/xml.h"

namespace nuri::scene {
namespace {
namespace fs = std::filesystem;

constexpr int levels_up = 4;                                  // from the description's folder
constexpr std::size_t manifest_bytes = std::size_t{1} << 20;  // of a package.xml
constexpr std::size_t entries = 256;                          // of one path variable

// Canonical folder, or "" if there is none.
std::string canonical_folder(const fs::path& path) {
  std::error_code failure;
  const fs::path found = fs::canonical(path, failure);
  return failure || !fs::is_directory(found, failure) ? std::string() : found.string();
}

// Entries of a path variable that name folders absolutely; an empty or relative entry would mean the working folder.
std::vector<std::string> listed(const char* variable) {
  std::vector<std::string> out;
  const char* value = std::getenv(variable);
  for (std::string_view rest = value ? value : ""; !rest.empty() && out.size() < entries;) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    if (end > 0 && rest[0] == '/') out.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return out;
}

// What <name> of a folder's package.xml says; "" if there is none.
std::string manifest_name(const fs::path& folder) {
  const std::string place = canonical_folder(folder);
  if (place.empty()) return {};
  Result<std::string> path = resolve_file("package.xml", place, {place}, manifest_bytes);
  if (!path) return {};
  Result<std::string> text = read_file(*path, manifest_bytes);
  if (!text) return {};
  std::string plain = *text;
  for (std::size_t at = 0; (at = plain.find("<!--", at)) != std::string::npos;) {
    const std::size_t end = plain.find("-->", at + 4);
    plain.erase(at, end == std::string::npos ? std::string::npos : end + 3 - at);
  }
  const std::size_t begin = plain.find("<name>"), end = plain.find("</name>");
  if (begin == std::string::npos || end == std::string::npos || end < begin) return {};
  const std::string name = plain.substr(begin + 6, end - begin - 6);
  const std::size_t first = name.find_first_not_of(" \t\r\n"), last = name.find_last_not_of(" \t\r\n");
  return first == std::string::npos ? std::string() : name.substr(first, last - first + 1);
}

// Whether a folder that only has the right name may be taken for a package.
bool may_be_package(const fs::path& folder) {
  if (!folder.has_relative_path() || !folder.parent_path().has_relative_path()) return false;
  const char* home = std::getenv("HOME");
  if (!home || !*home) return true;
  const std::string canonical = canonical_folder(home);
  if (canonical.empty()) return true;
  const fs::path inside = fs::path(canonical).lexically_relative(folder);
  return inside.empty() || *inside.begin() == "..";
}

Diagnostic refused(const std::string& code, const std::string& message, const std::string& hint = {}) {
  return {Severity::error, code, message, hint, {}, {}, {}};
}

std::string joined(const std::vector<std::string>& places) {
  std::string text;
  for (const std::string& place : places) text += (text.empty() ? "" : ", ") + place;
  return text;
}

bool is_package_name(const std::string& name) {
  if (name.empty() || name.size() > 255 || name == "." || name == "..") return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-' || c == '.' || c == ' ';
  });
}

}  // namespace

Packages::Packages(const PackagePaths& paths, const std::string& folder) : paths_(paths), folder_(folder.empty() ? folder : canonical_folder(folder)) {
  if (!folder_.empty()) {
    roots_.push_back(folder_);
    fs::path up = folder_;
    for (int level = 0; level <= levels_up && up.has_relative_path(); ++level, up = up.parent_path()) {
      if (manifest_name(up).empty()) continue;
      roots_.push_back(up.string());
      break;
    }
  }
  for (std::string& root : paths_.roots) {
    root = canonical_folder(root);
    if (!root.empty()) roots_.push_back(root);
  }
}

const Packages::Found& Packages::find(const std::string& package) {
  auto known = found_.find(package);
  if (known == found_.end()) known = found_.emplace(package, search(package)).first;
  return known->second;
}

Packages::Found Packages::search(const std::string& package) const {
  Found out;
  auto take = [&](const fs::path& place, bool fits) {
    out.looked.push_back(place.string());
    if (fits) out.folder = canonical_folder(place);
    return !out.folder.empty();
  };
  if (const auto given = paths_.packages.find(package); given != paths_.packages.end()) {
    take(given->second, true);  // what was given is meant: no search beside it
    return out;
  }
  if (paths_.environment) {
    for (const std::string& entry : listed("ROS_PACKAGE_PATH")) {
      const fs::path own = fs::path(entry).lexically_normal();
      if (take(own, manifest_name(own) == package || (own.filename() == package && !manifest_name(own).empty()))) return out;
      if (take(own / package, true)) return out;
    }
    for (const std::string& entry : listed("AMENT_PREFIX_PATH"))
      if (take(fs::path(entry) / "share" / package, true)) return out;
  }
  fs::path up = folder_;
  for (int level = 0; level <= levels_up && up.has_relative_path(); ++level, up = up.parent_path()) {
    if (take(up, manifest_name(up) == package)) return out;
    if (manifest_name(up / package) == package && take(up / package, true)) return out;
  }
  up = folder_;
  for (int level = 0; level <= levels_up && up.has_relative_path(); ++level, up = up.parent_path())
    if (up.filename() == package && may_be_package(up) && take(up, true)) return out;
  if (!folder_.empty()) {  // in it even if it is a link
    const fs::path inside = fs::path(canonical_folder(fs::path(folder_) / package)).lexically_relative(folder_);
    if (take(fs::path(folder_) / package, !inside.empty() && *inside.begin() != "..")) return out;
  }
  if (paths_.environment)
    for (const std::string& entry : listed("GZ_SIM_RESOURCE_PATH"))
      if (take(fs::path(entry) / package, true)) return out;
  return out;
}

Result<std::string> Packages::in_package(const std::string& name, const std::string& inside, std::size_t most_bytes) {
  const std::size_t slash = inside.find('/');
  const std::string package = inside.substr(0, slash);
  if (slash == std::string::npos || slash + 1 == inside.size() || !is_package_name(package))
    return refused("bad-file-name", xml::shown(name) + " names no file of a package", "package://NAME/PATH");
  const Found& found = find(package);
  if (found.folder.empty())
    return refused("unknown-package", "no package " + xml::shown(package) + " was found for " + xml::shown(name),
                   (found.looked.empty() ? std::string() : "looked at: " + joined(found.looked) + "; ") + "give its folder: --package " + package + "=FOLDER");
  std::string rest = inside.substr(slash + 1);
  rest.erase(0, std::min(rest.find_first_not_of('/'), rest.size()));  // package://NAME//PATH stays inside
  Result<std::string> path = resolve_file(rest, found.folder, {found.folder}, most_bytes);
  if (path) return path;
  Diagnostic d = path.errors().front();
  if (d.hint.empty()) d.hint = "package " + package + " is " + found.folder;
  return d;
}

Result<std::string> Packages::file(const std::string& name, std::size_t most_bytes) {
  // a scheme
  std::string plain = name;
  if (const std::size_t scheme_end = name.find("://"); scheme_end != std::string::npos) {
    const std::string scheme = name.substr(0, scheme_end);
    const std::string rest = name.substr(scheme_end + 3);
    if (scheme == "package" || scheme == "model") return in_package(name, rest, most_bytes);
    if (scheme != "file") return refused("bad-file-name", "files are not read from " + xml::shown(scheme + "://"), "copy the file beside the description");
    plain = rest;
  }
  if (plain.empty()) return refused("bad-file-name", "this names no file");

  // as it stands, then in the given roots
  std::vector<std::string> folders;
  if (!folder_.empty()) folders.push_back(folder_);
  const bool absolute = plain[0] == '/';
  if (!absolute || folders.empty())
    for (const std::string& root : paths_.roots)
      if (!root.empty()) folders.push_back(root);
  if (folders.empty()) return refused("outside-folder", "a description that is not a file has no folder in which " + xml::shown(name) + " could lie", "give a root");
  std::vector<Diagnostic> first;
  for (const std::string& folder : folders) {
    Result<std::string> path = resolve_file(plain, folder, roots_, most_bytes);
    if (path) return path;
    if (first.empty()) first = path.errors();
    if (path.errors().front().code != "cannot-read" && path.errors().front().code != "outside-folder") return path.errors();
  }
  Diagnostic d = first.front();
  if (d.code == "outside-folder") d.hint = "folders that may be read: " + joined(roots_) + "; --root FOLDER allows others";
  else if (d.hint.empty()) d.hint = absolute ? "absolute names must exist as they are" : "looked in: " + joined(folders);
  return d;
}

}  // namespace nuri::scene
