#include "tools/editor/plot.h"
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>
#include "tools/editor/theme.h"

namespace nuri::editor {

constexpr size_t most_samples = 100'000;

void Series::add(double time, float value) {
  if (!samples.empty() && samples.back().time == time) {
    samples.back().value = value;
    return;
  }
  while (!samples.empty() && samples.back().time >= time) samples.pop_back();
  samples.push_back({time, value});
  if (samples.size() > most_samples) samples.pop_front();
}

double round_step(double least) {
  if (!(least > 0) || !std::isfinite(least)) return 1;
  const double power = std::pow(10, std::floor(std::log10(least)));
  for (double step : {1.0, 2.0, 5.0})
    if (step * power >= least) return step * power;
  return 10 * power;
}

void draw_plot(const char* id, ImVec2 size, std::span<const Series* const> series, std::span<const ImU32> colours, double from, double to,
               double now) {
  const theme::Palette& p = theme::palette();
  const float letter = ImGui::GetFontSize();
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImGui::InvisibleButton(id, size);
  const bool hovered = ImGui::IsItemHovered();
  ImDrawList& list = *ImGui::GetWindowDrawList();
  const ImVec2 low{at.x + 3.6f * letter, at.y + 0.4f * letter}, high{at.x + size.x - 0.4f * letter, at.y + size.y - 1.3f * letter};
  list.AddRectFilled(at, {at.x + size.x, at.y + size.y}, theme::colour(p.background), 4);
  if (high.x <= low.x || high.y <= low.y || !(to > from)) return;

  // what is in sight, and its range
  auto begin_of = [from](const Series& one) {
    return std::lower_bound(one.samples.begin(), one.samples.end(), from,
                            [](const Sample& sample, double time) { return sample.time < time; });
  };
  float least = std::numeric_limits<float>::infinity(), most = -least;
  for (const Series* one : series)
    for (auto sample = begin_of(*one); sample != one->samples.end() && sample->time <= to; ++sample)
      if (std::isfinite(sample->value)) least = std::min(least, sample->value), most = std::max(most, sample->value);
  if (!(least <= most)) least = -1, most = 1;
  const float margin = std::max((most - least) * 0.08f, std::max(1e-6f, std::fabs(most) * 1e-3f));
  least -= margin, most += margin;
  auto x_of = [&](double time) { return float(low.x + (time - from) / (to - from) * (high.x - low.x)); };
  auto y_of = [&](double value) { return float(high.y - (value - least) / (most - least) * (high.y - low.y)); };

  // grid
  char text[64];
  const double y_step = round_step((most - least) * letter * 2.2 / (high.y - low.y)),
      x_step = round_step((to - from) * letter * 5 / (high.x - low.x));
  ImFont& font = *theme::small_font();
  for (double y = std::ceil(least / y_step) * y_step; y <= most; y += y_step) {
    list.AddLine({low.x, y_of(y)}, {high.x, y_of(y)}, theme::colour(p.line));
    std::snprintf(text, sizeof text, "%.4g", std::fabs(y) < y_step * 1e-6 ? 0.0 : y);
    const ImVec2 extent = font.CalcTextSizeA(font.FontSize, 1e9f, 0, text);
    list.AddText(&font, font.FontSize, {low.x - extent.x - 4, y_of(y) - extent.y / 2}, theme::colour(p.quiet), text);
  }
  for (double x = std::ceil(from / x_step) * x_step; x <= to; x += x_step) {
    list.AddLine({x_of(x), low.y}, {x_of(x), high.y}, theme::colour(p.line));
    std::snprintf(text, sizeof text, "%.4g s", std::fabs(x) < x_step * 1e-6 ? 0.0 : x);
    const ImVec2 extent = font.CalcTextSizeA(font.FontSize, 1e9f, 0, text);
    if (x_of(x) + extent.x / 2 < high.x + 0.4f * letter)
      list.AddText(&font, font.FontSize, {x_of(x) - extent.x / 2, high.y + 2}, theme::colour(p.quiet), text);
  }

  // lines: per column of pixels the first, lowest, highest and last value, so that no peak is lost and none costs
  list.PushClipRect(low, high, true);
  std::vector<ImVec2> points;
  for (size_t i = 0; i < series.size(); ++i) {
    points.clear();
    auto sample = begin_of(*series[i]);
    const auto end = series[i]->samples.end();
    while (sample != end && sample->time <= to) {
      const float column = std::floor(x_of(sample->time));
      float lowest = sample->value, highest = sample->value, last = sample->value;
      points.push_back({column, y_of(sample->value)});
      for (++sample; sample != end && std::floor(x_of(sample->time)) == column; ++sample) {
        last = sample->value;
        lowest = std::min(lowest, last), highest = std::max(highest, last);
      }
      if (highest > lowest) {
        points.push_back({column, y_of(lowest)});
        points.push_back({column, y_of(highest)});
        points.push_back({column, y_of(last)});
      }
    }
    if (points.size() > 1) list.AddPolyline(points.data(), int(points.size()), colours[i], 0, 1.5f);
  }
  list.AddLine({x_of(now), low.y}, {x_of(now), high.y}, theme::colour(p.accent, 0.7f));
  list.PopClipRect();

  // values under the mouse
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  if (!hovered || mouse.x < low.x || mouse.x > high.x) return;
  const double time = from + (mouse.x - low.x) / (high.x - low.x) * (to - from);
  list.AddLine({mouse.x, low.y}, {mouse.x, high.y}, theme::colour(p.quiet, 0.6f));
  ImGui::BeginTooltip();
  ImGui::TextDisabled("%.4f s", time);
  for (size_t i = 0; i < series.size(); ++i) {
    const auto& samples = series[i]->samples;
    auto after = std::lower_bound(samples.begin(), samples.end(), time, [](const Sample& sample, double t) { return sample.time < t; });
    if (after == samples.end() && !samples.empty()) --after;
    if (after == samples.end()) continue;
    ImGui::TextColored(ImGui::ColorConvertU32ToFloat4(colours[i]), "%s  %.6g %s", series[i]->name.c_str(), double(after->value),
                       series[i]->unit.c_str());
  }
  ImGui::EndTooltip();
}

}  // namespace nuri::editor
