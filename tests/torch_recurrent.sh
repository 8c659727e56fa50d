#!/bin/sh
# Recurrent layers against PyTorch's, where there is one.
set -eu
for python in "${PYTHON:-python3}" python3 /usr/bin/python3; do
  if "$python" -c 'import numpy, torch' 2>/dev/null; then
    exec "$python" "$top_srcdir/tests/torch_recurrent.py" "$top_builddir/wengert" "$top_builddir/tests/recurrent_graph"
  fi
done
echo "NOTICE: skipped, for there is no PyTorch (Debian: python3-torch)"
exit 77
