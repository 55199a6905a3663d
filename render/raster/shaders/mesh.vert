#version 460
#extension GL_GOOGLE_include_directive : require
#include "scene.glsl"
#include "place.glsl"

layout(location = 0) out vec3 out_at;
layout(location = 1) out vec3 out_normal;
layout(location = 2) out vec2 out_uv;
layout(location = 3) out vec3 out_shape_at;      // in the shape's frame, m
layout(location = 4) out vec3 out_shape_normal;
layout(location = 5) flat out uint out_instance;

void main() {
  Instance i = instances[gl_InstanceIndex];
  vec3 s = i.scale.xyz;
  vec3 n = normal * vec3(s.y * s.z, s.z * s.x, s.x * s.y);   // the inverse transposed of the scaling, but for its length
  out_at = placed(i);
  out_normal = vec3(dot(i.x.xyz, n), dot(i.y.xyz, n), dot(i.z.xyz, n));
  out_uv = uv;
  out_shape_at = scaled(i);
  out_shape_normal = n;
  out_instance = gl_InstanceIndex;
  gl_Position = view.clip * vec4(out_at, 1.0);
}
