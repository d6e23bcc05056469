/* SPDX-License-Identifier: MIT */
/* A world without name servers, see names.h. */
#include "tests/names.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rota/types.h"
#include "tests/faults.h"

/* Test programs give up after a minute. */
#define MAX_NAPS 50000

struct names names = { .n_addresses = 1 };

/* Guards the numbers and `names` against look-ups. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t released = PTHREAD_COND_INITIALIZER;
static unsigned n_begun;
static unsigned n_hanging;
static unsigned n_freed;
static atomic_long n_blocks;
static const struct rota_sys *base;

void
names_reset(void)
{
	ck_assert_uint_eq(names_n_hanging(), 0);
	pthread_mutex_lock(&lock);
	memset(&names, 0, sizeof(names));
	names.n_addresses = 1;
	n_begun = 0;
	n_freed = 0;
	pthread_mutex_unlock(&lock);
}

static unsigned
get(const unsigned *number)
{
	unsigned value;

	pthread_mutex_lock(&lock);
	value = *number;
	pthread_mutex_unlock(&lock);
	return value;
}

unsigned
names_n_begun(void)
{
	return get(&n_begun);
}

unsigned
names_n_hanging(void)
{
	return get(&n_hanging);
}

unsigned
names_n_freed(void)
{
	return get(&n_freed);
}

long
names_n_blocks(void)
{
	return atomic_load(&n_blocks);
}

static void
nap(int *n)
{
	const struct timespec ms = { .tv_nsec = (long)ROTA_MILLISECOND };

	ck_assert_int_lt((*n)++, MAX_NAPS);
	nanosleep(&ms, NULL);
}

void
names_wait_hanging(unsigned n)
{
	int n_naps = 0;

	while (names_n_hanging() != n)
		nap(&n_naps);
}

void
names_wait_begun(unsigned n)
{
	int n_naps = 0;

	while (names_n_begun() != n)
		nap(&n_naps);
}

void
names_wait_blocks(long n)
{
	int n_naps = 0;

	while (names_n_blocks() > n)
		nap(&n_naps);
}

void
names_release(void)
{
	pthread_mutex_lock(&lock);
	names.hang = 0;
	pthread_cond_broadcast(&released);
	pthread_mutex_unlock(&lock);
}

/* Locked: counts a look-up, and hangs if it shall. Returns its error. */
static int
begin(enum faults_call call)
{
	int error = faults_count(call);

	n_begun++;
	n_hanging++;
	while (names.hang)
		pthread_cond_wait(&released, &lock);
	n_hanging--;
	return error < 0 ? error : names.error;
}

static void
copy(char *to, const char *from)
{
	snprintf(to, NAMES_BYTES, "%s", from != NULL ? from : "(none)");
}

/* One block: the links, the addresses behind them, and the name. */
struct node {
	struct addrinfo info;
	struct sockaddr_storage addr;
	char name[64];
};

static void
fill(struct node *node, unsigned number, const struct addrinfo *hints)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	char text[64];

	memset(node, 0, sizeof(*node));
	if (number == 1 && names.first.sin_family != 0) {
		memcpy(&node->addr, &names.first, sizeof(names.first));
		node->info.ai_addrlen = sizeof(names.first);
	} else if (number % 2 == 1) {
		snprintf(text, sizeof(text), "192.0.2.%u", number);
		inet_pton(AF_INET, text, &v4.sin_addr);
		v4.sin_port = htons(80);
		memcpy(&node->addr, &v4, sizeof(v4));
		node->info.ai_addrlen = sizeof(v4);
	} else {
		snprintf(text, sizeof(text), "2001:db8::%u", number);
		inet_pton(AF_INET6, text, &v6.sin6_addr);
		v6.sin6_port = htons(80);
		memcpy(&node->addr, &v6, sizeof(v6));
		node->info.ai_addrlen = sizeof(v6);
	}
	node->info.ai_addr = (struct sockaddr *)&node->addr;
	node->info.ai_family = node->addr.ss_family;
	node->info.ai_socktype = SOCK_STREAM;
	node->info.ai_protocol = IPPROTO_TCP;
	if (number == 1 && hints->ai_flags & AI_CANONNAME) {
		copy(node->name, "canon.example");
		node->info.ai_canonname = node->name;
	}
}

static struct addrinfo *
answer(const struct addrinfo *hints)
{
	struct node *nodes = calloc(names.n_addresses + 1, sizeof(*nodes));

	ck_assert_ptr_nonnull(nodes);
	for (unsigned i = 0; i < names.n_addresses; i++) {
		fill(&nodes[i], i + 1, hints);
		if (i > 0)
			nodes[i - 1].info.ai_next = &nodes[i].info;
	}
	return &nodes[0].info;
}

static int
fake_getaddrinfo(const char *host, const char *service,
	const struct addrinfo *hints, struct addrinfo **ret_first)
{
	int error;

	pthread_mutex_lock(&lock);
	copy(names.host, host);
	copy(names.service, service);
	names.hints = *hints;
	error = begin(FAULTS_GETADDRINFO);
	if (error == 0)
		*ret_first = answer(hints);
	pthread_mutex_unlock(&lock);
	return error;
}

static void
fake_freeaddrinfo(struct addrinfo *first)
{
	pthread_mutex_lock(&lock);
	n_freed++;
	pthread_mutex_unlock(&lock);
	free(first);
}

static int
fake_getnameinfo(const struct sockaddr *addr, socklen_t len, char *host,
	socklen_t host_bytes, char *service, socklen_t service_bytes, int flags)
{
	int error;

	(void)addr;
	(void)len;
	pthread_mutex_lock(&lock);
	names.flags = flags;
	error = begin(FAULTS_GETNAMEINFO);
	if (error == 0) {
		snprintf(host, host_bytes, "host.example");
		snprintf(service, service_bytes, "http");
	}
	pthread_mutex_unlock(&lock);
	return error;
}

static void *
counted_realloc(void *memory, size_t size_bytes)
{
	void *moved = base->realloc(memory, size_bytes);

	if (size_bytes == 0 && memory != NULL)
		atomic_fetch_sub(&n_blocks, 1);
	if (memory == NULL && moved != NULL)
		atomic_fetch_add(&n_blocks, 1);
	return moved;
}

const struct rota_sys *
names_sys(const struct rota_sys *other)
{
	static struct rota_sys sys;

	/* A look-up that was left may still be using it. */
	if (base == other)
		return &sys;
	base = other;
	sys = *other;
	sys.realloc = counted_realloc;
	sys.getaddrinfo = fake_getaddrinfo;
	sys.freeaddrinfo = fake_freeaddrinfo;
	sys.getnameinfo = fake_getnameinfo;
	return &sys;
}
