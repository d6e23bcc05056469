#!/bin/sh
# SPDX-License-Identifier: MIT
#
# usage: run.sh SRCDIR BUILDDIR
#
# Installs a finished build into a place that it was not made for, builds the
# three small projects beside this script with it, and runs them: found by
# pkg-config, found by CMake, and as a part of another project. Touches
# nothing but a temporary folder.

set -eu

src=$(cd "${1:?usage: run.sh SRCDIR BUILDDIR}" && pwd)
build=$(cd "${2:?usage: run.sh SRCDIR BUILDDIR}" && pwd)
make=${MAKE:-make}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

say()
{
	printf '%s\n' "consumers: $*"
}

# What `make install` without words would take for a directory.
variable()
{
	# shellcheck disable=SC2016 # for make to expand
	printf 'include %s/Makefile\nprint:\n\t@echo $(%s)\n' "$build" "$1" \
		>"$dir/print.mk"
	(cd "$build" && "$make" -s -f "$dir/print.mk" print)
}

# run PROGRAM: with the shared library that we have just installed.
run()
{
	LD_LIBRARY_PATH=$lib DYLD_LIBRARY_PATH=$lib "$1"
	say "ran ${1#"$dir"/}"
}

stage()
{
	libdir=$(variable libdir)
	(cd "$build" && "$make" DESTDIR="$dir/root" install) >"$dir/install.log" ||
		{ cat "$dir/install.log"; exit 1; }

	# Moved to where nothing can know it from before.
	mkdir "$dir/moved"
	mv "$dir/root" "$dir/moved/elsewhere"
	root=$dir/moved/elsewhere
	lib=$root$libdir
	has_shared=no
	for file in "$lib"/librota.so* "$lib"/librota*.dylib; do
		[ ! -f "$file" ] || has_shared=yes
	done
	has_static=no
	[ ! -f "$lib/librota.a" ] || has_static=yes
	say "installed; shared: $has_shared, static: $has_static"
}

# Installed below another prefix than configure was told.
try_prefix()
{
	(cd "$build" && "$make" install prefix="$dir/other") \
		>"$dir/prefix.log" 2>&1 || { cat "$dir/prefix.log"; exit 1; }
	file=$(find "$dir/other" -name rota.pc)
	if ! grep -qx "prefix=$dir/other" "$file" ||
		grep -v '^prefix=' "$file" | grep -q '=/'; then
		say "rota.pc does not heed the prefix of make install"
		cat "$file"
		exit 1
	fi
	say "make install heeds its prefix"
}

try_pkgconfig()
{
	(
		export PKG_CONFIG_LIBDIR="$lib/pkgconfig"
		export PKG_CONFIG_SYSROOT_DIR="$root"
		export PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1
		export PKG_CONFIG_ALLOW_SYSTEM_LIBS=1
		cd "$dir/consumers/pkgconfig"
		if [ $has_shared = yes ]; then
			"$make" consumer-shared
			run "$dir/consumers/pkgconfig/consumer-shared"
		fi
		if [ $has_static = yes ]; then
			"$make" consumer-static
			run "$dir/consumers/pkgconfig/consumer-static"
		fi
	)
}

# try_cmake TARGET
try_cmake()
{
	out=$dir/cmake-${1##*:}
	mkdir "$out"
	(
		cd "$out"
		cmake -Drota_DIR="$lib/cmake/rota" -DROTA_TARGET="$1" \
			"$dir/consumers/cmake"
		cmake --build .
	)
	run "$out/consumer"
}

try_subdirs()
{
	parent=$dir/consumers/subdirs
	cp "$dir/consumers/main.c" "$parent"
	(cd "$build" && "$make" distdir distdir=rota-for-consumers &&
		mv rota-for-consumers "$parent/rota") >"$dir/dist.log" ||
		{ cat "$dir/dist.log"; exit 1; }
	chmod -R u+w "$parent/rota"
	mkdir "$dir/subdirs-build"
	(
		cd "$parent"
		# The parent's own files; ours came with the release.
		autoreconf -fi --no-recursive
		cd "$dir/subdirs-build"
		"$parent/configure" --quiet
		"$make" -j2
		"$make" check-am
	)
	say "ran subdirs"
}

mkdir "$dir/consumers"
(cd "$src/tests/consumers" && tar cf - .) | (cd "$dir/consumers" && tar xf -)
chmod -R u+w "$dir/consumers"

stage
try_prefix
try_pkgconfig
if command -v cmake >/dev/null 2>&1; then
	try_cmake rota::rota
	[ $has_static = no ] || try_cmake rota::rota_static
else
	say "no cmake here: left out"
fi
if command -v autoreconf >/dev/null 2>&1; then
	try_subdirs
else
	say "no autoreconf here: subdirs left out"
fi
say "all well"
