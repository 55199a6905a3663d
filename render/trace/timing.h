// When pictures of a group of sensors are taken and when they arrive: for each environment on its own clock, which begins with the
// environment. So what an environment sees does not depend on when others began, and an episode that is run again is seen again. (One clock
// for all would be simpler, and its pictures would depend on when the batch began.)
//
// Slot 0 is what readers see. Pictures that arrive late wait in the other slots.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

namespace nuri::trace {

struct Timing {
  int every = 1, delay = 0, waiting = 0;         // delay: the longest; waiting: slots besides slot 0
  std::vector<int> own;                          // per environment: its delay
  std::vector<int> target, arriving;             // per environment, of this call: the slot that the picture goes to, and the one that arrives; -1: none
  std::vector<int64_t> taken;                    // [environment][waiting]: on the environment's clock; -1: nothing waits there
  std::vector<uint64_t> arrived;                 // per environment: how many pictures

  // Pictures under way at once are those of `delay` calls in a row, which may straddle one period more than they fill.
  static int slots(int every, int delay) { return delay ? (delay - 1 + every - 1) / every + 1 : 0; }
  void begin(int environments) {
    waiting = slots(every, delay);
    own.assign(size_t(environments), delay);
    target.assign(size_t(environments), -1), arriving.assign(size_t(environments), -1);
    taken.assign(size_t(environments) * size_t(waiting), -1);
    arrived.assign(size_t(environments), 0);
  }

  // The environment's clock has gone on by `passed` to `now`; `fresh`: it begins. A picture is due where a multiple of `every` was reached or
  // passed over; the first is shown at once.
  void advance(int environment, int64_t now, int64_t passed, bool fresh) {
    const size_t e = size_t(environment);
    int64_t* const wait = taken.data() + e * size_t(waiting);
    int& to = target[e];
    int& from = arriving[e];
    to = from = -1;
    if (fresh) {
      std::fill(wait, wait + waiting, -1);
      to = 0;
    } else {
      int64_t newest = -1;
      for (int k = 0; k < waiting; ++k)
        if (wait[k] > newest && wait[k] + own[e] <= now) newest = wait[k], from = 1 + k;
      for (int k = 0; k < waiting; ++k)
        if (wait[k] <= newest) wait[k] = -1;
      if (now / every != (now - passed) / every) {
        to = own[e] > 0 ? 1 + int(now / every % waiting) : 0;
        if (to > 0) wait[to - 1] = now;
      }
    }
    if (from >= 0 || to == 0) ++arrived[e];
  }
  // A picture of now, shown at once, besides those on time.
  void at_once(int environment, bool wanted) {
    const size_t e = size_t(environment);
    target[e] = wanted ? 0 : -1, arriving[e] = -1;
    if (wanted) ++arrived[e];
  }
};

}  // namespace nuri::trace
