#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Platforms are chosen by file. So: no preprocessor conditional inside a
# function, none around a whole file (include guards excepted), and none that
# asks for the name of a system. A table may have conditional entries.

. "$(dirname -- "$0")/common.sh"

sources '*.[ch]' core backends pool >"$scratch/files"
sources '*.h' include >>"$scratch/files"

code blank <"$scratch/files" >"$scratch/code"

awk '
{
	line = $0
	sub(/^[^:]*:[0-9]+: /, "", line)
	whole = joined line
	if (whole !~ /^[ \t]*#/) {
		joined = ""
		next
	}
	if (line ~ /\\$/) {
		joined = substr(whole, 1, length(whole) - 1) " "
		next
	}
	joined = ""
	if (whole !~ /^[ \t]*#[ \t]*(el)?if/)
		next
	gsub(/[^A-Za-z0-9_]+/, " ", whole)
	n = split(whole, word, " ")
	for (i = 1; i <= n; i++)
		if (names_a_system(word[i])) {
			print $0
			next
		}
}

function names_a_system(w)
{
	if (w ~ /^(unix|linux|sun|hpux|BSD)$/)
		return 1
	sub(/^_+/, "", w)
	sub(/_+$/, "", w)
	if (w ~ /^(linux|gnu_linux|APPLE|MACH|FreeBSD|NetBSD|OpenBSD)$/)
		return 1
	if (w ~ /^(FreeBSD|NetBSD|OpenBSD|DragonFly)/)
		return 1
	if (w ~ /^(FreeBSD_kernel|BSD|bsdi|unix|sun|SVR4|svr4|AIX)$/)
		return 1
	if (w ~ /^(CYGWIN|MSYS|WIN32|WIN64|MINGW|ANDROID|HAIKU|QNX)/)
		return 1
	if (w ~ /^(GLIBC|UCLIBC|BIONIC|MUSL|hpux|HURD|GNU|illumos)$/)
		return 1
	return w ~ /^(TARGET_OS_|MAC_OS_|FreeBSD_version|NetBSD_Version)/
}' "$scratch/code" | report "conditionals that ask for the name of a system"

grep -E '^(core|backends|pool)/' "$scratch/code" | awk '
# Follows braces at file scope. kind: what the outermost open brace began.
{
	at = index($0, ": ")
	path = substr($0, 1, index($0, ":") - 1)
	line = substr($0, at + 2)
	if (path != file) {
		file = path
		depth = 0
		head = kind = ""
		in_directive = 0
	}
	if (in_directive || line ~ /^[ \t]*#/) {
		if (!in_directive && kind == "function" && is_conditional(line))
			print $0
		in_directive = line ~ /\\$/
		next
	}
	n = length(line)
	for (i = 1; i <= n; i++) {
		c = substr(line, i, 1)
		if (c == "{") {
			if (depth++ == 0)
				kind = kind_of(head)
		} else if (c == "}") {
			if (depth > 0 && --depth == 0) {
				if (kind == "function")
					head = ""
				kind = ""
			}
		} else if (depth == 0) {
			head = c == ";" ? "" : head c
		}
	}
	if (depth == 0)
		head = head " "
}

function is_conditional(s)
{
	return s ~ /^[ \t]*#[ \t]*(if|ifdef|ifndef|elif|else|endif)([^A-Za-z0-9_]|$)/
}

function kind_of(head)
{
	gsub(/__attribute__[ \t]*\(\(.*\)\)/, "", head)
	if (head ~ /=[ \t]*$/)
		return "table"
	if (head ~ /\)[ \t]*[A-Za-z_0-9 \t]*$/)
		return "function"
	return "type"
}' | report "conditionals inside a function"

awk '
# Lines of code inside and outside each outermost conditional of a file. The
# include guard (an #ifndef followed at once by #define of the same name) is
# no conditional here.
function end_of_file(    i)
{
	for (i = 1; i <= blocks; i++)
		if (inside[i] > 0 && inside[i] == total)
			print opened[i]
	blocks = total = depth = guard = pending = 0
	split("", inside)
}

{
	path = substr($0, 1, index($0, ":") - 1)
	line = substr($0, index($0, ": ") + 2)
	if (path != file) {
		end_of_file()
		file = path
	}
	if (in_directive) {
		in_directive = line ~ /\\$/
		next
	}
	if (line ~ /^[ \t]*#/) {
		in_directive = line ~ /\\$/
		directive(line)
		next
	}
	if (line ~ /[^ \t]/) {
		total++
		if (depth > 0)
			inside[blocks]++
	}
}

function directive(s,    n, word)
{
	gsub(/#/, " ", s)
	n = split(s, word, " ")
	if (pending != "" && word[1] == "define" && word[2] == pending &&
	    blocks == 1 && depth == 1) {
		guard = 1
		blocks = depth = 0
	}
	pending = ""
	if (word[1] ~ /^(if|ifdef|ifndef)$/) {
		if (depth++ == 0) {
			opened[++blocks] = $0
			inside[blocks] = 0
			if (word[1] == "ifndef" && !guard && total == 0)
				pending = word[2]
		}
	} else if (word[1] == "endif" && depth > 0) {
		depth--
	}
}

END { end_of_file() }' "$scratch/code" |
	grep -v '^include/' | report "conditionals around a whole file"

finish "$(wc -l <"$scratch/files")"
