/* SPDX-License-Identifier: MIT */
/*
 * The table of signal watchers, see signals.h.
 *
 * The lock guards the whole table and the latest sender in each watcher. It
 * is held only with all signals blocked, so the handler never waits for the
 * thread that it interrupted; on another thread it waits for a few stores.
 */
#include "core/signals.h"

#include <errno.h>
#include <string.h>

#include "core/handle.h"
#include "core/post.h"

/* More than any system has. */
#define N_SIGNALS 129

static struct {
	int lock;
	struct rota_signal *watchers[N_SIGNALS];
	struct sigaction before[N_SIGNALS];
} table;

static void
lock(void)
{
	while (__atomic_exchange_n(&table.lock, 1, __ATOMIC_ACQUIRE))
		;
}

static void
unlock(void)
{
	__atomic_store_n(&table.lock, 0, __ATOMIC_RELEASE);
}

/* All other signals are blocked while this runs. */
static void
on_signal(int signum, siginfo_t *info, void *context)
{
	struct rota_signal *watcher;
	int saved = errno;

	(void)context;
	lock();
	watcher = table.watchers[signum];
	for (; watcher != NULL; watcher = watcher->next) {
		watcher->count++;
		watcher->pid = info->si_pid;
		watcher->uid = info->si_uid;
		watcher->code = info->si_code;
		(void)rota__note_send(watcher->handle.loop, &watcher->note);
	}
	unlock();
	errno = saved;
}

static int
install(const struct rota_sys *sys, int signum)
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_sigaction = on_signal;
	action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
	(void)sigfillset(&action.sa_mask);
	return sys->sigaction(signum, &action, &table.before[signum]);
}

/* Leaves alone what somebody else has installed since. */
static void
restore(const struct rota_sys *sys, int signum)
{
	struct sigaction now;

	if (sys->sigaction(signum, NULL, &now) == 0 &&
		(now.sa_flags & SA_SIGINFO) && now.sa_sigaction == on_signal)
		(void)sys->sigaction(signum, &table.before[signum], NULL);
}

/* Blocks all signals of this thread, and locks. */
static sigset_t
enter(const struct rota_sys *sys)
{
	sigset_t all;
	sigset_t old;

	(void)sigfillset(&all);
	(void)sigemptyset(&old);
	(void)sys->set_sigmask(SIG_SETMASK, &all, &old);
	lock();
	return old;
}

static void
leave(const struct rota_sys *sys, const sigset_t *old)
{
	unlock();
	(void)sys->set_sigmask(SIG_SETMASK, old, NULL);
}

/* Locked: puts a watcher last in its signal's list. */
static void
link_watcher(struct rota_signal *signal, int signum)
{
	struct rota_signal **at = &table.watchers[signum];

	while (*at != NULL)
		at = &(*at)->next;
	*at = signal;
	signal->signum = signum;
}

/* Locked: takes it out of a list. */
static void
unlink_watcher(struct rota_signal *signal, int signum)
{
	struct rota_signal **at = &table.watchers[signum];

	while (*at != signal)
		at = &(*at)->next;
	*at = signal->next;
	signal->next = NULL;
	signal->count = 0;
	if (table.watchers[signum] == NULL)
		restore(signal->handle.loop->sys, signum);
}

/* Locked: installs first, which alone can fail, then changes lists. */
static int
move_watcher(struct rota_signal *signal, int signum)
{
	int r = 0;

	if (table.watchers[signum] == NULL)
		r = install(signal->handle.loop->sys, signum);
	if (r < 0)
		return r;
	if (signal->signum != 0)
		unlink_watcher(signal, signal->signum);
	link_watcher(signal, signum);
	return 0;
}

/* What sigaction would refuse is found out before anything changes. */
static int
can_be_caught(const struct rota_sys *sys, int signum)
{
	struct sigaction ignored;

	return signum > 0 && signum < N_SIGNALS && signum != SIGKILL &&
		signum != SIGSTOP &&
		sys->sigaction(signum, NULL, &ignored) == 0;
}

int
rota__signals_move(struct rota_signal *signal, int signum)
{
	const struct rota_sys *sys = signal->handle.loop->sys;
	sigset_t old;
	int r;

	if (!can_be_caught(sys, signum))
		return -EINVAL;
	old = enter(sys);
	r = move_watcher(signal, signum);
	leave(sys, &old);
	return r;
}

void
rota__signals_remove(struct rota_signal *signal)
{
	const struct rota_sys *sys = signal->handle.loop->sys;
	sigset_t old = enter(sys);

	unlink_watcher(signal, signal->signum);
	signal->signum = 0;
	leave(sys, &old);
}

int
rota__signals_take(
	struct rota_signal *signal, struct rota_signal_event *ret_event)
{
	const struct rota_sys *sys = signal->handle.loop->sys;
	sigset_t old = enter(sys);
	unsigned count = signal->count;

	signal->count = 0;
	ret_event->count = count;
	ret_event->pid = (pid_t)signal->pid;
	ret_event->uid = (uid_t)signal->uid;
	ret_event->code = signal->code;
	leave(sys, &old);
	return count != 0;
}

void
rota__signals_fork(void)
{
	unlock();
}
