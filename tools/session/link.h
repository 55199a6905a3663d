// Link: the packets between a robot and a policy that runs somewhere else, over a network. One is sent at every control step; it arrives late, perhaps
// behind later ones, or never. The receiver has the newest that has arrived: actions stay in force, an observation is shown again.
//
//   link.push(environment, step, packet);                 // sent at this control step of the episode
//   link.pop(environment, step)                           // what the receiver has now; nothing so far: empty
//
// A packet of step k takes latency + jitter (2 u - 1) seconds, and is there from the first control step on that does not come before it. For observations
// that is no rounding: they are read at control steps. An action that arrives between two of them acts from the next one on.
//
// The latency is drawn once in each episode, the rest for each packet, from (seed of the episode, id, stream, step): nothing else shows in the bits.
// Threads may handle different environments at once; nothing is allocated after the beginning.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>
#include "engine/scene/yaml.h"

namespace nuri::session {

class Link {
 public:
  // `period`: of control steps, s. `first_at_once`: the first packet of an episode is there at once, as a robot that begins says where it is.
  Link(const scene::LinkPath& path, double period, int environments, int columns, uint32_t stream, bool first_at_once);
  static double bytes(const scene::LinkPath& path, double period, int environments, int columns);

  // An episode: nothing is under way, the receiver has nothing.
  void begin(int environment, uint64_t seed, uint64_t id);
  // Steps count from the beginning and never go back. A second packet of one step takes the place of the first.
  void push(int environment, uint64_t step, std::span<const float> packet);
  std::span<const float> pop(int environment, uint64_t step);

  double latency(int environment) const { return ends_[size_t(environment)].latency; }   // s, of this episode
  int slots() const { return slots_; }

  // All that is of one environment, and back.
  size_t saved_bytes() const;
  void save(int environment, std::byte* out) const;
  void restore(int environment, const std::byte* from);

 private:
  struct End {                                   // of one environment
    uint64_t seed = 0, id = 0;
    double latency = 0;                          // s
    int64_t held = -1;                           // step of the packet that the receiver has; -1: none
    int64_t pushed = -1;                         // step of the last one that was sent
  };
  struct Packet { int64_t sent = -1, arrives = 0; };       // steps; sent -1: an empty slot, arrives -1: lost
  static int slots(const scene::LinkPath& path, double period);
  float* numbers(int environment, int slot) { return numbers_.data() + (size_t(environment) * size_t(slots_) + size_t(slot)) * size_t(columns_); }
  void deliver(int environment, int slot);

  scene::LinkPath path_;
  double period_;
  int columns_, slots_;
  uint32_t stream_;
  bool first_at_once_;
  std::vector<End> ends_;
  std::vector<Packet> packets_;                  // [environment][slot]; step k lies in slot k mod slots
  std::vector<float> numbers_;                   // [environment][slot][column]
  std::vector<float> held_;                      // [environment][column]
};

}  // namespace nuri::session
