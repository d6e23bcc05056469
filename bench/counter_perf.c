/* SPDX-License-Identifier: MIT */
/*
 * Instructions in user space as the processor counts them: perf_event_open(2).
 * Many virtual machines have no such counter, and valgrind has to do.
 */
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench/sample.h"

static int fd = -1;

void
counter_open(void)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_HARDWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_HW_INSTRUCTIONS,
		.disabled = 1,
		.exclude_kernel = 1,
		.exclude_hv = 1 };

	fd = (int)syscall(
		SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

void
counter_go(void)
{
	if (fd >= 0)
		(void)ioctl(fd, PERF_EVENT_IOC_ENABLE, 0);
}

void
counter_pause(void)
{
	if (fd >= 0)
		(void)ioctl(fd, PERF_EVENT_IOC_DISABLE, 0);
}

double
counter_read(void)
{
	uint64_t count;

	if (fd < 0 || read(fd, &count, sizeof(count)) != sizeof(count))
		return -1;
	return (double)count;
}
