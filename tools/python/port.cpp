// Ports: what policies read and move, as arrays.
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>
#include <utility>
#include "tools/python/device.h"
#include "tools/session/port.h"
#if defined(NURI_WITH_CUDA)
#include "tools/session/cuda_port.h"
#endif

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
  auto port = get(session::Port::make(session, std::move(in), std::move(out), commands, true));
  std::vector<char> told(size_t(session.world().buckets()));
  for (int e = 0; e < session.environments(); ++e)
    if (const int b = session.world().place(e).bucket; !std::exchange(told[size_t(b)], 1)) session.let_go(b, port->driven(e));
  return port;
}

enum Part { observation, action, command, last };

// The port's table where it lies: in the GPU's memory or the host's.
nb::object table(nb::handle self, Part part) {
  const PortHandle& handle = nb::cast<PortHandle&>(self);
  session::Port& port = *handle.port;
  const size_t rows = size_t(port.environments()), columns = size_t(part == observation ? port.inputs() : part == command ? port.commands() : port.outputs());
#if defined(NURI_WITH_CUDA)
  if (const session::CudaPort* const gpu = port.on_gpu()) {
    float* const parts[] = {gpu->observation(), gpu->action(), gpu->command(), gpu->last()};
    return nb::cast(DeviceTable::of(handle.world, parts[part], rows * columns, self));
  }
#endif
  const std::span<float> parts[] = {port.observation(), port.action(), port.command(), port.last()};
  return array_of(self, parts[part].data(), {rows, columns});
}

}  // namespace

void bind_port(nb::module_& module) {
  nb::class_<PortHandle>(module, "Port")
      .def("__init__",
           [](PortHandle* self, nb::object world, const std::vector<InputTuple>& inputs, const std::vector<OutputTuple>& outputs, int commands) {
             auto port = open(nb::cast<WorldHandle&>(world), inputs, outputs, commands);
             new (self) PortHandle{std::move(world), std::move(port)};
           },
           nb::arg("world"), nb::arg("inputs"), nb::arg("outputs"), nb::arg("commands"))
      .def_prop_ro("observation", [](nb::handle self) { return table(self, observation); })
      .def_prop_ro("action", [](nb::handle self) { return table(self, action); })
      .def_prop_ro("command", [](nb::handle self) { return table(self, command); })
      .def_prop_ro("last", [](nb::handle self) { return table(self, last); })
      .def_prop_ro("limit", [](nb::handle self) {
        const auto limits = nb::cast<PortHandle&>(self).port->limits();
        return array_of(self, limits.data(), {limits.size()});
      })
      .def_prop_ro("labels", [](PortHandle& h) { return h.port->labels(); })
      .def_prop_ro("actuators", [](PortHandle& h) { return h.port->actuators(); })
      .def_prop_ro("environments", [](PortHandle& h) { return h.port->environments(); })
      .def_prop_ro("size", [](PortHandle& h) { return h.port->inputs(); })
      .def_prop_ro("commands", [](PortHandle& h) { return h.port->commands(); })
      .def_prop_ro("why_host", [](PortHandle& h) { return h.port->why_host(); })
      .def("observe", [](PortHandle& h) {
        h.handle().use([&](session::Session& s) {
          if (!h.port->on_gpu()) s.world().download();
          h.port->observe();
        });
      })
      .def("act", [](PortHandle& h) {
        h.handle().use([&](session::Session& s) {
          const int away = h.port->on_gpu() ? 0 : s.world().buckets();                     // others may have written controls where they are
          for (int b = 0; b < away; ++b) s.world().bucket(b).download(StateField::ctrl);
          h.port->act();
          for (int b = 0; b < away; ++b) s.world().bucket(b).upload(StateField::ctrl);
        });
      })
      .def("begin", [](PortHandle& h, const WorldHandle::Indices& environments) {
        const std::span<const int> list = h.handle().environments(environments);
        h.handle().use([&](session::Session&) { h.port->begin(list); });
      });
}

}  // namespace nuri::python
