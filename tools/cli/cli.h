// What the commands of `nuri` share: options, errors, numbers to JSON, progress, interruption.
//
// Exit status: 0 good, 1 what was asked for failed, 2 bad input. With --json standard output is one object and nothing else,
// also for errors; progress and notes go to standard error.
//
// Diagnostics are text for people, or with --diagnostics=json one JSON object per line, on standard error: tools read them while
// the command goes on, and standard output stays what was asked for; nothing but them is on standard error then, no progress either.
// With --json they stand in its one object as well.
#pragma once
#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>
#include "physics/kernel/scratch.h"
#include "tools/session/session.h"

namespace nuri::cli {

using Json = nlohmann::ordered_json;
enum Status : int { good = 0, failed = 1, bad_input = 2 };

// Options of every command that steps a scene; what is not given comes from the scene.
struct Options {
  std::string scene;
  scene::PackagePaths paths;
  std::optional<int> environments, threads;
  std::optional<uint64_t> seed;
  std::optional<double> perturbation;
  std::string backend = "auto", precision = "float", control;
  std::string policy;                  // file; empty: none
  std::vector<double> command;         // of the policy; empty: the file's
  int width = 0, group = 0, device = 0;
  bool staged = false;
  uint64_t first_id = 0;
  bool json = false, quiet = false, profile = false, pack_alike = true;
};

// How long: steps (substeps of each environment) or simulated seconds.
struct Length {
  std::optional<int64_t> steps;
  std::optional<double> seconds;
  // Substeps for a model; `otherwise` simulated seconds if neither is given.
  int64_t of(const model::Model& model, double otherwise) const;
};

void add_loading(CLI::App& command, scene::PackagePaths& paths);   // --package --root --diagnostics
void add_scene(CLI::App& command, Options& options);         // SCENE, --json, and those
void add_world(CLI::App& command, Options& options);         // --envs --backend --precision --threads --width --group --device --seed --first-id
void add_drive(CLI::App& command, Options& options);         // --control --perturb --policy --command --quiet
void add_length(CLI::App& command, Length& length);          // --steps, --seconds

Precision precision_of(const std::string& word);
WorldOptions world_options(const Options& options, const scene::Settings& settings);
// Loads, applies the options, checks that the memory is there, builds.
Result<std::unique_ptr<session::Session>> open(const Options& options);

// One diagnostic on standard error, in the form that --diagnostics asks for.
void say(const Diagnostic& diagnostic);
void say_as_json();                                          // what --diagnostics=json does
bool tells(const Options& options);                          // whether progress and notes for people go to standard error
// Diagnostics on standard error, the first 20, and as the one JSON object if asked; returns bad_input, or failed
// if it was interrupted or something could not be written.
int report(const std::vector<Diagnostic>& errors, bool json);
int report(const std::string& message, bool json, Status status = bad_input);
std::string refuse_variants(const session::Loaded& loaded);   // what commands for one model say of a scene with several; empty for one
Json to_json(const Diagnostic& diagnostic);
Json to_json(const session::Timeline& timeline);
void print(const Json& object);
std::string hex(uint64_t value);                             // 16 digits
std::string count(double number);                            // 1.2 M
std::string environments(int number);                        // 1 environment, 2 environments

void print_table(const char* title, const Json& list, size_t most);   // objects of equal keys as lines, the first ones

// The common part of results: backend, environments, steps, steps_per_second, contacts, rows, iterations, faults, state_hash; timeline
// and goals of scenes that have them; the policy, if one drives. Of a scene with variants also, per variant: model, environments, contacts, rows, iterations, faults.
Json summary(session::Session& session, double wall_seconds);

// Ctrl-C and SIGTERM ask for an end; the second one ends at once.
void catch_interrupts();
bool interrupted();

// A line on standard error that says how far it is: in place on a terminal, every two seconds elsewhere.
class Progress {
 public:
  Progress(std::string what, int64_t total, bool quiet);
  ~Progress();
  void at(int64_t done, const std::string& note = {});

 private:
  using Clock = std::chrono::steady_clock;
  std::string what_;
  int64_t total_;
  bool quiet_, terminal_, shown_ = false;
  Clock::time_point start_, last_;
};

// Steps in pieces of about a tenth of a second; false if it was interrupted. `done` (may be null) receives the substeps done.
bool advance(session::Session& session, int64_t substeps, Progress* progress, int64_t* done = nullptr);

// Recordings, by the end of their names; inspect says other things of them.
bool is_recording(const std::string& path);
int inspect_recording(const std::string& path, bool json, bool all);

// Commands; each one stores its exit status.
void add_run(CLI::App& app, int& status);
void add_bench(CLI::App& app, int& status);
void add_hash(CLI::App& app, int& status);
void add_diff(CLI::App& app, int& status);
void add_dump(CLI::App& app, int& status);
void add_inspect(CLI::App& app, int& status);
void add_compile(CLI::App& app, int& status);
void add_decompose(CLI::App& app, int& status);
void add_render(CLI::App& app, int& status);
void add_replay(CLI::App& app, int& status);
void add_export(CLI::App& app, int& status);
void add_regress(CLI::App& app, int& status);
void add_verify(CLI::App& app, int& status);
void add_doctor(CLI::App& app, int& status);

}  // namespace nuri::cli
