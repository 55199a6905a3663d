// Frame: everything there is to see at one moment: instances of shapes, lines, labels, lights. Made anew for every picture from poses alone,
// so that whoever has poses (a running world, a recording, a test) can be drawn.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>
#include "render/view/scenery.h"

namespace nuri::view {

using Vec3f = std::array<float, 3>;
using Colour = std::array<float, 4>;                // sRGB, and opacity

// Where the bodies of one environment are, in the world: m, and unit quaternions w x y z.
struct Poses {
  int model = 0;                                   // of Scenery::models
  uint32_t environment = 0;
  Vec3f offset{};                                  // of the environment in the picture (a grid of environments)
  std::vector<float> position, rotation;           // 3 and 4 per body
};

// What instances are to be drawn as, as bits.
namespace mark { enum : uint32_t { selected = 1, hovered = 2, no_shadow = 4, flat = 8 }; }   // flat: not lit (debug shapes)

struct Instance {                                  // as shaders read it: 24 numbers of 4 bytes
  float world[12];                                 // rows of [R | t]: world from shape, after scaling
  float scale[3], stretch;
  float rgba[4];                                   // linear, premultiplied by nothing
  uint32_t material, id, marks, environment;       // id: geom + 1; 0: nothing that can be picked
};

struct Batch { uint32_t shape, material, first, count; };   // instances [first, first + count) of one shape and one material

struct Line { Vec3f from, to; Colour rgba; float width = 1.5f; bool on_top = false; };   // width in pixels
struct Label { Vec3f at; std::string text; Colour rgba; };

// Colour linear: what a white surface facing it sends back, before what distance and cone leave of it.
struct Lamp {
  Vec3f position, direction, colour;
  bool directional, shadow;
  Vec3f attenuation{1, 0, 0};                      // 1 / (a + b d + c d^2), d in m; not of directional ones
  float cone = -1, exponent = 0;                   // of a spot: cosine of the angle at which light ends, and the power of the cosine within; -1: all around
  float range = 1e30f;                             // m: beyond it nothing is lit
};

// A camera looks along -z of its axes, x is right, y is up.
struct Eye {
  Vec3f position{};
  std::array<float, 9> axes{1, 0, 0, 0, 1, 0, 0, 0, 1};   // row major; columns are x, y, z of the camera in the world
  float fovy = 0.7853982f;                         // rad, vertical
  float near = 0.01f, far = 1000;                  // m
};

struct Frame {
  std::vector<Instance> instances;
  std::vector<Batch> solid;                        // opaque, in any order
  std::vector<uint32_t> clear;                     // transparent instances, the farthest first; each its own draw
  std::vector<uint32_t> clear_shape;               // of each of them
  std::vector<Line> lines;
  std::vector<Label> labels;
  std::vector<Lamp> lamps;                         // never empty: the first that casts a shadow is the sun
  Vec3f centre{};                                  // what shadows must cover
  float radius = 1;
  float floor = 0;                                 // m: height of the first level plane without an end; lines on the ground lie there
};

// What of it to draw. Groups are bits: geoms of groups 0, 1, 2 are shown at first, as MuJoCo's users expect.
struct Show {
  uint32_t geom_groups = 0b000111, site_groups = 0b000001;
  bool sites = false, hulls = false, joints = false, frames = false, centres_of_mass = false, inertias = false, labels = false, transparent = false;
  bool cameras = false, lights = false;
  int selected_body = -1, hovered_body = -1;       // of environment `selected_environment`
  uint32_t selected_environment = 0;
};

// Contacts and forces are drawn from what a step reports; see physics/contact_record.h for the meaning of the numbers.
struct Touch { Vec3f position, normal, force; float depth; bool slips; };   // m, unit, N in world axes (on the second geom)

// All environments of `poses`, seen from `eye` (transparent instances are sorted by it). Environments go to threads by nobody: 100,000
// instances take a few milliseconds.
Frame make_frame(const Scenery& scenery, std::span<const Poses> poses, const Show& show, const Eye& eye);
void add_touches(Frame& frame, std::span<const Touch> touches, float metres_per_newton, bool points, bool arrows);

// The bodies of a model in its initial state.
Poses initial_poses(const model::Model& model);

// Where camera `camera` of a model is, with the bodies at `poses`. As in MuJoCo:
//   fixed          it moves and turns with its body
//   track          it keeps the distance that it has from its body in the initial state, and the direction it looks in
//   trackcom       likewise from the centre of mass of all that hangs from the body
//   targetbody     it moves with its body and looks at another one, the image's up towards +z
//   targetbodycom  likewise at the centre of mass of all that hangs from that other body
Eye camera_eye(const model::Model& model, int camera, const Poses& poses);
// A free camera around a point: distance m, azimuth and elevation rad as MuJoCo's free camera has them (azimuth 90 degrees: looking along +y;
// elevation -30 degrees: from above).
Eye orbit_eye(const Vec3f& at, float distance, float azimuth, float elevation, float fovy);
// From where all that is drawn of the models, endless planes apart, is seen well.
struct Orbit { Vec3f at; float distance, azimuth, elevation; };
Orbit framing(const Scenery& scenery, std::span<const Poses> poses, float fovy, float aspect);
// The nearest such place for pictures, looking in a given direction: what is drawn touches the margins of the picture, in its middle.
Orbit filling(const Scenery& scenery, std::span<const Poses> poses, float fovy, float aspect, float azimuth, float elevation);

// 4x4, row major, for column vectors: clip = M (x y z 1)'. Vulkan's clip space: x to the right and y down, -1 .. 1 after division by w = m along
// the view direction; depth 1 at `near` falling to 0 at `far` (reversed: floats are finer near 0).
std::array<float, 16> clip_from_world(const Eye& eye, float aspect);
// Metres along the view direction from such a depth.
float metres(float depth, const Eye& eye);

}  // namespace nuri::view
