#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include "engine/scene/xml.h"
#include "tools/cli/cli.h"
#include "tools/session/memory.h"
#include "tools/session/policy.h"

namespace nuri::cli {
namespace {

bool diagnostics_as_json = false;

// The second ends at once; but timeout(1) and the like signal a program and then its group, which is one wish.
constexpr int64_t same_wish = 200;     // ms
std::atomic<int64_t> first_interrupt = 0;   // ms of the monotonic clock; 0: none. Lock free, so a signal handler may touch it
void on_interrupt(int signal) {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  const int64_t ms = int64_t(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
  if (first_interrupt == 0) first_interrupt = ms;
  else if (ms - first_interrupt > same_wish) _exit(128 + signal);
}

std::string duration(double seconds) {
  if (seconds < 99.5) return fmt::format("{:.0f} s", seconds);
  if (seconds < 5940) return fmt::format("{:.0f} min", seconds / 60);
  return fmt::format("{:.1f} h", seconds / 3600);
}

constexpr double gibibyte = 1024.0 * 1024 * 1024;
constexpr int many_environments = 200'000;    // whose making takes seconds: it is announced
constexpr double piece_seconds = 0.1;  // between two looks at the clock and at Ctrl-C

}  // namespace

int64_t Length::of(const model::Model& model, double otherwise) const {
  if (steps) return *steps;
  return int64_t(std::llround(std::min(seconds.value_or(otherwise) / model.timestep[0], 9e15)));
}

void add_loading(CLI::App& command, scene::PackagePaths& paths) {
  auto add_package = [&paths](const std::string& text) {
    const size_t equals = text.find('=');
    std::error_code error;
    if (equals == std::string::npos || equals == 0) throw CLI::ValidationError("--package", "write NAME=FOLDER, not " + text);
    const std::string folder = text.substr(equals + 1);
    if (!std::filesystem::is_directory(folder, error)) throw CLI::ValidationError("--package", folder + " is not a folder");
    paths.packages[text.substr(0, equals)] = folder;
  };
  auto add_root = [&paths](const std::string& folder) {
    std::error_code error;
    if (!std::filesystem::is_directory(folder, error)) throw CLI::ValidationError("--root", folder + " is not a folder");
    paths.roots.push_back(folder);
  };
  auto choose = [](const std::string& word) { diagnostics_as_json = word == "json"; };
  auto each = [](auto take) { return [take](const std::vector<std::string>& given) { for (const std::string& one : given) take(one); }; };
  using Words = std::vector<std::string>;
  const char* package = "Folder of a package that package:// or model:// names; repeatable. Comes before ROS_PACKAGE_PATH, AMENT_PREFIX_PATH, "
                        "parent folders and GZ_SIM_RESOURCE_PATH";
  const char* root = "Folder, besides the scene's own, whose files may be read; repeatable";
  const char* diagnostics = "Form of errors and warnings on standard error: json is an object per line, and nothing else, no progress, goes there";
  command.add_option_function<Words>("--package", each(add_package), package)->type_name("NAME=FOLDER")->allow_extra_args(false);
  command.add_option_function<Words>("--root", each(add_root), root)->type_name("FOLDER")->allow_extra_args(false);
  command.add_option_function<std::string>("--diagnostics", choose, diagnostics)->check(CLI::IsMember({"text", "json"}))->type_name("FORM");
}

void add_scene(CLI::App& command, Options& options) {
  add_loading(command, options.paths);
  command.add_option("scene", options.scene, "Scene (.yaml), model (.xml MJCF, .urdf) or compiled model (.model)")->required()->type_name("SCENE");
  command.add_flag("--json", options.json, "One JSON object on standard output");
}

void add_world(CLI::App& command, Options& options) {
  command.add_option("--envs", options.environments, "Environments (scene's own number otherwise)")->check(CLI::Range(1, scene::yaml_limits::environments));
  command.add_option("--backend", options.backend, "Where to compute")->check(CLI::IsMember({"auto", "cpu", "cuda", "bullet"}))->capture_default_str();
  command.add_option("--precision", options.precision, "Numbers of the state and of all kernels")->check(CLI::IsMember({"float", "double", "f32", "f64"}))->capture_default_str();
  command.add_option("--threads", options.threads, "CPU threads; 0: one per CPU")->check(CLI::Range(0, 4096));
  command.add_option("--width", options.width, "Environments per pack: 1, 4, 8, 16 (double: 1, 2, 4, 8); 0: by rule. Never shows in results")->check(CLI::Range(0, 64));
  command.add_option("--group", options.group, "Threads per environment on CUDA; 0: by rule. Never shows in results; the CPU has none")->check(CLI::IsMember({0, 8, 16, 32, 64, 128, 256}));
  command.add_option("--device", options.device, "Which GPU, of those that CUDA_VISIBLE_DEVICES shows")->check(CLI::Range(0, 1023))->capture_default_str();
  command.add_option("--seed", options.seed, "Seed of all random numbers (scene's own otherwise)");
  command.add_option("--first-id", options.first_id, "Id of the first environment; random numbers and hashes use ids");
}

void add_drive(CLI::App& command, Options& options) {
  command.add_option("--control", options.control, "Replace the scene's controls")->check(CLI::IsMember({"none", "zero", "random", "sine", "hold"}));
  command.add_option("--perturb", options.perturbation, "Perturbation of initial states: rad, m, rad/s, m/s; added to a scene's own, or instead of the 0.05 of plain models")
      ->check(CLI::Range(0.0, 1000.0));
  CLI::Option* policy = command.add_option("--policy", options.policy, "A trained policy drives its actuators, at its own control steps")->type_name("FILE.policy");
  command.add_option("--command", options.command, "What the policy is told to do (otherwise what its file says)")->expected(1, session::policy_limits::commands)
      ->type_name("NUMBER...")->needs(policy);
  command.add_flag("--quiet", options.quiet, "No progress");
}

void add_length(CLI::App& command, Length& length) {
  auto* steps = command.add_option("--steps", length.steps, "Substeps of each environment")->check(CLI::Range(int64_t(0), int64_t(1'000'000'000'000)));
  command.add_option("--seconds", length.seconds, "Simulated seconds")->check(CLI::Range(0.0, 1e9))->excludes(steps);
}

Precision precision_of(const std::string& word) { return word == "double" || word == "f64" ? Precision::f64 : Precision::f32; }

WorldOptions world_options(const Options& options, const scene::Settings& settings) {
  WorldOptions world;
  world.environments = options.environments.value_or(settings.environments);
  world.backend = options.backend;
  world.precision = precision_of(options.precision);
  world.threads = options.threads.value_or(0);
  world.width = options.width;
  world.group = options.group;
  world.device = options.device;
  world.staged = options.staged;
  world.seed = options.seed.value_or(settings.seed);
  world.first_id = options.first_id;
  world.pack_alike = options.pack_alike;
  world.profile = options.profile;
  return world;
}

// Reads the policy that was asked for into the scene; no diagnostic: all is well.
static std::vector<Diagnostic> add_policy(const Options& options, session::Loaded& loaded) {
  if (options.policy.empty()) return {};
  Result<session::PolicyFile> file = session::read_policy(options.policy);
  if (!file) return file.errors();
  if (!options.command.empty() && options.command.size() != file->command.size())
    return {{Severity::error, "wrong-size", fmt::format("--command has {} numbers, the policy's has {}", options.command.size(), file->command.size()), {}, {options.policy, 0, 0}, {}, {}}};
  if (!options.command.empty()) file->command.assign(options.command.begin(), options.command.end());
  if (const auto said = session::set_policy(loaded, std::make_shared<const session::PolicyFile>(std::move(*file))); said && !options.quiet) say(*said);
  return {};
}

Result<std::unique_ptr<session::Session>> open(const Options& options) {
  Result<session::Loaded> loaded = session::load(options.scene, options.paths);
  if (!loaded) return loaded.errors();
  for (const Diagnostic& d : loaded->report)
    if (d.severity == Severity::warning && !options.quiet) say(d);
  const bool is_scene = loaded->path.ends_with(".yaml") || loaded->path.ends_with(".yml");
  if (!options.control.empty()) session::set_control(*loaded, options.control);
  if (options.perturbation) {
    if (!is_scene) loaded->settings.joints.clear(), loaded->settings.bodies.clear();
    session::perturb(loaded->settings, *options.perturbation);
  }
  if (std::vector<Diagnostic> errors = add_policy(options, *loaded); !errors.empty()) return errors;
  const WorldOptions world = world_options(options, loaded->settings);

  if (auto refused = session::refuse_memory(*loaded, world)) return *refused;
  if (world.environments >= many_environments && tells(options))
    fmt::print(stderr, "{}: making {}, {:.1f} GiB\n", loaded->name, environments(world.environments),
               world.environments * session::bytes_per_environment(*loaded, world.precision == Precision::f32 ? 4 : 8) / gibibyte);
  Progress progress(loaded->name + ": making environments", 1000, options.quiet);
  return session::Session::create(std::move(*loaded), world, [&](double share) {
    progress.at(int64_t(1000 * share));
    return !interrupted();
  });
}

Json to_json(const Diagnostic& d) {
  Json object{{"severity", d.severity == Severity::error ? "error" : d.severity == Severity::warning ? "warning" : "note"}, {"code", d.code}, {"message", d.message}};
  if (!d.hint.empty()) object["hint"] = d.hint;
  if (!d.place.file.empty()) object["file"] = d.place.file;
  if (d.place.line > 0) object["line"] = d.place.line;
  if (d.place.column > 0) object["column"] = d.place.column;
  if (!d.element.empty()) object["element"] = d.element;
  for (const Place& place : d.included_from) object["included_from"].push_back({{"file", place.file}, {"line", place.line}, {"column", place.column}});
  if (!d.excerpt.line.empty()) object["excerpt"] = {{"line", d.excerpt.line}, {"column", d.excerpt.column}, {"width", d.excerpt.width}};
  return object;
}

// Bytes of a damaged file may stand in a message: what is not UTF-8 is replaced.
// Bytes that are not UTF-8 are replaced; indent -1: one line.
static std::string text(const Json& object, int indent) { return object.dump(indent, ' ', false, Json::error_handler_t::replace); }
void print(const Json& object) { fmt::print("{}\n", text(object, 2)); }

void say_as_json() { diagnostics_as_json = true; }
bool tells(const Options& options) { return !options.quiet && !diagnostics_as_json; }
void say(const Diagnostic& d) { fmt::print(stderr, "{}\n", diagnostics_as_json ? text(to_json(d), -1) : to_string(d)); }

int report(const std::vector<Diagnostic>& errors, bool json) {
  constexpr size_t most = scene::xml::limits::errors;
  Json list = Json::array();
  auto put = [&](const Diagnostic& d) { say(d), list.push_back(to_json(d)); };
  for (size_t i = 0; i < errors.size() && i < most; ++i) put(errors[i]);
  const bool counted = errors.size() == most + 1 && errors.back().severity == Severity::note;   // a reader's own last word
  if (counted) put(errors.back());
  else if (errors.size() > most) put({Severity::note, "more-errors", fmt::format("{} more errors are not shown", errors.size() - most), {}, {errors[0].place.file, 0, 0}, {}, {}});
  if (json) print({{"ok", false}, {"errors", list}});
  for (const char* code : {"interrupted", "cannot-write", "no-film"})
    if (!errors.empty() && errors[0].code == code) return failed;
  return bad_input;
}

std::string refuse_variants(const session::Loaded& loaded) {
  if (loaded.models.size() == 1) return "";
  return fmt::format("{} has {} variants, and this takes one model: nuri compile writes a .model file of each", loaded.path, loaded.models.size());
}

int report(const std::string& message, bool json, Status status) {
  const Json object{{"severity", "error"}, {"code", status == bad_input ? "bad-request" : "failed"}, {"message", message}};
  fmt::print(stderr, "{}\n", diagnostics_as_json ? text(object, -1) : "nuri: " + message);
  if (json) print({{"ok", false}, {"errors", Json::array({object})}});
  return status;
}

std::string hex(uint64_t value) { return fmt::format("{:016x}", value); }

std::string environments(int number) { return std::to_string(number) + (number == 1 ? " environment" : " environments"); }

std::string count(double number) {
  if (number >= 1e9) return fmt::format("{:.2f} G", number / 1e9);
  if (number >= 1e6) return fmt::format("{:.2f} M", number / 1e6);
  if (number >= 1e4) return fmt::format("{:.1f} k", number / 1e3);
  return fmt::format("{:.4g}", number);
}

// How far the environments came, and where those that failed did.
Json to_json(const session::Timeline& timeline) {
  constexpr size_t shown = 10;
  static constexpr const char* reasons[] = {"", "late", "out of reach", "frozen"};
  const session::TimelineReport report = timeline.report();
  Json stops = Json::array();
  for (const session::Stop& stop : report.stops) {
    if (stops.size() == shown) break;
    Json entry = Json::object();
    entry["action"] = stop.action;
    if (stop.action < timeline.actions()) {
      const scene::Action& action = timeline.action(stop.action);
      entry["what"] = session::describe(action);
      if (!action.repeat.empty()) entry["repeat"] = action.repeat;
      entry["place"] = fmt::format("{}:{}:{}", action.place.file, action.place.line, action.place.column);
    }
    entry["why"] = reasons[int(stop.failure)];
    entry["environments"] = stop.environments;
    stops.push_back(std::move(entry));
  }
  return {{"actions", timeline.actions()}, {"mean_actions", report.actions}, {"mean_missed", report.missed}, {"finished", report.finished},
          {"running", report.running}, {"failed", report.failed}, {"failures", stops}};
}

static Json variants(session::Session& session) {
  World& world = session.world();
  Json list = Json::array();
  for (const auto& model : session.loaded().models) {
    Json row{{"model", model->name}, {"environments", 0}};
    for (int b = 0; b < world.buckets(); ++b) {
      const Bucket& bucket = world.bucket(b);
      if (&bucket.model() != model.get()) continue;
      const Statistics& t = bucket.statistics();
      const double steps = std::max<double>(1, double(t.steps));
      row["environments"] = bucket.environments(), row["contacts"] = t.contacts / steps, row["rows"] = t.rows / steps, row["iterations"] = t.iterations / steps;
      row["faults"] = bucket.faults();
    }
    list.push_back(std::move(row));
  }
  return list;
}

Json summary(session::Session& session, double wall_seconds) {
  World& world = session.world();
  const Statistics statistics = world.statistics();
  const double steps = std::max<double>(1, double(statistics.steps)), inside = session.seconds_in_world();
  const uint64_t substeps = session.substep();
  Json object = {{"ok", true},
                 {"scene", session.loaded().path},
                 {"backend", world.describe()},
                 {"backend_why", world.why()},
                 {"precision", world.options().precision == Precision::f32 ? "f32" : "f64"},
                 {"environments", world.environments()},
                 {"substeps", substeps},
                 {"simulated_seconds", double(substeps) * session.model().timestep[0]},
                 {"wall_seconds", wall_seconds},
                 {"steps", statistics.steps},
                 {"steps_per_second", inside > 0 ? double(statistics.steps) / inside : 0.0},
                 {"contacts", statistics.contacts / steps},
                 {"rows", statistics.rows / steps},
                 {"iterations", statistics.iterations / steps},
                 {"faults", world.faults()},
                 {"state_hash", hex(world.hash())}};
  if (const session::Policy* policy = session.policy())
    object["policy"] = {{"file", policy->file().path}, {"hash", hex(policy->file().hash)}, {"task", policy->file().task}, {"command", policy->command()}, {"seconds", policy->seconds()}};
  if (session.loaded().models.size() > 1) object["variants"] = variants(session);
  if (const session::Timeline* timeline = session.timeline()) object["timeline"] = to_json(*timeline);
  for (const session::GoalReport& goal : session.judge())
    object["goals"].push_back({{"name", goal.name}, {"environments", goal.environments}, {"sensors", goal.sensors}, {"mean", goal.mean}, {"success", goal.success}});
  return object;
}

void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}
bool interrupted() { return first_interrupt != 0; }

Progress::Progress(std::string what, int64_t total, bool quiet)
    : what_(std::move(what)), total_(std::max<int64_t>(total, 1)), quiet_(quiet || diagnostics_as_json), terminal_(isatty(STDERR_FILENO)), start_(Clock::now()), last_(start_) {}

void Progress::at(int64_t done, const std::string& note) {
  const Clock::time_point now = Clock::now();
  const double since = std::chrono::duration<double>(now - last_).count(), elapsed = std::chrono::duration<double>(now - start_).count();
  if (quiet_ || since < (terminal_ ? 0.2 : 2.0) || done <= 0) return;
  last_ = now;
  const double share = double(done) / double(total_), left = elapsed / share - elapsed;
  fmt::print(stderr, "{}{}: {:.0f} %, {} left{}{}{}", terminal_ ? "\r\033[K" : "", what_, 100 * share, duration(left), note.empty() ? "" : ", ", note, terminal_ ? "" : "\n");
  std::fflush(stderr);
  shown_ = true;
}

Progress::~Progress() {
  if (terminal_ && shown_) fmt::print(stderr, "\r\033[K");
}

bool advance(session::Session& session, int64_t substeps, Progress* progress, int64_t* done) {
  int64_t piece = session.settings().substeps, finished = 0;
  const int64_t before = int64_t(session.substep());
  while (finished < substeps && !interrupted()) {
    const auto start = std::chrono::steady_clock::now();
    const int64_t now = std::min(piece, substeps - finished);
    session.step(int(now));
    finished += now;
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (seconds < 0.5 * piece_seconds) piece = std::min<int64_t>(2 * piece, 1'000'000);
    else if (seconds > 2 * piece_seconds) piece = std::max<int64_t>(piece / 2, 1);
    if (progress && session.seconds_in_world() > 0)
      progress->at(before + finished, fmt::format("{} steps/s", count(double(session.world().statistics().steps) / session.seconds_in_world())));
  }
  if (done) *done += finished;
  return finished == substeps;
}

}  // namespace nuri::cli
