/* SPDX-License-Identifier: MIT */
/*
 * What loops written by hand share: timers and connections. Such a loop does
 * only what its program needs, so it shows what the kernel's interface costs
 * by itself.
 */
#ifndef ROTA_BENCH_RAW_H
#define ROTA_BENCH_RAW_H

#include "bench/subject.h"

/*
 * Timers in slots of a millisecond. A slot is an array to which arming
 * appends, and which is sorted only when it is due, so the order is exact.
 * A timer that is put off stays where it is until then, and moves on; an
 * entry whose key is not that of its timer is left over and counts nothing.
 */
struct raw_timer {
	uint64_t deadline_ns;
	/* The deadline of its entry; 0 if it has none. */
	uint64_t key_ns;
	void *data;
};

struct raw_entry {
	uint64_t key_ns;
	struct raw_timer *timer;
};

struct raw_slot {
	struct raw_entry *entries;
	unsigned n;
	unsigned room;
};

#define RAW_SLOTS 4096

struct raw_timers {
	uint64_t now_ns;
	/* All slots before this one have been emptied. */
	uint64_t next_ms;
	size_t n_armed;
	/* One round of the slots; what is due after it lies aside. */
	struct raw_slot slots[RAW_SLOTS];
	struct raw_slot later;
	/* A lower bound of what lies there. */
	uint64_t later_ms;
	/* What is due, and room to sort it. */
	struct raw_slot due;
	struct raw_slot room;
};

void raw_timers_init(struct raw_timers *timers);
void raw_timer_arm(struct raw_timers *timers, struct raw_timer *timer,
	uint64_t deadline_ns);
void raw_timer_stop(struct raw_timers *timers, struct raw_timer *timer);
/* Calls fn for all that are due. */
void raw_timers_fire(
	struct raw_timers *timers, void (*fn)(struct raw_timer *timer));
/* How long nothing is due: milliseconds for epoll and poll, -1 for ever. */
int raw_timers_wait_ms(struct raw_timers *timers);

/* What subjects do with them; their loops begin with a struct raw_timers. */
void raw_timers_make(void *loop, struct timers *timers);
void raw_timers_arm(void *loop, struct timers *timers);
void raw_timers_idle(void *loop, struct timers *timers, uint64_t delay_ns);
void raw_timers_again(void *loop, struct timers *timers, unsigned long n);
void raw_timers_restart(void *loop, struct timers *timers, unsigned long n);
void raw_timers_late(void *loop, struct late *late);
void raw_timers_zero(void *loop);
void raw_timer_fired(struct raw_timer *timer);

/* A connection served without a library. */
struct raw_connection {
	struct echo *echo;
	int fd;
	/* What the kernel did not take. */
	char *rest;
	size_t n_rest;
};

enum raw_outcome {
	RAW_READ_ON,
	RAW_WRITE_FIRST,
	RAW_CLOSED
};

/* Reads what is there and sends it back; says what to wait for next. */
enum raw_outcome raw_serve(struct raw_connection *connection);
/* The same in pieces, gathered into one call. */
enum raw_outcome raw_serve_gathered(struct raw_connection *connection);
/* The same in pieces, each written at once. */
enum raw_outcome raw_serve_pieces(struct raw_connection *connection);
/* Goes on with the rest. */
enum raw_outcome raw_serve_rest(struct raw_connection *connection);

/* Takes the next connection, which does not block; -1 if there is none. */
int raw_accept(int listener);

/* Reads a byte, sends it back and closes. */
void raw_serve_guest(int fd, struct churn *churn);

/* Sends back what datagrams there are; one, returning -1 if there is none. */
void raw_send_back(struct datagrams *datagrams);
int raw_send_one_back(struct datagrams *datagrams);

/* Starts a child, and returns its number. */
int raw_spawn(struct spawning *spawning);

/* A pool, whose bell is one of the subject's. */
void raw_jobs_make(
	void *loop, struct jobs *jobs, const struct subject *subject);
void raw_jobs_go(void *loop, struct jobs *jobs);

const char *raw_version(void);

#endif
