#include "engine/scene/actuators.h"

#include <bit>

namespace nuri::scene {

std::vector<std::string> input_names(const Actuator& a) {
  if (a.gain == Gain::so3) return a.input & actuator_input::quat ? std::vector<std::string>{"qw", "qx", "qy", "qz"} : std::vector<std::string>{"rx", "ry", "rz"};
  if (a.gain != Gain::pid && a.gain != Gain::dcmotor) return {""};
  static constexpr struct { int bit; const char* name; } known[] = {
      {actuator_input::pos, "pos"}, {actuator_input::vel, "vel"}, {actuator_input::ff, "ff"}, {actuator_input::voltage, "voltage"}};
  std::vector<std::string> out;
  for (const auto& [bit, name] : known)
    if (a.input & bit) out.push_back(name);
  return out;
}

std::vector<double> neutral_controls(const Actuator& a) {
  std::vector<double> out(size_t(control_count(a)));
  if (a.gain == Gain::so3 && a.input & actuator_input::quat) out[0] = 1;
  return out;
}

int activation_states(const Actuator& a) {
  const auto bit = [](bool has, int at) { return has ? 1 << at : 0; };
  if (a.dynamics == Dynamics::pid) return bit(a.dynprm[1] > 0, 0) | bit(a.gainprm[0] > 0, 1);
  if (a.dynamics != Dynamics::dcmotor) return 0;
  return bit(a.dynprm[7] > 0, 0) | bit(a.gainprm[5] > 0, 1) | bit(a.dynprm[2] > 0, 2) | bit(a.dynprm[5] > 0, 3) | bit(a.dynprm[0] > 0, 4);
}

int activation_count(const Actuator& a) {
  if (a.dynamics == Dynamics::none) return 0;
  if (a.dynamics == Dynamics::pid || a.dynamics == Dynamics::dcmotor) return std::popcount(unsigned(activation_states(a)));
  return a.gain == Gain::so3 ? 3 : 1;
}

}  // namespace nuri::scene
