#include "tools/regress/expect.h"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <numeric>
#include "tools/regress/actions.h"

namespace nuri::regress {
namespace {

constexpr double probe_period = 0.02;            // s between probes where a script says nothing
constexpr int64_t plotted = 200;                 // samples of a plot, about
constexpr size_t kept_environments = 64;         // whose samples are kept: the worst is only known at the end

double margin_of(const Range& range, double value) {
  const double margin = std::min(value - range.low, range.high - value);
  return std::isnan(margin) ? -std::numeric_limits<double>::infinity() : margin;
}

std::string moment(double time, int64_t last, double period) {
  return time >= double(last) * period ? "at the end" : "at " + show(time) + " s";
}

}  // namespace

std::string show(double number) { return fmt::format("{:.6g}", number); }

std::string show(const Range& range, const std::string& unit) {
  const std::string of = unit.empty() ? "" : " " + unit;
  if (std::isinf(range.low)) return "below " + show(range.high) + of;
  if (std::isinf(range.high)) return "above " + show(range.low) + of;
  return "between " + show(range.low) + " and " + show(range.high) + of;
}

std::string first_name(const Names& names) {
  return names.patterns.empty() ? "" : names.patterns.size() == 1 ? names.patterns[0] : names.patterns[0] + " ..";
}

std::vector<std::vector<int>> Finder::find(const Names& patterns, const char* what, const List& list) const {
  std::vector<std::vector<int>> out;
  session::Fit fit;
  for (int b = 0; b < session.world().buckets(); ++b) {
    const model::Model& m = session.world().bucket(b).model();
    fit.begin(session.world().buckets() > 1 ? m.name : "");
    const std::vector<std::string> names = list(m);
    fit.fits(patterns.patterns, names, what, patterns.places, expectation.place);
    std::vector<int>& items = out.emplace_back();
    for (size_t i = 0; i < names.size(); ++i)
      if (!names[i].empty() && scene::matches(patterns.patterns, names[i])) items.push_back(int(i));
  }
  for (Diagnostic& d : fit.errors()) errors.push_back(std::move(d));
  if (std::all_of(out.begin(), out.end(), [](const auto& items) { return items.empty(); }) && errors.empty())
    error("unknown-name", std::string("there is no ") + what + " here");
  return out;
}

std::vector<std::vector<int>> Finder::everyone() const { return std::vector<std::vector<int>>(size_t(session.world().buckets()), {0}); }

void Finder::error(std::string code, std::string message, std::string hint) const {
  errors.push_back({Severity::error, std::move(code), std::move(message), std::move(hint), expectation.place, {}, {}});
}

std::vector<Quantity> quantities(const Expectation& e, session::Session& session, std::vector<Diagnostic>& errors) {
  using Type = ExpectationType;
  const Finder finder{e, session, errors};
  switch (e.type) {
    case Type::body: return expect_body(finder);
    case Type::joint: return expect_joint(finder);
    case Type::sensor: return expect_sensor(finder);
    case Type::settled: return expect_settled(finder);
    case Type::contact: return expect_contact(finder);
    case Type::penetration: return expect_penetration(finder);
    case Type::energy: return expect_energy(finder);
    case Type::steps: return expect_steps(finder);
    case Type::faults:
    case Type::fault_in:
    case Type::goal:
    case Type::timeline:
    case Type::iterations:
    case Type::image:
    case Type::hash: return {};
  }
  return {};
}

Watch::Watch(const Expectation& e, Quantity quantity, session::Session& session, int64_t last,
             const std::function<bool(int environment)>& left_out)
    : expectation_(e), quantity_(std::move(quantity)), session_(session), last_(last) {
  period_ = session.model().timestep[0] * session.settings().substeps;
  auto step_of = [&](double time) { return time == at_end ? last : std::min(last, control_step(time, period_)); };
  from_ = step_of(e.when.from), to_ = step_of(e.when.to);
  const double every = e.every > 0 ? e.every : quantity_.probed ? probe_period : 0;
  every_ = std::max<int64_t>(1, control_step(every, period_));
  plot_every_ = std::max<int64_t>(1, last / plotted);
  for (int i = 0; i < session.environments(); ++i)
    if (!quantity_.items[size_t(session.world().place(i).bucket)].empty() && !left_out(i)) counted_.push_back(i);
  found_.assign(counted_.size(), {none, none, none, -1});
  samples_.resize(std::min(kept_environments, counted_.size()));
}

bool Watch::judged(int64_t step) const { return step >= from_ && step <= to_ && ((step - from_) % every_ == 0 || step == to_); }

Watch::Found Watch::measure(Look& look, int e) const {
  Found worst{std::numeric_limits<double>::infinity(), none, look.time(), -1};
  for (const int item : quantity_.items[size_t(session_.world().place(e).bucket)]) {
    const double value = quantity_.measure(look, e, item), margin = margin_of(quantity_.range, value);
    if (worst.item < 0 || margin < worst.margin) worst.margin = margin, worst.value = value, worst.item = item;
  }
  return worst;
}

void Watch::look(Look& look, int64_t step) {
  if (quantity_.see) quantity_.see(look);
  const bool judge = judged(step), plot = step % plot_every_ == 0 && (!quantity_.probed || judge);
  if (!judge && !plot) return;
  const bool best = expectation_.when.kind == When::by;
  for (size_t i = 0; i < counted_.size(); ++i) {
    if (!judge && i >= samples_.size()) break;
    const Found now = measure(look, counted_[i]);
    Found& so_far = found_[i];
    const bool counts = judge && (so_far.item < 0 || (best ? now.margin > so_far.margin : now.margin < so_far.margin));
    if (counts) so_far = now;
    if (i < samples_.size() && (plot || counts) && !std::isnan(now.value)) samples_[i].push_back({now.time, now.value});
  }
}

Check Watch::finish() const {
  Check out;
  const When& when = expectation_.when;
  out.name = expectation_.name.empty() ? quantity_.name : expectation_.name;
  if (!expectation_.name.empty() && quantity_.name != expectation_.name) out.name += ": " + quantity_.name;
  out.unit = quantity_.unit;
  out.place = expectation_.place;
  const double end = double(last_) * period_;
  const std::string window = when.kind == When::at   ? moment(when.from, last_, period_)
                             : when.kind == When::by ? "by " + (when.to >= end ? "the end" : show(when.to) + " s")
                             : from_ == 0 && to_ == last_
                                 ? "always"
                                 : "from " + show(when.from) + (when.to >= end ? " s on" : " to " + show(when.to) + " s");
  out.what = show(quantity_.range, quantity_.unit) + ", " + window;
  if (expectation_.share == 0) out.what += ", in some environment";
  else if (expectation_.share < 1) out.what += ", in " + show(100 * expectation_.share) + " % of the environments";
  if (counted_.empty()) {
    out.detail = "there is no environment to look at";
    return out;
  }

  // the environment on which it depends: with as many better ones as are asked for
  std::vector<size_t> order(counted_.size());
  std::iota(order.begin(), order.end(), size_t(0));
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return found_[a].margin > found_[b].margin; });
  const size_t n = order.size(), needed = std::clamp<size_t>(size_t(std::ceil(expectation_.share * double(n) - 1e-9)), 1, n);
  const size_t at = order[needed - 1];
  const Found& found = found_[at];
  const auto holds = size_t(std::count_if(found_.begin(), found_.end(), [](const Found& f) { return f.margin >= 0; }));
  out.passed = found.margin >= 0;
  out.value = found.value, out.margin = std::isinf(found.margin) ? none : found.margin, out.time = found.time;
  out.bound = found.value - quantity_.range.low < quantity_.range.high - found.value ? quantity_.range.low : quantity_.range.high;
  if (std::isinf(out.bound) || std::isnan(found.value))
    out.bound = std::isinf(quantity_.range.low) ? quantity_.range.high : quantity_.range.low;
  out.environment = session_.world().id(counted_[at]);
  if (!out.passed) {
    std::string who = quantity_.name;
    if (quantity_.item_name) who = quantity_.item_name(session_.world().model(counted_[at]), found.item);
    out.detail =
        std::isnan(found.value)
            ? fmt::format("environment {}: {}", out.environment, quantity_.lacking.empty() ? "there is no number" : quantity_.lacking)
            : fmt::format("environment {} {}: {} is {}{}{}, {}{} too {}", out.environment, moment(found.time, last_, period_), who,
                          show(found.value), out.unit.empty() ? "" : " ", out.unit, show(-found.margin),
                          out.unit.empty() ? "" : " " + out.unit, found.value < quantity_.range.low ? "low" : "high");
    if (n > 1) out.detail += fmt::format("; {} of {} environments are as expected, {} must be", holds, n, needed);
  }
  if (at < samples_.size() && samples_[at].size() > 1) {
    Series series{quantity_.name,       quantity_.unit,          samples_[at],         quantity_.range.low,
                  quantity_.range.high, double(from_) * period_, double(to_) * period_};
    if (std::isinf(series.low)) series.low = none;
    if (std::isinf(series.high)) series.high = none;
    out.series.push_back(std::move(series));
  }
  return out;
}

}  // namespace nuri::regress
