#include "tools/regress/run.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>
#include <thread>
#include "engine/core/hash.h"
#include "engine/core/new_file.h"

namespace nuri::regress {
namespace {
namespace fs = std::filesystem;

// A script with all that its cases share.
struct Suite {
  std::string path;
  std::unique_ptr<Script> script;
  std::unique_ptr<session::Loaded> scene;
  Golden golden;
  std::vector<Diagnostic> errors;                // why it has no cases
  std::vector<Case> cases;
};

Result<std::vector<std::string>> find_scripts(const std::vector<std::string>& paths) {
  std::vector<std::string> out;
  for (const std::string& path : paths) {
    std::error_code code;
    if (!fs::is_directory(path, code)) {
      if (!fs::exists(path, code))
        return Diagnostic{Severity::error, "unreadable", "there is no such file or folder", {}, {path, 0, 0}, {}, {}};
      out.push_back(path);
      continue;
    }
    std::vector<std::string> inside;
    for (const fs::directory_entry& entry : fs::directory_iterator(path, code))
      if (entry.is_regular_file(code) && (entry.path().extension() == ".yaml" || entry.path().extension() == ".yml"))
        inside.push_back(entry.path().string());
    std::sort(inside.begin(), inside.end());
    if (inside.empty())
      return Diagnostic{Severity::error, "no-scripts", "there is no script (*.yaml) in this folder", {}, {path, 0, 0}, {}, {}};
    out.insert(out.end(), inside.begin(), inside.end());
  }
  return out;
}

bool has_tag(const Script& script, const std::vector<std::string>& tags) {
  return tags.empty() || std::any_of(tags.begin(), tags.end(), [&](const std::string& tag) {
           return std::find(script.tags.begin(), script.tags.end(), tag) != script.tags.end();
         });
}

std::string part_of(const Combination& c, const std::string& key) {
  if (key == "precision") return c.precision;
  if (key == "backend") return c.backend;
  return std::to_string(key == "environments" ? uint64_t(c.environments)
                        : key == "width"      ? uint64_t(c.width)
                        : key == "threads"    ? uint64_t(c.threads)
                                              : c.seed);
}

bool wanted(const Wish& wish, const Case& c) {
  if (!wish.text.empty() && c.name.find(wish.text) == std::string::npos) return false;
  return std::all_of(wish.only.begin(), wish.only.end(), [&](const auto& one) { return part_of(c.combination, one.first) == one.second; });
}

Suite prepare(const std::string& path, const Wish& wish) {
  Suite out;
  out.path = path;
  Result<Script> script = read_script(path);
  if (!script) {
    out.errors = script.errors();
    return out;
  }
  out.script = std::make_unique<Script>(std::move(*script));
  if (!has_tag(*out.script, wish.tags)) return out;
  // names of cases need of the scene its seed at most: what is filtered away is not loaded
  std::vector<Case> cases = cases_of(*out.script, {}, wish.mutate);
  std::erase_if(cases, [&](const Case& c) { return !wish.text.empty() && c.name.find(wish.text) == std::string::npos; });
  if (cases.empty()) return out;
  Result<session::Loaded> scene = load_scene(*out.script);
  if (!scene) {
    out.errors = scene.errors();
    return out;
  }
  out.scene = std::make_unique<session::Loaded>(std::move(*scene));
  Result<Golden> golden = read_golden(golden_path(path));
  if (golden) out.golden = std::move(*golden);
  else if (!wish.update) out.errors = golden.errors();   // an update makes it anew
  out.cases = cases_of(*out.script, out.scene->settings, wish.mutate);
  std::erase_if(out.cases, [&](const Case& c) { return !wanted(wish, c); });
  return out;
}

CaseResult refusal(const Suite& suite) {
  CaseResult out;
  out.name = fs::path(suite.path).stem().string();
  out.script = suite.path;
  out.place = {suite.path, 1, 1};
  if (suite.script) out.tags = suite.script->tags;
  out.reason = suite.errors.front().message;
  out.findings = suite.errors;
  return out;
}

uint64_t hash_of_file(const std::string& path) {   // 0: there is none
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return 0;
  const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  return Hash().add(std::string_view(bytes)).value();
}

// What ran becomes the golden; the ledger says why, where it changed. What was not run stays.
void renew(const Suite& suite, std::vector<Ran>& ran, const Wish& wish, std::vector<Diagnostic>& errors) {
  Golden golden = suite.golden;
  bool any = false;
  auto write = [](const std::string& path, const std::string& bytes) {
    std::error_code code;                        // a folder that cannot be made is told by what is written into it
    fs::create_directories(fs::path(path).parent_path(), code);
    return write_whole(path, bytes);
  };
  std::set<std::string> keys, pictures;
  for (Ran& one : ran) {
    if (one.result.outcome != CaseResult::passed) continue;   // what is wrong otherwise is nobody's golden
    for (NewPicture& picture : one.pictures) {
      if (!pictures.insert(picture.what).second) continue;
      const std::string path = picture_path(suite.path, picture.what), bytes = shape::encode_png(picture.image);
      const uint64_t before = hash_of_file(path);
      auto written = write(path, bytes);
      if (written)
        written = add_to_ledger(suite.path, fs::path(path).filename().string(), before, Hash().add(std::string_view(bytes)).value(),
                                wish.version, wish.reason);
      if (!written) errors.push_back(written.errors().front());
    }
    if (!one.trace) continue;
    any = true;
    if (!keys.insert(one.trace->key).second) {   // the same bits at other widths, threads and backends: they must be
      const Trace& before = *golden.find(one.trace->key);
      Parting parting = compare(before, *one.trace);
      if (before.pictures != one.trace->pictures) parting = {true, 0, "pictures"};
      if (parting.parted)
        errors.push_back(
            {Severity::error,
             "bits-differ",
             "'" + one.result.name + "' has other bits than the case before it that should have the same (" + parting.what + ")",
             {},
             one.result.place,
             {},
             {}});
      continue;
    }
    golden.put(*one.trace);
  }
  const bool all = wish.text.empty() && wish.only.empty();   // then what is not in the matrix any more is of no case
  if (any && all) std::erase_if(golden.traces, [&](const Trace& trace) { return !keys.contains(trace.key); });
  if (!any || golden.text() == suite.golden.text()) return;
  const uint64_t before = suite.golden.traces.empty() ? 0 : suite.golden.hash();
  if (auto written = write(golden_path(suite.path), golden.text()); !written) return errors.push_back(written.errors().front());
  if (auto written = add_to_ledger(suite.path, suite.script->name, before, golden.hash(), wish.version, wish.reason); !written)
    errors.push_back(written.errors().front());
}

}  // namespace

Result<Results> run(const Wish& wish) {
  const auto start = std::chrono::steady_clock::now();
  Result<std::vector<std::string>> paths = find_scripts(wish.paths);
  if (!paths) return paths.errors();

  // one after the other: readers of meshes fork, which threads and it had better not do together
  std::vector<Suite> suites;
  struct Job { size_t suite, at; };
  std::vector<Job> jobs;
  Results out;
  bool fits = false;
  for (const std::string& path : *paths) {
    if (wish.stop && wish.stop()) break;
    suites.push_back(prepare(path, wish));
    const Suite& suite = suites.back();
    fits = fits || !suite.errors.empty() || !suite.cases.empty();
    for (size_t i = 0; i < suite.cases.size() && suite.errors.empty(); ++i) jobs.push_back({suites.size() - 1, i});
  }
  if (!fits && !(wish.stop && wish.stop()))
    return Diagnostic{Severity::error,
                      "nothing-fits",
                      wish.mutate ? "no script that fits has guards" : "no case fits what was asked for",
                      "--list shows what there is",
                      {wish.paths.front(), 0, 0},
                      {},
                      {}};

  // the cases, side by side
  std::vector<std::vector<Ran>> ran(suites.size());
  for (size_t s = 0; s < suites.size(); ++s) ran[s].resize(suites[s].errors.empty() ? suites[s].cases.size() : 0);
  const int cpus = int(std::max(1u, std::thread::hardware_concurrency())),
            workers = std::clamp(wish.jobs > 0 ? wish.jobs : cpus, 1, std::max(1, int(jobs.size())));
  CaseOptions options{std::max(1, cpus / workers), wish.update, wish.stop};
  std::atomic<size_t> next = 0;
  std::mutex telling;
  int done = 0;
  auto work = [&] {
    for (size_t i; (i = next++) < jobs.size();) {
      const Suite& suite = suites[jobs[i].suite];
      const Case& one = suite.cases[jobs[i].at];
      Ran& to = ran[jobs[i].suite][jobs[i].at];
      if (wish.list) {
        to.result.name = one.name, to.result.script = suite.path, to.result.tags = suite.script->tags,
        to.result.outcome = CaseResult::skipped, to.result.place = suite.script->place;
        continue;
      }
      if (wish.stop && wish.stop()) {
        to.result.name = one.name, to.result.script = suite.path, to.result.place = suite.script->place, to.result.reason = "interrupted";
        continue;
      }
      to = run_case(one, *suite.scene, suite.golden, options);
      const std::lock_guard lock(telling);
      if (wish.tell) wish.tell(to.result, ++done, int(jobs.size()));
    }
  };
  std::vector<std::thread> threads;
  for (int i = 1; i < workers; ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();

  for (size_t s = 0; s < suites.size(); ++s) {
    if (!suites[s].errors.empty()) out.cases.push_back(refusal(suites[s]));
    std::vector<Diagnostic> errors;
    if (wish.update && !wish.list) renew(suites[s], ran[s], wish, errors);
    for (Ran& one : ran[s]) out.cases.push_back(std::move(one.result));
    if (!errors.empty()) {
      CaseResult failed = refusal({suites[s].path, nullptr, nullptr, {}, errors, {}});
      out.cases.push_back(std::move(failed));
    }
  }
  out.seconds_wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return out;
}

}  // namespace nuri::regress
