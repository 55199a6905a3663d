// What --plot writes: numbers for other programs, or curves for people.
#include <fmt/format.h>
#include <algorithm>
#include "tools/compare/compare.h"
#include "tools/regress/report.h"

namespace nuri::compare {
namespace {

namespace report = regress::report;
using report::line;
using report::markup;

constexpr double degrees = 57.29577951308232;  // per rad

// A row of plots per environment, so that quantities stand below each other.
constexpr const char* style = R"css(
header,main,footer{max-width:84rem}
header ul{list-style:none;margin:.75rem 0 1.25rem;padding:0;color:var(--quiet)}
header li b{color:var(--text);margin-right:.4em}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;box-shadow:var(--shadow);margin:0 0 .75rem;padding:.6rem 1.25rem .5rem .95rem;break-inside:avoid}
h2{display:inline;font-size:1rem;font-weight:600;margin:0 .6rem 0 0}
section>p{display:inline;margin:0;color:var(--quiet)}
.plots{display:grid;grid-template-columns:repeat(4,minmax(0,1fr));gap:0 1.5rem}
.plot{margin:.5rem 0 0;display:flex;flex-direction:column;justify-content:flex-end}
.frame{height:8rem}.frame,.axis{margin-left:3rem}
.plot .legend{gap:.6rem}.plots .curve{stroke:var(--text)}
footer p{margin:0}
@media (max-width:64rem){.plots{grid-template-columns:repeat(2,minmax(0,1fr))}}
@media (max-width:36rem){.plots{grid-template-columns:minmax(0,1fr)}header,main,footer{padding-left:.8rem;padding-right:.8rem}}
)css";

std::string body_name(const model::Model& m, int body) {
  if (body <= 0 || size_t(body) >= m.body_name.size()) return "";
  return m.body_name[size_t(body)];
}

// "bullet" of "bullet 3.24, float64, 2 threads": what a legend has room for.
std::string engine(const Side& side) { return side.backend.substr(0, side.backend.find_first_of(" ,")); }

std::string how_far(double position, double angle, const char* between) {
  return fmt::format("{:.3g} mm{}{:.3g}\u00b0", 1e3 * position, between, degrees * angle);
}

std::string one_environment(const Comparison& c, const World& world, int environment) {
  const size_t e = size_t(environment);
  const std::vector<Apart>& apart = c.apart[e];
  const auto parted = std::find_if(apart.begin(), apart.end(), [&](const Apart& one) { return !(in_bounds(one, c.bounds) <= 1); });
  const bool part = parted != apart.end();
  std::string said = "never apart by more than " + how_far(c.bounds.position, c.bounds.angle, " or ");
  if (part) {
    const std::string body = body_name(world.model(environment), parted->body);
    said = fmt::format("parted at {:.3g} s: {}, {}", parted->time, body.empty() ? fmt::format("body {}", parted->body) : body,
                       how_far(parted->position, parted->angle, " and "));
  }

  report::Plot distance{"farthest apart", {}, part ? parted->time : regress::none, part ? fmt::format("{:.3g} s", parted->time) : "", 4};
  regress::Series& series = distance.curves.emplace_back().series;
  series.unit = "mm";
  for (const Apart& one : apart) series.samples.push_back({one.time, 1e3 * one.position});
  std::string plots = report::plot(distance);
  const auto pair = [&](const char* name, const char* unit, double Look::*what, double scale) {
    report::Plot both{name, {{{engine(c.a), unit, {}}, "a"}, {{engine(c.b), unit, {}}, "b"}}, distance.moment, {}, distance.ticks};
    for (const Look& look : c.a.looks[e]) both.curves[0].series.samples.push_back({look.time, look.*what * scale});
    for (const Look& look : c.b.looks[e]) both.curves[1].series.samples.push_back({look.time, look.*what * scale});
    plots += report::plot(both);
  };
  pair("energy", "J", &Look::energy, 1);
  pair("overlap", "mm", &Look::depth, 1e3);
  pair("top speed", "m/s", &Look::speed, 1);
  return fmt::format("<section><h2>environment {}</h2><p>{}</p>\n<div class=\"plots\">\n{}</div></section>\n", environment, markup(line(said)), plots);
}

}  // namespace

std::string to_csv(const Comparison& c, const World& world) {
  std::string out =
      "time,environment,energy_a,energy_b,depth_a,depth_b,own_depth_a,own_depth_b,speed_a,speed_b,apart_position,apart_angle,apart_body\n";
  for (size_t e = 0; e < c.a.looks.size(); ++e)
    for (size_t i = 0; i < c.a.looks[e].size(); ++i) {
      const Look &a = c.a.looks[e][i], &b = c.b.looks[e][i];
      const Apart& apart = c.apart[e][i];
      std::string name = body_name(world.model(int(e)), apart.body);
      std::replace_if(
          name.begin(), name.end(), [](char x) { return x == ',' || x == '"' || x == '\n'; }, '_');
      out += fmt::format("{:g},{},{:.9g},{:.9g},{:.6g},{:.6g},{:.6g},{:.6g},{:.6g},{:.6g},{:.6g},{:.6g},{}\n", a.time, e, a.energy,
                         b.energy, a.depth, b.depth, a.own_depth, b.own_depth, a.speed, b.speed, apart.position, apart.angle, name);
    }
  return out;
}

std::string to_html(const Comparison& c, const World& world, const std::string& title) {
  std::string out = report::page_head(title + " \u2013 nuri compare", style);
  out += fmt::format("<h1>{}</h1>\n<p>The same start in two engines, {:g} s</p>\n<ul><li>{}<b>a</b>{}</li><li>{}<b>b</b>{}</li></ul>\n</header>\n<main>\n",
                     markup(line(title)), c.seconds, report::key("a"), markup(line(c.a.backend)), report::key("b"), markup(line(c.b.backend)));
  for (size_t e = 0; e < c.a.looks.size(); ++e) out += one_environment(c, world, int(e));
  return out +
         fmt::format(
             "</main>\n<footer><p>Dotted: the first moment at which a body is farther from where it is in the other engine than {}. Overlap: of the "
             "deepest contact. Top speed: of the fastest body.</p>\n<p>Energy and overlap are measured on both by Nuri. Written by nuri "
             "compare.</p></footer>\n</body>\n</html>\n",
             how_far(c.bounds.position, c.bounds.angle, " or "));
}

}  // namespace nuri::compare
