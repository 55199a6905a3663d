// nuri run: step a scene and say how it went.
#include <fmt/format.h>
#include "tools/cli/eyes.h"
#include "engine/core/new_file.h"
#include "tools/cli/pictures.h"
#include "tools/cli/record.h"

namespace nuri::cli {
namespace {

void print_timeline(const Json& timeline) {
  fmt::print("  timeline of {} actions: {} finished, {} running, {} failed; {:.1f} actions done on average", int(timeline["actions"]),
             int(timeline["finished"]), int(timeline["running"]), int(timeline["failed"]), double(timeline["mean_actions"]));
  if (timeline["mean_missed"] > 0) fmt::print(", {:.1f} late", double(timeline["mean_missed"]));
  fmt::print("\n");
  for (const Json& stop : timeline["failures"])
    fmt::print("    {} failed at action {}{}{}: {}{}\n", int(stop["environments"]), int(stop["action"]) + 1,
               stop.contains("what") ? ", " + std::string(stop["what"]) : "",
               stop.contains("repeat") ? " (" + std::string(stop["repeat"]) + ")" : "", std::string(stop["why"]),
               stop.contains("place") ? ", " + std::string(stop["place"]) : "");
}

void print_policy(const Json& policy) {
  const std::string task = policy["task"];
  fmt::print("  driven by {}{} (hash {}), in {:.2f} s\n", std::string(policy["file"]), task.empty() ? "" : ", trained for " + task, std::string(policy["hash"]), double(policy["seconds"]));
}

void print_variants(const Json& variants) {
  size_t width = 0;
  for (const Json& row : variants) width = std::max(width, std::string(row["model"]).size());
  for (const Json& row : variants) {
    fmt::print("  {:<{}} {:>8} environments", std::string(row["model"]), width, int(row["environments"]));
    if (row["environments"] > 0)
      fmt::print(", per step {:.2f} contacts, {:.2f} rows, {:.2f} iterations, faults {}", double(row["contacts"]), double(row["rows"]),
                 double(row["iterations"]), int(row["faults"]));
    fmt::print("\n");
  }
}

struct Asked {
  std::string picture;                 // file; empty: none
  Through through;
  bool eyes = false;
  Recording recording;
};

constexpr size_t moments = 12;                   // tiles of --picture
constexpr std::array<int, 2> tile{480, 360};     // pixels

// The run in a sheet of tiles: moments from its beginning to its end, each of another environment as far as there are so many.
struct Story {
  std::unique_ptr<Pictures> pictures;
  std::unique_ptr<Sheet> sheet;
  double seconds = 0;                  // that it took

  Result<bool> begin(session::Session& session, Through through) {
    std::vector<int> environments;
    for (size_t i = 0; i < moments; ++i) environments.push_back(int(i) % session.environments());
    const scene::Eye* const eye = find_eye(session.settings(), through.camera);
    if (!eye || !eye->lidar) through.size = tile;
    auto made = Pictures::make(session, through, std::move(environments), 0);
    if (!made) return made.errors();
    pictures = std::move(*made);
    sheet = std::make_unique<Sheet>(*pictures, false);
    return true;
  }
  void take(size_t moment) {
    const auto start = std::chrono::steady_clock::now();
    if (moment < pictures->environments().size()) sheet->take(*pictures, moment);
    seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  Result<bool> write(const std::string& path) {
    sheet->show_ranges();
    return write_png(path, sheet->pixels());
  }
};

int run(const Options& options, const Length& length, const Asked& asked) {
  if (!asked.through.camera.empty() && asked.picture.empty()) return report("--camera is for --picture", options.json);
  if (asked.recording.episodes > 0 && (asked.eyes || !asked.picture.empty())) return report("--episodes goes with neither --picture nor --eyes", options.json);
  if (asked.recording.asked() && asked.eyes) return report("--eyes is for runs that are not recorded; --record-cameras records what eyes see", options.json);
  if (Result<bool> possible = can_create(asked.picture); !asked.picture.empty() && !possible)
    return report(possible.errors(), options.json);
  if (asked.recording.asked() && options.backend == "bullet")
    return report("the backend bullet makes no recordings: what it remembers of contacts is not in the state, so they could not be replayed", options.json);
  auto session = open(options);
  if (!session) return report(session.errors(), options.json);
  session::Session& s = **session;
  Story story;
  if (!asked.picture.empty())
    if (Result<bool> begun = story.begin(s, asked.through); !begun) return report(begun.errors(), options.json);
  std::unique_ptr<session::Eyes> eyes;
  if (asked.eyes) {
    auto made = session::Eyes::make(s, {.model_cameras = true});
    if (!made) return report(made.errors(), options.json);
    eyes = std::move(*made);
  }
  const int64_t substeps = length.of(s.model(), s.settings().seconds);
  if (tells(options))
    fmt::print(stderr, "{}: {}, {}{}, {} substeps of {:g} ms\n", s.loaded().name, environments(s.world().environments()),
               s.world().describe(), s.world().why().empty() ? "" : " (auto: " + s.world().why() + ")", substeps,
               1e3 * s.model().timestep[0]);
  if (const size_t adjusted = s.loaded().report.size(); adjusted > 0 && tells(options))
    fmt::print(stderr, "{} thing{} adjusted on import; see nuri inspect {}\n", adjusted, adjusted == 1 ? "" : "s", options.scene);
  std::unique_ptr<record::Recorder> recorder;
  if (asked.recording.asked()) {
    auto started = start_recording(s, asked.recording, substeps, options.quiet);
    if (!started) return report(started.errors(), options.json);
    recorder = std::move(*started);
  }
  const auto start = std::chrono::steady_clock::now();
  bool finished = true;
  record::Totals recorded;
  {
    const int64_t all = substeps * std::max(asked.recording.episodes, 1);
    Progress progress(s.loaded().name, all, options.quiet);
    const size_t parts = story.pictures ? moments : 1;
    for (size_t part = 0; part < parts && finished; ++part) {
      const int64_t until = all * int64_t(part + 1) / int64_t(parts);
      if (recorder) finished = advance_recording(s, *recorder, asked.recording, substeps, until, &progress);
      else finished = eyes ? advance_looking(s, *eyes, until, &progress) : advance(s, until - int64_t(s.substep()), &progress);
      if (story.pictures && finished) story.take(part);
    }
  }
  if (recorder) {
    const auto totals = recorder->finish();
    if (!totals) return report(totals.errors(), options.json);
    recorded = *totals;
  }
  const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() - story.seconds;
  Json result = summary(s, wall);
  if (recorder) result["recording"] = recording_summary(*recorder, recorded);
  result["interrupted"] = !finished;
  result["adjusted"] = s.loaded().report.size();
  if (eyes) result["eyes"] = eyes_summary(s, *eyes, double(s.substep()) / s.settings().substeps + 1);
  if (story.pictures) {
    if (Result<bool> written = story.write(asked.picture); !written) return report(written.errors(), options.json);
    result["picture"] = asked.picture;
  }
  const int faults = result["faults"];
  result["ok"] = faults == 0;
  if (options.json) {
    print(result);
  } else {
    fmt::print("{}{}: {} x {} substeps = {:g} s simulated each, in {:.2f} s\n", s.loaded().name, finished ? "" : " (interrupted)",
               environments(s.world().environments()), s.substep(), double(result["simulated_seconds"]), wall);
    fmt::print("  {} steps/s ({}), {:.0f} times real time in total\n", count(result["steps_per_second"]), s.world().describe(),
               wall > 0 ? double(result["simulated_seconds"]) * s.world().environments() / wall : 0.0);
    fmt::print("  per step: {:.2f} contacts, {:.2f} rows, {:.2f} solver iterations\n", double(result["contacts"]), double(result["rows"]),
               double(result["iterations"]));
    fmt::print("  state hash {}, faults {}\n", std::string(result["state_hash"]), faults);
    if (result.contains("policy")) print_policy(result["policy"]);
    if (eyes) print_eyes(result["eyes"], s.environments());
    if (recorder) print_recording(result["recording"]);
    if (result.contains("variants")) print_variants(result["variants"]);
    if (result.contains("timeline")) print_timeline(result["timeline"]);
    if (result.contains("goals"))
      for (const Json& goal : result["goals"])
        fmt::print("  goal {}: {:.2f} of {} on average, {:.1f} % of environments have all\n", std::string(goal["name"]),
                   double(goal["mean"]), int(goal["sensors"]), 100 * double(goal["success"]));
    if (story.pictures)
      fmt::print("  {} moments of the run as a picture: {} ({} x {}, in {:.1f} s)\n", moments, asked.picture, story.sheet->pixels().width,
                 story.sheet->pixels().height, story.seconds);
    if (faults > 0) fmt::print("  {} froze at {} last good substep\n", environments(faults), faults == 1 ? "its" : "their");
  }
  return faults == 0 ? good : failed;
}

}  // namespace

void add_run(CLI::App& app, int& status) {
  auto options = std::make_shared<Options>();
  auto length = std::make_shared<Length>();
  auto asked = std::make_shared<Asked>();
  CLI::App* command = app.add_subcommand("run", "Step a scene and summarise; Ctrl-C ends with the summary so far");
  add_scene(*command, *options);
  add_world(*command, *options);
  add_length(*command, *length);
  add_drive(*command, *options);
  command->add_flag(
      "--eyes", asked->eyes,
      "Look through the scene's cameras and lidars (if it has none, the models' cameras) at their rates, and say what that costs");
  add_recording(*command, asked->recording);
  command->add_option("--picture", asked->picture, "Moments of the run, each of another environment, as tiles of one picture")
      ->type_name("FILE.png");
  command
      ->add_option("--camera", asked->through.camera,
                   "Through which camera of the scene or of a model that picture is taken (otherwise all is in view)")
      ->type_name("NAME");
  command->footer("Without --steps or --seconds: the scene's own length, 10 s if it has none. Status 1 if an environment froze.");
  command->callback([=, &status] { status = run(*options, *length, *asked); });
}

}  // namespace nuri::cli
