/* SPDX-License-Identifier: MIT */
/* Many datagrams by one call of recvmmsg(2) or sendmmsg(2). */
#include <errno.h>
#include <string.h>

#include "core/sys.h"

/* So many at most; the caller asks again for more. */
#define MAX_MESSAGES 64

/* The struct of the system: its length is an int or a size. */
static unsigned
fill(struct mmsghdr *to, const struct rota__message *messages, unsigned n)
{
	unsigned i;

	if (n > MAX_MESSAGES)
		n = MAX_MESSAGES;
	for (i = 0; i < n; i++) {
		to[i].msg_hdr = messages[i].header;
		to[i].msg_len = 0;
	}
	return n;
}

int
rota__sys_recvmmsg(int fd, struct rota__message *messages, unsigned n)
{
	struct mmsghdr headers[MAX_MESSAGES];
	int n_done;
	int i;

	n = fill(headers, messages, n);
	do
		n_done = (int)recvmmsg(fd, headers, n, 0, NULL);
	while (n_done < 0 && errno == EINTR);
	if (n_done < 0)
		return -errno;
	for (i = 0; i < n_done; i++) {
		messages[i].header = headers[i].msg_hdr;
		messages[i].n_bytes = (size_t)headers[i].msg_len;
	}
	return n_done;
}

int
rota__sys_sendmmsg(int fd, struct rota__message *messages, unsigned n)
{
	struct mmsghdr headers[MAX_MESSAGES];
	int n_done;
	int i;

	n = fill(headers, messages, n);
	do
		n_done = (int)sendmmsg(fd, headers, n, rota__sys_send_flags);
	while (n_done < 0 && errno == EINTR);
	if (n_done < 0)
		return -errno;
	for (i = 0; i < n_done; i++)
		messages[i].n_bytes = (size_t)headers[i].msg_len;
	return n_done;
}
