// A regression script as it was read: what happens to a scene, what is expected of it, over which matrix, and what must make it fail.
// docs/regress.md is the schema; the reader here is its code, and a key it does not ask for is an error.
//
// A script knows names, not models: whether a scene has them is seen when a case is made (actions.h, expect.h), with places in the
// script. So a script can be read, and fuzzed, without a scene.
#pragma once
#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>
#include "engine/scene/yaml.h"

namespace nuri::regress {

inline constexpr double at_end = std::numeric_limits<double>::infinity();   // s: when the case ends

// Patterns of names, with where they are written.
struct Names {
  std::vector<std::string> patterns;
  std::vector<Place> places;
  bool given() const { return !patterns.empty(); }
};

enum class ActionType { push, control, target, teleport, set, spawn, equality, fault, nudge };

struct Action {
  ActionType type = ActionType::push;
  double at = 0;                                 // s, of each environment's own clock; done at the first control step from then on
  double duration = -1;                          // push: s; control, target: s, negative: until the end
  std::vector<uint64_t> environments;            // ids; empty: all
  Names names;                                   // bodies, actuators, joints, equalities; set: in `field`
  bool of_joint = false;                         // teleport: `names` are joints, and go to `value` with `speed`
  std::array<double, 3> force{}, torque{};       // push: N, N m, world axes, at the centre of mass
  double value = 0, speed = 0;                   // control; target, teleport of a joint: rad or m, and rad/s or m/s
  std::optional<std::array<double, 3>> position, linear_velocity, angular_velocity;   // teleport, spawn: m, m/s, rad/s, world axes
  std::optional<std::array<double, 4>> orientation;
  scene::RandomField field;                      // set: an operation and its number, as `vary` has them
  bool active = true;                            // equality
  std::string state_field;                       // nudge
  int item = 0;
  Place place;
};

// What a number must lie between; infinite: no bound.
struct Range {
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();
};

struct When {
  enum Kind { at, by, always } kind = at;
  double from = at_end, to = at_end;             // s; at: both are the moment; by: from the start to `to`
};

enum class ExpectationType {
  body,
  joint,
  contact,
  penetration,
  energy,
  settled,
  sensor,
  image,
  hash,
  faults,
  fault_in,
  goal,
  timeline,
  steps,
  iterations
};

struct Expectation {
  ExpectationType type = ExpectationType::body;
  When when;
  double every = 0;                              // s between looks; 0: by rule
  double share = 1;                              // of the environments that must hold; 0: any
  std::string name;                              // empty: made of what is expected
  Place place;

  Names names;                                   // bodies; joints; contact: one side; settled; sensor, image and goal: one name
  Names others;                                  // contact: the other side
  // body: what is given of it
  std::array<std::optional<Range>, 3> position{}, velocity{}, angular_velocity{};   // m, m/s, rad/s, world axes
  std::optional<std::array<double, 4>> orientation;
  double within_angle = 0;                       // rad, about whatever axis
  std::optional<Range> joint_position, joint_velocity;   // rad or m, rad/s or m/s
  std::optional<bool> present;                   // contact
  std::optional<Range> force;                    // contact: N
  Range range;                                   // penetration, energy, settled, sensor, goal, timeline, steps, iterations
  int component = 0;                             // sensor
  double tolerance = 0, pixels = 0;              // image: of 255; share of the pixels
  bool exact = false;                            // image: by its hash
  uint64_t environment = 0;                      // image: id
  int count = 0;                                 // faults
  std::vector<uint64_t> environments;            // fault_in: ids
};

// A change under which the script must fail.
struct Guard {
  std::string name;                              // "gravity 1.3"
  scene::RandomField field;
  Place place;
};

struct Matrix {
  std::vector<std::string> precision, backend;
  std::vector<int> environments, width, threads;
  std::vector<uint64_t> seed;
};

struct Script {
  std::string path, name;                        // name: of the file, without its ending
  std::string scene;                             // as written, relative to the script
  std::string about;
  std::vector<std::string> tags;
  std::optional<int> environments, substeps;     // otherwise 1; the scene's
  std::optional<uint64_t> seed;
  std::optional<double> seconds;
  std::string control;                           // empty: the scene's
  bool timeline = true;                          // of the scene
  Matrix matrix;                                 // empty lists: one, by default
  std::vector<Action> actions;
  std::vector<Expectation> expectations;
  std::vector<Guard> guards;
  Place place, scene_place;
};

namespace script_limits {
constexpr std::size_t actions = 10'000, expectations = 1000, guards = 100, cases = 1000, list = 1000;
constexpr double seconds = 1e6;
}  // namespace script_limits

Result<Script> read_script_text(const std::string& text, const std::string& path);
Result<Script> read_script(const std::string& path);

}  // namespace nuri::regress
