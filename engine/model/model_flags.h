// Small enumerations that the compiler of models and the kernels share.
#pragma once

namespace nuri::model {

// What is switched; bits of Model::flags. Named for the switch being ON.
enum Flag : int {
  flag_constraint = 1 << 0, flag_equality = 1 << 1, flag_frictionloss = 1 << 2, flag_limit = 1 << 3, flag_contact = 1 << 4,
  flag_spring = 1 << 5, flag_damper = 1 << 6, flag_gravity = 1 << 7, flag_clampctrl = 1 << 8, flag_warmstart = 1 << 9,
  flag_actuation = 1 << 10, flag_sensor = 1 << 11, flag_eulerdamp = 1 << 12, flag_island = 1 << 13, flag_fluid = 1 << 14,
  flag_refsafe = 1 << 15, flag_energy = 1 << 16, flag_gravcomp = 1 << 17, flag_damping = 1 << 18 /* some dof is damped */,
  flag_multiccd = 1 << 19, flag_diagexact = 1 << 27, flag_sleep = 1 << 29 /* and some tree may */,
  // what some geom, pair or joint has; models without take none of its instructions
  flag_drive = 1 << 30 /* physics/compile.cpp alone: muscles are driven to their ends */,
  flag_surfacevel = 1 << 20, flag_adhesion = 1 << 21, flag_gap = 1 << 22 /* some pair_gap */, flag_actuator_gravcomp = 1 << 23,
  flag_tendon_armature = 1 << 24, flag_polynomial = 1 << 25 /* a stiffness or damping grows with stretch or speed */,
  flag_tendon_force = 1 << 26 /* some tendon_force_limited */,
  flag_sensornoise = 1 << 28,
};

// Whether a tree falls asleep: numbers of tree_sleep.
enum TreeSleep : int { never_asleep, may_sleep, begins_asleep };

// Bits of actuator_limits.
enum ActuatorFlag : int {
  actuator_force_limited = 2, actuator_act_limited = 4,
  actuator_early = 8,       // its force follows the activation after this step
  actuator_disabled = 16,   // its group is: no force, and its activation stands still
  actuator_circle = 32,     // a servo of an angle: it goes to the nearest of all equal angles
};

// Activations that a pid (the first two) or a dcmotor may have, in the order in which they stand.
enum ActuatorState : int { state_slew = 1, state_integral = 2, state_temperature = 4, state_bristle = 8, state_current = 16 };

constexpr int actuator_parameters = 10;   // of dynprm, gainprm and biasprm each

// Rows that are not contacts, in their order.
enum RowKind : int { row_connect, row_weld, row_joint_equality, row_tendon_equality, row_dof_friction, row_tendon_friction, row_joint_limit, row_ball_limit, row_tendon_limit };

}  // namespace nuri::model
