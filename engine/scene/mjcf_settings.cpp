// Sections without bodies: compiler, option, size, visual, statistic, custom.
#include <algorithm>
#include <cmath>
#include "engine/scene/mjcf_reader.h"

namespace nuri::scene::mjcf {
namespace {

constexpr int most_default_keys = 10000;

void enabled(Attributes& a, const char* name, bool& out) { a.keyword(name, out, {{"disable", false}, {"enable", true}}); }

void read_flags(Reader& reader, const xml::Element& element) {
  Attributes a(element, reader.findings);
  Flags& f = reader.scene.option.flags;
  const std::pair<const char*, bool*> known[] = {
      {"constraint", &f.constraint}, {"equality", &f.equality}, {"frictionloss", &f.frictionloss}, {"limit", &f.limit},
      {"contact", &f.contact}, {"spring", &f.spring}, {"damper", &f.damper}, {"gravity", &f.gravity}, {"clampctrl", &f.clampctrl},
      {"warmstart", &f.warmstart}, {"filterparent", &f.filterparent}, {"actuation", &f.actuation}, {"refsafe", &f.refsafe},
      {"sensor", &f.sensor}, {"eulerdamp", &f.eulerdamp}, {"midphase", &f.midphase}, {"nativeccd", &f.nativeccd}, {"island", &f.island},
      {"autoreset", &f.autoreset}, {"override", &f.override_contact}, {"energy", &f.energy}, {"fwdinv", &f.fwdinv},
      {"invdiscrete", &f.invdiscrete}, {"multiccd", &f.multiccd}, {"sleep", &f.sleep}, {"diagexact", &f.diagexact}, {"sensornoise", &f.sensornoise}};
  for (const auto& [name, flag] : known) enabled(a, name, *flag);
  // of MuJoCo's own ways to compute, or of features that change no result here
  for (const char* name : {"midphase", "nativeccd", "island", "autoreset", "fwdinv", "invdiscrete"})
    if (a.has(name)) reader.findings.idle_at(std::string("flag '") + name + "'", element);
  bool ipc = false, speculative = false;
  enabled(a, "ipc", ipc);
  enabled(a, "speculative", speculative);
  if (ipc) a.error("ipc", "soft-body", "flag 'ipc' is about contacts of soft bodies (flex), which Nuri does not simulate", "remove the flag");
  if (speculative) a.error("speculative", "not-supported-yet", "flag 'speculative' is not supported yet", "shorten the timestep, or thicken what is passed through");
  a.finish();
  reader.no_children(element);
}

void read_lengthrange(Reader& reader, const xml::Element& element) {
  Attributes a(element, reader.findings);
  LengthRange& out = reader.scene.compiler.lengthrange;
  using Mode = LengthRange::Mode;
  a.keyword("mode", out.mode, {{"none", Mode::none}, {"muscle", Mode::muscle}, {"muscleuser", Mode::muscle}, {"all", Mode::all}});
  a.boolean("useexisting", out.useexisting);
  a.boolean("uselimit", out.uselimit);
  const std::pair<const char*, double*> numbers[] = {{"accel", &out.accel}, {"maxforce", &out.maxforce}, {"timeconst", &out.timeconst}, {"timestep", &out.timestep},
                                                     {"inttotal", &out.inttotal}, {"interval", &out.interval}, {"tolrange", &out.tolrange}};
  for (const auto& [name, value] : numbers)
    if (a.number(name, *value)) a.check(*value >= 0, name, "be >= 0");
  a.finish();
  reader.no_children(element);
}

// The parts of <tuple>: names, not looked up.
void read_tuple(Reader& reader, const xml::Element& tuple) {
  for (const auto& child : tuple.children) {
    if (child->name != "element") {
      reader.unknown_element(*child, {"element"});
      continue;
    }
    Attributes a(*child, reader.findings);
    a.require("objtype");
    a.require("objname");
    a.accept({"objtype", "objname", "prm"});
    a.finish();
    reader.no_children(*child);
  }
}

}  // namespace

void read_compiler(Reader& reader, const xml::Element& section) {
  Attributes a(section, reader.findings);
  Settings& settings = reader.settings;
  Compiler& compiler = reader.scene.compiler;
  a.keyword("angle", settings.degree, {{"radian", false}, {"degree", true}});
  a.boolean("autolimits", settings.autolimits);
  std::string sequence = settings.eulerseq;
  if (a.text("eulerseq", sequence) &&
      a.check(sequence.size() == 3 && sequence.find_first_not_of("xyzXYZ") == std::string::npos, "eulerseq", "be three letters of x y z X Y Z"))
    settings.eulerseq = sequence;
  a.keyword("inertiafromgeom", compiler.inertiafromgeom, {{"false", InertiaFromGeom::no}, {"true", InertiaFromGeom::yes}, {"auto", InertiaFromGeom::automatic}});
  if (a.integers("inertiagrouprange", compiler.inertiagrouprange.data(), 2))
    a.check(compiler.inertiagrouprange[0] <= compiler.inertiagrouprange[1], "inertiagrouprange", "have its lower value first");
  a.number("settotalmass", compiler.settotalmass);
  if (a.number("boundmass", compiler.boundmass)) a.check(compiler.boundmass >= 0, "boundmass", "be >= 0 kg");
  if (a.number("boundinertia", compiler.boundinertia)) a.check(compiler.boundinertia >= 0, "boundinertia", "be >= 0 kg m^2");
  a.boolean("balanceinertia", compiler.balanceinertia);
  bool local = true;
  if (a.keyword("coordinate", local, {{"local", true}, {"global", false}}) && !local)
    a.error("coordinate", "not-supported-yet", "global coordinates are not supported", "MuJoCo up to 2.3.3 can convert the model to local coordinates");
  a.boolean("fitaabb", compiler.fitaabb);
  bool fuses = false;
  if (a.boolean("fusestatic", fuses) && fuses)
    a.note("fusestatic", "kept-bodies", "bodies without joints are kept with their names: they move with the body above them, and cost nothing in the solver");
  a.boolean("discardvisual", settings.discardvisual);
  if (settings.discardvisual) a.note("discardvisual", "kept-geoms", "geoms that are only looked at are kept for pictures; rangefinders do not see them");
  a.boolean("alignfree", settings.alignfree);
  std::string folder;
  if (a.text("assetdir", folder)) settings.meshdir = settings.texturedir = folder;
  a.text("meshdir", settings.meshdir);
  a.text("texturedir", settings.texturedir);
  a.boolean("strippath", settings.strippath);
  enum class Conflict { warning, merge, error } conflict = Conflict::warning;
  if (a.keyword("conflict", conflict, {{"warning", Conflict::warning}, {"merge", Conflict::merge}, {"error", Conflict::error}}))
    settings.keeps_options = conflict == Conflict::warning, settings.merges_options = conflict == Conflict::merge;
  a.accept({"usethread", "saveinertial", "savecompiled", "savecanonical", "passthrough"});
  a.finish();
  for (const auto& child : section.children)
    if (child->name == "lengthrange") read_lengthrange(reader, *child);
    else reader.unknown_element(*child, {"lengthrange"});
}

void read_option(Reader& reader, const xml::Element& section) {
  Attributes a(section, reader.findings);
  Option& o = reader.scene.option;
  if (a.number("timestep", o.timestep)) a.check(o.timestep > 0, "timestep", "be > 0 s");
  a.vector("gravity", o.gravity);
  a.vector("wind", o.wind);
  a.vector("magnetic", o.magnetic);
  if (a.number("density", o.density)) a.check(o.density >= 0, "density", "be >= 0 kg/m^3");
  if (a.number("viscosity", o.viscosity)) a.check(o.viscosity >= 0, "viscosity", "be >= 0 Pa s");
  if (a.number("impratio", o.impratio)) a.check(o.impratio > 0, "impratio", "be > 0");
  const std::pair<const char*, double*> tolerances[] = {
      {"tolerance", &o.tolerance}, {"ls_tolerance", &o.ls_tolerance}, {"noslip_tolerance", &o.noslip_tolerance}, {"ccd_tolerance", &o.ccd_tolerance}};
  for (const auto& [name, value] : tolerances)
    if (a.number(name, *value)) a.check(*value >= 0, name, "be >= 0");
  const std::pair<const char*, int*> counts[] = {
      {"iterations", &o.iterations}, {"ls_iterations", &o.ls_iterations}, {"noslip_iterations", &o.noslip_iterations}, {"ccd_iterations", &o.ccd_iterations}};
  for (const auto& [name, value] : counts)
    if (a.integer(name, *value)) a.check(*value >= 0, name, "be >= 0");
  if (std::string word; a.text("integrator", word) && word == "discrete")
    a.error("integrator", "not-supported-yet", "integrator 'discrete', MuJoCo's solve in the effective metric of a step, is not supported yet",
            "implicitfast takes damping implicitly too; stiff springs and servos may need a shorter timestep there");
  else
    a.keyword("integrator", o.integrator,
              {{"Euler", Integrator::euler}, {"RK4", Integrator::rk4}, {"implicit", Integrator::implicit}, {"implicitfast", Integrator::implicitfast}});
  a.keyword("cone", o.cone, {{"pyramidal", Cone::pyramidal}, {"elliptic", Cone::elliptic}});
  a.keyword("solver", o.solver, {{"PGS", Solver::pgs}, {"CG", Solver::cg}, {"Newton", Solver::newton}});
  for (const char* name : {"ccd_tolerance", "ccd_iterations"})
    if (a.has(name)) reader.findings.idle_at(std::string("attribute '") + name + "' of <option>", section);
  a.number("o_margin", o.o_margin);
  a.up_to("o_solref", o.o_solref);
  a.up_to("o_solimp", o.o_solimp);
  a.up_to("o_friction", o.o_friction);
  if (a.number("sleep_tolerance", o.sleep_tolerance)) a.check(o.sleep_tolerance >= 0, "sleep_tolerance", "be >= 0");
  a.accept({"jacobian", "sdf_iterations", "sdf_initpoints"});
  std::vector<double> groups;
  if (a.list("actuatorgroupdisable", groups)) {
    o.actuatorgroupdisable.clear();
    for (const double group : groups)
      if (a.check(group >= 0 && group <= 30 && group == std::floor(group), "actuatorgroupdisable", "hold groups from 0 to 30")) o.actuatorgroupdisable.push_back(int(group));
  }
  a.finish();
  int flags = 0;
  for (const auto& child : section.children) {
    if (child->name != "flag") reader.unknown_element(*child, {"flag"});
    else if (++flags > 1) reader.error(*child, "repeated-element", "<option> can hold one <flag>");
    else read_flags(reader, *child);
  }
}

void read_size(Reader& reader, const xml::Element& section) {
  // memory is sized by the engine: these limits of MuJoCo have no meaning here. nkey alone has: it adds default keyframes
  Attributes a(section, reader.findings);
  if (a.integer("nkey", reader.least_keys) && !a.check(reader.least_keys >= 0 && reader.least_keys <= most_default_keys, "nkey", "lie in 0 .. 10000"))
    reader.least_keys = 0;
  a.accept({"memory", "njmax", "nconmax", "nstack", "nuserdata", "nuser_body", "nuser_jnt", "nuser_geom", "nuser_site", "nuser_cam",
            "nuser_tendon", "nuser_actuator", "nuser_sensor"});
  a.finish();
  reader.no_children(section);
}

void read_statistic(Reader& reader, const xml::Element& section) {
  Attributes a(section, reader.findings);
  double value = 0;
  Array3 center{};
  for (const char* name : {"meaninertia", "meanmass", "meansize", "extent"})
    if (a.number(name, value)) a.check(value > 0, name, "be > 0");
  a.vector("center", center);
  a.finish();
  reader.findings.keep("statistic", section);
  reader.no_children(section);
}

void read_visual(Reader& reader, const xml::Element& section) {
  // the names are checked; the values wait for the renderers
  static const std::vector<std::pair<std::string, std::vector<std::string>>> known = {
      {"global", {"cameraid", "orthographic", "fovy", "ipd", "azimuth", "elevation", "linewidth", "glow", "offwidth", "offheight", "realtime", "ellipsoidinertia", "bvactive"}},
      {"quality", {"shadowsize", "offsamples", "numslices", "numstacks", "numquads"}},
      {"headlight", {"ambient", "diffuse", "specular", "active"}},
      {"map", {"stiffness", "stiffnessrot", "force", "torque", "alpha", "fogstart", "fogend", "znear", "zfar", "haze", "shadowclip", "shadowscale", "actuatortendon"}},
      {"scale", {"forcewidth", "contactwidth", "contactheight", "connect", "com", "camera", "light", "selectpoint", "jointlength", "jointwidth",
                 "actuatorlength", "actuatorwidth", "framelength", "framewidth", "constraint", "slidercrank", "frustum"}},
      {"rgba", {"fog", "haze", "force", "inertia", "joint", "actuator", "actuatornegative", "actuatorpositive", "com", "camera", "light", "selectpoint",
                "connect", "contactpoint", "contactforce", "contactfriction", "contacttorque", "contactgap", "rangefinder", "constraint", "slidercrank",
                "crankbroken", "frustum", "bv", "bvactive"}}};
  Attributes(section, reader.findings).finish();
  reader.findings.keep("visual", section);
  std::vector<std::string> names;
  for (const auto& [name, attributes] : known) names.push_back(name);
  for (const auto& child : section.children) {
    auto found = std::find(names.begin(), names.end(), child->name);
    if (found == names.end()) {
      reader.unknown_element(*child, names);
      continue;
    }
    Attributes a(*child, reader.findings);
    std::vector<double> values;
    bool truth = false;
    for (const std::string& attribute : known[static_cast<std::size_t>(found - names.begin())].second) {
      if (attribute == "orthographic" || attribute == "ellipsoidinertia" || (attribute == "bvactive" && child->name == "global")) a.boolean(attribute, truth);
      else a.list(attribute, values);
    }
    a.finish();
    reader.no_children(*child);
  }
}

void read_custom(Reader& reader, const xml::Element& section) {
  Attributes(section, reader.findings).finish();
  for (const auto& child : section.children) {
    Attributes a(*child, reader.findings);
    std::string name, text;
    std::vector<double> values;
    int size = 0;
    const bool numeric = child->name == "numeric", tuple = child->name == "tuple";
    if (!numeric && !tuple && child->name != "text") {
      reader.unknown_element(*child, {"numeric", "text", "tuple"});
      continue;
    }
    a.require("name");
    a.text("name", name);
    if (numeric) a.integer("size", size), a.list("data", values);
    else if (!tuple) a.text("data", text);
    a.finish();
    if (tuple) read_tuple(reader, *child);
    else reader.no_children(*child);
    reader.findings.keep("custom " + child->name, *child);
  }
}

}  // namespace nuri::scene::mjcf
