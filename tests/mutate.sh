#!/bin/sh
# Every operator, and the verifier itself, made wrong in every known way: each is noticed, or reviewed with a reason.
set -u

wengert=${top_builddir:-.}/wengert
seeds=${MUTATE_SEEDS:-1}
status=0
for seed in $seeds; do
    if "$wengert" check --mutate --quiet --seed "$seed" >mutate.out 2>&1; then
        echo "seed $seed: $(sed -n '$p' mutate.out)"
    else
        echo "FAILED: seed $seed"
        cat mutate.out
        status=1
    fi
done
# A run that tried nothing proves nothing: some twenty mutants an operator are to be expected.
mutants=$(sed -n 's/^\([0-9]*\) mutants: .*, 0 survived$/\1/p' mutate.out)
if [ "${mutants:-0}" -lt 1000 ]; then
    echo "FAILED: only ${mutants:-0} mutants were tried"
    status=1
fi
rm -f mutate.out
exit $status
