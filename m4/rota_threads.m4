# SPDX-License-Identifier: MIT
#
# Threads and what they share.

# ROTA_THREADS
# ------------
# Sets PTHREAD_CFLAGS and PTHREAD_LIBS. -pthread comes first: it is right on
# glibc, musl and the BSDs, whereas linking with nothing at all also succeeds
# on systems whose libc has stubs that fail at run time.
AC_DEFUN([ROTA_THREADS], [
AC_CACHE_CHECK([how to link with POSIX threads], [rota_cv_pthread],
	[rota_cv_pthread=unknown
	 rota_save_CFLAGS=$CFLAGS
	 rota_save_LIBS=$LIBS
	 for rota_try in -pthread -lpthread none; do
		AS_CASE([$rota_try],
			[-pthread], [CFLAGS="$rota_save_CFLAGS -Werror -pthread"
				LIBS=$rota_save_LIBS],
			[-lpthread], [CFLAGS=$rota_save_CFLAGS
				LIBS="-lpthread $rota_save_LIBS"],
			[CFLAGS=$rota_save_CFLAGS
				LIBS=$rota_save_LIBS])
		AC_LINK_IFELSE([AC_LANG_PROGRAM([[
				#include <pthread.h>
				static void *run(void *arg) { return arg; }
				]], [[
				pthread_t thread;
				return pthread_create(&thread, 0, run, 0) ||
					pthread_join(thread, 0);
				]])],
			[rota_cv_pthread=$rota_try
			 break])
	 done
	 CFLAGS=$rota_save_CFLAGS
	 LIBS=$rota_save_LIBS])
AS_CASE([$rota_cv_pthread],
	[-pthread], [PTHREAD_CFLAGS=-pthread PTHREAD_LIBS=-pthread],
	[-lpthread], [PTHREAD_CFLAGS= PTHREAD_LIBS=-lpthread],
	[none], [PTHREAD_CFLAGS= PTHREAD_LIBS=],
	[AC_MSG_ERROR([rota needs POSIX threads])])
AC_SUBST([PTHREAD_CFLAGS])
AC_SUBST([PTHREAD_LIBS])
])

# ROTA_ATOMIC_8
# -------------
# Sets ATOMIC_LIBS: some 32-bit processors keep atomic access to eight bytes
# in a library. We look there only if the compiler cannot do it alone, lest
# every program on every other system depend on that library too.
AC_DEFUN([ROTA_ATOMIC_8], [
ATOMIC_LIBS=
AC_CACHE_CHECK([whether $CC has 8-byte atomics built in], [rota_cv_atomic_8],
	[AC_LINK_IFELSE([AC_LANG_PROGRAM([[
			#include <stdint.h>
			static uint64_t word;
			]], [[
			__atomic_store_n(&word, 1, __ATOMIC_RELEASE);
			__atomic_fetch_add(&word, 1, __ATOMIC_ACQ_REL);
			return __atomic_load_n(&word, __ATOMIC_ACQUIRE) != 2;
			]])],
		[rota_cv_atomic_8=yes], [rota_cv_atomic_8=no])])
AS_IF([test "$rota_cv_atomic_8" = no],
	[rota_save_LIBS=$LIBS
	 AC_SEARCH_LIBS([__atomic_load_8], [atomic],
		[AS_CASE([$ac_cv_search___atomic_load_8],
			[-l*], [ATOMIC_LIBS=$ac_cv_search___atomic_load_8])],
		[AC_MSG_ERROR([rota needs 8-byte atomics and found no libatomic])])
	 LIBS=$rota_save_LIBS])
AC_SUBST([ATOMIC_LIBS])
])
