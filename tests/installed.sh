#!/bin/sh
# installed.sh PROGRAM.c: compiles and runs a user's program with the installed library alone. Called by installcheck.
set -eu

program=$1
root=${DESTDIR:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A staged tree keeps its final names in wengert.pc; here they are put right for the stage.
PKG_CONFIG_PATH=$root$libdir/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
export PKG_CONFIG_PATH
query() {
    ${PKG_CONFIG:-pkg-config} --define-variable=libdir="$root$libdir" \
        --define-variable=includedir="$root$includedir" "$@" wengert
}

if [ ! -e "$program" ]; then
    echo "installed.sh: no $program: only the header is compiled"
    program=$work/none.c
    printf '#include <wengert.h>\nint main(void) { return 0; }\n' >"$program"
fi

run() { # LABEL COMMAND...
    label=$1
    shift
    (cd "$work" && "$@") >"$work/log" 2>&1 || { cat "$work/log"; echo "installed.sh: $label failed"; exit 1; }
    echo "installed.sh: $label works"
}

if ls "$root$libdir"/libwengert.so >/dev/null 2>&1 || ls "$root$libdir"/libwengert.dylib >/dev/null 2>&1; then
    $CC $CFLAGS $(query --cflags) "$program" -o "$work/shared" $(query --libs)
    LD_LIBRARY_PATH=$root$libdir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} run "shared library" "$work/shared"
fi
if [ -e "$root$libdir/libwengert.a" ]; then
    libs=$(query --static --libs | sed "s| -lwengert | $root$libdir/libwengert.a |; s|^-lwengert |$root$libdir/libwengert.a |")
    $CC $CFLAGS $(query --cflags) "$program" -o "$work/static" $libs
    run "static library" "$work/static"
fi
