// nuri bench --eyes: what images cost beside a step of physics, in poses as they come after a while. A speed is shown with a hash of
// the pictures.
#include <fmt/format.h>
#include <algorithm>
#include <filesystem>
#include "tools/cli/bench.h"
#include "tools/cli/eyes.h"

namespace nuri::cli {
namespace {

constexpr int looks = 4;                         // of every environment, per run; the steps of a run are spread between them
constexpr int usual_environments = 32;           // or the scene's own, if that is fewer: poses differ, and the heaviest scenes warm up within a minute or two

// One scene at one size; its row as JSON. Returns an exit status.
int measure(const BenchAsked& asked, session::Session& session, std::array<int, 2> size, Json& out) {
  World& world = session.world();
  session::EyeOptions chosen;
  chosen.model_cameras = true;
  chosen.outputs = trace::output::rgb | trace::output::depth;
  chosen.size = size;
  if (std::any_of(session.settings().eyes.begin(), session.settings().eyes.end(), [](const scene::Eye& eye) { return !eye.lidar; })) {
    chosen.names.clear();                        // images: lidars are not among them
    for (const scene::Eye& eye : session.settings().eyes)
      if (!eye.lidar) chosen.names.push_back(eye.name);
  }
  auto made = session::Eyes::make(session, chosen);
  if (!made) return report(made.errors(), asked.options.json);
  session::Eyes& eyes = **made;
  std::vector<int> all(size_t(world.environments()));
  for (size_t e = 0; e < all.size(); ++e) all[e] = int(e);

  std::vector<double> per_image, per_step;       // s
  uint64_t images = 0, rays = 0;
  double seconds = 0;
  Progress progress(session.loaded().name, int64_t(asked.runs) * looks, asked.options.quiet);
  for (int run = 0; run < asked.runs; ++run) {
    eyes.clear_time(), session.clear_time(), world.clear_statistics();
    for (int k = 0; k < looks; ++k) {
      if (!advance(session, std::max<int64_t>(1, asked.steps * (k + 1) / looks - asked.steps * k / looks), nullptr))
        return report("interrupted", asked.options.json, failed);
      eyes.finish(all);
      progress.at(int64_t(run) * looks + k + 1);
    }
    per_image.push_back(eyes.seconds() / double(std::max<uint64_t>(1, eyes.images())));
    per_step.push_back(session.seconds_in_world() / double(std::max<uint64_t>(1, world.statistics().steps)));
    images += eyes.images(), rays += eyes.rays(), seconds += eyes.seconds();
  }
  for (auto* list : {&per_image, &per_step}) std::sort(list->begin(), list->end());
  const double image = per_image[per_image.size() / 2], step = per_step[per_step.size() / 2];
  Json names = Json::array();
  for (const session::EyeInfo& eye : eyes.eyes()) names.push_back({{"name", eye.name}, {"width", eye.width}, {"height", eye.height}});
  out = {{"scene", session.loaded().path},
         {"environments", world.environments()},
         {"backend", world.describe()},
         {"kernel", eyes.kernel()},
         {"eyes", names},
         {"images", images},
         {"images_per_second", 1 / image},
         {"slowest", 1 / per_image.back()},
         {"fastest", 1 / per_image.front()},
         {"rays_per_second", double(rays) / seconds},
         {"us_per_image", 1e6 * image},
         {"us_per_step", 1e6 * step},
         {"steps_per_image", image / step},
         {"faults", world.faults()},
         {"picture_hash", hex(picture_hash(session, eyes))}};
  return good;
}

void print_row(const Json& row, bool first) {
  if (first)
    fmt::print("rgb and depth (of lidars what the scene says), {}\n{:<16} {:>6} {:>9} {:>5} {:>10} {:>9} {:>10} {:>9} {:>11} {}\n",
               std::string(row["kernel"]), "scene", "envs", "size", "eyes", "images/s", "rays/s", "us/image", "us/step", "steps/image",
               "picture hash");
  const Json& eye = row["eyes"][0];
  fmt::print("{:<16} {:>6} {:>9} {:>5} {:>10} {:>9} {:>10.1f} {:>9.2f} {:>11.1f} {}\n",
             std::filesystem::path(std::string(row["scene"])).stem().string(), int(row["environments"]),
             fmt::format("{}x{}", int(eye["width"]), int(eye["height"])), row["eyes"].size(), count(double(row["images_per_second"])),
             count(double(row["rays_per_second"])), double(row["us_per_image"]), double(row["us_per_step"]), double(row["steps_per_image"]),
             std::string(row["picture_hash"]));
}

}  // namespace

int bench_eyes(const BenchAsked& asked) {
  std::vector<std::array<int, 2>> sizes{{64, 64}, {128, 128}};
  if (!asked.eye_size.empty()) sizes = {{asked.eye_size[0], asked.eye_size[1]}};
  Json rows = Json::array();
  for (const std::string& scene : asked.scenes) {
    for (const std::array<int, 2>& size : sizes) {           // each anew: both see the same poses
      Options options = asked.options;
      options.scene = scene;
      if (!options.threads) options.threads = 1;
      if (!options.environments) {
        Result<session::Loaded> loaded = session::load(scene, options.paths);
        if (!loaded) return report(loaded.errors(), options.json);
        options.environments = std::min(usual_environments, loaded->settings.environments);
      }
      auto session = open(options);
      if (!session) return report(session.errors(), options.json);
      const int64_t warm_up = Length{{}, asked.warm_up}.of((*session)->model(), asked.warm_up);
      {
        Progress progress((*session)->loaded().name, warm_up, options.quiet);
        if (!advance(**session, warm_up, &progress)) return report("interrupted", options.json, failed);
      }
      Json row;
      if (const int status = measure(asked, **session, size, row); status != good) return status;
      if (!asked.options.json) print_row(row, rows.empty()), std::fflush(stdout);
      rows.push_back(row);
    }
  }
  if (asked.options.json) print({{"ok", true}, {"scenes", rows}});
  return good;
}

}  // namespace nuri::cli
