// The strip below the picture: what the history holds, from its oldest moment to the newest, and where the world is in it.
#include <imgui/imgui.h>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include "tools/editor/panels.h"
#include "tools/editor/theme.h"

namespace nuri::editor {

void timeline(Desk& desk) {
  if (!desk.has_scene()) return theme::quiet_text("Time");
  const theme::Palette& p = theme::palette();
  const float letter = ImGui::GetFontSize();
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const ImVec2 size{std::max(4 * letter, ImGui::GetContentRegionAvail().x), ImGui::GetFrameHeight()};
  const Workbench::Span span = desk.bench.span();
  const double length = span.newest - span.oldest;

  ImGui::InvisibleButton("strip", size);
  const bool active = ImGui::IsItemActive(), hovered = ImGui::IsItemHovered();
  const float left = at.x + 0.5f * letter, right = at.x + size.x - 0.5f * letter, middle = at.y + size.y / 2;
  auto x_of = [&](double time) { return length > 0 ? float(left + (right - left) * (time - span.oldest) / length) : right; };
  auto time_of = [&](float x) { return span.oldest + std::clamp(double((x - left) / std::max(1.0f, right - left)), 0.0, 1.0) * length; };

  static bool scrubbing = false;
  if (active && length > 0) {
    desk.bench.running = false;
    scrubbing = true;
    desk.bench.go_to(time_of(ImGui::GetIO().MousePos.x));
  } else if (scrubbing) {
    scrubbing = false;
    char line[48];
    std::snprintf(line, sizeof line, "went to %.6g", desk.bench.time());
    desk.event(line);
  }

  ImDrawList& list = *ImGui::GetWindowDrawList();
  const float track = std::round(0.16f * letter);
  list.AddRectFilled({left, middle - track}, {right, middle + track}, theme::colour(p.raised), track);
  const float x = x_of(span.now);
  list.AddRectFilled({left, middle - track}, {x, middle + track}, theme::colour(p.accent, 0.55f), track);
  ImFont& font = *theme::small_font();
  char text[48];
  if (length > 0) {
    const double step = round_step(length * 5 * letter / std::max(1.0f, right - left));
    for (double time = std::ceil(span.oldest / step) * step; time <= span.newest; time += step) {
      list.AddLine({x_of(time), middle + track + 1}, {x_of(time), middle + track + 0.25f * letter}, theme::colour(p.quiet, 0.6f));
      std::snprintf(text, sizeof text, "%g", std::fabs(time) < step * 1e-6 ? 0.0 : time);
      const ImVec2 extent = font.CalcTextSizeA(font.FontSize * 0.8f, 1e9f, 0, text);
      if (x_of(time) + extent.x < right)
        list.AddText(&font, font.FontSize * 0.8f, {x_of(time) + 3, middle + track}, theme::colour(p.quiet, 0.8f), text);
    }
  }
  list.AddCircleFilled({x, middle}, (active || hovered ? 0.5f : 0.42f) * letter, theme::colour(p.accent));
  list.AddCircleFilled({x, middle}, 0.18f * letter, theme::colour(p.panel));
  if (hovered && !active && length > 0) {
    std::snprintf(text, sizeof text, "%.3f s", time_of(ImGui::GetIO().MousePos.x));
    ImGui::SetTooltip("%s", text);
  }
}

}  // namespace nuri::editor
