#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A lint that cannot fail is a defect. For each rule this makes a tiny tree
# with one offence and demands that the lint finds it, at the right place;
# and a tree full of things that only look like offences, which must pass.

set -u

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 2
scratch=$(mktemp -d "${TMPDIR:-/tmp}/rota-lint-selftest.XXXXXX") || exit 2
trap 'rm -rf "$scratch"' EXIT
trap 'exit 2' HUP INT TERM

tree=$scratch/good
passed=0
failed=0

# Writes standard input to a file of the tree, a licence line before it.
put()
{
	mkdir -p "$tree/$(dirname -- "$1")"
	case $1 in
	*.[ch]) echo '/* SPDX-License-Identifier: MIT */' ;;
	*) echo '# SPDX-License-Identifier: MIT' ;;
	esac >"$tree/$1"
	cat >>"$tree/$1"
}

# A tree in which nothing is wrong, though much looks so.
make_good_tree()
{
	put include/rota.h <<-'END'
	#ifndef ROTA_H
	#define ROTA_H
	#include <stddef.h>
	#include <rota/timer.h>
	#endif
	END
	put include/rota/timer.h <<-'END'
	#ifndef ROTA_TIMER_H
	#define ROTA_TIMER_H

	#include <stdint.h>
	#ifdef __cplusplus
	extern "C" {
	#endif
	#ifdef __GNUC__
	#define ROTA_API __attribute__((visibility("default")))
	#else
	#define ROTA_API
	#endif
	#define ROTA_BEGIN_C
	#define ROTA_TEXT_(x) #x
	ROTA_BEGIN_C

	struct pollfd;
	struct rota_timer;
	/* int close(int fd); is no declaration here */
	typedef void rota_timer_fn(struct rota_timer *timer);
	enum rota_mode {
		ROTA_MODE_ONE = 1 << 0, /* a comment, with a comma */
		ROTA_MODE_TWO
	};
	struct rota_timer {
		uint64_t due_ns;
		int (*read)(int fd);
		struct { size_t n; } spare;
	};
	extern const char *const rota_names[3];
	ROTA_API int rota_timer_start(struct rota_timer *timer,
		rota_timer_fn *fn, uint64_t delay_ns);
	#define rota_timer_start(t, fn, d) \
		rota_timer_start_at_place((t), (fn), (d), ROTA_TEXT_(fn))
	int rota_timer_log(const char *format, ...)
		__attribute__((format(printf, 1, 2)));
	void (*rota_timer_hook(int n))(int);
	#ifdef __cplusplus
	}
	#endif
	#endif
	END
	put core/sys.h <<-'END'
	#ifndef ROTA_CORE_SYS_H
	#define ROTA_CORE_SYS_H
	#include <sys/types.h>
	struct rota_sys {
		ssize_t (*read)(int fd, void *buffer, size_t len);
		int (*close)(int fd);
	};
	int rota__sys_close(int fd);
	#endif
	END
	put core/sys.c <<-'END'
	#include "config.h"

	#include "core/sys.h"

	#include <unistd.h>

	int
	rota__sys_close(int fd)
	{
		return close(fd);
	}
	END
	put core/sys/wake_pipe.c <<-'END'
	#include "core/sys.h"

	#include <unistd.h>

	int rota__wake(int fd[2])
	{
		return pipe(fd);
	}
	END
	put core/post.h <<-'END'
	#ifndef ROTA_CORE_POST_H
	#define ROTA_CORE_POST_H
	int rota__post(void);
	#endif
	END
	put core/backend.h <<-'END'
	#ifndef ROTA_CORE_BACKEND_H
	#define ROTA_CORE_BACKEND_H
	int rota__backend;
	#endif
	END
	put core/options.c <<-'END'
	#include <rota.h>

	#include <stdlib.h>

	#if WITH_NAMES
	static const int with_names = 1;
	#endif

	const char *
	rota_name(void)
	{
		return getenv("ROTA_BACKEND");
	}
	END
	put core/handles/timer.c <<-'END'
	#include "core/sys.h"
	#include "rota/timer.h"

	/* read(fd) and malloc(3) would be wrong here; so would #include "pool/x.h". */
	static const char *const text = "close(fd); /* \" abort() */";
	// exit(1);
	#define CALL(sys, fd) do { \
		sys->close(fd); } while (0)
	#define CHECK(x) \
		do {     \
			(void)(x);

	struct poll { int time; };

	int table[] = {
	#if HAVE_ONE
		1,
	#endif
		2,
	};

	static int
	use(const struct rota_sys *sys, struct rota_sys t, int free)
	{
		struct sigaction *action = (struct sigaction *)0;
		int time = free, reader_close(int), n = sizeof(struct poll);
		char quote = '"', brace = '{';

		(void)action;
		sys->close(time);
		(*sys->read)(1, 0, 0);
		t.close(n);
		sys->close (n);
		return reader_close(3) + rota__sys_close(quote) + brace +
			(*sys).close(4) + t
			.close(5) + sys
			->close(6);
	}

	#ifdef HAVE_TWO
	int two;
	#else
	int not_two;
	#endif

	int
	rota__use(void)
	{
		return use(0, (struct rota_sys){0}, 1);
	}
	END
	put backends/epoll.c <<-'END'
	#include "core/backend.h"

	#include <sys/epoll.h>
	#include <sys/syscall.h>

	int
	wait_epoll(int fd)
	{
		epoll_wait(fd, 0, 0, 0);
		return (int)syscall(SYS_epoll_pwait2, fd);
	}
	END
	put backends/kqueue.c <<-'END'
	#include "core/backend.h"

	#include <sys/event.h>

	int
	open_kqueue(void)
	{
		struct kevent change;

		return kevent(kqueue(), &change, 1, 0, 0, 0);
	}
	END
	put backends/poll.c <<-'END'
	#include "core/backend.h"

	#include <poll.h>

	int wait_poll(void) { return poll(0, 0, 0); }
	END
	put pool/pool.h <<-'END'
	#ifndef ROTA_POOL_POOL_H
	#define ROTA_POOL_POOL_H
	struct rota__pool;
	#endif
	END
	put pool/pool.c <<-'END'
	#include "pool/pool.h"

	#include <pthread.h>

	#include "core/post.h"
	#include "core/sys.h"

	#include <rota.h>

	int
	rota__pool(void)
	{
		return rota__post();
	}
	END
	put examples/hello.c <<-'END'
	#include <rota.h>
	#include <rota/timer.h>
	#include <stdio.h>

	int main(void) { return printf("hello\n") < 0; }
	END
	put bench/turns.c <<-'END'
	#include "bench/clock.h"

	#include <rota.h>
	END
	put bench/clock.h <<-'END'
	#ifndef ROTA_BENCH_CLOCK_H
	#define ROTA_BENCH_CLOCK_H
	#endif
	END
	put tests/check_timer.c <<-'END'
	#include "core/sys.h"
	#include "pool/pool.h"
	END
	put Makefile.am <<-'END'
	# Nothing to build.
	END
	mkdir -p "$tree/tests/lint"
	{
		echo '#!/bin/sh'
		echo '# SPDX-License-Identifier: MIT'
	} >"$tree/tests/lint/nothing.sh"
	printf 'BasedOnStyle: LLVM\nDisableFormat: true\n' >"$tree/.clang-format"
}

# Undoes what was done to the tree.
good_tree()
{
	tree=$scratch/tree
	rm -rf "$tree"
	cp -R "$scratch/good" "$tree"
}

# The lint must pass on the tree as it is.
#   passes LINT
passes()
{
	if said=$(sh "$here/$1.sh" "$tree" 2>&1); then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "selftest: $1 complains about a tree without faults:"
		echo "$said" | sed 's/^/  /'
	fi
}

# The lint must fail, naming the place; then the tree is made good again.
#   finds LINT PLACE
finds()
{
	said=$(sh "$here/$1.sh" "$tree" 2>&1)
	verdict=$?
	if [ "$verdict" -eq 1 ] && echo "$said" | grep -qF -- "$2"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "selftest: $1 ($verdict) misses the offence at $2"
		[ ! -f "$tree/${2%%:*}" ] || sed 's/^/  | /' "$tree/${2%%:*}"
		echo "$said" | sed 's/^/  /'
	fi
	good_tree
}

# Adds lines of standard input to a good file at its end.
add()
{
	cat >>"$tree/$1"
}

last_line()
{
	wc -l <"$tree/$1" | tr -d ' '
}

# One offending line at the end of a file.
#   offence LINT FILE TEXT
offence()
{
	echo "$3" | add "$2"
	finds "$1" "$2:$(last_line "$2"):"
}

# One offending line in a function of its own at the end of a file.
#   offending_call FILE TEXT
offending_call()
{
	printf 'static int\nextra(int fd)\n{\n\t%s\n}\n' "$2" | add "$1"
	finds syscalls "$1:$(($(last_line "$1") - 1)):"
}

make_good_tree
good_tree
for lint in includes syscalls names conditionals; do
	passes $lint
done

# Includes.
offence includes core/sys.c '#include "pool/pool.h"'
offence includes core/sys.c '#include "backends/epoll.h"'
offence includes core/sys.c '#  include	"tests/fake_kqueue/sys/event.h"'
offence includes core/handles/timer.c '#include "../sys.h"'
offence includes core/handles/timer.c '#include "timer.h"'
offence includes core/sys.h '#include <pool/pool.h> /* in angles */'
offence includes backends/epoll.c '#include "core/sys.h"'
offence includes backends/epoll.c '#include <rota.h>'
offence includes backends/poll.c '#include "backends/epoll.h"'
offence includes pool/pool.c '#include "core/heap.h"'
offence includes pool/pool.c '#include "backends/epoll.h"'
offence includes examples/hello.c '#include "core/sys.h"'
offence includes examples/hello.c '#include "config.h"'
offence includes bench/turns.c '#include "core/sys.h"'
offence includes bench/turns.c '#include "tests/fake.h"'
offence includes include/rota/timer.h '#include "core/sys.h"'
offence includes include/rota/timer.h '#include "config.h"'
offence includes core/sys.c '#include WHATEVER'

# System calls.
for call in 'read(fd, 0, 0);' 'close (fd);' 'return close(fd);' \
	'(void)close(fd);' 'fcntl(fd, 0);' 'malloc(3);' 'free(0);' \
	'clock_gettime(0, 0);' 'accept4(fd, 0, 0, 0);' 'pthread_sigmask(0, 0, 0);' \
	'getenv("HOME");' 'printf("no\n");' 'abort();' 'exit(fd);' \
	'assert(fd);' 'atexit(0);' 'poll(0, 0, 0);' 'epoll_wait(fd, 0, 0, 0);' \
	'void *(*take)(size_t) = malloc;' 'use(fd, &clock_gettime);' \
	'fd = 3; /* as in */ close(fd);' 'text("/*"); close(fd);' \
	'f(sys->close(1), close(2));'
do
	offending_call core/handles/timer.c "$call"
done
offending_call pool/pool.c 'write(fd, 0, 0);'
offending_call backends/epoll.c 'close(fd);'
offending_call backends/epoll.c 'kevent(fd, 0, 0, 0, 0, 0);'
offending_call backends/epoll.c 'syscall(SYS_close, fd);'
offending_call backends/kqueue.c 'epoll_create1(0);'
offending_call backends/poll.c 'select(0, 0, 0, 0, 0);'
offending_call core/sys.c 'printf("no\n");'
offending_call core/sys.c 'getenv("HOME");'
offending_call core/sys/wake_pipe.c 'abort();'
offending_call core/options.c 'setenv("A", "b", 1);'
offence syscalls core/sys.c '#include <assert.h>'
offence syscalls core/sys.c '__attribute__((destructor)) static void at_end(void);'

# Names.
timer=include/rota/timer.h
offence names $timer 'int start_timer(void);'
offence names $timer 'int rota__timer_start(void);'
offence names $timer 'ROTA_API struct rota_timer *timer_new(int n);'
offence names $timer 'int rotaTimer(void);'
offence names $timer 'extern int counter;'
offence names $timer 'typedef void rota_timer_cb(int n);'
offence names $timer 'typedef struct rota_timer rota_timer;'
offence names $timer 'struct timer { int n; };'
offence names $timer 'enum rota_more { MORE };'
offence names $timer '#define TIMERS 3'
offence names $timer 'static inline int rota_two(void) { return 2; }'
offence names core/sys.h 'typedef int number_t;'
offence names core/sys.c 'typedef int (*caller_t)(int fd);'
offence names pool/pool.h 'typedef int caller_t(int fd);'
offence names core/sys.h 'struct rota_timer_t { int n; };'
put core/heap.h <<-'END'
#ifndef ROTA_HEAP_H
#define ROTA_HEAP_H
#endif
END
finds names core/heap.h:1:
put core/heap.h <<-'END'
#ifndef ROTA_CORE_HEAP_H
#define ROTA_CORE_HEAP
#endif
END
finds names core/heap.h:1:
put core/heap.h <<-'END'
#pragma once
END
finds names core/heap.h:1:
echo 'int x;' >"$tree/core/bare.c"
finds names core/bare.c:1:
echo '/* SPDX-License-Identifier: MIT */' | add core/sys.c
finds names core/sys.c:1:
printf '\n/* SPDX-License-Identifier: MIT */\n' >"$tree/core/late.c"
finds names core/late.c:2:
echo '/* SPDX-License-Identifier: GPL-2.0 */' >"$tree/core/other.c"
finds names core/other.c:1:
printf '#!/bin/sh\necho\n' >"$tree/tests/lint/nothing.sh"
finds names tests/lint/nothing.sh:1:
echo '# no licence' >"$tree/Makefile.am"
finds names Makefile.am:1:

# Conditionals.
put core/inside.c <<-'END'
int
inside(int n)
{
#ifdef HAVE_IT
	return n;
#else
	return 0;
#endif
}
END
finds conditionals core/inside.c:5:
put pool/inside.c <<-'END'
static const int table[] = { 1, 2 };

__attribute__((cold)) int inside(int n) {
	if (n) {
		char c = '}';
#  if HAVE_IT
		return c;
#  endif
	}
	return table[0];
}
END
finds conditionals pool/inside.c:7:
put backends/whole.c <<-'END'
#include "core/backend.h"

#ifdef HAVE_EPOLL
#include <sys/epoll.h>

int whole;
#endif
END
finds conditionals backends/whole.c:4:
put core/whole.h <<-'END'
#ifndef ROTA_CORE_WHOLE_H
#define ROTA_CORE_WHOLE_H
#if HAVE_WHOLE
int whole;
#endif
#endif
END
finds conditionals core/whole.h:4:
offence conditionals core/sys.c '#ifdef __linux__'
offence conditionals core/sys.h '#if defined(__FreeBSD__) || 0'
offence conditionals backends/kqueue.c '#elif defined __APPLE__'
offence conditionals $timer '#if !defined(_WIN32)'
offence conditionals pool/pool.c '#if __FreeBSD_version > 1200000'
printf '#if defined(A) || \\\n\tdefined(__NetBSD__)\n' | add core/sys.c
finds conditionals "core/sys.c:$(last_line core/sys.c):"

# A tree without files must not pass for a clean one.
for lint in includes syscalls names conditionals; do
	rm -rf "$tree"
	mkdir -p "$tree"
	finds $lint "no files found"
done

# Layout, where it can be looked at.
if command -v clang-format >/dev/null 2>&1; then
	passes format
	printf 'BasedOnStyle: LLVM\n' >"$tree/.clang-format"
	printf 'int   x  ;\n' | add core/sys.c
	finds format core/sys.c
	rm "$tree/.clang-format"
	finds format 'no .clang-format'
fi

# Static analysis, where there are the tools.
if command -v cppcheck >/dev/null 2>&1; then
	rm -rf "$tree"
	mkdir -p "$tree"
	put core/null.c <<-'END'
	int null(int n);
	int
	null(int n)
	{
		int *p = 0;

		if (n > 3)
			return *p;
		return n;
	}
	END
	finds static core/null.c:9:
fi
if command -v clang-tidy >/dev/null 2>&1; then
	rm -rf "$tree"
	mkdir -p "$tree"
	put core/twice.c <<-'END'
	int twice(int n);
	int
	twice(int other)
	{
		return other * 2;
	}
	END
	check=readability-inconsistent-declaration-parameter-name
	printf "Checks: '-*,%s'\nWarningsAsErrors: '*'\n" $check \
		>"$tree/.clang-tidy"
	finds static core/twice.c:2:
fi

echo "selftest: $passed as they should be, $failed not"
[ "$failed" -eq 0 ]
