#version 460
// Each line is a quad that faces the eye, half a pixel wider than the line on every side for a soft edge.
#extension GL_GOOGLE_include_directive : require
#include "scene.glsl"

layout(set = 0, binding = 2, std430) readonly buffer Lines { LineData lines[]; };
layout(location = 0) out vec4 out_colour;
// Pixels from the middle times w, and w: their ratio is linear in the picture. (Mesa's llvmpipe clips what is noperspective wrongly.)
layout(location = 1) out vec2 out_across;
layout(location = 2) flat out float out_half;

void main() {
  LineData line = lines[gl_VertexIndex / 6];
  int corner = gl_VertexIndex % 6;
  float side = corner == 1 || corner == 2 || corner == 4 ? 1.0 : -1.0, end = corner == 2 || corner == 4 || corner == 5 ? 1.0 : -1.0;
  vec4 a = view.clip * vec4(line.from.xyz, 1.0), b = view.clip * vec4(line.to.xyz, 1.0);
  float near = view.eye.w;
  gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
  out_colour = line.rgba;
  out_half = 0.5 * line.from.w;
  out_across = vec2(0.0, 1.0);
  if (a.w < near && b.w < near) return;
  if (a.w < near) a = mix(a, b, (near - a.w) / (b.w - a.w));   // what is behind the eye has no place in the picture
  else if (b.w < near) b = mix(b, a, (near - b.w) / (a.w - b.w));
  vec2 half_size = 0.5 * view.size.xy;
  vec2 along = b.xy / b.w * half_size - a.xy / a.w * half_size;
  along = dot(along, along) > 1e-6 ? normalize(along) : vec2(1.0, 0.0);
  vec4 p = end < 0.0 ? a : b;
  out_across = vec2(side * (out_half + 0.5) * p.w, p.w);
  vec2 offset = (vec2(-along.y, along.x) * side + along * end) * (out_half + 0.5);
  gl_Position = vec4(p.xy + offset / half_size * p.w, p.z * 1.0005, p.w);   // a little nearer than the surface it may lie on
}
