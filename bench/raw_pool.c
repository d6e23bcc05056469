/* SPDX-License-Identifier: MIT */
/*
 * A pool written by hand: a list of jobs under a lock, four threads, a list
 * of what is done, and a bell that is rung when that list was empty.
 */
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/raw.h"

#define N_THREADS 4

struct job {
	struct job *next;
	struct jobs *jobs;
	char *memory;
};

static struct pool {
	/* Guards `first`, `end` and `n_asleep`. */
	pthread_mutex_t lock;
	pthread_cond_t is_filled;
	struct job *first;
	struct job **end;
	unsigned n_asleep;
	/* Guards the two below. */
	pthread_mutex_t done_lock;
	struct job *done;
	struct job **done_end;
	struct bell bell;
	void (*ring)(struct bell *bell);
} pool;

static void
do_job(const struct job *job)
{
	struct stat info;

	switch (job->jobs->kind) {
	case JOB_NOTHING:
		break;
	case JOB_STAT:
		if (stat(job->jobs->path, &info) < 0)
			die("stat fails");
		break;
	case JOB_READ:
		if (pread(job->jobs->fd, job->memory, JOB_READ_BYTES, 0) < 0)
			die("pread fails");
		break;
	}
}

static void
give_back(struct job *job)
{
	int was_empty;

	job->next = NULL;
	(void)pthread_mutex_lock(&pool.done_lock);
	was_empty = pool.done == NULL;
	*pool.done_end = job;
	pool.done_end = &job->next;
	(void)pthread_mutex_unlock(&pool.done_lock);
	if (was_empty)
		pool.ring(&pool.bell);
}

static void *
work(void *data)
{
	(void)data;
	for (;;) {
		struct job *job;

		(void)pthread_mutex_lock(&pool.lock);
		while (!pool.first) {
			pool.n_asleep++;
			(void)pthread_cond_wait(&pool.is_filled, &pool.lock);
			pool.n_asleep--;
		}
		job = pool.first;
		pool.first = job->next;
		if (!pool.first)
			pool.end = &pool.first;
		(void)pthread_mutex_unlock(&pool.lock);
		do_job(job);
		give_back(job);
	}
	return NULL;
}

static void
start(struct job *job)
{
	int is_asleep;

	job->next = NULL;
	(void)pthread_mutex_lock(&pool.lock);
	*pool.end = job;
	pool.end = &job->next;
	is_asleep = pool.n_asleep > 0;
	(void)pthread_mutex_unlock(&pool.lock);
	if (is_asleep)
		(void)pthread_cond_signal(&pool.is_filled);
}

static void
on_done(struct bell *bell)
{
	struct job *job;

	(void)bell;
	(void)pthread_mutex_lock(&pool.done_lock);
	job = pool.done;
	pool.done = NULL;
	pool.done_end = &pool.done;
	(void)pthread_mutex_unlock(&pool.done_lock);
	while (job) {
		struct job *next = job->next;

		if (job_done(job->jobs))
			start(job);
		job = next;
	}
}

static void
open_pool(void *loop, const struct subject *subject)
{
	(void)pthread_mutex_init(&pool.lock, NULL);
	(void)pthread_mutex_init(&pool.done_lock, NULL);
	(void)pthread_cond_init(&pool.is_filled, NULL);
	pool.end = &pool.first;
	pool.done_end = &pool.done;
	pool.bell.rung = on_done;
	pool.ring = subject->bell_ring;
	subject->bell_make(loop, &pool.bell);
	for (unsigned i = 0; i < N_THREADS; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, work, NULL) != 0)
			die("no thread can be started");
		(void)pthread_detach(thread);
	}
}

void
raw_jobs_make(void *loop, struct jobs *jobs, const struct subject *subject)
{
	struct job *own = get_memory(jobs->window, sizeof(*own));

	if (!pool.ring)
		open_pool(loop, subject);
	for (unsigned i = 0; i < jobs->window; i++) {
		own[i].jobs = jobs;
		if (jobs->kind == JOB_READ)
			own[i].memory = get_memory(1, JOB_READ_BYTES);
	}
	jobs->own = own;
}

void
raw_jobs_go(void *loop, struct jobs *jobs)
{
	struct job *own = jobs->own;

	(void)loop;
	for (unsigned i = 0; i < jobs->window && jobs->left_starts > 0; i++) {
		jobs->left_starts--;
		start(&own[i]);
	}
}
