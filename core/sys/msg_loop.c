/* SPDX-License-Identifier: MIT */
/* Many datagrams, by a call each. */
#include "core/sys.h"

int
rota__sys_recvmmsg(int fd, struct rota__message *messages, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++) {
		ssize_t r = rota__sys_real.recvmsg(fd, &messages[i].header, 0);

		if (r < 0)
			return i > 0 ? (int)i : (int)r;
		messages[i].n_bytes = (size_t)r;
	}
	return (int)n;
}

int
rota__sys_sendmmsg(int fd, struct rota__message *messages, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++) {
		ssize_t r = rota__sys_sendmsg(fd, &messages[i].header);

		if (r < 0)
			return i > 0 ? (int)i : (int)r;
		messages[i].n_bytes = (size_t)r;
	}
	return (int)n;
}
