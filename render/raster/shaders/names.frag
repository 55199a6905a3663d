#version 460
layout(location = 0) flat in uvec2 in_name;
layout(location = 0) out uvec2 out_name;

void main() { out_name = in_name; }
