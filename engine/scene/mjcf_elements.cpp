// Attributes of what bodies hold. Angles, limited="auto" and orientations stay as written; mjcf_body.cpp resolves them.
#include "engine/scene/mjcf_reader.h"

#include <algorithm>
#include <numbers>

namespace nuri::scene::mjcf {
namespace {

template <class T> void read_type(Attributes& a, T& out) {
  a.keyword("type", out.type, {{"plane", GeomType::plane}, {"hfield", GeomType::hfield}, {"sphere", GeomType::sphere}, {"capsule", GeomType::capsule},
                               {"ellipsoid", GeomType::ellipsoid}, {"cylinder", GeomType::cylinder}, {"box", GeomType::box}, {"mesh", GeomType::mesh}});
}

template <class T> void read_shape(Attributes& a, T& out) {
  a.up_to("size", out.size);
  a.vector("pos", out.pos);
  a.integer("group", out.group);
  a.colour("rgba", out.rgba);
  a.accept({"user"});
}

const char* const camera_modes[] = {"fixed", "track", "trackcom", "targetbody", "targetbodycom"};

void read_mode(Attributes& a, std::string& out) {
  int mode = 0;
  if (a.keyword("mode", mode, {{camera_modes[0], 0}, {camera_modes[1], 1}, {camera_modes[2], 2}, {camera_modes[3], 3}, {camera_modes[4], 4}}))
    out = camera_modes[mode];
}

}  // namespace

void read(Attributes& a, JointSpec& out) {
  Joint& j = out.joint;
  a.keyword("type", j.type, {{"free", JointType::free}, {"ball", JointType::ball}, {"slide", JointType::slide}, {"hinge", JointType::hinge}});
  a.vector("pos", j.pos);
  a.vector("axis", j.axis);
  a.polynomial("stiffness", j.stiffness, j.stiffness_poly);
  a.polynomial("damping", j.damping, j.damping_poly);
  if (a.number("springyield", j.springyield)) a.check(j.springyield >= 0, "springyield", "be >= 0 (degrees, radians or m)");
  if (a.number("armature", j.armature)) a.check(j.armature >= 0, "armature", "be >= 0 kg m^2 (hinge, ball) or kg (slide)");
  if (a.number("frictionloss", j.frictionloss)) a.check(j.frictionloss >= 0, "frictionloss", "be >= 0 N m (hinge, ball) or N (slide)");
  a.number("margin", j.margin);
  a.number("ref", j.ref);
  a.number("springref", j.springref);
  a.vector("springdamper", j.springdamper);
  a.limited("limited", out.limited);
  a.vector("range", j.range);
  a.limited("actuatorfrclimited", out.actuatorfrclimited);
  a.vector("actuatorfrcrange", j.actuatorfrcrange);
  a.boolean("actuatorgravcomp", j.actuatorgravcomp);
  a.up_to("solreflimit", j.solreflimit);
  a.up_to("solimplimit", j.solimplimit);
  a.up_to("solreffriction", j.solreffriction);
  a.up_to("solimpfriction", j.solimpfriction);
  a.integer("group", j.group);
  a.accept({"user"});
}

void read(Attributes& a, GeomSpec& out) {
  Geom& g = out.geom;
  if (const xml::Attribute* type = a.element().find("type"); type && type->value == "sdf") a.refuse({"type"});
  else read_type(a, g);
  read_shape(a, g);
  read_orientation(a, out.orientation);
  a.vector("fromto", out.fromto);
  a.integer("contype", g.contype);
  a.integer("conaffinity", g.conaffinity);
  if (a.integer("condim", g.condim)) a.check(g.condim == 1 || g.condim == 3 || g.condim == 4 || g.condim == 6, "condim", "be 1, 3, 4 or 6");
  a.integer("priority", g.priority);
  if (a.up_to("friction", g.friction)) a.check(g.friction[0] >= 0 && g.friction[1] >= 0 && g.friction[2] >= 0, "friction", "hold values >= 0");
  if (a.number("solmix", g.solmix)) a.check(g.solmix >= 0, "solmix", "be >= 0");
  a.up_to("solref", g.solref);
  a.up_to("solimp", g.solimp);
  a.number("margin", g.margin);
  a.number("gap", g.gap);
  if (a.number("mass", g.mass)) a.check(g.mass >= 0, "mass", "be >= 0 kg");
  if (a.number("density", g.density)) a.check(g.density >= 0, "density", "be >= 0 kg/m^3");
  a.boolean("shellinertia", g.shellinertia);
  a.keyword("fluidshape", g.fluid_ellipsoid, {{"none", false}, {"ellipsoid", true}});
  a.text("material", g.material);
  a.up_to("fluidcoef", g.fluidcoef);
  a.up_to("surfacevel", g.surfacevel);
  a.accept({"castshadow"});
  a.number("adhesion", g.adhesion);                                   // negative: it repels
  if (a.number("fitscale", g.fitscale)) a.check(g.fitscale > 0, "fitscale", "be > 0");
  a.text("mesh", out.mesh);
  a.text("hfield", out.hfield);
}

void read(Attributes& a, SiteSpec& out) {
  read_type(a, out.site);
  read_shape(a, out.site);
  read_orientation(a, out.orientation);
  a.vector("fromto", out.fromto);
  a.accept({"material"});
  a.refuse({"mesh"});
}

void read(Attributes& a, CameraSpec& out) {
  a.vector("pos", out.camera.pos);
  read_orientation(a, out.orientation);
  read_mode(a, out.camera.mode);
  a.keyword("projection", out.camera.orthographic, {{"perspective", false}, {"orthographic", true}});
  a.number("fovy", out.fovy_degrees);
  std::array<int, 2>& pixels = out.camera.resolution;
  if (a.integers("resolution", pixels.data(), 2)) a.check(pixels[0] > 0 && pixels[1] > 0 && pixels[0] <= 65536 && pixels[1] <= 65536, "resolution", "hold two values from 1 to 65536");
  if (a.vector("sensorsize", out.sensorsize)) a.check(out.sensorsize[0] > 0 && out.sensorsize[1] > 0, "sensorsize", "hold values > 0");
  if (a.has("sensorsize") && a.has("fovy")) a.error("fovy", "bad-value", "attributes 'fovy' and 'sensorsize' of <camera> exclude each other", "the field of view follows from sensorsize and focal");
  if (a.vector("focal", out.focal)) a.check(out.focal[0] >= 0 && out.focal[1] >= 0, "focal", "hold values >= 0");
  if (a.vector("focalpixel", out.focalpixel)) a.check(out.focalpixel[0] >= 0 && out.focalpixel[1] >= 0, "focalpixel", "hold values >= 0");
  a.vector("principal", out.principal);
  a.vector("principalpixel", out.principalpixel);
  a.accept({"ipd", "output", "user"});
}

void read(Attributes& a, Light& out) {
  a.vector("pos", out.pos);
  a.vector("dir", out.dir);
  read_mode(a, out.mode);
  bool directional = false;                        // an older way to say the type
  if (a.boolean("directional", directional)) out.type = directional ? LightType::directional : LightType::spot;
  if (const xml::Attribute* type = a.element().find("type"); type && type->value == "image") a.refuse({"type"});
  else a.keyword("type", out.type, {{"spot", LightType::spot}, {"directional", LightType::directional}, {"point", LightType::point}});
  a.boolean("castshadow", out.castshadow);
  a.boolean("active", out.active);
  a.vector("ambient", out.ambient);
  a.vector("diffuse", out.diffuse);
  a.vector("specular", out.specular);
  if (a.vector("attenuation", out.attenuation)) a.check(*std::min_element(out.attenuation.begin(), out.attenuation.end()) >= 0, "attenuation", "hold values >= 0");
  double degrees = 45;                             // whatever the compiler's setting
  if (a.number("cutoff", degrees)) {
    a.check(degrees > 0 && degrees <= 180, "cutoff", "lie between 0 and 180 degrees");
    out.cutoff = degrees / 180 * std::numbers::pi;
  }
  if (a.number("exponent", out.exponent)) a.check(out.exponent >= 0, "exponent", "be >= 0");
  if (a.number("range", out.range)) a.check(out.range > 0, "range", "be > 0 m");
  a.accept({"bulbradius", "intensity", "softness"});
}

}  // namespace nuri::scene::mjcf
