/* SPDX-License-Identifier: MIT */
/* The least that a program which uses us can do; built by each consumer. */
#include <rota.h>

int
main(void)
{
	return rota_version() ? 0 : 1;
}
