#!/bin/sh
# The command on graphs that were written by hand: trained, resumed, checked, and run, whatever their inputs are called.
. "${top_srcdir:-.}/tests/command_common.sh"

# graph NAME NODES OUTPUTS ENTRIES
graph() {
    printf '{"format": "wengert-graph", "version": 1, "nodes": [%s], "outputs": [%s], "entries": {%s}}\n' "$2" "$3" "$4" >"$1"
}

# Two measures and a weight to three kinds.
awk 'BEGIN { srand(9); print "a,b,weight,kind"
    for (i = 0; i < 150; i++) { a = rand() * 6 - 3; b = rand() * 6 - 3
        printf "%.6f,%.6f,%.3f,%s\n", a, b, 0.5 + rand(), (a > b + 0.5 ? "wide" : a < b - 0.5 ? "tall" : "square") } }' >shapes.csv

net='{"name": "measures", "op": "input", "dtype": "f32", "shape": ["N", 2]},
  {"name": "kind", "op": "input", "dtype": "i32", "shape": ["N"]},
  {"name": "W1", "op": "param", "dtype": "f32", "shape": [2, 12], "init": {"name": "he"}},
  {"name": "z1", "op": "matmul", "inputs": ["measures", "W1"]},
  {"name": "a1", "op": "tanh", "inputs": ["z1"]},
  {"name": "W2", "op": "param", "dtype": "f32", "shape": [12, 3], "init": {"name": "he"}},
  {"name": "b2", "op": "param", "dtype": "f32", "shape": [3]},
  {"name": "z2", "op": "matmul", "inputs": ["a1", "W2"]},
  {"name": "logits", "op": "add", "inputs": ["z2", "b2"]},
  {"name": "p", "op": "softmax", "inputs": ["logits"]},
  {"name": "cost", "op": "cross_entropy", "inputs": ["logits", "kind"]}'
predicts='"predict": {"feeds": ["measures"], "outputs": ["p"]}'
trains='"train": {"loss": "cost", "feeds": ["measures", "kind"], "optimizer": {"name": "adam", "lr": 0.05, "beta1": 0.8}}'
graph net.json "$net" '"p"' "$predicts, $trains"
fed="--feed measures=shapes.csv:a,b --feed kind=shapes.csv:kind"

works train --model net.json $fed --split 0.2 --steps 200 --check-gradients --save net.npz --quiet
says "gradients right"
grep -Eq '^test accuracy (2[789]|30)/30' out || fail "a graph written by hand does not learn"
grep '^test' out | sed 's/^test //' >held
works predict net.npz --x shapes.csv --y shapes.csv:kind --part test # columns by name, as of any model
same out held
works predict net.npz --feed measures=shapes.csv --json
says '"class": ['
works check --model net.npz --x shapes.csv --feed kind=shapes.csv:kind
says "gradients right"
works train --model net.json --x shapes.csv:a,b --y shapes.csv:kind --steps 2 --test-x shapes.csv:1-2 --test-y shapes.csv:kind --quiet
says "test accuracy"
works train --model net.json $fed --test-feed measures=shapes.csv:1,2 --test-feed kind=shapes.csv:kind --steps 2 --quiet --optimizer sgd --lr 0.1
says "test accuracy"

# A run in two halves leaves what one run leaves, on all rows and in batches.
for options in "" "--batch 32 --schedule cosine:0.001:60"; do
    works train --model net.json $fed $options --steps 60 --log l.tsv --log-every 7 --save m.npz --quiet
    cp m.npz whole.npz && cp l.tsv whole.tsv
    works train --model net.json $fed $options --steps 25 --log l.tsv --log-every 7 --save m.npz --quiet
    works train --resume m.npz --steps 60 --quiet
    same whole.npz m.npz
    same whole.tsv l.tsv
done
rm net.json
works train --resume m.npz --steps 65 --quiet # the checkpoint holds the graph
graph net.json "$net" '"p"' "$predicts, $trains"
refuses 2 "--model other.json: the run in m.npz has net.json" train --resume m.npz --model other.json
refuses 2 "--optimizer sgd: the run in m.npz has adam" train --resume m.npz --optimizer sgd

# Columns: one example a column; the files stay as they are.
graph columns.json '{"name": "x", "op": "input", "dtype": "f64", "shape": [2, "N"]},
  {"name": "y", "op": "input", "dtype": "f64", "shape": [1, "N"]},
  {"name": "W1", "op": "param", "dtype": "f64", "shape": [10, 2], "init": {"name": "he"}},
  {"name": "b1", "op": "param", "dtype": "f64", "shape": [10, 1]},
  {"name": "z1", "op": "matmul", "inputs": ["W1", "x"]}, {"name": "s1", "op": "add", "inputs": ["z1", "b1"]},
  {"name": "a1", "op": "relu", "inputs": ["s1"]},
  {"name": "W2", "op": "param", "dtype": "f64", "shape": [1, 10], "init": {"name": "he"}},
  {"name": "z2", "op": "matmul", "inputs": ["W2", "a1"]}, {"name": "p", "op": "sigmoid", "inputs": ["z2"]},
  {"name": "cost", "op": "bce", "inputs": ["p", "y"]}' '"p"' '"train": {"loss": "cost", "optimizer": {"name": "sgd", "lr": 0.5}}'
works train --model columns.json --data moons:200 --steps 400 --save columns.npz --quiet
grep -Eq '^train accuracy 1[789][0-9]/200' out || fail "columns do not learn"
works predict columns.npz --data moons:50:4 --out columns.csv
lines columns.csv 51

# Several inputs besides examples and labels; no labels; a regression.
graph weighed.json '{"name": "u", "op": "input", "dtype": "f64", "shape": ["N"]},
  {"name": "v", "op": "input", "dtype": "f64", "shape": ["N", 1]},
  {"name": "target", "op": "input", "dtype": "f64", "shape": ["N"]},
  {"name": "s", "op": "param", "dtype": "f64", "shape": []}, {"name": "t", "op": "param", "dtype": "f64", "shape": []},
  {"name": "w", "op": "squeeze", "inputs": ["v"], "attrs": {"axes": [1]}},
  {"name": "su", "op": "mul", "inputs": ["u", "s"]}, {"name": "tw", "op": "mul", "inputs": ["w", "t"]},
  {"name": "sum", "op": "add", "inputs": ["su", "tw"]}, {"name": "cost", "op": "mse", "inputs": ["sum", "target"]}' '"sum"' \
    '"train": {"loss": "cost", "feeds": ["u", "target"], "optimizer": {"name": "momentum", "lr": 0.05, "momentum": 0.5}}, "predict": {"feeds": ["u", "v"], "outputs": ["sum"]}'
awk -F , 'NR > 1 { printf "%.12f\n", 2 * $1 - 3 * $2 }' shapes.csv >target.csv
works train --model weighed.json --feed u=shapes.csv:a --feed v=shapes.csv:b --feed target=target.csv --batch 50 --epochs 100 --save weighed.npz \
    --split 0.1 --quiet
grep -Eq '^test rmse [0-9.e-]+ r2 (1|0\.99)' out || fail "a regression of two inputs does not fit"
works predict weighed.npz --x shapes.csv:a --feed v=shapes.csv:b --y target.csv
grep -Eq ' r2 (1|0\.99)' out || fail "a second input is not fed to the prediction"
works check --model weighed.npz --feed u=shapes.csv:a --feed v=shapes.csv:b --feed target=target.csv
refuses 1 "input v was not fed" predict weighed.npz --x shapes.csv:a
refuses 1 "weighed.json: input v was not fed: --feed NAME=FILE[:MEMBER]" train --model weighed.json --x shapes.csv:a --y target.csv --quiet
printf '1\n2\n3\n' >short.csv
refuses 1 "short.csv: 3 examples, but shapes.csv:a has 150" train --model weighed.json --x shapes.csv:a --y target.csv --feed v=short.csv --quiet

# ---- what it refuses --------------------------------------------------------------------------------------------------

refuses 2 "--hidden is for models of --layers" train --model net.json $fed --hidden tanh
refuses 2 "--layers is for models of --layers" train --model net.json $fed --layers 2,3
refuses 2 "--feed is for --model" train --layers 2,3 $fed
refuses 2 "--feed kind: expected NAME=FILE" train --model net.json --x shapes.csv:1-2 --feed kind
refuses 2 "measures is fed twice, by --feed and by --x" train --model net.json --x shapes.csv:1-2 $fed
refuses 2 "other is fed already" train --model net.json $fed --feed other=shapes.csv:a --feed other=shapes.csv:b
refuses 2 "--x FILE[:MEMBER] is missing, or --feed measures=FILE" train --model net.json --feed kind=shapes.csv:kind
refuses 1 "net.json: has no input called logits" train --model net.json $fed --feed logits=shapes.csv:a
refuses 1 "measures has shape (N,2), but was fed (150,3)" train --model net.json --x shapes.csv:1-3 --y shapes.csv:kind --quiet
refuses 1 "shapes.csv:a: kind: element 0 is " train --model net.json --x shapes.csv:1-2 --y shapes.csv:a --quiet
graph bad.json "$net" '"p"' ""
refuses 1 'bad.json: the entry "train" is missing, as in' train --model bad.json $fed
graph bad.json "$net" '"p"' '"train": {"loss": "cots"}'
refuses 1 "the loss cots is no node; did you mean cost?" train --model bad.json $fed
graph bad.json "$net" '"p"' '"train": {"loss": "p"}'
refuses 1 "the loss p is no scalar: its shape is (N,3)" train --model bad.json $fed
graph bad.json "$(echo "$net" | sed 's/"param"/"variable"/')" '"p"' '"train": {"loss": "cost"}'
refuses 1 "the loss cost depends on no param" train --model bad.json $fed
graph bad.json "$(echo "$net" | sed 's/"op": "add", "inputs": \["z2", "b2"\]/"op": "add", "inputs": ["z2", "W1"]/')" '"p"' "$trains"
refuses 1 "bad.json: node logits" train --model bad.json $fed
graph bad.json "$net" '"p"' '"train": {"loss": "cost"}'
refuses 1 "--feed NAME=FILE" train --model bad.json --y shapes.csv:kind
# wrong OPTIMIZER TEXT
wrong() {
    graph bad.json "$net" '"p"' '"train": {"loss": "cost", "optimizer": '"$1"'}'
    refuses 1 "$2" train --model bad.json --x shapes.csv:1-2 --feed kind=shapes.csv:kind
}
wrong '{"name": "adamm"}' "bad.json: entry train: the optimizer's name: expected one of sgd|momentum"
wrong '{"lr": 1}' "bad.json: entry train: the optimizer's name: expected"
wrong '"sgd"' "bad.json: entry train: the optimizer's name: expected"
wrong '{"name": "sgd", "lr": "fast"}' "bad.json: keeps a wrong option: entry train: the optimizer's lr: expected a number"
wrong '{"name": "sgd", "lr": -1}' "bad.json: keeps a wrong option: train: --lr -1: expected a number from 0"
wrong '{"name": "adam", "beta1": 1.5}' "bad.json: keeps a wrong option: train: --beta1 1.5: expected a number below 1"
wrong '{"name": "sgd", "momentum": 0.9}' "bad.json: keeps a wrong option: train: --momentum: the optimizer sgd has nothing like it"
wrong '{"name": "adam", "betas": 1}' "bad.json: keeps a wrong option: entry train: an optimizer has no betas"
wrong '{"name": "adam", "layers": 1}' "bad.json: keeps a wrong option: entry train: an optimizer has no layers"
wrong '{"name": "adam", "amsgrad": 1}' "the optimizer's amsgrad: expected true"
graph schedule.json "$net" '"p"' '"train": {"loss": "cost", "feeds": ["measures", "kind"],
    "optimizer": {"name": "adamw", "lr": 0.01, "weight_decay": 0.1, "amsgrad": true, "schedule": "cosine", "warmup": 5}}'
works train --model schedule.json $fed --steps 30 --save entry.npz --log l.tsv --quiet
works train --model net.json $fed --steps 30 --optimizer adamw --lr 0.01 --weight-decay 0.1 --amsgrad --schedule cosine --warmup 5 --log options.tsv --quiet
same l.tsv options.tsv
refuses 1 "absent.json" train --model absent.json $fed

finish
