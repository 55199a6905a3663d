// What --plot writes: numbers for other programs, or curves for people.
#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include "tools/compare/compare.h"

namespace nuri::compare {
namespace {

constexpr double wide = 800, high = 200;  // the drawing's own units

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : c == '"' ? "&quot;" : std::string(1, c);
  return out;
}

std::string body_name(const model::Model& m, int body) {
  if (body <= 0 || size_t(body) >= m.body_name.size()) return "";
  return m.body_name[size_t(body)];
}

using Series = std::vector<std::pair<double, double>>;
struct Curve {
  const char* style;
  Series points;
};

// One drawing with all curves on one scale; its highest and lowest number beside it.
std::string drawing(const std::string& title, const std::vector<Curve>& curves) {
  double low = 0, high_value = 0, end = 0;
  for (const Curve& curve : curves)
    for (const auto& [time, value] : curve.points)
      if (std::isfinite(value)) low = std::min(low, value), high_value = std::max(high_value, value), end = std::max(end, time);
  const double span = std::max(high_value - low, 1e-300), length = std::max(end, 1e-300);
  std::string paths;
  for (const Curve& curve : curves) {
    std::string d;
    bool pen = false;
    for (const auto& [time, value] : curve.points) {
      if (!std::isfinite(value)) {
        pen = false;
        continue;
      }
      d += fmt::format("{}{:.2f} {:.2f}", pen ? "L" : "M", wide * time / length, high * (1 - (value - low) / span));
      pen = true;
    }
    paths += fmt::format("<path class=\"{}\" d=\"{}\"/>", curve.style, d);
  }
  return fmt::format(
      "<h2>{}</h2><p>{:.4g} to {:.4g}, over {:g} s</p><svg viewBox=\"0 -4 {:g} {:g}\" preserveAspectRatio=\"none\">{}</svg>\n",
      escaped(title), low, high_value, end, wide, high + 8, paths);
}

}  // namespace

std::string to_csv(const Comparison& c, const model::Model& model) {
  std::string out =
      "time,environment,energy_a,energy_b,depth_a,depth_b,own_depth_a,own_depth_b,speed_a,speed_b,apart_position,apart_angle,apart_body\n";
  for (size_t e = 0; e < c.a.looks.size(); ++e)
    for (size_t i = 0; i < c.a.looks[e].size(); ++i) {
      const Look &a = c.a.looks[e][i], &b = c.b.looks[e][i];
      const Apart& apart = c.apart[e][i];
      std::string name = body_name(model, apart.body);
      std::replace_if(
          name.begin(), name.end(), [](char x) { return x == ',' || x == '"' || x == '\n'; }, '_');
      out += fmt::format("{:g},{},{:.9g},{:.9g},{:.6g},{:.6g},{:.6g},{:.6g},{:.6g},{:.6g},{:.6g},{:.6g},{}\n", a.time, e, a.energy,
                         b.energy, a.depth, b.depth, a.own_depth, b.own_depth, a.speed, b.speed, apart.position, apart.angle, name);
    }
  return out;
}

std::string to_html(const Comparison& c, const model::Model&, const std::string& title) {
  std::string out = fmt::format(
      "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>{0}: two "
      "engines</title>"
      "<style>body{{font:15px sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}}svg{{width:100%;height:12rem;border:1px solid "
      "#ccc}}"
      "path{{fill:none;stroke-width:1.5;vector-effect:non-scaling-stroke}}.a{{stroke:#1b6ac9}}.b{{stroke:#d9480f;stroke-dasharray:5 "
      "3}}.d{{stroke:#555}}"
      "b.a{{color:#1b6ac9}}b.b{{color:#d9480f}}p{{color:#555;margin:.2rem 0}}</style><h1>{0}</h1><p><b class=\"a\">a</b> {1}</p><p><b "
      "class=\"b\">b</b> {2}, dashed</p>\n",
      escaped(title), escaped(c.a.backend), escaped(c.b.backend));
  for (size_t e = 0; e < c.a.looks.size(); ++e) {
    const std::string where = c.a.looks.size() > 1 ? fmt::format(", environment {}", e) : "";
    auto pair = [&](const std::string& name, double Look::*what, double scale) {
      Series a, b;
      for (const Look& look : c.a.looks[e]) a.emplace_back(look.time, look.*what * scale);
      for (const Look& look : c.b.looks[e]) b.emplace_back(look.time, look.*what * scale);
      out += drawing(name + where, {{"a", std::move(a)}, {"b", std::move(b)}});
    };
    Series apart;
    for (const Apart& one : c.apart[e]) apart.emplace_back(one.time, 1e3 * one.position);
    out += drawing("farthest body apart, mm" + where, {{"d", std::move(apart)}});
    pair("energy, J", &Look::energy, 1);
    pair("deepest contact, mm", &Look::depth, 1e3);
    pair("fastest body, m/s", &Look::speed, 1);
  }
  return out + "</html>\n";
}

}  // namespace nuri::compare
