#include "physics/bucket.h"
#include <algorithm>
#include <cmath>
#include <cstring>
#include <iterator>
#include <numeric>
#include "engine/core/hash.h"
#include "engine/core/random.h"
#include "engine/launch/pool.h"
#include "engine/model/model_flags.h"
#include "engine/model/plastic.h"
#include "engine/model/state_role.h"

namespace nuri {
namespace {

constexpr StateFieldInfo infos[] = {
#define NURI_STATE(name, source, role, count, unit, doc) {#name, unit, doc, false, false, !written(StateRole::role)},
#define NURI_OUTPUT(name, count, unit, doc) {#name, unit, doc, true, false, false},
#define NURI_DETAIL(name, source, count, unit, doc) {#name, unit, doc, true, true, false},
#include "engine/model/state_fields.inl"
};

// The number fields of a model, in the order of model_fields.inl.
struct RealField {
  const char* name;
  std::vector<double> model::Model::*values;
  bool derived;
};
constexpr RealField real_fields[] = {
#define NURI_REAL(name, count, unit, doc) {#name, &model::Model::name, false},
#define NURI_DERIVED(name, count, unit, doc) {#name, &model::Model::name, true},
#include "engine/model/model_fields.inl"
};
constexpr int real_field_count = int(std::size(real_fields));

}  // namespace

const StateFieldInfo& info(StateField field) { return infos[int(field)]; }

int columns(const model::Model& m, StateField field, bool detail) {
  if (info(field).detail && !detail) return 0;
  const int counts[] = {
#define NURI_STATE(name, source, role, count, unit, doc) int(count),
#define NURI_OUTPUT(name, count, unit, doc) int(count),
#include "engine/model/state_fields.inl"
  };
  return counts[int(field)];
}

struct Bucket::Patched {
  model::Model model;
  std::vector<int> changed;                      // fields that are not the shared model's, besides derived ones
};

Bucket::~Bucket() = default;

Bucket::Bucket(std::shared_ptr<const model::Model> model, const WorldOptions& options, std::vector<uint64_t> ids)
    : model_(std::move(model)), options_(options), ids_(std::move(ids)) {
  options_.environments = int(ids_.size());
  const size_t n = size_t(options_.environments), bytes = options_.precision == Precision::f32 ? 4 : 8;
  for (int f = 0; f < state_field_count; ++f) {
    columns_.push_back(nuri::columns(*model_, StateField(f), options.detail));
    arrays_.emplace_back(n * columns_[f] * bytes);
  }
  step_count_.resize(n);
  fault_.resize(n);
  contact_count_.resize(n);
  overrides_.resize(n);
  stale_.resize(n);
  everyone_.resize(n);
  std::iota(everyone_.begin(), everyone_.end(), 0);
}

double Bucket::get(StateField field, int environment, int item) const {
  const size_t at = size_t(environment) * columns_[int(field)] + item;
  const std::byte* const base = arrays_[int(field)].data();
  return options_.precision == Precision::f32 ? double(reinterpret_cast<const float*>(base)[at]) : reinterpret_cast<const double*>(base)[at];
}

void Bucket::set(StateField field, int environment, int item, double value) {
  const size_t at = size_t(environment) * columns_[int(field)] + item;
  std::byte* const base = arrays_[int(field)].data();
  if (options_.precision == Precision::f32) reinterpret_cast<float*>(base)[at] = float(value);
  else reinterpret_cast<double*>(base)[at] = value;
}

void Bucket::put_initial(std::span<const int> environments, int key) {
  const model::Model& m = *model_;
  const bool keyed = key >= 0 && key < m.key_count;
  const int qpos0 = field_number("qpos0");
  for (int e : environments) {
    auto fill = [&](StateField field, const std::vector<double>& from, size_t offset) {
      for (int i = 0; i < columns_[int(field)]; ++i) set(field, e, i, from[offset + i]);
    };
    for (int f = 0; f < state_field_count; ++f) std::ranges::fill(bytes(StateField(f), e), std::byte{0});
    fill(StateField::qpos, keyed ? m.key_qpos : m.qpos0, keyed ? size_t(key) * m.qpos_count : 0);
    if (!keyed)
      for (const Override& o : overrides_[e]) if (o.field == qpos0) set(StateField::qpos, e, o.item, o.value);
    if (keyed) {
      fill(StateField::qvel, m.key_qvel, size_t(key) * m.dof_count);
      fill(StateField::act, m.key_act, size_t(key) * m.activation_count);
      fill(StateField::ctrl, m.key_ctrl, size_t(key) * m.control_count);
      fill(StateField::plastic, m.key_plastic, size_t(key) * m.plastic_count);
    } else {
      fill(StateField::plastic, model::initial_plastic(m, [&](const char* field, const std::vector<double>& values, int item) {
        return overrides_[e].empty() ? values[size_t(item)] : overridden(field, e, item).value_or(values[size_t(item)]);
      }), 0);
      fill(StateField::ctrl, m.control0, 0);
    }
    fill(StateField::mocap_pos, m.mocap_pos0, 0);
    fill(StateField::mocap_quat, m.mocap_quat0, 0);
    for (int i = 0; i < m.equality_count; ++i) set(StateField::equality_active, e, i, m.equality_active[i]);
    // who begins asleep falls asleep in the first step, with all that it touches; MuJoCo has then counted one of the others' still steps
    const bool begins = std::ranges::count(m.tree_sleep, model::begins_asleep) > 0;
    for (int i = 0; i < columns_[int(StateField::tree_asleep)]; ++i) set(StateField::tree_asleep, e, i, m.tree_sleep[i] == model::begins_asleep ? -1 : begins && m.tree_sleep[i] == model::may_sleep ? -10 : -11);
    for (int t = 0; t < m.track_count; ++t)
      for (int k = 0, n = m.track_control[t] < 0 ? 0 : m.track_samples[t] * m.track_values[t]; k < n; ++k)
        set(StateField::history, e, m.track_adr[t] + 2 + k, m.control0[m.track_control[t] + k % m.track_values[t]]);
    seed_noise(e, options_.seed);
    step_count_[e] = 0;
    fault_[e] = 0;
  }
}

void Bucket::seed_noise(int environment, uint64_t seed) {
  if (model_->clock_count < 6) return;
  const uint64_t key = mix(seed + mix(ids_[size_t(environment)] + 1));
  for (int k = 0; k < 4; ++k) set(StateField::clock, environment, 2 + k, double(key >> (16 * k) & 0xFFFF));
}

int Bucket::faults() const {
  return int(std::count_if(fault_.begin(), fault_.end(), [](uint32_t f) { return (f & 0xff) != 0; }));
}

void Bucket::clear_statistics() {
  const size_t stages = statistics_.cycles.size();
  statistics_ = {};
  statistics_.cycles.resize(stages);
}

uint64_t Bucket::hash(int environment) const {
  Hash h;
  for (int f = 0; f < state_field_count; ++f) {
    if (info(StateField(f)).output) continue;
    const int n = columns_[f];
    if (options_.precision == Precision::f32) h.add(std::span(reinterpret_cast<const float*>(arrays_[f].data()) + size_t(environment) * n, size_t(n)));
    else h.add(std::span(reinterpret_cast<const double*>(arrays_[f].data()) + size_t(environment) * n, size_t(n)));
  }
  h.add(step_count_[environment]).add(fault_[environment]);
  return h.value();
}

// Fields whose value decides the layout (which rows there are) or that every environment must share.
static bool shared_by_all(const std::string& name) {
  for (const char* shape : {"mesh_", "height_field_", "ray_", "bvh_"})
    if (name.starts_with(shape)) return true;
  return name == "timestep" || name.starts_with("key_") || name.starts_with("mocap_") || name == "tolerance" || name == "ls_tolerance";
}

bool Bucket::switches_rows(const std::string& field) { return field == "dof_frictionloss" || field == "tendon_frictionloss"; }

bool Bucket::can_differ(const std::string& field) { return !shared_by_all(field); }

int Bucket::field_number(const std::string& field) {
  if (shared_by_all(field)) return -1;
  for (int f = 0; f < real_field_count; ++f)
    if (!real_fields[f].derived && field == real_fields[f].name) return f;
  return -1;
}

bool Bucket::override_field(const std::string& field, int environment, int item, double value) {
  return override_number(field_number(field), environment, item, value);
}

// The place of a number among an environment's overrides, or the one before which it would stand.
template <class List> static auto place_of(List& list, int field, int item) {
  return std::lower_bound(list.begin(), list.end(), std::pair(field, item), [](const auto& o, const std::pair<int, int>& at) { return std::pair(o.field, o.item) < at; });
}

bool Bucket::override_number(int field, int environment, int item, double value) {
  if (field < 0 || environment < 0 || environment >= environments()) return false;
  const std::vector<double>& values = (*model_).*real_fields[field].values;
  if (item < 0 || size_t(item) >= values.size()) return false;
  if (switches_rows(real_fields[field].name) && values[size_t(item)] <= 0 && value > 0) return false;
  auto& list = overrides_[size_t(environment)];
  const auto at = place_of(list, field, item);
  if (at == list.end() || at->field != field || at->item != item) list.insert(at, {field, item, value});
  else if (at->value != value) at->value = value;
  else return true;
  stale_[size_t(environment)] = 1;
  overrides_changed_ = true;
  return true;
}

bool Bucket::clear_override(const std::string& field, int environment, int item) {
  const int number = field_number(field);
  auto& list = overrides_[size_t(environment)];
  const auto at = place_of(list, number, item);
  if (at == list.end() || at->field != number || at->item != item) return false;
  list.erase(at);
  stale_[size_t(environment)] = 1;
  return overrides_changed_ = true;
}

std::optional<double> Bucket::overridden(const std::string& field, int environment, int item) const {
  return overridden(field_number(field), environment, item);
}

std::optional<double> Bucket::overridden(int field, int environment, int item) const {
  const auto& list = overrides_[size_t(environment)];
  const auto at = place_of(list, field, item);
  return at == list.end() || at->field != field || at->item != item ? std::nullopt : std::optional(at->value);
}

size_t Bucket::saved_bytes() const {
  size_t numbers = 0;
  for (const int n : columns_) numbers += size_t(n);
  return numbers * (options_.precision == Precision::f32 ? 4 : 8) + sizeof(uint64_t) + sizeof(uint32_t) + sizeof(int32_t);
}

void Bucket::save(int environment, std::byte* out) const {
  auto put = [&](const void* from, size_t size) { if (size > 0) std::memcpy(out, from, size), out += size; };
  for (int f = 0; f < state_field_count; ++f) {
    const size_t size = size_t(columns_[f]) * (options_.precision == Precision::f32 ? 4 : 8);
    put(arrays_[f].data() + size_t(environment) * size, size);
  }
  put(&step_count_[environment], sizeof(uint64_t));
  put(&fault_[environment], sizeof(uint32_t));
  put(&contact_count_[environment], sizeof(int32_t));
}

void Bucket::restore(int environment, const std::byte* from) {
  auto get = [&](void* to, size_t size) { if (size > 0) std::memcpy(to, from, size), from += size; };
  for (int f = 0; f < state_field_count; ++f) {
    const std::span<std::byte> row = bytes(StateField(f), environment);
    get(row.data(), row.size());
  }
  get(&step_count_[environment], sizeof(uint64_t));
  get(&fault_[environment], sizeof(uint32_t));
  get(&contact_count_[environment], sizeof(int32_t));
}

void Bucket::write_own(OwnField& own, int environment, const std::vector<double>& values) const {
  const size_t first = size_t(environment) * size_t(own.count);
  for (size_t i = 0; i < size_t(own.count); ++i) {
    if (options_.precision == Precision::f32) reinterpret_cast<float*>(own.values.data())[first + i] = float(values[i]);
    else reinterpret_cast<double*>(own.values.data())[first + i] = values[i];
  }
}

// Makes quaternions unit that clearly are not; true if there was one.
static bool make_unit(std::vector<double>& quaternions) {
  bool changed = false;
  for (size_t i = 0; i + 3 < quaternions.size(); i += 4) {
    double* const q = quaternions.data() + i;
    const double n = std::sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]);
    if (!(n > 0 && std::abs(n - 1) > 1e-9)) continue;
    for (int k = 0; k < 4; ++k) q[k] /= n;
    changed = true;
  }
  return changed;
}

// The model with one environment's numbers, derived anew: rows of fields that environments own are written, others that differ are `found`.
void Bucket::renew(int environment, std::unique_ptr<Patched>& patched, std::vector<Found>& out_found, std::mutex& finding) {
  const std::vector<Override>& overrides = overrides_[size_t(environment)];
  if (overrides.empty()) {
    for (OwnField& own : own_fields_) write_own(own, environment, (*model_).*real_fields[own.field].values);
    return;
  }
  if (!patched) {
    patched = std::make_unique<Patched>(Patched{*model_, {}});
    patched->model.look = {};
  }
  model::Model& m = patched->model;
  // back to the shared numbers, then this environment's
  for (const int f : patched->changed) m.*real_fields[f].values = (*model_).*real_fields[f].values;
  patched->changed.clear();
  for (const Override& o : overrides) {
    (m.*real_fields[o.field].values)[size_t(o.item)] = o.value;
    if (patched->changed.empty() || patched->changed.back() != o.field) patched->changed.push_back(o.field);
  }
  for (int f = 0; f < real_field_count; ++f) {
    std::vector<double>& values = m.*real_fields[f].values;
    if (real_fields[f].derived) values = (*model_).*real_fields[f].values;
    const bool turns = &values == &m.body_quat || &values == &m.body_iquat || &values == &m.geom_quat || &values == &m.site_quat;
    if (turns && make_unit(values)) patched->changed.push_back(f);
  }
  model::derive(m);
  ++derivations_;

  bool owned[real_field_count] = {};
  for (OwnField& own : own_fields_) {
    write_own(own, environment, m.*real_fields[own.field].values);
    owned[own.field] = true;
  }
  for (int f = 0; f < real_field_count; ++f) {
    const std::vector<double>& values = m.*real_fields[f].values;
    const bool may_differ = real_fields[f].derived || std::find(patched->changed.begin(), patched->changed.end(), f) != patched->changed.end();
    if (owned[f] || !may_differ || values == (*model_).*real_fields[f].values) continue;
    const std::lock_guard lock(finding);
    out_found.push_back({f, environment, values});
  }
}

void Bucket::apply_overrides() {
  renewed_.clear();
  if (!overrides_changed_.exchange(false)) return;
  for (int e = 0; e < environments(); ++e) {
    if (stale_[size_t(e)]) renewed_.push_back(e);
    stale_[size_t(e)] = 0;
  }
  patched_.resize(size_t(pool_ ? pool_->threads() : 1));
  std::mutex finding;
  std::vector<Found> found;
  size_t piece = 1;                              // the first environment finds most of the fields that will be owned
  for (size_t at = 0; at < renewed_.size(); at += piece, piece = size_t(1) << 14) {
    const int count = int(std::min(piece, renewed_.size() - at));
    auto work = [&](int k, int thread) { renew(renewed_[at + size_t(k)], patched_[size_t(thread)], found, finding); };
    if (pool_ && count > 1) pool_->run(count, work);
    else for (int k = 0; k < count; ++k) work(k, 0);
    std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) { return a.field < b.field; });
    for (const Found& f : found) {
      if (own_fields_.empty() || own_fields_.back().field != f.field) {
        const size_t bytes = options_.precision == Precision::f32 ? 4 : 8;
        own_fields_.push_back({f.field, int(f.values.size()), std::vector<std::byte>(size_t(environments()) * f.values.size() * bytes)});
        for (int e = 0; e < environments(); ++e) write_own(own_fields_.back(), e, (*model_).*real_fields[f.field].values);
      }
      write_own(own_fields_.back(), f.environment, f.values);
    }
    found.clear();
  }
}

}  // namespace nuri
