#!/bin/sh
# The operators' gradients are right on every instruction set that this machine has, with all work split.
set -u

wengert=${top_builddir:-.}/wengert
failed=0
for isa in base avx2 avx512; do
    found=$(WENGERT_ISA=$isa "$wengert" --version)
    case $found in
    *"($isa)"*) ;;
    *)
        echo "NOTICE: no $isa here"
        continue
        ;;
    esac
    if WENGERT_ISA=$isa WENGERT_GRAIN=1 WENGERT_THREADS=3 "$wengert" check --quiet --seed 7 >isa.out 2>&1; then
        echo "$isa: $(sed -n '$p' isa.out)"
    else
        echo "FAILED: $isa"
        cat isa.out
        failed=1
    fi
done
rm -f isa.out
exit $failed
