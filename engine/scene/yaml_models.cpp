#include "engine/scene/yaml_models.h"

#include <algorithm>
#include <functional>
#include "engine/core/paths.h"
#include "engine/scene/mjcf.h"
#include "engine/scene/urdf.h"
#include "engine/shape/convex_parts.h"

namespace nuri::scene::yaml {
namespace {

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
      count_key("noslip_iterations", &Option::noslip_iterations), number_key("noslip_tolerance", &Option::noslip_tolerance, 0, 1),
      number_key("sleep_tolerance", &Option::sleep_tolerance, 0, 1e3),
      word_key("integrator", &Option::integrator, {"euler", "rk4", "implicit", "implicitfast"}), word_key("cone", &Option::cone, {"pyramidal", "elliptic"}),
      word_key("solver", &Option::solver, {"pgs", "cg", "newton"})};
  return keys;
}

struct FlagKey { const char* name; bool Flags::*member; };
constexpr FlagKey flag_keys[] = {{"constraint", &Flags::constraint}, {"equality", &Flags::equality}, {"frictionloss", &Flags::frictionloss}, {"limit", &Flags::limit},
    {"contact", &Flags::contact}, {"spring", &Flags::spring}, {"damper", &Flags::damper}, {"gravity", &Flags::gravity}, {"clampctrl", &Flags::clampctrl},
    {"warmstart", &Flags::warmstart}, {"filterparent", &Flags::filterparent}, {"actuation", &Flags::actuation}, {"refsafe", &Flags::refsafe},
    {"sensor", &Flags::sensor}, {"eulerdamp", &Flags::eulerdamp}, {"multiccd", &Flags::multiccd}, {"energy", &Flags::energy},
    {"diagexact", &Flags::diagexact}, {"sleep", &Flags::sleep}, {"sensornoise", &Flags::sensornoise}};

// The file's name without folder and ending, and a number if another variant has that name.
std::string variant_name(const std::filesystem::path& path, const std::vector<std::string>& names) {
  const std::string stem = path.stem().string();
  std::string name = stem;
  for (int number = 2; std::find(names.begin(), names.end(), name) != names.end(); ++number) name = stem + '-' + std::to_string(number);
  return name;
}

// What only a URDF leaves open, said of another file.
void refuse_urdf_keys(Map& map) {
  if (map.has("base"))
    map.error("base", "unknown-key", "'base' is for URDF files, and this is MJCF, which says so itself", "<freejoint/> in its first body lets it move; without a joint there it stands still");
  if (map.has("actuators"))
    map.error("actuators", "unknown-key", "'actuators' is for URDF files, which name none; this is MJCF, which has a section of them",
              "write <actuator><motor joint=\"..\"/></actuator> in it, or position, velocity, ..");
}

// A pattern of `without` that no geom fits leaves in what was meant to be left out.
void check_without(Input& input, const Part& part, const std::vector<Place>& places, const std::string& file) {
  std::vector<std::string> names;
  for (const Geom& geom : part.scene.geoms) names.push_back(geom.name);
  for (size_t i = 0; i < part.without.size(); ++i) {
    if (std::any_of(names.begin(), names.end(), [&](const std::string& name) { return matches({part.without[i]}, name); })) continue;
    input.errors.add({Severity::error, "unknown-name", "no geom of " + xml::shown(file) + " fits " + xml::shown(part.without[i]), name_hint(part.without[i], names), places[i], {}, {}});
  }
}

// Which meshes of a model collide as convex parts.
struct Decompose {
  std::vector<std::string> meshes;
  std::vector<Place> places;
  Mesh::Parts parts;
};

Decompose read_decompose(Input& input, Map& model, const std::filesystem::path& folder) {
  Decompose out;
  const YAML::Node node = model.child("decompose");
  if (!node.IsDefined()) return out;
  Map map(input, node, "'decompose'");
  map.require("meshes");
  map.patterns("meshes", out.meshes, &out.places);
  out.parts.most = 32;
  const bool counted = map.integer("parts", out.parts.most, 1, shape::limits::most_parts), bounded = map.number("excess", out.parts.excess, 0, 10);
  std::string file;
  if (map.text("file", file)) {
    const std::string here = std::filesystem::weakly_canonical(folder).string();
    std::vector<std::string> roots{here};
    for (const std::string& root : input.paths.roots) roots.push_back(std::filesystem::weakly_canonical(root).string());
    Result<std::string> path = resolve_file(file, here, roots, shape::limits::mesh_bytes);
    if (!path) map.error("file", path.errors().front().code, path.errors().front().message, path.errors().front().hint);
    else if (!path->ends_with(".obj")) map.error("file", "unknown-format", "parts are the objects of an OBJ file (.obj)");
    else out.parts.file = *path;
    if (counted || bounded) map.error("file", "conflicting-keys", "the file says how many parts there are: 'parts' and 'excess' do not go with it");
  }
  map.finish();
  return out;
}

void apply(Input& input, const Decompose& decompose, const std::string& file, Scene& scene) {
  std::vector<std::string> names;
  for (const Mesh& mesh : scene.meshes) names.push_back(mesh.name);
  for (size_t i = 0; i < decompose.meshes.size(); ++i) {
    if (std::any_of(names.begin(), names.end(), [&](const std::string& name) { return matches({decompose.meshes[i]}, name); })) continue;
    input.errors.add({Severity::error, "unknown-name", "no mesh of " + xml::shown(file) + " fits " + xml::shown(decompose.meshes[i]), name_hint(decompose.meshes[i], names), decompose.places[i], {}, {}});
  }
  for (Mesh& mesh : scene.meshes)
    if (matches(decompose.meshes, mesh.name)) mesh.parts = decompose.parts;
}

// A URDF names no actuators: controls that fit its joints would drive nothing, without a word. Those that name them are errors,
// those for everything may mean other models.
void check_driven(Input& input, Part& part, const Settings& settings, const Place& place) {
  auto fits = [&](const std::vector<std::string>& patterns, bool named) {
    return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
      return (pattern != "*") == named && std::any_of(part.scene.joints.begin(), part.scene.joints.end(), [&](const Joint& joint) {
        return joint.type >= JointType::slide && matches({pattern}, part.prefix + joint.name);
      });
    });
  };
  bool named = false, any = false;
  for (const Control& control : settings.controls)
    if (control.type != ControlType::none) named |= fits(control.actuators, true), any |= fits(control.actuators, false);
  for (const Action& action : settings.timeline)
    if (action.type == ActionType::set) named |= fits(action.actuators, true), any |= fits(action.actuators, false);
  if (!named && !any) return;
  Diagnostic told{Severity::error, "no-actuators", "this URDF gets no actuators, so the scene's controls move none of its joints",
                  "add 'actuators: {type: motor}' to the model, or {type: position, stiffness: .., damping: ..}; {type: none} says that it shall have none", place, {}, {}};
  if (named) return input.errors.add(std::move(told));
  told.severity = Severity::warning;
  part.scene.report.push_back(std::move(told));
}

}  // namespace

void read_option(Input& input, const YAML::Node& node, const std::vector<Part>& parts, Option& out) {
  if (!parts.empty()) out = parts.front().scene.option;
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

void read_model(Input& input, const YAML::Node& node, const std::filesystem::path& folder, bool is_variant, const Settings& settings, Models& out) {
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
  std::vector<Place> without_places;
  map.patterns("without", part.without, &without_places);
  map.orientation(part.quat);
  const Decompose decompose = read_decompose(input, map, folder);
  const bool has_file = map.text(file_key, file);
  const std::filesystem::path path = (folder / file).lexically_normal();
  const bool urdf = path.extension() == ".urdf";
  bool decided = !urdf;                          // whether it has actuators
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
      decided = true;
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
  } else if (is_mjcf(path.string())) {
    refuse_urdf_keys(map);
  }
  map.finish();
  if (!has_file) return;
  if (!urdf && !is_mjcf(path.string())) return map.error(file_key, "unknown-format", "models are MJCF (.xml, .mjcf) or URDF files, not " + xml::shown(file));
  Result<Scene> scene = urdf ? read_urdf(path.string(), options) : read_mjcf(path.string(), {input.paths.roots, options.included_from});
  if (!scene) {
    for (const Diagnostic& d : scene.errors()) input.errors.add(d);
    return;
  }
  part.scene = std::move(*scene);
  check_without(input, part, without_places, file);
  apply(input, decompose, file, part.scene);
  if (!decided) check_driven(input, part, settings, map.place(file_key));
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

}  // namespace nuri::scene::yaml
