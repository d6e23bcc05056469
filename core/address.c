/* SPDX-License-Identifier: MIT */
/* Addresses from text and to text, see rota/tcp.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rota/tcp.h"

/* An interface by its name, or by its number. 0 if it is neither. */
static uint32_t
scope_of(const char *text)
{
	unsigned long long number = if_nametoindex(text);

	if (number != 0)
		return (uint32_t)number;
	/* strtoull(3) itself would take a sign, and spaces before it. */
	if (text[strspn(text, "0123456789")] != '\0')
		return 0;
	number = strtoull(text, NULL, 10);
	return number <= UINT32_MAX ? (uint32_t)number : 0;
}

static int
parse_v6(const char *text, struct sockaddr_in6 *v6)
{
	char address[INET6_ADDRSTRLEN];
	const char *percent = strchr(text, '%');
	size_t n = percent ? (size_t)(percent - text) : strlen(text);

	if (n >= sizeof(address))
		return -EINVAL;
	memcpy(address, text, n);
	address[n] = '\0';
	if (inet_pton(AF_INET6, address, &v6->sin6_addr) != 1)
		return -EINVAL;
	if (percent == NULL)
		return 0;
	v6->sin6_scope_id = scope_of(percent + 1);
	return v6->sin6_scope_id == 0 ? -EINVAL : 0;
}

int
rota_address_parse(
	const char *text, uint16_t port, struct sockaddr_storage *ret_addr)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (text == NULL || ret_addr == NULL)
		return -EINVAL;
	memset(&v4, 0, sizeof(v4));
	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
		v4.sin_family = AF_INET;
		v4.sin_port = htons(port);
		memset(ret_addr, 0, sizeof(*ret_addr));
		memcpy(ret_addr, &v4, sizeof(v4));
		return 0;
	}
	memset(&v6, 0, sizeof(v6));
	if (parse_v6(text, &v6) < 0)
		return -EINVAL;
	v6.sin6_family = AF_INET6;
	v6.sin6_port = htons(port);
	memset(ret_addr, 0, sizeof(*ret_addr));
	memcpy(ret_addr, &v6, sizeof(v6));
	return 0;
}

/* The scope as a number, which needs no system call. */
static void
format_v6(const struct sockaddr_in6 *v6, char *text, size_t size_bytes)
{
	char address[INET6_ADDRSTRLEN];

	(void)inet_ntop(AF_INET6, &v6->sin6_addr, address, sizeof(address));
	if (v6->sin6_scope_id != 0)
		(void)snprintf(text, size_bytes, "[%s%%%u]:%u", address,
			(unsigned)v6->sin6_scope_id,
			(unsigned)ntohs(v6->sin6_port));
	else
		(void)snprintf(text, size_bytes, "[%s]:%u", address,
			(unsigned)ntohs(v6->sin6_port));
}

int
rota_address_format(const struct sockaddr *addr, char *text, size_t size_bytes)
{
	char address[INET_ADDRSTRLEN];
	char whole[80];
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (addr == NULL || text == NULL)
		return -EINVAL;
	if (addr->sa_family == AF_INET) {
		memcpy(&v4, addr, sizeof(v4));
		(void)inet_ntop(
			AF_INET, &v4.sin_addr, address, sizeof(address));
		(void)snprintf(whole, sizeof(whole), "%s:%u", address,
			(unsigned)ntohs(v4.sin_port));
	} else if (addr->sa_family == AF_INET6) {
		memcpy(&v6, addr, sizeof(v6));
		format_v6(&v6, whole, sizeof(whole));
	} else {
		return -EAFNOSUPPORT;
	}
	if (strlen(whole) + 1 > size_bytes)
		return -ENOSPC;
	memcpy(text, whole, strlen(whole) + 1);
	return 0;
}
