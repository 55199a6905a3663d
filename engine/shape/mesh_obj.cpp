// OBJ (Wavefront, "Object Files (.obj)", appendix B1 of the Advanced Visualizer manual): vertices, normals, texture
// coordinates and polygons. An own reader, because Assimp's (5.2.5) was seen to crash on damaged files. Materials, groups
// and free-form surfaces say nothing about a rigid body's shape and are passed over.
#include <algorithm>
#include <charconv>
#include <cstdint>

#include "engine/shape/mesh_reader.h"

namespace nuri::shape {
namespace {
constexpr std::size_t most_clipped = 64;   // corners; clipping ears takes a time that grows with their cube at worst

struct Corner { int v, t, n; };             // from 0; -1: none

class ObjReader {
 public:
  explicit ObjReader(const std::string& content) : text_(content) {}

  Result<Mesh> read() {
    while (at_ < text_.size() && failure_.empty()) {
      ++line_;
      next_line();
      statement();
    }
    if (!failure_.empty()) return mesh_error(code_, "line " + std::to_string(line_) + " of the OBJ file: " + failure_);
    if (missing_normal_ && !mesh_.normals.empty()) mesh_.adjusted.push_back("left out normals: some corners have none");
    if (missing_normal_) mesh_.normals.clear();
    if (missing_texcoord_ && !mesh_.texcoords.empty()) mesh_.adjusted.push_back("left out texture coordinates: some corners have none");
    if (missing_texcoord_) mesh_.texcoords.clear();
    if (dropped_) mesh_.adjusted.push_back("dropped points, lines, curves or faces of less than three corners: " + std::to_string(dropped_) + " statements");
    if (fans_) mesh_.adjusted.push_back("cut polygons of more than " + std::to_string(most_clipped) + " corners as fans: " + std::to_string(fans_));
    return std::move(mesh_);
  }

  // After read(), of what it has returned: the corners of the faces of each object, or of each group where there is no object.
  std::vector<std::vector<Vec>> objects(const Mesh& mesh) const {
    std::vector<std::size_t> ends = objects_.empty() ? groups_ : objects_;
    ends.push_back(mesh.faces.size());
    std::vector<std::vector<Vec>> out;
    std::size_t face = 0;
    for (const std::size_t end : ends) {
      std::vector<Vec> corners;
      for (; face < end; ++face)
        for (const int v : mesh.faces[face]) corners.push_back(mesh.vertices[std::size_t(v)]);
      std::sort(corners.begin(), corners.end());
      corners.erase(std::unique(corners.begin(), corners.end()), corners.end());
      if (!corners.empty()) out.push_back(std::move(corners));
    }
    return out;
  }

 private:
  void fail(const char* code, std::string what) { if (failure_.empty()) code_ = code, failure_ = std::move(what); }

  // The next line into rest_; a backslash at its end joins the line after it.
  void next_line() {
    joined_.clear();
    for (;;) {
      std::size_t end = text_.find('\n', at_);
      if (end == std::string::npos) end = text_.size();
      std::string_view line = std::string_view(text_).substr(at_, end - at_);
      at_ = end + 1;
      while (!line.empty() && line.back() == '\r') line.remove_suffix(1);
      const bool goes_on = !line.empty() && line.back() == '\\' && at_ < text_.size();
      if (!goes_on && joined_.empty()) { rest_ = line; break; }
      joined_.append(goes_on ? line.substr(0, line.size() - 1) : line);
      if (!goes_on) { rest_ = joined_; break; }
      joined_ += ' ';
      ++line_;
    }
    rest_ = rest_.substr(0, rest_.find('#'));
  }

  std::string_view word() {
    std::size_t start = 0;
    while (start < rest_.size() && static_cast<unsigned char>(rest_[start]) <= ' ') ++start;
    std::size_t end = start;
    while (end < rest_.size() && static_cast<unsigned char>(rest_[end]) > ' ') ++end;
    const std::string_view out = rest_.substr(start, end - start);
    rest_.remove_prefix(end);
    return out;
  }

  bool real(double& out) {
    std::string_view w = word();
    if (w.size() > 1 && w[0] == '+' && w[1] != '-') w.remove_prefix(1);
    const auto [end, wrong] = std::from_chars(w.data(), w.data() + w.size(), out);
    if (!w.empty() && end == w.data() + w.size() && wrong == std::errc::result_out_of_range) {   // 1e-400 is 0; 1e400 is refused as not finite
      out = w.find("e-") != w.npos || w.find("E-") != w.npos ? 0 : INFINITY;
      return true;
    }
    return !w.empty() && wrong == std::errc() && end == w.data() + w.size();
  }

  // Indices count from 1, or backwards from the last if negative.
  bool index(std::string_view w, std::size_t count, int& out) {
    int64_t i = 0;
    const auto [end, wrong] = std::from_chars(w.data(), w.data() + w.size(), i);
    if (w.empty() || wrong != std::errc() || end != w.data() + w.size()) return false;
    if (i < 0) i += static_cast<int64_t>(count) + 1;
    out = static_cast<int>(i - 1);
    return i >= 1 && i <= static_cast<int64_t>(count);
  }

  bool corner(std::string_view w, Corner& out) {
    out = {-1, -1, -1};
    const std::size_t first = w.find('/');
    if (!index(w.substr(0, first), mesh_.vertices.size(), out.v)) return false;
    if (first == w.npos) return true;
    w.remove_prefix(first + 1);
    const std::size_t second = w.find('/');
    if (second != 0 && !index(w.substr(0, second), texcoords_.size(), out.t)) return false;
    return second == w.npos || index(w.substr(second + 1), normals_.size(), out.n);
  }

  void statement() {
    const std::string_view kind = word();
    if (kind == "v") {
      Vec p;
      if (!real(p[0]) || !real(p[1]) || !real(p[2])) return fail("bad-mesh", "a vertex has three numbers");
      if (!usable(p)) return fail("bad-vertex", "a coordinate is not finite or above 1e10");
      if (mesh_.vertices.size() == 3 * limits::triangles) return fail("mesh-too-large", "too many vertices");
      mesh_.vertices.push_back(p);
    } else if (kind == "vn") {
      Vec& n = normals_.emplace_back();
      if (!real(n[0]) || !real(n[1]) || !real(n[2])) return fail("bad-mesh", "a normal has three numbers");
    } else if (kind == "vt") {
      auto& t = texcoords_.emplace_back();
      if (!real(t[0])) return fail("bad-mesh", "a texture coordinate has one to three numbers");
      if (!real(t[1])) t[1] = 0;
    } else if (kind == "f" || kind == "fo") {
      polygon_.clear();
      for (std::string_view w = word(); !w.empty(); w = word()) {
        Corner c;
        if (!corner(w, c)) return fail("bad-mesh", "\"" + std::string(w.substr(0, 40)) + "\" is no corner: v, v/vt, v//vn or v/vt/vn of what stands above");
        polygon_.push_back(c);
      }
      if (polygon_.size() < 3) {                             // an edge or a point, as modelling programs leave them
        ++dropped_;
        return;
      }
      if (mesh_.faces.size() + polygon_.size() - 2 > limits::triangles) return fail("mesh-too-large", "more than " + std::to_string(limits::triangles) + " triangles");
      cut();
    } else if (kind == "o") {
      objects_.push_back(mesh_.faces.size());
    } else if (kind == "g") {
      groups_.push_back(mesh_.faces.size());
    } else if (kind == "p" || kind == "l" || kind == "curv" || kind == "curv2" || kind == "surf") {
      ++dropped_;
    }
  }

  void put(const Corner& a, const Corner& b, const Corner& c) {
    mesh_.faces.push_back({a.v, b.v, c.v});
    for (const Corner* k : {&a, &b, &c}) {
      missing_normal_ = missing_normal_ || k->n < 0;
      missing_texcoord_ = missing_texcoord_ || k->t < 0;
      if (!missing_normal_) mesh_.normals.push_back(normals_[k->n]);
      if (!missing_texcoord_) mesh_.texcoords.push_back(texcoords_[k->t]);
    }
  }

  // The polygon as triangles: a fan if it is convex, else ear after ear.
  void cut() {
    const auto& p = mesh_.vertices;
    std::vector<Corner>& q = polygon_;
    auto at = [&](std::size_t k) -> const Vec& { return p[q[k % q.size()].v]; };
    auto turn = [](const Vec& a, const Vec& b, const Vec& c) { return cross(sub(b, a), sub(c, b)); };
    Vec normal{0, 0, 0};
    for (std::size_t k = 1; k + 1 < q.size(); ++k) normal = add(normal, cross(sub(at(k), at(0)), sub(at(k + 1), at(0))));
    bool convex = true;
    for (std::size_t k = 0; k < q.size() && q.size() > 3; ++k) convex = convex && dot(normal, turn(at(k), at(k + 1), at(k + 2))) >= 0;
    fans_ += !convex && q.size() > most_clipped;
    while (!convex && q.size() > 3 && q.size() <= most_clipped) {
      std::size_t ear = q.size();
      for (std::size_t k = 0; k < q.size() && ear == q.size(); ++k) {
        const Vec &a = at(k), &b = at(k + 1), &c = at(k + 2);
        if (!(dot(normal, turn(a, b, c)) > 0)) continue;
        bool empty = true;
        for (std::size_t j = 3; j < q.size() && empty; ++j) {
          const Vec& x = at(k + j);
          if (x == a || x == b || x == c) continue;
          empty = dot(normal, turn(a, b, x)) < 0 || dot(normal, turn(b, c, x)) < 0 || dot(normal, turn(c, a, x)) < 0;
        }
        if (empty) ear = (k + 1) % q.size();
      }
      if (ear == q.size()) break;   // it crosses itself: the rest as a fan
      put(q[(ear + q.size() - 1) % q.size()], q[ear], q[(ear + 1) % q.size()]);
      q.erase(q.begin() + static_cast<std::ptrdiff_t>(ear));
    }
    for (std::size_t k = 2; k < q.size(); ++k) put(q[0], q[k - 1], q[k]);
  }

  const std::string& text_;
  std::size_t at_ = 0, line_ = 0, dropped_ = 0, fans_ = 0;
  std::string joined_, failure_;
  const char* code_ = "";
  std::string_view rest_;
  std::vector<Vec> normals_;
  std::vector<std::array<double, 2>> texcoords_;
  std::vector<Corner> polygon_;
  bool missing_normal_ = false, missing_texcoord_ = false;
  std::vector<std::size_t> objects_, groups_;   // the face at which each begins
  Mesh mesh_;
};
}  // namespace

Result<Mesh> read_obj(const std::string& content) { return ObjReader(content).read(); }

Result<std::vector<std::vector<Vec>>> read_obj_objects(const std::string& content) {
  ObjReader reader(content);
  const Result<Mesh> mesh = reader.read();
  if (!mesh) return mesh.errors();
  return reader.objects(*mesh);
}

}  // namespace nuri::shape
