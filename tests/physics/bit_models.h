// Small models that together use every kind of joint, contact, row, solver and integrator, for tests of bits: what they do
// need not look good, but it must not come to rest.
#pragma once
#include <doctest/doctest.h>
#include <memory>
#include <string>
#include <vector>
#include "engine/model/compile.h"
#include "engine/scene/mjcf.h"
#include "tests/physics/bit_lives.h"

namespace nuri::bits_test {

struct NamedModel { std::string name, text; void (*change)(scene::Scene&) = nullptr; };   // change: what is done to the scene after reading

// A figure with a free joint, four limbs of two segments and a head, on the ground. Limbs may touch each other.
// A neck with a limit has rows of three dofs, which the tree's way of solving does not take (model::shorter_along_tree).
inline std::string figure(const std::string& option, const std::string& geom, const std::string& neck = "range='0 40'") {
  std::string limbs, motors;
  for (int i = 0; i < 4; ++i) {
    const std::string n = std::to_string(i), side = i % 2 ? "-" : "", end = i / 2 ? "-" : "";
    limbs += "<body name='upper" + n + "' pos='" + end + "0.12 " + side + "0.16 " + (i / 2 ? "-0.2" : "0.1") + "'><joint name='a" + n + "' axis='1 0 0' range='-60 60'/><joint name='b" + n +
             "' axis='0 1 0.2' range='-70 40'/><geom name='g" + n + "' type='capsule' size='0.05' fromto='0 0 0 0 " + side + "0.1 -0.2'/><body pos='0 " + side +
             "0.1 -0.22'><joint name='c" + n + "' axis='0 1 0' range='-120 10' stiffness='2'/><geom type='capsule' size='0.04' fromto='0 0 0 0.05 0 -0.2'/><geom type='sphere' size='0.06' pos='0.05 0 -0.24'/></body></body>";
    for (const char* j : {"a", "b", "c"}) motors += "<motor joint='" + (j + n) + "' gear='15' ctrlrange='-1 1'/>";
  }
  return "<mujoco><option " + option + "/><default><joint damping='0.5' armature='0.01'/><geom density='900' " + geom +
         "/></default><worldbody><geom name='floor' type='plane' size='5 5 1'/><body name='torso' pos='0 0 0.55'><freejoint/><geom name='torso' type='capsule' size='0.1' fromto='-0.1 0 0 0.1 0 0.1'/>"
         "<body pos='0 0 0.28'><joint name='neck' type='ball' " + neck + " damping='1'/><geom type='sphere' size='0.1'/></body>" +
         limbs + "</body></worldbody><actuator>" + motors + "</actuator></mujoco>";
}

// Things between a belt, a turntable and a sticky beam; an arm with a cup, whose gravity its actuators compensate.
inline std::string surfaces(const std::string& option) {
  return "<mujoco><option " + option + R"(/><worldbody><geom name='belt' type='plane' size='5 5 1'/>
    <geom name='table' type='box' size='0.4 0.3 0.1' pos='0 0 0.2' euler='5 -4 20'/><geom name='beam' type='capsule' size='0.06' fromto='-0.6 1 0.4 0.6 1.02 0.4' margin='0.004' gap='0.03'/>
    <body name='crate' pos='0.9 0 0.15'><freejoint/><geom type='box' size='0.15 0.1 0.1' mass='1' condim='4'/></body>
    <body name='roller' pos='0.05 0 0.42'><freejoint/><geom name='roller' type='sphere' size='0.1' mass='0.8' condim='6'/></body>
    <body name='gecko' pos='0.1 1.01 0.265'><freejoint/><geom name='pad' type='capsule' size='0.07 0.15' euler='0 88 3' mass='0.3' condim='4'/>
      <body pos='-0.2 0 -0.1'><joint axis='0 1 0' damping='0.05'/><geom name='tail' type='sphere' size='0.05' pos='-0.05 0 0' mass='0.05' gap='0.02'/></body><site name='gecko' size='0.3'/></body>
    <body name='arm' pos='-1.6 0 0.3' gravcomp='0.7'><joint name='shoulder' axis='0 1 0' damping='0.3' actuatorgravcomp='true' actuatorfrcrange='-2.5 2.5' actuatorfrclimited='true'/>
      <geom type='capsule' size='0.04' fromto='0 0 0 0.3 0 0' mass='1' contype='0' conaffinity='0'/>
      <body pos='0.3 0 0' gravcomp='0.4'><joint name='wrist' type='ball' damping='0.1' actuatorgravcomp='true'/><geom type='capsule' size='0.03' fromto='0 0 0 0.25 0 0' mass='0.4' contype='0' conaffinity='0'/>
        <body name='cup' pos='0.25 0 -0.05'><joint type='slide' axis='0 0 1' range='-0.1 0.3' damping='3'/><geom name='cup' type='sphere' size='0.06' mass='0.2' gap='0.04'/><site name='cup' size='0.1'/></body></body></body>
    <body name='load' pos='-1.05 0 0.08'><freejoint/><geom name='load' type='capsule' size='0.08 0.1' euler='90 0 0' mass='0.5'/></body>
    <body name='puck' pos='-0.895 0.03 0.071'><freejoint/><geom name='puck' type='sphere' size='0.07' mass='0.4'/></body>
  </worldbody><contact><pair geom1='puck' geom2='load' gap='0.02' margin='0.003' condim='3'/></contact>
  <actuator><motor name='suck' joint='shoulder' gear='8' ctrlrange='0 1'/><motor joint='shoulder' gear='2'/><motor joint='wrist' gear='0.1 0.2 -0.1'/></actuator>
  <sensor><touch site='gecko'/><touch site='cup'/><force site='gecko'/><torque site='cup'/><accelerometer site='gecko'/><jointactuatorfrc joint='shoulder'/></sensor></mujoco>)";
}
inline void moving_and_sticky(scene::Scene& s) {
  for (scene::Geom& g : s.geoms) {
    if (g.name == "belt") g.surfacevel = {0.3, 0.1, 0.2, 0, 0, 0.4};
    if (g.name == "table") g.surfacevel = {0.2, -0.3, 0, 0.1, 0.2, 0.6};
    if (g.name == "roller") g.surfacevel = {0.05, 0, 0, 0, 0.5, 1};
    g.adhesion = g.name == "beam" ? 6 : g.name == "pad" ? 2 : g.name == "tail" ? -0.5 : 0;
  }
  s.pairs[0].adhesion = 3;
  scene::Actuator& suck = s.actuators[0];
  suck.transmission = scene::Transmission::body;
  suck.gainprm = {8, 0, 0};
  for (size_t b = 0; b < s.bodies.size(); ++b) if (s.bodies[b].name == "cup") suck.target = int(b);
}

// Muscles, servos with laws of their own, actuators on sites: every branch of transmission.h, muscle.h and servo.h.
inline std::string servos(const std::string& option) {
  return "<mujoco><option " + option + R"(/><worldbody><geom type='plane' size='5 5 1' pos='0 0 -1'/><site name='room' pos='0.2 -0.1 0.4' euler='20 30 40'/>
    <body name='base' euler='5 10 15'><joint name='turn' axis='0 0 1' range='-150 170' damping='0.2'/><geom type='cylinder' size='0.1 0.05' mass='2'/><site name='hub' pos='0 0 0.1' euler='40 5 6'/>
      <body name='arm' pos='0 0 0.1'><joint name='lift' axis='0 1 0' range='-60 60' damping='0.2'/><geom type='capsule' size='0.03' fromto='0 0 0 0.3 0 0' mass='0.8'/><site name='pin' pos='0.2 0 0.05'/>
        <body name='hand' pos='0.3 0 0'><joint name='wrist' type='ball' damping='0.05' armature='0.003'/><geom type='box' size='0.08 0.03 0.05' mass='0.3' pos='0.03 0 0'/><site name='tip' pos='0.1 0 0' euler='30 40 50'/></body></body></body>
    <body name='drone' pos='1 0 0'><freejoint/><geom type='box' size='0.15 0.1 0.03' mass='0.5'/><site name='rotor' pos='0.1 0.1 0.02'/></body>
  </worldbody><actuator>
    <muscle joint='lift' lengthrange='-1.2 1.1' scale='100' tausmooth='0.2'/><muscle cranksite='pin' slidersite='room' cranklength='0.8' lengthrange='-1 0.2' force='20'/>
    <pid joint='lift' kp='6' dampratio='0.7' ki='2' imax='0.02' slewmax='3' input='pos vel ff' forcerange='-5 5'/><orientation name='aim' joint='wrist' kp='0.8' kv='0.05'/>
    <orientation site='tip' refsite='hub' kp='0.6' kv='0.02' input='quat' forcerange='0 0.3'/><general site='tip' refsite='room' gaintype='so3' biastype='so3' gainprm='0.2' biasprm='0 -0.2 -0.01' dyntype='integrator' actearly='true'/>
    <dcmotor joint='turn' resistance='1.5' motorconst='0.3' inductance='0.004' thermal='3 8 0 0.004 25 22' gear='4' saturation='0 2 400' lugre='40 0.3 0.05 0.08 0.2' cogging='0.02 12 0.3'/>
    <dcmotor joint='lift' nominal='12 1.2 40' input='pos vel ff voltage' controller='4 1 0.5 3 0.02 10' saturation='0.8'/><dcmotor joint='turn' resistance='2' motorconst='0.2' input='none' lugre='20 0.1 0.02 0.03 0.1'/>
    <motor site='rotor' gear='0 0 5 0 0 0.1'/><position site='tip' refsite='room' gear='0.5 1 0 0 0 0' kp='8' kv='0.5'/><intvelocity joint='wrist' gear='1 0 0' kp='0.1' kv='0.003'/>
    <position site='tip' refsite='hub' gear='0 0 0 0.3 0 1.2' kp='0.4' timeconst='0.05'/></actuator>
  <sensor><actuatorfrc actuator='aim'/><actuatorpos actuator='aim'/></sensor></mujoco>)";
}

inline void exact_diagonal(scene::Scene& s) { s.option.flags.diagexact = true; }

// Things that the medium meets as ellipsoids, beside one that it meets as a box: alone, with parts fixed to it, in a chain.
inline std::string swimmers(const std::string& option) {
  return "<mujoco><option density='900' viscosity='0.02' wind='0.3 0 0.1' timestep='0.004' " + option + R"(/><worldbody><geom type='plane' size='5 5 1'/>
    <body name='card' pos='0 0 1' euler='30 10 0'><freejoint/><geom type='box' size='0.2 0.1 0.01' density='1500' fluidshape='ellipsoid'/></body>
    <body name='fish' pos='0.6 0 0.8'><freejoint/><geom type='ellipsoid' size='0.2 0.05 0.1' density='1300' fluidshape='ellipsoid' fluidcoef='0.6 0.1 2 1.4 0.7'/>
      <body pos='0 0.1 0' euler='20 0 0'><geom type='box' size='0.1 0.06 0.01' fluidshape='ellipsoid'/></body>
      <body pos='-0.2 0 0'><joint name='tail' axis='0 0 1' damping='0.05' stiffness='1'/><geom type='capsule' size='0.03 0.1' pos='-0.1 0 0' euler='0 90 0' fluidshape='ellipsoid'/>
        <body pos='-0.25 0 0'><joint name='fin' axis='0 0.2 1' damping='0.02'/><geom type='cylinder' size='0.08 0.01' pos='-0.05 0 0' euler='90 0 0' fluidshape='ellipsoid'/></body></body></body>
    <body name='stone' pos='0 0.6 0.9'><freejoint/><geom type='box' size='0.1 0.06 0.05' density='2000'/><geom type='sphere' size='0.06' pos='0.1 0 0'/></body>
  </worldbody><actuator><motor joint='tail' gear='4' ctrlrange='-1 1'/><motor joint='fin' gear='1' ctrlrange='-1 1'/></actuator></mujoco>)";
}

// An arm that reaches among things, and what it senses of them: by cameras and rays, late, now and then, and with noise; late motors.
inline std::string senses(const std::string& option) {
  std::string motors, sensors;
  int n = 0;
  for (const char* past : {"nsample='1' delay='0.004'", "nsample='4' delay='0.01' interp='linear'", "nsample='5' delay='0.0147' interp='cubic'", "nsample='3'"})
    motors += "<motor joint='" + std::string(n++ % 2 ? "elbow" : "swing") + "' gear='1.5' ctrlrange='-1 1' " + past + "/>";
  for (const char* what : {"framepos objtype='site' objname='tip'", "framequat objtype='camera' objname='look'", "framezaxis objtype='camera' objname='look' reftype='camera' refname='far'", "touch site='tip'",
                           "accelerometer site='tip'", "rangefinder camera='far'", "rangefinder site='tip' data='dist normal'", "camprojection site='tip' camera='far'", "contact geom1='floor' data='found force linvel angvel' num='2'", "clock"})
    for (const char* past : {"", "nsample='6' delay='0.011' interp='linear'", "nsample='2' interval='0.0213' noise='0.01'", "nsample='3' interval='0.012 -0.005' delay='0.03' interp='cubic'"})
      sensors += "<" + std::string(what) + " " + past + (past[0] ? "" : " noise='0.03'") + "/>";
  return "<mujoco><option " + option + R"(><flag sensornoise='enable'/></option><worldbody><geom name='floor' type='plane' size='5 5 1'/>
    <camera name='far' pos='0 -2 1' xyaxes='1 0 0 0 0.4 1' resolution='5 3'/>
    <body pos='0 0 0.7'><joint name='swing' type='hinge' axis='0 1 0' damping='0.2'/><geom type='capsule' size='0.04' fromto='0 0 0 0.3 0 0'/><camera name='look' mode='targetbodycom' target='thing' pos='0.1 0.1 0.1'/>
      <body pos='0.3 0 0'><joint name='elbow' type='hinge' axis='1 1 0' damping='0.1'/><geom type='capsule' size='0.03' fromto='0 0 0 0.2 0 -0.1'/><site name='tip' pos='0.2 0 -0.1' size='0.1'/></body></body>
    <body name='thing' pos='0.4 0 0.15'><freejoint/><geom type='box' size='0.1 0.08 0.12' condim='4'/></body>
    <body name='ball' pos='0.1 0.1 0.3'><freejoint/><geom size='0.09'/></body>
  </worldbody><actuator>)" + motors + "</actuator><sensor>" + sensors + "</sensor></mujoco>";
}

inline std::vector<NamedModel> models() {
  std::vector<NamedModel> out;
  out.push_back({"figure", figure("timestep='0.004'", "")});
  out.push_back({"figure_elliptic", figure("timestep='0.004' cone='elliptic' impratio='3' integrator='implicitfast'", "condim='4' friction='0.8 0.02 0.01'")});
  out.push_back({"figure_rolling", figure("timestep='0.004' cone='elliptic'", "condim='6' friction='0.6 0.02 0.01'")});
  out.push_back({"figure_pyramid6", figure("timestep='0.004' integrator='RK4'", "condim='6' friction='0.6 0.02 0.01'")});
  out.push_back({"figure_smooth_pgs", figure("timestep='0.003' solver='PGS' iterations='30'", "condim='1'")});
  out.push_back({"figure_cone_pgs", figure("timestep='0.003' solver='PGS' iterations='20' cone='elliptic'", "condim='3'")});
  out.push_back({"tree", figure("timestep='0.004'", "", "")});
  out.push_back({"tree_elliptic", figure("timestep='0.004' cone='elliptic' integrator='implicitfast'", "condim='4' friction='0.8 0.02 0.01'", "")});
  out.push_back({"tree_rolling", figure("timestep='0.004' cone='elliptic' impratio='3'", "condim='6' friction='0.6 0.02 0.01'", "frictionloss='0.2'")});
  out.push_back({"tree_frictionless", figure("timestep='0.004' integrator='RK4'", "condim='1'", "")});
  // boxes that fall onto each other, with other shapes between them
  std::string things;
  const char* const shapes[] = {"type='box' size='0.2 0.15 0.1'", "type='ellipsoid' size='0.15 0.1 0.2'", "type='cylinder' size='0.12 0.1'", "type='box' size='0.1 0.1 0.2'",
                                "type='capsule' size='0.08 0.15'", "type='sphere' size='0.12'"};
  for (int i = 0; i < 6; ++i)
    things += "<body name='thing" + std::to_string(i) + "' pos='" + std::to_string(0.03 * i) + " " + std::to_string(0.05 * (i % 3)) + " " + std::to_string(0.25 + 0.42 * i) + "' euler='" +
              std::to_string(7 * i) + " 5 " + std::to_string(20 * i) + "'><freejoint/><geom " + shapes[i] + " density='500'/></body>";
  out.push_back({"heap", "<mujoco><option timestep='0.004'/><worldbody><geom type='plane' size='5 5 1'/><geom type='box' size='0.3 0.3 0.05' pos='0.2 0 0.05' euler='0 10 0'/>" + things + "</worldbody></mujoco>"});
  out.push_back({"heap_pgs", "<mujoco><option timestep='0.004' solver='PGS' iterations='25' cone='elliptic'/><worldbody><geom type='plane' size='5 5 1'/>" + things + "</worldbody></mujoco>"});
  // so many small things that every environment has an order of elimination of its own (model::is_heap); two are tied together, two hinge
  std::string pile;
  const char* const small[] = {"type='sphere' size='0.05'", "type='box' size='0.06 0.04 0.05'", "type='capsule' size='0.03 0.04'", "type='ellipsoid' size='0.06 0.04 0.05'", "type='cylinder' size='0.05 0.04'"};
  for (int i = 0; i < 24; ++i) {
    const bool door = i == 7 || i == 16;
    pile += "<body name='small" + std::to_string(i) + "' pos='" + std::to_string(0.105 * (i % 2) + 0.01 * (i % 3) - 0.05) + " " + std::to_string(0.11 * (i / 2 % 2) - 0.05) + " " + std::to_string(0.06 + 0.1 * (i / 4)) +
            "' euler='" + std::to_string(13 * i) + " 20 " + std::to_string(31 * i) + "'>" + (door ? "<joint axis='0 1 0.3' pos='0 0 0.1' damping='0.01'/><joint type='slide' axis='1 0 0' stiffness='20'/>" : "<freejoint/>") + "<geom " + small[i % 5] +
            " density='600' condim='" + (i % 4 == 3 ? "4" : i % 4 == 2 ? "1" : "3") + "'/></body>";
  }
  out.push_back({"pile", "<mujoco><option timestep='0.004' integrator='implicitfast'/><worldbody><geom type='plane' size='5 5 1'/><geom type='box' size='0.02 0.4 0.3' pos='0.2 0 0.3' euler='0 8 0'/>" + pile +
                             "</worldbody><equality><connect body1='small0' body2='small9' anchor='0 0 0.1'/></equality></mujoco>"});
  // robots that fall into each other: islands of large trees, elliptic cones, a sorted sweep; two hold the ends of a tendon
  std::string crowd;
  for (int i = 0; i < 18; ++i) {
    const std::string n = std::to_string(i), cone = i % 3 == 2 ? " condim='4' friction='0.7 0.02 0.01'" : i % 3 == 1 ? " condim='1'" : "";
    crowd += "<body name='robot" + n + "' pos='" + std::to_string(0.33 * (i % 3) - 0.3 + 0.02 * (i / 9)) + " " + std::to_string(0.3 * (i / 3 % 3) - 0.3) + " " + std::to_string(0.2 + 0.3 * (i / 9)) + "' euler='" +
             std::to_string(11 * i) + " " + std::to_string(25 * i) + " 0'><freejoint/><geom size='0.09' density='400'" + cone + "/><body pos='0.1 0 0'><joint name='turn" + n + "' axis='0 0 1' damping='0.02' frictionloss='" +
             (i % 4 ? "0" : "0.02") + "'/><joint axis='0 1 0' range='-40 40' damping='0.02'/><geom type='capsule' size='0.04' fromto='0 0 0 0.12 0 0' density='400'" + cone +
             "/></body><body pos='-0.1 0 0'><joint axis='1 0 1' damping='0.02'/><geom type='box' size='0.05 0.03 0.04' density='400'/></body></body>";
  }
  out.push_back({"crowd", "<mujoco><option timestep='0.004' cone='elliptic' impratio='2'/><worldbody><geom type='plane' size='5 5 1'/><geom type='box' size='0.3 0.05 0.2' pos='0 -0.5 0.2' euler='9 0 0'/>" + crowd +
                              "</worldbody><tendon><fixed stiffness='2' limited='true' range='-0.3 0.3'><joint joint='turn0' coef='1'/><joint joint='turn17' coef='-0.5'/></fixed></tendon></mujoco>"});
  // what falls asleep, wakes of pushes and of what falls on it, and sleeps again
  std::string sleepers;
  for (int i = 0; i < 8; ++i)
    sleepers += "<body pos='" + std::to_string(0.3 * (i % 4)) + " " + std::to_string(0.04 * i) + " " + std::to_string(0.12 + 0.35 * (i / 4)) + "'><freejoint/><geom type='box' size='0.1 0.12 0.1' condim='" + (i % 3 ? "3" : "4") + "'/></body>";
  out.push_back({"sleepers", "<mujoco><option timestep='0.005' sleep_tolerance='0.05'><flag sleep='enable'/></option><worldbody><geom type='plane' size='5 5 1'/>" + sleepers +
                                 "<body pos='-1 0 1'><joint axis='0 1 0' damping='0.02'/><geom type='capsule' size='0.04' fromto='0 0 0 0.05 0 -0.3'/></body></worldbody></mujoco>"});
  // few bodies, many geoms of the world: scratch is laid out another way round
  std::string posts;
  for (int i = 0; i < 90; ++i)
    posts += "<geom type='" + std::string(i % 2 ? "sphere' size='0.08'" : "box' size='0.1 0.1 0.06'") + " pos='" + std::to_string(0.3 * (i % 9) - 1.2) + " " + std::to_string(0.3 * (i / 9) - 1.3) + " 0'/>";
  out.push_back({"course", "<mujoco><option timestep='0.004'/><worldbody><geom type='plane' size='5 5 1'/>" + posts +
                               "<body pos='0 0 0.3'><freejoint/><geom type='capsule' size='0.08 0.1' density='500'/><body pos='0 0 0.2'><joint axis='1 0 0' range='-40 40'/><geom type='sphere' size='0.1'/></body></body></worldbody></mujoco>"});
  // everything that is not a contact: tendons, equalities, dry friction, actuators with states, sensors, mocap, slides and balls
  for (const char* option : {"integrator='implicitfast'", "integrator='RK4'", "integrator='Euler' solver='PGS' iterations='40'"})
    out.push_back({std::string("machine_") + (option[12] == 'i' ? "implicitfast" : option[12] == 'R' ? "rk4" : "pgs"), std::string("<mujoco><option timestep='0.003' ") + option + R"(/>
  <default><geom density='800'/><joint damping='0.1'/></default>
  <worldbody><geom type='plane' size='5 5 1'/>
    <body name='mocap' mocap='true' pos='0.4 0.6 1'><geom type='sphere' size='0.05' contype='0' conaffinity='0'/></body>
    <body name='cart' pos='0 0 0.8'><joint name='slide' type='slide' axis='1 0 0' range='-0.6 0.6' frictionloss='0.5'/><geom type='box' size='0.1 0.1 0.05'/>
      <body name='arm1' pos='0 0 -0.05'><joint name='h1' axis='0 1 0' frictionloss='0.05'/><geom type='capsule' size='0.03' fromto='0 0 0 0 0 -0.3'/>
        <body name='arm2' pos='0 0 -0.3'><joint name='h2' axis='0 1 0' stiffness='3' springref='20'/><geom type='capsule' size='0.03' fromto='0 0 0 0 0 -0.3'/><site name='tip' pos='0 0 -0.3' size='0.05'/></body></body></body>
    <body name='left' pos='-0.5 0.5 0.5'><joint name='l1' axis='0 1 0'/><joint name='l2' axis='1 0 0' range='-50 50'/><geom type='capsule' size='0.03' fromto='0 0 0 0.3 0 0'/>
      <body name='left2' pos='0.3 0 0'><joint name='l3' type='ball' range='0 60'/><geom type='capsule' size='0.03' fromto='0 0 0 0.25 0 0'/></body></body>
    <body name='right' pos='0.5 0.5 0.5'><joint name='r1' axis='0 1 0'/><joint name='r2' axis='1 0 0'/><geom type='capsule' size='0.03' fromto='0 0 0 -0.3 0 0'/></body>
    <body name='load' pos='0.4 0.6 0.6'><freejoint/><geom type='box' size='0.08 0.08 0.08'/></body>
    <body name='ball' pos='0 -0.5 0.3'><freejoint/><geom type='sphere' size='0.1' condim='1'/></body>
  </worldbody>
  <tendon><fixed name='t1' limited='true' range='-0.4 0.5' frictionloss='0.1' stiffness='1' damping='0.2'><joint joint='h1' coef='1'/><joint joint='h2' coef='-0.7'/></fixed>
    <fixed name='t2'><joint joint='l1' coef='0.5'/><joint joint='r1' coef='0.5'/></fixed></tendon>
  <equality><connect body1='left2' body2='right' anchor='0.2 0 0'/><weld body1='load' body2='mocap' active='false'/>
    <joint joint1='r2' joint2='l2' polycoef='0 1 0.3 0 0'/><connect body1='load' body2='mocap' anchor='0 0 0.1' solref='0.05 1'/></equality>
  <actuator><motor joint='h1' gear='3' ctrlrange='-1 1'/><position joint='h2' kp='10' kv='1'/><velocity joint='slide' kv='5'/>
    <general joint='l1' dyntype='filter' dynprm='0.05' gainprm='4' ctrlrange='-1 1'/><general joint='r1' dyntype='integrator' actrange='-1 1' actlimited='true' gainprm='3' biastype='affine' biasprm='0 -3 -0.2'/>
    <general tendon='t1' dyntype='filterexact' dynprm='0.02' gainprm='2' forcerange='-1 1'/><general tendon='t2' gainprm='1'/></actuator>
  <sensor><accelerometer site='tip'/><gyro site='tip'/><touch site='tip'/><force site='tip'/><torque site='tip'/><jointpos joint='h1'/><tendonpos tendon='t1'/><actuatorfrc actuator='' name='f'/>
    <subtreecom body='cart'/><subtreeangmom body='left'/><framepos objtype='body' objname='load'/><framelinacc objtype='body' objname='load'/></sensor></mujoco>)"});
  for (NamedModel& m : out)
    if (const size_t at = m.text.find("<actuatorfrc actuator='' name='f'/>"); at != std::string::npos) m.text.erase(at, std::string("<actuatorfrc actuator='' name='f'/>").size());
  // strings: straight, over a pulley, around a ball and a drum on one side or the other, in a groove; that pull, brake, weigh and end
  for (const char* option : {"integrator='implicitfast'", "integrator='RK4' solver='PGS' iterations='40'", "integrator='implicit' solver='CG'"})
    out.push_back({std::string("strings_") + (option[12] == 'R' ? "rk4_pgs" : option[20] == 'f' ? "implicitfast" : "implicit_cg"), std::string("<mujoco><option timestep='0.003' ") + option + R"(/>
  <default><geom density='800' contype='0' conaffinity='0'/><joint damping='0.01 0.002 0.001'/></default>
  <worldbody><site name='roof' pos='0 0 2'/><site name='beam' pos='0.4 0.1 2'/><geom name='drum' type='cylinder' size='0.06 0.1' pos='0.2 0.05 1.75' euler='80 10 0'/><site name='under' pos='0.2 0.05 1.4'/>
    <body name='hand' mocap='true' pos='-0.5 0.3 1.8'><geom name='held' type='sphere' size='0.05' pos='0.1 0 -0.2'/><site name='hand'/></body>
    <body name='upper' pos='0 0 1.6'><joint name='s1' axis='0 1 0' stiffness='3 1 2' springref='20'/><joint name='s2' axis='1 0 0.2'/><geom type='capsule' size='0.03' fromto='0 0 0 0.3 0 0'/>
      <site name='u0' pos='0.05 0.03 0.04'/><site name='u1' pos='0.22 -0.02 0.05'/><geom name='knuckle' type='cylinder' size='0.05 0.08' pos='0.3 0 0' euler='90 0 0'/><site name='in' pos='0.3 0.01 0.02'/>
      <body name='lower' pos='0.3 0 0'><joint name='e1' axis='0 1 0'/><geom type='capsule' size='0.025' fromto='0 0 0 0.25 0 0'/><site name='l0' pos='0.12 0.01 0.035'/><site name='l1' pos='0.2 -0.01 -0.03'/>
        <geom name='pad' type='sphere' size='0.045' pos='0.25 0 0'/><body pos='0.25 0 0'><joint type='ball' stiffness='0.05 0.02' armature='0.002'/><geom type='capsule' size='0.02' fromto='0 0 0 0.15 0 0'/><site name='tip' pos='0.09 0.02 0.03'/></body></body></body>
    <body name='weight' pos='0.8 0 1.2'><freejoint/><geom type='box' size='0.05 0.04 0.06'/><site name='w0' pos='0 0 0.06'/><site name='w1' pos='0.05 0.02 0'/></body>
    <body name='cart' pos='1.2 0 1.4'><joint name='rail' type='slide' axis='0 1 0.1'/><geom type='sphere' size='0.05'/><site name='cart' pos='0 0.02 -0.05'/></body></worldbody>
  <tendon><spatial name='line' stiffness='20 5' damping='0.4 0 0.1' actuatorfrcrange='-0.5 1'><site site='roof'/><site site='u1'/><site site='l0'/></spatial>
    <spatial name='drum' limited='true' range='0 0.6' margin='0.02' frictionloss='0.1'><site site='beam'/><geom geom='drum' sidesite='under'/><site site='u1'/><site site='u0'/></spatial>
    <spatial name='groove' limited='true' range='0.05 0.3' stiffness='10'><site site='u1'/><geom geom='knuckle' sidesite='in'/><site site='l0'/><geom geom='pad'/><site site='tip'/></spatial>
    <spatial name='tackle' limited='true' range='0 1' damping='0.2'><site site='beam'/><site site='w0'/><pulley divisor='2'/><site site='w1'/><geom geom='held'/><site site='hand'/></spatial>
    <spatial name='heavy' armature='0.2'><site site='roof'/><site site='l1'/><site site='tip'/><site site='w1'/></spatial>
    <spatial name='ferry'><site site='cart'/><site site='beam'/></spatial><fixed name='geared' armature='0.02'><joint joint='rail' coef='2'/><joint joint='e1' coef='0.3'/></fixed></tendon>
  <equality><tendon tendon1='ferry' tendon2='geared' polycoef='0.01 0.2 0.1 0 0' solref='0.05 1'/></equality>
  <actuator><motor tendon='groove' gear='-3' ctrlrange='0 1'/><position tendon='line' kp='10' kv='1'/><motor joint='rail' gear='2'/><motor tendon='line' gear='2' armature='0.01' damping='0.1 0.05'/></actuator>
  <sensor><tendonpos tendon='drum'/><tendonactuatorfrc tendon='line'/><tendonvel tendon='tackle'/><tendonlimitfrc tendon='groove'/><e_potential/><e_kinetic/></sensor></mujoco>)"});
  // the derivative of the bias force, conjugate gradients, and both
  out.push_back({"tree_implicit", figure("timestep='0.004' integrator='implicit'", "", "")});
  out.push_back({"limbs_cg", figure("timestep='0.004' solver='CG' cone='elliptic'", "condim='4' friction='0.8 0.02 0.01'", "")});
  for (size_t i = 0; i < out.size(); ++i)
    if (const std::string fast = "integrator='implicitfast'"; out[i].name == "machine_implicitfast") {
      std::string text = out[i].text;
      out.push_back({"machine_implicit_cg", text.replace(text.find(fast), fast.size(), "integrator='implicit' solver='CG'")});
      break;
    }
  // friction once more as if it were hard; the exact diagonal
  out.push_back({"figure_noslip", figure("timestep='0.004' noslip_iterations='3'", "condim='4' friction='0.8 0.02 0.01'")});
  out.push_back({"noslip_tree", figure("timestep='0.004' cone='elliptic' noslip_iterations='6' integrator='implicitfast'", "condim='6' friction='0.6 0.02 0.01'", "frictionloss='0.2'"), exact_diagonal});
  out.push_back({"heap_noslip_pgs", "<mujoco><option timestep='0.004' solver='PGS' iterations='20' noslip_iterations='2' cone='elliptic'/><worldbody><geom type='plane' size='5 5 1'/>" + things + "</worldbody></mujoco>"});
  out.push_back({"surfaces_exact", surfaces("timestep='0.004' noslip_iterations='2'"), [](scene::Scene& s) { moving_and_sticky(s), exact_diagonal(s); }});
  for (const char* integrator : {"Euler", "implicit", "implicitfast"}) out.push_back({std::string("swimmers_") + integrator, swimmers(std::string("integrator='") + integrator + "'")});
  out.push_back({"surfaces", surfaces("timestep='0.004' integrator='implicitfast'"), moving_and_sticky});
  out.push_back({"surfaces_rk4", surfaces("timestep='0.004' integrator='RK4' cone='elliptic'"), moving_and_sticky});
  out.push_back({"servos", servos("timestep='0.004' integrator='implicitfast'")});
  out.push_back({"servos_rk4", servos("timestep='0.003' integrator='RK4'")});
  // springs that give way: slides, hinges and balls, tendons straight and around a drum
  for (const char* integrator : {"implicitfast", "RK4"})
    out.push_back({std::string("plastic_") + (integrator[0] == 'R' ? "rk4" : integrator), std::string("<mujoco><option timestep='0.003' integrator='") + integrator + R"('/>
  <default><geom density='800' contype='0' conaffinity='0'/><joint damping='0.01' springyield='3'/><tendon springyield='0.01'/></default>
  <worldbody><site name='roof' pos='0 0 2'/><site name='beam' pos='0.4 0.1 2'/><geom name='drum' type='cylinder' size='0.06 0.1' pos='0.2 0.05 1.75' euler='80 10 0'/><site name='under' pos='0.2 0.05 1.4'/>
    <body pos='0 0 1.6'><joint name='s1' axis='0 1 0' stiffness='3 1 2' springref='20'/><joint axis='1 0 0.2' stiffness='2'/><geom type='capsule' size='0.03' fromto='0 0 0 0.3 0 0'/><site name='u0' pos='0.05 0.03 0.04'/>
      <body pos='0.3 0 0'><joint type='ball' stiffness='0.4'/><geom type='capsule' size='0.025' fromto='0 0 0 0.25 0 0'/><site name='tip' pos='0.25 0.01 0'/></body></body>
    <body name='rider' pos='0.8 0 1.4'><joint name='rail' type='slide' axis='0 1 1' stiffness='30' springyield='0.01'/><geom size='0.05'/></body>
    <body pos='-0.6 0 1.4'><freejoint/><geom type='box' size='0.05 0.04 0.06'/><site name='load' pos='0 0 0.06'/></body></worldbody>
  <tendon><spatial stiffness='40' damping='0.1' springlength='0 0.5'><site site='roof'/><site site='tip'/></spatial><spatial stiffness='20'><site site='beam'/><geom geom='drum' sidesite='under'/><site site='u0'/></spatial>
    <spatial stiffness='60' springlength='0.3 0.6' springyield='0.03'><site site='roof'/><site site='load'/></spatial><fixed stiffness='5 3'><joint joint='rail' coef='2'/><joint joint='s1' coef='0.3'/></fixed></tendon>
  <actuator><motor joint='s1' gear='3'/><motor joint='rail' gear='5'/></actuator><sensor><e_potential/></sensor></mujoco>)"});
  out.push_back({"senses", senses("timestep='0.004' integrator='implicitfast'")});
  out.push_back({"senses_rk4", senses("timestep='0.003' integrator='RK4' cone='elliptic'")});
  return out;
}

inline std::shared_ptr<const model::Model> compiled(const NamedModel& m) {
  auto scene = scene::read_mjcf_text(m.text, m.name);
  if (!scene) FAIL(m.name << ": " << to_string(scene.errors()[0]));
  if (m.change) m.change(*scene);
  const auto model = model::compile(*scene);
  if (!model) FAIL(m.name << ": " << to_string(model.errors()[0]));
  return std::make_shared<const model::Model>(*model);
}

}  // namespace nuri::bits_test
