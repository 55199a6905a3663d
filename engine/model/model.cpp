#include "engine/model/model.h"

#include "engine/model/model_sizes.h"

namespace nuri::model {

void resize(Model& model) {
  const Sizes m(model);
#define NURI_INDEX(name, count, doc) model.name.resize(size_t(count));
#define NURI_REAL(name, count, unit, doc) model.name.resize(size_t(count));
#define NURI_DERIVED(name, count, unit, doc) model.name.resize(size_t(count));
#include "engine/model/model_fields.inl"
  model.body_name.resize(model.body_count);
  model.joint_name.resize(model.joint_count);
  model.geom_name.resize(model.geom_count);
  model.site_name.resize(model.site_count);
  model.tendon_name.resize(model.tendon_count);
  model.actuator_name.resize(model.actuator_count);
  model.control_name.resize(model.control_count);
  model.equality_name.resize(model.equality_count);
  model.sensor_name.resize(model.sensor_count);
  model.key_name.resize(model.key_count);
}

}  // namespace nuri::model
