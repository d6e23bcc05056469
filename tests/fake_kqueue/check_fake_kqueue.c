/* SPDX-License-Identifier: MIT */
/*
 * Checks the fake kqueue against what was seen on real kernels: the fixture,
 * the helpers and main().
 */
#include "check_fake_kqueue.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#if defined(FAKE_KQUEUE_OPENBSD)
const enum check_system on = OPENBSD;
#elif defined(FAKE_KQUEUE_NETBSD)
const enum check_system on = NETBSD;
#elif defined(FAKE_KQUEUE_MACOS)
const enum check_system on = MACOS;
#else
const enum check_system on = FREEBSD;
#endif

int kq = -1;

void
open_kq(void)
{
	kq = kqueue();
	ck_assert_int_ge(kq, 0);
}

void
close_kq(void)
{
	(void)close(kq);
	kq = -1;
}

struct kevent
make_change(uintptr_t ident, int filter, unsigned int flags, int64_t data)
{
	struct kevent c;

	memset(&c, 0, sizeof(c));
	EV_SET(&c, ident, 0, 0, 0, data, 0);
	c.flags = (unsigned short)flags;
#ifdef FAKE_KQUEUE_NETBSD
	c.filter = (uint32_t)filter;
#else
	c.filter = (short)filter;
#endif
	return c;
}

int
send_change(const struct kevent *c)
{
	return kevent(kq, c, 1, NULL, 0, NULL) < 0 ? errno : 0;
}

int
change(uintptr_t ident, int filter, unsigned int flags)
{
	struct kevent c = make_change(ident, filter, flags, 0);

	return send_change(&c);
}

int
add(int fd, int filter)
{
	return change((uintptr_t)fd, filter, EV_ADD);
}

int
collect(struct kevent *ret_events, int room, int wait_ms)
{
	struct timespec wait = {
		.tv_sec = wait_ms / 1000,
		.tv_nsec = wait_ms % 1000 * 1000000L,
	};
#ifdef FAKE_KQUEUE_NETBSD
	int n = kevent(kq, NULL, 0, ret_events, (size_t)room, &wait);
#else
	int n = kevent(kq, NULL, 0, ret_events, room, &wait);
#endif

	ck_assert_int_ge(n, 0);
	return n;
}

bool
get_one(struct kevent *ret_event)
{
	struct kevent events[2];
	int n = collect(events, 2, 0);

	if (n == 1)
		*ret_event = events[0];
	return n == 1;
}

bool
is_silent(void)
{
	struct kevent event;

	return collect(&event, 1, 0) == 0;
}

uintptr_t
udata_of(const struct kevent *event)
{
	return (uintptr_t)event->udata;
}

void
make_pipe(int ret_fds[2])
{
	ck_assert_int_eq(pipe2(ret_fds, O_NONBLOCK), 0);
}

void
make_pair(int type, int ret_fds[2])
{
	ck_assert_int_eq(
		socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, ret_fds), 0);
}

static int
make_inet(int type)
{
	struct sockaddr_in any = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, type, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&any, sizeof(any)), 0);
	return fd;
}

int
make_listener(void)
{
	int fd = make_inet(SOCK_STREAM);

	ck_assert_int_eq(listen(fd, 16), 0);
	return fd;
}

static void
connect_fd(int fd, int to)
{
	struct sockaddr_in name;
	socklen_t len = sizeof(name);

	ck_assert_int_eq(getsockname(to, (struct sockaddr *)&name, &len), 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&name, len), 0);
}

int
connect_to(int listener)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	connect_fd(fd, listener);
	return fd;
}

void
make_tcp(int ret_fds[2])
{
	int listener = make_listener();

	ret_fds[0] = connect_to(listener);
	ret_fds[1] = accept(listener, NULL, NULL);
	ck_assert_int_ge(ret_fds[1], 0);
	close(listener);
}

void
make_udp(int ret_fds[2])
{
	ret_fds[0] = make_inet(SOCK_DGRAM);
	ret_fds[1] = make_inet(SOCK_DGRAM);
	connect_fd(ret_fds[1], ret_fds[0]);
}

void
put(int fd, size_t len)
{
	char *bytes = calloc(1, len + 1);

	ck_assert_int_eq(write(fd, bytes, len), (ssize_t)len);
	free(bytes);
}

void
take(int fd, size_t len)
{
	char *bytes = malloc(len + 1);

	ck_assert_int_eq(read(fd, bytes, len), (ssize_t)len);
	free(bytes);
}

void
close_both(const int fds[2])
{
	close(fds[0]);
	close(fds[1]);
}

void
reset(int fd)
{
	struct linger at_once = { .l_onoff = 1 };

	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once,
				 sizeof(at_once)),
		0);
	close(fd);
}

int
make_file(void)
{
	char name[] = "/tmp/fake_kqueue.XXXXXX";
	int fd = mkstemp(name);

	ck_assert_int_ge(fd, 0);
	unlink(name);
	return fd;
}

int
main(void)
{
	TCase *cases[] = { changes_case(), pipes_case(), sockets_case(),
		files_case(), lives_case(), others_case(), vnodes_case() };
	Suite *suite = suite_create("fake_kqueue");
	SRunner *runner = srunner_create(suite);
	int n_failed;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tcase_add_checked_fixture(cases[i], open_kq, close_kq);
		tcase_set_timeout(cases[i], 30);
		suite_add_tcase(suite, cases[i]);
	}
	srunner_run_all(runner, CK_ENV);
	n_failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
