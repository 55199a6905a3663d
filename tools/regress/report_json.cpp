// One object: how many passed, failed and were skipped, and every case with every check. What there is no number for is null; `failed` counts
// cases that could not be run too, `errors` those alone. Pictures and series are the HTML report's: of a series here are its bounds and its ends.
#include <cmath>
#include <nlohmann/json.hpp>
#include "tools/regress/report.h"

namespace nuri::regress {
namespace {

using Json = nlohmann::ordered_json;

Json number(double value) { return std::isfinite(value) ? Json(value) : given(value) ? Json(value < 0 ? "-inf" : "inf") : Json(); }

Json to_json(const Place& place) {
  Json out{{"file", report::text(place.file)}};
  if (place.line > 0) out["line"] = place.line;
  if (place.line > 0 && place.column > 0) out["column"] = place.column;
  return out;
}

Json to_json(const Series& series) {
  Json out{{"name", report::text(series.name)}, {"unit", report::text(series.unit)}, {"samples", series.samples.size()},
           {"low", number(series.low)}, {"high", number(series.high)}, {"from", number(series.from)}, {"to", number(series.to)}};
  const size_t first = report::first_violation(series);
  if (first < series.samples.size())
    out["first_violation"] = Json{{"time", number(series.samples[first].time)}, {"value", number(series.samples[first].value)}};
  return out;
}

Json to_json(const Check& check) {
  Json out{{"name", report::text(check.name)}, {"what", report::text(check.what)}, {"passed", check.passed}, {"value", number(check.value)},
           {"bound", number(check.bound)}, {"margin", number(check.margin)}, {"unit", report::text(check.unit)}, {"time", number(check.time)},
           {"environment", check.environment}};
  if (!check.detail.empty()) out["detail"] = report::text(check.detail);
  if (!check.place.file.empty()) out["place"] = to_json(check.place);
  for (const Series& series : check.series) out["series"].push_back(to_json(series));
  for (const NamedImage& image : check.images)
    out["images"].push_back(Json{{"name", report::text(image.name)}, {"width", image.image.width}, {"height", image.image.height}});
  return out;
}

Json to_json(const Diagnostic& finding) {
  static constexpr const char* severities[] = {"note", "warning", "error"};
  Json out{{"severity", severities[size_t(finding.severity)]}, {"code", finding.code}, {"message", report::text(finding.message)}};
  if (!finding.hint.empty()) out["hint"] = report::text(finding.hint);
  if (!finding.place.file.empty()) out.update(to_json(finding.place));
  if (!finding.element.empty()) out["element"] = report::text(finding.element);
  return out;
}

Json to_json(const CaseResult& result, bool times) {
  Json out{{"name", report::text(result.name)}, {"script", report::text(result.script)}, {"outcome", word(result.outcome)}};
  if (!result.reason.empty()) out["reason"] = report::text(result.reason);
  if (!result.place.file.empty()) out["place"] = to_json(result.place);
  out["tags"] = Json::array();
  for (const std::string& tag : result.tags) out["tags"].push_back(report::text(tag));
  if (times) out["seconds_wall"] = number(result.seconds_wall);
  out["seconds_simulated"] = number(result.seconds_simulated);
  out["steps"] = result.steps;
  out["backend"] = report::text(result.backend);
  out["state_hash"] = result.state_hash.empty() ? Json() : Json(report::text(result.state_hash));
  out["checks"] = Json::array();
  for (const Check& check : result.checks) out["checks"].push_back(to_json(check));
  for (const Diagnostic& finding : result.findings) out["findings"].push_back(to_json(finding));
  return out;
}

}  // namespace

std::string to_json(const Results& results, bool times) {
  Json out{{"passed", results.passed()}, {"failed", results.failed() + results.errors()}, {"skipped", results.skipped()}, {"errors", results.errors()}};
  if (times) out["seconds_wall"] = number(results.seconds_wall);
  out["cases"] = Json::array();
  for (const CaseResult& result : results.cases) out["cases"].push_back(to_json(result, times));
  return out.dump(2) + "\n";
}

}  // namespace nuri::regress
