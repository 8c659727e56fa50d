# The compiler's flags, and what it can compile.

# WG_FLAG(VARIABLE, FLAG): appends FLAG to VARIABLE if the compiler takes it without a warning.
AC_DEFUN([WG_FLAG],
  [AC_MSG_CHECKING([whether $CC takes $2])
   wg_save_CFLAGS=$CFLAGS
   CFLAGS="$CFLAGS -Werror $2"
   AC_COMPILE_IFELSE([AC_LANG_PROGRAM()], [wg_flag=yes; $1="$$1 $2"], [wg_flag=no])
   CFLAGS=$wg_save_CFLAGS
   AC_MSG_RESULT([$wg_flag])])

# WG_WARNING_OFF(VARIABLE, NAME): appends -Wno-NAME. GCC takes any -Wno-NAME in silence, so -WNAME is tried.
AC_DEFUN([WG_WARNING_OFF],
  [wg_try=
   WG_FLAG([wg_try], [-W$2])
   AS_IF([test -n "$wg_try"], [$1="$$1 -Wno-$2"])])

AC_DEFUN([WG_COMPILER], [
STD_CFLAGS=
WG_FLAG([STD_CFLAGS], [-std=c11])
AS_IF([test -z "$STD_CFLAGS"], [AC_MSG_ERROR([$CC does not compile C11 (Debian: gcc or clang)])])

# Optimisation levels go before CFLAGS on the command line; they are ours only if CFLAGS was not given.
OPT_CFLAGS= KERNEL_OPT_CFLAGS=
AS_IF([test "$wg_own_cflags" = no],
  [AS_IF([test "$wg_coverage" = yes], [OPT_CFLAGS=-O0 KERNEL_OPT_CFLAGS=-O0],
    [test "$wg_instrumented" = yes], [OPT_CFLAGS=-O2 KERNEL_OPT_CFLAGS=-O2],
    [OPT_CFLAGS=-O2 KERNEL_OPT_CFLAGS=-O3])])

# Contracting a*b+c into one rounding would make results depend on the instruction set.
FLOAT_CFLAGS=
WG_FLAG([FLOAT_CFLAGS], [-ffp-contract=off])
VISIBILITY_CFLAGS=
WG_FLAG([VISIBILITY_CFLAGS], [-fvisibility=hidden])

# Kernels read neither errno nor the floating-point exception flags, so loops with sqrt or a select vectorise.
# Peeling for alignment would let an address decide which elements fall into the scalar tail.
KERNEL_CFLAGS=
WG_FLAG([KERNEL_CFLAGS], [-fno-math-errno])
WG_FLAG([KERNEL_CFLAGS], [-fno-trapping-math])
WG_FLAG([KERNEL_CFLAGS], [--param vect-max-peeling-for-alignment=0])
WG_WARNING_OFF([KERNEL_CFLAGS], [pass-failed])
# The matmul kernels alone ask for fused multiply-add.
FMA_CFLAGS=
WG_FLAG([FMA_CFLAGS], [-ffp-contract=fast])

WARN_CFLAGS=
m4_foreach_w([wg_w], [all extra pedantic shadow conversion strict-prototypes missing-prototypes undef],
  [WG_FLAG([WARN_CFLAGS], [-W]wg_w)
])
WG_FLAG([WARN_CFLAGS], [-Wno-sign-conversion])
AS_IF([test "$wg_werror" = yes], [WARN_CFLAGS="$WARN_CFLAGS -Werror"])
# Check's macros pass an empty variable argument.
TEST_CFLAGS=
WG_WARNING_OFF([TEST_CFLAGS], [gnu-zero-variadic-macro-arguments])

AC_SUBST([STD_CFLAGS])
AC_SUBST([OPT_CFLAGS])
AC_SUBST([KERNEL_OPT_CFLAGS])
AC_SUBST([FLOAT_CFLAGS])
AC_SUBST([VISIBILITY_CFLAGS])
AC_SUBST([KERNEL_CFLAGS])
AC_SUBST([FMA_CFLAGS])
AC_SUBST([WARN_CFLAGS])
AC_SUBST([TEST_CFLAGS])

# A C++ compiler is wanted only for the test that the header can be embedded.
AC_LANG_PUSH([C++])
AC_MSG_CHECKING([whether $CXX compiles C++17])
wg_save_CXXFLAGS=$CXXFLAGS
CXXFLAGS="$CXXFLAGS -std=c++17"
AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <memory>]], [[auto p = std::make_unique<int>(1); return *p - 1;]])],
  [wg_cxx=yes], [wg_cxx=no])
CXXFLAGS=$wg_save_CXXFLAGS
AC_MSG_RESULT([$wg_cxx])
AC_LANG_POP([C++])
AM_CONDITIONAL([HAVE_CXX], [test "$wg_cxx" = yes])
])

# One convenience library of kernels an instruction set: see Makefile.am.
AC_DEFUN([WG_INSTRUCTION_SETS], [
wg_isa_list=base
AVX2_CFLAGS= AVX512_CFLAGS= AVX512_BF16_CFLAGS=
AS_CASE([$host_cpu], [x86_64|amd64], [
  WG_FLAG([AVX2_CFLAGS], [-mavx2 -mfma -mf16c])
  WG_FLAG([AVX512_CFLAGS],
    [-mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma -mf16c -mprefer-vector-width=512])
  AS_IF([test -n "$AVX512_CFLAGS"], [WG_FLAG([AVX512_BF16_CFLAGS], [-mavx512bf16])])
])
AS_IF([test -n "$AVX2_CFLAGS"], [
  wg_isa_list="$wg_isa_list avx2"
  AC_DEFINE([WG_HAVE_ISA_AVX2], [1], [Define if kernels are compiled for AVX2, FMA and F16C.])])
AS_IF([test -n "$AVX512_CFLAGS"], [
  wg_isa_list="$wg_isa_list avx512"
  AC_DEFINE([WG_HAVE_ISA_AVX512], [1], [Define if kernels are compiled for AVX-512 F, BW, DQ and VL.])])
AS_IF([test -n "$AVX512_BF16_CFLAGS"], [
  AC_DEFINE([WG_HAVE_AVX512_BF16], [1], [Define if matmul is also compiled for AVX512_BF16, on top of AVX-512.])])
AC_SUBST([AVX2_CFLAGS])
AC_SUBST([AVX512_CFLAGS])
AC_SUBST([AVX512_BF16_CFLAGS])
AM_CONDITIONAL([ISA_AVX2], [test -n "$AVX2_CFLAGS"])
AM_CONDITIONAL([ISA_AVX512], [test -n "$AVX512_CFLAGS"])
AM_CONDITIONAL([AVX512_BF16], [test -n "$AVX512_BF16_CFLAGS"])
])
