// The meaning of URDF as read. Expected numbers come from MuJoCo 3.17.0, which read the same file (fusestatic, base fixed), or
// from closed forms; where the reader decides otherwise than MuJoCo, the test says so.
#include "engine/scene/urdf.h"
#include <doctest/doctest.h>
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <numbers>
#include <sstream>
#include "engine/core/paths.h"
#include "engine/shape/inertia.h"

using namespace nuri;
using namespace nuri::scene;
using shape::Vec;

namespace {

constexpr double pi = std::numbers::pi;
const std::string inputs = "tests/engine/scene/urdf/";

Scene sure(Result<Scene> scene) {
  if (!scene)
    for (const Diagnostic& d : scene.errors()) FAIL(to_string(d));
  return *scene;
}
std::string robot(const std::string& inside) { return "<robot name='r'>" + inside + "</robot>"; }
Scene read(const std::string& inside, const UrdfOptions& options = {}) { return sure(parse_urdf(robot(inside), "test.urdf", options)); }
UrdfOptions fixed_base() {
  UrdfOptions options;
  options.base = UrdfBase::fixed;
  return options;
}

std::string a_link(const std::string& name, const std::string& inside = "<inertial><mass value='1'/><inertia ixx='1' iyy='1' izz='1'/></inertial>") {
  return "<link name='" + name + "'>" + inside + "</link>";
}
std::string joint(const std::string& name, const std::string& type, const std::string& parent, const std::string& child, const std::string& inside = "") {
  return "<joint name='" + name + "' type='" + type + "'><parent link='" + parent + "'/><child link='" + child + "'/>" + inside + "</joint>";
}
std::string inertial(double mass, const std::string& moments) { return "<inertial><mass value='" + std::to_string(mass) + "'/><inertia " + moments + "/></inertial>"; }

template <class List> int named(const List& list, const std::string& name) {
  for (std::size_t i = 0; i < list.size(); ++i)
    if (list[i].name == name) return static_cast<int>(i);
  FAIL("nothing is named " << name);
  return -1;
}
const Body& body(const Scene& s, const std::string& name) { return s.bodies[static_cast<std::size_t>(named(s.bodies, name))]; }
int reported(const Scene& s, const std::string& code) {
  return static_cast<int>(std::count_if(s.report.begin(), s.report.end(), [&](const Diagnostic& d) { return d.code == code; }));
}
template <std::size_t n> void check_equal(const std::array<double, n>& a, const std::array<double, n>& b, double tolerance = 1e-15) {
  for (std::size_t i = 0; i < n; ++i) CHECK(std::abs(a[i] - b[i]) <= tolerance);
}

// World poses of all bodies; one position per hinge and slide.
struct Pose { Vec pos{0, 0, 0}; shape::Rot quat{1, 0, 0, 0}; };
std::vector<Pose> forward(const Scene& s, const std::vector<double>& position) {
  std::vector<Pose> out(s.bodies.size());
  for (std::size_t b = 1; b < s.bodies.size(); ++b) {
    const Pose& parent = out[static_cast<std::size_t>(s.bodies[b].parent)];
    Pose& p = out[b];
    p.pos = shape::add(parent.pos, shape::rotate(parent.quat, s.bodies[b].pos));
    p.quat = shape::mul(parent.quat, s.bodies[b].quat);
    for (std::size_t j = 0; j < s.joints.size(); ++j) {
      if (s.joints[j].body != static_cast<int>(b)) continue;
      const Vec axis = s.joints[j].axis;
      const double q = position[j];
      if (s.joints[j].type == JointType::slide) p.pos = shape::add(p.pos, shape::rotate(p.quat, shape::scale(axis, q)));
      else p.quat = shape::mul(p.quat, {std::cos(q / 2), std::sin(q / 2) * axis[0], std::sin(q / 2) * axis[1], std::sin(q / 2) * axis[2]});
    }
  }
  return out;
}

struct Folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("nuri_urdf_test_" + std::to_string(reinterpret_cast<std::uintptr_t>(this)));
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((path / name).parent_path());
    std::ofstream(path / name) << text;
    return (path / name).string();
  }
};

}  // namespace

TEST_CASE("urdf: masses, frames and poses are MuJoCo's") {
  // mass, centre, xx yy zz xy xz yz about it in the body's frame; pose in the world at the positions below
  struct Row { const char* name; double mass; Vec centre; std::array<double, 6> inertia; Vec pos; shape::Mat axes; };
  const Row rows[] = {
      {"base", 4, {0.01, -0.02, 0.05}, {0.0467525326978123, 0.0612727390077486, 0.0419747282944394, 0.00106497556596428, -0.0049162011268692, 0.00163827843855578}, {0, 0, 0}, {1, 0, 0, 0, 1, 0, 0, 0, 1}},
      {"upper", 1.8, {0.173952699405638, 0.0164865231657344, -0.0158198443714772}, {0.0172168598716294, 0.0141947752082417, 0.0264874137882814, -0.00743432777221857, 0.00149606125787516, 0.00339036363004524}, {0, 0.05, 0.2}, {0.830962085166946, -0.398862267155965, 0.387828447711362, 0.542674861046767, 0.734639628739458, -0.407196035188733, -0.122499013068977, 0.54882921544389, 0.826910203149273}},
      {"slider", 0.8, {0, 0, 0}, {0.002, 0.003, 0.004, 0, 0, 0}, {0.4859753126071, 0.204584948079227, 0.337472851770778}, {0.638831831411651, 0.462566351576602, 0.614757075245457, 0.420484911705002, 0.459231896019319, -0.7824950509153, -0.644271938084899, 0.758378820951385, 0.0988697816762735}},
      {"left", 0.05, {0, 0, 0}, {1e-5, 2e-5, 1.5e-5, 0, 0, 0}, {0.512628939782631, 0.226771603193907, 0.347338777637622}, {0.768534903479419, 0.177278990773109, 0.614757075245457, 0.566125574421326, 0.259236049343422, -0.7824950509153, -0.298087128403766, 0.949404460781222, 0.0988697816762735}},
      {"right", 0.05, {0, 0, 0}, {1e-5, 2e-5, 1.5e-5, 0, 0, 0}, {0.484874958688035, 0.199217689432748, 0.301836048380539}, {-0.00197001474640435, -0.788714053049362, 0.614757075245457, 0.123831496123462, -0.610219022860552, -0.7824950509153, 0.992301304851366, 0.0745847615908369, 0.0988697816762735}},
      {"puck", 0.2, {0, 0, 0.01}, {1e-4, 1e-4, 2e-4, 0, 0, 0}, {0.61, -0.0599132367547362, 0.0361995036094547}, {0.267498828624587, -0.770846548333754, 0.578134911250316, 0.824712709855204, 0.493443981235321, 0.276336721385201, -0.498290400156133, 0.402875460042646, 0.767722632731163}}};
  constexpr double printed = 1e-14;                     // 15 digits were recorded, of numbers below 1
  const Scene s = sure(read_urdf(inputs + "arm.urdf", fixed_base()));
  REQUIRE(s.bodies.size() == 7);                        // the world, and the links without bracket and camera
  const std::vector<Pose> poses = forward(s, {0.7, 0.2, 0.4, -0.9, 0.11, -0.07, 1.3});
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const std::size_t b = static_cast<std::size_t>(named(s.bodies, row.name));
    REQUIRE(s.bodies[b].has_inertial);
    CHECK(s.bodies[b].inertial.mass == doctest::Approx(row.mass).epsilon(1e-15));
    check_equal(s.bodies[b].inertial.pos, row.centre, printed);
    check_equal(shape::rotate_diagonal(s.bodies[b].inertial.quat, s.bodies[b].inertial.diaginertia), row.inertia, printed);
    check_equal(poses[b].pos, row.pos, printed);
    check_equal(shape::matrix(poses[b].quat), row.axes, 4 * printed);
  }

  // joints, in the order of bodies
  const char* names[] = {"shoulder", "extension", "left_finger", "right_finger", "table_TX", "table_TY", "table_RZ"};
  REQUIRE(s.joints.size() == 7);
  for (std::size_t j = 0; j < 7; ++j) CHECK(s.joints[j].name == names[j]);
  const Joint& shoulder = s.joints[0];
  check_equal(shoulder.axis, {1.0 / 3, 2.0 / 3, -2.0 / 3});
  CHECK(shoulder.range == Array2{-1.5, 2});
  CHECK(shoulder.actuatorfrcrange == Array2{-40, 40});
  CHECK(shoulder.damping == 0.7);
  CHECK(shoulder.frictionloss == 0.2);
  CHECK(s.joints[1].type == JointType::slide);
  CHECK_FALSE(s.joints[3].limited);
  check_equal(s.joints[4].axis, {1, 0, 0});
  check_equal(s.joints[5].axis, {0, 0.8, -0.6});
  check_equal(s.joints[6].axis, {0, 0.6, 0.8});
}

TEST_CASE("urdf: fixed links are merged and stay as frames, geometry moves along") {
  const Scene s = sure(read_urdf(inputs + "arm.urdf", fixed_base()));
  REQUIRE(s.sites.size() == 2);
  const Site &bracket = s.sites[0], &camera = s.sites[1];
  CHECK(bracket.name == "bracket");
  CHECK(camera.name == "camera");
  CHECK(bracket.body == named(s.bodies, "upper"));
  check_equal(bracket.pos, {0.3, 0.02, 0.01});
  // fixed axes: R = Rz(0.1) Ry(0.6) Rx(-0.2)
  const double c1 = std::cos(-0.2), s1 = std::sin(-0.2), c2 = std::cos(0.6), s2 = std::sin(0.6), c3 = std::cos(0.1), s3 = std::sin(0.1);
  const shape::Mat turn{c3 * c2, c3 * s2 * s1 - s3 * c1, c3 * s2 * c1 + s3 * s1, s3 * c2, s3 * s2 * s1 + c3 * c1, s3 * s2 * c1 - c3 * s1, -s2, c2 * s1, c2 * c1};
  check_equal(shape::matrix(bracket.quat), turn);
  check_equal(camera.pos, shape::add(bracket.pos, shape::mul(turn, Vec{0, 0, 0.04})));
  // its box came along
  const auto box = std::find_if(s.geoms.begin(), s.geoms.end(), [](const Geom& g) { return g.type == GeomType::box; });
  REQUIRE(box != s.geoms.end());
  CHECK(box->body == bracket.body);
  check_equal(box->size, {0.03, 0.04, 0.01});
  check_equal(shape::matrix(box->quat), turn);
  CHECK(reported(s, "merged-link") == 2);
}

TEST_CASE("urdf: shapes, visual and solid") {
  const Scene s = sure(read_urdf(inputs + "arm.urdf"));
  REQUIRE(s.geoms.size() == 5);
  const Geom& seen = s.geoms[0];
  CHECK(seen.visual_only);
  CHECK(seen.contype == 0);
  CHECK(seen.conaffinity == 0);
  CHECK(seen.group == 1);
  CHECK(seen.mass == 0);
  CHECK(seen.material == "steel");
  CHECK(seen.rgba[2] == 0.7f);
  const Geom& solid = s.geoms[1];
  CHECK_FALSE(solid.visual_only);
  CHECK(solid.type == GeomType::cylinder);
  CHECK(solid.contype == 1);
  check_equal(solid.size, {0.1, 0.1, 0});
  CHECK(s.geoms[2].name == "shell");
  CHECK(s.geoms[2].type == GeomType::capsule);
  check_equal(s.geoms[2].size, {0.04, 0.125, 0});
  check_equal(shape::rotate(s.geoms[2].quat, {0, 0, 1}), {1, 0, 0});
}

TEST_CASE("urdf: what the base stands on") {
  const std::string a = a_link("a"), b = a_link("b"), world = "<link name='world'/>";
  SUBCASE("a root floats unless told otherwise") {
    const Scene s = read(a);
    REQUIRE(s.joints.size() == 1);
    CHECK(s.joints[0].type == JointType::free);
    CHECK(s.joints[0].name == "a_free_joint");
    CHECK(reported(s, "base") == 1);
    CHECK(read(a, fixed_base()).joints.empty());
  }
  SUBCASE("link world is the world") {
    const Scene s = read(world + a + b + joint("j", "fixed", "world", "a", "<origin xyz='0 0 1'/>") + joint("k", "continuous", "a", "b"));
    CHECK(s.bodies.size() == 3);
    CHECK(body(s, "a").parent == 0);
    CHECK(body(s, "a").pos[2] == 1);
    CHECK(s.joints.size() == 1);
    UrdfOptions options;
    options.base = UrdfBase::floating;
    const Scene f = read(world + a + joint("j", "fixed", "world", "a"), options);
    REQUIRE(f.joints.size() == 1);
    CHECK(f.joints[0].type == JointType::free);
    CHECK(f.joints[0].name == "j");
  }
  SUBCASE("what holds a floating joint stands still, and the floating body hangs on the world") {
    const std::string text = a + b + a_link("c") + joint("j", "floating", "a", "b", "<origin xyz='1 0 0'/>") + joint("k", "continuous", "a", "c");
    const Scene s = read(text);
    REQUIRE(s.bodies.size() == 4);
    CHECK(body(s, "b").parent == 0);
    CHECK(body(s, "b").pos[0] == 1);
    CHECK(s.bodies[2].name == "c");                      // depth first
    CHECK(s.joints[1].type == JointType::free);
    CHECK(read(text, fixed_base()).joints.size() == 1);
  }
  SUBCASE("mass 0 stands still, as in Bullet") {
    const std::string plane = a_link("plane", "<inertial><mass value='0'/><inertia ixx='0' iyy='0' izz='0'/></inertial><collision><geometry><box size='9 9 1'/></geometry></collision>");
    CHECK(read(plane).joints.empty());
  }
}

TEST_CASE("urdf: mass that is not written comes from collision geometry") {
  const std::string ball = "<collision><origin xyz='0.1 0 0'/><geometry><sphere radius='0.1'/></geometry></collision>";
  SUBCASE("left to the compiler where nothing is written") {
    const Scene s = read(a_link("a", ball));
    CHECK_FALSE(body(s, "a").has_inertial);
    CHECK(s.geoms[0].density == 1000);
    CHECK(reported(s, "mass-from-geometry") == 1);
  }
  SUBCASE("added to what a link it is fixed to writes") {
    const Scene s = read(a_link("a") + a_link("b", ball) + joint("j", "fixed", "a", "b"));
    const double ball_mass = 4000 * pi * 1e-3 / 3;
    CHECK(body(s, "a").inertial.mass == doctest::Approx(1 + ball_mass).epsilon(1e-14));
    CHECK(body(s, "a").inertial.pos[0] == doctest::Approx(0.1 * ball_mass / (1 + ball_mass)).epsilon(1e-14));
  }
  SUBCASE("a mass without moments is spread over the geometry") {
    const Scene s = read(a_link("a", "<inertial><mass value='2'/><inertia ixx='0' iyy='0' izz='0'/></inertial>" + ball));
    check_equal(body(s, "a").inertial.diaginertia, {0.008, 0.008, 0.008});    // 2/5 m r^2
    CHECK(body(s, "a").inertial.pos[0] == 0.1);
    CHECK(reported(s, "missing-inertia") == 1);
  }
  SUBCASE("a point that moves gets the moments of a ball") {
    const Scene s = read(a_link("a", inertial(1, "ixx='0' iyy='0' izz='0'")));
    CHECK(body(s, "a").inertial.diaginertia[0] == doctest::Approx(0.4 * std::pow(3 / (4000 * pi), 2.0 / 3)).epsilon(1e-14));
    CHECK(reported(s, "zero-moment") == 1);
  }
  SUBCASE("links without mass may be fixed to others") {
    const Scene s = read(a_link("a", "") + a_link("b") + joint("j", "fixed", "a", "b"));
    CHECK(s.bodies.size() == 2);
    CHECK(body(s, "a").inertial.mass == 1);
  }
}

TEST_CASE("urdf: moments that no body has") {
  // A + B < C: the negative second moment (A + B - C) / 2 = -0.5 becomes 0. MuJoCo's balanceinertia has 5/3 three times.
  const Scene s = read(a_link("a", inertial(1, "ixx='1' iyy='1' izz='3'")));
  Array3 moments = body(s, "a").inertial.diaginertia;
  std::sort(moments.begin(), moments.end());
  check_equal(moments, {1.5, 1.5, 3});
  CHECK(reported(s, "balanced-inertia") == 1);
  // a plate, whose A + B = C lost its last bit, is no finding
  const Scene plate = read(a_link("a", inertial(1, "ixx='0.1' iyy='0.2' izz='0.30000000000000010'")));
  CHECK(reported(plate, "balanced-inertia") == 0);
  moments = body(plate, "a").inertial.diaginertia;
  CHECK(moments[1] + moments[2] >= moments[0]);
  // a tensor in g mm^2 instead of kg m^2
  const std::string cube = "<collision><geometry><box size='0.1 0.1 0.1'/></geometry></collision>";
  CHECK(reported(read(a_link("a", inertial(1, "ixx='1666' iyy='1666' izz='1666'") + cube)), "suspicious-inertia") == 1);
  CHECK(reported(read(a_link("a", inertial(1, "ixx='0.0016' iyy='0.0016' izz='0.0016'") + cube)), "suspicious-inertia") == 0);
}

TEST_CASE("urdf: coupled and locked joints are equalities") {
  const Scene s = sure(read_urdf(inputs + "arm.urdf"));
  REQUIRE(s.equalities.size() == 1);
  const Equality& e = s.equalities[0];
  CHECK(e.type == EqualityType::joint);
  CHECK(s.joints[static_cast<std::size_t>(e.object1)].name == "right_finger");     // MJCF: joint1 = polynomial of joint2
  CHECK(s.joints[static_cast<std::size_t>(e.object2)].name == "left_finger");
  CHECK(e.polycoef == Array5{0.25, -2, 0, 0, 0});
  CHECK(reported(s, "mimic-offset") == 1);
  const Scene locked = read(a_link("a") + a_link("b") + joint("j", "revolute", "a", "b", "<limit lower='0.5' upper='0.5' effort='1' velocity='1'/>"));
  REQUIRE(locked.equalities.size() == 1);
  CHECK(locked.equalities[0].object2 == -1);
  CHECK(locked.equalities[0].polycoef == Array5{0.5, 0, 0, 0, 0});
  CHECK_FALSE(locked.joints[1].limited);
}

TEST_CASE("urdf: motors only when asked for, none for joints that follow") {
  UrdfOptions options;
  options.actuators = UrdfActuators::motor;
  const Scene s = sure(read_urdf(inputs + "arm.urdf", options));
  CHECK(sure(read_urdf(inputs + "arm.urdf")).actuators.empty());
  REQUIRE(s.actuators.size() == 6);                      // shoulder, extension, left finger, three of the planar joint
  CHECK(s.actuators[0].name == "shoulder");
  CHECK(s.actuators[0].ctrllimited);
  CHECK(s.actuators[0].ctrlrange == Array2{-40, 40});
  CHECK_FALSE(s.actuators[3].ctrllimited);
}

TEST_CASE("urdf: a base that stands still does not touch its children") {
  const Scene s = sure(read_urdf(inputs + "arm.urdf", fixed_base()));
  REQUIRE(s.excludes.size() == 2);                       // upper, puck; MJCF's own filter leaves a still parent out
  CHECK(s.excludes[0].body1 == named(s.bodies, "base"));
  CHECK(s.excludes[0].body2 == named(s.bodies, "upper"));
  CHECK(sure(read_urdf(inputs + "arm.urdf")).excludes.empty());
}

TEST_CASE("urdf: disabled collisions come from the SRDF beside the file, and from the caller") {
  Folder folder;
  const std::string ball = "<inertial><mass value='1'/><inertia ixx='1' iyy='1' izz='1'/></inertial><collision><geometry><sphere radius='0.1'/></geometry></collision>";
  const std::string path = folder.write("r.urdf", robot(a_link("a", ball) + a_link("b", ball) + a_link("c", ball) + a_link("d", ball) + joint("j", "continuous", "a", "b") +
                                                        joint("k", "continuous", "b", "c") + joint("l", "fixed", "c", "d")));
  CHECK(sure(read_urdf(path)).excludes.empty());
  folder.write("r.srdf", "<robot name='r'><group name='g'/>\n<disable_collisions link1='a' link2='c' reason='Never'/>\n<disable_collisions link1='c' link2='d'/>\n"
                         "<disable_collisions link1='a' link2='dd'/></robot>");
  Scene s = sure(read_urdf(path));
  REQUIRE(s.excludes.size() == 1);
  CHECK(s.excludes[0].body1 == named(s.bodies, "a"));
  CHECK(s.excludes[0].body2 == named(s.bodies, "c"));
  CHECK(s.excludes[0].place.line == 2);
  CHECK(reported(s, "partly-disabled") == 1);            // d, in c's body, was not disabled
  CHECK(reported(s, "unknown-name") == 1);
  UrdfOptions options;
  options.disabled_collisions = {{"a", "d"}};
  s = sure(read_urdf(path, options));
  CHECK(s.excludes.size() == 1);
  CHECK(reported(s, "partly-disabled") == 0);
  folder.write("r.srdf", "<robot name='r'><disable_colisions link1='a' link2='c'/></robot>");
  const Result<Scene> wrong = read_urdf(path);
  REQUIRE_FALSE(wrong);
  CHECK(wrong.errors()[0].code == "unknown-element");
}

TEST_CASE("urdf: disabled collisions of a robot that is refused") {
  UrdfOptions options;
  options.disabled_collisions = {{"a", "b"}};
  const Result<Scene> scene = parse_urdf(robot(a_link("a") + a_link("b")), "test.urdf", options);
  REQUIRE_FALSE(scene);
  CHECK(scene.errors()[0].code == "two-roots");
}

TEST_CASE("urdf: meshes are one per file and scale, and stay bodies of their own beside written masses") {
  Folder folder;
  folder.write("r/meshes/part.stl", "x");
  folder.write("r/other/part.stl", "y");
  const auto mesh = [](const std::string& part, const std::string& file, const std::string& scale = "1 1 1") {
    return "<" + part + "><geometry><mesh filename='" + file + "' scale='" + scale + "'/></geometry></" + part + ">";
  };
  const std::string path = folder.write("r/r.urdf", robot(
      a_link("a", "<inertial><mass value='1'/><inertia ixx='1' iyy='1' izz='1'/></inertial>" + mesh("visual", "meshes/part.stl") + mesh("collision", "./meshes/../meshes/part.stl")) +
      a_link("b", mesh("visual", "meshes/part.stl", "1 -1 1") + mesh("collision", "other/part.stl")) + a_link("c") + joint("j", "fixed", "a", "b") + joint("k", "continuous", "b", "c")));
  const Scene s = sure(read_urdf(path));
  REQUIRE(s.meshes.size() == 3);
  CHECK(s.meshes[0].name == "part");
  CHECK(s.meshes[1].name == "part_2");
  CHECK(s.meshes[1].scale == Array3{1, -1, 1});
  CHECK(std::filesystem::equivalent(s.meshes[2].file, folder.path / "r/other/part.stl"));
  CHECK(s.geoms[0].mesh == s.geoms[1].mesh);
  REQUIRE(s.bodies.size() == 4);                         // b weighs what its mesh weighs, which nobody knows yet
  CHECK(body(s, "b").parent == 1);
  CHECK_FALSE(body(s, "b").has_inertial);
  CHECK(reported(s, "kept-link") == 1);
  CHECK(s.sites.empty());
}

TEST_CASE("urdf: materials may be defined anywhere, and textures may be missing") {
  const auto ball = [](const std::string& material) { return "<visual><geometry><sphere radius='1'/></geometry>" + material + "</visual>"; };
  const std::string mass = "<inertial><mass value='1'/><inertia ixx='1' iyy='1' izz='1'/></inertial>";
  const Scene s = read(a_link("a", mass + ball("<material name='red'/>") + ball("<material name='blue'/>") + ball("<material name='red'><color rgba='0 1 0 1'/></material>") +
                            ball("<material name=''><color rgba='1 1 0 0.5'/></material>") + ball("<material name='paper'><texture filename='none.png'/></material>") + ball("<material name='bleu'/>")) +
                       a_link("b", ball("<material name='blue'><color rgba='0 0 1 1'/></material>")) + joint("j", "fixed", "a", "b") + "<material name='red'><color rgba='1 0 0 1'/></material>");
  REQUIRE(s.geoms.size() == 7);
  CHECK(s.geoms[0].rgba == std::array<float, 4>{1, 0, 0, 1});
  CHECK(s.geoms[0].material == "red");
  CHECK(s.geoms[1].rgba == std::array<float, 4>{0, 0, 1, 1});
  CHECK(s.geoms[2].rgba == std::array<float, 4>{0, 1, 0, 1});
  CHECK(s.geoms[2].material.empty());
  CHECK(s.geoms[3].rgba == std::array<float, 4>{1, 1, 0, 0.5f});
  CHECK(s.geoms[4].material == "paper");
  CHECK(s.geoms[5].material.empty());
  CHECK(reported(s, "unknown-name") == 1);
  CHECK(reported(s, "outside-folder") == 1);             // a text has no folder
}

TEST_CASE("urdf: a visual sphere of radius 0 is nothing to see, a solid one is an error") {
  const std::string mass = "<inertial><mass value='1'/><inertia ixx='1' iyy='1' izz='1'/></inertial>", point = "<geometry><sphere radius='0.0'/></geometry>";
  CHECK(read(a_link("a", mass + "<visual>" + point + "</visual>")).geoms.empty());
  CHECK_FALSE(parse_urdf(robot(a_link("a", mass + "<collision>" + point + "</collision>")), "test.urdf", {}));
}

TEST_CASE("urdf: a zero byte at the end ends a text that was written from C") {
  CHECK(parse_urdf(robot(a_link("a")) + "\r\n" + std::string(1, '\0'), "test.urdf", {}));
}

TEST_CASE("urdf: what other programs add is ignored, with one note per name") {
  const Scene s = read(a_link("a") + "<gazebo/><gazebo reference='a'><mu1>0.2</mu1></gazebo><transmission name='t'><type>x</type></transmission><drake:acceleration xmlns:drake='x'/>" +
                       a_link("b", "<inertial><mass value='1'/><inertia ixx='1' iyy='1' izz='1'/></inertial><contact><lateral_friction value='1'/></contact>") +
                       joint("j", "revolute", "a", "b", "<limit lower='-1' upper='1' effort='0' velocity='2'/><safety_controller k_velocity='1'/><calibration rising='0'/>"));
  int ignored = 0;
  for (const Diagnostic& d : s.report) {
    ignored += d.code == "no-effect";
    if (d.message.find("<gazebo>") == 0) CHECK(d.message.find("2 times") != std::string::npos);
  }
  CHECK(ignored == 8);                                   // gazebo, transmission, drake, contact, safety, calibration, velocity, effort 0
  CHECK(reported(s, "stray-text") == 0);
  CHECK_FALSE(s.joints[1].actuatorfrclimited);
}

TEST_CASE("urdf: bad files are refused with a code and a line") {
  const std::filesystem::path folder = "tests/bad/urdf";
  std::ifstream table(folder / "expected.txt");
  REQUIRE(table);
  std::size_t listed = 0;
  for (std::string line; std::getline(table, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    std::string file, code;
    int at = 0;
    words >> file >> code >> at;
    CAPTURE(file);
    ++listed;
    const Result<Scene> scene = read_urdf((folder / file).string());
    CHECK_FALSE(scene);
    if (scene) continue;
    CHECK(scene.errors()[0].code == code);
    CHECK(scene.errors()[0].place.line == at);
  }
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) files += entry.path().extension() == ".urdf";
  CHECK(files == listed);
}

TEST_CASE("urdf: a file cut anywhere is an error, never a crash") {
  std::ifstream stream(inputs + "arm.urdf");
  const std::string text((std::istreambuf_iterator<char>(stream)), {});
  REQUIRE(parse_urdf(text, "arm.urdf"));
  const std::size_t whole = text.rfind('>') + 1;
  for (std::size_t n = 0; n < whole; ++n) CHECK_FALSE(parse_urdf(text.substr(0, n), "arm.urdf"));
}

TEST_CASE("urdf: findings name both places") {
  const Result<Scene> scene = parse_urdf(robot("\n" + a_link("a") + "\n" + a_link("b") + "\n" + a_link("c") + "\n" + joint("j", "fixed", "a", "c") + "\n" + joint("k", "fixed", "b", "c")), "test.urdf");
  REQUIRE_FALSE(scene);
  REQUIRE(scene.errors().size() == 1);
  CHECK(scene.errors()[0].place.line == 6);
  CHECK(scene.errors()[0].hint.find("test.urdf:5") != std::string::npos);
  const Result<Scene> misspelt = parse_urdf(robot(a_link("a", "<colision/>")), "test.urdf");
  REQUIRE_FALSE(misspelt);
  CHECK(misspelt.errors()[0].hint == "did you mean 'collision'?");
}

TEST_CASE("urdf: long chains and many links need no deep stack") {
  std::string text;
  constexpr int links = 20000;
  for (int i = 0; i < links; ++i) {
    text += a_link("l" + std::to_string(i));
    if (i > 0) text += joint("j" + std::to_string(i), "continuous", "l" + std::to_string(i - 1), "l" + std::to_string(i));
  }
  const Scene s = read(text);
  CHECK(s.bodies.size() == links + 1);
  CHECK(s.bodies.back().parent == links - 1);
}

TEST_CASE("urdf: a missing package is told once, with the number of its meshes") {
  UrdfOptions options;
  options.paths.environment = false;
  const Result<Scene> scene = read_urdf("tests/bad/urdf/package_missing_thrice.urdf", options);
  REQUIRE_FALSE(scene);
  REQUIRE(scene.errors().size() == 1);
  const Diagnostic& d = scene.errors()[0];
  CHECK(d.message == "no package \"no_such_package\" was found for 3 meshes, of which this is the first");
  CHECK(d.hint.find("--package no_such_package=FOLDER") != std::string::npos);
  CHECK(d.place.line == 3);
}
