// What tracing kernels see: flat arrays behind plain pointers. Nothing here is a function, so nothing compiled for one instruction set
// leaks into another (physics/cpu/kernel.h does the same), and a GPU's copy is the same structs with other pointers.
//
// A *prop* is a geom that can be seen. Its frame in the world is found again for each environment and picture from the poses of
// bodies; its triangles and pictures are shared by all environments.
#pragma once
#include <stdint.h>

namespace nuri::trace {

inline constexpr int block_rays = 64;            // rays that are traced together: 8 x 8 pixels
inline constexpr int most_levels = 16;           // of a picture: 32768 pixels and down
inline constexpr int most_layers = 4;            // clear surfaces that a ray passes
inline constexpr int triangle_numbers = 18;      // x0 x1 x2 x0 x1, the same of y and z; normal of length twice the area

inline constexpr int lamp_numbers = 16;          // of a lamp in one environment: place and quaternion in the body's frame; diffuse, specular, ambient
inline constexpr int lamp_frame = 15;            // where it is: position, unit direction; diffuse, specular, ambient

inline constexpr int many_props = 96;            // from here on they go into clusters: measured, fewer are faster one by one
inline constexpr int cluster_size = 16;

enum Kind : int32_t { plane, field, sphere, capsule, ellipsoid, cylinder, box, mesh };   // as geom types of the Model

// ---- shared by all environments --------------------------------------------------------------------------------------
struct Prop {
  int32_t kind, shape, geom, body, label;        // shape: of meshes and fields, which; else -1
  int32_t opaque;                                // 1: casts shadows
  float pos[3], quat[4], size[3];                // frame in the body's; size as MJCF
  float centre[3], radius;                       // of a sphere around it, in its frame; radius < 0: endless
};
struct Paint {                                   // of a prop; colours linear
  float rgb[3], alpha, emission;
  float mirror, roughness, metallic;             // mirror: share of light that a dielectric throws back at right angles
  int32_t picture, uniform;                      // -1: none; uniform: repeat is per metre
  float repeat[2];
  float extent[3];                               // half sizes: what an image that is projected or not uniform stretches over
};
struct Picture {                                 // levels halve each other; a cube's six faces lie below each other
  int32_t width, height, cube, levels;           // of level 0 (of a cube: of a face)
  int64_t first[most_levels];                    // of a level in texels
};
struct Tree {                                    // a mesh: nodes as engine/shape/bvh.h
  int32_t nodes, triangles;
  const int32_t* node;                           // 2 each
  const float* bound;                            // 6 each: lower and upper corner
  const float* triangle;                         // triangle_numbers each
  const int32_t* corner;                         // 3 vertices each
  const float* normal;                           // 3 per vertex
  const float* uv;                               // 2 per vertex, or null
  const float* density;                          // per triangle: texture lengths (0 .. 1) per metre; 0 without uv
};
struct Field {                                   // a height field, see RayGrid
  const float* elevation;
  int32_t rows, columns;
  float half_x, half_y, top, base;
};
enum class LampKind : int32_t { directional, point, spot };
struct Lamp {
  LampKind kind;
  int32_t shadow;
  float diffuse[3], specular[3], ambient[3];     // where no environment has its own
  float fall[3], range;                          // not directional: 1 / (a + b d + c d^2) of it arrives at d m, and beyond `range` m nothing
  float outer, inner;                            // spot: cosines of the angle where light ends, and from where it is full
  float exponent;                                // spot: power of the cosine within `outer`; < 0: full to `inner`, and a smooth edge from there
};
struct Sky {                                     // radiance, linear
  float zenith[3], horizon[3], ground[3];
  int32_t picture;                               // a cube, or -1: the gradient
  float ambient;                                 // share of the sky's light that surfaces receive
};
struct View {
  int32_t prop_count, lamp_count, any_clear;
  const Prop* props;
  const Paint* paints;
  const Tree* trees;
  const Field* fields;
  const Picture* pictures;
  const uint32_t* texels;                        // sRGB, red in the low byte
  const float* linear;                           // of 256 sRGB values
  const Lamp* lamps;
  Sky sky;
};

// ---- of one environment ----------------------------------------------------------------------------------------------
// Frames that go with bodies: sensors and lamps. `track` as model::Look::Track.
struct Mount {
  int32_t body, target, track;
  float pos[3], quat[4];                         // in the body's frame
  float rest_pos[3], rest_quat[4];               // for tracking: offset from the body and orientation, in world axes, in the initial state
};
struct Frames {                                  // where things are; written by place()
  float* prop;                                   // 12 each: rows of [R | t]
  float* sphere;                                 // x, y, z, radius of all props, one list after the other, `stride` long
  float* lamp;                                   // lamp_frame each
  float* eye;                                    // 12 each: rows of [R | t] of a sensor
  int32_t stride;
  // of many props alone (clusters.h); else null and 0
  float *sorted, *cluster;                       // as `sphere`: of props in the order of `order`; around cluster_size of these each
  int32_t* order;                                // and room for 2 * stride more, to sort in
  int32_t clusters, cluster_stride;
};
// ---- of one picture --------------------------------------------------------------------------------------------------
// Rays of a sensor in its own axes (it looks along -z, +y is up), in blocks of neighbours. A ray without direction sees nothing.
struct Rays {
  int32_t blocks;
  const float* direction;                        // per block 64 x, 64 y, 64 z; unit
  const int32_t* pixel;                          // 64 per block; -1: stands in for one outside of the picture
  const float* cone;                             // per block: axis, cosine and sine of its angle; cosine < 0: wider than a right angle
  float near, far;                               // m; along -z (camera) or along the ray
  int32_t along_ray;
  float spread;                                  // rad between neighbouring rays
};
struct Distortion {                              // noise of a sensor; all 0: none
  float range_sigma, range_sigma_linear, range_sigma_square;   // m: a + b z + c z^2
  float range_step;                              // m; 0: none
  float dropout, grazing;                        // chance that a reading is lost; and cosine of incidence below which it falls to certainty
  float colour_sigma;                            // of 0 .. 1
  float intensity_sigma;
};
struct Outputs {                                 // null: not asked for
  uint8_t* rgb;
  float *depth, *range, *normal, *intensity, *point;
  int32_t *geom, *body, *label;
};
struct Scratch {                                 // of who traces a block of rays: the props that it can meet
  int32_t* prop;                                 // Team::list_room per prop
  float *entry, *origin;                         // Team::list_room and 3 per prop
};
struct TraceJob {
  const View* view;
  Frames frames;
  const Rays* rays;
  const Distortion* noise;                       // null: none
  const float* eye;                              // 12
  Outputs out;
  float nothing;                                 // depth and range where nothing is met
  uint64_t seed, environment, step;
  uint32_t stream;
};

// ---- of a call -------------------------------------------------------------------------------------------------------
struct Watch {                                   // a sensor, the same for all environments
  Rays rays;
  Distortion noise;
  int32_t noisy, group, eye;                     // eye: its number
  int32_t first;                                 // of its blocks among those of all sensors of an environment
  Outputs out;                                   // of environment 0 in slot 0
  int64_t picture, slot;                         // pixels from an environment's picture to the next one's, and from a slot to the next
  float nothing;
  uint32_t stream;
};
// Everything that kernels need. The pictures of environments active[0 .. active_count) are taken, of those groups that have a slot for them.
struct Launch {
  View view;
  Frames frames;                                 // of environment 0; those of the others follow
  const Watch* watches;
  const Mount *eyes, *lamps;
  const float *position, *rotation;              // of the bodies of all environments: 3 and 4 each
  const float* eye_pose;                         // 7 each, of the sensors of all environments: position and quaternion in the body's frame
  const float* lamp_state;                       // lamp_numbers each, of the lamps of all environments
  const int32_t* active;
  const int32_t* slots;                          // [group][environment]; -1: no picture is taken
  const uint64_t *ids, *steps;                   // per environment, for noise
  int32_t environments, active_count, body_count, eye_count, blocks;   // blocks: of all sensors of an environment
  uint64_t seed;
};

// One width and instruction set (kernel.cpp is compiled once for each).
struct Kernel {
  const char* isa;
  int width;
  void (*place)(const Launch&, int environment);
  void (*trace)(const Launch&, int environment, int sensor, int first, int count, const Scratch&);   // blocks of the sensor
};

}  // namespace nuri::trace
