// What all passes of one draw read. C++ includes this text too and fills it: only vec4 and mat4, which both lay out alike; matrices
// are row major and for column vectors.
#ifndef NURI_RASTER_VIEW
#define NURI_RASTER_VIEW

struct LampData {
  vec4 from;                 // towards it (w 0) or where it is (w 1)
  vec4 colour;               // w 1: its shadow is in the shadow map
  vec4 axis;                 // where it shines; w: cosine of its cone, -1: all around
  vec4 fall;                 // 1 / (x + y d + z d^2); nothing beyond w m
  vec4 beam;                 // x: power of the cosine within the cone; unused
};

struct MaterialData {
  vec4 rgba;                 // linear
  vec4 look;                 // emission, specular, roughness, metallic
  vec4 cover;                // reflectance; image: 0 none, 1 by texture coordinates, 2 projected, 3 cube; 1: repeat is per metre; unused
  vec4 repeat;               // twice, two unused
};

struct LineData {
  vec4 from;                 // w: width in pixels
  vec4 to;
  vec4 rgba;                 // linear
};

struct LetterData {
  vec4 box;                  // left, top, right, bottom: pixels
  vec4 image;                // of the font's, likewise: 0 .. 1
  vec4 rgba;                 // sRGB
};

struct ViewData {
  mat4 clip;                 // from world
  mat4 sun_clip;             // of the shadow map, from world
  vec4 eye;                  // w: near, m
  vec4 right, up, forward;   // a pixel's ray is forward + x right + y up, x and y from -1 to 1; forward's w: far, m
  vec4 size;                 // pixels of the picture, and 1 / those
  vec4 light_zenith, light_horizon, light_ground;   // what lights: radiance of the sky above, aside, below
  vec4 seen_zenith, seen_horizon, seen_ground;      // what is seen behind everything
  vec4 glow;                 // of the sky around the sun, seen
  vec4 own_sky;              // 1: the scene's own is seen; its levels - 1; share of its light that surfaces receive; unused
  vec4 towards_sun;
  vec4 shadow;               // size of a texel (1 = the whole map); penumbra (likewise) per depth; m that a point is moved off its surface; depth bias
  vec4 haze;                 // m within which nothing fades; m over which it does; of the grid's fading; its height
  vec4 grid;                 // its colour and opacity
  vec4 outline;              // linear
  vec4 knobs;                // lamps, exposure, 1: occlusion is there, its radius in m
  LampData lamps[8];
};

#endif
