#include "tools/regress/script.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <numbers>
#include <sstream>
#include "engine/scene/yaml_map.h"

namespace nuri::regress {
namespace {
using scene::yaml::Input;
using scene::yaml::Map;
using scene::yaml::each;
namespace xml = scene::xml;

constexpr double degree = std::numbers::pi / 180;
constexpr double most = 1e9;                     // of forces, places, controls
constexpr double most_seconds = script_limits::seconds;
constexpr int most_width = 16, most_threads = 1024;

bool too_long(Input& input, const YAML::Node& node, const std::string& key, std::size_t limit) {
  if (!node.IsDefined() || !node.IsSequence() || node.size() <= limit) return false;
  input.error(node, "out-of-range", "'" + key + "' has at most " + std::to_string(limit) + " entries");
  return true;
}

bool read_names(Map& map, const std::string& key, Names& out) { return map.patterns(key, out.patterns, &out.places); }

void read_ids(Input& input, Map& map, const std::string& key, std::vector<uint64_t>& out) {
  const YAML::Node node = map.child(key);
  if (!node.IsDefined() || too_long(input, node, key, script_limits::list)) return;
  each(input, node, key, [&](const YAML::Node& entry) {
    int64_t id = -1;
    if (!entry.IsScalar() || !scene::yaml::parse(entry.Scalar(), id) || id < 0 || id >= scene::yaml_limits::environments)
      return input.error(entry, "wrong-kind", "'" + key + "' must be a list of environments: whole numbers from 0 on");
    if (std::find(out.begin(), out.end(), uint64_t(id)) != out.end())
      return input.error(entry, "repeated-name", "environment " + std::to_string(id) + " is named twice");
    out.push_back(uint64_t(id));
  });
}

// A mapping below a key; `read` asks for what is in it.
template <class F> void inside(Input& input, Map& map, const std::string& key, F read) {
  const YAML::Node node = map.child(key);
  if (!node.IsDefined()) return;
  Map values(input, node, "'" + key + "'");
  read(values);
  values.finish();
}

bool vector_of(Map& map, const std::string& key, std::optional<std::array<double, 3>>& out) {
  std::array<double, 3> read;
  if (!map.numbers(key, read.data(), 3, -most, most)) return false;
  out = read;
  return true;
}

// ---- actions ---------------------------------------------------------------------------------------------------------

// The pose and velocity of a free body.
void read_pose(Map& map, Action& out) {
  vector_of(map, "position", out.position);
  vector_of(map, "linear_velocity", out.linear_velocity);
  vector_of(map, "angular_velocity", out.angular_velocity);
  std::array<double, 4> orientation;
  if (map.orientation(orientation)) out.orientation = orientation;
}

// {field, names, component} and one of scale, add, set (`value` in a timeline).
void read_field(Map& map, const char* set, scene::RandomField& out) {
  map.require("field");
  map.text("field", out.field);
  out.place = map.place();
  out.field_place = map.place("field");
  map.patterns("names", out.names, &out.names_places);
  map.integer("component", out.component, 0, 100);
  int given = 0;
  for (auto [key, operation] :
       {std::pair{"scale", scene::Operation::scale}, {"add", scene::Operation::add}, {set, scene::Operation::set}}) {
    double number = 0;
    if (!map.number(key, number) && !map.has(key)) continue;
    out.draw = {number, number, false};
    out.operation = operation;
    ++given;
  }
  if (given != 1) map.error("field", "missing-key", std::string("a field has one of 'scale', 'add' and '") + set + "'");
}

void read_action(Input& input, Map& map, const std::string& kind, Action& out) {
  static constexpr double longest = most_seconds;
  inside(input, map, kind, [&](Map& what) {
    auto names = [&](const char* key) { what.require(key), read_names(what, key, out.names); };
    switch (out.type) {
      case ActionType::push:
        names("body");
        what.numbers("force", out.force.data(), 3, -most, most);
        what.numbers("torque", out.torque.data(), 3, -most, most);
        if (!what.has("force") && !what.has("torque")) what.error("body", "missing-key", "'push' needs 'force', 'torque' or both");
        what.require("for");
        what.number("for", out.duration, 0, longest);
        break;
      case ActionType::control:
        names("actuators");
        what.require("value");
        what.number("value", out.value, -most, most);
        what.number("for", out.duration, 0, longest);
        break;
      case ActionType::target:
        names("joints");
        what.require("value");
        what.number("value", out.value, -most, most);
        what.number("for", out.duration, 0, longest);
        break;
      case ActionType::teleport:
        out.of_joint = what.has("joint");
        if (out.of_joint) {
          names("joint");
          what.require("position");
          what.number("position", out.value, -most, most);
          what.number("velocity", out.speed, -most, most);
        } else {
          names("body");
          read_pose(what, out);
          if (!out.position && !out.orientation && !out.linear_velocity && !out.angular_velocity && !what.has("position"))
            what.error("body", "missing-key", "'teleport' needs a position, an orientation or a velocity");
        }
        break;
      case ActionType::spawn:
        names("body");
        read_pose(what, out);
        break;
      case ActionType::set:
        read_field(what, "value", out.field);
        break;
      case ActionType::equality:
        names("name");
        what.require("active");
        what.flag("active", out.active);
        break;
      case ActionType::fault: {
        int id = 0;
        what.require("environment");
        if (what.integer("environment", id, 0, scene::yaml_limits::environments - 1)) out.environments = {uint64_t(id)};
        break;
      }
      case ActionType::nudge: {
        int id = 0;
        for (const char* key : {"environment", "field", "item"}) what.require(key);
        if (what.integer("environment", id, 0, scene::yaml_limits::environments - 1)) out.environments = {uint64_t(id)};
        what.integer("item", out.item, 0, 1'000'000'000);
        if (what.text("field", out.state_field)) {
          static const std::vector<std::string> known{
#define NURI_STATE(name, source, role, count, unit, doc) #name,
#include "engine/model/state_fields.inl"
          };
          if (std::find(known.begin(), known.end(), out.state_field) == known.end())
            what.error("field", "unknown-field", "there is no state field " + xml::shown(out.state_field),
                       xml::nearest_hint(out.state_field, known));
        }
        break;
      }
    }
  });
}

const std::vector<std::string>& action_words() {
  static const std::vector<std::string> words{"push", "control", "target", "teleport", "set", "spawn", "equality", "fault", "nudge"};
  return words;
}

// Which of `words` the mapping has; -1, with an error, if it is not exactly one.
int only(Input& input, Map& map, const YAML::Node& node, const std::vector<std::string>& words, const std::string& what) {
  int found = -1, given = 0;
  for (std::size_t i = 0; i < words.size(); ++i)
    if (map.has(words[i])) found = int(i), ++given;
  if (given == 1) return found;
  // a word that is nearly one says more than a list of all
  for (const auto& entry : node)
    if (given == 0 && node.IsMap() && entry.first.IsScalar())
      if (const std::string near = xml::nearest(entry.first.Scalar(), words); !near.empty()) {
        input.error(entry.first, "unknown-key", what + " has no key " + xml::shown(entry.first.Scalar()), "did you mean '" + near + "'?");
        return -1;
      }
  std::string list;
  for (const std::string& word : words) list += (list.empty() ? "'" : ", '") + word + "'";
  input.error(node, "missing-key", what + (given > 1 ? " has several of " : " has one of ") + list);
  return -1;
}

void read_timeline_entry(Input& input, const YAML::Node& node, Script& out) {
  Map map(input, node, "an action");
  if (!node.IsMap()) return;
  Action action;
  action.place = map.place();
  const int type = only(input, map, node, action_words(), "an action");
  if (type < 0) return;
  action.type = ActionType(type);
  map.require("at");
  map.number("at", action.at, 0, most_seconds);
  const bool drill = action.type == ActionType::fault || action.type == ActionType::nudge;
  if (!drill) read_ids(input, map, "environments", action.environments);
  read_action(input, map, action_words()[std::size_t(type)], action);
  map.finish();
  out.actions.push_back(std::move(action));
}

// ---- expectations ----------------------------------------------------------------------------------------------------

bool read_bounds(Map& map, Range& out) {
  const bool above = map.number("above", out.low), below = map.number("below", out.high);
  if (above && below && out.low > out.high) map.error("above", "out-of-range", "'above' must not lie above 'below'");
  return above || below || map.has("above") || map.has("below");
}

void need_bounds(Map& map, const std::string& key, Range& out) {
  if (!read_bounds(map, out)) map.error(key, "missing-key", "this needs 'above', 'below' or both");
}

// A number with `within` about it, or {above: .., below: ..}.
bool read_wish(Input& input, Map& map, const YAML::Node& node, const std::string& key, Range& out) {
  double number, within = 0;
  if (node.IsMap()) {
    Map bounds(input, node, "'" + key + "'");
    const bool given = read_bounds(bounds, out);
    if (!given) input.error(node, "missing-key", "this needs 'above', 'below' or both");
    bounds.finish();
    return given;
  }
  if (!node.IsScalar() || !scene::yaml::parse(node.Scalar(), number))
    return input.error(node, "wrong-kind", "'" + key + "' must be a number or {above: .., below: ..}"), false;
  if (!map.has("within")) return map.error(key, "missing-key", "a number is never met exactly: say 'within' what"), false;
  map.number("within", within, 0, most);
  out = {number - within, number + within};
  return true;
}

bool is_null(const YAML::Node& node) { return node.IsNull() || (node.IsScalar() && (node.Scalar() == "null" || node.Scalar() == "~")); }

bool read_wishes(Input& input, Map& map, const std::string& key, std::array<std::optional<Range>, 3>& out) {
  const YAML::Node node = map.child(key);
  if (!node.IsDefined()) return false;
  if (!node.IsSequence() || node.size() != 3)
    return input.error(node, "wrong-kind", "'" + key + "' must be a list of three (x, y, z)",
                       "each is a number, {above: .., below: ..}, or null where it does not matter"),
           true;
  for (std::size_t i = 0; i < 3; ++i) {
    Range range;
    if (!is_null(node[i]) && read_wish(input, map, node[i], key, range)) out[i] = range;
  }
  if (is_null(node[0]) && is_null(node[1]) && is_null(node[2]))
    input.error(node, "missing-key", "'" + key + "' expects nothing: all of it is null");
  return true;
}

void read_body(Input& input, Map& map, Expectation& out) {
  read_names(map, "body", out.names);
  bool any = read_wishes(input, map, "position", out.position);
  any |= read_wishes(input, map, "velocity", out.velocity);
  any |= read_wishes(input, map, "angular_velocity", out.angular_velocity);
  if (std::array<double, 4> orientation; map.orientation(orientation)) {
    out.orientation = orientation;
    map.require("within_angle");
  }
  double angle = 0;
  if (map.number("within_angle", angle, 0, 180)) {
    out.within_angle = angle * degree;
    if (!map.has("orientation") && !map.has("euler"))
      map.error("within_angle", "missing-key", "'within_angle' says nothing without 'orientation' or 'euler'");
  }
  double within;
  map.number("within", within, 0, most);
  if (!any && !map.has("orientation") && !map.has("euler"))
    map.error("body", "missing-key", "a body needs 'position', 'orientation', 'euler', 'velocity' or 'angular_velocity'");
}

void read_joint(Input& input, Map& map, Expectation& out) {
  read_names(map, "joint", out.names);
  for (auto [key, wish] : {std::pair{"position", &out.joint_position}, {"velocity", &out.joint_velocity}}) {
    Range range;
    if (const YAML::Node node = map.child(key); node.IsDefined() && read_wish(input, map, node, key, range)) *wish = range;
  }
  double within;
  map.number("within", within, 0, most);
  if (!map.has("position") && !map.has("velocity")) map.error("joint", "missing-key", "a joint needs 'position' or 'velocity'");
}

void read_contact(Input& input, Map& map, Expectation& out) {
  inside(input, map, "contact", [&](Map& what) {
    what.require("between");
    Names both;
    if (read_names(what, "between", both)) {
      if (both.patterns.size() != 2)
        what.error("between", "wrong-size", "'between' must be a list of two names, of bodies or geoms; * stands for any text");
      else out.names = {{both.patterns[0]}, {both.places[0]}}, out.others = {{both.patterns[1]}, {both.places[1]}};
    }
    if (bool present; what.flag("present", present)) out.present = present;
    inside(input, what, "force", [&](Map& force) {
      Range range;
      need_bounds(force, "force", range);
      out.force = range;
    });
    if (!what.has("present") && !what.has("force")) out.present = true;
  });
}

void read_sensor(Input& input, Map& map, Expectation& out) {
  inside(input, map, "sensor", [&](Map& what) {
    what.require("name");
    read_names(what, "name", out.names);
    what.integer("component", out.component, 0, 1'000'000);
    const bool bounds = read_bounds(what, out.range), value = what.has("value");
    if (bounds == value) what.error("name", "missing-key", "a sensor has either 'value' and 'within', or 'above', 'below' or both");
    if (value && !bounds) read_wish(input, what, what.child("value"), "value", out.range);
    double within;
    what.number("within", within, 0, most);
  });
}

void read_image(Input& input, Map& map, Expectation& out) {
  inside(input, map, "image", [&](Map& what) {
    what.require("camera");
    read_names(what, "camera", out.names);
    int id = 0;
    if (what.integer("environment", id, 0, scene::yaml_limits::environments - 1)) out.environment = uint64_t(id);
    what.flag("hash", out.exact);
    what.number("tolerance", out.tolerance, 0, 255);
    what.number("share", out.pixels, 0, 1);
    if (out.exact && (what.has("tolerance") || what.has("share")))
      what.error("hash", "bad-keyword", "a hash has no tolerance: leave 'tolerance' and 'share' out");
  });
}

// A share or number that must lie on one side: {key: number}.
void one_sided(Input& input, Map& map, const std::string& what, const char* key, double least, double greatest, Range& out, bool above,
               const char* name = nullptr, Names* names = nullptr) {
  inside(input, map, what, [&](Map& values) {
    if (name) values.require(name), read_names(values, name, *names);
    values.require(key);
    double number;
    if (values.number(key, number, least, greatest)) (above ? out.low : out.high) = number;
  });
}

void read_share(Map& map, double& out) {
  if (!map.has("of")) return;
  std::string word;
  map.text("of", word);
  if (word == "all") out = 1;
  else if (word == "any") out = 0;
  else if (!scene::yaml::parse(word, out) || out <= 0 || out > 1) {
    map.error("of", "out-of-range", "'of' must be all, any, or a share of the environments between 0 and 1");
    out = 1;
  }
}

// A moment: a number of seconds, or `end`.
bool read_moment(Map& map, const char* key, double& out) {
  if (!map.has(key)) return false;
  const YAML::Node node = map.child(key);
  if (node.IsScalar() && node.Scalar() == "end") return out = at_end, true;
  map.number(key, out, 0, most_seconds);
  return true;
}

void read_when(Map& map, bool always, When& out) {
  const bool at = map.has("at"), by = map.has("by"), between = map.has("from") || map.has("to");
  if (int(at) + int(by) + int(between) > 1)
    map.error(at ? "at" : "by", "two-times", "an expectation has one of 'at', 'by', and 'from' with 'to'");
  if (always || between) out = {When::always, 0, at_end};
  if (at) out.kind = When::at, read_moment(map, "at", out.from), out.to = out.from;
  if (by) out.kind = When::by, out.from = 0, read_moment(map, "by", out.to);
  read_moment(map, "from", out.from);
  read_moment(map, "to", out.to);
  if (out.from > out.to) map.error("from", "out-of-range", "'from' must not lie after 'to'");
}

const std::vector<std::string>& expectation_words() {
  static const std::vector<std::string> words{"body", "joint", "contact", "penetration", "energy", "settled", "sensor", "image",
                                              "hash", "faults", "fault_in", "goal", "timeline", "steps", "iterations"};
  return words;
}

void read_expectation(Input& input, const YAML::Node& node, Script& out) {
  using Type = ExpectationType;
  Map map(input, node, "an expectation");
  if (!node.IsMap()) return;
  Expectation e;
  e.place = map.place();
  const int type = only(input, map, node, expectation_words(), "an expectation");
  if (type < 0) return;
  e.type = Type(type);
  map.text("name", e.name);
  const bool over_time = e.type <= Type::energy || e.type == Type::sensor, look = over_time || e.type == Type::image;
  const bool probed = e.type == Type::contact || e.type == Type::penetration || e.type == Type::energy;
  if (look) read_when(map, e.type == Type::penetration || e.type == Type::energy, e.when);
  if (over_time || e.type == Type::settled) read_share(map, e.share);
  if (probed) map.number("every", e.every, 0, most_seconds);
  if (e.type == Type::image && e.when.kind != When::at) map.error("image", "two-times", "a picture is of one moment: 'at'");
  if (e.type == Type::energy && e.when.kind != When::always) map.error("energy", "two-times", "a drift is between 'from' and 'to'");
  switch (e.type) {
    case Type::body: read_body(input, map, e); break;
    case Type::joint: read_joint(input, map, e); break;
    case Type::contact: read_contact(input, map, e); break;
    case Type::penetration: one_sided(input, map, "penetration", "below", 0, most, e.range, false); break;
    case Type::energy: one_sided(input, map, "energy", "drift_below", 0, most, e.range, false); break;
    case Type::settled:
      e.names = {{"*"}, {map.place()}};
      e.when = {When::always, 0, at_end};
      inside(input, map, "settled", [&](Map& what) {
        what.require("by");
        read_moment(what, "by", e.when.from);
        read_names(what, "bodies", e.names);
        what.require("speed_below");
        what.number("speed_below", e.range.high, 0, most);
      });
      break;
    case Type::sensor: read_sensor(input, map, e); break;
    case Type::image: read_image(input, map, e); break;
    case Type::hash: {
      int golden = 0;
      map.choice("hash", golden, {"golden"});
      break;
    }
    case Type::faults: map.integer("faults", e.count, 0, scene::yaml_limits::environments); break;
    case Type::fault_in: read_ids(input, map, "fault_in", e.environments); break;
    case Type::goal: one_sided(input, map, "goal", "success_above", 0, 1, e.range, true, "name", &e.names); break;
    case Type::timeline: one_sided(input, map, "timeline", "finished_above", 0, 1, e.range, true); break;
    case Type::steps: one_sided(input, map, "steps", "below", 0, most, e.range, false); break;
    case Type::iterations: one_sided(input, map, "iterations", "below", 0, most, e.range, false); break;
  }
  map.finish();
  out.expectations.push_back(std::move(e));
}

// ---- guards, matrix --------------------------------------------------------------------------------------------------

void read_guard(Input& input, const YAML::Node& node, Script& out) {
  Map map(input, node, "a guard");
  if (!node.IsMap()) return;
  Guard guard;
  guard.place = guard.field.place = guard.field.field_place = map.place();
  std::ostringstream name;
  if (map.has("gravity")) {
    double scale = 1;
    map.number("gravity", scale, -most, most);
    guard.field.field = "gravity";
    guard.field.draw = {scale, scale, false};
    guard.field.field_place = map.place("gravity");
    name << "gravity " << scale;
  } else {
    read_field(map, "set", guard.field);
    static constexpr const char* words[] = {"set", "add", "scale"};
    name << guard.field.field << ' ';
    for (const std::string& pattern : guard.field.names)
      if (pattern != "*") name << pattern << ' ';
    name << words[int(guard.field.operation)] << ' ' << guard.field.draw.a;
  }
  map.finish();
  guard.name = name.str();
  if (std::any_of(out.guards.begin(), out.guards.end(), [&](const Guard& other) { return other.name == guard.name; }))
    return input.error(node, "repeated-name", "two guards are '" + guard.name + "'");
  out.guards.push_back(std::move(guard));
}

template <class T>
void read_integers(Input& input, Map& map, const std::string& key, std::vector<T>& out, int64_t least, int64_t greatest) {
  const YAML::Node node = map.child(key);
  if (!node.IsDefined() || too_long(input, node, key, script_limits::list)) return;
  if (!node.IsSequence() || node.size() == 0)
    return input.error(node, "wrong-kind", "'" + key + "' must be a list of whole numbers, such as [1, 8]");
  for (std::size_t i = 0; i < node.size(); ++i) {
    int64_t number;
    if (!node[i].IsScalar() || !scene::yaml::parse(node[i].Scalar(), number))
      return input.error(node[i], "wrong-kind", "'" + key + "' must be a list of whole numbers");
    if (number < least || number > greatest)
      return input.error(node[i], "out-of-range",
                         "'" + key + "' must lie between " + std::to_string(least) + " and " + std::to_string(greatest));
    if (std::find(out.begin(), out.end(), T(number)) != out.end())
      return input.error(node[i], "repeated-name", std::to_string(number) + " is named twice");
    out.push_back(T(number));
  }
}

void read_words(Input& input, Map& map, const std::string& key, std::vector<std::string>& out, const std::vector<std::string>& known) {
  std::vector<Place> places;
  std::vector<std::string> words;
  if (too_long(input, map.child(key), key, script_limits::list) || !map.patterns(key, words, &places)) return;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool again = std::find(out.begin(), out.end(), words[i]) != out.end();
    if (again || std::find(known.begin(), known.end(), words[i]) == known.end())
      return input.errors.add({Severity::error,
                               again ? "repeated-name" : "bad-keyword",
                               again ? xml::shown(words[i]) + " is named twice" : "'" + key + "' cannot be " + xml::shown(words[i]),
                               again ? "" : xml::nearest_hint(words[i], known),
                               places[i],
                               {},
                               {}});
    out.push_back(words[i]);
  }
}

void read_matrix(Input& input, Map& script, Script& out) {
  inside(input, script, "matrix", [&](Map& map) {
    Matrix& m = out.matrix;
    read_words(input, map, "precision", m.precision, {"float", "double"});
    read_words(input, map, "backend", m.backend, {"cpu", "cuda", "bullet"});
    read_integers(input, map, "environments", m.environments, 1, scene::yaml_limits::environments);
    read_integers(input, map, "seed", m.seed, 0, std::numeric_limits<int64_t>::max());
    read_integers(input, map, "width", m.width, 0, most_width);
    read_integers(input, map, "threads", m.threads, 0, most_threads);
    double cases = 1;
    for (const std::size_t size :
         {m.precision.size(), m.backend.size(), m.environments.size(), m.seed.size(), m.width.size(), m.threads.size()})
      cases *= double(std::max<std::size_t>(1, size));
    if (cases > double(script_limits::cases))
      script.error("matrix", "out-of-range", "a matrix has at most " + std::to_string(script_limits::cases) + " combinations");
  });
}

// ---- the whole -------------------------------------------------------------------------------------------------------

// What is wrong between parts of a script that are each right.
void check(Input& input, const Script& s) {
  auto error = [&](const Place& place, std::string code, std::string message) {
    input.errors.add({Severity::error, std::move(code), std::move(message), {}, place, {}, {}});
  };
  if (s.expectations.empty()) error(s.place, "missing-key", "a script without expectations tests nothing");
  // environments are named by ids, which no case may lack altogether
  const std::vector<int>& sizes = s.matrix.environments;
  const int one = s.environments.value_or(1), greatest = sizes.empty() ? one : *std::max_element(sizes.begin(), sizes.end());
  auto named = [&](const Place& place, const std::vector<uint64_t>& ids) {
    for (const uint64_t id : ids)
      if (id >= uint64_t(greatest))
        return error(place, "out-of-range",
                     "there is no environment " + std::to_string(id) + ": ids go from 0 to " + std::to_string(greatest - 1));
  };
  for (const Action& a : s.actions) named(a.place, a.environments);
  for (const Expectation& e : s.expectations) named(e.place, e.environments);
  if (s.seconds) {
    for (const Action& a : s.actions)
      if (a.at >= *s.seconds) error(a.place, "out-of-range", "this happens after the end of the case");
    for (const Expectation& e : s.expectations)
      for (const double t : {e.when.from, e.when.to})
        if (t != at_end && t > *s.seconds) {
          error(e.place, "out-of-range", "this looks after the end of the case");
          break;
        }
  }
  const auto golden = [](const Expectation& e) { return e.type == ExpectationType::hash || (e.type == ExpectationType::image && e.exact); };
  if (std::count_if(s.expectations.begin(), s.expectations.end(), [&](const Expectation& e) { return e.type == ExpectationType::hash; }) >
      1)
    error(std::find_if(s.expectations.rbegin(), s.expectations.rend(), golden)->place, "repeated-key", "the hash is expected twice");
  const auto exact = std::find_if(s.expectations.begin(), s.expectations.end(), golden);
  if (const auto& backends = s.matrix.backend; exact != s.expectations.end() && std::find(backends.begin(), backends.end(), "bullet") != backends.end())
    error(exact->place, "bad-keyword", "the backend 'bullet' has other bits: a script that runs there expects no hash");
  const bool any = std::any_of(s.expectations.begin(), s.expectations.end(),
                               [](const Expectation& e) { return e.type != ExpectationType::hash && e.type != ExpectationType::image; });
  if (!s.guards.empty() && !any)
    error(s.guards[0].place, "missing-key", "guards need expectations besides hashes and pictures, which fail at any change");
}

Script read_root(Input& input, const YAML::Node& root) {
  Script out;
  out.path = input.name;
  out.name = std::filesystem::path(input.name).stem().string();
  Map map(input, root, "a script");
  out.place = {input.name, 1, 1};
  map.require("scene");
  map.text("scene", out.scene);
  out.scene_place = map.place("scene");
  map.text("about", out.about);
  map.patterns("tags", out.tags);
  if (int n; map.integer("environments", n, 1, scene::yaml_limits::environments)) out.environments = n;
  if (int n; map.integer("substeps", n, 1, 10'000)) out.substeps = n;
  if (uint64_t n; map.seed("seed", n)) out.seed = n;
  if (double s; map.number("seconds", s, 0, most_seconds)) out.seconds = s;
  int control = 0;
  static const std::vector<std::string> words{"none", "zero", "random", "sine", "hold"};
  if (map.choice("control", control, words)) out.control = words[std::size_t(control)];
  // `timeline: false` leaves the scene's out; a list is what this script does
  if (const YAML::Node node = map.child("timeline"); node.IsDefined() && node.IsScalar() && node.Scalar() == "false") out.timeline = false;
  else if (!too_long(input, node, "timeline", script_limits::actions))
    each(input, node, "timeline", [&](const YAML::Node& entry) { read_timeline_entry(input, entry, out); });
  map.flag("scene_timeline", out.timeline);
  if (const YAML::Node node = map.child("expect"); !too_long(input, node, "expect", script_limits::expectations))
    each(input, node, "expect", [&](const YAML::Node& entry) { read_expectation(input, entry, out); });
  if (const YAML::Node node = map.child("guards"); !too_long(input, node, "guards", script_limits::guards))
    each(input, node, "guards", [&](const YAML::Node& entry) { read_guard(input, entry, out); });
  read_matrix(input, map, out);
  map.finish();
  if (input.errors.count == 0) check(input, out);
  return out;
}

}  // namespace

Result<Script> read_script_text(const std::string& text, const std::string& path) {
  Input input{path, {}};
  Script script;
  if (scene::yaml::check_text(input, text)) {
    try {
      script = read_root(input, YAML::Load(text));
    } catch (const YAML::Exception& exception) {
      input.errors.add(
          {Severity::error, "bad-yaml", exception.msg, {}, {path, exception.mark.line + 1, exception.mark.column + 1}, {}, {}});
    }
  }
  for (Diagnostic& d : input.errors.kept)
    if (d.place.file == path && d.excerpt.line.empty()) d.excerpt = xml::excerpt_of(text, d.place.line, d.place.column);
  if (input.errors.count > 0) return input.errors.finished();
  return script;
}

Result<Script> read_script(const std::string& path) {
  std::error_code code;
  auto refuse = [&](const char* why) { return Diagnostic{Severity::error, "unreadable", why, {}, {path, 0, 0}, {}, {}}; };
  if (!std::filesystem::is_regular_file(path, code))
    return refuse(std::filesystem::exists(path, code) ? "this is not a file" : "there is no such file");
  if (std::filesystem::file_size(path, code) > scene::yaml_limits::file_bytes) return refuse("a script is not that large");
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  if (!stream) return refuse("it cannot be read");
  return read_script_text(text.str(), path);
}

}  // namespace nuri::regress
