/* SPDX-License-Identifier: MIT */
/* The calls of kqueue, which its backend makes by itself; see faults_epoll.c. */
#include <sys/types.h>

#include <errno.h>
#include <sys/event.h>
#include <time.h>

#include "tests/faults.h"

/* What lists are counted in: int on most systems, size_t on some. */
typedef __typeof__(_Generic(
	&kevent,
	int (*)(int, const struct kevent *, int, struct kevent *, int,
		const struct timespec *) : 0,
	default
	: (size_t)0)) list_size;

int __wrap_kqueue(void);
int __real_kqueue(void);
int __wrap_kevent(int kq, const struct kevent *changes, list_size n,
	struct kevent *events, list_size n_events,
	const struct timespec *timeout);
int __real_kevent(int kq, const struct kevent *changes, list_size n,
	struct kevent *events, list_size n_events,
	const struct timespec *timeout);

static const list_size none_fails = (list_size)-1;

int
__wrap_kqueue(void)
{
	int error = faults_count(FAULTS_KQUEUE);

	if (error == 0)
		return __real_kqueue();
	errno = -error;
	return -1;
}

/* Returns the addition that shall fail, if there is one. */
static list_size
find_failing(const struct kevent *changes, list_size n)
{
	list_size failing = none_fails;
	list_size i;

	for (i = 0; i < n; i++)
		if (changes[i].flags & EV_ADD &&
			faults_count(FAULTS_KEVENT_ADD) < 0)
			failing = i;
	return failing;
}

/*
 * Makes the changes without collecting. kevent(2): one that fails comes back
 * as an event with EV_ERROR, and the others are made all the same. Returns
 * how many have failed.
 */
static int
make_changes(int kq, const struct kevent *changes, list_size n,
	list_size failing, struct kevent *events)
{
	const struct timespec no_time = { 0 };
	int n_errors = 0;
	list_size i;

	for (i = 0; i < n; i++) {
		int error = i == failing ? -faults.error : 0;

		if (error == 0 &&
			__real_kevent(kq, &changes[i], 1, NULL, 0, &no_time) <
				0)
			error = errno;
		if (error == 0)
			continue;
		events[n_errors] = changes[i];
		events[n_errors].flags = EV_ERROR;
		events[n_errors++].data = error;
	}
	return n_errors;
}

/* An interrupted call has made its changes, and tells of none that failed. */
static int
fail(int kq, const struct kevent *changes, list_size n, struct kevent *events)
{
	int n_errors = 0;

	if (faults.error == -EINTR)
		n_errors = make_changes(kq, changes, n, none_fails, events);
	if (n_errors > 0)
		return n_errors;
	errno = -faults.error;
	return -1;
}

/* Without room for events it takes something out, and is not to fail. */
int
__wrap_kevent(int kq, const struct kevent *changes, list_size n,
	struct kevent *events, list_size n_events,
	const struct timespec *timeout)
{
	list_size failing;

	if (n_events == 0)
		return __real_kevent(kq, changes, n, events, 0, timeout);
	if (faults_count(FAULTS_KEVENT) < 0)
		return fail(kq, changes, n, events);
	failing = find_failing(changes, n);
	if (failing != none_fails)
		return make_changes(kq, changes, n, failing, events);
	return __real_kevent(kq, changes, n, events, n_events, timeout);
}
