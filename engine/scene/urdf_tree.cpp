// From links and joints to bodies: which link is the root, what it stands on, which links become one body; then all of it in
// the scene's order (depth first), with what refers to joints: equalities, motors.
#include <algorithm>
#include <cmath>
#include <numbers>
#include "engine/scene/urdf_reader.h"

namespace nuri::scene::urdf {
namespace {

using shape::MassPart;

constexpr double least_moment = 1e-15;            // kg m^2; below it a moving body has none (the compiler's bound)
constexpr int frame_group = 3;                    // of sites that stand for merged links: not drawn unless asked for

// A body to be: one link and those merged into it.
struct Made {
  int link = -1, parent = 0;                      // parent: index into the list of these; [0] is the world
  Pose pose;                                      // in the parent's frame
  int joint = -1;                                 // of the file; -1: none
  bool free = false, moves = false;               // moves: itself, or with its parent
  std::vector<MassPart> written, primitives;      // masses of links that write them, and of primitives of links that do not
  bool weighs_geometry = false, weighs_meshes = false;
  std::vector<Geom> geoms;
  std::vector<Site> frames;
  std::vector<int> children;
  bool has_mass() const { return !written.empty() || weighs_geometry; }
};

std::string place_of(const xml::Element& e) { return e.source->name + ":" + std::to_string(e.line); }

class Builder {
 public:
  Builder(Reader& reader, const xml::Element& robot) : r_(reader), robot_(robot) {}

  void run() {
    const int root = find_root();
    if (root < 0) return;
    const bool floats = decide_base(root);
    gather(root, floats);
    if (r_.findings.errors.count > 0) return;
    emit();
    couple();
    if (r_.options.actuators != UrdfActuators::none) drive();
  }

 private:
  Link& link(int index) { return r_.links[static_cast<std::size_t>(index)]; }
  UrdfJoint& joint(int index) { return r_.joints[static_cast<std::size_t>(index)]; }
  Made& made(int index) { return made_[static_cast<std::size_t>(index)]; }

  // The one link that is nobody's child; every other must hang on it.
  int find_root() {
    int root = -1;
    for (std::size_t i = 0; i < r_.links.size(); ++i) {
      Link& l = r_.links[i];
      if (l.joint >= 0) {
        if (l.name == "world") r_.error(*l.element, "reserved-name", "only the root link can be called \"world\"");
        continue;
      }
      if (root < 0) root = static_cast<int>(i);
      else r_.error(*l.element, "two-roots", "links '" + link(root).name + "' and '" + l.name + "' are both nobody's child: a robot has one root",
                    "the first is at " + place_of(*link(root).element) + "; join them by a fixed joint");
    }
    if (r_.findings.errors.count > 0) return -1;

    // what does not hang on the root hangs on itself
    std::vector<bool> reached(r_.links.size(), false);
    std::vector<int> waiting;
    if (root >= 0) waiting.push_back(root);
    while (!waiting.empty()) {
      const int l = waiting.back();
      waiting.pop_back();
      reached[static_cast<std::size_t>(l)] = true;
      for (int j : link(l).joints) waiting.push_back(joint(j).child);
    }
    const auto lost = std::find(reached.begin(), reached.end(), false);
    if (lost == reached.end()) return root;
    int at = static_cast<int>(lost - reached.begin());
    std::vector<bool> seen(r_.links.size(), false);
    for (; !seen[static_cast<std::size_t>(at)]; at = joint(link(at).joint).parent) seen[static_cast<std::size_t>(at)] = true;
    std::string cycle = link(at).name, places;
    int shown = 0;
    const int first = at;
    do {
      const UrdfJoint& up = joint(link(at).joint);
      at = up.parent;
      if (++shown > 8) continue;
      cycle = link(at).name + " -> " + cycle;
      places += (places.empty() ? "" : ", ") + place_of(*up.element);
    } while (at != first);
    r_.error(*joint(link(first).joint).element, "joint-cycle", std::string("links hang on each other in a circle: ") + (shown > 8 ? "... -> " : "") + cycle, "its joints are at " + places);
    return -1;
  }

  // Whether the root floats. A root called "world" never does: its children may (see kind_of).
  bool decide_base(int root) {
    const Link& l = link(root);
    const auto say = [&](const std::string& text) { r_.note(*l.element, "base", text); };
    if (l.name == "world") {
      say("the root link 'world' is the world: the joints below it say what moves");
      return false;
    }
    const std::string name = "the root link '" + l.name + "' ";
    if (r_.options.base == UrdfBase::fixed) {
      say(name + "stands still, as asked");
      return false;
    }
    if (r_.options.base == UrdfBase::floating) {
      say(name + "floats, as asked");
      return true;
    }
    std::vector<int> waiting{root};
    bool zero_mass = l.zero_mass;
    while (!waiting.empty()) {
      const int at = waiting.back();
      waiting.pop_back();
      zero_mass = zero_mass && link(at).source != MassSource::written;
      for (int j : link(at).joints) {
        if (joint(j).kind == Kind::fixed) waiting.push_back(joint(j).child);
        if (joint(j).kind != Kind::floating) continue;
        say(name + "stands still: floating joint '" + joint(j).name + "' hangs on it");
        return false;
      }
    }
    if (zero_mass) {
      say(name + "stands still: its mass is written as 0 (Bullet's way to say so)");
      return false;
    }
    say(name + "floats by free joint '" + l.name + "_free_joint' (MuJoCo fixes such a root, Isaac Sim floats it; a root called 'world' is fixed)");
    return true;
  }

  // A joint's kind as the base options have it.
  Kind kind_of(const UrdfJoint& j, int parent_made) {
    if (j.kind == Kind::floating && r_.options.base == UrdfBase::fixed) {
      r_.note(*j.element, "base", "floating joint '" + j.name + "' is fixed, as asked");
      return Kind::fixed;
    }
    if (j.kind == Kind::fixed && parent_made == 0 && r_.options.base == UrdfBase::floating) {
      r_.note(*j.element, "base", "joint '" + j.name + "', fixed to the world in the file, floats as asked");
      return Kind::floating;
    }
    return j.kind;
  }

  // Every link into a body, parents first, children in the order of their joints.
  void gather(int root, bool floats) {
    made_.push_back({});
    std::vector<Pose> pose_in_body(r_.links.size());
    if (link(root).name == "world") {
      if (link(root).source == MassSource::written) r_.findings.idle_at("<inertial> of link 'world'", *link(root).element);
      absorb(0, root, {});
      link(root).body = 0;
    } else {
      link(root).body = make(root, 0, {}, -1);
      made(link(root).body).free = made(link(root).body).moves = floats;
    }
    std::vector<int> waiting(link(root).joints.rbegin(), link(root).joints.rend());
    while (!waiting.empty()) {
      const UrdfJoint& j = joint(waiting.back());
      waiting.pop_back();
      place(j, pose_in_body);
      if (r_.findings.errors.full()) return;
      const std::vector<int>& next = link(j.child).joints;
      waiting.insert(waiting.end(), next.rbegin(), next.rend());
    }
    for (std::size_t m = 1; m < made_.size(); ++m) check_mass(made_[m]);
  }

  void place(const UrdfJoint& j, std::vector<Pose>& pose_in_body) {
    const int index = static_cast<int>(&j - r_.joints.data()), parent = link(j.parent).body;
    Link& l = link(j.child);
    const Pose pose = mjcf::compose(pose_in_body[static_cast<std::size_t>(j.parent)], j.origin);
    const Kind kind = kind_of(j, parent);
    if (kind == Kind::fixed && parent != 0 && fits(made(parent), l, j)) {
      absorb(parent, j.child, pose);
      l.body = parent;
      pose_in_body[static_cast<std::size_t>(j.child)] = pose;
      Site frame;
      frame.name = l.name;
      frame.pos = pose.pos;
      frame.quat = pose.quat;
      frame.group = frame_group;
      frame.is_link = true;
      frame.place = l.element->place();
      made(parent).frames.push_back(frame);
      r_.note(*j.element, "merged-link", "link '" + l.name + "' is fixed: it is part of body '" + link(made(parent).link).name + "', and its frame is a site");
      return;
    }
    if (kind == Kind::floating) {
      // a free body hangs on the world whatever the file lets it hang on
      if (made(parent).moves) return r_.error(*j.element, "misplaced-free-joint", "floating joint '" + j.name + "' hangs on link '" + link(j.parent).name + "', which moves",
                                              "only what hangs on the world, or on a base that stands still, can float");
      const Pose world = parent == 0 ? pose : mjcf::compose(made(parent).pose, pose);
      l.body = make(j.child, 0, world, index);
      made(l.body).free = made(l.body).moves = true;
      return;
    }
    l.body = make(j.child, parent, pose, kind == Kind::fixed ? -1 : index);
    made(l.body).moves = kind != Kind::fixed || made(parent).moves;
  }

  // Whether a fixed child's mass can be added to a body's now. What stands still needs no mass.
  bool fits(const Made& body, const Link& l, const UrdfJoint& j) {
    if (!body.moves || l.source == MassSource::nothing) return true;
    const bool meshes = l.source == MassSource::geometry && has_mesh(l);
    if (!(meshes && !body.written.empty()) && !(l.source == MassSource::written && body.weighs_meshes)) return true;
    r_.note(*j.element, "kept-link", "link '" + l.name + "' is fixed but stays a body of its own: its mass or its parent's comes from meshes");
    return false;
  }

  static bool has_mesh(const Link& l) {
    return std::any_of(l.geoms.begin(), l.geoms.end(), [](const Geom& g) { return !g.visual_only && g.type == GeomType::mesh; });
  }

  int make(int l, int parent, const Pose& pose, int j) {
    const int index = static_cast<int>(made_.size());
    made_.push_back({});
    Made& m = made_.back();
    m.link = l;
    m.parent = parent;
    m.pose = pose;
    m.joint = j;
    made(parent).children.push_back(index);
    absorb(index, l, {});
    return index;
  }

  // A link's geometry and mass, seen from the body.
  void absorb(int body, int index, const Pose& pose) {
    Made& m = made(body);
    const Link& l = link(index);
    const auto seen = [&](MassPart part) {
      const Pose p = mjcf::compose(pose, {part.pos, part.quat});
      part.pos = p.pos;
      part.quat = p.quat;
      return part;
    };
    if (l.source == MassSource::written) m.written.push_back(seen(l.mass));
    if (l.source == MassSource::geometry) {
      m.weighs_geometry = true;
      m.weighs_meshes = m.weighs_meshes || has_mesh(l);
      for (const MassPart& part : primitive_masses(l.geoms)) m.primitives.push_back(seen(part));
    }
    for (Geom g : l.geoms) {
      const Pose p = mjcf::compose(pose, {g.pos, g.quat});
      g.pos = p.pos;
      g.quat = p.quat;
      m.geoms.push_back(std::move(g));
    }
  }

  void check_mass(const Made& m) {
    if (!m.free && m.joint < 0) return;
    if (m.has_mass() || std::any_of(m.children.begin(), m.children.end(), [&](int c) { return made(c).joint < 0 && !made(c).free && made(c).has_mass(); })) return;
    const Link& l = link(m.link);
    r_.error(*l.element, "no-mass", "link '" + l.name + "' moves but has no mass", "give it <inertial>, or <collision> geometry to compute it from; or " + std::string(m.joint < 0 ? "let the base be fixed" : "make its joint fixed"));
  }

  // Mass, centre and moments of a body whose links write them. Moments of what moves are made positive.
  void weigh(const Made& m, Body& body) {
    if (m.written.empty()) return;               // from geometry, when compiled; or nothing
    std::vector<MassPart> parts = m.written;
    parts.insert(parts.end(), m.primitives.begin(), m.primitives.end());
    MassPart sum = shape::combine(parts);
    if (m.moves && *std::min_element(sum.inertia.begin(), sum.inertia.end()) < least_moment) {
      const double radius = std::cbrt(3 * sum.mass / (4 * std::numbers::pi * default_density)), ball = std::max(0.4 * sum.mass * radius * radius, least_moment);
      for (double& i : sum.inertia)
        if (i < least_moment) i = ball;
      r_.warning(*link(m.link).element, "zero-moment", "body '" + body.name + "' moves but has a principal moment of 0: it becomes " + shown(ball) + " kg m^2, that of a ball of its mass at 1000 kg/m^3");
    }
    balance(sum.inertia);                        // rounding of sums, and what the ball has changed
    body.has_inertial = true;
    body.inertial = {sum.pos, sum.quat, sum.mass, sum.inertia};
  }

  void emit() {
    Scene& s = r_.scene;
    std::vector<int> order, index(made_.size(), 0), waiting{0};
    while (!waiting.empty()) {
      const int m = waiting.back();
      waiting.pop_back();
      index[static_cast<std::size_t>(m)] = static_cast<int>(order.size());
      order.push_back(m);
      waiting.insert(waiting.end(), made(m).children.rbegin(), made(m).children.rend());
    }
    first_joint_.assign(r_.joints.size(), -1);
    for (int at : order) {
      Made& m = made(at);
      Body body;
      body.name = at == 0 ? "world" : link(m.link).name;
      body.parent = at == 0 ? 0 : index[static_cast<std::size_t>(m.parent)];
      body.place = at == 0 ? robot_.place() : link(m.link).element->place();
      body.pos = m.pose.pos;
      body.quat = m.pose.quat;
      if (at != 0) weigh(m, body);
      const int b = static_cast<int>(s.bodies.size());
      s.bodies.push_back(body);
      if (m.free || m.joint >= 0) emit_joints(m, b);
      for (Geom& g : m.geoms) {
        g.body = b;
        s.geoms.push_back(std::move(g));
      }
      for (Site& frame : m.frames) {
        frame.body = b;
        s.sites.push_back(std::move(frame));
      }
      // MJCF's filter does not count a parent that stands still
      if (m.joint >= 0 && m.parent != 0 && !made(m.parent).moves)
        s.excludes.push_back({"", body.parent, b, joint(m.joint).element->place(), "one holds the other by joint '" + joint(m.joint).name + "'"});
    }
    for (Link& l : r_.links) l.body = index[static_cast<std::size_t>(l.body)];
  }

  void emit_joints(const Made& m, int body) {
    Scene& s = r_.scene;
    Joint out;
    out.body = body;
    if (m.joint < 0) {
      out.name = link(m.link).name + "_free_joint";
      out.type = JointType::free;
      out.place = link(m.link).element->place();
      s.joints.push_back(out);
      return;
    }
    const UrdfJoint& j = joint(m.joint);
    first_joint_[static_cast<std::size_t>(m.joint)] = static_cast<int>(s.joints.size());
    out.name = j.name;
    out.place = j.element->place();
    out.damping = j.damping;
    out.frictionloss = j.friction;
    if (m.free || j.kind == Kind::spherical) {
      out.type = m.free ? JointType::free : JointType::ball;
      s.joints.push_back(out);
      return;
    }
    out.axis = j.axis;
    out.limited = j.limited;
    if (j.limited) out.range = j.range;
    out.actuatorfrclimited = j.effort > 0;
    if (j.effort > 0) out.actuatorfrcrange = {-j.effort, j.effort};
    if (j.kind != Kind::planar) {
      out.type = j.kind == Kind::prismatic ? JointType::slide : JointType::hinge;
      s.joints.push_back(out);
      return;
    }
    // the shortest turn from z to the normal takes x and y along
    const shape::Vec z{0, 0, 1}, c = shape::cross(z, j.axis);
    const shape::Rot turn = 1 + j.axis[2] < 1e-9 ? shape::Rot{0, 1, 0, 0} : shape::unit({1 + j.axis[2], c[0], c[1], c[2]});
    out.type = JointType::slide;
    out.name = j.name + "_TX";
    out.axis = shape::rotate(turn, {1, 0, 0});
    s.joints.push_back(out);
    out.name = j.name + "_TY";
    out.axis = shape::rotate(turn, {0, 1, 0});
    s.joints.push_back(out);
    out.type = JointType::hinge;
    out.name = j.name + "_RZ";
    out.axis = j.axis;
    s.joints.push_back(out);
    r_.note(*j.element, "planar-joint", "planar joint '" + j.name + "' is two slides and a hinge: " + j.name + "_TX, _TY, _RZ");
  }

  // Mimicking and locked joints. MJCF: y - y0 = polynomial of (x - x0); all joints of a URDF start at 0, so y0 = x0 = 0.
  void couple() {
    find_circles();
    for (std::size_t k = 0; k < r_.joints.size(); ++k) {
      const UrdfJoint& j = r_.joints[k];
      Equality e;
      e.type = EqualityType::joint;
      e.name = j.name;
      e.object1 = first_joint_[k];
      e.place = j.element->place();
      if (j.mimic) {
        e.object2 = target(j);
        e.polycoef = {j.offset, j.multiplier, 0, 0, 0};
        e.place = j.mimic->place();
        if (j.locked) r_.findings.idle_at("equal limits of a joint that mimics another", *j.mimic);
        if (j.offset != 0) r_.warning(*j.mimic, "mimic-offset", "joint '" + j.name + "' starts at 0, where it breaks its offset: it is drawn there by the first steps", "start from a pose that fits");
        if (e.object2 >= 0) r_.scene.equalities.push_back(e);
      } else if (j.locked) {
        e.polycoef = {j.range[0], 0, 0, 0, 0};
        r_.scene.equalities.push_back(e);
      }
    }
  }

  // Joints that mimic each other in a circle. Every joint is passed once: a walk ends where an earlier one has been.
  void find_circles() {
    in_circle_.assign(r_.joints.size(), false);
    std::vector<int> walk(r_.joints.size(), -1);         // that passed it
    for (std::size_t start = 0; start < r_.joints.size(); ++start) {
      std::size_t at = start;
      const auto next = [&](std::size_t k) {
        const auto found = r_.joints[k].mimic ? r_.joint_names.find(r_.joints[k].mimicked) : r_.joint_names.end();
        return found == r_.joint_names.end() ? r_.joints.size() : static_cast<std::size_t>(found->second);
      };
      for (; at < r_.joints.size() && walk[at] < 0; at = next(at)) walk[at] = static_cast<int>(start);
      if (at == r_.joints.size() || walk[at] != static_cast<int>(start)) continue;
      for (; !in_circle_[at]; at = next(at)) in_circle_[at] = true;
    }
  }

  // The scene's joint that another mimics; -1: an error was added.
  int target(const UrdfJoint& j) {
    Attributes a(*j.mimic, r_.findings);
    const int found = r_.find(a, "joint", r_.joint_names, "joint");
    if (found < 0) return -1;
    const Kind kind = joint(found).kind;
    if (kind != Kind::revolute && kind != Kind::continuous && kind != Kind::prismatic) {
      a.error("joint", "bad-mimic", "joint '" + j.name + "' can only mimic a revolute, continuous or prismatic joint");
      return -1;
    }
    if (in_circle_[static_cast<std::size_t>(&j - r_.joints.data())]) {
      a.error("joint", "mimic-cycle", "joint '" + j.name + "' mimics itself" + (&joint(found) == &j ? "" : ", through others"));
      return -1;
    }
    return first_joint_[static_cast<std::size_t>(found)];
  }

  void drive() {
    Scene& s = r_.scene;
    const bool servos = r_.options.actuators == UrdfActuators::position;
    std::set<int> led;
    for (const Equality& e : s.equalities) led.insert(e.object1);
    for (std::size_t k = 0; k < s.joints.size(); ++k) {
      const Joint& j = s.joints[k];
      if ((j.type != JointType::hinge && j.type != JointType::slide) || led.count(static_cast<int>(k))) continue;
      Actuator motor;
      motor.name = j.name;
      motor.target = static_cast<int>(k);
      if (servos) {
        motor.gainprm = {r_.options.stiffness, 0, 0};
        motor.bias = Bias::affine;
        motor.biasprm = {0, -r_.options.stiffness, -r_.options.damping};
        motor.ctrllimited = j.limited;
        motor.ctrlrange = j.range;
        motor.forcelimited = j.actuatorfrclimited;
        motor.forcerange = j.actuatorfrcrange;
      } else {
        motor.ctrllimited = j.actuatorfrclimited;
        motor.ctrlrange = j.actuatorfrcrange;
      }
      motor.place = j.place;
      s.actuators.push_back(motor);
    }
    r_.note(robot_, "motors", std::to_string(s.actuators.size()) + (servos ? " servos" : " motors") + " were made, as asked: one per moving joint that follows no other");
  }

  Reader& r_;
  const xml::Element& robot_;
  std::vector<Made> made_;
  std::vector<bool> in_circle_;                  // of joints that mimic
  std::vector<int> first_joint_;                 // of the scene, for every joint of the file; -1: none
};

}  // namespace

void build(Reader& reader, const xml::Element& robot) { Builder(reader, robot).run(); }

}  // namespace nuri::scene::urdf
