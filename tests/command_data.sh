#!/bin/sh
# The command on data files: tables with names and classes, IDX, gzip; and what a checkpoint keeps of them.
. "${top_srcdir:-.}/tests/command_common.sh"

# ---- a table: the class follows from the two first columns, `noise` tells nothing --------------------------------------

awk 'BEGIN { srand(4); print "width;note;\"height, cm\";noise;class"
    for (i = 0; i < 120; i++) {
        x = rand() * 6 - 3; y = rand() * 6 - 3
        printf "%.6f;\"n;%d\";%.6f;%.3f;%s\n", x, i, y * 100, rand(), (x > y + 0.5 ? "wide" : x < y - 0.5 ? "tall" : "square")
    } }' >shapes.csv
features='width,"height, cm"'
works train --layers 2,12,3 --output softmax --x "shapes.csv:$features" --y shapes.csv:class --standardize --split 0.25 \
    --optimizer adam --lr 0.05 --steps 300 --save shapes.npz --quiet
grep -Eq '^test accuracy [0-9]+/30 \((0.9|1)' out || fail "classes of a table are not learnt"
grep '^test' out | sed 's/^test //' >held
works predict shapes.npz --x shapes.csv --y shapes.csv:class --part test # the columns are found by their names
same out held

# By name, whatever their order; and classes by name too.
awk 'BEGIN { FS = ";"; OFS = "\t"; print "height, cm", "noise", "width" } NR > 1 { print $4, $5, $1 }' shapes.csv >turned.tsv
awk -F ';' 'NR > 1 { print $6 }' shapes.csv >kind.csv
works predict shapes.npz --x turned.tsv --y kind.csv --out turned.csv
works predict shapes.npz --x "shapes.csv:^note,class" --y shapes.csv:class --out straight.csv
same turned.csv straight.csv
lines turned.csv 121
head -n 1 turned.csv >out
says "class,square,tall,wide"
grep -c '^tall,' turned.csv >out
[ "$(cat out)" -gt 20 ] || fail "classes are not told by name"
works predict shapes.npz --x turned.tsv --json
says '"class": ['
says '"tall"'
works predict shapes.npz --x turned.tsv --out shapes.npy
works check --model shapes.npz --x turned.tsv --y kind.csv
says "gradients right"
printf 'a,b\n1,2\n' >named.csv
refuses 1 'no column "width"; there are a, b' predict shapes.npz --x named.csv
refuses 1 'column "height, cm" is needed, and not among those chosen' predict shapes.npz --x shapes.csv:width,noise
printf '1,2\n3,4\n' >bare.csv
refuses 1 "the table has no header" predict shapes.npz --x bare.csv
works predict shapes.npz --x bare.csv:1-2 # by hand
lines out 3
printf 'round\ntall\n' >other.csv
refuses 1 'row 1, column 1: none of the classes: "round"' predict shapes.npz --x bare.csv:1-2 --y other.csv
refuses 1 'row 2, column "note": not a number: "n;0"' train --layers 4,3 --x shapes.csv --y shapes.csv:class
refuses 1 'column "hight"; there are width, note' train --layers 4,3 --x shapes.csv:hight --y shapes.csv:class
refuses 1 "label 2 of example" train --layers 2,1 --x "shapes.csv:$features" --y shapes.csv:class
printf '1,2,a\n3,,b\n' >gap.csv
refuses 1 "gap.csv:1-2: row 2, column 2: a value is missing" train --layers 2,1 --x gap.csv:1-2 --y gap.csv:3
refuses 1 "gap.csv:3: row 1, column 3: not a number" train --layers 1,1 --x gap.csv:3 --y gap.csv:3

# A resumed run finds columns and classes again.
works train --layers 2,4,3 --output softmax --x "shapes.csv:$features" --y shapes.csv:class --steps 40 --save whole.npz --quiet
works train --layers 2,4,3 --output softmax --x "shapes.csv:$features" --y shapes.csv:class --steps 15 --save halves.npz --quiet
works train --resume halves.npz --steps 40 --quiet
same whole.npz halves.npz

# Also in another file, where a class does not occur and columns stand elsewhere; one that was not there is refused.
awk 'BEGIN { FS = OFS = ";"; print "class", "height, cm", "width", "noise" }
    NR > 1 && $6 != "square" { print $6, $4, $1, $5 }' shapes.csv >two.csv
works train --resume shapes.npz --x "two.csv:^class,noise" --y two.csv:class --steps 301 --save two.npz --quiet
grep -Eq '^test accuracy [0-9]+/[0-9]+ \((0\.[89]|1)' out || fail "a resumed run numbers classes anew"
sed 's/square/round/' shapes.csv >round.csv
refuses 1 'none of the classes: "round"' train --resume shapes.npz --x "round.csv:$features" --y round.csv:class --steps 301 --save two.npz

# Numbers with a point, whatever the locale; two classes, no header; the last column by number.
awk 'BEGIN { for (i = 0; i < 60; i++) printf "%d,%.3f,%.3f,%s\r\n", 9000 + i, i / 7.5, -i / 3, i < 30 ? "no" : "yes" }' >bare.csv
for locale in C de_DE.UTF-8; do
    LC_ALL=$locale works train --layers 2,4,1 --x bare.csv:^1,4 --y bare.csv:4 --standardize --lr 1 --steps 200 --save bare.npz --quiet
    says "train accuracy 60/60"
    cp bare.npz "$locale.npz"
done
same C.npz de_DE.UTF-8.npz
works predict bare.npz --x bare.csv
says "class,prediction"
[ "$(grep -c '^yes,' out)" = 30 ] || fail "two classes are not told by name"

# A regression tells its error.
works train --layers 2,1 --loss mse --x bare.csv:^1,4 --y bare.csv:1 --standardize --lr 0.1 --steps 400 --split 0.2 --quiet
grep -Eq '^test rmse [0-9.]+ r2 (0\.99|1)' out || fail "a line is not fitted"

# ---- IDX, plain and packed --------------------------------------------------------------------------------------------

# Eight pictures of 2 x 2, and their labels.
printf '\000\000\010\003\000\000\000\010\000\000\000\002\000\000\000\002' >pictures
printf '\377\377\000\000\372\372\000\000\000\000\377\377\000\000\365\365\377\000\377\000\372\000\372\000\000\377\000\377\000\365\000\365' >>pictures
printf '\000\000\010\001\000\000\000\010\000\000\001\001\002\002\003\003' >labels
gzip -nc pictures >pictures.gz && gzip -nc labels >labels.gz
for suffix in '' .gz; do
    works train --layers 4,8,4 --output softmax --loss cross_entropy --x pictures$suffix --y labels$suffix --scale 255 --epochs 100 --batch 4 \
        --lr 0.5 --save pictures$suffix.npz --quiet
    says "train accuracy 8/8 (1.0000)"
    works predict pictures$suffix.npz --x pictures$suffix --out pictures$suffix.csv
done
same pictures.csv pictures.gz.csv
head -c 40 pictures.gz >cut.gz
refuses 1 "cut.gz: the compressed data are cut off" train --layers 4,1 --x cut.gz --y labels
printf x >>labels
refuses 1 "labels: 9 bytes stand behind the IDX header, which declares 8" train --layers 4,1 --x pictures --y labels

# ---- the data sets that everybody knows, where they are at hand ---------------------------------------------------------

data=${WENGERT_DATA:-$source/../shared/data}
if [ -e "$data/iris.data" ]; then
    works train --layers 4,16,3 --output softmax --x "$data/iris.data:1-4" --y "$data/iris.data:5" --standardize --optimizer adam --lr 0.02 \
        --steps 100 --save iris.npz --quiet
    grep -Eq '^train accuracy 1(4[3-9]|50)/150' out || fail "iris is not learnt"
    works predict iris.npz --x "$data/iris.data"
    says "class,Iris-setosa,Iris-versicolor,Iris-virginica"
    works train --layers 30,16,1 --x "$data/wdbc.data:^1,2" --y "$data/wdbc.data:2" --standardize --split 0.2 --optimizer adam --lr 0.01 \
        --steps 40 --quiet
    grep -Eq '^test accuracy 1(0[89]|1[0-4])/114' out || fail "wdbc is not learnt"
    works train --layers 11,32,1 --loss mse --x "$data/winequality-red.csv:^quality" --y "$data/winequality-red.csv:quality" --standardize \
        --split 0.2 --hidden tanh --optimizer adam --lr 0.02 --steps 400 --quiet
    grep -Eq '^test rmse 0\.[67].* r2 0\.[2-5]' out || fail "the quality of wine is not learnt"
fi

finish
