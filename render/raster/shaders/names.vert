#version 460
// What can be picked (which 0), or what is selected or hovered (which 1).
#extension GL_GOOGLE_include_directive : require
#include "scene.glsl"
#include "place.glsl"

layout(location = 0) flat out uvec2 out_name;

void main() {
  Instance i = instances[gl_InstanceIndex];
  bool drawn = push.which == 0u ? i.name.y != 0u : (i.name.z & (selected | hovered)) != 0u;
  out_name = push.which == 0u ? i.name.yw : uvec2(i.name.z & selected, i.name.z & hovered);
  gl_Position = drawn ? view.clip * vec4(placed(i), 1.0) : nowhere;
}
