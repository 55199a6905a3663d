// Every field of a State, once. [environment][item], row major, in the World's precision.
//
//   NURI_STATE(name, source, role, count, unit, doc)   belongs to the state: saved, hashed, restored. A step has it in the array `source`
//                                          of scratch_fields.inl; what it does with it is its role (state_role.h)
//   NURI_OUTPUT(name, count, unit, doc)    computed by the step for readers; not part of the state
//   NURI_DETAIL(name, source, count, unit, doc)   an output that is there if asked for (WorldOptions::detail): what the last evaluation of
//                                          the dynamics left in `source`. It was of the state at the start of the last substep, with
//                                          Runge-Kutta of its last stage; after a reset or a forward pass of the present state. MuJoCo's
//                                          mjData holds the same after mj_step and mj_rnePostConstraint.

#if !defined(NURI_STATE)
#define NURI_STATE(name, source, role, count, unit, doc)
#endif
#if !defined(NURI_OUTPUT)
#define NURI_OUTPUT(name, count, unit, doc)
#endif
#if !defined(NURI_DETAIL)
#define NURI_DETAIL(name, source, count, unit, doc) NURI_OUTPUT(name, count, unit, doc)
#endif

NURI_STATE(qpos, qpos, moved, m.qpos_count, "m, rad", "generalised position")
NURI_STATE(qpos_residual, qpos_residual, moved, 3 * m.free_count, "m", "what the translation of free joints lost to rounding: position = qpos + residual")
NURI_STATE(qvel, qvel, moved, m.dof_count, "m/s, rad/s", "generalised velocity")
NURI_STATE(act, act, moved, m.activation_count, "", "actuator activation")
NURI_STATE(plastic, plastic, moved, m.plastic_count, "m, rad, 1", "where springs that give way rest: of joints, then of tendons both ends of the slack range")
NURI_STATE(warmstart, warm, moved, m.dof_count, "m/s^2, rad/s^2", "acceleration the solver starts from")
NURI_STATE(ctrl, ctrl, given, m.control_count, "", "control")
NURI_STATE(qfrc_applied, applied, rare, m.dof_count, "N, N m", "applied generalised force")
NURI_STATE(xfrc_applied, body_applied, rare, 6 * m.body_count, "N, N m", "force and torque applied at bodies' centres of mass, world axes")
NURI_STATE(mocap_pos, mocap_pos, given, 3 * m.mocap_count, "m", "mocap positions")
NURI_STATE(mocap_quat, mocap_quat, given, 4 * m.mocap_count, "1", "mocap orientations")
NURI_STATE(equality_active, equality_active, given, m.equality_count, "0 or 1", "which equalities act")
NURI_STATE(tree_asleep, tree_asleep, moved, m.flags & model::flag_sleep ? m.tree_count : 0, "", "which trees sleep: below 0 awake, -1 long at rest; else the next one of those that fell asleep together, a ring")
NURI_STATE(asleep_qpos, asleep_qpos, moved, m.flags & model::flag_sleep ? m.qpos_count : 0, "m, rad", "qpos where sleeping trees fell asleep; one that is elsewhere wakes")
NURI_STATE(clock, clock, kept, m.clock_count, "", "steps since reset, low and high 24 bits; with noise the key of this episode, 16 bits each")
NURI_STATE(history, history, kept, m.history_count, "", "past controls and sensor values that delays and intervals need: physics/kernel/history.h")

NURI_OUTPUT(qacc, m.dof_count, "m/s^2, rad/s^2", "acceleration of the last substep")
NURI_OUTPUT(xpos, 3 * m.body_count, "m", "body positions in the final state")
NURI_OUTPUT(xquat, 4 * m.body_count, "1", "body orientations in the final state")
NURI_OUTPUT(sensordata, m.sensor_value_count, "", "sensor values, taken at the start of the last substep")

NURI_DETAIL(detail_xpos, xpos, 3 * m.body_count, "m", "body positions")
NURI_DETAIL(detail_xquat, xquat, 4 * m.body_count, "1", "body orientations")
NURI_DETAIL(detail_xipos, xipos, 3 * m.body_count, "m", "bodies' centres of mass")
NURI_DETAIL(cinert, cinert, 10 * m.body_count, "kg m^2, kg m, kg", "bodies' inertia about the centre of mass of their tree, world axes: xx yy zz xy xz yz, mass * offset, mass")
NURI_DETAIL(cvel, cvel, 6 * m.body_count, "rad/s, m/s", "bodies' twists about the centre of mass of their tree, world axes: angular, linear")
NURI_DETAIL(cfrc_ext, body6, 6 * m.body_count, "N m, N", "what pushes bodies from outside (applied, contacts, connects, welds), about the same point: torque, force")
NURI_DETAIL(qfrc_actuator, actuation, m.dof_count, "N, N m", "generalised force of actuators")
NURI_DETAIL(qfrc_constraint, constraint, m.dof_count, "N, N m", "generalised force of constraints")
NURI_DETAIL(tendon_length, tendon_length, m.tendon_count, "m, rad", "tendon lengths")
NURI_DETAIL(tendon_velocity, tendon_velocity, m.tendon_count, "m/s, rad/s", "tendon velocities")

#undef NURI_STATE
#undef NURI_OUTPUT
#undef NURI_DETAIL
