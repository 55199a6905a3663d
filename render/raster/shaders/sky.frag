#version 460
#extension GL_GOOGLE_include_directive : require
#include "scene.glsl"
#include "sky.glsl"

layout(location = 0) out vec4 out_colour;

void main() { out_colour = vec4(sky_seen(normalize(ray(gl_FragCoord.xy))), 1.0); }
