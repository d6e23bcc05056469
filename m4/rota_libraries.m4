# SPDX-License-Identifier: MIT
#
# Libraries of others that we can do without.

# ROTA_LIBRARY(VARIABLE, OPTION, MODULE, VERSION, HEADERS, BODY, WISH)
# -------------------------------------------------------------------
# Looks for MODULE of pkg-config, VERSION or later, unless WISH is "no"; where
# it is "yes" it must be there. BODY must compile and link with it: pkg-config
# may know one that is not for the system we compile for. Where it is told
# nothing of that system, it is not asked at all.
#
# The answer is in VARIABLE_CFLAGS and VARIABLE_LIBS, which the user can give,
# in $have_VARIABLE and in the Automake conditional HAVE_VARIABLE. What a
# static library of ours leaves to others is added to LIBS_PRIVATE and, as CMake
# has lists, to CMAKE_LIBS. (Requires.private of rota.pc would have pkg-config
# ask for MODULE even for the shared library, whose users need no headers and
# no module of it.)
AC_DEFUN([ROTA_LIBRARY], [
have_$1=no
rota_library_given=no
AS_IF([test -n "$[]$1[]_LIBS"], [rota_library_given=yes])
rota_library_wish=$7
AS_IF([test "$rota_library_wish" = auto && test "$cross_compiling" = yes &&
		test "$rota_library_given" = no &&
		test -z "$PKG_CONFIG_LIBDIR$PKG_CONFIG_SYSROOT_DIR"],
	[AS_CASE([$PKG_CONFIG],
		[*"$host_alias"-pkg*], [],
		[rota_library_wish=no])])
AS_IF([test "$rota_library_wish" != no],
	[PKG_CHECK_MODULES([$1], [$3 >= $4], [have_$1=yes], [have_$1=no])])
AS_IF([test "$have_$1" = yes],
	[AC_MSG_CHECKING([whether $3 is for $host])
	 rota_save_CFLAGS=$CFLAGS
	 rota_save_LIBS=$LIBS
	 CFLAGS="$CFLAGS $[]$1[]_CFLAGS"
	 LIBS="$[]$1[]_LIBS $LIBS"
	 AC_LINK_IFELSE([AC_LANG_PROGRAM([ROTA__INCLUDES([$5])], [$6])],
		[], [have_$1=no])
	 CFLAGS=$rota_save_CFLAGS
	 LIBS=$rota_save_LIBS
	 AC_MSG_RESULT([$have_$1])])
AS_IF([test "$have_$1" = yes],
	[AS_IF([test "$rota_library_given" = yes],
		[rota_library_libs=$[]$1[]_LIBS],
		[rota_library_libs=`$PKG_CONFIG --static --libs $3`])
	 LIBS_PRIVATE="$LIBS_PRIVATE $rota_library_libs"
	 for rota_library_lib in $rota_library_libs; do
		CMAKE_LIBS="$CMAKE_LIBS;$rota_library_lib"
	 done],
	[$1[]_CFLAGS= $1[]_LIBS=
	 AS_IF([test "$7" = yes],
		[AC_MSG_ERROR([--with-$2: no $3 $4 or later for $host is found])])])
AM_CONDITIONAL([HAVE_$1], [test "$have_$1" = yes])
])
