// nuri compile: a scene or model to a .model file, where bit guarantees start.
#include <fmt/format.h>
#include <filesystem>
#include "engine/core/new_file.h"
#include "tools/cli/cli.h"

namespace nuri::cli {
namespace {

// The dynamics alone: every part grey, no pictures, no triangles but the hulls that collide.
model::Model without_look(model::Model model) {
  model.look = {};
  model.look.parts.resize(size_t(model.geom_count));
  model.look.marks.resize(size_t(model.site_count));
  return model;
}

int compile(const std::string& scene, const scene::PackagePaths& paths, std::string out, bool look, bool json, bool quiet) {
  if (const Result<bool> possible = can_create(out); !out.empty() && !possible) return report(possible.errors(), json);
  Result<session::Loaded> loaded = session::load(scene, paths);
  if (!loaded) return report(loaded.errors(), json);
  if (out.empty()) out = std::filesystem::path(scene).stem().string() + ".model";
  Json findings = Json::array();
  for (const Diagnostic& d : loaded->report) {
    findings.push_back(to_json(d));
    if (!quiet) say(d);
  }
  const bool several = loaded->models.size() > 1;
  Json files = Json::array();
  for (const auto& model : loaded->models) {
    std::filesystem::path file = out;
    if (several) file.replace_filename(file.stem().string() + "." + model->name + file.extension().string());
    Result<bool> written = look ? model::write_file(*model, file.string()) : model::write_file(without_look(*model), file.string());
    if (!written) {
      report(written.errors(), json);
      return failed;
    }
    const std::string hash = hex(model::hash(look ? *model : without_look(*model)));
    std::error_code code;
    const auto bytes = std::filesystem::file_size(file, code);
    files.push_back({{"file", file.string()}, {"bytes", bytes}, {"model_hash", hash}});
    if (!json) fmt::print("{}: {} bytes, model hash {}\n", file.string(), bytes, hash);
  }
  Json result{{"ok", true}};
  if (several) result["files"] = files;
  else result.update(files[0]);
  result["report"] = findings;
  if (json) print(result);
  return good;
}

}  // namespace

void add_compile(CLI::App& app, int& status) {
  struct Asked { std::string scene, out; scene::PackagePaths paths; bool no_look = false, json = false, quiet = false; };
  auto asked = std::make_shared<Asked>();
  CLI::App* command = app.add_subcommand("compile", "Compile a scene or model to a .model file");
  command->add_option("scene", asked->scene, "Scene (.yaml) or model (.xml MJCF, .urdf)")->required()->type_name("SCENE");
  add_loading(*command, asked->paths);
  command->add_option("-o,--out", asked->out, "File to write (otherwise the scene's name with .model, here)")->type_name("FILE.model");
  command->add_flag("--no-look", asked->no_look, "Leave out what only renderers need: meshes as they are drawn, pictures, colours");
  command->add_flag("--json", asked->json, "One JSON object on standard output");
  command->add_flag("--quiet", asked->quiet, "No import report");
  command->footer("A .model file holds the model only; environments, controls and randomisation stay in the scene. A scene with variants\n"
                  "gives a file of each: fleet.yaml gives fleet.arm7.model, fleet.amr.model, ..");
  command->callback([=, &status] { status = compile(asked->scene, asked->paths, asked->out, !asked->no_look, asked->json, asked->quiet); });
}

}  // namespace nuri::cli
