/* SPDX-License-Identifier: MIT */
/*
 * A model of a turn, for check_model.c: what docs/turn.md says, done in the
 * plainest way. It has no lists: each start gives out a number, and who is
 * next is looked for.
 */
#ifndef ROTA_TESTS_MODEL_H
#define ROTA_TESTS_MODEL_H

#include <stdint.h>

#include "rota.h"

enum kind {
	TIMER,
	IDLE,
	PREPARE,
	CHECK,
	WATCHER,
	IMMEDIATE,
	N_KINDS
};

/* Those before are handles. */
#define N_HANDLE_KINDS IMMEDIATE
#define N_EACH 3

/* What plays a program: the loop, or the model. Bodies are numbers. */
struct side {
	int (*start)(enum kind kind, int i, uint64_t delay, uint64_t repeat);
	int (*again)(int i);
	int (*set_repeat)(int i, uint64_t repeat);
	int (*stop)(enum kind kind, int i);
	int (*set_ref)(enum kind kind, int i, int on);
	int (*close)(enum kind kind, int i);
	int (*is_active)(enum kind kind, int i);
	void (*tick)(int body);
	void (*microtask)(int body);
	void (*post)(int body);
	void (*write)(int body);
	void (*put)(void);
	void (*drain)(void);
	void (*stop_loop)(void);
	int (*run)(enum rota_run_mode mode);
	/* One turn in three steps, by a foreign loop. */
	int (*drive)(void);
};

extern const struct side model_side;

/* Makes the model as a loop is at first, with all things initialised. */
void model_begin(void);

/* What a program does when its callbacks are called, in check_model.c. */
void program_call(const char *what, int i, int body);
void program_call_kind(enum kind kind, int i);
void program_call_close(enum kind kind, int i);
void program_call_before_exit(void);

/* Whether something is put into the pipe half-way through this wait. */
int program_is_interrupted(void);

#endif
