// Compiled with the flags of the oldest kernel, as it is kernel text.
#include "physics/bullet/smooth.h"
#include <algorithm>
#include "engine/model/model_flags.h"
#include "engine/launch/pool.h"
#include "physics/bucket.h"
#include "physics/cpu/cpu_bucket.h"
#include "physics/cpu/pack_step.h"
#include "physics/scratch_layout.h"

namespace nuri::bullet {
namespace {

using Lane = PackLane<double, 1>;
constexpr double everywhere = 1e30;  // m, rad: a margin within which every limit is listed

// Limits are listed whatever their margins say: who solves them looks ahead of them.
std::shared_ptr<const model::Model> listing_all(const model::Model& m) {
  auto copy = std::make_shared<model::Model>(m);
  copy->look = {};
  std::fill(copy->joint_margin.begin(), copy->joint_margin.end(), everywhere);
  std::fill(copy->tendon_margin.begin(), copy->tendon_margin.end(), everywhere);
  return copy;
}

void list_dampers(const Pack<Lane>& p, std::vector<Damper>& out) {
  const auto& m = p.model;
  out.clear();
  if (m.integrator != integrator::implicit && m.integrator != integrator::implicitfast) return;
  auto add = [&](int number, double strength) -> Damper* {
    return strength > 0 ? &out.emplace_back(Damper{number, strength, {}, {}}) : nullptr;
  };
  for (int o = 0; o < m.output_count && m.on(model::flag_actuation); ++o) {
    const int a = m.output_actuator[o];
    if (!follows_velocity(p, a)) continue;
    Damper* const damper = add(o, -double(free_slope(p, a)[0]));
    for (int k = 0, n = moment_count(p, o); damper && k < n; ++k) {
      const double arm = double(moment(p, o, k)[0]);
      if (arm == 0) continue;
      damper->dof.push_back(moment_dof(p, o, k));
      damper->J.push_back(arm);
    }
  }
  for (int t = 0; t < m.tendon_count && m.on(model::flag_damper); ++t)
    if (Damper* const damper = add(m.output_count + t, double(tendon_damping_slope(p, t)[0])))
      for (int k = m.term_adr[t]; k < m.term_adr[t + 1]; ++k) {
        damper->dof.push_back(m.term_dof[k]);
        damper->J.push_back(double(moment_arm(p, k)[0]));
      }
}

}  // namespace

Numbers::Numbers(const model::Model& m) {
#define NURI_STATE(name, source, role, count, unit, doc) name.resize(size_t(count));
#include "engine/model/state_fields.inl"
}

struct Smooth::Parts {
  std::shared_ptr<const model::Model> model;
  ModelNumbers numbers;
  ScratchLayout layout;
  Arena arena;
  std::vector<int> columns;
  uint64_t step_count = 0;
  uint32_t fault = 0;
  int32_t contact_count = 0;

  explicit Parts(const model::Model& m) : model(listing_all(m)), numbers(*model, false) {
    Room room = first_room(m, 1);
    room.rows = std::max(room.rows, m.row_count);
    layout = lay_out_unshared(*model, room, sizeof(double), sizeof(Lane::Int));
    for (int f = 0; f < state_field_count; ++f) columns.push_back(nuri::columns(*model, StateField(f)));
  }
};

Smooth::Smooth(std::shared_ptr<const model::Model> model) : parts_(std::make_unique<Parts>(*model)) {}
Smooth::~Smooth() = default;

void Smooth::run(Numbers& state, Forces& out) {
  Parts& parts = *parts_;
  void* fields[state_field_count] = {};
#define NURI_STATE(name, source, role, count, unit, doc) fields[int(StateField::name)] = state.name.data();
#include "engine/model/state_fields.inl"
  const int environment = 0;
  PackJob job{};
  job.model = &parts.numbers.raw;
  job.layout = &parts.layout;
  job.arena = parts.arena.fit(parts.layout.bytes);
  job.environments = &environment;
  job.live = 1;
  job.state = fields;
  job.columns = parts.columns.data();
  job.step_count = &parts.step_count;
  job.fault = &parts.fault;
  job.contact_count = &parts.contact_count;

  const NumericMode mode;
  PackStep<Lane> pack(job);
  pack.load_state();
  Pack<Lane> p(pack.lane, pack.model, pack.scratch);
  const auto& m = p.model;
  const auto& s = p.scratch;
  // of the stages up to the actuators what these need, one by one (run_stage would compile the solvers too); without collision nothing
  // touches
  kinematics(p);
  centers_of_mass(p);
  tendons(p);
  composite_inertia(p);
  contacts(p);
  velocity(p);
  tendon_velocities(p);
  passive_forces(p);
  actuator_forces(p);
  catalog_rows(p);
  list_dampers(p, out.dampers);
  move_activations(p);

  auto take = [](std::vector<double>& to, const Lane::Real* from, int count) {
    to.resize(size_t(count));
    for (int i = 0; i < count; ++i) to[size_t(i)] = double(from[i][0]);
  };
  take(out.force, s.passive(), m.dof_count);
  for (int i = 0; i < m.dof_count; ++i) out.force[size_t(i)] += double(s.actuation()[i][0]);
  take(out.act, s.act(), m.activation_count);
  take(out.xpos, s.xpos(), 3 * m.body_count);
  take(out.xquat, s.xquat(), 4 * m.body_count);
  out.rows.resize(size_t(p.listed_count));
  for (int i = 0; i < p.listed_count; ++i) {
    CatalogRow& row = out.rows[size_t(i)];
    row.row = s.listed()[i];
    row.kind = m.row_kind[row.row];
    const int first = m.row_dof_adr[row.row], end = m.row_dof_adr[row.row + 1];
    row.dof.assign(m.row_dof + first, m.row_dof + end);
    row.J.resize(size_t(end - first));
    for (int k = first; k < end; ++k) row.J[size_t(k - first)] = double(s.row_value()[k][0]);
    row.loss = row.kind == model::row_dof_friction || row.kind == model::row_tendon_friction ? double(s.row_loss()[i][0]) : 0;
    row.error = 0;
    if (row.kind <= model::row_tendon_equality) {
      std::vector<Lane::Real> unused(row.J.size() + 1);
      Lane::Real error = p.zero(), norm = p.zero();
      equality_row(p, row.row, unused.data(), error, norm);
      row.error = double(error[0]);
    } else if (row.kind >= model::row_joint_limit) {
      row.error = double(limit_state(p, row.row).dist[0]);
    }
  }
}

}  // namespace nuri::bullet
