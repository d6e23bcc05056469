# SPDX-License-Identifier: MIT
#
# What the C library and the kernel's headers offer.

# ROTA_FUNCTION(NAME, HEADERS, CALL)
# ----------------------------------
# Is NAME declared in HEADERS, and does CALL (an int that uses it, with
# whatever else we need of those headers) compile and link? The answer is in
# $rota_cv_NAME and in the Automake conditional HAVE_NAME, in capitals.
# Taking the address makes an undeclared name an error, not a warning.
AC_DEFUN([ROTA_FUNCTION], [
AC_CACHE_CHECK([for $1], [rota_cv_$1],
	[AC_LINK_IFELSE([AC_LANG_PROGRAM([ROTA__INCLUDES([$2])],
			[(void)&$1; return $3;])],
		[rota_cv_$1=yes], [rota_cv_$1=no])])
AM_CONDITIONAL(m4_toupper([HAVE_$1]), [test "$rota_cv_$1" = yes])
])

# ROTA_CONSTANT(NAME, HEADERS)
# ----------------------------
# Is NAME a constant of HEADERS? Answers as ROTA_FUNCTION does.
AC_DEFUN([ROTA_CONSTANT], [
AC_CACHE_CHECK([for $1], [rota_cv_$1],
	[AC_COMPILE_IFELSE([AC_LANG_PROGRAM([ROTA__INCLUDES([$2])],
			[return $1;])],
		[rota_cv_$1=yes], [rota_cv_$1=no])])
AM_CONDITIONAL(m4_toupper([HAVE_$1]), [test "$rota_cv_$1" = yes])
])

# ROTA_OPTION(NAME, [OTHER-NAME])
# -------------------------------
# Defines NAME, an option of IP, TCP or UDP sockets, where it is not known: to
# OTHER-NAME if that one is, else to -1.
AC_DEFUN([ROTA_OPTION], [
AC_CHECK_DECL([$1], [],
	[m4_ifval([$2], [AC_CHECK_DECL([$2], [rota_value=$2], [rota_value=-1],
		[ROTA__OPTION_INCLUDES])],
		[rota_value=-1])
	 AC_DEFINE_UNQUOTED([$1], [$rota_value],
		[Define to -1 where sockets do not have this option.])],
	[ROTA__OPTION_INCLUDES])
])
m4_define([ROTA__OPTION_INCLUDES],
	[ROTA__INCLUDES([sys/types.h sys/socket.h netinet/in.h netinet/tcp.h netinet/udp.h])])

# ROTA_LOOKUP_ERROR(NAME, OTHER-NAME)
# -----------------------------------
# Defines NAME, an error of getaddrinfo(), to OTHER-NAME where it is not known.
AC_DEFUN([ROTA_LOOKUP_ERROR], [
AC_CHECK_DECL([$1], [],
	[AC_DEFINE([$1], [$2],
		[Define to the next best where look-ups have no such error.])],
	[ROTA__INCLUDES([sys/types.h sys/socket.h netdb.h])])
])

# ROTA_PEER_CREDENTIALS(WAY, HEADERS, BODY)
# -----------------------------------------
# Can core/sys/peer_WAY.c be compiled here, as BODY can? The first way that
# can is in $rota_cv_peer_credentials, and only its HAVE_PEER_WAY is true.
AC_DEFUN([ROTA_PEER_CREDENTIALS], [
AS_IF([test "${rota_cv_peer_credentials-no}" = no],
	[AC_MSG_CHECKING([for a peer's credentials by $1])
	 AC_LINK_IFELSE([AC_LANG_PROGRAM([ROTA__INCLUDES([$2])], [$3])],
		[rota_cv_peer_credentials=$1], [rota_cv_peer_credentials=no])
	 AC_MSG_RESULT([$rota_cv_peer_credentials])])
AM_CONDITIONAL(m4_toupper([HAVE_PEER_$1]),
	[test "$rota_cv_peer_credentials" = $1])
])

# ROTA_THREAD_NAME(WAY, HEADERS, BODY)
# ------------------------------------
# The same for core/sys/thread_name_WAY.c, $rota_cv_thread_name and
# HAVE_THREAD_NAME_WAY.
AC_DEFUN([ROTA_THREAD_NAME], [
AS_IF([test "${rota_cv_thread_name-no}" = no],
	[AC_MSG_CHECKING([for names of threads by way of $1])
	 rota_save_CFLAGS=$CFLAGS
	 rota_save_LIBS=$LIBS
	 CFLAGS="$CFLAGS $PTHREAD_CFLAGS -Werror"
	 LIBS="$PTHREAD_LIBS $LIBS"
	 AC_LINK_IFELSE([AC_LANG_PROGRAM([ROTA__INCLUDES([$2])], [$3])],
		[rota_cv_thread_name=$1], [rota_cv_thread_name=no])
	 CFLAGS=$rota_save_CFLAGS
	 LIBS=$rota_save_LIBS
	 AC_MSG_RESULT([$rota_cv_thread_name])])
AM_CONDITIONAL(m4_toupper([HAVE_THREAD_NAME_$1]),
	[test "$rota_cv_thread_name" = $1])
])

# ROTA_SENDFILE(WAY, HEADERS, CALL)
# ---------------------------------
# Is sendfile() of the kind that CALL calls? The first way that fits is in
# $rota_cv_sendfile, and only its HAVE_SENDFILE_WAY is true.
AC_DEFUN([ROTA_SENDFILE], [
AS_IF([test "${rota_cv_sendfile-no}" = no],
	[AC_MSG_CHECKING([for sendfile with $1])
	 AC_LINK_IFELSE([AC_LANG_PROGRAM([ROTA__INCLUDES([$2])],
			[off_t at = 0; return $3 < 0;])],
		[rota_cv_sendfile=$1], [rota_cv_sendfile=no])
	 AC_MSG_RESULT([$rota_cv_sendfile])])
AM_CONDITIONAL(m4_toupper([HAVE_SENDFILE_$1]),
	[test "$rota_cv_sendfile" = $1])
])

# ROTA__INCLUDES(HEADERS)
# -----------------------
# One #include line per header.
m4_define([ROTA__INCLUDES],
	[m4_foreach_w([rota_header], [$1], [@%:@include <rota_header>
])])

# ROTA_FAKE_KQUEUE(KIND)
# ----------------------
# Sets $fake_kqueue to "no" or to the system whose kqueue the stand-in in
# tests/fake_kqueue/ imitates, and FAKE_KQUEUE_CPPFLAGS to what makes
# <sys/event.h> ours. Call it after the test for kqueue().
AC_DEFUN([ROTA_FAKE_KQUEUE], [
AS_CASE([$1],
	[no], [fake_kqueue=no],
	[yes], [fake_kqueue=freebsd],
	[freebsd|macos|netbsd|openbsd], [fake_kqueue=$1],
	[AC_MSG_ERROR([--with-fake-kqueue knows freebsd, macos, netbsd and openbsd, not "$1"])])
AS_IF([test "$fake_kqueue" != no && test "$rota_cv_kqueue" = yes],
	[AC_MSG_ERROR([this system has a kqueue of its own; --with-fake-kqueue is for those without])])
AS_CASE([$fake_kqueue],
	[freebsd], [fake_kqueue_kind=FAKE_KQUEUE_FREEBSD],
	[macos], [fake_kqueue_kind=FAKE_KQUEUE_MACOS],
	[netbsd], [fake_kqueue_kind=FAKE_KQUEUE_NETBSD],
	[openbsd], [fake_kqueue_kind=FAKE_KQUEUE_OPENBSD],
	[fake_kqueue_kind=])
AC_SUBST([FAKE_KQUEUE_CPPFLAGS], [])
AS_IF([test "$fake_kqueue" != no],
	[AC_DEFINE([HAVE_FAKE_KQUEUE], [1],
		[Define to 1 if kqueue is the stand-in in tests/fake_kqueue/.])
	 FAKE_KQUEUE_CPPFLAGS="-I\$(srcdir)/tests/fake_kqueue/include -D$fake_kqueue_kind"])
AM_CONDITIONAL([FAKE_KQUEUE], [test "$fake_kqueue" != no])
])
