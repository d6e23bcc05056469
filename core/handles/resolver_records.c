/* SPDX-License-Identifier: MIT */
/*
 * Records out of a message, see resolver.h. c-ares takes the message apart;
 * what it found is copied into one block:
 *
 *	head | records ... | text of the first 0 text of the second 0 ...
 */
#include <ares.h>
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <string.h>

#include "core/handles/resolver.h"
#include "rota/error.h"

/* No record of an address is shorter: RFC 1035, section 4.1.3. */
#define MIN_RECORD_BYTES 12

struct rota__records {
	const struct rota_sys *sys;
	/* Where the next text goes. */
	char *text;
	unsigned n;
	struct rota_record records[];
};

/* Room for n records whose texts have so many bytes, with each one's 0. */
static struct rota__records *
make(const struct rota_sys *sys, unsigned n, size_t n_text_bytes)
{
	struct rota__records *records;
	size_t bytes = sizeof(*records) + n * sizeof(records->records[0]);

	records = sys->realloc(NULL, bytes + n_text_bytes);
	if (records == NULL)
		return NULL;
	memset(records, 0, bytes);
	records->sys = sys;
	records->text = (char *)records + bytes;
	return records;
}

static struct rota_record *
add(struct rota__records *records)
{
	struct rota_record *record = &records->records[records->n++];

	record->text = records->text;
	*records->text++ = '\0';
	return record;
}

/* Puts bytes behind those that the last record has. */
static void
append(struct rota__records *records, const void *text, size_t n)
{
	struct rota_record *record = &records->records[records->n - 1];

	memcpy(records->text - 1, text, n);
	records->text += n;
	records->text[-1] = '\0';
	record->text_bytes += n;
}

static struct rota_record *
add_text(struct rota__records *records, const char *text)
{
	struct rota_record *record = add(records);

	append(records, text, strlen(text));
	return record;
}

void
rota__records_free(struct rota__records *records)
{
	if (records != NULL)
		(void)records->sys->realloc(records, 0);
}

const struct rota_record *
rota__records_first(const struct rota__records *records, unsigned *ret_n)
{
	*ret_n = records->n;
	return records->records;
}

/* Addresses ***********************************************************/

static void
add_address(struct rota__records *records, const struct sockaddr *addr,
	socklen_t len, const void *bytes, int ttl_seconds)
{
	char text[INET6_ADDRSTRLEN];
	struct rota_record *record;

	(void)inet_ntop(addr->sa_family, bytes, text, sizeof(text));
	record = add_text(records, text);
	memcpy(&record->addr, addr, len);
	record->ttl_seconds = ttl_seconds > 0 ? (uint32_t)ttl_seconds : 0;
}

static int
copy_v4(const struct rota_sys *sys, const struct ares_addrttl *found, int n,
	struct rota__records **ret_records)
{
	struct rota__records *records =
		make(sys, (unsigned)n, (size_t)n * INET_ADDRSTRLEN);
	struct sockaddr_in v4;
	int i;

	if (records == NULL)
		return -ENOMEM;
	memset(&v4, 0, sizeof(v4));
	v4.sin_family = AF_INET;
	for (i = 0; i < n; i++) {
		v4.sin_addr = found[i].ipaddr;
		add_address(records, (const struct sockaddr *)&v4, sizeof(v4),
			&v4.sin_addr, found[i].ttl);
	}
	*ret_records = records;
	return 0;
}

static int
copy_v6(const struct rota_sys *sys, const struct ares_addr6ttl *found, int n,
	struct rota__records **ret_records)
{
	struct rota__records *records =
		make(sys, (unsigned)n, (size_t)n * INET6_ADDRSTRLEN);
	struct sockaddr_in6 v6;
	int i;

	if (records == NULL)
		return -ENOMEM;
	memset(&v6, 0, sizeof(v6));
	v6.sin6_family = AF_INET6;
	for (i = 0; i < n; i++) {
		memcpy(&v6.sin6_addr, &found[i].ip6addr, sizeof(v6.sin6_addr));
		add_address(records, (const struct sockaddr *)&v6, sizeof(v6),
			&v6.sin6_addr, found[i].ttl);
	}
	*ret_records = records;
	return 0;
}

static int
read_v4(const struct rota_sys *sys, const unsigned char *message, int n_bytes,
	struct rota__records **ret_records)
{
	int n = n_bytes / MIN_RECORD_BYTES + 1;
	struct ares_addrttl *found =
		sys->realloc(NULL, (size_t)n * sizeof(*found));
	int r;

	if (found == NULL)
		return -ENOMEM;
	r = rota__resolver_error(
		ares_parse_a_reply(message, n_bytes, NULL, found, &n));
	if (r == 0)
		r = copy_v4(sys, found, n, ret_records);
	(void)sys->realloc(found, 0);
	return r;
}

static int
read_v6(const struct rota_sys *sys, const unsigned char *message, int n_bytes,
	struct rota__records **ret_records)
{
	int n = n_bytes / MIN_RECORD_BYTES + 1;
	struct ares_addr6ttl *found =
		sys->realloc(NULL, (size_t)n * sizeof(*found));
	int r;

	if (found == NULL)
		return -ENOMEM;
	r = rota__resolver_error(
		ares_parse_aaaa_reply(message, n_bytes, NULL, found, &n));
	if (r == 0)
		r = copy_v6(sys, found, n, ret_records);
	(void)sys->realloc(found, 0);
	return r;
}

/* Names and texts *****************************************************/

static int
read_mx(const struct rota_sys *sys, const unsigned char *message, int n_bytes,
	struct rota__records **ret_records)
{
	struct ares_mx_reply *first = NULL;
	const struct ares_mx_reply *mx;
	size_t n_text_bytes = 0;
	unsigned n = 0;
	int r = rota__resolver_error(
		ares_parse_mx_reply(message, n_bytes, &first));

	if (r < 0)
		return r;
	for (mx = first; mx != NULL; mx = mx->next, n++)
		n_text_bytes += strlen(mx->host) + 1;
	*ret_records = make(sys, n, n_text_bytes);
	for (mx = first; mx != NULL && *ret_records != NULL; mx = mx->next)
		add_text(*ret_records, mx->host)->priority = mx->priority;
	ares_free_data(first);
	return *ret_records != NULL ? 0 : -ENOMEM;
}

static int
read_srv(const struct rota_sys *sys, const unsigned char *message, int n_bytes,
	struct rota__records **ret_records)
{
	struct ares_srv_reply *first = NULL;
	const struct ares_srv_reply *srv;
	size_t n_text_bytes = 0;
	unsigned n = 0;
	int r = rota__resolver_error(
		ares_parse_srv_reply(message, n_bytes, &first));

	if (r < 0)
		return r;
	for (srv = first; srv != NULL; srv = srv->next, n++)
		n_text_bytes += strlen(srv->host) + 1;
	*ret_records = make(sys, n, n_text_bytes);
	for (srv = first; srv != NULL && *ret_records != NULL;
		srv = srv->next) {
		struct rota_record *record = add_text(*ret_records, srv->host);

		record->priority = srv->priority;
		record->weight = srv->weight;
		record->port = srv->port;
	}
	ares_free_data(first);
	return *ret_records != NULL ? 0 : -ENOMEM;
}

static int
read_txt(const struct rota_sys *sys, const unsigned char *message, int n_bytes,
	struct rota__records **ret_records)
{
	struct ares_txt_ext *first = NULL;
	const struct ares_txt_ext *txt;
	size_t n_text_bytes = 0;
	unsigned n = 0;
	int r = rota__resolver_error(
		ares_parse_txt_reply_ext(message, n_bytes, &first));

	if (r < 0)
		return r;
	for (txt = first; txt != NULL; txt = txt->next, n++)
		n_text_bytes += txt->length + 1;
	*ret_records = make(sys, n, n_text_bytes);
	for (txt = first; txt != NULL && *ret_records != NULL;
		txt = txt->next) {
		if (txt->record_start)
			(void)add(*ret_records);
		append(*ret_records, txt->txt, txt->length);
	}
	ares_free_data(first);
	return *ret_records != NULL ? 0 : -ENOMEM;
}

/* All names of one address are the aliases of a host. */
static int
read_ptr(const struct rota_sys *sys, const unsigned char *message, int n_bytes,
	struct rota__records **ret_records)
{
	static const unsigned char nowhere[4];
	struct hostent *host = NULL;
	size_t n_text_bytes = 0;
	unsigned n = 0;
	char **at;
	int r = rota__resolver_error(ares_parse_ptr_reply(
		message, n_bytes, nowhere, sizeof(nowhere), AF_INET, &host));

	if (r < 0)
		return r;
	for (at = host->h_aliases; *at != NULL; at++, n++)
		n_text_bytes += strlen(*at) + 1;
	*ret_records = make(sys, n, n_text_bytes);
	for (at = host->h_aliases; *at != NULL && *ret_records != NULL; at++)
		(void)add_text(*ret_records, *at);
	ares_free_hostent(host);
	return *ret_records != NULL ? 0 : -ENOMEM;
}

int
rota__records_read(const struct rota_sys *sys, int type,
	const unsigned char *message, int n_bytes,
	struct rota__records **ret_records)
{
	struct rota__records *records = NULL;
	int r;

	switch (type) {
	case ROTA_RECORD_A:
		r = read_v4(sys, message, n_bytes, &records);
		break;
	case ROTA_RECORD_AAAA:
		r = read_v6(sys, message, n_bytes, &records);
		break;
	case ROTA_RECORD_MX:
		r = read_mx(sys, message, n_bytes, &records);
		break;
	case ROTA_RECORD_SRV:
		r = read_srv(sys, message, n_bytes, &records);
		break;
	case ROTA_RECORD_TXT:
		r = read_txt(sys, message, n_bytes, &records);
		break;
	default:
		r = read_ptr(sys, message, n_bytes, &records);
		break;
	}
	/* Aliases may lead nowhere. */
	if (r == 0 && records->n == 0) {
		rota__records_free(records);
		r = ROTA_EAI_NODATA;
	}
	if (r == 0)
		*ret_records = records;
	return r;
}
