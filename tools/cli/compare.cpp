#include "tools/cli/compare.h"
#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include "engine/core/new_file.h"
#include "physics/bullet/left_out.h"
#include "tools/compare/compare.h"

namespace nuri::cli {
namespace {

using compare::Apart;
using compare::BodyPair;
using compare::Comparison;
using compare::Look;
using compare::Side;

constexpr int few_environments = 4;  // unless --envs says otherwise: every look measures each of them twice
constexpr double short_run = 5;      // s, of scenes that say nothing
constexpr size_t page_width = 100;   // columns of the table's sentences
constexpr size_t most_told = 6;      // pairs of bodies in the table; JSON has all

struct Asked {
  Options options;
  Length length;
  compare::Asked how;
  std::string with = "bullet", plot;
};

const model::Model& model_of(session::Session& s, int e) { return s.world().model(e); }
std::string body_name(const model::Model& m, int body) {
  const std::string& name = m.body_name[size_t(body)];
  return body == 0 ? "the world" : name.empty() ? fmt::format("body {}", body) : name;
}

Json number(double x) { return std::isfinite(x) ? Json(x) : Json(); }

Json to_json(const Apart& apart, session::Session& s) {
  if (apart.environment < 0) return Json();
  return {{"environment", apart.environment},
          {"body", body_name(model_of(s, apart.environment), apart.body)},
          {"time", apart.time},
          {"position", number(apart.position)},
          {"angle", number(apart.angle)}};
}
Json to_json(const std::vector<BodyPair>& pairs, const model::Model& m) {
  Json out = Json::array();
  for (const BodyPair& p : pairs) out.push_back({body_name(m, p.first), body_name(m, p.second)});
  return out;
}
std::vector<BodyPair> without(const std::vector<BodyPair>& from, const std::vector<BodyPair>& what) {
  std::vector<BodyPair> out;
  std::set_difference(from.begin(), from.end(), what.begin(), what.end(), std::back_inserter(out));
  return out;
}

// Of one side over all environments.
struct Sums {
  double settled = 0, depth = 0, own_depth = 0, energy_start = 0, energy_end = 0,
         rise = 0;  // rise: of energy above its start, the greatest
  int moving = 0;
  size_t touching = 0;
};
Sums sum(const Side& side) {
  Sums out;
  for (size_t e = 0; e < side.looks.size(); ++e) {
    if (side.settled[e] < 0) ++out.moving;
    out.settled = std::max(out.settled, side.settled[e]);
    const double start = side.looks[e].front().energy;
    out.energy_start += start;
    out.energy_end += side.looks[e].back().energy;
    for (const Look& look : side.looks[e]) {
      out.depth = std::max(out.depth, look.depth);
      out.own_depth = std::max(out.own_depth, look.own_depth);
      out.rise = std::max(out.rise, look.energy - start);
    }
    out.touching += side.touching[e].size();
  }
  return out;
}
Json to_json(const Side& side, session::Session& s) {
  const Sums sums = sum(side);
  Json each = Json::array();
  for (size_t e = 0; e < side.looks.size(); ++e) {
    double depth = 0, own = 0;
    for (const Look& look : side.looks[e]) depth = std::max(depth, look.depth), own = std::max(own, look.own_depth);
    each.push_back({{"settled", side.settled[e] < 0 ? Json() : Json(side.settled[e])},
                    {"deepest", number(depth)},
                    {"deepest_by_itself", number(own)},
                    {"energy_start", number(side.looks[e].front().energy)},
                    {"energy_end", number(side.looks[e].back().energy)},
                    {"touching", to_json(side.touching[e], model_of(s, int(e)))},
                    {"touched", to_json(side.touched[e], model_of(s, int(e)))}});
  }
  return {{"backend", side.backend},
          {"settled", sums.moving ? Json() : Json(sums.settled)},
          {"moving", sums.moving},
          {"deepest", number(sums.depth)},
          {"deepest_by_itself", number(sums.own_depth)},
          {"energy_start", number(sums.energy_start)},
          {"energy_end", number(sums.energy_end)},
          {"energy_rise", number(sums.rise)},
          {"contacts", sums.touching},
          {"faults", side.faults},
          {"environments", each}};
}

std::string millimetres(double m) { return fmt::format("{:.3g} mm", 1e3 * m); }
std::string degrees(double rad) { return fmt::format("{:.3g} degrees", rad * 57.29577951308232); }
std::string told(const Apart& apart, session::Session& s) {
  if (apart.environment < 0) return "nothing moves";
  const std::string where = s.environments() > 1 ? fmt::format(" of environment {}", apart.environment) : "";
  return fmt::format("{}{}, {} and {}", body_name(model_of(s, apart.environment), apart.body), where, millimetres(apart.position),
                     degrees(apart.angle));
}
void print_row(const char* what, const std::string& a, const std::string& b) { fmt::print("  {:<26}{:<26}{}\n", what, a, b); }

// Text in lines of a page's width: the first begins with `first`, the others with as many blanks.
void print_wrapped(const std::string& first, const std::string& text) {
  std::string line = first;
  bool empty = true;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    if (!empty && line.size() + 1 + (end - at) > page_width) {
      fmt::print("{}\n", line);
      line.assign(first.size(), ' ');
      empty = true;
    }
    line += (empty ? "" : " ") + text.substr(at, end - at);
    empty = false;
    at = end + 1;
  }
  fmt::print("{}\n", line);
}
void print_pairs(const char* what, const Side& from, const Side& other, session::Session& s) {
  std::string text;
  size_t count = 0;
  for (size_t e = 0; e < from.touching.size(); ++e)
    for (const BodyPair& p : without(from.touching[e], other.touching[e]))
      if (count++ < most_told)
        text += fmt::format("{}{} and {}{}", text.empty() ? "" : "; ", body_name(model_of(s, int(e)), p.first),
                            body_name(model_of(s, int(e)), p.second), from.touching.size() > 1 ? fmt::format(" ({})", e) : "");
  if (count > most_told) text += fmt::format("; {} more", count - most_told);
  if (count > 0) print_wrapped(fmt::format("  {}: ", what), text);
}

std::vector<std::string> differing(session::Session& s, const std::string& with, bool explain) {
  std::vector<std::string> out;
  for (int b = 0; b < s.world().buckets(); ++b) {
    const model::Model& m = s.world().bucket(b).model();
    for (std::string& line : explain            ? compare::known_differences(m, with)
                             : with == "bullet" ? left_out_by_bullet(m)
                                                : std::vector<std::string>{}) {
      if (!explain && s.world().buckets() > 1) line = m.name + ": " + line;
      if (std::find(out.begin(), out.end(), line) == out.end()) out.push_back(std::move(line));
    }
  }
  return out;
}

void print_table(const Comparison& c, const Asked& asked, session::Session& s, const std::vector<std::string>& left_out,
                 const std::vector<std::string>& known) {
  const Sums a = sum(c.a), b = sum(c.b);
  const size_t n = c.a.looks.size();
  fmt::print("{}: {}, {:g} s{}, {}\n  a: {}\n  b: {}\n\n", s.loaded().name, environments(int(n)), c.seconds,
             c.finished ? "" : " (interrupted)", asked.how.react ? "each with its own controls" : "both with the controls of a",
             c.a.backend, c.b.backend);
  auto settled = [&](const Sums& side) {
    if (!side.moving) return fmt::format("{:.2f} s", side.settled);
    return n == 1 ? std::string("still moves") : fmt::format("{} of {} still move", side.moving, n);
  };
  print_row("", "a", "b");
  print_row("at rest after", settled(a), settled(b));
  print_row("deepest contact", millimetres(a.depth), millimetres(b.depth));
  if (std::abs(b.own_depth - b.depth) > 1e-5) print_row("  as each sees it itself", millimetres(a.own_depth), millimetres(b.own_depth));
  print_row("energy at the start", fmt::format("{:.5g} J", a.energy_start), fmt::format("{:.5g} J", b.energy_start));
  print_row("energy at the end", fmt::format("{:.5g} J", a.energy_end), fmt::format("{:.5g} J", b.energy_end));
  print_row("most energy gained", fmt::format("{:.3g} J", a.rise), fmt::format("{:.3g} J", b.rise));
  print_row("touching pairs at the end", std::to_string(a.touching), std::to_string(b.touching));
  if (c.a.faults + c.b.faults > 0) print_row("environments that froze", std::to_string(c.a.faults), std::to_string(c.b.faults));
  fmt::print("\n");
  print_pairs("only a touches", c.a, c.b, s);
  print_pairs("only b touches", c.b, c.a, s);
  const compare::Bounds& bounds = asked.how.bounds;
  if (c.parted.environment < 0)
    fmt::print("  they stay within {} and {} of each other\n", millimetres(bounds.position), degrees(bounds.angle));
  else
    fmt::print("  they part at {:.3g} s: {} (bounds {}, {})\n", c.parted.time, told(c.parted, s), millimetres(bounds.position),
               degrees(bounds.angle));
  if (c.farthest.environment >= 0) fmt::print("  farthest apart at {:.3g} s: {}\n", c.farthest.time, told(c.farthest, s));
  fmt::print("  at the end: {}\n", told(c.last, s));
  if (!left_out.empty()) {
    fmt::print("\n  what {} does not have:\n", asked.with);
    for (const std::string& line : left_out) print_wrapped("  - ", line);
  }
  if (!known.empty() && (!c.within || c.parted.environment >= 0)) {
    fmt::print("\n  why they may differ:\n");
    for (const std::string& line : known) print_wrapped("  - ", line);
  }
}

Result<bool> write_plot(const std::string& path, const Comparison& c, session::Session& s) {
  const bool page = path.ends_with(".html");
  return write_whole(path, page ? compare::to_html(c, s.world(), s.loaded().name) : compare::to_csv(c, s.world()));
}

int compare_worlds(const Asked& asked) {
  const bool json = asked.options.json;
  if (!asked.plot.empty() && !asked.plot.ends_with(".html") && !asked.plot.ends_with(".csv"))
    return report("--plot takes a name that ends with .html or .csv", json);
  Options first = asked.options, second = asked.options;
  first.backend = "cpu";
  second.backend = asked.with;
  second.quiet = true;  // its notes are a's
  // a GPU computes in float32, and then so does a: what differs is not to be the rounding
  first.precision = second.precision = asked.with == "cuda" ? "float" : "double";
  if (!asked.options.environments) {
    auto loaded = session::load(asked.options.scene, asked.options.paths);
    if (!loaded) return report(loaded.errors(), json);
    first.environments = second.environments = std::min(few_environments, loaded->settings.environments);
  }
  auto a = open(first);
  if (!a) return report(a.errors(), json);
  auto b = open(second);
  if (!b) return report(b.errors(), json);
  session::Session& s = **a;

  compare::Asked how = asked.how;
  how.substeps = asked.length.of(s.model(), s.settings().seconds > 0 ? std::min(s.settings().seconds, short_run) : short_run);
  Progress progress(s.loaded().name, how.substeps, asked.options.quiet || json);
  auto found = compare::run(s, **b, how, [&](int64_t done) {
    progress.at(done);
    return !interrupted();
  });
  if (!found) return report(found.errors(), json);
  const Comparison& c = *found;
  if (!asked.plot.empty())
    if (auto written = write_plot(asked.plot, c, s); !written) return report(written.errors(), json);
  const std::vector<std::string> left_out = differing(s, asked.with, false), known = differing(s, asked.with, true);
  if (json) {
    Json only_a = Json::array(), only_b = Json::array();
    for (size_t e = 0; e < c.a.touching.size(); ++e) {
      only_a.push_back(to_json(without(c.a.touching[e], c.b.touching[e]), model_of(s, int(e))));
      only_b.push_back(to_json(without(c.b.touching[e], c.a.touching[e]), model_of(s, int(e))));
    }
    print({{"ok", c.within},
           {"scene", s.loaded().name},
           {"seconds", c.seconds},
           {"interrupted", !c.finished},
           {"controls", asked.how.react ? "own" : "same"},
           {"judged", asked.how.at_rest ? "rest" : "motion"},
           {"bounds", {{"position", how.bounds.position}, {"angle", how.bounds.angle}}},
           {"parted", to_json(c.parted, s)},
           {"farthest", to_json(c.farthest, s)},
           {"last", to_json(c.last, s)},
           {"a", to_json(c.a, s)},
           {"b", to_json(c.b, s)},
           {"touching_only_in_a", only_a},
           {"touching_only_in_b", only_b},
           {"left_out", left_out},
           {"known_differences", known}});
  } else {
    print_table(c, asked, s, left_out, known);
  }
  return c.within ? good : failed;
}

}  // namespace

void add_compare(CLI::App& app, int& status) {
  auto asked = std::make_shared<Asked>();
  CLI::App* command = app.add_subcommand("compare", "A second opinion: the scene in another engine beside this one, and where they part");
  Options& options = asked->options;
  add_scene(*command, options);
  command->add_option("--with", asked->with, "The other engine; cpu compares with itself, which must not part")
      ->check(CLI::IsMember({"bullet", "cpu", "cuda"}))
      ->capture_default_str();
  command->add_option("--envs", options.environments, "Environments (otherwise the scene's first four)")
      ->check(CLI::Range(1, scene::yaml_limits::environments));
  command->add_option("--threads", options.threads, "CPU threads; 0: one per CPU")->check(CLI::Range(0, 4096));
  command->add_option("--seed", options.seed, "Seed of all random numbers (scene's own otherwise)");
  command->add_option("--first-id", options.first_id, "Id of the first environment");
  add_length(*command, asked->length);
  add_drive(*command, options);
  command->add_flag(
      "--react", asked->how.react,
      "Each side is driven by its own controllers, policy and timeline, from what they see there; otherwise b gets the controls of a");
  command->add_flag("--at-rest", asked->how.at_rest, "Judge where bodies are at the end, not the way there");
  command->add_option("--within", asked->how.bounds.position, "m: bodies may be that far apart")
      ->check(CLI::Range(1e-12, 1e6))
      ->capture_default_str();
  command->add_option("--within-angle", asked->how.bounds.angle, "rad: and turned by that much")
      ->check(CLI::Range(1e-12, 10.0))
      ->capture_default_str();
  command->add_option("--every", asked->how.every, "s between looks")->check(CLI::Range(1e-6, 1e6))->capture_default_str();
  command->add_option("--plot", asked->plot, "Energy, depth, speed and distance over time: a page, or a table")
      ->type_name("FILE.html|FILE.csv");
  command->footer(
      "Status 0: within the bounds, 1: not, or an environment froze. Without --steps or --seconds: the scene's own length, at most 5 s.\n"
      "Depth and energy are measured on both by Nuri's collision and inertia; what touches is each engine's own word. docs/compare.md");
  command->callback([=, &status] { status = compare_worlds(*asked); });
}

}  // namespace nuri::cli
