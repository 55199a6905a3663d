#version 460
// Depth alone: from the sun (which 0) or from the eye (which 1).
#extension GL_GOOGLE_include_directive : require
#include "scene.glsl"
#include "place.glsl"

void main() {
  Instance i = instances[gl_InstanceIndex];
  bool casts = (i.name.z & (no_shadow | flat_lit)) == 0u;
  vec4 p = vec4(placed(i), 1.0);
  gl_Position = push.which == 1u ? view.clip * p : casts ? view.sun_clip * p : nowhere;
}
