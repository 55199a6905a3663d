#include "engine/scene/timeline.h"

#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <string>
#include "engine/scene/yaml.h"

using namespace nuri;
using namespace nuri::scene;

namespace {

constexpr double degree = 3.14159265358979323846 / 180;

Result<SceneFile> read(const std::string& text) {
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / "nuri_scene_timeline_test";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "ball.xml") << "<mujoco><worldbody><body name=\"ball\"><freejoint/><geom size=\"0.1\"/></body></worldbody></mujoco>";
  return read_yaml_text("models: [{file: ball.xml}]\n" + text, "test.yaml", folder.string());
}

Settings settings(const std::string& text) {
  auto file = read(text);
  if (!file) FAIL(to_string(file.errors().front()));
  return file->settings;
}

// "line:column code" of the first error.
std::string error(const std::string& text) {
  const auto file = read(text);
  if (file) return "accepted";
  const Diagnostic& d = file.errors().front();
  return std::to_string(d.place.line) + ":" + std::to_string(d.place.column) + " " + d.code;
}

}  // namespace

TEST_CASE("timeline: controllers are read with their units") {
  const Settings s = settings(R"(
controllers:
  - {name: arm, type: pose, site: arm/grip, joints: "arm/joint*", rest: home, max_speed: {linear: 0.4, joint: 1}, max_acceleration: {angular: 3}, tolerance: {position: 0.001, angle: 1}}
  - name: tip
    type: operational_space
    site: tip
    actuators: [a, b]
    rest: [0, 1.5]
    stiffness: {linear: 300, angular: 20}
    damping: {linear: 30, angular: 2}
    rest_stiffness: 4
    compensation: false
)");
  REQUIRE(s.controllers.size() == 2);
  const Controller &arm = s.controllers[0], &tip = s.controllers[1];
  CHECK(arm.type == ControllerType::pose);
  CHECK(arm.site.text == "arm/grip");
  CHECK(arm.site.place.line == 4);
  CHECK(arm.joints == std::vector<std::string>{"arm/joint*"});
  CHECK(arm.keyframe == "home");
  CHECK(arm.linear_speed == 0.4);
  CHECK(arm.angular_speed == 2);
  CHECK(arm.joint_speed == 1);
  CHECK(arm.angular_acceleration == 3);
  CHECK(arm.angle_tolerance == doctest::Approx(degree));
  CHECK(arm.compensation);
  CHECK(tip.type == ControllerType::operational_space);
  CHECK(tip.rest == std::vector<double>{0, 1.5});
  CHECK(tip.linear_stiffness == 300);
  CHECK(tip.angular_damping == 2);
  CHECK(tip.rest_stiffness == 4);
  CHECK(!tip.compensation);
}

TEST_CASE("timeline: actions") {
  const Settings s = settings(R"(
timeline:
  - {move: arm, to: {position: a/pos, offset: [0, 0, 0.1], orientation: {down: true, yaw_of: a/quat, symmetry: 90, yaw: 45, axis: z}}, within: 3, otherwise: continue}
  - {move: arm, to: {position: [1, 2, 3], orientation: [0, 2, 0, 0]}, speed: 0.5, follow: true, tolerance: {angle: 5}}
  - {move: arm, to: {orientation: a/quat}}
  - {move: arm, to: {orientation: {down: true}}}
  - {set: [left, right], value: 0.04, over: 0.2}
  - {wait: 0.3}
  - {wait_for: {sensor: touch, component: 2, above: 0.5}, within: 1}
)");
  REQUIRE(s.timeline.size() == 7);
  using Orientation = MoveTarget::Orientation;
  const Action& over = s.timeline[0];
  CHECK(over.type == ActionType::move);
  CHECK(over.controller.text == "arm");
  CHECK(over.to.position_sensor.text == "a/pos");
  CHECK(over.to.offset == Array3{0, 0, 0.1});
  CHECK(over.to.orientation == Orientation::down);
  CHECK(over.to.orientation_sensor.text == "a/quat");
  CHECK(over.to.symmetry == doctest::Approx(90 * degree));
  CHECK(over.to.yaw == doctest::Approx(45 * degree));
  CHECK(over.to.axis == 2);
  CHECK(over.within == 3);
  CHECK(over.may_fail);
  CHECK(over.place.line == 4);
  CHECK(s.timeline[1].to.position_given);
  CHECK(s.timeline[1].to.quaternion == Array4{0, 1, 0, 0});
  CHECK(s.timeline[1].follow);
  CHECK(s.timeline[1].position_tolerance < 0);
  CHECK(s.timeline[1].angle_tolerance == doctest::Approx(5 * degree));
  CHECK(s.timeline[2].to.orientation == Orientation::sensor);
  CHECK(!s.timeline[2].to.position_given);
  CHECK(!s.timeline[3].to.yaw_given);
  CHECK(s.timeline[4].actuators == std::vector<std::string>{"left", "right"});
  CHECK(s.timeline[4].seconds == 0.2);
  CHECK(s.timeline[5].seconds == 0.3);
  CHECK(s.timeline[6].component == 2);
  CHECK(s.timeline[6].above == 0.5);
}

TEST_CASE("timeline: repeat puts words in, inner ones first") {
  const Settings s = settings(R"(
timeline:
  - repeat: {part: [bolt, nut], height: [0.1, 0.2]}
    do:
      - {move: arm, to: {position: "${part}/pos", offset: [0, 0, "${height}"]}}
      - repeat: 2
        do:
          - repeat: {part: ["${part}_a", "${part}_b"]}
            do: [{set: "${part}", value: 1}]
  - {wait: 1}
)");
  REQUIRE(s.timeline.size() == 11);
  CHECK(s.timeline[0].to.position_sensor.text == "bolt/pos");
  CHECK(s.timeline[0].to.offset[2] == 0.1);
  CHECK(s.timeline[0].repeat == "part = bolt, height = 0.1");
  CHECK(s.timeline[1].actuators.front() == "bolt_a");
  CHECK(s.timeline[4].actuators.front() == "bolt_b");
  CHECK(s.timeline[5].to.offset[2] == 0.2);
  CHECK(s.timeline[9].actuators.front() == "nut_b");
  CHECK(s.timeline[9].repeat == "part = nut_b");
  CHECK(s.timeline[10].repeat.empty());
}

TEST_CASE("timeline: goals") {
  const Settings s = settings("goals: [{name: placed, sensors: \"*/pos\", inside: {low: [0, 0, 0], high: [1, 1, 1]}}, {name: warm, sensors: t, inside: {low: 20, high: 30}}]\n");
  REQUIRE(s.goals.size() == 2);
  CHECK(s.goals[0].high == std::vector<double>{1, 1, 1});
  CHECK(s.goals[1].low == std::vector<double>{20});
}

TEST_CASE("timeline: errors stand where they are") {
  CHECK(error("timeline:\n  - {mvoe: arm}\n") == "3:5 missing-key");
  CHECK(error("timeline:\n  - {move: arm, to: {}, spede: 1}\n") == "3:25 unknown-key");
  CHECK(error("timeline:\n  - {move: arm, set: x, value: 1}\n") == "3:5 missing-key");
  CHECK(error("timeline:\n  - {move: arm}\n") == "3:5 missing-key");
  CHECK(error("timeline:\n  - {wait: -1}\n") == "3:12 out-of-range");
  CHECK(error("timeline:\n  - {wait: soon}\n") == "3:12 wrong-kind");
  CHECK(error("timeline:\n  - {set: x}\n") == "3:5 missing-key");
  CHECK(error("timeline:\n  - {wait_for: touch}\n") == "3:16 wrong-kind");
  CHECK(error("timeline:\n  - {wait_for: {sensor: touch}}\n") == "3:25 missing-key");
  CHECK(error("timeline:\n  - {move: arm, to: {}, otherwise: stop}\n") == "3:36 bad-keyword");
  CHECK(error("timeline:\n  - {move: arm, to: {orientation: {down: false}}}\n") == "3:42 bad-keyword");
  CHECK(error("timeline:\n  - {move: arm, to: {orientation: {yaw: 3}}}\n") == "3:35 missing-key");
  CHECK(error("timeline:\n  - {move: arm, to: {orientation: {down: true, symmetry: 90}}}\n") == "3:58 missing-key");
  CHECK(error("timeline:\n  - {move: arm, to: {orientation: [0, 0, 0, 0]}}\n") == "3:35 bad-orientation");
  CHECK(error("timeline: {move: arm}\n") == "2:11 wrong-kind");
  CHECK(error("timeline:\n  - {repeat: {part: [a, b], side: [c]}, do: [{wait: 1}]}\n") == "3:35 wrong-size");
  CHECK(error("timeline:\n  - {repeat: {part: a}, do: [{wait: 1}]}\n") == "3:21 wrong-kind");
  CHECK(error("timeline:\n  - {repeat: {part: [a]}, do: []}\n") == "3:31 out-of-range");
  CHECK(error("timeline:\n  - {repeat: {part: [a]}}\n") == "3:5 missing-key");
  CHECK(error("timeline:\n  - {repeat: {part: [a]}, do: [{set: \"${prat}\", value: 1}]}\n") == "3:38 unknown-word");
  CHECK(read("timeline:\n  - {repeat: {part: [a]}, do: [{set: \"${prat}\", value: 1}]}\n").errors().front().hint == "did you mean 'part'?");
  CHECK(error("timeline:\n  - {set: \"${part}\", value: 1}\n") == "3:11 unknown-word");
  CHECK(error("controllers:\n  - {name: a, type: pose}\n") == "3:5 missing-key");
  CHECK(error("controllers:\n  - {name: a, type: pos, site: s}\n") == "3:21 bad-keyword");
  CHECK(error("controllers:\n  - {name: a, type: pose, site: s, stiffness: 3}\n") == "3:36 unknown-key");
  CHECK(error("controllers:\n  - {name: a, type: pose, site: s, max_speed: {linear: 0}}\n") == "3:56 out-of-range");
  CHECK(error("controllers:\n  - {name: a, type: pose, site: s}\n  - {name: a, type: pose, site: s}\n") == "4:12 repeated-name");
  CHECK(error("goals:\n  - {name: g, sensors: s, inside: {low: [0, 1], high: 1}}\n") == "3:55 wrong-size");
  CHECK(error("goals:\n  - {name: g, sensors: s, inside: {low: 2, high: 1}}\n") == "3:41 out-of-range");
  CHECK(error("goals:\n  - {name: g, sensors: s}\n") == "3:5 missing-key");
}

TEST_CASE("timeline: repetitions are bounded, however they nest") {
  std::string open = "timeline: [", close = "]\n";
  for (int i = 0; i < 6; ++i) open += "{repeat: 10000, do: [", close = "]}" + close;
  CHECK(error(open + "{wait: 1}" + close).find("too-many-actions") != std::string::npos);
  CHECK(error(open + "{wait: x}" + close).find("wrong-kind") != std::string::npos);
  CHECK(error(open + "{}" + close).find("missing-key") != std::string::npos);
  CHECK(error(open + "x" + close).find("wrong-kind") != std::string::npos);
  CHECK(error("timeline: [{repeat: 10001, do: [{wait: 1}]}]\n") == "2:21 out-of-range");
  CHECK(settings("timeline: [{repeat: 10000, do: [{wait: 1}]}]\n").timeline.size() == 10000);
  CHECK(error("timeline: [{repeat: 10000, do: [{wait: 1}]}, {wait: 1}]\n").find("too-many-actions") != std::string::npos);
}
