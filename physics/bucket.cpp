#include "physics/bucket.h"
#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include "engine/core/hash.h"

namespace nuri {
namespace {

constexpr StateFieldInfo infos[] = {
#define NURI_STATE(name, count, unit, doc) {#name, unit, doc, false},
#define NURI_OUTPUT(name, count, unit, doc) {#name, unit, doc, true},
#include "engine/model/state_fields.inl"
};

// The real fields of a model, in the order of model_fields.inl.
template <class M, class F> void each_real(M& m, F f) {
  int index = 0;
#define NURI_REAL(name, count, unit, doc) f(index++, #name, m.name, false);
#define NURI_DERIVED(name, count, unit, doc) f(index++, #name, m.name, true);
#include "engine/model/model_fields.inl"
}

}  // namespace

const StateFieldInfo& info(StateField field) { return infos[int(field)]; }

int columns(const model::Model& m, StateField field) {
  const int counts[] = {
#define NURI_STATE(name, count, unit, doc) int(count),
#define NURI_OUTPUT(name, count, unit, doc) int(count),
#include "engine/model/state_fields.inl"
  };
  return counts[int(field)];
}

Bucket::Bucket(std::shared_ptr<const model::Model> model, const WorldOptions& options, std::vector<uint64_t> ids)
    : model_(std::move(model)), options_(options), ids_(std::move(ids)) {
  options_.environments = int(ids_.size());
  const size_t n = size_t(options_.environments), bytes = options_.precision == Precision::f32 ? 4 : 8;
  for (int f = 0; f < state_field_count; ++f) {
    columns_.push_back(nuri::columns(*model_, StateField(f)));
    arrays_.emplace_back(n * columns_[f] * bytes);
  }
  step_count_.resize(n);
  fault_.resize(n);
  contact_count_.resize(n);
  overrides_.resize(n);
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
  int qpos0 = -1;
  each_real(m, [&](int index, const char*, const std::vector<double>& values, bool) { if (&values == &m.qpos0) qpos0 = index; });
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
      fill(StateField::ctrl, m.key_ctrl, size_t(key) * m.actuator_count);
    }
    fill(StateField::mocap_pos, m.mocap_pos0, 0);
    fill(StateField::mocap_quat, m.mocap_quat0, 0);
    for (int i = 0; i < m.equality_count; ++i) set(StateField::equality_active, e, i, m.equality_active[i]);
    step_count_[e] = 0;
    fault_[e] = 0;
  }
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

bool Bucket::override_field(const std::string& field, int environment, int item, double value) {
  if (environment < 0 || environment >= environments() || shared_by_all(field)) return false;
  bool found = false;
  each_real(*model_, [&](int index, const char* name, const std::vector<double>& values, bool derived) {
    if (derived || field != name || item < 0 || size_t(item) >= values.size()) return;
    // a row that the catalog does not have cannot be switched on by a number
    if ((field == "dof_frictionloss" || field == "tendon_frictionloss") && values[item] <= 0 && value > 0) return;
    auto& list = overrides_[environment];
    std::erase_if(list, [&](const Override& o) { return o.field == index && o.item == item; });
    list.push_back({index, item, value});
    found = overrides_changed_ = true;
  });
  return found;
}

bool Bucket::can_differ(const std::string& field) { return !shared_by_all(field); }

// The place of a number among an environment's overrides; the end if it has none.
template <class List> static auto find_override(List& list, const model::Model& m, const std::string& field, int item) {
  int wanted = -1;
  each_real(m, [&](int index, const char* name, const std::vector<double>&, bool derived) { if (!derived && field == name) wanted = index; });
  return std::find_if(list.begin(), list.end(), [&](const auto& o) { return o.field == wanted && o.item == item; });
}

bool Bucket::clear_override(const std::string& field, int environment, int item) {
  auto& list = overrides_[environment];
  const auto found = find_override(list, *model_, field, item);
  if (found == list.end()) return false;
  list.erase(found);
  return overrides_changed_ = true;
}

std::optional<double> Bucket::overridden(const std::string& field, int environment, int item) const {
  const auto& list = overrides_[environment];
  const auto found = find_override(list, *model_, field, item);
  return found == list.end() ? std::nullopt : std::optional(found->value);
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

// Each environment that differs gets its model patched and derived anew; fields that then differ anywhere become owned by all.
void Bucket::apply_overrides() {
  if (!overrides_changed_) return;
  overrides_changed_ = false;
  own_fields_.clear();
  const bool single = options_.precision == Precision::f32;
  auto write = [&](OwnField& own, int environment, const std::vector<double>& values) {
    for (int i = 0; i < own.count; ++i) {
      const size_t at = size_t(environment) * own.count + i;
      if (single) reinterpret_cast<float*>(own.values.data())[at] = float(values[i]);
      else reinterpret_cast<double*>(own.values.data())[at] = values[i];
    }
  };
  model::Model patched = *model_;
  for (int e = 0; e < environments(); ++e) {
    if (overrides_[e].empty()) continue;
    // back to the shared numbers, then this environment's
    std::vector<const std::vector<double>*> shared;
    each_real(*model_, [&](int, const char*, const std::vector<double>& values, bool) { shared.push_back(&values); });
    each_real(patched, [&](int index, const char*, std::vector<double>& values, bool) {
      values = *shared[index];
      for (const Override& o : overrides_[e]) if (o.field == index) values[o.item] = o.value;
    });
    for (auto* quats : {&patched.body_quat, &patched.body_iquat, &patched.geom_quat, &patched.site_quat})
      for (size_t i = 0; i + 3 < quats->size(); i += 4) {
        double* const q = quats->data() + i;
        const double n = std::sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]);
        if (n > 0 && std::abs(n - 1) > 1e-9) for (int k = 0; k < 4; ++k) q[k] /= n;
      }
    model::derive(patched);
    each_real(patched, [&](int index, const char*, std::vector<double>& values, bool) {
      auto own = std::find_if(own_fields_.begin(), own_fields_.end(), [&](const OwnField& f) { return f.field == index; });
      if (own == own_fields_.end()) {
        if (values == *shared[index]) return;
        own_fields_.push_back({index, int(values.size()), std::vector<std::byte>(size_t(environments()) * values.size() * (single ? 4 : 8))});
        own = own_fields_.end() - 1;
        for (int k = 0; k < environments(); ++k) write(*own, k, *shared[index]);
      }
      write(*own, e, values);
    });
  }
}

}  // namespace nuri
