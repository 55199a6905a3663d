// JUnit's XML as GitLab, Jenkins and the GitHub actions for it read it: what the schema junit-10.xsd of Jenkins' xUnit plugin allows and nothing
// else. There is no one format, so this is what all of them share: a suite per script, a case with `classname`, `name` and `time`, one
// `failure`, `error` or `skipped` in it, with the whole story as its text (GitLab shows no `message`), and `system-out`. GitLab drops the
// second of two cases of one name, Jenkins makes packages of a class name's dots.
#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <map>
#include <utility>
#include "tools/regress/report.h"

namespace nuri::regress {
namespace {

std::string time_of(double seconds) { return fmt::format("{:.3f}", std::isfinite(seconds) && seconds > 0 ? seconds : 0.0); }

// scenes/regress/boxes.yaml: scenes.regress.boxes
std::string class_of(std::string script) {
  const size_t dot = script.rfind('.'), slash = script.rfind('/');
  if (dot != std::string::npos && (slash == std::string::npos || dot > slash + 1)) script.resize(dot);
  std::string out;
  for (size_t at = 0; at <= script.size();) {
    const size_t end = std::min(script.find('/', at), script.size());
    std::string part = script.substr(at, end - at);
    std::replace(part.begin(), part.end(), '.', '_');
    if (part.find_first_not_of('_') != std::string::npos) out += (out.empty() ? "" : ".") + part;
    at = end + 1;
  }
  return out.empty() ? "regress" : out;
}

std::string checks_of(const CaseResult& result) {
  std::string out;
  for (const Check& check : result.checks) {
    const std::string figures = report::figures(check);
    out += (check.passed ? "passed " : "FAILED ") + report::line(check.name) + (check.what.empty() ? "" : ": " + report::line(check.what));
    out += (figures.empty() ? "" : " (" + figures + ")") + "\n";
  }
  if (!result.backend.empty()) out += report::line(result.backend) + "\n";
  if (!result.state_hash.empty()) out += "state hash " + report::line(result.state_hash) + "\n";
  return out;
}

std::string testcase(const CaseResult& result, const std::string& name) {
  std::string out = fmt::format("    <testcase classname=\"{}\" name=\"{}\" time=\"{}\">\n", report::markup(class_of(result.script)), report::markup(report::line(name)),
                                time_of(result.seconds_wall));
  const std::string reason = report::markup(report::line(result.reason));
  switch (result.outcome) {
    case CaseResult::passed: break;
    case CaseResult::skipped: out += fmt::format("      <skipped message=\"{}\"/>\n", reason); break;
    case CaseResult::failed: out += fmt::format("      <failure type=\"expectation\" message=\"{}\">{}</failure>\n", reason, report::markup(to_text(result))); break;
    case CaseResult::error: out += fmt::format("      <error type=\"error\" message=\"{}\">{}</error>\n", reason, report::markup(to_text(result))); break;
  }
  const std::string checks = checks_of(result);
  if (!checks.empty()) out += "      <system-out>" + report::markup(checks) + "</system-out>\n";
  return out + "    </testcase>\n";
}

}  // namespace

std::string to_junit(const Results& results) {
  struct Suite { int tests = 0, failures = 0, errors = 0, skipped = 0; double seconds = 0; std::string script, cases; };
  std::vector<Suite> suites;                     // in the order in which their scripts come first
  std::map<std::string, size_t> places;
  std::map<std::pair<std::string, std::string>, int> names;      // how often, in a script
  for (const CaseResult& result : results.cases) {
    const auto [place, fresh] = places.try_emplace(result.script, suites.size());
    if (fresh) suites.emplace_back().script = result.script;
    Suite& suite = suites[place->second];
    const int again = names[{result.script, result.name}]++;
    ++suite.tests;
    suite.failures += result.outcome == CaseResult::failed;
    suite.errors += result.outcome == CaseResult::error;
    suite.skipped += result.outcome == CaseResult::skipped;
    suite.seconds += std::isfinite(result.seconds_wall) ? result.seconds_wall : 0;
    suite.cases += testcase(result, again == 0 ? result.name : fmt::format("{} ({})", result.name, again + 1));
  }
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  out += fmt::format("<testsuites name=\"nuri regress\" tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"{}\">\n", results.cases.size(), results.failed(),
                     results.errors(), time_of(results.seconds_wall));
  for (const Suite& suite : suites) {
    out += fmt::format("  <testsuite name=\"{0}\" file=\"{1}\" tests=\"{2}\" failures=\"{3}\" errors=\"{4}\" skipped=\"{5}\" time=\"{6}\">\n",
                       report::markup(class_of(suite.script)), report::markup(report::line(suite.script)), suite.tests, suite.failures, suite.errors, suite.skipped,
                       time_of(suite.seconds));
    out += suite.cases + "  </testsuite>\n";
  }
  return out + "</testsuites>\n";
}

}  // namespace nuri::regress
