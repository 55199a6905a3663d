#version 460
// Lines on the ground: every 0.1, 1 and 10 m, each kind as far as its lines stand apart; the axes in their colours.
#extension GL_GOOGLE_include_directive : require
#include "scene.glsl"
#include "sky.glsl"

layout(location = 0) out vec4 out_colour;        // premultiplied

// Coverage of lines `step` m apart by a pixel that is `wide` m wide.
float lines(vec2 at, vec2 wide, float step) {
  vec2 off = abs(fract(at / step - 0.5) - 0.5) * step;
  vec2 line = clamp(1.0 - off / wide, 0.0, 1.0) * smoothstep(0.30, 0.08, wide / step);
  return max(line.x, line.y);
}

void main() {
  vec3 d = ray(gl_FragCoord.xy);
  float t = (view.haze.w - view.eye.z) / d.z;                     // m along the view direction, as d has length 1 there
  vec2 at = view.eye.xy + t * d.xy;
  vec2 wide = max(fwidth(at), 1e-6);
  float distant = t * length(d);
  if (!(t > 0.0) || !(distant < 8.0 * view.haze.z)) discard;
  float far = view.forward.w, near = view.eye.w;
  float depth = near * (far - t) / ((far - near) * t);
  float slope = depth * max(wide.x, wide.y) / max(distant, 1e-6);   // the ground's own depth within the pixel: the lines lie on top of it
  gl_FragDepth = clamp(depth + slope + depth * 2e-4 + 2e-7, 0.0, 1.0);
  float fade = exp(-(distant / view.haze.z) * (distant / view.haze.z)) * smoothstep(0.0, 0.06, abs(d.z) / length(d));
  float cover = max(max(0.35 * lines(at, wide, 0.1), 0.75 * lines(at, wide, 1.0)), lines(at, wide, 10.0)) * view.grid.a;
  vec3 colour = view.grid.rgb;
  vec2 axis = clamp(1.5 - abs(at.yx) / wide.yx, 0.0, 1.0);   // x axis, y axis
  colour = mix(mix(colour, vec3(0.62, 0.06, 0.05), axis.x), vec3(0.07, 0.42, 0.08), axis.y);
  cover = max(cover, 0.8 * max(axis.x, axis.y)) * fade;
  if (cover < 0.002) discard;
  out_colour = vec4(colour * cover, cover);
}
