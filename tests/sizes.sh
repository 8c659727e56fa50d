#!/bin/sh
# No source file has more than 1,000 lines: a reader should be able to hold one in mind.
set -eu
cd "${top_srcdir:-$(dirname "$0")/..}"

limit=1000
find lib ops include tools docs/examples tests -type f \
    \( -name '*.c' -o -name '*.h' -o -name '*.cpp' -o -name '*.sh' -o -name '*.def' \) 2>/dev/null |
    xargs wc -l |
    awk -v limit="$limit" '
        NF != 2 || !index($2, "/") { next } # the total, in whatever language
        $1 > limit { printf "%s: %d lines (limit %d)\n", $2, $1, limit; bad = 1 }
        END { exit bad }'
