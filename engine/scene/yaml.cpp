#include "engine/scene/yaml.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <numbers>
#include <sstream>
#include "engine/scene/merge.h"
#include "engine/scene/mjcf.h"
#include "engine/scene/urdf.h"
#include "engine/scene/yaml_map.h"

namespace nuri::scene {
namespace {
using namespace yaml;
constexpr double degree = std::numbers::pi / 180;

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

// ---- options: the scene's, or what all its models agree on -----------------------------------------------------------

struct OptionKey {
  const char* name;
  std::function<bool(Map&, Option&)> read;
  std::function<bool(const Option&, const Option&)> equal;
};

template <class T> OptionKey option_key(const char* name, T Option::*member, std::function<bool(Map&, Option&)> read) {
  return {name, std::move(read), [member](const Option& a, const Option& b) { return a.*member == b.*member; }};
}
OptionKey number_key(const char* name, double Option::*member, double least, double most) {
  return option_key(name, member, [=](Map& map, Option& option) { return map.number(name, option.*member, least, most); });
}
OptionKey count_key(const char* name, int Option::*member) {
  return option_key(name, member, [=](Map& map, Option& option) { return map.integer(name, option.*member, 0, 1'000'000); });
}
template <std::size_t N> OptionKey list_key(const char* name, std::array<double, N> Option::*member) {
  return option_key(name, member, [=](Map& map, Option& option) { return map.numbers(name, (option.*member).data(), N); });
}
template <class E> OptionKey word_key(const char* name, E Option::*member, std::vector<std::string> words) {
  return option_key(name, member, [=](Map& map, Option& option) { return map.choice(name, option.*member, words); });
}

const std::vector<OptionKey>& option_keys() {
  static const std::vector<OptionKey> keys = {
      number_key("timestep", &Option::timestep, 1e-6, 1), list_key("gravity", &Option::gravity), list_key("wind", &Option::wind),
      list_key("magnetic", &Option::magnetic), number_key("density", &Option::density, 0, 1e6), number_key("viscosity", &Option::viscosity, 0, 1e6),
      number_key("impratio", &Option::impratio, 1e-6, 1e6), number_key("tolerance", &Option::tolerance, 0, 1), number_key("ls_tolerance", &Option::ls_tolerance, 0, 1),
      count_key("iterations", &Option::iterations), count_key("ls_iterations", &Option::ls_iterations),
      word_key("integrator", &Option::integrator, {"euler", "rk4", "implicit", "implicitfast"}), word_key("cone", &Option::cone, {"pyramidal", "elliptic"}),
      word_key("solver", &Option::solver, {"pgs", "cg", "newton"})};
  return keys;
}

struct FlagKey { const char* name; bool Flags::*member; };
constexpr FlagKey flag_keys[] = {{"constraint", &Flags::constraint}, {"equality", &Flags::equality}, {"frictionloss", &Flags::frictionloss}, {"limit", &Flags::limit},
    {"contact", &Flags::contact}, {"spring", &Flags::spring}, {"damper", &Flags::damper}, {"gravity", &Flags::gravity}, {"clampctrl", &Flags::clampctrl},
    {"warmstart", &Flags::warmstart}, {"filterparent", &Flags::filterparent}, {"actuation", &Flags::actuation}, {"refsafe", &Flags::refsafe},
    {"sensor", &Flags::sensor}, {"eulerdamp", &Flags::eulerdamp}, {"multiccd", &Flags::multiccd}, {"energy", &Flags::energy}};

void read_option(Input& input, const YAML::Node& node, const std::vector<Part>& parts, Option& out) {
  out = parts.front().scene.option;
  const YAML::Node empty(YAML::NodeType::Map);
  Map map(input, node.IsDefined() ? node : empty, "'option'");
  const YAML::Node flags_node = map.child("flags");
  Map flags(input, flags_node.IsDefined() ? flags_node : empty, "'flags'");
  auto disagree = [&](const Part& part, const std::string& name, const char* where) {
    input.errors.add({Severity::error, "option-mismatch", "the models of this scene disagree on the option '" + name + "'",
                      std::string("write it into the scene's ") + where, part.place, {}, {}});
  };
  for (const OptionKey& key : option_keys()) {
    if (key.read(map, out) || map.has(key.name)) continue;
    for (const Part& part : parts) if (!key.equal(out, part.scene.option)) { disagree(part, key.name, "'option'"); break; }
  }
  for (const FlagKey& key : flag_keys) {
    if (flags.flag(key.name, out.flags.*key.member) || flags.has(key.name)) continue;
    for (const Part& part : parts) if (out.flags.*key.member != part.scene.option.flags.*key.member) { disagree(part, key.name, "'option: flags'"); break; }
  }
  for (const Part& part : parts) {
    const Option& o = part.scene.option;
    if (o.flags.override_contact != out.flags.override_contact || o.o_margin != out.o_margin || o.o_solref != out.o_solref || o.o_solimp != out.o_solimp || o.o_friction != out.o_friction)
      disagree(part, "override", "models: all alike");
  }
  flags.finish();
  map.finish();
}

// ---- models and ground -----------------------------------------------------------------------------------------------

// The models that a scene places, and of those that are variants what makes them so.
struct Models {
  std::vector<Part> parts;                       // those of all variants, then one of each variant
  std::vector<std::string> names;                // of variants
  std::vector<double> shares;
};

// The file's name without folder and ending, and a number if another variant has that name.
std::string variant_name(const std::filesystem::path& path, const std::vector<std::string>& names) {
  const std::string stem = path.stem().string();
  std::string name = stem;
  for (int number = 2; std::find(names.begin(), names.end(), name) != names.end(); ++number) name = stem + '-' + std::to_string(number);
  return name;
}

void read_model(Input& input, const YAML::Node& node, const std::filesystem::path& folder, bool is_variant, Models& out) {
  Map map(input, node, is_variant ? "a variant" : "a model");
  const char* const file_key = is_variant ? "model" : "file";
  Part part;
  part.place = map.place();
  std::string file;
  double share = 1;
  map.require(file_key);
  if (is_variant) map.number("share", share, 1e-6, 1e6);
  if (map.text("name", part.prefix)) part.prefix += '/';
  map.numbers("position", part.pos.data(), 3);
  map.patterns("without", part.without);
  Array3 euler;
  map.quaternion("orientation", part.quat);
  if (map.numbers("euler", euler.data(), 3)) {   // degrees; about the fixed x, then y, then z axis
    if (map.has("orientation")) map.error("euler", "two-orientations", "write 'orientation' or 'euler', not both");
    double c[3], s[3];
    for (int i = 0; i < 3; ++i) c[i] = std::cos(euler[i] * degree / 2), s[i] = std::sin(euler[i] * degree / 2);
    part.quat = {c[0] * c[1] * c[2] + s[0] * s[1] * s[2], s[0] * c[1] * c[2] - c[0] * s[1] * s[2], c[0] * s[1] * c[2] + s[0] * c[1] * s[2], c[0] * c[1] * s[2] - s[0] * s[1] * c[2]};
  }
  const bool has_file = map.text(file_key, file);
  const std::filesystem::path path = (folder / file).lexically_normal();
  const bool urdf = path.extension() == ".urdf";
  UrdfOptions options;
  options.paths = input.paths;
  options.included_from = {part.place};
  if (urdf) {
    std::string word;
    if (map.text("base", word)) {
      if (word == "fixed") options.base = UrdfBase::fixed;
      else if (word == "floating") options.base = UrdfBase::floating;
      else map.error("base", "bad-keyword", "'base' is fixed or floating; without it the file decides");
    }
    if (const YAML::Node node = map.child("actuators"); node.IsDefined()) {
      Map actuators(input, node, "'actuators'");
      actuators.require("type");
      actuators.choice("type", options.actuators, {"none", "motor", "position"});
      if (options.actuators == UrdfActuators::position) {
        actuators.require("stiffness");
        actuators.number("stiffness", options.stiffness, 0, 1e9);
        actuators.number("damping", options.damping, 0, 1e9);
      }
      actuators.finish();
    }
  }
  map.finish();
  if (!has_file) return;
  if (!urdf && path.extension() != ".xml") return map.error(file_key, "unknown-format", "models are MJCF (.xml) or URDF files, not " + xml::shown(file));
  Result<Scene> scene = urdf ? read_urdf(path.string(), options) : read_mjcf(path.string(), {input.paths.roots, options.included_from});
  if (!scene) {
    for (const Diagnostic& d : scene.errors()) input.errors.add(d);
    return;
  }
  part.scene = std::move(*scene);
  out.parts.push_back(std::move(part));
  if (!is_variant) return;
  out.names.push_back(variant_name(path, out.names));
  out.shares.push_back(share);
}

void read_ground(Input& input, const YAML::Node& node, Part& part) {
  Geom ground;
  ground.name = "ground";
  ground.type = GeomType::plane;
  ground.size = {0, 0, 1};
  ground.material = "ground";
  ground.place = input.place(node);
  if (node.IsScalar() && (node.Scalar() == "true" || node.Scalar() == "false")) {
    if (node.Scalar() == "false") return;
  } else {
    Map map(input, node, "'ground'");
    map.number("height", ground.pos[2], -1e6, 1e6);
    map.numbers("friction", ground.friction.data(), 3);
    if (map.integer("condim", ground.condim, 1, 6) && (ground.condim == 2 || ground.condim == 5)) map.error("condim", "out-of-range", "'condim' is 1, 3, 4 or 6");
    map.numbers("solref", ground.solref.data(), 2);
    map.numbers("solimp", ground.solimp.data(), 5);
    map.finish();
  }
  Texture checker;
  checker.name = "ground", checker.type = "2d", checker.builtin = "checker", checker.width = checker.height = 256, checker.place = ground.place;
  checker.rgb1 = {0.82, 0.83, 0.84}, checker.rgb2 = {0.7, 0.72, 0.74};
  Material material;
  material.name = "ground", material.texture = "ground", material.texuniform = true, material.place = ground.place;
  part.scene.textures.push_back(checker);
  part.scene.materials.push_back(material);
  part.scene.geoms.push_back(ground);
}

// ---- settings --------------------------------------------------------------------------------------------------------

void read_control(Input& input, const YAML::Node& node, Settings& out) {
  Map map(input, node, "a control");
  Control control;
  control.place = map.place();
  map.require("type");
  map.choice("type", control.type, {"none", "zero", "random", "sine", "hold", "target"});
  map.patterns("actuators", control.actuators);
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
  map.patterns("joints", joint.joints);
  map.draw("position", joint.position);
  map.draw("velocity", joint.velocity);
  map.finish();
  out.joints.push_back(std::move(joint));
}

void read_body(Input& input, const YAML::Node& node, Settings& out) {
  Map map(input, node, "an initial body");
  RandomBody body;
  body.place = map.place();
  map.patterns("bodies", body.bodies);
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
  map.patterns("names", field.names);
  map.integer("component", field.component, 0, 100);
  map.flag("shared", field.shared);
  int given = 0;
  for (auto [key, operation] : {std::pair{"scale", Operation::scale}, {"add", Operation::add}, {"set", Operation::set}})
    if (map.draw(key, field.draw) || map.has(key)) field.operation = operation, ++given;
  if (given != 1) map.error("field", "missing-key", "a varied field has one of 'scale', 'add' and 'set'");
  map.finish();
  out.fields.push_back(std::move(field));
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
    each(input, initial.child("joints"), "joints", [&](const YAML::Node& entry) { read_joint(input, entry, settings); });
    each(input, initial.child("bodies"), "bodies", [&](const YAML::Node& entry) { read_body(input, entry, settings); });
    initial.finish();
  }
  each(input, map.child("vary"), "vary", [&](const YAML::Node& node) { read_field(input, node, settings); });

  // what it does
  read_controllers(input, map.child("controllers"), settings);
  read_timeline(input, map.child("timeline"), settings);
  read_goals(input, map.child("goals"), settings);

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
    each(input, models, "models", [&](const YAML::Node& node) { read_model(input, node, folder, false, all); });
    each(input, variants, "variants", [&](const YAML::Node& node) { read_model(input, node, folder, true, all); });
  }
  map.finish();
  if (all.parts.empty() || input.errors.count > 0) return out;

  Option options;
  read_option(input, option, all.parts, options);
  std::vector<Part> grounds;
  if (ground.IsDefined()) {
    Part& part = grounds.emplace_back();
    part.scene.bodies.resize(1);
    part.is_model = false;
    part.place = input.place(ground);
    read_ground(input, ground, part);
  }
  if (input.errors.count > 0) return out;
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
