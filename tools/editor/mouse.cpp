#include <imgui/imgui.h>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include "tools/editor/input.h"
#include "tools/editor/panels.h"
#include "tools/editor/tell.h"

namespace nuri::editor {
namespace {

constexpr float half_turn = 3.14159265f;
constexpr float steepest = 1.5690f;                // rad: just short of straight down, where left and right would flip
constexpr float nearest = 1e-3f, farthest = 1e4f;  // m, of the camera from its point

// Leaves a camera of the model without moving: the free camera looks the same way.
void free_camera(Desk& desk) {
  if (desk.camera.of_model < 0) return;
  const view::Vec3f along = -1.0f * column(desk.shot.eye, 2);
  view::Orbit& orbit = desk.camera.orbit;
  orbit.azimuth = std::atan2(along[1], along[0]);
  orbit.elevation = std::clamp(std::asin(std::clamp(along[2], -1.0f, 1.0f)), -steepest, steepest);
  orbit.at = desk.shot.eye.position + orbit.distance * along;
  desk.camera.of_model = -1;
}

void orbit(Desk& desk, ImVec2 moved) {
  free_camera(desk);
  const float turn = half_turn / std::max(1.0f, desk.shot.place.height);
  view::Orbit& o = desk.camera.orbit;
  o.azimuth = std::remainder(o.azimuth - moved.x * turn, 2 * half_turn);
  o.elevation = std::clamp(o.elevation - moved.y * turn, -steepest, steepest);
}

void pan(Desk& desk, ImVec2 moved, bool horizontal) {
  free_camera(desk);
  view::Orbit& o = desk.camera.orbit;
  const float metres = 2 * o.distance * std::tan(desk.shot.eye.fovy / 2) / std::max(1.0f, desk.shot.place.height);
  const view::Vec3f up = horizontal ? view::Vec3f{std::cos(o.azimuth), std::sin(o.azimuth), 0} : column(desk.shot.eye, 1);
  o.at = o.at - metres * moved.x * column(desk.shot.eye, 0) + metres * moved.y * up;
}

void zoom(Desk& desk, float notches) {
  free_camera(desk);
  view::Orbit& o = desk.camera.orbit;
  o.distance = std::clamp(o.distance * std::exp(-0.12f * notches), nearest, farthest);
}

void begin_pull(Desk& desk, ImVec2 mouse) {
  const Hit hit = desk.look_at(mouse.x, mouse.y);
  const view::Poses* poses = hit.pick.body > 0 ? poses_of(desk.shot, hit.pick.environment) : nullptr;
  if (!poses) return;
  desk.pull = {hit.pick, into_body(*poses, hit.pick.body, hit.point), hit.point, true};
  if (!desk.bench.running) desk.notify("Time stands still: Space lets the spring pull");
}

// In the plane through the point where it was taken, parallel to the picture.
void go_on_pulling(Desk& desk, ImVec2 mouse) {
  const view::Poses* poses = poses_of(desk.shot, desk.pull.pick.environment);
  if (!poses) return end_pull(desk);
  const float depth = -dot(desk.pull.to - desk.shot.eye.position, column(desk.shot.eye, 2));
  desk.pull.to = desk.shot.eye.position + std::max(depth, desk.shot.eye.near) * direction_at(desk.shot, mouse.x, mouse.y);
  desk.bench.pull(desk.pull.pick, desk.pull.in_body, desk.pull.to - poses->offset);
}

// For scripts: where the selected body is drawn.
void tell_selected(Desk& desk) {
  const view::Poses* poses = desk.bench.selected.body > 0 ? poses_of(desk.shot, desk.bench.selected.environment) : nullptr;
  if (!desk.speaks || !poses) return;
  const Pixel at = pixel_of(desk.shot, from_body(*poses, desk.bench.selected.body, {0, 0, 0}));
  if (at.before) tell_place(desk, "selected", {at.x, at.y, 1, 1});
}

}  // namespace

void end_pull(Desk& desk) {
  if (!desk.pull.on) return;
  desk.pull.on = false;
  char force[32];
  std::snprintf(force, sizeof force, "%.4g", desk.bench.pulling());
  desk.bench.let_go();
  desk.event("pulled " + name_of(desk.model(), Thing{Kind::body, desk.pull.pick.body}) + " with " + force + " N");
}

void update_eye(Desk& desk) {
  Shot& shot = desk.shot;
  const float aspect = shot.place.width / std::max(1.0f, shot.place.height);
  const view::Poses* focus = poses_of(shot, desk.bench.focus);
  if (desk.camera.of_model >= int(desk.model().look.cameras.size()) || !focus) desk.camera.of_model = -1;
  if (desk.camera.of_model >= 0) {
    shot.eye = view::camera_eye(desk.model(), desk.camera.of_model, *focus);
  } else {
    const view::Orbit& o = desk.camera.orbit;
    shot.eye = view::orbit_eye(o.at, o.distance, o.azimuth, o.elevation, desk.camera.fovy);
    shot.eye.near = std::clamp(0.01f * o.distance, 1e-4f, 0.1f);
  }
  shot.clip = view::clip_from_world(shot.eye, aspect);
}

void viewport_mouse(Desk& desk, bool hovered, bool active) {
  const ImGuiIO& io = ImGui::GetIO();
  if (!desk.has_scene()) return;
  tell_selected(desk);
  if (desk.pull.on) {
    if (!ImGui::IsMouseDown(ImGuiMouseButton_Right) && !ImGui::IsMouseDown(ImGuiMouseButton_Left)) end_pull(desk);
    else go_on_pulling(desk, io.MousePos);
    return;
  }
  if (hovered && ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left)) {
    const Hit hit = desk.look_at(io.MousePos.x, io.MousePos.y);
    if (hit.pick.body > 0) desk.select(hit.pick);
    else desk.select(Thing{});
    return;
  }
  if (hovered && ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Right)) {
    const Hit hit = desk.look_at(io.MousePos.x, io.MousePos.y);
    if (hit.anything) {
      free_camera(desk);
      desk.camera.orbit.at = hit.point;
      desk.event("centred");
    }
    return;
  }
  if (hovered && io.KeyCtrl && (ImGui::IsMouseClicked(ImGuiMouseButton_Right) || ImGui::IsMouseClicked(ImGuiMouseButton_Left)))
    return begin_pull(desk, io.MousePos);
  if (hovered && io.MouseWheel != 0) zoom(desk, io.MouseWheel);
  if (!active) return;
  if (ImGui::IsMouseDragging(ImGuiMouseButton_Left, 1)) orbit(desk, io.MouseDelta);
  else if (ImGui::IsMouseDragging(ImGuiMouseButton_Right, 1)) pan(desk, io.MouseDelta, io.KeyShift);
  else if (ImGui::IsMouseDragging(ImGuiMouseButton_Middle, 1)) zoom(desk, io.MouseDelta.y * -0.05f);
}

}  // namespace nuri::editor
