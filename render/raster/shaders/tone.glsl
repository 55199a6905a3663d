// From light to the picture: samples averaged after each is toned, so that edges against bright things stay smooth; the outline of what is
// selected; a little noise, so that 8 bits show no bands.
#extension GL_GOOGLE_include_directive : require
#include "scene.glsl"

#if SAMPLES > 1
layout(set = 0, binding = 7) uniform sampler2DMS light;
#else
layout(set = 0, binding = 7) uniform sampler2D light;
#endif
layout(set = 0, binding = 8) uniform sampler2D mask;   // selected, hovered; black if nothing is
layout(location = 0) out vec4 out_colour;

// Colours stay what they are up to `knee`; brighter ones approach 1 and pale a little on the way, as film does.
vec3 tone(vec3 c) {
  const float knee = 0.7;
  c = max(c, vec3(0.0));
  float peak = max(c.r, max(c.g, c.b));
  if (!(peak > knee)) return peak >= 0.0 ? c : vec3(0.0);
  float made = knee + (1.0 - knee) * (1.0 - exp((knee - peak) / (1.0 - knee)));
  float pale = 1.0 - 1.0 / (1.0 + 0.12 * (peak - made));
  return mix(c * (made / peak), vec3(made), pale);
}

vec3 screen(vec3 c) { return mix(12.92 * c, 1.055 * pow(max(c, vec3(1e-6)), vec3(1.0 / 2.4)) - 0.055, greaterThan(c, vec3(0.0031308))); }

float random(uvec2 p, uint k) {
  uint h = p.x * 0x8da6b343u ^ p.y * 0xd8163841u ^ k * 0xcb1ab31fu;
  h ^= h >> 15, h *= 0x2c1b3c6du, h ^= h >> 12, h *= 0x297a2d39u, h ^= h >> 15;
  return float(h >> 8) / 16777216.0;
}

void main() {
  ivec2 at = ivec2(gl_FragCoord.xy);
  vec3 c = vec3(0.0);
  for (int s = 0; s < SAMPLES; ++s) c += tone(texelFetch(light, at, s).rgb * view.knobs.y);   // the last argument is a level of an image without samples
  c /= float(SAMPLES);
  // outline: what of the mask is within 2 pixels, but not here
  if (view.outline.a > 0.0) {
    ivec2 last = textureSize(mask, 0) - 1;
    vec2 here = texelFetch(mask, at, 0).rg, around = vec2(0.0);
    for (int y = -2; y <= 2; ++y)
      for (int x = -2; x <= 2; ++x)
        around = max(around, texelFetch(mask, clamp(at + ivec2(x, y), ivec2(0), last), 0).rg * clamp(3.0 - length(vec2(x, y)), 0.0, 1.0));
    vec2 edge = around * (1.0 - here);
    c = mix(c, view.outline.rgb, max(edge.x, 0.5 * edge.y) * view.outline.a);
  }
  float dither = random(uvec2(at), 1u) + random(uvec2(at), 2u) - 1.0;
  out_colour = vec4(screen(c) + dither / 255.0, 1.0);
}
