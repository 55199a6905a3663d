#include "tools/record/schema.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <set>
#include <sstream>

namespace nuri::record {
namespace {

using model::Model;

// Chunks of long episodes are so large that compression and reading pay, and of many episodes at once so small that what is not yet written
// stays within the budget, as far as the least allows.
constexpr double budget = 256e6, most = 128e3, least = 1024;   // bytes: of all chunks being filled; of one
constexpr double near_enough = 1e-3;             // share of a rate that rounding to control steps may change unsaid

constexpr const char* parameters[] = {           // numbers of models, as buckets count them
#define NURI_REAL(name, count, unit, doc) #name,
#define NURI_DERIVED(name, count, unit, doc) #name,
#include "engine/model/model_fields.inl"
};

std::string shown(const std::string& name, const char* what, size_t index) { return name.empty() ? what + std::to_string(index) : name; }
std::string safe(std::string name) {
  std::replace(name.begin(), name.end(), '/', '_');
  return name;
}

// "NAME@HZ"
struct Wish {
  std::string name;
  int every = 0;                                 // control steps; 0: with the samples
};

// Says so if a rate is not what was asked for.
void doubt(const std::string& what, double rate, int every, double period, std::vector<Diagnostic>& out_doubts) {
  const double got = 1 / (every * period);
  if (std::abs(got - rate) <= near_enough * rate) return;
  std::ostringstream message;
  message << what << " recorded " << got << " times per second, not " << rate << ": control steps are " << 1 / period << " per second";
  out_doubts.push_back({Severity::warning, "rate-rounded", message.str(), "choose the control rate divided by a whole number", {}, {}, {}});
}

// A word of a wish with a rate of its own, in control steps; the samples' rate is none of its own.
Result<Wish> read(const std::string& text, double period, int sample_every, std::vector<Diagnostic>& out_doubts) {
  const size_t at = text.rfind('@');
  if (at == std::string::npos) return Wish{text, 0};
  std::istringstream in(text.substr(at + 1));
  in.imbue(std::locale::classic());
  double rate = 0;
  if (!(in >> rate) || !in.eof() || !std::isfinite(rate) || rate <= 0)
    return Diagnostic{Severity::error, "bad-rate", "'" + text + "' has no rate behind its '@'", "write NAME@HZ with a number above 0", {}, {}, {}};
  const int every = steps_between(rate, period);
  doubt("'" + text + "' is", rate, every, period, out_doubts);
  return Wish{text.substr(0, at), every == sample_every ? 0 : every};
}

const char* const axes[] = {"x", "y", "z", "qw", "qx", "qy", "qz"};
const char* const rates[] = {"vx", "vy", "vz", "wx", "wy", "wz"};

// What the numbers of qpos or qvel are: "hip" or "box x".
void add_joint_labels(const Model& m, bool positions, std::vector<std::string>& out) {
  for (int j = 0; j < m.joint_count; ++j) {
    const std::string name = std::string(positions ? "qpos " : "qvel ") + shown(m.joint_name[size_t(j)], "joint", size_t(j));
    const auto type = scene::JointType(m.joint_type[size_t(j)]);
    const int count = type == scene::JointType::free ? (positions ? 7 : 6) : type == scene::JointType::ball ? (positions ? 4 : 3) : 1;
    const int first = type == scene::JointType::ball ? 3 : 0;
    for (int k = 0; k < count; ++k) out.push_back(count == 1 ? name : name + " " + (positions ? axes : rates)[first + k]);
  }
}

// Rows of three or four numbers stay such.
std::vector<uint64_t> shape_of(const Model& m, StateField field) {
  const auto n = uint64_t(columns(m, field));
  switch (field) {
    case StateField::xpos: case StateField::mocap_pos: return {n / 3, 3};
    case StateField::xquat: case StateField::mocap_quat: return {n / 4, 4};
    case StateField::xfrc_applied: return {n / 6, 6};
    default: return {n};
  }
}

class Planner {
 public:
  Planner(session::Session& session, const Model& m, int sample_every) : session_(session), m_(m), sample_every_(sample_every) {
    period_ = m.timestep[0] * session.settings().substeps;
    real_ = session.world().options().precision == Precision::f32 ? Type::f32 : Type::f64;
  }

  void add_frame(const session::Port* port) {
    Signal states = make("states", real_, {}, 0);
    for (const StateField field : {StateField::qpos, StateField::qvel, StateField::act}) states.parts.push_back({field, 0, columns(m_, field)});
    add_joint_labels(m_, true, states.column.labels);
    add_joint_labels(m_, false, states.column.labels);
    for (int i = 0; i < m_.activation_count; ++i) states.column.labels.push_back("act " + std::to_string(i));
    states.column.shape = {states.column.labels.size()};
    plan_.signals.push_back(std::move(states));

    plan_.actions.path = "actions", plan_.actions.type = Type::f32;
    if (port) {
      plan_.actions.labels = port->actuators();
    } else {
      for (int a = 0; a < m_.control_count; ++a) {
        Scale scale;
        const double low = m_.actuator_ctrlrange[size_t(2 * a)], high = m_.actuator_ctrlrange[size_t(2 * a + 1)];
        if (m_.control_limited[size_t(a)] && high > low) scale = {0.5 * (low + high), 0.5 * (high - low)};
        plan_.scales.push_back(scale);
        plan_.actions.labels.push_back(shown(m_.control_name[size_t(a)], "actuator", size_t(a)));
      }
    }
    plan_.actions.shape = {plan_.actions.labels.size()};
    plan_.rewards = {"rewards", Type::f32, {}, 1, {}, 0, 0};
    plan_.dones = {"dones", Type::u8, {}, 1, {}, 0, 0};
    plan_.substeps = {"inputs/substeps", Type::u32, {}, 1, {}, 0, 0};
    plan_.hashes = {"hashes", Type::u64, {}, 1, {}, 0, 0};
    for (int i = 0; i < input_count; ++i)
      plan_.input[i] = {std::string("inputs/") + info(inputs[i]).name, real_, shape_of(m_, inputs[i]), 1, {}, 0, 0};
  }

  bool add_sensor(int s, int every) {
    const int from = m_.sensor_adr[size_t(s)], count = m_.sensor_adr[size_t(s) + 1] - from;
    Signal signal = make(shown(m_.sensor_name[size_t(s)], "sensor", size_t(s)), real_, {uint64_t(count)}, every);
    signal.parts.push_back({StateField::sensordata, from, count});
    plan_.signals.push_back(std::move(signal));
    return true;
  }
  // Says whether the model has something of that name.
  bool add_field(const std::string& name, int every) {
    for (int f = 0; f < state_field_count; ++f) {
      if (name != info(StateField(f)).name || info(StateField(f)).detail) continue;   // details are not recorded
      Signal signal = make(name, real_, shape_of(m_, StateField(f)), every);
      signal.parts.push_back({StateField(f), 0, columns(m_, StateField(f))});
      plan_.signals.push_back(std::move(signal));
      return true;
    }
    bool found = name == "sensors";
    for (int s = 0; s < m_.sensor_count; ++s)
      if (name == "sensors" || scene::matches({name}, m_.sensor_name[size_t(s)])) found = add_sensor(s, every);
    return found;
  }
  void add_default() {
    if (m_.sensor_count > 0) add_field("sensors", 0);
    else add_field("qpos", 0), add_field("qvel", 0);
  }
  // `has`: whether the model's eye gives an output.
  void add_eye(int eye, const session::EyeInfo& info, int every, const std::function<bool(uint32_t)>& has) {
    namespace output = trace::output;
    for (uint32_t bit = 1; bit <= output::all; bit *= 2) {
      if (!(info.outputs & bit) || !has(bit)) continue;
      const bool names = bit & (output::geom | output::body | output::label);
      const std::string what = bit == output::rgb ? "image" : bit == output::geom ? "segmentation" : session::output_name(bit);
      const uint64_t channels = bit & (output::rgb | output::normal | output::point) ? 3 : 1;
      Signal signal = make(info.name + "_" + what, bit == output::rgb ? Type::u8 : names ? Type::i32 : Type::f32,
                           {uint64_t(info.height), uint64_t(info.width), channels}, every);
      signal.eye = eye, signal.output = bit;
      plan_.signals.push_back(std::move(signal));
    }
  }

  Plan finish(uint64_t expected) {
    std::vector<std::pair<Column*, double>> all;                 // with rows of an episode, if that is known
    const double control_steps = double(expected) * sample_every_;
    for (Column* c : {&plan_.actions, &plan_.rewards, &plan_.dones}) all.emplace_back(c, double(expected));
    for (Column* c : {&plan_.substeps, &plan_.hashes}) all.emplace_back(c, control_steps);
    for (Column& c : plan_.input) all.emplace_back(&c, control_steps);
    for (Signal& s : plan_.signals) all.emplace_back(&s.column, s.column.every > 0 ? std::ceil(control_steps / s.column.every) : double(expected));
    const double share = std::clamp(budget / (double(session_.environments()) * double(all.size())), least, most);
    for (const auto& [column, rows] : all) {
      const double row = double(std::max<size_t>(column->row_bytes(), 1));
      column->chunk = std::max<uint64_t>(1, uint64_t(share / row));
      if (rows > 0) column->chunk = std::min(column->chunk, uint64_t(rows));
      plan_.buffers += double(column->chunk) * row;
    }
    for (Signal& s : plan_.signals)
      for (Part& p : s.parts) {
        const auto at = std::find_if(plan_.fields.begin(), plan_.fields.end(), [&](const Plan::Field& f) { return f.field == p.field; });
        p.slot = size_t(at - plan_.fields.begin());
        if (at == plan_.fields.end()) plan_.fields.push_back({p.field, size_t(columns(m_, p.field)) * bytes_of(real_)});
      }
    return std::move(plan_);
  }

 private:
  // The path is "obs/NAME", or that of a signal, made safe and nobody else's.
  Signal make(const std::string& name, Type type, std::vector<uint64_t> shape, int every) {
    Signal out;
    std::string key = safe(name);
    const std::string folder = every > 0 ? "signals/" : name == "states" && plan_.signals.empty() ? "" : "obs/";
    while (!paths_.insert(folder + key).second) key += "_";
    out.column = {folder + key, type, std::move(shape), 1, {}, every, every > 0 ? 1 / (every * period_) : 0};
    return out;
  }

  session::Session& session_;
  const Model& m_;
  int sample_every_;
  double period_ = 0;
  Type real_ = Type::f32;
  Plan plan_;
  std::set<std::string> paths_;
};

}  // namespace

size_t bytes_of(Type type) {
  switch (type) {
    case Type::u8: return 1;
    case Type::i32: case Type::u32: case Type::f32: return 4;
    default: return 8;
  }
}

size_t Column::row_bytes() const {
  size_t bytes = bytes_of(type);
  for (const uint64_t n : shape) bytes *= n;
  return bytes;
}

const char* parameter_name(int number) { return parameters[number]; }

int steps_between(double rate, double period) { return rate > 0 ? int(std::clamp(std::round(1 / (rate * period)), 1.0, 1e9)) : 1; }

std::vector<std::string> field_words() {
  std::vector<std::string> out{"sensors"};
  for (int f = 0; f < state_field_count; ++f)
    if (!info(StateField(f)).detail) out.push_back(info(StateField(f)).name);
  return out;
}

std::vector<std::string> eyes_of(const Wishes& wishes) {
  std::vector<std::string> out;
  for (const std::string& text : wishes.cameras) out.push_back(text.substr(0, text.rfind('@')));
  return out;
}

Result<std::vector<Plan>> make_plans(session::Session& session, const Wishes& wishes, const session::Eyes* eyes, const session::Port* port,
                                     std::vector<Diagnostic>& out_doubts) {
  const double period = session.model().timestep[0] * session.settings().substeps;
  const int sample_every = steps_between(wishes.rate, period);
  if (wishes.rate > 0) doubt("samples are", wishes.rate, sample_every, period, out_doubts);
  std::vector<Wish> fields, cameras;
  for (const auto& [texts, to] : {std::pair(&wishes.fields, &fields), std::pair(&wishes.cameras, &cameras)})
    for (const std::string& text : *texts) {
      Result<Wish> wish = read(text, period, sample_every, out_doubts);
      if (!wish) return wish.errors();
      to->push_back(std::move(*wish));
    }
  std::vector<int> first(size_t(session.world().buckets()));     // some environment of each
  for (int e = 0; e < session.environments(); ++e) first[size_t(session.world().place(e).bucket)] = e;
  std::vector<Plan> plans;
  std::vector<char> known(fields.size(), 0);
  for (int b = 0; b < session.world().buckets(); ++b) {
    Planner planner(session, session.world().bucket(b).model(), sample_every);
    planner.add_frame(port);
    if (fields.empty()) planner.add_default();
    for (size_t i = 0; i < fields.size(); ++i)
      if (planner.add_field(fields[i].name, fields[i].every)) known[i] = 1;
    for (size_t k = 0; eyes && k < eyes->eyes().size(); ++k) {
      const session::EyeInfo& eye = eyes->eyes()[k];
      const auto wish = std::find_if(cameras.begin(), cameras.end(), [&](const Wish& w) { return scene::matches({w.name}, eye.name); });
      if (wish != cameras.end()) planner.add_eye(int(k), eye, wish->every, [&](uint32_t bit) { return eyes->picture(int(k), first[size_t(b)], bit) != nullptr; });
    }
    plans.push_back(planner.finish(wishes.expected));
  }
  for (size_t i = 0; i < fields.size(); ++i) {
    if (known[i]) continue;
    std::vector<std::string> names = field_words();
    for (const auto& model : session.loaded().models) names.insert(names.end(), model->sensor_name.begin(), model->sensor_name.end());
    return Diagnostic{Severity::error, "unknown-name", "there is no state field and no sensor '" + fields[i].name + "' to record", scene::name_hint(fields[i].name, names), {}, {}, {}};
  }
  return plans;
}

}  // namespace nuri::record
