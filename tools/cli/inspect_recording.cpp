// nuri inspect FILE.h5: what a recording holds: the run, its episodes, the fields of each and how large they are, what was not finished.
#include <fmt/format.h>
#include <algorithm>
#include <set>
#include "tools/cli/cli.h"
#include "tools/record/recording.h"

namespace nuri::cli {
namespace {

constexpr size_t shown_episodes = 30;

std::string shape_of(const record::Entry& entry) {
  std::string out;
  for (const uint64_t n : entry.shape) out += (out.empty() ? "" : " x ") + std::to_string(n);
  return entry.shape.empty() ? "1" : out;
}

std::string type_of(record::Number type) {
  const std::string name = record::npy_name(type);
  return !name.empty()                   ? name.substr(1)
         : type == record::Number::named ? "field, item, value"
         : type == record::Number::text  ? "text"
                                         : "other";
}

}  // namespace

bool is_recording(const std::string& path) { return path.ends_with(".h5") || path.ends_with(".hdf5"); }

int inspect_recording(const std::string& path, bool json, bool all) {
  auto opened = record::Recording::open(path);
  if (!opened) return report(opened.errors(), json);
  record::Recording& recording = **opened;
  const record::Info& info = recording.info();
  Json episodes = Json::array(), fields = Json::array(), models = Json::array(), notes = Json::array();
  uint64_t samples = 0, successes = 0, faults = 0;
  std::set<uint64_t> environments;
  for (int k = 0; k < recording.episodes(); ++k) {
    const record::EpisodeInfo& e = recording.episode(k);
    samples += e.samples, successes += e.success, faults += e.fault != 0;
    environments.insert(e.environment);
    episodes.push_back({{"demo", e.demo},
                        {"environment", e.environment},
                        {"episode", e.number},
                        {"seed", e.seed},
                        {"variant", e.variant},
                        {"began", e.began},
                        {"substeps", e.substeps},
                        {"samples", e.samples},
                        {"success", e.success},
                        {"fault", e.fault},
                        {"ended", e.ended}});
  }
  if (recording.episodes() > 0) {                // of the first: the others are alike but for their lengths
    const auto list = recording.fields(0);
    if (!list) return report(list.errors(), json);
    for (const record::Field& f : **list)
      fields.push_back({{"field", f.path},
                        {"type", type_of(f.entry.type)},
                        {"shape", f.entry.shape},
                        {"size", shape_of(f.entry)},
                        {"bytes", f.entry.stored}});
  }
  for (int v = 0; v < info.variants; ++v) {
    const auto model = recording.model(v);
    if (!model) return report(model.errors(), json);
    models.push_back({{"name", (*model)->name},
                      {"model_hash", hex(model::hash(**model))},
                      {"bodies", (*model)->body_count},
                      {"degrees_of_freedom", (*model)->dof_count},
                      {"actuators", (*model)->actuator_count}});
  }
  for (const Diagnostic& d : recording.notes()) notes.push_back(to_json(d));
  if (json) {
    for (Json& field : fields) field.erase("size");
    print({{"ok", true},
           {"recording", path},
           {"bytes", recording.bytes()},
           {"complete", info.complete},
           {"scene", info.scene},
           {"name", info.name},
           {"version", info.version},
           {"precision", info.precision == Precision::f32 ? "float" : "double"},
           {"seed", info.seed},
           {"first_id", info.first_id},
           {"environments", info.environments},
           {"control_period", info.control_period},
           {"timestep", info.timestep},
           {"substeps", info.substeps},
           {"sample_every", info.every},
           {"samples", samples},
           {"successes", successes},
           {"models", models},
           {"episodes", episodes},
           {"fields", fields},
           {"unfinished", recording.unfinished()},
           {"notes", notes}});
    return good;
  }
  fmt::print("{}: a recording of {} ({}), {} bytes, by Nuri {}\n", path, info.name, info.scene, recording.bytes(), info.version);
  fmt::print("{}, {} recorded, ids from {}, seed {}, {}, control step {:g} ms of {} substeps\n",
             cli::environments(int(std::min<uint64_t>(info.environments, 1 << 30))), environments.size(), info.first_id, info.seed,
             info.precision == Precision::f32 ? "float" : "double", 1e3 * info.control_period, info.substeps);
  for (const Json& model : models)
    fmt::print("model {}: {} bodies, {} degrees of freedom, {} actuators, hash {}\n", std::string(model["name"]), int(model["bodies"]), int(model["degrees_of_freedom"]), int(model["actuators"]), std::string(model["model_hash"]));
  fmt::print("{} {}, {} samples, {} {}, {} with faults\n", recording.episodes(), recording.episodes() == 1 ? "episode" : "episodes", samples, successes, successes == 1 ? "success" : "successes", faults);
  for (const Diagnostic& d : recording.notes()) fmt::print("{}\n", to_string(d));
  for (Json& field : fields) field.erase("shape");
  for (Json& episode : episodes) episode.erase("seed"), episode.erase("variant");
  print_table("episodes", episodes, all ? size_t(-1) : shown_episodes);
  print_table("fields of the first episode", fields, size_t(-1));
  return good;
}

}  // namespace nuri::cli
