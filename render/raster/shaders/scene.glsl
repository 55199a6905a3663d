// What is bound in every pass: set 0 belongs to a picture, set 1 to an image of the scenery.
#extension GL_GOOGLE_include_directive : require
#include "view.glsl"

struct Instance {            // view::Instance
  vec4 x, y, z;              // rows of [R | t]
  vec4 scale;                // w: stretch
  vec4 rgba;
  uvec4 name;                // material, id, marks, environment
};
const uint selected = 1u, hovered = 2u, no_shadow = 4u, flat_lit = 8u;   // view::mark

layout(set = 0, binding = 0, std140, row_major) uniform View { ViewData view; };
layout(set = 0, binding = 1, std430) readonly buffer Instances { Instance instances[]; };
layout(push_constant) uniform Push {
  uint which;                // of the matrices of view, where a pass has the choice
} push;

vec3 ray(vec2 at) {          // at: pixels
  vec2 ndc = at * view.size.zw * 2.0 - 1.0;
  return view.forward.xyz + ndc.x * view.right.xyz - ndc.y * view.up.xyz;
}
