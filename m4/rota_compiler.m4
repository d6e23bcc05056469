# SPDX-License-Identifier: MIT
#
# Which language and which flags the compiler and the linker take.

# ROTA_C11
# --------
# Stops unless the compiler speaks C11. AC_PROG_CC has added the flag for it
# where autoconf is new enough to know one.
AC_DEFUN([ROTA_C11], [
AC_CACHE_CHECK([whether $CC speaks C11], [rota_cv_c11],
	[AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[
			#include <stdalign.h>
			_Static_assert(__STDC_VERSION__ >= 201112L, "C11");
			]], [[]])],
		[rota_cv_c11=yes], [rota_cv_c11=no])])
AS_IF([test "$rota_cv_c11" = no],
	[AC_MSG_ERROR([rota needs a C11 compiler; try CC="$CC -std=gnu11"])])
])

# ROTA_ACCEPTED_FLAGS(VARIABLE, FLAGS)
# ------------------------------------
# Puts into VARIABLE, for Makefile.am, those of FLAGS that the compiler takes
# without a word. clang only warns of what it does not know, hence -Werror.
AC_DEFUN([ROTA_ACCEPTED_FLAGS], [
AC_SUBST([$1], [])
rota_save_CFLAGS=$CFLAGS
for rota_flag in m4_normalize([$2]); do
	AS_VAR_PUSHDEF([cache], [rota_cv_cc_$rota_flag])
	AC_CACHE_CHECK([whether $CC takes $rota_flag], [cache],
		[CFLAGS="$rota_save_CFLAGS -Werror $rota_flag"
		 AC_COMPILE_IFELSE([AC_LANG_SOURCE([[int rota_probe = 1;]])],
			[AS_VAR_SET([cache], [yes])],
			[AS_VAR_SET([cache], [no])])])
	AS_VAR_IF([cache], [yes], [$1="$$1 $rota_flag"])
	AS_VAR_POPDEF([cache])
done
CFLAGS=$rota_save_CFLAGS
])

# ROTA_VERSION_SCRIPT
# -------------------
# Decides how the shared library keeps its inner names to itself: with
# core/rota.map where the linker reads such a file (HAVE_VERSION_SCRIPT),
# else through libtool.
AC_DEFUN([ROTA_VERSION_SCRIPT], [
AC_CACHE_CHECK([whether the linker reads a version script],
	[rota_cv_version_script],
	[rota_save_LDFLAGS=$LDFLAGS
	 LDFLAGS="$LDFLAGS -Wl,--version-script=conftest.map"
	 AS_ECHO(["V_0 { global: v_@<:@a-z@:>@*; local: *; };"]) >conftest.map
	 AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
		[rota_cv_version_script=yes], [rota_cv_version_script=no])
	 LDFLAGS=$rota_save_LDFLAGS
	 rm -f conftest.map])
AM_CONDITIONAL([HAVE_VERSION_SCRIPT], [test "$rota_cv_version_script" = yes])
AS_IF([test "$rota_cv_version_script" = yes],
	[summary_exports="rota_*, by core/rota.map"],
	[summary_exports="rota_*, by libtool"])
])

# ROTA_LINKER_WRAP
# ----------------
# Can the linker put a function of ours in front of one of the C library's
# (HAVE_LINKER_WRAP)? Tests then let system calls fail that the library makes
# outside of core/sys.h.
AC_DEFUN([ROTA_LINKER_WRAP], [
AC_CACHE_CHECK([whether the linker wraps functions], [rota_cv_linker_wrap],
	[rota_save_LDFLAGS=$LDFLAGS
	 LDFLAGS="$LDFLAGS -Wl,--wrap=getppid"
	 AC_LINK_IFELSE([AC_LANG_PROGRAM([[
			#include <unistd.h>
			pid_t rota_probe(void);
			pid_t __real_getppid(void);
			pid_t __wrap_getppid(void);
			pid_t __wrap_getppid(void) { return rota_probe(); }
			pid_t rota_probe(void) { return __real_getppid(); }
			]], [[return getppid() == 0;]])],
		[rota_cv_linker_wrap=yes], [rota_cv_linker_wrap=no])
	 LDFLAGS=$rota_save_LDFLAGS])
AM_CONDITIONAL([HAVE_LINKER_WRAP], [test "$rota_cv_linker_wrap" = yes])
AS_IF([test "$rota_cv_linker_wrap" = yes],
	[AC_DEFINE([HAVE_LINKER_WRAP], [1],
		[Define to 1 if tests can wrap what backends call.])
	 summary_wrap="those of core/sys.h and of the backends"],
	[summary_wrap="those of core/sys.h (the linker cannot wrap)"])
])

# ROTA_SANITIZERS(LIST)
# ---------------------
# Fills SANITIZE_FLAGS, which compiler and linker both get. A report of any of
# them ends the program, so that a test cannot pass over it.
AC_DEFUN([ROTA_SANITIZERS], [
AC_SUBST([SANITIZE_FLAGS], [])
AS_CASE([$1],
	[no], [],
	[yes], [AC_MSG_ERROR([--enable-sanitize wants a list, for example address,undefined])],
	[SANITIZE_FLAGS="-fsanitize=$1 -fno-sanitize-recover=all -fno-omit-frame-pointer"
	 rota_save_CFLAGS=$CFLAGS
	 CFLAGS="$CFLAGS $SANITIZE_FLAGS"
	 AC_MSG_CHECKING([whether $CC sanitizes $1])
	 AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
		[AC_MSG_RESULT([yes])],
		[AC_MSG_RESULT([no])
		 AC_MSG_ERROR([$CC cannot link with -fsanitize=$1])])
	 CFLAGS=$rota_save_CFLAGS])
])
