#include "tools/session/network.h"
#include "engine/math/elementary.h"

NURI_KERNEL_BEGIN
namespace perceptron {
namespace {

namespace net = session::network;
using R = Wide<float, net::lanes>;
static_assert(sizeof(R) == sizeof(net::Lane) && alignof(R) <= alignof(net::Lane));
constexpr int tile = 4;                          // outputs at a time: their sums and the inputs stay in registers

NURI_VALUE R activate(net::Activation activation, R x) {
  const R zero(0.0f), one(1.0f);
  switch (activation) {
    case net::none: break;
    case net::relu: return where(x < zero, zero, x);                   // NaN stays
    case net::elu: return where(x <= zero, exp(x) - one, x);
    case net::tanh: {
      const R small = exp(R(-2.0f) * abs(x)), t = (one - small) / (one + small);
      return where(x < zero, -t, t);
    }
  }
  return x;
}

// Outputs o .. o + count - 1.
template <int count> NURI_VALUE void outputs(const net::Layer& layer, int o, const R* x, R* y) {
  const float* const w = layer.weights + size_t(o) * size_t(layer.inputs);
  R sum[count];
  NURI_UNROLL for (int k = 0; k < count; ++k) sum[k] = R(layer.bias[o + k]);
  for (int i = 0; i < layer.inputs; ++i)
    NURI_UNROLL for (int k = 0; k < count; ++k) sum[k] = mul_add(R(w[size_t(k) * size_t(layer.inputs) + size_t(i)]), x[i], sum[k]);
  NURI_UNROLL for (int k = 0; k < count; ++k) y[o + k] = activate(layer.activation, sum[k]);
}

}  // namespace
}  // namespace perceptron
NURI_KERNEL_END

namespace nuri::session::network {

void evaluate(const View& network, int rows, const float* observations, float* actions, Lane* from, Lane* to) {
  using namespace perceptron;
  R *x = reinterpret_cast<R*>(from), *y = reinterpret_cast<R*>(to);
  const int inputs = network.layers[0].inputs;
  for (int i = 0; i < inputs; ++i) {
    R value(0.0f);
    for (int e = 0; e < rows; ++e) value.set(e, observations[size_t(e) * size_t(inputs) + size_t(i)]);
    const R scaled = (value - R(network.mean[i])) / R(network.deviation[i]);
    x[i] = min(R(network.clip), max(R(-network.clip), scaled));        // NaN stays
  }
  for (int l = 0; l < network.count; ++l) {
    const Layer& layer = network.layers[l];
    int o = 0;
    for (; o + tile <= layer.outputs; o += tile) outputs<tile>(layer, o, x, y);
    for (; o < layer.outputs; ++o) outputs<1>(layer, o, x, y);
    R* const next = x;
    x = y, y = next;
  }
  const int count = network.layers[network.count - 1].outputs;
  for (int e = 0; e < rows; ++e)
    for (int o = 0; o < count; ++o) actions[size_t(e) * size_t(count) + size_t(o)] = x[o][e];
}

}  // namespace nuri::session::network
