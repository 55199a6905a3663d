#include "tools/verify/played.h"
#include <fmt/format.h>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include "engine/model/compile.h"
#include "engine/scene/mjcf.h"

namespace nuri::verify {
namespace fs = std::filesystem;

bool Writer::play(const Job& job, const See&) {
  std::error_code error;
  const fs::path base = fs::path(folder_) / case_ / std::to_string(number_++);
  fs::create_directories(base.parent_path(), error);
  nlohmann::ordered_json recipe{{"settle", job.settle}, {"steps", job.steps}, {"every", job.every},
                                {"changes", nlohmann::ordered_json::array()}};
  for (const Change& c : job.changes) recipe["changes"].push_back({c.at, info(c.field).name, c.item, c.value});
  const auto write = [&](const char* ending, const std::string& text) {
    std::ofstream file(base.string() + ending, std::ios::binary);
    if (!(file << text).flush()) problem_ = base.string() + ending;
  };
  write(".xml", job.scene);
  write(".json", recipe.dump() + "\n");
  return true;
}

bool Reader::play(const Job& job, const See& see) {
  const std::string name = fmt::format("{}/{}/{}.bin", folder_, case_, number_++);
  std::ifstream file(name, std::ios::binary);
  double head[3];                                                  // qpos, qvel, sensors
  if (!file.read(reinterpret_cast<char*>(head), sizeof head)) return fails(name + " cannot be read");
  constexpr double most = 1e6;
  for (const double x : head)
    if (!(x >= 0 && x <= most && x == std::floor(x))) return fails(name + " is no trajectory");
  const size_t nq = size_t(head[0]), nv = size_t(head[1]), ns = size_t(head[2]);
  const auto scene = scene::read_mjcf_text(job.scene, "scene");
  const auto model = scene ? model::compile(*scene) : Result<model::Model>(scene.errors());
  if (!model) return fails(to_string(model.errors()[0]));
  if (nq != size_t(model->qpos_count) || nv != size_t(model->dof_count) || ns != size_t(model->sensor_value_count))
    return fails(name + " is of another scene");
  std::vector<double> record(nq + nv + ns);
  for (int64_t step = 0; step <= job.steps; step += job.every) {
    const std::streamsize bytes = std::streamsize(record.size() * sizeof(double));
    if (!file.read(reinterpret_cast<char*>(record.data()), bytes)) return fails(name + " ends early");
    const std::span<const double> all = record;
    see({step, double(step) * model->timestep[0], all.first(nq), all.subspan(nq, nv),
         step ? all.subspan(nq + nv) : std::span<const double>{}});
  }
  return true;
}

}  // namespace nuri::verify
