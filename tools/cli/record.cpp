#include "tools/cli/record.h"

#include <fmt/format.h>
#include <csignal>
#include <filesystem>

namespace nuri::cli {

void add_recording(CLI::App& command, Recording& recording) {
  record::Options& o = recording.options;
  auto* file = command.add_option("--record", o.path, "Write episodes into an HDF5 file (docs/recordings.md)")->type_name("FILE.h5");
  command.add_option("--record-fields", o.wishes.fields, "What is seen: sensors (the default), fields of the state (qpos, qvel, xpos, ..), patterns of sensors; NAME@HZ at a rate of its own")
      ->delimiter(',')->type_name("NAME[@HZ],...")->needs(file);
  command.add_option("--record-cameras", o.wishes.cameras, "Pictures of these cameras and lidars of the scene or of its models: patterns; NAME@HZ at a rate of its own")
      ->delimiter(',')->type_name("NAME[@HZ],...")->needs(file);
  command.add_option("--record-rate", o.wishes.rate, "Samples per simulated second (otherwise one every control step)")->check(CLI::PositiveNumber)->type_name("HZ")->needs(file);
  command.add_option("--record-level", o.level, "How hard gzip tries; 0: no compression")->check(CLI::Range(0, 9))->capture_default_str()->needs(file);
  command.add_option("--episodes", recording.episodes, "So many episodes of each environment, each of at most the run's length; they end early where a timeline ends or a fault is")
      ->check(CLI::Range(1, 1'000'000'000))->needs(file);
  command.add_flag("--overwrite", o.overwrite, "Instead of a file that is there")->needs(file);
}

Result<std::unique_ptr<record::Recorder>> start_recording(session::Session& session, const Recording& recording, int64_t substeps, bool quiet) {
  std::signal(SIGXFSZ, SIG_IGN);                 // a limit on the size of files is an error of the disk like any other
  record::Options options = recording.options;
  options.version = NURI_VERSION;
  const double period = session.model().timestep[0] * session.settings().substeps, steps = double(substeps) / session.settings().substeps;
  options.wishes.expected = uint64_t(std::max(1.0, std::ceil(steps / record::steps_between(options.wishes.rate, period))));
  auto recorder = record::Recorder::create(session, options);
  if (recorder && !quiet)
    for (const Diagnostic& d : (*recorder)->doubts()) say(d);
  return recorder;
}

// Who has ended, by what; those that still have episodes to come begin the next one.
static void turn(session::Session& session, record::Recorder& recorder, int episodes, uint64_t longest) {
  std::vector<int> over[6], again;
  for (int e = 0; e < session.environments(); ++e) {
    if (!recorder.records(e)) continue;
    const session::Timeline* const timeline = session.timeline();
    const bool acts = timeline && timeline->state(e).script && !timeline->state(e).script->acts.empty();
    const session::Progress progress = acts ? timeline->state(e).progress : session::Progress::running;
    record::Ended why;
    if (session.world().fault(e)) why = record::Ended::fault;
    else if (progress == session::Progress::finished) why = record::Ended::finished;
    else if (progress == session::Progress::failed) why = record::Ended::failed;
    else if (session.age(e) >= longest) why = record::Ended::time;
    else continue;
    over[int(why)].push_back(e);
    if (session.episodes()[size_t(e)] + 1 < uint64_t(episodes)) again.push_back(e);
  }
  for (int why = 0; why < 6; ++why)
    if (!over[why].empty()) recorder.end(over[why], record::Ended(why));
  if (!again.empty()) session.reset(again);
}

bool advance_recording(session::Session& session, record::Recorder& recorder, const Recording& recording, int64_t substeps, int64_t until, Progress* progress) {
  const int64_t period = session.settings().substeps;
  while (!interrupted() && recorder.good()) {
    const int64_t now = int64_t(session.substep());
    if (now >= until) return true;
    session.step(int(std::min(period - now % period, until - now)));
    if (recording.episodes > 0) {
      turn(session, recorder, recording.episodes, uint64_t((substeps + period - 1) / period * period));
      bool any = false;
      for (int e = 0; e < session.environments() && !any; ++e)
        any = recorder.records(e) || session.age(e) == 0;
      if (!any) return true;
    }
    if (progress) progress->at(int64_t(session.substep()), fmt::format("{} steps/s", count(double(session.world().statistics().steps) / std::max(1e-9, session.seconds_in_world()))));
  }
  return false;
}

Json recording_summary(const record::Recorder& recorder, const record::Totals& totals) {
  std::error_code code;
  const auto bytes = std::filesystem::file_size(recorder.path(), code);
  return {{"file", recorder.path()}, {"episodes", totals.episodes}, {"samples", totals.samples}, {"successes", totals.successes},
          {"bytes", code ? 0 : uint64_t(bytes)}, {"waited_seconds", recorder.seconds_waited()}};
}

void print_recording(const Json& r) {
  fmt::print("  recorded {} episodes of {} samples in all: {}, {:.1f} MB, physics waited {:.2f} s for it\n", uint64_t(r["episodes"]), uint64_t(r["samples"]),
             std::string(r["file"]), 1e-6 * double(r["bytes"]), double(r["waited_seconds"]));
}

}  // namespace nuri::cli
