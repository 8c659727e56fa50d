#!/bin/sh
# The command, end to end: every verb, and every way in which it refuses.
. "${top_srcdir:-.}/tests/command_common.sh"

# ---- the command line -----------------------------------------------------------------------------------------------

run
[ $code = 2 ] || fail "no verb: exit $code"
works --help
says "wengert VERB"
works --version
refuses 2 "did you mean train?" trian
refuses 2 "no such verb" xyzzy
for verb in train predict check eval inspect ops bench; do
    works $verb --help
    says "Usage: wengert $verb"
    works help $verb
done
refuses 2 "did you mean --layers?" train --layer 2,1
refuses 2 "unknown option --lay" train --lay=2,1
refuses 2 "unknown option --xyzzy" ops --xyzzy
refuses 2 "unknown option -q" ops -q
refuses 2 "--lr needs RATE" train --lr
refuses 2 "--lr needs RATE" train --lr --save m.npz
refuses 2 "--loss needs auto|bce" train --loss
refuses 2 "--lr fast: expected a number" train --lr fast
refuses 2 "--lr 0,1: expected a number" train --lr 0,1
refuses 2 "--lr nan: expected a number" train --lr nan
refuses 2 "--steps 0: expected a whole number from 1" train --steps 0
refuses 2 "--steps 1.5: expected" train --steps 1.5
refuses 2 "--dtype f16: expected f32|f64" train --dtype f16
refuses 2 "--precision low: expected highest|high|medium" train --precision low
refuses 2 "--precision low: expected highest|high|medium" predict m.npz --precision low
refuses 2 "--precision low: expected highest|high|medium" bench --precision low
refuses 2 "--quiet takes no value" ops --quiet=yes
refuses 2 "--lr is given twice" train --lr 0.1 --lr=0.2
refuses 2 "--order is given twice" check relu --order 1 --order 2
refuses 2 "something is missing" predict
refuses 2 "what is b?" inspect a b

# ---- train: what it refuses -----------------------------------------------------------------------------------------

moons="--layers 2,8,1 --data moons:200"
refuses 2 "--layers is missing" train --data moons:20
refuses 2 "--x FILE[:MEMBER] is missing" train --layers 2,1
refuses 2 "--layers 2: expected at least two sizes" train --layers 2 --data moons:20
refuses 2 "--layers 2,0,1: expected" train --layers 2,0,1 --data moons:20
refuses 2 "--layers 2,x,1: expected" train --layers 2,x,1 --data moons:20
refuses 2 "--layers 2,,1: expected" train --layers 2,,1 --data moons:20
refuses 1 "an example has 2 values, but --layers 3,1 begins with 3" train --layers 3,1 --data moons:20
refuses 1 "1 label an example, but the last layer has 3 units" train --layers 2,3 --data moons:20
refuses 2 "expected moons:N or moons:N:SEED" train --layers 2,1 --data moons:x
refuses 2 "expected moons:N or moons:N:SEED" train --layers 2,1 --data moons:0
refuses 2 "--steps counts updates and --epochs passes" train $moons --steps 5 --epochs 5
refuses 2 "--scale 0" train $moons --scale 0
refuses 2 "--scale and --standardize" train $moons --scale 2 --standardize
refuses 2 "--loss bce needs --output sigmoid" train $moons --loss bce --output linear
refuses 2 "--loss cross_entropy needs --output softmax" train $moons --loss cross_entropy --output sigmoid
refuses 2 "--init numpy:x: expected a seed" train $moons --init numpy:x
refuses 2 "--init ones: expected he, xavier" train $moons --init ones
refuses 2 "--schedule step:1: expected" train $moons --schedule step:1
refuses 2 "--schedule one_cycle:1: expected" train $moons --schedule one_cycle:1
refuses 2 "--warmup: the schedule one_cycle has" train $moons --schedule one_cycle --warmup 3
refuses 2 "--momentum: the optimizer adam has nothing like it" train $moons --optimizer adam --momentum 0.5
refuses 2 "--amsgrad: the optimizer sgd has nothing like it" train $moons --amsgrad
refuses 2 "--beta1 1: expected a number below 1" train $moons --optimizer adam --beta1 1
refuses 2 "--beta1 0: expected a number from" train $moons --optimizer adam --beta1 0
refuses 2 "--optimizer adamm: expected sgd|momentum" train $moons --optimizer adamm
refuses 2 "--save-every needs --save" train $moons --save-every 5
refuses 2 "--test-x and --test-y need each other" train $moons --test-x a.npy
refuses 2 "give one or the other" train $moons --x a.npy
refuses 2 "--split 1.5: expected" train $moons --split 1.5
refuses 1 "absent.npy" train --layers 2,1 --x absent.npy --y absent.npy
refuses 1 "no/such/place.npz" train $moons --steps 2 --quiet --save no/such/place.npz
refuses 1 "no/such/log.tsv" train $moons --steps 2 --quiet --log no/such/log.tsv
refuses 1 "the cost is" train $moons --steps 500 --quiet --lr 1e30 --loss mse

# ---- data to work on, made by eval ----------------------------------------------------------------------------------

cat >data.json <<'END'
{"format": "wengert-graph", "version": 1, "nodes": [
  {"name": "x", "op": "constant", "dtype": "f64", "value": [[[0, 0], [1, 2]], [[2, 1], [0, 3]], [[1, 1], [4, 0]], [[0, 1], [1, 5]]]},
  {"name": "binary", "op": "constant", "dtype": "i64", "value": [0, 1, 1, 0]},
  {"name": "class", "op": "constant", "dtype": "i64", "value": [0, 1, 2, 1]},
  {"name": "real", "op": "constant", "dtype": "f64", "value": [0.5, 1.5, -1, 2]},
  {"name": "short", "op": "constant", "dtype": "i64", "value": [0, 1, 1]},
  {"name": "across", "op": "constant", "dtype": "f64", "value": [[0, 1, 2, 3], [3, 2, 1, 0]]},
  {"name": "vector", "op": "constant", "dtype": "f64", "value": [1, 2, 3, 4]}
], "outputs": ["x", "binary", "class", "real", "short", "across", "vector"]}
END
works eval data.json --out data.npz
says "x                        f64 (4,2,2)"
for layout in columns rows; do
    works train --layers 4,5,1 --x data.npz:x --y data.npz:binary --layout $layout --steps 30 --lr 0.1 --save $layout.npz --quiet
    works train --layers 4,5,3 --x data.npz:x --y data.npz:class --loss cross_entropy --layout $layout --steps 500 --lr 0.1 \
        --init xavier --save class.npz --quiet
    says "train accuracy 4/4 (1.0000)"
    works train --layers 4,5,1 --x data.npz:x --y data.npz:real --loss mse --hidden tanh --layout $layout --steps 2000 --lr 0.05 \
        --standardize --save real.npz --quiet
    says "train rmse "
    works predict real.npz --x data.npz:x --y data.npz:real
    grep -Eq " r2 (0.99|1$)" out || fail "the regression does not fit"
done
works train --layers 1,1 --x data.npz:vector --y data.npz:binary --steps 1 --quiet
refuses 1 "label 2 of example 2 lies outside 0 to 1" train --layers 4,1 --x data.npz:x --y data.npz:class
refuses 1 "label 2 of example 2 is none of the classes 0 to 1" train --layers 4,2 --x data.npz:x --y data.npz:class --loss cross_entropy
refuses 1 "4 examples, but data.npz:short has 3 labels" train --layers 4,1 --x data.npz:x --y data.npz:short
refuses 1 "nothing" train --layers 4,1 --x data.npz:nothing --y data.npz:binary
refuses 1 "last layer of one unit a class" train --layers 4,1 --x data.npz:x --y data.npz:binary --loss cross_entropy
works train --layers 2,1 --x data.npz:across --y data.npz:binary --examples-axis 1 --steps 3 --quiet
refuses 1 "--examples-axis 5, but the shape is" train --layers 2,1 --x data.npz:across --y data.npz:binary --examples-axis 5

# NumPy's start, the same in both layouts, gives the same curve.
for layout in columns rows; do
    works train $moons --init numpy:3 --dtype f64 --layout $layout --steps 40 --lr 0.5 --log $layout.tsv --log-every 10 --quiet
done
lines columns.tsv 6
head -n 1 columns.tsv >out
says "step	cost"
awk 'NR == FNR { a[FNR] = $2; next } FNR > 1 { d = a[FNR] - $2; if (d < 0) d = -d; if (d > 1e-12 || $1 != want[FNR]) bad = 1 }
    BEGIN { n = split("0 10 20 30 39", s, " "); for (i = 1; i <= n; i++) want[i + 1] = s[i] } END { exit bad }' columns.tsv rows.tsv ||
    fail "the layouts' curves differ, or the log's steps are wrong"

# ---- train: what it leaves ------------------------------------------------------------------------------------------

works train --layers 2,16,8,1 --data moons:400 --steps 600 --lr 0.3 --check-gradients --log log.tsv --plot plot.svg --save m.npz --json
says '"accuracy"'
says '"difference"'
[ "$(grep -c '^{' out)" = 1 ] || fail "--json prints more than one object"
grep -q "gradients right" err || fail "--check-gradients says nothing"
grep -q "<polyline" plot.svg || fail "the plot has no line"
works train --layers 2,16,8,1 --data moons:400 --steps 600 --lr 0.3 --threads 1 --log log.tsv --plot plot.svg --save one.npz --quiet
same m.npz one.npz # the same bits whatever the threads
works predict m.npz --data moons:400
says "accuracy "
works predict m.npz --data moons:10:7 --out p.csv --quiet
lines p.csv 11
works predict m.npz --data moons:10:7 --out p.npy
works predict m.npz --data moons:10:7 --out p.npz
works predict m.npz --x data.npz:across --examples-axis 1
lines out 5
works predict m.npz --x data.npz:across --examples-axis 1 --json
says '"prediction": ['
refuses 2 "--out p.txt: expected" predict m.npz --data moons:10 --out p.txt
refuses 2 "--x FILE[:MEMBER] is missing" predict m.npz
refuses 1 "data.npz:x" predict m.npz --x data.npz:x
refuses 1 "absent.npz" predict absent.npz --data moons:10
refuses 1 "without --split" predict m.npz --data moons:400 --part test
works train $moons --split 0.25 --steps 300 --lr 0.5 --seed 5 --save split.npz --quiet
grep "^test" out | sed 's/^test //' >held
works predict split.npz --data moons:200 --part test
same out held
for optimizer in momentum nesterov adam adamw rmsprop adagrad adadelta lamb; do
    works train $moons --optimizer $optimizer --batch 50 --epochs 30 --lr 0.01 --schedule cosine --quiet --dtype f64
done
works train $moons --schedule step:10:0.5 --steps 30 --quiet
works train $moons --schedule linear:0.001 --steps 30 --quiet --seed 0
works train $moons --schedule one_cycle:0.4 --steps 30 --quiet
works train $moons --optimizer rmsprop --momentum 0.5 --centered --alpha 0.9 --eps 1e-6 --weight-decay 0.01 --l2 0.01 --clip-norm 1 \
    --clip-value 0.5 --warmup 5 --schedule cosine --steps 30 --save rms.npz --quiet
works inspect rms.npz --json
grep -q '"rmsprop/g/W1"' out || fail "no state of rmsprop"

# ---- resume ---------------------------------------------------------------------------------------------------------

# resumed NAME OPTIONS..: a run in two halves must leave what one run leaves, to the last bit.
resumed() {
    name=$1
    shift
    mkdir "$name" "$name/whole" "$name/halves"
    cd "$name/whole" && works train "$@" --steps 60 --log l.tsv --log-every 7 --save m.npz --quiet
    cd ../halves && works train "$@" --steps 25 --log l.tsv --log-every 7 --save m.npz --quiet
    works train --resume m.npz --steps 60 --quiet
    cd ../..
    same "$name/whole/m.npz" "$name/halves/m.npz"
    same "$name/whole/l.tsv" "$name/halves/l.tsv"
}
resumed full $moons --lr 0.3
resumed rounded --layers 2,64,64,1 --data moons:200 --lr 0.3 --precision medium
works predict m.npz --data moons:400 --precision high
says "accuracy "
resumed batches $moons --optimizer adam --batch 32 --lr 0.01 --dtype f64
resumed rates $moons --optimizer adamw --beta1 0.8 --amsgrad --clip-norm 0.5 --l2 0.1 --lr 0.01 --warmup 30 --schedule cosine:0:60
resumed standardized $moons --optimizer momentum --standardize --split 0.1 --schedule cosine:0.001:60
cd full/halves || exit 1
refuses 2 "--optimizer adam: the run in m.npz has sgd" train --resume m.npz --optimizer adam
refuses 2 "--l2 0.5: the run in m.npz has none" train --resume m.npz --l2 0.5
refuses 2 "--layers 2,4,1" train --resume m.npz --layers 2,4,1
refuses 2 "--loss mse" train --resume m.npz --loss mse
refuses 2 "--seed 2" train --resume m.npz --seed 2
refuses 2 "--batch 10" train --resume m.npz --batch 10
refuses 1 "more than the 30 that are asked for" train --resume m.npz --steps 30
works train --resume m.npz --lr 0.1 --precision medium --steps 70 --quiet
works train --resume m.npz --quiet
works train --resume m.npz --epochs 80 --quiet --save other.npz
cd ../..
refuses 1 "data.npz" train --resume data.npz
head -c 1000 m.npz >cut.npz
refuses 1 "cut.npz" train --resume cut.npz
refuses 1 "cut.npz" predict cut.npz --data moons:10

# Where a resumed run writes: not wherever a checkpoint says, which may come from anywhere.
mkdir hostile
cd hostile || exit 1
works train $moons --steps 5 --log l.tsv --log-every 1 --plot p.svg --save m.npz --quiet
works train $moons --steps 5 --log other.tsv --log-every 1 --lr 0.5 --quiet
cp l.tsv kept.tsv
cp p.svg kept.svg
for what in text header other none; do
    case $what in
    text) echo precious >l.tsv ;;
    header) printf 'step\tcost\n9\t1\n' >l.tsv ;;
    other) cp other.tsv l.tsv ;;
    none) rm l.tsv ;;
    esac
    [ $what = none ] || cp l.tsv before
    refuses 1 "m.npz: its log l.tsv is not there, or not the one that this run wrote" train --resume m.npz --steps 9 --quiet
    [ $what = none ] || same l.tsv before
    [ $what != none ] || [ ! -e l.tsv ] || fail "a resumed run makes a log"
done
cp kept.tsv l.tsv
echo precious >p.svg
cp p.svg before
refuses 1 "m.npz: its plot p.svg is no plot of a run" train --resume m.npz --steps 9 --quiet
same p.svg before
rm p.svg
printf '7\t0.' >>l.tsv # a line that was being written when the run was killed
works train --resume m.npz --steps 9 --quiet
lines l.tsv 10
[ -e p.svg ] || fail "a resumed run draws no plot"
works train --resume m.npz --steps 12 --quiet
lines l.tsv 13
for at in ../up.svg .hidden.svg "$place/whole.svg" a/../../up.svg; do
    mkdir -p a
    works train $moons --steps 5 --plot $at --save m.npz --quiet
    rm $at
    refuses 1 "m.npz: its plot $at is no plot of a run" train --resume m.npz --steps 9 --quiet
    works train --resume m.npz --steps 9 --plot $at --quiet
    works train --resume m.npz --steps 12 --quiet
done
for option in '"layers": "2"' '"layers": "2,1", "init": "none"' '"layers": "2,1", "schedule": "x"' '"layers": "2,1", "lr": "y"'; do
    echo '{"format": "wengert-graph", "version": 1, "nodes": [], "entries": {"train": {"options": {'"$option"'}}}}' >kept.json
    refuses 1 "kept.json: keeps a wrong option: train: --" train --resume kept.json
done
cd ..

# ---- files that are no files, and models that make no predictions ---------------------------------------------------

cat >square.json <<'END'
{"format": "wengert-graph", "version": 1, "nodes": [
  {"name": "x", "op": "input", "dtype": "f64", "shape": ["N"]},
  {"name": "w", "op": "param", "dtype": "f64", "shape": [1], "init": 3},
  {"name": "y", "op": "mul", "inputs": ["x", "w"]},
  {"name": "s", "op": "square", "inputs": ["y"]},
  {"name": "cost", "op": "sum", "inputs": ["s"]}
], "outputs": ["cost"]}
END

mkfifo pipe
ln -s elsewhere dangling
for at in pipe dangling; do
    refuses 1 "$at" train $moons --steps 2 --quiet --log $at
    refuses 1 "$at" inspect $at
done
[ -p pipe ] && [ -h dangling ] || fail "a pipe or link was replaced"
mkdir folder
for name in empty.json empty.npz empty.npy empty.csv; do
    : >$name
done
for at in empty.json empty.npz empty.npy empty.csv folder /dev/null; do
    case $at in
    empty*) said="is empty" ;;
    *) said=$at: ;;
    esac
    refuses 1 "$said" train --layers 2,1 --x $at --y $at
    refuses 1 "$said" train --layers 2,1 --data $at
    refuses 1 "$said" train --resume $at
    refuses 1 "$said" predict $at --data moons:10
    refuses 1 "$said" predict m.npz --x $at
    refuses 1 "$said" check --model $at --data moons:10
    refuses 1 "$said" check --model m.npz --x $at --y $at
    refuses 1 "$said" eval $at
    refuses 1 "$said" eval square.json --feeds $at
    refuses 1 "$said" inspect $at
done
printf ' \t\r\n\n' >blank.json
refuses 1 "blank.json: is empty" inspect blank.json
head='{"format": "wengert-graph", "version": 1, "nodes": [{"name": "x", "op": "input", "dtype": "f64", "shape": ["N", 2]},'
ends='], "outputs": ["y"]}'
echo "$head"'{"name": "y", "op": "concat", "inputs": ["x", "x"], "attrs": {"axis": 0}}'"$ends" >twice.json
refuses 1 "the model makes (20,2) of 10 examples" predict twice.json --data moons:10
echo "$head"'{"name": "y", "op": "sum", "inputs": ["x"]}'"$ends" >total.json
refuses 1 "the model makes () of 10 examples" predict total.json --data moons:10
printf '%s\n' "$head"'{"name": "y", "op": "re\u001b[31mlu\nx", "inputs": ["x"]}'"$ends" >controls.json
refuses 1 "re?[31mlu?x" inspect controls.json
echo "$head"'{"name": "y", "op": "param", "dtype": "f64", "shape": [1099511627776, 1024]}'"$ends" >vast.json
[ "${WG_INSTRUMENTED:-no}" = yes ] || refuses 1 "vast.json: out of memory" inspect vast.json # a sanitiser would not allow it
works train $moons --epochs 2 --batch 9223372036854775807 --save vast.npz --save-every 9223372036854775807 --quiet
# A limit on files is told like a full disk.
checks=$((checks + 1))
(ulimit -f 1; "$wengert" train $moons --steps 2 --quiet --plot limited.svg >out 2>err)
[ $? = 1 ] && grep -q "limited.svg: cannot be written" err || fail "a limit on files is not told"

# ---- signals --------------------------------------------------------------------------------------------------------

long="--layers 2,64,64,1 --data moons:2000 --steps 100000000 --log long.tsv --log-every 1 --quiet"

# interrupted SIGNAL OPTIONS..: trains until some steps are logged, then sends the signal; the exit code in $code.
interrupted() {
    signal=$1
    shift
    rm -f long.tsv
    checks=$((checks + 1))
    "$wengert" train $long "$@" >out 2>err </dev/null &
    child=$!
    for wait in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        sleep 0.5
        [ ! -e long.tsv ] || [ "$(wc -l <long.tsv)" -lt 20 ] || break
    done
    kill -"$signal" $child
    { wait $child; } 2>/dev/null # the shell's own remark
    code=$?
}
interrupted TERM --save stopped.npz
[ $code = 143 ] || fail "SIGTERM: exit $code"
grep -q "to go on: wengert train --resume stopped.npz" err || fail "SIGTERM: does not say where it saved"
done=$(sed -n 's/.*after \([0-9]*\) of.*/\1/p' err)
works train --resume stopped.npz --steps $((done + 3)) --quiet
lines long.tsv $((done + 4)) # a header, and a line each step
interrupted INT --save stopped.npz
[ $code = 130 ] || fail "SIGINT: exit $code"
works inspect stopped.npz
interrupted KILL --save killed.npz --save-every 1
works inspect killed.npz --json
done=$(sed -n 's/^  "step": \([0-9]*\),.*/\1/p' out)
works train --resume killed.npz --steps $((done + 3)) --quiet
lines long.tsv $((done + 4))
set -- .wengert-*.tmp
[ ! -e "$1" ] || fail "what the killed run left was not removed: $*"
interrupted TERM
[ $code = 143 ] || fail "SIGTERM without --save: exit $code"
grep -q "without --save nothing is kept" err || fail "SIGTERM without --save: does not say so"

# ---- check ----------------------------------------------------------------------------------------------------------

works check relu matmul cross_entropy
says "PASS          matmul "
says "3 operators, "
says " 0 failed, "
lines out 4
works check add --order 1 --json
says '"failed": 0'
says '"verdict": "PASS"'
says '"what": "gradient"'
works check tanh --quiet
lines out 1
works check matmul --slots
says "tolerance    seconds"
grep -Eq "^PASS +matmul +1 +2 +second order " out || fail "--slots has no line for operand 1 at order 2"
works check tanh --draws 3 --json
[ "$(sed -n 's/^  "checks": \([0-9]*\),/\1/p' out)" -gt 90 ] || fail "three draws make no more checks than one"
works check --thorough add relu --json
says '"isa": "base"'
grep -q "^base .* 0 failed" err || fail "--thorough does not tell its runs"
works check --calibrate --points 40
says "1e-06         100.0000 %"
says "nan           100.0000 %"
says "28 functions, 40 points each"
works check --calibrate --points 40 --verbose --quiet
says "gelu "
works check --calibrate --points 40 --json
says '"planted": "infinity"'
works check relu --html page.html
grep -q "</html>" page.html || fail "the page has no end"
grep -q "This is a quick measurement" page.html || fail "the page does not say how its curve was measured"
if grep -Eiq "<script|src=|href=|@import" page.html; then fail "the page needs more than itself"; fi
works check relu --calibrate --points 40 --html page.html
says "28 functions, 40 points each"
refuses 2 "did you mean rel" check rellu
works check --mutate exp --json
says '"survived": 0'
refuses 2 "mutate goes with operators alone" check --mutate --model m.npz
refuses 2 "--order 3: expected 1 or 2" check --order 3
refuses 2 "did you mean --thorough?" check --thorogh
refuses 2 "did you mean --calibrate?" check --calibrat
refuses 2 "--draws 0: expected a whole number from 1" check --draws 0
refuses 2 "--draws 5000: expected 1 to 1000" check --draws 5000
refuses 2 "--calibrate measures the verifier itself" check relu --calibrate
refuses 2 "--calibrate measures the verifier itself" check --calibrate --thorough
refuses 2 "--points is for --calibrate" check relu --points 5
refuses 2 "--verbose is for --calibrate" check relu --verbose
refuses 2 "--html needs FILE" check --html
refuses 2 "--thorough takes no value" check --thorough=yes
run check relu --quiet --html no/such/page.html
[ $code = 1 ] || fail "a page that cannot be written gives exit $code"
[ "$(grep -c '^wengert: no/such/page.html: cannot be written' err)" = 1 ] || fail "a page that cannot be written is not told in one line"
refuses 2 "either operators or --model" check relu --model m.npz
refuses 2 "are for operators, not for --model" check --thorough --model m.npz
refuses 2 "textbook is for --model" check --textbook
refuses 2 "data is for --model" check --x data.npz:x
works check --model m.npz --data moons:400 --html model.html
says "gradients right"
grep -q ">Z1</text>" model.html || fail "the page does not draw the model"
works check --model m.npz --data moons:400 --textbook
says "difference"
works check --model class.npz --x data.npz:x --y data.npz:class
works check --model real.npz --x data.npz:x --y data.npz:real
refuses 1 "plugin.so" check --plugin ./plugin.so

# What a crash in a user's code is a crash of.
plugin=$build/tests/.libs/plugin_crash.so
if [ -e "$plugin" ]; then
    run check crashing --plugin "$plugin"
    [ $code -gt 128 ] || fail "a kernel that crashes gives exit $code"
    grep -q "^wengert: check: a crash while verifying crashing: sample 0: value$" err || fail "the crash has no name"
    run check aborting --plugin "$plugin"
    [ $code -gt 128 ] || fail "a kernel that aborts gives exit $code"
    grep -q "^wengert: check: a crash while verifying aborting: sample 0, size 1 for 3: value$" err ||
        fail "abort has no name"
fi

# A plugin, where shared objects can be built and loaded.
plugin=$build/tests/.libs/plugin.so
if [ -e "$plugin" ]; then
    works check cube --plugin "$plugin"
    says "1 operators, "
    run check --plugin "$plugin"
    [ $code = 1 ] || fail "a wrong gradient gives exit $code"
    says "FAIL          cube_wrong "
    says "    [factor 1.000001] cube_wrong: sample 0: the gradient of operand 0 is wrong"
    says " more of this kind)"
    [ $(grep -c "the gradient of operand 0 is wrong" out) -le 3 ] || fail "one mistake is told many times"
    says "PASS          cube "
    cp "$plugin" here.so
    works check cube --plugin here.so
    run check --plugin "$plugin" --quiet --html page.html
    [ $code = 1 ] || fail "a wrong gradient gives exit $code"
    says "the gradient of operand 0 is wrong"
    if grep -q "^PASS" out; then fail "--quiet tells what passed"; fi
    grep -q "<pre>cube_wrong: sample 0" page.html || fail "the page does not tell the failure"
    run check cube_wrong --thorough --plugin "$plugin" --json --quiet
    [ $code = 1 ] || fail "a wrong gradient gives exit $code with --thorough"
    says '"run": "base"'
    cat >guilty.json <<'END'
{"format": "wengert-graph", "version": 1, "nodes": [
  {"name": "x", "op": "input", "dtype": "f32", "shape": ["N", 2]},
  {"name": "y", "op": "input", "dtype": "f32", "shape": ["N"]},
  {"name": "W", "op": "param", "dtype": "f32", "shape": [2], "init": [0.5, -0.7]},
  {"name": "z", "op": "matmul", "inputs": ["x", "W"]},
  {"name": "guilty", "op": "cube_wrong", "inputs": ["z"]},
  {"name": "cost", "op": "mse", "inputs": ["guilty", "y"]}
], "outputs": ["guilty", "cost"], "entries": {"train": {"loss": "cost"}}}
END
    refuses 1 "guilty (cube_wrong(z)): cube_wrong's gradient for operand 0 is wrong: factor 1.000001" \
        check --model guilty.json --plugin "$plugin" --data moons:40
    sed 's/cube_wrong/cube/' guilty.json >innocent.json
    works check --model innocent.json --plugin "$plugin" --data moons:40
    says "gradients right"
    works ops cube --plugin "$plugin"
    says "x^3"
    echo '{"format": "wengert-graph", "version": 1, "nodes": [{"name": "x", "op": "constant", "dtype": "f64", "value": 2},
        {"name": "y", "op": "cube", "inputs": ["x"]}], "outputs": ["y"]}' >cube.json
    works eval cube.json --plugin "$plugin"
    says "= 8"
    refuses 1 "cube" eval cube.json
fi

# ---- eval -----------------------------------------------------------------------------------------------------------

cat >feeds.json <<'END'
{"format": "wengert-graph", "version": 1, "nodes": [
  {"name": "x", "op": "constant", "dtype": "f64", "value": [1, 2]},
  {"name": "one", "op": "constant", "dtype": "f64", "value": [1]},
  {"name": "c", "op": "constant", "dtype": "f64", "value": [10, 1]}
], "outputs": ["x", "one", "c"]}
END
works eval feeds.json --out feeds.npz --quiet
works eval square.json --feeds feeds.npz --out result.npz --grad cost:w --grad y:w --cotangent y=c --hvp cost:w=one --jvp cost:w=one
says "cost                     f64 () = 45"
says "grad:cost:w              f64 (1) = 30"
says "grad:y:w                 f64 (1) = 12"
says "hvp:cost:w               f64 (1) = 10"
says "jvp:cost:w               f64 () = 30"
refuses 1 "no graph.json" eval result.npz
works eval square.json --feeds feeds.npz --json --quiet
says '"value": 45.0'
LC_ALL=de_DE.UTF-8 works eval square.json --feeds feeds.npz --quiet --out result.npz
refuses 1 "needs --cotangent y=MEMBER" eval square.json --feeds feeds.npz --quiet --grad y:w
refuses 1 "no node called v" eval square.json --feeds feeds.npz --quiet --grad cost:v
refuses 2 "expected OUTPUT:WRT,WRT" eval square.json --feeds feeds.npz --grad cost
refuses 2 "expected OUTPUT:WRT=MEMBER" eval square.json --feeds feeds.npz --hvp cost:w
refuses 2 "expected OUTPUT=MEMBER" eval square.json --feeds feeds.npz --cotangent y
refuses 2 "asked for twice" eval square.json --feeds feeds.npz --quiet --hvp cost:w=one --hvp cost:w=c
refuses 2 "w is named twice" eval square.json --feeds feeds.npz --quiet --hvp cost:w=one,w=c
refuses 2 "w is named twice" eval square.json --feeds feeds.npz --quiet --grad cost:w,w
refuses 2 "--cotangent y=one: y has one already" eval square.json --feeds feeds.npz --grad y:w --cotangent y=c --cotangent y=one
refuses 1 "two" eval square.json --feeds feeds.npz --quiet --hvp cost:w=two
refuses 1 "x" eval square.json
refuses 1 "absent.json" eval absent.json
echo '{"format": "wengert-graph", "version": 1, "nodes": [{"name": "y", "op": "rellu", "inputs": []}]}' >bad.json
refuses 1 "bad.json" eval bad.json
echo 'no graph' >bad.json
refuses 1 "bad.json" eval bad.json

# ---- inspect, ops ---------------------------------------------------------------------------------------------------

works inspect m.npz
says "193 parameters"
says "after 600 steps"
works inspect m.npz --json
says '"step": 600'
works inspect batches/whole/m.npz
says "adam/m/W1"
works inspect m.npz --dot
says "digraph"
works inspect m.npz --svg
says "</svg>"
works inspect m.npz --plan --batch 32
works inspect square.json
refuses 2 "one of --dot" inspect m.npz --dot --svg
refuses 1 "absent.npz" inspect absent.npz
works ops
says "matmul"
works ops cross_entropy
says "label_smoothing"
works ops lstm
says "wg_lstm_apply"
refuses 2 "did you mean lstm?" ops lstmm
works ops matmul --json
says '"name": "matmul"'
refuses 2 "did you mean matmul?" ops matmull

# Results that cannot be written are a failure.
if [ -c /dev/full ]; then
    checks=$((checks + 1))
    "$wengert" ops >/dev/full 2>err && fail "a full device goes unnoticed"
    grep -q "standard output" err || fail "a full device is not named"
fi

finish
