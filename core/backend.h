/* SPDX-License-Identifier: MIT */
/*
 * The contract between core and the kernel side. A backend translates wishes
 * into kernel terms and kernel reports into ready bits, and nothing else: it
 * calls no callback, reads no clock, knows no handle and no loop.
 */
#ifndef ROTA_CORE_BACKEND_H
#define ROTA_CORE_BACKEND_H

#include <stddef.h>
#include <stdint.h>

#include "core/clock.h"
#include "core/sys.h"

/* Wishes and reports; the same values as enum rota_io_event. */
enum rota__event {
	ROTA__READABLE = 1 << 0,
	ROTA__WRITABLE = 1 << 1,
	ROTA__PRIORITY = 1 << 2,
	ROTA__HANGUP = 1 << 3,
	/* Reported only: the descriptor is bad, see rota__ready.error. */
	ROTA__FAILED = 1 << 4,
	/* Wished only. */
	ROTA__EDGE = 1 << 5,
	/*
	 * Reported only, with all that it makes ready: the kernel tells this
	 * (POLLHUP, POLLERR) whether it was wished or not.
	 */
	ROTA__DEAD = 1 << 6,
	/*
	 * Reported only: as if set had returned ROTA__ALWAYS_READY, by a
	 * backend that learns it when it waits. The kernel knows nothing of
	 * the descriptor any more.
	 */
	ROTA__ALWAYS = 1 << 7
};

/* What is reported of a descriptor that is dead. */
#define ROTA__ALL_DEAD \
	(ROTA__READABLE | ROTA__WRITABLE | ROTA__HANGUP | ROTA__DEAD)

/* The same values as enum rota_backend_capability. */
enum rota__capability {
	ROTA__CAN_EDGE = 1 << 0,
	ROTA__CAN_SCALE = 1 << 1,
	ROTA__CAN_NANOSECONDS = 1 << 2,
	/* The state begins with an int: a descriptor to wait for. */
	ROTA__CAN_FD = 1 << 3,
	ROTA__CAN_PRIORITY = 1 << 4,
	ROTA__CAN_HANGUP = 1 << 5
};

/* A change of what is wanted of one descriptor. */
struct rota__wish {
	int fd;
	/* Comes back in reports; never 0. */
	uint32_t generation;
	/* What the kernel was told (0: nothing), and what it shall know. */
	uint8_t told;
	uint8_t wanted;
	/* The number may be another description than the one told. */
	uint8_t is_reopened;
	/*
	 * Wanted is 0, and the descriptor is closed right after: a kernel
	 * that forgets it by itself need not be told.
	 */
	uint8_t will_close;
};

/* A report. */
struct rota__ready {
	int fd;
	/* Of the wish told last; 0 from kernels that cannot be outdated. */
	uint32_t generation;
	uint32_t events;
	/* The negative errno that goes with ROTA__FAILED. */
	int error;
};

/* What set returns for a descriptor that never makes anyone wait. */
#define ROTA__ALWAYS_READY 1

/* The most reports that core asks for at once. */
#define ROTA__MAX_REPORTS 1024

struct rota__backend {
	const char *name;
	/* Zeroed by core before open; core owns the memory. */
	size_t state_size;
	/*
	 * 1: a wait reports each descriptor once at most, always with its
	 * generation, and neither ROTA__FAILED nor ROTA__ALWAYS.
	 */
	int is_plain;

	/*
	 * sys and memory stay valid until close.
	 * Returns the capabilities found, or a negative errno and then
	 * sets *ret_reason to a constant sentence.
	 */
	int (*open)(void *state, const struct rota_sys *sys,
		const struct rota__memory *memory, const char **ret_reason);

	/*
	 * Gives everything back. `is_forked` in a child: what the kernel
	 * shares with the parent must not be touched.
	 */
	void (*close)(void *state, int is_forked);

	/*
	 * Brings the kernel from wish->told to wish->wanted. `word` is one
	 * per descriptor, 0 at first and kept by core as long as told is not
	 * 0. Returns 0, ROTA__ALWAYS_READY, or a negative errno, with which
	 * the kernel knows nothing of the descriptor. Cannot fail if wanted
	 * is 0. A backend may put the telling off to its next wait, and
	 * report ROTA__FAILED then (and knows nothing of it any more).
	 */
	int (*set)(void *state, const struct rota__wish *wish, uintptr_t *word);

	/*
	 * Waits at most timeout_ns (rounded up to the kernel's unit;
	 * UINT64_MAX: for ever, 0: not at all) and fills in at most n
	 * reports, itself at most ROTA__MAX_REPORTS. One descriptor may come twice. Returns how many, 0 when
	 * time is up or a signal came, or a negative errno. With n = 0 it
	 * only does what set has put off, and returns how many reports it
	 * holds that a wait outside would not wake up for.
	 */
	int (*wait)(void *state, struct rota__ready *ready, int n,
		uint64_t timeout_ns);
};

/* All that rota knows, in order of preference; backends/registry.c. */
struct rota__backend_entry {
	const char *name;
	/* NULL if this build is without it. */
	const struct rota__backend *backend;
};

extern const struct rota__backend_entry rota__backends[];
extern const unsigned rota__n_backends;

#endif
