/* SPDX-License-Identifier: MIT */
/*
 * The one door by which other threads and signal handlers reach a loop: they
 * push notes, the loop takes all that are there once per turn. A note is a
 * wake, a signal, a post, or a finished job of a pool.
 */
#ifndef ROTA_CORE_POST_H
#define ROTA_CORE_POST_H

#include <stdint.h>

#include "rota/loop.h"
#include "rota/types.h"

/*
 * The state of a note, changed atomically by both sides:
 *
 *	            send                taken by the loop
 *	    IDLE ----------> QUEUED ------------------> IDLE
 *	      |                | close
 *	close |                v           taken
 *	      +-------> CLOSED    LEAVING -------> CLOSED, handle closed
 */
enum rota__note_state {
	ROTA__NOTE_IDLE,
	ROTA__NOTE_QUEUED,
	ROTA__NOTE_LEAVING,
	ROTA__NOTE_CLOSED
};

/* Node number + 1 in the low half, a count against ABA in the high one. */
typedef uint64_t rota__free_head;

#define ROTA__N_POST_CHUNKS 20

struct rota__post;

/*
 * The wake-up is a watch as any other, and the kernel may refuse it. The loop
 * would then sleep through what is pushed; so the turn ends with the error.
 */
struct rota__inbox {
	/*
	 * Notes pushed, the last one first; or that nobody has pushed any and
	 * the loop waits, or is about to. Atomic.
	 */
	struct rota_note *head;
	/* How many notes had to wake the loop; how many did. Atomic, 2nd. */
	uint32_t n_wakes_due;
	uint32_t n_wakes_done;
	/* Notes taken and not yet delivered, the first one first. */
	struct rota_note *taken;
	/* Signals, which are delivered after all else. */
	struct rota_note *signals_first;
	struct rota_note *signals_last;
	/* Why the kernel refused to watch the wake-up, until it is told. */
	int error;
	/* Nodes for rota_post(): free list and chunks, both atomic. */
	rota__free_head free;
	struct rota__post *chunks[ROTA__N_POST_CHUNKS];
};

/*
 * Pushes a note that is in no inbox, and wakes the loop if it sleeps. The
 * loop may deliver it and be closed before this returns: rota__inbox_fini()
 * waits for who is about to wake it.
 * when: any thread, a signal handler.
 */
void rota__post_note(struct rota_loop *loop, struct rota_note *note);

/* Wakes the loop if it sleeps. when: any thread, a signal handler. */
void rota__post_wake(struct rota_loop *loop);

/* IDLE to QUEUED and pushed; 0, or -EINVAL if the note is being closed. */
int rota__note_send(struct rota_loop *loop, struct rota_note *note);

/*
 * Ends a note's life: 0 if it is out of every inbox, 1 if the delivery that
 * is under way will see LEAVING.
 */
int rota__note_close(struct rota_note *note);

/*
 * Called first in a note's delivery: 1 to go on (it may be sent again from
 * now on), 0 if it was LEAVING and is closed now.
 */
int rota__note_receive(struct rota_note *note);

/* Says that the loop is about to wait; 1 if notes wait already. */
int rota__inbox_sleep(struct rota_loop *loop);
void rota__inbox_rise(struct rota_loop *loop);
int rota__inbox_has_notes(const struct rota_loop *loop);

/*
 * Takes the negative errno with which the kernel has refused to watch the
 * wake-up; 0 if it has not. The next flush asks again.
 */
int rota__inbox_take_error(struct rota_loop *loop);

/*
 * 1 if rota__inbox_deliver() would find something: between two of its calls
 * nothing stays taken.
 */
static inline int
rota__inbox_is_full(const struct rota__inbox *inbox)
{
	return __atomic_load_n(&inbox->head, __ATOMIC_RELAXED) != NULL;
}

/* Delivers what has been pushed until now, signals last. */
void rota__inbox_deliver(struct rota_loop *loop);

/*
 * For handle priorities: sorts what has been pushed until now, then delivers
 * that of one level after the other, of each its signals last.
 */
void rota__inbox_sort(struct rota_loop *loop);
void rota__inbox_deliver_level(struct rota_loop *loop, int level);

/* Takes the notes of this kind out of the inbox, which nobody else uses. */
void rota__inbox_drop(struct rota_loop *loop,
	void (*deliver)(struct rota_loop *, struct rota_note *));

/* For signals: puts a note just taken behind all other work. */
void rota__inbox_put_signal(struct rota_loop *loop, struct rota_note *note,
	void (*deliver)(struct rota_loop *, struct rota_note *));

int rota__inbox_init(struct rota_loop *loop);

/* Drops what is there, when its memory is about to be freed with the loop. */
void rota__inbox_empty(struct rota_loop *loop);
void rota__inbox_fini(struct rota_loop *loop);

/* Makes a wake-up of its own for a child; the parent's is only closed. */
int rota__inbox_fork(struct rota_loop *loop);

#endif
