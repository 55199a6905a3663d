// <replicate> and <attach>: names, counts, order and poses. Expected values are those of MuJoCo 3.17 for the same text.
#include "tests/engine/scene/said.h"
#include <doctest/doctest.h>
#include <cmath>
#include <filesystem>
#include <fstream>

using namespace nuri;
using namespace nuri::scene;

namespace {

constexpr double pose_tolerance = 4e-16;   // two orders of the same products and sums

std::string complaint(const Result<Scene>& scene) {
  std::string all;
  if (!scene)
    for (const Diagnostic& d : scene.errors()) all += to_string(d) + "\n";
  return all;
}

Scene read(const std::string& inside) {
  Result<Scene> scene = read_mjcf_text("<mujoco>" + inside + "</mujoco>", "test.xml");
  REQUIRE_MESSAGE(scene, complaint(scene));
  return *scene;
}

template <class T> std::string names(const std::vector<T>& list) {
  std::string all;
  for (const T& item : list) all += (all.empty() ? "" : " ") + (item.name.empty() ? "-" : item.name);
  return all;
}

template <std::size_t n> void check_near(const std::array<double, n>& a, const std::array<double, n>& b) {
  for (std::size_t i = 0; i < n; ++i) CHECK(std::abs(a[i] - b[i]) <= pose_tolerance * std::max(1.0, std::abs(b[i])));
}

struct Folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("nuri_mjcf_expand_" + std::to_string(reinterpret_cast<std::uintptr_t>(this)));
  Folder() { std::filesystem::create_directories(path / "scenes" / "parts"); }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path / name) << text;
    return (path / name).string();
  }
};

const char* const robot =
    "<mujoco model='robot'><compiler angle='radian' boundmass='0.5'/><option timestep='0.005'/>\n"
    "<default><geom density='500' rgba='1 0 0 1'/><joint damping='3'/><motor gear='5'/><default class='arm'><joint damping='7'/><geom size='.3'/></default></default>\n"
    "<asset><texture name='tx' type='2d' builtin='flat' width='4' height='4'/><material name='ma' texture='tx'/><material name='unused'/><mesh name='me' vertex='0 0 0 1 0 0 0 1 0 0 0 1'/></asset>\n"
    "<worldbody><geom name='floor' type='plane' size='1 1 1' material='ma'/><light name='li'/><body name='base' pos='0 0 1'><freejoint name='root'/><geom name='gb' size='.1' material='ma'/><site name='sb'/>"
    "<body name='link' childclass='arm' euler='0.5 0 0'><joint name='hinge' range='-1 1'/><geom name='gl'/><geom name='gm' type='mesh' mesh='me' class='main'/><camera name='cam' target='base'/></body></body>"
    "<body name='other'><joint name='jo'/><geom name='gother' size='.1'/></body></worldbody>\n"
    "<contact><exclude name='ex' body1='base' body2='link'/></contact><tendon><fixed name='t'><joint joint='hinge' coef='2'/></fixed></tendon>\n"
    "<equality><joint name='eq' joint1='hinge' joint2='jo'/><joint name='eq1' joint1='hinge'/></equality>\n"
    "<actuator><motor name='m' joint='hinge'/><motor name='mo' joint='jo'/></actuator><sensor><jointpos name='sp' joint='hinge'/><jointpos name='so' joint='jo'/><clock name='ck'/></sensor>\n"
    "<keyframe><key name='home' qpos='1 2 3 1 0 0 0 0.25 0.75' ctrl='0.1 0.2' time='5'/></keyframe></mujoco>";

// A world that attaches robot.xml.
std::string world(const std::string& bodies, const std::string& more = "") {
  return "<mujoco model='world'><default><geom rgba='0 1 0 1' size='9'/><joint armature='2'/><motor gear='2'/></default><asset><model name='r' file='parts/robot.xml'/></asset>\n"
         "<worldbody><geom name='pf' type='plane' size='1 1 1'/><body name='pb'><joint name='pj' type='slide'/><geom name='pg' size='.1'/></body>" + bodies +
         "</worldbody><actuator><motor name='pm' joint='pj'/></actuator>" + more + "</mujoco>";
}

}  // namespace

TEST_CASE("mjcf: replicate copies with suffixes, poses, and what refers to its contents") {
  Scene s = read("<worldbody><body name='out'><geom name='go' size='.1'/><site name='so'/></body><geom name='first' size='.1'/>"
                 "<replicate count='2' sep='_' offset='1 0 0' euler='0 0 30'><body name='b' pos='0 1 0'><joint name='j'/><geom name='g' size='.1'/><site name='s'/><camera name='c' target='b'/></body>"
                 "<geom name='wg' size='.1'/></replicate><geom name='last' size='.1'/><body name='after'/></worldbody>"
                 "<contact><pair name='p1' geom1='g' geom2='go'/><exclude name='x1' body1='b' body2='out'/></contact>"
                 "<tendon><fixed name='t'><joint joint='j' coef='1'/></fixed></tendon><equality><connect name='e1' body1='b' body2='out' anchor='0 0 0'/><weld name='e2' body1='b'/></equality>"
                 "<actuator><motor name='m' joint='j'/><motor name='mt' tendon='t'/></actuator>"
                 "<sensor><framepos name='f0' objtype='site' objname='so'/><jointpos name='sj' joint='j'/><framepos name='f1' objtype='site' objname='s' reftype='site' refname='so'/>"
                 "<framepos name='f2' objtype='body' objname='out'/><actuatorfrc name='af' actuator='m'/></sensor><keyframe><key name='k' qpos='1 2'/></keyframe>");
  CHECK(names(s.bodies) == "world out b_0 b_1 after");
  CHECK(names(s.joints) == "j_0 j_1");
  CHECK(names(s.geoms) == "first wg_0 wg_1 last go g_0 g_1");
  CHECK(names(s.sites) == "so s_0 s_1");
  CHECK(names(s.pairs) == "p1_0 p1_1");
  CHECK(names(s.excludes) == "x1_0 x1_1");
  CHECK(names(s.tendons) == "t_0 t_1");
  CHECK(names(s.equalities) == "e2_0 e2_1");
  CHECK(names(s.actuators) == "m_0 mt_0 m_1 mt_1");
  CHECK(names(s.sensors) == "f0 f2 sj_0 f1_0 af_0 sj_1 f1_1 af_1");
  CHECK(s.cameras[1].target == "b_1");
  CHECK(s.keys[0].qpos.size() == 2);
  check_near(s.bodies[2].pos, {0, 1, 0});
  check_near(s.bodies[3].pos, {0.5, 0.8660254037844387, 0});
  check_near(s.bodies[3].quat, {0.9659258262890683, 0, 0, 0.25881904510252074});
  check_near(s.geoms[2].pos, {1, 0, 0});
  CHECK(s.actuators[3].target == 1);
  CHECK(s.sensors[6].object == 2);
  CHECK(s.sensors[6].reference == 0);
  // what joins inside and outside is left out by MuJoCo in silence, here with a warning
  std::string warnings;
  for (const Diagnostic& d : s.report) if (d.severity == Severity::warning) warnings += d.code + " " + d.element + "\n";
  CHECK(warnings == "left-out mujoco/equality/connect[e1]\n");
}

TEST_CASE("mjcf: nested replicates, inner suffix first") {
  Scene s = read("<worldbody><body name='h'><replicate count='2' offset='0 0 1' sep='-'><replicate count='10' euler='0 0 36'><body name='b' pos='1 0 0'><joint name='j'/><geom size='.1'/></body></replicate></replicate></body></worldbody>"
                 "<sensor><jointpos name='q' joint='j'/></sensor>");
  REQUIRE(s.bodies.size() == 22);
  CHECK(s.bodies[2].name == "b00-0");
  CHECK(s.bodies[11].name == "b09-0");
  CHECK(s.bodies[12].name == "b00-1");
  CHECK(s.sensors.front().name == "q00-0");
  CHECK(s.sensors.back().name == "q09-1");
  check_near(s.bodies[5].pos, {-0.30901699437494745, 0.95105651629515364, 0});
  check_near(s.bodies[13].pos, {0.80901699437494734, 0.58778525229247303, 1});
  check_near(s.bodies[5].quat, {0.58778525229247314, 0, 0, 0.80901699437494745});
}

TEST_CASE("mjcf: replicate with fixed axes, radians, frames and classes") {
  Scene fixed = read("<compiler eulerseq='XYZ' angle='radian'/><worldbody><replicate count='3' sep='x' offset='1 0 0' euler='0.1 0.2 0.3'><body name='b' pos='0 0 1'><geom size='1'/></body></replicate></worldbody>");
  check_near(fixed.bodies[3].pos, {2.3634647145515837, 0.34115973587484094, 0.7040317655803988});
  check_near(fixed.bodies[3].quat, {0.9374770966156204, 0.035055873238191954, 0.21776257154014744, 0.2692345473910746});
  Scene framed = read("<default><default class='k'><geom size='0.3'/></default></default><worldbody><body childclass='k'><replicate count='3' offset='1 0 0' euler='0 90 0'>"
                      "<frame pos='0 0 1' euler='0 0 45'><geom name='g'/></frame></replicate></body></worldbody>");
  CHECK(names(framed.geoms) == "g0 g1 g2");
  CHECK(framed.geoms[2].size[0] == 0.3);
  check_near(framed.geoms[2].pos, {1.0000000000000004, 0, -2});
  check_near(framed.geoms[1].quat, {0.6532814824381883, 0.27059805007309845, 0.6532814824381882, 0.2705980500730985});
}

TEST_CASE("mjcf: replicate counts") {
  CHECK(names(read("<worldbody><replicate count='0'><geom name='g' size='1'/></replicate></worldbody><sensor><framepos name='f' objtype='geom' objname='g'/></sensor>").sensors) == "");
  CHECK(names(read("<worldbody><replicate count='1'><geom name='g' size='1'/></replicate></worldbody>").geoms) == "g0");
  auto replicate = [](const std::string& attributes, const std::string& inside = "<geom size='1'/>") { return said("<worldbody>\n<replicate " + attributes + ">" + inside + "</replicate></worldbody>"); };
  CHECK(replicate("count='-1'") == "bad-value:3");
  CHECK(replicate("") == "missing-attribute:3");
  CHECK(replicate("count='99999999999'") == "too-many-elements:3");
  CHECK(replicate("count='2.5'") == "bad-number:3");
  CHECK(replicate("count='2' size='3'") == "unknown-attribute:3");
  CHECK(replicate("count='2'", "<frame>\n<joint/></frame>") == "not-in-replicate:4");
  CHECK(replicate("count='2'", "\n<inertial pos='0 0 0' mass='1'/>") == "not-in-replicate:4");
  CHECK(replicate("count='2' childclass='x'") == "unknown-class:3 unknown-class:3");
  CHECK(replicate("count='3' offset='1e308 0 0'") == "not-finite:3");
  // four levels of a thousand, and one that is just too many with the sensors that go along
  CHECK(replicate("count='1000'", "<replicate count='1000'><replicate count='1000'><replicate count='1000'><geom size='1'/></replicate></replicate></replicate>") == "too-many-elements:3");
  std::string sensors;
  for (int i = 0; i < 2000; ++i) sensors += "<framepos objtype='geom' objname='g'/>";
  CHECK(said("<worldbody>\n<replicate count='600'><geom name='g' size='1'/></replicate></worldbody><sensor>" + sensors + "</sensor>") == "too-many-elements:3");
}

TEST_CASE("mjcf: a body of a model is attached with its settings, classes and referrers") {
  Folder folder;
  folder.write("scenes/parts/robot.xml", robot);
  Result<Scene> result = read_mjcf(folder.write("scenes/main.xml", world("<frame pos='1 0 0' euler='0 0 90'><attach model='r' body='base' prefix='A_'/></frame><geom name='end' size='1'/><attach model='r' body='base' prefix='B_'/>",
                                                                        "<sensor><jointpos name='x' joint='A_hinge'/></sensor>")));
  REQUIRE_MESSAGE(result, complaint(result));
  const Scene& s = *result;
  CHECK(names(s.bodies) == "world pb A_base A_link B_base B_link");
  CHECK(names(s.joints) == "pj A_root A_hinge B_root B_hinge");
  CHECK(names(s.geoms) == "pf end pg A_gb A_gl A_gm B_gb B_gl B_gm");
  CHECK(names(s.sites) == "A_sb B_sb");
  CHECK(names(s.materials) == "A_ma A_unused B_ma B_unused");
  CHECK(names(s.textures) == "A_tx B_tx");
  CHECK(names(s.meshes) == "A_me B_me");
  CHECK(names(s.lights) == "");
  CHECK(names(s.actuators) == "pm A_m B_m");
  CHECK(names(s.sensors) == "x A_sp A_ck B_sp B_ck");
  CHECK(names(s.tendons) == "A_t B_t");
  CHECK(names(s.equalities) == "A_eq1 B_eq1");          // A_eq would join what is attached with what is not
  CHECK(names(s.excludes) == "A_ex B_ex");
  CHECK(s.cameras[1].target == "B_base");
  CHECK(s.joints[0].armature == 2);
  CHECK(s.joints[1].damping == 0);                      // a freejoint
  CHECK(s.joints[2].damping == 7);
  CHECK(s.joints[2].armature == 0);
  CHECK(s.joints[2].range == Array2{-1, 1});            // its file says radian
  CHECK(s.actuators[0].gear[0] == 2);
  CHECK(s.actuators[1].gear[0] == 5);
  CHECK(s.geoms[4].size[0] == 0.3);
  CHECK(s.geoms[4].rgba[0] == 1);
  CHECK(s.geoms[5].mesh == 0);
  CHECK(s.geoms[8].mesh == 1);
  CHECK(s.geoms[3].material == "A_ma");
  CHECK(s.materials[2].texture == "B_tx");
  check_near(s.bodies[2].pos, {1, 0, 1});
  check_near(s.bodies[2].quat, {0.7071067811865476, 0, 0, 0.7071067811865475});
  check_near(s.bodies[3].quat, {0.9689124217106447, 0.24740395925452294, 0, 0});
  // keyframes: the model's numbers for what came along, initial values elsewhere
  REQUIRE(names(s.keys) == "A_home B_home");
  CHECK(s.keys[0].time == 5);
  CHECK(s.keys[0].qpos == std::vector<double>{0, 1, 2, 3, 1, 0, 0, 0, 0.25, 0, 0, 1, 1, 0, 0, 0, 0});
  CHECK(s.keys[0].ctrl == std::vector<double>{0, 0.1, 0});
  CHECK(std::vector<double>(s.keys[1].qpos.begin() + 9, s.keys[1].qpos.end()) == std::vector<double>{1, 2, 3, 1, 0, 0, 0, 0.25});
  CHECK(said(result) == "attached-settings:2");         // timestep, boundmass
}

TEST_CASE("mjcf: a keyframe says where springs of what is attached rest, and leaves the others where they are") {
  Folder folder;
  folder.write("scenes/parts/soft.xml", "<mujoco><worldbody><body name='b'><joint name='j' springyield='1'/><geom size='1'/></body><body name='c'><joint name='k' springyield='1'/><geom size='1'/></body></worldbody>"
                                        "<tendon><fixed springyield='1'><joint joint='k' coef='1'/></fixed></tendon><keyframe><key name='bent' plastic='1 2 3 4'/></keyframe></mujoco>");
  const auto keys = [&](const std::string& attach) {
    const Result<Scene> scene = read_mjcf(folder.write("scenes/main.xml", "<mujoco><asset><model name='m' file='parts/soft.xml'/></asset><worldbody><body><joint name='own' springyield='1'/><geom size='1'/></body>" + attach +
                                                                         "</worldbody><tendon><fixed springyield='1'><joint joint='own' coef='1'/></fixed></tendon></mujoco>"));
    REQUIRE_MESSAGE(scene, complaint(scene));
    std::string out;
    for (const double x : scene->keys.at(0).plastic) out += std::isnan(x) ? "- " : std::to_string(int(x)) + " ";
    return out;
  };
  CHECK(keys("<attach model='m' prefix='A_'/>") == "- 1 2 - - 3 4 ");
  CHECK(keys("<attach model='m' body='c' prefix='A_'/>") == "- 2 - - 3 4 ");
}

TEST_CASE("mjcf: a whole model is attached, below a body") {
  Folder folder;
  folder.write("scenes/parts/robot.xml", robot);
  auto read_world = [&](const std::string& text) {
    Result<Scene> scene = read_mjcf(folder.write("scenes/main.xml", text));
    REQUIRE_MESSAGE(scene, complaint(scene));
    return *scene;
  };
  Scene s = read_world(world("<attach model='r' prefix='A_'/>", "<keyframe><key name='own'/></keyframe>"));
  CHECK(names(s.bodies) == "world pb A_base A_link A_other");
  CHECK(names(s.geoms) == "pf A_floor pg A_gb A_gl A_gm A_gother");
  CHECK(names(s.sensors) == "A_sp A_so A_ck");
  CHECK(names(s.equalities) == "A_eq A_eq1");
  CHECK(names(s.lights) == "A_li");
  CHECK(names(s.keys) == "own A_home");
  CHECK(s.keys[1].qpos == std::vector<double>{0, 1, 2, 3, 1, 0, 0, 0, 0.25, 0.75});
  s = read_world(world("<body name='mount' pos='1 0 0'><attach model='r' body='other' prefix='A_'/></body>"));
  CHECK(names(s.bodies) == "world pb mount A_other");
  CHECK(names(s.sensors) == "A_so A_ck");
  CHECK(s.joints[1].damping == 3);
  CHECK(s.keys[0].qpos == std::vector<double>{0, 0.75});
  CHECK(s.keys[0].ctrl == std::vector<double>{0, 0.2});
  s = read_world(world("<replicate count='2'><attach model='r' body='other' prefix='A_'/></replicate>"));
  CHECK(names(s.bodies) == "world pb A_other0 A_other1");
  CHECK(names(s.actuators) == "pm A_mo0 A_mo1");
  CHECK(names(s.materials) == "A_ma A_unused");
}

TEST_CASE("mjcf: bodies and frames of the same model are attached") {
  Scene s = read("<worldbody><body name='src'><joint name='js'/><geom name='gs' size='.1'/></body><attach body='src' prefix='A_'/></worldbody><sensor><jointpos name='x' joint='js'/></sensor>");
  CHECK(names(s.bodies) == "world src A_src");
  CHECK(names(s.sensors) == "x A_x");
  s = read("<worldbody><frame name='f' pos='1 2 3'><body name='b' pos='0 0 1'><geom size='1'/></body></frame><frame pos='10 0 0'><attach body='b' prefix='p'/></frame><attach frame='f' prefix='q'/></worldbody>");
  REQUIRE(names(s.bodies) == "world b pb qb");
  check_near(s.bodies[2].pos, {10, 0, 1});              // the frame around the original stays behind
  check_near(s.bodies[3].pos, {1, 2, 4});
}

TEST_CASE("mjcf: what can go wrong with attach") {
  CHECK(said("<worldbody><body name='a'>\n<attach body='a' prefix='b'/></body></worldbody>") == "self-attach:3");
  CHECK(said("<worldbody>\n<attach body='a' prefix='b'/></worldbody>") == "unknown-name:3");
  CHECK(said("<worldbody>\n<attach prefix='b'/></worldbody>") == "missing-attribute:3");
  CHECK(said("<worldbody><body name='a'/>\n<attach body='a'/></worldbody>") == "missing-attribute:3");
  CHECK(said("<worldbody><body name='a'/>\n<attach body='a' prefix=''/></worldbody>") == "repeated-name:2");
  CHECK(said("<worldbody>\n<attach model='m' prefix='b'/></worldbody>") == "unknown-name:3");
  CHECK(said("<asset>\n<model name='m' file='m.xml'/></asset>") == "file-refused:3");
  Folder folder;
  folder.write("scenes/parts/robot.xml", robot);
  folder.write("scenes/parts/bad.xml", "<mujoco>\n<worldbody>\n<geom size='-1'/></worldbody></mujoco>");
  folder.write("scenes/parts/self.xml", "<mujoco>\n<asset><model name='s' file='self.xml'/></asset></mujoco>");
  folder.write("scenes/parts/back.xml", "<mujoco>\n<asset><model name='s' file='../main.xml'/></asset></mujoco>");
  folder.write("outside.xml", "<mujoco/>");
  folder.write("scenes/parts/key.xml", "<mujoco><worldbody><body name='b'><joint/><geom size='1'/></body></worldbody><keyframe><key qpos='1 2'/></keyframe></mujoco>");
  auto with = [&](const std::string& file, const std::string& attach = "<attach model='m' prefix='p'/>") {
    Result<Scene> scene = read_mjcf(folder.write("scenes/main.xml", "<mujoco>\n<asset>\n<model name='m' file='" + file + "'/></asset><worldbody>\n" + attach + "</worldbody></mujoco>"));
    return said(scene) + (scene ? "" : " " + std::filesystem::path(scene.errors()[0].place.file).filename().string());
  };
  CHECK(with("parts/none.xml") == "cannot-read:3 main.xml");
  CHECK(with("../outside.xml") == "outside-folder:3 main.xml");
  CHECK(with("parts/bad.xml") == "bad-value:3 bad.xml");
  CHECK(with("main.xml") == "include-cycle:3 main.xml");
  CHECK(with("parts/self.xml") == "include-cycle:2 self.xml");
  CHECK(with("parts/key.xml") == "bad-keyframe:4 main.xml");
  CHECK(with("parts/robot.xml", "<attach model='m' body='nope' prefix='p'/>") == "unknown-name:4 main.xml");
  CHECK(with("parts/robot.xml", "<attach model='m' body='base' frame='f' prefix='p'/>") == "conflicting-attributes:4 main.xml");
  CHECK(with("parts/robot.xml", "<attach model='m' body='base' prefix='p'/>\n<attach model='m' body='other' prefix='p'/>").find("repeated-name") != std::string::npos);

  // the place of an error in a model says who asked for it
  Result<Scene> scene = read_mjcf(folder.write("scenes/main.xml", "<mujoco>\n<asset>\n<model name='m' file='parts/bad.xml'/></asset></mujoco>"));
  REQUIRE_FALSE(scene);
  const Diagnostic& found = scene.errors()[0];
  CHECK(found.place.file == (folder.path / "scenes/parts/bad.xml").string());
  REQUIRE(found.included_from.size() == 1);
  CHECK(found.included_from[0].line == 3);
}

TEST_CASE("mjcf: many copies of what has many referrers come to an end") {
  // none of the constraints is copied, each is looked at for each copy: 5 * 4000 * 4000
  std::string attached, joined;
  for (int i = 0; i < 4000; ++i) {
    attached += "<attach body='a' prefix='" + std::to_string(i) + "'/>";
    joined += "<weld body1='a' body2='b'/>";
  }
  CHECK(said("<worldbody><body name='a'><geom size='1'/></body><body name='b'/>\n" + attached + "</worldbody><equality>" + joined + "</equality>") == "too-many-elements:3");
}

TEST_CASE("mjcf: models that attach models twice each come to an end") {
  Folder folder;
  for (int i = 0; i < 15; ++i) {
    const std::string next = "m" + std::to_string(i + 1) + ".xml";
    folder.write("scenes/m" + std::to_string(i) + ".xml", "<mujoco><asset><model name='a' file='" + next + "'/><model name='b' file='" + next + "'/></asset><worldbody>"
                 "<attach model='a' prefix='a'/><attach model='b' prefix='b'/></worldbody></mujoco>");
  }
  folder.write("scenes/m15.xml", "<mujoco><worldbody><geom size='1'/></worldbody></mujoco>");
  CHECK(said(read_mjcf((folder.path / "scenes/m0.xml").string())) == "too-many-inclusions:1");
}
