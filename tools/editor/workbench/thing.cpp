#include "tools/editor/workbench/thing.h"
#include <array>
#include <filesystem>
#include <string_view>

namespace nuri::editor {
namespace {

const std::vector<std::string>& names(const model::Model& model, Kind kind) {
  switch (kind) {
    case Kind::body: return model.body_name;
    case Kind::joint: return model.joint_name;
    case Kind::geom: return model.geom_name;
    case Kind::site: return model.site_name;
    case Kind::actuator: return model.actuator_name;
    default: return model.sensor_name;
  }
}

// The kind that a word of a file means; none: any.
std::optional<Kind> kind_of(std::string_view word) {
  constexpr struct { const char* word; Kind kind; } words[] = {
      {"body", Kind::body},   {"bodies", Kind::body},   {"link", Kind::body},       {"links", Kind::body},
      {"joint", Kind::joint}, {"joints", Kind::joint},  {"freejoint", Kind::joint}, {"geom", Kind::geom},
      {"geoms", Kind::geom},  {"site", Kind::site},     {"actuator", Kind::actuator}, {"sensor", Kind::sensor}};
  for (const auto& one : words)
    if (word == one.word) return one.kind;
  return std::nullopt;
}

// Which things a finding may mean, as its file calls them, the likeliest first.
struct Named { std::optional<Kind> kind; std::string name; };
std::vector<Named> named_by(const Diagnostic& finding) {
  std::vector<Named> out;
  // mujoco/worldbody/body[torso]/geom: the innermost that has a name. Names may hold '/'
  const std::string_view path = finding.element;
  for (size_t end = path.rfind(']'); end != std::string_view::npos && end > 0; end = path.rfind(']', end - 1)) {
    const size_t open = path.rfind('[', end);
    if (open == std::string_view::npos) break;
    const size_t slash = path.rfind('/', open), tag = slash == std::string_view::npos ? 0 : slash + 1;
    out.push_back({kind_of(path.substr(tag, open - tag)), std::string(path.substr(open + 1, end - open - 1))});
    end = open;
    if (end == 0) break;
  }
  // body 'torso' is ..
  const std::string_view text = finding.message;
  std::optional<Kind> last;
  for (size_t open = text.find('\''); open != std::string_view::npos;) {
    const size_t close = text.find('\'', open + 1);
    if (close == std::string_view::npos) break;
    const size_t word_end = open > 0 && text[open - 1] == ' ' ? open - 1 : open, space = text.rfind(' ', word_end > 0 ? word_end - 1 : 0);
    const size_t word_begin = space == std::string_view::npos || space >= word_end ? 0 : space + 1;
    const std::string_view before = text.substr(word_begin, word_end - word_begin);
    const std::optional<Kind> kind = kind_of(before);
    if (kind || before != "and") last = kind;      // bodies 'a' and 'b'
    out.push_back({last, std::string(text.substr(open + 1, close - open - 1))});
    open = text.find('\'', close + 1);
  }
  return out;
}

}  // namespace

const char* word(Kind kind) {
  static constexpr const char* words[] = {"body", "joint", "geom", "site", "actuator", "sensor"};
  return words[int(kind)];
}

std::string name_of(const model::Model& model, const Thing& thing) {
  const auto& all = names(model, thing.kind);
  if (thing.index >= 0 && size_t(thing.index) < all.size() && !all[thing.index].empty()) return all[thing.index];
  if (thing.kind == Kind::body && thing.index == 0) return "world";
  return std::string(word(thing.kind)) + " " + std::to_string(thing.index);
}

int body_of(const model::Model& model, const Thing& thing) {
  if (thing.index < 0) return -1;
  switch (thing.kind) {
    case Kind::body: return thing.index;
    case Kind::joint: return model.joint_body[thing.index];
    case Kind::geom: return model.geom_body[thing.index];
    case Kind::site: return model.site_body[thing.index];
    default: return -1;
  }
}


std::optional<Thing> thing_of(const model::Model& model, std::span<const Placement> placements, const Diagnostic& finding) {
  std::vector<std::string> prefixes;
  auto of_file = [](const Placement& placement, const Place& place) {
    return !place.file.empty() && std::filesystem::path(placement.file).filename() == std::filesystem::path(place.file).filename();
  };
  for (const Placement& placement : placements) {
    bool theirs = of_file(placement, finding.place);
    for (const Place& place : finding.included_from) theirs = theirs || of_file(placement, place);
    if (theirs && !placement.name.empty()) prefixes.push_back(placement.name + '/');
  }
  prefixes.push_back("");
  constexpr std::array all{Kind::body, Kind::joint, Kind::geom, Kind::site, Kind::actuator, Kind::sensor};
  auto find = [&](Kind kind, const std::string& name) -> std::optional<Thing> {
    const std::vector<std::string>& list = names(model, kind);
    for (const std::string& prefix : prefixes)
      for (size_t i = 0; i < list.size(); ++i)
        if (list[i].size() == prefix.size() + name.size() && list[i].starts_with(prefix) && list[i].ends_with(name))
          return Thing{kind, int(i)};
    return std::nullopt;
  };
  for (const Named& named : named_by(finding)) {
    if (named.name.empty()) continue;
    if (named.kind)
      if (const auto found = find(*named.kind, named.name)) return found;
    for (const Kind kind : all)                    // a link that was merged is a site, for one
      if (const auto found = find(kind, named.name)) return found;
  }
  return std::nullopt;
}

std::string place_text(const Place& place) {
  std::string out = place.file;
  if (out.empty() || place.line <= 0) return out;
  out += ':' + std::to_string(place.line);
  return place.column > 0 ? out + ':' + std::to_string(place.column) : out;
}

}  // namespace nuri::editor
