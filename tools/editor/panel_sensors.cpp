// What the focused environment's cameras and lidars see: a picture of each output with its numbers below, the value under the mouse, one of
// them large over the viewport, and the points of lidars among the things they lie on.
#include <imgui/imgui.h>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include "tools/editor/panels.h"
#include "tools/editor/tell.h"
#include "tools/editor/theme.h"

namespace nuri::editor {
namespace {

namespace output = scene::eye_output;
constexpr float dot_letters = 0.16f;
constexpr float least_height = 4.5f, most_height = 13, most_width = 20;   // letters, of a picture in the tab
constexpr int bar_steps = 48;
constexpr int most_eyes = 100;                     // whose pictures are shown: raster::Ui has room for about a thousand

// On the device; again only when there is a new one.
void* picture(Desk& desk, int eye, uint32_t which) {
  static std::map<uint32_t, std::pair<uint64_t, std::array<int, 2>>> sent;
  Streams& streams = desk.bench.streams();
  const session::EyeInfo& info = streams.eyes()[size_t(eye)];
  uint32_t number = 16 * uint32_t(eye);
  while (which >> (number % 16 + 1)) ++number;
  const std::pair now{streams.version(), std::array{info.width, info.height}};
  const bool fresh = sent[number] != now;
  sent[number] = now;
  return desk.moving(number, uint32_t(info.width), uint32_t(info.height), fresh ? streams.image(eye, which) : std::vector<uint8_t>{});
}

// As large as fits; lidars' few rows are drawn higher than wide.
ImVec2 fitted(const session::EyeInfo& info, ImVec2 room, float least) {
  const float width = float(info.width), height = float(info.height), scale = std::min(room.x / width, room.y / height);
  return {std::floor(std::max(1.0f, width * scale)),
          std::floor(std::max({1.0f, height * scale, info.lidar ? std::min(least, room.y) : 1.0f}))};
}

// What stands at the pixel under the mouse.
void tell_pixel(Desk& desk, int eye, uint32_t which, const ImVec2& at, const ImVec2& size) {
  const session::EyeInfo& info = desk.bench.streams().eyes()[size_t(eye)];
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  const int column = int(std::floor((mouse.x - at.x) / size.x * float(info.width))),
      row = int(std::floor((mouse.y - at.y) / size.y * float(info.height)));
  const std::string text = desk.bench.streams().under(eye, which, column, row);
  if (text.empty()) return;
  theme::begin_tooltip();
  ImGui::TextUnformatted(text.c_str());
  theme::quiet_text("column %d, row %d", column, row);
  theme::end_tooltip();
}

std::string bytes_text(double bytes) {
  char text[32];
  std::snprintf(text, sizeof text, bytes < 1e6 ? "%.0f kB/s" : "%.1f MB/s", bytes < 1e6 ? bytes / 1e3 : bytes / 1e6);
  return text;
}

// "64 x 64, 30 Hz, 20 ms late"
std::string kind_text(const session::EyeInfo& info) {
  char text[96];
  int length = std::snprintf(text, sizeof text, "%d \xc3\x97 %d, %.4g Hz", info.width, info.height, info.rate);
  if (info.delay > 0) std::snprintf(text + length, sizeof text - size_t(length), ", %.3g ms late", info.latency * 1000);
  return text;
}

void line(ImFont& font, const ImVec2& at, float width, ImU32 colour, const std::string& text) {
  ImDrawList& list = *ImGui::GetWindowDrawList();
  list.PushClipRect(at, {at.x + width, at.y + font.FontSize + 2}, true);
  list.AddText(&font, font.FontSize, at, colour, text.c_str());
  list.PopClipRect();
}

// A picture, and three lines of text.
void card(Desk& desk, int eye, uint32_t which, const ImVec2& size, float width) {
  const theme::Palette& p = theme::palette();
  Streams& streams = desk.bench.streams();
  const session::EyeInfo& info = streams.eyes()[size_t(eye)];
  ImFont& font = *theme::small_font();
  const float step = std::round(1.2f * font.FontSize);
  ImGui::BeginGroup();
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImGui::PushID(eye), ImGui::PushID(int(which));
  const bool clicked = ImGui::InvisibleButton("picture", size);
  ImGui::PopID(), ImGui::PopID();
  tell_item(desk, "stream " + info.name + " " + session::output_name(which));
  ImDrawList& list = *ImGui::GetWindowDrawList();
  if (void* texture = ImGui::IsItemVisible() ? picture(desk, eye, which) : nullptr)
    list.AddImageRounded(texture, at, {at.x + size.x, at.y + size.y}, {0, 0}, {1, 1}, IM_COL32_WHITE, 3);
  if (ImGui::IsItemHovered()) {
    list.AddRect(at, {at.x + size.x, at.y + size.y}, theme::colour(p.accent), 3);
    tell_pixel(desk, eye, which, at, size);
  }
  if (clicked) {
    desk.large = {eye, which};
    desk.event("large " + info.name + " " + session::output_name(which));
  }
  char rate[48];
  std::snprintf(rate, sizeof rate, "%.1f pictures/s, ", streams.pictures_per_second(eye));
  float y = at.y + size.y + 3;
  line(font, {at.x, y}, width, theme::colour(p.text), info.name + "  " + session::output_name(which));
  line(font, {at.x, y += step}, width, theme::colour(p.quiet), kind_text(info));
  line(font, {at.x, y += step}, width, theme::colour(p.quiet), rate + bytes_text(streams.bytes_per_second(eye, which)));
  ImGui::Dummy({width, 3 * step});
  ImGui::EndGroup();
}

// What its colours mean, between two distances.
void distance_bar(const ImVec2& at, float width, const false_colour::Scale& scale) {
  if (!(scale.far > 0)) return;
  const float letter = ImGui::GetFontSize(), step = width / float(bar_steps);
  ImDrawList& list = *ImGui::GetWindowDrawList();
  for (int i = 0; i < bar_steps; ++i) {
    const float share = (float(i) + 0.5f) / float(bar_steps);
    const false_colour::Rgb c = false_colour::of_distance(scale.near * std::pow(scale.far / scale.near, share), scale);
    list.AddRectFilled({at.x + float(i) * step, at.y}, {at.x + float(i + 1) * step, at.y + 0.5f * letter}, IM_COL32(c[0], c[1], c[2], 255));
  }
  char text[32];
  std::snprintf(text, sizeof text, "%g m", double(scale.near));
  list.AddText({at.x, at.y + 0.6f * letter}, theme::colour(theme::palette().quiet), text);
  std::snprintf(text, sizeof text, "%g m", double(scale.far));
  list.AddText({at.x + width - ImGui::CalcTextSize(text).x, at.y + 0.6f * letter}, theme::colour(theme::palette().quiet), text);
}

// A switch, and what there is in one line.
void head(Desk& desk) {
  Streams& streams = desk.bench.streams();
  bool lidars = false;
  for (const session::EyeInfo& info : streams.eyes()) lidars |= info.lidar;
  if (lidars) {
    const bool toggled = theme::toggle("Points", desk.clouds, "What lidars measure, as points in the picture above");
    tell_item(desk, "points");
    if (toggled) desk.event(desk.clouds ? "points shown" : "points hidden");
    ImGui::SameLine();
  }
  ImGui::AlignTextToFramePadding();
  theme::quiet_text("Environment %d%s: %.2f ms a picture, %.0f %% of the time", desk.bench.focus,
                    streams.of_model() ? ", cameras of the model" : "",
                    streams.seconds_per_picture() * 1000, 100 * streams.share_of_time());
  theme::tip((std::string("What a policy gets, computed by ") + streams.kernel() +
              " while this tab is open, for the focused environment alone. On average over all pictures.").c_str());
}

}  // namespace

void follow_streams(Desk& desk) {
  if (!desk.has_scene()) return;
  desk.bench.streams().follow(desk.sensors_seen || desk.clouds || desk.large.eye >= 0, ImGui::GetTime());
  desk.sensors_seen = false;
  const auto eyes = desk.bench.streams().eyes();
  if (desk.large.eye >= 0 && (size_t(desk.large.eye) >= eyes.size() || !(eyes[size_t(desk.large.eye)].outputs & desk.large.output)))
    desk.large = {};
}

void sensors_tab(Desk& desk) {
  desk.sensors_seen = true;
  Streams& streams = desk.bench.streams();
  if (!streams.errors().empty()) {
    ImGui::TextWrapped("%s", streams.errors().front().message.c_str());
    return theme::quiet_text("%s", streams.errors().front().hint.c_str());
  }
  if (streams.eyes().empty()) return theme::quiet_text("...");
  head(desk);
  const float letter = ImGui::GetFontSize(), text = 3 * std::round(1.2f * theme::small_font()->FontSize) + ImGui::GetStyle().ItemSpacing.y;
  ImGui::BeginChild("pictures", {0, 0}, false, ImGuiWindowFlags_NoNav);
  const ImVec2 room = ImGui::GetContentRegionAvail();
  const ImVec2 most{std::min(room.x, most_width * letter), std::clamp(room.y - text - 4, least_height * letter, most_height * letter)};
  float used = 0;
  bool any = false;
  for (int eye = 0; eye < std::min(int(streams.eyes().size()), most_eyes); ++eye) {
    const session::EyeInfo& info = streams.eyes()[size_t(eye)];
    const ImVec2 size = fitted(info, most, 3 * letter);
    const float width = std::max(size.x, 10.5f * letter);
    for (uint32_t bit = 1; bit <= output::all; bit <<= 1) {
      if (!(info.outputs & bit) || !streams.data(eye, bit)) continue;
      if (used > 0 && used + width <= room.x) ImGui::SameLine(0, letter);
      else used = 0;
      card(desk, eye, bit, size, width);
      any = true;
      used += width + letter;
    }
  }
  if (!any) theme::quiet_text("Environment %d carries none of the scene's cameras and lidars.", desk.bench.focus);
  if (int(streams.eyes().size()) > most_eyes) theme::quiet_text("%d more are not shown.", int(streams.eyes().size()) - most_eyes);
  ImGui::EndChild();
}

void add_clouds(Desk& desk, view::Frame& frame) {
  Streams& streams = desk.bench.streams();
  const view::Poses* focus = poses_of(desk.shot, desk.bench.focus);
  if (!focus) return;
  const float width = dot_letters * ImGui::GetFontSize();
  for (int eye = 0; eye < int(streams.eyes().size()); ++eye)
    for (const Streams::Dot& dot : streams.cloud(eye)) {
      const view::Vec3f at = dot.at + focus->offset;
      const view::Colour colour{float(dot.colour[0]) / 255, float(dot.colour[1]) / 255, float(dot.colour[2]) / 255, 1};
      frame.lines.push_back({at, at, colour, width, false});
    }
}

void large_stream(Desk& desk, const Rectangle& place) {
  const theme::Palette& p = theme::palette();
  const float letter = ImGui::GetFontSize();
  Streams& streams = desk.bench.streams();
  const auto [eye, which] = desk.large;
  const session::EyeInfo& info = streams.eyes()[size_t(eye)];
  ImDrawList& list = *ImGui::GetWindowDrawList();
  list.AddRectFilled({place.x, place.y}, {place.x + place.width, place.y + place.height}, theme::colour(p.panel), 4);
  const float head = ImGui::GetFrameHeight() + letter, foot = 2.6f * letter;
  ImGui::SetCursorScreenPos({place.x + letter, place.y + 0.5f * letter});
  ImGui::AlignTextToFramePadding();
  ImGui::Text("%s  %s", info.name.c_str(), session::output_name(which));
  ImGui::SameLine(0, letter);
  theme::quiet_text("%s", kind_text(info).c_str());
  ImGui::SetCursorScreenPos({place.x + place.width - ImGui::GetFrameHeight() - 0.5f * letter, place.y + 0.5f * letter});
  if (theme::icon_button("close", theme::Icon::cross, "Back to the picture of the scene (Esc)")) desk.large = {};
  const ImVec2 size =
      fitted(info, {std::max(1.0f, place.width - 2 * letter), std::max(1.0f, place.height - head - foot)}, 0.3f * place.height);
  const ImVec2 at{std::round(place.x + (place.width - size.x) / 2), std::round(place.y + head + (place.height - head - foot - size.y) / 2)};
  ImGui::SetCursorScreenPos(at);
  ImGui::InvisibleButton("large", size);
  tell_item(desk, "large");
  if (void* texture = picture(desk, eye, which)) list.AddImage(texture, at, {at.x + size.x, at.y + size.y});
  if (ImGui::IsItemHovered()) tell_pixel(desk, eye, which, at, size);
  const float bar = std::min(16 * letter, place.width - 2 * letter);
  distance_bar({place.x + (place.width - bar) / 2, place.y + place.height - 2.1f * letter}, bar, streams.scale(eye, which));
}

}  // namespace nuri::editor
