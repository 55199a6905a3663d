// Contact pairs and exclusions, tendons, equality constraints.
#include <algorithm>

#include "engine/scene/mjcf_reader.h"

namespace nuri::scene::mjcf {

void read(Attributes& a, Pair& out) {
  if (a.integer("condim", out.condim)) a.check(out.condim == 1 || out.condim == 3 || out.condim == 4 || out.condim == 6, "condim", "be 1, 3, 4 or 6");
  if (a.up_to("friction", out.friction))
    for (double value : out.friction)
      if (!a.check(value >= 0, "friction", "hold values >= 0")) break;
  a.up_to("solref", out.solref);
  a.up_to("solreffriction", out.solreffriction);
  a.up_to("solimp", out.solimp);
  a.number("margin", out.margin);
  a.number("gap", out.gap);
  a.number("adhesion", out.adhesion);
}

void read(Attributes& a, Equality& out) {
  a.boolean("active", out.active);
  a.up_to("solref", out.solref);
  a.up_to("solimp", out.solimp);
}

void read(Attributes& a, TendonSpec& out) {
  Tendon& t = out.tendon;
  a.limited("limited", out.limited);
  a.vector("range", t.range);
  a.limited("actuatorfrclimited", out.actuatorfrclimited);
  a.vector("actuatorfrcrange", t.actuatorfrcrange);
  a.number("margin", t.margin);
  if (a.number("frictionloss", t.frictionloss)) a.check(t.frictionloss >= 0, "frictionloss", "be >= 0");
  a.polynomial("stiffness", t.stiffness, t.stiffness_poly);
  a.polynomial("damping", t.damping, t.damping_poly);
  if (a.number("springyield", t.springyield)) a.check(t.springyield >= 0, "springyield", "be >= 0");
  if (a.number("armature", t.armature)) a.check(t.armature >= 0, "armature", "be >= 0");
  if (a.up_to("springlength", t.springlength) == 1) t.springlength[1] = t.springlength[0];
  a.check(t.springlength[0] <= t.springlength[1], "springlength", "have its lower value first");
  a.up_to("solreflimit", t.solreflimit);
  a.up_to("solimplimit", t.solimplimit);
  a.up_to("solreffriction", t.solreffriction);
  a.up_to("solimpfriction", t.solimpfriction);
  a.accept({"group", "user"});
  a.number("width", t.width);
  a.text("material", t.material);
  a.colour("rgba", t.rgba);
}

void read_contact(Reader& reader, const xml::Element& section) {
  Attributes(section, reader.findings).finish();
  for (const auto& child : section.children) {
    Attributes a(*child, reader.findings);
    if (child->name == "pair") {
      Pair pair = reader.classes[static_cast<std::size_t>(reader.find_class(a, "class", 0))].pair;
      reader.declare(a, Kind::pair, pair.name, reader.scene.pairs.size());
      a.require("geom1");
      a.require("geom2");
      pair.geom1 = reader.find(a, "geom1", Kind::geom);
      pair.geom2 = reader.find(a, "geom2", Kind::geom);
      if (pair.geom1 >= 0) a.check(pair.geom1 != pair.geom2, "geom2", "name another geom than geom1");
      read(a, pair);
      // In MuJoCo a pair has its own defaults; it takes nothing from its geoms.
      pair.place = child->place();
      reader.scene.pairs.push_back(pair);
    } else if (child->name == "exclude") {
      Exclude exclude;
      reader.declare(a, Kind::exclude, exclude.name, reader.scene.excludes.size());
      a.require("body1");
      a.require("body2");
      exclude.body1 = reader.find(a, "body1", Kind::body);
      exclude.body2 = reader.find(a, "body2", Kind::body);
      exclude.place = child->place();
      reader.scene.excludes.push_back(exclude);
    } else {
      reader.unknown_element(*child, {"pair", "exclude"});
      continue;
    }
    a.finish();
    reader.no_children(*child);
  }
}

namespace {

void read_joints(Reader& reader, const xml::Element& element, Tendon& tendon) {
  for (const auto& part : element.children) {
    if (part->name != "joint") {
      reader.unknown_element(*part, {"joint"});
      continue;
    }
    Attributes p(*part, reader.findings);
    Tendon::Joint joint{-1, 0};
    p.require("joint");
    p.require("coef");
    joint.joint = reader.find(p, "joint", Kind::joint);
    p.number("coef", joint.coef);
    p.finish();
    reader.no_children(*part);
    if (joint.joint < 0) continue;
    const JointType type = reader.scene.joints[static_cast<std::size_t>(joint.joint)].type;
    const bool known = std::any_of(tendon.joints.begin(), tendon.joints.end(), [&](const Tendon::Joint& other) { return other.joint == joint.joint; });
    if (known) reader.error(*part, "repeated-object", "this joint is in the tendon already", "add up the coefficients");
    if (p.check(type == JointType::hinge || type == JointType::slide, "joint", "name a hinge or a slide joint") && !known) tendon.joints.push_back(joint);
  }
  if (element.children.empty()) reader.error(element, "empty-tendon", "a fixed tendon needs at least one <joint>");
}

// Sites, geoms and pulleys. Geoms stand between sites; a pulley begins a branch, and a branch has two sites at least.
void read_path(Reader& reader, const xml::Element& element, Tendon& tendon) {
  using Pass = Tendon::Pass;
  const auto kind_of = [](const xml::Element& e) { return e.name == "site" ? Pass::site : e.name == "geom" ? Pass::geom : Pass::pulley; };
  const std::size_t count = element.children.size();
  for (std::size_t i = 0; i < count; ++i) {
    const xml::Element& part = *element.children[i];
    if (part.name != "site" && part.name != "geom" && part.name != "pulley") {
      reader.unknown_element(part, {"site", "geom", "pulley"});
      continue;
    }
    Attributes p(part, reader.findings);
    Tendon::Via via{kind_of(part)};
    const auto next_to = [&](Pass kind) { return (i > 0 && kind_of(*element.children[i - 1]) == kind) + (i + 1 < count && kind_of(*element.children[i + 1]) == kind); };
    if (via.kind == Pass::pulley) {
      p.require("divisor");
      if (p.number("divisor", via.divisor)) p.check(via.divisor > 0, "divisor", "be positive");
      if (i + 1 == count) reader.error(part, "bad-path", "a path does not end with a pulley", "add the sites of its branch, or leave the pulley out");
      if (i > 0 && kind_of(*element.children[i - 1]) == Pass::pulley) reader.error(part, "bad-path", "two pulleys follow each other", "keep one of them");
    } else {
      p.require(part.name);
      via.object = reader.find(p, part.name, via.kind == Pass::site ? Kind::site : Kind::geom);
      if (via.kind == Pass::geom && next_to(Pass::site) < 2) reader.error(part, "bad-path", "a geom stands between two sites of a path");
      if (via.kind == Pass::site && next_to(Pass::site) + next_to(Pass::geom) == 0) reader.error(part, "bad-path", "a branch of a path needs at least two sites");
      if (via.kind == Pass::site && via.object >= 0 && !tendon.path.empty() && tendon.path.back().kind == Pass::site && tendon.path.back().object == via.object)
        reader.error(part, "repeated-object", "the path is at this site already");
      if (via.kind == Pass::geom) via.side = reader.find(p, "sidesite", Kind::site);
      if (via.kind == Pass::geom && via.object >= 0) {
        const GeomType type = reader.scene.geoms[static_cast<std::size_t>(via.object)].type;
        p.check(type == GeomType::sphere || type == GeomType::cylinder, "geom", "name a sphere or a cylinder");
      }
    }
    p.finish();
    reader.no_children(part);
    tendon.path.push_back(via);
  }
  if (count == 0) reader.error(element, "empty-tendon", "a spatial tendon needs at least two <site>");
}

}  // namespace

void read_tendons(Reader& reader, const xml::Element& section) {
  Attributes(section, reader.findings).finish();
  for (const auto& child : section.children) {
    if (child->name != "fixed" && child->name != "spatial") {
      reader.unknown_element(*child, {"fixed", "spatial"});
      continue;
    }
    Attributes a(*child, reader.findings);
    TendonSpec spec = reader.classes[static_cast<std::size_t>(reader.find_class(a, "class", 0))].tendon;
    Tendon& tendon = spec.tendon;
    reader.declare(a, Kind::tendon, tendon.name, reader.scene.tendons.size());
    read(a, spec);
    if (!tendon.material.empty()) reader.find(a, "material", tendon.material, Kind::material);
    a.finish();
    tendon.limited = reader.is_limited(a, spec.limited, "limited", tendon.range, "range");
    tendon.actuatorfrclimited = reader.is_limited(a, spec.actuatorfrclimited, "actuatorfrclimited", tendon.actuatorfrcrange, "actuatorfrcrange");
    if (child->name == "fixed") read_joints(reader, *child, tendon);
    else read_path(reader, *child, tendon);
    tendon.place = child->place();
    reader.scene.tendons.push_back(tendon);
    reader.tendons.push_back(child.get());
  }
}

namespace {

// body1, body2 (the world if not written) and an anchor, or two sites.
void read_ends(Reader& reader, Attributes& a, Equality& e) {
  const bool connect = e.type == EqualityType::connect;
  const bool sites = a.has("site1") || a.has("site2");
  e.uses_sites = sites;
  if (sites) {
    for (const char* other : {"body1", "body2", "anchor", "relpose"})
      if (a.has(other)) a.error(other, "conflicting-attributes", std::string("sites say what is held together: '") + other + "' cannot be given as well");
    a.require("site1");
    a.require("site2");
  } else {
    a.require("body1");
    if (connect) a.require("anchor");
  }
  const int site1 = reader.find(a, "site1", Kind::site), site2 = reader.find(a, "site2", Kind::site);
  const int body1 = reader.find(a, "body1", Kind::body), body2 = reader.find(a, "body2", Kind::body);
  e.object1 = sites ? site1 : body1;
  e.object2 = sites ? site2 : a.has("body2") ? body2 : 0;
  a.vector("anchor", e.anchor);
  if (connect) return;
  if (a.vector("relpose", e.relpose)) {
    // a zero quaternion means: the pose in the initial configuration
    Array4 quat{e.relpose[3], e.relpose[4], e.relpose[5], e.relpose[6]};
    if (normalise(quat))
      for (std::size_t i = 0; i < 4; ++i) e.relpose[i + 3] = quat[i];
  }
  if (a.number("torquescale", e.torquescale)) a.check(e.torquescale >= 0, "torquescale", "be >= 0");
}

}  // namespace

void read_equalities(Reader& reader, const xml::Element& section) {
  Attributes(section, reader.findings).finish();
  for (const auto& child : section.children) {
    const std::string& kind = child->name;
    if (kind == "flex" || kind == "flexvert" || kind == "flexstrain") {
      reader.not_supported(*child);
      continue;
    }
    if (kind != "connect" && kind != "weld" && kind != "joint" && kind != "tendon") {
      reader.unknown_element(*child, {"connect", "weld", "joint", "tendon"});
      continue;
    }
    Attributes a(*child, reader.findings);
    Equality e = reader.classes[static_cast<std::size_t>(reader.find_class(a, "class", 0))].equality;
    e.type = kind == "connect" ? EqualityType::connect : kind == "weld" ? EqualityType::weld : kind == "joint" ? EqualityType::joint : EqualityType::tendon;
    reader.declare(a, Kind::equality, e.name, reader.scene.equalities.size());
    read(a, e);
    if (e.type == EqualityType::connect || e.type == EqualityType::weld) {
      read_ends(reader, a, e);
    } else {
      const Kind objects = e.type == EqualityType::joint ? Kind::joint : Kind::tendon;
      a.require(kind + "1");
      e.object1 = reader.find(a, kind + "1", objects);
      e.object2 = reader.find(a, kind + "2", objects);
      a.up_to("polycoef", e.polycoef);
      if (objects == Kind::joint)
        for (auto [name, object] : {std::pair{"joint1", e.object1}, std::pair{"joint2", e.object2}}) {
          if (object < 0) continue;
          const JointType type = reader.scene.joints[static_cast<std::size_t>(object)].type;
          a.check(type == JointType::hinge || type == JointType::slide, name, "name a hinge or a slide joint");
        }
    }
    if (e.object1 >= 0 && e.object1 == e.object2)
      reader.error(*child, "repeated-object", "this constraint holds one thing to itself");
    a.finish();
    reader.no_children(*child);
    e.place = child->place();
    reader.scene.equalities.push_back(e);
  }
}

}  // namespace nuri::scene::mjcf
