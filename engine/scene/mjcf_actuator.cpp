// Actuators. <motor>, <position>, ... are shortcuts for <general>: each sets gain, bias and activation dynamics from its
// few parameters (mujoco.readthedocs.io, XML Reference, "actuator"):
//   force = gain * control (or activation) + bias;   gain, bias = p0 + p1 * length + p2 * velocity
//   motor        gain 1
//   position     gain kp,      bias 0 -kp -kv       (time constant: exact filter)
//   velocity     gain kv,      bias 0  0  -kv
//   intvelocity  as position, the control is integrated first
//   damper       gain 0 0 -kv
//   cylinder     gain area,    bias as given         (filter)
//   adhesion     gain,         control >= 0; acts on a body
//
// A shortcut starts from its documented parameters, or from those of the nearest class written with the same shortcut or
// with <general> and a gain of the same type; from a class written with another shortcut it takes gear, ranges and limits,
// never the gains.
#include <algorithm>
#include <numbers>
#include "engine/scene/mjcf_reader.h"

namespace nuri::scene::mjcf {
namespace {

struct Parameters {
  double kp = 1, kv = 0, dampratio = 0, timeconst = 0, area = 1, gain = 1, inheritrange = 0;
  Array3 bias{0, 0, 0};
  bool has_timeconst = false;
};

Parameters documented(ActuatorKind kind) {
  Parameters p;
  if (kind == ActuatorKind::velocity) p.kv = 1;
  if (kind == ActuatorKind::cylinder) p.timeconst = 1;
  return p;
}

// The parameters of a shortcut that would have made these gains.
Parameters implied(const ActuatorSpec& spec, ActuatorKind kind) {
  const Actuator& a = spec.actuator;
  Parameters p = documented(kind);
  switch (kind) {
    case ActuatorKind::position:
    case ActuatorKind::intvelocity:
      p.kp = a.gainprm[0];
      p.kv = std::max(-a.biasprm[2], 0.0);          // negative: kv, positive: damping ratio
      p.dampratio = std::max(a.biasprm[2], 0.0);
      p.has_timeconst = a.dynamics == Dynamics::filterexact;
      p.timeconst = p.has_timeconst ? a.dynprm[0] : 0;
      p.inheritrange = a.inheritrange;
      break;
    case ActuatorKind::velocity: p.kv = a.gainprm[0]; break;
    case ActuatorKind::damper: p.kv = -a.gainprm[2]; break;
    case ActuatorKind::cylinder:
      p.timeconst = a.dynprm[0];
      p.area = a.gainprm[0];
      p.bias = a.biasprm;
      break;
    case ActuatorKind::adhesion: p.gain = a.gainprm[0]; break;
    case ActuatorKind::general:
    case ActuatorKind::motor: break;
  }
  return p;
}

Parameters inherited(const ActuatorSpec& own, ActuatorKind kind, const std::vector<Class>& classes, int class_index) {
  const Gain gain = kind == ActuatorKind::damper ? Gain::affine : Gain::fixed;
  const ActuatorSpec* candidate = &own;
  for (int c = class_index;;) {
    if (candidate->kind == kind || (candidate->kind == ActuatorKind::general && candidate->actuator.gain == gain)) return implied(*candidate, kind);
    c = classes[static_cast<std::size_t>(c)].parent;
    if (c < 0) return documented(kind);
    candidate = &classes[static_cast<std::size_t>(c)].actuator;
  }
}

void read_parameters(Attributes& a, ActuatorKind kind, Parameters& p) {
  const bool servo = kind == ActuatorKind::position || kind == ActuatorKind::intvelocity;
  if (servo) {
    a.number("kp", p.kp);
    a.number("inheritrange", p.inheritrange);
    a.check(p.inheritrange >= 0, "inheritrange", "be >= 0");
  }
  if (servo || kind == ActuatorKind::velocity || kind == ActuatorKind::damper) {
    if (a.number("kv", p.kv)) {
      p.dampratio = 0;
      a.check(p.kv >= 0 || kind == ActuatorKind::velocity, "kv", "be >= 0");
    }
  }
  if (servo && a.number("dampratio", p.dampratio)) {
    p.kv = 0;
    a.check(p.dampratio >= 0, "dampratio", "be >= 0");
    if (a.has("kv")) a.error("dampratio", "conflicting-attributes", "<" + a.element().name + "> has both kv and dampratio", "keep one of them");
  }
  if (kind == ActuatorKind::position && a.number("timeconst", p.timeconst)) p.has_timeconst = a.check(p.timeconst >= 0, "timeconst", "be >= 0 s");
  if (kind == ActuatorKind::adhesion && a.number("gain", p.gain)) a.check(p.gain >= 0, "gain", "be >= 0 N");
  if (kind == ActuatorKind::cylinder) {
    double diameter = 0;
    if (a.number("timeconst", p.timeconst)) a.check(p.timeconst > 0, "timeconst", "be > 0 s");
    a.number("area", p.area);
    if (a.number("diameter", diameter) && a.check(diameter >= 0, "diameter", "be >= 0 m")) p.area = std::numbers::pi / 4 * diameter * diameter;
    a.vector("bias", p.bias);
  }
}

// Gains, bias and dynamics anew; nothing of them stays from a class.
void apply(ActuatorSpec& spec, ActuatorKind kind, const Parameters& p) {
  Actuator& a = spec.actuator;
  spec.kind = kind;
  a.gain = Gain::fixed;
  a.bias = Bias::affine;
  a.dynamics = Dynamics::none;
  a.gainprm = {0, 0, 0};
  a.biasprm = {0, 0, 0};
  a.dynprm = {1, 0, 0};
  a.inheritrange = 0;
  switch (kind) {
    case ActuatorKind::general: break;
    case ActuatorKind::motor:
      a.gainprm[0] = 1;
      a.bias = Bias::none;
      break;
    case ActuatorKind::position:
    case ActuatorKind::intvelocity:
      a.gainprm[0] = p.kp;
      a.biasprm = {0, -p.kp, p.dampratio > 0 ? p.dampratio : -p.kv};
      a.inheritrange = p.inheritrange;
      if (p.has_timeconst) {
        a.dynprm[0] = p.timeconst;
        a.dynamics = p.timeconst == 0 ? Dynamics::none : Dynamics::filterexact;
      }
      if (kind == ActuatorKind::intvelocity) a.dynamics = Dynamics::integrator;
      break;
    case ActuatorKind::velocity:
      a.gainprm[0] = p.kv;
      a.biasprm[2] = -p.kv;
      break;
    case ActuatorKind::damper:
      a.gain = Gain::affine;
      a.bias = Bias::none;
      a.gainprm[2] = -p.kv;
      spec.ctrllimited = Limited::yes;
      break;
    case ActuatorKind::adhesion:
      a.gainprm[0] = p.gain;
      a.bias = Bias::none;
      spec.ctrllimited = Limited::yes;
      break;
    case ActuatorKind::cylinder:
      a.gainprm[0] = p.area;
      a.biasprm = p.bias;
      a.dynprm[0] = p.timeconst;
      a.dynamics = Dynamics::filter;
      break;
  }
}

// Up to ten values in MJCF; the types read here use three.
void read_parameter_list(Attributes& a, const char* name, std::array<double, 3>& out) {
  std::array<double, 10> values{};
  const int count = a.up_to(name, values);
  if (count == 0) return;
  for (std::size_t i = 0; i < 3 && i < static_cast<std::size_t>(count); ++i) out[i] = values[i];
  for (std::size_t i = 3; i < values.size(); ++i)
    if (!a.check(values[i] == 0, name, "hold at most three values that are not zero")) break;
}

void read_general(Attributes& a, ActuatorSpec& spec) {
  Actuator& out = spec.actuator;
  enum class Word { none, integrator, filter, filterexact, fixed, affine, other };
  auto refuse_other = [&](const char* name, Word word) {
    if (word == Word::other) a.error(name, "not-supported-yet", "this " + std::string(name) + " is not supported yet, got " + xml::shown(a.element().find(name)->value));
    return word != Word::other;
  };
  Word word{};
  if (a.keyword("dyntype", word, {{"none", Word::none}, {"integrator", Word::integrator}, {"filter", Word::filter}, {"filterexact", Word::filterexact},
                                  {"muscle", Word::other}, {"dcmotor", Word::other}, {"pid", Word::other}, {"user", Word::other}}) && refuse_other("dyntype", word))
    out.dynamics = word == Word::none ? Dynamics::none : word == Word::integrator ? Dynamics::integrator : word == Word::filter ? Dynamics::filter : Dynamics::filterexact;
  if (a.keyword("gaintype", word, {{"fixed", Word::fixed}, {"affine", Word::affine}, {"muscle", Word::other}, {"dcmotor", Word::other}, {"so3", Word::other},
                                   {"pid", Word::other}, {"user", Word::other}}) && refuse_other("gaintype", word))
    out.gain = word == Word::fixed ? Gain::fixed : Gain::affine;
  if (a.keyword("biastype", word, {{"none", Word::none}, {"affine", Word::affine}, {"muscle", Word::other}, {"dcmotor", Word::other}, {"so3", Word::other},
                                   {"user", Word::other}}) && refuse_other("biastype", word))
    out.bias = word == Word::none ? Bias::none : Bias::affine;
  read_parameter_list(a, "dynprm", out.dynprm);
  read_parameter_list(a, "gainprm", out.gainprm);
  read_parameter_list(a, "biasprm", out.biasprm);
  a.boolean("actearly", out.actearly);
  a.number("inheritrange", out.inheritrange);
  int dimension = -1;
  if (a.integer("actdim", dimension) && dimension != -1 && dimension != (out.dynamics == Dynamics::none ? 0 : 1))
    a.error("actdim", "not-supported-yet", "an actdim other than what dyntype needs is not supported yet");
  a.refuse({"input", "velrange", "ffrange"});
  spec.kind = ActuatorKind::general;
}

}  // namespace

bool read(Attributes& a, ActuatorSpec& out, const std::vector<Class>& classes, int class_index) {
  static constexpr std::pair<const char*, ActuatorKind> kinds[] = {
      {"general", ActuatorKind::general}, {"motor", ActuatorKind::motor}, {"position", ActuatorKind::position}, {"velocity", ActuatorKind::velocity},
      {"intvelocity", ActuatorKind::intvelocity}, {"damper", ActuatorKind::damper}, {"cylinder", ActuatorKind::cylinder}, {"adhesion", ActuatorKind::adhesion}};
  const std::pair<const char*, ActuatorKind>* entry = nullptr;
  for (const auto& candidate : kinds)
    if (a.element().name == candidate.first) entry = &candidate;
  if (!entry) return false;
  const ActuatorKind kind = entry->second;
  const bool has_activation = kind == ActuatorKind::general || kind == ActuatorKind::intvelocity;

  Actuator& actuator = out.actuator;
  const bool adhesion = kind == ActuatorKind::adhesion;
  if (!adhesion) a.up_to("gear", actuator.gear);
  if (kind != ActuatorKind::damper && !adhesion) a.limited("ctrllimited", out.ctrllimited);
  a.vector("ctrlrange", actuator.ctrlrange);
  a.limited("forcelimited", out.forcelimited);
  a.vector("forcerange", actuator.forcerange);
  if (has_activation) a.limited("actlimited", out.actlimited), a.vector("actrange", actuator.actrange);
  a.accept({"group", "user", "interp"});
  a.accept_zero({"nsample", "delay"});
  if (!adhesion) a.accept({"lengthrange"}), a.accept_zero({"damping", "armature", "cranklength"});
  if (kind == ActuatorKind::general) {
    read_general(a, out);
  } else {
    Parameters parameters = inherited(out, kind, classes, class_index);
    read_parameters(a, kind, parameters);
    apply(out, kind, parameters);
  }
  return true;
}

namespace {

void read_transmission(Reader& reader, Attributes& a, Actuator& out) {
  static constexpr struct { const char* name; Transmission transmission; Kind kind; } known[] = {
      {"joint", Transmission::joint, Kind::joint}, {"jointinparent", Transmission::joint_in_parent, Kind::joint}, {"tendon", Transmission::tendon, Kind::tendon},
      {"site", Transmission::site, Kind::site}, {"body", Transmission::body, Kind::body}};
  const std::string& tag = a.element().name;
  int written = 0;
  out.target = -1;
  for (const auto& k : known) {
    // an adhesion acts on a body; a general actuator may act on anything, the other shortcuts on anything but a body
    const bool body = k.transmission == Transmission::body;
    if (tag == "adhesion" ? !body : body && tag != "general") continue;
    const int target = reader.find(a, k.name, k.kind);
    if (!a.has(k.name)) continue;
    if (++written > 1) a.error(k.name, "conflicting-attributes", "an actuator acts on one thing only", "keep one of joint, jointinparent, tendon, site, body");
    out.target = target;
    out.transmission = k.transmission;
  }
  if (tag != "adhesion") out.reference = reader.find(a, "refsite", Kind::site);
  if (a.has("refsite") && !a.has("site")) a.error("refsite", "conflicting-attributes", "refsite belongs to an actuator that acts on a site", "give it 'site'");
  bool refused = false;
  for (const char* name : {"cranksite", "slidersite"}) refused = refused || a.has(name);
  if (tag != "adhesion") a.refuse({"cranksite", "slidersite"});
  if (written == 0 && !refused)
    reader.error(a.element(), "missing-attribute", "<" + tag + "> acts on nothing", tag == "adhesion" ? "give it 'body'" : "give it 'joint', 'jointinparent', 'tendon' or 'site'");
}

// A servo whose control range is a multiple of the range of what it moves.
void inherit_range(Reader& reader, Attributes& a, Actuator& out) {
  const bool is_servo = out.gain == Gain::fixed && out.bias == Bias::affine && out.gainprm[0] == -out.biasprm[1];
  if (!is_servo || out.inheritrange <= 0 || out.target < 0) return;
  Array2& range = out.dynamics == Dynamics::none || out.dynamics == Dynamics::filterexact ? out.ctrlrange : out.actrange;
  if (!a.check(range == Array2{0, 0}, "inheritrange", "not be given together with the range it would set")) return;
  if (!a.check(out.transmission <= Transmission::tendon, "inheritrange", "act on something with a range")) return;
  const auto target = static_cast<std::size_t>(out.target);
  const Array2& from = out.transmission == Transmission::tendon ? reader.scene.tendons[target].range : reader.scene.joints[target].range;
  if (!a.check(from[0] < from[1], "inheritrange", "act on something with a range")) return;
  const double middle = 0.5 * (from[0] + from[1]), radius = 0.5 * (from[1] - from[0]) * out.inheritrange;
  range = {middle - radius, middle + radius};
}

}  // namespace

void read_actuators(Reader& reader, const xml::Element& section) {
  Attributes(section, reader.findings).finish();
  for (const auto& child : section.children) {
    Attributes a(*child, reader.findings);
    const int class_index = reader.find_class(a, "class", 0);
    ActuatorSpec spec = reader.classes[static_cast<std::size_t>(class_index)].actuator;
    Actuator& out = spec.actuator;
    if (!read(a, spec, reader.classes, class_index)) {
      static constexpr const char* later[] = {"orientation", "pid", "muscle", "dcmotor", "plugin"};
      bool known = false;
      for (const char* name : later) known = known || child->name == name;
      if (known) reader.not_supported(*child);
      else reader.unknown_element(*child, {"general", "motor", "position", "velocity", "intvelocity", "damper", "cylinder", "adhesion"});
      continue;
    }
    reader.declare(a, Kind::actuator, out.name, reader.scene.actuators.size());
    read_transmission(reader, a, out);
    a.finish();
    reader.no_children(*child);
    inherit_range(reader, a, out);
    out.ctrllimited = reader.is_limited(a, spec.ctrllimited, "ctrllimited", out.ctrlrange, "ctrlrange");
    out.forcelimited = reader.is_limited(a, spec.forcelimited, "forcelimited", out.forcerange, "forcerange");
    out.actlimited = reader.is_limited(a, spec.actlimited, "actlimited", out.actrange, "actrange");
    if (spec.kind == ActuatorKind::damper || spec.kind == ActuatorKind::adhesion) a.check(out.ctrlrange[0] >= 0, "ctrlrange", "be >= 0 for a " + child->name);
    if (out.actlimited && out.dynamics == Dynamics::none)
      reader.error(*child, "conflicting-attributes", "actrange is given, but without dynamics there is no activation", "give a dyntype or remove actrange");
    // a positive coefficient of velocity beside a servo's position gain means a damping ratio; the compiler turns it into kv
    if (out.gain == Gain::fixed && out.bias == Bias::affine && out.gainprm[0] == -out.biasprm[1] && out.biasprm[2] > 0) {
      out.dampratio = out.biasprm[2];
      out.biasprm[2] = 0;
    }
    out.place = child->place();
    reader.scene.actuators.push_back(out);
    reader.actuators.push_back(child.get());
  }
}

}  // namespace nuri::scene::mjcf
