// Gizmo: handles to move or turn a model that the scene places, drawn over the picture at the selected body. What is dragged is a motion of
// the world: x -> R (x - origin) + origin + shift, which the model's placement follows; so it does not matter where the body is by now. A
// number typed while a handle is held is the whole way, in metres or degrees; the mouse counts no longer then.
#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>
#include <imgui/imgui.h>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <optional>
#include "tools/editor/input.h"
#include "tools/editor/panels.h"
#include "tools/editor/tell.h"
#include "tools/editor/theme.h"

namespace nuri::editor {
namespace {

using view::Vec3f;
using Quaternion = std::array<double, 4>;          // w x y z

constexpr float handle_letters = 6, near_pixels = 9;
constexpr double degrees = 57.29577951308232;      // in one rad
constexpr double move_snap = 0.05, turn_snap = 15 / degrees;   // m, rad
constexpr int ring_points = 48;
constexpr size_t longest_typed = 12;

struct Drag {
  int axis = -1;                                   // being dragged; -1: none
  Placement from;
  Vec3f origin{};                                  // in the picture's world
  std::array<Vec3f, 3> axes{};
  float begin = 0;                                 // m along the axis, rad about it
  double amount = 0;                               // since then
  std::string typed, text_before;                  // typed: "" while the mouse counts; text_before: the scene's
  bool entered = false, cancelled = false;         // by a key
};
Drag drag;
bool spent = false;                                // a key ended the drag: the button that is still down means nothing more
int under = -1;                                    // the axis below the mouse

Quaternion multiply(const Quaternion& a, const Quaternion& b) {
  return {a[0] * b[0] - a[1] * b[1] - a[2] * b[2] - a[3] * b[3], a[0] * b[1] + a[1] * b[0] + a[2] * b[3] - a[3] * b[2],
          a[0] * b[2] - a[1] * b[3] + a[2] * b[0] + a[3] * b[1], a[0] * b[3] + a[1] * b[2] - a[2] * b[1] + a[3] * b[0]};
}

Vec3f turned(const Quaternion& q, const Vec3f& v) {
  const Quaternion r = multiply(multiply(q, {0, v[0], v[1], v[2]}), {q[0], -q[1], -q[2], -q[3]});
  return {float(r[1]), float(r[2]), float(r[3])};
}

Vec3f cross(const Vec3f& a, const Vec3f& b) { return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]}; }

// The model below the selection, if it can be placed now.
std::optional<Placement> placed(Desk& desk) {
  if (desk.gizmo == Gizmo::none || desk.bench.running || desk.bench.selected.body <= 0) return {};
  return desk.bench.placement_of(desk.bench.selected);
}

void stand(Desk& desk, const Placement& placement, const view::Poses& poses) {
  drag.from = placement;
  drag.origin = from_body(poses, desk.bench.selected.body, {0, 0, 0});
  for (int axis = 0; axis < 3; ++axis) {
    Vec3f unit{};
    unit[axis] = 1;
    drag.axes[axis] = desk.gizmo_local ? turned(placement.rotation, unit) : unit;
  }
}

// World length of the handles: the same in pixels at any distance.
float handle_length(const Desk& desk) {
  const float depth = std::max(1e-3f, -dot(drag.origin - desk.shot.eye.position, column(desk.shot.eye, 2)));
  return handle_letters * ImGui::GetFontSize() * 2 * depth * std::tan(desk.shot.eye.fovy / 2) / std::max(1.0f, desk.shot.place.height);
}

std::pair<Vec3f, Vec3f> across(const Vec3f& axis) {
  const Vec3f other = std::fabs(axis[2]) < 0.8f ? Vec3f{0, 0, 1} : Vec3f{1, 0, 0};
  Vec3f u = cross(axis, other);
  u = (1 / length(u)) * u;
  return {u, cross(axis, u)};
}

float ring_angle(int i) { return 6.2831853f * float(i) / ring_points; }

Vec3f ring_point(int axis, float reach, float angle) {
  const auto [u, v] = across(drag.axes[axis]);
  return drag.origin + (reach * std::cos(angle)) * u + (reach * std::sin(angle)) * v;
}

float distance_to_segment(ImVec2 p, Pixel a, Pixel b) {
  if (!a.before || !b.before) return 1e9f;
  const float x = b.x - a.x, y = b.y - a.y, squared = std::max(1e-6f, x * x + y * y);
  const float t = std::clamp(((p.x - a.x) * x + (p.y - a.y) * y) / squared, 0.0f, 1.0f);
  return std::hypot(p.x - a.x - t * x, p.y - a.y - t * y);
}

float distance_to_handle(const Desk& desk, int axis, float reach, ImVec2 mouse) {   // pixels
  if (desk.gizmo == Gizmo::move)
    return distance_to_segment(mouse, pixel_of(desk.shot, drag.origin), pixel_of(desk.shot, drag.origin + reach * drag.axes[axis]));
  float distance = 1e9f;
  for (int i = 0; i < ring_points; ++i)
    distance = std::min(distance, distance_to_segment(mouse, pixel_of(desk.shot, ring_point(axis, reach, ring_angle(i))),
                                                      pixel_of(desk.shot, ring_point(axis, reach, ring_angle(i + 1)))));
  return distance;
}

int axis_at(const Desk& desk, ImVec2 mouse) {
  const float reach = handle_length(desk);
  int nearest = -1;
  float least = near_pixels;
  for (int axis = 0; axis < 3; ++axis)
    if (const float distance = distance_to_handle(desk, axis, reach, mouse); distance < least) least = distance, nearest = axis;
  return nearest;
}

// Where on the axis the mouse's ray passes it nearest, or at which angle the ray meets the plane of the ring.
std::optional<float> measure(const Desk& desk, int axis, ImVec2 mouse) {
  const Vec3f ray = direction_at(desk.shot, mouse.x, mouse.y), a = drag.axes[axis], w = drag.origin - desk.shot.eye.position;
  if (desk.gizmo == Gizmo::move) {
    const float rr = dot(ray, ray), ra = dot(ray, a), bottom = rr - ra * ra;   // a is a unit vector
    if (bottom < 1e-5f * rr) return {};
    return (ra * dot(w, ray) - rr * dot(w, a)) / bottom;
  }
  const float towards = dot(ray, a);
  if (std::fabs(towards) < 1e-4f * length(ray)) return {};
  const Vec3f at = (dot(w, a) / towards) * ray - w;
  const auto [u, v] = across(a);
  return std::atan2(dot(at, v), dot(at, u));
}

const std::string& dragged_name() { return drag.from.name.empty() ? drag.from.file : drag.from.name; }

void place(Desk& desk, const view::Poses& poses, double amount) {
  if (amount == drag.amount) return;
  drag.amount = amount;
  Vec3f position{float(drag.from.position[0]), float(drag.from.position[1]), float(drag.from.position[2])};
  Quaternion rotation = drag.from.rotation;
  const Vec3f& axis = drag.axes[drag.axis];
  if (desk.gizmo == Gizmo::move) {
    position = position + float(amount) * axis;
  } else {
    const double s = std::sin(amount / 2);
    const Quaternion turn{std::cos(amount / 2), s * axis[0], s * axis[1], s * axis[2]};
    const Vec3f origin = drag.origin - poses.offset;
    position = origin + turned(turn, position - origin);
    rotation = multiply(turn, rotation);
  }
  desk.bench.place_model(dragged_name(), position, rotation);
}

// As far as the number typed says, or the mouse.
void follow(Desk& desk, const view::Poses& poses) {
  const bool moves = desk.gizmo == Gizmo::move;
  if (!drag.typed.empty()) {
    double number = 0;                             // of "-" and "." too
    std::from_chars(drag.typed.data(), drag.typed.data() + drag.typed.size(), number);
    return place(desk, poses, moves ? number : number / degrees);
  }
  const auto now = measure(desk, drag.axis, ImGui::GetIO().MousePos);
  if (!now) return;
  double amount = double(*now) - double(drag.begin);
  if (!moves) amount = drag.amount + std::remainder(amount - drag.amount, 360 / degrees);   // more than one turn
  const double snap = moves ? move_snap : turn_snap;
  if (ImGui::GetIO().KeyCtrl) amount = std::round(amount / snap) * snap;
  place(desk, poses, amount);
}

void end_drag(Desk& desk) {
  const bool moves = desk.gizmo == Gizmo::move, back = drag.cancelled;
  desk.bench.end_gesture();
  if (back && desk.bench.text() != drag.text_before) desk.bench.undo();
  char line[64];
  std::snprintf(line, sizeof line, moves ? " by %.6g m along %c" : " by %.6g degrees about %c", moves ? drag.amount : drag.amount * degrees,
                "xyz"[drag.axis]);
  desk.event((moves ? "placed " : "turned ") + dragged_name() + (back ? " not at all" : line));
  drag.axis = -1;
}

// For scripts: the point of each handle that is farthest from the others, and one a little further on the way that it can go.
void tell_handles(Desk& desk) {
  if (!desk.speaks) return;
  const bool moves = desk.gizmo == Gizmo::move;
  const float reach = handle_length(desk);
  for (int axis = 0; axis < 3; ++axis) {
    float farthest = 0, angle = 0;
    for (int i = 0; i < ring_points && !moves; ++i) {
      const Pixel at = pixel_of(desk.shot, ring_point(axis, reach, ring_angle(i)));
      if (!at.before) continue;
      const float free = std::min(distance_to_handle(desk, (axis + 1) % 3, reach, {at.x, at.y}),
                                  distance_to_handle(desk, (axis + 2) % 3, reach, {at.x, at.y}));
      if (free > farthest) farthest = free, angle = ring_angle(i);
    }
    const Vec3f along = reach * drag.axes[axis];
    const Pixel at = pixel_of(desk.shot, moves ? drag.origin + 0.8f * along : ring_point(axis, reach, angle));
    const Pixel to = pixel_of(desk.shot, moves ? drag.origin + 1.3f * along : ring_point(axis, reach, angle + 0.8f));
    if (!at.before || !to.before || axis_at(desk, {at.x, at.y}) != axis) continue;
    const std::string name = std::string("handle ") + "xyz"[axis];
    tell_place(desk, name, {at.x, at.y, 1, 1});
    tell_place(desk, name + " further", {to.x, to.y, 1, 1});
  }
}

}  // namespace

void start_gizmo(Desk& desk, Gizmo gizmo) {
  const bool off = desk.gizmo == gizmo;
  desk.gizmo = Gizmo::none;
  if (off) return;
  if (desk.bench.selected.body <= 0) return desk.notify("Select something first: a double click");
  if (!desk.bench.placement_of(desk.bench.selected))
    return desk.notify("The scene does not place this: it is part of a model that stands alone");
  desk.gizmo = gizmo;
  desk.bench.running = false;
}

bool gizmo_mouse(Desk& desk, bool hovered, bool active) {
  const ImGuiIO& io = ImGui::GetIO();
  const std::optional<Placement> placement = placed(desk);
  const view::Poses* poses = placement ? poses_of(desk.shot, desk.bench.selected.environment) : nullptr;
  under = -1;
  if (spent) {
    spent = ImGui::IsMouseDown(ImGuiMouseButton_Left);
    return true;
  }
  if (!poses) {
    if (drag.axis >= 0) end_drag(desk);
    return false;
  }
  if (drag.axis < 0) {
    stand(desk, *placement, *poses);
    tell_handles(desk);
    under = hovered ? axis_at(desk, io.MousePos) : -1;
    if (under < 0 || !ImGui::IsMouseClicked(ImGuiMouseButton_Left)) return under >= 0;
    const auto begin = measure(desk, under, io.MousePos);
    if (!begin) return true;
    drag.axis = under;
    drag.begin = *begin;
    drag.amount = 0;
    drag.typed.clear();
    drag.text_before = desk.bench.text();
    drag.entered = drag.cancelled = false;
    return true;
  }
  under = drag.axis;
  const bool held = active && ImGui::IsMouseDown(ImGuiMouseButton_Left);
  follow(desk, *poses);                            // where it was let go, too: frames may be slow
  if (held && !drag.entered && !drag.cancelled) return true;
  spent = held;
  end_drag(desk);
  return true;
}

// While a handle is held all keys are its own.
bool gizmo_key(const KeyPress& press) {
  if (drag.axis < 0) return false;
  std::string& typed = drag.typed;
  const int key = press.key == ',' ? '.' : press.key;
  const bool minus = !typed.empty() && typed[0] == '-';
  if (key == GLFW_KEY_ESCAPE) drag.cancelled = true;
  else if (key == GLFW_KEY_ENTER || key == GLFW_KEY_KP_ENTER) drag.entered = true;
  else if (key == GLFW_KEY_BACKSPACE && !typed.empty()) typed.pop_back();
  else if (key == '-' || key == GLFW_KEY_KP_SUBTRACT) typed = minus ? typed.substr(1) : "-" + typed;
  else if (typed.size() < longest_typed && ((key >= '0' && key <= '9') || (key == '.' && typed.find('.') == std::string::npos)))
    typed += char(key);
  return true;
}

void draw_gizmo(Desk& desk) {
  if (!placed(desk) || length(drag.axes[0]) == 0) return;
  ImDrawList& list = *ImGui::GetWindowDrawList();
  const ImU32 colours[] = {IM_COL32(229, 83, 75, 255), IM_COL32(79, 180, 119, 255), IM_COL32(91, 156, 245, 255)};
  const float reach = handle_length(desk);
  Vec3f origin = drag.origin;
  if (drag.axis >= 0 && desk.gizmo == Gizmo::move) origin = origin + float(drag.amount) * drag.axes[drag.axis];
  const Pixel centre = pixel_of(desk.shot, origin);
  if (!centre.before) return;
  for (int axis = 0; axis < 3; ++axis) {
    const ImU32 colour = axis == under ? theme::colour(theme::palette().accent) : colours[axis];
    if (desk.gizmo == Gizmo::move) {
      const Pixel end = pixel_of(desk.shot, origin + reach * drag.axes[axis]);
      if (!end.before) continue;
      const float x = end.x - centre.x, y = end.y - centre.y, far = std::max(1e-3f, std::hypot(x, y)), u = x / far, v = y / far;
      list.AddLine({centre.x, centre.y}, {end.x, end.y}, colour, 3);
      if (far > 10)
        list.AddTriangleFilled({end.x + 12 * u, end.y + 12 * v}, {end.x - 6 * v, end.y + 6 * u}, {end.x + 6 * v, end.y - 6 * u}, colour);
    } else {
      for (int i = 0; i < ring_points; ++i) {
        const Pixel a = pixel_of(desk.shot, ring_point(axis, reach, ring_angle(i))),
            b = pixel_of(desk.shot, ring_point(axis, reach, ring_angle(i + 1)));
        if (a.before && b.before) list.AddLine({a.x, a.y}, {b.x, b.y}, colour, 2.5f);
      }
    }
  }
  list.AddCircleFilled({centre.x, centre.y}, 4, theme::colour(theme::palette().text));
  if (drag.axis < 0) return;
  char text[48];
  const bool moves = desk.gizmo == Gizmo::move;
  if (!drag.typed.empty()) std::snprintf(text, sizeof text, "%c %s| %s", "xyz"[drag.axis], drag.typed.c_str(), moves ? "m" : "\xc2\xb0");
  else std::snprintf(text, sizeof text, moves ? "%c %+.3f m" : "%c %+.1f\xc2\xb0", "xyz"[drag.axis],
                     moves ? drag.amount : drag.amount * degrees);
  const ImVec2 mouse = ImGui::GetIO().MousePos, extent = ImGui::CalcTextSize(text), at{mouse.x + 18, mouse.y + 6};
  list.AddRectFilled({at.x - 6, at.y - 3}, {at.x + extent.x + 6, at.y + extent.y + 3}, theme::colour(theme::palette().panel, 0.9f), 4);
  list.AddText(at, theme::colour(theme::palette().accent), text);
}

// Numbers of the same thing, in the inspector: position, and turns about x, y, z in this order, in degrees.
void placement_rows(Desk& desk) {
  const std::optional<Placement> now = desk.bench.selected.body > 0 ? desk.bench.placement_of(desk.bench.selected) : std::nullopt;
  if (!now) return;
  const bool open = ImGui::CollapsingHeader("Placement in the scene");
  tell_item(desk, "placement");
  if (!open) return;
  ImGui::BeginDisabled(desk.bench.running);
  const auto& q = now->rotation;
  Vec3f position{float(now->position[0]), float(now->position[1]), float(now->position[2])};
  float angles[3] = {float(degrees * std::atan2(2 * (q[0] * q[1] + q[2] * q[3]), 1 - 2 * (q[1] * q[1] + q[2] * q[2]))),
                     float(degrees * std::asin(std::clamp(2 * (q[0] * q[2] - q[3] * q[1]), -1.0, 1.0))),
                     float(degrees * std::atan2(2 * (q[0] * q[3] + q[1] * q[2]), 1 - 2 * (q[2] * q[2] + q[3] * q[3])))};
  ImGui::SetNextItemWidth(-1);
  bool changed = ImGui::DragFloat3("##position", position.data(), 0.005f, 0, 0, "%.4f m");
  theme::tip("Where the scene puts the model: x, y, z");
  tell_item(desk, "placement position");
  const bool moved = ImGui::IsItemDeactivatedAfterEdit();
  ImGui::SetNextItemWidth(-1);
  Quaternion rotation = q;
  if (ImGui::DragFloat3("##turn", angles, 0.5f, 0, 0, "%.2f\xc2\xb0")) {
    changed = true;
    rotation = {1, 0, 0, 0};
    for (int axis = 0; axis < 3; ++axis) {
      Quaternion turn{std::cos(double(angles[axis]) / degrees / 2), 0, 0, 0};
      turn[size_t(axis) + 1] = std::sin(double(angles[axis]) / degrees / 2);
      rotation = multiply(turn, rotation);
    }
  }
  theme::tip("How the scene turns the model: about the world's x, then y, then z");
  tell_item(desk, "placement turn");
  const bool turned_now = ImGui::IsItemDeactivatedAfterEdit();
  if (changed) desk.bench.place_model(now->name.empty() ? now->file : now->name, position, rotation);
  if (moved || turned_now) {
    desk.bench.end_gesture();
    desk.event("placed " + (now->name.empty() ? now->file : now->name) + " by numbers");
  }
  ImGui::EndDisabled();
  if (desk.bench.running) theme::quiet_text("Pause (Space) to move it. W and E give handles.");
}

}  // namespace nuri::editor
