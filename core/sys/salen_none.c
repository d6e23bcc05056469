/* SPDX-License-Identifier: MIT */
/* Addresses that do not hold their own length. */
#include "core/address.h"

void
rota__sys_set_length(struct sockaddr *addr)
{
	(void)addr;
}
