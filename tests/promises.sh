#!/bin/sh
# SPDX-License-Identifier: MIT
#
# usage: promises.sh [SRCDIR]
#
# Prints the functions that the public headers promise, one on a line, each
# followed by the macros that call it:
#
#	rota_timer_start_with rota_timer_start

set -u
cd -- "${1:-${srcdir:-$(dirname -- "$0")/..}}" || exit 99

LC_ALL=C awk -f tests/lint/strip.awk include/rota.h include/rota/*.h |
	sed 's/^[^:]*:[0-9]*: //' |
	LC_ALL=C awk '
# What is called in `text`, or declared there: the first name before "(".
function called(text)
{
	if (!match(text, /rota_[a-z0-9_]+\(/))
		return ""
	return substr(text, RSTART, RLENGTH - 1)
}

# Of "#define name(arguments) body", `text` being all after "#define".
function take_macro(text,    name, at, to)
{
	name = called(text)
	at = index(text, ")")
	if (name == "" || index(text, name "(") != 1 || at == 0)
		return
	to = called(substr(text, at))
	macros[to] = macros[to] " " name
}

# A directive, with the lines that continue it.
in_directive || /^[ \t]*#/ {
	in_directive = sub(/\\$/, "")
	directive = directive $0
	if (!in_directive) {
		if (sub(/^[ \t]*#[ \t]*define[ \t]+/, "", directive))
			take_macro(directive)
		directive = ""
	}
	next
}

# Anything else, up to its end.
{
	statement = statement " " $0
	if ($0 !~ /[;{}]/)
		next
	if (statement ~ /ROTA_API/)
		functions[called(statement)] = 1
	statement = ""
}

END {
	for (name in functions)
		print name macros[name]
}' | LC_ALL=C sort
