// Workbench: what the editor does, without a window. One open scene with its running world, what is selected, how it is looked at, and
// every change that a person makes as a command that can be undone. The window shows it and turns keys and mouse into calls; tests drive it
// alone.
//
// Two kinds of change: of the scene (where models stand, numbers of its fields, options: they end up in the scene file), and of the running
// state (joints, controls, a reset). Both are commands in one list; undo and redo go through it. A scene is kept as its text: a command
// edits that text and acts on the world at once, so undone to the beginning the text is the file, byte for byte.
//
// A robot that is opened without a scene gets the shortest scene around it: one model, at rest in its initial state, controls 0. (`nuri
// run` moves such a robot at random; a person wants to do that.)
#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>
#include "render/view/frame.h"
#include "tools/editor/workbench/hand.h"
#include "tools/editor/workbench/scene_text.h"
#include "tools/session/policy.h"
#include "tools/session/session.h"

namespace nuri::record {
class Replay;
}

namespace nuri::editor {

struct Pick { int environment = 0, body = -1, geom = -1; };        // body -1: nothing

// One number of the model that a person may change: a field of engine/model/model_fields.inl that overrides can reach.
struct FieldItem { std::string field; int item = 0; };

class Streams;                                                     // pictures of cameras and lidars (streams.h)
class History;                                                     // states of the past, within bounded memory (history.h)

class Workbench {
 public:
  struct Options {
    // environments 0: as many as the scene says, while 1 GiB holds them; seed 0: the scene's
    WorldOptions world;
    scene::PackagePaths paths;
    size_t history_bytes = size_t{256} << 20;
    std::optional<uint64_t> recorded = {};         // id of the environment that is opened of a recording; the first otherwise
  };
  explicit Workbench(Options options);
  ~Workbench();

  // A scene, robot or compiled model. False: errors() say why, and what was open stays open, running. Reopening the same path (after its
  // files changed) keeps selection and, joint by joint by name, the state.
  bool open(const std::string& path);
  bool is_open() const { return session_ != nullptr; }
  const std::string& path() const { return path_; }
  const std::vector<Diagnostic>& errors() const { return errors_; }
  // looks at the times of all files that were read, at most 4 times a second
  bool files_changed();
  // The scene with its changes, as YAML, which is then the one that is open; of a compiled model that model, as .model.
  bool save(const std::string& path);
  bool changed() const;                                            // since it was opened or saved
  const std::string& text() const { return text_; }                // of the scene as it is now

  session::Session& session() { return *session_; }
  // What poses() are drawn with: sizes and frames of geoms and sites as `focus` has them, which need not be as its model has them.
  const view::Scenery& scenery() const { return scenery_; }
  uint64_t generation() const { return generation_; }              // counts scenes opened: a window's copies of the scenery follow it

  // ---- a policy that drives, beside the scene, which goes on where it is; the file of the same path is read again when it is opened again, and
  // with the scene when that is. Another scene comes without one.
  bool open_policy(const std::string& path);                       // "": none drives any more. False: errors() say why, and nothing has changed
  session::Policy* policy() const;                                 // null: none

  // ---- a recording (.h5): open() plays one environment of it back from its inputs; nothing of it can be changed
  static bool is_recording(const std::string& path);
  bool open_recording(const std::string& path, std::optional<uint64_t> environment);   // its id; the first that has an episode otherwise
  record::Replay* replay() const { return replay_.get(); }         // null: what is open is no recording
  uint64_t recorded_environment() const;                           // id of the one that is open
  std::vector<uint64_t> recorded_environments() const;             // ids of those with episodes

  // ---- time
  bool running = true;
  double speed = 1;                                                // simulated seconds per second asked for
  // Steps as far as `wall_seconds` ask for, but computes for at most `budget` seconds: a window stays alive whatever the scene costs.
  void advance(double wall_seconds, double budget = 0.03);
  double real_time_factor() const;                                 // over the last half second
  double time() const;                                             // simulated, s
  void step_forward();                                             // one control step; through the history first, if it was stepped back
  bool step_back();                                                // exactly; false: nothing older is kept
  struct Span { double oldest, newest, now; };
  Span span() const;                                               // s, of what the history holds
  void go_to(double time);                                         // within the span

  // ---- what is seen
  std::vector<view::Poses> poses() const;                          // of the environments shown, each in its place of the grid
  int shown = 1;                                                   // how many environments are shown: a grid around `focus`
  int focus = 0;                                                   // the environment that panels speak of
  view::Show show;
  Pick selected;
  std::vector<view::Touch> touches() const;                        // contacts of `focus`

  // A spring from a point of a body to a point in the world, N/m chosen by its mass; gone when let go. Not a change: like a hand.
  void pull(const Pick& at, const view::Vec3f& point_in_body, const view::Vec3f& to);
  void let_go();
  Streams& streams() { return *streams_; }                         // what cameras and lidars see
  double pulling() const;                                          // N, of the spring at the last step; 0: none

  // ---- changes. What cannot be done is told by errors(), and nothing has changed. Controls that the scene drives itself it goes on
  // driving. Undoing a change of the state brings the environments back to the moment before it, also if time has passed. One gesture (a
  // slider dragged, a gizmo moved) is one command: until end_gesture() changes of the same thing join.
  void set_joint(int joint, int component, double value);          // of `focus`, rad or m
  void set_control(int actuator, double value);                    // of `focus`
  void set_field(const FieldItem& item, double value);             // of all environments, and of the scene
  // As the scene file places it; `name` as placements() has it, or the file of a model without one. While the gesture lasts its bodies are
  // moved in the world; at its end the scene is loaded again, and goes on where it was.
  void place_model(const std::string& name, const view::Vec3f& position, const std::array<double, 4>& rotation);
  // Whether the mesh of a geom collides as convex parts or as its hull: its model's 'decompose'. The scene is loaded again, which takes
  // seconds for a mesh of many faces, and goes on where it was.
  void set_parts(const Pick& of, bool on);
  void set_policy_on(bool on);                                     // switched off, controls stay as they are
  void set_command(int item, double value);                        // what the policy is told to do, in all environments
  void reset();                                                    // all environments to their beginning
  void reset_to_key(int key);                                      // `focus` to a keyframe
  void end_gesture();

  struct Entry { std::string what; bool done; };                   // "friction of floor: 1 to 0.6"
  const std::vector<Entry>& entries() const { return entries_; }   // the oldest first; undone ones after the done
  bool undo();
  bool redo();

  // ---- facts for panels
  std::vector<Placement> placements() const { return scene_text::placements(text_); }
  std::optional<Placement> placement_of(const Pick& pick) const;   // the model that the body is of, as far as names tell
  struct Parts {
    std::string mesh;                                              // its name in the model's file
    bool on = false;                                               // the scene wants parts
    bool closed = false;                                           // only a closed mesh has any
    int count = 0;                                                 // of the parts; 0: it collides as its hull
  };
  std::optional<Parts> parts_of(const Pick& pick) const;           // none: no geom that collides with a mesh which the scene's text can name
  struct Number { FieldItem item; double value, at_first; std::string unit, doc; };
  // What the inspector shows: fields of a body, its joints, geoms (of the picked one alone, if one is picked) and actuators, by the field
  // list; of nothing: the options of the whole scene.
  std::vector<Number> numbers(const Pick& of) const;
  struct Outlier { int environment; double value; };
  enum class Worst { faulted, deepest, largest_force, slowest };
  // The worst first: fault bits, m, N, solver iterations. All environments are asked for faults; the others need a look inside, which is
  // taken at those with the most contacts, 64 at most and for 50 ms at most.
  std::vector<Outlier> outliers(Worst what, int most) const;

 private:
  struct Command;
  struct Placing;                                                  // a gesture that moves a model
  using Time = std::filesystem::file_time_type;

  // scenes (workbench.cpp)
  Result<session::Loaded> load(const std::string& path, const std::string& text) const;
  Result<std::unique_ptr<session::Session>> make(session::Loaded loaded, std::shared_ptr<const session::PolicyFile> policy) const;
  void adopt(std::unique_ptr<session::Session> session);
  void look_at_files();
  bool save_model(const std::string& path);
  bool refuse(std::string code, std::string message, std::string hint = {});
  void say(std::string text);                                      // the scene's text is this now
  std::vector<int> everyone() const;

  // time (time.cpp)
  uint64_t period() const { return uint64_t(session_->settings().substeps); }
  double seconds(uint64_t substep) const { return double(substep) * session_->model().timestep[0]; }
  bool control_step(const std::optional<Hold>& hold);              // false: the recording is over
  bool reach(uint64_t substep);

  // recordings (recorded.cpp)
  void settle_nothing();
  bool refuse_change();
  void begin_recording();
  bool replay_control_step();
  bool put_beginning();
  void play_to(uint64_t substep, double budget);

  // changes (commands.cpp, placing.cpp, parts.cpp)
  Command& change(int kind, const std::string& target, const std::vector<int>& environments);
  void tell(const std::string& what);                              // in the last entry
  void changed_state(uint64_t substep_before);
  void write_numbers(const Command& command, bool done);
  void redraw(const std::string& field);                           // numbers of it have changed
  void follow_numbers() const;                                     // drawn.cpp
  void settle();                                                   // the end of a model's placing
  bool rebuild(const std::string& text, const Placement* from, const Placement* to, const session::Saved* exact);
  bool put_back(const Command& command, bool done);
  int carry_geom(int geom, session::Session& to) const;            // its number there, where meshes may have other parts

  Options options_;
  std::string path_, text_, saved_text_;
  std::vector<Diagnostic> errors_;
  std::unique_ptr<session::Session> session_;
  std::shared_ptr<const session::PolicyFile> policy_;              // what drives it; null: the scene alone
  std::unique_ptr<record::Replay> replay_;                         // of a recording
  struct Drawn {                                                   // numbers that differ from the models', as pictures need them
    std::set<std::string> fields;                                  // of them
    std::vector<std::shared_ptr<model::Model>> models;             // copies for the scenery, per bucket; null: as the bucket has it
    int focus = -1;                                                // whose numbers they have; -1: nobody's yet
  };
  mutable view::Scenery scenery_;
  mutable Drawn drawn_;
  uint64_t generation_ = 0, scene_ = 0;                            // scene_: hash of the text
  std::map<std::string, Time> files_;
  double looked_ = 0;                                              // s of the steady clock: when the files' times were looked at

  std::unique_ptr<History> history_;
  Hand hand_;
  std::optional<Hold> hold_;
  double owed_ = 0;                                                // simulated seconds that advance() has not got to
  struct Stretch { double wall, simulated; };
  std::deque<Stretch> stretches_;                                  // of the last half second

  std::vector<std::unique_ptr<Command>> commands_;
  std::vector<Entry> entries_;
  size_t done_ = 0;                                                // commands that are not undone
  bool gesture_ = false;                                           // the last command may be joined
  std::unique_ptr<Placing> placing_;
  std::unique_ptr<Streams> streams_;                               // goes before the session does
  mutable std::optional<std::pair<uint64_t, std::vector<view::Touch>>> touches_;   // of a state, by hash
};

}  // namespace nuri::editor
