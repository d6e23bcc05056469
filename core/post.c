/* SPDX-License-Identifier: MIT */
/*
 * The inbox, see post.h.
 *
 * Pushing is lock-free. The wake-up is spent only when the loop sleeps, and
 * by one pusher only: the loop says so in the very word that the notes hang
 * on, if nothing hangs there, and who pushes takes that word away. He notes
 * in the note that he will wake the loop, so that the loop knows whom it has
 * to wait for before it is closed; the others do not touch it any more.
 */
#include "core/post.h"

#include <errno.h>
#include <string.h>

#include "core/handle.h"
#include "core/order.h"
#include "core/priority.h"
#include "core/ring.h"
#include "core/turn.h"

/* A node of rota_post(). `next_free` is number + 1, 0 at the end. */
struct rota__post {
	struct rota_note note;
	rota_loop_fn *fn;
	void *data;
	uint32_t number;
	uint32_t next_free;
};

/* Chunk c has this many nodes, numbered from its own size less the first. */
#define FIRST_CHUNK 64u

static uint32_t
chunk_nodes(unsigned chunk)
{
	return FIRST_CHUNK << chunk;
}

static uint32_t
chunk_start(unsigned chunk)
{
	return chunk_nodes(chunk) - FIRST_CHUNK;
}

static unsigned
chunk_of(uint32_t number)
{
	unsigned chunk = 0;

	while (number >= chunk_start(chunk + 1))
		chunk++;
	return chunk;
}

static struct rota__post *
node_at(struct rota__inbox *inbox, uint32_t number)
{
	unsigned chunk = chunk_of(number);
	struct rota__post *nodes =
		__atomic_load_n(&inbox->chunks[chunk], __ATOMIC_ACQUIRE);

	return nodes + (number - chunk_start(chunk));
}

static rota__free_head
next_head(rota__free_head old, uint32_t number_plus_1)
{
	return ((old >> 32) + 1) << 32 | number_plus_1;
}

/* Puts nodes chained from `first` to `last` on the free list. */
static void
free_nodes(struct rota__inbox *inbox, struct rota__post *first,
	struct rota__post *last)
{
	rota__free_head old = __atomic_load_n(&inbox->free, __ATOMIC_RELAXED);

	do
		__atomic_store_n(
			&last->next_free, (uint32_t)old, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&inbox->free, &old,
		next_head(old, first->number + 1), 1, __ATOMIC_RELEASE,
		__ATOMIC_RELAXED));
}

/* Adds a chunk where there is none yet; losing a race is as good. */
static int
add_chunk(struct rota_loop *loop)
{
	struct rota__inbox *inbox = &loop->inbox;
	struct rota__post *nodes;
	struct rota__post *none = NULL;
	unsigned chunk = 0;
	uint32_t i;

	while (chunk < ROTA__N_POST_CHUNKS &&
		__atomic_load_n(&inbox->chunks[chunk], __ATOMIC_ACQUIRE))
		chunk++;
	if (chunk == ROTA__N_POST_CHUNKS)
		return -ENOMEM;
	nodes = loop->sys->map(chunk_nodes(chunk) * sizeof(*nodes));
	if (nodes == NULL)
		return -ENOMEM;
	for (i = 0; i < chunk_nodes(chunk); i++) {
		nodes[i].number = chunk_start(chunk) + i;
		nodes[i].next_free = nodes[i].number + 2;
	}
	if (!__atomic_compare_exchange_n(&inbox->chunks[chunk], &none, nodes, 0,
		    __ATOMIC_RELEASE, __ATOMIC_RELAXED)) {
		loop->sys->unmap(nodes, chunk_nodes(chunk) * sizeof(*nodes));
		return 0;
	}
	free_nodes(inbox, nodes, nodes + chunk_nodes(chunk) - 1);
	return 0;
}

/* Takes a free node; NULL if there is none. */
static struct rota__post *
take_node(struct rota__inbox *inbox)
{
	rota__free_head old = __atomic_load_n(&inbox->free, __ATOMIC_ACQUIRE);
	struct rota__post *node;
	uint32_t next;

	do {
		if ((uint32_t)old == 0)
			return NULL;
		node = node_at(inbox, (uint32_t)old - 1);
		/* May be of a later life; then the count has moved on. */
		next = __atomic_load_n(&node->next_free, __ATOMIC_RELAXED);
	} while (!__atomic_compare_exchange_n(&inbox->free, &old,
		next_head(old, next), 1, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE));
	return node;
}

/* In the place of notes: the loop sleeps. It is no note. */
static struct rota_note *
asleep(const struct rota__inbox *inbox)
{
	return (struct rota_note *)(uintptr_t)inbox;
}

void
rota__post_wake(struct rota_loop *loop)
{
	struct rota_note *head = asleep(&loop->inbox);

	if (__atomic_compare_exchange_n(&loop->inbox.head, &head, NULL, 0,
		    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		(void)loop->sys->wake_send(loop->wake_fds[1]);
}

void
rota__post_note(struct rota_loop *loop, struct rota_note *note)
{
	struct rota__inbox *inbox = &loop->inbox;
	struct rota_note *head =
		__atomic_load_n(&inbox->head, __ATOMIC_RELAXED);

	do {
		note->wakes = head == asleep(inbox);
		note->next = head == asleep(inbox) ? NULL : head;
		ROTA__SENDS(note);
	} while (!__atomic_compare_exchange_n(&inbox->head, &head, note, 1,
		__ATOMIC_RELEASE, __ATOMIC_RELAXED));
	if (head != asleep(inbox))
		return;
	(void)loop->sys->wake_send(loop->wake_fds[1]);
	ROTA__SENDS(inbox);
	(void)__atomic_fetch_add(&inbox->n_wakes_done, 1, __ATOMIC_RELEASE);
}

/*
 * A note that is queued is queued again: the store hands over what this
 * thread has written, which a mere look at the state would not.
 */
int
rota__note_send(struct rota_loop *loop, struct rota_note *note)
{
	uint32_t state = ROTA__NOTE_IDLE;

	while (!__atomic_compare_exchange_n(&note->state, &state,
		ROTA__NOTE_QUEUED, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		if (state != ROTA__NOTE_IDLE && state != ROTA__NOTE_QUEUED)
			return -EINVAL;
	if (state == ROTA__NOTE_IDLE)
		rota__post_note(loop, note);
	return 0;
}

int
rota__note_close(struct rota_note *note)
{
	uint32_t state = ROTA__NOTE_IDLE;

	if (__atomic_compare_exchange_n(&note->state, &state, ROTA__NOTE_CLOSED,
		    0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return 0;
	if (state == ROTA__NOTE_CLOSED)
		return 0;
	__atomic_store_n(&note->state, ROTA__NOTE_LEAVING, __ATOMIC_RELEASE);
	return 1;
}

int
rota__note_receive(struct rota_note *note)
{
	uint32_t state = __atomic_load_n(&note->state, __ATOMIC_ACQUIRE);

	if (state == ROTA__NOTE_LEAVING) {
		__atomic_store_n(
			&note->state, ROTA__NOTE_CLOSED, __ATOMIC_RELEASE);
		return 0;
	}
	/* What was written before any send until now is seen after this. */
	(void)__atomic_exchange_n(
		&note->state, ROTA__NOTE_IDLE, __ATOMIC_ACQ_REL);
	return 1;
}

int
rota__inbox_has_notes(const struct rota_loop *loop)
{
	const struct rota_note *head =
		__atomic_load_n(&loop->inbox.head, __ATOMIC_RELAXED);

	return loop->inbox.taken != NULL ||
		(head != NULL && head != asleep(&loop->inbox));
}

int
rota__inbox_sleep(struct rota_loop *loop)
{
	struct rota__inbox *inbox = &loop->inbox;
	struct rota_note *head = NULL;

	if (!__atomic_compare_exchange_n(&inbox->head, &head, asleep(inbox), 0,
		    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED) &&
		head != asleep(inbox))
		return 1;
	return inbox->taken != NULL ||
		__atomic_load_n(&loop->is_stopping, __ATOMIC_SEQ_CST);
}

void
rota__inbox_rise(struct rota_loop *loop)
{
	struct rota_note *head = asleep(&loop->inbox);

	(void)__atomic_compare_exchange_n(&loop->inbox.head, &head, NULL, 0,
		__ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

int
rota__inbox_take_error(struct rota_loop *loop)
{
	int error = loop->inbox.error;

	loop->inbox.error = 0;
	return error;
}

/* Takes all notes pushed, and turns them into the order of pushing. */
static struct rota_note *
take_all(struct rota__inbox *inbox)
{
	struct rota_note *note;
	struct rota_note *ordered = NULL;

	note = __atomic_load_n(&inbox->head, __ATOMIC_RELAXED);
	if (note == NULL || note == asleep(inbox))
		return NULL;
	note = __atomic_exchange_n(&inbox->head, NULL, __ATOMIC_ACQUIRE);
	while (note != NULL) {
		struct rota_note *next;

		ROTA__RECEIVES(note);
		next = note->next;
		inbox->n_wakes_due += note->wakes;
		note->next = ordered;
		ordered = note;
		note = next;
	}
	return ordered;
}

static void
drop_from(struct rota_note **at, const struct rota_note *end,
	void (*deliver)(struct rota_loop *, struct rota_note *))
{
	while (*at != NULL && *at != end)
		if ((*at)->deliver == deliver)
			*at = (*at)->next;
		else
			at = &(*at)->next;
}

void
rota__inbox_drop(struct rota_loop *loop,
	void (*deliver)(struct rota_loop *, struct rota_note *))
{
	drop_from(&loop->inbox.head, asleep(&loop->inbox), deliver);
	drop_from(&loop->inbox.taken, NULL, deliver);
}

void
rota__inbox_put_signal(struct rota_loop *loop, struct rota_note *note,
	void (*deliver)(struct rota_loop *, struct rota_note *))
{
	note->next = NULL;
	note->deliver = deliver;
	if (loop->inbox.signals_first == NULL)
		loop->inbox.signals_first = note;
	else
		loop->inbox.signals_last->next = note;
	loop->inbox.signals_last = note;
}

static void
deliver_from(struct rota_loop *loop, struct rota_note **first)
{
	while (*first != NULL) {
		struct rota_note *note = *first;

		*first = note->next;
		note->deliver(loop, note);
	}
}

void
rota__inbox_deliver(struct rota_loop *loop)
{
	struct rota__inbox *inbox = &loop->inbox;

	if (inbox->taken == NULL)
		inbox->taken = take_all(inbox);
	deliver_from(loop, &inbox->taken);
	deliver_from(loop, &inbox->signals_first);
}

/* A post has no handle and the level of most. */
static int
level_of(const struct rota_note *note)
{
	if (note->offset == 0)
		return ROTA_HANDLE_PRIORITY_MAX;
	return rota__handle_level((
		const struct rota_handle *)((const char *)note - note->offset));
}

/* Notes in line: where the next one goes, see rota__inbox_sort(). */
struct line {
	struct rota_note *first;
	struct rota_note **end;
};

/* Deals them out into a line per level, and puts those one behind another. */
void
rota__inbox_sort(struct rota_loop *loop)
{
	struct rota__inbox *inbox = &loop->inbox;
	struct line lines[ROTA__N_LEVELS];
	struct rota_note *note;
	int level;

	if (inbox->taken == NULL)
		inbox->taken = take_all(inbox);
	for (level = 0; level < ROTA__N_LEVELS; level++) {
		lines[level].first = NULL;
		lines[level].end = &lines[level].first;
	}
	for (note = inbox->taken; note != NULL; note = note->next) {
		level = level_of(note);
		note->level = (uint8_t)level;
		*lines[level].end = note;
		lines[level].end = &note->next;
	}
	inbox->taken = NULL;
	for (level = ROTA__N_LEVELS; level-- > 0;) {
		*lines[level].end = inbox->taken;
		inbox->taken = lines[level].first;
	}
}

void
rota__inbox_deliver_level(struct rota_loop *loop, int level)
{
	struct rota__inbox *inbox = &loop->inbox;

	while (inbox->taken != NULL && inbox->taken->level == level) {
		struct rota_note *note = inbox->taken;

		inbox->taken = note->next;
		note->deliver(loop, note);
	}
	deliver_from(loop, &inbox->signals_first);
}

static void
deliver_post(struct rota_loop *loop, struct rota_note *note)
{
	struct rota__post *node =
		ROTA__CONTAINER(note, struct rota__post, note);
	rota_loop_fn *fn = node->fn;
	void *data = node->data;

	free_nodes(&loop->inbox, node, node);
	rota__before_callback(loop, "post", NULL, NULL);
	fn(loop, data);
	rota__after_callback(loop);
}

int
rota_post(struct rota_loop *loop, rota_loop_fn *fn, void *data)
{
	struct rota__post *node;
	int r;

	if (loop == NULL || fn == NULL)
		return -EINVAL;
	while ((node = take_node(&loop->inbox)) == NULL) {
		r = add_chunk(loop);
		if (r < 0)
			return r;
	}
	node->fn = fn;
	node->data = data;
	node->note.deliver = deliver_post;
	rota__post_note(loop, &node->note);
	return 0;
}

static void
watch_wakeup(struct rota_loop *loop)
{
	rota__watch_start(
		loop, &loop->wake_io.watch, ROTA_READABLE | ROTA_EDGE);
}

/*
 * The wake-up has come. An eventfd that is told as an edge needs no reading;
 * a pipe does, since writing to a full one is no event.
 */
static void
woken(struct rota_handle *handle, unsigned ready)
{
	struct rota_loop *loop = handle->loop;

	if (ready & ROTA_FAILED) {
		loop->inbox.error = loop->fds.error;
		watch_wakeup(loop);
		return;
	}
	if (!(loop->capabilities & ROTA__CAN_EDGE) ||
		loop->wake_fds[0] != loop->wake_fds[1])
		loop->sys->wake_drain(loop->wake_fds[0]);
}

static const struct rota_handle_type wakeup_type = {
	.name = "wake-up",
	.size = sizeof(struct rota_io),
	.ready = woken,
};

static void
close_wake_fds(struct rota_loop *loop)
{
	(void)loop->sys->close(loop->wake_fds[0]);
	if (loop->wake_fds[1] != loop->wake_fds[0])
		(void)loop->sys->close(loop->wake_fds[1]);
	loop->wake_fds[0] = -1;
	loop->wake_fds[1] = -1;
}

static int
open_wakeup(struct rota_loop *loop)
{
	int r;

	r = loop->sys->wake_open(loop->wake_fds);
	if (r < 0)
		return r;
	r = rota__fds_reserve(loop, loop->wake_fds[0]);
	if (r < 0) {
		close_wake_fds(loop);
		return r;
	}
	rota__watch_bind(&loop->wake_io.watch, loop->wake_fds[0]);
	watch_wakeup(loop);
	return 0;
}

static void
close_wakeup(struct rota_loop *loop)
{
	if (loop->wake_fds[0] < 0)
		return;
	rota__watch_forget(loop, &loop->wake_io.watch, 1);
	close_wake_fds(loop);
}

/* Of those notes that nobody has taken yet. */
static uint32_t
count_wakes(const struct rota__inbox *inbox)
{
	const struct rota_note *note =
		__atomic_load_n(&inbox->head, __ATOMIC_ACQUIRE);
	uint32_t n = 0;

	for (; note != NULL && note != asleep(inbox); note = note->next) {
		ROTA__RECEIVES(note);
		n += note->wakes;
	}
	return n;
}

/* Waits for those who are about to wake the loop, or have only just. */
static void
await_wakes(struct rota_loop *loop)
{
	const struct rota__inbox *inbox = &loop->inbox;
	uint32_t n_due = inbox->n_wakes_due + count_wakes(inbox);

	while (__atomic_load_n(&inbox->n_wakes_done, __ATOMIC_ACQUIRE) != n_due)
		(void)loop->sys->poll(NULL, 0, ROTA_MICROSECOND);
	ROTA__RECEIVES(inbox);
}

int
rota__inbox_init(struct rota_loop *loop)
{
	int r;

	ROTA__IS_ATOMIC(loop->is_stopping);
	ROTA__IS_ATOMIC(loop->inbox.head);
	ROTA__IS_ATOMIC(loop->inbox.n_wakes_done);
	r = add_chunk(loop);
	if (r < 0)
		return r;
	rota__handle_init_internal(loop, &loop->wake_io.handle, &wakeup_type);
	r = open_wakeup(loop);
	if (r < 0)
		rota__inbox_fini(loop);
	return r;
}

/* That others were about to wake us for it is still known. */
void
rota__inbox_empty(struct rota_loop *loop)
{
	(void)take_all(&loop->inbox);
}

void
rota__inbox_fini(struct rota_loop *loop)
{
	struct rota__inbox *inbox = &loop->inbox;
	unsigned chunk;

	await_wakes(loop);
	close_wakeup(loop);
	for (chunk = 0; chunk < ROTA__N_POST_CHUNKS; chunk++)
		if (inbox->chunks[chunk] != NULL)
			loop->sys->unmap(inbox->chunks[chunk],
				chunk_nodes(chunk) * sizeof(struct rota__post));
	memset(inbox, 0, sizeof(*inbox));
}

/* Who was about to wake us has stayed with the parent. */
static void
forget_wakes(struct rota__inbox *inbox)
{
	struct rota_note *note = inbox->head;

	for (; note != NULL && note != asleep(inbox); note = note->next)
		note->wakes = 0;
	inbox->n_wakes_done = inbox->n_wakes_due;
}

int
rota__inbox_fork(struct rota_loop *loop)
{
	if (loop->jobs.pid != loop->sys->getpid())
		forget_wakes(&loop->inbox);
	else
		await_wakes(loop);
	close_wakeup(loop);
	return open_wakeup(loop);
}
