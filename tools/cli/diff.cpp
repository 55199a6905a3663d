// nuri diff: two runs of a scene that should be equal, stepped side by side until they are not. Then both are put back to the
// last equal state and looked into stage by stage, so that the answer is a place: environment, step, stage, field, item.
#include <fmt/format.h>
#include <cmath>
#include <sstream>
#include "tools/cli/cli.h"
#include "tools/session/divergence.h"

namespace nuri::cli {
namespace {

using session::Divergence;
using session::StateBytes;

struct Asked {
  Options options;
  Length length;
  std::string other, a, b, nudge;
};

struct Nudge { int environment = -1; int64_t step = 0; StateField field{}; int item = 0; };

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, ',');) parts.push_back(part);
  return parts;
}

bool whole(const std::string& text, uint64_t& out) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string::npos || text.size() > 18) return false;
  out = std::stoull(text);
  return true;
}

// "width=1,threads=2" into options; an empty text or what is wrong with it.
std::string apply(const std::string& text, Options& options) {
  for (const std::string& part : split(text)) {
    const size_t equal = part.find('=');
    const std::string key = part.substr(0, equal), value = equal == std::string::npos ? "" : part.substr(equal + 1);
    uint64_t number = 0;
    const bool is_number = whole(value, number);
    if (key == "backend") options.backend = value;
    else if (!is_number) return "'" + part + "' is not key=number";
    else if (key == "width" && number <= 64) options.width = int(number);
    else if (key == "threads" && number <= 4096) options.threads = int(number);
    else if (key == "envs" && number >= 1 && number <= uint64_t(scene::yaml_limits::environments)) options.environments = int(number);
    else if (key == "seed") options.seed = number;
    else if (key == "group" && number <= 256) options.group = int(number);
    else if (key == "device" && number <= 1023) options.device = int(number);
    else if (key == "alike" && number <= 1) options.pack_alike = number == 1;
    else if (key == "staged" && number <= 1) options.staged = number == 1;
    else return "'" + part + "' is none of width, threads, envs, seed, group, device (numbers), alike, staged (0 or 1), backend (a name)";
  }
  return "";
}

std::string parse(const std::string& text, World& world, Nudge& out) {
  const std::vector<std::string> parts = split(text);
  uint64_t environment, step, item;
  if (parts.size() != 4 || !whole(parts[0], environment) || !whole(parts[1], step) || !whole(parts[3], item)) return "--nudge is ENVIRONMENT,STEP,FIELD,ITEM";
  for (int f = 0; f < state_field_count; ++f) {
    const StateField field = StateField(f);
    if (info(field).output || parts[2] != info(field).name) continue;
    if (environment >= uint64_t(world.environments())) return "--nudge: there is no such environment";
    if (item >= uint64_t(world.columns(field, int(environment)))) return fmt::format("--nudge: {} has {} items", parts[2], world.columns(field, int(environment)));
    out = {int(environment), int64_t(step), field, int(item)};
    return "";
  }
  return "--nudge: there is no state field '" + parts[2] + "'";
}

// The next number of the world's precision, away from zero.
void nudge(World& world, const Nudge& n) {
  if (world.options().precision == Precision::f32) {
    float& x = world.row<float>(n.field, n.environment)[n.item];
    x = std::nextafterf(x, x < 0 ? -INFINITY : INFINITY);
  } else {
    double& x = world.row<double>(n.field, n.environment)[n.item];
    x = std::nextafter(x, x < 0 ? -INFINITY : INFINITY);
  }
}

int diff(const Asked& asked) {
  const bool json = asked.options.json;
  Options first = asked.options, second = asked.options;
  if (!asked.other.empty()) second.scene = asked.other;
  if (std::string wrong = apply(asked.a, first); !wrong.empty()) return report("--a: " + wrong, json);
  if (std::string wrong = apply(asked.b, second); !wrong.empty()) return report("--b: " + wrong, json);
  auto session_a = open(first);
  if (!session_a) return report(session_a.errors(), json);
  auto session_b = open(second);
  if (!session_b) return report(session_b.errors(), json);
  World &a = (*session_a)->world(), &b = (*session_b)->world();
  const int environments = std::min(a.environments(), b.environments());
  for (int e = 0; e < environments; ++e)
    for (int f = 0; f < state_field_count; ++f)
      if (a.columns(StateField(f), e) != b.columns(StateField(f), e))
        return report(fmt::format("the two models of environment {} differ in size: {}", e, info(StateField(f)).name), json);
  Nudge nudged;
  if (!asked.nudge.empty())
    if (std::string wrong = parse(asked.nudge, b, nudged); !wrong.empty()) return report(wrong, json);
  if (nudged.environment >= environments) return report("--nudge: there is no such environment in both worlds", json);

  const int64_t substeps = asked.length.of((*session_a)->model(), 1);
  Divergence finding = session::compare_state(a, b, environments, "load", 0);
  Progress progress("diff", substeps, asked.options.quiet);
  int64_t step = 0;
  for (; step < substeps && !finding.found && !interrupted(); ++step) {
    (*session_a)->apply_controls();
    (*session_b)->apply_controls();
    if (nudged.environment >= 0 && step == nudged.step) nudge(b, nudged);
    finding = session::compare_state(a, b, environments, "load", uint64_t(step));
    if (finding.found) break;
    const StateBytes before_a = session::save_state(a, environments), before_b = session::save_state(b, environments);
    (*session_a)->step(1);
    (*session_b)->step(1);
    finding = session::compare_state(a, b, environments, "integrate", uint64_t(step));
    if (!finding.found) {
      progress.at(step + 1);
      continue;
    }
    // the states differ after this step: find the stage in which they parted
    session::restore_state(a, before_a);
    session::restore_state(b, before_b);
    const Divergence inside = session::compare_stages(a, b, finding.environment, uint64_t(step));
    if (inside.found) finding = inside;
    break;
  }
  if (!finding.found) {
    if (json) print({{"ok", true}, {"equal", true}, {"environments", environments}, {"substeps", step}, {"a", a.describe()}, {"b", b.describe()}, {"state_hash", hex(a.hash())}});
    else fmt::print("equal: {} environments, {} substeps\n  a: {}\n  b: {}\n", environments, step, a.describe(), b.describe());
    return interrupted() ? failed : good;
  }
  const Precision precision = a.options().precision;
  if (json) {
    print({{"ok", false}, {"equal", false}, {"environment", finding.environment}, {"step", finding.step}, {"stage", finding.stage}, {"field", finding.field}, {"item", finding.item},
           {"a", {{"world", a.describe()}, {"value", finding.a}, {"bits", session::bits_of(finding.a, precision)}}},
           {"b", {{"world", b.describe()}, {"value", finding.b}, {"bits", session::bits_of(finding.b, precision)}}}});
  } else {
    fmt::print("first difference: environment {}, step {}, stage {}, field {}, item {}\n", finding.environment, finding.step, finding.stage, finding.field, finding.item);
    fmt::print("  a: {} = {:.17g}  ({})\n", session::bits_of(finding.a, precision), finding.a, a.describe());
    fmt::print("  b: {} = {:.17g}  ({})\n", session::bits_of(finding.b, precision), finding.b, b.describe());
  }
  return failed;
}

}  // namespace

void add_diff(CLI::App& app, int& status) {
  auto asked = std::make_shared<Asked>();
  CLI::App* command = app.add_subcommand("diff", "First divergence of two runs: environment, step, stage, field, item, both values");
  add_scene(*command, asked->options);
  command->add_option("other", asked->other, "Another scene or model for run b")->type_name("SCENE");
  add_world(*command, asked->options);
  add_length(*command, asked->length);
  add_drive(*command, asked->options);
  command->add_option("--a", asked->a, "Settings of run a, such as width=1,threads=1; also envs, seed, alike, backend, and of cuda group, device, staged")->type_name("KEY=VALUE,...");
  command->add_option("--b", asked->b, "Settings of run b")->type_name("KEY=VALUE,...");
  command->add_option("--nudge", asked->nudge, "Move one number of run b's state by the least amount: a check that differences are found")->type_name("ENV,STEP,FIELD,ITEM");
  command->footer("Status 0: equal, 1: different. With different numbers of environments the first ones are compared.");
  command->callback([=, &status] { status = diff(*asked); });
}

}  // namespace nuri::cli
