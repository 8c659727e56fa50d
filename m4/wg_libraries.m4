# Libraries: what is required, what is optional, and the Debian package to name when one is missing.

# OpenMP is optional: without it the library is serial, and `omp simd` keeps its meaning.
AC_DEFUN([WG_OPENMP], [
AC_OPENMP
AS_IF([test "x$enable_openmp" = xno], [wg_openmp="no (by request; serial)"],
  [test "x$ac_cv_prog_c_openmp" = xunsupported],
    [wg_openmp="no (serial)"
     AC_MSG_NOTICE([$CC has no OpenMP; the library will use one thread (Debian, for clang: libomp-dev)])],
  [wg_openmp=yes])
AS_IF([test "$wg_openmp" != yes], [
  OPENMP_CFLAGS=
  WG_FLAG([OPENMP_CFLAGS], [-fopenmp-simd])])
OPENMP_LIBS=
AS_IF([test "$wg_openmp" = yes], [OPENMP_LIBS=$OPENMP_CFLAGS])
AC_SUBST([OPENMP_LIBS])
])

# With the header, not by AC_SEARCH_LIBS: that declares `char exp ()`, which -Werror in CFLAGS refuses for a builtin.
AC_DEFUN([WG_LIBM], [
AC_CACHE_CHECK([for the math library], [wg_cv_libm], [
  wg_cv_libm=no
  wg_libm_LIBS=$LIBS
  for wg_lib in "" -lm; do
    LIBS="$wg_lib $wg_libm_LIBS"
    AC_LINK_IFELSE([AC_LANG_PROGRAM([[
      #include <math.h>
      static volatile double x = 1;]], [[return exp(x) > 2 ? 0 : 1;]])],
      [wg_cv_libm=${wg_lib:-"none required"}
       break])
  done
  LIBS=$wg_libm_LIBS])
AS_CASE([$wg_cv_libm],
  [no], [AC_MSG_ERROR([no math library (Debian: apt-get install libc6-dev)])],
  [-lm], [LIBS="-lm $LIBS"])
])

AC_DEFUN([WG_LIBRARIES], [
PKG_CHECK_MODULES([ZLIB], [zlib], [], [AC_MSG_ERROR([zlib is missing (Debian: apt-get install zlib1g-dev)])])
PKG_CHECK_MODULES([JANSSON], [jansson >= 2.7], [],
  [AC_MSG_ERROR([jansson is missing (Debian: apt-get install libjansson-dev)])])

# MATH_LIBS is what a static link needs besides; libmvec holds the vector versions of libm's functions.
wg_save_LIBS=$LIBS
LIBS=
WG_LIBM
AC_SEARCH_LIBS([pthread_create], [pthread], [],
  [AC_MSG_ERROR([no POSIX threads (Debian: apt-get install libc6-dev)])])
wg_libmvec=no
AS_CASE([$host], [x86_64-*-linux-gnu],
  [AC_CHECK_LIB([mvec], [_ZGVbN4v_expf],
    [wg_libmvec="yes (libmvec)"
     LIBS="-lmvec $LIBS"
     AC_DEFINE([WG_HAVE_LIBMVEC], [1], [Define if glibc's vector math library can be linked.])])])
MATH_LIBS=$LIBS
LIBS=$wg_save_LIBS
AC_SUBST([MATH_LIBS])

WG_HDF5

PKG_CHECK_MODULES([CHECK], [check >= 0.12], [wg_check=yes],
  [wg_check="no (make check will run the scripts only; Debian: apt-get install check)"])
WG_QUADMATH
AM_CONDITIONAL([HAVE_CHECK], [test "$wg_check" = yes])
# A plugin is a shared object that uses the shared library.
AM_CONDITIONAL([PLUGINS], [test "$enable_shared" != no])
AC_SUBST([CHECK_STATUS], [$wg_check])
])

# For a test alone: elementwise functions against __float128, which GCC brings. Not in config.h, on which everything depends.
AC_DEFUN([WG_QUADMATH], [
AC_CACHE_CHECK([for __float128 and libquadmath], [wg_cv_quadmath], [
  wg_quadmath_LIBS=$LIBS
  LIBS="-lquadmath $LIBS"
  AC_LINK_IFELSE([AC_LANG_PROGRAM([[
    #include <quadmath.h>
    static volatile __float128 x = 1;]], [[return expq(x) > 2 ? 0 : 1;]])],
    [wg_cv_quadmath=yes], [wg_cv_quadmath=no])
  LIBS=$wg_quadmath_LIBS])
QUADMATH_CPPFLAGS= QUADMATH_LIBS=
AS_IF([test "$wg_cv_quadmath" = yes], [QUADMATH_CPPFLAGS=-DWG_HAVE_QUADMATH QUADMATH_LIBS=-lquadmath])
AC_SUBST([QUADMATH_CPPFLAGS])
AC_SUBST([QUADMATH_LIBS])
])

AC_DEFUN([WG_HDF5], [
AC_ARG_WITH([hdf5], [AS_HELP_STRING([--with-hdf5], [read HDF5 data files: yes, no or auto @<:@auto@:>@])],
  [], [with_hdf5=auto])
wg_hdf5_found=no
HDF5_REQUIRES= HDF5_PRIVATE_LIBS=
AS_IF([test "$with_hdf5" != no], [
  PKG_CHECK_MODULES([HDF5], [hdf5], [wg_hdf5_found=yes HDF5_REQUIRES=hdf5],
    [AC_CHECK_HEADER([hdf5.h],
      [AC_CHECK_LIB([hdf5], [H5Fopen], [wg_hdf5_found=yes HDF5_LIBS=-lhdf5 HDF5_PRIVATE_LIBS=-lhdf5])])])
  AS_IF([test "$wg_hdf5_found$with_hdf5" = noyes],
    [AC_MSG_ERROR([HDF5 is missing (Debian: apt-get install libhdf5-dev)])])
])
AS_IF([test "$wg_hdf5_found" = yes],
  [AC_DEFINE([HAVE_HDF5], [1], [Define if HDF5 data files can be read.])
   # As a system directory, so that its headers are exempt from our warnings.
   HDF5_CFLAGS=`AS_ECHO(["$HDF5_CFLAGS"]) | $SED 's/-I */-isystem /g'`],
  [test "$with_hdf5" = auto],
  [wg_hdf5_found="no (Debian: apt-get install libhdf5-dev)"])
AM_CONDITIONAL([HAVE_HDF5], [test "$wg_hdf5_found" = yes])
AC_SUBST([HDF5_CFLAGS])
AC_SUBST([HDF5_LIBS])
AC_SUBST([HDF5_REQUIRES])
AC_SUBST([HDF5_PRIVATE_LIBS])
])
