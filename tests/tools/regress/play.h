// A small world for scripts: a ball and a box that fall, a pendulum, an arm with a servo and a motor, a mocap hand that a weld can hold.
#pragma once
#include <doctest/doctest.h>
#include <unistd.h>
#include <filesystem>
#include <fstream>
#include <string>
#include "tools/regress/case.h"

namespace nuri::test {

inline const char* const play_model = R"(<mujoco model="play">
  <compiler angle="radian"/>
  <option timestep="0.002"/>
  <worldbody>
    <camera name="front" pos="0 -4 0.6" xyaxes="1 0 0 0 0 1"/>
    <geom name="floor" type="plane" size="0 0 1"/>
    <body name="ball" pos="0 0 1"><freejoint/><geom name="ball" size="0.1" mass="2"/></body>
    <body name="box" pos="2 0 0.1"><freejoint/><geom name="box" type="box" size="0.1 0.1 0.1" mass="1"/></body>
    <body name="rod" pos="-2 0 2"><joint name="swing" axis="0 1 0"/><geom type="capsule" fromto="0 0 0 0 0 -0.5" size="0.02" mass="1" contype="0" conaffinity="0"/></body>
    <body name="arm" pos="-4 0 2"><joint name="elbow" axis="0 1 0" damping="0.5"/><geom type="capsule" fromto="0 0 0 0.3 0 0" size="0.02" mass="0.1" contype="0" conaffinity="0"/></body>
    <body name="cart" pos="0 4 1"><joint name="rail" type="slide" axis="1 0 0" damping="1"/><geom size="0.1" mass="1" contype="0" conaffinity="0"/></body>
    <body name="hand" mocap="true" pos="5 0 1"><geom size="0.05" contype="0" conaffinity="0"/></body>
  </worldbody>
  <equality><weld name="grip" body1="hand" body2="box" active="false"/></equality>
  <actuator><position name="elbow" joint="elbow" kp="50"/><motor name="rail" joint="rail" gear="2"/></actuator>
  <sensor><framepos name="ball_pos" objtype="body" objname="ball"/><e_potential name="potential"/><e_kinetic name="kinetic"/></sensor>
</mujoco>)";

// A folder of its own with play.xml and, if given, a scene file; gone at the end.
struct Folder {
  std::filesystem::path path;
  Folder() {
    static int number = 0;
    path = std::filesystem::temp_directory_path() / ("nuri_regress_" + std::to_string(getpid()) + "_" + std::to_string(number++));
    std::filesystem::create_directories(path);
    write("play.xml", play_model);
    write("play.yaml", "models:\n  - {file: play.xml}\nsubsteps: 5\nseconds: 1\n");
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path / name, std::ios::binary) << text;
    return (path / name).string();
  }
};

inline regress::Script script_of(const Folder& folder, const std::string& text) {
  auto script = regress::read_script_text(text, (folder.path / "test.yaml").string());
  if (!script) FAIL(to_string(script.errors().front()));
  return std::move(*script);
}

// All cases of a script; `mutate`: those of its guards.
inline std::vector<regress::Ran> run_all(const regress::Script& script, bool mutate = false, const regress::Golden& golden = {}, const regress::CaseOptions& options = {}) {
  auto scene = regress::load_scene(script);
  if (!scene) FAIL(to_string(scene.errors().front()));
  std::vector<regress::Ran> out;
  for (const regress::Case& one : regress::cases_of(script, scene->settings, mutate)) out.push_back(regress::run_case(one, *scene, golden, options));
  return out;
}

inline regress::Ran run_one(const Folder& folder, const std::string& text) {
  const regress::Script script = script_of(folder, text);
  std::vector<regress::Ran> ran = run_all(script);
  REQUIRE(ran.size() == 1);
  return std::move(ran[0]);
}

}  // namespace nuri::test
