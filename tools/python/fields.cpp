// Numbers of models that differ between environments, and contacts.
#include <nanobind/stl/array.h>
#include <nanobind/stl/string.h>
#include "tools/python/handle.h"

namespace nuri::python {
namespace {

using Indices = WorldHandle::Indices;
using Numbers = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

void set_numbers(WorldHandle& handle, const std::string& name, const Indices& environments, const Indices& items, const Numbers& values) {
  const std::span<const int> list = handle.environments(environments);
  if (values.shape(0) != list.size() || values.shape(1) != items.shape(0)) throw Refused("bad-shape", "as many values as environments and items are needed");
  handle.use([&](session::Session& session) {
    for (size_t i = 0; i < list.size(); ++i)
      for (size_t k = 0; k < items.shape(0); ++k)
        if (!session.world().override_field(name, list[i], items.data()[k], values.data()[i * items.shape(0) + k]))
          throw Refused("fixed-field", "'" + name + "' cannot be set, or not to this value, in one environment",
                        "what decides the layout is shared by all: timestep, shapes, keyframes, dry friction where the model has none");
  });
}

void clear_numbers(WorldHandle& handle, const std::string& name, const Indices& environments, const Indices& items) {
  const std::span<const int> list = handle.environments(environments);
  handle.use([&](session::Session& session) {
    for (const int e : list)
      for (size_t k = 0; k < items.shape(0); ++k) session.world().clear_override(name, e, items.data()[k]);
  });
}

// What `out` holds, the model's numbers, is overwritten where an environment has its own.
void get_numbers(WorldHandle& handle, const std::string& name, const Indices& environments, const Indices& items,
                 nb::ndarray<double, nb::ndim<2>, nb::c_contig, nb::device::cpu> out) {
  const std::span<const int> list = handle.environments(environments);
  if (out.shape(0) != list.size() || out.shape(1) != items.shape(0)) throw Refused("bad-shape", "as many values as environments and items are needed");
  handle.use([&](session::Session& session) {
    for (size_t i = 0; i < list.size(); ++i)
      for (size_t k = 0; k < items.shape(0); ++k)
        if (const auto own = session.world().overridden(name, list[i], items.data()[k])) out.data()[i * items.shape(0) + k] = *own;
  });
}

// Of the present state: a list of (geom 1, geom 2, distance, place, frame, friction, force).
nb::list contacts(WorldHandle& handle, int environment) {
  handle.checked(environment);
  const std::vector<ContactRecord> found = handle.use([&](session::Session& session) {
    handle.fetch();
    return session.world().probe(environment).contacts;
  });
  nb::list out;
  for (const ContactRecord& c : found)
    out.append(nb::make_tuple(c.geom1, c.geom2, c.dist, std::to_array(c.pos), std::to_array(c.frame), std::to_array(c.friction), std::to_array(c.force), c.dim));
  return out;
}

}  // namespace

void bind_fields(nb::module_& module) {
  module.def("set_numbers", set_numbers, nb::arg("world"), nb::arg("field"), nb::arg("environments"), nb::arg("items"), nb::arg("values"));
  module.def("get_numbers", get_numbers, nb::arg("world"), nb::arg("field"), nb::arg("environments"), nb::arg("items"), nb::arg("out"));
  module.def("clear_numbers", clear_numbers, nb::arg("world"), nb::arg("field"), nb::arg("environments"), nb::arg("items"));
  module.def("contacts", contacts, nb::arg("world"), nb::arg("environment"));
}

}  // namespace nuri::python
