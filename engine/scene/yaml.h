// Scene files: YAML that places models and says how many environments there are, how they differ and what drives them.
// The schema stands in docs/scene-format.md; the readers here are its code, and a key they do not ask for is an error.
//
// YAML carries only this small layer: bodies, joints and geoms stay in MJCF, whose meaning is published. Settings are
// what every program shares (command line, tests, benchmarks): a scene is sample, test and benchmark at once.
#pragma once
#include <cstdint>
#include <string>
#include <vector>
#include "engine/core/result.h"
#include "engine/scene/eyes.h"
#include "engine/scene/packages.h"
#include "engine/scene/scene.h"
#include "engine/scene/timeline.h"

namespace nuri::scene {

// A number drawn once per environment. `normal`: a is the mean, b the standard deviation; else uniform in [a, b].
struct Draw {
  double a = 0, b = 0;
  bool normal = false;
  bool fixed() const { return normal ? b == 0 : a == b; }
};

enum class ControlType { none, zero, random, sine, hold, target };

// What writes the controls of some actuators, once per control step. Later entries win.
struct Control {
  ControlType type = ControlType::random;
  std::vector<std::string> actuators{"*"};       // patterns of names: * any text, ? any letter
  double scale = 1;                              // random, sine: share of the control range
  int hold = 1;                                  // random: control steps that a value stays
  double centre = std::numeric_limits<double>::quiet_NaN(), amplitude = centre;   // sine: in units of the control; NaN: from its range
  double frequency = 1, phase = -1;              // sine: Hz, turns; negative phase: random for each environment and actuator
  std::string keyframe;                          // hold: its ctrl; target: its qpos (empty: the initial pose)
  double value = 0;                              // hold without keyframe
  double stiffness = 0, damping = 0;             // target: joint torque per rad, per rad/s (N, N s for slides)
  Place place, keyframe_place;
  std::vector<Place> names_places;               // of each pattern; empty: none is written
};

// Initial joint positions and velocities, added to the initial state. Hinges and slides only.
struct RandomJoint {
  std::vector<std::string> joints{"*"};
  Draw position, velocity;                       // rad or m; rad/s or m/s
  Place place;
  std::vector<Place> names_places;
};

// Initial pose and velocity of bodies with a free joint. The position is added, the orientation turned.
struct RandomBody {
  std::vector<std::string> bodies{"*"};
  std::array<Draw, 3> position{}, linear_velocity{}, angular_velocity{};   // m, m/s, rad/s
  bool any_orientation = false;                  // uniform over all orientations
  Draw tilt, yaw;                                // rad, about a random axis; about the vertical
  Place place;
  std::vector<Place> names_places;
};

enum class Operation { set, add, scale };

enum class When { start, episode };              // drawn when the world is made, or anew for each episode

// A model field that differs between environments: a NURI_REAL field of engine/model/model_fields.inl, `mass` (body_mass and
// body_inertia together, scale only) or `gain` (actuator_gainprm and actuator_biasprm, scale only).
struct RandomField {
  std::string field;
  std::vector<std::string> names{"*"};
  int component = -1;                            // of fields with several numbers per thing; -1: all
  Operation operation = Operation::scale;
  Draw draw{1, 1};
  bool shared = false;                           // one draw for all numbers of an environment instead of one each
  When when = When::start;
  Place place, field_place;
  std::vector<Place> names_places;
};

// How packets go one way between the robot and a policy that runs elsewhere; of each environment.
struct LinkPath {
  Draw latency;                                  // s, drawn for each episode
  double jitter = 0;                             // s: each packet takes up to that more or less
  double drop = 0;                               // chance that a packet is lost
  bool used() const { return latency.a > 0 || latency.b > 0 || jitter > 0 || drop > 0; }
};

struct Settings {
  int environments = 1;
  int substeps = 1;                              // per control step
  uint64_t seed = 0;
  double seconds = 10;                           // simulated, when a program is not told otherwise
  std::string keyframe;                          // initial state; empty: the model's
  Place keyframe_place;
  std::vector<Control> controls;
  std::vector<RandomJoint> joints;
  std::vector<RandomBody> bodies;
  std::vector<RandomField> fields;
  std::vector<Controller> controllers;
  std::vector<Action> timeline;                  // every environment runs it on its own clock
  std::vector<Goal> goals;
  std::vector<Eye> eyes;                         // cameras, then lidars
  std::vector<Label> labels;
  LinkPath action_link, observation_link;
};

// One kind of environment. A scene without `variants` has one, of the scene's own name.
struct Variant {
  Scene scene;                                   // its name is the model file's, with a number where several are alike
  double share = 1;                              // of the environments, relative to the other variants'
};

struct SceneFile {
  std::string name;
  std::vector<Variant> variants;
  Settings settings;                             // for all variants, as far as they have what is named
  std::string text = {};                         // what was read: for the excerpts of later findings
};

namespace yaml_limits {
constexpr std::size_t file_bytes = std::size_t{1} << 20;
constexpr std::size_t nodes = 100'000;
constexpr int depth = 24;
constexpr std::size_t models = 1000;              // of all variants together: those that they share count for each
constexpr std::size_t variants = 100;
constexpr int environments = 10'000'000;
constexpr double latency = 10;                    // s, of eyes and links
}  // namespace yaml_limits

// Reads a scene file and the models it names, relative to the file's folder. `paths`: where those find packages and other files.
Result<SceneFile> read_yaml(const std::string& path, const PackagePaths& paths = {});
Result<SceneFile> read_yaml_text(const std::string& text, const std::string& name, const std::string& folder, const PackagePaths& paths = {});

// True if `name` fits one of the patterns.
bool matches(const std::vector<std::string>& patterns, const std::string& name);
// What to write instead of a name that is none of these: the nearest, one that is the same behind its model's prefix, or the first few.
std::string name_hint(const std::string& name, const std::vector<std::string>& names);

}  // namespace nuri::scene
