// A seven-axis arm with servos and two fingers, a box on the floor, and sensors that say where the box is.
#pragma once
#include <string>

namespace nuri::test {

// `motors`: torques instead of servos.
inline std::string arm_text(bool motors = false) {
  std::string text = R"(<mujoco model="cell">
  <compiler angle="radian"/>
  <option timestep="0.004" integrator="implicitfast"/>
  <default>
    <joint armature="0.1" damping="0.5"/>
    <geom condim="3" friction="1 0.005 0.0001"/>
    <default class="link"><geom type="capsule" size="0.045" density="600" contype="0" conaffinity="0"/></default>
  </default>
  <worldbody>
    <geom name="floor" type="plane" size="0 0 1"/>
    <body name="base" pos="0 0 0.05" euler="0 0 0.3">
      <geom class="link" fromto="0 0 0 0 0 0.2"/>
      <body name="link1" pos="0 0 0.28">
        <joint name="joint1" axis="0 0 1" range="-2.8 2.8" limited="true"/>
        <geom class="link" fromto="0 0 -0.1 0 0 0"/>
        <body name="link2">
          <joint name="joint2" axis="0 1 0" range="-1.7 1.7" limited="true" pos="0 0.01 0"/>
          <geom class="link" fromto="0 0 0 0 0 0.2"/>
          <body name="link3" pos="0 0 0.3">
            <joint name="joint3" axis="0 0 1" range="-2.8 2.8" limited="true"/>
            <geom class="link" fromto="0 0 -0.1 0.06 0 0"/>
            <body name="link4" pos="0.07 0 0">
              <joint name="joint4" axis="0 -1 0" range="-2.9 -0.1" limited="true"/>
              <geom class="link" fromto="0 0 0 -0.05 0 0.2"/>
              <body name="link5" pos="-0.07 0 0.36" quat="0.98 0 0.02 0.1">
                <joint name="joint5" axis="0 0 1" range="-2.8 2.8" limited="true"/>
                <geom class="link" fromto="0 0 -0.15 0 0 0"/>
                <body name="link6">
                  <joint name="joint6" axis="0 -1 0" range="-0.1 3.6" limited="true"/>
                  <geom class="link" fromto="0 0 0 0.08 0 0"/>
                  <body name="link7" pos="0.085 0 0" euler="3.14159265358979 0 0">
                    <joint name="joint7" axis="0 0 1" range="-2.8 2.8" limited="true"/>
                    <geom class="link" size="0.03" fromto="0 0 0.05 0 0 0.08"/>
                    <site name="grip" pos="0 0 0.2" euler="0 0 0.7"/>
                    <body name="left" pos="0 0 0.15"><joint name="left" type="slide" axis="0 1 0" range="0 0.05" limited="true" damping="5"/>
                      <geom name="left" type="box" size="0.012 0.006 0.05" pos="0 0.006 0.02" mass="0.05" friction="1.5 0.01 0.001" condim="4"/></body>
                    <body name="right" pos="0 0 0.15"><joint name="right" type="slide" axis="0 -1 0" range="0 0.05" limited="true" damping="5"/>
                      <geom name="right" type="box" size="0.012 0.006 0.05" pos="0 -0.006 0.02" mass="0.05" friction="1.5 0.01 0.001" condim="4"/></body>
                  </body>
                </body>
              </body>
            </body>
          </body>
        </body>
      </body>
    </body>
    <body name="box" pos="0.45 0.1 0.025"><freejoint name="box"/><geom name="box" type="box" size="0.025 0.025 0.025" mass="0.1"/></body>
  </worldbody>
  <actuator>
)";
  for (int i = 1; i <= 7; ++i) {
    const std::string n = std::to_string(i), name = "joint" + n;
    if (motors) text += "    <motor name=\"" + name + "\" joint=\"" + name + "\" gear=\"" + (i < 5 ? "2" : "1") + "\"/>\n";
    else text += "    <position name=\"" + name + "\" joint=\"" + name + "\" kp=\"" + (i < 5 ? "3000" : "1500") + "\" kv=\"" + (i < 5 ? "200" : "80") + "\"" + (i == 2 ? " gear=\"1.5\"" : "") + "/>\n";
  }
  return text + R"(    <position name="left" joint="left" kp="2000" kv="30" ctrlrange="0 0.05" ctrllimited="true"/>
    <position name="right" joint="right" kp="2000" kv="30" ctrlrange="0 0.05" ctrllimited="true"/>
  </actuator>
  <sensor>
    <framepos name="box/pos" objtype="body" objname="box"/><framequat name="box/quat" objtype="body" objname="box"/>
    <framepos name="grip/pos" objtype="site" objname="grip"/><framequat name="grip/quat" objtype="site" objname="grip"/>
    <jointpos name="left/pos" joint="left"/>
  </sensor>
  <keyframe><key name="ready" qpos="0 0.3 0 -2 0 2.3 0.8 0.04 0.04 0.45 0.1 0.025 1 0 0 0" ctrl=")" + std::string(motors ? "0 0 0 0 0 0 0" : "0 0.45 0 -2 0 2.3 0.8") + R"( 0.04 0.04"/></keyframe>
</mujoco>)";
}

}  // namespace nuri::test
