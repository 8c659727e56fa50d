#!/bin/sh
# lint.sh BUILD-DIRECTORY: clang-tidy and cppcheck over the library and the command. Needs a configured build.
set -eu

build=${1:?usage: lint.sh BUILD-DIRECTORY}
build=$(cd "$build" && pwd)
cd "$(dirname "$0")/.."
jobs=${JOBS:-2}
flags="-std=c11 -D_POSIX_C_SOURCE=200809L -DHAVE_CONFIG_H -DWG_ISA=base -DWG_BASELINE=1 -I$build -I$build/tools/bench -Ilib -Iinclude -Itools -I."
status=0

for tool in clang-tidy cppcheck; do
    command -v $tool >/dev/null || { echo "$tool is missing (Debian: apt-get install $tool)"; exit 77; }
done

files=$(find lib ops tools -name '*.c' | LC_ALL=C sort)
system=$(pkg-config --cflags jansson hdf5 2>/dev/null | sed 's/-I */-isystem /g') || system=

# A file a process: clang 14's analyzer reports every va_list of the later ones as uninitialised.
echo "clang-tidy"
printf '%s\n' $files |
    xargs -P "$jobs" -n 1 sh -c 'flags=$1; shift; clang-tidy --quiet "$@" -- $flags 2>/dev/null' sh "$flags $system" ||
    status=1

# It reads no system headers, so jansson's loops are told to it. Version 2.10 itself crashes on the two files left out.
echo "cppcheck"
files=$(printf '%s\n' $files | grep -v '^ops/cross_entropy')
cppcheck -q -j "$jobs" --std=c11 --error-exitcode=1 --inline-suppr --suppressions-list=tests/cppcheck.txt \
    '-Djson_array_foreach(a, i, value)=while ((value = json_next_of(a, &i)))' \
    '-Djson_object_foreach(o, key, value)=while ((key = json_key_of(o)) && (value = json_object_get(o, key)))' \
    --enable=warning,portability,performance $(echo "$flags" | sed 's/-std=c11//') $files || status=1

exit $status
