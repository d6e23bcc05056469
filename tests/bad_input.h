/* SPDX-License-Identifier: MIT */
/*
 * What the programs check_bad_input_* have in common: a call that must be
 * refused is compared with the loop and the object before it. They try, one
 * function of include/rota after the other, what a caller may do wrong at the
 * public door: each is answered with the errno of its header, and leaves loop,
 * handle and out-parameters as they were. tests/bad_input_complete.sh demands
 * that no public function is missing.
 */
#ifndef ROTA_TESTS_BAD_INPUT_H
#define ROTA_TESTS_BAD_INPUT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "tests/harness.h"

/* Fills what must not be written to. */
#define CANARY 0xa5

/* Keeps the state of the loop, and the bytes of an object or NULL. */
void ck_remember(const void *object, size_t size_bytes);

/* Demands that the call has changed nothing of what was remembered. */
void ck_unchanged(const char *call);

/* Demands that a call returns `expected` and changes nothing. */
#define ck_refused(expr, expected) \
	do { \
		ck_remember(NULL, 0); \
		ck_returns((expr), (expected), #expr); \
		ck_unchanged(#expr); \
	} while (0)

/* The same, and that *object keeps its bytes. */
#define ck_refused_for(object, expr, expected) \
	do { \
		ck_remember((object), sizeof(*(object))); \
		ck_returns((expr), (expected), #expr); \
		ck_unchanged(#expr); \
	} while (0)

/* A number that is no open descriptor. */
int closed_number(void);

/* Leaves C in the trace; a mark in it for what must not be called. */
void on_closed(struct rota_handle *handle);
void on_wrongly_closed(struct rota_handle *handle);

/* Callbacks that leave a letter; no datagram is ever told. */
void on_connected(struct rota_connect *request, int status);
void on_connection(struct rota_stream *listener, int status);
void on_datagram(struct rota_udp *udp, ssize_t n, const void *data,
	const struct rota_datagram *datagram);
void on_datagram_sent(struct rota_send *send, int status);
void on_done(struct rota_read *request, int status);
void on_drained(struct rota_stream *stream);
void on_file(
	struct rota_file_watch *watch, const struct rota_file_event *event);
void on_file_sent(struct rota_send_file *send, int status);
void on_frame(struct rota_frame *frame, const struct rota_frame_event *event);
void on_hook(struct rota_hook *hook);
void on_immediate(struct rota_immediate *immediate);
void on_io(struct rota_io *io, unsigned ready);
void on_process(
	struct rota_process *process, const struct rota_process_exit *event);
void on_read(struct rota_stream *stream, ssize_t n, const void *data);
void on_shut(struct rota_shutdown *request, int status);
void on_signal(
	struct rota_signal *signal, const struct rota_signal_event *event);
void on_timer(struct rota_timer *timer);
void on_wake(struct rota_wake *wake);
void on_written(struct rota_write *write, int status);

/* Of a handle that does nothing. */
extern const struct rota_handle_type bare_type;

/* An address of this machine. */
struct sockaddr_storage loopback(uint16_t port);

/* Makes `tcp` a connection; returns the other end. */
int open_connection(struct rota_tcp *tcp);

/* Makes `tcp` a listener; returns its address. */
struct sockaddr_storage open_listener(struct rota_tcp *tcp);

/* All three ways to ask for bytes. */
void ck_not_read(struct rota_stream *stream, int expected);

#endif
