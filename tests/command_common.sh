# What the tests of the command share; they read it in first. A folder of their own is the current one.
set -u

source=$(cd "${top_srcdir:-.}" && pwd) || exit 1
build=$(cd "${top_builddir:-.}" && pwd) || exit 1
wengert=$build/wengert
# A program that libtool has not linked yet is linked at its first call: once, and not while a signal is on its way.
"$wengert" --version >/dev/null || exit 1

place=$(mktemp -d) || exit 1
trap 'rm -rf "$place"' EXIT
cd "$place" || exit 1
failures=0
checks=0

# Data for the tests has points, whatever the locale that the command runs in.
awk() { LC_ALL=C command awk "$@"; }

fail() {
    failures=$((failures + 1))
    echo "FAILED: $*"
    [ ! -s err ] || sed 's/^/    err: /' err
    [ ! -s out ] || head -n 5 out | sed 's/^/    out: /'
}

# run ARGUMENTS..: stdout in out, stderr in err, the exit code in $code.
run() {
    checks=$((checks + 1))
    "$wengert" "$@" >out 2>err </dev/null
    code=$?
}

# works ARGUMENTS..
works() {
    run "$@"
    [ $code = 0 ] || fail "exit $code: wengert $*"
}

# refuses CODE TEXT ARGUMENTS..: the exit code, and one line on stderr that holds the text.
refuses() {
    expected=$1 text=$2
    shift 2
    run "$@"
    [ $code = "$expected" ] || fail "exit $code and not $expected: wengert $*"
    grep -Fq -e "$text" err || fail "does not say \"$text\": wengert $*"
    [ "$(grep -c '^wengert: ' err)" = 1 ] || fail "is not one line: wengert $*"
    [ ! -s out ] || fail "prints on stdout: wengert $*"
}

# says TEXT: the last run's stdout holds it.
says() { grep -Fq -e "$1" out || fail "stdout does not say \"$1\""; }
same() {
    checks=$((checks + 1))
    cmp "$1" "$2" >err 2>&1 || fail "$1 and $2 differ"
}
lines() { # FILE NUMBER
    checks=$((checks + 1))
    [ "$(wc -l <"$1")" -eq "$2" ] || fail "$1 has $(wc -l <"$1") lines and not $2"
}

# Last of all: the exit code of the script. As the unit tests end, so that a summary counts these too.
finish() {
    echo "$((100 * (checks - failures) / checks))%: Checks: $checks, Failures: $failures, Errors: 0"
    [ $failures = 0 ]
}
