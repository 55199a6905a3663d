#include "tools/session/vary_eyes.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include "engine/shape/rigid.h"
#include "render/trace/eyes.h"
#include "tools/session/find_eyes.h"
#include "tools/session/kinematics.h"
#include "tools/session/session.h"

namespace nuri::session {
namespace {

using scene::Operation;

constexpr double degree = std::numbers::pi / 180;
constexpr uint32_t draws_of_a_thing = 16;        // numbers of draws that one eye or lamp has in a rule
constexpr double most_deviations = 4;            // of a latency: a normal draw goes no further

struct Field {
  const char* name;
  int numbers;
  bool set, add, scale;
};
constexpr Field fields[] = {                     // in the order of EyeField
    {"camera_position", 3, true, true, false}, {"camera_rotation", 3, false, true, false}, {"camera_latency", 1, true, true, true},
    {"light_position", 3, true, true, false},  {"light_direction", 3, true, true, false},  {"light_diffuse", 3, true, true, true},
    {"light_specular", 3, true, true, true},   {"light_ambient", 3, true, true, true},     {"light_intensity", 1, false, false, true}};

const Field& about(EyeField field) { return fields[size_t(field)]; }
bool of_light(EyeField field) { return field >= EyeField::light_position; }

double operate(Operation operation, double value, double drawn) {
  return operation == Operation::set ? drawn : operation == Operation::add ? value + drawn : value * drawn;
}

// The rule's changes of up to three numbers.
void change(const EyeRule& r, int thing, const Drawer& drawer, std::span<double> numbers) {
  for (int k = 0; k < int(numbers.size()); ++k) {
    if (r.rule->component >= 0 && r.rule->component != k) continue;
    const uint32_t index = r.rule->shared ? 0 : uint32_t(thing) * draws_of_a_thing + uint32_t(k);
    const uint64_t seed = r.rule->when == scene::When::start ? drawer.start : drawer.episode;
    numbers[size_t(k)] = operate(r.rule->operation, numbers[size_t(k)], draw(r.rule->draw, seed, drawer.id, stream_eye, uint64_t(r.number), index));
  }
}

// Why a rule cannot place or turn what follows a body's motion in its own way; null: it can.
const char* held(EyeField field, model::Look::Track track) {
  using Track = model::Look::Track;
  if (track == Track::track || track == Track::trackcom) return "it tracks its body from where it was in the initial state";
  const bool turns = field == EyeField::rotation || field == EyeField::light_direction;
  return turns && track != Track::fixed ? "it aims at a body" : nullptr;
}

}  // namespace

std::optional<EyeField> find_eye_field(const std::string& name) {
  for (size_t f = 0; f < std::size(fields); ++f)
    if (name == fields[f].name) return EyeField(f);
  return std::nullopt;
}

const std::vector<std::string>& eye_field_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> out;
    for (const Field& f : fields) out.emplace_back(f.name);
    return out;
  }();
  return names;
}

std::vector<EyeRule> find_eye_rules(const scene::Settings& settings) {
  std::vector<EyeRule> out;
  for (size_t r = 0; r < settings.fields.size(); ++r)
    if (const auto field = find_eye_field(settings.fields[r].field)) out.push_back({*field, int(r), &settings.fields[r]});
  return out;
}

std::vector<scene::Eye> named_eyes(const std::vector<std::shared_ptr<const model::Model>>& models, const scene::Settings& settings) {
  return settings.eyes.empty() ? eyes_of_cameras(models) : settings.eyes;
}

void check_eye_rules(const model::Model& m, const scene::Settings& settings, Fit& fit) {
  const std::vector<EyeRule> rules = find_eye_rules(settings);
  if (rules.empty()) return;
  const std::vector<scene::Eye> eyes = named_eyes({std::shared_ptr<const model::Model>(std::shared_ptr<void>(), &m)}, settings);
  Fit told;                                      // elsewhere
  const auto present = find_eyes(m, eyes, told);
  std::vector<std::string> eye_names;
  for (size_t e = 0; e < eyes.size(); ++e)
    if (present[e]) eye_names.push_back(eyes[e].name);
  for (const EyeRule& r : rules) {
    const Field& field = about(r.field);
    const std::string name = field.name;
    const auto error = [&](std::string code, std::string message, std::string hint) { fit.add(r.rule, std::move(code), std::move(message), std::move(hint), r.rule->field_place); };
    if (!(r.rule->operation == Operation::set ? field.set : r.rule->operation == Operation::add ? field.add : field.scale)) {
      std::string words;
      for (const auto& [can, word] : {std::pair{field.set, "set"}, {field.add, "add"}, {field.scale, "scale"}})
        if (can) words += (words.empty() ? "'" : " or '") + std::string(word) + "'";
      error("bad-operation", "'" + name + "' cannot be changed so", "it takes " + words);
    }
    if (r.rule->component >= field.numbers) error("out-of-range", "'" + name + "' has " + std::to_string(field.numbers) + (field.numbers == 1 ? " component" : " components"), {});
    const std::vector<std::string> names = of_light(r.field) ? trace::lamp_names(m) : eye_names;
    fit.fits(r.rule->names, names, of_light(r.field) ? "light" : "camera or lidar", r.rule->names_places, r.rule->place);
    const auto refuse = [&](const std::string& who, const char* why) { error("fixed-mount", "'" + name + "' cannot move '" + who + "': " + why, "fix it to its body in the model's file"); };
    if (of_light(r.field)) {
      if (r.field > EyeField::light_direction) continue;
      for (size_t i = 0, lamp = 0; i < m.look.lights.size(); ++i)
        if (const auto& l = m.look.lights[i]; l.active)
          if (const std::string& who = names[lamp++]; r.fits(who))
            if (const char* const why = held(r.field, l.track)) refuse(who, why);
      continue;
    }
    for (size_t e = 0; e < eyes.size(); ++e)
      if (present[e] && present[e]->camera >= 0 && r.field != EyeField::latency && r.fits(eyes[e].name))
        if (const char* const why = held(r.field, m.look.cameras[size_t(present[e]->camera)].track)) refuse(eyes[e].name, why);
  }
}

void vary_mount(const std::vector<EyeRule>& rules, const std::string& name, int thing, const Drawer& drawer, std::array<double, 3>& pos, std::array<double, 4>& quat) {
  for (const EyeRule& r : rules) {
    if (r.field > EyeField::rotation || !r.fits(name)) continue;
    if (r.field == EyeField::position) {
      change(r, thing, drawer, pos);
      continue;
    }
    std::array<double, 3> about{};               // degrees
    change(r, thing, drawer, about);
    for (double& x : about) x *= degree;
    const double angle = std::sqrt(shape::dot(about, about));
    quat = shape::unit(shape::mul(quat, turn(about, angle, angle)));
  }
}

bool varies_latency(const std::vector<EyeRule>& rules, const std::string& name) {
  return std::any_of(rules.begin(), rules.end(), [&](const EyeRule& r) { return r.field == EyeField::latency && r.fits(name); });
}

double most_latency(const std::vector<EyeRule>& rules, const std::string& name, double latency) {
  for (const EyeRule& r : rules) {
    if (r.field != EyeField::latency || !r.fits(name)) continue;
    const scene::Draw& d = r.rule->draw;
    latency = std::clamp(operate(r.rule->operation, latency, d.normal ? d.a + most_deviations * d.b : d.b), 0.0, scene::yaml_limits::latency);
  }
  return latency;
}

double vary_latency(const std::vector<EyeRule>& rules, const std::string& name, int thing, const Drawer& drawer, double latency) {
  const double most = most_latency(rules, name, latency);
  for (const EyeRule& r : rules)
    if (r.field == EyeField::latency && r.fits(name)) change(r, thing, drawer, {&latency, 1});
  return std::clamp(latency, 0.0, most);
}

void vary_lamp(const std::vector<EyeRule>& rules, const std::string& name, int thing, const Drawer& drawer, float* numbers) {
  for (const EyeRule& r : rules) {
    if (!of_light(r.field) || !r.fits(name)) continue;
    if (r.field == EyeField::light_intensity) {
      double factor = 1;
      change(r, thing, drawer, {&factor, 1});
      for (int k = 7; k < trace::lamp_numbers; ++k) numbers[k] *= float(std::max(0.0, factor));
      continue;
    }
    const bool direction = r.field == EyeField::light_direction;
    std::array<double, 3> v;
    float* const from = r.field == EyeField::light_position ? numbers : numbers + 7 + 3 * (int(r.field) - int(EyeField::light_diffuse));
    if (direction) {
      v = shape::rotate(shape::Rot{numbers[3], numbers[4], numbers[5], numbers[6]}, {0, 0, -1});
      change(r, thing, drawer, v);
      const std::array<double, 4> q = trace::lamp_towards(v);
      std::copy(q.begin(), q.end(), numbers + 3);
      continue;
    }
    std::copy(from, from + 3, v.begin());
    change(r, thing, drawer, v);
    for (int k = 0; k < 3; ++k) from[k] = float(r.field == EyeField::light_position ? v[size_t(k)] : std::max(0.0, v[size_t(k)]));
  }
}

}  // namespace nuri::session
