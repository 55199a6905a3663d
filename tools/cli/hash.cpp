// nuri hash: the state's hash after some steps, as lines that a golden file holds.
#include <fmt/format.h>
#include <filesystem>
#include "tools/cli/cli.h"

namespace nuri::cli {
namespace {

int hash(const Options& options, const Length& length, int64_t every, bool each) {
  auto session = open(options);
  if (!session) return report(session.errors(), options.json);
  session::Session& s = **session;
  World& world = s.world();
  const int64_t substeps = length.of(s.model(), 1);
  const std::string name = std::filesystem::path(options.scene).stem().string();
  const char* precision = world.options().precision == Precision::f32 ? "f32" : "f64";
  Json lines = Json::array();
  auto line = [&] {
    const std::string text = fmt::format("{} {} {} {}", name, precision, s.substep(), hex(world.hash()));
    lines.push_back(text);
    if (!options.json) fmt::print("{}\n", text);
  };
  const auto start = std::chrono::steady_clock::now();
  Progress progress(name, substeps, options.quiet);
  for (int64_t done = 0; done < substeps;) {
    const int64_t piece = every > 0 ? std::min(every, substeps - done) : substeps - done;
    if (!advance(s, piece, &progress, &done)) return report("interrupted", options.json, failed);
    if (every > 0 && done < substeps) line();
  }
  line();
  const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  Json environments = Json::array();
  if (each) {
    for (int e = 0; e < world.environments(); ++e) {
      environments.push_back(hex(world.hash(e)));
      if (!options.json) fmt::print("environment {} {}\n", world.id(e), hex(world.hash(e)));
    }
  }
  if (options.json) {
    Json result = summary(s, wall);
    result["lines"] = lines;
    if (each) result["environment_hashes"] = environments;
    print(result);
  }
  return good;
}

}  // namespace

void add_hash(CLI::App& app, int& status) {
  auto options = std::make_shared<Options>();
  auto length = std::make_shared<Length>();
  struct Asked { int64_t every = 0; bool each = false; };
  auto asked = std::make_shared<Asked>();
  CLI::App* command = app.add_subcommand("hash", "Hash of the state after some steps: NAME PRECISION SUBSTEPS HASH");
  add_scene(*command, *options);
  add_world(*command, *options);
  add_length(*command, *length);
  add_drive(*command, *options);
  command->add_option("--every", asked->every, "A line every so many substeps too")->check(CLI::Range(int64_t(1), int64_t(1'000'000'000)));
  command->add_flag("--each", asked->each, "The hash of every environment too");
  command->footer("Without --steps or --seconds: one simulated second. The hash depends on the model, settings, seed, ids and precision, on nothing else.");
  command->callback([=, &status] { status = hash(*options, *length, asked->every, asked->each); });
}

}  // namespace nuri::cli
