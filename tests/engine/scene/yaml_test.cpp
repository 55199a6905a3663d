#include "engine/scene/yaml.h"

#include <doctest/doctest.h>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>

using namespace nuri;
using namespace nuri::scene;

namespace {

const char* const cart = R"(<mujoco model="cart">
  <compiler angle="radian"/>
  <worldbody>
    <geom name="floor" type="plane" size="0 0 1"/>
    <body name="cart" pos="1 0 0.5">
      <joint name="slide" type="slide" axis="1 0 0" ref="0.25"/>
      <geom name="cart" type="box" size="0.1 0.1 0.1"/>
      <site name="top" pos="0 0 0.1"/>
    </body>
    <site name="origin" pos="1 0 0"/>
  </worldbody>
  <actuator><motor name="push" joint="slide"/></actuator>
  <sensor><framepos name="where" objtype="site" objname="top"/><framepos name="fixed" objtype="site" objname="origin"/></sensor>
  <keyframe><key name="out" qpos="0.7" ctrl="0.1"/></keyframe>
</mujoco>)";

const char* const ball = R"(<mujoco model="ball">
  <worldbody><body name="ball" pos="0 0 1"><freejoint name="free"/><geom name="ball" size="0.1"/></body></worldbody>
  <keyframe><key name="low" qpos="1 0 0.2 1 0 0 0"/></keyframe>
</mujoco>)";

// A folder with the two models, gone at the end.
struct Folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / "nuri_yaml_test";
  Folder() {
    std::filesystem::create_directories(path);
    std::ofstream(path / "cart.xml") << cart;
    std::ofstream(path / "ball.xml") << ball;
    std::ofstream(path / "slow.xml") << "<mujoco><option timestep=\"0.01\"/><worldbody><body name=\"b\"><freejoint/><geom size=\"0.1\"/></body></worldbody></mujoco>";
  }
  ~Folder() { std::filesystem::remove_all(path); }
  Result<SceneFile> read(const std::string& text) const { return read_yaml_text(text, "test.yaml", path.string()); }
  // "line:column code" of the first error.
  std::string error(const std::string& text) const {
    const auto file = read(text);
    if (file) return "accepted";
    const Diagnostic& d = file.errors().front();
    return std::to_string(d.place.line) + ":" + std::to_string(d.place.column) + " " + d.code;
  }
};

}  // namespace

TEST_CASE("yaml: a whole scene file") {
  const Folder folder;
  const auto file = folder.read(R"(
name: two
environments: 12
substeps: 3
seed: 18446744073709551615
seconds: 2.5
models:
  - {file: cart.xml, name: a, position: [0, 2, 0], euler: [0, 0, 90], without: floor}
  - {file: cart.xml, name: b, without: [flo*]}
  - {file: ball.xml, position: [0, 0, 1]}
ground: {friction: [0.5, 0.01, 0.001], height: -1}
option: {timestep: 0.001, integrator: implicitfast, flags: {contact: false}}
initial:
  keyframe: a/out
  joints: [{joints: [a/*, b/slide], position: [-1, 1], velocity: {mean: 0, deviation: 2}}]
  bodies: [{position: [0, [1, 2], 3], tilt: [0, 180]}]
vary:
  - {field: mass, scale: [0.5, 2], shared: true}
  - {field: geom_friction, names: ball, component: 0, set: 0.3, when: episode}
link: {actions: {latency: [0, 0.02], jitter: 0.002}, observations: {latency: {mean: 0.01, deviation: 0.003}, drop: 0.25}}
controls:
  - {type: sine, frequency: 2, scale: 0.5}
  - {type: hold, keyframe: b/out, actuators: b/push}
)");
  if (!file) FAIL(to_string(file.errors().front()));
  REQUIRE(file->variants.size() == 1);
  const Scene& s = file->variants[0].scene;
  const Settings& t = file->settings;
  CHECK(s.name == "two");
  CHECK(t.environments == 12);
  CHECK(t.substeps == 3);
  CHECK(t.seed == ~uint64_t(0));
  CHECK(t.seconds == 2.5);
  CHECK(t.keyframe == "a/out");
  CHECK(s.option.timestep == 0.001);
  CHECK(s.option.integrator == Integrator::implicitfast);
  CHECK(!s.option.flags.contact);

  // names, order, poses
  REQUIRE(s.bodies.size() == 4);
  CHECK(s.bodies[1].name == "a/cart");
  CHECK(s.bodies[2].name == "b/cart");
  CHECK(s.bodies[3].name == "ball");
  CHECK(s.bodies[1].pos[0] == doctest::Approx(0));
  CHECK(s.bodies[1].pos[1] == doctest::Approx(3));
  CHECK(s.bodies[1].quat[3] == doctest::Approx(std::sqrt(0.5)));
  CHECK(s.bodies[2].pos == Array3{1, 0, 0.5});
  CHECK(s.bodies[3].pos == Array3{0, 0, 2});
  REQUIRE(s.geoms.size() == 4);
  CHECK(s.geoms[0].name == "ground");
  CHECK(s.geoms[0].pos[2] == -1);
  CHECK(s.geoms[0].friction[0] == 0.5);
  for (size_t i = 1; i < s.geoms.size(); ++i) CHECK(s.geoms[i].body >= s.geoms[i - 1].body);
  for (size_t i = 1; i < s.sites.size(); ++i) CHECK(s.sites[i].body >= s.sites[i - 1].body);

  // what refers by index still means the same
  REQUIRE(s.sensors.size() == 4);
  CHECK(s.sites[s.sensors[0].object].name == "a/top");
  CHECK(s.sites[s.sensors[1].object].name == "a/origin");
  CHECK(s.sites[s.sensors[3].object].name == "b/origin");
  CHECK(s.sites[s.sensors[1].object].pos[1] == doctest::Approx(3));
  CHECK(s.joints[s.actuators[1].target].name == "b/slide");

  // keyframes: one model's leave the others where they begin
  REQUIRE(s.keys.size() == 3);
  CHECK(s.keys[1].name == "b/out");
  CHECK(s.keys[1].qpos == std::vector<double>{0.25, 0.7, 0, 0, 2, 1, 0, 0, 0});
  CHECK(s.keys[1].ctrl == std::vector<double>{0, 0.1});
  CHECK(s.keys[2].qpos[4] == doctest::Approx(1.2));

  REQUIRE(t.fields.size() == 2);
  CHECK(t.fields[0].when == When::start);
  CHECK(t.fields[1].when == When::episode);
  CHECK(t.action_link.used());
  CHECK(t.action_link.latency.b == 0.02);
  CHECK(t.action_link.jitter == 0.002);
  CHECK(t.action_link.drop == 0);
  CHECK(t.observation_link.latency.normal);
  CHECK(t.observation_link.latency.b == 0.003);
  CHECK(t.observation_link.drop == 0.25);
  CHECK(!LinkPath().used());
  CHECK(t.joints.size() == 1);
  CHECK(t.joints[0].velocity.normal);
  CHECK(t.bodies[0].position[1].b == 2);
  CHECK(t.bodies[0].tilt.b == doctest::Approx(3.14159265));
  CHECK(t.fields[0].shared);
  CHECK(t.fields[1].operation == Operation::set);
  CHECK(t.controls[1].actuators == std::vector<std::string>{"b/push"});
}

TEST_CASE("yaml: variants are models beside those that all environments have") {
  const Folder folder;
  const auto file = folder.read(R"(
name: fleet
models:
  - {file: ball.xml, position: [0, 0, 3]}
variants:
  - {model: cart.xml, name: a, position: [0, 2, 0], without: floor, share: 0.25}
  - {model: cart.xml, name: a}
  - {model: slow.xml}
ground: true
option: {timestep: 0.004}
controls: [{type: random}]
)");
  if (!file) FAIL(to_string(file.errors().front()));
  CHECK(file->name == "fleet");
  REQUIRE(file->variants.size() == 3);
  const char* const names[3] = {"cart", "cart-2", "slow"};
  const double shares[3] = {0.25, 1, 1};
  for (int v = 0; v < 3; ++v) {
    const Scene& s = file->variants[v].scene;
    CHECK(s.name == names[v]);
    CHECK(file->variants[v].share == shares[v]);
    CHECK(s.option.timestep == 0.004);
    REQUIRE(s.bodies.size() == 3);
    CHECK(s.bodies[1].name == "ball");
    CHECK(s.bodies[1].pos[2] == 4);
    CHECK(s.geoms[v == 1 ? 1 : 0].name == "ground");       // beside the cart's own floor
  }
  CHECK(file->variants[0].scene.bodies[2].name == "a/cart");
  CHECK(file->variants[0].scene.bodies[2].pos[1] == 2);
  CHECK(file->variants[1].scene.bodies[2].pos[1] == 0);

  // no models are needed, and one variant is a scene
  const auto one = folder.read("variants: [{model: cart.xml}]\n");
  REQUIRE(one);
  CHECK(one->variants.size() == 1);
  CHECK(one->name == "test");
}

TEST_CASE("yaml: bad variants") {
  const Folder folder;
  CHECK(folder.error("variants: []\n") == "1:11 out-of-range");
  CHECK(folder.error("variants: cart.xml\n") == "1:11 wrong-kind");
  CHECK(folder.error("variants:\n  - {file: cart.xml}\n") == "2:5 missing-key");
  CHECK(folder.error("variants:\n  - {share: 1}\n") == "2:5 missing-key");
  CHECK(folder.error("variants:\n  - {model: cart.xml, share: 0}\n") == "2:30 out-of-range");
  CHECK(folder.error("variants:\n  - {model: cart.xml, share: -1}\n") == "2:30 out-of-range");
  CHECK(folder.error("variants:\n  - {model: cart.xml, share: half}\n") == "2:30 wrong-kind");
  std::filesystem::copy_file(folder.path / "cart.xml", folder.path / "cart.mjcf");
  CHECK(folder.error("models:\n  - {file: cart.mjcf}\n") == "accepted");
  CHECK(folder.error("models:\n  - {file: cart.xml, share: 1}\n") == "2:22 unknown-key");
  CHECK(folder.error("variants:\n  - {model: robot.usd}\n") == "2:13 unknown-format");
  CHECK(folder.error("variants:\n  - {model: cart.xml}\n  - {model: slow.xml}\n") == "3:5 option-mismatch");
  CHECK(folder.error("models:\n  - {file: cart.xml}\nvariants:\n  - {model: cart.xml}\n").find("repeated-name") != std::string::npos);
  CHECK(folder.error("models: []\nvariants:\n  - {model: cart.xml}\n") == "1:9 out-of-range");
  auto list = [](const char* entry, int count) {
    std::string text = "[";
    for (int i = 0; i < count; ++i) text += entry;
    return text + "]\n";
  };
  CHECK(folder.error("variants: " + list("{model: missing.xml}, ", 101)) == "1:11 out-of-range");
  CHECK(folder.error("models: " + list("{file: missing.xml}, ", 21) + "variants: " + list("{model: missing.xml}, ", 50)) == "2:11 out-of-range");
}

TEST_CASE("yaml: a pattern of 'without' that fits nothing, keys for another format, and options beside other errors") {
  const Folder folder;
  auto errors = [&](const std::string& text) {
    const auto file = folder.read(text);
    return file ? std::vector<Diagnostic>() : file.errors();
  };
  auto found = errors("models:\n  - {file: cart.xml, without: [floor, flor]}\n");
  REQUIRE(found.size() == 1);
  CHECK(found[0].code == "unknown-name");
  CHECK(found[0].place.column == 39);
  CHECK(found[0].hint == "did you mean 'floor'?");
  CHECK(found[0].excerpt.line.find("flor") != std::string::npos);

  found = errors("models:\n  - {file: cart.xml, base: fixed, actuators: {type: motor}}\n");
  REQUIRE(found.size() == 2);
  CHECK(found[0].hint.find("<freejoint/>") != std::string::npos);
  CHECK(found[1].hint.find("<actuator>") != std::string::npos);

  found = errors("models:\n  - {file: missing.xml}\noption: {timstep: 0.001}\n");
  REQUIRE(found.size() == 2);
  CHECK(found[1].code == "unknown-key");
  CHECK(found[1].place.line == 3);
}

TEST_CASE("yaml: decompose names meshes, and a file of parts in an allowed folder") {
  const Folder folder;
  std::ofstream(folder.path / "cup.xml") << "<mujoco><asset><mesh name='cup' vertex='0 0 0 1 0 0 0 1 0 0 0 1'/></asset><worldbody><geom type='mesh' mesh='cup'/></worldbody></mujoco>";
  std::ofstream(folder.path / "parts.obj") << "o a\n";
  auto first = [&](const std::string& settings) {
    const auto file = folder.read("models:\n  - {file: cup.xml, decompose: " + settings + "}\n");
    if (!file) return file.errors()[0].code;
    const Mesh::Parts& parts = file->variants[0].scene.meshes[0].parts;
    return std::to_string(parts.most) + (parts.file.empty() ? "" : " file");
  };
  CHECK(first("{meshes: cup}") == "32");
  CHECK(first("{meshes: '*', parts: 7, excess: 0.1}") == "7");
  CHECK(first("{meshes: cup, file: parts.obj}") == "32 file");
  CHECK(first("{meshes: cap}") == "unknown-name");
  CHECK(first("{parts: 7}") == "missing-key");
  CHECK(first("{meshes: cup, parts: 257}") == "out-of-range");
  CHECK(first("{meshes: cup, file: none.obj}") == "cannot-read");
  CHECK(first("{meshes: cup, file: /etc/passwd}") == "outside-folder");
  CHECK(first("{meshes: cup, file: cup.xml}") == "unknown-format");
  CHECK(first("{meshes: cup, file: parts.obj, parts: 3}") == "conflicting-keys");
}

TEST_CASE("yaml: a URDF without actuators under controls is told") {
  const Folder folder;
  std::ofstream(folder.path / "door.urdf") << "<robot name='door'><link name='frame'/><link name='leaf'><inertial><mass value='1'/><inertia ixx='1' iyy='1' izz='1' ixy='0' ixz='0' iyz='0'/></inertial>"
                                              "</link><joint name='hinge' type='continuous'><parent link='frame'/><child link='leaf'/></joint></robot>";
  auto told = [&](const std::string& text) {
    const auto file = folder.read(text);
    const std::vector<Diagnostic>& list = file ? file->variants[0].scene.report : file.errors();
    for (const Diagnostic& d : list)
      if (d.code == "no-actuators") return std::string(file ? "warning " : "error ") + std::to_string(d.place.line) + (d.hint.find("type: motor") != std::string::npos ? " hint" : "");
    return std::string(file ? "nothing" : to_string(list[0]));
  };
  CHECK(told("models:\n  - {file: door.urdf, base: fixed}\n") == "nothing");
  CHECK(told("models:\n  - {file: door.urdf, base: fixed}\ncontrols: [{type: random}]\n") == "warning 2 hint");
  CHECK(told("models:\n  - {file: door.urdf, base: fixed}\ncontrols: [{type: none}]\n") == "nothing");
  CHECK(told("models:\n  - {file: door.urdf, base: fixed, actuators: {type: none}}\ncontrols: [{type: random}]\n") == "nothing");
  CHECK(told("models:\n  - {file: door.urdf, base: fixed, actuators: {type: motor}}\ncontrols: [{type: random, actuators: hinge}]\n") == "nothing");
  CHECK(told("models:\n  - {file: door.urdf, base: fixed, name: d}\ncontrols: [{type: random, actuators: d/hinge}]\n") == "error 2 hint");
  CHECK(told("models:\n  - {file: door.urdf, base: fixed}\ntimeline: [{set: hinge, value: 1}]\n") == "error 2 hint");
}

TEST_CASE("yaml: errors stand where they are") {
  const Folder folder;
  CHECK(folder.error("models:\n  - file: cart.xml\nenvironmets: 3\n") == "3:1 unknown-key");
  CHECK(folder.read("models:\n  - file: cart.xml\nenvironmets: 3\n").errors().front().hint == "did you mean 'environments'?");
  CHECK(folder.error("models:\n  - file: cart.xml\nenvironments: many\n") == "3:15 wrong-kind");
  CHECK(folder.error("models:\n  - file: cart.xml\nenvironments: 0\n") == "3:15 out-of-range");
  CHECK(folder.error("models:\n  - file: cart.xml\nenvironments: 2\nenvironments: 3\n") == "4:1 repeated-key");
  CHECK(folder.error("models: cart.xml\n") == "1:9 wrong-kind");
  CHECK(folder.error("models: []\n") == "1:9 out-of-range");
  CHECK(folder.error("name: x\n") == "1:1 missing-key");
  CHECK(folder.error("models:\n  - name: a\n") == "2:5 missing-key");
  CHECK(folder.error("models:\n  - file: missing.xml\n").find("accepted") == std::string::npos);
  CHECK(folder.error("models:\n  - file: robot.usd\n") == "2:11 unknown-format");
  CHECK(folder.error("models:\n  - {file: cart.xml, position: [1, 2]}\n") == "2:32 wrong-kind");
  CHECK(folder.error("models:\n  - {file: cart.xml, orientation: [0, 0, 0, 0]}\n") == "2:35 bad-orientation");
  CHECK(folder.error("models:\n  - file: cart.xml\n  - file: cart.xml\n").find("repeated-name") != std::string::npos);
  CHECK(folder.error("models:\n  - file: cart.xml\n  - file: slow.xml\n") == "3:5 option-mismatch");
  CHECK(folder.error("models:\n  - file: cart.xml\n  - file: slow.xml\noption: {timestep: 0.01}\n") == "accepted");
  CHECK(folder.error("models:\n  - file: cart.xml\ncontrols:\n  - type: radom\n") == "4:11 bad-keyword");
  CHECK(folder.error("models:\n  - file: cart.xml\ncontrols:\n  - {type: hold, scale: 3}\n").find("missing-key") != std::string::npos);
  CHECK(folder.error("models:\n  - file: cart.xml\ninitial: {joints: [{position: [2, 1]}]}\n") == "3:31 out-of-range");
  CHECK(folder.error("models:\n  - file: cart.xml\nvary: [{field: mass}]\n").find("missing-key") != std::string::npos);
  CHECK(folder.error("models:\n  - file: cart.xml\nvary: [{field: mass, scale: 1, when: never}]\n") == "3:38 bad-keyword");
  CHECK(folder.error("models:\n  - file: cart.xml\nlink: [1]\n") == "3:7 wrong-kind");
  CHECK(folder.error("models:\n  - file: cart.xml\nlink: {action: {drop: 1}}\n") == "3:8 unknown-key");
  CHECK(folder.error("models:\n  - file: cart.xml\nlink: {actions: {latency: -0.1}}\n") == "3:27 out-of-range");
  CHECK(folder.error("models:\n  - file: cart.xml\nlink: {actions: {latency: [0, 11]}}\n") == "3:27 out-of-range");
  CHECK(folder.error("models:\n  - file: cart.xml\nlink: {actions: {latency: {mean: 11, deviation: 0}}}\n") == "3:27 out-of-range");
  CHECK(folder.error("models:\n  - file: cart.xml\nlink: {observations: {jitter: -1}}\n") == "3:31 out-of-range");
  CHECK(folder.error("models:\n  - file: cart.xml\nlink: {observations: {drop: 1.5}}\n") == "3:29 out-of-range");
  CHECK(folder.error("models:\n  - file: cart.xml\nseconds: .nan\n") == "3:10 wrong-kind");
}

TEST_CASE("yaml: hostile files are refused") {
  const Folder folder;
  CHECK(folder.error("") == "1:1 empty-file");
  CHECK(folder.error("a: [1, 2\n").find("bad-yaml") != std::string::npos);
  CHECK(folder.error("\t- x").find("bad-yaml") != std::string::npos);
  CHECK(folder.error("a: &a [1]\nb: *a\n").find("alias") != std::string::npos);
  CHECK(folder.error("a: !!python/object x\n").find("tag") != std::string::npos);
  CHECK(folder.error("a: 1\n---\nb: 2\n").find("several-documents") != std::string::npos);
  CHECK(folder.error(std::string(100, '[') + std::string(100, ']')).find("too-deep") != std::string::npos);
  CHECK(folder.error(std::string(100'000, '[')).find("accepted") == std::string::npos);
  CHECK(folder.error(std::string(100'000, '{')).find("accepted") == std::string::npos);
  CHECK(folder.error(std::string("a: \0b", 5)).find("bad-text") != std::string::npos);
  CHECK(folder.error("a: " + std::string(2'000'000, 'x')).find("too-large") != std::string::npos);
  CHECK(folder.error("- 1\n- 2\n").find("wrong-kind") != std::string::npos);
  CHECK(folder.error("[a]: 1\nmodels: [{file: cart.xml}]\n").find("unknown-key") != std::string::npos);
  CHECK(folder.error("just text").find("wrong-kind") != std::string::npos);
  CHECK(!read_yaml("/"));
  CHECK(!read_yaml("no such file.yaml"));
}

TEST_CASE("yaml: patterns") {
  CHECK(matches({"*"}, ""));
  CHECK(matches({"a*b?"}, "axxbxbc"));
  CHECK(!matches({"a*b?"}, "axxb"));
  CHECK(matches({"x", "left/*"}, "left/knee"));
  CHECK(!matches({}, "x"));
}
