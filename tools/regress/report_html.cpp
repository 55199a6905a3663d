// One file that can be sent by mail and opened anywhere: no network, no script but its own, pictures inside. What failed comes first and is open.
// The page forbids itself everything else (Content-Security-Policy), so that a name that got through would still run nothing. It is written so
// that readers of XML read it too.
#include <fmt/format.h>
#include <algorithm>
#include <cctype>
#include "engine/shape/image.h"
#include "tools/regress/report.h"
#include "tools/regress/report_page.h"

namespace nuri::regress {
namespace {

using report::count;
using report::line;
using report::markup;
using report::number;
using report::quantity;
using report::seconds;

constexpr CaseResult::Outcome order[] = {CaseResult::failed, CaseResult::error, CaseResult::skipped, CaseResult::passed};
constexpr int most_open = 10;                    // cases shown at once; a thousand would be no overview

std::string base64(const std::string& bytes) {
  static constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t at = 0; at < bytes.size(); at += 3) {
    uint32_t three = 0;
    for (size_t i = 0; i < 3; ++i) three = three << 8 | (at + i < bytes.size() ? uint8_t(bytes[at + i]) : 0u);
    for (size_t i = 0; i < 4; ++i) out += at + i <= bytes.size() ? digits[three >> (18 - 6 * i) & 63] : '=';
  }
  return out;
}

std::string lower(std::string word) {
  std::transform(word.begin(), word.end(), word.begin(), [](unsigned char c) { return char(std::tolower(c)); });
  return word;
}

const char* mark(bool passed) { return passed ? "<span class=\"mark\" aria-label=\"passed\">\u2713</span>" : "<span class=\"mark\" aria-label=\"failed\">\u2717</span>"; }

std::string pictures(const Check& check) {
  if (check.images.empty()) return {};
  std::string out = "<div class=\"pictures\">";
  for (const NamedImage& image : check.images) {
    const shape::Pixels& pixels = image.image;
    if (pixels.bytes.empty() || pixels.bytes.size() != size_t(pixels.width) * pixels.height * size_t(pixels.channels) * size_t(pixels.depth / 8)) continue;
    out += fmt::format("<figure><img alt=\"{0}\" width=\"{1}\" height=\"{2}\" src=\"data:image/png;base64,{3}\"/><figcaption>{0}</figcaption></figure>", markup(line(image.name)),
                       pixels.width, pixels.height, base64(shape::encode_png(pixels)));
  }
  return out + "</div>\n";
}

std::string plots(const Check& check) {
  std::string out;
  for (const Series& series : check.series) out += report::plot(series);
  return out;
}

std::string tiles(const Check& check) {
  std::string out;
  const auto tile = [&](const char* name, const std::string& value, const char* kind = "") {
    out += fmt::format("<div><dt>{}</dt><dd{}>{}</dd></div>", name, kind, markup(value));
  };
  if (given(check.value)) tile("value", quantity(check.value, check.unit));
  if (given(check.bound)) tile("bound", quantity(check.bound, check.unit));
  if (given(check.margin)) tile(check.margin < 0 ? "missed by" : "margin", quantity(std::abs(check.margin), check.unit), check.margin < 0 ? " class=\"bad\"" : "");
  if (given(check.time)) tile("at", number(check.time) + " s");
  if (given(check.value)) tile("environment", std::to_string(check.environment));
  return out.empty() ? out : "<dl>" + out + "</dl>\n";
}

std::string failed_check(const Check& check) {
  std::string out = fmt::format("<div class=\"check failed\">{}<div><p class=\"name\">{}</p>\n", mark(false), markup(line(check.name)));
  if (!check.what.empty()) out += fmt::format("<p class=\"what\">expected: {}</p>\n", markup(line(check.what)));
  out += tiles(check);
  if (!check.detail.empty()) out += "<pre>" + markup(check.detail) + "</pre>\n";
  out += plots(check) + pictures(check);
  const std::string place = report::to_string(check.place);
  if (!place.empty()) out += "<p class=\"facts\"><code>" + markup(place) + "</code></p>\n";
  return out + "</div></div>\n";
}

std::string passed_check(const Check& check) {
  std::string words = markup(line(check.name));
  if (!check.what.empty()) words += " <span>" + markup(line(check.what)) + "</span>";
  const std::string figures = report::figures(check), more = plots(check) + pictures(check);
  if (!figures.empty()) words += " <span>\u2014 " + markup(figures) + "</span>";
  const std::string inside = more.empty() ? "<div class=\"brief\"><p>" + words + "</p></div>" : "<details class=\"brief\"><summary>" + words + "</summary>\n" + more + "</details>";
  return fmt::format("<div class=\"check passed\">{}{}</div>\n", mark(true), inside);
}

std::string facts(const CaseResult& result) {
  std::string out;
  const auto add = [&](const std::string& fact) { out += fact.empty() ? "" : "<span>" + fact + "</span>"; };
  add("<code>" + markup(result.place.file.empty() ? line(result.script) : report::to_string(result.place)) + "</code>");
  std::string tags;
  for (const std::string& tag : result.tags) tags += (tags.empty() ? "" : ", ") + line(tag);
  add(markup(tags));
  add(markup(line(result.backend)));
  if (result.seconds_simulated > 0) add(markup(number(result.seconds_simulated)) + " s simulated");
  if (result.steps > 0) add(count(result.steps) + " steps");
  if (!result.state_hash.empty()) add("hash <code>" + markup(line(result.state_hash)) + "</code>");
  return "<p class=\"facts\">" + out + "</p>\n";
}

// What loading said: notes fill screens and are seldom asked for, so they are folded away at the end.
std::string findings(const CaseResult& result, bool notes) {
  std::string out;
  int number = 0;
  for (const Diagnostic& finding : result.findings)
    if ((finding.severity == Severity::note) == notes) out += "<pre>" + markup(nuri::to_string(finding)) + "</pre>\n", ++number;
  if (!notes || number == 0) return out;
  return fmt::format("<details class=\"notes\"><summary>{} {} from loading</summary>\n{}</details>\n", number, number == 1 ? "note" : "notes", out);
}

std::string one_case(const CaseResult& result, bool open) {
  static constexpr const char* marks[] = {"\u2713", "\u2717", "!", "\u2013"};
  const std::string name = line(result.name), outcome = word(result.outcome);
  std::string words = lower(name + " " + line(result.script));
  for (const std::string& tag : result.tags) words += " " + lower(line(tag));
  const size_t bracket = name.find('[');
  std::string shown = markup(name.substr(0, bracket));
  if (bracket != std::string::npos) shown += "<small>" + markup(name.substr(bracket)) + "</small>";
  std::string out = fmt::format("<details class=\"case {0}\" data-outcome=\"{0}\" data-words=\"{1}\"{2}>\n<summary><span class=\"mark\" aria-label=\"{0}\">{3}</span>"
                                "<span class=\"name\">{4}</span><span class=\"time\">{5}</span>",
                                outcome, markup(words), open ? " open=\"\"" : "", marks[result.outcome], shown, seconds(result.seconds_wall));
  if (!result.reason.empty()) out += "<span class=\"reason\">" + markup(line(result.reason)) + "</span>";
  out += "</summary>\n<div class=\"body\">\n" + facts(result);
  out += findings(result, false);
  for (const Check& check : result.checks) out += check.passed ? "" : failed_check(check);
  for (const Check& check : result.checks) out += check.passed ? passed_check(check) : "";
  out += findings(result, true);
  return out + "</div></details>\n";
}

std::string headline(const Results& results) {
  const int all = int(results.cases.size()), failed = results.failed() + results.errors();
  if (all == 0) return "No case ran";
  if (failed > 0) return fmt::format("{} of {} {} failed", count(uint64_t(failed)), count(uint64_t(all)), all == 1 ? "case" : "cases");
  if (results.skipped() > 0) return fmt::format("{} passed, {} skipped", count(uint64_t(results.passed())), count(uint64_t(results.skipped())));
  return all == 1 ? "The one case passed" : fmt::format("All {} cases passed", count(uint64_t(all)));
}

std::string bar(const Results& results) {
  std::string out;
  for (const CaseResult::Outcome outcome : order)
    if (const int of = results.count(outcome)) out += fmt::format("<i class=\"{}\" style=\"flex:{}\"></i>", word(outcome), of);
  return "<div class=\"bar\" aria-hidden=\"true\">" + out + "</div>\n";
}

std::string tools(const Results& results) {
  static constexpr const char* names[] = {"Failed", "Errors", "Skipped", "Passed"};
  std::string out = "<div class=\"tools\"><div><input type=\"search\" placeholder=\"Filter by name, script or tag\" aria-label=\"Filter by name, script or tag\" autocomplete=\"off\"/>\n";
  out += fmt::format("<button type=\"button\" value=\"\" aria-pressed=\"true\">All<b>{}</b></button>\n", results.cases.size());
  for (size_t i = 0; i < std::size(order); ++i)
    if (const int of = results.count(order[i]))
      out += fmt::format("<button type=\"button\" value=\"{}\" aria-pressed=\"false\">{}<b>{}</b></button>\n", word(order[i]), names[i], of);
  return out + "</div></div>\n";
}

}  // namespace

std::string report::page_head(const std::string& title, const std::string& style, const std::string& script_hash) {
  return fmt::format("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"/>\n"
                     "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'{}\"/>\n"
                     "<title>{}</title>\n<style>{}{}</style>\n</head>\n<body>\n<header>\n",
                     script_hash.empty() ? "" : "; script-src 'sha256-" + script_hash + "'", markup(line(title)), page::ground, style);
}

std::string to_html(const Results& results) {
  uint64_t steps = 0;
  for (const CaseResult& result : results.cases) steps += result.steps;
  const std::string head = headline(results);
  std::string out = report::page_head(head + " \u2013 nuri regress", page::style, page::script_hash);
  out += fmt::format("<h1 class=\"{}\">{}</h1>\n<p>{} steps in {}</p>\n{}</header>\n", results.good() ? "passed" : "failed", head, count(steps), seconds(results.seconds_wall), bar(results));
  out += tools(results) + "<main>\n";
  int open = 0;
  for (const CaseResult::Outcome outcome : order)
    for (const CaseResult& result : results.cases)
      if (result.outcome == outcome) out += one_case(result, (outcome == CaseResult::failed || outcome == CaseResult::error) && open++ < most_open);
  out += fmt::format("<p class=\"nothing\"{}>{}</p>\n</main>\n<footer>Written by nuri regress.</footer>\n<script>{}</script>\n</body>\n</html>\n",
                     results.cases.empty() ? "" : " hidden=\"\"", results.cases.empty() ? "No script was found." : "No case fits the filter.", page::script);
  return out;
}

}  // namespace nuri::regress
