#!/bin/sh
# Every source file is listed in a Makemodule.am; one that is not would be missing from a release.
set -eu
cd "${top_srcdir:-$(dirname "$0")/..}"

lists=$(find . -name Makemodule.am -o -name '*.am' -path './tests/*' | sort -u)
# Backslashes and leading blanks removed: one word a line, exact matches only.
words=$(cat $lists Makefile.am | tr -s ' \t\\=' '\n\n\n\n')

find lib ops include tools docs tests -type f \
    \( -name '*.c' -o -name '*.h' -o -name '*.cpp' -o -name '*.def' -o -name '*.sh' -o -name '*.[1357]' \) 2>/dev/null |
    sort | {
    bad=0
    while read -r file; do
        stem=${file%.c} # a suite is listed by its program's name
        printf '%s\n' "$words" | grep -Fxq -e "$file" -e "$stem" || { echo "$file: in no Makemodule.am"; bad=1; }
    done
    exit $bad
}
