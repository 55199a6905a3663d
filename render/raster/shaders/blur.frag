#version 460
// The 16 turns of occlusion.frag averaged over 4 x 4 pixels at the same distance.
#extension GL_GOOGLE_include_directive : require
#include "scene.glsl"

layout(set = 0, binding = 6) uniform sampler2D open_sky;
layout(location = 0) out vec2 out_open;

void main() {
  ivec2 at = ivec2(gl_FragCoord.xy), last = textureSize(open_sky, 0) - 1;
  float z = texelFetch(open_sky, at, 0).g, sum = 0.0, weights = 0.0;
  for (int k = 0; k < 16; ++k) {
    vec2 found = texelFetch(open_sky, clamp(at + ivec2(k & 3, k >> 2) - 2, ivec2(0), last), 0).rg;
    float weight = max(1.0 - 30.0 * abs(found.g - z) / z, 1e-3);
    sum += weight * found.r, weights += weight;
  }
  out_open = vec2(sum / weights, z);
}
