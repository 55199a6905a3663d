// What is recorded of the environments of one model: which datasets an episode has, and where their numbers are taken.
//
// The layout is robomimic's and Isaac Lab's, with the inputs of a replay beside it: docs/recordings.md has it whole.
#pragma once
#include <string>
#include <vector>
#include "tools/session/eyes.h"
#include "tools/session/port.h"
#include "tools/session/session.h"

namespace nuri::record {

enum class Type { u8, i32, u32, u64, f32, f64 };
size_t bytes_of(Type type);

// A dataset that grows by rows.
struct Column {
  std::string path;                    // in the episode: "obs/tip_pos"
  Type type = Type::f32;
  std::vector<uint64_t> shape;         // of a row; empty: one number
  uint64_t chunk = 1;                  // rows that are compressed together
  std::vector<std::string> labels;     // of a row's numbers, attribute `columns`; may be empty
  int every = 0;                       // a signal: control steps from row to row, attribute `every`; 0: none of its own
  double rate = 0;                     // of it, in Hz
  size_t row_bytes() const;
};

// Numbers that follow each other in a field of the state or outputs.
struct Part { StateField field; int first, count; size_t slot = 0; };   // slot: in Plan::fields

// A column of numbers or pictures, taken where a control step begins.
struct Signal {
  Column column;
  std::vector<Part> parts;             // one after the other
  int eye = -1;                        // instead: one output of one eye
  uint32_t output = 0;
};

// How a control of an actuator becomes an action: (u - centre) / half.
struct Scale { double centre = 0, half = 1; };

// Inputs of a session's steps besides time: those after `ctrl` are recorded of episodes in which they change.
inline constexpr StateField inputs[] = {StateField::ctrl,      StateField::qfrc_applied, StateField::xfrc_applied,
                                        StateField::mocap_pos, StateField::mocap_quat,   StateField::equality_active};
inline constexpr int input_count = int(std::size(inputs));

struct Plan {
  Column actions, rewards, dones, substeps, hashes;
  Column input[input_count];
  std::vector<Scale> scales;           // of the actions; empty: a policy's or a port's are taken
  std::vector<Signal> signals;         // states first
  struct Field { StateField field; size_t row_bytes; };          // of an environment
  std::vector<Field> fields;           // that some signal needs
  double buffers = 0;                  // bytes that the chunks of one episode take until they are full
};

struct Wishes {
  std::vector<std::string> fields;     // "sensors", a state field, or a pattern of sensors; "NAME@HZ": at a rate of its own. Empty: sensors, or
                                       // qpos and qvel of a model that has none
  std::vector<std::string> cameras;    // patterns of the scene's eyes or the models' cameras, with "@HZ" likewise
  double rate = 0;                     // of the samples, Hz; 0: every control step
  uint64_t expected = 0;               // samples of an episode, as far as known: chunks are no longer; 0: unknown
};

// Which eyes the wishes ask for: their patterns, without rates. Empty: none.
std::vector<std::string> eyes_of(const Wishes& wishes);

// For each bucket of the session's world. Codes: unknown-name, bad-rate; warnings (rate-rounded) go into out_doubts.
Result<std::vector<Plan>> make_plans(session::Session& session, const Wishes& wishes, const session::Eyes* eyes, const session::Port* port,
                                     std::vector<Diagnostic>& out_doubts);

// Control steps from sample to sample at this rate, as near as they can be.
int steps_between(double rate, double period);

std::vector<std::string> field_words();          // that `fields` knows
const char* parameter_name(int number);          // of a model's numbers that environments may override, as Bucket counts them

}  // namespace nuri::record
