// Worlds.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>
#include <unistd.h>
#include <algorithm>
#include "tools/python/handle.h"
#include "tools/session/memory.h"
#include "tools/session/saved_file.h"

namespace nuri::python {

WorldHandle::WorldHandle(std::unique_ptr<session::Session> session) : session_(std::move(session)), process_(getpid()) {
  named_.resize(size_t(session_->environments()));
  open_device();
}

WorldHandle::~WorldHandle() {
  if (getpid() == process_) return;
  eyes.release(), session_.release();            // a fork: its threads are not here to be ended
}

void WorldHandle::refuse_fork() const {
  if (getpid() != process_)
    throw Refused("forked", "this world is of the process that forked this one, and its threads stayed there",
                  "make the world after the fork, or start processes by 'spawn'");
}

Bucket& WorldHandle::bucket(int number) {
  if (number < 0 || number >= world().buckets()) throw Refused("bad-variant", "there is no such variant");
  return world().bucket(number);
}

int WorldHandle::checked(int environment) {
  const int n = world().environments();
  if (environment < 0 || environment >= n) throw Refused("bad-environment", "there is no environment " + std::to_string(environment) + ", only 0 to " + std::to_string(n - 1));
  return environment;
}

void WorldHandle::advance(int substeps, session::Eyes* looking) {
  session::Session& s = *session_;
  const int period = s.settings().substeps;
  while (substeps > 0) {
    const int now = looking ? std::min(substeps, period - int(s.substep() % uint64_t(period))) : substeps;
    s.step(now);
    substeps -= now;
    if (looking && s.substep() % uint64_t(period) == 0) looking->look();
  }
}

std::span<const int> WorldHandle::environments(const Indices& indices) {
  const std::span<const int> list(indices.data(), indices.shape(0));
  const int n = session_->environments();
  std::string trouble;
  size_t marked = 0;
  for (; marked < list.size() && trouble.empty(); ++marked) {
    const int e = list[marked];
    if (e < 0 || e >= n) trouble = "there is no environment " + std::to_string(e) + ", only 0 to " + std::to_string(n - 1);
    else if (named_[size_t(e)]) trouble = "environment " + std::to_string(e) + " is named twice";
    if (!trouble.empty()) break;
    named_[size_t(e)] = 1;
  }
  for (size_t i = 0; i < marked; ++i) named_[size_t(list[i])] = 0;
  if (!trouble.empty()) throw Refused("bad-environment", trouble);
  return list;
}

namespace {

using Indices = WorldHandle::Indices;
using Seeds = nb::ndarray<const uint64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

struct Wish {
  int environments;
  std::string backend;
  bool single;
  uint64_t seed, first_id;
  int threads, width, device;
  bool timeline, detail;
  std::optional<std::string> control;
  std::optional<double> perturbation;
};

std::unique_ptr<session::Session> open(const SceneHandle& scene, const Wish& wish) {
  session::Loaded loaded = scene.loaded;
  if (!wish.timeline) loaded.settings.timeline.clear(), loaded.settings.controllers.clear();
  if (wish.control && !session::set_control(loaded, *wish.control))
    throw Refused("unknown-control", "unknown control '" + *wish.control + "'", "none, zero, random, sine or hold");
  if (wish.perturbation) session::perturb(loaded.settings, *wish.perturbation);
  WorldOptions options;
  options.environments = wish.environments;
  options.backend = wish.backend;
  options.precision = wish.single ? Precision::f32 : Precision::f64;
  options.seed = wish.seed, options.first_id = wish.first_id;
  options.threads = wish.threads, options.width = wish.width, options.device = wish.device;
  options.detail = wish.detail;
  options.resident = true;                       // on a GPU: arrays are where they are stepped
  if (auto refused = session::refuse_memory(loaded, options)) throw Refused(std::vector{*refused});
  return get(session::Session::create(std::move(loaded), options));
}

// State, inputs and outputs: [environment][column] of one bucket.
nb::object field(nb::handle self, int bucket, const std::string& name) {
  WorldHandle& handle = nb::cast<WorldHandle&>(self);
  Bucket& b = handle.bucket(bucket);
  const size_t rows = size_t(b.environments());
  for (int f = 0; f < state_field_count; ++f) {
    if (name != info(StateField(f)).name) continue;
    const size_t columns = size_t(b.columns(StateField(f)));
    const std::byte* const data = b.data(StateField(f));
    if (b.options().precision == Precision::f32) return array_of(self, reinterpret_cast<const float*>(data), {rows, columns});
    return array_of(self, reinterpret_cast<const double*>(data), {rows, columns});
  }
  return nb::none();
}

nb::object counter(nb::handle self, int bucket, const std::string& name) {
  WorldHandle& handle = nb::cast<WorldHandle&>(self);
  Bucket& b = handle.bucket(bucket);
  const size_t rows = size_t(b.environments());
  if (name == "fault") return array_of(self, b.fault_words().data(), {rows});
  if (name == "contacts") return array_of(self, b.contact_counts().data(), {rows});
  if (name == "steps") return array_of(self, b.step_counts().data(), {rows});
  return nb::none();
}

// Controls that the scene itself moves at every control step: those of changing controls, which a port takes over, and of controllers and timeline.
nb::tuple overwritten(WorldHandle& handle, int bucket) {
  const model::Model& model = handle.bucket(bucket).model();
  const scene::Settings& settings = handle.session().settings();
  session::Fit told;                             // what is wrong with them, the session has said
  const session::Script script = session::make_script(model, settings, told);
  nb::list varying, scripted;
  for (int a = 0; a < model.control_count; ++a)
    if (script.drives(a)) scripted.append(a);
  for (const session::Channel& c : session::make_channels(model, settings, told))
    if (c.varies() && !script.drives(c.actuator)) varying.append(c.actuator);
  return nb::make_tuple(varying, scripted);
}

std::vector<int> members(WorldHandle& handle, int bucket) {
  handle.bucket(bucket);
  std::vector<int> out;
  for (int e = 0; e < handle.world().environments(); ++e)
    if (handle.world().place(e).bucket == bucket) out.push_back(e);
  return out;
}

}  // namespace

void bind_world(nb::module_& module) {
  nb::class_<WorldHandle>(module, "World", nb::is_weak_referenceable())
      .def("__init__",
           [](WorldHandle* self, const SceneHandle& scene, int environments, const std::string& backend, bool single, uint64_t seed, uint64_t first_id, int threads, int width, int device, bool timeline, bool detail,
              std::optional<std::string> control, std::optional<double> perturbation) {
             const nb::gil_scoped_release released;
             const NumericMode mode;
             new (self) WorldHandle(open(scene, {environments, backend, single, seed, first_id, threads, width, device, timeline, detail, std::move(control), perturbation}));
           },
           nb::arg("scene"), nb::kw_only(), nb::arg("environments"), nb::arg("backend"), nb::arg("single"), nb::arg("seed"), nb::arg("first_id"), nb::arg("threads"), nb::arg("width"),
           nb::arg("device"), nb::arg("timeline"), nb::arg("detail"), nb::arg("control").none(), nb::arg("perturbation").none())
      .def_prop_ro("environments", [](WorldHandle& h) { return h.world().environments(); })
      .def_prop_ro("buckets", [](WorldHandle& h) { return h.world().buckets(); })
      .def_prop_ro("first_id", [](WorldHandle& h) { return h.world().options().first_id; })
      .def_prop_ro("device", [](WorldHandle& h) { return h.on_gpu() ? h.world().options().device : -1; })
      .def_prop_ro("detail", [](WorldHandle& h) { return h.world().options().detail; })
      .def_prop_ro("single", [](WorldHandle& h) { return h.world().options().precision == Precision::f32; })
      .def_prop_ro("timestep", [](WorldHandle& h) { return h.session().model().timestep[0]; })
      .def_prop_ro("substeps", [](WorldHandle& h) { return h.session().settings().substeps; })
      .def_prop_ro("backend", [](WorldHandle& h) { return h.world().options().backend; })
      .def_prop_ro("threads", [](WorldHandle& h) { return h.world().options().threads; })
      .def_prop_ro("why", [](WorldHandle& h) { return h.world().why(); })
      .def("describe", [](WorldHandle& h) { return h.world().describe(); })
      .def("members", members)
      .def("overwritten", overwritten)
      .def("model", [](WorldHandle& h, int bucket) { return ModelHandle{h.bucket(bucket).shared_model()}; })
      .def("field", field)
      .def("counter", counter)
      .def("seeds", [](nb::handle self) { const auto s = nb::cast<WorldHandle&>(self).session().seeds(); return array_of(self, s.data(), {s.size()}); })
      .def("episodes", [](nb::handle self) { const auto s = nb::cast<WorldHandle&>(self).session().episodes(); return array_of(self, s.data(), {s.size()}); })
      .def("step", [](WorldHandle& h, int substeps) { session::Eyes* const eyes = h.eyes.get(); h.use([&](session::Session&) { h.advance(substeps, eyes); }); })
      .def("reset", [](WorldHandle& h, const Indices& environments, std::optional<Seeds> seeds) {
        const std::span<const int> list = h.environments(environments);
        if (seeds && seeds->shape(0) != list.size()) throw Refused("bad-shape", "as many seeds as environments are needed");
        h.reset(list, [&](session::Session& s) { seeds ? s.reset(list, std::span(seeds->data(), list.size())) : s.reset(list); });
      }, nb::arg("environments"), nb::arg("seeds").none())
      .def("reset_to_key", [](WorldHandle& h, const Indices& environments, int key) {
        const std::span<const int> list = h.environments(environments);
        h.reset(list, [&](session::Session& s) { s.reset(list, key); });
      })
      .def("forward", [](WorldHandle& h, const Indices& environments) {
        const std::span<const int> list = h.environments(environments);
        h.use([&](session::Session& s) { s.world().forward(list); });
      })
      .def("save", [](WorldHandle& h) {
        const std::string bytes = h.use([&](session::Session& s) { h.fetch(); return session::snapshot(s); });
        return nb::bytes(bytes.data(), bytes.size());
      })
      .def("load", [](WorldHandle& h, const nb::bytes& bytes) {
        const std::string text(bytes.c_str(), bytes.size());
        const auto refused = h.use([&](session::Session& s) {
          auto said = session::put_back(s, text);
          h.follow_episodes();
          return said;
        });
        if (refused) throw Refused(std::vector{*refused});
      })
      .def("hash", [](WorldHandle& h) { return h.use([&](session::Session& s) { h.fetch(); return s.world().hash(); }); })
      .def("hash_of", [](WorldHandle& h, int e) { h.checked(e); return h.use([&](session::Session& s) { h.fetch(); return s.world().hash(e); }); })
      .def_prop_ro("timings", [](WorldHandle& h) { return nb::make_tuple(h.session().seconds_in_world(), h.reset_seconds, h.eyes ? h.eyes->seconds() : 0.0); })
      .def("clear_timings", [](WorldHandle& h) {
        h.session().clear_time();
        h.reset_seconds = 0;
        if (h.eyes) h.eyes->clear_time();
      });
}

}  // namespace nuri::python
