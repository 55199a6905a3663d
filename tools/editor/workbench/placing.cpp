// Moving models. In the world at once: bodies, geoms and sites that stand on the world by overrides, free bodies by their state. When the
// gesture ends (and, of a model with geoms that stand on the world, a few times a second before, for pictures know only the model's) the
// scene is loaded again from its text, which is what it would be if it were opened anew: inverse weights, equalities with the world and
// keyframes follow a model's place too, and not all of them can be overridden.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include "engine/scene/scene.h"
#include "engine/shape/rigid.h"
#include "tools/editor/workbench/carry.h"
#include "tools/editor/workbench/command.h"
#include "tools/editor/workbench/history.h"

namespace nuri::editor {
namespace {
using scene::JointType;
using shape::Rot;
using shape::Vec;

constexpr double pause = 0.1, patience = 4;      // between two remakings of what stands on the world: s, and times what one took

double clock_seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// x -> rotation x + shift, in the world.
struct Motion {
  Rot rotation{1, 0, 0, 0};
  Vec shift{0, 0, 0};
  Motion() = default;
  Motion(const Placement& from, const Placement& to) {
    rotation = shape::unit(shape::mul(to.rotation, shape::conjugate(from.rotation)));
    shift = shape::sub(to.position, shape::rotate(rotation, from.position));
  }
  Vec point(const Vec& p) const { return shape::add(shape::rotate(rotation, p), shift); }
  Rot turned(const Rot& q) const { return shape::unit(shape::mul(rotation, q)); }
};

// The number that a float was meant as: 0.1f is 0.1.
double meant(float x) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, x).ptr;
  double out = 0;
  std::from_chars(text, end, out);
  return out;
}

void move_overrides(World& world, int e, const char* pos, const char* quat, const std::vector<double>& positions,
                    const std::vector<double>& rotations, const std::vector<int>& things,
                    const Motion& motion) {
  for (const int thing : things) {
    Vec p;
    Rot q;
    for (int k = 0; k < 3; ++k) p[k] = world.overridden(pos, e, 3 * thing + k).value_or(positions[3 * thing + k]);
    for (int k = 0; k < 4; ++k) q[k] = world.overridden(quat, e, 4 * thing + k).value_or(rotations[4 * thing + k]);
    p = motion.point(p), q = motion.turned(q);
    for (int k = 0; k < 3; ++k) world.override_field(pos, e, 3 * thing + k, p[k]);
    for (int k = 0; k < 4; ++k) world.override_field(quat, e, 4 * thing + k, q[k]);
  }
}

void move_pose(World& world, int e, StateField pos, int p0, StateField quat, int q0, const Motion& motion) {
  Vec p;
  Rot q;
  for (int k = 0; k < 3; ++k) p[k] = world.get(pos, e, p0 + k);
  for (int k = 0; k < 4; ++k) q[k] = world.get(quat, e, q0 + k);
  p = motion.point(p), q = motion.turned(q);
  for (int k = 0; k < 3; ++k) world.set(pos, e, p0 + k, p[k]);
  for (int k = 0; k < 4; ++k) world.set(quat, e, q0 + k, q[k]);
}

// Free bodies go with their speed: linear in world axes, angular in their own.
void move_state(World& world, int e, const std::vector<int>& free_joints, const std::vector<int>& mocaps, const Motion& motion) {
  const model::Model& m = world.model(e);
  for (const int j : free_joints) {
    const int q = m.joint_qpos[j], v = m.joint_dof[j];
    move_pose(world, e, StateField::qpos, q, StateField::qpos, q + 3, motion);
    Vec speed;
    for (int k = 0; k < 3; ++k) speed[k] = world.get(StateField::qvel, e, v + k);
    speed = shape::rotate(motion.rotation, speed);
    for (int k = 0; k < 3; ++k)
      world.set(StateField::qvel, e, v + k, speed[k]), world.set(StateField::qpos_residual, e, 3 * m.joint_free[j] + k, 0);
  }
  for (const int i : mocaps) move_pose(world, e, StateField::mocap_pos, 3 * i, StateField::mocap_quat, 4 * i, motion);
}

bool differ(const std::vector<double>& a, const std::vector<double>& b, int first, int count) {
  return !std::equal(a.begin() + first, a.begin() + first + count, b.begin() + first);
}

// What stands elsewhere in the second model, which is the same but for that.
template <class Things> Things moved_things(const model::Model& a, const model::Model& b) {
  Things out;
  if (a.body_count != b.body_count || a.geom_count != b.geom_count || a.site_count != b.site_count || a.joint_count != b.joint_count ||
      a.mocap_count != b.mocap_count) return out;
  for (int i = 1; i < a.body_count; ++i)
    if (a.body_parent[i] == 0 && (differ(a.body_pos, b.body_pos, 3 * i, 3) || differ(a.body_quat, b.body_quat, 4 * i, 4)))
      out.bodies.push_back(i);
  for (int i = 0; i < a.geom_count; ++i)
    if (a.geom_body[i] == 0 && (differ(a.geom_pos, b.geom_pos, 3 * i, 3) || differ(a.geom_quat, b.geom_quat, 4 * i, 4)))
      out.geoms.push_back(i);
  for (int i = 0; i < a.site_count; ++i)
    if (a.site_body[i] == 0 && (differ(a.site_pos, b.site_pos, 3 * i, 3) || differ(a.site_quat, b.site_quat, 4 * i, 4)))
      out.sites.push_back(i);
  for (int i = 0; i < a.joint_count; ++i)
    if (a.joint_type[i] == int(JointType::free) && differ(a.qpos0, b.qpos0, a.joint_qpos[i], 7)) out.free_joints.push_back(i);
  for (int i = 0; i < a.mocap_count; ++i)
    if (differ(a.mocap_pos0, b.mocap_pos0, 3 * i, 3) || differ(a.mocap_quat0, b.mocap_quat0, 4 * i, 4)) out.mocaps.push_back(i);
  return out;
}

}  // namespace

void Workbench::place_model(const std::string& name, const view::Vec3f& position, const std::array<double, 4>& rotation) {
  errors_.clear();
  if (!session_) return;
  if (replay_) return void(refuse_change());
  if (path_.ends_with(".model"))
    return void(refuse("compiled-model", "a compiled model stands where it stands",
                       "open the MJCF or URDF file that it was compiled from"));
  double norm = 0;
  for (const double x : rotation) norm += x * x;
  norm = std::sqrt(norm);
  if (!(norm > 1e-6 && std::isfinite(norm)) || !std::all_of(position.begin(), position.end(), [](float x) { return std::isfinite(x); }))
    return;
  Placement to;
  for (int k = 0; k < 3; ++k) to.position[k] = meant(position[k]);
  for (int k = 0; k < 4; ++k) to.rotation[k] = std::nearbyint(rotation[k] / norm * 1e9) / 1e9;   // as a text that people read

  // the text
  const bool joins = placing_ && gesture_ && done_ > 0 && done_ == commands_.size() && commands_.back()->kind == Command::place &&
      commands_.back()->target == name;
  if (!joins) settle();
  const std::string& base = joins ? commands_.back()->text_before : text_;
  Result<std::string> text = scene_text::with_placement(base, name, to.position, to.rotation);
  if (!text) return void(errors_ = text.errors());

  if (!joins) {
    // the first of the gesture: what moves is what differs in the models of the new text
    if (*text == text_) return;
    auto loaded = load(path_, *text);
    if (!loaded) return void(errors_ = loaded.errors());
    auto placing = std::make_unique<Placing>();
    World& world = session_->world();
    const auto& models = session_->loaded().models;
    for (int b = 0; b < world.buckets(); ++b)
      for (size_t i = 0; i < models.size() && i < loaded->models.size(); ++i)
        if (models[i].get() == &world.bucket(b).model())
          placing->things.push_back(moved_things<Placing::Things>(*models[i], *loaded->models[i]));
    if (placing->things.size() != size_t(world.buckets()))
      return void(refuse("cannot-edit", "the scene became another one with the model at this place"));
    for (const Placement& p : placements()) if (p.is(name)) placing->first = p;
    placing->now = placing->first;
    for (const Placing::Things& t : placing->things) placing->fixed |= !t.geoms.empty();
    placing->made = clock_seconds();
    Command& c = change(Command::place, name, everyone());
    c.name = name;
    c.hash_before = world.hash();
    placing_ = std::move(placing);
  }

  // the world
  hand_.apply(session_->world(), std::nullopt, 1);
  Placement next = placing_->first;
  for (const Placement& p : scene_text::placements(*text)) if (p.is(name)) next = p;
  const Motion motion(placing_->now, next);
  World& world = session_->world();
  for (const int e : everyone()) {
    const model::Model& m = world.model(e);
    const Placing::Things& things = placing_->things[world.place(e).bucket];
    move_overrides(world, e, "body_pos", "body_quat", m.body_pos, m.body_quat, things.bodies, motion);
    move_overrides(world, e, "geom_pos", "geom_quat", m.geom_pos, m.geom_quat, things.geoms, motion);
    move_overrides(world, e, "site_pos", "site_quat", m.site_pos, m.site_quat, things.sites, motion);
    move_state(world, e, things.free_joints, things.mocaps, motion);
  }
  world.upload(everyone());
  world.forward();
  placing_->now = next;
  Command& c = *commands_.back();
  c.text_after = *text;
  say(std::move(*text));
  const auto& p = next.position;
  tell("place " + name + ": " + scene_text::number(p[0]) + ", " + scene_text::number(p[1]) + ", " + scene_text::number(p[2]));
  changed_state(session_->substep());
  if (placing_->fixed && clock_seconds() - placing_->made > pause + patience * placing_->cost) {
    const double start = clock_seconds();
    rebuild(c.text_after, nullptr, nullptr, nullptr);
    placing_->made = clock_seconds();
    placing_->cost = placing_->made - start;
  }
}

// The gesture is over: the scene as its text has it, in the state that it is in.
void Workbench::settle() {
  if (!placing_) return;
  placing_.reset();
  hand_.apply(session_->world(), std::nullopt, 1);
  Command& c = *commands_.back();
  if (!rebuild(c.text_after, nullptr, nullptr, nullptr)) {   // a timeline's finding, say: all of it as it was
    const std::vector<Diagnostic> why = errors_;
    const std::string text = c.text_before;
    const bool back = rebuild(text, nullptr, nullptr, &c.before);
    errors_ = why;
    if (back) return commands_.pop_back(), entries_.pop_back(), void(--done_);
    say(c.text_after);                           // its files are gone: it stays as it was moved
  }
  c.after = session_->save(everyone());
  c.hash_after = session_->world().hash();
}

// Another session of this text that goes on where the present one is; with `exact` it gets that state. What is free and begins elsewhere in
// it is moved as its model is. False: the text is no scene, and nothing has changed.
bool Workbench::rebuild(const std::string& text, const Placement* from, const Placement* to, const session::Saved* exact) {
  auto loaded = load(path_, text);
  if (!loaded) return errors_ = loaded.errors(), false;
  auto made = make(std::move(*loaded), policy_);
  if (!made) return errors_ = made.errors(), false;
  World &was = session_->world(), &is = (*made)->world();
  const bool alike = carry_state(*session_, **made);
  if (alike && from && to) {
    const Motion motion(*from, *to);
    for (int e = 0; e < is.environments(); ++e) {
      const auto things = moved_things<Placing::Things>(was.model(e), is.model(e));
      move_state(is, e, things.free_joints, things.mocaps, motion);
    }
    is.upload(everyone());
  }
  is.forward();
  if (exact) (*made)->restore(*exact);
  say(text);
  selected.geom = carry_geom(selected.geom, **made);
  adopt(std::move(*made));
  return true;
}

}  // namespace nuri::editor
