// Eyes: what cameras and lidars of many environments see, as tensors. The training-sensor path: a ray caster that needs no display, GL, EGL
// or Vulkan, and gives the same bits at every SIMD width, number of threads, batch size and place in the batch.
//
//   auto eyes = trace::Eyes::make(model, environments, {camera, lidar}, {});
//   eyes->render(pool, {positions, rotations});             // of bodies, as a World publishes them (xpos, xquat)
//   eyes->groups()[0].tensors[0].data                       // [environment][camera][height][width][channels]; the address stays
//
// Sensors of equal size, outputs and timing form a group with one tensor per output, so a policy reads them without a copy. Only outputs
// that somebody asks for are computed: depth alone shades nothing. Environments never see each other. One Eyes sees one Model; a World
// with several has one for each.
//
// How it works: a job is a strip of one picture (kernel.cpp); a lane of it is a pixel, its neighbours are its packet (walk.h); blocks of 8 x 8
// pixels share a list of what they can meet (meet.h); lenses are tables (lens.h); light is light.h's.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>
#include "engine/core/result.h"
#include "engine/launch/pool.h"
#include "engine/model/model.h"
#include "render/trace/lens.h"
#include "render/trace/view.h"

namespace nuri::trace {

// What to see, as bits.
namespace output {
enum Bits : uint32_t {
  rgb = 1,             // uint8, 3: sRGB
  depth = 2,           // float: m along the viewing direction
  range = 4,           // float: m along the ray
  geom = 8,            // int32: geom of the model, -1: nothing
  body = 16,           // int32: body of the model
  label = 32,          // int32: Options::labels of its geom
  normal = 64,         // float, 3: unit, world axes, towards the sensor; 0 0 0: nothing
  intensity = 128,     // float: what a lidar gets back of 1: luminance times cosine of incidence, freed of distance
  point = 256,         // float, 3: m, in the sensor's axes; 0 0 0: nothing
};
inline constexpr uint32_t all = 511, count = 9;
}

struct Sensor {
  std::string name;
  std::variant<Lens, Scan> optics = Lens{};
  uint32_t outputs = output::rgb;
  int camera = -1;                               // of the model's look: place, tracking and field of view come from it; -1: from below
  int body = 0;
  std::array<double, 3> pos{};                   // m, in the body's frame
  std::array<double, 4> quat{1, 0, 0, 0};        // camera: x right, y up, looks along -z; lidar: x ahead, z up
  double near = 0.01, far = 1000;                // m: nothing nearer or farther is met; along the viewing direction (lidar, fisheye: the ray)
  float nothing = 0;                             // what depth and range say where nothing is met or a reading is lost
  int every = 1, delay = 0;                      // steps from picture to picture, and until one arrives in its tensor (timing.h)
  int most_delay = -1;                           // its delay may differ between environments, up to this (set_delay); it then has a group of its own
  Distortion noise{};
};

struct LampSpec {                                // besides those of the model
  LampKind kind = LampKind::directional;
  int body = 0;
  std::array<double, 3> pos{}, dir{0, 0, -1};    // in the body's frame
  std::array<float, 3> colour{1, 1, 1};          // linear; 1 straight above makes a white matt surface 1 (point, spot: at 1 m if it falls)
  double outer = 0.7853981633974483, inner = 0.5235987755982988;   // spot, rad from its axis: where light ends, and from where it is full
  bool shadow = true, falls = false;
};

// cuda: bodies' poses and tensors lie in the GPU's memory, and render() only enqueues. Not tested on a GPU: docs/gpu.md.
enum class Device { cpu, cuda };

struct Options {
  uint64_t seed = 1;
  uint32_t geom_groups = 0b000111;               // which geoms are seen, as bits; MuJoCo's users expect groups 0, 1, 2
  std::vector<int32_t> labels;                   // per geom; empty: 0
  std::vector<LampSpec> lamps;
  bool model_lamps = true, model_sky = true;     // without any lamp there is a sun
  std::array<float, 3> zenith{0.22f, 0.40f, 0.72f}, horizon{0.74f, 0.82f, 0.90f}, ground{0.30f, 0.28f, 0.26f};   // linear radiance
  float ambient = 0.55f;                         // share of the sky's light that surfaces receive
  int width = 0;                                 // rays side by side; 0: by rule. Never shows in results
  std::vector<uint64_t> ids;                     // of environments, for noise; empty: their indices
  Device device = Device::cpu;
  int gpu = 0;                                   // of those that are visible
  void* stream = nullptr;                        // cudaStream_t that work goes to: World::stream() of the world that is seen; null: one of its own
};

// Bodies of all environments, float: 3 and 4 (w x y z) per body; addresses of the device. `steps` numbers the pictures of each environment for noise; empty: its own
// clock. All clocks go on by `passed` from call to call, each from where its environment began.
struct Poses {
  std::span<const float> position, rotation;
  std::span<const uint64_t> steps = {};
  int passed = 1;
};

struct Tensor {
  enum class Type { u8, i32, f32 };
  uint32_t output;
  Type type;
  std::vector<int64_t> shape;                    // environment, sensor, row, column(, channel)
  void* data;
  size_t bytes;
};
struct Group {
  std::vector<int> sensors;                      // as given to make()
  std::vector<Tensor> tensors;                   // by rising output bit
  uint64_t pictures = 0;                         // how many have arrived: whether there is a new one
};

// Names of a model's lamps, in the order of Eyes::lamps() without further ones: its lights that are on, `#2` the third of the model if it has no
// name; "sun" where it has none.
std::vector<std::string> lamp_names(const model::Model& model);
// The quaternion of a lamp that shines in this direction.
std::array<double, 4> lamp_towards(const std::array<double, 3>& direction);

class Machine;                                   // machine.h

class Eyes {
 public:
  // Diagnostics have code bad-sensor, bad-lamp, no-kernel, no-gpu or cuda-failed.
  static Result<Eyes> make(std::shared_ptr<const model::Model> model, int environments, std::vector<Sensor> sensors, Options options = {});
  static Result<Eyes> make(std::shared_ptr<const model::Model> model, int environments, std::vector<Sensor> sensors, Options options, std::unique_ptr<Machine> machine);
  Eyes(Eyes&&) noexcept;
  Eyes& operator=(Eyes&&) noexcept;
  ~Eyes();

  // Takes the pictures that are due and delivers those that have arrived. Allocates nothing once it knows the pool. False: the poses
  // are not those of this model and these environments, and nothing was done.
  bool render(Pool& pool, const Poses& poses);
  // Takes and delivers pictures of these environments as they are now. No clock goes on, and what is under way stays so.
  bool render_now(Pool& pool, const Poses& poses, std::span<const int> environments);
  // These environments begin anew: their next picture is taken and delivered at once, whatever was under way.
  void reset(std::span<const int> environments);

  std::span<const Group> groups() const;
  std::span<const Sensor> sensors() const;
  uint64_t arrived(int group, int environment) const;      // how many pictures
  struct Work { uint64_t images = 0, rays = 0; };
  const Work& work() const;                      // pictures taken, and their pixels, since clear_work()
  void clear_work();
  // [environment][sensor][7]: place and quaternion in the body's frame; may be overwritten between calls (randomised mountings).
  std::span<float> mounts();
  // [environment][lamp][lamp_numbers]: place and quaternion in the body's frame (a lamp shines along -z), and its colours, linear; likewise.
  std::span<float> lamps();
  int lamp_count() const;
  // From the environment's next beginning on: reset() it before the next render(). False: the sensor has no most_delay, or it is less.
  bool set_delay(int sensor, int environment, int steps);
  const char* kernel() const;                    // "avx2 x 8", "cuda"

 private:
  struct Inside;
  explicit Eyes(std::unique_ptr<Inside> inside);
  std::unique_ptr<Inside> inside_;
};

}  // namespace nuri::trace
