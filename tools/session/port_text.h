// One number of a port: how it is read of an environment, how one action becomes a control. One text for the host and for the GPU (cuda_learn.cu),
// so that neither shows in the bits: double, no contraction, rounded once. Which thread does an item is not its matter.
#pragma once
#include <stddef.h>
#include "engine/core/macros.h"

namespace nuri::session {

// Where columns are read. The first four are fields of the state.
enum PortSource : int { port_sensordata, port_qpos, port_qvel, port_ctrl, port_last, port_command };
inline constexpr int port_fields = 4;

struct PortColumn {
  int source, item;
  double offset, scale;                          // observed: (value - offset) scale
};
struct PortMove {
  int actuator;
  bool increment;                                // then the centre is the present control
  double centre, scale, limit;                   // u = centre + scale a, a within [-limit, limit]
  double low, high;                              // of u
};

// A port of the environments of one bucket; addresses of the machine that reads them.
template <class T> struct PortJob {
  const PortColumn* columns;
  const PortMove* moves;
  int inputs, outputs, commands;
  const int* members;                            // which of the world's environments each of the bucket's is
  int environments;
  T* state[port_fields];                         // [environment of the bucket][width]
  int width[port_fields];
  float *observation, *action, *last, *command;  // [environment of the world][inputs, outputs, outputs, commands]
  float* packet;                                 // [environment of the world][outputs]: takes the controls in the place of the state; null: no link
};

inline namespace NURI_ISA {

template <class T> NURI_BOTH T port_clamp(T value, T low, T high) { return value < low ? low : high < value ? high : value; }   // NaN stays

template <class T> NURI_BOTH void port_observe(const PortJob<T>& job, int index, int column) {
  const PortColumn& c = job.columns[column];
  const size_t e = size_t(job.members[index]);
  const double value = c.source < port_fields  ? double(job.state[c.source][size_t(index) * size_t(job.width[c.source]) + size_t(c.item)])
                       : c.source == port_last ? double(job.last[e * size_t(job.outputs) + size_t(c.item)])
                                               : double(job.command[e * size_t(job.commands) + size_t(c.item)]);
  job.observation[e * size_t(job.inputs) + size_t(column)] = float((value - c.offset) * c.scale);
}

template <class T> NURI_BOTH void port_act(const PortJob<T>& job, int index, int output) {
  const PortMove& move = job.moves[output];
  const size_t at = size_t(job.members[index]) * size_t(job.outputs) + size_t(output);
  T& control = job.state[port_ctrl][size_t(index) * size_t(job.width[port_ctrl]) + size_t(move.actuator)];
  const float limit = float(move.limit), a = port_clamp(job.action[at], -limit, limit);   // NaN: the environment's fault word will say so
  const double base = !move.increment ? move.centre : job.packet ? double(job.packet[at]) : double(control);
  const double moved = port_clamp(base + move.scale * double(a), move.low, move.high);
  if (job.packet) job.packet[at] = float(moved);
  else control = T(moved);
  job.last[at] = a;
}

}  // namespace NURI_ISA
}  // namespace nuri::session
