// A small multilayer perceptron, for many environments at once.
//
//   x = clip((observation - mean) / deviation),  x <- activation(b + W x) for each layer
//
// Sixteen environments lie side by side in registers; a sum over inputs runs from the bias through them in order, one fma each, whatever the
// registers, the threads or the neighbours: the same bits everywhere. Rejected: a library's matrix product, whose order of sums depends on the
// machine and on the number of rows. Functions are ours (engine/math), within 1e-7 of the true ones, absolutely.
//
// This header holds plain data: network.cpp is compiled for AVX2 (Arm: as it is), and no inline function of another library may cross.
#pragma once
#include <cstddef>

namespace nuri::session::network {

inline constexpr int lanes = 16;
struct alignas(64) Lane { float v[lanes]; };     // one number of each of 16 environments

enum Activation : int { none, elu, tanh, relu };
struct Layer {
  int inputs, outputs;
  const float *weights, *bias;                   // [outputs][inputs], [outputs]
  Activation activation;
};
struct View {
  const float *mean, *deviation;                 // [inputs of the first layer]
  float clip;
  const Layer* layers;
  int count;
};

// Of at most 16 rows. `x` and `y` hold as many lanes as the widest layer has inputs or outputs, and are overwritten.
void evaluate(const View& network, int rows, const float* observations, float* actions, Lane* x, Lane* y);

}  // namespace nuri::session::network
