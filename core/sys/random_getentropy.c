/* SPDX-License-Identifier: MIT */
/* Random bytes by getentropy(3), which gives no more than 256 at a time. */
#include <errno.h>
#include <unistd.h>

#include "core/sys.h"

#define MOST 256

const char *const rota__sys_random_way = "getentropy";

int
rota__sys_random(void *bytes, size_t n)
{
	char *at = bytes;
	size_t piece;

	while (n > 0) {
		piece = n < MOST ? n : MOST;
		if (getentropy(at, piece) == 0) {
			at += piece;
			n -= piece;
		} else if (errno != EINTR) {
			return -errno;
		}
	}
	return 0;
}
