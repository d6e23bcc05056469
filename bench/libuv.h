/* SPDX-License-Identifier: MIT */
/* The files that measure libuv, among themselves. */
#ifndef ROTA_BENCH_LIBUV_H
#define ROTA_BENCH_LIBUV_H

#include <uv.h>

#include "bench/subject.h"

void libuv_must(int r, const char *what);
/* For all reads: one at a time is under way, so one buffer does. */
void libuv_on_alloc(
	uv_handle_t *handle, size_t size_bytes, uv_buf_t *ret_buffer);

void libuv_echo(void *loop, struct echo *echo);
void libuv_churn(void *loop, struct churn *churn);
void libuv_datagrams(void *loop, struct datagrams *datagrams);
void libuv_spawn(void *loop, struct spawning *spawning);
void libuv_jobs_make(void *loop, struct jobs *jobs);
void libuv_jobs_go(void *loop, struct jobs *jobs);

#endif
