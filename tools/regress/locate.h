// Whether a case has the same bits on one thread with one environment per pack, and if not, where they part first.
//
// It is asked when a state is not its golden's. If the bits are the same, the program, the model or the script changed; if they are not,
// the machine shows in the results, which is never right, and the place is where to look: environment, substep, stage, field, item.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include "tools/regress/script.h"
#include "tools/session/session.h"

namespace nuri::regress {

// Makes the session of the case anew; `narrow`: at width 1 with one thread.
using Make = std::function<Result<std::unique_ptr<session::Session>>(bool narrow)>;

// A sentence for people. `control_steps`: of the case.
std::string locate(const Make& make, const Script& script, int64_t control_steps, const std::function<bool()>& stop);
// The same of two sessions that are at their beginning: empty if they stay equal.
std::string locate(session::Session& a, session::Session& b, const Script& script, int64_t control_steps,
                   const std::function<bool()>& stop);

}  // namespace nuri::regress
