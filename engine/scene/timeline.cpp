// Reads `controllers`, `timeline` and `goals` of a scene file.
#include "engine/scene/timeline.h"

#include <algorithm>
#include <numbers>
#include "engine/scene/yaml_map.h"

namespace nuri::scene::yaml {
namespace {

constexpr double degree = std::numbers::pi / 180;
constexpr double most = 1e9;

using Words = std::vector<std::pair<std::string, std::string>>;

// A mapping below a key, such as {linear: 1, angular: 2}; each part is kept as it is if it is not written.
struct Part { const char* key; double* out; double unit = 1; };
bool read_parts(Input& input, Map& map, const std::string& key, std::initializer_list<Part> parts, double least) {
  const YAML::Node node = map.child(key);
  if (!node.IsDefined()) return false;
  Map values(input, node, "'" + key + "'");
  for (const Part& part : parts) {
    double value;
    if (values.number(part.key, value, least, most)) *part.out = value * part.unit;
  }
  values.finish();
  return true;
}

constexpr double slowest = 1e-6;                 // of speeds and tolerances: they are divided by

// ---- controllers -----------------------------------------------------------------------------------------------------

void read_controller(Input& input, const YAML::Node& node, Settings& settings) {
  Map map(input, node, "a controller");
  Controller c;
  c.place = map.place();
  for (const char* key : {"name", "type", "site"}) map.require(key);
  map.text("name", c.name);
  map.choice("type", c.type, {"pose", "operational_space"});
  map.name("site", c.site);
  if (const YAML::Node rest = map.child("rest"); rest.IsDefined() && !rest.IsSequence()) map.text("rest", c.keyframe);
  else map.list("rest", c.rest);
  c.rest_place = map.place("rest");
  read_parts(input, map, "max_speed", {{"linear", &c.linear_speed}, {"angular", &c.angular_speed}, {"joint", &c.joint_speed}}, slowest);
  read_parts(input, map, "max_acceleration", {{"linear", &c.linear_acceleration}, {"angular", &c.angular_acceleration}}, slowest);
  read_parts(input, map, "tolerance", {{"position", &c.position_tolerance}, {"angle", &c.angle_tolerance, degree}}, slowest);
  map.flag("compensation", c.compensation);
  if (c.type == ControllerType::pose) {
    map.patterns("joints", c.joints, &c.names_places);
    map.number("rest_rate", c.rest_rate, 0, 1000);
    map.number("damping", c.damping, 1e-9, 1);
  } else {
    map.patterns("actuators", c.actuators, &c.names_places);
    map.require("stiffness");
    map.require("damping");
    read_parts(input, map, "stiffness", {{"linear", &c.linear_stiffness}, {"angular", &c.angular_stiffness}}, 0);
    read_parts(input, map, "damping", {{"linear", &c.linear_damping}, {"angular", &c.angular_damping}}, 0);
    map.number("rest_stiffness", c.rest_stiffness, 0, most);
    map.number("rest_damping", c.rest_damping, 0, most);
  }
  map.finish();
  if (std::any_of(settings.controllers.begin(), settings.controllers.end(), [&](const Controller& other) { return other.name == c.name; }))
    map.error("name", "repeated-name", "two controllers are called " + xml::shown(c.name));
  settings.controllers.push_back(std::move(c));
}

// ---- actions ---------------------------------------------------------------------------------------------------------

void read_orientation(Input& input, Map& to, MoveTarget& out) {
  using Orientation = MoveTarget::Orientation;
  const YAML::Node node = to.child("orientation");
  if (!node.IsDefined()) return;
  if (node.IsScalar()) {
    out.orientation = Orientation::sensor;
    to.name("orientation", out.orientation_sensor);
  } else if (node.IsSequence()) {
    out.orientation = Orientation::quaternion;
    to.quaternion("orientation", out.quaternion);
  } else {
    Map map(input, node, "'orientation'");
    out.orientation = Orientation::down;
    bool down = false;
    map.require("down");
    if (map.flag("down", down) && !down) map.error("down", "bad-keyword", "'down' can only be true", "leave 'orientation' out to keep it as it is");
    double yaw = 0, symmetry = 360;
    const bool sensed = map.name("yaw_of", out.orientation_sensor);
    map.choice("axis", out.axis, {"x", "y", "z"});
    out.yaw_given = map.number("yaw", yaw, -360, 360) || sensed;
    map.number("symmetry", symmetry, 1, 360);
    for (const char* key : {"axis", "symmetry"})
      if (map.has(key) && !(sensed || (key[0] == 's' && out.yaw_given))) map.error(key, "missing-key", std::string("'") + key + "' says nothing without 'yaw_of'");
    out.yaw = yaw * degree, out.symmetry = symmetry * degree;
    map.finish();
  }
}

void read_move(Input& input, Map& map, Action& action) {
  action.type = ActionType::move;
  map.name("move", action.controller);
  map.require("to");
  if (const YAML::Node node = map.child("to"); node.IsDefined()) {
    Map to(input, node, "'to'");
    if (const YAML::Node position = to.child("position"); position.IsDefined()) {
      action.to.position_given = true;
      if (position.IsScalar()) to.name("position", action.to.position_sensor);
      else to.numbers("position", action.to.position.data(), 3);
    }
    to.numbers("offset", action.to.offset.data(), 3);
    read_orientation(input, to, action.to);
    to.finish();
  }
  map.flag("follow", action.follow);
  map.number("speed", action.speed, slowest, 1);
  read_parts(input, map, "tolerance", {{"position", &action.position_tolerance}, {"angle", &action.angle_tolerance, degree}}, slowest);
}

void read_wait_for(Input& input, Map& map, Action& action) {
  action.type = ActionType::wait_for;
  Map what(input, map.child("wait_for"), "'wait_for'");
  what.require("sensor");
  what.name("sensor", action.sensor);
  what.integer("component", action.component, 0, 1'000'000);
  const bool above = what.number("above", action.above), below = what.number("below", action.below);
  if (!above && !below && !what.has("above") && !what.has("below")) what.error("sensor", "missing-key", "'wait_for' needs 'above', 'below' or both");
  what.finish();
}

void read_limit(Map& map, Action& action) {
  map.number("within", action.within, 0, most);
  map.choice("otherwise", action.may_fail, {"fail", "continue"});
}

struct Reader {
  Input& input;
  std::vector<Action>& actions;
  Words words;
  std::string repeat;
  bool full = false;                             // no more actions, and no more errors, are wanted

  void list(const YAML::Node& node, const std::string& key) {
    each(input, node, key, [&](const YAML::Node& entry) { if (!full) read(entry); });
  }

  void read(const YAML::Node& node) {
    Map map(input, node, "an action");
    static constexpr const char* kinds[] = {"move", "set", "wait", "wait_for", "repeat"};
    const std::size_t count = input.errors.count;
    int given = 0;
    for (const char* kind : kinds) given += map.has(kind);
    if (given != 1) {
      if (input.errors.count == count) input.error(node, "missing-key", "an action has one of 'move', 'set', 'wait', 'wait_for' and 'repeat'");
      full = full || input.errors.full();
      return;
    }
    if (map.has("repeat")) return read_repeat(map);
    Action action;
    action.place = map.place();
    action.repeat = repeat;
    if (map.has("move")) {
      read_move(input, map, action);
      read_limit(map, action);
    } else if (map.has("set")) {
      action.type = ActionType::set;
      map.patterns("set", action.actuators, &action.names_places);
      map.require("value");
      map.number("value", action.value);
      map.number("over", action.seconds, 0, most);
    } else if (map.has("wait_for")) {
      read_wait_for(input, map, action);
      read_limit(map, action);
    } else {
      map.number("wait", action.seconds, 0, most);
    }
    map.finish();
    if (actions.size() == timeline_limits::actions) {
      input.error(node, "too-many-actions", "a timeline has at most " + std::to_string(timeline_limits::actions) + " actions, repetitions counted");
      full = true;
      return;
    }
    actions.push_back(std::move(action));
    full = input.errors.full();
  }

  // A number of times, or once for each set of words: {part: [a, b], place: [1, 2]} goes through its lists together.
  void read_repeat(Map& map) {
    const YAML::Node node = map.child("repeat"), body = map.child("do");
    map.require("do");
    map.finish();
    if (!body.IsDefined()) return;
    if (body.IsSequence() && body.size() == 0) return input.error(body, "out-of-range", "'do' must not be empty");
    std::size_t times = 0;
    std::vector<std::pair<std::string, std::vector<std::string>>> lists;
    if (node.IsMap()) {
      Map names(input, node, "'repeat'");
      for (const auto& entry : node) {
        if (!entry.first.IsScalar()) continue;   // reported by finish
        const std::string& word = entry.first.Scalar();
        std::vector<std::string> values;
        if (!entry.second.IsSequence() || !names.patterns(word, values)) {
          names.has(word);
          input.error(entry.second, "wrong-kind", "'" + word + "' must be a list of texts, one for each time");
          return;
        }
        if (!lists.empty() && values.size() != times) return input.error(entry.second, "wrong-size", "lists that are gone through together must be equally long");
        times = values.size();
        lists.emplace_back(word, std::move(values));
      }
      names.finish();
      if (lists.empty()) return input.error(node, "out-of-range", "'repeat' needs a word and its list");
    } else {
      int number = 0;
      if (!map.integer("repeat", number, 1, int64_t(timeline_limits::actions))) return;
      times = std::size_t(number);
    }
    const std::string outer = repeat;
    for (std::size_t i = 0; i < times && !full; ++i) {
      const std::size_t before = words.size();
      std::string said;
      for (const auto& [word, values] : lists) {
        words.emplace_back(word, values[i]);
        said += (said.empty() ? "" : ", ") + word + " = " + values[i];
      }
      repeat = lists.empty() ? std::to_string(i + 1) + " of " + std::to_string(times) : said;
      list(body, "do");
      words.resize(before);
    }
    repeat = outer;
  }
};

void read_goal(Input& input, const YAML::Node& node, Settings& settings) {
  Map map(input, node, "a goal");
  Goal goal;
  goal.place = map.place();
  for (const char* key : {"name", "sensors", "inside"}) map.require(key);
  map.text("name", goal.name);
  map.patterns("sensors", goal.sensors, &goal.names_places);
  if (const YAML::Node inside = map.child("inside"); inside.IsDefined()) {
    Map box(input, inside, "'inside'");
    box.require("low");
    box.require("high");
    const bool low = box.list("low", goal.low), high = box.list("high", goal.high), both = low && high;
    if (both && goal.low.size() != goal.high.size()) box.error("high", "wrong-size", "'low' and 'high' must be equally long");
    for (std::size_t i = 0; both && i < std::min(goal.low.size(), goal.high.size()); ++i)
      if (goal.low[i] > goal.high[i]) { box.error("low", "out-of-range", "'low' must not lie above 'high'"); break; }
    box.finish();
  }
  map.finish();
  settings.goals.push_back(std::move(goal));
}

bool too_long(Input& input, const YAML::Node& node, const char* key, std::size_t limit) {
  if (!node.IsDefined() || !node.IsSequence() || node.size() <= limit) return false;
  input.error(node, "out-of-range", std::string("'") + key + "' has at most " + std::to_string(limit) + " entries");
  return true;
}

}  // namespace

void read_controllers(Input& input, const YAML::Node& node, Settings& out) {
  if (!too_long(input, node, "controllers", timeline_limits::controllers))
    each(input, node, "controllers", [&](const YAML::Node& entry) { read_controller(input, entry, out); });
}

void read_timeline(Input& input, const YAML::Node& node, Settings& out) {
  Reader reader{input, out.timeline, {}, {}};
  input.words = &reader.words;
  reader.list(node, "timeline");
  input.words = nullptr;
}

void read_goals(Input& input, const YAML::Node& node, Settings& out) {
  if (!too_long(input, node, "goals", timeline_limits::goals))
    each(input, node, "goals", [&](const YAML::Node& entry) { read_goal(input, entry, out); });
}

}  // namespace nuri::scene::yaml
