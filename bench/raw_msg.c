/* SPDX-License-Identifier: MIT */
/* Sends datagrams back, one by one, where there is no call for many. */
#include "bench/raw.h"

void
raw_send_back(struct datagrams *datagrams)
{
	for (unsigned i = 0; i < MAX_DATAGRAMS; i++)
		if (raw_send_one_back(datagrams) < 0)
			return;
}
