// Joints, as they are written. The child link's frame is the joint's frame.
#include <cmath>
#include "engine/scene/urdf_reader.h"

namespace nuri::scene::urdf {
namespace {

void read_axis(Reader& reader, const xml::Element& joint, UrdfJoint& out) {
  const xml::Element* element = reader.one(joint, "axis");
  const bool needed = out.kind == Kind::revolute || out.kind == Kind::continuous || out.kind == Kind::prismatic || out.kind == Kind::planar;
  if (!element) {
    if (needed) reader.note(joint, "default-axis", "joint '" + out.name + "' has no <axis>: it is 1 0 0");
    return;
  }
  Attributes a(*element, reader.findings);
  a.require("xyz");
  const bool written = a.vector("xyz", out.axis);
  a.accept({"rpy"});
  reader.finish(a);
  reader.only(*element, {});
  if (!needed) out.axis = {1, 0, 0};                       // exporters write 0 0 0 for fixed joints
  else if (written && !a.check(mjcf::normalise(out.axis), "xyz", "not be zero")) out.axis = {1, 0, 0};
}

void read_limit(Reader& reader, const xml::Element& joint, UrdfJoint& out) {
  const xml::Element* element = reader.one(joint, "limit");
  const bool ranged = out.kind == Kind::revolute || out.kind == Kind::prismatic;
  if (!element) {
    if (ranged) reader.warning(joint, "missing-limit", "joint '" + out.name + "' has no <limit>: it moves without end", "a joint that may turn without end is of type continuous");
    return;
  }
  Attributes a(*element, reader.findings);
  const bool lower = a.number("lower", out.range[0]), upper = a.number("upper", out.range[1]);
  double velocity = 0;
  if (a.number("effort", out.effort)) {
    a.check(out.effort >= 0, "effort", "be >= 0 N or N m");
    if (out.effort == 0) reader.findings.idle_at("effort 0 of <limit>: taken as no limit", *element);
  }
  if (a.number("velocity", velocity)) {
    a.check(velocity >= 0, "velocity", "be >= 0 rad/s or m/s");
    reader.findings.idle_at("attribute 'velocity' of <limit>: not enforced", *element);
  }
  a.accept({"acceleration", "deceleration", "jerk"});
  reader.finish(a);
  reader.only(*element, {});
  if (!ranged) {
    if (lower || upper) reader.findings.idle_at("lower and upper of a <limit> whose joint is not revolute or prismatic", *element);
    return;
  }
  if (!lower && !upper) {
    reader.warning(*element, "missing-limit", "joint '" + out.name + "' has no lower and upper limit: it moves without end", "a joint that may turn without end is of type continuous");
  } else if (out.range[0] > out.range[1]) {
    a.error(lower ? "lower" : "upper", "bad-value", "the lower limit of joint '" + out.name + "' is above the upper one",
            lower && upper ? "a joint without limits is of type continuous" : std::string(lower ? "upper" : "lower") + " is not written: it is 0");
  } else if (out.range[0] == out.range[1]) {
    out.locked = true;
    reader.warning(*element, "locked-joint", "joint '" + out.name + "' has equal limits: it is held there by an equality", "make it fixed, or give it a range");
  } else {
    out.limited = true;
    if (!lower || !upper) reader.findings.idle_at("limit with one side: the other is 0", *element);
  }
}

void read_dynamics(Reader& reader, const xml::Element& joint, UrdfJoint& out) {
  const xml::Element* element = reader.one(joint, "dynamics");
  if (!element) return;
  Attributes a(*element, reader.findings);
  if (a.number("damping", out.damping)) a.check(out.damping >= 0, "damping", "be >= 0 N s/m or N m s/rad");
  if (a.number("friction", out.friction)) a.check(out.friction >= 0, "friction", "be >= 0 N or N m");
  a.accept({"spring_reference", "spring_stiffness"});
  reader.finish(a);
  reader.only(*element, {});
}

void read_mimic(Reader& reader, const xml::Element& joint, UrdfJoint& out) {
  const xml::Element* element = reader.one(joint, "mimic");
  if (!element) return;
  Attributes a(*element, reader.findings);
  a.require("joint");
  a.text("joint", out.mimicked);
  a.number("multiplier", out.multiplier);
  a.number("offset", out.offset);
  reader.finish(a);
  reader.only(*element, {});
  const bool one_coordinate = out.kind == Kind::revolute || out.kind == Kind::continuous || out.kind == Kind::prismatic;
  if (!one_coordinate) reader.error(*element, "bad-mimic", "only a revolute, continuous or prismatic joint can mimic another");
  else if (!out.mimicked.empty()) out.mimic = element;
}

int end_of(Reader& reader, const xml::Element& joint, const char* name) {
  const xml::Element* element = reader.one(joint, name);
  if (!element) {
    reader.error(joint, "missing-element", std::string("<joint> needs <") + name + ">");
    return -1;
  }
  Attributes a(*element, reader.findings);
  const int link = reader.find(a, "link", reader.link_names, "link");
  reader.finish(a);
  reader.only(*element, {});
  return link;
}

}  // namespace

void read_joint(Reader& reader, const xml::Element& element) {
  UrdfJoint joint;
  joint.element = &element;
  Attributes a(element, reader.findings);
  const bool is_new = reader.declare(a, reader.joint_names, reader.joints.size(), joint.name);
  a.require("type");
  a.keyword("type", joint.kind, {{"revolute", Kind::revolute}, {"continuous", Kind::continuous}, {"prismatic", Kind::prismatic}, {"fixed", Kind::fixed},
                                 {"floating", Kind::floating}, {"planar", Kind::planar}, {"spherical", Kind::spherical}});
  reader.finish(a);
  reader.only(element, {"origin", "parent", "child", "axis", "limit", "dynamics", "mimic", "calibration", "safety_controller"}, {"joint_properties", "hardwareInterface", "sensor", "gazebo", "disable_fixed_joint_lumping"});
  for (const char* idle : {"calibration", "safety_controller"})
    if (const xml::Element* found = reader.one(element, idle)) reader.findings.idle_at(std::string("<") + idle + ">", *found);
  joint.origin = reader.origin(element);
  joint.parent = end_of(reader, element, "parent");
  joint.child = end_of(reader, element, "child");
  read_axis(reader, element, joint);
  if (joint.kind != Kind::fixed) {
    read_limit(reader, element, joint);
    read_dynamics(reader, element, joint);
  }
  read_mimic(reader, element, joint);
  if (!is_new) return;

  // the tree
  const int index = static_cast<int>(reader.joints.size());
  if (joint.child >= 0) {
    Link& child = reader.links[static_cast<std::size_t>(joint.child)];
    if (child.joint >= 0) {
      const xml::Element& first = *reader.joints[static_cast<std::size_t>(child.joint)].element;
      reader.error(element, "two-parents", "link '" + child.name + "' is the child of two joints",
                   "the first is at " + first.source->name + ":" + std::to_string(first.line) + "; URDF holds trees, not loops");
    } else {
      child.joint = index;
      if (joint.parent >= 0) reader.links[static_cast<std::size_t>(joint.parent)].joints.push_back(index);
    }
  }
  reader.joints.push_back(std::move(joint));
}

}  // namespace nuri::scene::urdf
