/* SPDX-License-Identifier: MIT */
/*
 * EVFILT_PROC with NOTE_EXIT, by a pidfd of our own, and EVFILT_SIGNAL.
 *
 * A kernel counts a signal when it is sent, whatever becomes of it. We only
 * see those delivered, by a handler of ours that counts and then does what
 * the disposition found there says, and those that stay pending because the
 * looking thread blocks them.
 */
#include "fake.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static int
wait_status(const siginfo_t *info)
{
	if (info->si_code == CLD_EXITED)
		return (info->si_status & 0xff) << 8;
	return info->si_status | (info->si_code == CLD_DUMPED ? 0x80 : 0);
}

/* Asks without reaping, which only a parent can. */
static bool
is_gone(pid_t pid)
{
	siginfo_t info = { .si_pid = 0 };

	if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0)
		return info.si_pid != 0;
	return kill(pid, 0) < 0 && errno == ESRCH;
}

/* pidfd_open(2): readable means dead. Without one we have to keep asking. */
static bool
is_dead(struct fake_knote *kn)
{
	struct pollfd pfd = { .events = POLLIN };

	if (!kn->source)
		return is_gone((pid_t)kn->kev.ident);
	pfd.fd = kn->source->fd;
	return poll(&pfd, 1, 0) > 0;
}

static int
open_process(struct fake_knote *kn)
{
	pid_t pid = (pid_t)kn->kev.ident;
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	int r;

	/* Old kernels and valgrind have no pidfd. */
	if (fd < 0 && errno == ENOSYS) {
		fake_link_append(&kn->kq->rechecked, &kn->in_rechecked);
		return kill(pid, 0) < 0 && errno == ESRCH ? ESRCH : 0;
	}
	if (fd < 0)
		return errno == EINVAL ? ESRCH : errno;
	fd = fake_high_fd(fd);
	r = fake_source_get_ours(kn->kq, fd, &kn->source);
	if (r != 0)
		(void)close(fd);
	return r;
}

static int
proc_attach(struct fake_knote *kn)
{
	int r = open_process(kn);

	if (r == 0 && !fake_personality.reports_zombies && is_dead(kn))
		r = ESRCH;
	if (r != 0) {
		fake_link_remove(&kn->in_rechecked);
		if (kn->source)
			fake_source_put(kn->source);
	}
	return r;
}

static int
proc_touch(struct fake_knote *kn, const struct kevent *change)
{
	if (change->flags & EV_ADD)
		kn->kev.fflags = change->fflags;
	return 0;
}

static bool
proc_is_ready(struct fake_knote *kn, struct fake_report *ret_report)
{
	const struct fake_personality *p = &fake_personality;
	siginfo_t info = { .si_pid = 0 };

	if (!(kn->kev.fflags & NOTE_EXIT) || !is_dead(kn))
		return false;
	ret_report->fflags = NOTE_EXIT;
	ret_report->is_eof = true;
	ret_report->is_last = true;
	if (!p->has_exit_status ||
		(p->exit_status_note &&
			!(kn->kev.fflags & p->exit_status_note)))
		return true;
	ret_report->fflags |= p->exit_status_note;
	if (waitid(P_PID, (id_t)kn->kev.ident, &info,
		    WEXITED | WNOHANG | WNOWAIT) == 0 &&
		info.si_pid != 0)
		ret_report->data = wait_status(&info);
	return true;
}

const struct fake_filter fake_proc_filter = {
	.slot = FAKE_READ,
	.attach = proc_attach,
	.touch = proc_touch,
	.is_ready = proc_is_ready,
	.has_news = is_dead,
};

/* Written by the handler only. */
static atomic_uint raised[NSIG];
/* What the handler does after counting. Set before it is installed. */
static struct sigaction chained[NSIG];
static unsigned int n_knotes[NSIG];
/* Member of each epoll set: a write wakes all sleepers. Never read. */
static int bell_fd = -1;
/* Of this thread's signals since its wait began: came one that the user
 * ignores, came one that a handler of the user's took? */
static _Thread_local volatile sig_atomic_t was_quiet;
static _Thread_local volatile sig_atomic_t was_loud;

static void
count_signal(int number, siginfo_t *info, void *context)
{
	const struct sigaction *next = &chained[number];
	const uint64_t one = 1;
	int saved = errno;

	atomic_fetch_add(&raised[number], 1);
	(void)!write(bell_fd, &one, sizeof(one));
	errno = saved;
	if (next->sa_flags & SA_SIGINFO) {
		was_loud = 1;
		next->sa_sigaction(number, info, context);
	} else if (next->sa_handler != SIG_IGN && next->sa_handler != SIG_DFL) {
		was_loud = 1;
		next->sa_handler(number);
	} else {
		was_quiet = 1;
	}
}

void
fake_signal_begin_wait(void)
{
	was_quiet = 0;
	was_loud = 0;
}

bool
fake_signal_was_quiet(void)
{
	return was_quiet && !was_loud;
}

int
fake_signal_bell_fd(void)
{
	return bell_fd;
}

void
fake_signal_begin(void)
{
	bell_fd = fake_high_fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

void
fake_signal_end(void)
{
	(void)close(bell_fd);
}

/* A child that rings must not wake its parent. */
void
fake_signal_after_fork(void)
{
	(void)close(bell_fd);
	fake_signal_begin();
}

static bool
is_number(uintptr_t ident)
{
	return ident > 0 && ident < NSIG;
}

/* Would this disposition let the signal go without a trace? Where it ends or
 * stops the process, or takes the children away, it must stay as it is. */
static bool
can_count(int number, const struct sigaction *now)
{
	if (now->sa_flags & SA_SIGINFO)
		return now->sa_sigaction != count_signal;
	if (now->sa_handler == SIG_IGN)
		return number != SIGCHLD;
	if (now->sa_handler == SIG_DFL)
		return number == SIGCHLD || number == SIGURG ||
			number == SIGWINCH;
	return true;
}

/* Puts our handler before what is there; also when the user has changed it
 * since. */
static void
adopt(int number)
{
	struct sigaction now;
	struct sigaction ours;

	if (sigaction(number, NULL, &now) < 0 || !can_count(number, &now))
		return;
	ours = now;
	ours.sa_sigaction = count_signal;
	ours.sa_flags |= SA_SIGINFO;
	if (!(now.sa_flags & SA_SIGINFO) &&
		(now.sa_handler == SIG_IGN || now.sa_handler == SIG_DFL))
		ours.sa_flags |= SA_RESTART;
	chained[number] = now;
	(void)sigaction(number, &ours, NULL);
}

static bool
is_pending(int number)
{
	sigset_t set;

	return sigpending(&set) == 0 && sigismember(&set, number) == 1;
}

static int
signal_attach(struct fake_knote *kn)
{
	kn->kev.flags |= EV_CLEAR;
	if (!is_number(kn->kev.ident))
		return fake_personality.checks_signal_number ? EINVAL : 0;
	n_knotes[kn->kev.ident]++;
	adopt((int)kn->kev.ident);
	kn->seen = atomic_load(&raised[kn->kev.ident]);
	kn->is_fired = is_pending((int)kn->kev.ident);
	fake_link_append(&kn->kq->rechecked, &kn->in_rechecked);
	return 0;
}

static void
signal_detach(struct fake_knote *kn)
{
	struct sigaction now;
	int number = (int)kn->kev.ident;

	if (!is_number(kn->kev.ident) || --n_knotes[number] > 0)
		return;
	if (sigaction(number, NULL, &now) == 0 && now.sa_flags & SA_SIGINFO &&
		now.sa_sigaction == count_signal)
		(void)sigaction(number, &chained[number], NULL);
}

/* How many were not told yet. seen counts those told, is_fired says that a
 * pending one is among them. */
static int64_t
count_news(const struct fake_knote *kn)
{
	int number = (int)kn->kev.ident;
	int64_t n;

	if (!is_number(kn->kev.ident))
		return 0;
	n = (int64_t)atomic_load(&raised[number]) - kn->seen;
	if (kn->is_fired && n > 0)
		return n - 1;
	return n + (!kn->is_fired && is_pending(number));
}

static bool
signal_has_news(struct fake_knote *kn)
{
	adopt((int)kn->kev.ident);
	return count_news(kn) > 0;
}

static bool
signal_is_ready(struct fake_knote *kn, struct fake_report *ret_report)
{
	ret_report->data = count_news(kn);
	return ret_report->data > 0;
}

static void
signal_delivered(struct fake_knote *kn, const struct fake_report *report)
{
	int number = (int)kn->kev.ident;

	(void)report;
	kn->seen = atomic_load(&raised[number]);
	kn->is_fired = is_pending(number);
}

const struct fake_filter fake_signal_filter = {
	.attach = signal_attach,
	.detach = signal_detach,
	.is_ready = signal_is_ready,
	.has_news = signal_has_news,
	.delivered = signal_delivered,
};
