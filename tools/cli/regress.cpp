// nuri regress: scripts that say what happens to a scene and what is expected of it, as cases that pass or fail.
#include <fmt/format.h>
#include <cstdio>
#include <filesystem>
#include "engine/core/new_file.h"
#include "tools/cli/cli.h"
#include "tools/regress/report.h"
#include "tools/regress/run.h"

namespace nuri::cli {
namespace {

using regress::CaseResult;
using regress::Results;

struct Asked {
  regress::Wish wish;
  std::vector<std::string> only;
  std::string junit, page;
  bool json = false, quiet = false;
};

constexpr const char* matrix_keys[] = {"precision", "backend", "environments", "seed", "width", "threads"};

// A report as a file, with its folder; false, having said why, if it cannot be written.
bool write(const std::string& path, const std::string& text) {
  if (path.empty()) return true;
  std::error_code code;
  if (const auto folder = std::filesystem::path(path).parent_path(); !folder.empty()) std::filesystem::create_directories(folder, code);
  const Result<bool> written = write_whole(path, text);
  if (!written) say(written.errors().front());
  return bool(written);
}

int status_of(const Results& results) { return results.errors() > 0 ? bad_input : results.failed() > 0 ? failed : good; }

int run(Asked asked) {
  regress::Wish& wish = asked.wish;
  for (const std::string& one : asked.only) {
    const size_t equals = one.find('=');
    const std::string key = one.substr(0, equals);
    if (equals == std::string::npos || std::find(std::begin(matrix_keys), std::end(matrix_keys), key) == std::end(matrix_keys))
      return report("--matrix-only is KEY=VALUE with one of precision, backend, environments, seed, width and threads, not " + one,
                    asked.json);
    wish.only.emplace_back(key, one.substr(equals + 1));
  }
  if (wish.update && wish.reason.empty())
    return report("--update needs --reason: why the goldens change; it stays in the ledger beside them", asked.json);
  if (wish.update && wish.mutate) return report("--update and --mutate do not go together: what must fail is nobody's golden", asked.json);
  wish.version = NURI_VERSION;
  wish.stop = interrupted;
  std::optional<Progress> progress;
  wish.tell = [&](const CaseResult& c, int done, int all) {
    if (!progress) progress.emplace("regress", all, asked.quiet);
    progress->at(done, c.name);
  };
  Result<Results> results = regress::run(wish);
  progress.reset();
  if (!results) return report(results.errors(), asked.json);
  const bool reported = write(asked.junit, regress::to_junit(*results)) && write(asked.page, regress::to_html(*results));
  if (asked.json) {
    fmt::print("{}", regress::to_json(*results));
  } else if (wish.list) {
    for (const CaseResult& c : results->cases) {
      if (c.outcome == CaseResult::error) fmt::print("{}", regress::to_text(c));
      else fmt::print("{}  {}{}\n", c.name, c.script, c.tags.empty() ? "" : fmt::format("  [{}]", fmt::join(c.tags, ", ")));
    }
  } else {
    for (const CaseResult& c : results->cases) fmt::print("{}", regress::to_text(c));
    fmt::print("{} in {:.1f} s\n", regress::summary(*results), results->seconds_wall);
  }
  return interrupted() || !reported ? failed : status_of(*results);
}

}  // namespace

void add_regress(CLI::App& app, int& status) {
  auto asked = std::make_shared<Asked>();
  regress::Wish& wish = asked->wish;
  CLI::App* command =
      app.add_subcommand("regress", "Scenes as tests: runs regression scripts, each over its matrix, and says what came out otherwise");
  command->add_option("paths", wish.paths, "Scripts, or folders of scripts")->required()->type_name("PATH...");
  command->add_option("-k", wish.text, "Only cases with this text in their name")->type_name("TEXT");
  command->add_option("--tag", wish.tags, "Only scripts with this tag; repeatable")->type_name("TAG")->allow_extra_args(false);
  command->add_option("--matrix-only", asked->only, "Only these of the matrix, such as precision=double; repeatable")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  command->add_option("--jobs", wish.jobs, "Cases that run at once; 0: one per CPU")->check(CLI::Range(0, 4096));
  command->add_flag("--mutate", wish.mutate, "Break what each script guards, one thing after another: every script must fail");
  command->add_flag("--update", wish.update, "What comes out becomes the golden, where all else is as expected");
  command->add_option("--reason", wish.reason, "Why goldens change: a line of the ledger beside them")->type_name("TEXT");
  command->add_flag("--list", wish.list, "The cases, without running them");
  command->add_option("--junit", asked->junit, "Write JUnit XML, as continuous integration reads it")->type_name("FILE.xml");
  command->add_option("--report", asked->page, "Write a page with plots and pictures, one file without others")->type_name("FILE.html");
  command->add_flag("--json", asked->json, "One JSON object on standard output");
  command->add_flag("--quiet", asked->quiet, "No progress");
  command->footer(
      "Status 0: all passed or were skipped, 1: some failed, 2: a script or scene is wrong. docs/regress.md is the reference of scripts.");
  command->callback([=, &status] { status = run(*asked); });
}

}  // namespace nuri::cli
