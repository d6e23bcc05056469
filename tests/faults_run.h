/* SPDX-License-Identifier: MIT */
/*
 * Small programs, each run once to count the calls that can fail, and then
 * again and again with exactly one of these failing, in each of its ways.
 * Each time the program must come to its end without a crash, a hang or a
 * leak, all that was begun must be told, and a failure that need not be told
 * must make no difference. Failing memory is one of the failures.
 *
 * Here is what all programs do; each makes handles in `loop`, counts what it
 * expects and what is told, and runs.
 */
#ifndef ROTA_TESTS_FAULTS_RUN_H
#define ROTA_TESTS_FAULTS_RUN_H

#include "tests/faults.h"
#include "tests/harness.h"

#define MS ROTA_MILLISECOND
#define MAX_TURNS 200
#define MAX_SECONDS 10

struct program {
	const char *name;
	void (*run)(void);
	/* Watchers that the kernel refused are started again. */
	int goes_on;
	/* Done when the loop is closed, or was never made; NULL for nothing. */
	void (*end)(void);
};

/* One run of a program. */
struct faults_run {
	/* Events that must be told, and that were. */
	unsigned n_expected;
	unsigned n_told;
	/* Requests begun, and ended. */
	unsigned n_begun;
	unsigned n_ended;
	/* Errors returned and told; was the one that we made among them? */
	unsigned n_errors;
	int is_error_ours;
	/* Everything was closed after an error. */
	int has_given_up;
};

extern struct faults_run now;

/* Keeps a descriptor to be closed when the loop is, and returns it. */
int keep(int fd);
/* How many are kept. */
extern unsigned n_kept;
void keep_pipe(int ret_fds[2]);
/* How many were open before. */
extern int n_fds_before;

/* Counts errors, and returns what it is given. */
int note(int r);

/* Closes all handles. */
void close_one(struct rota_handle *handle, void *data);
void give_up(void);

/* An error of a run is no reason not to run again. */
int run_checked(enum rota_run_mode mode);
void drive(enum rota_run_mode mode);
void end_loop(void);

/*
 * Each request ends exactly once. An error of one, at its begin or its end,
 * is the end of it all.
 */
void begin_request(int r);
void end_request(int status);

/* Adds a case for each program, which is to stay there. */
void faults_run_add(
	Suite *suite, const struct program *programs, unsigned n_programs);

#endif
