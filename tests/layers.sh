#!/bin/sh
# A room includes only the rooms below it; the command and the examples include nothing of ours but the public headers.
set -eu

scan='
BEGIN {
    floors = "base 0 tensor 1 graph 2 ops 3 grad 3 kernels 3 plan 4 exec 5 nn 6 optim 6 io 6 verify 6 train 7"
    n = split(floors, part)
    for (k = 1; k < n; k += 2) floor[part[k]] = part[k + 1]
    n = split("numerics 0 operator 1 model 1 mutation 2", part)
    for (k = 1; k < n; k += 2) storey["verify/" part[k]] = part[k + 1]
}
function offence(why) { printf "%s:%d: %s includes %s: %s\n", FILENAME, FNR, room, header, why; bad = 1 }
FNR == 1 {
    split(FILENAME, path, "/")
    room = path[1] == "lib" ? path[2] : path[1]
    inner = room "/" path[3]
}
/^[ \t]*#[ \t]*include[ \t]*["<]/ {
    header = $0
    sub(/^[^"<]*["<]/, "", header); sub(/[">].*/, "", header)
    split(header, name, "/")
    to = header ~ /\// ? name[1] : room
    public = header == "wengert.h" || name[1] == "wengert"

    if (header ~ /\.\./) { offence("a path upwards"); next }
    if (room == "docs") {
        if (name[1] in floor || name[1] == "tools" || name[1] == "lib" || header == "config.h")
            offence("an example needs only <wengert.h>")
        next
    }
    if (room == "tools") {
        if (name[1] in floor || name[1] == "lib") offence("a tool needs only the public headers")
        next
    }
    if (public || header == "config.h") next
    if (name[1] == "lib" || name[1] == "tools" || name[1] == "tests") { offence("not a room below"); next }
    within = to "/" name[2]
    if (inner in storey && within in storey && within != inner && storey[within] >= storey[inner])
        offence("not a storey below")
    if (!(to in floor) || to == room) next
    if (room == "ops" && to == "kernels") next
    if (floor[to] >= floor[room]) offence("not a room below")
}
END { exit bad }'

# check DIRECTORY: prints the offenders under it; 1 when there are any.
check() {
    (cd "$1" && find lib ops tools docs/examples -name '*.[ch]' 2>/dev/null | sort |
        { files=$(cat); [ -z "$files" ] || awk "$scan" $files; })
}

# The rule must be able to fail: one include at a time, in a made-up tree.
expect() { # yes|no FILE HEADER
    mkdir -p "$tree/$(dirname "$2")"
    echo "#include $3" >"$tree/$2"
    if check "$tree" >/dev/null; then got=yes; else got=no; fi
    rm "$tree/$2"
    [ "$got" = "$1" ] || { echo "self-test: $2 including $3: allowed is $got, expected $1"; exit 1; }
}
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
expect yes lib/graph/a.c '"base/alloc.h"'
expect yes lib/graph/a.c '"graph/graph.h"'
expect yes lib/graph/a.c '<wengert/exec.h>'
expect yes lib/graph/a.c '<sys/stat.h>'
expect yes ops/a.c '"kernels/gemm.h"'
expect no lib/base/a.c '"tensor/shape.h"'
expect no lib/kernels/a.c '"ops/op.h"'
expect no lib/io/a.c '"nn/layer.h"'
expect no lib/io/a.c '"../exec/exec.h"'
expect no lib/exec/a.c '"lib/base/alloc.h"'
expect yes lib/verify/mutation/a.c '"verify/operator/rig.h"'
expect no lib/verify/operator/a.c '"verify/mutation/mutant.h"'
expect no lib/verify/model/a.c '"verify/operator/rig.h"'
expect yes tools/a.c '<wengert.h>'
expect no tools/a.c '"base/alloc.h"'
expect no docs/examples/a.c '"exec/exec.h"'

check "${top_srcdir:-$(dirname "$0")/..}"
