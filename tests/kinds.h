/* SPDX-License-Identifier: MIT */
/*
 * Every kind of descriptor that can be a stream, as pairs: what is written
 * into one end can be read from the other. All of them block, like those
 * that a program inherits.
 */
#ifndef ROTA_TESTS_KINDS_H
#define ROTA_TESTS_KINDS_H

#include "rota.h"

struct kind {
	const char *name;
	/* Makes the pair, [0] to be read, [1] to be written; or returns -1. */
	int (*make)(int ret_fds[2]);
	/* rota's name for the type of [0]. */
	const char *type;
	/* Closing [1] is an end for [0]. */
	int ends;
	/* What is written into [0] can be read from [1]. */
	int both_ways;
	/* Both can be opened once more by a path, where there is /proc. */
	int reopens;
};

extern const struct kind kinds[];
extern const unsigned n_kinds;

/* The kind of that name. */
const struct kind *kind_named(const char *name);

/* Makes a file without a name that has these bytes, read from the begin. */
int kinds_file(const void *bytes, size_t size_bytes);

/* Makes a pseudo-terminal that passes all bytes on unchanged. */
int kinds_pty(int ret_fds[2]);

/* Makes a FIFO; the path is for the caller to unlink. */
void kinds_fifo(char *path, size_t size_bytes);

/* Writes all; reads that many or until the end. For the far end. */
void kinds_put(int fd, const void *bytes, size_t size_bytes);
size_t kinds_get(int fd, void *memory, size_t size_bytes);

/* Sets or clears O_NONBLOCK. */
void kinds_set_blocking(int fd, int blocks);

/*
 * Makes the test's loop anew, on the same backend, with another table of
 * system calls or another allocator; NULL for the usual one.
 */
void kinds_reopen_loop(const struct rota_sys *sys,
	void *(*realloc_fn)(void *data, void *memory, size_t size_bytes));

#endif
