#include "tools/verify/engine.h"
#include <fmt/format.h>
#include <algorithm>
#include "engine/model/compile.h"
#include "engine/scene/mjcf.h"

namespace nuri::verify {
namespace {

constexpr int64_t longest_piece = 500;   // steps between two looks at who watches

// Environment 0 as doubles, with what rounding took from free joints' translation.
struct Seen {
  std::vector<double> qpos, qvel, sensors;
  void read(World& world) {
    if (world.options().precision == Precision::f32) read_as<float>(world);
    else read_as<double>(world);
  }

 private:
  template <class T> void read_as(World& world) {
    const auto copy = [&](StateField field, std::vector<double>& out) { const auto row = world.row<T>(field, 0); out.assign(row.begin(),
        row.end()); };
    copy(StateField::qpos, qpos), copy(StateField::qvel, qvel), copy(StateField::sensordata, sensors);
    const model::Model& m = world.model();
    const auto residual = world.row<T>(StateField::qpos_residual, 0);
    for (int j = 0; j < m.joint_count; ++j) {
      const int free = m.joint_free[j];
      for (int k = 0; free >= 0 && k < 3; ++k) qpos[size_t(m.joint_qpos[j] + k)] += double(residual[size_t(3 * free + k)]);
    }
  }
};

void write(World& world, StateField field, int item, double value) {
  for (int e = 0; e < world.environments(); ++e) world.set(field, e, item, value);
}

// The first state field in which the last copy differs from environment 0; empty: none.
std::string differing(World& world) {
  const int last = world.environments() - 1;
  for (int f = 0; f < state_field_count; ++f)
    if (!std::ranges::equal(world.bytes(StateField(f), 0), world.bytes(StateField(f), last))) return info(StateField(f)).name;
  return "";
}

std::vector<double>* numbers(model::Model& model, const std::string& field) {
#define NURI_REAL(name, count, unit, doc) if (field == #name) return &model.name;
#include "engine/model/model_fields.inl"
  return nullptr;
}

Result<std::shared_ptr<const model::Model>> compiled(const std::string& mjcf, const std::vector<Fault>& faults) {
  const auto scene = scene::read_mjcf_text(mjcf, "scene");
  if (!scene) return scene.errors();
  auto model = model::compile(*scene);
  if (!model) return model.errors();
  for (const Fault& fault : faults)
    if (std::vector<double>* const values = numbers(*model, fault.field))
      for (double& value : *values) value = value * fault.factor + fault.add;
  model::derive(*model);
  return std::make_shared<const model::Model>(std::move(*model));
}

}  // namespace

bool Fault::known() const {
  model::Model none;
  return numbers(none, field) != nullptr;
}

bool Stepped::play(const Job& job, const See& see) {
  const auto model = compiled(job.scene, faults_);
  if (!model) return fails(to_string(model.errors()[0]));
  auto made = World::create(*model, {.environments = environments_, .backend = "cpu", .precision = precision_, .threads = 1,
                                     .publish = false});
  if (!made) return fails(to_string(made.errors()[0]));
  World& world = **made;

  int64_t done = 0, told = 0;
  const auto advance = [&](int64_t until) {
    while (done < until) {
      const int64_t piece = std::min(until - done, longest_piece);
      world.step(int(piece));
      done += piece;
      if (!watch_ || (done - told < longest_piece && done < job.settle + job.steps)) continue;
      if (!watch_(done - std::exchange(told, done))) return fails("interrupted");
    }
    return world.fault(0) == 0 || fails(fmt::format("environment frozen at step {}, fault {}", world.step_count(0), world.fault(0)));
  };
  if (!advance(job.settle)) return false;
  for (int i = 0; job.settle > 0 && i < (*model)->dof_count; ++i) write(world, StateField::qvel, i, 0);

  Seen seen;
  auto change = job.changes.begin();
  for (int64_t step = 0;;) {
    for (; change != job.changes.end() && change->at <= step; ++change) write(world, change->field, change->item, change->value);
    if (step == 0 || step % job.every == 0) {
      seen.read(world);
      see({step, double(step) * (*model)->timestep[0], seen.qpos, seen.qvel,
           step ? std::span<const double>(seen.sensors) : std::span<const double>{}});
    }
    if (step >= job.steps) break;
    step = std::min(job.steps, (step / job.every + 1) * job.every);
    if (change != job.changes.end()) step = std::min(step, change->at);
    if (!advance(job.settle + step)) return false;
  }
  if (const std::string field = differing(world); !field.empty()) return fails("copies of one environment differ in " + field);
  return true;
}

}  // namespace nuri::verify
