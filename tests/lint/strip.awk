# SPDX-License-Identifier: MIT
#
# C without comments: prints each line of each file as "path:line: code".
# Texts in quotes are emptied unless -v keep=keep. Continued lines (with a
# backslash at the end) stay separate lines, so that numbers are right.

FNR == 1 { in_comment = 0 }

{
	rest = $0
	sub(/\r$/, "", rest)
	out = ""
	while (rest != "") {
		if (in_comment) {
			end = index(rest, "*/")
			if (end == 0)
				break
			rest = substr(rest, end + 2)
			in_comment = 0
			out = out " "
			continue
		}
		if (!match(rest, /\/\*|\/\/|["']/)) {
			out = out rest
			break
		}
		mark = substr(rest, RSTART, RLENGTH)
		out = out substr(rest, 1, RSTART - 1)
		rest = substr(rest, RSTART + RLENGTH)
		if (mark == "//")
			break
		if (mark == "/*") {
			in_comment = 1
			continue
		}
		text = quoted(rest, mark)
		rest = substr(rest, length(text) + 1)
		out = out mark (keep == "keep" ? text : mark)
	}
	print FILENAME ":" FNR ": " out
}

# The head of s up to and with the closing mark.
function quoted(s, mark,    i, c)
{
	for (i = 1; i <= length(s); i++) {
		c = substr(s, i, 1)
		if (c == "\\")
			i++
		else if (c == mark)
			break
	}
	return substr(s, 1, i)
}
