/* SPDX-License-Identifier: MIT */
/*
 * Loop time. The clock is read at the begin of each phase that has work, and
 * after each callback, so that every stretch of time has an owner.
 */
#include "core/metrics.h"

#include <errno.h>
#include <string.h>

#include "core/histogram.h"
#include "core/place.h"
#include "core/turn.h"

#define DEFAULT_NOTICE_NS (UINT64_C(8) * ROTA_MILLISECOND)
#define DEFAULT_WARNING_NS (UINT64_C(12) * ROTA_MILLISECOND)

/* What is called, or was the longest so far. */
struct call {
	uint64_t ns;
	enum rota_phase phase;
	const char *type;
	const char *place;
	char name[64];
};

struct rota__metrics {
	struct rota_loop_time sums;
	/* Of the busy times. */
	struct rota__histogram histogram;
	/* When the stretch in hand began, and whose it is. */
	uint64_t since_ns;
	enum rota_phase phase;
	uint64_t busy_ns;
	/* When the phase began, or the last callback returned. */
	uint64_t called_ns;
	struct call call;
	struct call longest;
};

/* The clock, as the loop's now too. */
static uint64_t
read_clock(struct rota_loop *loop)
{
	loop->now_is_good = 0;
	return rota__loop_fresh_now(loop);
}

/* Ends the stretch in hand and begins the next. */
static void
charge(struct rota_loop *loop, uint64_t now_ns)
{
	struct rota__metrics *metrics = loop->metrics;
	uint64_t ns = now_ns - metrics->since_ns;

	metrics->sums.phase_ns[metrics->phase] += ns;
	metrics->busy_ns += ns;
	metrics->since_ns = now_ns;
}

void
rota__metrics_begin_turn(struct rota_loop *loop)
{
	struct rota__metrics *metrics = loop->metrics;

	metrics->since_ns = read_clock(loop);
	metrics->phase = ROTA_PHASE_TIMERS;
	metrics->busy_ns = 0;
	metrics->longest.ns = 0;
	metrics->longest.type = "?";
	metrics->longest.place = NULL;
	metrics->longest.phase = ROTA_PHASE_TIMERS;
	metrics->longest.name[0] = '\0';
}

void
rota__metrics_phase(struct rota_loop *loop, enum rota_phase phase)
{
	uint64_t now_ns = read_clock(loop);

	charge(loop, now_ns);
	loop->metrics->phase = phase;
	loop->metrics->called_ns = now_ns;
}

void
rota__metrics_callback(struct rota_loop *loop, const char *type,
	const char *place, const struct rota_handle *handle)
{
	struct call *call = &loop->metrics->call;
	const char *name = handle ? rota_handle_name(handle) : NULL;

	call->type = type;
	call->place = place;
	call->phase = loop->metrics->phase;
	call->name[0] = '\0';
	if (name != NULL)
		strncat(call->name, name, sizeof(call->name) - 1);
}

void
rota__metrics_called(struct rota_loop *loop)
{
	struct rota__metrics *metrics = loop->metrics;
	uint64_t now_ns = loop->sys->clock_ns();

	metrics->call.ns = now_ns - metrics->called_ns;
	metrics->called_ns = now_ns;
	if (metrics->call.type != NULL &&
		metrics->call.ns >= metrics->longest.ns)
		metrics->longest = metrics->call;
	metrics->call.type = NULL;
}

void
rota__metrics_wait(struct rota_loop *loop)
{
	rota__metrics_phase(loop, ROTA_PHASE_POLL);
}

void
rota__metrics_waited(struct rota_loop *loop)
{
	struct rota__metrics *metrics = loop->metrics;
	uint64_t now_ns = read_clock(loop);

	metrics->sums.waited_ns += now_ns - metrics->since_ns;
	metrics->since_ns = now_ns;
	metrics->called_ns = now_ns;
}

static void
tell_slow(struct rota_loop *loop, int is_warning)
{
	/* A copy: the callback may turn the measuring off. */
	const struct call call = loop->metrics->longest;
	struct rota_slow_turn turn = {
		.busy_ns = loop->metrics->busy_ns,
		.threshold_ns = is_warning ? loop->warning_ns : loop->notice_ns,
		.is_warning = is_warning,
		.phase = call.phase,
		.callback_ns = call.ns,
		.type = call.type,
		.name = call.name,
		.callback = rota__place_callback(call.place),
		.place = rota__place_line(call.place),
	};

	if (loop->slow == NULL)
		return;
	rota__before_callback(loop, "slow", NULL, NULL);
	loop->slow(loop, &turn, loop->slow_data);
	rota__after_callback(loop);
}

void
rota__metrics_end_turn(struct rota_loop *loop)
{
	struct rota__metrics *metrics = loop->metrics;
	struct rota_loop_time *sums = &metrics->sums;
	int is_warning;

	charge(loop, read_clock(loop));
	sums->turns++;
	sums->busy_ns += metrics->busy_ns;
	if (metrics->busy_ns > sums->max_ns)
		sums->max_ns = metrics->busy_ns;
	rota__histogram_add(&metrics->histogram, metrics->busy_ns);
	if (metrics->busy_ns <= loop->notice_ns)
		return;
	is_warning = metrics->busy_ns > loop->warning_ns;
	sums->notices += !is_warning;
	sums->warnings += (uint64_t)is_warning;
	tell_slow(loop, is_warning);
}

void
rota__metrics_free(struct rota_loop *loop)
{
	rota__free(&loop->memory, loop->metrics);
	loop->metrics = NULL;
	loop->after &= ~(uint32_t)ROTA__AFTER_METRICS;
}

int
rota_loop_measure(struct rota_loop *loop, int on)
{
	struct rota__metrics *metrics;

	if (loop == NULL)
		return -EINVAL;
	if (!on) {
		rota__metrics_free(loop);
		return 0;
	}
	metrics = rota__realloc(&loop->memory, NULL, sizeof(*metrics));
	if (metrics == NULL)
		return -ENOMEM;
	rota__metrics_free(loop);
	memset(metrics, 0, sizeof(*metrics));
	loop->metrics = metrics;
	loop->after |= ROTA__AFTER_METRICS;
	rota__metrics_begin_turn(loop);
	return 0;
}

int
rota_loop_time(const struct rota_loop *loop, struct rota_loop_time *ret_time)
{
	const struct rota__metrics *metrics;
	size_t size;

	if (loop == NULL || ret_time == NULL ||
		ret_time->size != sizeof(*ret_time))
		return -EINVAL;
	metrics = loop->metrics;
	if (metrics == NULL)
		return -ENOENT;
	size = ret_time->size;
	*ret_time = metrics->sums;
	ret_time->size = size;
	if (ret_time->turns > 0)
		ret_time->mean_ns = ret_time->busy_ns / ret_time->turns;
	ret_time->p50_ns = rota__histogram_share(&metrics->histogram, 500);
	ret_time->p90_ns = rota__histogram_share(&metrics->histogram, 900);
	ret_time->p99_ns = rota__histogram_share(&metrics->histogram, 990);
	ret_time->p999_ns = rota__histogram_share(&metrics->histogram, 999);
	return 0;
}

int
rota_loop_on_slow(struct rota_loop *loop, uint64_t notice_ns,
	uint64_t warning_ns, rota_slow_fn *fn, void *data)
{
	if (loop == NULL)
		return -EINVAL;
	if (notice_ns == 0)
		notice_ns = DEFAULT_NOTICE_NS;
	if (warning_ns == 0)
		warning_ns = DEFAULT_WARNING_NS;
	if (warning_ns < notice_ns)
		return -EINVAL;
	loop->notice_ns = notice_ns;
	loop->warning_ns = warning_ns;
	loop->slow = fn;
	loop->slow_data = data;
	return 0;
}

const char *
rota_phase_name(enum rota_phase phase)
{
	static const char *const names[] = { "timers", "pending", "idle",
		"prepare", "poll", "check", "close" };

	return (unsigned)phase < ROTA_N_PHASES ? names[phase] : NULL;
}
