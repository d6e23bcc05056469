/* SPDX-License-Identifier: MIT */
/*
 * Who is measured. A subject does the same as all others in its own idiom;
 * what is done per event and has nothing to do with a loop is in the inline
 * functions here, so that all do it alike and nobody pays for a call.
 */
#ifndef ROTA_BENCH_SUBJECT_H
#define ROTA_BENCH_SUBJECT_H

#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include "bench/bench.h"

/* Ends the run that is in progress; called in a callback. */
struct stopper {
	void *loop;
	void (*stop)(void *loop);
};

/*
 * Socket pairs in a ring: who can be read reads one byte, and writes one to
 * the next. As many bytes as `active` of the workload go round.
 */
struct ring {
	unsigned n;
	/* [0] is read, [1] is written. */
	int (*fds)[2];
	unsigned long left_writes;
	unsigned long left_events;
	struct stopper stopper;
};

static inline void
ring_pass(struct ring *ring, unsigned i)
{
	char byte;

	if (read(ring->fds[i][0], &byte, 1) != 1)
		return;
	if (ring->left_writes > 0) {
		unsigned next = i + 1 < ring->n ? i + 1 : 0;

		ring->left_writes--;
		if (write(ring->fds[next][1], "", 1) != 1)
			die("a socket pair is full");
	}
	if (--ring->left_events == 0)
		ring->stopper.stop(ring->stopper.loop);
}

/* What there is to do in each turn. */
enum turn_kind {
	TURN_EMPTY,
	TURN_IDLE,
	TURN_TIMER,
	TURN_IMMEDIATE
};

/* Timers that are armed and fire, or that never do. */
struct timers {
	unsigned n;
	/* When each is due, counted from the loop's now. */
	uint64_t *delays_ns;
	unsigned long left;
	struct stopper stopper;
	/* The subject's own timers. */
	void *own;
};

static inline void
timers_fired(struct timers *timers)
{
	if (--timers->left == 0)
		timers->stopper.stop(timers->stopper.loop);
}

/* Walks over all timers in an order that is not that of memory. */
static inline unsigned
timers_next(const struct timers *timers, unsigned i)
{
	i += 7919;
	return i < timers->n ? i : i % timers->n;
}

/* One timer at a time, that tells how late it is. */
struct late {
	uint64_t delay_ns;
	uint64_t due_ns;
	/* Told of each firing; the subject starts the next one. */
	void (*fired)(struct late *late);
	void *data;
};

/* What another thread can ring. */
struct bell {
	void (*rung)(struct bell *bell);
	void *data;
	void *loop;
	void *own;
};

/* Connections whose bytes are sent back. */
struct echo {
	unsigned n;
	int *fds;
	unsigned size_bytes;
	/* In how many writes a reply is sent. */
	unsigned pieces;
	/* A reply is queued, where there is such a way, and not tried. */
	int is_queued;
	/* Bytes until the run ends. */
	unsigned long left_bytes;
	struct stopper stopper;
};

static inline void
echo_done(struct echo *echo, size_t n)
{
	if (echo->left_bytes > n) {
		echo->left_bytes -= n;
		return;
	}
	echo->left_bytes = 0;
	echo->stopper.stop(echo->stopper.loop);
}

/* Connections that come, send a byte, get it back, and are closed by us. */
struct churn {
	/* Listens, and does not block. */
	int fd;
	unsigned long left;
	struct stopper stopper;
};

static inline void
churn_done(struct churn *churn)
{
	if (--churn->left == 0)
		churn->stopper.stop(churn->stopper.loop);
}

/* Datagrams that are sent back. */
struct datagrams {
	int fd;
	unsigned size_bytes;
	unsigned long left;
	struct stopper stopper;
};

/* No window is larger. */
#define MAX_DATAGRAMS 64

static inline void
datagram_done(struct datagrams *datagrams)
{
	if (datagrams->left > 0 && --datagrams->left == 0)
		datagrams->stopper.stop(datagrams->stopper.loop);
}

/* Children that are started one after the other. */
struct spawning {
	char **argv;
	unsigned long left;
	struct stopper stopper;
};

/* Returns 1 if another one is to be started. */
static inline int
spawn_done(struct spawning *spawning)
{
	if (--spawning->left > 0)
		return 1;
	spawning->stopper.stop(spawning->stopper.loop);
	return 0;
}

/* Jobs for other threads, so many at a time. */
enum job_kind {
	JOB_NOTHING,
	JOB_STAT,
	JOB_READ
};

/* What a JOB_READ reads. */
#define JOB_READ_BYTES 4096

struct jobs {
	enum job_kind kind;
	unsigned window;
	/* Of a file that is in the cache of the system. */
	const char *path;
	int fd;
	/* Jobs to be started, and to be done, until the run ends. */
	unsigned long left_starts;
	unsigned long left;
	struct stopper stopper;
	/* The subject's own slots, `window` of them. */
	void *own;
};

/* Returns 1 if another one is to be started. */
static inline int
job_done(struct jobs *jobs)
{
	if (--jobs->left == 0)
		jobs->stopper.stop(jobs->stopper.loop);
	if (jobs->left_starts == 0)
		return 0;
	jobs->left_starts--;
	return 1;
}

/* Functions that are NULL are what a subject cannot do. */
struct subject {
	const char *name;
	/* It is no part of rota: --peers asks for it. */
	int is_peer;
	const char *(*version)(void);
	/* Before the first loop, where threads are part of it; or NULL. */
	void (*use_threads)(void);

	/*
	 * Makes a loop on a backend (NULL: its own choice), or returns NULL.
	 * Nothing is ever closed: the process ends.
	 */
	void *(*open)(const char *backend);
	/* Which backend that is, asked of the loop itself. */
	const char *(*backend)(void *loop);
	/* Until it is stopped. */
	void (*run)(void *loop);
	void (*stop)(void *loop);
	/* So many turns that do not wait. */
	void (*turns)(void *loop, unsigned long n);

	/* Watches all of a ring for reading. */
	void (*ring)(void *loop, struct ring *ring);
	/*
	 * So many times for all of a ring: watches it for writing as well,
	 * and no more; after each round a turn that does not wait.
	 */
	void (*toggle)(void *loop, struct ring *ring, unsigned long n_rounds);
	/* Has something to do in each turn; returns 0 if it cannot. */
	int (*keep_busy)(void *loop, enum turn_kind kind);

	/* Makes the timers, all idle. */
	void (*timers_make)(void *loop, struct timers *timers);
	/* Arms them all, each for its delay, counted from the loop's now. */
	void (*timers_arm)(void *loop, struct timers *timers);
	/* Puts off n times one of them; all are armed for `delay_ns`. */
	void (*timers_idle)(
		void *loop, struct timers *timers, uint64_t delay_ns);
	void (*timers_again)(
		void *loop, struct timers *timers, unsigned long n);
	/* Stops and starts one of them, n times. */
	void (*timers_restart)(
		void *loop, struct timers *timers, unsigned long n);
	/* Starts a timer for late->delay_ns, and again whenever it fires. */
	void (*late)(void *loop, struct late *late);

	void (*bell_make)(void *loop, struct bell *bell);
	/* From any thread. */
	void (*bell_ring)(struct bell *bell);
	/* Calls bell->rung once in the loop's thread, from any; or NULL. */
	void (*post)(void *loop, struct bell *bell);

	void (*echo)(void *loop, struct echo *echo);
	void (*churn)(void *loop, struct churn *churn);
	void (*datagrams)(void *loop, struct datagrams *datagrams);
	/* Starts the first child, and the next when one has ended. */
	void (*spawn)(void *loop, struct spawning *spawning);
	/* Makes room for the window; starts so many jobs. */
	void (*jobs_make)(void *loop, struct jobs *jobs);
	void (*jobs_go)(void *loop, struct jobs *jobs);
};

/* Ends with NULL. */
extern const struct subject *const subjects[];

const struct subject *subject_find(const char *name);

extern const struct subject subject_rota;
extern const struct subject subject_raw_epoll;
extern const struct subject subject_raw_poll;
extern const struct subject subject_libuv;
extern const struct subject subject_libev;
extern const struct subject subject_libevent;

#endif
