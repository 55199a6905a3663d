// One list of members for both ways: visit() names them in the file's order.
#include "engine/model/look_file.h"

#include <cmath>
#include <type_traits>

namespace nuri::model {
namespace {

template <class F> void visit(F& f, Look::Image& x) { f(x.width), f(x.height), f(x.cube), f(x.rgba); }
template <class F> void visit(F& f, Look::Mesh& x) { f(x.position), f(x.normal), f(x.uv), f(x.corner); }
template <class F> void visit(F& f, Look::Material& x) {
  f(x.name), f(x.rgba), f(x.emission), f(x.specular), f(x.roughness), f(x.metallic), f(x.reflectance), f(x.image), f(x.repeat), f(x.uniform);
}
template <class F> void visit(F& f, Look::Part& x) { f(x.rgba), f(x.mesh), f(x.material), f(x.group); }
template <class F> void visit(F& f, Look::Mark& x) { f(x.rgba), f(x.type), f(x.group), f(x.size); }
template <class F> void visit(F& f, Look::Camera& x) { f(x.name), f(x.body), f(x.target), f(x.track), f(x.pos), f(x.quat), f(x.fovy), f(x.resolution), f(x.focal), f(x.principal); }
template <class F> void visit(F& f, Look::Light& x) {
  f(x.name), f(x.body), f(x.target), f(x.track), f(x.type), f(x.shadow), f(x.active), f(x.pos), f(x.dir), f(x.ambient), f(x.diffuse), f(x.specular);
  f(x.attenuation), f(x.cutoff), f(x.exponent), f(x.range);
}
template <class F> void visit(F& f, Look& x) { f(x.images), f(x.meshes), f(x.materials), f(x.parts), f(x.marks), f(x.cameras), f(x.lights), f(x.sky); }

template <class T> constexpr bool is_number = std::is_arithmetic_v<T>;
Look::Track last_of(Look::Track) { return Look::Track::targetbodycom; }
Look::Light::Type last_of(Look::Light::Type) { return Look::Light::Type::point; }

struct Put {
  Writer& to;
  void operator()(bool x) { to.put(uint8_t(x)); }
  template <class T> requires std::is_enum_v<T> void operator()(T x) { to.put(int32_t(x)); }
  void operator()(const std::string& x) { to.text(x); }
  template <class T> requires is_number<T> void operator()(T x) { to.put(x); }
  template <class T, size_t N> void operator()(const std::array<T, N>& x) { for (T v : x) to.put(v); }
  template <class T> void operator()(std::vector<T>& x) {
    to.put(uint64_t(x.size()));
    if constexpr (is_number<T>) to.array(x);
    else for (T& v : x) visit(*this, v);
  }
};

struct Get {
  Reader& from;
  void operator()(bool& x) { x = from.get<uint8_t>() != 0; }
  template <class T> requires std::is_enum_v<T> void operator()(T& x) {
    const int32_t n = from.get<int32_t>();
    from.broken |= n < 0 || n > int32_t(last_of(x));
    x = from.broken ? T{} : T(n);
  }
  void operator()(std::string& x) { x = from.text(); }
  template <class T> requires is_number<T> void operator()(T& x) { x = from.get<T>(); }
  template <class T, size_t N> void operator()(std::array<T, N>& x) { for (T& v : x) v = from.get<T>(); }
  template <class T> void operator()(std::vector<T>& x) {
    const uint64_t count = from.get<uint64_t>();
    if constexpr (is_number<T>) from.array(x, count > uint64_t(INT64_MAX) ? -1 : int64_t(count));
    else for (uint64_t i = 0; i < count && !from.broken; ++i) visit(*this, x.emplace_back());
  }
};

template <class A> bool finite(const A& numbers) {
  return std::all_of(std::begin(numbers), std::end(numbers), [](auto v) { return std::isfinite(v); });
}
}  // namespace

void write_look(Writer& to, const Look& look) {
  Put put{to};
  visit(put, const_cast<Look&>(look));             // which Put only reads
}

void read_look(Reader& from, Look& out_look) {
  Get get{from};
  visit(get, out_look);
}

std::string find_look_fault(const Model& model) {
  const Look& look = model.look;
  const auto in = [](int64_t i, int64_t low, size_t count) { return i >= low && i < int64_t(count); };
  if (look.parts.size() != size_t(model.geom_count) || look.marks.size() != size_t(model.site_count)) return "the look has not one part per geom and one mark per site";
  for (const Look::Image& x : look.images) {
    const int64_t width = x.width, height = x.height;
    if (width < 1 || height < 1 || width > 65536 || height > 6 * 65536 || int64_t(x.rgba.size()) != 4 * width * height || (x.cube && height != 6 * width)) return "an image of the look has a wrong size";
  }
  for (const Look::Mesh& x : look.meshes) {
    const size_t n = x.position.size() / 3;
    if (x.position.size() != 3 * n || x.normal.size() != 3 * n || (!x.uv.empty() && x.uv.size() != 2 * n) || x.corner.size() % 3 != 0) return "a mesh of the look has arrays that do not fit";
    if (!finite(x.position) || !finite(x.normal) || !finite(x.uv)) return "a mesh of the look is not finite";
    for (uint32_t c : x.corner) if (c >= n) return "a triangle of the look has a corner out of range";
  }
  for (const Look::Material& x : look.materials)
    if (!in(x.image, -1, look.images.size()) || !finite(x.rgba) || !finite(x.repeat) || !finite(std::array{x.emission, x.specular, x.roughness, x.metallic, x.reflectance})) return "a material of the look is not usable";
  for (const Look::Part& x : look.parts)
    if (!in(x.mesh, -1, look.meshes.size()) || !in(x.material, -1, look.materials.size()) || !finite(x.rgba)) return "a part of the look is not usable";
  for (const Look::Mark& x : look.marks)
    if (!finite(x.rgba) || !finite(x.size)) return "a mark of the look is not usable";
  const auto bodies = size_t(model.body_count);
  for (const Look::Camera& x : look.cameras)
    if (!in(x.body, 0, bodies) || !in(x.target, -1, bodies) || !finite(x.pos) || !finite(x.quat) || !(x.fovy > 0 && x.fovy < 3.1415) || !finite(x.focal) || !finite(x.principal) ||
        !in(x.resolution[0], 0, 65537) || !in(x.resolution[1], 0, 65537) || x.focal[0] < 0 || x.focal[1] < 0)
      return "a camera of the look is not usable";
  for (const Look::Light& x : look.lights)
    if (!in(x.body, 0, bodies) || !in(x.target, -1, bodies) || !finite(x.pos) || !finite(x.dir) || !finite(x.ambient) || !finite(x.diffuse) || !finite(x.specular) ||
        !finite(x.attenuation) || !finite(std::array{x.cutoff, x.exponent, x.range}))
      return "a light of the look is not usable";
  if (!in(look.sky, -1, look.images.size())) return "the sky of the look is not an image";
  return "";
}

}  // namespace nuri::model
