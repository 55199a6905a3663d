// A World's environments, stepped beside it by one of the lanes that tests have. What comes out is compared with what the World's own kernel
// makes of them, field by field, bit by bit.
//
// Every lane is compiled once, in a file of its own (*_lane.cpp), however many tests and programs use it: a step takes the compiler minutes.
// No kernel types here, so that those tests need no flags of kernels.
#pragma once
#include <memory>
#include <string>
#include "physics/world.h"

namespace nuri::bits_test {

class Beside {
 public:
  virtual ~Beside() = default;
  virtual void copy(World& from) = 0;                     // state, controls and outputs
  virtual void step(int substeps) = 0;
  virtual std::string difference(World& world) = 0;       // the first number that differs; empty: none
  virtual std::string broken() { return ""; }             // what the lane contract does not allow; empty: nothing
};

// Items in random order, in packs of four or, if `alone` or in double, of one. shared: fields of scratch share memory, as in a World.
std::unique_ptr<Beside> shuffled_f32(World& like, bool alone, bool shared);
std::unique_ptr<Beside> shuffled_f64(World& like, bool shared);
// Accesses watched: one environment, double.
std::unique_ptr<Beside> checked(World& like);
// A GPU's groups of so many threads, as many at a time as there are environments: float, numbers that environments own included.
std::unique_ptr<Beside> grouped(World& like, int threads);
// The same, a launch for every stage.
std::unique_ptr<Beside> staged(World& like, int threads);

}  // namespace nuri::bits_test
