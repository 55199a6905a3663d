#version 460
layout(location = 0) in vec4 in_colour;
layout(location = 1) in vec2 in_across;
layout(location = 2) flat in float in_half;
layout(location = 0) out vec4 out_colour;        // premultiplied

void main() {
  float cover = in_colour.a * clamp(in_half + 0.5 - abs(in_across.x / in_across.y), 0.0, 1.0);
  out_colour = vec4(in_colour.rgb * cover, cover);
}
