/* SPDX-License-Identifier: MIT */
/*
 * select(2), beyond FD_SETSIZE: bitmaps of our own, as long as the highest
 * descriptor needs, and never FD_SET, which checks against the fixed size.
 * The bits are laid out as in the system's fd_set.
 */
#include <errno.h>
#include <string.h>

#include "core/backend.h"

/* The unit of the system's fd_set; its size matters on big-endian. */
typedef __typeof__(((fd_set *)0)->fds_bits[0]) select_word;

#define WORD_BITS ((int)sizeof(select_word) * 8)
#define MIN_WORDS (1024 / WORD_BITS)

enum {
	READABLE,
	WRITABLE,
	EXCEPTIONAL,
	N_SETS
};

struct select_state {
	const struct rota_sys *sys;
	const struct rota__memory *memory;
	/* Wanted and ready, three sets of n_words each, in one block. */
	select_word *wanted[N_SETS];
	select_word *ready[N_SETS];
	int n_words;
	/* The highest descriptor wanted plus 1, or more. */
	int end;
	int start;
};

static int
open_select(void *state, const struct rota_sys *sys,
	const struct rota__memory *memory, const char **ret_reason)
{
	struct select_state *select = state;

	(void)ret_reason;
	select->sys = sys;
	select->memory = memory;
	return ROTA__CAN_NANOSECONDS | ROTA__CAN_PRIORITY;
}

static void
close_select(void *state, int is_forked)
{
	struct select_state *select = state;

	(void)is_forked;
	rota__free(select->memory, select->wanted[0]);
}

static select_word
bit_of(int fd)
{
	return (select_word)((uintmax_t)1 << (fd % WORD_BITS));
}

static int
has(const select_word *set, int fd)
{
	return (set[fd / WORD_BITS] & bit_of(fd)) != 0;
}

static void
put(select_word *set, int fd, int is_in)
{
	if (is_in)
		set[fd / WORD_BITS] |= bit_of(fd);
	else
		set[fd / WORD_BITS] &= (select_word)~bit_of(fd);
}

static int
grow(struct select_state *select, int fd)
{
	int n_words = select->n_words ? select->n_words : MIN_WORDS;
	select_word *block;
	int i;

	while (fd >= n_words * WORD_BITS)
		n_words *= 2;
	block = rota__realloc(select->memory, NULL,
		2 * N_SETS * (size_t)n_words * sizeof(*block));
	if (block == NULL)
		return -ENOMEM;
	memset(block, 0, 2 * N_SETS * (size_t)n_words * sizeof(*block));
	for (i = 0; i < N_SETS && select->n_words > 0; i++)
		memcpy(block + (size_t)i * (size_t)n_words, select->wanted[i],
			(size_t)select->n_words * sizeof(*block));
	rota__free(select->memory, select->wanted[0]);
	for (i = 0; i < N_SETS; i++) {
		select->wanted[i] = block + (size_t)i * (size_t)n_words;
		select->ready[i] =
			block + (size_t)(N_SETS + i) * (size_t)n_words;
	}
	select->n_words = n_words;
	return 0;
}

static int
is_wanted(const struct select_state *select, int fd)
{
	return has(select->wanted[READABLE], fd) ||
		has(select->wanted[WRITABLE], fd) ||
		has(select->wanted[EXCEPTIONAL], fd);
}

static void
want(struct select_state *select, int fd, unsigned wanted)
{
	put(select->wanted[READABLE], fd, (wanted & ROTA__READABLE) != 0);
	put(select->wanted[WRITABLE], fd, (wanted & ROTA__WRITABLE) != 0);
	put(select->wanted[EXCEPTIONAL], fd, (wanted & ROTA__PRIORITY) != 0);
	if (fd >= select->end)
		select->end = fd + 1;
	while (select->end > 0 && !is_wanted(select, select->end - 1))
		select->end--;
}

static int
set_select(void *state, const struct rota__wish *wish, uintptr_t *word)
{
	struct select_state *select = state;
	int r;

	(void)word;
	if (wish->fd >= select->n_words * WORD_BITS) {
		r = grow(select, wish->fd);
		if (r < 0)
			return r;
	}
	want(select, wish->fd, wish->wanted);
	return 0;
}

/* One bad descriptor fails the whole call: finds out which. */
static int
report_bad(struct select_state *select, struct rota__ready *ready, int n)
{
	struct stat ignored;
	int n_ready = 0;
	int fd;

	for (fd = 0; fd < select->end && n_ready < n; fd++) {
		if (!is_wanted(select, fd) ||
			select->sys->fstat(fd, &ignored) != -EBADF)
			continue;
		ready[n_ready++] = (struct rota__ready){
			.fd = fd,
			.events = ROTA__FAILED,
			.error = -EBADF,
		};
		want(select, fd, 0);
	}
	return n_ready;
}

static int
report(struct select_state *select, struct rota__ready *ready, int n,
	int n_bits)
{
	int end = select->end;
	int fd = select->start < end ? select->start : 0;
	int n_ready = 0;
	int n_looked = 0;

	while (n_bits > 0 && n_ready < n && n_looked < end) {
		int r = has(select->ready[READABLE], fd);
		int w = has(select->ready[WRITABLE], fd);
		int x = has(select->ready[EXCEPTIONAL], fd);

		if (r || w || x)
			ready[n_ready++] = (struct rota__ready){
				.fd = fd,
				.events = (r ? ROTA__READABLE : 0u) |
					(w ? ROTA__WRITABLE : 0u) |
					(x ? ROTA__PRIORITY : 0u),
			};
		n_bits -= r + w + x;
		n_looked++;
		if (++fd >= end)
			fd = 0;
	}
	select->start = fd;
	return n_ready;
}

static int
wait_select(void *state, struct rota__ready *ready, int n, uint64_t timeout_ns)
{
	struct select_state *select = state;
	size_t n_bytes;
	int n_bits;
	int i;

	if (n == 0)
		return 0;
	n_bytes = (size_t)((select->end + WORD_BITS - 1) / WORD_BITS) *
		sizeof(select_word);
	for (i = 0; i < N_SETS && n_bytes > 0; i++)
		memcpy(select->ready[i], select->wanted[i], n_bytes);
	n_bits = select->sys->select(select->end,
		(fd_set *)select->ready[READABLE],
		(fd_set *)select->ready[WRITABLE],
		(fd_set *)select->ready[EXCEPTIONAL], timeout_ns);
	if (n_bits == -EBADF)
		return report_bad(select, ready, n);
	if (n_bits < 0)
		return n_bits == -EINTR ? 0 : n_bits;
	return report(select, ready, n, n_bits);
}

const struct rota__backend rota__backend_select = {
	.name = "select",
	.state_size = sizeof(struct select_state),
	.open = open_select,
	.close = close_select,
	.set = set_select,
	.wait = wait_select,
};
