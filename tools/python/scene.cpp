// Scenes and models.
#include <nanobind/stl/map.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>
#include <filesystem>
#include "tools/python/handle.h"

namespace nuri::python {
namespace {

SceneHandle load(const std::string& path, const std::map<std::string, std::string>& packages, const std::vector<std::string>& folders) {
  const nb::gil_scoped_release released;
  const NumericMode mode;
  scene::PackagePaths paths;
  paths.packages = packages, paths.roots = folders;
  auto check = [](const std::string& folder) {
    std::error_code error;
    if (!std::filesystem::is_directory(folder, error)) throw Refused("bad-folder", "'" + folder + "' is not a folder");
  };
  for (const auto& [name, folder] : packages) check(folder);
  for (const std::string& folder : folders) check(folder);
  const std::string extension = std::filesystem::path(path).extension().string();
  SceneHandle out{get(session::load(path, paths)), extension != ".yaml" && extension != ".yml"};
  if (out.bare) {                                // the trial that the command line makes of a bare model is not wanted here
    out.loaded.settings.controls.clear();
    out.loaded.settings.joints.clear();
    out.loaded.settings.bodies.clear();
  }
  return out;
}

// A count, or an array of a model, by the name that engine/model/model_fields.inl gives it; None: there is none.
nb::object field(nb::handle self, const std::string& wanted) {
  const model::Model& m = *nb::cast<ModelHandle&>(self).model;
#define NURI_COUNT(name, doc) \
  if (wanted == #name) return nb::cast(m.name);
#define NURI_INDEX(name, count, doc) \
  if (wanted == #name) return array_of<const int32_t>(self, m.name.data(), {m.name.size()});
#define NURI_REAL(name, count, unit, doc) \
  if (wanted == #name) return array_of<const double>(self, m.name.data(), {m.name.size()});
#define NURI_DERIVED(name, count, unit, doc) NURI_REAL(name, count, unit, doc)
#include "engine/model/model_fields.inl"
  return nb::none();
}

struct FieldInfo { const char *name, *kind, *unit, *doc; };
constexpr FieldInfo fields[] = {
#define NURI_COUNT(name, doc) {#name, "size", "", doc},
#define NURI_INDEX(name, count, doc) {#name, "index", "", doc},
#define NURI_REAL(name, count, unit, doc) {#name, "number", unit, doc},
#define NURI_DERIVED(name, count, unit, doc) {#name, "derived", unit, doc},
#include "engine/model/model_fields.inl"
};

std::vector<std::string> names(const ModelHandle& handle, const std::string& kind) {
  const model::Model& m = *handle.model;
  if (kind == "body") return m.body_name;
  if (kind == "joint") return m.joint_name;
  if (kind == "geom") return m.geom_name;
  if (kind == "site") return m.site_name;
  if (kind == "tendon") return m.tendon_name;
  if (kind == "actuator") return m.actuator_name;
  if (kind == "equality") return m.equality_name;
  if (kind == "sensor") return m.sensor_name;
  if (kind == "key") return m.key_name;
  throw Refused("unknown-kind", "a model has no names of the kind '" + kind + "'", "body, joint, geom, site, tendon, actuator, equality, sensor or key");
}

}  // namespace

void bind_scene(nb::module_& module) {
  nb::class_<ModelHandle>(module, "Model")
      .def_prop_ro("name", [](const ModelHandle& h) { return h.model->name; })
      .def("names", names)
      .def("field", field)
      .def("hash", [](const ModelHandle& h) { return model::hash(*h.model); });
  nb::list list;
  for (const FieldInfo& f : fields) list.append(nb::make_tuple(f.name, f.kind, f.unit, f.doc));
  module.attr("model_fields") = list;

  nb::class_<SceneHandle>(module, "Scene")
      .def_prop_ro("name", [](const SceneHandle& h) { return h.loaded.name; })
      .def_prop_ro("path", [](const SceneHandle& h) { return h.loaded.path; })
      .def_prop_ro("report", [](const SceneHandle& h) { return to_python(h.loaded.report); })
      .def_prop_ro("files", [](const SceneHandle& h) { return h.loaded.files; })
      .def_prop_ro("timestep", [](const SceneHandle& h) { return h.loaded.models[0]->timestep[0]; })
      .def_prop_ro("substeps", [](const SceneHandle& h) { return h.loaded.settings.substeps; })
      .def_prop_ro("seconds", [](const SceneHandle& h) { return h.loaded.settings.seconds; })
      .def_prop_ro("environments", [](const SceneHandle& h) { return h.loaded.settings.environments; })
      .def_prop_ro("seed", [](const SceneHandle& h) { return h.loaded.settings.seed; })
      .def_prop_ro("keyframe", [](const SceneHandle& h) { return h.loaded.settings.keyframe; })
      .def_prop_ro("models", [](const SceneHandle& h) {
        std::vector<ModelHandle> out;
        for (const auto& model : h.loaded.models) out.push_back({model});
        return out;
      });
  module.def("load", load, nb::arg("path"), nb::arg("packages"), nb::arg("folders"));
}

}  // namespace nuri::python
