/* SPDX-License-Identifier: MIT */
/*
 * Where the systems differ, as tables: which filters there are and what
 * each system does where the others do something else. The other files of
 * the fake know no system by name.
 */
#include "fake.h"

#include <errno.h>

#if defined(FAKE_KQUEUE_OPENBSD)
const struct fake_personality fake_personality = {
	.kept_flags = 0xfff,
	.enable_looks_again = true,
	.close_wakes_sleepers = true,
	.dead_reader_errno = EPIPE,
	.file_note = NOTE_EOF,
	.file_note_reported = NOTE_EOF,
	.datagram_overhead_bytes = 16,
	.has_exit_status = true,
	.checks_signal_number = true,
	.timer_restarts = true,
};
#elif defined(FAKE_KQUEUE_NETBSD)
const struct fake_personality fake_personality = {
	.kept_flags = 0xfff,
	.dead_reader_errno = EBADF,
	.file_write_errno = EINVAL,
	.datagram_overhead_bytes = 16,
	.timer_zero_errno = EINVAL,
};
#elif defined(FAKE_KQUEUE_MACOS)
const struct fake_personality fake_personality = {
	.kept_flags = 0xfff & ~(EV_DELETE | EV_ENABLE | EV_DISABLE),
	.echoed_flags = 0xfff,
	.enable_looks_again = true,
	.dead_reader_errno = EPIPE,
	.tty_errno = EINVAL,
	.has_exit_status = true,
	.exit_status_note = NOTE_EXITSTATUS,
	.timer_restarts = true,
	.note_seconds = NOTE_SECONDS,
	.note_useconds = NOTE_USECONDS,
	.note_nseconds = NOTE_NSECONDS,
	.note_absolute = NOTE_ABSOLUTE,
};
#else
const struct fake_personality fake_personality = {
	.kept_flags = EV_ONESHOT | EV_CLEAR | EV_RECEIPT | EV_DISPATCH,
	.echoed_flags = EV_ADD,
	.enable_looks_again = true,
	.dead_reader_errno = EPIPE,
	.dead_reader_ends = true,
	.device_errno = ENODEV,
	.file_note = NOTE_FILE_POLL,
	.reports_zombies = true,
	.has_exit_status = true,
	.timer_restarts = true,
	.timer_negative_errno = EINVAL,
	.note_seconds = NOTE_SECONDS,
	.note_useconds = NOTE_USECONDS,
	.note_nseconds = NOTE_NSECONDS,
	.note_absolute = NOTE_ABSTIME,
};
#endif

static const struct {
	int number;
	const struct fake_filter *filter;
} filters[] = {
	{ (int)EVFILT_READ, &fake_read_filter },
	{ (int)EVFILT_WRITE, &fake_write_filter },
	{ (int)EVFILT_VNODE, &fake_vnode_filter },
	{ (int)EVFILT_PROC, &fake_proc_filter },
	{ (int)EVFILT_SIGNAL, &fake_signal_filter },
	{ (int)EVFILT_TIMER, &fake_timer_filter },
#ifdef EVFILT_USER
	{ (int)EVFILT_USER, &fake_user_filter },
#endif
};

const struct fake_filter *
fake_find_filter(const struct kevent *change)
{
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		if (filters[i].number == (int)change->filter)
			return filters[i].filter;
	}
	return NULL;
}
