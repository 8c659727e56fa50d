#!/bin/sh
# examples.sh [full]: runs every example, in a folder of its own, with arguments that keep it short, or those that have more to
# show, in full. An example that finds no data says so and is skipped.
set -u

mode=${1-short}

build=$(cd "${top_builddir:-.}" && pwd)
src=${top_srcdir:-.}
: "${WENGERT_DATA:=$src/../shared/data}"
[ -d "$WENGERT_DATA" ] && WENGERT_DATA=$(cd "$WENGERT_DATA" && pwd)
export WENGERT_DATA
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 99

failed=0
run() { # PROGRAM ARGUMENTS..
    program=$build/docs/examples/$1
    [ -x "$program" ] || { echo "NOTICE: $1 was not built"; return; }
    name=$1
    shift
    "$program" "$@" >out 2>&1
    case $? in
    0) echo "ok: $name: $(sed -n '$p' out)" ;;
    77) echo "NOTICE: $(sed -n 1p out)" ;;
    *) echo "FAILED: $name"; cat out; failed=1 ;;
    esac
}

if [ "$mode" = full ]; then
    run autoencoder
    run breast_cancer
    run char_lstm
    run char_transformer --seconds 1500
    run custom_adjoint
    run hvp_power
    run mnist_conv
    run mnist_mlp
    run optimisers
    run physics
    run wine
    exit $failed
fi

run a_xor
run autoencoder 100
run b_cat 3 cat.npz
run b_cat 6 cat.npz # goes on where the first run ended
run breast_cancer
run c_op
run char_lstm --steps 40 --hidden 64 --batch 16 --length 64
run char_transformer --steps 12 --sample 40 --windows 8
run check_my_operator
if "$build/docs/examples/check_my_operator" wrong >out 2>&1 || ! grep -q "FAIL log_cosh: .*operand 0" out; then
    echo "FAILED: check_my_operator wrong passes"
    cat out
    failed=1
fi
run custom_adjoint
run d_twin 200
run e_pinn 300
run f_lstm
run g_server
run h_errors
run hvp_power
run i_embed
run mnist_conv 30
run mnist_mlp 150
run optimisers 300
run physics 12000
run wine 20
exit $failed
