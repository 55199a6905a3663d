// Differences between environments: initial states and model fields, from counter-based random numbers.
#include <algorithm>
#include <cmath>
#include <map>
#include "engine/core/random.h"
#include "engine/math/elementary_normal.h"
#include "engine/scene/xml.h"
#include "tools/session/kinematics.h"
#include "tools/session/session.h"
#include "tools/session/vary_eyes.h"

namespace nuri::session {
namespace {
using scene::JointType;

// Draws of one purpose for one environment; each rule has its own `step`.
struct Draws {
  uint64_t seed, id;
  Stream stream;
  uint64_t rule;
  double operator()(const scene::Draw& d, uint32_t index) const {
    return draw(d, seed, id, stream, rule, index);
  }
  double gauss(uint32_t index) const { return normal(seed, id, stream, rule, index); }
};

// Uniform over all orientations: a normal vector in four dimensions points anywhere equally often.
Rot any_orientation(const Draws& draws, uint32_t first) {
  return shape::unit({draws.gauss(first), draws.gauss(first + 1), draws.gauss(first + 2), draws.gauss(first + 3)});
}

Rot tilted(const Draws& draws, uint32_t first, double angle) {
  const shape::Vec axis{draws.gauss(first), draws.gauss(first + 1), draws.gauss(first + 2)};
  return turn(axis, angle, std::sqrt(shape::dot(axis, axis)));
}

// A NURI_REAL field with the things it describes.
struct Field {
  const char* name;
  const std::vector<double>* values;
};

std::vector<Field> real_fields(const model::Model& m) {
  return {
#define NURI_REAL(name, count, unit, doc) {#name, &m.name},
#include "engine/model/model_fields.inl"
  };
}

// Names of what a field describes; one empty name for fields of the whole model.
std::vector<std::string> names_of(const model::Model& m, const std::string& field) {
  auto begins = [&](const char* text) { return field.rfind(text, 0) == 0; };
  if (begins("body_")) return m.body_name;
  if (begins("joint_")) return m.joint_name;
  if (begins("geom_")) return m.geom_name;
  if (begins("site_")) return m.site_name;
  if (begins("tendon_")) return m.tendon_name;
  if (field == "actuator_ctrlrange" || begins("control")) return m.control_name;
  if (begins("actuator_")) return m.actuator_name;
  if (begins("equality_")) return m.equality_name;
  if (begins("sensor_")) return m.sensor_name;
  std::vector<std::string> names;
  if (begins("dof_")) for (int d = 0; d < m.dof_count; ++d) names.push_back(m.joint_name[m.dof_joint[d]]);
  else names.emplace_back();
  return names;
}

// What things are called besides their names, so that those without one can be named too: "arm/hand#2", the third geom (joint, site) of that
// body, or "#5", the sixth of its kind. Only patterns with a '#' look here.
std::vector<std::string> addresses_of(const model::Model& m, const std::string& field) {
  auto begins = [&](const char* text) { return field.rfind(text, 0) == 0; };
  std::vector<std::string> out;
  auto in_bodies = [&](const std::vector<int32_t>& bodies) {
    std::vector<int> count(size_t(m.body_count), 0);
    for (size_t i = 0; i < bodies.size(); ++i) {
      const std::string& body = m.body_name[bodies[i]];
      out.push_back(body.empty() ? '#' + std::to_string(i) : body + '#' + std::to_string(count[bodies[i]]));
      ++count[bodies[i]];
    }
  };
  if (begins("geom_")) in_bodies(m.geom_body);
  else if (begins("site_")) in_bodies(m.site_body);
  else if (begins("joint_")) in_bodies(m.joint_body);
  else if (begins("dof_")) {
    in_bodies(m.joint_body);
    const std::vector<std::string> joints = std::move(out);
    out.clear();
    for (int d = 0; d < m.dof_count; ++d) out.push_back(joints[m.dof_joint[d]]);
  } else {
    const size_t count = names_of(m, field).size();
    for (size_t i = 0; i < count; ++i) out.push_back('#' + std::to_string(i));
  }
  return out;
}

bool can_be_positive(const scene::Draw& d) { return d.a > 0 || (d.normal ? d.b != 0 : d.b > 0); }

// What a field is of, in a sentence.
std::string thing_of(const std::string& field) {
  if (field == "mass") return "body";
  if (field == "gain") return "actuator";
  if (field.rfind("dof_", 0) == 0) return "joint";
  return field.substr(0, field.find('_'));
}

}  // namespace

double draw(const scene::Draw& d, uint64_t seed, uint64_t id, Stream stream, uint64_t rule, uint32_t index) {
  if (d.fixed()) return d.a;
  return d.normal ? d.a + d.b * normal(seed, id, stream, rule, index) : d.a + (d.b - d.a) * uniform(seed, id, stream, rule, index);
}

void check_initial(const model::Model& model, const scene::Settings& settings, Fit& fit) {
  std::vector<std::string> joints, bodies;
  for (int j = 0; j < model.joint_count; ++j) {
    if (model.joint_type[j] >= int(JointType::slide)) joints.push_back(model.joint_name[j]);
    else if (model.joint_type[j] == int(JointType::free)) bodies.push_back(model.body_name[model.joint_body[j]]);
  }
  for (const scene::RandomJoint& rule : settings.joints) fit.fits(rule.joints, joints, "hinge or slide", rule.names_places, rule.place);
  for (const scene::RandomBody& rule : settings.bodies) fit.fits(rule.bodies, bodies, "body with a free joint", rule.names_places, rule.place);
}

void randomise_state(World& world, const scene::Settings& settings, int environment, uint64_t seed) {
  const model::Model& m = world.model(environment);
  auto add = [&](StateField field, int item, double value) {
    if (value != 0) world.set(field, environment, item, world.get(field, environment, item) + value);
  };
  Draws draws{seed, world.id(environment), stream_joint, 0};
  for (const scene::RandomJoint& rule : settings.joints) {
    for (int j = 0; j < m.joint_count; ++j) {
      if (m.joint_type[j] < int(JointType::slide) || !scene::matches(rule.joints, m.joint_name[j])) continue;
      add(StateField::qpos, m.joint_qpos[j], draws(rule.position, 2 * uint32_t(j)));
      add(StateField::qvel, m.joint_dof[j], draws(rule.velocity, 2 * uint32_t(j) + 1));
      if (!m.joint_limited[j] || rule.position.fixed()) continue;
      const double q = world.get(StateField::qpos, environment, m.joint_qpos[j]), low = m.joint_range[2 * j], high = m.joint_range[2 * j + 1];
      if (q < low || q > high) world.set(StateField::qpos, environment, m.joint_qpos[j], std::clamp(q, low, high));
    }
    ++draws.rule;
  }
  draws.stream = stream_body, draws.rule = 0;
  for (const scene::RandomBody& rule : settings.bodies) {
    for (int j = 0; j < m.joint_count; ++j) {
      if (m.joint_type[j] != int(JointType::free) || !scene::matches(rule.bodies, m.body_name[m.joint_body[j]])) continue;
      const int q = m.joint_qpos[j], v = m.joint_dof[j];
      const uint32_t first = 16 * uint32_t(j);
      for (int k = 0; k < 3; ++k) {
        add(StateField::qpos, q + k, draws(rule.position[k], first + k));
        add(StateField::qvel, v + k, draws(rule.linear_velocity[k], first + 3 + k));
        add(StateField::qvel, v + 3 + k, draws(rule.angular_velocity[k], first + 6 + k));
      }
      const double angle = draws(rule.tilt, first + 9), yaw = draws(rule.yaw, first + 15);
      if (!rule.any_orientation && angle == 0 && yaw == 0) continue;
      auto get = [&](int k) { return world.get(StateField::qpos, environment, q + 3 + k); };
      const Rot change = rule.any_orientation ? any_orientation(draws, first + 10) : shape::mul(turn({0, 0, 1}, yaw), tilted(draws, first + 10, angle));
      const Rot turned = shape::mul(change, {get(0), get(1), get(2), get(3)});
      for (int k = 0; k < 4; ++k) world.set(StateField::qpos, environment, q + 3 + k, turned[size_t(k)]);
    }
    ++draws.rule;
  }
}

// Whether a parameter is a gain of its actuator, and no length, temperature or resistance.
bool is_gain(const model::Model& m, int actuator, bool of_gain, int component) {
  const int type = of_gain ? m.actuator_gain[actuator] : m.actuator_bias[actuator];
  if (type == int(scene::Gain::muscle)) return component == 2 || component == 3;                       // force, scale; as a bias too
  if (type == int(scene::Gain::dcmotor)) return of_gain && component >= 4 && component <= 6;           // kp, ki, kd
  return component < 3;
}

FieldItems find_fields(const model::Model& m, const scene::Settings& settings, Fit& fit) {
  const std::vector<Field> fields = real_fields(m);
  FieldItems items;
  std::map<std::pair<int, int>, size_t> known_items;   // of a field
  for (size_t r = 0; r < settings.fields.size(); ++r) {
    const scene::RandomField& rule = settings.fields[r];
    auto error = [&](std::string code, std::string message, std::string hint = {}) {
      fit.add(&rule, std::move(code), std::move(message), std::move(hint), rule.field_place);
    };
    // two words for fields that belong together
    std::vector<std::string> numbered;           // patterns of addresses
    for (const std::string& pattern : rule.names)
      if (pattern.find('#') != std::string::npos) numbered.push_back(pattern);
    const bool mass = rule.field == "mass", gain = rule.field == "gain", several = mass || gain;
    if (several && rule.operation != scene::Operation::scale)
      error("bad-operation", "'" + rule.field + "' can only be scaled", mass ? "body_mass alone can be set" : "actuator_gainprm alone can be set");
    if (find_eye_field(rule.field)) continue;    // check_eye_rules
    std::vector<std::string> known = eye_field_names();
    known.insert(known.end(), {"mass", "gain"});
    bool is_field = false, found = false;
    std::vector<std::string> things;             // that the field is of
    for (const Field& field : fields) {
      const std::string name = field.name;
      known.push_back(name);
      if (mass ? name != "body_mass" && name != "body_inertia" : gain ? name != "actuator_gainprm" && name != "actuator_biasprm" : name != rule.field) continue;
      is_field = true;
      const int number = Bucket::field_number(name);
      if (number < 0) error("fixed-field", "'" + name + "' cannot differ between environments");
      const std::vector<std::string> names = things = names_of(m, name), addresses = numbered.empty() ? names : addresses_of(m, name);
      if (!numbered.empty()) things.insert(things.end(), addresses.begin(), addresses.end());
      const int numbers = int(field.values->size()), per_thing = names.empty() ? 0 : numbers / int(names.size());
      if (rule.component >= per_thing && per_thing > 0) error("out-of-range", "'" + name + "' has " + std::to_string(per_thing) + " components");
      for (int thing = 0; thing < int(names.size()); ++thing) {
        if (!scene::matches(rule.names, names[thing]) && !scene::matches(numbered, addresses[thing])) continue;
        for (int k = 0; k < per_thing; ++k) {
          if (rule.component >= 0 && rule.component != k) continue;
          if (gain && !is_gain(m, thing, name == "actuator_gainprm", k)) continue;
          const int item = thing * per_thing + k;
          const double value = (*field.values)[size_t(item)];
          if (value <= 0 && Bucket::switches_rows(name) && rule.operation != scene::Operation::scale && can_be_positive(rule.draw))
            error("fixed-field", "'" + name + "' of '" + names[thing] + "' is 0 in the model, which has no row for it", "give it a small value in the model's file");
          const auto [at, is_new] = known_items.try_emplace({number, item}, items.size());
          if (is_new) items.push_back({number, item, value, false, {}});
          FieldItem& to = items[at->second];
          to.changes.push_back({int(r), rule.shared ? 0 : uint32_t(several ? thing : item)});
          to.anew |= rule.when == scene::When::episode;
          found = true;
        }
      }
    }
    if (!is_field) error("unknown-field", "a model has no number field '" + rule.field + "'", scene::xml::nearest_hint(rule.field, known));
    else if (fit.fits(rule.names, things, thing_of(rule.field), rule.names_places, rule.place) && !found && things.empty())
      fit.add(&rule, "unknown-name", "this model has nothing with a '" + rule.field + "'", {}, rule.field_place);
  }
  return items;
}

std::optional<FieldName> name_field(const model::Model& m, const std::string& field, int item) {
  for (const Field& f : real_fields(m)) {
    if (field != f.name || item < 0 || size_t(item) >= f.values->size()) continue;
    const std::vector<std::string> names = names_of(m, field), addresses = addresses_of(m, field);
    if (names.empty()) return std::nullopt;
    const int per_thing = int(f.values->size() / names.size()), thing = item / per_thing;
    const bool dofs = field.rfind("dof_", 0) == 0;
    auto same = [&](int other) { return dofs ? m.dof_joint[other] == m.dof_joint[thing] : other == thing; };
    const FieldName out{{}, per_thing > 1 ? item % per_thing : -1};
    if (names.size() == 1 && names[0].empty()) return FieldName{"*", out.component};   // of the whole model
    for (const std::string& pattern : {names[thing], addresses[thing]}) {
      const bool numbered = pattern.find('#') != std::string::npos;
      bool alone = !pattern.empty();
      for (int other = 0; alone && other < int(names.size()); ++other)
        alone = (scene::matches({pattern}, names[other]) || (numbered && scene::matches({pattern}, addresses[other]))) == same(other);
      if (alone) return FieldName{pattern, out.component};
    }
  }
  return std::nullopt;
}

void randomise_fields(World& world, const scene::Settings& settings, int environment, const FieldItems& items, bool anew, uint64_t episode) {
  Bucket& bucket = world.bucket(world.place(environment).bucket);
  for (const FieldItem& item : items) {
    if (item.anew != anew) continue;
    double value = item.value;
    for (const auto& [number, draw] : item.changes) {
      const scene::RandomField& rule = settings.fields[size_t(number)];
      const bool once = rule.when == scene::When::start;
      const double drawn = Draws{once ? world.options().seed : episode, world.id(environment), stream_field, uint64_t(number)}(rule.draw, draw);
      value = rule.operation == scene::Operation::set ? drawn : rule.operation == scene::Operation::add ? value + drawn : value * drawn;
    }
    bucket.override_number(item.field, world.place(environment).index, item.item, value);
  }
}

}  // namespace nuri::session
