# SPDX-License-Identifier: MIT
#
# What the lint scripts share. To be read in with "." after the script has
# set $0 sensibly; it changes to the source directory, which is the first
# argument of the script or else the folder two above the script.
#
# Exit status of a lint: 0 clean, 1 offences (printed), 77 cannot be run here.

set -u

lint_dir=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 2
cd -- "${1:-$lint_dir/../..}" || exit 2
source_dir=$(pwd)
lint_name=$(basename -- "$0" .sh)

scratch=$(mktemp -d "${TMPDIR:-/tmp}/rota-lint.XXXXXX") || exit 2
trap 'rm -rf "$scratch"' EXIT
trap 'exit 2' HUP INT TERM

# The files below the named folders whose names match the pattern; folders of
# builds and hidden folders are left out, and so are folders not there.
#   sources PATTERN FOLDER...
sources()
{
	pattern=$1
	shift
	for folder in "$@"; do
		[ -d "$folder" ] || continue
		find "$folder" -type d \( -name '.?*' -o -name 'build*' \
			-o -name autom4te.cache \) -prune \
			-o -type f -name "$pattern" -print
	done | LC_ALL=C sort
}

# The files named on standard input as lines "path:line: code", without
# comments; KEEP (keep or blank) says what becomes of texts in quotes.
#   code KEEP <list-of-files
code()
{
	tr '\n' '\0' | xargs -0 sh -c '
		keep=$1 strip=$2
		shift 2
		[ $# -eq 0 ] || LC_ALL=C awk -v keep="$keep" -f "$strip" "$@"
	' sh "$1" "$lint_dir/strip.awk"
}

# Reads offences from standard input, prints them under a heading.
#   report HEADING <offences
report()
{
	cat >"$scratch/offences"
	[ -s "$scratch/offences" ] || return 0
	echo "$lint_name: $1"
	sed 's/^/  /' "$scratch/offences"
	: >"$scratch/failed"
}

# Ends the script. A lint that saw no file at all has not said anything: in
# a whole tree that is a mistake in the lint, so it fails.
#   finish FILES-SEEN
finish()
{
	if [ "$1" -eq 0 ]; then
		echo "$lint_name: no files found below $source_dir"
		exit 1
	fi
	[ ! -e "$scratch/failed" ] || exit 1
	echo "$lint_name: $1 files, clean"
	exit 0
}
