#include "physics/bullet/bullet_backend.h"
#include <LinearMath/btScalar.h>
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include "engine/model/model_flags.h"
#include "physics/bullet/left_out.h"
#include "physics/bullet/simulation.h"
#include "physics/kernel/scratch.h"
#include "physics/world.h"

namespace nuri {
namespace {

using bullet::Numbers;
using bullet::Simulation;

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
constexpr double too_fast = 1e10;  // m, rad and their rates: an explosion, as in physics/kernel/substep.h

std::vector<double> model::Model::*const real_fields[] = {
#define NURI_REAL(name, count, unit, doc) &model::Model::name,
#define NURI_DERIVED(name, count, unit, doc) &model::Model::name,
#include "engine/model/model_fields.inl"
};

// Fields that Bullet keeps to itself while nobody else writes them.
constexpr StateField moved[] = {StateField::qpos, StateField::qpos_residual, StateField::qvel, StateField::act};

// The model without past and noise: controls act at once, sensors show what is.
std::shared_ptr<const model::Model> in_the_present(std::shared_ptr<const model::Model> model) {
  if (!model->track_count && !(model->flags & model::flag_sensornoise)) return model;
  auto out = std::make_shared<model::Model>(*model);
  out->flags &= ~model::flag_sensornoise;
  std::fill(out->actuator_track.begin(), out->actuator_track.end(), -1);
  std::fill(out->sensor_track.begin(), out->sensor_track.end(), -1);
  return out;
}

class BulletBucket final : public Bucket {
 public:
  BulletBucket(Members members, const WorldOptions& options, int threads)
      : Bucket(std::move(members.model), options, std::move(members.ids)), present_(in_the_present(model_)), own_(size_t(environments())) {
    options_.backend = "bullet";
    options_.threads = threads;
    options_.width = 1;
    statistics_.cycles.resize(stage_count);
  }

  std::string describe() const override {
    const std::string version = std::to_string(BT_BULLET_VERSION / 100) + "." + std::to_string(BT_BULLET_VERSION % 100);
    return "bullet " + version + ", float64" + (options_.precision == Precision::f32 ? ", rows float32, " : ", ") +
           std::to_string(options_.threads) + (options_.threads == 1 ? " thread" : " threads");
  }

  // Bullet's contacts, beside what Nuri's kernels make of its state in arrays. Rows are its solver's own: there are none.
  Probe probe(int environment, const std::vector<ContactRecord>*) override {
    renew();
    Own& own = up_to_date(environment);
    Probe out;
    if (looker_ || make_looker()) {
      show(environment, own);
      out = looker_->probe(environment);
    }
    out.rows.clear();
    out.iterations = 0;
    out.contacts.clear();
    own.simulation->contacts(out.contacts);
    return out;
  }

  // One run of the backend: begin; for each environment approach; look; for each arrive; end.
  Result<bool> begin() {
    renew();
    if (!senses() || looker_) return true;
    return make_looker();
  }
  // All substeps but the last. Sensors belong to its start.
  void approach(int e, int substeps, bool integrate) {
    Own& own = up_to_date(e);
    for (int k = 0; k + 1 < substeps && integrate; ++k) substep(e, own);
    if (senses()) show(e, own);
  }
  void look(std::span<const int> environments) {
    if (senses() && !environments.empty()) looker_->forward(environments);
  }
  void arrive(int e, bool integrate) {
    Own& own = own_[size_t(e)];
    const std::vector<double> before = own.state->qvel;
    if (integrate) substep(e, own);
    for (int d = 0; d < model_->dof_count; ++d)
      set(StateField::qacc, e, d, integrate ? (own.state->qvel[size_t(d)] - before[size_t(d)]) / model_->timestep[0] : unknown);
    if (senses()) read_sensors(e);
    if (integrate) store(e, own);
    contact_count_[size_t(e)] = own.simulation->contact_count();
    if (options_.publish) publish(e, own);
  }
  void end(std::span<const int> environments) {
    for (const int e : environments) {
      Own& own = own_[size_t(e)];
      statistics_.steps += own.steps;
      statistics_.contacts += own.contacts;
      own.steps = 0;
      own.contacts = 0;
    }
  }

 private:
  struct Own {
    std::unique_ptr<Simulation> simulation;  // none: it is made when it is needed
    std::optional<Numbers> state;
    std::vector<std::byte> written;  // `moved`, as Bullet left them in the rows
    uint64_t steps = 0;
    double contacts = 0;
  };

  bool senses() const { return model_->sensor_count > 0; }
  // Who has other numbers now begins anew.
  void renew() {
    apply_overrides();
    for (const int e : renewed_) own_[size_t(e)] = {};
    if (!renewed_.empty()) looker_.reset();
  }

  std::shared_ptr<const model::Model> own_model(int e) const {
    if (own_fields_.empty() || overrides_[size_t(e)].empty()) return present_;
    auto out = std::make_shared<model::Model>(*present_);
    out->look = {};
    for (const OwnField& field : own_fields_) {
      std::vector<double>& values = (*out).*real_fields[field.field];
      const size_t first = size_t(e) * size_t(field.count);
      for (size_t i = 0; i < values.size(); ++i)
        values[i] = options_.precision == Precision::f32 ? double(reinterpret_cast<const float*>(field.values.data())[first + i])
                                                         : reinterpret_cast<const double*>(field.values.data())[first + i];
    }
    return out;
  }

  void read(StateField field, int e, std::vector<double>& to) const {
    for (size_t i = 0; i < to.size(); ++i) to[i] = get(field, e, int(i));
  }
  std::vector<std::byte> moved_bytes(int e) {
    std::vector<std::byte> out;
    for (const StateField field : moved) {
      const auto row = bytes(field, e);
      out.insert(out.end(), row.begin(), row.end());
    }
    return out;
  }

  // The environment with what its rows say; Bullet's own numbers go on where nobody wrote over them.
  Own& up_to_date(int e) {
    Own& own = own_[size_t(e)];
    const bool fresh = !own.simulation;
    if (fresh) {
      own.simulation = std::make_unique<Simulation>(own_model(e));
      own.state.emplace(*model_);
    }
    Numbers& s = *own.state;
    read(StateField::ctrl, e, s.ctrl);
    read(StateField::qfrc_applied, e, s.qfrc_applied);
    read(StateField::xfrc_applied, e, s.xfrc_applied);
    read(StateField::mocap_pos, e, s.mocap_pos);
    read(StateField::mocap_quat, e, s.mocap_quat);
    read(StateField::equality_active, e, s.equality_active);
    read(StateField::plastic, e, s.plastic);
    if (fresh || moved_bytes(e) != own.written) {
      read(StateField::qpos, e, s.qpos);
      read(StateField::qpos_residual, e, s.qpos_residual);
      read(StateField::qvel, e, s.qvel);
      read(StateField::act, e, s.act);
      own.simulation->load(s);
      own.written = moved_bytes(e);
    }
    return own;
  }

  void substep(int e, Own& own) {
    if (fault_[size_t(e)] != 0) return;
    const Numbers before = *own.state;
    own.simulation->step(*own.state);
    bool finite = true, slow = true;
    for (const std::vector<double>* values : {&own.state->qpos, &own.state->qvel})
      for (const double x : *values) finite &= std::isfinite(x), slow &= std::abs(x) <= too_fast;
    if (finite && slow) {
      ++step_count_[size_t(e)];
      ++own.steps;
      own.contacts += own.simulation->contact_count();
      return;
    }
    fault_[size_t(e)] = (finite ? fault_too_fast : fault_not_finite) | uint32_t(Stage::integrate) << 8;
    own.state = before;
    own.simulation = std::make_unique<Simulation>(own_model(e));  // Bullet's own numbers are no longer to be trusted
    own.simulation->load(before);
  }

  void store(int e, Own& own) {
    const model::Model& m = *model_;
    const Numbers& s = *own.state;
    for (int i = 0; i < m.qpos_count; ++i) set(StateField::qpos, e, i, s.qpos[size_t(i)]);
    for (int i = 0; i < m.dof_count; ++i) set(StateField::qvel, e, i, s.qvel[size_t(i)]);
    for (int i = 0; i < m.activation_count; ++i) set(StateField::act, e, i, s.act[size_t(i)]);
    for (int j = 0; j < m.joint_count; ++j) {
      const int free = m.joint_free[size_t(j)];
      for (int k = 0; k < 3 && free >= 0; ++k) {
        const int at = m.joint_qpos[size_t(j)] + k;
        set(StateField::qpos_residual, e, 3 * free + k, s.qpos[size_t(at)] - get(StateField::qpos, e, at));
      }
    }
    own.written = moved_bytes(e);
  }

  void publish(int e, const Own& own) {
    std::vector<double> xpos, xquat;
    own.simulation->poses(xpos, xquat);
    for (size_t i = 0; i < xpos.size(); ++i) set(StateField::xpos, e, int(i), xpos[i]);
    for (size_t i = 0; i < xquat.size(); ++i) set(StateField::xquat, e, int(i), xquat[i]);
  }

  Result<bool> make_looker() {
    WorldOptions options;
    options.environments = environments();
    options.backend = "cpu";
    options.precision = Precision::f64;
    options.threads = options_.threads;
    options.publish = false;
    auto made = World::create(present_, options);
    if (!made) return made.errors();
    looker_ = std::move(*made);
    Bucket& bucket = looker_->bucket(0);
    for (int e = 0; e < environments(); ++e)
      each_override(e, [&](int field, int item, double value) { bucket.override_number(field, e, item, value); });
    return true;
  }
  void show(int e, const Own& own) {
    const Numbers& s = *own.state;
#define NURI_STATE(name, source, role, count, unit, doc) std::copy(s.name.begin(), s.name.end(), looker_->row<double>(StateField::name, e).begin());
#include "engine/model/state_fields.inl"
    const uint64_t steps = step_count_[size_t(e)];
    for (int k = 0; k < std::min(2, model_->clock_count); ++k) looker_->set(StateField::clock, e, k, double(steps >> (24 * k) & 0xFFFFFF));
  }
  void read_sensors(int e) {
    const model::Model& m = *model_;
    const auto values = looker_->row<double>(StateField::sensordata, e);
    for (int i = 0; i < m.sensor_count; ++i)
      for (int k = m.sensor_adr[size_t(i)]; k < m.sensor_adr[size_t(i) + 1]; ++k)
        set(StateField::sensordata, e, k, unknown_to_bullet(m, i) ? unknown : values[size_t(k)]);
  }

  std::shared_ptr<const model::Model> present_;
  std::vector<Own> own_;
  std::unique_ptr<World> looker_;  // Nuri's own world at Bullet's states: for sensors
};

class BulletBackend final : public Backend {
 public:
  explicit BulletBackend(Pool& pool) : pool_(pool) {}

  void add(Members members, const WorldOptions& options) {
    auto bucket = std::make_unique<BulletBucket>(std::move(members), options, pool_.threads());
    members_.push_back(bucket.get());
    buckets.push_back(std::move(bucket));
  }
  // Everything that can be refused is refused when the world is made.
  Result<bool> check() {
    for (BulletBucket* bucket : members_)
      if (auto ready = bucket->begin(); !ready) return ready;
    return true;
  }

  void run(std::span<const std::span<const int>> environments, int substeps, bool integrate) override {
    for (size_t b = 0; b < members_.size(); ++b) {
      BulletBucket& bucket = *members_[b];
      const std::span<const int> list = environments[b];
      if (list.empty()) continue;
      (void)bucket.begin();  // what it makes anew was made before: check()
      pool_.run(int(list.size()), [&](int i, int) { bucket.approach(list[size_t(i)], substeps, integrate); });
      bucket.look(list);
      pool_.run(int(list.size()), [&](int i, int) { bucket.arrive(list[size_t(i)], integrate); });
      bucket.end(list);
    }
  }

 private:
  Pool& pool_;
  std::vector<BulletBucket*> members_;
};

}  // namespace

Result<std::unique_ptr<Backend>> make_bullet_backend(std::vector<Members> members, const WorldOptions& options, Pool& pool) {
  auto backend = std::make_unique<BulletBackend>(pool);
  for (Members& m : members) backend->add(std::move(m), options);
  if (auto ready = backend->check(); !ready) return ready.errors();
  return std::unique_ptr<Backend>(std::move(backend));
}

}  // namespace nuri
