// Ports: what policies read and move, as arrays.
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>
#include <utility>
#include "tools/python/handle.h"
#include "tools/session/port.h"

namespace nuri::python {
namespace {

using Names = std::vector<std::string>;
using InputTuple = std::tuple<std::string, Names, double>;               // kind, names, scale
using OutputTuple = std::tuple<Names, std::string, double, double>;      // actuators, map, scale, limit

struct PortHandle {
  nb::object world;                              // keeps the session
  std::unique_ptr<session::Port> port;
  WorldHandle& handle() const { return nb::cast<WorldHandle&>(world); }
};

std::unique_ptr<session::Port> open(WorldHandle& world, const std::vector<InputTuple>& inputs, const std::vector<OutputTuple>& outputs, int commands) {
  std::vector<session::Input> in;
  std::vector<session::Output> out;
  for (const auto& [kind, names, scale] : inputs) {
    const int found = session::find_input(kind);
    if (found < 0) throw Refused("unknown-input", "unknown kind of input '" + kind + "'", "sensor, position, offset, velocity, control, action or command");
    in.push_back({session::InputKind(found), names, scale});
  }
  for (const auto& [actuators, map, scale, limit] : outputs) {
    const int found = session::find_output(map);
    if (found < 0) throw Refused("unknown-map", "unknown map of an output '" + map + "'", "range, around or increment");
    out.push_back({actuators, session::OutputMap(found), scale, limit});
  }
  session::Session& session = world.session();
  auto port = get(session::Port::make(session, std::move(in), std::move(out), commands));
  std::vector<char> told(size_t(session.world().buckets()));
  for (int e = 0; e < session.environments(); ++e)
    if (const int b = session.world().place(e).bucket; !std::exchange(told[size_t(b)], 1)) session.let_go(b, port->driven(e));
  return port;
}

nb::object table(nb::handle self, std::span<float> (session::Port::*numbers)(), int (session::Port::*columns)() const) {
  session::Port& port = *nb::cast<PortHandle&>(self).port;
  return array_of(self, (port.*numbers)().data(), {size_t(port.environments()), size_t((port.*columns)())});
}

}  // namespace

void bind_port(nb::module_& module) {
  using session::Port;
  nb::class_<PortHandle>(module, "Port")
      .def("__init__",
           [](PortHandle* self, nb::object world, const std::vector<InputTuple>& inputs, const std::vector<OutputTuple>& outputs, int commands) {
             auto port = open(nb::cast<WorldHandle&>(world), inputs, outputs, commands);
             new (self) PortHandle{std::move(world), std::move(port)};
           },
           nb::arg("world"), nb::arg("inputs"), nb::arg("outputs"), nb::arg("commands"))
      .def_prop_ro("observation", [](nb::handle self) { return table(self, &Port::observation, &Port::inputs); })
      .def_prop_ro("action", [](nb::handle self) { return table(self, &Port::action, &Port::outputs); })
      .def_prop_ro("command", [](nb::handle self) { return table(self, &Port::command, &Port::commands); })
      .def_prop_ro("last", [](nb::handle self) { return table(self, &Port::last, &Port::outputs); })
      .def_prop_ro("limit", [](nb::handle self) {
        const auto limits = nb::cast<PortHandle&>(self).port->limits();
        return array_of(self, limits.data(), {limits.size()});
      })
      .def_prop_ro("labels", [](PortHandle& h) { return h.port->labels(); })
      .def_prop_ro("actuators", [](PortHandle& h) { return h.port->actuators(); })
      .def("observe", [](PortHandle& h) { h.handle().use([&](session::Session& s) { s.world().download(), h.port->observe(); }); })
      .def("act", [](PortHandle& h) {
        h.handle().use([&](session::Session& s) {          // on a GPU the controls are those of the last observe()
          h.port->act();
          for (int b = 0; b < s.world().buckets(); ++b) s.world().bucket(b).upload(StateField::ctrl);
        });
      });
}

}  // namespace nuri::python
