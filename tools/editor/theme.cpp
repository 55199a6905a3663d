#include "tools/editor/theme.h"
#include <imgui/imgui_internal.h>
#include <cmath>
#include <cstdarg>
#include <filesystem>
#include <iterator>

namespace nuri::editor::theme {
namespace {

ImVec4 rgb(unsigned hex, float opacity = 1) {
  return {float(hex >> 16 & 255) / 255, float(hex >> 8 & 255) / 255, float(hex & 255) / 255, opacity};
}

// background, panel, raised, hovered, active, line, text, quiet; accent, on it, good, warning, bad
const Palette dark_one{rgb(0x15171b), rgb(0x1b1e23), rgb(0x262a31), rgb(0x30353e), rgb(0x3a404b), rgb(0x2b3038), rgb(0xdfe3e8),
                       rgb(0x8b95a3), rgb(0xf5a524), rgb(0x1d1503), rgb(0x4fb477), rgb(0xe3b341), rgb(0xe5534b)};
const Palette light_one{rgb(0xe4e7eb), rgb(0xf6f7f9), rgb(0xe8ebef), rgb(0xdde1e7), rgb(0xced4dc), rgb(0xd3d8df), rgb(0x22272e),
                        rgb(0x687281), rgb(0xd97706), rgb(0xffffff), rgb(0x2c8a55), rgb(0xa86f00), rgb(0xc93c37)};
const Palette* now = &dark_one;

ImFont *small_ = nullptr, *large_ = nullptr;

const char* const font_files[] = {"/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf", "/usr/share/fonts/noto/NotoSans-Regular.ttf",
                                  "/usr/share/fonts/google-noto/NotoSans-Regular.ttf", "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
                                  "/usr/share/fonts/TTF/DejaVuSans.ttf", "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf"};
// Latin with its extensions, Greek, Cyrillic, punctuation, superscripts
const ImWchar letters[] = {0x20, 0x17f, 0x370, 0x4ff, 0x2010, 0x209f, 0};

}  // namespace

const Palette& palette() { return *now; }
bool is_dark() { return now == &dark_one; }

ImU32 colour(const ImVec4& of, float opacity) { return ImGui::ColorConvertFloat4ToU32({of.x, of.y, of.z, of.w * opacity}); }

const ImVec4& colour_of(Severity severity) {
  return severity == Severity::error ? now->bad : severity == Severity::warning ? now->warning : now->quiet;
}

ImU32 series(int index) {
  static constexpr unsigned hues[] = {0x5b9cf5, 0xf5a524, 0x4fb477, 0xd36fb5, 0x9b7fe6, 0x3fb8c4, 0xe5735b, 0xa9a34a};
  return colour(rgb(hues[size_t(index) % std::size(hues)]));
}

void apply(bool dark, float scale) {
  now = dark ? &dark_one : &light_one;
  const Palette& p = *now;
  ImGuiStyle& style = ImGui::GetStyle();
  style = ImGuiStyle();
  style.WindowPadding = {10, 8};
  style.FramePadding = {8, 4};
  style.ItemSpacing = {8, 5};
  style.ItemInnerSpacing = {6, 4};
  style.CellPadding = {6, 3};
  style.IndentSpacing = 16;
  style.ScrollbarSize = 10;
  style.GrabMinSize = 10;
  style.WindowRounding = style.ChildRounding = style.FrameRounding = style.PopupRounding = style.GrabRounding = style.TabRounding =
      style.ScrollbarRounding = 4;
  style.WindowBorderSize = style.FrameBorderSize = style.ChildBorderSize = style.TabBorderSize = 0;
  style.PopupBorderSize = 1;
  style.WindowMenuButtonPosition = ImGuiDir_None;
  style.ScaleAllSizes(scale);
  style.PopupBorderSize = 1;

  ImVec4* c = style.Colors;
  const ImVec4 clear{0, 0, 0, 0}, soft{p.accent.x, p.accent.y, p.accent.z, 0.22f};
  c[ImGuiCol_Text] = p.text;
  c[ImGuiCol_TextDisabled] = p.quiet;
  c[ImGuiCol_WindowBg] = c[ImGuiCol_MenuBarBg] = p.panel;
  c[ImGuiCol_ChildBg] = clear;
  c[ImGuiCol_PopupBg] = p.panel;
  c[ImGuiCol_Border] = c[ImGuiCol_Separator] = c[ImGuiCol_TableBorderLight] = c[ImGuiCol_TableBorderStrong] = p.line;
  c[ImGuiCol_BorderShadow] = clear;
  c[ImGuiCol_FrameBg] = c[ImGuiCol_Button] = c[ImGuiCol_Header] = p.raised;
  c[ImGuiCol_FrameBgHovered] = c[ImGuiCol_ButtonHovered] = c[ImGuiCol_HeaderHovered] = p.hovered;
  c[ImGuiCol_FrameBgActive] = c[ImGuiCol_ButtonActive] = c[ImGuiCol_HeaderActive] = p.active;
  c[ImGuiCol_TitleBg] = c[ImGuiCol_TitleBgActive] = c[ImGuiCol_TitleBgCollapsed] = p.panel;
  c[ImGuiCol_ScrollbarBg] = clear;
  c[ImGuiCol_ScrollbarGrab] = p.raised;
  c[ImGuiCol_ScrollbarGrabHovered] = p.hovered;
  c[ImGuiCol_ScrollbarGrabActive] = p.active;
  c[ImGuiCol_CheckMark] = c[ImGuiCol_DragDropTarget] = c[ImGuiCol_NavHighlight] = p.accent;
  c[ImGuiCol_SliderGrab] = {p.accent.x, p.accent.y, p.accent.z, 0.45f};              // the number is written over it
  c[ImGuiCol_SliderGrabActive] = {p.accent.x, p.accent.y, p.accent.z, 0.7f};
  c[ImGuiCol_SeparatorHovered] = c[ImGuiCol_SeparatorActive] = p.accent;
  c[ImGuiCol_ResizeGrip] = c[ImGuiCol_ResizeGripHovered] = c[ImGuiCol_ResizeGripActive] = clear;
  c[ImGuiCol_Tab] = c[ImGuiCol_TabUnfocused] = clear;
  c[ImGuiCol_TabHovered] = p.hovered;
  c[ImGuiCol_TabActive] = c[ImGuiCol_TabUnfocusedActive] = p.raised;
  c[ImGuiCol_PlotLines] = c[ImGuiCol_PlotHistogram] = p.accent;
  c[ImGuiCol_TableHeaderBg] = p.panel;
  c[ImGuiCol_TableRowBg] = clear;
  c[ImGuiCol_TableRowBgAlt] = {p.raised.x, p.raised.y, p.raised.z, 0.35f};
  c[ImGuiCol_TextSelectedBg] = soft;
  c[ImGuiCol_ModalWindowDimBg] = {0, 0, 0, 0.35f};
}

void load_fonts(float pixels) {
  ImFontAtlas& fonts = *ImGui::GetIO().Fonts;
  fonts.Clear();
  const char* file = nullptr;
  std::error_code error;
  for (const char* name : font_files)
    if (!file && std::filesystem::is_regular_file(name, error)) file = name;
  auto add = [&](float size) -> ImFont* {
    if (file)
      if (ImFont* font = fonts.AddFontFromFileTTF(file, size, nullptr, letters)) return font;
    ImFontConfig config;
    config.SizePixels = size;
    return fonts.AddFontDefault(&config);
  };
  ImGui::GetIO().FontDefault = add(pixels);
  small_ = add(std::round(pixels * 0.85f));
  large_ = add(std::round(pixels * 2));
}
ImFont* small_font() { return small_; }
ImFont* large_font() { return large_; }

bool icon_button(const char* id, Icon what, const char* text, bool on, bool enabled) {
  const float side = ImGui::GetFrameHeight();
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImGui::BeginDisabled(!enabled);
  const bool pressed = ImGui::InvisibleButton(id, {side, side});
  ImGui::EndDisabled();
  const Palette& p = palette();
  ImDrawList& list = *ImGui::GetWindowDrawList();
  const bool hovered = ImGui::IsItemHovered();
  if (on) list.AddRectFilled(at, {at.x + side, at.y + side}, colour(p.accent), 4);
  else if (hovered) list.AddRectFilled(at, {at.x + side, at.y + side}, colour(ImGui::IsItemActive() ? p.active : p.hovered), 4);
  icon(list, what, {at.x + side / 2, at.y + side / 2}, side * 0.5f, colour(on ? p.on_accent : p.text, enabled ? 1 : 0.35f));
  if (text) tip(text);
  return pressed;
}

bool toggle(const char* label, bool& on, const char* text) {
  const Palette& p = palette();
  ImGui::PushStyleColor(ImGuiCol_Button, on ? p.active : ImVec4(0, 0, 0, 0));
  ImGui::PushStyleColor(ImGuiCol_Text, on ? p.accent : p.quiet);
  const bool pressed = ImGui::Button(label);
  ImGui::PopStyleColor(2);
  if (text) tip(text);
  if (pressed) on = !on;
  return pressed;
}

void tip(const char* text) {
  if (!ImGui::IsItemHovered() || GImGui->HoveredIdTimer < 0.4f) return;
  begin_tooltip();
  ImGui::PushTextWrapPos(ImGui::GetFontSize() * 24);
  ImGui::TextUnformatted(text);
  ImGui::PopTextWrapPos();
  end_tooltip();
}

void begin_tooltip() {
  const float letter = ImGui::GetFontSize();
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {0.6f * letter, 0.4f * letter});
  ImGui::BeginTooltip();
}

void end_tooltip() {
  ImGui::EndTooltip();
  ImGui::PopStyleVar();
}

void quiet_text(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  ImGui::TextDisabledV(format, arguments);
  va_end(arguments);
}

}  // namespace nuri::editor::theme
