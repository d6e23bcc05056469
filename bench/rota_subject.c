/* SPDX-License-Identifier: MIT */
/* rota as a subject: which function does what. */
#include <rota.h>

#include "bench/rota.h"

const struct subject subject_rota = {
	.name = "rota",
	.version = rota_version,
	.open = bench_rota_open,
	.backend = bench_rota_backend,
	.run = bench_rota_run,
	.stop = bench_rota_stop,
	.turns = bench_rota_turns,
	.ring = bench_rota_ring,
	.toggle = bench_rota_toggle,
	.keep_busy = bench_rota_keep_busy,
	.timers_make = bench_rota_timers_make,
	.timers_arm = bench_rota_timers_arm,
	.timers_idle = bench_rota_timers_idle,
	.timers_again = bench_rota_timers_again,
	.timers_restart = bench_rota_timers_restart,
	.late = bench_rota_late,
	.bell_make = bench_rota_bell_make,
	.bell_ring = bench_rota_bell_ring,
	.post = bench_rota_post,
	.echo = bench_rota_echo,
	.churn = bench_rota_churn,
	.datagrams = bench_rota_datagrams,
	.spawn = bench_rota_spawn,
	.jobs_make = bench_rota_jobs_make,
	.jobs_go = bench_rota_jobs_go,
};
