/* SPDX-License-Identifier: MIT */
/*
 * Look-ups by the system: what needs no thread, what a thread answers, and
 * what becomes of one that hangs. Most run in the world of tests/names.h.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/lookups.h"
#include "tests/faults.h"
#include "tests/harness.h"
#include "tests/names.h"

#define MS ROTA_MILLISECOND
/* More than any lane has threads for. */
#define MANY 32
/* All that hangs would last for ever; so this is far below "hung". */
#define SOON (5 * ROTA_SECOND)

static int backend;
static int last_status;
static unsigned n_told;

static void
on_lookup(struct rota_lookup *lookup, int status)
{
	last_status = status;
	n_told++;
	trace('L');
	if (status < 0)
		ck_assert_ptr_null(lookup->addresses);
}

static void
on_reverse(struct rota_reverse *reverse, int status)
{
	(void)reverse;
	last_status = status;
	n_told++;
	trace('R');
}

/* A loop whose look-ups are ours. */
static void
open_names(int number)
{
	backend = number;
	names_reset();
	n_told = 0;
	last_status = 1;
	harness_open_with(number, names_sys(&rota__sys_real));
}

#define NAMES_TEST(name) \
	static void name##_in_loop(void); \
	START_TEST(name) \
	{ \
		open_names(_i); \
		name##_in_loop(); \
		if (loop != NULL) \
			close_loop(); \
		names_wait_blocks(0); \
	} \
	END_TEST \
	static void name##_in_loop(void)

static const char *
text_of(const struct rota_lookup_address *address)
{
	static char text[80];

	ck_ok(rota_address_format(
		(const struct sockaddr *)&address->addr, text, sizeof(text)));
	return text;
}

/* Literals ************************************************************/

struct literal {
	const char *host;
	const char *service;
	struct rota_lookup_hints hints;
	int status;
	/* Each address with its kind of socket, "s" or "d". */
	const char *answer;
};

#define STREAM .socktype = SOCK_STREAM

static const struct literal literals[] = {
	{ "192.0.2.7", "80", { STREAM }, 0, "s192.0.2.7:80 " },
	{ "192.0.2.7", NULL, { STREAM }, 0, "s192.0.2.7:0 " },
	{ "192.0.2.7", "0", { 0 }, 0, "s192.0.2.7:0 d192.0.2.7:0 " },
	{ "192.0.2.7", "65535", { .socktype = SOCK_DGRAM }, 0,
		"d192.0.2.7:65535 " },
	{ "192.0.2.7", "0080", { .protocol = IPPROTO_UDP }, 0,
		"d192.0.2.7:80 " },
	{ "2001:db8::1", "443", { STREAM }, 0, "s[2001:db8::1]:443 " },
	{ "::ffff:192.0.2.7", "1", { STREAM }, 0, "s[::ffff:192.0.2.7]:1 " },
	{ "fe80::1%7", "1", { STREAM }, 0, "s[fe80::1%7]:1 " },
	{ NULL, "80", { STREAM }, 0, "s[::1]:80 s127.0.0.1:80 " },
	{ NULL, "80", { STREAM, .flags = ROTA_LOOKUP_PASSIVE }, 0,
		"s[::]:80 s0.0.0.0:80 " },
	{ NULL, "80",
		{ STREAM, .family = AF_INET, .flags = ROTA_LOOKUP_PASSIVE }, 0,
		"s0.0.0.0:80 " },
	{ NULL, "80", { .family = AF_INET6 }, 0, "s[::1]:80 d[::1]:80 " },
	{ "192.0.2.7", "80", { STREAM, .family = AF_INET }, 0,
		"s192.0.2.7:80 " },
	{ "192.0.2.7", "80",
		{ STREAM, .family = AF_INET6, .flags = ROTA_LOOKUP_V4MAPPED },
		0, "s[::ffff:192.0.2.7]:80 " },
	{ "192.0.2.7", "80", { .family = AF_INET6 }, ROTA_EAI_ADDRFAMILY, "" },
	{ "2001:db8::1", "80", { .family = AF_INET }, ROTA_EAI_ADDRFAMILY, "" },
	{ "192.0.2.7", "65536", { 0 }, ROTA_EAI_SERVICE, "" },
	{ "192.0.2.7", "99999999999999999999999", { 0 }, ROTA_EAI_SERVICE, "" },
	{ "name.example", "80", { .flags = ROTA_LOOKUP_NUMERIC_HOST },
		ROTA_EAI_NONAME, "" },
	{ "", "80", { .flags = ROTA_LOOKUP_NUMERIC_HOST }, ROTA_EAI_NONAME,
		"" },
	{ "192.0.2.7", "http", { .flags = ROTA_LOOKUP_NUMERIC_SERVICE },
		ROTA_EAI_NONAME, "" },
	{ "192.0.2.7", "", { .flags = ROTA_LOOKUP_NUMERIC_SERVICE },
		ROTA_EAI_NONAME, "" },
	{ "192.0.2.7", "+80", { .flags = ROTA_LOOKUP_NUMERIC_SERVICE },
		ROTA_EAI_NONAME, "" },
};

#define N_LITERALS (sizeof(literals) / sizeof(literals[0]))

static void
ck_answer(const struct rota_lookup *lookup, const struct literal *literal)
{
	char seen[512] = "";

	for (unsigned i = 0; i < lookup->n_addresses; i++) {
		const struct rota_lookup_address *at = &lookup->addresses[i];

		strcat(seen, at->socktype == SOCK_STREAM ? "s" : "d");
		strcat(seen, text_of(at));
		strcat(seen, " ");
		ck_assert_int_eq(at->protocol,
			at->socktype == SOCK_STREAM ? IPPROTO_TCP :
						      IPPROTO_UDP);
		ck_assert_uint_eq(at->len,
			at->addr.ss_family == AF_INET ?
				sizeof(struct sockaddr_in) :
				sizeof(struct sockaddr_in6));
	}
	ck_assert_str_eq(seen, literal->answer);
}

NAMES_TEST(literals_need_no_thread)
{
	struct rota_lookup lookup;

	for (size_t i = 0; i < N_LITERALS; i++) {
		const struct literal *at = &literals[i];

		n_told = 0;
		ck_ok(rota_lookup_start(loop, &lookup, at->host, at->service,
			&at->hints, on_lookup));
		ck_assert_uint_eq(n_told, 0);
		ck_ok(rota__loop_check(loop));
		run_to_the_end();
		ck_assert_uint_eq(n_told, 1);
		ck_err(last_status, at->status);
		ck_answer(&lookup, at);
		ck_ok(rota_lookup_free(&lookup));
	}
	ck_assert_uint_eq(names_n_begun(), 0);
}

NAMES_TEST(literals_are_the_same_without_a_callback)
{
	struct rota_lookup lookup;

	for (size_t i = 0; i < N_LITERALS; i++) {
		const struct literal *at = &literals[i];

		ck_err(rota_lookup_start(i % 2 ? loop : NULL, &lookup, at->host,
			       at->service, &at->hints, NULL),
			at->status);
		ck_answer(&lookup, at);
		ck_ok(rota_lookup_free(&lookup));
	}
	ck_assert_uint_eq(names_n_begun(), 0);
}

/* What getaddrinfo makes of a literal, as ck_answer() writes it. */
static void
ask_the_system(const struct literal *literal, char *text)
{
	struct addrinfo hints = { .ai_family = literal->hints.family,
		.ai_socktype = literal->hints.socktype,
		.ai_protocol = literal->hints.protocol,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	struct addrinfo *first = NULL;
	struct rota_lookup_address address;

	*text = '\0';
	ck_assert_int_eq(
		getaddrinfo(literal->host, literal->service, &hints, &first),
		0);
	for (struct addrinfo *at = first; at != NULL; at = at->ai_next) {
		memcpy(&address.addr, at->ai_addr, at->ai_addrlen);
		strcat(text, at->ai_socktype == SOCK_STREAM ? "s" : "d");
		strcat(text, text_of(&address));
		strcat(text, " ");
	}
	freeaddrinfo(first);
}

START_TEST(literals_mean_what_the_system_makes_of_them)
{
	char text[512];
	unsigned n = 0;

	for (size_t i = 0; i < N_LITERALS; i++) {
		const struct literal *at = &literals[i];

		/* Of other hints systems make this and that. */
		if (at->status != 0 || at->hints.flags != 0 ||
			at->host == NULL || at->hints.socktype == 0 ||
			strchr(at->host, '%') != NULL)
			continue;
		ask_the_system(at, text);
		ck_assert_str_eq(text, at->answer);
		n++;
	}
	ck_assert_uint_ge(n, 5);
}
END_TEST

NAMES_TEST(the_canonical_name_of_a_literal_is_itself)
{
	const struct rota_lookup_hints hints = {
		.flags = ROTA_LOOKUP_CANONICAL_NAME,
	};
	struct rota_lookup lookup;

	ck_ok(rota_lookup_start(NULL, &lookup, "::1", "1", &hints, NULL));
	ck_assert_str_eq(lookup.canonical_name, "::1");
	ck_ok(rota_lookup_free(&lookup));
	ck_assert_ptr_null(lookup.canonical_name);
	ck_ok(rota_lookup_start(NULL, &lookup, "::1", "1", NULL, NULL));
	ck_assert_ptr_null(lookup.canonical_name);
	ck_ok(rota_lookup_free(&lookup));
}

NAMES_TEST(the_scope_of_a_literal_may_be_a_name)
{
	struct rota_lookup lookup;
	char host[IF_NAMESIZE + 16] = "fe80::1%";
	struct if_nameindex *all = if_nameindex();
	struct sockaddr_in6 v6;

	ck_assert_ptr_nonnull(all);
	ck_assert_ptr_nonnull(all[0].if_name);
	strcat(host, all[0].if_name);
	ck_ok(rota_lookup_start(NULL, &lookup, host, "1", NULL, NULL));
	memcpy(&v6, &lookup.addresses[0].addr, sizeof(v6));
	ck_assert_uint_eq(v6.sin6_scope_id, all[0].if_index);
	if_freenameindex(all);
	ck_ok(rota_lookup_free(&lookup));
}

/* A name of a service, or sockets that are not TCP's or UDP's. */
NAMES_TEST(what_only_the_system_knows_is_asked_of_it)
{
	const struct rota_lookup_hints raw = { .socktype = SOCK_RAW };
	struct rota_lookup lookup;

	ck_ok(rota_lookup_start(
		loop, &lookup, "192.0.2.7", "http", NULL, on_lookup));
	run_to_the_end();
	ck_assert_uint_eq(names_n_begun(), 1);
	ck_ok(rota_lookup_free(&lookup));
	ck_ok(rota_lookup_start(
		loop, &lookup, "192.0.2.7", "1", &raw, on_lookup));
	run_to_the_end();
	ck_assert_uint_eq(names_n_begun(), 2);
	ck_ok(rota_lookup_free(&lookup));
}

/* Names ***************************************************************/

NAMES_TEST(a_name_is_answered_by_a_thread)
{
	struct rota_lookup lookup;

	names.n_addresses = 5;
	ck_ok(rota_lookup_start(
		loop, &lookup, "name.example", "http", NULL, on_lookup));
	ck_trace("");
	ck_ok(rota__loop_check(loop));
	run_to_the_end();
	ck_trace("L");
	ck_err(last_status, 0);
	ck_assert_str_eq(names.host, "name.example");
	ck_assert_str_eq(names.service, "http");
	ck_assert_uint_eq(lookup.n_addresses, 5);
	ck_assert_str_eq(text_of(&lookup.addresses[0]), "192.0.2.1:80");
	ck_assert_str_eq(text_of(&lookup.addresses[1]), "[2001:db8::2]:80");
	ck_assert_str_eq(text_of(&lookup.addresses[4]), "192.0.2.5:80");
	ck_assert_ptr_null(lookup.canonical_name);
	/* What the system gave is given back, and ours is ours. */
	ck_assert_uint_eq(names_n_freed(), 1);
	close_loop();
	ck_assert_str_eq(text_of(&lookup.addresses[2]), "192.0.2.3:80");
	ck_ok(rota_lookup_free(&lookup));
	ck_assert_ptr_null(lookup.addresses);
	ck_assert_uint_eq(lookup.n_addresses, 0);
	ck_ok(rota_lookup_free(&lookup));
}

NAMES_TEST(without_a_callback_no_thread_looks_up)
{
	struct rota_sys sys = *names_sys(&rota__sys_real);
	struct rota_lookup lookup;

	sys.thread_start = NULL;
	close_loop();
	harness_open_with(backend, &sys);
	ck_ok(rota_lookup_start(
		loop, &lookup, "name.example", NULL, NULL, NULL));
	ck_assert_str_eq(names.host, "name.example");
	ck_assert_str_eq(names.service, "(none)");
	ck_assert_uint_eq(lookup.n_addresses, 1);
	ck_ok(rota_lookup_free(&lookup));
	names.error = ROTA_EAI_AGAIN;
	ck_err(rota_lookup_start(
		       loop, &lookup, "name.example", NULL, NULL, NULL),
		ROTA_EAI_AGAIN);
	ck_assert_ptr_null(lookup.addresses);
	close_loop();
}

NAMES_TEST(hints_are_passed_on)
{
	static const struct {
		unsigned ours;
		int theirs;
	} flags[] = {
		{ ROTA_LOOKUP_PASSIVE, AI_PASSIVE },
		{ ROTA_LOOKUP_CANONICAL_NAME, AI_CANONNAME },
		{ ROTA_LOOKUP_NUMERIC_SERVICE, AI_NUMERICSERV },
		{ ROTA_LOOKUP_V4MAPPED, AI_V4MAPPED },
		{ ROTA_LOOKUP_ALL, AI_ALL },
		{ ROTA_LOOKUP_CONFIGURED, AI_ADDRCONFIG },
	};
	struct rota_lookup_hints hints = { AF_INET6, SOCK_DGRAM, IPPROTO_UDP,
		0 };
	struct rota_lookup lookup;

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		hints.flags = flags[i].ours;
		ck_ok(rota_lookup_start(
			loop, &lookup, "name.example", "1", &hints, on_lookup));
		run_to_the_end();
		ck_assert_int_eq(names.hints.ai_flags, flags[i].theirs);
		ck_assert_int_eq(names.hints.ai_family, AF_INET6);
		ck_assert_int_eq(names.hints.ai_socktype, SOCK_DGRAM);
		ck_assert_int_eq(names.hints.ai_protocol, IPPROTO_UDP);
		ck_assert((lookup.canonical_name != NULL) ==
			(hints.flags == ROTA_LOOKUP_CANONICAL_NAME));
		if (lookup.canonical_name != NULL)
			ck_assert_str_eq(
				lookup.canonical_name, "canon.example");
		ck_ok(rota_lookup_free(&lookup));
	}
}

NAMES_TEST(an_error_of_the_system_is_told)
{
	static const int errors[] = { ROTA_EAI_AGAIN, ROTA_EAI_NONAME,
		ROTA_EAI_FAIL, -ENOMEM, -EMFILE, ROTA_EAI_SERVICE };
	struct rota_lookup lookup;

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		names.error = errors[i];
		ck_ok(rota_lookup_start(
			loop, &lookup, "name.example", NULL, NULL, on_lookup));
		run_to_the_end();
		ck_err(last_status, errors[i]);
		ck_assert_str_ne(rota_error_text(last_status), "unknown error");
		ck_ok(rota_lookup_free(&lookup));
	}
}

NAMES_TEST(an_answer_without_addresses_is_one)
{
	struct rota_lookup lookup;

	names.n_addresses = 0;
	ck_ok(rota_lookup_start(
		loop, &lookup, "name.example", NULL, NULL, on_lookup));
	run_to_the_end();
	ck_err(last_status, 0);
	ck_assert_uint_eq(lookup.n_addresses, 0);
	ck_ok(rota_lookup_free(&lookup));
}

START_TEST(errors_of_all_systems_have_our_numbers)
{
	ck_err(rota__sys_name_error(0, EIO), 0);
	ck_err(rota__sys_name_error(EAI_NONAME, 0), ROTA_EAI_NONAME);
	ck_err(rota__sys_name_error(EAI_AGAIN, 0), ROTA_EAI_AGAIN);
	ck_err(rota__sys_name_error(EAI_FAIL, 0), ROTA_EAI_FAIL);
	ck_err(rota__sys_name_error(EAI_FAMILY, 0), ROTA_EAI_FAMILY);
	ck_err(rota__sys_name_error(EAI_SERVICE, 0), ROTA_EAI_SERVICE);
	ck_err(rota__sys_name_error(EAI_SOCKTYPE, 0), ROTA_EAI_SOCKTYPE);
	ck_err(rota__sys_name_error(EAI_BADFLAGS, 0), ROTA_EAI_BADFLAGS);
	ck_err(rota__sys_name_error(EAI_MEMORY, 0), -ENOMEM);
	ck_err(rota__sys_name_error(EAI_SYSTEM, EMFILE), -EMFILE);
	ck_err(rota__sys_name_error(EAI_SYSTEM, 0), ROTA_EAI_FAIL);
	ck_err(rota__sys_name_error(-4711, 0), ROTA_EAI_FAIL);
}
END_TEST

/* The real system: what every one knows, without a network. */
LOOP_TEST(localhost_is_known)
{
	const struct rota_lookup_hints hints = { STREAM };
	struct rota_lookup lookup;
	char text[512] = "";

	ck_ok(rota_lookup_start(
		loop, &lookup, "localhost", "80", &hints, on_lookup));
	run_to_the_end();
	ck_err(last_status, 0);
	for (unsigned i = 0; i < lookup.n_addresses; i++)
		strcat(text, text_of(&lookup.addresses[i]));
	ck_assert(strstr(text, "127.0.0.1:80") != NULL ||
		strstr(text, "[::1]:80") != NULL);
	ck_ok(rota_lookup_free(&lookup));
}

LOOP_TEST(an_unknown_service_is_an_error)
{
	const struct rota_lookup_hints hints = { STREAM };
	struct rota_lookup lookup;

	ck_ok(rota_lookup_start(loop, &lookup, "127.0.0.1", "no-such-service",
		&hints, on_lookup));
	run_to_the_end();
	ck_assert(last_status == ROTA_EAI_SERVICE ||
		last_status == ROTA_EAI_NONAME);
}

/* Names of addresses **************************************************/

static const struct sockaddr *
address(const char *text, uint16_t port)
{
	static struct sockaddr_storage addr;

	ck_ok(rota_address_parse(text, port, &addr));
	return (const struct sockaddr *)&addr;
}

#define BOTH_NUMERIC (ROTA_REVERSE_NUMERIC_HOST | ROTA_REVERSE_NUMERIC_SERVICE)

NAMES_TEST(an_address_as_numbers_needs_no_thread)
{
	static const struct {
		const char *host;
		uint16_t port;
		const char *service;
	} cases[] = {
		{ "192.0.2.7", 80, "80" },
		{ "2001:db8::7", 65535, "65535" },
		{ "fe80::1%7", 0, "0" },
	};
	struct rota_reverse reverse;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_ok(rota_reverse_start(loop, &reverse,
			address(cases[i].host, cases[i].port), BOTH_NUMERIC,
			on_reverse));
		ck_assert_uint_eq(n_told, (unsigned)i);
		run_to_the_end();
		ck_err(last_status, 0);
		ck_assert_str_eq(reverse.host, cases[i].host);
		ck_assert_str_eq(reverse.service, cases[i].service);
		ck_ok(rota_reverse_start(NULL, &reverse,
			address(cases[i].host, cases[i].port), BOTH_NUMERIC,
			NULL));
		ck_assert_str_eq(reverse.host, cases[i].host);
	}
	ck_err(rota_reverse_start(NULL, &reverse, address("::1", 1),
		       BOTH_NUMERIC | ROTA_REVERSE_NAME_REQUIRED, NULL),
		ROTA_EAI_NONAME);
	ck_assert_uint_eq(names_n_begun(), 0);
}

NAMES_TEST(the_names_of_an_address_come_from_a_thread)
{
	static const struct {
		unsigned ours;
		int theirs;
	} flags[] = {
		{ 0, 0 },
		{ ROTA_REVERSE_NUMERIC_HOST, NI_NUMERICHOST },
		{ ROTA_REVERSE_NUMERIC_SERVICE, NI_NUMERICSERV },
		{ ROTA_REVERSE_NAME_REQUIRED, NI_NAMEREQD },
		{ ROTA_REVERSE_SHORT, NI_NOFQDN },
		{ ROTA_REVERSE_DATAGRAM, NI_DGRAM },
	};
	struct rota_reverse reverse;

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		ck_ok(rota_reverse_start(loop, &reverse,
			address("192.0.2.7", 80), flags[i].ours, on_reverse));
		run_to_the_end();
		ck_err(last_status, 0);
		ck_assert_int_eq(names.flags, flags[i].theirs);
		ck_assert_str_eq(reverse.host, "host.example");
		ck_assert_str_eq(reverse.service, "http");
	}
	ck_assert_uint_eq(names_n_begun(), 6);
	ck_ok(rota_reverse_start(loop, &reverse, address("::1", 80), 0, NULL));
	ck_assert_str_eq(reverse.host, "host.example");
	names.error = ROTA_EAI_NONAME;
	ck_ok(rota_reverse_start(
		loop, &reverse, address("::1", 80), 0, on_reverse));
	run_to_the_end();
	ck_err(last_status, ROTA_EAI_NONAME);
}

NAMES_TEST(a_reverse_look_up_that_hangs_is_left)
{
	struct rota_reverse reverse;

	names.hang = 1;
	ck_ok(rota_reverse_start(
		loop, &reverse, address("192.0.2.7", 80), 0, on_reverse));
	names_wait_hanging(1);
	ck_ok(rota_request_set_deadline(&reverse.job.request, 10 * MS));
	run_to_the_end();
	ck_err(last_status, -ETIMEDOUT);
	ck_ok(rota_reverse_start(
		loop, &reverse, address("192.0.2.7", 80), 0, on_reverse));
	ck_ok(rota_request_cancel(&reverse.job.request));
	run_to_the_end();
	ck_err(last_status, -ECANCELED);
	close_loop();
	names_release();
}

/* Look-ups that hang **************************************************/

NAMES_TEST(a_look_up_that_hangs_ends_at_its_deadline)
{
	struct rota_lookup lookup;
	uint64_t begin_ns = harness_true_ns();

	names.hang = 1;
	ck_ok(rota_lookup_start(
		loop, &lookup, "name.example", NULL, NULL, on_lookup));
	ck_ok(rota_request_set_deadline(&lookup.job.request, 20 * MS));
	names_wait_hanging(1);
	run_to_the_end();
	ck_err(last_status, -ETIMEDOUT);
	ck_assert_uint_eq(n_told, 1);
	ck_assert_uint_ge(harness_true_ns() - begin_ns, 20 * MS);
	ck_assert_uint_lt(harness_true_ns() - begin_ns, SOON);
	/* The thread is still at it, with memory of its own. */
	ck_assert_uint_eq(names_n_hanging(), 1);
	memset(&lookup, 0xa5, sizeof(lookup));
	names_release();
	names_wait_blocks(0);
	ck_assert_int_ge(run_once_checked(ROTA_RUN_NOWAIT), 0);
	ck_assert_uint_eq(n_told, 1);
}

NAMES_TEST(a_look_up_that_hangs_can_be_cancelled)
{
	struct rota_lookup lookup;

	names.hang = 1;
	ck_ok(rota_lookup_start(
		loop, &lookup, "name.example", NULL, NULL, on_lookup));
	names_wait_hanging(1);
	ck_ok(rota_request_cancel(&lookup.job.request));
	ck_assert_uint_eq(n_told, 0);
	ck_err(rota_request_cancel(&lookup.job.request), -EALREADY);
	run_to_the_end();
	ck_err(last_status, -ECANCELED);
	ck_err(rota_request_cancel(&lookup.job.request), -EALREADY);
	names_release();
}

/* The lane has no more threads: the rest waits, and costs nothing. */
NAMES_TEST(look_ups_in_line_can_be_cancelled)
{
	static struct rota_lookup lookups[MANY];
	unsigned n_hanging;

	names.hang = 1;
	for (unsigned i = 0; i < MANY; i++)
		ck_ok(rota_lookup_start(loop, &lookups[i], "name.example", NULL,
			NULL, on_lookup));
	names_wait_hanging(4);
	for (unsigned i = MANY; i > 0; i--)
		ck_ok(rota_request_cancel(&lookups[i - 1].job.request));
	n_hanging = names_n_hanging();
	ck_assert_uint_lt(n_hanging, MANY);
	ck_assert_int_le(names_n_blocks(), (long)n_hanging);
	run_to_the_end();
	ck_assert_uint_eq(n_told, MANY);
	ck_err(last_status, -ECANCELED);
	names_release();
	names_wait_blocks(0);
	ck_assert_uint_eq(names_n_begun(), n_hanging);
}

NAMES_TEST(what_is_answered_is_not_cancelled)
{
	struct rota_lookup lookup;

	ck_ok(rota_lookup_start(
		loop, &lookup, "name.example", NULL, NULL, on_lookup));
	names_wait_begun(1);
	while (names_n_freed() == 0)
		continue;
	(void)rota_request_cancel(&lookup.job.request);
	run_to_the_end();
	ck_assert_uint_eq(n_told, 1);
	ck_assert(last_status == 0 || last_status == -ECANCELED);
	ck_assert((last_status == 0) == (lookup.addresses != NULL));
	ck_ok(rota_lookup_free(&lookup));
}

NAMES_TEST(a_literal_is_answered_before_it_is_told)
{
	struct rota_lookup lookup;

	ck_ok(rota_lookup_start(loop, &lookup, "::1", "1", NULL, on_lookup));
	ck_err(rota_request_cancel(&lookup.job.request), -EALREADY);
	ck_err(rota_request_set_deadline(&lookup.job.request, 1), -EALREADY);
	run_to_the_end();
	ck_err(last_status, 0);
	ck_ok(rota_lookup_free(&lookup));
}

NAMES_TEST(the_loop_and_its_pool_can_be_closed_meanwhile)
{
	struct rota_lookup lookup;
	uint64_t begin_ns = harness_true_ns();

	names.hang = 1;
	ck_ok(rota_lookup_start(
		loop, &lookup, "name.example", NULL, NULL, on_lookup));
	names_wait_hanging(1);
	ck_err(rota_loop_close(loop), -EBUSY);
	ck_ok(rota_request_cancel(&lookup.job.request));
	run_to_the_end();
	/* The last loop: the default pool goes with it. */
	close_loop();
	ck_assert_uint_lt(harness_true_ns() - begin_ns, SOON);
	ck_assert_uint_eq(names_n_hanging(), 1);
	ck_assert_int_eq((int)names_n_blocks(), 1);
	memset(&lookup, 0xa5, sizeof(lookup));
	names_release();
	names_wait_blocks(0);
}

/* A loop with a pool of its own. */
static struct rota_loop *
make_loop_with(struct rota_pool *pool)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	struct rota_loop *made = NULL;

	options.backend = harness_backend_name(backend);
	options.sys = names_sys(&rota__sys_real);
	options.realloc_fn = harness_realloc;
	options.pool = pool;
	ck_ok(rota_loop_create(&options, &made));
	return made;
}

static void
run_other(struct rota_loop *other)
{
	ck_err(rota_loop_run(other, ROTA_RUN_DEFAULT), 0);
	ck_ok(rota__loop_check(other));
}

NAMES_TEST(a_pool_does_not_wait_for_what_was_left)
{
	struct rota_pool *pool = NULL;
	struct rota_loop *other;
	struct rota_lookup lookup;

	ck_ok(rota_pool_create(NULL, &pool));
	other = make_loop_with(pool);
	names.hang = 1;
	ck_ok(rota_lookup_start(
		other, &lookup, "name.example", NULL, NULL, on_lookup));
	names_wait_hanging(1);
	ck_err(rota_pool_drain(pool, 10 * MS), -ETIMEDOUT);
	ck_ok(rota_request_cancel(&lookup.job.request));
	ck_ok(rota_pool_drain(pool, ROTA_FOREVER));
	ck_err(rota_pool_close(pool, ROTA_FOREVER), 0);
	run_other(other);
	ck_err(last_status, -ECANCELED);
	ck_ok(rota_loop_close(other));
	names_release();
}

NAMES_TEST(a_look_up_may_outlive_its_pool)
{
	struct rota_pool *pool = NULL;
	struct rota_loop *other;
	struct rota_lookup lookup;
	struct rota_lookup late;

	ck_ok(rota_pool_create(NULL, &pool));
	other = make_loop_with(pool);
	names.hang = 1;
	ck_ok(rota_lookup_start(
		other, &lookup, "name.example", NULL, NULL, on_lookup));
	names_wait_hanging(1);
	ck_err(rota_pool_close(pool, 0), 1);
	ck_err(rota_lookup_start(
		       other, &late, "name.example", NULL, NULL, on_lookup),
		-ESHUTDOWN);
	names_release();
	run_other(other);
	ck_err(last_status, 0);
	ck_ok(rota_lookup_free(&lookup));
	ck_ok(rota_loop_close(other));
}

NAMES_TEST(stopping_a_pool_ends_look_ups_in_line)
{
	static struct rota_lookup lookups[MANY];
	struct rota_pool *pool = NULL;
	struct rota_loop *other;
	unsigned n_hanging;

	ck_ok(rota_pool_create(NULL, &pool));
	other = make_loop_with(pool);
	names.hang = 1;
	for (unsigned i = 0; i < MANY; i++)
		ck_ok(rota_lookup_start(other, &lookups[i], "name.example",
			NULL, NULL, on_lookup));
	names_wait_hanging(4);
	ck_ok(rota_pool_stop(pool));
	n_hanging = names_n_hanging();
	names_release();
	run_other(other);
	ck_assert_uint_eq(n_told, MANY);
	for (unsigned i = 0; i < MANY; i++) {
		n_hanging -= lookups[i].addresses != NULL;
		ck_ok(rota_lookup_free(&lookups[i]));
	}
	ck_assert_uint_eq(n_hanging, 0);
	ck_err(rota_pool_close(pool, ROTA_FOREVER), 0);
	ck_ok(rota_loop_close(other));
}

/* Other work goes on, and so does what needs no thread. */
static void
on_random(struct rota_random *random, int status)
{
	(void)random;
	ck_ok(status);
	trace('r');
}

NAMES_TEST(look_ups_that_hang_hold_up_nothing_else)
{
	static struct rota_lookup lookups[MANY];
	struct rota_random random;
	struct rota_lookup literal;
	char bytes[16];

	names.hang = 1;
	for (unsigned i = 0; i < MANY; i++)
		ck_ok(rota_lookup_start(loop, &lookups[i], "name.example", NULL,
			NULL, on_lookup));
	names_wait_hanging(4);
	ck_ok(rota_random_start(
		loop, &random, bytes, sizeof(bytes), on_random));
	while (*trace_text() == '\0')
		ck_err(run_once_checked(ROTA_RUN_ONCE), 1);
	ck_trace("r");
	ck_ok(rota_lookup_start(loop, &literal, "::1", "1", NULL, on_lookup));
	ck_err(run_once_checked(ROTA_RUN_ONCE), 1);
	ck_trace("rL");
	ck_ok(rota_lookup_free(&literal));
	names_release();
	run_to_the_end();
	ck_assert_uint_eq(n_told, MANY + 1);
	for (unsigned i = 0; i < MANY; i++)
		ck_ok(rota_lookup_free(&lookups[i]));
}

/* A client that looks up its server, and connects to who answers. */
struct client {
	struct rota_lookup lookup;
	struct rota_tcp tcp;
	struct rota_connect_any connect;
	const char *letter;
};

static void
on_connected(struct rota_connect *connect, int status)
{
	struct client *client = connect->request.data;

	ck_ok(status);
	trace_of(client->letter);
	ck_ok(rota_handle_close(&client->tcp.stream.handle, NULL));
}

static void
connect_to(struct rota_lookup *lookup, int status)
{
	struct client *client = lookup->job.request.data;
	const struct sockaddr *addrs[1];

	ck_ok(status);
	addrs[0] = (const struct sockaddr *)&lookup->addresses[0].addr;
	client->connect.connect.request.data = client;
	ck_ok(rota_tcp_connect_any(
		&client->tcp, &client->connect, addrs, 1, 0, on_connected));
	ck_ok(rota_lookup_free(lookup));
}

static void
start_client(struct client *client, const char *host, uint16_t port)
{
	char service[8];

	snprintf(service, sizeof(service), "%u", (unsigned)port);
	ck_ok(rota_tcp_init(loop, &client->tcp));
	client->lookup.job.request.data = client;
	ck_ok(rota_lookup_start(
		loop, &client->lookup, host, service, NULL, connect_to));
}

NAMES_TEST(by_address_goes_on_while_by_name_waits)
{
	static struct rota_lookup lookups[MANY];
	static struct client by_address = { .letter = "A" };
	static struct client by_name = { .letter = "N" };
	struct sockaddr_in addr = { .sin_family = AF_INET };
	socklen_t len = sizeof(addr);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&addr, len), 0);
	ck_assert_int_eq(listen(listener, 2), 0);
	ck_assert_int_eq(
		getsockname(listener, (struct sockaddr *)&addr, &len), 0);
	names.first = addr;
	names.hang = 1;
	for (unsigned i = 0; i < MANY; i++)
		ck_ok(rota_lookup_start(loop, &lookups[i], "name.example", NULL,
			NULL, on_lookup));
	names_wait_hanging(4);
	start_client(&by_name, "server.example", ntohs(addr.sin_port));
	start_client(&by_address, "127.0.0.1", ntohs(addr.sin_port));
	while (*trace_text() == '\0')
		ck_err(run_once_checked(ROTA_RUN_ONCE), 1);
	ck_trace("A");
	ck_assert_uint_eq(n_told, 0);
	trace_reset();
	names_release();
	run_to_the_end();
	ck_assert_uint_eq(n_told, MANY);
	ck_assert_ptr_nonnull(strchr(trace_text(), 'N'));
	for (unsigned i = 0; i < MANY; i++)
		ck_ok(rota_lookup_free(&lookups[i]));
	ck_assert_int_eq(close(listener), 0);
}

static void
check_culprit(const struct rota_culprit *culprit, void *data)
{
	(void)data;
	ck_assert_str_eq(culprit->type, "lookup");
	ck_assert_str_eq(culprit->callback, "on_lookup");
	trace('W');
}

NAMES_TEST(a_look_up_holds_the_loop_and_is_named)
{
	struct rota_lookup lookup;

	names.hang = 1;
	ck_ok(rota_lookup_start(
		loop, &lookup, "name.example", NULL, NULL, on_lookup));
	ck_err(rota_loop_alive(loop), 1);
	ck_err(rota_loop_why_alive(loop, check_culprit, NULL), 1);
	ck_ok(rota_request_unref(&lookup.job.request));
	ck_err(run_once_checked(ROTA_RUN_DEFAULT), 0);
	ck_trace("W");
	ck_ok(rota_request_ref(&lookup.job.request));
	names_release();
	run_to_the_end();
	ck_trace("WL");
	ck_ok(rota_lookup_free(&lookup));
}

/* Executors ***********************************************************/

static struct rota_job *submitted[MANY];
static unsigned n_submitted;
static int submit_error;

static int
submit(void *data, struct rota_job *job)
{
	(void)data;
	if (submit_error == 0)
		submitted[n_submitted++] = job;
	return submit_error;
}

NAMES_TEST(an_executor_may_run_what_was_left)
{
	const struct rota_executor executor = { submit, NULL };
	struct rota_pool_options options = ROTA_POOL_OPTIONS_INIT;
	struct rota_pool *pool = NULL;
	struct rota_lookup lookups[2];
	struct rota_loop *other;

	n_submitted = 0;
	submit_error = 0;
	options.executor = &executor;
	ck_ok(rota_pool_create(&options, &pool));
	other = make_loop_with(pool);
	for (int i = 0; i < 2; i++)
		ck_ok(rota_lookup_start(other, &lookups[i], "name.example",
			NULL, NULL, on_lookup));
	ck_assert_uint_eq(n_submitted, 2);
	ck_ok(rota_request_cancel(&lookups[0].job.request));
	ck_ok(rota_job_run(submitted[1]));
	run_other(other);
	ck_assert_uint_eq(n_told, 2);
	ck_ok(rota_lookup_free(&lookups[1]));
	ck_assert_uint_eq(names_n_begun(), 1);
	ck_ok(rota_job_run(submitted[0]));
	ck_assert_uint_eq(names_n_begun(), 1);
	submit_error = -EDQUOT;
	ck_err(rota_lookup_start(other, &lookups[0], "name.example", NULL, NULL,
		       on_lookup),
		-EDQUOT);
	ck_ok(rota_loop_close(other));
	ck_err(rota_pool_close(pool, ROTA_FOREVER), 0);
}

/* Fork ****************************************************************/

NAMES_TEST(look_ups_of_the_parent_end_in_the_child)
{
	struct rota_lookup lookup;
	int status = 0;
	pid_t pid;

	names.hang = 1;
	ck_ok(rota_lookup_start(
		loop, &lookup, "name.example", NULL, NULL, on_lookup));
	names_wait_hanging(1);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (rota_loop_fork(loop) != 0 ||
			rota_loop_run(loop, ROTA_RUN_DEFAULT) != 0 ||
			n_told != 1 || last_status != -ECANCELED)
			_exit(1);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	names_release();
	run_to_the_end();
	ck_err(last_status, 0);
	ck_ok(rota_lookup_free(&lookup));
}

/* Failing *************************************************************/

/* A look-up and its end; 1 if nothing failed. */
static int
try_once(int number, unsigned long fail_at)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	struct rota_pool *pool = NULL;
	struct rota_loop *other = NULL;
	struct rota_pool_options pool_options = ROTA_POOL_OPTIONS_INIT;
	struct rota_lookup lookup;
	struct rota_reverse reverse;
	int r;

	options.backend = harness_backend_name(number);
	options.sys = names_sys(faults_sys());
	pool_options.sys = options.sys;
	ck_ok(rota_pool_create(&pool_options, &pool));
	options.pool = pool;
	ck_ok(rota_loop_create(&options, &other));
	faults_reset();
	faults.fail_at = fail_at;
	n_told = 0;
	r = rota_lookup_start(
		other, &lookup, "name.example", NULL, NULL, on_lookup);
	if (r == 0) {
		while (n_told == 0)
			(void)rota_loop_run(other, ROTA_RUN_DEFAULT);
		ck_assert(last_status == 0 || faults.n_failed == 1);
		ck_ok(rota_lookup_free(&lookup));
	} else {
		ck_assert_uint_eq(faults.n_failed, 1);
	}
	n_told = 0;
	r = rota_reverse_start(
		other, &reverse, address("192.0.2.7", 1), 0, on_reverse);
	while (r == 0 && n_told == 0)
		(void)rota_loop_run(other, ROTA_RUN_DEFAULT);
	(void)rota_lookup_start(NULL, &lookup, "::1", "1", NULL, NULL);
	ck_ok(rota_lookup_free(&lookup));
	r = (int)faults.n_failed;
	faults_reset();
	ck_ok(rota_loop_close(other));
	ck_err(rota_pool_close(pool, ROTA_FOREVER), 0);
	return r == 0;
}

START_TEST(each_failure_is_told_and_leaves_nothing)
{
	unsigned long n = 1;

	names_reset();
	while (!try_once(_i, n)) {
		names_wait_blocks(0);
		ck_assert_int_eq((int)faults.n_blocks, 0);
		ck_assert_uint_lt(n++, 200);
	}
	ck_assert_uint_ge(n, 3);
	names_wait_blocks(0);
}
END_TEST

/* Races ***************************************************************/

static struct rota_lookup racers[MANY];

/* Each is begun, and ends by itself, a cancel or its deadline. */
static void
race_once(unsigned *seed)
{
	unsigned n = (unsigned)(rand_r(seed) % MANY) + 1;

	n_told = 0;
	for (unsigned i = 0; i < n; i++) {
		ck_ok(rota_lookup_start(loop, &racers[i], "name.example", NULL,
			NULL, on_lookup));
		if (rand_r(seed) % 4 == 0)
			ck_ok(rota_request_set_deadline(&racers[i].job.request,
				(uint64_t)(rand_r(seed) % 50) *
					ROTA_MICROSECOND));
	}
	for (int spin = rand_r(seed) % 2000; spin > 0; spin--)
		(void)names_n_blocks();
	for (unsigned i = 0; i < n; i++)
		if (rand_r(seed) % 2 == 0)
			(void)rota_request_cancel(&racers[i].job.request);
	run_to_the_end();
	ck_assert_uint_eq(n_told, n);
	for (unsigned i = 0; i < n; i++)
		ck_ok(rota_lookup_free(&racers[i]));
	trace_reset();
}

NAMES_TEST(cancelled_at_any_moment_each_ends_once)
{
	unsigned n = harness_scale(2000);
	unsigned seed = 4711;

	for (unsigned i = 0; i < n; i++) {
		race_once(&seed);
		if (i % 100 == 0) {
			close_loop();
			harness_open_with(backend, names_sys(&rota__sys_real));
		}
	}
}

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "literals");

	tcase_add_loop_test(tc, literals_need_no_thread);
	tcase_add_loop_test(tc, literals_are_the_same_without_a_callback);
	tcase_add_test(tc, literals_mean_what_the_system_makes_of_them);
	tcase_add_loop_test(tc, the_canonical_name_of_a_literal_is_itself);
	tcase_add_loop_test(tc, the_scope_of_a_literal_may_be_a_name);
	tcase_add_loop_test(tc, what_only_the_system_knows_is_asked_of_it);
	tcase_add_loop_test(tc, a_literal_is_answered_before_it_is_told);

	tc = harness_case(suite, "names");
	tcase_add_loop_test(tc, a_name_is_answered_by_a_thread);
	tcase_add_loop_test(tc, without_a_callback_no_thread_looks_up);
	tcase_add_loop_test(tc, hints_are_passed_on);
	tcase_add_loop_test(tc, an_error_of_the_system_is_told);
	tcase_add_loop_test(tc, an_answer_without_addresses_is_one);
	tcase_add_test(tc, errors_of_all_systems_have_our_numbers);
	tcase_add_loop_test(tc, localhost_is_known);
	tcase_add_loop_test(tc, an_unknown_service_is_an_error);
	tcase_add_loop_test(tc, a_look_up_holds_the_loop_and_is_named);

	tc = harness_case(suite, "reverse");
	tcase_add_loop_test(tc, an_address_as_numbers_needs_no_thread);
	tcase_add_loop_test(tc, the_names_of_an_address_come_from_a_thread);
	tcase_add_loop_test(tc, a_reverse_look_up_that_hangs_is_left);

	tc = harness_case(suite, "hanging");
	tcase_add_loop_test(tc, a_look_up_that_hangs_ends_at_its_deadline);
	tcase_add_loop_test(tc, a_look_up_that_hangs_can_be_cancelled);
	tcase_add_loop_test(tc, look_ups_in_line_can_be_cancelled);
	tcase_add_loop_test(tc, what_is_answered_is_not_cancelled);
	tcase_add_loop_test(tc, the_loop_and_its_pool_can_be_closed_meanwhile);
	tcase_add_loop_test(tc, a_pool_does_not_wait_for_what_was_left);
	tcase_add_loop_test(tc, a_look_up_may_outlive_its_pool);
	tcase_add_loop_test(tc, stopping_a_pool_ends_look_ups_in_line);
	tcase_add_loop_test(tc, look_ups_that_hang_hold_up_nothing_else);
	tcase_add_loop_test(tc, by_address_goes_on_while_by_name_waits);
	tcase_add_loop_test(tc, an_executor_may_run_what_was_left);
	tcase_add_loop_test(tc, look_ups_of_the_parent_end_in_the_child);

	tc = harness_case(suite, "failing");
	tcase_add_loop_test(tc, each_failure_is_told_and_leaves_nothing);

	tc = harness_case(suite, "races");
	tcase_add_loop_test(tc, cancelled_at_any_moment_each_ends_once);
}

HARNESS_MAIN("dns", add_cases)
