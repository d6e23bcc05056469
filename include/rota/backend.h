/* SPDX-License-Identifier: MIT */
/*
 * The kernel backends of this build: which there are, what each can do, and
 * which one a loop would get. docs/backends.md compares them.
 */
#ifndef ROTA_BACKEND_H
#define ROTA_BACKEND_H

#include <rota/types.h>

ROTA_BEGIN_C

/* What a backend can do, as bits. */
enum rota_backend_capability {
	/* Knows ROTA_EDGE: tells of a change once. */
	ROTA_BACKEND_EDGE = 1 << 0,
	/* The cost of a turn does not depend on the descriptors at rest. */
	ROTA_BACKEND_SCALES = 1 << 1,
	/* Waits are exact to less than a millisecond. */
	ROTA_BACKEND_NANOSECONDS = 1 << 2,
	/* The loop has one descriptor that another loop can wait for. */
	ROTA_BACKEND_HAS_FD = 1 << 3,
	/* Tells of urgent data (ROTA_PRIORITY). */
	ROTA_BACKEND_PRIORITY = 1 << 4,
	/* Tells of a peer's half-close without reading (ROTA_HANGUP). */
	ROTA_BACKEND_HANGUP = 1 << 5
};

struct rota_backend_info {
	/* "epoll", "kqueue", "poll", "select". */
	const char *name;
	/* 1 if this library contains it. */
	int is_built;
	/* 0 if it works on this machine, else the negative errno. */
	int error;
	/* In words why it cannot be used; "" if it can. */
	const char *reason;
	/* Bits of enum rota_backend_capability; 0 if it cannot be used. */
	unsigned capabilities;
	/* 1 if a loop that asks for none gets this one. */
	int is_default;
};

/*
 * Tells about backend number `index`, trying it out (the try leaves nothing
 * behind).
 *
 * unit: index from 0; the order is the order of preference. Backends that
 *	rota knows but this library was built without come last.
 * errors: -EINVAL ret_info is NULL; -ENOENT there is no such index.
 *	*ret_info is untouched then.
 * when: any thread.
 */
ROTA_API int rota_backend_info(
	unsigned index, struct rota_backend_info *ret_info);

/*
 * Returns the name of one capability bit ("edge"), NULL for other values.
 * when: any thread.
 */
ROTA_API const char *rota_backend_capability_name(unsigned capability);

ROTA_END_C

#endif
