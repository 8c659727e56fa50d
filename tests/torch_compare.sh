#!/bin/sh
# Values and derivatives of operators against PyTorch's, where there is one.
set -eu
command=$top_builddir/wengert
for python in "${PYTHON:-python3}" python3 /usr/bin/python3; do
  if "$python" -c 'import numpy, torch' 2>/dev/null; then
    # libtool names the program itself: the script in its place takes longer to start than most cases to run.
    exec "$top_builddir/libtool" --mode=execute -dlopen "$top_builddir/libwengert.la" "$python" "$top_srcdir/tests/torch_compare.py" "$command" "$top_srcdir/tests/torch_cases" "$@"
  fi
done
echo "NOTICE: skipped, for there is no PyTorch (Debian: python3-torch)"
exit 77
