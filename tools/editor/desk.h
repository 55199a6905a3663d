// Desk: what the panels of the window share. The workbench does the work; here is what only a person at a screen has: a camera, what is
// shown and how, plots, a console, dialogues, the picture of the moment. Panels draw from it and change it; the window owns it.
#pragma once
#include <array>
#include <deque>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <vector>
#include "render/raster/raster.h"
#include "tools/editor/plot.h"
#include "tools/editor/workbench/streams.h"
#include "tools/editor/workbench/thing.h"
#include "tools/editor/workbench/workbench.h"

namespace nuri::editor {

struct Rectangle {
  float x = 0, y = 0, width = 0, height = 0;
  bool operator==(const Rectangle&) const = default;
};

// A free camera about a point, or one of the model's.
struct Camera {
  view::Orbit orbit{{0, 0, 0.5f}, 4, 1.5707963f, -0.35f};
  float fovy = 0.7853982f;                         // rad
  int of_model = -1;
};

// The picture of the moment: made by the viewport, drawn by the window after all panels.
struct Shot {
  Rectangle place;                                 // in the window, pixels
  std::vector<view::Poses> poses;
  view::Eye eye;
  std::array<float, 16> clip{};                    // clip space from world
  view::Frame frame;
};

// What lies under a pixel.
struct Hit {
  Pick pick;                                       // body -1: nothing
  view::Vec3f point{};                             // in the picture's world: m
  bool anything = false;
};

// A point of a body that is being pulled.
struct Pull {
  Pick pick;
  view::Vec3f in_body{}, to{};                     // m; `to` in the picture's world
  bool on = false;
};

enum class Gizmo { none, move, turn };
enum class Dialog { none, open, save, keys, commands };
// A line of the console.
struct Remark { Severity severity; std::string text; };

struct Desk {
  explicit Desk(Workbench& bench) : bench(bench) {}

  Workbench& bench;
  Camera camera;
  Shot shot;
  Pull pull;
  raster::Style style;
  bool contacts = false, forces = false;           // shown
  bool left = true, right = true, bottom = true;   // panels
  float left_share = 0.18f, right_share = 0.22f, bottom_share = 0.27f;   // of the window
  bool light = false;
  float letters = 1;                               // font size beside the display's own scale
  bool restyle = false;                            // colours or letters changed
  Dialog dialog = Dialog::none;
  std::string dialog_text;                         // path or command typed
  Gizmo gizmo = Gizmo::none;
  bool gizmo_local = false;
  Thing chosen;                                    // in the outliner and the inspector; its body is Workbench::selected
  bool reveal = false;                             // the outliner scrolls to it
  bool frame_all = false;                          // the camera looks at everything with the next picture
  bool dismissed = false;                          // the errors of the last load
  bool quit = false;
  std::string say_once;                            // a short message over the viewport
  double say_until = 0;
  bool clouds = false;                             // of lidars, in the picture
  bool sensors_seen = false;                       // their tab was drawn
  struct Stream { int eye = -1; uint32_t output = 0; } large;   // shown over the viewport; eye -1: none
  std::vector<Remark> console;
  std::vector<Series> plots;
  std::deque<double> frame_times;                  // ms, the newest last
  std::string device;                              // its name
  bool speaks = false;                             // a line on standard output per event

  // of the window
  std::function<void*(uint32_t width, uint32_t height)> picture;   // an ImTextureID for this frame's picture of the viewport
  std::function<Hit(float x, float y)> look_at;                    // pixel of the window
  std::function<std::vector<raster::PassTime>()> pass_times;
  std::function<void*(uint32_t number, uint32_t width, uint32_t height, std::span<const uint8_t> rgba)> moving;   // raster::Ui's

  bool has_scene() const { return bench.is_open(); }
  World& world() { return bench.session().world(); }
  const model::Model& model() { return world().model(bench.focus); }   // of the environment that panels speak of
  void open(const std::string& path);              // a scene or recording, asks if changes are not saved; or a .policy, which then drives it
  void open_policy(const std::string& path);       // "": none drives any more
  void open_recorded(uint64_t environment);        // another environment of the recording that is open, by its id
  void open_again();                               // its files changed, or somebody wants it so
  void save(const std::string& path);
  void select(const Thing& thing, bool scroll = true);
  void select(const Pick& pick);
  void follow_selection();                         // a change may have given the selected geom another number
  void show_all() { frame_all = true; }
  void add_plot(StateField field, int item, const std::string& name, const std::string& unit);
  void sample_plots();                             // once a frame
  bool sure(const std::string& what);              // true if nothing is unsaved, or when it is asked for once more: "quit"
  void notify(const std::string& text);            // for a few seconds over the viewport
  void remark(Severity severity, const std::string& text);
  void event(const std::string& line);             // standard output, if it was asked for

 private:
  void take_over(bool same);                       // a scene was opened
  std::string asked_;                              // what was not sure
  double asked_until_ = 0;
};

// Paths opened before, the last one first: in $XDG_CONFIG_HOME/nuri/recent, or ~/.config.
std::vector<std::string> recent_files();
void remember_file(const std::string& path);

// ---- points between world and window
struct Pixel { float x, y; bool before; };         // before: in front of the camera
Pixel pixel_of(const Shot& shot, const view::Vec3f& point);
view::Vec3f direction_at(const Shot& shot, float x, float y);   // from the eye through a pixel, its component along the view 1
view::Vec3f column(const view::Eye& eye, int axis);
view::Vec3f from_body(const view::Poses& poses, int body, const view::Vec3f& in_body);
view::Vec3f into_body(const view::Poses& poses, int body, const view::Vec3f& point);
const view::Poses* poses_of(const Shot& shot, int environment);

inline view::Vec3f operator+(const view::Vec3f& a, const view::Vec3f& b) { return {a[0] + b[0], a[1] + b[1], a[2] + b[2]}; }
inline view::Vec3f operator-(const view::Vec3f& a, const view::Vec3f& b) { return {a[0] - b[0], a[1] - b[1], a[2] - b[2]}; }
inline view::Vec3f operator*(float s, const view::Vec3f& a) { return {s * a[0], s * a[1], s * a[2]}; }
inline float dot(const view::Vec3f& a, const view::Vec3f& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
float length(const view::Vec3f& a);

}  // namespace nuri::editor
