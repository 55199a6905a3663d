// Sizes and frames of geoms and sites may differ from the model's: changed by a person, or drawn by `vary`. Pictures take them from a
// model, so the scenery gets a copy of it with the numbers of the focused environment; those shown beside it are drawn with the same.
#include <algorithm>
#include "tools/editor/workbench/workbench.h"

namespace nuri::editor {
namespace {

bool is_drawn(const std::string& field) {
  for (const char* one : {"geom_size", "geom_pos", "geom_quat", "site_pos", "site_quat", "joint_pos", "joint_axis", "body_inertia",
                          "body_ipos", "body_iquat"})
    if (field == one) return true;
  return false;
}

template <class Model> auto numbers_of(Model& m, const std::string& field) -> decltype(&m.geom_size) {
#define NURI_REAL(name, count, unit, doc) \
  if (field == #name) return &m.name;
#include "engine/model/model_fields.inl"
  return nullptr;
}

}  // namespace

void Workbench::redraw(const std::string& field) {
  if (!is_drawn(field)) return;
  drawn_.fields.insert(field);
  drawn_.focus = -1;
}

void Workbench::follow_numbers() const {
  if (drawn_.fields.empty() || drawn_.focus == focus) return;
  drawn_.focus = focus;
  const World& world = session_->world();
  const int shown_first = std::clamp(focus, 0, world.environments() - 1);
  drawn_.models.resize(size_t(world.buckets()));
  std::vector<int> of_bucket(drawn_.models.size(), -1);
  of_bucket[size_t(world.place(shown_first).bucket)] = shown_first;
  for (int e = 0; e < world.environments(); ++e)
    if (int& first = of_bucket[size_t(world.place(e).bucket)]; first < 0) first = e;
  for (size_t b = 0; b < drawn_.models.size(); ++b) {
    const std::shared_ptr<const model::Model>& own = world.bucket(int(b)).shared_model();
    std::shared_ptr<model::Model>& copy = drawn_.models[b];
    if (!copy) copy = std::make_shared<model::Model>(*own);
    for (const std::string& field : drawn_.fields)
      if (std::vector<double>* numbers = numbers_of(*copy, field))
        for (size_t i = 0; i < numbers->size(); ++i)
          (*numbers)[i] = world.overridden(field, of_bucket[b], int(i)).value_or((*numbers_of(*own, field))[i]);
    scenery_.models[b].model = copy;
  }
}

}  // namespace nuri::editor
