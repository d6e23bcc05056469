/* SPDX-License-Identifier: MIT */
/* The next connection: accept4(2). */
#include <sys/socket.h>

#include "bench/raw.h"

int
raw_accept(int listener)
{
	return accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}
