// A snapshot of a session as bytes: everything that the steps to come depend on, the differences between its models included; only a policy
// of the session begins anew. Little endian, with a version, what it is of, and a hash: a damaged or foreign one is an error, and nothing happens.
#pragma once
#include "tools/session/session.h"

namespace nuri::session {

std::string snapshot(Session& session);
// Puts it back, into the session that it is of or another one of the same scene and as many environments. Codes: not-a-snapshot, damaged-snapshot,
// other-scene.
std::optional<Diagnostic> put_back(Session& session, const std::string& bytes);

}  // namespace nuri::session
