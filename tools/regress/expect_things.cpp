// Expectations of bodies, joints and sensors.
#include <algorithm>
#include <cmath>
#include <numbers>
#include "tools/regress/expect.h"
#include "tools/session/kinematics.h"

namespace nuri::regress {
namespace {

constexpr double degree = std::numbers::pi / 180;
constexpr const char* axes[] = {"x", "y", "z"};

std::vector<std::string> body_names(const model::Model& m) { return m.body_name; }
std::string body_name(const model::Model& m, int body) { return m.body_name[size_t(body)]; }
bool is_free(const model::Model& m, int body) {
  return m.body_joint_num[body] == 1 && m.joint_type[m.body_joint_adr[body]] == int(scene::JointType::free);
}

// Whether a velocity of one of these takes a probe.
bool all_free(session::Session& session, const std::vector<std::vector<int>>& items) {
  for (int b = 0; b < session.world().buckets(); ++b)
    for (const int body : items[size_t(b)])
      if (!is_free(session.world().bucket(b).model(), body)) return false;
  return true;
}

}  // namespace

std::vector<Quantity> expect_body(const Finder& f) {
  const Expectation& e = f.expectation;
  const auto items = f.find(e.names, "body", body_names);
  const std::string who = first_name(e.names);
  const bool cheap = all_free(f.session, items);
  std::vector<Quantity> out;
  for (size_t k = 0; k < 3; ++k) {
    if (e.position[k])
      out.push_back({who + " position " + axes[k], "m", *e.position[k], items,
                     [k](Look& look, int env, int body) { return look.position(env, body)[k]; }, body_name});
    if (e.velocity[k]) {
      out.push_back({who + " velocity " + axes[k], "m/s", *e.velocity[k], items,
                     [k](Look& look, int env, int body) { return look.motion(env, body).linear[k]; }, body_name});
      out.back().probed = !cheap;
    }
    if (e.angular_velocity[k]) {
      out.push_back({who + " angular velocity " + axes[k], "rad/s", *e.angular_velocity[k], items,
                     [k](Look& look, int env, int body) { return look.motion(env, body).angular[k]; }, body_name});
      out.back().probed = !cheap;
    }
  }
  if (e.orientation) {
    const Rot wanted = shape::unit(*e.orientation);
    out.push_back({who + " turned away",
                   "degrees",
                   {-std::numeric_limits<double>::infinity(), e.within_angle / degree},
                   items,
                   [wanted](Look& look, int env, int body) {
                     const Vec turn = session::rotation_between(wanted, look.orientation(env, body));
                     return std::sqrt(shape::dot(turn, turn)) / degree;
                   },
                   body_name});
  }
  return out;
}

std::vector<Quantity> expect_joint(const Finder& f) {
  const Expectation& e = f.expectation;
  const auto single = [](const model::Model& m) {   // what is no hinge or slide is found by no name
    std::vector<std::string> names = m.joint_name;
    for (int j = 0; j < m.joint_count; ++j)
      if (m.joint_type[j] < int(scene::JointType::slide)) names[size_t(j)].clear();
    return names;
  };
  const auto items = f.find(e.names, "hinge or slide", single);
  const auto name = [](const model::Model& m, int joint) { return m.joint_name[size_t(joint)]; };
  bool slides = false, hinges = false;
  for (int b = 0; b < f.session.world().buckets(); ++b)
    for (const int j : items[size_t(b)])
      (f.session.world().bucket(b).model().joint_type[j] == int(scene::JointType::slide) ? slides : hinges) = true;
  const std::string unit = slides && hinges ? "m, rad" : slides ? "m" : "rad", who = first_name(e.names);
  std::vector<Quantity> out;
  if (e.joint_position)
    out.push_back(
        {who + " position", unit, *e.joint_position, items,
         [](Look& look, int env, int joint) { return look.world().get(StateField::qpos, env, look.world().model(env).joint_qpos[joint]); },
         name});
  if (e.joint_velocity)
    out.push_back(
        {who + " velocity", slides && hinges ? "m/s, rad/s" : unit + "/s", *e.joint_velocity, items,
         [](Look& look, int env, int joint) { return look.world().get(StateField::qvel, env, look.world().model(env).joint_dof[joint]); },
         name});
  return out;
}

std::vector<Quantity> expect_sensor(const Finder& f) {
  const Expectation& e = f.expectation;
  auto items = f.find(e.names, "sensor", [](const model::Model& m) { return m.sensor_name; });
  for (int b = 0; b < f.session.world().buckets(); ++b)
    for (const int s : items[size_t(b)]) {
      const model::Model& m = f.session.world().bucket(b).model();
      const int count = m.sensor_adr[s + 1] - m.sensor_adr[s];
      if (e.component >= count)
        f.error("out-of-range",
                "the sensor '" + m.sensor_name[size_t(s)] + "' has " + std::to_string(count) + (count == 1 ? " component" : " components"));
    }
  const int component = e.component;
  return {{first_name(e.names) + (component > 0 ? " [" + std::to_string(component) + "]" : ""), "", e.range, std::move(items),
           [component](Look& look, int env, int s) {
             return look.world().get(StateField::sensordata, env, look.world().model(env).sensor_adr[s] + component);
           },
           [](const model::Model& m, int s) { return m.sensor_name[size_t(s)]; }}};
}

std::vector<Quantity> expect_settled(const Finder& f) {
  const Expectation& e = f.expectation;
  auto items = f.find(e.names, "body", body_names);
  for (int b = 0; b < f.session.world().buckets(); ++b)
    std::erase_if(items[size_t(b)],
                  [&](int body) { return f.session.world().bucket(b).model().body_tree[body] < 0; });  // a pattern fits the world too
  if (std::all_of(items.begin(), items.end(), [](const auto& list) { return list.empty(); }))
    f.error("unknown-name", "nothing of '" + first_name(e.names) + "' can move");
  const bool cheap = all_free(f.session, items);
  Quantity out{first_name(e.names) + " speed", "m/s or rad/s", e.range, std::move(items), [](Look& look, int env, int body) {
                 const Motion v = look.motion(env, body);
                 return std::sqrt(std::max(shape::dot(v.linear, v.linear), shape::dot(v.angular, v.angular)));
               }, body_name};
  out.probed = !cheap;
  return {std::move(out)};
}

}  // namespace nuri::regress
