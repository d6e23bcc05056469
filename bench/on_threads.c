/* SPDX-License-Identifier: MIT */
/* Threads that wake each other's loops. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "bench/on.h"

#include "bench/subject.h"

static void
prepare(struct sample *sample)
{
	if (!sample->subject->bell_make)
		sample_cannot(sample);
	if (sample->subject->use_threads)
		sample->subject->use_threads();
	sample_open(sample);
}

/* Nobody waits for it: the process ends. */
static void
start(void *(*fn)(void *data), void *data)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, fn, data) != 0)
		die("no thread can be started");
	(void)pthread_detach(thread);
}

static void
run(struct sample *sample)
{
	sample->subject->run(sample->loop);
}

/* Two threads ring at each other. */

struct court {
	struct sample *sample;
	struct bell here;
	struct bell there;
	unsigned long left;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int is_ready;
};

static void
on_here(struct bell *bell)
{
	struct court *court = bell->data;

	if (--court->left == 0)
		court->sample->subject->stop(court->sample->loop);
	else
		court->sample->subject->bell_ring(&court->there);
}

static void
on_there(struct bell *bell)
{
	struct court *court = bell->data;

	court->sample->subject->bell_ring(&court->here);
}

static void *
play(void *data)
{
	struct court *court = data;
	const struct subject *subject = court->sample->subject;
	void *loop = subject->open(court->sample->backend);

	if (!loop)
		die("%s has no second loop", subject->name);
	court->there.data = court;
	court->there.rung = on_there;
	subject->bell_make(loop, &court->there);
	(void)pthread_mutex_lock(&court->lock);
	court->is_ready = 1;
	(void)pthread_cond_signal(&court->changed);
	(void)pthread_mutex_unlock(&court->lock);
	subject->run(loop);
	return NULL;
}

void
on_ping_pong(struct sample *sample)
{
	static struct court court;

	prepare(sample);
	court.sample = sample;
	court.here.data = &court;
	court.here.rung = on_here;
	sample->subject->bell_make(sample->loop, &court.here);
	(void)pthread_mutex_init(&court.lock, NULL);
	(void)pthread_cond_init(&court.changed, NULL);
	start(play, &court);
	(void)pthread_mutex_lock(&court.lock);
	while (!court.is_ready)
		(void)pthread_cond_wait(&court.changed, &court.lock);
	(void)pthread_mutex_unlock(&court.lock);

	court.left = 10;
	sample->subject->bell_ring(&court.there);
	run(sample);
	court.left = sample->n_events;
	sample->subject->bell_ring(&court.there);
	sample_tell_time(sample, sample_measure(sample, run));
}

/* Many threads ring at one loop. */

struct crowd {
	struct sample *sample;
	struct bell bell;
	unsigned long n_each;
	atomic_uint n_at_work;
	atomic_int may_go;
	/* Of the posts: how many are still to come. */
	unsigned long left;
	/* What is queued by hand where the library has no queue. */
	pthread_mutex_t lock;
	struct letter *first;
	struct letter **end;
};

struct letter {
	struct letter *next;
	struct bell bell;
};

static void
on_rung(struct bell *bell)
{
	struct crowd *crowd = bell->data;

	if (atomic_load(&crowd->n_at_work) == 0)
		crowd->sample->subject->stop(crowd->sample->loop);
}

static void *
ring_often(void *data)
{
	struct crowd *crowd = data;
	const struct subject *subject = crowd->sample->subject;

	while (!atomic_load(&crowd->may_go))
		sleep_ns(10000);
	for (unsigned long i = 0; i < crowd->n_each; i++)
		subject->bell_ring(&crowd->bell);
	if (atomic_fetch_sub(&crowd->n_at_work, 1) == 1)
		subject->bell_ring(&crowd->bell);
	return NULL;
}

static void
let_go(struct sample *sample)
{
	struct crowd *crowd = sample->data;

	atomic_store(&crowd->may_go, 1);
	sample->subject->run(sample->loop);
}

static void
gather(struct sample *sample, struct crowd *crowd, void *(*fn)(void *data))
{
	crowd->sample = sample;
	sample->data = crowd;
	crowd->n_each = sample->n_events / sample->n;
	sample->n_events = crowd->n_each * sample->n;
	atomic_store(&crowd->n_at_work, sample->n);
	crowd->left = sample->n_events;
	for (unsigned i = 0; i < sample->n; i++)
		start(fn, crowd);
	sample_tell_time(sample, sample_measure(sample, let_go));
}

void
on_senders(struct sample *sample)
{
	static struct crowd crowd;

	prepare(sample);
	crowd.bell.data = &crowd;
	crowd.bell.rung = on_rung;
	sample->subject->bell_make(sample->loop, &crowd.bell);
	gather(sample, &crowd, ring_often);
}

/* Each send is told. */

static void
on_letter(struct bell *bell)
{
	struct crowd *crowd = bell->data;

	if (--crowd->left == 0)
		crowd->sample->subject->stop(crowd->sample->loop);
}

static void *
post_often(void *data)
{
	struct crowd *crowd = data;
	const struct sample *sample = crowd->sample;

	while (!atomic_load(&crowd->may_go))
		sleep_ns(10000);
	for (unsigned long i = 0; i < crowd->n_each; i++)
		sample->subject->post(sample->loop, &crowd->bell);
	return NULL;
}

static void
on_queue(struct bell *bell)
{
	struct crowd *crowd = bell->data;
	struct letter *letter;

	(void)pthread_mutex_lock(&crowd->lock);
	letter = crowd->first;
	crowd->first = NULL;
	crowd->end = &crowd->first;
	(void)pthread_mutex_unlock(&crowd->lock);
	while (letter) {
		struct letter *next = letter->next;

		on_letter(&letter->bell);
		free(letter);
		letter = next;
	}
}

static void *
queue_often(void *data)
{
	struct crowd *crowd = data;
	const struct subject *subject = crowd->sample->subject;

	while (!atomic_load(&crowd->may_go))
		sleep_ns(10000);
	for (unsigned long i = 0; i < crowd->n_each; i++) {
		struct letter *letter = get_memory(1, sizeof(*letter));

		letter->bell.data = crowd;
		(void)pthread_mutex_lock(&crowd->lock);
		*crowd->end = letter;
		crowd->end = &letter->next;
		(void)pthread_mutex_unlock(&crowd->lock);
		subject->bell_ring(&crowd->bell);
	}
	return NULL;
}

void
on_posts(struct sample *sample)
{
	static struct crowd crowd;

	prepare(sample);
	crowd.bell.data = &crowd;
	if (sample->subject->post) {
		crowd.bell.rung = on_letter;
		/* What holds the loop, since a post does not. */
		sample->subject->bell_make(sample->loop, &crowd.bell);
		gather(sample, &crowd, post_often);
		if (crowd.left != 0)
			die("the loop has ended before the last post");
		return;
	}
	/* As is done with such a library: a queue, a lock and a bell. */
	crowd.end = &crowd.first;
	(void)pthread_mutex_init(&crowd.lock, NULL);
	crowd.bell.rung = on_queue;
	sample->subject->bell_make(sample->loop, &crowd.bell);
	gather(sample, &crowd, queue_often);
}
