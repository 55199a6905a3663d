#version 460
layout(location = 0) flat in uvec2 in_name;
layout(location = 0) out vec2 out_mask;          // selected, hovered

void main() { out_mask = vec2(min(in_name, uvec2(1u))); }
