/* SPDX-License-Identifier: MIT */
/* Addresses that hold their own length. */
#include "core/address.h"

void
rota__sys_set_length(struct sockaddr *addr)
{
	addr->sa_len = (unsigned char)rota__address_length(addr);
}
