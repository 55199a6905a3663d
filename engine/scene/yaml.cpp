#include "engine/scene/yaml.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <numbers>
#include <sstream>
#include "engine/scene/merge.h"
#include "engine/scene/yaml_models.h"

namespace nuri::scene {
namespace {
using namespace yaml;
constexpr double degree = std::numbers::pi / 180;
constexpr size_t listed_names = 12;              // in a hint, where none is near

bool matches(const char* pattern, const char* text) {
  const char *star = nullptr, *retry = nullptr;
  while (*text) {
    if (*pattern == '*') star = pattern++, retry = text;
    else if (*pattern == '?' || *pattern == *text) ++pattern, ++text;
    else if (star) pattern = star + 1, text = ++retry;
    else return false;
  }
  while (*pattern == '*') ++pattern;
  return *pattern == 0;
}

// ---- settings --------------------------------------------------------------------------------------------------------

void read_control(Input& input, const YAML::Node& node, Settings& out) {
  Map map(input, node, "a control");
  Control control;
  control.place = map.place();
  map.require("type");
  map.choice("type", control.type, {"none", "zero", "random", "sine", "hold", "target"});
  map.patterns("actuators", control.actuators, &control.names_places);
  control.keyframe_place = map.place("keyframe");   // only a look: the types below say whether it is a key
  switch (control.type) {
    case ControlType::none: case ControlType::zero: break;
    case ControlType::random:
      map.number("scale", control.scale, 0, 1e6);
      map.integer("hold", control.hold, 1, 1'000'000);
      break;
    case ControlType::sine:
      map.number("scale", control.scale, 0, 1e6);
      map.number("centre", control.centre);
      if (map.number("amplitude", control.amplitude, 0, 1e9) && map.has("scale")) map.error("scale", "two-amplitudes", "write 'scale' or 'amplitude', not both");
      map.number("frequency", control.frequency, 0, 1e6);
      map.number("phase", control.phase, 0, 1);
      break;
    case ControlType::hold:
      if (!map.text("keyframe", control.keyframe)) map.require("value");
      map.number("value", control.value);
      break;
    case ControlType::target:
      map.text("keyframe", control.keyframe);
      map.require("stiffness");
      map.number("stiffness", control.stiffness, 0, 1e9);
      map.number("damping", control.damping, 0, 1e9);
      break;
  }
  map.finish();
  out.controls.push_back(std::move(control));
}

void read_joint(Input& input, const YAML::Node& node, Settings& out) {
  Map map(input, node, "an initial joint");
  RandomJoint joint;
  joint.place = map.place();
  map.patterns("joints", joint.joints, &joint.names_places);
  map.draw("position", joint.position);
  map.draw("velocity", joint.velocity);
  map.finish();
  out.joints.push_back(std::move(joint));
}

void read_body(Input& input, const YAML::Node& node, Settings& out) {
  Map map(input, node, "an initial body");
  RandomBody body;
  body.place = map.place();
  map.patterns("bodies", body.bodies, &body.names_places);
  map.draws("position", body.position);
  map.draws("linear_velocity", body.linear_velocity);
  map.draws("angular_velocity", body.angular_velocity);
  map.flag("any_orientation", body.any_orientation);
  if (map.draw("tilt", body.tilt, degree) && body.any_orientation) map.error("tilt", "two-orientations", "write 'tilt' or 'any_orientation', not both");
  if (map.draw("yaw", body.yaw, degree) && body.any_orientation) map.error("yaw", "two-orientations", "write 'yaw' or 'any_orientation', not both");
  map.finish();
  out.bodies.push_back(std::move(body));
}

void read_field(Input& input, const YAML::Node& node, Settings& out) {
  Map map(input, node, "a varied field");
  RandomField field;
  field.place = map.place();
  map.require("field");
  map.text("field", field.field);
  field.field_place = map.place("field");
  map.patterns("names", field.names, &field.names_places);
  map.integer("component", field.component, 0, 100);
  map.flag("shared", field.shared);
  map.choice("when", field.when, {"start", "episode"});
  int given = 0;
  for (auto [key, operation] : {std::pair{"scale", Operation::scale}, {"add", Operation::add}, {"set", Operation::set}})
    if (map.draw(key, field.draw) || map.has(key)) field.operation = operation, ++given;
  if (given != 1) map.error("field", "missing-key", "a varied field has one of 'scale', 'add' and 'set'");
  map.finish();
  out.fields.push_back(std::move(field));
}

void read_path(Input& input, const YAML::Node& node, const std::string& name, LinkPath& out) {
  if (!node.IsDefined()) return;
  Map map(input, node, "'" + name + "'");
  constexpr double longest = yaml_limits::latency;
  if (map.draw("latency", out.latency) && (out.latency.a < 0 || (out.latency.normal ? out.latency.a : out.latency.b) > longest || (out.latency.normal && out.latency.b > longest)))
    map.error("latency", "out-of-range", "'latency' must lie between 0 and 10", "s");
  map.number("jitter", out.jitter, 0, longest);
  map.number("drop", out.drop, 0, 1);
  map.finish();
}

void read_link(Input& input, const YAML::Node& node, Settings& out) {
  if (!node.IsDefined()) return;
  Map map(input, node, "'link'");
  read_path(input, map.child("actions"), "actions", out.action_link);
  read_path(input, map.child("observations"), "observations", out.observation_link);
  map.finish();
}

SceneFile read_file(Input& input, const YAML::Node& root, const std::filesystem::path& folder) {
  SceneFile out;
  Settings& settings = out.settings;
  Map map(input, root, "a scene");
  out.name = std::filesystem::path(input.name).stem().string();
  map.text("name", out.name);
  map.integer("environments", settings.environments, 1, yaml_limits::environments);
  map.integer("substeps", settings.substeps, 1, 10'000);
  map.seed("seed", settings.seed);
  map.number("seconds", settings.seconds, 0, 1e9);

  // how environments differ, and what drives them
  each(input, map.child("controls"), "controls", [&](const YAML::Node& node) { read_control(input, node, settings); });
  if (const YAML::Node node = map.child("initial"); node.IsDefined()) {
    Map initial(input, node, "'initial'");
    initial.text("keyframe", settings.keyframe);
    settings.keyframe_place = initial.place("keyframe");
    each(input, initial.child("joints"), "joints", [&](const YAML::Node& entry) { read_joint(input, entry, settings); });
    each(input, initial.child("bodies"), "bodies", [&](const YAML::Node& entry) { read_body(input, entry, settings); });
    initial.finish();
  }
  each(input, map.child("vary"), "vary", [&](const YAML::Node& node) { read_field(input, node, settings); });

  // what it does
  read_controllers(input, map.child("controllers"), settings);
  read_timeline(input, map.child("timeline"), settings);
  read_goals(input, map.child("goals"), settings);

  // what it sees with
  const YAML::Node cameras = map.child("cameras"), lidars = map.child("lidars");
  read_eyes(input, cameras, lidars, settings);
  read_labels(input, map.child("labels"), settings);
  read_link(input, map.child("link"), settings);

  // what is there: models of all environments, then one of each variant
  Models all;
  const YAML::Node models = map.child("models"), variants = map.child("variants"), ground = map.child("ground"), option = map.child("option");
  if (!variants.IsDefined()) map.require("models");
  auto count = [&](const YAML::Node& node, const char* key, size_t most) {
    const bool good = !node.IsDefined() || !node.IsSequence() || (node.size() >= 1 && node.size() <= most);
    if (!good) input.error(node, "out-of-range", "a scene has between 1 and " + std::to_string(most) + " " + key);
    return good;
  };
  const bool countable = count(models, "models", yaml_limits::models) && count(variants, "variants", yaml_limits::variants);
  if (countable && variants.IsSequence() && models.IsSequence() && models.size() * variants.size() > yaml_limits::models)
    input.error(variants, "out-of-range", "a scene has at most " + std::to_string(yaml_limits::models) + " models, those that variants share counted for each of them");
  else if (countable) {
    each(input, models, "models", [&](const YAML::Node& node) { read_model(input, node, folder, false, settings, all); });
    each(input, variants, "variants", [&](const YAML::Node& node) { read_model(input, node, folder, true, settings, all); });
  }
  map.finish();

  Option options;                                // whatever else is wrong: one run says everything
  read_option(input, option, all.parts, options);
  std::vector<Part> grounds;
  if (ground.IsDefined()) {
    Part& part = grounds.emplace_back();
    part.scene.bodies.resize(1);
    part.is_model = false;
    part.place = input.place(ground);
    read_ground(input, ground, part);
  }
  if (all.parts.empty() || input.errors.count > 0) return out;
  const size_t shared = all.parts.size() - all.names.size();
  for (size_t v = 0; v < std::max<size_t>(1, all.names.size()); ++v) {
    std::vector<Part> parts(all.parts.begin(), all.parts.begin() + long(shared));
    if (!all.names.empty()) parts.push_back(std::move(all.parts[shared + v]));
    parts.insert(parts.end(), grounds.begin(), grounds.end());
    Result<Scene> merged = merge(std::move(parts));
    if (!merged) {
      for (const Diagnostic& d : merged.errors()) input.errors.add(d);
      return out;
    }
    Variant& variant = out.variants.emplace_back();
    variant.scene = std::move(*merged);
    variant.scene.name = all.names.empty() ? out.name : all.names[v];
    variant.scene.option = options;
    if (!all.names.empty()) variant.share = all.shares[v];
  }
  return out;
}

}  // namespace

bool matches(const std::vector<std::string>& patterns, const std::string& name) {
  for (const std::string& pattern : patterns)
    if (matches(pattern.c_str(), name.c_str())) return true;
  return false;
}

std::string name_hint(const std::string& name, const std::vector<std::string>& names) {
  auto tail = [](const std::string& whole) { return whole.substr(whole.rfind('/') + 1); };
  std::vector<std::string> known, tails;
  for (const std::string& n : names)
    if (!n.empty() && std::find(known.begin(), known.end(), n) == known.end()) known.push_back(n), tails.push_back(tail(n));
  if (const std::string near = xml::nearest(name, known); !near.empty()) return "did you mean '" + near + "'?";
  if (const std::string near = xml::nearest(tail(name), tails); !near.empty())
    return "did you mean '" + known[size_t(std::find(tails.begin(), tails.end(), near) - tails.begin())] + "'? Names of a model with a name begin with it and a slash";
  if (known.empty()) return "the model names none";
  std::string hint = "known here:";
  for (size_t i = 0; i < std::min(known.size(), listed_names); ++i) hint += (i ? ", " : " ") + known[i];
  return known.size() > listed_names ? hint + " and " + std::to_string(known.size() - listed_names) + " more" : hint;
}

Result<SceneFile> read_yaml_text(const std::string& text, const std::string& name, const std::string& folder, const PackagePaths& paths) {
  Input input{name, {}};
  input.paths = paths;
  SceneFile file;
  if (check_text(input, text)) {
    try {
      file = read_file(input, YAML::Load(text), folder);
    } catch (const YAML::Exception& exception) {
      input.errors.add({Severity::error, "bad-yaml", exception.msg, {}, {name, exception.mark.line + 1, exception.mark.column + 1}, {}, {}});
    }
  }
  for (Diagnostic& d : input.errors.kept)
    if (d.place.file == name && d.excerpt.line.empty()) d.excerpt = xml::excerpt_of(text, d.place.line, d.place.column);
  if (input.errors.count > 0) return input.errors.finished();
  file.text = text;
  return file;
}

Result<SceneFile> read_yaml(const std::string& path, const PackagePaths& paths) {
  std::error_code code;
  auto refuse = [&](const char* why) { return Diagnostic{Severity::error, "unreadable", why, {}, {path, 0, 0}, {}, {}}; };
  if (!std::filesystem::is_regular_file(path, code)) return refuse(std::filesystem::exists(path, code) ? "this is not a file" : "there is no such file");
  if (std::filesystem::file_size(path, code) > yaml_limits::file_bytes) return refuse("a scene file is not that large");
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  if (!stream) return refuse("it cannot be read");
  return read_yaml_text(text.str(), path, std::filesystem::path(path).parent_path().string(), paths);
}

}  // namespace nuri::scene
