/* SPDX-License-Identifier: MIT */
/* A thread's name, by pthread_setname_np(3) of two arguments. */
#include <pthread.h>
#include <string.h>

#include "core/sys.h"

/* Linux refuses more than that many characters. */
#define MAX_LENGTH 15

void
rota__sys_thread_name(const char *name)
{
	char text[MAX_LENGTH + 1] = "";

	strncat(text, name, MAX_LENGTH);
	(void)pthread_setname_np(pthread_self(), text);
}
