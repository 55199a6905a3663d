#include "tools/session/load.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include "engine/core/random.h"
#include "engine/scene/mjcf.h"
#include "engine/scene/urdf.h"
#include "engine/scene/xml.h"
#include "physics/compile.h"
#include "tools/session/find_eyes.h"
#include "tools/session/session.h"
#include "tools/session/touching.h"

namespace nuri::session {
namespace {

scene::Settings plain_settings() {
  scene::Settings settings;
  settings.controls.emplace_back();    // random
  perturb(settings, default_perturbation);
  return settings;
}

// What a scene became besides its model.
Facts facts_of(const scene::Scene& scene, std::vector<model::MeshFacts> meshes) {
  Facts out{std::move(meshes), {}, {}};
  for (const scene::Site& site : scene.sites)
    if (site.is_link) out.frames.push_back({site.name, scene.bodies[size_t(site.body)].name});
  for (const scene::Exclude& e : scene.excludes)
    out.disabled.push_back({scene.bodies[size_t(e.body1)].name, scene.bodies[size_t(e.body2)].name, e.why.empty() ? "the file excludes them" : e.why, e.place});
  return out;
}

void add_files(const scene::Scene& scene, std::set<std::string>& out) {
  auto add = [&](const std::string& file) { if (std::error_code error; !file.empty() && std::filesystem::is_regular_file(file, error)) out.insert(file); };
  for (const auto& document : scene.documents)
    for (const auto& source : document->sources) add(source->name);
  for (const scene::Mesh& mesh : scene.meshes) add(mesh.file);
  for (const scene::HeightField& field : scene.height_fields) add(field.file);
  for (const scene::Texture& texture : scene.textures) {
    add(texture.path);
    for (const std::string& path : texture.cube_paths) add(path);
  }
}

// What variants share is reported once.
Result<Loaded> compiled(scene::SceneFile file, const std::string& path) {
  Loaded loaded{path, file.name, {}, {}, std::move(file.settings), {}, {}, std::move(file.text), {}};
  std::set<std::string> said, files;
  for (scene::Variant& variant : file.variants) {
    add_files(variant.scene, files);
    exclude_touching(variant.scene);
    std::vector<Diagnostic> report = variant.scene.report;
    std::vector<model::MeshFacts> meshes;
    Result<model::Model> model = nuri::compile(variant.scene, &report, &meshes);
    if (!model) {
      std::vector<Diagnostic> errors = model.errors();
      scene::xml::locate(errors, variant.scene.documents);
      loaded.excerpt(errors);
      return errors;
    }
    scene::xml::locate(report, variant.scene.documents);
    loaded.excerpt(report);
    loaded.models.push_back(std::make_shared<const model::Model>(std::move(*model)));
    loaded.shares.push_back(variant.share);
    loaded.facts.push_back(facts_of(variant.scene, std::move(meshes)));
    for (Diagnostic& d : report)
      if (file.variants.size() == 1 || said.insert(to_string(d)).second) loaded.report.push_back(std::move(d));
  }
  std::vector<Diagnostic> doubtful = doubts(loaded.settings, loaded.models[0]->timestep[0] * loaded.settings.substeps);
  loaded.excerpt(doubtful);
  loaded.report.insert(loaded.report.end(), doubtful.begin(), doubtful.end());
  if (std::error_code error; std::filesystem::is_regular_file(path, error)) files.insert(path);
  loaded.files.assign(files.begin(), files.end());
  return loaded;
}

Result<Loaded> compiled(scene::Scene scene, const std::string& path) {
  scene::SceneFile file{scene.name, {}, plain_settings()};
  file.variants.push_back({std::move(scene), 1});
  return compiled(std::move(file), path);
}

Diagnostic refuse(const std::string& path, std::string code, std::string message, std::string hint = {}) {
  return {Severity::error, std::move(code), std::move(message), std::move(hint), {path, 0, 0}, {}, {}};
}

}  // namespace

void Loaded::excerpt(std::vector<Diagnostic>& findings) const {
  for (Diagnostic& d : findings)
    if (d.place.file == path && d.place.line > 0 && d.excerpt.line.empty()) d.excerpt = scene::xml::excerpt_of(text, d.place.line, d.place.column);
}

Result<Loaded> load(const std::string& path, const scene::PackagePaths& paths) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) return refuse(path, "unreadable", "there is no such file");
  if (!std::filesystem::is_regular_file(status)) return refuse(path, "unreadable", "this is not a file");
  const std::string extension = std::filesystem::path(path).extension().string();
  if (extension == ".yaml" || extension == ".yml") {
    Result<scene::SceneFile> file = scene::read_yaml(path, paths);
    if (!file) return file.errors();
    return compiled(std::move(*file), path);
  }
  if (scene::is_mjcf(path)) {
    Result<scene::Scene> scene = scene::read_mjcf(path, {paths.roots});
    if (!scene) return scene.errors();
    return compiled(std::move(*scene), path);
  }
  if (extension == ".urdf") {
    scene::UrdfOptions options;
    options.actuators = scene::UrdfActuators::motor;
    options.paths = paths;
    Result<scene::Scene> scene = scene::read_urdf(path, options);
    if (!scene) return scene.errors();
    return compiled(std::move(*scene), path);
  }
  if (extension == ".model") {
    Result<model::Model> model = model::read_file(path);
    if (!model) return model.errors();
    const std::string name = model->name;
    return Loaded{path, name, {std::make_shared<const model::Model>(std::move(*model))}, {1}, plain_settings(), {}, {Facts{}}, {}, {path}};
  }
  return refuse(path, "unknown-format", "files that can be read end in .yaml (scene), .xml or .mjcf (MJCF), .urdf or .model (compiled)");
}

Result<Loaded> load_scene_text(const std::string& text, const std::string& path, const scene::PackagePaths& paths) {
  Result<scene::SceneFile> file = scene::read_yaml_text(text, path, std::filesystem::path(path).parent_path().string(), paths);
  if (!file) return file.errors();
  return compiled(std::move(*file), path);
}

Result<Loaded> load_mjcf_text(const std::string& text, const std::string& name) {
  Result<scene::Scene> scene = scene::read_mjcf_text(text, name);
  if (!scene) return scene.errors();
  return compiled(std::move(*scene), name);
}

bool set_control(Loaded& loaded, const std::string& word) {
  using scene::ControlType;
  scene::Control control;
  if (word == "none") control.type = ControlType::none;
  else if (word == "zero") control.type = ControlType::zero;
  else if (word == "random") control.type = ControlType::random;
  else if (word == "sine") control.type = ControlType::sine;
  else if (word == "hold") control.type = ControlType::hold;
  else return false;
  const bool keys = std::any_of(loaded.models.begin(), loaded.models.end(), [](const auto& model) { return model->key_count > 0; });
  if (control.type == ControlType::hold && keys) control.keyframe = '0';   // by its number: each variant's own
  loaded.settings.controls = {control};
  return true;
}

void perturb(scene::Settings& settings, double size) {
  if (size <= 0) return;
  const scene::Draw both{-size, size}, up{0, size};
  scene::RandomJoint joint;
  joint.position = joint.velocity = both;
  settings.joints.push_back(joint);
  scene::RandomBody body;
  body.tilt = body.position[2] = up;
  body.linear_velocity = body.angular_velocity = {both, both, both};
  settings.bodies.push_back(body);
}

size_t bytes_per_environment(const model::Model& model, size_t bytes_per_number, bool detail) {
  size_t numbers = 0;
  for (int f = 0; f < state_field_count; ++f) numbers += size_t(columns(model, StateField(f), detail));
  return numbers * bytes_per_number + 128;   // counters, faults, bookkeeping
}

double bytes_per_environment(const Loaded& loaded, size_t bytes_per_number, bool detail) {
  double bytes = 0, total = 0;
  for (size_t v = 0; v < loaded.models.size(); ++v) {
    bytes += loaded.shares[v] * double(bytes_per_environment(*loaded.models[v], bytes_per_number, detail));
    total += loaded.shares[v];
  }
  return bytes / total;
}

int variant_of(uint64_t seed, uint64_t id, const std::vector<double>& shares) {
  constexpr uint64_t step = 0x9E3779B97F4A7C15u;                  // 2^64 / phi: integers that wrap are fractional parts without rounding
  double total = 0, reached = 0;
  for (const double share : shares) total += share;
  const double point = total * unit_interval(random_bits(seed, 0, stream_variant, 0, 0) + id * step);
  int variant = 0;
  while (variant + 1 < int(shares.size()) && point >= (reached += shares[variant])) ++variant;
  return variant;
}

}  // namespace nuri::session
