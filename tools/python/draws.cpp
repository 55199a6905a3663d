// Random numbers for tasks: goals, commands, noise.
#include "tools/python/handle.h"
#include "tools/session/draw_text.h"

namespace nuri::python {
namespace {

using Table = nb::ndarray<float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
template <class F> void fill(WorldHandle& handle, Table& out, uint32_t stream, F draw) {
  const size_t columns = out.shape(1);
  if (out.shape(0) != size_t(handle.world().environments())) throw Refused("bad-shape", "a row for each environment is needed");
  float* const data = out.data();
  handle.use([&](session::Session& session) {
    World& world = session.world();
    constexpr int piece = 64;                    // environments that are worth a thread's while
    const int n = world.environments(), pieces = (n + piece - 1) / piece;
    auto job = [&](int i, int) {
      const NumericMode mode;
      for (int e = i * piece; e < std::min(n, (i + 1) * piece); ++e) {
        const uint64_t seed = session.episode_seed(e), id = world.id(e), step = session.age(e);
        for (size_t k = 0; k < columns; ++k) data[size_t(e) * columns + k] = draw(seed, id, session::first_draw_stream + stream, step, uint32_t(k));
      }
    };
    if (pieces > 1) world.pool().run(pieces, job);
    else job(0, 0);
  });
}

void fill_uniform(WorldHandle& handle, Table out, uint32_t stream, float low, float high) {
  const session::DrawRange range{low, high, std::nextafter(high, low)};
  fill(handle, out, stream, [&](uint64_t seed, uint64_t id, uint32_t s, uint64_t step, uint32_t k) { return session::uniform_draw(range, seed, id, s, step, k); });
}

void fill_normal(WorldHandle& handle, Table out, uint32_t stream) {
  fill(handle, out, stream, [](uint64_t seed, uint64_t id, uint32_t s, uint64_t step, uint32_t k) { return session::normal_draw(seed, id, s, step, k); });
}

}  // namespace

void bind_draws(nb::module_& module) {
  module.def("fill_uniform", fill_uniform, nb::arg("world"), nb::arg("out"), nb::arg("stream"), nb::arg("low"), nb::arg("high"));
  module.def("fill_normal", fill_normal, nb::arg("world"), nb::arg("out"), nb::arg("stream"));
}

}  // namespace nuri::python
