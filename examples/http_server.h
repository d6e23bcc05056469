/* SPDX-License-Identifier: MIT */
/* What http_server.c and http_connection.c share. No part of rota. */
#ifndef ROTA_EXAMPLES_HTTP_SERVER_H
#define ROTA_EXAMPLES_HTTP_SERVER_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <rota.h>

/* Answers of one callback are collected, to go out in one call. */
#define BATCH_BYTES 32768

enum connection_state {
	/* Requests are read and answered. */
	SERVES,
	/* A file is on its way; requests have to wait. */
	SENDS_FILE,
	/* The last answer is given; what still comes is thrown away. */
	LINGERS
};

struct connection {
	struct rota_tcp tcp;
	struct rota_timer patience;
	struct rota_send_file file;
	struct rota_shutdown shutdown;
	struct server *server;
	struct http_parse *parse;
	enum connection_state state;
	/* Handles that are not closed. With the last one all goes. */
	int n_open;
	/* Of the request in progress: another one may follow. */
	int keeps_alive;
	/* The last answer is given. */
	int is_over;
	/* The client sends no more. We do not either. */
	int has_ended;
	int is_shut;
	int file_fd;
	/* All that had to wait in the stream, sent or not. */
	uint64_t n_queued;
	uint64_t n_body;
	uint64_t request_began_ns;
	/* What on_patience() saw when it looked last. */
	uint64_t n_sent_seen;
	/* Requests that came too early: n_rest bytes of `rest`, at `at`. */
	char *rest;
	size_t at;
	size_t n_rest;
};

struct server {
	struct rota_loop *loop;
	struct rota_tcp listener;
	struct rota_signal signals[2];
	/* Once per second, or until the grace is over. */
	struct rota_timer stats;
	struct rota_timer grace;
	/* For the connection that finds no memory. */
	struct connection *spare;
	int folder_fd;
	uint64_t limit_ns;
	int is_ending;
	/* A connection waits because there was no memory for it. */
	int owes_accept;
	uint64_t n_open;
	uint64_t n_served;
	uint64_t n_requests;
	uint64_t n_bytes;
	/* What the last line of numbers was made of. */
	uint64_t n_requests_told;
	uint64_t n_bytes_told;
	/* When accepting last failed aloud, and how often since in silence. */
	uint64_t complained_ns;
	unsigned n_silent;
	time_t date_is_of;
	char date[40];
	/* Used within one callback only. */
	char batch[BATCH_BYTES];
	size_t n_batch;
};

/* Starts to serve a connection that was accepted, or returns an error. */
int http_connection_begin(struct connection *connection);

/* Lets what is being asked or answered now be the last. */
void http_connection_end(struct connection *connection);

/* Closes it at once, as far as it is not closing already. */
void http_connection_close(struct connection *connection);

/* Called when one of its handles has been closed. */
void http_connection_left(struct connection *connection);

#endif
