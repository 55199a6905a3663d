#version 460
// A quad for each letter, in pixels.
#extension GL_GOOGLE_include_directive : require
#include "scene.glsl"

layout(set = 0, binding = 9, std430) readonly buffer Letters { LetterData letters[]; };
layout(location = 0) out vec2 out_uv;
layout(location = 1) out vec4 out_colour;

void main() {
  LetterData letter = letters[gl_VertexIndex / 6];
  int corner = gl_VertexIndex % 6;
  vec2 at = vec2(corner == 1 || corner == 2 || corner == 4 ? 1.0 : 0.0, corner == 2 || corner == 4 || corner == 5 ? 1.0 : 0.0);
  out_uv = mix(letter.image.xy, letter.image.zw, at);
  out_colour = letter.rgba;
  gl_Position = vec4(mix(letter.box.xy, letter.box.zw, at) * view.size.zw * 2.0 - 1.0, 0.0, 1.0);
}
