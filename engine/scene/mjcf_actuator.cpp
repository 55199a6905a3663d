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
//   muscle, pid, dcmotor, orientation: laws of their own (physics/kernel/muscle.h, servo.h)
//
// A shortcut starts from its documented parameters, or from those of the nearest class written with the same shortcut or
// with <general> and a gain of the same type; from a class written with another shortcut it takes gear, ranges and limits,
// never the gains.
#include <algorithm>
#include <cmath>
#include <numbers>
#include "engine/scene/actuators.h"
#include "engine/scene/mjcf_reader.h"

namespace nuri::scene::mjcf {
namespace {

using namespace actuator_input;

struct Servo {
  double kp = 1, kv = 0, dampratio = 0, timeconst = 0, area = 1, gain = 1, inheritrange = 0, ki = 0, imax = 0, slewmax = 0;
  Array3 bias{0, 0, 0};
  bool has_timeconst = false;
  Parameters muscle{0.75, 1.05, -1, 200, 0.5, 1.6, 1.5, 1.3, 1.2};   // range, force, scale, lmin, lmax, vmax, fpmax, fvmax
  Array3 activation{0.01, 0.04, 0};                                  // time constants, s; width of the passage between them
  Parameters motor_gain{}, motor_dynamics{}, motor_bias{};           // as servo.h has them
  int input = 0;
};

Servo documented(ActuatorKind kind) {
  Servo p;
  if (kind == ActuatorKind::velocity) p.kv = 1;
  if (kind == ActuatorKind::cylinder) p.timeconst = 1;
  if (kind == ActuatorKind::pid) p.input = pos | vel;
  if (kind == ActuatorKind::orientation) p.input = expmap;
  if (kind == ActuatorKind::dcmotor) p.input = voltage;
  return p;
}

// The parameters of a shortcut that would have made these gains.
Servo implied(const ActuatorSpec& spec, ActuatorKind kind) {
  const Actuator& a = spec.actuator;
  Servo p = documented(kind);
  const auto read_kv = [&] {
    p.kv = std::max(-a.biasprm[2], 0.0);          // negative: kv, positive: damping ratio
    p.dampratio = std::max(a.biasprm[2], 0.0);
  };
  switch (kind) {
    case ActuatorKind::position:
    case ActuatorKind::intvelocity:
      p.kp = a.gainprm[0];
      read_kv();
      p.has_timeconst = a.dynamics == Dynamics::filterexact;
      p.timeconst = p.has_timeconst ? a.dynprm[0] : 0;
      p.inheritrange = a.inheritrange;
      break;
    case ActuatorKind::velocity: p.kv = a.gainprm[0]; break;
    case ActuatorKind::damper: p.kv = -a.gainprm[2]; break;
    case ActuatorKind::cylinder:
      p.timeconst = a.dynprm[0];
      p.area = a.gainprm[0];
      p.bias = {a.biasprm[0], a.biasprm[1], a.biasprm[2]};
      break;
    case ActuatorKind::adhesion: p.gain = a.gainprm[0]; break;
    case ActuatorKind::muscle:
      p.muscle = a.gainprm;
      p.activation = {a.dynprm[0], a.dynprm[1], a.dynprm[2]};
      break;
    case ActuatorKind::pid:
      p.kp = -a.biasprm[1];
      read_kv();
      p.ki = a.gainprm[0];
      p.imax = a.dynprm[0], p.slewmax = a.dynprm[1];
      p.inheritrange = a.inheritrange;
      if (a.input) p.input = a.input;
      break;
    case ActuatorKind::orientation:
      p.kp = a.gainprm[0];
      read_kv();
      if (a.input) p.input = a.input;
      break;
    case ActuatorKind::dcmotor:
      p.motor_gain = a.gainprm, p.motor_dynamics = a.dynprm, p.motor_bias = a.biasprm;
      if (a.input) p.input = a.input;
      break;
    case ActuatorKind::general:
    case ActuatorKind::motor: break;
  }
  return p;
}

Gain gain_of(ActuatorKind kind) {
  switch (kind) {
    case ActuatorKind::damper: return Gain::affine;
    case ActuatorKind::muscle: return Gain::muscle;
    case ActuatorKind::pid: return Gain::pid;
    case ActuatorKind::orientation: return Gain::so3;
    case ActuatorKind::dcmotor: return Gain::dcmotor;
    default: return Gain::fixed;
  }
}

Servo inherited(const ActuatorSpec& own, ActuatorKind kind, const std::vector<Class>& classes, int class_index) {
  const Gain gain = gain_of(kind);
  const ActuatorSpec* candidate = &own;
  for (int c = class_index;;) {
    if (candidate->kind == kind || (candidate->kind == ActuatorKind::general && candidate->actuator.gain == gain)) return implied(*candidate, kind);
    c = classes[static_cast<std::size_t>(c)].parent;
    if (c < 0) return documented(kind);
    candidate = &classes[static_cast<std::size_t>(c)].actuator;
  }
}

// Words of `input`, in their order; those of `allowed`.
void read_input(Attributes& a, int allowed, int& out) {
  static constexpr struct { const char* word; int bit; } known[] = {{"pos", pos}, {"vel", vel}, {"ff", ff}, {"voltage", voltage}, {"none", none}, {"expmap", expmap}, {"quat", quat}};
  std::string text;
  if (!a.text("input", text)) return;
  int found = 0;
  bool fits = true;
  std::string words;
  for (const auto& k : known)
    if (allowed & k.bit) words += (words.empty() ? "" : " ") + std::string(k.word);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    at = end + 1;
    if (word.empty()) continue;
    const auto k = std::find_if(std::begin(known), std::end(known), [&](const auto& entry) { return word == entry.word && (allowed & entry.bit); });
    const bool alone = k != std::end(known) && k->bit >= none;
    fits = fits && k != std::end(known) && k->bit > found && !(alone && found);
    if (k != std::end(known)) found |= k->bit;
  }
  if (a.check(fits && found, "input", "hold some of these words, in this order: " + words)) out = found;
}

// What the single control of a plain gain is said to be does not matter here.
void read_plain_input(Attributes& a) {
  int word = 0;
  a.keyword("input", word, {{"pos", 0}, {"vel", 1}, {"pressure", 2}});
}

void read_motor(Attributes& a, ActuatorSpec& spec, Servo& p) {
  Parameters &gain = p.motor_gain, &dynamics = p.motor_dynamics, &bias = p.motor_bias;
  const auto positive = [&](const char* name, double value, const std::string& what) { return a.check(value >= 0, name, "hold " + what + " >= 0"); };
  read_input(a, pos | vel | ff | voltage | none, p.input);
  a.number("resistance", gain[0]);
  Array2 constants{gain[1], 0};
  if (a.up_to("motorconst", constants)) positive("motorconst", std::min(constants[0], constants[1]), "constants");
  Array3 nominal{};                                // V, N m, rad/s
  a.up_to("nominal", nominal);
  if (constants[1] == 0 && nominal[0] > 0 && nominal[2] > 0) constants[1] = nominal[0] / nominal[2];
  gain[1] = constants[0] > 0 && constants[1] > 0 ? std::sqrt(constants[0] * constants[1]) : std::max(constants[0], constants[1]);
  if (gain[0] == 0 && nominal[0] > 0 && nominal[1] > 0) gain[0] = gain[1] * nominal[0] / nominal[1];
  Array2 inductance{};
  if (a.up_to("inductance", inductance) && positive("inductance", std::min(inductance[0], inductance[1]), "numbers"))
    dynamics[0] = inductance[0] > 0 && gain[0] > 0 ? inductance[0] / gain[0] : inductance[1];
  std::array<double, 6> thermal{};                 // K/W, J/K, s, 1/K, degrees
  if (const int count = a.up_to("thermal", thermal)) {
    double &resistance = thermal[0], &capacitance = thermal[1], time = thermal[2];
    if (resistance == 0 && capacitance > 0 && time > 0) resistance = time / capacitance;
    if (resistance > 0 && time > 0) capacitance = time / resistance;
    const bool any = resistance != 0 || capacitance != 0 || time != 0;
    if (any) a.check(resistance > 0 && capacitance > 0, "thermal", "give two of resistance, capacitance and time constant, > 0");
    dynamics[2] = resistance, dynamics[3] = capacitance;
    if (count > 3) gain[2] = thermal[3];
    if (count > 4) gain[3] = thermal[4];
    if (count > 5) dynamics[4] = thermal[5];
  }
  Array3 saturation{};                             // N m, A, A/s
  if (a.up_to("saturation", saturation)) {
    const double torque = saturation[0] > 0 ? saturation[0] : gain[1] * saturation[1];
    spec.actuator.forcerange = torque > 0 ? Array2{-torque, torque} : Array2{0, 0};
    spec.forcelimited = Limited::automatic;
    dynamics[1] = saturation[2];
  }
  Array3 cogging{};
  if (a.up_to("cogging", cogging)) std::copy(cogging.begin(), cogging.end(), bias.begin());
  Array5 lugre{};
  if (a.up_to("lugre", lugre)) {
    dynamics[5] = lugre[0], dynamics[6] = lugre[1];
    std::copy(lugre.begin() + 2, lugre.end(), bias.begin() + 3);
  }
  std::array<double, 6> controller{};
  if (a.up_to("controller", controller)) {
    std::copy(controller.begin(), controller.begin() + 3, gain.begin() + 4);
    dynamics[7] = controller[3], dynamics[8] = controller[4];
    gain[7] = controller[5];
  }
}

void read_muscle(Attributes& a, Servo& p) {
  Array2 times{p.activation[0], p.activation[1]}, range{p.muscle[0], p.muscle[1]};
  if (a.vector("timeconst", times)) a.check(times[0] >= 0 && times[1] >= 0, "timeconst", "hold numbers >= 0 s");
  if (a.number("tausmooth", p.activation[2])) a.check(p.activation[2] >= 0, "tausmooth", "be >= 0");
  p.activation[0] = times[0], p.activation[1] = times[1];
  if (a.vector("range", range)) a.check(range[0] < range[1], "range", "have its lower value first");
  p.muscle[0] = range[0], p.muscle[1] = range[1];
  a.number("force", p.muscle[2]);
  if (a.number("lmin", p.muscle[4])) a.check(p.muscle[4] < 1, "lmin", "be < 1");
  if (a.number("lmax", p.muscle[5])) a.check(p.muscle[5] > 1, "lmax", "be > 1");
  const std::pair<const char*, double*> above_zero[] = {{"scale", &p.muscle[3]}, {"vmax", &p.muscle[6]}, {"fpmax", &p.muscle[7]}, {"fvmax", &p.muscle[8]}};
  for (const auto& [name, value] : above_zero)
    if (a.number(name, *value)) a.check(*value > 0, name, "be > 0");
}

void read_parameters(Attributes& a, ActuatorKind kind, ActuatorSpec& spec, Servo& p) {
  const bool pid = kind == ActuatorKind::pid, inherits = kind == ActuatorKind::position || kind == ActuatorKind::intvelocity || pid;
  const bool servo = inherits || kind == ActuatorKind::orientation;
  if (servo) a.number("kp", p.kp);
  if (inherits && a.number("inheritrange", p.inheritrange)) a.check(p.inheritrange >= 0, "inheritrange", "be >= 0");
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
  if (pid) {
    const std::pair<const char*, double*> numbers[] = {{"ki", &p.ki}, {"imax", &p.imax}, {"slewmax", &p.slewmax}};
    for (const auto& [name, value] : numbers)
      if (a.number(name, *value)) a.check(*value >= 0, name, "be >= 0");
    read_input(a, pos | vel | ff, p.input);
    a.vector("posrange", spec.actuator.ctrlrange);
    a.vector("velrange", spec.actuator.velrange);
    a.vector("ffrange", spec.actuator.ffrange);
  }
  if (kind == ActuatorKind::orientation) read_input(a, expmap | quat, p.input);
  if (kind == ActuatorKind::muscle) read_muscle(a, p);
  if (kind == ActuatorKind::dcmotor) read_motor(a, spec, p);
}

// Gains, bias and dynamics anew; nothing of them stays from a class.
void apply(ActuatorSpec& spec, ActuatorKind kind, const Servo& p) {
  Actuator& a = spec.actuator;
  spec.kind = kind;
  a.gain = gain_of(kind);
  a.bias = Bias::affine;
  a.dynamics = Dynamics::none;
  a.gainprm = a.biasprm = {};
  a.dynprm = {1};
  a.inheritrange = 0;
  a.input = p.input;
  a.actearly = a.actearly && kind == ActuatorKind::general;
  const double damping = p.dampratio > 0 ? p.dampratio : -p.kv;
  switch (kind) {
    case ActuatorKind::general: break;
    case ActuatorKind::motor:
      a.gainprm[0] = 1;
      a.bias = Bias::none;
      break;
    case ActuatorKind::position:
    case ActuatorKind::intvelocity:
      a.gainprm[0] = p.kp;
      a.biasprm = {0, -p.kp, damping};
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
      a.biasprm = {p.bias[0], p.bias[1], p.bias[2]};
      a.dynprm[0] = p.timeconst;
      a.dynamics = Dynamics::filter;
      break;
    case ActuatorKind::muscle:
      a.gainprm = a.biasprm = p.muscle;
      a.bias = Bias::muscle;
      a.dynamics = Dynamics::muscle;
      a.dynprm = {p.activation[0], p.activation[1], p.activation[2]};
      break;
    case ActuatorKind::pid:
      a.gainprm[0] = p.ki;
      a.biasprm = {0, -p.kp, damping};
      a.dynamics = p.ki > 0 || p.slewmax > 0 ? Dynamics::pid : Dynamics::none;
      a.dynprm = {p.ki > 0 ? p.imax : 0, p.slewmax};
      a.inheritrange = p.inheritrange;
      break;
    case ActuatorKind::orientation:
      a.gainprm[0] = p.kp;
      a.biasprm = {0, -p.kp, damping};
      a.bias = Bias::so3;
      break;
    case ActuatorKind::dcmotor:
      a.gainprm = p.motor_gain, a.dynprm = p.motor_dynamics, a.biasprm = p.motor_bias;
      a.bias = Bias::dcmotor;
      a.dynamics = Dynamics::dcmotor;
      a.actearly = true;
      break;
  }
}

void read_general(Attributes& a, ActuatorSpec& spec) {
  Actuator& out = spec.actuator;
  bool user = false;
  const auto type = [&](const char* name, auto& value, auto words) {
    std::string text;
    if (a.text(name, text) && text == "user") {
      user = true;
      a.error(name, "not-supported-yet", std::string("the ") + name + " 'user' calls a program's own function; it is not supported");
      return false;
    }
    return a.keyword(name, value, words);
  };
  using D = std::initializer_list<std::pair<const char*, Dynamics>>;
  using G = std::initializer_list<std::pair<const char*, Gain>>;
  using B = std::initializer_list<std::pair<const char*, Bias>>;
  const Gain before = out.gain;
  type("dyntype", out.dynamics, D{{"none", Dynamics::none}, {"integrator", Dynamics::integrator}, {"filter", Dynamics::filter}, {"filterexact", Dynamics::filterexact},
                                  {"muscle", Dynamics::muscle}, {"dcmotor", Dynamics::dcmotor}, {"pid", Dynamics::pid}});
  type("gaintype", out.gain, G{{"fixed", Gain::fixed}, {"affine", Gain::affine}, {"muscle", Gain::muscle}, {"dcmotor", Gain::dcmotor}, {"so3", Gain::so3}, {"pid", Gain::pid}});
  type("biastype", out.bias, B{{"none", Bias::none}, {"affine", Bias::affine}, {"muscle", Bias::muscle}, {"dcmotor", Bias::dcmotor}, {"so3", Bias::so3}});
  if (out.gain != before) out.input = 0;
  for (const auto& [name, list] : {std::pair{"dynprm", &out.dynprm}, {"gainprm", &out.gainprm}, {"biasprm", &out.biasprm}}) a.up_to(name, *list);
  a.boolean("actearly", out.actearly);
  a.number("inheritrange", out.inheritrange);
  a.vector("velrange", out.velrange);
  a.vector("ffrange", out.ffrange);
  switch (out.gain) {
    case Gain::so3: read_input(a, expmap | quat, out.input); break;
    case Gain::pid: read_input(a, pos | vel | ff, out.input); break;
    case Gain::dcmotor: read_input(a, pos | vel | ff | voltage | none, out.input); break;
    default: read_plain_input(a);
  }
  if (out.input == 0) out.input = out.gain == Gain::so3 ? expmap : out.gain == Gain::pid ? pos | vel : out.gain == Gain::dcmotor ? voltage : 0;
  int dimension = -1;
  if (a.integer("actdim", dimension) && dimension != -1 && !user)
    a.check(dimension == activation_count(out), "actdim", "be -1, or the " + std::to_string(activation_count(out)) + " of its types");
  spec.kind = ActuatorKind::general;
}

constexpr std::pair<const char*, ActuatorKind> kinds[] = {
    {"general", ActuatorKind::general}, {"motor", ActuatorKind::motor}, {"position", ActuatorKind::position}, {"velocity", ActuatorKind::velocity},
    {"intvelocity", ActuatorKind::intvelocity}, {"damper", ActuatorKind::damper}, {"cylinder", ActuatorKind::cylinder}, {"adhesion", ActuatorKind::adhesion},
    {"muscle", ActuatorKind::muscle}, {"pid", ActuatorKind::pid}, {"dcmotor", ActuatorKind::dcmotor}, {"orientation", ActuatorKind::orientation}};

}  // namespace

bool read(Attributes& a, ActuatorSpec& out, const std::vector<Class>& classes, int class_index) {
  const auto entry = std::find_if(std::begin(kinds), std::end(kinds), [&](const auto& candidate) { return a.element().name == candidate.first; });
  if (entry == std::end(kinds)) return false;
  const ActuatorKind kind = entry->second;
  const bool has_activation = kind == ActuatorKind::general || kind == ActuatorKind::intvelocity;

  Actuator& actuator = out.actuator;
  const bool adhesion = kind == ActuatorKind::adhesion, orientation = kind == ActuatorKind::orientation;
  if (!adhesion && !orientation) a.up_to("gear", actuator.gear);
  if (kind != ActuatorKind::damper && !adhesion && !orientation) a.limited("ctrllimited", out.ctrllimited);
  a.vector("ctrlrange", actuator.ctrlrange);
  if (kind != ActuatorKind::dcmotor) a.limited("forcelimited", out.forcelimited), a.vector("forcerange", actuator.forcerange);
  if (has_activation) a.limited("actlimited", out.actlimited), a.vector("actrange", actuator.actrange);
  a.integer("group", actuator.group);
  a.accept({"user"});
  read_history(a, actuator.history, false);
  if (!adhesion && !orientation) {
    a.up_to("damping", actuator.damping);
    a.number("armature", actuator.armature);
    if (a.number("cranklength", actuator.cranklength)) a.check(actuator.cranklength > 0, "cranklength", "be > 0 m");
  }
  if (kind == ActuatorKind::general) {
    read_general(a, out);
  } else {
    Servo parameters = inherited(out, kind, classes, class_index);
    read_parameters(a, kind, out, parameters);
    apply(out, kind, parameters);
  }
  // a class has one of the two, an element says the other: that counts
  if (a.has("inheritrange") && !a.has("ctrlrange") && !a.has("posrange") && !a.has("actrange")) actuator.ctrlrange = actuator.actrange = {0, 0};
  else if (!a.has("inheritrange") && (a.has("ctrlrange") || a.has("posrange") || a.has("actrange"))) actuator.inheritrange = 0;
  return true;
}

namespace {

// Which of these an element may have.
bool has_transmission(const std::string& tag, Transmission transmission) {
  if (tag == "adhesion") return transmission == Transmission::body;
  if (tag == "general") return true;
  if (tag == "orientation") return transmission == Transmission::joint || transmission == Transmission::site;
  if (tag == "muscle" && transmission == Transmission::site) return false;
  return transmission != Transmission::body;
}

void read_transmission(Reader& reader, Attributes& a, Actuator& out) {
  static constexpr struct { const char* name; Transmission transmission; Kind kind; } known[] = {
      {"joint", Transmission::joint, Kind::joint}, {"jointinparent", Transmission::joint_in_parent, Kind::joint}, {"tendon", Transmission::tendon, Kind::tendon},
      {"site", Transmission::site, Kind::site}, {"body", Transmission::body, Kind::body}, {"cranksite", Transmission::slidercrank, Kind::site}};
  const std::string& tag = a.element().name;
  int written = 0;
  out.target = -1;
  for (const auto& k : known) {
    if (!has_transmission(tag, k.transmission)) continue;
    const int target = reader.find(a, k.name, k.kind);
    if (!a.has(k.name)) continue;
    if (++written > 1) a.error(k.name, "conflicting-attributes", "an actuator acts on one thing only", "keep one of joint, jointinparent, tendon, site, cranksite, body");
    out.target = target;
    out.transmission = k.transmission;
  }
  if (has_transmission(tag, Transmission::site)) out.reference = reader.find(a, "refsite", Kind::site);
  if (a.has("refsite") && !a.has("site")) a.error("refsite", "conflicting-attributes", "refsite belongs to an actuator that acts on a site", "give it 'site'");
  if (has_transmission(tag, Transmission::slidercrank)) {
    const int slider = reader.find(a, "slidersite", Kind::site);
    const bool crank = a.has("cranksite");
    for (const char* name : {"slidersite", "cranklength"}) {
      if (a.has(name) && !crank) a.error(name, "conflicting-attributes", std::string(name) + " belongs to a slider-crank", "give it 'cranksite'");
      if (crank && !a.has(name) && !(name[0] == 'c' && out.cranklength > 0)) reader.error(a.element(), "missing-attribute", "a slider-crank needs '" + std::string(name) + "'");
    }
    if (crank) out.reference = slider;
  }
  if (written == 0)
    reader.error(a.element(), "missing-attribute", "<" + tag + "> acts on nothing", tag == "adhesion" ? "give it 'body'" : "give it 'joint', 'jointinparent', 'tendon', 'site' or 'cranksite'");
}

// A servo whose control range is a multiple of the range of what it moves.
void inherit_range(Reader& reader, Attributes& a, Actuator& out) {
  const bool is_servo = out.gain == Gain::pid || (out.gain == Gain::fixed && out.bias == Bias::affine && out.gainprm[0] == -out.biasprm[1]);
  if (!is_servo || out.inheritrange <= 0 || out.target < 0) return;
  Array2& range = out.dynamics == Dynamics::integrator ? out.actrange : out.ctrlrange;
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
      std::vector<std::string> names;
      for (const auto& [name, kind] : kinds) names.push_back(name);
      if (child->name == "plugin") reader.not_supported(*child);
      else reader.unknown_element(*child, names);
      continue;
    }
    reader.declare(a, Kind::actuator, out.name, reader.scene.actuators.size());
    if (spec.kind != ActuatorKind::adhesion && spec.kind != ActuatorKind::orientation) a.vector("lengthrange", out.lengthrange);
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
    const bool held = ((out.gain == Gain::fixed && out.bias == Bias::affine) || out.gain == Gain::so3) && out.gainprm[0] == -out.biasprm[1];
    if ((held || out.gain == Gain::pid) && out.biasprm[2] > 0) {
      out.dampratio = out.biasprm[2];
      out.biasprm[2] = 0;
    }
    out.place = child->place();
    reader.scene.actuators.push_back(out);
    reader.actuators.push_back(child.get());
  }
}

}  // namespace nuri::scene::mjcf
