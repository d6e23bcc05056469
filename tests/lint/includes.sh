#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The arrows between the folders: who may include whom. Files of ours are
# named by their path from the top ("core/heap.h"), public headers in angles
# or quotes, and "config.h" (generated, knows nobody) by any source file.

. "$(dirname -- "$0")/common.sh"

# What the pool may see of core: what a loop has of jobs and the door through
# which they come back, the system calls, and what knows of no loop.
pool_may_see='core/clock.h core/histogram.h core/jobs.h core/lookups.h
	core/order.h core/post.h core/ring.h core/sys.h core/sys_files.h'

sources '*.[ch]' include core backends pool examples bench adapters \
	>"$scratch/files"

code keep <"$scratch/files" | awk -v pool_may_see="$pool_may_see" '
BEGIN {
	n = split(pool_may_see, list, " ")
	while (n > 0)
		pool_sees[list[n--]] = 1
}

match($0, /^[^:]*:[0-9]+: [ \t]*#[ \t]*include[ \t]*/) {
	place = substr($0, 1, index($0, ":") - 1)
	name = substr($0, RLENGTH + 1)
	quotes = name ~ /^"/
	if (name !~ /^["<]/) {
		print $0 "  (a name, not a macro)"
		next
	}
	name = substr(name, 2)
	sub(/[">].*/, "", name)
	folder = place
	sub(/\/.*/, "", folder)
	why = verdict(folder, name, quotes)
	if (why != "")
		print $0 "  (" why ")"
}

function is_public(name)
{
	return name == "rota.h" || name ~ /^rota\//
}

function is_private(name)
{
	return name ~ /^(core|backends|pool|tests|examples|bench|adapters)\//
}

function verdict(folder, name, quotes,    to)
{
	if (name ~ /(^|\/)\.\.?\//)
		return "paths start at the top"
	if (!quotes && (is_private(name) || name == "config.h"))
		return "angles are for system and public headers"
	if (is_public(name))
		return folder == "backends" ? \
			"a backend includes core/backend.h and system headers" : ""
	if (!quotes)
		return ""
	to = name
	if (!sub(/\/.*/, "", to))
		to = name == "config.h" ? "config" : "nowhere"

	if (to == "config")
		return folder ~ /^(include|examples|adapters)$/ ? \
			"config.h is not installed" : ""
	if (folder == "include")
		return "a public header includes public headers only"
	if (folder == "core")
		return to == "core" ? "" : "core knows core only"
	if (folder == "backends")
		return name == "core/backend.h" ? "" : \
			"a backend includes core/backend.h and system headers"
	if (folder == "pool")
		return to == "pool" || name in pool_sees ? "" : \
			"the pool reaches core through " pool_may_see
	return to == folder ? "" : folder "/ sees public headers only"
}' | report "includes against the arrows of STYLE.md"

finish "$(wc -l <"$scratch/files")"
