// nuri run: step a scene and say how it went.
#include <fmt/format.h>
#include "tools/cli/cli.h"

namespace nuri::cli {
namespace {

void print_timeline(const Json& timeline) {
  fmt::print("  timeline of {} actions: {} finished, {} running, {} failed; {:.1f} actions done on average", int(timeline["actions"]), int(timeline["finished"]),
             int(timeline["running"]), int(timeline["failed"]), double(timeline["mean_actions"]));
  if (timeline["mean_missed"] > 0) fmt::print(", {:.1f} late", double(timeline["mean_missed"]));
  fmt::print("\n");
  for (const Json& stop : timeline["failures"])
    fmt::print("    {} failed at action {}{}{}: {}{}\n", int(stop["environments"]), int(stop["action"]) + 1, stop.contains("what") ? ", " + std::string(stop["what"]) : "",
               stop.contains("repeat") ? " (" + std::string(stop["repeat"]) + ")" : "", std::string(stop["why"]), stop.contains("place") ? ", " + std::string(stop["place"]) : "");
}

void print_variants(const Json& variants) {
  size_t width = 0;
  for (const Json& row : variants) width = std::max(width, std::string(row["model"]).size());
  for (const Json& row : variants) {
    fmt::print("  {:<{}} {:>8} environments", std::string(row["model"]), width, int(row["environments"]));
    if (row["environments"] > 0)
      fmt::print(", per step {:.2f} contacts, {:.2f} rows, {:.2f} iterations, faults {}", double(row["contacts"]), double(row["rows"]), double(row["iterations"]), int(row["faults"]));
    fmt::print("\n");
  }
}

int run(const Options& options, const Length& length) {
  auto session = open(options);
  if (!session) return report(session.errors(), options.json);
  session::Session& s = **session;
  const int64_t substeps = length.of(s.model(), s.settings().seconds);
  if (tells(options))
    fmt::print(stderr, "{}: {}, {}{}, {} substeps of {:g} ms\n", s.loaded().name, environments(s.world().environments()), s.world().describe(),
               s.world().why().empty() ? "" : " (auto: " + s.world().why() + ")", substeps, 1e3 * s.model().timestep[0]);
  if (const size_t adjusted = s.loaded().report.size(); adjusted > 0 && tells(options))
    fmt::print(stderr, "{} thing{} adjusted on import; see nuri inspect {}\n", adjusted, adjusted == 1 ? "" : "s", options.scene);
  const auto start = std::chrono::steady_clock::now();
  bool finished;
  {
    Progress progress(s.loaded().name, substeps, options.quiet);
    finished = advance(s, substeps, &progress);
  }
  const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  Json result = summary(s, wall);
  result["interrupted"] = !finished;
  result["adjusted"] = s.loaded().report.size();
  const int faults = result["faults"];
  result["ok"] = faults == 0;
  if (options.json) {
    print(result);
  } else {
    fmt::print("{}{}: {} x {} substeps = {:g} s simulated each, in {:.2f} s\n", s.loaded().name, finished ? "" : " (interrupted)", environments(s.world().environments()),
               s.substep(), double(result["simulated_seconds"]), wall);
    fmt::print("  {} steps/s ({}), {:.0f} times real time in total\n", count(result["steps_per_second"]), s.world().describe(),
               wall > 0 ? double(result["simulated_seconds"]) * s.world().environments() / wall : 0.0);
    fmt::print("  per step: {:.2f} contacts, {:.2f} rows, {:.2f} solver iterations\n", double(result["contacts"]), double(result["rows"]), double(result["iterations"]));
    fmt::print("  state hash {}, faults {}\n", std::string(result["state_hash"]), faults);
    if (result.contains("variants")) print_variants(result["variants"]);
    if (result.contains("timeline")) print_timeline(result["timeline"]);
    if (result.contains("goals"))
      for (const Json& goal : result["goals"])
        fmt::print("  goal {}: {:.2f} of {} on average, {:.1f} % of environments have all\n", std::string(goal["name"]), double(goal["mean"]), int(goal["sensors"]), 100 * double(goal["success"]));
    if (faults > 0) fmt::print("  {} froze at {} last good substep\n", environments(faults), faults == 1 ? "its" : "their");
  }
  return faults == 0 ? good : failed;
}

}  // namespace

void add_run(CLI::App& app, int& status) {
  auto options = std::make_shared<Options>();
  auto length = std::make_shared<Length>();
  CLI::App* command = app.add_subcommand("run", "Step a scene and summarise; Ctrl-C ends with the summary so far");
  add_scene(*command, *options);
  add_world(*command, *options);
  add_length(*command, *length);
  add_drive(*command, *options);
  command->footer("Without --steps or --seconds: the scene's own length, 10 s if it has none. Status 1 if an environment froze.");
  command->callback([=, &status] { status = run(*options, *length); });
}

}  // namespace nuri::cli
