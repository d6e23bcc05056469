/* SPDX-License-Identifier: MIT */
/* Threads of a pool. */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "core/sys.h"

/* Whole pages, and what the system needs at least. */
static size_t
fitting_stack(size_t stack_bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t least = (size_t)PTHREAD_STACK_MIN;

	if (stack_bytes < least)
		stack_bytes = least;
	return (stack_bytes + page - 1) / page * page;
}

/* The thread inherits the mask of the one that makes it. */
static int
start_with(const pthread_attr_t *attributes, pthread_t *ret_thread,
	void *(*run)(void *), void *data)
{
	sigset_t all;
	sigset_t old;
	int error;

	(void)sigfillset(&all);
	(void)sigemptyset(&old);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	error = pthread_create(ret_thread, attributes, run, data);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -error;
}

int
rota__sys_thread_start(size_t stack_bytes, void *(*run)(void *), void *data,
	pthread_t *ret_thread)
{
	pthread_attr_t attributes;
	int r;

	if (stack_bytes == 0)
		return start_with(NULL, ret_thread, run, data);
	r = -pthread_attr_init(&attributes);
	if (r < 0)
		return r;
	r = -pthread_attr_setstacksize(&attributes, fitting_stack(stack_bytes));
	if (r == 0)
		r = start_with(&attributes, ret_thread, run, data);
	(void)pthread_attr_destroy(&attributes);
	return r;
}

void
rota__sys_thread_join(pthread_t thread)
{
	(void)pthread_join(thread, NULL);
}

void
rota__sys_thread_detach(pthread_t thread)
{
	(void)pthread_detach(thread);
}
