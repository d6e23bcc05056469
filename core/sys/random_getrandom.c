/* SPDX-License-Identifier: MIT */
/* Random bytes by getrandom(2): waits until the kernel has gathered some. */
#include <errno.h>
#include <sys/random.h>

#include "core/sys.h"

const char *const rota__sys_random_way = "getrandom";

int
rota__sys_random(void *bytes, size_t n)
{
	char *at = bytes;
	ssize_t r;

	while (n > 0) {
		r = getrandom(at, n, 0);
		if (r < 0 && errno != EINTR)
			return -errno;
		if (r > 0) {
			at += r;
			n -= (size_t)r;
		}
	}
	return 0;
}
