/* SPDX-License-Identifier: MIT */
/* The resolver, against a name server in the same loop. */
#include <ares.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/dns_server.h"
#include "tests/faults.h"
#include "tests/harness.h"

#define MS ROTA_MILLISECOND
#define MANY 200

static struct dns_server server;
static struct rota_resolver resolver;
static int last_status;
static unsigned n_told;

static void
on_query(struct rota_query *query, int status)
{
	last_status = status;
	n_told++;
	trace('Q');
	ck_assert((status == 0) == (query->n_records > 0));
}

static void
on_lookup(struct rota_lookup *lookup, int status)
{
	(void)lookup;
	last_status = status;
	n_told++;
	trace('L');
}

static void
on_reverse(struct rota_reverse *reverse, int status)
{
	(void)reverse;
	last_status = status;
	n_told++;
	trace('R');
}

/* Answers are waited for, on a busy machine as well. */
#define PATIENT_NS (5 * ROTA_SECOND)

static void
open_resolver(struct rota_loop *in, unsigned flags, uint64_t timeout_ns)
{
	struct rota_resolver_options options = ROTA_RESOLVER_OPTIONS_INIT;

	options.servers = server.text;
	options.timeout_ns = timeout_ns;
	options.tries = 2;
	options.flags = flags;
	ck_ok(rota_resolver_init(in, &resolver, &options));
}

static void
close_both(void)
{
	if (!rota_handle_is_closing(&resolver.handle))
		(void)rota_handle_close(&resolver.handle, NULL);
	dns_server_close(&server);
	close_all();
}

/* The resolver is ours, and so is the server it asks. */
#define RESOLVER_TEST(name) \
	static void name##_in_loop(void); \
	START_TEST(name) \
	{ \
		n_told = 0; \
		harness_open_with(_i, faults_sys()); \
		faults_reset(); \
		dns_server_open(loop, &server); \
		open_resolver(loop, 0, PATIENT_NS); \
		name##_in_loop(); \
		close_both(); \
		close_loop(); \
		ck_assert_int_eq((int)faults.n_blocks, 0); \
	} \
	END_TEST \
	static void name##_in_loop(void)

static void
ask(struct rota_query *query, const char *name, enum rota_record_type type)
{
	n_told = 0;
	ck_ok(rota_query_start(&resolver, query, name, type, on_query));
	ck_assert_uint_eq(n_told, 0);
	run_to_the_end();
	ck_assert_uint_eq(n_told, 1);
}

static void
open_anew(unsigned flags, uint64_t timeout_ns)
{
	ck_ok(rota_handle_close(&resolver.handle, NULL));
	run_to_the_end();
	open_resolver(loop, flags, timeout_ns);
}

/* Records *************************************************************/

RESOLVER_TEST(addresses_have_a_time_to_live)
{
	struct rota_query query;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	ask(&query, "host.test", ROTA_RECORD_A);
	ck_err(last_status, 0);
	ck_assert_uint_eq(query.n_records, 2);
	ck_assert_str_eq(query.records[0].text, "192.0.2.1");
	ck_assert_uint_eq(query.records[0].text_bytes, 9);
	ck_assert_uint_eq(query.records[0].ttl_seconds, 60);
	ck_assert_str_eq(query.records[1].text, "192.0.2.2");
	ck_assert_uint_eq(query.records[1].ttl_seconds, 120);
	memcpy(&v4, &query.records[1].addr, sizeof(v4));
	ck_assert_int_eq(v4.sin_family, AF_INET);
	ck_assert_uint_eq(ntohl(v4.sin_addr.s_addr), 0xc0000202);
	ck_ok(rota_query_free(&query));
	ck_assert_ptr_null(query.records);
	ck_ok(rota_query_free(&query));

	ask(&query, "host.test", ROTA_RECORD_AAAA);
	ck_assert_uint_eq(query.n_records, 1);
	ck_assert_str_eq(query.records[0].text, "2001:db8::1");
	memcpy(&v6, &query.records[0].addr, sizeof(v6));
	ck_assert_int_eq(v6.sin6_family, AF_INET6);
	ck_assert_uint_eq(query.records[0].ttl_seconds, 60);
	ck_ok(rota_query_free(&query));
}

RESOLVER_TEST(mail_servers_have_a_priority)
{
	struct rota_query query;

	ask(&query, "host.test", ROTA_RECORD_MX);
	ck_assert_uint_eq(query.n_records, 2);
	ck_assert_str_eq(query.records[0].text, "b.test");
	ck_assert_uint_eq(query.records[0].priority, 20);
	ck_assert_str_eq(query.records[1].text, "a.test");
	ck_assert_uint_eq(query.records[1].priority, 10);
	ck_assert_uint_eq(query.records[1].ttl_seconds, 0);
	ck_assert_int_eq(query.records[1].addr.ss_family, AF_UNSPEC);
	ck_ok(rota_query_free(&query));
}

RESOLVER_TEST(texts_are_joined_and_may_hold_any_byte)
{
	struct rota_query query;

	ask(&query, "host.test", ROTA_RECORD_TXT);
	ck_assert_uint_eq(query.n_records, 3);
	ck_assert_uint_eq(query.records[0].text_bytes, 11);
	ck_assert_mem_eq(query.records[0].text, "hello wor\0d", 12);
	ck_assert_uint_eq(query.records[1].text_bytes, 0);
	ck_assert_str_eq(query.records[1].text, "");
	ck_assert_str_eq(query.records[2].text, "x");
	ck_ok(rota_query_free(&query));
}

RESOLVER_TEST(services_have_a_port)
{
	struct rota_query query;

	ask(&query, "host.test", ROTA_RECORD_SRV);
	ck_assert_uint_eq(query.n_records, 1);
	ck_assert_str_eq(query.records[0].text, "sip.test");
	ck_assert_uint_eq(query.records[0].priority, 1);
	ck_assert_uint_eq(query.records[0].weight, 2);
	ck_assert_uint_eq(query.records[0].port, 5060);
	ck_ok(rota_query_free(&query));
}

RESOLVER_TEST(an_address_may_have_several_names)
{
	struct rota_query query;

	ask(&query, "1.2.0.192.in-addr.arpa", ROTA_RECORD_PTR);
	ck_assert_uint_eq(query.n_records, 2);
	ck_assert_str_eq(query.records[0].text, "one.test");
	ck_assert_str_eq(query.records[1].text, "two.test");
	ck_ok(rota_query_free(&query));
}

RESOLVER_TEST(an_alias_leads_to_addresses)
{
	struct rota_query query;

	ask(&query, "alias.test", ROTA_RECORD_A);
	ck_err(last_status, 0);
	ck_assert_uint_eq(query.n_records, 1);
	ck_assert_str_eq(query.records[0].text, "192.0.2.1");
	ck_ok(rota_query_free(&query));
}

RESOLVER_TEST(a_long_answer_comes_over_tcp)
{
	struct rota_query query;

	ask(&query, "big.test", ROTA_RECORD_A);
	ck_err(last_status, 0);
	ck_assert_uint_eq(query.n_records, 100);
	ck_assert_str_eq(query.records[99].text, "192.0.2.99");
	ck_assert_uint_eq(server.n_asked_by_tcp, 1);
	ck_ok(rota_query_free(&query));
}

RESOLVER_TEST(it_may_ask_over_tcp_only)
{
	struct rota_query query;

	open_anew(ROTA_RESOLVER_TCP, PATIENT_NS);
	ask(&query, "host.test", ROTA_RECORD_A);
	ck_err(last_status, 0);
	ck_assert_uint_eq(server.n_asked_by_tcp, 1);
	ck_assert_uint_eq(server.n_asked, 1);
	ck_ok(rota_query_free(&query));
}

/* Errors **************************************************************/

RESOLVER_TEST(what_a_server_says_is_told)
{
	static const struct {
		const char *name;
		int status;
	} cases[] = {
		{ "none.test", ROTA_EAI_NONAME },
		{ "empty.test", ROTA_EAI_NODATA },
		{ "fail.test", ROTA_EAI_AGAIN },
		{ "refuse.test", ROTA_EAI_AGAIN },
		{ "broken.test", -EPROTO },
		{ "bad..name", ROTA_EAI_NONAME },
	};
	struct rota_query query;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ask(&query, cases[i].name, ROTA_RECORD_A);
		ck_assert_msg(last_status == cases[i].status, "%s: %s",
			cases[i].name, rota_error_name(last_status));
		ck_ok(rota_query_free(&query));
	}
}

RESOLVER_TEST(a_silent_server_is_waited_for_only_so_long)
{
	struct rota_query query;

	open_anew(0, 20 * MS);
	ask(&query, "silent.test", ROTA_RECORD_A);
	ck_err(last_status, ROTA_EAI_AGAIN);
	ck_ok(rota_query_free(&query));
}

RESOLVER_TEST(broken_answers_of_each_type_are_errors)
{
	static const enum rota_record_type types[] = { ROTA_RECORD_A,
		ROTA_RECORD_AAAA, ROTA_RECORD_MX, ROTA_RECORD_TXT,
		ROTA_RECORD_SRV, ROTA_RECORD_PTR };
	struct rota_query query;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		ask(&query, "broken.test", types[i]);
		ck_err(last_status, -EPROTO);
		ck_ok(rota_query_free(&query));
		ask(&query, "empty.test", types[i]);
		ck_err(last_status, ROTA_EAI_NODATA);
		ck_ok(rota_query_free(&query));
	}
}

RESOLVER_TEST(no_server_is_there)
{
	struct rota_query query;

	dns_server_close(&server);
	ask(&query, "host.test", ROTA_RECORD_A);
	ck_err(last_status, ROTA_EAI_AGAIN);
}

/* Ends ****************************************************************/

RESOLVER_TEST(a_query_ends_at_its_deadline)
{
	struct rota_query query;
	uint64_t begin_ns = harness_true_ns();

	ck_ok(rota_query_start(
		&resolver, &query, "late.test", ROTA_RECORD_A, on_query));
	ck_ok(rota_request_set_deadline(&query.request, 5 * MS));
	run_to_the_end();
	ck_err(last_status, -ETIMEDOUT);
	ck_assert_uint_ge(harness_true_ns() - begin_ns, 5 * MS);
	ck_ok(rota_query_free(&query));
}

/* Its answer comes all the same, and is for nobody. */
RESOLVER_TEST(an_answer_to_a_cancelled_query_is_dropped)
{
	struct rota_query query;
	struct rota_query other;

	ck_ok(rota_query_start(
		&resolver, &query, "late.test", ROTA_RECORD_A, on_query));
	while (server.n_asked == 0)
		ck_assert_int_ge(run_once_checked(ROTA_RUN_ONCE), 0);
	ck_ok(rota_request_cancel(&query.request));
	ck_err(rota_request_cancel(&query.request), -EALREADY);
	ck_trace("");
	run_to_the_end();
	ck_trace("Q");
	ck_err(last_status, -ECANCELED);
	memset(&query, 0xa5, sizeof(query));
	dns_server_release(&server);
	ask(&other, "host.test", ROTA_RECORD_A);
	ck_err(last_status, 0);
	ck_trace("QQ");
	ck_ok(rota_query_free(&other));
}

RESOLVER_TEST(closing_cancels_what_is_asked)
{
	struct rota_query query;
	struct rota_lookup lookup;
	struct rota_reverse reverse;
	struct sockaddr_in addr = { .sin_family = AF_INET };

	addr.sin_addr.s_addr = htonl(0xc0000201);
	ck_ok(rota_query_start(
		&resolver, &query, "silent.test", ROTA_RECORD_A, on_query));
	ck_ok(rota_resolver_lookup(
		&resolver, &lookup, "silent.test", NULL, NULL, on_lookup));
	ck_ok(rota_resolver_reverse(&resolver, &reverse,
		(const struct sockaddr *)&addr, 0, on_reverse));
	ck_ok(rota_handle_close(&resolver.handle, NULL));
	ck_err(rota_query_start(
		       &resolver, &query, "host.test", ROTA_RECORD_A, on_query),
		-EINVAL);
	ck_trace("");
	run_to_the_end();
	ck_assert_uint_eq(n_told, 3);
	ck_err(last_status, -ECANCELED);
}

static void
close_in_query(struct rota_query *query, int status)
{
	on_query(query, status);
	if (!rota_handle_is_closing(&resolver.handle))
		ck_ok(rota_handle_close(&resolver.handle, NULL));
}

RESOLVER_TEST(a_callback_may_close_the_resolver)
{
	struct rota_query queries[3];

	for (int i = 0; i < 3; i++)
		ck_ok(rota_query_start(&resolver, &queries[i], "host.test",
			ROTA_RECORD_A, close_in_query));
	run_to_the_end();
	ck_trace("QQQ");
	for (int i = 0; i < 3; i++)
		ck_ok(rota_query_free(&queries[i]));
}

static unsigned n_to_ask;

static void
ask_again(struct rota_query *query, int status)
{
	ck_ok(status);
	ck_ok(rota_query_free(query));
	n_told++;
	if (--n_to_ask > 0)
		ck_ok(rota_query_start(&resolver, query, "host.test",
			ROTA_RECORD_MX, ask_again));
}

RESOLVER_TEST(a_callback_may_ask_again)
{
	struct rota_query query;

	n_to_ask = 10;
	ck_ok(rota_query_start(
		&resolver, &query, "host.test", ROTA_RECORD_MX, ask_again));
	run_to_the_end();
	ck_assert_uint_eq(n_told, 10);
}

RESOLVER_TEST(many_may_be_on_their_way)
{
	static struct rota_query queries[MANY];

	for (unsigned i = 0; i < MANY; i++)
		ck_ok(rota_query_start(&resolver, &queries[i], "host.test",
			i % 2 ? ROTA_RECORD_A : ROTA_RECORD_TXT, on_query));
	for (unsigned i = 0; i < MANY; i += 3)
		ck_ok(rota_request_cancel(&queries[i].request));
	run_to_the_end();
	ck_assert_uint_eq(n_told, MANY);
	for (unsigned i = 0; i < MANY; i++) {
		ck_assert((queries[i].n_records > 0) == (i % 3 != 0));
		ck_ok(rota_query_free(&queries[i]));
	}
}

static void
check_culprit(const struct rota_culprit *culprit, void *data)
{
	unsigned *n = data;

	if (culprit->handle != &resolver.handle)
		return;
	++*n;
	if (culprit->request == NULL) {
		ck_assert_str_eq(culprit->type, "resolver");
		ck_assert_str_eq(culprit->details, "1 asked");
		ck_assert_int_eq(culprit->holds, 0);
	} else {
		ck_assert_str_eq(culprit->type, "query");
		ck_assert_str_eq(culprit->callback, "on_query");
		ck_assert_int_eq(culprit->holds, 1);
	}
}

RESOLVER_TEST(a_query_holds_the_loop_and_the_resolver_does_not)
{
	struct rota_query query;
	unsigned n = 0;

	ck_err(rota_loop_alive(loop), 0);
	ck_ok(rota_query_start(
		&resolver, &query, "late.test", ROTA_RECORD_A, on_query));
	ck_err(rota_loop_alive(loop), 1);
	ck_assert_int_ge(rota_loop_why_alive(loop, check_culprit, &n), 2);
	ck_assert_uint_eq(n, 2);
	ck_ok(rota_request_unref(&query.request));
	ck_err(run_once_checked(ROTA_RUN_DEFAULT), 0);
	ck_trace("");
	ck_ok(rota_request_cancel(&query.request));
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("Q");
}

/* Look-ups ************************************************************/

static const char *
text_of(const struct rota_lookup_address *address)
{
	static char text[80];

	ck_ok(rota_address_format(
		(const struct sockaddr *)&address->addr, text, sizeof(text)));
	return text;
}

RESOLVER_TEST(a_look_up_has_addresses_of_both_families)
{
	const struct rota_lookup_hints hints = { .socktype = SOCK_STREAM };
	struct rota_lookup lookup;
	unsigned n_v6 = 0;

	ck_ok(rota_resolver_lookup(
		&resolver, &lookup, "host.test", "80", &hints, on_lookup));
	ck_trace("");
	run_to_the_end();
	ck_err(last_status, 0);
	ck_assert_uint_eq(lookup.n_addresses, 3);
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_int_eq(lookup.addresses[i].socktype, SOCK_STREAM);
		ck_assert_int_eq(lookup.addresses[i].protocol, IPPROTO_TCP);
		n_v6 += strcmp(text_of(&lookup.addresses[i]),
				"[2001:db8::1]:80") == 0;
	}
	ck_assert_uint_eq(n_v6, 1);
	ck_assert_ptr_null(lookup.canonical_name);
	ck_ok(rota_lookup_free(&lookup));
}

RESOLVER_TEST(a_look_up_heeds_its_hints)
{
	const struct rota_lookup_hints v4 = { AF_INET, 0, 0,
		ROTA_LOOKUP_CANONICAL_NAME };
	struct rota_lookup lookup;

	ck_ok(rota_resolver_lookup(
		&resolver, &lookup, "alias.test", "80", &v4, on_lookup));
	run_to_the_end();
	ck_err(last_status, 0);
	ck_assert_uint_eq(lookup.n_addresses, 2);
	ck_assert_str_eq(text_of(&lookup.addresses[0]), "192.0.2.1:80");
	ck_assert_int_eq(lookup.addresses[0].socktype, SOCK_STREAM);
	ck_assert_int_eq(lookup.addresses[1].socktype, SOCK_DGRAM);
	ck_assert_str_eq(lookup.canonical_name, "host.test");
	ck_ok(rota_lookup_free(&lookup));
}

RESOLVER_TEST(a_look_up_of_a_literal_asks_nobody)
{
	struct rota_lookup lookup;

	ck_ok(rota_resolver_lookup(
		&resolver, &lookup, "192.0.2.7", "80", NULL, on_lookup));
	ck_trace("");
	ck_err(rota_request_cancel(&lookup.job.request), -EALREADY);
	run_to_the_end();
	ck_err(last_status, 0);
	ck_assert_uint_eq(lookup.n_addresses, 2);
	ck_assert_uint_eq(server.n_asked, 0);
	ck_ok(rota_lookup_free(&lookup));
}

RESOLVER_TEST(a_look_up_of_nothing_is_an_error)
{
	struct rota_lookup lookup;

	ck_ok(rota_resolver_lookup(
		&resolver, &lookup, "none.test", "80", NULL, on_lookup));
	run_to_the_end();
	ck_err(last_status, ROTA_EAI_NONAME);
	ck_assert_ptr_null(lookup.addresses);
}

RESOLVER_TEST(a_look_up_can_be_cancelled)
{
	struct rota_lookup lookup;

	ck_ok(rota_resolver_lookup(
		&resolver, &lookup, "silent.test", "80", NULL, on_lookup));
	ck_ok(rota_request_cancel(&lookup.job.request));
	ck_trace("");
	run_to_the_end();
	ck_err(last_status, -ECANCELED);
	ck_trace("L");
}

RESOLVER_TEST(an_address_has_a_name)
{
	struct rota_reverse reverse;
	struct sockaddr_in addr = { .sin_family = AF_INET };

	addr.sin_addr.s_addr = htonl(0xc0000201);
	addr.sin_port = htons(80);
	ck_ok(rota_resolver_reverse(&resolver, &reverse,
		(const struct sockaddr *)&addr, ROTA_REVERSE_NUMERIC_SERVICE,
		on_reverse));
	ck_trace("");
	run_to_the_end();
	ck_err(last_status, 0);
	ck_assert(strcmp(reverse.host, "one.test") == 0 ||
		strcmp(reverse.host, "two.test") == 0);
	ck_assert_str_eq(reverse.service, "80");
	ck_ok(rota_resolver_reverse(&resolver, &reverse,
		(const struct sockaddr *)&addr, 0, on_reverse));
	ck_ok(rota_request_set_deadline(&reverse.job.request, 0));
	run_to_the_end();
	ck_assert_uint_eq(n_told, 2);
}

/* Races ***************************************************************/

#define N_RACERS 24

static struct rota_query racers[N_RACERS];
static struct rota_lookup others[N_RACERS];

static void
start_racer(unsigned i, unsigned *seed)
{
	static const char *const names[] = { "host.test", "big.test",
		"silent.test", "none.test", "bad..name", "alias.test" };
	const char *name = names[(unsigned)rand_r(seed) % 6];
	struct rota_request *request = &racers[i].request;
	int kind = rand_r(seed) % 3;

	if (kind == 0) {
		request = &others[i].job.request;
		ck_ok(rota_resolver_lookup(
			&resolver, &others[i], name, "1", NULL, on_lookup));
	} else {
		ck_ok(rota_query_start(&resolver, &racers[i], name,
			kind == 1 ? ROTA_RECORD_A : ROTA_RECORD_TXT, on_query));
	}
	if (rand_r(seed) % 2 == 0)
		(void)rota_request_set_deadline(request,
			(uint64_t)(rand_r(seed) % 3) * ROTA_MILLISECOND);
	else if (rand_r(seed) % 3 == 0)
		(void)rota_request_cancel(request);
}

/* Some turns between the starts; then all is cancelled, or all is closed. */
static void
race_once(unsigned *seed)
{
	memset(racers, 0, sizeof(racers));
	memset(others, 0, sizeof(others));
	n_told = 0;
	open_resolver(loop, 0, PATIENT_NS);
	for (unsigned i = 0; i < N_RACERS; i++) {
		start_racer(i, seed);
		for (int n = rand_r(seed) % 3; n > 0; n--)
			run_once_checked(ROTA_RUN_NOWAIT);
	}
	for (unsigned i = 0; i < N_RACERS; i++) {
		(void)rota_request_cancel(&racers[i].request);
		if (rand_r(seed) % 2 == 0)
			(void)rota_request_cancel(&others[i].job.request);
	}
	ck_ok(rota_handle_close(&resolver.handle, NULL));
	run_to_the_end();
	ck_assert_uint_eq(n_told, N_RACERS);
	for (unsigned i = 0; i < N_RACERS; i++) {
		ck_ok(rota_query_free(&racers[i]));
		ck_ok(rota_lookup_free(&others[i]));
	}
	trace_reset();
}

RESOLVER_TEST(cancelled_or_closed_at_any_moment_each_ends_once)
{
	unsigned n = harness_scale(150);
	unsigned seed = 4711;

	ck_ok(rota_handle_close(&resolver.handle, NULL));
	run_to_the_end();
	while (n-- > 0)
		race_once(&seed);
	open_resolver(loop, 0, PATIENT_NS);
}

/* Failing *************************************************************/

/* The memory of c-ares fails with the other calls. */
static void *
ares_malloc(size_t size_bytes)
{
	return faults_count(FAULTS_REALLOC) < 0 ? NULL : malloc(size_bytes);
}

static void *
ares_realloc(void *memory, size_t size_bytes)
{
	return faults_count(FAULTS_REALLOC) < 0 ? NULL :
						  realloc(memory, size_bytes);
}

static unsigned n_begun;

static void
begin_all(struct rota_query *query, struct rota_lookup *lookup,
	struct rota_query *big)
{
	n_told = 0;
	n_begun = 0;
	n_begun += rota_query_start(&resolver, query, "host.test",
			   ROTA_RECORD_TXT, on_query) == 0;
	n_begun += rota_resolver_lookup(&resolver, lookup, "host.test", "80",
			   NULL, on_lookup) == 0;
	n_begun += rota_query_start(&resolver, big, "big.test", ROTA_RECORD_A,
			   on_query) == 0;
}

/* One run with one failing call. */
static int
try_once(int number, unsigned long fail_at)
{
	static struct rota_query query;
	static struct rota_query big;
	static struct rota_lookup lookup;
	struct rota_resolver_options options = ROTA_RESOLVER_OPTIONS_INIT;
	int n_failed;
	int r;

	harness_open_with(number, faults_sys());
	dns_server_open(loop, &server);
	memset(&lookup, 0, sizeof(lookup));
	memset(&query, 0, sizeof(query));
	memset(&big, 0, sizeof(big));
	options.servers = server.text;
	/* What fails is found out by it, and the others are to be in time. */
	options.timeout_ns = 100 * MS;
	options.tries = 1;
	faults_reset();
	faults.fail_at = fail_at;
	r = rota_resolver_init(loop, &resolver, &options);
	if (r == 0) {
		begin_all(&query, &lookup, &big);
		while (n_told < n_begun)
			(void)rota_loop_run(loop, ROTA_RUN_DEFAULT);
		ck_ok(rota_query_free(&query));
		ck_ok(rota_query_free(&big));
		ck_ok(rota_lookup_free(&lookup));
		ck_ok(rota_handle_close(&resolver.handle, NULL));
	}
	n_failed = (int)faults.n_failed;
	ck_assert(r == 0 || n_failed == 1);
	faults_reset();
	trace_reset();
	dns_server_close(&server);
	close_all();
	close_loop();
	ck_assert_int_eq((int)faults.n_blocks, 0);
	return n_failed == 0;
}

START_TEST(each_failing_call_is_told_and_leaves_nothing)
{
	unsigned long n = 1;
	/* A run may have fewer calls than others, by its timing. */
	int n_without = 0;

	ck_assert_int_eq(ares_library_init_mem(ARES_LIB_INIT_ALL, ares_malloc,
				 free, ares_realloc),
		ARES_SUCCESS);
	while (n_without < 5) {
		n_without = try_once(_i, n) ? n_without + 1 : 0;
		ck_assert_uint_lt(n++, 5000);
	}
	ck_assert_uint_ge(n, 50);
	ares_library_cleanup();
}
END_TEST

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "records");

	tcase_add_loop_test(tc, addresses_have_a_time_to_live);
	tcase_add_loop_test(tc, mail_servers_have_a_priority);
	tcase_add_loop_test(tc, texts_are_joined_and_may_hold_any_byte);
	tcase_add_loop_test(tc, services_have_a_port);
	tcase_add_loop_test(tc, an_address_may_have_several_names);
	tcase_add_loop_test(tc, an_alias_leads_to_addresses);
	tcase_add_loop_test(tc, a_long_answer_comes_over_tcp);
	tcase_add_loop_test(tc, it_may_ask_over_tcp_only);

	tc = harness_case(suite, "errors");
	tcase_add_loop_test(tc, what_a_server_says_is_told);
	tcase_add_loop_test(tc, a_silent_server_is_waited_for_only_so_long);
	tcase_add_loop_test(tc, broken_answers_of_each_type_are_errors);
	tcase_add_loop_test(tc, no_server_is_there);

	tc = harness_case(suite, "ends");
	tcase_add_loop_test(tc, a_query_ends_at_its_deadline);
	tcase_add_loop_test(tc, an_answer_to_a_cancelled_query_is_dropped);
	tcase_add_loop_test(tc, closing_cancels_what_is_asked);
	tcase_add_loop_test(tc, a_callback_may_close_the_resolver);
	tcase_add_loop_test(tc, a_callback_may_ask_again);
	tcase_add_loop_test(tc, many_may_be_on_their_way);
	tcase_add_loop_test(
		tc, a_query_holds_the_loop_and_the_resolver_does_not);

	tc = harness_case(suite, "look-ups");
	tcase_add_loop_test(tc, a_look_up_has_addresses_of_both_families);
	tcase_add_loop_test(tc, a_look_up_heeds_its_hints);
	tcase_add_loop_test(tc, a_look_up_of_a_literal_asks_nobody);
	tcase_add_loop_test(tc, a_look_up_of_nothing_is_an_error);
	tcase_add_loop_test(tc, a_look_up_can_be_cancelled);
	tcase_add_loop_test(tc, an_address_has_a_name);

	tc = harness_case(suite, "races");
	tcase_add_loop_test(
		tc, cancelled_or_closed_at_any_moment_each_ends_once);

	tc = harness_case(suite, "failing");
	tcase_add_loop_test(tc, each_failing_call_is_told_and_leaves_nothing);
}

HARNESS_MAIN("resolver", add_cases)
