#!/bin/sh
# The library never ends the process, prints, uses unbounded string functions or hidden state, reads numbers by the
# locale, or allocates behind the allocator's back (lib/base alone may call the C library's).
set -eu

everywhere='abort exit _exit _Exit quick_exit assert printf vprintf puts putchar perror sprintf vsprintf gets
strcpy strcat stpcpy strtok rand srand random system popen atoi atol atoll atof setlocale signal longjmp alloca'
outside_base='malloc calloc realloc aligned_alloc posix_memalign free strdup strndup asprintf strtod strtof'

# Comments and literals are blanked, line numbers kept; a call is a name, not a member, before a parenthesis.
scan='
function blank(line,   out, c, i, n) {
    out = ""; n = length(line)
    for (i = 1; i <= n; i++) {
        c = substr(line, i, 1)
        if (state == "comment") { if (substr(line, i, 2) == "*/") { state = ""; i++ } continue }
        if (state != "") { if (c == "\\") i++; else if (c == state) state = ""; continue }
        if (substr(line, i, 2) == "/*") { state = "comment"; i++; continue }
        if (substr(line, i, 2) == "//") break
        if (c == "\"" || c == "\047") { state = c; continue }
        out = out c
    }
    if (state != "comment") state = ""
    return out
}
BEGIN { n = split(names, list); for (k = 1; k <= n; k++) forbidden[list[k]] = 1 }
FNR == 1 { state = "" }
{
    rest = blank($0)
    while (match(rest, /[A-Za-z_][A-Za-z_0-9]*[ \t]*\(/)) {
        before = substr(rest, 1, RSTART - 1)
        name = substr(rest, RSTART, RLENGTH - 1); sub(/[ \t]+$/, "", name)
        if ((name in forbidden) && before !~ /(\.|->)[ \t]*$/) {
            printf "%s:%d: calls %s\n", FILENAME, FNR, name; bad = 1
        }
        if ((name == "fprintf" || name == "fputs") && rest ~ /(stdout|stderr)/) {
            printf "%s:%d: prints\n", FILENAME, FNR; bad = 1
        }
        rest = substr(rest, RSTART + RLENGTH)
    }
}
END { exit bad }'

# check DIRECTORY: prints the offenders under it; 1 when there are any.
check() {
    bad=0
    for file in $(cd "$1" && find lib ops include -name '*.[ch]' 2>/dev/null | sort); do
        case $file in
        lib/base/*) names=$everywhere ;;
        *) names="$everywhere $outside_base" ;;
        esac
        (cd "$1" && awk -v names="$(echo $names)" "$scan" "$file") || bad=1
    done
    return $bad
}

# The rule must be able to fail: a made-up tree with one offence of each kind, and with innocent look-alikes.
self_test() {
    tree=$(mktemp -d)
    trap 'rm -rf "$tree"' EXIT
    mkdir -p "$tree/lib/base" "$tree/lib/io"
    echo 'void *p(void) { return malloc(1); }' >"$tree/lib/base/good.c"
    echo '/* malloc(1) */ const char *s = "exit(1)"; void g(S *a) { a->free(a); wg_free(a); _Static_assert(1, ""); }' \
        >"$tree/lib/io/good.c"
    check "$tree" >/dev/null || { echo "self-test: an innocent file was refused"; return 1; }
    for call in 'malloc(1)' 'exit (1)' 'x = 1; puts("a")' 'fprintf(stderr, "a")'; do
        echo "void f(void) { $call; }" >"$tree/lib/io/bad.c"
        ! check "$tree" >/dev/null || { echo "self-test: $call was let through"; return 1; }
    done
}

self_test
check "${top_srcdir:-$(dirname "$0")/..}"
