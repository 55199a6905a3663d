#include "tools/verify/report.h"
#include <fmt/format.h>
#include <cmath>

namespace nuri::verify {

const char* const markdown_begin = "<!-- section: nuri verify --markdown docs/verification.md -->";
const char* const markdown_end = "<!-- end of section -->";

std::string number(double value) { return std::isnan(value) ? "-" : fmt::format("{:.4g}", value == 0 ? 0.0 : value); }

std::string published(const Row& row) {
  std::string out;
  for (const Published& p : row.published) out += fmt::format("{}{} {:.4g}", out.empty() ? "" : ", ", p.engine, p.value);
  return out;
}

namespace {

std::string named(const Row& row) { return row.quantity + (row.unit.empty() ? "" : ", " + row.unit); }

// Four significant digits of a small number take ten columns; a quantity is cut to 62.
constexpr const char* columns = "{:<62.62} {:>10} {:>10} {:>10} {:>10}  {:<6} {}";

// A row without a bound of its own that is judged all the same is so by MuJoCo's value.
std::string bound(const Outcome& o) {
  if (std::isnan(o.bound)) return o.row->as_mujoco && o.verdict != Verdict::shown ? "as MuJoCo" : "-";
  return (o.row->at_least ? ">= " : "") + number(o.bound);
}

}  // namespace

std::string text_head() { return fmt::format(fmt::runtime(columns), "quantity", "exact", "value", "bound", "MuJoCo", "", "") + "\n"; }

std::string text_of(const Outcome& o) {
  const Row& row = *o.row;
  std::string out = fmt::format(fmt::runtime(columns), named(row), number(row.ideal), number(o.value), bound(o),
                                number(mujoco_figure(row.id)), word(o.verdict), "");
  while (out.ends_with(' ')) out.pop_back();
  out += "\n";
  if (!row.published.empty()) out += fmt::format("    published: {}\n", published(row));
  if (!o.why.empty()) out += fmt::format("    {}: {}\n", row.id, o.why);
  return out;
}

static std::string cell(std::string text) {
  for (size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) text.insert(at, "\\");
  return text;
}

// Of ids: what all begin with, up to a dot, and a star.
static std::string common(const std::vector<std::string>& ids) {
  std::string out = ids[0];
  for (const std::string& id : ids)
    while (!id.starts_with(out)) out.pop_back();
  return ids.size() == 1 ? out : out.substr(0, out.rfind('.') + 1) + "*";
}

std::string markdown(const std::vector<Outcome>& in_double, const std::vector<Outcome>& in_float) {
  std::string out;
  const Case* last = nullptr;
  for (size_t i = 0; i < in_double.size(); ++i) {
    const Outcome &d = in_double[i], &f = in_float[i];
    const Row& row = *d.row;
    if (!last || last->group != d.of->group)
      out += fmt::format("\n### {}\n\n| id | quantity | exact | double | float | bound | {} | published |\n|---|---|---|---|---|---|---|---|\n",
                         d.of->group, mujoco_version);
    last = d.of;
    std::string level = d.verdict == Verdict::shown ? "shown" : bound(d);
    const std::string in_float_only = std::isnan(row.bound_float) ? "shown" : bound(f);
    if (!std::isnan(row.bound_double) && row.bound_float != row.bound_double) level += "; " + in_float_only;
    if (d.of->extended) level += "; --all";
    out += fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} |\n", row.id, cell(named(row)), number(row.ideal), number(d.value),
                       number(f.value), level, number(mujoco_figure(row.id)), published(row));
  }
  out += "\nScenes:\n\n";
  std::string source;
  for (size_t i = 0; i < in_double.size();) {
    const Case& c = *in_double[i].of;
    std::vector<std::string> ids;                                  // of the cases in a row that say the same
    for (; i < in_double.size() && in_double[i].of->about == c.about; ++i)
      if (ids.empty() || ids.back() != in_double[i].of->id) ids.push_back(in_double[i].of->id);
    out += fmt::format("- `{}`: {}{}\n", common(ids), c.about,
                       c.source.empty() || c.source == source ? "" : " Published: " + c.source + ".");
    if (!c.source.empty()) source = c.source;
  }
  return out;
}

bool put_section(std::string& document, const std::string& section) {
  const size_t begin = document.find(markdown_begin), end = document.find(markdown_end);
  if (begin == std::string::npos || end == std::string::npos || end < begin) return false;
  const size_t from = begin + std::string(markdown_begin).size();
  document.replace(from, end - from, "\n" + section + "\n");
  return true;
}

}  // namespace nuri::verify
