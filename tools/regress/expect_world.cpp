// Expectations of all environments together: faults, goals, timelines, what it cost.
#include <fmt/format.h>
#include <algorithm>
#include <memory>
#include "tools/regress/expect.h"

namespace nuri::regress {
namespace {

using Type = ExpectationType;

// Whether environments of this bucket have actions of the scene's timeline.
bool acts(session::Session& session, int environment) {
  return session.timeline() && !session.timeline()->state(environment).script->acts.empty();
}

std::string list(const std::vector<uint64_t>& ids) {
  constexpr size_t shown = 10;
  std::string out;
  for (size_t i = 0; i < std::min(ids.size(), shown); ++i) out += (i ? ", " : "") + std::to_string(ids[i]);
  if (ids.size() > shown) out += fmt::format(" and {} more", ids.size() - shown);
  return out.empty() ? "none" : out;
}

std::vector<uint64_t> frozen(World& world) {
  std::vector<uint64_t> out;
  for (int e = 0; e < world.environments(); ++e)
    if (world.fault(e)) out.push_back(world.id(e));
  return out;
}

void judge(Check& out, double value, const Range& range) {
  out.value = value;
  out.bound = std::isinf(range.low) ? range.high : range.low;
  out.margin = std::isinf(range.low) ? range.high - value : value - range.low;
  out.passed = out.margin >= 0;
}

}  // namespace

bool is_world_wide(Type type) {
  return type == Type::faults || type == Type::fault_in || type == Type::goal || type == Type::timeline || type == Type::iterations;
}

void check_world_wide(const Expectation& e, session::Session& session, std::vector<Diagnostic>& errors) {
  auto error = [&](std::string message, std::string hint) {
    errors.push_back({Severity::error, "unknown-name", std::move(message), std::move(hint), e.place, {}, {}});
  };
  if (e.type == Type::timeline && (!session.timeline() || session.timeline()->actions() == 0)) error("the scene has no timeline", "");
  if (e.type != Type::goal) return;
  std::vector<std::string> names;
  for (const session::GoalReport& goal : session.judge()) names.push_back(goal.name);
  for (const std::string& pattern : e.names.patterns)
    if (std::find(names.begin(), names.end(), pattern) == names.end())
      error("the scene has no goal '" + pattern + "'", scene::name_hint(pattern, names));
}

Check judge_world_wide(const Expectation& e, session::Session& session) {
  World& world = session.world();
  Check out;
  out.place = e.place;
  out.time = double(session.substep()) * session.model().timestep[0];
  switch (e.type) {
    case Type::faults: {
      const std::vector<uint64_t> ids = frozen(world);
      out.name = "faults", out.what = fmt::format("{} environments are frozen", e.count);
      out.value = double(ids.size()), out.bound = e.count, out.margin = -std::abs(out.value - out.bound);
      out.passed = int(ids.size()) == e.count;
      if (!out.passed) out.detail = "frozen: " + list(ids);
      break;
    }
    case Type::fault_in: {
      std::vector<uint64_t> ids = frozen(world), wanted = e.environments;
      std::sort(wanted.begin(), wanted.end());
      out.name = "faults", out.what = "frozen are exactly " + list(wanted);
      out.passed = ids == wanted;
      if (!out.passed) out.detail = "frozen: " + list(ids);
      break;
    }
    case Type::goal:
      for (const session::GoalReport& goal : session.judge()) {
        if (goal.name != first_name(e.names)) continue;
        out.name = "goal " + goal.name,
        out.what = fmt::format("reached by at least {} % of the environments at the end", show(100 * e.range.low));
        out.unit = "%";
        judge(out, 100 * goal.success, {100 * e.range.low, e.range.high});
        if (!out.passed)
          out.detail = fmt::format("{} of {} environments have it all, {} of {} sensors on average", show(goal.success * goal.environments),
                                   goal.environments, show(goal.mean), goal.sensors);
      }
      break;
    case Type::timeline: {
      const session::TimelineReport report = session.timeline()->report();
      const int all = report.finished + report.running + report.failed;
      out.name = "timeline", out.what = fmt::format("finished by at least {} % of the environments at the end", show(100 * e.range.low)),
      out.unit = "%";
      judge(out, all ? 100.0 * report.finished / all : 0, {100 * e.range.low, e.range.high});
      if (out.passed) break;
      out.detail = fmt::format("{} finished, {} running, {} failed", report.finished, report.running, report.failed);
      for (const session::Stop& stop : report.stops) {
        if (stop.action >= session.timeline()->actions()) continue;
        const scene::Action& action = session.timeline()->action(stop.action);
        out.detail += fmt::format("\n{}:{}: {} was not done in {} environments", action.place.file, action.place.line,
                                  session::describe(action), stop.environments);
      }
      break;
    }
    case Type::iterations: {
      const Statistics statistics = world.statistics();
      out.name = "solver iterations", out.what = show(e.range, "") + ", per substep on average";
      judge(out, statistics.iterations / std::max<double>(1, double(statistics.steps)), e.range);
      if (!out.passed) out.detail = show(out.value) + " iterations per substep";
      break;
    }
    default: break;
  }
  if (!e.name.empty()) out.name = e.name;
  return out;
}

// Substeps until an environment's timeline is finished; without a timeline, until all its goals are reached.
std::vector<Quantity> expect_steps(const Finder& f) {
  struct Memory {
    std::vector<double> done;
    std::vector<std::vector<session::Goal>> goals;   // of each bucket
  };
  const auto memory = std::make_shared<Memory>();
  session::Session& session = f.session;
  memory->done.assign(size_t(session.environments()), none);
  const bool timeline = session.timeline() && session.timeline()->actions() > 0;
  std::vector<std::vector<int>> items(size_t(session.world().buckets()));
  for (int b = 0; b < session.world().buckets(); ++b) {
    session::Fit fit;                            // the session found their names: nothing is wrong
    fit.begin("");
    memory->goals.push_back(session::make_goals(session.world().bucket(b).model(), session.settings(), fit));
    std::erase_if(memory->goals.back(), [](const session::Goal& goal) { return goal.sensors.empty(); });
    if (!timeline && !memory->goals.back().empty()) items[size_t(b)] = {0};
  }
  for (int e = 0; timeline && e < session.environments(); ++e)
    if (acts(session, e)) items[size_t(session.world().place(e).bucket)] = {0};
  if (std::all_of(items.begin(), items.end(), [](const auto& list) { return list.empty(); }))
    f.error("unknown-name", "the scene has neither a timeline nor goals: nothing says when it is done");
  Quantity out{"steps until it is done", "substeps", f.expectation.range, std::move(items),
               [memory](Look&, int env, int) { return memory->done[size_t(env)]; }};
  out.lacking = "it is not done at the end";
  out.see = [memory, timeline](Look& look) {
    session::Session& s = look.session();
    for (int e = 0; e < s.environments(); ++e) {
      double& done = memory->done[size_t(e)];
      if (given(done)) continue;
      const std::vector<session::Goal>& goals = memory->goals[size_t(s.world().place(e).bucket)];
      const bool now = timeline ? s.timeline()->state(e).progress == session::Progress::finished
                                : std::all_of(goals.begin(), goals.end(), [&](const session::Goal& goal) {
                                    return session::count_inside(s.world(), goal, e) == int(goal.sensors.size());
                                  });
      if (now && (timeline || !goals.empty())) done = double(s.substep());
    }
  };
  return {std::move(out)};
}

}  // namespace nuri::regress
