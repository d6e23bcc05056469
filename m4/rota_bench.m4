# SPDX-License-Identifier: MIT
#
# What only rota-bench uses.

# ROTA_PEER(NAME, HEADERS, CALL, LIBS)
# ------------------------------------
# Is there the library NAME to be compared with? Only asked if $with_peers is
# not "no". Answers in the Automake conditional HAVE_NAME, in capitals, and in
# config.h; adds LIBS to PEER_LIBS and NAME to $summary_peers.
AC_DEFUN([ROTA_PEER], [
rota_have_peer=no
AS_IF([test "$with_peers" != no],
	[AC_CACHE_CHECK([for $1], [rota_cv_peer_$1],
		[rota_save_LIBS=$LIBS
		 LIBS="$4 $LIBS"
		 AC_LINK_IFELSE([AC_LANG_PROGRAM([ROTA__INCLUDES([$2])],
				[return $3;])],
			[rota_cv_peer_$1=yes], [rota_cv_peer_$1=no])
		 LIBS=$rota_save_LIBS])
	 rota_have_peer=$rota_cv_peer_$1])
AM_CONDITIONAL(m4_toupper([HAVE_$1]), [test "$rota_have_peer" = yes])
AS_IF([test "$rota_have_peer" = yes],
	[PEER_LIBS="$PEER_LIBS $4"
	 summary_peers="$summary_peers $1"
	 AC_DEFINE(m4_toupper([HAVE_$1]), [1],
		[Define to 1 to let rota-bench measure $1.])])
])
