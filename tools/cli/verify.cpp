// nuri verify: what is known from outside - closed forms, conserved quantities, published cases - against what this build computes.
#include <fmt/format.h>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <sstream>
#include "tools/cli/cli.h"
#include "engine/core/new_file.h"
#include "tools/verify/played.h"
#include "tools/verify/report.h"

namespace nuri::cli {
namespace {

struct Asked {
  std::vector<std::string> only, broken;
  std::string precision = "double", markdown, scenes, from;
  bool all = false, json = false, quiet = false, list = false;
};

Json to_json(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json to_json(const verify::Outcome& o) {
  const verify::Row& row = *o.row;
  Json published = Json::array();
  for (const verify::Published& p : row.published) published.push_back({{"engine", p.engine}, {"value", p.value}});
  Json object{{"id", row.id}, {"case", o.of->id}, {"group", o.of->group}, {"quantity", row.quantity}, {"unit", row.unit},
              {"exact", to_json(row.ideal)}, {"value", to_json(o.value)},
              {"bound", to_json(o.bound)}, {"at_least", row.at_least}, {"mujoco", to_json(verify::mujoco_figure(row.id))},
                  {"as_mujoco", row.as_mujoco}, {"published", published}, {"verdict", verify::word(o.verdict)}};
  if (!o.of->source.empty() && !row.published.empty()) object["source"] = o.of->source;
  if (!o.why.empty()) object["why"] = o.why;
  return object;
}

// FIELD=FACTOR or FIELD+=NUMBER of --break.
bool parse(const std::string& text, verify::Fault& out) {
  const size_t equal = text.find('=');
  if (equal == std::string::npos || equal == 0) return false;
  const bool adds = text[equal - 1] == '+';
  out.field = text.substr(0, equal - adds);
  std::istringstream value(text.substr(equal + 1));
  return bool(value >> (adds ? out.add : out.factor)) && value.eof() && out.known();
}

// The cases in one precision; empty if it was interrupted.
std::vector<verify::Outcome> run(const std::vector<const verify::Case*>& chosen, const Asked& asked, Precision precision,
                                 const std::vector<verify::Fault>& faults, bool as_it_comes) {
  int64_t total = 0, before = 0;
  std::vector<int64_t> steps;
  for (const verify::Case* c : chosen) {
    verify::Counter counter;
    c->measure(counter);
    steps.push_back(int64_t(double(counter.steps) * c->cost));
    total += steps.back();
  }
  Progress progress("verify", total, asked.quiet);
  std::vector<verify::Outcome> out;
  if (as_it_comes) fmt::print("{}", verify::text_head());
  for (size_t i = 0; i < chosen.size(); ++i) {
    const verify::Case& c = *chosen[i];
    int64_t done = 0;
    verify::Stepped stepped(precision, 1, faults, [&](int64_t more) {
      done += more;
      progress.at(before + int64_t(double(done) * c.cost), c.id);
      return !interrupted();
    });
    verify::Reader reader(asked.from);
    const auto rows = verify::run(asked.from.empty() ? static_cast<verify::Engine&>(stepped) : reader, c, precision);
    if (interrupted()) return {};
    before += steps[i];
    for (const verify::Outcome& o : rows) {
      if (as_it_comes) fmt::print("{}", verify::text_of(o)), std::fflush(stdout);
      out.push_back(o);
    }
  }
  return out;
}

int write_scenes(const std::vector<const verify::Case*>& chosen, const Asked& asked) {
  verify::Writer writer(asked.scenes);
  for (const verify::Case* c : chosen) {
    writer.begin(c->id);
    c->measure(writer);
    if (!writer.problem().empty()) return report(writer.problem() + " cannot be written", asked.json, failed);
  }
  if (asked.json) print({{"ok", true}, {"folder", asked.scenes}, {"cases", chosen.size()}});
  else fmt::print("{} cases in {}\n", chosen.size(), asked.scenes);
  return good;
}

int write_section(const Asked& asked) {
  std::ifstream in(asked.markdown, std::ios::binary);
  if (!in) return report(asked.markdown + " cannot be read", asked.json);
  std::string document{std::istreambuf_iterator<char>(in), {}}, empty = document;
  if (!verify::put_section(empty, ""))
    return report(fmt::format("{} has no lines '{}' and '{}'", asked.markdown, verify::markdown_begin, verify::markdown_end), asked.json);
  std::string unknown;
  const auto chosen = verify::choose({}, true, unknown);
  const auto in_double = run(chosen, asked, Precision::f64, {}, false);
  const auto in_float = in_double.empty() ? in_double : run(chosen, asked, Precision::f32, {}, false);
  if (in_float.empty()) return report("interrupted", asked.json, failed);
  verify::put_section(document, verify::markdown(in_double, in_float));
  if (const auto done = write_whole(asked.markdown, document); !done) return report(done.errors(), asked.json);
  int wrong = 0;
  for (const auto* list : {&in_double, &in_float})
    for (const verify::Outcome& o : *list)
      if (o.verdict == verify::Verdict::failed) ++wrong, fmt::print(stderr, "{}", verify::text_of(o));
  if (asked.json) print({{"ok", wrong == 0}, {"file", asked.markdown}, {"failed", wrong}});
  return wrong ? failed : good;
}

int verify_(const Asked& asked) {
  std::vector<verify::Fault> faults;
  for (const std::string& text : asked.broken)
    if (verify::Fault fault; parse(text, fault)) faults.push_back(fault);
    else return report("--break: '" + text + "' is neither FIELD=FACTOR nor FIELD+=NUMBER with a field of models, as gravity=1.1",
                       asked.json);
  std::string unknown;
  const auto chosen = verify::choose(asked.only, asked.all, unknown);
  if (chosen.empty() && unknown.empty()) return report("--only names no case", asked.json);
  if (!unknown.empty()) return report("--only: there is no case '" + unknown + "' (see nuri verify --list)", asked.json);
  if (!asked.markdown.empty()) return write_section(asked);
  if (!asked.scenes.empty()) return write_scenes(chosen, asked);
  if (asked.list) {
    for (const verify::Case* c : verify::choose(asked.only, true, unknown))
      fmt::print("{:<14}{:<28}{}{}\n", c->group, c->id, c->extended ? "(--all) " : "", c->about);
    return good;
  }

  const auto start = std::chrono::steady_clock::now();
  const auto outcomes = run(chosen, asked, precision_of(asked.precision), faults, !asked.json);
  if (outcomes.empty()) return report("interrupted", asked.json, failed);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  int counts[3] = {};
  Json rows = Json::array();
  for (const verify::Outcome& o : outcomes) ++counts[int(o.verdict)], rows.push_back(to_json(o));
  const auto [passed, wrong, shown] = counts;
  if (asked.json)
    print({{"ok", wrong == 0}, {"precision", asked.precision}, {"version", NURI_VERSION}, {"mujoco_version", verify::mujoco_version},
           {"passed", passed}, {"failed", wrong}, {"shown", shown}, {"seconds", seconds}, {"rows", rows}});
  else
    fmt::print("\n{} passed, {} failed, {} shown only; {}, {:.0f} s. Beside: {} on the same scenes.\n", passed, wrong, shown,
               asked.precision, seconds, verify::mujoco_version);
  return wrong ? failed : good;
}

}  // namespace

void add_verify(CLI::App& app, int& status) {
  auto asked = std::make_shared<Asked>();
  CLI::App* command = app.add_subcommand("verify", "Closed forms and published cases: value, bound, MuJoCo's and the published figures");
  auto* only = command->add_option("--only", asked->only, "Cases, rows, groups or beginnings of ids, with commas (see --list)");
  only->delimiter(',')->allow_extra_args(false)->type_name("ID,..");
  auto* all = command->add_flag("--all", asked->all, "Also what takes longer");
  command->add_flag("--list", asked->list, "Names the cases");
  command->add_flag("--json", asked->json, "One JSON object on standard output");
  auto* precision = command->add_option("--precision", asked->precision, "Numbers of the state and of all kernels");
  precision->check(CLI::IsMember({"float", "double"}))->capture_default_str();
  const char* renew = "Runs everything in both precisions, and renews the section between two lines of this file";
  auto* markdown = command->add_option("--markdown", asked->markdown, renew)->type_name("FILE")->excludes(only)->excludes(all);
  const char* wrong = "Plays models that are wrong on purpose, a field of them times a factor or plus a number: what is judged must notice";
  auto* broken = command->add_option("--break", asked->broken, wrong)->allow_extra_args(false)->type_name("FIELD=FACTOR|FIELD+=NUMBER");
  auto* scenes = command->add_option("--scenes", asked->scenes, "Writes scenes and recipes for another engine, plays nothing")->type_name("FOLDER");
  auto* from = command->add_option("--from", asked->from, "Measures what another engine played of them")->type_name("FOLDER");
  for (CLI::Option* option : {broken, scenes, from}) option->excludes(markdown);
  scenes->excludes(broken);
  from->excludes(broken)->excludes(scenes);
  command->add_flag("--quiet", asked->quiet, "No progress");
  command->footer("Status 1 if a judged row fails: one with a bound, or in double one that must be as MuJoCo on the same scene.");
  command->callback([=, &status] { status = verify_(*asked); });
}

}  // namespace nuri::cli
