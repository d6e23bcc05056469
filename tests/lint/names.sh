#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Names: what public headers declare begins with rota_ or ROTA_; no _t types;
# each header has a guard made of its path; each source file says its licence
# in exactly one line, at the top (below "#!" in scripts).

. "$(dirname -- "$0")/common.sh"

sources '*.h' include >"$scratch/public"
sources '*.[ch]' include core backends pool tests examples bench adapters |
	grep -v '^tests/fake_kqueue/' >"$scratch/all"

code blank <"$scratch/public" >"$scratch/public.code"
code blank <"$scratch/all" >"$scratch/all.code"

# Statements at file scope, bodies in braces left out:
# "path:line: statement;" or "path:line: head {" and, for enumerations,
# "path:line: enum: constant".
awk '
function say(text)
{
	gsub(/[ \t]+/, " ", text)
	sub(/^ /, "", text)
	if (text ~ /[A-Za-z]/)
		print file ":" number ": " text
}

{
	path = substr($0, 1, index($0, ":") - 1)
	at = index($0, ": ")
	line = substr($0, at + 2)
	number = substr($0, length(path) + 2, at - length(path) - 2)
	if (path != file) {
		file = path
		depth = 0
		head = item = ""
		in_directive = 0
	}
	if (in_directive || line ~ /^[ \t]*#/) {
		if (!in_directive && line ~ /^[ \t]*#[ \t]*define[ \t]/) {
			sub(/^[ \t]*#[ \t]*define[ \t]+/, "", line)
			match(line, /^[A-Za-z0-9_]*/)
			say("#define " substr(line, 1, RLENGTH))
		}
		in_directive = $0 ~ /\\$/
		next
	}
	n = length(line)
	for (i = 1; i <= n; i++) {
		c = substr(line, i, 1)
		if (c == "{" && depth == 0 && head ~ /^[ \t]*extern[ \t]*""[ \t]*$/) {
			head = ""
		} else if (c == "{") {
			if (depth++ == 0) {
				say(head " {")
				in_enum = head ~ /(^|[ \t])enum([ \t]|$)/
				item = ""
			}
		} else if (c == "}") {
			if (depth == 0)
				head = ""
			else if (--depth == 0) {
				if (in_enum)
					constant()
				in_enum = 0
				if (head ~ /\)[ \t]*$/)
					head = ""
				else
					head = head " {} "
			}
		} else if (depth == 0) {
			if (c == ";") {
				say(head ";")
				head = ""
			} else {
				head = head c
			}
		} else if (in_enum) {
			if (c == ",")
				constant()
			else
				item = item c
		}
	}
	if (depth == 0)
		head = head " "
	else
		item = item " "
}

function constant()
{
	sub(/=.*/, "", item)
	if (item ~ /[A-Za-z]/)
		say("enum: " item)
	item = ""
}' "$scratch/all.code" >"$scratch/statements"

grep '^include/' "$scratch/statements" | awk '
{
	text = substr($0, index($0, ": ") + 2)
	why = verdict(text)
	if (why != "")
		print $0 "  (" why ")"
}

# The name that a declaration declares, as far as needed here.
function declared(text)
{
	if (match(text, /\(\*[ ]*[A-Za-z_0-9]+[ ]*\)/)) {
		text = substr(text, RSTART + 2, RLENGTH - 3)
		gsub(/ /, "", text)
		return text
	}
	if (match(text, /[A-Za-z_0-9]+[ ]?\([^*]/)) {
		text = substr(text, RSTART, RLENGTH - 2)
		sub(/ $/, "", text)
		return text
	}
	gsub(/ *(\[[^]]*\])* *;$/, "", text)
	match(text, /[A-Za-z_0-9]+$/)
	return substr(text, RSTART, RLENGTH)
}

function verdict(text,    name, upper)
{
	if (sub(/^#define /, "", text))
		return text ~ /^(ROTA(_[A-Z0-9]+)*_?|rota_[a-z0-9_]+)$/ ? "" : \
			"a public macro begins with ROTA_ or rota_"
	if (sub(/^enum: /, "", text))
		return text ~ /^ROTA(_[A-Z0-9]+)+ ?$/ ? "" : \
			"a public constant begins with ROTA_"

	gsub(/__attribute__ ?\(\([^;]*\)\)/, "", text)
	gsub(/__extension__ /, "", text)
	while (match(text, /(^| )(ROTA|_)[A-Z_a-z0-9]*\([^()]*\)/)) {
		upper = substr(text, RSTART, RLENGTH)
		if (upper !~ /^ ?(ROTA_[A-Z0-9_]+|_Static_assert|_Alignas)\(/)
			break
		text = substr(text, 1, RSTART - 1) " " substr(text, RSTART + RLENGTH)
	}
	gsub(/ +/, " ", text)
	sub(/^ /, "", text)
	while (sub(/^ROTA_[A-Z0-9_]+ /, "", text))
		;
	if (text ~ /^;?$/)
		return ""

	if (text ~ /^(struct|union|enum) [A-Za-z_0-9]+;$/)
		return ""
	if (text ~ /^(struct|union|enum) [A-Za-z_0-9]+ \{$/) {
		split(text, word, " ")
		return word[2] ~ /^rota_[a-z]/ ? "" : \
			"a public type begins with rota_"
	}
	if (text ~ /^enum \{/ || text ~ /\{\} ;$/)
		return ""
	if (text ~ /\) \{$/)
		return "no code in public headers"
	if (text ~ /\{$/)
		return text ~ /^typedef / ? "no typedef for a struct" : ""

	name = declared(text)
	if (text ~ /^typedef /)
		return name ~ /^rota_[a-z0-9_]+_fn$/ ? "" : \
			"typedefs are for callbacks: rota_<noun>_fn"
	return name ~ /^rota_[a-z][a-z0-9]*(_[a-z0-9]+)*$/ ? "" : \
		"what is public is named rota_<noun>_<verb>"
}' | report "names in public headers"

awk '
{
	text = substr($0, index($0, ": ") + 2)
	if (text !~ /^typedef /)
		next
	if (text ~ /_t ?(\[[^]]*\])* ?;$/ || text ~ /[A-Za-z0-9]_t ?\)? ?\([^)]*\) ?;$/)
		print $0
}' "$scratch/statements" | report "typedefs that end in _t"

grep -E '(^|[^A-Za-z0-9_])rota_[A-Za-z0-9_]*_t([^A-Za-z0-9_]|$)' \
	"$scratch/all.code" | report "names that end in _t"

# include/rota/timer.h: ROTA_TIMER_H; core/heap.h: ROTA_CORE_HEAP_H. The fake
# kqueue is a system of its own.
sources '*.h' include core backends pool tests examples bench adapters |
	grep -v '^tests/fake_kqueue/' | code blank | awk '
{
	path = substr($0, 1, index($0, ":") - 1)
	line = substr($0, index($0, ": ") + 2)
	if (path != file) {
		end_of_file()
		file = path
		want = toupper(file)
		sub(/^INCLUDE\//, "", want)
		sub(/^ROTA\//, "", want)
		sub(/^ROTA\.H$/, "H", want)
		gsub(/[^A-Z0-9]/, "_", want)
		want = "ROTA_" want
		seen = good = 0
	}
	if (seen == 2 || line !~ /[^ \t]/)
		next
	sub(/#[ \t]*/, "#", line)
	split(line, word, " ")
	good += word[1] == (++seen == 1 ? "#ifndef" : "#define") &&
		word[2] == want
}

function end_of_file()
{
	if (file != "" && good != 2)
		print file ":1: wants the guard " want
}

END { end_of_file() }' | report "include guards"

{
	sources '*.[ch]' include core backends pool tests examples bench adapters
	sources '*.sh' tests examples bench docs adapters m4
	sources '*.awk' tests bench
	sources '*.am' tests examples bench
	for file in Makefile.am configure.ac bootstrap .ci/run; do
		[ ! -f "$file" ] || echo "$file"
	done
} | LC_ALL=C sort -u >"$scratch/licensed"

tr '\n' '\0' <"$scratch/licensed" | LC_ALL=C xargs -0 awk '
FNR == 1 {
	end_of_file()
	file = FILENAME
	lines = first = wrong = 0
	top = /^#!/ ? 2 : 1
}

/^([^A-Za-z0-9]|dnl )*SPDX-License-Identifier:[ \t]*[A-Za-z(]/ {
	if (lines++ == 0)
		first = FNR
	if ($0 !~ /SPDX-License-Identifier: MIT( \*\/)?$/)
		wrong = FNR
}

function end_of_file()
{
	if (file == "")
		return
	if (lines != 1)
		print file ":1: " lines + 0 " licence lines, wants one"
	else if (first != top)
		print file ":" first ": the licence line goes to line " top
	else if (wrong)
		print file ":" wrong ": wants SPDX-License-Identifier: MIT"
}

END { end_of_file() }' /dev/null | report "licence lines"

finish "$(wc -l <"$scratch/licensed")"
