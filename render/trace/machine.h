// Machines: what traces, and whose memory holds what it reads and writes. A CPU's threads, or a GPU (cuda_machine.h). Eyes decides which pictures
// are taken and which arrive; a machine carries it out and decides nothing.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>
#include "engine/launch/pool.h"
#include "render/trace/flat_look.h"

namespace nuri::trace {

// What stays from call to call.
struct Setting {
  const FlatLook* look;                          // it outlives the machine
  std::vector<Watch> watches;                    // rays: host addresses; outputs: addresses of the machine
  std::vector<int> columns;                      // per watch: blocks of its rays
  std::vector<Mount> eyes;
  std::vector<uint64_t> ids;                     // of environments
  int environments, bodies;
  uint64_t seed;
};

// What a call is about. The poses lie where the machine's kernels can read them; the rest lies on the host.
struct Sight {
  const float *position, *rotation;
  std::span<const float> mounts;                 // [environment][sensor][7]
  std::span<const float> lamps;                  // [environment][lamp][lamp_numbers]
  bool moved_mounts, moved_lamps;                // since the last call
  std::span<const int32_t> active, slots;        // as in Launch
  std::span<const uint64_t> steps;
};

// Bytes of every environment between two slots of a tensor.
struct Delivery {
  char* base;                                    // of slot 0
  size_t slot, picture;                          // bytes of a slot, and of an environment
  std::span<const int> from;                     // per environment: the slot that arrives in slot 0; -1: none
};

class Machine {
 public:
  virtual ~Machine() = default;
  virtual std::string name() const = 0;          // "avx2 x 8"
  // Zeros, at an address that stays as long as the machine does.
  virtual char* memory(size_t bytes) = 0;
  virtual void begin(Setting setting) = 0;
  // In the order of the calls; on a GPU they only enqueue.
  virtual void deliver(Pool& pool, const Delivery& delivery) = 0;
  virtual void look(Pool& pool, const Sight& sight) = 0;
};

// Null: no kernel of this width runs on this CPU.
std::unique_ptr<Machine> make_cpu_machine(int width);

}  // namespace nuri::trace
