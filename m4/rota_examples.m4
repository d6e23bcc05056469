# SPDX-License-Identifier: MIT
#
# What only the examples use.

# ROTA_HTTP_PARSER(WISH)
# ----------------------
# Looks for the library http_parser, version 2 from 2.9 on, unless WISH is
# "no"; where it is "yes" it must be there. The answer is in HTTP_PARSER_LIBS
# and in the Automake conditional HAVE_HTTP_PARSER.
AC_DEFUN([ROTA_HTTP_PARSER], [
AC_SUBST([HTTP_PARSER_LIBS], [])
rota_have_http_parser=no
AS_IF([test "$1" != no],
	[AC_CACHE_CHECK([for http_parser 2.9 or later], [rota_cv_http_parser],
		[rota_save_LIBS=$LIBS
		 LIBS="-lhttp_parser $LIBS"
		 AC_LINK_IFELSE([AC_LANG_PROGRAM([[
				#include <http_parser.h>
				#if HTTP_PARSER_VERSION_MAJOR != 2 || \
					HTTP_PARSER_VERSION_MINOR < 9
				#error "another version"
				#endif
				]],
				[[return (int)http_parser_version();]])],
			[rota_cv_http_parser=yes], [rota_cv_http_parser=no])
		 LIBS=$rota_save_LIBS])
	 rota_have_http_parser=$rota_cv_http_parser])
AS_IF([test "$1" = yes && test "$rota_have_http_parser" = no],
	[AC_MSG_ERROR([--with-http-parser: the library is not found])])
AM_CONDITIONAL([HAVE_HTTP_PARSER], [test "$rota_have_http_parser" = yes])
AS_IF([test "$rota_have_http_parser" = yes],
	[HTTP_PARSER_LIBS=-lhttp_parser
	 summary_http_parser="parse with the library http_parser"],
	[summary_http_parser="parse with examples/http_parse_own.c"])
])
