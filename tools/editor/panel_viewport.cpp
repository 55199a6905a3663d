#include <imgui/imgui.h>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include "tools/editor/input.h"
#include "tools/editor/panels.h"
#include "tools/editor/tell.h"
#include "tools/editor/theme.h"

namespace nuri::editor {
namespace {

constexpr float weight_length = 0.35f;             // of the model's radius: how long an arrow of its whole weight is
constexpr view::Colour spring_colour{0.96f, 0.65f, 0.14f, 1};

// A force of the model's weight makes an arrow that is well seen beside it.
float metres_per_newton(Desk& desk) {
  const model::Model& model = desk.model();
  const double g =
      std::sqrt(model.gravity[0] * model.gravity[0] + model.gravity[1] * model.gravity[1] + model.gravity[2] * model.gravity[2]);
  const double weight = std::max(1e-6, model.body_subtree_mass[0] * (g > 0 ? g : 9.81));
  const float radius = desk.bench.scenery().models[size_t(desk.world().place(desk.bench.focus).bucket)].radius;
  return float(weight_length * radius / weight);
}

// Everything that is to be seen at this moment.
void make_shot(Desk& desk) {
  Shot& shot = desk.shot;
  shot.poses = desk.bench.poses();
  if (desk.frame_all && !shot.poses.empty()) {
    const float aspect = shot.place.width / std::max(1.0f, shot.place.height);
    desk.camera.orbit = view::framing(desk.bench.scenery(), shot.poses, desk.camera.fovy, aspect);
    desk.frame_all = false;
  }
  update_eye(desk);
}

void make_frame(Desk& desk) {
  Shot& shot = desk.shot;
  shot.frame = view::make_frame(desk.bench.scenery(), shot.poses, desk.bench.show, shot.eye);
  const view::Poses* focus = poses_of(shot, desk.bench.focus);
  if ((desk.contacts || desk.forces) && focus) {
    std::vector<view::Touch> touches = desk.bench.touches();
    for (view::Touch& touch : touches) touch.position = touch.position + focus->offset;
    view::add_touches(shot.frame, touches, metres_per_newton(desk), desk.contacts, desk.forces);
  }
  if (desk.clouds) add_clouds(desk, shot.frame);
  if (const view::Poses* pulled = desk.pull.on ? poses_of(shot, desk.pull.pick.environment) : nullptr)
    shot.frame.lines.push_back({from_body(*pulled, desk.pull.pick.body, desk.pull.in_body), desk.pull.to, spring_colour, 2.5f, true});
}

void draw_labels(Desk& desk, ImDrawList& list) {
  ImFont& font = *theme::small_font();
  for (const view::Label& label : desk.shot.frame.labels) {
    const Pixel at = pixel_of(desk.shot, label.at);
    if (!at.before) continue;
    const ImVec2 extent = font.CalcTextSizeA(font.FontSize, 1e9f, 0, label.text.c_str());
    const ImVec2 corner{std::round(at.x - extent.x / 2), std::round(at.y - extent.y / 2)};
    list.AddRectFilled({corner.x - 3, corner.y - 1}, {corner.x + extent.x + 3, corner.y + extent.y + 1},
                       theme::colour(theme::palette().panel, 0.7f), 3);
    list.AddText(&font, font.FontSize, corner, theme::colour(theme::palette().text), label.text.c_str());
  }
}

void draw_pull(Desk& desk, ImDrawList& list) {
  if (!desk.pull.on) return;
  char text[48];
  std::snprintf(text, sizeof text, "%.3g N", desk.bench.pulling());
  const ImVec2 mouse = ImGui::GetIO().MousePos, extent = ImGui::CalcTextSize(text);
  const ImVec2 at{mouse.x + 18, mouse.y + 6};
  list.AddRectFilled({at.x - 6, at.y - 3}, {at.x + extent.x + 6, at.y + extent.y + 3}, theme::colour(theme::palette().panel, 0.9f), 4);
  list.AddText(at, theme::colour(theme::palette().accent), text);
}

// How long an arrow of a round force is.
void draw_force_legend(Desk& desk, ImDrawList& list, const Rectangle& place) {
  if (!desk.forces) return;
  const Pixel a = pixel_of(desk.shot, desk.camera.orbit.at),
      b = pixel_of(desk.shot, desk.camera.orbit.at + metres_per_newton(desk) * column(desk.shot.eye, 0));
  const float letter = ImGui::GetFontSize();
  if (!a.before || !b.before || !(std::fabs(b.x - a.x) > 1e-6f)) return;
  const double newtons = round_step(3 * letter / std::fabs(b.x - a.x));
  const float width = float(newtons) * std::fabs(b.x - a.x);
  char text[32];
  std::snprintf(text, sizeof text, "%g N", newtons);
  const float x = place.x + place.width - width - letter, y = place.y + place.height - letter;
  list.AddLine({x, y}, {x + width, y}, theme::colour(theme::palette().text), 2);
  list.AddLine({x, y - 4}, {x, y + 4}, theme::colour(theme::palette().text), 2);
  list.AddLine({x + width, y - 4}, {x + width, y + 4}, theme::colour(theme::palette().text), 2);
  const ImVec2 extent = ImGui::CalcTextSize(text);
  list.AddText({x + (width - extent.x) / 2, y - extent.y - 5}, theme::colour(theme::palette().text), text);
}

// The world's axes in the lower left corner.
void draw_axes(Desk& desk, ImDrawList& list, const Rectangle& place) {
  const float letter = ImGui::GetFontSize(), reach = 1.7f * letter;
  const ImVec2 centre{place.x + 2.6f * letter, place.y + place.height - 2.6f * letter};
  const view::Vec3f right = column(desk.shot.eye, 0), up = column(desk.shot.eye, 1), back = column(desk.shot.eye, 2);
  const ImU32 colours[] = {IM_COL32(229, 83, 75, 255), IM_COL32(79, 180, 119, 255), IM_COL32(91, 156, 245, 255)};
  std::array<int, 3> order{0, 1, 2};
  std::sort(order.begin(), order.end(), [&](int a, int b) { return back[a] < back[b]; });   // the nearest last
  for (int axis : order) {
    const ImVec2 end{centre.x + reach * right[axis], centre.y - reach * up[axis]};
    list.AddLine(centre, end, colours[axis], 2);
    list.AddCircleFilled(end, 0.42f * letter, colours[axis]);
    const char name[2] = {"XYZ"[axis], 0};
    ImFont& font = *theme::small_font();
    const ImVec2 extent = font.CalcTextSizeA(font.FontSize * 0.85f, 1e9f, 0, name);
    list.AddText(&font, font.FontSize * 0.85f, {end.x - extent.x / 2, end.y - extent.y / 2}, IM_COL32(20, 20, 24, 255), name);
  }
}

// Buttons over the picture: camera, and what is shown.
void chips(Desk& desk, const Rectangle& place) {
  const float letter = ImGui::GetFontSize();
  const theme::Palette& p = theme::palette();
  ImGui::SetCursorScreenPos({place.x + 0.5f * letter, place.y + 0.5f * letter});
  for (auto [colour, opacity] : {std::pair{ImGuiCol_Button, 0.8f}, {ImGuiCol_ButtonHovered, 1.0f}}) {
    const ImVec4 base = colour == ImGuiCol_Button ? p.panel : p.hovered;
    ImGui::PushStyleColor(colour, ImVec4(base.x, base.y, base.z, opacity));
  }
  const auto& cameras = desk.model().look.cameras;
  auto camera_name = [&](int camera) {
    if (camera < 0) return std::string("Free camera");
    return cameras[camera].name.empty() ? "Camera " + std::to_string(camera) : cameras[camera].name;
  };
  if (ImGui::Button((camera_name(desk.camera.of_model) + "###camera").c_str())) ImGui::OpenPopup("cameras");
  theme::tip("Camera ([ and ] change it, Esc leaves it)");
  if (ImGui::BeginPopup("cameras")) {
    for (int camera = -1; camera < int(cameras.size()); ++camera) {
      ImGui::PushID(camera);
      if (ImGui::MenuItem(camera_name(camera).c_str(), nullptr, desk.camera.of_model == camera)) desk.camera.of_model = camera;
      ImGui::PopID();
    }
    ImGui::Separator();
    if (ImGui::MenuItem("Show everything", "A")) desk.camera.of_model = -1, desk.show_all();
    ImGui::EndPopup();
  }
  ImGui::SameLine();
  if (ImGui::Button("Show")) ImGui::OpenPopup("show");
  theme::tip("What is drawn");
  if (ImGui::BeginPopup("show")) {
    view::Show& show = desk.bench.show;
    ImGui::MenuItem("Contact points", "C", &desk.contacts);
    ImGui::MenuItem("Contact forces", "F", &desk.forces);
    ImGui::Separator();
    ImGui::MenuItem("Collision hulls", "H", &show.hulls);
    ImGui::MenuItem("Joints", "J", &show.joints);
    ImGui::MenuItem("Centres of mass", "M", &show.centres_of_mass);
    ImGui::MenuItem("Inertia boxes", "I", &show.inertias);
    ImGui::MenuItem("Frames", "F6", &show.frames);
    ImGui::MenuItem("Names", "F7", &show.labels);
    ImGui::MenuItem("Sites", nullptr, &show.sites);
    ImGui::MenuItem("Cameras", nullptr, &show.cameras);
    ImGui::MenuItem("Lights", nullptr, &show.lights);
    ImGui::MenuItem("Points of lidars", nullptr, &desk.clouds);
    ImGui::MenuItem("Transparent", "T", &show.transparent);
    ImGui::Separator();
    ImGui::AlignTextToFramePadding();
    theme::quiet_text("Geom groups");
    for (int group = 0; group < 6; ++group) {
      ImGui::SameLine(0, 4);
      bool on = show.geom_groups >> group & 1;
      const char name[2] = {char('0' + group), 0};
      if (theme::toggle(name, on)) show.geom_groups ^= 1u << group;
    }
    ImGui::Separator();
    ImGui::MenuItem("Grid", nullptr, &desk.style.grid);
    ImGui::MenuItem("Shadows", nullptr, &desk.style.shadows);
    ImGui::EndPopup();
  }
  ImGui::PopStyleColor(2);
}

// Nothing is open.
void invitation(ImDrawList& list, const Rectangle& at) {
  const theme::Palette& p = theme::palette();
  const float letter = ImGui::GetFontSize(), inset = 1.5f * letter;
  list.AddRectFilled({at.x, at.y}, {at.x + at.width, at.y + at.height}, theme::colour(p.panel, 0.6f), 4);
  list.AddRect({at.x + inset, at.y + inset}, {at.x + at.width - inset, at.y + at.height - inset}, theme::colour(p.line), 8, 0, 1.5f);
  const char* lines[] = {"Drop a robot or a scene here", "YAML, MJCF, URDF or a compiled model. Ctrl+O opens by path, F1 shows all keys."};
  float y = at.y + at.height * 0.42f;
  for (int i = 0; i < 2; ++i) {
    ImFont& font = i == 0 ? *theme::large_font() : *ImGui::GetFont();
    const float wrap = at.width - 3 * inset;
    const ImVec2 extent = font.CalcTextSizeA(font.FontSize, 1e9f, wrap, lines[i]);
    list.AddText(&font, font.FontSize, {std::round(at.x + (at.width - extent.x) / 2), std::round(y)},
                 theme::colour(i == 0 ? p.text : p.quiet), lines[i], nullptr, wrap);
    y += extent.y + 0.6f * letter;
  }
}

}  // namespace

void viewport(Desk& desk, const Rectangle& place) {
  desk.shot.place =
      {std::round(place.x), std::round(place.y), std::max(16.0f, std::round(place.width)), std::max(16.0f, std::round(place.height))};
  const Rectangle& at = desk.shot.place;
  ImDrawList& list = *ImGui::GetWindowDrawList();
  if (!desk.has_scene()) return invitation(list, at);
  if (desk.large.eye >= 0) return large_stream(desk, at);
  ImGui::SetCursorScreenPos({at.x, at.y});
  ImGui::InvisibleButton("picture", {at.width, at.height},
                         ImGuiButtonFlags_MouseButtonLeft | ImGuiButtonFlags_MouseButtonRight | ImGuiButtonFlags_MouseButtonMiddle);
  ImGui::SetItemAllowOverlap();
  const bool hovered = ImGui::IsItemHovered(), active = ImGui::IsItemActive();
  const ImVec2 density = ImGui::GetIO().DisplayFramebufferScale;
  void* texture = desk.picture(uint32_t(at.width * density.x), uint32_t(at.height * density.y));

  make_shot(desk);
  // what is looked at is what is there now
  if (hovered && (ImGui::IsMouseClicked(ImGuiMouseButton_Left) || ImGui::IsMouseClicked(ImGuiMouseButton_Right))) make_frame(desk);
  const Camera before = desk.camera;
  if (!gizmo_mouse(desk, hovered, active)) viewport_mouse(desk, hovered, active);
  update_eye(desk);
  make_frame(desk);
  static bool turned = false;
  turned |= before.orbit.azimuth != desk.camera.orbit.azimuth || before.orbit.elevation != desk.camera.orbit.elevation;
  if (turned && !ImGui::IsMouseDown(ImGuiMouseButton_Left)) {
    turned = false;
    char line[64];
    std::snprintf(line, sizeof line, "orbited %.1f %.1f", double(desk.camera.orbit.azimuth) * 57.29578,
                  double(desk.camera.orbit.elevation) * 57.29578);
    desk.event(line);
  }

  list.AddImageRounded(texture, {at.x, at.y}, {at.x + at.width, at.y + at.height}, {0, 0}, {1, 1}, IM_COL32_WHITE, 4);
  list.PushClipRect({at.x, at.y}, {at.x + at.width, at.y + at.height}, true);
  draw_labels(desk, list);
  draw_gizmo(desk);
  draw_axes(desk, list, at);
  draw_force_legend(desk, list, at);
  draw_pull(desk, list);
  list.PopClipRect();
  chips(desk, at);
}

void overlays(Desk& desk, const Rectangle& view) {
  const theme::Palette& p = theme::palette();
  const float letter = ImGui::GetFontSize();
  ImDrawList& list = *ImGui::GetForegroundDrawList();

  // a short message
  const double left = desk.say_until - ImGui::GetTime();
  if (left > 0 && !desk.say_once.empty()) {
    const float opacity = float(std::min(1.0, left / 0.4));
    const float wrap = std::max(4 * letter, view.width - 4 * letter);
    const ImVec2 extent = ImGui::CalcTextSize(desk.say_once.c_str(), nullptr, false, wrap);
    const ImVec2 at{view.x + (view.width - extent.x) / 2, view.y + view.height - extent.y - 1.6f * letter};
    list.AddRectFilled({at.x - 0.8f * letter, at.y - 0.4f * letter}, {at.x + extent.x + 0.8f * letter, at.y + extent.y + 0.4f * letter},
                       theme::colour(p.raised, 0.95f * opacity), 4);
    list.AddText(ImGui::GetFont(), letter, at, theme::colour(p.text, opacity), desk.say_once.c_str(), nullptr, wrap);
  }

  // why a scene did not open; what was open before stays
  static std::string told;                         // a new complaint is shown, whatever was closed before
  const std::string first = desk.bench.errors().empty() ? "" : to_string(desk.bench.errors().front());
  if (first != told) desk.dismissed = false, desk.event(first.empty() ? "errors gone" : "error shown " + first.substr(0, first.find('\n')));
  told = first;
  if (first.empty() || desk.dismissed) return;
  const float width = std::min(view.width - 2 * letter, 46 * letter);
  ImGui::SetNextWindowPos({view.x + view.width / 2, view.y + 3 * letter}, ImGuiCond_Always, {0.5f, 0});
  ImGui::SetNextWindowSizeConstraints({width, 0}, {width, std::max(6 * letter, view.height - 4 * letter)});
  ImGui::PushStyleColor(ImGuiCol_WindowBg, p.panel);
  ImGui::PushStyleColor(ImGuiCol_Border, p.bad);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 1);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {letter, 0.8f * letter});
  constexpr ImGuiWindowFlags fixed =
      ImGuiWindowFlags_NoTitleBar | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_AlwaysAutoResize;
  if (ImGui::Begin("errors", nullptr, fixed)) {
    const auto& errors = desk.bench.errors();
    size_t count = 0;
    for (const Diagnostic& error : errors) count += error.severity == Severity::error;
    ImGui::TextColored(p.bad, count == 1 ? "This did not work: 1 error" : "This did not work: %zu errors", count);
    if (desk.has_scene()) theme::quiet_text("The scene that was open is as it was.");
    ImGui::Spacing();
    for (size_t i = 0; i < errors.size() && i < 20; ++i) {
      const Diagnostic& error = errors[i];
      if (!error.place.file.empty()) {
        std::string place = error.place.file.substr(error.place.file.find_last_of('/') + 1);
        if (error.place.line) place += ":" + std::to_string(error.place.line);
        if (error.place.line && error.place.column) place += ":" + std::to_string(error.place.column);
        ImGui::TextColored(p.accent, "%s", place.c_str());
        theme::tip(error.place.file.c_str());
      }
      ImGui::TextWrapped("%s", error.message.c_str());
      if (!error.hint.empty()) {
        ImGui::PushStyleColor(ImGuiCol_Text, p.quiet);
        ImGui::TextWrapped("%s", error.hint.c_str());
        ImGui::PopStyleColor();
      }
      ImGui::Spacing();
    }
    if (ImGui::Button("Close")) desk.dismissed = true;
    tell_item(desk, "close errors");
    ImGui::SameLine();
    if (ImGui::Button("Copy")) {
      std::string all;
      for (const Diagnostic& error : errors) all += to_string(error) + "\n";
      ImGui::SetClipboardText(all.c_str());
    }
  }
  ImGui::End();
  ImGui::PopStyleVar(2);
  ImGui::PopStyleColor(2);
}

}  // namespace nuri::editor
