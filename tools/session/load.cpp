#include "tools/session/load.h"

#include <filesystem>
#include "engine/scene/mjcf.h"
#include "engine/scene/urdf.h"
#include "engine/scene/xml.h"
#include "physics/world.h"
#include "tools/session/touching.h"

namespace nuri::session {
namespace {

scene::Settings plain_settings() {
  scene::Settings settings;
  settings.controls.emplace_back();    // random
  perturb(settings, default_perturbation);
  return settings;
}

Result<Loaded> compiled(scene::Scene scene, scene::Settings settings, const std::string& path) {
  exclude_touching(scene);
  Loaded loaded{path, nullptr, std::move(settings), scene.report};
  Result<model::Model> model = model::compile(scene, &loaded.report, &loaded.meshes);
  if (!model) {
    std::vector<Diagnostic> errors = model.errors();
    scene::xml::locate(errors, scene.documents);
    return errors;
  }
  scene::xml::locate(loaded.report, scene.documents);
  loaded.model = std::make_shared<const model::Model>(std::move(*model));
  for (const scene::Site& site : scene.sites)
    if (site.is_link) loaded.frames.push_back({site.name, scene.bodies[size_t(site.body)].name});
  for (const scene::Exclude& e : scene.excludes)
    loaded.disabled.push_back({scene.bodies[size_t(e.body1)].name, scene.bodies[size_t(e.body2)].name, e.why.empty() ? "the file excludes them" : e.why, e.place});
  return loaded;
}

Diagnostic refuse(const std::string& path, std::string code, std::string message, std::string hint = {}) {
  return {Severity::error, std::move(code), std::move(message), std::move(hint), {path, 0, 0}, {}, {}};
}

}  // namespace

Result<Loaded> load(const std::string& path, const scene::PackagePaths& paths) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) return refuse(path, "unreadable", "there is no such file");
  if (!std::filesystem::is_regular_file(status)) return refuse(path, "unreadable", "this is not a file");
  const std::string extension = std::filesystem::path(path).extension().string();
  if (extension == ".yaml" || extension == ".yml") {
    Result<scene::SceneFile> file = scene::read_yaml(path, paths);
    if (!file) return file.errors();
    return compiled(std::move(file->scene), std::move(file->settings), path);
  }
  if (extension == ".xml" || extension == ".mjcf") {
    Result<scene::Scene> scene = scene::read_mjcf(path, {paths.roots});
    if (!scene) return scene.errors();
    return compiled(std::move(*scene), plain_settings(), path);
  }
  if (extension == ".urdf") {
    scene::UrdfOptions options;
    options.actuators = scene::UrdfActuators::motor;
    options.paths = paths;
    Result<scene::Scene> scene = scene::read_urdf(path, options);
    if (!scene) return scene.errors();
    return compiled(std::move(*scene), plain_settings(), path);
  }
  if (extension == ".model") {
    Result<model::Model> model = model::read_file(path);
    if (!model) return model.errors();
    return Loaded{path, std::make_shared<const model::Model>(std::move(*model)), plain_settings(), {}};
  }
  return refuse(path, "unknown-format", "files that can be read end in .yaml (scene), .xml (MJCF), .urdf or .model (compiled)");
}

Result<Loaded> load_mjcf_text(const std::string& text, const std::string& name) {
  Result<scene::Scene> scene = scene::read_mjcf_text(text, name);
  if (!scene) return scene.errors();
  return compiled(std::move(*scene), plain_settings(), name);
}

bool set_control(scene::Settings& settings, const model::Model& model, const std::string& word) {
  using scene::ControlType;
  scene::Control control;
  if (word == "none") control.type = ControlType::none;
  else if (word == "zero") control.type = ControlType::zero;
  else if (word == "random") control.type = ControlType::random;
  else if (word == "sine") control.type = ControlType::sine;
  else if (word == "hold") control.type = ControlType::hold;
  else return false;
  if (control.type == ControlType::hold && model.key_count > 0) control.keyframe = model.key_name[0].empty() ? "0" : model.key_name[0];
  settings.controls = {control};
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

size_t bytes_per_environment(const model::Model& model, size_t bytes_per_number) {
  size_t numbers = 0;
  for (int f = 0; f < state_field_count; ++f) numbers += size_t(columns(model, StateField(f)));
  return numbers * bytes_per_number + 128;   // counters, faults, bookkeeping
}

}  // namespace nuri::session
