// What `vary` changes of eyes and lights: where cameras and lidars are mounted and how late their pictures are, where lights are and what they
// shine. The rules have the form of those for numbers of the model, and draw likewise.
#pragma once
#include <array>
#include <optional>
#include "engine/model/model.h"
#include "engine/scene/yaml.h"
#include "tools/session/fit.h"

namespace nuri::session {

enum class EyeField { position, rotation, latency, light_position, light_direction, light_diffuse, light_specular, light_ambient, light_intensity };
// "camera_position": none if it is none of these.
std::optional<EyeField> find_eye_field(const std::string& name);
const std::vector<std::string>& eye_field_names();

// Whose episode draws.
struct Drawer { uint64_t start, episode, id; };  // seeds of rules by `when`; id of the environment

// One rule of `vary` that changes eyes or lights. Names of eyes are the session's, those of lights the model's (trace::lamp_names).
struct EyeRule {
  EyeField field;
  int number;                                    // of the rule: its draws
  const scene::RandomField* rule;
  bool fits(const std::string& name) const { return scene::matches(rule->names, name); }
};
std::vector<EyeRule> find_eye_rules(const scene::Settings& settings);
// Tells `fit` of rules that name nothing of this model or cannot be carried out.
void check_eye_rules(const model::Model& model, const scene::Settings& settings, Fit& fit);
// The eyes that rules name: the scene's, or the cameras of a model where it has none.
std::vector<scene::Eye> named_eyes(const std::vector<std::shared_ptr<const model::Model>>& models, const scene::Settings& settings);

// Where an eye is after the rules: `thing` numbers it among named_eyes. Rotations are about its own axes.
void vary_mount(const std::vector<EyeRule>& rules, const std::string& name, int thing, const Drawer& drawer, std::array<double, 3>& pos, std::array<double, 4>& quat);
// s. most_latency: no environment's is longer.
double vary_latency(const std::vector<EyeRule>& rules, const std::string& name, int thing, const Drawer& drawer, double latency);
double most_latency(const std::vector<EyeRule>& rules, const std::string& name, double latency);
bool varies_latency(const std::vector<EyeRule>& rules, const std::string& name);
// Numbers of a lamp as render/trace has them (lamp_numbers): changed in place.
void vary_lamp(const std::vector<EyeRule>& rules, const std::string& name, int thing, const Drawer& drawer, float* numbers);

}  // namespace nuri::session
