// Series as a plot that needs nothing but the page it stands in. Lines are SVG, stretched to whatever room there is with strokes of constant
// width; words are HTML over it, placed by percent, so that they stay readable on a phone. What is out of bounds is shaded, and the first
// sample there is marked.
#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <cmath>
#include "tools/regress/report.h"

namespace nuri::regress::report {
namespace {

constexpr double wide = 1000, high = 300;        // the drawing's own units
constexpr size_t most_points = 600;              // more than that no screen shows; the least and the greatest of each stretch stay
constexpr double most = 1e300;                   // of a value that is drawn, so that differences stay finite
constexpr double least_gate = 0.004;             // of the width: what is judged at one moment is drawn that wide to each side

struct Range {
  double low, high;
  double share(double value) const { return (value - low) / (high - low); }
  bool has(double value) const { return value >= low && value <= high; }
};

// A little more than [low, high], never empty.
Range about(double low, double high, double room) {
  const double span = high - low, least = 1e-9 + 1e-6 * std::max(std::abs(low), std::abs(high));
  if (span < least) return {low - std::max(least, 0.05 * std::abs(low)), high + std::max(least, 0.05 * std::abs(high))};
  return {low - room * span, high + room * span};
}

// Round numbers in the range: multiples of 1, 2 or 5 times a power of ten, at most `most` of them.
std::vector<double> ticks(const Range& range, int most) {
  const double least = (range.high - range.low) / most, power = std::pow(10, std::floor(std::log10(least)));
  double step = 10 * power;
  for (const double factor : {5.0, 2.0, 1.0})
    if (factor * power >= least) step = factor * power;
  std::vector<double> out;
  for (double k = std::ceil(range.low / step); k * step <= range.high && int(out.size()) <= most; ++k) out.push_back(k * step);
  return out;
}

double x_of(const Range& times, double time) { return wide * times.share(time); }
double y_of(const Range& values, double value) { return high * (1 - std::clamp(values.share(value), -0.1, 1.1)); }

// Which samples are drawn.
std::vector<size_t> thin(const std::vector<Sample>& samples, size_t keep) {
  std::vector<size_t> out;
  const size_t stretch = std::max<size_t>(1, (2 * samples.size() + most_points - 1) / most_points);
  for (size_t begin = 0; begin < samples.size(); begin += stretch) {
    const size_t end = std::min(begin + stretch, samples.size());
    size_t least = begin, greatest = begin;
    for (size_t i = begin; i < end; ++i) {
      if (!std::isfinite(samples[i].value)) least = greatest = i;
      if (samples[i].value < samples[least].value) least = i;
      if (samples[i].value > samples[greatest].value) greatest = i;
    }
    std::array<size_t, 5> chosen{begin, least, greatest, end - 1, keep >= begin && keep < end ? keep : begin};
    std::sort(chosen.begin(), chosen.end());
    out.insert(out.end(), chosen.begin(), std::unique(chosen.begin(), chosen.end()));
  }
  return out;
}

std::string path(const std::vector<Sample>& samples, const std::vector<size_t>& drawn, const Range& times, const Range& values) {
  std::string out;
  bool pen = false;
  for (size_t k = 0; k < drawn.size(); ++k) {
    const Sample& sample = samples[drawn[k]];
    const bool finite = std::isfinite(sample.value) && std::isfinite(sample.time);
    if (finite) {
      const std::string point = fmt::format("{:.1f} {:.1f}", x_of(times, sample.time), y_of(values, sample.value));
      out += (pen ? "L" : "M") + point;
      const bool alone = !pen && (k + 1 == drawn.size() || !std::isfinite(samples[drawn[k + 1]].value));
      if (alone) out += "L" + point;               // a dot, by its round caps
    }
    pen = finite;
  }
  return out;
}

std::string label(const char* kind, double top, const std::string& words) {
  return fmt::format("<span class=\"{}\" style=\"top:{:.2f}%\">{}</span>", kind, 100 * top, markup(words));
}

// What may not be, in the time in which it may not be; adds to what is written over the drawing and to what is said of it.
std::string forbidden(const Series& series, const Range& times, const Range& values, std::string& words, std::string& said) {
  std::string out;
  double from = given(series.from) ? std::clamp(series.from, times.low, times.high) : times.low, to = given(series.to) ? std::clamp(series.to, times.low, times.high) : times.high;
  const double gate = least_gate * (times.high - times.low);
  if (to - from < 2 * gate) from -= gate, to += gate;
  const double left = x_of(times, from), width = std::max(0.0, x_of(times, to) - left);
  const auto shade = [&](double top, double bottom) {
    out += fmt::format("<rect class=\"out\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"/>", left, top, width, std::max(0.0, bottom - top));
  };
  const auto bound = [&](double value, const char* sign) {
    out += fmt::format("<path class=\"bound\" d=\"M{:.1f} {:.1f}h{:.1f}\"/>", left, y_of(values, value), width);
    words += label(sign[0] == '<' ? "limit above" : "limit below", 1 - values.share(value), (sign[0] == '<' ? "\u2264 " : "\u2265 ") + number(value));
    said += fmt::format(", {} {}", sign[0] == '<' ? "at most" : "at least", number(value));
  };
  if (std::isfinite(series.high)) shade(0, y_of(values, series.high)), bound(series.high, "<");
  if (std::isfinite(series.low)) shade(y_of(values, series.low), high), bound(series.low, ">");
  return out;
}

}  // namespace

size_t first_violation(const Series& series) {
  if (!given(series.low) && !given(series.high)) return series.samples.size();
  for (size_t i = 0; i < series.samples.size(); ++i) {
    const Sample& sample = series.samples[i];
    if ((given(series.from) && sample.time < series.from) || (given(series.to) && sample.time > series.to)) continue;
    if (std::isnan(sample.value) || sample.value < series.low || sample.value > series.high) return i;
  }
  return series.samples.size();
}

std::string key(const char* style) {
  return fmt::format("<svg class=\"key\" viewBox=\"0 0 24 8\" aria-hidden=\"true\"><path class=\"{}\" d=\"M0 4H24\"/></svg>", style);
}

std::string plot(const Series& series) { return plot(Plot{series.name, {{series}}, none, {}, 6}); }

std::string plot(const Plot& plot) {
  double first = none, last = none, least = none, greatest = none;
  for (const Curve& curve : plot.curves)
    for (const Sample& sample : curve.series.samples) {
      if (!std::isfinite(sample.time)) continue;
      first = std::fmin(first, sample.time), last = std::fmax(last, sample.time);
      if (std::isfinite(sample.value)) least = std::fmin(least, sample.value), greatest = std::fmax(greatest, sample.value);
    }
  const std::string name = markup(line(plot.name));
  if (!given(first)) return fmt::format("<figure class=\"plot\"><figcaption><b>{}</b><span>no samples</span></figcaption></figure>\n", name);
  for (const Curve& curve : plot.curves)
    for (const double bound : {curve.series.low, curve.series.high})
      if (std::isfinite(bound)) least = std::fmin(least, bound), greatest = std::fmax(greatest, bound);
  const std::string unit = line(plot.curves.front().series.unit);
  std::string said = given(least) ? fmt::format("{} to {} {}, ", number(least), number(greatest), unit) : "";
  said += fmt::format("{} to {} s", number(first), number(last));
  least = given(least) ? std::clamp(least, -most, most) : 0, greatest = given(greatest) ? std::clamp(greatest, -most, most) : 0;
  const Range times = first < last ? Range{first, last} : Range{first - 0.5, first + 0.5}, values = about(least, greatest, 0.08);

  std::string drawing, words, notes, legend;
  for (const double tick : ticks(values, 5)) {
    drawing += fmt::format("<path class=\"grid\" d=\"M0 {0:.1f}H{1}\"/>", y_of(values, tick), wide);
    words += label("y", 1 - values.share(tick), number(tick));
  }
  for (const Curve& curve : plot.curves) drawing += forbidden(curve.series, times, values, words, said);
  for (const Curve& curve : plot.curves) {
    const Series& series = curve.series;
    const size_t bad = first_violation(series);
    drawing += fmt::format("<path class=\"{}\" d=\"{}\"/>", curve.style, path(series.samples, thin(series.samples, bad), times, values));
    if (plot.curves.size() > 1) legend += "<span>" + key(curve.style) + markup(line(series.name)) + "</span>";
    if (bad == series.samples.size()) continue;
    const Sample& sample = series.samples[bad];
    const std::string note = fmt::format("out of bounds first at {} s: {}", number(sample.time), quantity(sample.value, series.unit));
    drawing += fmt::format("<path class=\"bad\" d=\"M{:.1f} 0V{}\"/>", x_of(times, sample.time), high);
    const double top = std::isfinite(sample.value) ? 1 - values.share(sample.value) : sample.value < 0 ? 1 : 0;
    words += fmt::format("<i class=\"dot\" style=\"left:{:.2f}%;top:{:.2f}%\"></i>", 100 * times.share(sample.time), 100 * std::clamp(top, 0.0, 1.0));
    notes += "<em>" + markup(note) + "</em>";
    said += ", " + note;
  }
  if (times.has(plot.moment)) {
    const double share = times.share(plot.moment);
    drawing += fmt::format("<path class=\"moment\" d=\"M{:.1f} 0V{}\"/>", wide * share, high);
    if (!plot.at_moment.empty()) {
      const std::string where = share < 0.6 ? fmt::format("left:{:.2f}%", 100 * share) : fmt::format("right:{:.2f}%", 100 * (1 - share));
      words += fmt::format("<span class=\"when\" style=\"{}\">{}</span>", where, markup(line(plot.at_moment)));
      said += fmt::format(", at {} s: {}", number(plot.moment), line(plot.at_moment));
    }
  }
  std::string axis;
  for (const double tick : ticks(times, plot.ticks))
    axis += fmt::format("<span style=\"left:{:.2f}%\">{} s</span>", 100 * times.share(tick), number(tick));
  return fmt::format("<figure class=\"plot\"><figcaption><b>{0}</b><span>{1}</span>{2}</figcaption><div class=\"frame\">"
                     "<svg viewBox=\"0 0 {3} {4}\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{0}: {5}\">{6}</svg>{7}</div>"
                     "<div class=\"axis\">{8}</div></figure>\n",
                     name, markup(unit), (legend.empty() ? "" : "<span class=\"legend\">" + legend + "</span>") + notes, wide, high, markup(said), drawing, words, axis);
}

}  // namespace nuri::regress::report
