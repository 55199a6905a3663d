#version 460
// Onto the finished picture: colours are sRGB, and stay as they are.
layout(set = 0, binding = 10) uniform sampler2D font;
layout(location = 0) in vec2 in_uv;
layout(location = 1) in vec4 in_colour;
layout(location = 0) out vec4 out_colour;        // premultiplied

void main() {
  float cover = in_colour.a * textureLod(font, in_uv, 0.0).a;
  out_colour = vec4(in_colour.rgb * cover, cover);
}
