/* SPDX-License-Identifier: MIT */
/* Random bytes by arc4random_buf(3), which cannot fail. */
#include <stdlib.h>

#include "core/sys.h"

const char *const rota__sys_random_way = "arc4random_buf";

int
rota__sys_random(void *bytes, size_t n)
{
	arc4random_buf(bytes, n);
	return 0;
}
