#version 460
// How much of the sky each point sees past its neighbours in the picture, at half the pixels: obscurance after McGuire, Mara and Luebke 2012,
// "Scalable ambient obscurance", with one of 16 turns of the spiral by pixel, which the next pass averages away.
#extension GL_GOOGLE_include_directive : require
#include "scene.glsl"
#include "noise.glsl"

layout(set = 0, binding = 5) uniform sampler2D depths;   // of the whole picture
layout(location = 0) out vec2 out_open;          // and the distance, m

float distant(ivec2 at) {
  float d = texelFetch(depths, clamp(at, ivec2(0), ivec2(view.size.xy) - 1), 0).r, near = view.eye.w, far = view.forward.w;
  return near * far / (near + d * (far - near));
}
vec3 place(ivec2 at) { return ray(vec2(at) + 0.5) * distant(at); }   // from the eye

// The surface's step to the next pixel in a direction: that of the two sides which changes less, as the other may leap to another surface.
vec3 next(ivec2 at, vec3 p, ivec2 to) {
  vec3 a = place(at + to) - p, b = p - place(at - to);
  return dot(a, a) < dot(b, b) ? a : b;
}

void main() {
  ivec2 at = ivec2(gl_FragCoord.xy) * 2;
  vec3 p = place(at);
  float z = dot(p, view.forward.xyz), radius = view.knobs.w;
  out_open = vec2(1.0, z);
  float pixels = min(radius / z * view.size.y * 0.5 / length(view.up.xyz), 0.15 * view.size.y);
  if (z > 0.5 * view.forward.w || pixels < 1.0) return;
  vec3 n = cross(next(at, p, ivec2(0, 1)), next(at, p, ivec2(1, 0)));
  n = normalize(dot(n, p) > 0.0 ? -n : n);
  ivec2 cell = ivec2(gl_FragCoord.xy) & 3;
  float turn = float(((cell.x ^ cell.y) * 4 + cell.y * 5) & 15) / 16.0;
  const int taps = 12;
  float sum = 0.0;
  for (int k = 0; k < taps; ++k) {
    vec2 o = spiral(k, taps, turn);
    o *= length(o);                                // denser near the point, where contact is
    vec3 d = place(at + ivec2(round(o * pixels))) - p;
    float d2 = dot(d, d), near = max(1.0 - d2 / (radius * radius), 0.0);
    sum += near * near * max(dot(d, n) - 0.004 * z - 0.01 * radius, 0.0) / (sqrt(d2) + 0.02 * radius);
  }
  out_open.r = clamp(1.0 - 2.2 * sum / float(taps), 0.0, 1.0);
}
