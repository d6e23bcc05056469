/* SPDX-License-Identifier: MIT */
/* Moving all bytes of one stream into another, at the pace of the slower. */
#ifndef ROTA_PUMP_H
#define ROTA_PUMP_H

#include <rota/stream.h>
#include <rota/types.h>

ROTA_BEGIN_C

struct rota_pump;

typedef void rota_pump_fn(struct rota_pump *pump, int status);

enum rota_pump_flag {
	/* At the end of `from`, `to` is not shut down. */
	ROTA_PUMP_KEEP_OPEN = 1 << 0
};

/* What a pump holds at most of bytes read and not yet written. */
#define ROTA_PUMP_BYTES 65536

/* A request of `to`: it ends before that stream's close callback. */
struct rota_pump {
	struct rota_request request;

	/* Private from here on. */
	rota_pump_fn *fn;
	struct rota_stream *from;
	struct rota_stream *to;
	char *buffer;
	uint64_t n_bytes;
	uint64_t limit_bytes;
	struct rota_write write;
	struct rota_shutdown shutdown;
	uint32_t flags;
	int status;
};

/*
 * Reads `from` to its end and writes all of it to `to`, then shuts `to`
 * down, and calls `fn` with 0. It reads no more while ROTA_PUMP_BYTES wait to
 * be written, so a slow reader slows down the sender, and memory is bounded.
 * Both ways at once take two pumps; `from` and `to` may be one stream.
 *
 * Neither stream is closed. If `to` fails or is closed, `from` can still be
 * read by others; if `from` fails or is closed, what was read goes out. A
 * cancel or deadline takes back what waits to be written, as that of a write
 * does.
 *
 * unit: flags is an or of enum rota_pump_flag.
 * errors: -EINVAL an argument is NULL, a stream is closing or closed, they
 *	belong to two loops, flags has other bits; -EBUSY `from` is being
 *	read; -ENOTCONN, -EPIPE, -ENOTSUP as reading and writing; -ENOMEM.
 *	Nothing changes then. `fn` gets the error of either stream, -ETIMEDOUT
 *	of a limit or deadline, -ECANCELED of a cancel or close.
 * when: the loop's thread. Nobody else can read `from` meanwhile (-EBUSY).
 */
ROTA_API int rota_pipe_streams_at(struct rota_pump *pump,
	struct rota_stream *from, struct rota_stream *to, unsigned flags,
	rota_pump_fn *fn, const char *place);
#define rota_pipe_streams(pump, from, to, flags, fn) \
	rota_pipe_streams_at(pump, from, to, flags, fn, ROTA_PLACE(fn))

/*
 * Ends a pump, as the end of `from` does, when it has read so many bytes in
 * all; what lies behind them is not read. At first there is no limit. So a
 * file that grows meanwhile gives no more than was promised of it.
 *
 * unit: n_bytes, counted from the begin of the pump; UINT64_MAX is no limit.
 * errors: -EINVAL pump is NULL, or more has been read already; -EALREADY it
 *	is not in flight, or ends already. Nothing changes then.
 * when: the loop's thread.
 */
ROTA_API int rota_pump_set_limit(struct rota_pump *pump, uint64_t n_bytes);

/*
 * Returns how many bytes have been read so far. 0 for NULL.
 * when: the loop's thread.
 */
ROTA_API uint64_t rota_pump_bytes(const struct rota_pump *pump);

ROTA_END_C

#endif
