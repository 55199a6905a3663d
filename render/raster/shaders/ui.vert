// Corners of Dear ImGui's triangles: pixels to clip space. Colours stay as they are: sRGB values in, sRGB values out.
#version 460
layout(location = 0) in vec2 position;
layout(location = 1) in vec2 uv;
layout(location = 2) in vec4 colour;
layout(push_constant) uniform Push { vec2 scale, shift; } push;
layout(location = 0) out vec2 out_uv;
layout(location = 1) out vec4 out_colour;

void main() {
  out_uv = uv;
  out_colour = colour;
  gl_Position = vec4(position * push.scale + push.shift, 0, 1);
}
