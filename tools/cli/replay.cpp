// nuri replay: a recording done again from its inputs, every hash compared; where the bits part, the place.
#include <fmt/format.h>
#include <cmath>
#include "tools/cli/cli.h"
#include "tools/record/replay.h"

namespace nuri::cli {
namespace {

struct Asked {
  std::string file;
  record::Choice choice;
  WorldOptions world;
  bool json = false, quiet = false;
};

constexpr size_t most_told = 10;                 // differences, as text

Json to_json(const record::Difference& d) {
  Json out{{"demo", d.demo}, {"environment", d.environment}, {"episode", d.number}, {"stretch", d.stretch}, {"from", d.from}, {"to", d.to},
           {"hash", hex(d.hash)}, {"recorded_hash", hex(d.recorded_hash)}};
  if (!d.field.empty()) {
    out.update({{"sample", d.sample}, {"field", d.field}, {"item", d.item}, {"column", d.column}});
    out["value"] = std::isfinite(d.value) ? Json(d.value) : Json();
    out["recorded"] = std::isfinite(d.recorded) ? Json(d.recorded) : Json();
  }
  return out;
}

int replay(const Asked& asked) {
  auto opened = record::Recording::open(asked.file);
  if (!opened) return report(opened.errors(), asked.json);
  const std::shared_ptr<record::Recording> recording = std::move(*opened);
  const record::Info& info = recording->info();
  std::vector<Diagnostic> notes = recording->notes();
  if (info.version != NURI_VERSION)
    notes.push_back({Severity::warning,
                     "other-version",
                     "Nuri " + info.version + " recorded it, this is " NURI_VERSION,
                     "equal bits are promised within a version only",
                     {asked.file, 0, 0},
                     {},
                     {}});
  if (!asked.quiet && !asked.json)
    for (const Diagnostic& note : notes) say(note);
  auto replays = record::Replay::create(recording, asked.choice);
  if (!replays) return report(replays.errors(), asked.json);

  uint64_t episodes = 0, compared = 0, total = 0, done = 0;
  for (const auto& one : *replays) total += one->end();
  std::vector<record::Difference> differences;
  std::string machine;
  Progress progress("replay", int64_t(total), asked.quiet || asked.json);
  for (auto& one : *replays) {
    auto session = one->session(asked.world);
    if (!session) return report(session.errors(), asked.json);
    machine = (*session)->world().describe();
    for (bool more = true; more && !interrupted();) {
      const Result<bool> stepped = one->step(**session);
      if (!stepped) return report(stepped.errors(), asked.json);
      more = *stepped;
      progress.at(int64_t(done + (*session)->substep()));
    }
    done += one->end();
    episodes += one->episodes().size(), compared += one->compared();
    differences.insert(differences.end(), one->differences().begin(), one->differences().end());
    one.reset();                                 // its data
  }
  if (interrupted()) return report("interrupted", asked.json, failed);
  const bool same = differences.empty();
  if (asked.json) {
    Json list = Json::array(), said = Json::array();
    for (const auto& d : differences) list.push_back(to_json(d));
    for (const auto& note : notes) said.push_back(cli::to_json(note));
    print({{"ok", same},
           {"equal", same},
           {"recording", asked.file},
           {"scene", info.name},
           {"backend", machine},
           {"episodes", episodes},
           {"stretches", compared},
           {"differences", list},
           {"notes", said}});
    return same ? good : failed;
  }
  for (size_t i = 0; i < differences.size() && i < most_told; ++i)
    fmt::print("{}\n", to_string(differences[i], info.precision, info.timestep));
  if (differences.size() > most_told) fmt::print(".. and {} episodes more\n", differences.size() - most_told);
  const std::string what = fmt::format("{} {} of {}, {} stretches on {}", episodes, episodes == 1 ? "episode" : "episodes", info.name,
                                       count(double(compared)), machine);
  if (same) fmt::print("the same bits: {}\n", what);
  else fmt::print("{} of {} part from the recording: {}\n", differences.size(), episodes, what);
  return same ? good : failed;
}

}  // namespace

void add_replay(CLI::App& app, int& status) {
  auto asked = std::make_shared<Asked>();
  CLI::App* command = app.add_subcommand("replay", "A recording done again from its inputs: the same bits, or the place where they part");
  command->add_option("file", asked->file, "Recording of nuri run --record")->required()->type_name("FILE.h5");
  command->add_option("--env", asked->choice.environment, "The environment of this id only");
  command->add_option("--episode", asked->choice.episode, "This episode of each environment only, from 0");
  command->add_option("--backend", asked->world.backend, "Where to compute")
      ->check(CLI::IsMember({"auto", "cpu", "cuda"}))
      ->capture_default_str();
  command->add_option("--threads", asked->world.threads, "CPU threads; 0: one per CPU")->check(CLI::Range(0, 4096));
  command->add_option("--width", asked->world.width, "Environments per pack: 1, 4, 8, 16 (double: 1, 2, 4, 8); 0: by rule")
      ->check(CLI::Range(0, 64));
  command->add_flag("--json", asked->json, "One JSON object on standard output");
  command->add_flag("--quiet", asked->quiet, "No progress, no notes");
  command->footer("Status 0: every hash is as it was recorded, 1: some are not, 2: the file cannot be read.");
  command->callback([=, &status] { status = replay(*asked); });
}

}  // namespace nuri::cli
