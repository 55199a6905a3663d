// Tendons in plain double, with the kernels' own text for what lies around a geom.
#include <algorithm>

#include "engine/model/derive_initial.h"
#include "engine/scene/scene.h"
#include "engine/shape/wrap.h"

namespace nuri::model {
using namespace nuri::shape;
namespace {

constexpr double smallest = 1e-15;             // m; MuJoCo's mjMINVAL
using Number = Wide<double, 1>;

Vec3<Number> number(const Vec& v) { return {Number(v[0]), Number(v[1]), Number(v[2])}; }
Vec plain(const Vec3<Number>& v) { return {v.x.v, v.y.v, v.z.v}; }

// A stretch of string from a point of one body to a point of another; a length changes by what its ends move along it.
struct Stretch { int from, to; Vec start, end; };

void add_arms(const Model& m, const Initial& at, int t, const Stretch& s, double share, std::vector<double>& out) {
  if (s.from == s.to) return;
  const Vec way = sub(s.end, s.start);
  const double apart = std::sqrt(dot(way, way));
  const Vec along = apart < smallest ? Vec{1, 0, 0} : scale(way, 1 / apart);
  const std::vector<int> one = chain(m, s.from), two = chain(m, s.to);
  for (int k = m.term_adr[t]; k < m.term_adr[t + 1]; ++k) {
    const int dof = m.term_dof[k];
    const bool start = std::binary_search(one.begin(), one.end(), dof), end = std::binary_search(two.begin(), two.end(), dof);
    if (start == end) continue;
    const Motion& u = at.motion[dof];
    const double arm = dot(along, add(u.v, cross(u.w, sub(end ? s.end : s.start, at.reference[m.dof_body[dof]]))));
    out[k] += share * (end ? arm : -arm);
  }
}
}  // namespace

double tendon_length(const Model& m, const Initial& at, const std::vector<double>& positions, int t, std::vector<double>& out_arm) {
  double length = 0;
  const bool fixed = m.segment_adr[t] == m.segment_adr[t + 1];
  for (int k = m.term_adr[t]; k < m.term_adr[t + 1]; ++k) {
    out_arm[k] = m.term_coef[k];
    if (fixed) length += m.term_coef[k] * positions[m.term_qpos[k]];
  }
  const auto place = [&](int body, const double* local) { return add(at.pos[body], rotate(at.quat[body], vec(local))); };
  const auto site = [&](int s) { return place(m.site_body[s], &m.site_pos[3 * s]); };
  for (int i = m.segment_adr[t]; i < m.segment_adr[t + 1]; ++i) {
    const int from = m.site_body[m.segment_site1[i]], to = m.site_body[m.segment_site2[i]], g = m.segment_geom[i], side = m.segment_side[i];
    const Vec start = site(m.segment_site1[i]), end = site(m.segment_site2[i]);
    const double share = 1 / m.segment_divisor[i];
    const auto apart = [](const Vec& a, const Vec& b) { return std::sqrt(dot(sub(b, a), sub(b, a))); };
    if (g >= 0) {
      const int body = m.geom_body[g];
      const Mat axes = matrix(mul(at.quat[body], unit(rot(&m.geom_quat[4 * g]))));
      const Vec centre = place(body, &m.geom_pos[3 * g]);
      const auto local = [&](const Vec& x) { return number(transposed_mul(axes, sub(x, centre))); };
      const int surface = m.geom_type[g] == int(scene::GeomType::sphere) ? wrap::sphere : wrap::cylinder;
      const Number radius = m.geom_size[3 * g];
      const auto string = wrap_string(surface, radius, local(start), local(end), side >= 0, side >= 0 ? local(site(side)) : zero3<Number>());
      if (string.wraps.v) {
        const Vec first = add(centre, mul(axes, plain(string.first))), second = add(centre, mul(axes, plain(string.second)));
        add_arms(m, at, t, {from, body, start, first}, share, out_arm);
        add_arms(m, at, t, {body, to, second, end}, share, out_arm);
        length += share * (apart(start, first) + string.length.v + apart(second, end));
        continue;
      }
    }
    add_arms(m, at, t, {from, to, start, end}, share, out_arm);
    length += share * apart(start, end);
  }
  return length;
}

}  // namespace nuri::model
