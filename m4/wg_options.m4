# What the builder may ask for, and the flags of sanitisers and coverage.

# WG_ENABLE(NAME, HELP): --enable-NAME, off by default; sets wg_NAME to yes or no.
AC_DEFUN([WG_ENABLE],
  [AC_ARG_ENABLE([$1], [AS_HELP_STRING([--enable-$1], [$2])],
    [wg_$1=$enableval], [wg_$1=no])])

AC_DEFUN([WG_OPTIONS], [
WG_ENABLE([werror], [warnings are errors])
WG_ENABLE([asan], [build with AddressSanitizer])
WG_ENABLE([ubsan], [build with UndefinedBehaviorSanitizer])
WG_ENABLE([tsan], [build with ThreadSanitizer])
WG_ENABLE([coverage], [build for gcov])

SANITIZE_CFLAGS=
wg_instrumented=no
AS_IF([test "$wg_asan" = yes && test "$wg_tsan" = yes],
  [AC_MSG_ERROR([--enable-asan and --enable-tsan cannot be had together])])
AS_IF([test "$wg_asan" = yes], [SANITIZE_CFLAGS="-fsanitize=address"])
AS_IF([test "$wg_tsan" = yes], [SANITIZE_CFLAGS="-fsanitize=thread"])
AS_IF([test "$wg_ubsan" = yes],
  [SANITIZE_CFLAGS="$SANITIZE_CFLAGS -fsanitize=undefined -fno-sanitize-recover=undefined"])
AS_IF([test -n "$SANITIZE_CFLAGS"], [SANITIZE_CFLAGS="$SANITIZE_CFLAGS -fno-omit-frame-pointer"])
AS_IF([test "$wg_coverage" = yes], [SANITIZE_CFLAGS="$SANITIZE_CFLAGS --coverage"])
AS_IF([test -n "$SANITIZE_CFLAGS"], [
  wg_instrumented=yes
  wg_save_CFLAGS=$CFLAGS
  CFLAGS="$CFLAGS $SANITIZE_CFLAGS"
  AC_MSG_CHECKING([whether $CC links with $SANITIZE_CFLAGS])
  AC_LINK_IFELSE([AC_LANG_PROGRAM()], [AC_MSG_RESULT([yes])],
    [AC_MSG_RESULT([no])
     AC_MSG_ERROR([the compiler lacks the run-time library for $SANITIZE_CFLAGS])])
  CFLAGS=$wg_save_CFLAGS
])
AC_SUBST([SANITIZE_CFLAGS])
AM_CONDITIONAL([INSTRUMENTED], [test "$wg_instrumented" = yes])
])

AC_DEFUN([WG_SUMMARY], [
AS_ECHO(["
  $PACKAGE_NAME $PACKAGE_VERSION for $host

    compiler            $CC
    optimisation        ${OPT_CFLAGS:-as in CFLAGS} (kernels: ${KERNEL_OPT_CFLAGS:-as in CFLAGS})
    CFLAGS              $CFLAGS
    OpenMP              $wg_openmp
    instruction sets    $wg_isa_list
    vector math         $wg_libmvec
    HDF5                $wg_hdf5_found
    unit tests (Check)  $wg_check
    sanitisers          ${SANITIZE_CFLAGS:-none}
    installed under     $prefix
"])
])
