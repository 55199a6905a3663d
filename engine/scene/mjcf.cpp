#include "engine/scene/mjcf.h"
#include <algorithm>
#include <numbers>
#include "engine/scene/mjcf_reader.h"
#include "engine/scene/xml.h"

namespace nuri::scene {
namespace mjcf {

double Settings::angle(double written) const { return degree ? written / 180 * std::numbers::pi : written; }

const char* word(Kind kind) {
  static constexpr const char* words[] = {"body", "joint", "geom", "site", "camera", "light", "texture", "material", "pair", "exclude", "equality",
                                          "tendon", "actuator", "sensor", "key", "frame", "custom element"};
  return words[static_cast<std::size_t>(kind)];
}

void Reader::declare(Attributes& attributes, Kind kind, std::string& out_name, std::size_t index) {
  out_name.clear();
  if (!attributes.text("name", out_name)) return;
  Place place = xml::finding(Severity::note, attributes.element(), "name", {}, {}).place;
  auto [entry, is_new] = names[static_cast<std::size_t>(kind)].try_emplace(out_name, Named{static_cast<int>(index), place});
  if (is_new) return;
  const Place& first = entry->second.place;
  attributes.error("name", "repeated-name", std::string("there is a ") + word(kind) + " named " + xml::shown(out_name) + " already",
                   first.line > 0 ? "the first is at " + first.file + ":" + std::to_string(first.line) : "the world has this name");
}

int Reader::find(Attributes& attributes, const std::string& attribute, Kind kind) {
  std::string name;
  return attributes.text(attribute, name) ? find(attributes, attribute, name, kind) : -1;
}

int Reader::find(Attributes& attributes, const std::string& attribute, const std::string& name, Kind kind) {
  const auto& known = names[static_cast<std::size_t>(kind)];
  if (auto found = known.find(name); found != known.end()) return found->second.index;
  std::vector<std::string> candidates;
  if (!findings.errors.full())
    for (const auto& [candidate, unused] : known) candidates.push_back(candidate);
  attributes.error(attribute, "unknown-name", std::string("no ") + word(kind) + " is named " + xml::shown(name), xml::nearest_hint(name, candidates));
  return -1;
}

int Reader::find_class(Attributes& attributes, const std::string& attribute, int otherwise) {
  std::string name;
  if (!attributes.text(attribute, name)) return otherwise;
  std::vector<std::string> candidates;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    if (classes[i].name == name) return static_cast<int>(i);
    candidates.push_back(classes[i].name);
  }
  attributes.error(attribute, "unknown-class", "no default class is named " + xml::shown(name), xml::nearest_hint(name, candidates));
  return otherwise;
}

bool Reader::is_limited(Attributes& attributes, Limited limited, const std::string& limited_name, const Array2& range, const std::string& range_name) {
  if (limited == Limited::no) return false;
  attributes.check(limited == Limited::automatic ? range[0] <= range[1] : range[0] < range[1], range_name, "have its lower value first");
  if (limited == Limited::yes) return true;
  const bool is_range = range[0] < range[1];
  if (is_range && !settings.autolimits)
    attributes.error(range_name, "missing-attribute", "'" + range_name + "' is given without '" + limited_name + "', and autolimits is off",
                     "write " + limited_name + "=\"true\" or \"false\"");
  return is_range;
}

void Reader::error(const xml::Element& element, const std::string& code, const std::string& message, const std::string& hint) {
  findings.errors.add(xml::finding(Severity::error, element, {}, code, message, hint));
}

void Reader::unknown_element(const xml::Element& element, const std::vector<std::string>& known) {
  error(element, "unknown-element", "<" + element.parent->name + "> cannot hold <" + element.name + ">", xml::nearest_hint(element.name, known));
}

void Reader::not_supported(const xml::Element& element) { error(element, "not-supported-yet", "<" + element.name + "> is not supported yet"); }

void Reader::no_children(const xml::Element& element) {
  for (const auto& child : element.children) unknown_element(*child, {});
}

namespace {

Result<Scene> read_document(Result<xml::Document> document) {
  if (!document) return document.errors();
  const xml::Element& root = *document->root;
  Reader reader;
  reader.findings.report = std::move(document->report);
  reader.scene.option.ccd_iterations = 35;         // MuJoCo 3.17
  reader.scene.option.flags.multiccd = true;
  reader.scene.bodies.push_back({});
  reader.scene.bodies[0].name = "world";
  reader.scene.bodies[0].place = root.place();
  reader.names[static_cast<std::size_t>(Kind::body)]["world"] = {0, {}};
  reader.classes.push_back({});
  reader.classes[0].name = "main";

  Attributes attributes(root, reader.findings);
  if (root.name != "mujoco") {
    reader.error(root, "wrong-root", "the root element of an MJCF file is <mujoco>, here it is <" + root.name + ">",
                 root.name == "robot" ? "this looks like URDF" : "");
    return reader.findings.errors.finished();
  }
  attributes.text("model", reader.scene.name);
  attributes.finish();

  // in the order in which they need each other
  using Section = void (*)(Reader&, const xml::Element&);
  static const std::vector<std::pair<std::string, Section>> sections = {
      {"compiler", read_compiler},   {"option", read_option}, {"size", read_size},
      {"visual", read_visual},       {"statistic", read_statistic},
      {"default", [](Reader& r, const xml::Element& e) { read_default(r, e, -1); }},
      {"custom", read_custom},       {"asset", read_asset},
      {"extension", [](Reader& r, const xml::Element& e) { r.not_supported(e); }},
      {"deformable", [](Reader& r, const xml::Element& e) { r.not_supported(e); }},
      {"worldbody", nullptr},        {"contact", read_contact}, {"tendon", read_tendons}, {"equality", read_equalities},
      {"actuator", read_actuators},  {"sensor", read_sensors},  {"keyframe", read_keyframe}};
  std::vector<std::string> known;
  for (const auto& [name, read_section] : sections) {
    known.push_back(name);
    std::vector<const xml::Element*> found;
    for (const auto& child : root.children)
      if (child->name == name) found.push_back(child.get());
    if (name == "worldbody") check_textures(reader);
    if (!read_section) read_worldbodies(reader, found);
    else for (const xml::Element* section : found) read_section(reader, *section);
  }
  for (const auto& child : root.children)
    if (std::find(known.begin(), known.end(), child->name) == known.end()) reader.unknown_element(*child, known);

  while (reader.scene.keys.size() < static_cast<std::size_t>(reader.least_keys)) reader.scene.keys.push_back({});
  if (reader.findings.errors.count > 0) return reader.findings.errors.finished();
  reader.findings.finish();
  reader.scene.report = std::move(reader.findings.report);
  return std::move(reader.scene);
}

}  // namespace
}  // namespace mjcf

Result<Scene> read_mjcf(const std::string& path) { return mjcf::read_document(xml::load(path)); }
Result<Scene> read_mjcf_text(const std::string& text, const std::string& name) { return mjcf::read_document(xml::parse(text, name)); }

}  // namespace nuri::scene
