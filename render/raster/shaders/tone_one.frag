#version 460
#define SAMPLES 1
#extension GL_GOOGLE_include_directive : require
#include "tone.glsl"
