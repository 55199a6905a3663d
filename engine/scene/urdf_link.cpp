// Links: mass, collision and visual geometry, all in the link's own frame.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numbers>
#include "engine/scene/urdf_reader.h"

namespace nuri::scene::urdf {
namespace {

using shape::MassPart;
using shape::Vec;

constexpr double least_mass = 1e-15;              // kg; below it a body has none (the compiler's bound, MuJoCo's mjMINVAL)
constexpr double suspicious = 100;                // written moment against that of the box around the geometry
constexpr double rounding = 1e-9;                 // of the largest moment: what files lose by writing few digits

// The box around primitives, in the link's frame: half sizes; false if there is a mesh among them or nothing.
bool surrounding_box(const std::vector<Geom>& geoms, bool visual, Vec& out_half) {
  Vec low{1e300, 1e300, 1e300}, high{-1e300, -1e300, -1e300};
  for (const Geom& g : geoms) {
    if (g.visual_only != visual) continue;
    if (g.type == GeomType::mesh) return false;
    const double r = g.size[0], h = g.size[1];
    const Vec half = g.type == GeomType::box ? g.size : g.type == GeomType::sphere ? Vec{r, r, r} : g.type == GeomType::cylinder ? Vec{r, r, h} : Vec{r, r, r + h};
    const shape::Mat m = shape::matrix(g.quat);
    for (std::size_t i = 0; i < 3; ++i) {
      const double reach = std::abs(m[3 * i]) * half[0] + std::abs(m[3 * i + 1]) * half[1] + std::abs(m[3 * i + 2]) * half[2];
      low[i] = std::min(low[i], g.pos[i] - reach);
      high[i] = std::max(high[i], g.pos[i] + reach);
    }
  }
  if (!(low[0] < high[0])) return false;
  for (std::size_t i = 0; i < 3; ++i) out_half[i] = (high[i] - low[i]) / 2;
  return true;
}

void compare_with_box(Reader& reader, const Link& link, const xml::Element& inertial) {
  Vec half{};
  if (!surrounding_box(link.geoms, false, half) && !surrounding_box(link.geoms, true, half)) return;
  const Vec box = shape::moments(shape::solid_box, half, link.mass.mass, false);
  const double ratio = *std::max_element(link.mass.inertia.begin(), link.mass.inertia.end()) / *std::max_element(box.begin(), box.end());
  if (ratio <= suspicious && ratio >= 1 / suspicious) return;
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", ratio);
  reader.warning(inertial, "suspicious-inertia", "link '" + link.name + "': its largest moment of inertia is " + text + " times that of a box around its geometry with the same mass",
                 "are these kg m^2?");
}

// A written mass without moments is spread as the collision geometry is.
void spread(Reader& reader, Link& link, const xml::Element& inertial, bool has_origin) {
  std::vector<Geom*> solid;
  bool mesh = false;
  for (Geom& g : link.geoms)
    if (!g.visual_only) {
      solid.push_back(&g);
      mesh = mesh || g.type == GeomType::mesh;
    }
  const std::string who = "link '" + link.name + "' has mass but no moments of inertia: ";
  if (solid.empty()) return reader.warning(inertial, "missing-inertia", who + "without collision geometry it is a point", "give it <inertia> or a <collision>");
  if (mesh) {
    for (Geom* g : solid) g->mass = link.mass.mass / static_cast<double>(solid.size());
    link.source = MassSource::geometry;
    return reader.warning(inertial, "missing-inertia", who + (solid.size() == 1 ? "they are those of its mesh" : "its collision geometries share it equally"));
  }
  MassPart geometry = shape::combine(primitive_masses(link.geoms));
  const double ratio = link.mass.mass / geometry.mass;
  for (double& i : geometry.inertia) i *= ratio;
  if (has_origin) geometry.pos = link.mass.pos;
  geometry.mass = link.mass.mass;
  link.mass = geometry;
  reader.warning(inertial, "missing-inertia", who + "they are those of its collision geometry, " + shown(geometry.inertia) + " kg m^2");
}

void read_inertial(Reader& reader, Link& link, const xml::Element& element) {
  Attributes(element, reader.findings).finish();
  reader.only(element, {"origin", "mass", "inertia"});
  const Pose frame = reader.origin(element);
  const xml::Element* mass = reader.one(element, "mass");
  if (!mass) return reader.error(element, "missing-element", "<inertial> needs <mass>", "leave <inertial> out to get the mass from collision geometry");
  Attributes m(*mass, reader.findings);
  double kg = 0;
  m.require("value");
  if (m.number("value", kg)) m.check(kg >= 0 && kg <= heaviest, "value", "be >= 0 kg, at most 1e15");
  reader.finish(m);
  reader.only(*mass, {});

  // xx yy zz xy xz yz, about the centre of mass, in the axes of <origin>
  std::array<double, 6> full{};
  const xml::Element* inertia = reader.one(element, "inertia");
  const std::size_t before = reader.findings.errors.count;
  if (inertia) {
    Attributes i(*inertia, reader.findings);
    static constexpr const char* names[] = {"ixx", "iyy", "izz", "ixy", "ixz", "iyz"};
    for (std::size_t k = 0; k < 6; ++k) {
      if (k < 3) i.require(names[k]);
      if (i.number(names[k], full[k])) i.check(std::abs(full[k]) <= largest_moment, names[k], "be at most 1e30 kg m^2");
    }
    reader.finish(i);
    reader.only(*inertia, {});
  }
  if (!(kg >= least_mass) || reader.findings.errors.count > before) {
    link.zero_mass = kg == 0;
    if (reader.findings.errors.count == before)
      reader.warning(element, "zero-mass", "link '" + link.name + "' has mass 0: it is computed from its collision geometry, if there is any");
    return;
  }
  link.source = MassSource::written;
  link.mass = {frame.pos, frame.quat, kg, {0, 0, 0}};
  if (std::all_of(full.begin(), full.end(), [](double x) { return x == 0; })) return spread(reader, link, element, reader.one(element, "origin") != nullptr);
  shape::Rot turn;
  Vec moments = shape::principal(full, turn);
  if (!std::isfinite(moments[0]) || moments[2] < -rounding * std::abs(moments[0]) || !(moments[0] > 0))
    return reader.error(*inertia, "bad-inertia", "the inertia of link '" + link.name + "' is not positive definite: no body has it",
                        "the three principal moments must be > 0 kg m^2; check the signs of ixy, ixz, iyz");
  const Vec written = moments;
  for (double& x : moments) x = std::max(x, 0.0);
  if (balance(moments) && written[0] - written[1] - written[2] > rounding * written[0])
    reader.warning(*inertia, "balanced-inertia", "link '" + link.name + "': its principal moments " + shown(written) + " break A + B >= C; they become " + shown(moments) + " kg m^2",
                   "no body has these moments; check <inertia>");
  link.mass.inertia = moments;
  link.mass.quat = shape::unit(shape::mul(frame.quat, turn));
  compare_with_box(reader, link, element);
}

void read_part(Reader& reader, Link& link, const xml::Element& element) {
  const bool visual = element.name == "visual";
  Geom g;
  Attributes a(element, reader.findings);
  std::string name;
  a.text("name", name);
  a.accept({"group", "mask", "concave"});               // Bullet's
  reader.finish(a);
  reader.only(element, {"origin", "geometry", "material"}, {"verbose", "contact_coefficients", "surface"});
  const Pose pose = reader.origin(element);
  g.pos = pose.pos;
  g.quat = pose.quat;
  if (visual) {
    colour(reader, element, g);
    g.visual_only = true;
    g.contype = g.conaffinity = 0;
    g.group = 1;
    g.mass = 0;
  }
  if (!read_geometry(reader, element, g)) return;
  g.place = element.place();
  // names repeat from link to link
  if (!name.empty() && !reader.geom_names.insert(name).second) {
    const std::string written = name;
    name = link.name + "/" + name;
    if (!reader.geom_names.insert(name).second) name.clear();
    reader.note(element, "renamed", "there is a part named '" + written + "' already: this one " + (name.empty() ? "has no name" : "is '" + name + "'"));
  }
  g.name = name;
  link.geoms.push_back(std::move(g));
  // where a link has a look, what touches is not drawn over it
  const bool seen = std::any_of(link.geoms.begin(), link.geoms.end(), [](const Geom& part) { return part.visual_only; });
  for (Geom& part : link.geoms)
    if (seen && !part.visual_only) part.group = 3;
}

}  // namespace

std::string shown(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}
std::string shown(const Vec& v) { return shown(v[0]) + " " + shown(v[1]) + " " + shown(v[2]); }

// Second moments sum x^2 = (B + C - A) / 2 and so on cannot be negative; the one that is becomes 0:
// C stays, A and B become (A + C - B) / 2 and (B + C - A) / 2, whose sum is C.
bool balance(Vec& i) {
  const std::size_t c = static_cast<std::size_t>(std::max_element(i.begin(), i.end()) - i.begin()), a = (c + 1) % 3, b = (c + 2) % 3;
  if (i[a] + i[b] >= i[c]) return false;
  const double difference = i[a] - i[b];
  i[a] = (i[c] + difference) / 2;
  i[b] = (i[c] - difference) / 2;
  while (i[a] + i[b] < i[c]) i[a] = std::nextafter(i[a], 1e300), i[b] = std::nextafter(i[b], 1e300);  // for a sum rounded down
  return true;
}

std::vector<MassPart> primitive_masses(const std::vector<Geom>& geoms) {
  std::vector<MassPart> parts;
  for (const Geom& g : geoms) {
    if (g.visual_only || g.type == GeomType::mesh) continue;
    const int kind = static_cast<int>(g.type);
    const double mass = std::isnan(g.mass) ? g.density * shape::extent(kind, g.size, false) : g.mass;
    parts.push_back({g.pos, g.quat, mass, shape::moments(kind, g.size, mass, false)});
  }
  return parts;
}

void read_link(Reader& reader, const xml::Element& element) {
  Link link;
  link.element = &element;
  Attributes a(element, reader.findings);
  const bool is_new = reader.declare(a, reader.link_names, reader.links.size(), link.name);
  a.accept({"type", "concave"});
  reader.finish(a);
  reader.only(element, {"inertial", "visual", "collision"}, {"contact", "self_collision_checking", "collision_checking", "audio_source", "sensor", "gazebo"});
  for (const auto& child : element.children)
    if (child->name == "visual" || child->name == "collision") read_part(reader, link, *child);
  if (const xml::Element* inertial = reader.one(element, "inertial")) read_inertial(reader, link, *inertial);
  if (link.source == MassSource::nothing && std::any_of(link.geoms.begin(), link.geoms.end(), [](const Geom& g) { return !g.visual_only; })) {
    link.source = MassSource::geometry;
    reader.note(element, "mass-from-geometry", "link '" + link.name + "' weighs what its collision geometry weighs at 1000 kg/m^3");
  }
  if (is_new) reader.links.push_back(std::move(link));
}

}  // namespace nuri::scene::urdf
