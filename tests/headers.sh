#!/bin/sh
# Every public header stands alone, as C11 and as C++17, without a warning.
set -eu
cd "${top_srcdir:-$(dirname "$0")/..}/include"

warnings='-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wundef -Werror'
c() { ${CC:-cc} -x c -std=c11 $warnings -Wstrict-prototypes -Wmissing-prototypes -I. -fsyntax-only "$@"; }
cxx() { ${CXX:-c++} -x c++ -std=c++17 $warnings -Wold-style-cast -I. -fsyntax-only "$@"; }

echo 'extern int a;' | c - 2>/dev/null || { echo "NOTICE: ${CC:-cc} does not take GCC's options"; exit 77; }
languages='c cxx'
echo 'extern int a;' | cxx - 2>/dev/null || { echo "NOTICE: no C++17 compiler; the headers are tried as C only"; languages=c; }

bad=0
for header in wengert.h wengert/*.h; do
    for language in $languages; do
        echo "#include <$header>" | $language - || { echo "$header does not stand alone as $language"; bad=1; }
    done
done
# The check must be able to fail.
! echo '#include <wengert/base.h>
int f(long n) { return n; }' | c - 2>/dev/null || { echo "self-test: a warning went unnoticed"; bad=1; }
exit $bad
