/* SPDX-License-Identifier: MIT */
/* A system without an error queue. */
#include <errno.h>

#include "core/control.h"

int
rota__errors_ask(const struct rota_sys *sys, int fd, int family, int on)
{
	(void)sys;
	(void)fd;
	(void)family;
	return on ? -ENOTSUP : 0;
}

int
rota__errors_take(const struct rota_sys *sys, int fd,
	struct rota__control_error *ret_error)
{
	(void)sys;
	(void)fd;
	(void)ret_error;
	return 0;
}
