// Session: one loaded scene with its world, its controls and the differences between its environments. Every program drives
// a session, so that what a benchmark measured is what a test hashed and a person ran.
//
// All random numbers are functions of (seed, environment id, purpose, step, draw): environment 7 of 8 and environment 7 of a
// million start and are driven alike. An environment may begin again and again: the seed of its first episode is that of the world or one
// of its own, later ones have seeds that follow from it (episode_seed), and its controls go by its own clock. Controls change at control
// steps, every `substeps` substeps; how step() is called does not show in the bits. What a scene's controllers and timeline drive, no other
// control touches; what a policy drives, none of them.
//
// A scene's variants are the buckets of its world. Settings are looked up in each of them (Setup) and act where they fit.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include "engine/core/random.h"
#include "physics/world.h"
#include "tools/session/fit.h"
#include "tools/session/load.h"
#include "tools/session/timeline.h"

namespace nuri::session {

class Policy;

// What drives one actuator, found from the controls of the settings.
struct Channel {
  int actuator = 0;
  scene::ControlType type = scene::ControlType::none;
  double centre = 0, half = 1;         // of the control range, half already scaled
  double low = 0, high = 0;            // clamp, if limited
  bool limited = false;
  double value = 0;                    // hold
  int hold = 1;
  double frequency = 0, phase = 0;
  int qpos = 0, dof = 0;               // target
  double target = 0, stiffness = 0, damping = 0;   // target: per unit of control
  bool varies() const { return type == scene::ControlType::random || type == scene::ControlType::sine || type == scene::ControlType::target; }
};

// One number of a model that rules of `vary` change, one after the other; `draw` numbers a rule's draws.
struct FieldItem {
  struct Change { int rule; uint32_t draw; };
  int field, item;                     // Bucket::field_number
  double value;                        // the model's
  bool anew = false;                   // some of the rules draw in every episode
  std::vector<Change> changes;
};
using FieldItems = std::vector<FieldItem>;

// What the settings mean for one model.
struct Setup {
  int key = -1;                        // initial keyframe
  std::vector<Channel> channels;
  FieldItems fields;
  Script script;
  std::vector<Goal> goals;
};
std::vector<GoalReport> judge(World& world, const scene::Settings& settings, const std::vector<Setup>& setups);

// Which episode an environment is in.
struct Episode {
  uint64_t seed = 0;                             // of its episode 0
  uint64_t number = 0;
  uint64_t began = 0;                            // at which substep of the session
};

// What a policy remembers of some environments: Policy::save. On or off is all environments'.
struct PolicyState {
  bool on = true;
  std::vector<float> numbers;
};

// What the steps to come depend on, of some environments: state, outputs (timelines read sensors), counters, timelines, episodes, a policy's
// memory, and the clock.
struct Saved {
  std::vector<int> environments;
  std::vector<std::byte> worlds;                 // one environment after the other
  std::vector<Episode> episodes;                 // of each
  std::vector<TimelineState> timelines;          // of each; empty without a timeline
  PolicyState policy;
  uint64_t substep = 0, timeline_next = 0;
  size_t bytes() const;
};

// The seed of the draws of one episode: of the first, the environment's own; of later ones, places on a long way from it (Weyl's sequence
// of the golden ratio, as in SplitMix64).
constexpr uint64_t episode_seed(uint64_t seed, uint64_t number) { return number == 0 ? seed : mix(seed + number * 0x9E3779B97F4A7C15u); }

// Sees every stretch of a session in which nothing is written from outside: a recorder. A stretch ends with a control step, or where a call
// of step() does. Which environments began since it looked last, it learns from beginnings().
class Witness {
 public:
  virtual ~Witness() = default;
  virtual void before(int substeps) = 0;         // the controls stand; the world is about to advance by so many substeps
  virtual void after(int substeps) = 0;
};

class Session {
 public:
  // Checks every name of the settings against the models, builds the world and resets it. A variant of which there is no environment
  // is checked too, but has no bucket.
  // `watch` hears, now and then, what share of the environments' making is done; if it returns false, that ends with the code
  // "interrupted".
  using Watch = std::function<bool(double share)>;
  static Result<std::unique_ptr<Session>> create(Loaded loaded, WorldOptions options, const Watch& watch = {});

  ~Session();

  World& world() { return *world_; }
  const model::Model& model() const { return world_->model(); }  // of environment 0; all have one timestep
  const Loaded& loaded() const { return loaded_; }
  const scene::Settings& settings() const { return loaded_.settings; }

  // The initial state of every environment: keyframe, randomisation, constant controls; timelines begin again. Episode 0 of the world's seed.
  void reset();
  // The next episode of these environments (each named once) begins as their first one did, with other draws; no other notices. `seeds`,
  // one for each: episode 0 of that seed begins instead. Between control steps an episode has the bits that it would have in a new session.
  void reset(std::span<const int> environments, std::span<const uint64_t> seeds = {});
  // These at a keyframe (-1: where their model begins), without randomness; their timelines and clocks begin again, their episodes go on.
  void reset(std::span<const int> environments, int key);
  void reset(int environment, int key) { reset(std::span(&environment, 1), key); }
  // Their state was written from outside: what follows from it is computed, and their timelines begin there.
  void resume(std::span<const int> environments);
  // Everything of these environments, and back: they go on with the same bits. The clock goes back only with all of them together. False:
  // that was saved of a scene of other sizes, and nothing happened.
  Saved save(std::span<const int> environments) const;
  bool restore(const Saved& saved);
  // Advances `substeps` substeps, renewing controls at control steps.
  void step(int substeps);
  // Writes the controls that the next substep needs, if it begins a control step; step() does the same first.
  void apply_controls();
  // Somebody else moves these actuators of a bucket: the scene's controls that change with time leave them alone from now on.
  void let_go(int bucket, std::span<const int> actuators);

  void show(Witness* witness) { witness_ = witness; }            // from now on; null: nobody. The caller takes a witness away before it ends
  Policy* policy() const { return policy_.get(); }               // what drives it besides the scene; null: none
  // From the next control step on. The policy is one that was made for this session, or null.
  void drive(std::unique_ptr<Policy> policy);
  const Timeline* timeline() const { return timeline_.get(); }   // null: the scene has none, and no controllers
  std::vector<GoalReport> judge() { return session::judge(*world_, settings(), setups_); }

  // What the draws of an environment's present episode go by.
  uint64_t episode_seed(int environment) const { return session::episode_seed(seeds_[size_t(environment)], numbers_[size_t(environment)]); }
  uint64_t age(int environment) const { return substep_ - began_[size_t(environment)]; }   // substeps since it was reset, frozen or not
  std::span<const uint64_t> seeds() const { return seeds_; }     // of episode 0, per environment
  std::span<const uint64_t> episodes() const { return numbers_; }

  // How often the environment began: was reset, resumed or restored. Who looks at it sees by this that what came before is over.
  uint64_t beginnings(int environment) const { return beginnings_[size_t(environment)]; }

  int environments() const { return world_->environments(); }
  uint64_t substep() const { return substep_; }
  double seconds_in_world() const { return world_seconds_; }     // wall time inside World::step, since clear_time()
  void clear_time() { world_seconds_ = 0; }

 private:
  Session(Loaded loaded);
  template <class T> void write_controls(bool constant);
  template <class T> void write_controls(int environment, bool constant);
  bool begin(const Watch& watch);                // reset(); false if `watch` ended it
  void begin_episodes(std::span<const int> environments);
  void vary(std::span<const int> environments);  // what `vary` draws anew for their present episodes; before they are put where they begin
  void draw(int environment);                    // the present episode's differences from the initial state, and constant controls
  void each(std::span<const int> environments, const std::function<void(int environment)>& work);   // over the World's threads
  const Setup& setup(int environment) const { return setups_[world_->place(environment).bucket]; }

  Loaded loaded_;
  std::unique_ptr<World> world_;
  std::vector<Setup> setups_;                    // per bucket
  std::unique_ptr<Timeline> timeline_;
  std::unique_ptr<Policy> policy_;
  Witness* witness_ = nullptr;
  uint64_t timeline_next_ = 0;                   // substep of the timeline's and the policy's next control step
  uint64_t substep_ = 0;
  std::vector<uint64_t> beginnings_;             // per environment, as the following
  std::vector<uint64_t> seeds_, numbers_, began_;   // Episode
  bool varies_ = false;
  bool anew_ = false;                            // some rules of `vary` draw in every episode
  double world_seconds_ = 0;
};

// Number of the keyframe with this name (or this number, written out); -1: none.
int find_key(const model::Model& model, const std::string& name);

// Purposes of random numbers: streams of engine/core/random.h.
enum Stream : uint32_t { stream_joint = 1, stream_body = 2, stream_field = 3, stream_control = 4, stream_phase = 5, stream_variant = 6,
                         stream_eye = 7, stream_actions = 8, stream_observations = 9 };

// One draw of a rule.
double draw(const scene::Draw& draw, uint64_t seed, uint64_t id, Stream stream, uint64_t rule, uint32_t index);

std::vector<Channel> make_channels(const model::Model& model, const scene::Settings& settings, Fit& fit);
FieldItems find_fields(const model::Model& model, const scene::Settings& settings, Fit& fit);
// How `vary` names one number of a model: a pattern that fits its thing alone (a joint of several dofs is one thing), and which of the thing's
// numbers it is (-1: the only one). None where no pattern can.
struct FieldName { std::string names; int component = -1; };
std::optional<FieldName> name_field(const model::Model& model, const std::string& field, int item);
void check_initial(const model::Model& model, const scene::Settings& settings, Fit& fit);
void randomise_state(World& world, const scene::Settings& settings, int environment, uint64_t seed);
// Of the items that are drawn anew in every episode, or of the others. `episode`: seed of the rules that are.
void randomise_fields(World& world, const scene::Settings& settings, int environment, const FieldItems& items, bool anew, uint64_t episode);

}  // namespace nuri::session
