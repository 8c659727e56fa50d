#!/bin/sh
# summary.sh BUILD-DIRECTORY: sums up a `make check`, and ends with the line "N passed, N failed".
# Counts each test of a Check suite that reported them, and each other test as one. Exit status 1 if anything failed,
# or if nothing ran at all.
set -eu

dir=${1:-.}
passed=0 failed=0 skipped=0
for result in $(find "$dir" -name '*.trs' | LC_ALL=C sort); do
    log=${result%.trs}.log
    # "98%: Checks: 50, Failures: 1, Errors: 0", once a runner
    counts=$(sed -n 's/^[0-9]*%: Checks: \([0-9]*\), Failures: \([0-9]*\), Errors: \([0-9]*\).*/\1 \2 \3/p' "$log" |
        awk '{ all += $1; bad += $2 + $3 } END { if (NR) print all - bad, bad }')
    case $(sed -n 's/^:global-test-result: //p' "$result") in
    PASS)
        set -- ${counts:-1 0}
        ;;
    SKIP)
        skipped=$((skipped + 1))
        echo "skipped: ${log#"$dir"/}: $(sed -n 1p "$log")"
        continue
        ;;
    *)
        # A suite that failed otherwise (a crash, a leak at its end) counts as a failure besides.
        set -- ${counts:-0 1}
        [ "$2" -gt 0 ] || set -- "$1" 1
        echo "failed: ${log#"$dir"/}"
        ;;
    esac
    passed=$((passed + $1)) failed=$((failed + $2))
done

[ "$skipped" = 0 ] || echo "$skipped skipped"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
