#!/bin/sh
# The command measures: rows, JSON, peers, the picture; and traces of train, eval and bench.
. "${top_srcdir:-.}/tests/command_common.sh"

# parses FILE EXPRESSION: the file is JSON, and the expression holds of it as `j`; unchecked where there is no Python.
parses() {
    checks=$((checks + 1))
    grep -q '[]}]' "$1" || fail "$1 is empty"
    command -v python3 >/dev/null 2>&1 || return 0
    python3 -c 'import json, sys; j = json.load(open(sys.argv[1])); assert '"$2" "$1" 2>err || fail "$1: not so: $2"
}
quick="--dtype f32 --seconds 0.001 --threads 1"

# ---- rows -----------------------------------------------------------------------------------------------------------

works bench --only a,chain,adam,infer,compile $quick
says "a: 2-4-1, batch 32"
says "chain of 1000 nodes"
says "c with Adam"
says "c forward, batch 1 "
says "plan of 1000 nodes"
works bench --only a --dtype f64 --seconds 0.001 --threads 2 --json
parses out 'j["version"] and j["isa"]'
parses out '[r["threads"] for r in j["results"] if r["section"] == "a"] == [1, 2]'
parses out 'all(r["seconds"] > 0 and r["fastest"] <= r["seconds"] <= r["slowest"] for r in j["results"])'
works bench --only matmul --match '64 x 64' --dtype f64 --seconds 0.001 --threads 2 --json
parses out 'len(j["results"]) == 2 and all(r["gflops"] > 0 and r["of_limit"] > 0 for r in j["results"] if r["section"] == "matmul")'
parses out '[l["threads"] for l in j["limits"]] == [1, 2] and all(l["gflops_f64"] > 0 for l in j["limits"])'
works bench --only matmul --match '256 x 256' $quick --precision medium
says "precision medium"
works bench --only c $quick --precision medium --json
parses out 'j["precision"] == "medium"'
works bench --only a $quick --clock processor --against --python ./absent
says "a: 2-4-1, batch 32"
refuses 2 "is for one thread" bench --only a --threads 2 --clock processor
refuses 2 "--only z: expected some of a, b" bench --only z
refuses 2 "--only a,: expected some of a, b" bench --only a,
refuses 2 "expected a number" bench --seconds x
refuses 2 "expected both|f32|f64" bench --dtype f16

# ---- the picture ----------------------------------------------------------------------------------------------------

works bench --only matmul $quick --match 12288 --svg roof.svg
grep -q '</svg>' roof.svg || fail "roof.svg is no whole picture"
[ "$(grep -c 'class="product"' roof.svg)" -ge 2 ] || fail "roof.svg lacks dots"
! grep -q '<script' roof.svg || fail "roof.svg has a script"
refuses_late() { run "$@"; [ $code = 1 ] || fail "exit $code and not 1: wengert $*"; }
refuses_late bench --only a $quick --svg no/such/folder/roof.svg

# ---- peers ----------------------------------------------------------------------------------------------------------

# A peer is whatever speaks its lines: this one takes a second for each run that it is asked for.
cat >fake <<'END'
#!/bin/sh
echo "Fake $5 with $6"
while read -r word rest; do
    case $word in
    case) case $rest in *matmul*) echo skip ;; *) echo ready ;; esac ;;
    run) echo "${rest%% *}" ;;
    esac
done
END
chmod +x fake
works bench --only a,matmul --match 32 $quick --against --python ./fake --json
parses out '{"numpy", "pytorch"} <= {p["name"] for p in j["peers"]}'
parses out '[p["what"] for p in j["peers"]][:1] == ["Fake numpy with 1"]'
parses out 'all(a["seconds"] == 1 and a["ratio"] > 1 for r in j["results"] if r["section"] == "a" for a in r["against"] if a["peer"] in ("numpy", "pytorch"))'
parses out 'not [a for r in j["results"] if r["section"] == "matmul" for a in r["against"] if a["peer"] == "numpy"]'
works bench --only a $quick --against --python ./fake
says "against Fake numpy with 1"
works bench --only a $quick --against --python ./absent
says "skipped numpy: it cannot be started"
says "skipped pytorch: it cannot be started"
# One that ends in the middle is told, and has no number.
printf '#!/bin/sh\necho Brief\nread -r line\necho ready\nread -r line\n' >fake
works bench --only a $quick --against --python ./fake --json
grep -q "numpy has ended" err || fail "a peer that ends is not told"
parses out '[a["seconds"] for r in j["results"] for a in r["against"] if a["peer"] == "numpy"] == [None]'

# ---- traces ---------------------------------------------------------------------------------------------------------

works bench --only c --dtype f32 --threads 2 --trace c.json
parses c.json 'j["otherData"]["runs"] == 3 and any(e["name"].startswith("matmul") and e["args"]["flops"] > 0 for e in j["traceEvents"])'
refuses 2 "--trace needs --only" bench --trace c.json
refuses 2 "--trace needs --only" bench --only checkpoint --trace c.json
refuses 1 "no/such/folder" bench --only a --trace no/such/folder/c.json

works train --layers 2,8,1 --data moons:60 --steps 30 --trace t.json --quiet
parses t.json 'j["otherData"]["runs"] == 10'
works train --layers 2,8,1 --data moons:60 --steps 30 --trace t.json --trace-steps 100 --quiet
parses t.json 'j["otherData"]["runs"] == 30 and all("ts" in e for e in j["traceEvents"] if e["ph"] == "X")'
refuses 1 "no/such/folder" train --layers 2,8,1 --data moons:60 --steps 3 --trace no/such/folder/t.json --quiet

cat >double.json <<'END'
{"format": "wengert-graph", "version": 1, "nodes": [
  {"name": "two", "op": "param", "dtype": "f64", "shape": [3], "init": 2.0},
  {"name": "y", "op": "exp", "inputs": ["two"]}], "outputs": ["y"]}
END
works eval double.json --out out.npz --trace e.json
parses e.json '[e["name"] for e in j["traceEvents"] if e["ph"] == "X"] == ["exp"]'
refuses 1 "no/such/folder" eval double.json --trace no/such/folder/e.json

finish
