/* SPDX-License-Identifier: MIT */
/* Who is in this build. */
#include <string.h>

#include "bench/subject.h"

const struct subject *const subjects[] = {
	&subject_rota,
#ifdef HAVE_EPOLL
	&subject_raw_epoll,
#endif
	&subject_raw_poll,
#ifdef HAVE_LIBUV
	&subject_libuv,
#endif
#ifdef HAVE_LIBEV
	&subject_libev,
#endif
#ifdef HAVE_LIBEVENT
	&subject_libevent,
#endif
	NULL,
};

const struct subject *
subject_find(const char *name)
{
	for (unsigned i = 0; subjects[i]; i++)
		if (strcmp(subjects[i]->name, name) == 0)
			return subjects[i];
	return NULL;
}
