/* SPDX-License-Identifier: MIT */
/* What can be done, and how much of it. */
#include <string.h>

#include "bench/on.h"

/* A plain list may be long. */
const struct workload workloads[] = {
	{ "pipes-10", "10 socket pairs, 1 active", "read and passed on",
		on_ring, 10, 1, 0, 200000, 2000 },
	{ "pipes-100", "100 socket pairs, 1 active", "read and passed on",
		on_ring, 100, 1, 0, 200000, 2000 },
	{ "pipes-1000", "1000 socket pairs, 1 active", "read and passed on",
		on_ring, 1000, 1, 0, 20000, 2000 },
	{ "pipes-5000", "5000 socket pairs, 1 active", "read and passed on",
		on_ring, 5000, 1, 0, 5000, 2000 },
	{ "pipes-100-100", "100 socket pairs, all active", "read and passed on",
		on_ring, 100, 100, 0, 400000, 10000 },
	{ "pipes-1000-100", "1000 socket pairs, 100 active",
		"read and passed on", on_ring, 1000, 100, 0, 400000, 10000 },
	{ "pipes-5000-100", "5000 socket pairs, 100 active",
		"read and passed on", on_ring, 5000, 100, 0, 200000, 10000 },
	{ "pipes-5000-1000", "5000 socket pairs, 1000 active",
		"read and passed on", on_ring, 5000, 1000, 0, 400000, 20000 },
	{ "setup", "1000 descriptors are watched", "descriptor", on_setup, 1000,
		0, 0, 1000, 1000 },
	{ "toggle", "interest in writing added and taken back in one turn",
		"add and take back", on_toggle, 100, 0, 0, 1000000, 10000 },
	{ "turn", "empty turns that do not wait", "turn", on_turn, 1, 0, 0,
		200000, 1000 },
	{ "turn-idle", "turns with an idle hook", "turn", on_turn_idle, 1, 0, 0,
		200000, 1000 },
	{ "turn-timer", "turns with a timer of 0", "turn", on_turn_timer, 1, 0,
		0, 200000, 1000 },
	{ "turn-immediate", "turns with an immediate", "turn",
		on_turn_immediate, 1, 0, 0, 200000, 1000 },
	{ "timers-10k", "10 000 timers are armed and fire", "timer", on_timers,
		10000, 0, 0, 10000, 10000 },
	{ "timers-100k", "100 000 timers are armed and fire", "timer",
		on_timers, 100000, 0, 0, 100000, 100000 },
	{ "timers-1M", "1 000 000 timers are armed and fire", "timer",
		on_timers, 1000000, 0, 0, 1000000, 1000000 },
	{ "rearm-10k", "10 000 idle timeouts are put off", "put off", on_rearm,
		10000, 0, 0, 1000000, 20000 },
	{ "rearm-1M", "1 000 000 idle timeouts are put off", "put off",
		on_rearm, 1000000, 0, 0, 1000000, 20000 },
	{ "restart", "timers are stopped and started among 1000", "pair",
		on_restart, 1000, 0, 0, 1000000, 20000 },
	{ "lateness", "a timer of 1.3 ms: how late it is", "firing",
		on_lateness, 1, 0, 0, 200, 20 },
	{ "ping-pong", "two threads wake each other's loops", "round trip",
		on_ping_pong, 1, 0, 0, 20000, 1000 },
	{ "senders", "4 threads wake one loop, coalesced", "wake", on_senders,
		4, 0, 0, 400000, 4000 },
	{ "posts", "4 threads send to one loop, each is told", "send", on_posts,
		4, 0, 0, 400000, 4000 },
	{ "echo-1-16", "TCP echo, 1 connection, 16 bytes", "message", on_echo,
		1, 0, 16, 20000, 500 },
	{ "echo-100-16", "TCP echo, 100 connections, 16 bytes", "message",
		on_echo, 100, 0, 16, 100000, 2000 },
	{ "echo-1000-16", "TCP echo, 1000 connections, 16 bytes", "message",
		on_echo, 1000, 0, 16, 100000, 10000 },
	{ "echo-1-4k", "TCP echo, 1 connection, 4 KiB", "message", on_echo, 1,
		0, 4096, 20000, 500 },
	{ "echo-100-4k", "TCP echo, 100 connections, 4 KiB", "message", on_echo,
		100, 0, 4096, 50000, 2000 },
	{ "echo-1000-4k", "TCP echo, 1000 connections, 4 KiB", "message",
		on_echo, 1000, 0, 4096, 50000, 5000 },
	{ "echo-1-64k", "TCP echo, 1 connection, 64 KiB", "message", on_echo, 1,
		0, 65536, 4000, 100 },
	{ "echo-100-64k", "TCP echo, 100 connections, 64 KiB", "message",
		on_echo, 100, 0, 65536, 8000, 500 },
	{ "echo-1000-64k", "TCP echo, 1000 connections, 64 KiB", "message",
		on_echo, 1000, 0, 65536, 8000, 2000 },
	{ "pieces", "TCP echo, 100 connections, 64 bytes, reply in 8 writes",
		"message", on_pieces, 100, 0, 64, 50000, 2000 },
	{ "timer-bytes", "memory of an idle timer", "timer", on_timer_memory,
		100000, 0, 0, 100000, 100000 },
	{ "connection-bytes", "memory of an idle connection", "connection",
		on_connection_memory, 4000, 0, 16, 4000, 4000 },
	{ 0 },
};

const struct workload *
workload_find(const char *name)
{
	for (const struct workload *w = workloads; w->name; w++)
		if (strcmp(w->name, name) == 0)
			return w;
	return NULL;
}
