// A scene small enough to be loaded a hundred times: a cart with a pole on a rail, a box that is free, a shelf that is fixed, and ground.
#pragma once
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include "tools/editor/workbench/history.h"
#include "tools/editor/workbench/workbench.h"

namespace nuri::test {

inline const char* const cart_text = R"(<mujoco model="cart">
  <worldbody>
    <body name="cart" pos="0 0 0.5">
      <joint name="rail" type="slide" axis="1 0 0" damping="0.5"/>
      <geom name="cart" type="box" size="0.1 0.05 0.05" mass="1" contype="0" conaffinity="0"/>
      <body name="pole"><joint name="pole" type="hinge" axis="0 1 0" damping="0.01"/>
        <geom type="capsule" size="0.02" fromto="0 0 0 0 0 0.4" mass="0.2" contype="0" conaffinity="0"/></body>
    </body>
  </worldbody>
  <actuator><motor name="push" joint="rail" ctrlrange="-5 5"/></actuator>
  <sensor><jointpos name="where" joint="rail"/></sensor>
  <keyframe><key name="tilted" qpos="0.1 0.2"/></keyframe>
</mujoco>
)";
inline const char* const box_text = R"(<mujoco model="box">
  <worldbody>
    <body name="box" pos="0 0 0.2"><freejoint name="free"/>
      <geom name="box" type="box" size="0.1 0.1 0.1" mass="2" friction="0.5 0.005 0.0001"/></body>
  </worldbody>
</mujoco>
)";
inline const char* const shelf_text = R"(<mujoco model="shelf">
  <worldbody>
    <geom type="box" size="0.3 0.2 0.02" pos="0 0 0.1"/>
    <geom type="box" size="0.02 0.2 0.05" pos="0.3 0 0.05"/>
    <body name="door" pos="0 0.3 0.2"><joint name="door" axis="0 0 1" damping="0.1"/><geom name="door" type="box" size="0.1 0.01 0.1" mass="0.5" contype="0" conaffinity="0"/></body>
  </worldbody>
</mujoco>
)";
inline const char* const scene_text = R"(# A comment that stays.
name: little
environments: 3
substeps: 2                     # of 2 ms
models:
  - {file: cart.xml, name: cart}   # the cart
  - file: box.xml
    name: box
    position: [1, 0, 0]
  - {file: shelf.xml, name: shelf, position: [-1, 0, 0], euler: [0, 0, 30]}
ground: true
option: {timestep: 0.002}

vary:
  - {field: mass, names: box/box, scale: [0.8, 1.2]}
  - {field: geom_friction, names: ground, component: 0, scale: [0.9, 1.1]}
controls:
  - {type: sine, actuators: cart/push, amplitude: 1, frequency: 1}
# the end
)";

inline void write(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}
inline std::string read(const std::filesystem::path& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

// The folder with all of it, made anew.
inline std::filesystem::path little_folder(const std::string& name) {
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / ("nuri_editor_" + name);
  std::filesystem::remove_all(folder);
  write(folder / "cart.xml", cart_text);
  write(folder / "box.xml", box_text);
  write(folder / "shelf.xml", shelf_text);
  write(folder / "little.yaml", scene_text);
  return folder;
}

inline editor::Workbench::Options options(int environments = 0, size_t history = size_t{64} << 20) {
  editor::Workbench::Options out;
  out.world.environments = environments;
  out.world.backend = "cpu";
  out.world.threads = 1;
  out.history_bytes = history;
  return out;
}

inline void open(editor::Workbench& bench, const std::string& path) {
  const bool opened = bench.open(path);
  for (const Diagnostic& d : bench.errors()) MESSAGE(to_string(d));
  REQUIRE(opened);
}

inline uint64_t hash(editor::Workbench& bench) { return bench.session().world().hash(); }

template <class Names> int index_of(const Names& names, const std::string& name) {
  const auto found = std::find(names.begin(), names.end(), name);
  REQUIRE(found != names.end());
  return int(found - names.begin());
}

}  // namespace nuri::test
