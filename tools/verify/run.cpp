#include "tools/verify/run.h"
#include <fmt/format.h>
#include <cmath>

namespace nuri::verify {

const char* word(Verdict verdict) { return verdict == Verdict::passed ? "passed" : verdict == Verdict::failed ? "FAILED" : "shown"; }

bool names(const Case& of, const std::string& word) {
  if (of.group == word || of.id == word || of.id.starts_with(word + ".")) return true;
  for (const Row& row : of.rows)
    if (row.id == word) return true;
  return false;
}

std::vector<const Case*> choose(const std::vector<std::string>& only, bool extended, std::string& unknown) {
  std::vector<const Case*> out;
  for (const std::string& word : only) {
    bool found = false;
    for (const Case& c : cases()) found |= names(c, word);
    if (!found) unknown = word;
  }
  for (const Case& c : cases()) {
    bool wanted = only.empty() ? extended || !c.extended : false;
    for (const std::string& word : only) wanted |= names(c, word) && (extended || !c.extended || c.group != word);
    if (wanted) out.push_back(&c);
  }
  return out;
}

Outcome judge(const Case& of, const Row& row, double value, Precision precision, const std::string& trouble) {
  const double bound = precision == Precision::f64 ? row.bound_double : row.bound_float, mujoco = mujoco_figure(row.id);
  const bool by_mujoco = row.as_mujoco && precision == Precision::f64 && !std::isnan(mujoco);
  Outcome out{&of, &row, value, bound, Verdict::shown, {}};
  if (std::isnan(bound) && !by_mujoco && trouble.empty()) return out;
  out.verdict = Verdict::passed;
  const auto fail = [&](std::string why) {
    out.verdict = Verdict::failed;
    if (out.why.empty()) out.why = std::move(why);
  };
  if (!trouble.empty()) fail(trouble);
  if (!std::isnan(bound)) {
    if (row.at_least ? !(value >= bound) : !(std::fabs(value - row.ideal) < bound))
      fail(row.at_least ? fmt::format("{:.4g} is less than {:.4g}", value, bound) : fmt::format("off by {:.4g}, bound {:.4g}",
          std::fabs(value - row.ideal), bound));
  }
  if (by_mujoco && !(std::fabs(value - mujoco) <= near_mujoco * std::fmax(std::fabs(value), std::fabs(mujoco)) + near_floor))
    fail(fmt::format("{:.6g} is not near MuJoCo's {:.6g}", value, mujoco));
  return out;
}

std::vector<Outcome> run(Engine& engine, const Case& of, Precision precision) {
  engine.begin(of.id);
  std::vector<double> values = of.measure(engine);
  const std::string trouble = values.empty() ? engine.trouble() : "";
  values.resize(of.rows.size(), none);
  std::vector<Outcome> out;
  for (size_t i = 0; i < of.rows.size(); ++i) out.push_back(judge(of, of.rows[i], values[i], precision, trouble));
  return out;
}

}  // namespace nuri::verify
