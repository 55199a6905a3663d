// Actuators: their controls, forces and activations laid out, what they add to joints, and what cannot be.
#include <algorithm>
#include <cmath>

#include "engine/model/compile_parts.h"
#include "engine/model/derive_actuators.h"
#include "engine/model/model_tree.h"
#include "engine/scene/actuators.h"

namespace nuri::model {
using namespace scene;
namespace {

constexpr double smallest = 1e-15;

bool empty_range(const Array2& r) { return !(r[0] < r[1]); }
bool given(const Array2& r) { return r[0] != 0 || r[1] != 0; }

// The smooth muscle curves divide by these.
bool muscle_fits(const Parameters& prm) {
  return prm[0] < prm[1] && prm[4] < 1 && prm[5] > 1 && prm[3] > 0 && prm[6] > 0 && prm[7] > 0 && prm[8] > 0;
}

class Layout {
 public:
  explicit Layout(Compilation& c) : c_(c), m_(c.model) {
    m_.actuator_control_adr = m_.actuator_output_adr = m_.actuator_act_adr = m_.moment_adr = {0};
  }

  void add(const Actuator& a, const std::string& who) {
    const Transmission kind = a.gain == Gain::so3 ? Transmission::so3 : a.transmission;
    if (const std::string why = misfit(a); !why.empty()) return c_.error("bad-actuator", who + ": " + why, a.place);
    Array2 control = a.ctrlrange, activation = a.actrange;
    bool control_limited = a.ctrllimited, activation_limited = a.actlimited;
    if (a.inheritrange > 0) {                                // a servo's range taken from its target's
      const bool tendon = a.transmission == Transmission::tendon, joint = a.transmission <= Transmission::joint_in_parent;
      const bool limited = tendon ? m_.tendon_limited[a.target] : joint && m_.joint_limited[a.target];
      if (!limited) return c_.error("bad-inheritrange", who + ": inheritrange needs a target with a range", a.place);
      const double* r = tendon ? &m_.tendon_range[2 * a.target] : &m_.joint_range[2 * a.target];
      const double mean = 0.5 * (r[1] + r[0]), radius = 0.5 * (r[1] - r[0]) * a.inheritrange;
      (a.dynamics == Dynamics::integrator ? activation : control) = {mean - radius, mean + radius};
      (a.dynamics == Dynamics::integrator ? activation_limited : control_limited) = true;
    }
    const bool disabled = std::ranges::count(c_.scene.option.actuatorgroupdisable, a.group) > 0;
    m_.actuator_name.push_back(a.name);
    m_.actuator_transmission.push_back(int(kind));
    m_.actuator_target.push_back(a.target);
    m_.actuator_reference.push_back(a.reference);
    m_.actuator_inputs.push_back(a.input);
    m_.actuator_states.push_back(activation_states(a));
    m_.actuator_dynamics.push_back(int(a.dynamics));
    m_.actuator_gain.push_back(int(a.gain));
    m_.actuator_bias.push_back(int(a.bias));
    m_.actuator_limits.push_back((a.forcelimited ? actuator_force_limited : 0) | (activation_limited ? actuator_act_limited : 0) | (a.actearly ? actuator_early : 0) |
                                 (disabled ? actuator_disabled : 0) | (on_circle(a) ? actuator_circle : 0));
    append(m_.actuator_gear, a.gear);
    m_.actuator_cranklength.push_back(a.cranklength);
    append(m_.actuator_lengthrange, known_lengths(a, who));
    append(m_.actuator_dynprm, a.dynprm);
    append(m_.actuator_gainprm, a.gainprm);
    append(m_.actuator_biasprm, a.biasprm);
    append(m_.actuator_forcerange, a.forcerange);
    append(m_.actuator_actrange, activation);
    add_controls(a, control_limited, control, who);
    m_.activation_count += activation_count(a);
    m_.actuator_act_adr.push_back(m_.activation_count);
    for (int k = 0; k < output_count(a); ++k) add_output(a, kind, k);
    m_.actuator_output_adr.push_back(m_.output_count);
    ++m_.actuator_count;
    if ((a.forcelimited && empty_range(a.forcerange)) || (activation_limited && empty_range(activation))) c_.error("bad-range", who + " is limited but its range is empty", a.place);
    if (activation_limited && a.dynamics == Dynamics::none) c_.error("bad-range", who + " has an actrange but no activation", a.place);
  }

 private:
  bool ball(const Actuator& a) const {
    return a.transmission <= Transmission::joint_in_parent && m_.joint_type[a.target] == int(JointType::ball);
  }
  bool seen_turning(const Actuator& a) const {               // a site's rotation, from another
    return a.transmission == Transmission::site && a.reference >= 0 && a.gear[0] == 0 && a.gear[1] == 0 && a.gear[2] == 0;
  }
  // A muscle's, as far as they are known without simulation; 0 0: not (physics/compile.h).
  Array2 known_lengths(const Actuator& a, const std::string& who) {
    const LengthRange& how = c_.scene.compiler.lengthrange;
    if (a.gain != Gain::muscle && a.bias != Bias::muscle) return a.lengthrange;
    const bool written = a.lengthrange[0] < a.lengthrange[1];
    if (how.mode == LengthRange::Mode::none && !written) {
      c_.error("no-length-range", who + ": a muscle needs a length range", a.place, "give it 'lengthrange', or let the compiler find it: lengthrange mode=\"muscle\"");
      return {0, 0};
    }
    if (written && (how.useexisting || how.mode == LengthRange::Mode::none)) return a.lengthrange;
    if (how.uselimit && a.transmission <= Transmission::tendon) {
      const bool tendon = a.transmission == Transmission::tendon;
      const double* const range = tendon ? &m_.tendon_range[2 * a.target] : &m_.joint_range[2 * a.target];
      if (tendon ? m_.tendon_limited[a.target] : m_.joint_limited[a.target]) return {range[0], range[1]};
    }
    return {0, 0};
  }
  // A servo whose setpoint is an angle (MuJoCo 4: position servos on ball joints and on the rotation of sites).
  bool on_circle(const Actuator& a) const {
    const bool held = a.gain == Gain::fixed && a.bias == Bias::affine && a.gainprm[0] == -a.biasprm[1] && a.dynamics <= Dynamics::filterexact;
    return (held || a.gain == Gain::pid) && (ball(a) || seen_turning(a));
  }

  // What the dynamics has no meaning for; "" if it is an actuator.
  std::string misfit(const Actuator& a) const {
    const bool on_target = a.transmission <= Transmission::tendon;
    if (!on_target && a.armature != 0) return "armature needs a joint or tendon";
    if (!on_target && a.damping != Array3{0, 0, 0}) return "damping needs a joint or tendon";
    if (a.transmission == Transmission::slidercrank && (!(a.cranklength > 0) || a.reference < 0)) return "a slider-crank needs a slidersite and a cranklength > 0";
    if ((a.gain == Gain::so3) != (a.bias == Bias::so3)) return "gaintype and biastype are both 'so3' or neither is";
    if ((a.gain == Gain::dcmotor) != (a.bias == Bias::dcmotor) || (a.gain == Gain::dcmotor) != (a.dynamics == Dynamics::dcmotor))
      return "gaintype, biastype and dyntype are all 'dcmotor' or none is";
    if (a.dynamics == Dynamics::pid && a.gain != Gain::pid) return "dyntype 'pid' needs gaintype 'pid'";
    if (a.gain == Gain::muscle && !muscle_fits(a.gainprm)) return "a muscle's gainprm needs range[0] < range[1], lmin < 1 < lmax and scale, vmax, fpmax, fvmax > 0";
    if (a.bias == Bias::muscle && !muscle_fits(a.biasprm)) return "a muscle's biasprm needs range[0] < range[1], lmin < 1 < lmax and scale, vmax, fpmax, fvmax > 0";
    if (a.gain == Gain::so3) return orientation_misfit(a);
    if (a.gain == Gain::pid) return pid_misfit(a);
    if (a.gain == Gain::dcmotor) return dcmotor_misfit(a);
    return "";
  }
  std::string orientation_misfit(const Actuator& a) const {
    const bool joint = a.transmission == Transmission::joint && ball(a), site = a.transmission == Transmission::site && a.reference >= 0;
    if (!joint && !site) return "so3 needs a ball joint, or a site with a refsite";
    if (a.dynamics != Dynamics::none && a.dynamics != Dynamics::integrator) return "so3 needs dyntype 'none' or 'integrator'";
    if (a.gainprm[0] != -a.biasprm[1]) return "so3 needs gainprm[0] = -biasprm[1]";
    if (a.input == actuator_input::quat && a.dynamics != Dynamics::none) return "the quaternion input of so3 needs dyntype 'none'";
    if (a.input != actuator_input::quat && a.input != actuator_input::expmap) return "an so3 servo's input is 'expmap' or 'quat'";
    if (a.forcelimited && a.forcerange[0] != 0) return "an so3 servo's forcerange limits the length of its torque: its lower value must be 0";
    return "";
  }
  static std::string pid_misfit(const Actuator& a) {
    if (a.bias != Bias::affine) return "gaintype 'pid' needs biastype 'affine'";
    if (a.dynamics != Dynamics::none && a.dynamics != Dynamics::pid) return "gaintype 'pid' needs dyntype 'none' or 'pid'";
    if (a.dynamics == Dynamics::none && a.gainprm[0] != 0) return "ki (gainprm[0]) needs dyntype 'pid'";
    if (a.dynamics == Dynamics::pid && activation_states(a) == 0) return "dyntype 'pid' without ki or slewmax has no activation";
    if (a.dynamics == Dynamics::pid && !(a.input & actuator_input::pos)) return "ki and slewmax need the input 'pos'";
    if (a.dynprm[0] < 0) return "imax (dynprm[0]) must be >= 0";
    if ((a.input & ~(actuator_input::pos | actuator_input::vel | actuator_input::ff)) || !a.input) return "the inputs of a pid are some of pos, vel, ff";
    return "";
  }
  static std::string dcmotor_misfit(const Actuator& a) {
    const int controller = a.input & (actuator_input::pos | actuator_input::vel | actuator_input::ff);
    if (!a.actearly) return "a dcmotor has actearly 'true'";
    if (!(a.gainprm[0] > 0)) return "a dcmotor needs a resistance > 0: its own, or nominal voltage and stall torque";
    if (!(a.gainprm[1] > 0) && a.input != actuator_input::none) return "a dcmotor needs a motor constant > 0: motorconst, or nominal voltage and no-load speed";
    if (!controller && (a.gainprm[4] != 0 || a.gainprm[5] != 0 || a.gainprm[6] != 0 || a.dynprm[7] > 0)) return "a dcmotor's controller needs an input: pos, vel or ff";
    if (a.gainprm[5] > 0 && !(a.input & actuator_input::pos)) return "a dcmotor's integral gain needs the input 'pos'";
    if (a.dynprm[2] > 0 && !(a.dynprm[3] > 0)) return "a dcmotor's thermal capacitance (dynprm[3]) must be > 0";
    return "";
  }

  void add_controls(const Actuator& a, bool limited, const Array2& range, const std::string& who) {
    const std::vector<std::string> inputs = input_names(a);
    const std::vector<double> neutral = neutral_controls(a);
    for (size_t k = 0; k < inputs.size(); ++k) {
      // the controls of a pid have their own ranges, those of others share one
      const bool vel = a.gain == Gain::pid && inputs[k] == "vel", ff = a.gain == Gain::pid && inputs[k] == "ff";
      const Array2& own = vel ? a.velrange : ff ? a.ffrange : range;
      const bool own_limited = vel || ff ? given(own) : limited;
      m_.control_name.push_back(inputs.size() < 2 || a.name.empty() ? a.name : a.name + "." + inputs[k]);
      m_.control_actuator.push_back(m_.actuator_count);
      m_.control_limited.push_back(own_limited);
      append(m_.actuator_ctrlrange, own);
      m_.control0.push_back(neutral[k]);
      ++m_.control_count;
      if (own_limited && empty_range(own)) c_.error("bad-range", who + " is limited but its range is empty", a.place);
    }
    m_.actuator_control_adr.push_back(m_.control_count);
  }

  void add_output(const Actuator& a, Transmission kind, int component) {
    std::vector<int> dofs;
    if (kind == Transmission::body) {
      for (int d = 0; d < m_.dof_count; ++d) dofs.push_back(d);
    } else if (kind == Transmission::so3 && a.transmission == Transmission::joint) {
      dofs.push_back(m_.joint_dof[a.target] + component);
    } else if (kind > Transmission::body) {
      dofs = chain(m_, m_.site_body[a.target]);
      const std::vector<int> others = a.reference < 0 ? std::vector<int>{} : chain(m_, m_.site_body[a.reference]);
      std::vector<int> one_of;                               // what moves both changes nothing between them
      std::ranges::set_symmetric_difference(dofs, others, std::back_inserter(one_of));
      dofs = one_of;
    }
    m_.moment_dof.insert(m_.moment_dof.end(), dofs.begin(), dofs.end());
    m_.moment_output.insert(m_.moment_output.end(), dofs.size(), m_.output_count);
    m_.moment_count += int(dofs.size());
    m_.moment_adr.push_back(m_.moment_count);
    m_.output_actuator.push_back(m_.actuator_count);
    ++m_.output_count;
  }

  Compilation& c_;
  Model& m_;
};

// Dofs of the joint that an actuator turns, none if it does not.
std::vector<int> turned_dofs(const Model& m, const Actuator& a) {
  std::vector<int> out;
  if (a.transmission > Transmission::joint_in_parent) return out;
  for (int k = 0; k < joint_dofs[m.joint_type[a.target]]; ++k) out.push_back(m.joint_dof[a.target] + k);
  return out;
}

// Its higher terms go by the speed of what the actuator pushes, not by its own.
void add_damping(const Actuator& a, int to, std::vector<double>& out, std::vector<double>& out_higher) {
  const double square = a.gear[0] * a.gear[0];
  out[to] += a.damping[0] * square;
  out_higher[2 * to] += a.damping[1] * square;
  out_higher[2 * to + 1] += a.damping[2] * square;
}

bool goes_around(const Model& m, int tendon) {
  return std::any_of(m.segment_geom.begin() + m.segment_adr[tendon], m.segment_geom.begin() + m.segment_adr[tendon + 1], [](int geom) { return geom >= 0; });
}
}  // namespace

// Armature and damping act at the joint or tendon, both times gear^2: what turns in the actuator turns gear times as fast.
void compile_actuators(Compilation& c) {
  Model& m = c.model;
  Layout layout(c);
  for (size_t i = 0; i < c.scene.actuators.size(); ++i) {
    const Actuator& a = c.scene.actuators[i];
    const std::string who = label("actuator", a.name, i);
    layout.add(a, who);
    const double square = a.gear[0] * a.gear[0];
    for (const int d : turned_dofs(m, a)) m.dof_armature[d] += a.armature * square;
    if (a.damping[1] != 0 || a.damping[2] != 0) m.flags |= flag_polynomial;
    if (a.transmission != Transmission::tendon) continue;
    add_damping(a, a.target, m.tendon_damping, m.tendon_damping_poly);
    if (a.armature == 0) continue;
    m.tendon_armature[a.target] += a.armature * square;
    m.flags |= flag_tendon_armature;
    if (goes_around(m, a.target))
      c.error("unsupported-armature", who + ": armature on a tendon that goes around geoms is not part of the dynamics", a.place, "lead the tendon through sites");
  }
}

void damp_joints(Compilation& c) {
  for (const Actuator& a : c.scene.actuators)
    for (const int d : turned_dofs(c.model, a)) {
      add_damping(a, d, c.model.dof_damping, c.model.dof_damping_poly);
      if (a.damping != Array3{0, 0, 0}) c.model.flags |= flag_damping;
    }
}

// Servos with a damping ratio: kv = ratio 2 sqrt(kp / w), w the mean of J inv(M) J' over the outputs, J an output's moment at qpos0
void damp_servos(Compilation& c) {
  Model& m = c.model;
  std::vector<int> all(m.dof_count);
  for (int i = 0; i < m.dof_count; ++i) all[i] = i;
  Initial initial;
  for (size_t i = 0; i < c.scene.actuators.size(); ++i) {
    const Actuator& a = c.scene.actuators[i];
    double *gain = &m.actuator_gainprm[actuator_parameters * i], *bias = &m.actuator_biasprm[actuator_parameters * i];
    const bool pid = a.gain == Gain::pid, servo = pid || ((a.gain == Gain::fixed || a.gain == Gain::so3) && gain[0] == -bias[1]);
    const double ratio = a.dampratio > 0 ? a.dampratio : bias[2];
    if (!servo || !(ratio > 0) || a.transmission == Transmission::body) continue;
    if (initial.mass.empty()) initial = initial_state(m);
    double weight = 0;
    const int outputs = m.actuator_output_adr[i + 1] - m.actuator_output_adr[i];
    for (int o = m.actuator_output_adr[i]; o < m.actuator_output_adr[i + 1]; ++o) {
      std::vector<double> moment = initial_moment(m, initial, o);
      weight += inverse_product(m, initial, all, moment) / outputs;
    }
    bias[2] = -(ratio * 2 * std::sqrt(std::max(0.0, -bias[1]) / std::max(smallest, weight)));
    c.note("kv-from-dampratio", label("actuator", a.name, i) + ": kv " + number(-bias[2]) + ", from a damping ratio of " + number(ratio), a.place);
  }
}

}  // namespace nuri::model
