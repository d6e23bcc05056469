/* SPDX-License-Identifier: MIT */
/* Look-ups of names, whose errors are numbers of their own. */
#include <errno.h>
#include <netdb.h>

#include "core/sys.h"
#include "rota/error.h"

/* Some systems have one number for two of them; the first counts. */
static const struct {
	int eai;
	int error;
} errors[] = {
	{ EAI_NONAME, ROTA_EAI_NONAME },
	{ EAI_AGAIN, ROTA_EAI_AGAIN },
	{ EAI_FAIL, ROTA_EAI_FAIL },
	{ EAI_FAMILY, ROTA_EAI_FAMILY },
	{ EAI_SERVICE, ROTA_EAI_SERVICE },
	{ EAI_SOCKTYPE, ROTA_EAI_SOCKTYPE },
	{ EAI_BADFLAGS, ROTA_EAI_BADFLAGS },
	{ EAI_MEMORY, -ENOMEM },
	{ EAI_OVERFLOW, ROTA_EAI_OVERFLOW },
	{ EAI_NODATA, ROTA_EAI_NODATA },
	{ EAI_ADDRFAMILY, ROTA_EAI_ADDRFAMILY },
};

int
rota__sys_name_error(int eai, int error)
{
	size_t i;

	if (eai == 0)
		return 0;
	/* It may have failed without saying why. */
	if (eai == EAI_SYSTEM)
		return error > 0 ? -error : ROTA_EAI_FAIL;
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (errors[i].eai == eai)
			return errors[i].error;
	return ROTA_EAI_FAIL;
}

int
rota__sys_getaddrinfo(const char *host, const char *service,
	const struct addrinfo *hints, struct addrinfo **ret_first)
{
	struct addrinfo *first = NULL;
	int r;

	errno = 0;
	r = getaddrinfo(host, service, hints, &first);
	if (r == 0)
		*ret_first = first;
	return rota__sys_name_error(r, errno);
}

void
rota__sys_freeaddrinfo(struct addrinfo *first)
{
	freeaddrinfo(first);
}

int
rota__sys_getnameinfo(const struct sockaddr *addr, socklen_t len, char *host,
	socklen_t host_bytes, char *service, socklen_t service_bytes, int flags)
{
	int r;

	errno = 0;
	r = getnameinfo(
		addr, len, host, host_bytes, service, service_bytes, flags);
	return rota__sys_name_error(r, errno);
}
