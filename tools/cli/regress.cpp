// nuri regress: scripts that say what happens to a scene and what is expected of it, as cases that pass or fail.
#include <fmt/format.h>
#include <cstdio>
#include "tools/cli/cli.h"
#include "tools/regress/run.h"

namespace nuri::cli {
namespace {

using regress::CaseResult;
using regress::Check;
using regress::Results;

struct Asked {
  regress::Wish wish;
  std::vector<std::string> only;
  bool quiet = false, verbose = false;
};

constexpr const char* matrix_keys[] = {"precision", "backend", "environments", "seed", "width", "threads"};

std::string place_of(const Place& place) { return place.line > 0 ? fmt::format("{}:{}:{}", place.file, place.line, place.column) : place.file; }

std::string indented(const std::string& text, const char* by) {
  std::string out = by;
  for (const char c : text) {
    out += c;
    if (c == '\n') out += by;
  }
  return out;
}

void print_check(const Check& check) {
  fmt::print("    {}: {}\n      expected {}\n", place_of(check.place), check.name, check.what);
  if (!check.detail.empty()) fmt::print("{}\n", indented(check.detail, "      "));
  if (regress::given(check.value) && regress::given(check.margin))
    fmt::print("      value {:.6g}, bound {:.6g}, margin {:.6g}{}\n", check.value, check.bound, check.margin, check.unit.empty() ? "" : " " + check.unit);
}

void print(const CaseResult& c, bool verbose) {
  const bool bad = c.outcome == CaseResult::failed || c.outcome == CaseResult::error;
  fmt::print("{:7} {}{}\n", bad ? (c.outcome == CaseResult::failed ? "FAILED" : "ERROR") : regress::word(c.outcome), c.name,
             c.outcome == CaseResult::passed ? fmt::format("  {:.2f} s", c.seconds_wall) : ": " + c.reason);
  if (c.outcome == CaseResult::error)
    for (const Diagnostic& d : c.findings)
      if (d.severity == Severity::error) fmt::print("{}\n", indented(to_string(d), "    "));
  if (c.outcome == CaseResult::failed) {
    for (const Check& check : c.checks)
      if (!check.passed) print_check(check);
    fmt::print("    state {} on {}, {} substeps\n", c.state_hash, c.backend, c.steps);
  }
  if (!verbose || bad) return;
  for (const Check& check : c.checks)
    fmt::print("    {}: {}{}\n", check.name, check.what, regress::given(check.value) ? fmt::format(" ({:.6g})", check.value) : "");
}

int status_of(const Results& results) { return results.errors() > 0 ? bad_input : results.failed() > 0 ? failed : good; }

int run(Asked asked) {
  regress::Wish& wish = asked.wish;
  for (const std::string& one : asked.only) {
    const size_t equals = one.find('=');
    const std::string key = one.substr(0, equals);
    if (equals == std::string::npos || std::find(std::begin(matrix_keys), std::end(matrix_keys), key) == std::end(matrix_keys))
      return report("--matrix-only is KEY=VALUE with one of precision, backend, environments, seed, width and threads, not " + one, false);
    wish.only.emplace_back(key, one.substr(equals + 1));
  }
  if (wish.update && wish.reason.empty()) return report("--update needs --reason: why the goldens change; it stays in the ledger beside them", false);
  if (wish.update && wish.mutate) return report("--update and --mutate do not go together: what must fail is nobody's golden", false);
  wish.version = NURI_VERSION;
  wish.stop = interrupted;
  std::optional<Progress> progress;
  wish.tell = [&](const CaseResult& c, int done, int all) {
    if (!progress) progress.emplace("regress", all, asked.quiet);
    progress->at(done, c.name);
  };
  Result<Results> results = regress::run(wish);
  progress.reset();
  if (!results) return report(results.errors(), false);
  if (wish.list) {
    for (const CaseResult& c : results->cases) {
      if (c.outcome == CaseResult::error) print(c, false);
      else fmt::print("{}  {}{}\n", c.name, c.script, c.tags.empty() ? "" : fmt::format("  [{}]", fmt::join(c.tags, ", ")));
    }
    return status_of(*results);
  }
  for (const CaseResult& c : results->cases) print(c, asked.verbose);
  fmt::print("{} passed, {} failed, {} errors, {} skipped in {:.1f} s\n", results->passed(), results->failed(), results->errors(), results->skipped(), results->seconds_wall);
  return interrupted() ? failed : status_of(*results);
}

}  // namespace

void add_regress(CLI::App& app, int& status) {
  auto asked = std::make_shared<Asked>();
  regress::Wish& wish = asked->wish;
  CLI::App* command = app.add_subcommand("regress", "Scenes as tests: runs regression scripts, each over its matrix, and says what came out otherwise");
  command->add_option("paths", wish.paths, "Scripts, or folders of scripts")->required()->type_name("PATH...");
  command->add_option("-k", wish.text, "Only cases with this text in their name")->type_name("TEXT");
  command->add_option("--tag", wish.tags, "Only scripts with this tag; repeatable")->type_name("TAG")->allow_extra_args(false);
  command->add_option("--matrix-only", asked->only, "Only these of the matrix, such as precision=double; repeatable")->type_name("KEY=VALUE")->allow_extra_args(false);
  command->add_option("--jobs", wish.jobs, "Cases that run at once; 0: one per CPU")->check(CLI::Range(0, 4096));
  command->add_flag("--mutate", wish.mutate, "Break what each script guards, one thing after another: every script must fail");
  command->add_flag("--update", wish.update, "What comes out becomes the golden, where all else is as expected");
  command->add_option("--reason", wish.reason, "Why goldens change: a line of the ledger beside them")->type_name("TEXT");
  command->add_flag("--list", wish.list, "The cases, without running them");
  command->add_flag("--verbose", asked->verbose, "What held, too");
  command->add_flag("--quiet", asked->quiet, "No progress");
  command->footer("Status 0: all passed or were skipped, 1: some failed, 2: a script or scene is wrong. docs/regress.md is the reference of scripts.");
  command->callback([=, &status] { status = run(*asked); });
}

}  // namespace nuri::cli
