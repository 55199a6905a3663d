// nuri bench: how fast, and what for: a speed without a state hash and the work behind it says nothing.
#include <fmt/format.h>
#include <algorithm>
#include <filesystem>
#include "tools/cli/bench.h"

namespace nuri::cli {
namespace {

// One scene; its row as JSON. Returns an exit status.
int measure(const BenchAsked& asked, const std::string& scene, Json& out) {
  Options options = asked.options;
  options.scene = scene;
  options.profile = true;
  if (!options.threads) options.threads = 1;
  auto session = open(options);
  if (!session) return report(session.errors(), options.json);
  session::Session& s = **session;
  World& world = s.world();
  const int64_t warm_up = Length{{}, asked.warm_up}.of(s.model(), asked.warm_up);
  Progress progress(s.loaded().name, warm_up + asked.runs * asked.steps, options.quiet);
  if (!advance(s, warm_up, &progress)) return report("interrupted", options.json, failed);

  world.clear_statistics();
  std::vector<double> speeds;
  double inside = 0, wall = 0;
  for (int run = 0; run < asked.runs; ++run) {
    s.clear_time();
    const uint64_t before = world.statistics().steps;
    const auto start = std::chrono::steady_clock::now();
    if (!advance(s, asked.steps, nullptr)) return report("interrupted", options.json, failed);
    wall += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    inside += s.seconds_in_world();
    speeds.push_back(double(world.statistics().steps - before) / s.seconds_in_world());
    progress.at(warm_up + (run + 1) * asked.steps);
  }
  std::sort(speeds.begin(), speeds.end());
  const double speed = speeds[speeds.size() / 2];

  const Statistics t = world.statistics();
  const double packs = std::max<double>(1, double(t.packs));
  double lanes = 0;                    // the width is each model's own
  for (int b = 0; b < world.buckets(); ++b) lanes += double(world.bucket(b).statistics().rounds) * world.bucket(b).options().width;
  out = summary(s, wall);
  out["steps_per_second"] = speed;
  out["slowest"] = speeds.front();
  out["fastest"] = speeds.back();
  out["ns_per_step"] = 1e9 / speed;
  out["host_share"] = wall > 0 ? 1 - inside / wall : 0.0;
  out["width"] = world.options().width;
  out["threads"] = world.options().threads;
  out["slots_per_pack"] = double(t.slots) / packs;
  out["rows_per_pack"] = double(t.pack_rows) / packs;
  out["rounds"] = double(t.rounds) / packs;
  out["evaluations"] = double(t.evaluations) / packs;
  out["factorizations"] = double(t.factorizations) / packs;
  out["near_pairs"] = double(t.near_pairs) / packs;
  out["redone"] = t.redone;
  out["occupancy"] = lanes > 0 ? t.iterations / lanes : 0.0;
  uint64_t cycles = 0;
  for (uint64_t c : t.cycles) cycles += c;
  Json stages = Json::object();
  for (size_t i = 0; i < t.cycles.size() && i < std::size(stage_names); ++i)
    if (cycles > 0) stages[stage_names[i]] = double(t.cycles[i]) / double(cycles);
  out["stages"] = stages;
  return good;
}

void print_row(const Json& row) {
  auto number = [&](const char* key) { return double(row[key]); };
  fmt::print("{:<20} {:>6} {:>10} {:>9.0f} {:>9.2f} {:>7.2f} {:>7.2f} {:>7.1f} {:>7.2f} {:>6.0f} % {:>6} {}\n", std::filesystem::path(std::string(row["scene"])).stem().string(),
             int(row["environments"]), count(number("steps_per_second")), number("ns_per_step"), number("contacts"), number("rows"), number("iterations"), number("slots_per_pack"),
             number("rounds"), 100 * number("occupancy"), int(row["faults"]), std::string(row["state_hash"]));
}

void print_stages(const Json& row) {
  std::vector<std::pair<double, std::string>> shares;
  for (const auto& [stage, share] : row["stages"].items()) shares.emplace_back(share, stage);
  std::stable_sort(shares.begin(), shares.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::string text;
  for (const auto& [share, stage] : shares)
    if (share >= 0.005) text += fmt::format("{}{} {:.0f} %", text.empty() ? "" : ", ", stage, 100 * share);
  if (!text.empty()) fmt::print("  {}\n", text);
}

void print_variants(const Json& row) {
  std::string text;
  for (const Json& variant : row["variants"]) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", std::string(variant["model"]), int(variant["environments"]));
  fmt::print("  environments: {}\n", text);
}

int bench(const BenchAsked& asked) {
  Json rows = Json::array();
  for (const std::string& scene : asked.scenes) {
    Json row;
    if (const int status = measure(asked, scene, row); status != good) return status;
    if (!asked.options.json) {
      if (rows.empty())
        fmt::print("{}\n{:<20} {:>6} {:>10} {:>9} {:>9} {:>7} {:>7} {:>7} {:>7} {:>8} {:>6} {}\n", std::string(row["backend"]), "scene", "envs", "steps/s",
                   "ns/step", "contacts", "rows", "iter", "slots", "rounds", "occupied", "faults", "state hash");
      print_row(row);
      print_stages(row);
      if (row.contains("variants")) print_variants(row);
      std::fflush(stdout);
    }
    rows.push_back(row);
  }
  if (asked.options.json) print({{"ok", true}, {"scenes", rows}});
  return good;
}

}  // namespace

void add_bench(CLI::App& app, int& status) {
  auto asked = std::make_shared<BenchAsked>();
  CLI::App* command = app.add_subcommand("bench", "Measure scenes: steps per second with the work behind them");
  command->add_option("scenes", asked->scenes, "Scenes or models")->required()->type_name("SCENE...");
  command->add_flag("--json", asked->options.json, "One JSON object on standard output");
  add_loading(*command, asked->options.paths);
  add_world(*command, asked->options);
  add_drive(*command, asked->options);
  command->add_option("--warm-up", asked->warm_up, "Simulated seconds before the clock starts")->check(CLI::Range(0.0, 1e6))->capture_default_str();
  command->add_option("--steps", asked->steps, "Substeps of each environment per timed run")->check(CLI::Range(int64_t(1), int64_t(1'000'000'000)))->capture_default_str();
  command->add_option("--runs", asked->runs, "Timed runs; the median is shown")->check(CLI::Range(1, 1000))->capture_default_str();
  CLI::Option* eyes = command->add_flag("--eyes", asked->eyes, "Images per second instead: rgb and depth through the scene's cameras, or those of its models, beside a step of physics");
  command->add_option("--eye-size", asked->eye_size, "Pixels of their images (otherwise 64 x 64, then 128 x 128)")->expected(2)->type_name("W H")->check(CLI::Range(1, 4096))->needs(eyes);
  command->footer("One thread unless --threads says otherwise, so that numbers of different machines can be compared. The clock runs in the\n"
                  "engine only; host_share (--json) is what drawing controls, or a policy, takes beside it. slots, rounds: per pack and substep.\n"
                  "occupied: share of lanes that do useful work in the solver's rounds. --eyes: 32 environments at most, unless --envs says otherwise;\n"
                  "four looks a run, steps between them; us/step is one substep of one environment.");
  command->callback([=, &status] { status = asked->eyes ? bench_eyes(*asked) : bench(*asked); });
}

}  // namespace nuri::cli
