#include "tools/editor/desk.h"
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <imgui/imgui.h>
#include "tools/editor/keep.h"

namespace nuri::editor {
namespace {

constexpr size_t most_remarks = 2000, most_recent = 12;
constexpr double notice_seconds = 2.5, doubt_seconds = 6;

std::string recent_path() {
  const char* config = std::getenv("XDG_CONFIG_HOME");
  const char* home = std::getenv("HOME");
  if (config && *config) return std::string(config) + "/nuri/recent";
  return home && *home ? std::string(home) + "/.config/nuri/recent" : "";
}

}  // namespace

std::vector<std::string> recent_files() {
  std::vector<std::string> paths;
  std::ifstream file(recent_path());
  for (std::string line; paths.size() < most_recent && std::getline(file, line);)
    if (!line.empty()) paths.push_back(line);
  return paths;
}

void remember_file(const std::string& path) {
  const std::string at = recent_path();
  if (at.empty()) return;
  std::error_code error;
  const std::filesystem::path whole = std::filesystem::absolute(path, error);
  if (error) return;
  std::vector<std::string> paths = recent_files();
  std::erase(paths, whole.string());
  paths.insert(paths.begin(), whole.string());
  if (paths.size() > most_recent) paths.resize(most_recent);
  std::filesystem::create_directories(std::filesystem::path(at).parent_path(), error);
  std::ofstream file(at);
  for (const std::string& one : paths) file << one << '\n';   // a list that cannot be written is not worth an error
}

void Desk::event(const std::string& line) {
  if (!speaks) return;
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

void Desk::remark(Severity severity, const std::string& text) {
  if (console.size() >= most_remarks) console.erase(console.begin(), console.begin() + most_remarks / 4);
  console.push_back({severity, text});
}

void Desk::notify(const std::string& text) {
  say_once = text;
  say_until = ImGui::GetTime() + notice_seconds;
}

bool Desk::sure(const std::string& what) {
  if (!has_scene() || !bench.changed()) return true;
  if (std::exchange(asked_, what) == what && ImGui::GetTime() < asked_until_) return asked_.clear(), true;
  notify("Changes are not saved: Ctrl+S saves them. Once more to " + what + " without them");
  say_until = asked_until_ = ImGui::GetTime() + doubt_seconds;
  event("not sure to " + what);
  return false;
}

void Desk::take_over(bool same) {
  dismissed = false;
  pull.on = false;
  for (const Diagnostic& one : bench.session().loaded().report)
    if (one.severity != Severity::note) remark(one.severity, to_string(one));
  bench.focus = std::clamp(bench.focus, 0, world().environments() - 1);
  bench.shown = std::clamp(bench.shown, 1, world().environments());
  std::erase_if(plots, [this](const Series& one) { return one.item >= world().columns(one.field, bench.focus); });
  if (same) return;
  for (Series& one : plots) one.samples.clear();
  chosen = {};
  camera.of_model = -1;
  show_all();
}

void Desk::open_policy(const std::string& path) {
  if (bench.open_policy(path)) {
    take_over(true);
    remark(Severity::note, path.empty() ? "no policy drives" : "policy " + path);
    event(path.empty() ? "policy removed" : "policy " + path);
    return;
  }
  dismissed = false;
  for (const Diagnostic& one : bench.errors()) remark(one.severity, to_string(one));
  event("failed " + (bench.errors().empty() ? "unknown" : bench.errors().front().code));
}

void Desk::open(const std::string& path) {
  if (path.ends_with(".policy")) return open_policy(path);
  const bool same = has_scene() && path == bench.path();
  if (!sure(same ? "load it again" : "open " + path.substr(path.find_last_of('/') + 1))) return;
  const auto before = hold_model(*this);
  if (bench.open(path)) {
    if (same && before) keep_by_name(*this, *before);
    take_over(same);
    remember_file(path);
    remark(Severity::note, "opened " + path);
    event("opened " + path);
    return;
  }
  dismissed = false;
  for (const Diagnostic& one : bench.errors()) remark(one.severity, to_string(one));
  const std::string code = bench.errors().empty() ? "unknown" : bench.errors().front().code;
  event("failed " + code);
}

void Desk::open_recorded(uint64_t environment) {
  if (bench.open_recording(bench.path(), environment)) {
    take_over(false);
    event("environment " + std::to_string(environment) + " of the recording");
    return;
  }
  dismissed = false;
  for (const Diagnostic& one : bench.errors()) remark(one.severity, to_string(one));
  event("failed " + (bench.errors().empty() ? "unknown" : bench.errors().front().code));
}

void Desk::open_again() {
  if (!has_scene()) return;
  open(bench.path());
}

void Desk::save(const std::string& path) {
  if (bench.save(path)) {
    remark(Severity::note, "saved " + path);
    notify("Saved " + path);
    event("saved " + path);
    return;
  }
  dismissed = false;
  for (const Diagnostic& one : bench.errors()) remark(one.severity, to_string(one));
  event("not saved " + path);
}

void Desk::select(const Thing& thing, bool scroll) {
  chosen = thing;
  reveal = scroll;
  const int body = thing.index < 0 ? -1 : body_of(model(), thing);
  bench.selected = {bench.focus, body, thing.kind == Kind::geom ? thing.index : -1};
  bench.show.selected_body = body;
  bench.show.selected_environment = uint32_t(bench.focus);
  if (thing.index < 0) gizmo = Gizmo::none;
  const std::string kind = thing.kind == Kind::body ? "" : std::string(word(thing.kind)) + " ";
  event(thing.index < 0 ? "selected nothing" : "selected " + kind + name_of(model(), thing));
}

void Desk::follow_selection() {
  if (chosen.kind != Kind::geom || chosen.index < 0) return;
  chosen = bench.selected.geom >= 0 ? Thing{Kind::geom, bench.selected.geom} : Thing{Kind::body, bench.selected.body};
}

void Desk::select(const Pick& pick) {
  if (pick.body >= 0 && pick.environment >= 0 && pick.environment < world().environments()) bench.focus = pick.environment;
  select(Thing{Kind::body, pick.body});
  bench.selected = pick;
}

void Desk::add_plot(StateField field, int item, const std::string& name, const std::string& unit) {
  for (const Series& one : plots)
    if (one.field == field && one.item == item) return;
  Series one;
  one.name = name, one.unit = unit, one.field = field, one.item = item;
  plots.push_back(std::move(one));
  event("plotting " + name);
}

void Desk::sample_plots() {
  if (!has_scene()) return;
  const double now = bench.time();
  const bool looking_back = now + 1e-9 < bench.span().newest;   // scrubbing through what was: known already
  for (Series& one : plots) {
    if (one.item >= world().columns(one.field, bench.focus)) continue;
    if (looking_back && !one.samples.empty() && one.samples.back().time >= now) continue;
    one.add(now, float(world().get(one.field, bench.focus, one.item)));
  }
}

// ---- points between world and window

float length(const view::Vec3f& a) { return std::sqrt(dot(a, a)); }
view::Vec3f column(const view::Eye& eye, int axis) { return {eye.axes[axis], eye.axes[3 + axis], eye.axes[6 + axis]}; }

Pixel pixel_of(const Shot& shot, const view::Vec3f& point) {
  float c[4];
  for (int row = 0; row < 4; ++row) {
    const float* m = shot.clip.data() + 4 * row;
    c[row] = m[0] * point[0] + m[1] * point[1] + m[2] * point[2] + m[3];
  }
  if (c[3] <= 1e-6f) return {0, 0, false};
  return {shot.place.x + (c[0] / c[3] * 0.5f + 0.5f) * shot.place.width, shot.place.y + (c[1] / c[3] * 0.5f + 0.5f) * shot.place.height,
          true};
}

view::Vec3f direction_at(const Shot& shot, float x, float y) {
  const float half = std::tan(shot.eye.fovy / 2), aspect = shot.place.width / std::max(1.0f, shot.place.height);
  const float u = 2 * (x - shot.place.x) / std::max(1.0f, shot.place.width) - 1,
      v = 1 - 2 * (y - shot.place.y) / std::max(1.0f, shot.place.height);
  return u * half * aspect * column(shot.eye, 0) + v * half * column(shot.eye, 1) - column(shot.eye, 2);
}

namespace {

view::Vec3f rotate(const float* q, const view::Vec3f& v, bool back) {   // q: w x y z
  const float s = back ? -1.0f : 1.0f;
  const view::Vec3f u{s * q[1], s * q[2], s * q[3]};
  auto cross = [](const view::Vec3f& a, const view::Vec3f& b) {
    return view::Vec3f{a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
  };
  const view::Vec3f t = 2 * cross(u, v);
  return v + q[0] * t + cross(u, t);
}

}  // namespace

view::Vec3f from_body(const view::Poses& poses, int body, const view::Vec3f& in_body) {
  const float* p = poses.position.data() + 3 * body;
  return poses.offset + view::Vec3f{p[0], p[1], p[2]} + rotate(poses.rotation.data() + 4 * body, in_body, false);
}

view::Vec3f into_body(const view::Poses& poses, int body, const view::Vec3f& point) {
  const float* p = poses.position.data() + 3 * body;
  return rotate(poses.rotation.data() + 4 * body, point - poses.offset - view::Vec3f{p[0], p[1], p[2]}, true);
}

const view::Poses* poses_of(const Shot& shot, int environment) {
  for (const view::Poses& one : shot.poses)
    if (int(one.environment) == environment) return &one;
  return nullptr;
}

}  // namespace nuri::editor
