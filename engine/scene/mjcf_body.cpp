// Bodies and what they hold. Bodies come out depth first; joints, geoms, sites in the order of their bodies.
#include <algorithm>
#include <cmath>
#include <numbers>
#include "engine/scene/mjcf_reader.h"

namespace nuri::scene::mjcf {
namespace {

constexpr int degrees_of_freedom[] = {6, 3, 1, 1};       // by JointType
const std::vector<std::string> body_children = {"body", "joint", "freejoint", "geom", "site", "inertial", "camera", "light", "frame", "replicate", "attach"};

class BodyReader {
 public:
  explicit BodyReader(Reader& reader) : r_(reader) {}

  // What stands directly in the world first, then its child bodies with all they hold.
  void run(const std::vector<const xml::Element*>& sections) {
    Contents contents{0, {}, false};
    for (const xml::Element* section : sections) {
      Attributes(*section, r_.findings).finish();        // the world has no attributes
      read_contents(*section, contents, {}, 0);
    }
    for (const Child& child : contents.children) read_body(child, 0);
    resolve_targets();
  }

 private:
  struct Child { const xml::Element* element; Pose frame; int class_index; };
  struct Contents { std::size_t body; std::vector<Child> children; bool has_inertial, has_ball = false; int freedoms = 0; std::vector<const xml::Element*> planes = {}; };

  void read_body(const Child& child, std::size_t parent) {
    const xml::Element& element = *child.element;
    Attributes a(element, r_.findings);
    const std::size_t index = r_.scene.bodies.size();
    Body body;
    body.parent = static_cast<int>(parent);
    body.place = element.place();
    r_.declare(a, Kind::body, body.name, index);
    int class_index = r_.find_class(a, "childclass", child.class_index);
    a.vector("pos", body.pos);
    Orientation orientation;
    read_orientation(a, orientation);
    body.quat = resolve(a, orientation, r_.settings_of(element));
    place_in(child.frame, body.pos, body.quat);
    a.boolean("mocap", body.mocap);
    a.number("gravcomp", body.gravcomp);
    bool fuse = false;
    a.keyword("fuse", fuse, {{"false", false}, {"auto", true}});
    a.keyword("sleep", body.sleep, {{"auto", SleepPolicy::automatic}, {"never", SleepPolicy::never}, {"allowed", SleepPolicy::allowed}, {"init", SleepPolicy::asleep}});
    a.accept({"user", "simple"});
    a.finish();
    r_.scene.bodies.push_back(body);
    r_.bodies.push_back(&element);

    Contents contents{index, {}, false};
    const bool parent_moves = moving_[parent];
    moving_.push_back(parent_moves || body.mocap);
    read_contents(element, contents, {}, class_index);
    moving_[index] = moving_[index] || contents.freedoms > 0;
    if (body.mocap && (parent != 0 || contents.freedoms > 0)) a.check(false, "mocap", "belong to a child of the world without joints");
    if (contents.freedoms > 6) r_.error(element, "too-many-joints", "the joints of a body can have 6 degrees of freedom, here they have " + std::to_string(contents.freedoms));
    if (moving_[index])
      for (const xml::Element* plane : contents.planes) r_.error(*plane, "moving-plane", "a plane can only stand in a body that does not move");
    for (const Child& inner : contents.children) read_body(inner, index);
  }

  void read_contents(const xml::Element& element, Contents& contents, const Pose& frame, int class_index) {
    const bool world = contents.body == 0;
    for (const auto& child : element.children) {
      const xml::Element& e = *child;
      if (e.name == "body") contents.children.push_back({&e, frame, class_index});
      else if (e.name == "frame") read_frame(e, contents, frame, class_index);
      else if (e.name == "geom") read_geom(e, contents, frame, class_index);
      else if (e.name == "site") read_site(e, contents, frame, class_index);
      else if (e.name == "camera") read_camera(e, contents, frame, class_index);
      else if (e.name == "light") read_light(e, contents, frame, class_index);
      else if (e.name == "joint" || e.name == "freejoint" || e.name == "inertial") {
        if (world) r_.error(e, "not-in-world", "the world cannot have <" + e.name + ">", "put it in a <body>");
        else if (e.name == "inertial") read_inertial(e, contents, frame);
        else read_joint(e, contents, frame, class_index);
      } else if (e.name == "composite" || e.name == "flexcomp" || e.name == "plugin") r_.not_supported(e);
      else if (e.name != "replicate" && e.name != "attach") r_.unknown_element(e, body_children);   // those that are left are in error
    }
  }

  void read_frame(const xml::Element& element, Contents& contents, const Pose& outer, int class_index) {
    Attributes a(element, r_.findings);
    std::string name;
    r_.declare(a, Kind::frame, name, 0);
    class_index = r_.find_class(a, "childclass", class_index);
    Pose pose;
    Orientation orientation;
    a.vector("pos", pose.pos);
    read_orientation(a, orientation);
    pose.quat = resolve(a, orientation, r_.settings_of(element));
    a.finish();
    place_in(outer, pose.pos, pose.quat);
    read_contents(element, contents, pose, class_index);
  }

  void read_inertial(const xml::Element& element, Contents& contents, const Pose& frame) {
    if (contents.has_inertial) return r_.error(element, "repeated-element", "this body has an <inertial> already");
    contents.has_inertial = true;
    Attributes a(element, r_.findings);
    Body& body = r_.scene.bodies[contents.body];
    Inertial& inertial = body.inertial;
    body.has_inertial = true;
    a.require("pos");
    a.require("mass");
    a.vector("pos", inertial.pos);
    if (a.number("mass", inertial.mass)) a.check(inertial.mass >= 0, "mass", "be >= 0 kg");
    if (a.vector("diaginertia", inertial.diaginertia))
      a.check(std::all_of(inertial.diaginertia.begin(), inertial.diaginertia.end(), [](double x) { return x >= 0; }), "diaginertia", "hold values >= 0 kg m^2");
    Orientation orientation;
    read_orientation(a, orientation);
    inertial.quat = resolve(a, orientation, r_.settings_of(element));
    std::array<double, 6> full{};
    if (a.vector("fullinertia", full)) {
      for (const char* other : {"diaginertia", "quat", "axisangle", "xyaxes", "zaxis", "euler"})
        if (a.has(other)) a.error(other, "conflicting-attributes", std::string("<inertial> has both fullinertia and ") + other, std::string("fullinertia says it all: remove ") + other);
      principal_inertia(full, inertial.diaginertia, inertial.quat);
      a.check(inertial.diaginertia[2] > 0, "fullinertia", "be positive definite (kg m^2)");
    }
    place_in(frame, inertial.pos, inertial.quat);
    a.finish();
    r_.no_children(element);
  }

  void read_joint(const xml::Element& element, Contents& contents, const Pose& frame, int class_index) {
    Attributes a(element, r_.findings);
    const bool freejoint = element.name == "freejoint";
    if (!freejoint) class_index = r_.find_class(a, "class", class_index);
    JointSpec spec = freejoint ? JointSpec{} : r_.classes[static_cast<std::size_t>(class_index)].joint;
    Joint& j = spec.joint;
    j.align = r_.settings_of(element).alignfree;
    r_.declare(a, Kind::joint, j.name, r_.scene.joints.size());
    if (freejoint) {
      // takes nothing from classes
      j.type = JointType::free;
      a.integer("group", j.group);
      Limited align = Limited::automatic;
      if (a.limited("align", align) && align != Limited::automatic) j.align = align == Limited::yes;
    } else {
      read(a, spec);
    }
    a.finish();
    r_.no_children(element);

    const bool vectorial = j.type == JointType::free || j.type == JointType::ball;
    const bool angular = j.type == JointType::hinge || j.type == JointType::ball;
    j.limited = j.type != JointType::free && r_.is_limited(a, spec.limited, "limited", j.range, "range");
    j.actuatorfrclimited = !vectorial && r_.is_limited(a, spec.actuatorfrclimited, "actuatorfrclimited", j.actuatorfrcrange, "actuatorfrcrange");
    if (j.type == JointType::ball && j.limited) a.check(j.range[0] == 0, "range", "begin with 0 for a ball joint");
    if (angular) for (double& bound : j.range) bound = r_.settings_of(element).angle(bound);
    if (angular) j.springyield = r_.settings_of(element).angle(j.springyield);
    if (j.type == JointType::free) a.check(j.springyield == 0, "springyield", "not be given: the spring of a free joint does not give way");
    if (j.type == JointType::hinge) j.ref = r_.settings_of(element).angle(j.ref), j.springref = r_.settings_of(element).angle(j.springref);
    j.axis = vectorial ? Array3{0, 0, 1} : j.axis;
    if (j.type == JointType::free) j.pos = {0, 0, 0};
    else if (frame.pos != Array3{0, 0, 0} || frame.quat != Array4{1, 0, 0, 0}) {
      j.pos = compose(frame, {j.pos, {1, 0, 0, 0}}).pos;
      if (!vectorial) j.axis = rotate(frame.quat, j.axis);
    }
    a.check(normalise(j.axis), "axis", "not be zero");
    if (j.springdamper != Array2{0, 0})
      a.check(j.springdamper[0] > 0 && j.springdamper[1] > 0, "springdamper", "hold a time constant > 0 s and a damping ratio > 0");
    for (auto [name, value] : {std::pair{"stiffness", j.stiffness}, std::pair{"damping", j.damping}})
      if (value < 0)
        r_.findings.report.push_back(xml::finding(Severity::warning, element, name, "negative-" + std::string(name), std::string("this joint has negative ") + name + ": it feeds energy in"));
    if (j.type == JointType::free) {
      if (r_.scene.bodies[contents.body].parent != 0) r_.error(element, "misplaced-free-joint", "a free joint can only belong to a child of the world");
      if (contents.freedoms > 0) r_.error(element, "too-many-joints", "a free joint must be the only joint of its body");
    }
    if (angular && contents.has_ball) r_.error(element, "too-many-joints", "a ball joint cannot be followed by another rotation in the same body");
    contents.has_ball = contents.has_ball || j.type == JointType::ball;
    contents.freedoms += degrees_of_freedom[static_cast<std::size_t>(j.type)];
    j.body = static_cast<int>(contents.body);
    j.place = element.place();
    r_.scene.joints.push_back(j);
    r_.joints.push_back(&element);
  }

  void read_geom(const xml::Element& element, Contents& contents, const Pose& frame, int class_index) {
    Attributes a(element, r_.findings);
    class_index = r_.find_class(a, "class", class_index);
    GeomSpec spec = r_.classes[static_cast<std::size_t>(class_index)].geom;
    Geom& g = spec.geom;
    r_.declare(a, Kind::geom, g.name, r_.scene.geoms.size());
    read(a, spec);
    if (!g.material.empty()) r_.find(a, "material", g.material, Kind::material);
    a.finish();
    for (const auto& child : element.children)
      if (child->name == "plugin") r_.not_supported(*child);
      else r_.unknown_element(*child, {});
    const bool fitted = read_shape_asset(a, spec);
    if (!std::isnan(spec.fromto[0])) {
      if (fitted) a.error("fromto", "conflicting-attributes", "<geom> has both fromto and a mesh that gives it its size");
      else resolve_fromto(a, spec.fromto, g.type, g.size, g.pos, g.quat);
    } else g.quat = resolve(a, spec.orientation, r_.settings_of(element));
    place_in(frame, g.pos, g.quat);
    if (!fitted && g.type != GeomType::mesh && g.type != GeomType::hfield) check_size(a, g.type, g.size);
    if (g.type == GeomType::plane) contents.planes.push_back(&element);
    g.body = static_cast<int>(contents.body);
    g.place = element.place();
    r_.scene.geoms.push_back(g);
  }

  // The mesh or height field of a geom. True: a primitive that the compiler fits to its mesh.
  bool read_shape_asset(Attributes& a, GeomSpec& spec) {
    Geom& g = spec.geom;
    if (!spec.mesh.empty()) g.mesh = r_.find(a, "mesh", spec.mesh, Kind::mesh);
    if (!spec.hfield.empty()) g.height_field = r_.find(a, "hfield", spec.hfield, Kind::hfield);
    if (g.type == GeomType::mesh && spec.mesh.empty()) a.error("type", "missing-attribute", "a <geom> of type mesh needs attribute 'mesh'");
    if (g.type == GeomType::hfield && spec.hfield.empty()) a.error("type", "missing-attribute", "a <geom> of type hfield needs attribute 'hfield'");
    if (!spec.hfield.empty() && g.type != GeomType::hfield) a.error("hfield", "conflicting-attributes", "only a <geom> of type hfield can name a height field");
    if (spec.mesh.empty() || g.type == GeomType::mesh) return false;
    return a.check(g.type != GeomType::plane && g.type != GeomType::hfield, "mesh", "be fitted by a sphere, capsule, ellipsoid, cylinder or box");
  }

  void read_site(const xml::Element& element, Contents& contents, const Pose& frame, int class_index) {
    Attributes a(element, r_.findings);
    class_index = r_.find_class(a, "class", class_index);
    SiteSpec spec = r_.classes[static_cast<std::size_t>(class_index)].site;
    Site& s = spec.site;
    r_.declare(a, Kind::site, s.name, r_.scene.sites.size());
    read(a, spec);
    if (a.has("material")) r_.find(a, "material", Kind::material);
    a.finish();
    r_.no_children(element);
    if (!a.check(s.type != GeomType::plane && s.type != GeomType::hfield && s.type != GeomType::mesh, "type", "be, for a site, a primitive with a volume")) return;
    if (!std::isnan(spec.fromto[0])) resolve_fromto(a, spec.fromto, s.type, s.size, s.pos, s.quat);
    else s.quat = resolve(a, spec.orientation, r_.settings_of(element));
    place_in(frame, s.pos, s.quat);
    check_size(a, s.type, s.size);
    s.body = static_cast<int>(contents.body);
    s.place = element.place();
    r_.scene.sites.push_back(s);
  }

  void read_camera(const xml::Element& element, Contents& contents, const Pose& frame, int class_index) {
    Attributes a(element, r_.findings);
    class_index = r_.find_class(a, "class", class_index);
    CameraSpec spec = r_.classes[static_cast<std::size_t>(class_index)].camera;
    Camera& c = spec.camera;
    r_.declare(a, Kind::camera, c.name, r_.scene.cameras.size());
    read(a, spec);
    a.text("target", c.target);
    a.finish();
    r_.no_children(element);
    c.quat = resolve(a, spec.orientation, r_.settings_of(element));
    place_in(frame, c.pos, c.quat);
    if (c.orthographic) a.check(spec.fovy_degrees > 0, "fovy", "be > 0 m, the height of what is seen, with projection=\"orthographic\"");
    else a.check(spec.fovy_degrees > 0 && spec.fovy_degrees < 180, "fovy", "lie between 0 and 180 degrees");
    if (c.orthographic) r_.findings.idle_at("projection=\"orthographic\" in pictures", element);
    c.extent = c.orthographic ? spec.fovy_degrees : 0;
    c.fovy = spec.fovy_degrees / 180 * std::numbers::pi;   // degrees whatever the compiler's setting
    focus(a, spec);
    c.body = static_cast<int>(contents.body);
    c.place = element.place();
    r_.scene.cameras.push_back(c);
    if (a.has("target")) targets_.push_back(&element);
    r_.findings.keep("camera", element);
  }

  // Focal length and principal point in pixels, if the size of the sensor is known; the field of view then follows. Both may be written in
  // pixels, which go first, or in the sensor's unit of length. MuJoCo's renderer takes `principal` for where the picture's middle lies, to
  // the right of the optical axis and below it; here it is where the axis lies.
  void focus(Attributes& a, CameraSpec& spec) {
    Camera& c = spec.camera;
    const Array2 none{};
    if (spec.sensorsize == none) {
      const bool asked = spec.focal != none || spec.focalpixel != none || spec.principal != none || spec.principalpixel != none;
      a.check(!asked, "sensorsize", "be given where focal or principal are");
      return;
    }
    if (!(spec.sensorsize[0] > 0 && spec.sensorsize[1] > 0)) return;   // said when it was read
    if (!a.check(c.resolution[0] > 0, "resolution", "be given where sensorsize is")) return;
    for (std::size_t k = 0; k < 2; ++k) {
      const double density = c.resolution[k] / spec.sensorsize[k];
      c.focal[k] = spec.focalpixel[k] != 0 ? spec.focalpixel[k] : spec.focal[k] * density;
      c.principal[k] = 0 - (spec.principalpixel[k] != 0 ? spec.principalpixel[k] : spec.principal[k] * density);
    }
    const double fovy = 2 * std::atan2(0.5 * c.resolution[1], c.focal[1]);
    const bool sane = c.focal[0] > 0 && std::isfinite(c.focal[0]) && fovy > 1e-6 && fovy < 3.14 && std::isfinite(c.principal[0]) && std::isfinite(c.principal[1]);
    if (a.check(sane, spec.focalpixel != none ? "focalpixel" : "focal", "lead, with sensorsize, to a field of view between 0 and 180 degrees")) c.fovy = fovy;
    else c.focal = c.principal = none;
  }

  void read_light(const xml::Element& element, Contents& contents, const Pose& frame, int class_index) {
    Attributes a(element, r_.findings);
    class_index = r_.find_class(a, "class", class_index);
    Light light = r_.classes[static_cast<std::size_t>(class_index)].light;
    r_.declare(a, Kind::light, light.name, r_.scene.lights.size());
    read(a, light);
    a.text("target", light.target);
    a.accept({"texture"});
    a.finish();
    r_.no_children(element);
    a.check(normalise(light.dir), "dir", "not be zero");
    Array4 unused{1, 0, 0, 0};
    place_in(frame, light.pos, unused);
    light.dir = rotate(frame.quat, light.dir);
    light.body = static_cast<int>(contents.body);
    light.place = element.place();
    r_.scene.lights.push_back(light);
    if (a.has("target")) targets_.push_back(&element);
    r_.findings.keep("light", element);
  }

  // Targets may be bodies that come later in the file.
  void resolve_targets() {
    for (const xml::Element* element : targets_) {
      Attributes a(*element, r_.findings);
      r_.find(a, "target", Kind::body);
    }
  }

  static void place_in(const Pose& frame, Array3& pos, Array4& quat) {
    if (frame.pos == Array3{0, 0, 0} && frame.quat == Array4{1, 0, 0, 0}) return;  // keeps the bits of what stands in no frame
    Pose placed = compose(frame, {pos, quat});
    pos = placed.pos;
    quat = placed.quat;
  }

  Reader& r_;
  std::vector<const xml::Element*> targets_;
  std::vector<bool> moving_{false};                      // by body: has degrees of freedom above the world, or is mocap
};

}  // namespace

// Geoms that touch nothing, push no fluid and are named by nothing else.
void hide_visual(Reader& reader) {
  Scene& s = reader.scene;
  std::vector<bool> named(s.geoms.size());
  for (const Pair& pair : s.pairs)
    for (int g : {pair.geom1, pair.geom2}) if (g >= 0) named[static_cast<std::size_t>(g)] = true;
  for (const Sensor& sensor : s.sensors) {
    if (sensor.object_type == ObjectType::geom && sensor.object >= 0) named[static_cast<std::size_t>(sensor.object)] = true;
    if (sensor.reference_type == ObjectType::geom && sensor.reference >= 0) named[static_cast<std::size_t>(sensor.reference)] = true;
  }
  for (const Tendon& tendon : s.tendons)
    for (const Tendon::Via& via : tendon.path)
      if (via.kind == Tendon::Pass::geom && via.object >= 0) named[static_cast<std::size_t>(via.object)] = true;
  for (std::size_t g = 0; g < s.geoms.size(); ++g)
    if (s.geoms[g].contype == 0 && s.geoms[g].conaffinity == 0 && !s.geoms[g].fluid_ellipsoid && !named[g]) s.geoms[g].seen = false;
}

void read_worldbodies(Reader& reader, const std::vector<const xml::Element*>& sections) { BodyReader(reader).run(sections); }

}  // namespace nuri::scene::mjcf
