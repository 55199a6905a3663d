#version 460
#define SAMPLES 4
#extension GL_GOOGLE_include_directive : require
#include "tone.glsl"
