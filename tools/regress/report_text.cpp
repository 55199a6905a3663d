#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include "tools/regress/report.h"

namespace nuri::regress {
namespace report {
namespace {

constexpr const char* replacement = "\xEF\xBF\xBD";

// Bytes of the character at `at`, 0 if these are none: RFC 3629, without surrogates and the two that are no characters of XML.
size_t character(std::string_view bytes, size_t at) {
  const auto byte = [&](size_t i) { return at + i < bytes.size() ? uint8_t(bytes[at + i]) : uint8_t(0); };
  const auto follows = [&](size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const uint8_t first = byte(0);
  if (first < 0x80) return first >= 0x20 && first != 0x7F ? 1 : first == '\n' || first == '\t' ? 1 : 0;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) && (first > 0xC2 || byte(1) >= 0xA0) ? 2 : 0;   // 80..9F are control characters
  if ((first & 0xF0) == 0xE0) {
    if (!follows(1) || !follows(2)) return 0;
    if (first == 0xE0 && byte(1) < 0xA0) return 0;
    if (first == 0xED && byte(1) >= 0xA0) return 0;
    return first == 0xEF && byte(1) == 0xBF && byte(2) >= 0xBE ? 0 : 3;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if (!follows(1) || !follows(2) || !follows(3)) return 0;
    if (first == 0xF0 && byte(1) < 0x90) return 0;
    return first == 0xF4 && byte(1) >= 0x90 ? 0 : 4;
  }
  return 0;
}

}  // namespace

std::string text(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  for (size_t at = 0; at < bytes.size();) {
    const size_t length = character(bytes, at);
    if (length > 0) out += bytes.substr(at, length);
    else if (bytes.substr(at, 2) != "\r\n") out += replacement;
    at += std::max<size_t>(length, 1);
  }
  return out;
}

std::string line(std::string_view bytes) {
  std::string out = text(bytes);
  while (!out.empty() && out.back() == '\n') out.pop_back();
  std::replace(out.begin(), out.end(), '\n', ' ');
  return out;
}

std::string markup(std::string_view bytes) {
  std::string out;
  for (const char c : text(bytes)) switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  return out;
}

std::string number(double value) { return std::isnan(value) ? "nan" : fmt::format("{:.6g}", value == 0 ? 0.0 : value); }

std::string quantity(double value, const std::string& unit) { return number(value) + (unit.empty() ? "" : " " + line(unit)); }

std::string seconds(double value) {
  if (!(value < 100)) return std::isfinite(value) ? fmt::format("{:.0f} min {:.0f} s", std::floor(value / 60), std::fmod(std::floor(value), 60)) : number(value) + " s";
  return fmt::format("{:.{}f} s", value, value < 10 ? 2 : 1);
}

std::string count(uint64_t whole) {
  std::string out = std::to_string(whole);
  for (size_t at = out.size(); at > 3;) out.insert(at -= 3, "\u00a0");
  return out;
}

std::string to_string(const Place& place) {
  if (place.file.empty()) return {};
  std::string out = line(place.file);
  if (place.line > 0) out += fmt::format(":{}", place.line);
  if (place.line > 0 && place.column > 0) out += fmt::format(":{}", place.column);
  return out;
}

std::string figures(const Check& check) {
  std::string out;
  const auto add = [&](const std::string& part) { out += (out.empty() ? "" : ", ") + part; };
  if (given(check.value)) add(quantity(check.value, check.unit));
  if (given(check.bound)) add("bound " + quantity(check.bound, check.unit));
  if (given(check.margin)) add((check.margin < 0 ? "missed by " : "margin ") + quantity(std::abs(check.margin), check.unit));
  if (given(check.time)) add(fmt::format("at {} s", number(check.time)));
  if (given(check.value)) add(fmt::format("environment {}", check.environment));
  return out;
}

}  // namespace report

std::string to_text(const CaseResult& result) {
  std::string out = fmt::format("{} {}", word(result.outcome), report::line(result.name));
  if (result.outcome == CaseResult::passed) {
    if (result.checks.size() > 0) out += fmt::format(" ({} check{}, {})", result.checks.size(), result.checks.size() == 1 ? "" : "s", report::seconds(result.seconds_wall));
    return out + "\n";
  }
  if (!result.reason.empty()) out += ": " + report::line(result.reason);
  out += "\n";
  if (result.outcome == CaseResult::skipped) return out;
  const auto below = [&](const std::string& detail, const char* indent) {
    for (size_t at = 0; at < detail.size();) {
      const size_t end = std::min(detail.find('\n', at), detail.size());
      out += indent + detail.substr(at, end - at) + "\n";
      at = end + 1;
    }
  };
  for (const Check& check : result.checks) {
    if (check.passed) continue;
    const std::string place = report::to_string(check.place), figures = report::figures(check);
    out += "  " + (place.empty() ? "" : place + ": ") + report::line(check.name);
    if (!check.what.empty()) out += ": " + report::line(check.what);
    out += "\n";
    if (!figures.empty()) out += "    " + figures + "\n";
    below(report::text(check.detail), "    ");
  }
  for (const Diagnostic& finding : result.findings)
    if (result.outcome == CaseResult::error || finding.severity == Severity::error) below(report::text(nuri::to_string(finding)), "  ");
  return out;
}

std::string summary(const Results& results) {
  return fmt::format("{} passed, {} failed, {} skipped", results.passed(), results.failed() + results.errors(), results.skipped());
}

}  // namespace nuri::regress
