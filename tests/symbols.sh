#!/bin/sh
# The shared library exports exactly what lib/wengert.sym lists: a symbol that appears or goes is a decision.
# With --list, prints what it exports now. After a decision: make update-symbols.
set -eu

library=
for file in "${top_builddir:-.}"/.libs/libwengert.so "${top_builddir:-.}"/.libs/libwengert.dylib; do
    [ -e "$file" ] && library=$file
done
exported() {
    # Mach-O names have an underscore before them.
    ${NM:-nm} -D --defined-only "$library" 2>/dev/null | awk '{ print $NF }' | sed 's/^_wg/wg/; s/@.*//' | LC_ALL=C sort -u
}

if [ -z "$library" ]; then
    echo "no shared library was built" >&2
    exit 77
fi
if [ "${1-}" = --list ]; then
    exported
    exit
fi
if [ "${WG_INSTRUMENTED:-no}" = yes ]; then
    echo "instrumented builds export more"
    exit 77
fi

got=$(mktemp)
trap 'rm -f "$got"' EXIT
exported >"$got"
if ! diff "$top_srcdir/lib/wengert.sym" "$got"; then
    echo "< is listed in lib/wengert.sym, > is exported; if this is meant: make update-symbols"
    exit 1
fi
if grep -v '^wg_[a-z]' "$got"; then
    echo "exported, but not named wg_*"
    exit 1
fi
