// What cameras and lidars see, as arrays.
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>
#include "tools/python/handle.h"

namespace nuri::python {
namespace {

session::Eyes& eyes_of(WorldHandle& handle) {
  if (!handle.eyes) throw Refused("no-eyes", "the world's cameras are not open", "world.cameras opens them");
  return *handle.eyes;
}

void open(WorldHandle& handle, const std::vector<std::string>& names, int height, int width) {
  if (handle.eyes) return;                       // their arrays stay where they are
  auto eyes = handle.use([&](session::Session& session) {
    auto made = get(session::Eyes::make(session, {.names = names, .model_cameras = true, .size = {width, height}}));
    made->look();
    return made;
  });
  if (!handle.eyes) handle.eyes = std::move(eyes);
}

nb::list list(WorldHandle& handle) {
  nb::list out;
  for (const session::EyeInfo& eye : eyes_of(handle).eyes()) {
    nb::dict entry;
    entry["name"] = eye.name, entry["lidar"] = eye.lidar, entry["width"] = eye.width, entry["height"] = eye.height;
    entry["rate"] = eye.rate, entry["latency"] = eye.latency;
    nb::list outputs;
    for (uint32_t k = 0; k < trace::output::count; ++k)
      if (eye.outputs >> k & 1) outputs.append(session::output_name(uint32_t(1) << k));
    entry["outputs"] = std::move(outputs);
    out.append(std::move(entry));
  }
  return out;
}

// [environment of the bucket][row][column](channel): a view of the tensor that holds it; None: that model has no such eye, or it gives no such output.
nb::object picture(nb::handle self, int bucket, int eye, const std::string& output) {
  WorldHandle& handle = nb::cast<WorldHandle&>(self);
  session::Eyes& eyes = eyes_of(handle);
  uint32_t bit = 0;
  for (uint32_t k = 0; k < trace::output::count; ++k)
    if (output == session::output_name(uint32_t(1) << k)) bit = uint32_t(1) << k;
  trace::Eyes* const traced = eyes.of_bucket(bucket);
  int first = 0;                                 // environment of the bucket
  while (first < handle.world().environments() && handle.world().place(first).bucket != bucket) ++first;
  const char* const data = static_cast<const char*>(eyes.picture(eye, first, bit));
  if (!traced || !data) return nb::none();
  for (const trace::Group& group : traced->groups()) {
    for (const trace::Tensor& t : group.tensors) {
      const char* const begin = static_cast<const char*>(t.data);
      if (t.output != bit || data < begin || data >= begin + t.bytes) continue;
      std::vector<size_t> shape;                 // without the eyes of the group
      std::vector<int64_t> strides;
      int64_t stride = 1;
      for (size_t k = t.shape.size(); k-- > 0;) {
        if (k != 1) shape.insert(shape.begin(), size_t(t.shape[k])), strides.insert(strides.begin(), stride);
        stride *= t.shape[k];
      }
      void* const at = const_cast<char*>(data);
      auto made = [&]<class T>(T*) { return nb::cast(nb::ndarray<nb::numpy, T>(static_cast<T*>(at), shape.size(), shape.data(), self, strides.data()), nb::rv_policy::reference); };
      if (t.type == trace::Tensor::Type::u8) return made(static_cast<uint8_t*>(nullptr));
      if (t.type == trace::Tensor::Type::i32) return made(static_cast<int32_t*>(nullptr));
      return made(static_cast<float*>(nullptr));
    }
  }
  return nb::none();
}

uint64_t arrived(WorldHandle& handle, int eye, int environment) { return eyes_of(handle).arrived(eye, environment); }

}  // namespace

void bind_eyes(nb::module_& module) {
  module.def("open_eyes", open, nb::arg("world"), nb::arg("names"), nb::arg("height"), nb::arg("width"));
  module.def("list_eyes", list, nb::arg("world"));
  module.def("picture", picture, nb::arg("world"), nb::arg("bucket"), nb::arg("eye"), nb::arg("output"));
  module.def("arrived", arrived, nb::arg("world"), nb::arg("eye"), nb::arg("environment"));
  module.def("look", [](WorldHandle& h) { session::Eyes& eyes = eyes_of(h); h.use([&](session::Session&) { eyes.look(); }); }, nb::arg("world"));
  module.def("finish_pictures", [](WorldHandle& h, const WorldHandle::Indices& environments) {
    session::Eyes& eyes = eyes_of(h);
    const std::span<const int> list = h.environments(environments);
    h.use([&](session::Session&) { eyes.finish(list); });
  }, nb::arg("world"), nb::arg("environments"));
}

}  // namespace nuri::python
