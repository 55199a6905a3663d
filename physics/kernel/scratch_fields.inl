// Scratch of one pack, once: name, count, first and last stage that need it (stage names of physics/stage.inl). Fields
// whose lives do not overlap share memory. `r` is the room for what differs from step to step (Room).
//
//   NURI_REALS(name, count, first, last)   Real          NURI_NUMBERS   int          NURI_RANKS   Int (one integer per environment)

// state, all through the substeps
NURI_REALS(qpos, m.qpos_count, load, store)
NURI_REALS(qpos_residual, 3 * m.free_count, load, store)
NURI_REALS(qvel, m.dof_count, load, store)
NURI_REALS(act, m.activation_count, load, store)
NURI_REALS(warm, m.dof_count, load, store)
NURI_REALS(ctrl, m.actuator_count, load, store)
NURI_REALS(applied, m.dof_count, load, store)
NURI_REALS(body_applied, 6 * m.body_count, load, store)
NURI_REALS(mocap, 7 * m.mocap_count, load, store)
NURI_REALS(equality_active, m.equality_count, load, store)
NURI_REALS(good, m.qpos_count + 3 * m.free_count + 2 * m.dof_count + m.activation_count, load, store)
NURI_REALS(sensors, m.sensor_value_count, load, store)
NURI_REALS(stages, r.rk4 ? m.qpos_count + 3 * m.free_count + 4 * m.dof_count + 2 * m.activation_count : 0, load, store)

// poses
NURI_REALS(xpos, 3 * m.body_count, kinematics, publish)
NURI_REALS(xquat, 4 * m.body_count, kinematics, publish)
NURI_REALS(xmat, 9 * m.body_count, kinematics, publish)
NURI_REALS(xipos, 3 * m.body_count, kinematics, publish)
NURI_REALS(anchor, 3 * m.joint_count, kinematics, sense)
NURI_REALS(axis, 3 * m.joint_count, kinematics, sense)
NURI_REALS(geom_xpos, 3 * m.geom_count, kinematics, narrowphase)
NURI_REALS(geom_xmat, 9 * m.geom_count, kinematics, narrowphase)
NURI_REALS(com, 3 * (m.tree_count > 0 ? m.tree_count : 1), com, integrate)

// inertia
NURI_REALS(cinert, 10 * m.body_count, composite_inertia, integrate)
NURI_REALS(cdof, 6 * m.dof_count, com, integrate)
NURI_REALS(mass, m.mass_count, composite_inertia, integrate)
NURI_REALS(lower, m.dof_count * (m.dof_count + 1) / 2, composite_inertia, integrate)
NURI_REALS(inverse_diagonal, m.dof_count, factor, integrate)

// velocity and forces
NURI_REALS(tendon_length, m.tendon_count, tendons, sense)
NURI_REALS(tendon_velocity, m.tendon_count, velocity, sense)
NURI_REALS(cvel, 6 * m.body_count, velocity, integrate)
NURI_REALS(cacc, 6 * m.body_count, velocity, sense)
NURI_REALS(body6, 6 * m.body_count, composite_inertia, sense)
NURI_REALS(bias, m.dof_count, bias, sense)
NURI_REALS(passive, m.dof_count, passive, sense)
NURI_REALS(actuator_force, m.actuator_count, actuators, sense)
NURI_REALS(actuator_length, m.actuator_count, actuators, sense)
NURI_REALS(actuator_velocity, m.actuator_count, actuators, sense)
NURI_REALS(act_dot, m.activation_count, actuators, integrate)
NURI_REALS(actuation, m.dof_count, actuators, integrate)
NURI_REALS(smooth, m.dof_count, actuators, integrate)
NURI_REALS(acc_smooth, m.dof_count, actuators, integrate)

// contacts
NURI_NUMBERS(near_pairs, r.pairs, broadphase, contacts)
NURI_NUMBERS(near_hit_adr, r.pairs + 1, broadphase, contacts)
NURI_REALS(hits, 10 * r.hits, narrowphase, contacts)
NURI_NUMBERS(hit_pair, r.hits, narrowphase, contacts)
NURI_NUMBERS(live_hits, r.hits, narrowphase, contacts)
NURI_RANKS(slot_source, r.slots, contacts, publish)
NURI_RANKS(slot_pair, r.slots, contacts, publish)
NURI_NUMBERS(slot_owner, r.slots, contacts, publish)
NURI_NUMBERS(slot_rank, r.slots, contacts, publish)
NURI_REALS(slot_dist, r.slots, contacts, publish)
NURI_REALS(frames, 12 * r.slots, contacts, publish)
NURI_REALS(slot_friction, 5 * r.slots, contacts, publish)
NURI_REALS(slot_mu, r.slots, contacts, publish)
NURI_NUMBERS(slot_row, r.slots + 1, contacts, publish)
NURI_NUMBERS(slot_own, r.slots + 1, contacts, publish)
NURI_NUMBERS(body_slot_adr, m.body_count + 1, contacts, publish)
NURI_REALS(own, r.own, contacts, publish)

// constraint rows
NURI_NUMBERS(listed, m.row_count, constraint_rows, publish)
NURI_REALS(row_value, m.row_dof_count, constraint_rows, publish)
NURI_REALS(row_loss, m.row_count, constraint_rows, publish)
NURI_NUMBERS(row_key, r.rows, constraint_rows, publish)
NURI_REALS(D, r.rows, constraint_rows, publish)
NURI_REALS(aref, r.rows, constraint_rows, publish)
NURI_REALS(jar, r.rows, constraint_rows, publish)
NURI_REALS(jv, r.rows, constraint_rows, publish)
NURI_NUMBERS(counts, 8, load, store)

// solver
NURI_REALS(acc, m.dof_count, solve, publish)
NURI_REALS(Ma, m.dof_count, solve, solve)
NURI_REALS(grad, m.dof_count, solve, solve)
NURI_REALS(search, m.dof_count, solve, integrate)
NURI_REALS(Mv, m.dof_count, solve, integrate)
NURI_REALS(constraint, m.dof_count, solve, publish)
NURI_REALS(stiff, 21 * m.body_count, composite_inertia, integrate)
NURI_NUMBERS(touched, m.body_count, solve, solve)
NURI_NUMBERS(bits, 2 * m.bit_words * m.dof_count, solve, solve)
NURI_NUMBERS(column_adr, m.dof_count, solve, solve)
NURI_NUMBERS(column_end, m.dof_count, solve, solve)
NURI_NUMBERS(column, m.dof_count * (m.dof_count - 1) / 2 + 1, solve, solve)
NURI_NUMBERS(column_run, m.dof_count * (m.dof_count - 1) / 2 + 1, solve, solve)
NURI_NUMBERS(below_adr, m.dof_count, solve, solve)
NURI_NUMBERS(below_end, m.dof_count, solve, solve)
NURI_NUMBERS(below, m.dof_count * (m.dof_count - 1) / 2 + 1, solve, solve)
NURI_REALS(dual, r.dual, solve, solve)

#undef NURI_REALS
#undef NURI_NUMBERS
#undef NURI_RANKS
