// Assets, mesh geoms, and the attributes and elements of newer MuJoCo. Values of MuJoCo 3.17 where it computes one.
#include "tests/engine/scene/said.h"
#include <doctest/doctest.h>
#include <algorithm>
#include <filesystem>
#include <fstream>

using namespace nuri;
using namespace nuri::scene;

namespace {

namespace fs = std::filesystem;

std::string asset(const std::string& element) { return said("<asset>\n" + element + "</asset>"); }

Scene read(const std::string& inside) {
  Result<Scene> scene = read_mjcf_text("<mujoco>" + inside + "</mujoco>", "test.xml");
  REQUIRE_MESSAGE(scene, (scene ? "" : to_string(scene.errors()[0])));
  return *scene;
}

// project/scenes/main.xml with meshes beside it and a texture outside
struct Folder {
  fs::path path = fs::canonical(fs::temp_directory_path()) / ("nuri_mjcf_asset_" + std::to_string(reinterpret_cast<std::uintptr_t>(this)));
  Folder() {
    fs::create_directories(path / "scenes" / "meshes");
    fs::create_directories(path / "shared" / "common");
    for (const char* name : {"scenes/meshes/tet.obj", "scenes/tet.obj", "scenes/meshes/hill.png", "shared/wood.png"}) write(name, "x");
    write("shared/common/floor.xml", "<mujoco><worldbody><geom type='plane' size='1 1 1'/></worldbody></mujoco>");
  }
  ~Folder() { fs::remove_all(path); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path / name) << text;
    return (path / name).string();
  }
  Result<Scene> load(const std::string& inside, const MjcfOptions& options = {}) const { return read_mjcf(write("scenes/main.xml", "<mujoco>\n" + inside + "</mujoco>"), options); }
};

constexpr const char* tetrahedron = "<mesh name='m' vertex='0 0 0 1 0 0 0 1 0 0 0 1'/>";
std::string with_mesh(const std::string& geom) { return said("<asset>" + std::string(tetrahedron) + "</asset><worldbody>\n" + geom + "</worldbody>"); }

}  // namespace

TEST_CASE("mjcf: meshes are found by meshdir, assetdir and strippath, and named after their file") {
  Folder folder;
  auto file = [&](const std::string& inside) {
    Result<Scene> scene = folder.load(inside);
    return scene ? scene->meshes[0].name + " " + fs::path(scene->meshes[0].file).lexically_relative(folder.path).string() : said(scene);
  };
  CHECK(file("<asset><mesh file='tet.obj'/></asset>") == "tet scenes/tet.obj");
  CHECK(file("<asset><mesh file='meshes/tet.obj'/></asset>") == "tet scenes/meshes/tet.obj");
  CHECK(file("<compiler meshdir='meshes'/><asset><mesh name='a' file='tet.obj'/></asset>") == "a scenes/meshes/tet.obj");
  CHECK(file("<compiler assetdir='meshes/'/><asset><mesh file='tet.obj'/></asset>") == "tet scenes/meshes/tet.obj");
  CHECK(file("<compiler assetdir='no' meshdir='meshes'/><asset><mesh file='tet.obj'/></asset>") == "tet scenes/meshes/tet.obj");
  CHECK(file("<compiler meshdir='meshes' strippath='true'/><asset><mesh file='some/where/tet.obj'/></asset>") == "tet scenes/meshes/tet.obj");
  CHECK(file("<asset>\n<mesh file='none.obj'/></asset>") == "cannot-read:3");
  CHECK(file("<asset>\n<mesh file='../shared/wood.png'/></asset>") == "outside-folder:3");
  CHECK(file("<asset>\n<mesh file='meshes'/></asset>") == "cannot-read:3");
  CHECK(file("<compiler meshdir='meshes'/><asset>\n<mesh file='http://a/b.obj'/></asset>") == "bad-file-name:3");
  CHECK(file("<compiler meshdir='meshes'/><asset>\n<mesh file='C:\\b.obj'/></asset>") == "bad-file-name:3");
  CHECK(file("<asset><mesh file='tet.obj'/>\n<mesh file='meshes/tet.obj'/></asset>") == "repeated-name:3");
}

TEST_CASE("mjcf: roots let a scene use what lies elsewhere") {
  Folder folder;
  const std::string inside = "<include file='../shared/common/floor.xml'/>\n<asset><texture name='wood' type='2d' file='../shared/wood.png'/></asset>";
  CHECK(said(folder.load(inside)) == "include-outside:2");
  Result<Scene> scene = folder.load(inside, {{(folder.path / "shared").string()}});
  REQUIRE_MESSAGE(scene, said(scene));
  CHECK(scene->geoms.size() == 1);
  CHECK(scene->textures[0].file == "../shared/wood.png");
  CHECK(scene->textures[0].path == (folder.path / "shared/wood.png").string());
  CHECK(said(folder.load("", {{(folder.path / "nowhere").string()}})) == "cannot-read:0");
}

TEST_CASE("mjcf: meshes, height fields, textures and materials as written") {
  Scene s = read("<default><mesh scale='2 2 -2' maxhullvert='9'/><default class='k'><mesh inertia='shell'/></default></default><asset>"
                 "<mesh name='m' class='k' vertex='0 0 0 1 0 0 0 1 0 0 0 1' face='0 1 2 0 2 3' refpos='1 2 3' refquat='0 0 0 2' smoothnormal='true'/>"
                 "<hfield name='h' nrow='2' ncol='3' size='1 2 3 4' elevation='0 1 2 3 4 5'/><hfield name='flat' nrow='2' ncol='2' size='1 1 1 1'/>"
                 "<texture type='skybox' builtin='gradient' width='4' height='24'/>"
                 "<texture name='t' type='cube' builtin='flat' width='4' height='24' gridsize='3 4' gridlayout='.U..LFRB.D..' hflip='true' colorspace='sRGB' mark='cross' markrgb='1 0 0' nchannel='4'/>"
                 "<material name='a' texture='t' metallic='0.25' roughness='0.5'/><material name='b'><layer role='normal' texture='t'/><layer role='rgb' texture='t'/></material></asset>");
  const Mesh& m = s.meshes[0];
  CHECK(m.scale == Array3{2, 2, -2});
  CHECK(m.maxhullvert == 9);
  CHECK(m.inertia == MeshInertia::shell);
  CHECK(m.faces == std::vector<int>{0, 1, 2, 0, 2, 3});
  CHECK(m.refpos == Array3{1, 2, 3});
  CHECK(m.refquat == Array4{0, 0, 0, 1});
  CHECK(m.smoothnormal);
  CHECK(s.height_fields[0].elevation == std::vector<float>{3, 4, 5, 0, 1, 2});   // MuJoCo: .6 .8 1 0 .2 .4, the same order scaled
  CHECK(s.height_fields[0].size == Array4{1, 2, 3, 4});
  CHECK(s.height_fields[1].elevation == std::vector<float>(4, 0.0f));
  const Texture& t = s.textures[1];
  CHECK(t.gridsize == std::array<int, 2>{3, 4});
  CHECK(t.gridlayout == ".U..LFRB.D..");
  CHECK(t.hflip);
  CHECK_FALSE(t.vflip);
  CHECK(t.colorspace == "sRGB");
  CHECK(t.mark == "cross");
  CHECK(t.nchannel == 4);
  CHECK(s.materials[0].metallic == 0.25);
  REQUIRE(s.materials[1].layers.size() == 2);
  CHECK(s.materials[1].layers[0].role == "normal");
}

TEST_CASE("mjcf: assets that cannot be") {
  struct { const char *element, *found; } cases[] = {
      {"<mesh/>", "missing-attribute:3 missing-attribute:3"}, {"<mesh name='m'/>", "missing-attribute:3"}, {"<mesh name='m' vertex='0 0 0 1 0 0 0 1 0'/>", "bad-value:3"},
      {"<mesh name='m' vertex='0 0 0 1 0 0 0 1 0 0 0 1 0'/>", "bad-value:3"}, {"<mesh name='m' vertex='0 0 0 1 0 0 0 1 0 0 0 1' face='0 1 9'/>", "bad-value:3"},
      {"<mesh name='m' vertex='0 0 0 1 0 0 0 1 0 0 0 1' face='0 1'/>", "bad-value:3"}, {"<mesh name='m' vertex='0 0 0 1 0 0 0 1 0 0 0 1' face='0 1 -1'/>", "bad-value:3"},
      {"<mesh name='m' vertex='0 0 0 1 0 0 0 1 0 0 0 1' face='0 1 1.5'/>", "bad-value:3"}, {"<mesh name='m' vertex='0 0 0 1 0 0 0 1 0 0 0 1' refquat='0 0 0 0'/>", "bad-value:3"},
      {"<mesh name='m' vertex='0 0 0 1 0 0 0 1 0 0 0 1' scale='0 1 1'/>", "bad-value:3"}, {"<mesh name='m' vertex='0 0 0 1 0 0 0 1 0 0 0 1' maxhullvert='3'/>", "bad-value:3"},
      {"<mesh name='m' vertex='0 0 0 nan 0 0 0 1 0 0 0 1'/>", "not-finite:3 bad-value:3"}, {"<mesh name='m' builtin='sphere' params='5'/>", "bad-value:3"}, {"<mesh name='m' builtin='sphere'/>", "bad-value:3"}, {"<mesh name='m' builtin='cone' params='2 1'/>", "bad-value:3"},
      {"<mesh name='m' builtin='cone' params='4 2'/>", "bad-value:3"}, {"<mesh name='m' builtin='plate' params='2 2'/>", "not-supported-yet:3"}, {"<mesh name='m' params='1' vertex='0 0 0 1 0 0 0 1 0 0 0 1'/>", "conflicting-attributes:3"},
      {"<mesh name='m' vertex='0 0 0 1 0 0 0 1 0 0 0 1'>\n<plugin/></mesh>", "not-supported-yet:4"}, {"<mesh name='m' octree='1' vertex='0 0 0 1 0 0 0 1 0 0 0 1'/>", "unknown-attribute:3"},
      {"<mesh file='a.obj' vertex='0 0 0'/>", "file-refused:3 conflicting-attributes:3"},
      {"<hfield name='h' nrow='2' ncol='2'/>", "missing-attribute:3"}, {"<hfield name='h' nrow='2' ncol='2' size='1 1 1 0'/>", "bad-value:3"}, {"<hfield name='h' size='1 1 1 1'/>", "missing-attribute:3"},
      {"<hfield name='h' nrow='2' ncol='2' size='1 1 1 1' elevation='1 1'/>", "bad-value:3"}, {"<hfield nrow='2' ncol='2' size='1 1 1 1'/>", "missing-attribute:3"},
      {"<hfield name='h' nrow='100000' ncol='100000' size='1 1 1 1'/>", "bad-value:3"}, {"<hfield name='h' nrow='-2' ncol='-2' size='1 1 1 1'/>", "bad-value:3"},
      {"<texture name='t' type='3d'/>", "bad-keyword:3"}, {"<texture name='t' type='2d' width='99999'/>", "bad-value:3"}, {"<texture name='t' gridsize='3 4' gridlayout='.U..LFRB.D.'/>", "bad-value:3"},
      {"<texture name='t' gridlayout='X'/>", "bad-value:3"}, {"<material/>", "missing-attribute:3"}, {"<material name='m' texture='x'/>", "unknown-name:3"},
      {"<material name='m'><layer role='foo' texture='x'/></material>", "bad-keyword:3 unknown-name:3"}, {"<material name='m'>\n<layer role='rgb'/></material>", "missing-attribute:4"},
      {"<texture name='t'/><material name='m' texture='t'>\n<layer role='rgb' texture='t'/></material>", "conflicting-attributes:4"}};
  for (const auto& c : cases) {
    CAPTURE(std::string(c.element));
    CHECK(asset(c.element) == c.found);
  }
}

TEST_CASE("mjcf: geoms with meshes and height fields, and primitives fitted to meshes") {
  Scene s = read("<default><default class='fit'><geom type='box' mesh='m' fitscale='2'/></default></default><asset>" + std::string(tetrahedron) + "<hfield name='h' nrow='2' ncol='2' size='1 1 1 1'/></asset>"
                 "<worldbody><geom type='mesh' mesh='m'/><geom type='hfield' hfield='h'/><geom class='fit'/><geom mesh='m' size='9'/>"
                 "<geom size='1' surfacevel='1 2 3 4 5 6' adhesion='7'/><geom size='1' surfacevel='1 2 3'/></worldbody>");
  CHECK(s.geoms[0].mesh == 0);
  CHECK(s.geoms[1].height_field == 0);
  CHECK(s.geoms[1].mesh == -1);
  CHECK(s.geoms[2].type == GeomType::box);
  CHECK(s.geoms[2].mesh == 0);
  CHECK(s.geoms[2].fitscale == 2);
  CHECK(s.geoms[3].type == GeomType::sphere);
  CHECK(s.geoms[3].mesh == 0);
  CHECK(s.geoms[4].surfacevel == std::array<double, 6>{1, 2, 3, 4, 5, 6});
  CHECK(s.geoms[4].adhesion == 7);
  CHECK(s.geoms[5].surfacevel == std::array<double, 6>{1, 2, 3, 0, 0, 0});
  struct { const char *geom, *found; } cases[] = {
      {"<geom type='mesh'/>", "missing-attribute:3"}, {"<geom type='hfield'/>", "missing-attribute:3"}, {"<geom type='mesh' mesh='x'/>", "unknown-name:3"}, {"<geom type='hfield' hfield='m'/>", "unknown-name:3"},
      {"<geom type='mesh' mesh='m' fromto='0 0 0 1 0 0'/>", "bad-value:3"}, {"<geom type='box' mesh='m' fromto='0 0 0 1 0 0'/>", "conflicting-attributes:3"}, {"<geom type='plane' mesh='m'/>", "bad-value:3 bad-value:3"},
      {"<geom type='sphere' size='1' hfield='h'/>", "unknown-name:3 conflicting-attributes:3"}, {"<geom type='box' mesh='m' fitscale='0'/>", "bad-value:3"}, {"<site type='box' mesh='m'/>", "not-supported-yet:3"},
      {"<geom size='1' surfacevel='1 2 3 4 5 6 7'/>", "wrong-count:3"}, {"<geom size='1' surfacevel='inf'/>", "not-finite:3"}};
  for (const auto& c : cases) {
    CAPTURE(std::string(c.geom));
    CHECK(with_mesh(c.geom) == c.found);
  }
}

TEST_CASE("mjcf: actuators on bodies and sites") {
  const std::string bodies = "<default><adhesion gain='7' ctrlrange='0 2'/></default><worldbody><site name='s'/><body name='b'><joint name='j'/><geom size='1'/><site name='r'/></body></worldbody><actuator>\n";
  Scene s = read(bodies + "<adhesion body='b' ctrlrange='0 1'/><adhesion body='b' gain='3'/><general body='b' gainprm='3'/><motor site='r' refsite='s' gear='0 0 0 0 0 1'/><motor site='r'/></actuator>");
  CHECK(s.actuators[0].transmission == Transmission::body);
  CHECK(s.actuators[0].target == 1);
  CHECK(s.actuators[0].gainprm[0] == 7);
  CHECK(s.actuators[0].bias == Bias::none);
  CHECK(s.actuators[0].ctrllimited);
  CHECK(s.actuators[1].gainprm[0] == 3);
  CHECK(s.actuators[1].ctrlrange == Array2{0, 2});
  CHECK(s.actuators[2].ctrlrange == Array2{0, 2});      // a class's ranges, whatever the shortcut
  CHECK(s.actuators[3].transmission == Transmission::site);
  CHECK(s.actuators[3].target == 1);
  CHECK(s.actuators[3].reference == 0);
  CHECK(s.actuators[4].reference == -1);
  struct { const char *element, *found; } cases[] = {
      {"<adhesion ctrlrange='0 1'/>", "missing-attribute:3"}, {"<adhesion body='b' ctrlrange='-1 1'/>", "bad-value:3"}, {"<adhesion body='b' gain='-1'/>", "bad-value:3"}, {"<adhesion joint='j'/>", "missing-attribute:3 unknown-attribute:3"},
      {"<adhesion body='x'/>", "unknown-name:3"}, {"<motor body='b'/>", "missing-attribute:3 unknown-attribute:3"}, {"<motor joint='j' refsite='s'/>", "conflicting-attributes:3"}, {"<motor joint='j' site='s'/>", "conflicting-attributes:3"},
      {"<muscle joint='j' lmin='1'/>", "bad-value:3"}, {"<muscle site='r'/>", "missing-attribute:3 unknown-attribute:3"}, {"<pid joint='j' input='vel pos'/>", "bad-value:3"},
      {"<orientation joint='j' gear='1'/>", "unknown-attribute:3"}, {"<plugin joint='j'/>", "not-supported-yet:3"}};
  for (const auto& c : cases) {
    CAPTURE(std::string(c.element));
    CHECK(said(bodies + c.element + "</actuator>") == c.found);
  }
}

TEST_CASE("mjcf: meshes that are made") {
  const Scene s = read("<asset><mesh name='a' builtin='sphere' params='2'/><mesh name='b' builtin='hemisphere' params='3'/><mesh name='c' builtin='cone' params='7 0.5'/>"
                       "<mesh name='d' builtin='cone' params='7 0'/><mesh name='e' builtin='supersphere' params='5 1 2'/><mesh name='f' builtin='supertorus' params='6 0.3 1 1'/></asset>");
  const size_t corners[] = {2 + 10 * 16, 2 + 2 * 4 * 5, 14, 8, 2 + 4 * 5, 36}, faces[] = {0, 0, 0, 0, 2 * 4 * 5, 72};   // MuJoCo's documentation counts them
  for (size_t i = 0; i < 6; ++i) {
    CHECK(s.meshes[i].vertices.size() == 3 * corners[i]);
    CHECK(s.meshes[i].faces.size() == 3 * faces[i]);
    for (const int corner : s.meshes[i].faces) CHECK((corner >= 0 && size_t(corner) < corners[i]));
  }
}

TEST_CASE("mjcf: sensors of contacts, distances, rays and places") {
  const std::string bodies = "<worldbody><site name='s'/><camera name='eye' resolution='4 3'/><camera name='blind'/><geom name='g' size='1'/><body name='b'><joint/><geom name='h' size='1'/></body></worldbody><sensor>\n";
  Scene past = read(bodies + "<clock nsample='4' delay='0.1' interp='cubic' interval='0.2 -0.1'/><framepos objtype='camera' objname='eye' reftype='camera' refname='blind'/><rangefinder camera='eye'/>"
                             "<camprojection site='s' camera='eye'/><user dim='5' datatype='axis'/></sensor>");
  CHECK(past.sensors[0].history.samples == 4);
  CHECK(past.sensors[0].history.delay == 0.1);
  CHECK(past.sensors[0].history.interpolation == Interpolation::cubic);
  CHECK(past.sensors[0].history.interval == Array2{0.2, -0.1});
  CHECK(past.sensors[1].object_type == ObjectType::camera);
  CHECK(past.sensors[1].reference == 1);
  CHECK(past.sensors[2].object_type == ObjectType::camera);
  CHECK(past.sensors[3].reference_type == ObjectType::camera);
  CHECK(past.sensors[4].num == 5);
  Scene s = read(bodies + "<rangefinder site='s' data='dist normal'/><contact site='s' body2='b' data='found force' num='3' reduce='mindist' cutoff='1'/><contact subtree1='b'/><distance geom1='g' body2='b'/>"
                          "<normal body1='world' geom2='h'/><fromto geom1='g' geom2='h'/><insidesite site='s' objtype='geom' objname='h'/></sensor>");
  CHECK(s.sensors[0].type == SensorType::rangefinder);
  CHECK(s.sensors[0].data == 17);
  CHECK(s.sensors[1].data == 3);
  CHECK(s.sensors[1].num == 3);
  CHECK(s.sensors[1].reduce == ContactReduce::mindist);
  CHECK(s.sensors[1].object_type == ObjectType::site);
  CHECK(s.sensors[1].reference_type == ObjectType::body);
  CHECK(s.sensors[1].reference == 1);
  CHECK(s.sensors[2].object_type == ObjectType::xbody);
  CHECK(s.sensors[2].data == 1);
  CHECK(s.sensors[3].object_type == ObjectType::geom);
  CHECK(s.sensors[4].object == 0);
  CHECK(s.sensors[5].reference == 1);
  CHECK(s.sensors[6].object == 1);
  CHECK(s.sensors[6].reference_type == ObjectType::site);
  CHECK(int(SensorType::clock) == 38);                   // numbers of compiled models
  struct { const char *element, *found; } cases[] = {
      {"<rangefinder/>", "missing-attribute:3"}, {"<rangefinder camera='c'/>", "unknown-name:3"}, {"<rangefinder camera='blind'/>", "bad-value:3"}, {"<rangefinder camera='eye' site='s'/>", "conflicting-attributes:3"}, {"<rangefinder site='s' data='normal dist'/>", "bad-value:3"}, {"<rangefinder site='s' data='far'/>", "bad-keyword:3"},
      {"<contact site='s' geom1='g'/>", "conflicting-attributes:3"}, {"<contact num='0'/>", "bad-value:3"}, {"<contact data='found found'/>", "bad-value:3"}, {"<contact reduce='most'/>", "bad-keyword:3"},
      {"<distance geom1='g'/>", "missing-attribute:3"}, {"<distance geom1='g' geom2='g'/>", "repeated-object:3"}, {"<distance geom1='g' geom2='x'/>", "unknown-name:3"}, {"<insidesite site='s'/>", "missing-attribute:3 missing-attribute:3"},
      {"<camprojection site='s' camera='c'/>", "unknown-name:3"}, {"<camprojection site='s' camera='blind'/>", "bad-value:3"}, {"<camprojection camera='eye'/>", "missing-attribute:3"}, {"<tactile geom='g' mesh='m'/>", "not-supported-yet:3"},
      {"<user/>", "missing-attribute:3"}, {"<user dim='0'/>", "bad-value:3"}, {"<user dim='1' nsample='2'/>", "unknown-attribute:3"}, {"<contact geom1='g' reduce='netforce' data='linvel'/>", "bad-value:3"},
      {"<clock delay='-1'/>", "bad-value:3"}, {"<clock nsample='2000000'/>", "bad-value:3"}, {"<clock interp='step'/>", "bad-keyword:3"}, {"<clock interval='-1'/>", "bad-value:3"},
      {"<clock interval='1 0.5'/>", "bad-value:3"}, {"<clock interval='1 -1'/>", "bad-value:3"}, {"<clock interval='1 2 3'/>", "wrong-count:3"}};
  for (const auto& c : cases) {
    CAPTURE(std::string(c.element));
    CHECK(said(bodies + c.element + "</sensor>") == c.found);
  }
}

TEST_CASE("mjcf: what is not supported yet is named, with its place") {
  struct { const char *inside, *name; } cases[] = {
      {"<worldbody>\n<composite/></worldbody>", "<composite>"}, {"<worldbody>\n<flexcomp/></worldbody>", "<flexcomp>"}, {"<worldbody>\n<plugin/></worldbody>", "<plugin>"}, {"\n<extension/>", "<extension>"},
      {"<deformable>\n<flex/></deformable>", "<flex>"}, {"<equality>\n<flex/></equality>", "<flex>"}};
  for (const auto& c : cases) {
    CAPTURE(std::string(c.inside));
    Result<Scene> scene = read_mjcf_text("<mujoco>\n" + std::string(c.inside) + "</mujoco>", "test.xml");
    REQUIRE_FALSE(scene);
    CHECK(scene.errors()[0].code == "not-supported-yet");
    CHECK(scene.errors()[0].place.line == 3);
    CHECK(scene.errors()[0].message.find(c.name) != std::string::npos);
  }
  Scene s = read("<worldbody><body sleep='never' mocap='true' gravcomp='0.5'><geom size='1'/></body><body><joint actuatorgravcomp='true'/><geom size='1'/></body></worldbody>");
  CHECK(s.bodies[1].mocap);
  CHECK(s.bodies[1].gravcomp == 0.5);
  CHECK(s.joints[0].actuatorgravcomp);
  CHECK(s.bodies[1].sleep == SleepPolicy::never);
  CHECK(s.bodies[2].sleep == SleepPolicy::automatic);
}

TEST_CASE("mjcf: what is only drawn is left out, and the report says so") {
  const Result<Scene> scene = read_mjcf_text("<mujoco><asset>\n<skin name='s'/><skin name='t'/></asset><deformable><skin/></deformable></mujoco>", "test.xml");
  REQUIRE(scene);
  const auto note = std::find_if(scene->report.begin(), scene->report.end(), [](const Diagnostic& d) { return d.code == "drawn-only"; });
  REQUIRE(note != scene->report.end());
  CHECK(note->message == "<skin>: ignored, it is only drawn (3 times)");
  CHECK(note->place.line == 2);
}

TEST_CASE("mjcf: a file that is not there is told with where it was looked for") {
  const Result<Scene> scene = read_mjcf("tests/bad/mjcf/mesh_meshdir.xml");
  REQUIRE_FALSE(scene);
  CHECK(scene.errors()[0].hint.find("\"parts/nosuch.stl\" in the folder of mesh_meshdir.xml") != std::string::npos);
}

TEST_CASE("mjcf: misspelt options are told beside other errors") {
  CHECK(said(read_mjcf("tests/bad/mjcf/option_misspelt.xml")) == "unknown-attribute:2 unknown-attribute:4 bad-value:4");
}
