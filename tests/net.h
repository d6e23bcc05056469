/* SPDX-License-Identifier: MIT */
/*
 * TCP for tests: addresses, listeners, connections of which rota has one end
 * or both, and what is expected of the other end.
 */
#ifndef ROTA_TESTS_NET_H
#define ROTA_TESTS_NET_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "core/sys.h"
#include "rota.h"

/*
 * Makes `loop` anew, on the same backend, with a table of system calls and a
 * limit for accepting (0: the default). For the start of a LOOP_TEST.
 */
void net_use(const struct rota_sys *sys, unsigned accept_batch);

/* The same with the table of faults.h, all of its counts at zero. */
void net_use_faults(void);

/* An address, valid until the next call of either. */
const struct sockaddr *net_loopback(uint16_t port);
const struct sockaddr *net_address_of(const struct rota_tcp *tcp);

/* Initialises a handle and lets it listen on a free port of 127.0.0.1. */
void net_listen(struct rota_tcp *listener, rota_listen_fn *fn);

/* Makes a blocking socket that is connected to the listener. */
int net_knock(const struct rota_tcp *listener);

/*
 * Initialises a handle with one end of a connection; returns the other, a
 * non-blocking socket.
 */
int net_open(struct rota_tcp *tcp);
void net_open_both(struct rota_tcp *a, struct rota_tcp *b);

/* Takes a port on which nobody listens, as long as the socket is open. */
int net_take_port(uint16_t *ret_port);

/* Between these two, a connect to net_full() does not end. */
void net_open_full(void);
const struct sockaddr *net_full(void);
void net_close_full(void);

/* Makes the buffers of a connection so small that 1 MiB does not fit. */
void net_narrow(int fd, int peer);

/* Lets close(2) send a reset. */
void net_close_hard(int fd);

/* Demands that exactly these bytes, the end, or an error come next. */
void net_expect(int fd, const char *text);
void net_expect_end(int fd);
void net_expect_error(int fd, int error);

/* Demands that nothing is there to be read. */
void net_expect_nothing(int fd);

/* Demands non-blocking and close-on-exec. */
void net_expect_prepared(int fd);

/*
 * Adds a letter to the trace, and one more if the status is an error: b for
 * no buffers, c cancelled, e end, f refused, m too many files, p pipe,
 * r reset, t timed out, x any other.
 */
void net_trace(char letter, int status);

/* Runs turns until the trace has so many letters, or a count is reached. */
void net_run_until_traced(size_t n);
void net_run_until(const size_t *count, size_t n);

/* Runs for a while. */
void net_run_for(uint64_t ns);

#endif
