#include "engine/scene/mjcf.h"
#include <algorithm>
#include <filesystem>
#include <numbers>
#include "engine/core/paths.h"
#include "engine/scene/mjcf_expand.h"
#include "engine/scene/mjcf_reader.h"
#include "engine/scene/xml.h"

namespace nuri::scene {
namespace mjcf {

double Settings::angle(double written) const { return degree ? written / 180 * std::numbers::pi : written; }

const char* word(Kind kind) {
  static constexpr const char* words[] = {"body", "joint", "geom", "site", "camera", "light", "texture", "material", "mesh", "hfield", "pair", "exclude", "equality",
                                          "tendon", "actuator", "sensor", "key", "frame", "custom element"};
  return words[static_cast<std::size_t>(kind)];
}

void Reader::declare(Attributes& attributes, Kind kind, std::string& out_name, std::size_t index) {
  out_name.clear();
  if (!attributes.text("name", out_name)) return;
  Place place = xml::place_of(attributes.element(), "name");
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
  if (auto found = class_names.find(name); found != class_names.end()) return found->second;
  std::vector<std::string> candidates;
  if (!findings.errors.full())
    for (const auto& [candidate, unused] : class_names) candidates.push_back(candidate);
  attributes.error(attribute, "unknown-class", "no default class is named " + xml::shown(name), xml::nearest_hint(name, candidates));
  return otherwise;
}

int Reader::add_class(Class c) {
  const int index = static_cast<int>(classes.size());
  class_names.emplace(c.name, index);
  classes.push_back(std::move(c));
  return index;
}

const Settings& Reader::settings_of(const xml::Element& element) const {
  if (foreign.empty()) return settings;
  auto found = foreign.find(element.source);
  return found == foreign.end() ? settings : *found->second;
}

static std::string stem_and_ending(const std::string& file) { return file.substr(file.find_last_of("/\\") + 1); }

std::string Reader::find_file(Attributes& attributes, const std::string& attribute, const std::string& folder, std::size_t most_bytes) {
  std::string name;
  if (!attributes.text(attribute, name)) return {};
  const Settings& here = settings_of(attributes.element());
  if (here.folder.empty()) {
    attributes.error(attribute, "file-refused", "a scene read from memory cannot name files, got " + xml::shown(name));
    return {};
  }
  if (here.strippath) name = name.substr(name.find_last_of("/\\") + 1);
  const bool plain = !folder.empty() && name[0] != '/' && name.find_first_of(":\\") == std::string::npos;   // other names are judged as written
  Result<std::string> path = resolve_file(plain ? folder + (folder.back() == '/' ? "" : "/") + name : name, here.folder, roots, most_bytes);
  if (path) return *path;
  for (const Diagnostic& d : path.errors()) {
    std::string hint = d.hint;
    if (hint.empty() && d.code == "cannot-read") {   // an included file's names are relative to the main file
      const xml::Source& main = foreign.contains(attributes.element().source) ? *attributes.element().source : *document->root->source;
      hint = "looked for " + xml::shown(plain ? folder + (folder.back() == '/' ? "" : "/") + name : name) + " in the folder of " + stem_and_ending(main.name) +
             (plain ? ", by the compiler's meshdir, texturedir or assetdir" : "") + (here.strippath ? "; strippath takes folders away" : "");
    }
    attributes.error(attribute, d.code, d.message, hint);
  }
  return {};
}

bool Reader::is_limited(Attributes& attributes, Limited limited, const std::string& limited_name, const Array2& range, const std::string& range_name) {
  if (limited == Limited::no) return false;
  attributes.check(limited == Limited::automatic ? range[0] <= range[1] : range[0] < range[1], range_name, "have its lower value first");
  if (limited == Limited::yes) return true;
  const bool is_range = range[0] < range[1];
  if (is_range && !settings_of(attributes.element()).autolimits)
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

void Reader::not_supported(const xml::Element& element) {
  static const std::map<std::string, const char*> hints = {
      {"composite", "MuJoCo 4 has no <composite>: <replicate> repeats bodies, and MuJoCo 3 can save the model with the bodies written out"},
      {"flexcomp", "soft bodies are not simulated: leave them out, or put a rigid body in their place"},
      {"flex", "soft bodies are not simulated: leave them out, or put a rigid body in their place"},
      {"plugin", "plugins are programs for MuJoCo alone: leave them out"}, {"extension", "plugins are programs for MuJoCo alone: leave them out"}};
  const auto hint = hints.find(element.name);
  error(element, "not-supported-yet", "<" + element.name + "> is not supported yet", hint == hints.end() ? "" : hint->second);
}

void Reader::no_children(const xml::Element& element) {
  for (const auto& child : element.children) unknown_element(*child, {});
}

std::string stem(const std::string& file) {
  std::string name = file.substr(file.find_last_of("/\\") + 1);
  return name.substr(0, name.find_last_of('.'));
}

// Skins are drawn, flexes move.
static void read_deformable(Reader& reader, const xml::Element& section) {
  Attributes(section, reader.findings).finish();
  for (const auto& child : section.children)
    if (child->name == "skin") reader.findings.only_drawn("<skin>", *child);
    else if (child->name == "flex") reader.not_supported(*child);
    else reader.unknown_element(*child, {"flex", "skin"});
}

bool read_document(Reader& reader) {
  xml::Element& root = *reader.document->root;
  reader.findings.report = std::move(reader.document->report);
  reader.scene.option.ccd_iterations = 35;         // MuJoCo 3.17
  reader.scene.option.flags.multiccd = true;
  reader.scene.bodies.push_back({});
  reader.scene.bodies[0].name = "world";
  reader.scene.bodies[0].place = root.place();
  reader.bodies.push_back(nullptr);
  reader.names[static_cast<std::size_t>(Kind::body)]["world"] = {0, {}};
  reader.add_class({}), reader.classes[0].name = "main", reader.class_names = {{"main", 0}};

  Attributes attributes(root, reader.findings);
  if (root.name != "mujoco") {
    reader.error(root, "wrong-root", "the root element of an MJCF file is <mujoco>, here it is <" + root.name + ">",
                 root.name == "robot" ? "this looks like URDF" : "");
    return false;
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
      {"deformable", read_deformable},
      {"worldbody", nullptr},        {"contact", read_contact}, {"tendon", read_tendons}, {"equality", read_equalities},
      {"actuator", read_actuators},  {"sensor", read_sensors},  {"keyframe", read_keyframe}};
  std::vector<std::string> known;
  for (const auto& [name, read_section] : sections) {
    if (name == "asset") {
      load_models(reader, root);
      if (!expand(reader, root)) return false;
    }
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

  if (reader.settings.discardvisual) hide_visual(reader);
  add_attached_keys(reader);
  report_attached_options(reader);
  if (reader.scene.keys.size() < static_cast<std::size_t>(reader.least_keys))
    reader.findings.report.push_back(xml::finding(Severity::note, root, {}, "default-keyframes", std::to_string(static_cast<std::size_t>(reader.least_keys) - reader.scene.keys.size()) +
                                                  " keyframes of the initial state were added, by size/nkey"));
  while (reader.scene.keys.size() < static_cast<std::size_t>(reader.least_keys)) reader.scene.keys.push_back({});
  if (reader.findings.errors.count > 0) return false;
  reader.findings.finish();
  reader.scene.report = std::move(reader.findings.report);
  return true;
}

}  // namespace mjcf

namespace {

// Attached elements stand in the main tree and point into the files that they come from.
void keep_documents(mjcf::Reader& reader, std::vector<std::shared_ptr<const xml::Document>>& out) {
  if (reader.document) out.push_back(std::move(reader.document));
  for (auto& [name, model] : reader.models)
    if (model) keep_documents(*model, out);
}

Result<Scene> finished(mjcf::Reader& reader, Result<xml::Document> document) {
  if (!document) return document.errors();
  reader.document = std::make_unique<xml::Document>(std::move(*document));
  if (!read_document(reader)) return reader.findings.errors.finished();
  keep_documents(reader, reader.scene.documents);
  return std::move(reader.scene);
}

}  // namespace

bool is_mjcf(const std::string& path) { return path.ends_with(".xml") || path.ends_with(".mjcf"); }

Result<Scene> read_mjcf(const std::string& path, const MjcfOptions& options) {
  mjcf::Reader reader;
  reader.spent = std::make_shared<xml::Spent>();
  std::error_code failure;
  const std::filesystem::path identity = std::filesystem::canonical(path.find('\0') == std::string::npos ? path : "", failure);
  if (!failure) {
    reader.settings.folder = identity.parent_path().string();
    reader.roots.push_back(reader.settings.folder);
    reader.open_files.push_back(identity.string());
  }
  for (const std::string& root : options.roots) {
    const std::filesystem::path folder = std::filesystem::canonical(root, failure);
    if (failure || !std::filesystem::is_directory(folder, failure))
      return Diagnostic{Severity::error, "cannot-read", "this root is not a folder that can be read", {}, {root, 0, 0}, {}, {}};
    reader.roots.push_back(folder.string());
  }
  return finished(reader, xml::load(path, {reader.roots, options.included_from, reader.spent.get(), {}}));
}

Result<Scene> read_mjcf_text(const std::string& text, const std::string& name) {
  mjcf::Reader reader;
  reader.spent = std::make_shared<xml::Spent>();
  return finished(reader, xml::parse(text, name));
}

}  // namespace nuri::scene
