#include "tools/regress/case.h"

#include <fmt/format.h>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include "engine/scene/xml.h"
#include "tools/regress/actions.h"
#include "tools/regress/expect.h"
#include "tools/regress/locate.h"
#include "tools/regress/picture.h"
#include "tools/session/memory.h"

namespace nuri::regress {
namespace {

template <class T> std::vector<T> or_one(const std::vector<T>& list, T otherwise) {
  return list.empty() ? std::vector<T>{otherwise} : list;
}

// "float,8,seed=7": what the matrix varies.
std::string label(const Matrix& m, const Combination& c) {
  std::vector<std::string> parts;
  if (!m.precision.empty()) parts.push_back(c.precision);
  if (!m.environments.empty()) parts.push_back(std::to_string(c.environments));
  if (!m.seed.empty()) parts.push_back("seed=" + std::to_string(c.seed));
  if (!m.width.empty()) parts.push_back("width=" + std::to_string(c.width));
  if (!m.threads.empty()) parts.push_back("threads=" + std::to_string(c.threads));
  if (!m.backend.empty()) parts.push_back(c.backend);
  return parts.empty() ? "" : "[" + fmt::format("{}", fmt::join(parts, ",")) + "]";
}

bool is_missing_machine(const std::vector<Diagnostic>& errors) {
  return std::any_of(errors.begin(), errors.end(),
                     [](const Diagnostic& d) { return d.code == "no-gpu" || d.code == "no-backend" || d.code == "no-precision"; });
}

bool fails_at_any_change(const Expectation& e) { return e.type == ExpectationType::hash || e.type == ExpectationType::image; }

// One case being run.
class Run {
 public:
  Run(const Case& of, const session::Loaded& scene, const Golden& golden, const CaseOptions& options)
      : case_(of), script_(*of.script), scene_(scene), golden_(golden), options_(options), result_(ran_.result) {}

  Ran go() {
    const auto start = std::chrono::steady_clock::now();
    result_.name = case_.name, result_.script = script_.path, result_.tags = script_.tags;
    result_.place = case_.guard ? case_.guard->place : script_.place;
    if (open() && find_names() && drive()) judge();
    if (session_) finish();
    result_.seconds_wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return std::move(ran_);
  }

 private:
  bool refuse(std::vector<Diagnostic> errors, CaseResult::Outcome outcome = CaseResult::error) {
    result_.outcome = outcome;
    result_.reason = errors.front().message;
    result_.findings.insert(result_.findings.end(), errors.begin(), errors.end());
    return false;
  }

  // `narrow`: at width 1 on one thread of a CPU, which must not show.
  Result<std::unique_ptr<session::Session>> make(bool narrow) const {
    const Combination& c = case_.combination;
    session::Loaded loaded = scene_;
    if (case_.guard) loaded.settings.fields.push_back(case_.guard->field);   // after all of `vary`
    WorldOptions world;
    world.environments = c.environments, world.backend = narrow ? "cpu" : c.backend, world.seed = c.seed;
    world.precision = c.precision == "double" ? Precision::f64 : Precision::f32;
    world.width = narrow ? 1 : c.width, world.threads = narrow ? 1 : c.threads ? c.threads : options_.threads;
    if (auto refused = session::refuse_memory(loaded, world)) return *refused;
    return session::Session::create(std::move(loaded), world);
  }

  bool open() {
    result_.findings = scene_.report;
    auto made = make(false);
    if (!made) return refuse(made.errors(), is_missing_machine(made.errors()) ? CaseResult::skipped : CaseResult::error);
    session_ = std::move(*made);
    period_ = session_->model().timestep[0] * session_->settings().substeps;
    const double seconds = script_.seconds.value_or(session_->settings().seconds);
    last_ = std::max<int64_t>(1, control_step(seconds, period_));
    return true;
  }

  bool find_names() {
    std::vector<Diagnostic> errors;
    auto actions = Actions::make(*session_, script_);
    if (actions) actions_ = std::move(*actions);
    else errors = actions.errors();
    const double end = double(last_) * period_;
    auto late = [&](const Place& place) {
      errors.push_back({Severity::error,
                        "out-of-range",
                        "this is after the end of the case, at " + show(end) + " s",
                        "'seconds' says how long it is",
                        place,
                        {},
                        {}});
    };
    for (const Action& a : script_.actions)
      if (control_step(a.at, period_) >= last_) late(a.place);
    for (const Expectation& e : script_.expectations) {
      if ((e.when.from != at_end && control_step(e.when.from, period_) > last_) ||
          (e.when.to != at_end && control_step(e.when.to, period_) > last_))
        late(e.place);
      if (case_.guard && fails_at_any_change(e)) continue;
      check_world_wide(e, *session_, errors);
      for (Quantity& quantity : quantities(e, *session_, errors))
        if (errors.empty())
          watches_.emplace_back(e, std::move(quantity), *session_, last_, [&](int environment) { return actions_->drilled(environment); });
      hashed_ = hashed_ || e.type == ExpectationType::hash;
      if (e.type != ExpectationType::image) continue;
      auto shot = Shot::make(e, *session_, last_);
      if (shot) shots_.push_back(std::move(*shot));
      else errors.insert(errors.end(), shot.errors().begin(), shot.errors().end());
    }
    return errors.empty() || refuse(std::move(errors));
  }

  bool drive() {
    Look look(*session_);
    trace_.key = case_.combination.key();
    if (hashed_) begin_trace(*session_, trace_);
    session_->show(actions_.get());
    actions_->begin();
    for (int64_t step = 0;; ++step) {
      if (hashed_ && is_marked(step, last_)) mark(*session_, trace_);
      if (step < last_) actions_->act(step);
      look.renew();
      for (Watch& watch : watches_) watch.look(look, step);
      for (auto& shot : shots_)
        if (shot->due(step)) shot->take();
      if (step == last_) break;
      if (options_.stop && options_.stop()) return refuse({{Severity::error, "interrupted", "interrupted", {}, script_.place, {}, {}}});
      session_->step(session_->settings().substeps);
      actions_->hold();
    }
    session_->show(nullptr);
    return true;
  }

  void judge() {
    bool faults_expected = false;
    size_t watch = 0, shot = 0;
    for (const Expectation& e : script_.expectations) {
      faults_expected = faults_expected || e.type == ExpectationType::faults || e.type == ExpectationType::fault_in;
      if (case_.guard && fails_at_any_change(e)) continue;
      if (is_world_wide(e.type)) result_.checks.push_back(judge_world_wide(e, *session_));
      if (e.type == ExpectationType::hash) result_.checks.push_back(judge_hash(e));
      if (e.type == ExpectationType::image) result_.checks.push_back(judge_picture(*shots_[shot++]));
      for (; watch < watches_.size() && &watches_[watch].expectation() == &e; ++watch) result_.checks.push_back(watches_[watch].finish());
    }
    if (!faults_expected) judge_faults();
    if (hashed_ || !trace_.pictures.empty()) ran_.trace = trace_;
    const auto failed = std::find_if(result_.checks.begin(), result_.checks.end(), [](const Check& check) { return !check.passed; });
    const bool passed = failed == result_.checks.end();
    result_.outcome = passed == !case_.guard ? CaseResult::passed : CaseResult::failed;
    if (result_.outcome == CaseResult::passed) return;
    if (case_.guard) result_.reason = "nothing noticed the change: every expectation still holds";
    else
      result_.reason = failed->name + ": expected " + failed->what +
                       (failed->detail.empty() ? "" : "; " + failed->detail.substr(0, failed->detail.find('\n')));
  }

  // An environment that froze has not done what the script looks at, whatever it expects.
  void judge_faults() {
    Expectation expectation;
    expectation.type = ExpectationType::faults;
    expectation.place = script_.place;
    if (Check check = judge_world_wide(expectation, *session_); !check.passed) result_.checks.push_back(std::move(check));
  }

  Check judge_hash(const Expectation& e) {
    Check out;
    out.name = e.name.empty() ? "state hash" : e.name;
    out.what = "the state is that of the golden, bit by bit";
    out.place = e.place;
    out.passed = options_.update;                // then it is the golden
    if (out.passed) return out;
    const Trace* golden = golden_.find(trace_.key);
    if (!golden) {
      out.detail = "there is no golden of '" + trace_.key + "': nuri regress --update --reason '..' makes it";
      return out;
    }
    const Parting parting = compare(*golden, trace_);
    out.passed = !parting.parted;
    if (parting.parted) {
      out.time = double(parting.substep) * session_->model().timestep[0];
      out.detail = fmt::format("it parts from the golden by substep {} ({} s): {}", parting.substep, show(out.time), parting.what);
      out.detail += "\n" + locate([this](bool narrow) { return make(narrow); }, script_, last_, options_.stop);
    }
    return out;
  }

  Check judge_picture(const Shot& shot) {
    const std::string what = shot.what(script_, case_.combination.seed);
    if (!shot.expectation().exact) {
      Check out = shot.judge(picture_path(script_.path, what));
      if (out.passed || !options_.update) return out;   // a golden that will do stays
      ran_.pictures.push_back({what, shot.image()});
      out.passed = true, out.detail.clear(), out.images.clear();
      return out;
    }
    trace_.pictures[what] = shot.hash();
    const Trace* golden = golden_.find(trace_.key);
    const bool known = golden && golden->pictures.contains(what);
    return shot.judge(options_.update ? std::optional(shot.hash()) : known ? std::optional(golden->pictures.at(what)) : std::nullopt);
  }

  void finish() {
    result_.seconds_simulated = double(session_->substep()) * session_->model().timestep[0];
    result_.steps = session_->substep() * uint64_t(session_->environments());
    result_.backend = session_->world().describe();
    result_.state_hash = fmt::format("{:016x}", session_->world().hash());
  }

  const Case& case_;
  const Script& script_;
  const session::Loaded& scene_;
  const Golden& golden_;
  const CaseOptions& options_;
  Ran ran_;
  CaseResult& result_;
  std::unique_ptr<session::Session> session_;
  std::unique_ptr<Actions> actions_;
  std::vector<Watch> watches_;                   // in the order of the expectations
  std::vector<std::unique_ptr<Shot>> shots_;     // likewise
  Trace trace_;
  bool hashed_ = false;
  double period_ = 0;                            // s, of a control step
  int64_t last_ = 0;                             // control steps
};

}  // namespace

std::string Combination::key() const { return fmt::format("{} {} seed={}", precision, environments, seed); }

std::vector<Case> cases_of(const Script& script, const scene::Settings& settings, bool mutate) {
  std::vector<Case> out;
  const Matrix& m = script.matrix;
  for (const std::string& precision : or_one<std::string>(m.precision, "float"))
    for (const int environments : or_one(m.environments, script.environments.value_or(1)))
      for (const uint64_t seed : or_one(m.seed, script.seed.value_or(settings.seed)))
        for (const int width : or_one(m.width, 0))
          for (const int threads : or_one(m.threads, 0))
            for (const std::string& backend : or_one<std::string>(m.backend, "cpu")) {
              Combination c{precision, backend, environments, width, threads, seed};
              out.push_back({&script, nullptr, c, script.name + label(m, c)});
            }
  if (!mutate) return out;
  const Combination first = out.front().combination;
  out.clear();
  for (const Guard& guard : script.guards) out.push_back({&script, &guard, first, script.name + "/guard " + guard.name});
  return out;
}

Result<session::Loaded> load_scene(const Script& script) {
  namespace fs = std::filesystem;
  const std::string path = (fs::path(script.path).parent_path() / script.scene).lexically_normal().string();
  std::error_code code;
  if (!fs::is_regular_file(path, code))
    return Diagnostic{Severity::error,
                      "unreadable",
                      "there is no file " + scene::xml::shown(path),
                      "'scene' is relative to the script",
                      script.scene_place,
                      {},
                      {}};
  Result<session::Loaded> loaded = session::load(path);
  if (!loaded) return loaded;
  const std::string extension = fs::path(path).extension().string();
  if (extension != ".yaml" && extension != ".yml") loaded->settings = {};   // a model alone: as it is, and nothing drives it
  if (script.substeps) loaded->settings.substeps = *script.substeps;
  if (!script.timeline) loaded->settings.timeline.clear(), loaded->settings.controllers.clear();
  if (!script.control.empty()) session::set_control(*loaded, script.control);
  return loaded;
}

Ran run_case(const Case& of, const session::Loaded& scene, const Golden& golden, const CaseOptions& options) {
  return Run(of, scene, golden, options).go();
}

}  // namespace nuri::regress
