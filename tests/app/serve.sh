#!/usr/bin/env bash
# The search page's server: its answers are those of `vit2cmh search`, and hostile requests get an error each and leave it as
# it was.
# usage: serve.sh VIT2CMH SOURCE_DIR WORK_DIR [HOSTILE_REQUESTS]
set -euo pipefail
app=$1 source=$2 work=$3 hostile=${4:-520}
rm -rf "$work" && mkdir -p "$work" && cd "$work"
python3 "$source/tests/app/write_slice.py" "$source/examples/vit2cmh/data/clipart" slice 100 40 100
clipart="$work/slice"
fail() { echo "FAILED: $*" >&2; exit 1; }
quietly() { "$@" >log.txt 2>&1 || { cat log.txt >&2; fail "$*"; }; }
expect() {  # STATUS REGEX ARGUMENTS...: that status, and one line on standard error that matches
  local status=$1 regex=$2 got=0
  shift 2
  timeout 60 "$app" "$@" >out.txt 2>err.txt || got=$?
  [[ $got -eq $status ]] || { cat err.txt >&2; fail "status $got instead of $status: $*"; }
  grep -Eq -e "$regex" err.txt || { cat err.txt >&2; fail "'$regex' not in: $*"; }
}

quietly "$app" train --data "$clipart" --model tiny --bits 32 --lr 1e-4 --warmup 4 --limit-train 60 --seed 5 --epochs 1 --out run
of_data=(--checkpoint run --data "$clipart")
quietly "$app" encode "${of_data[@]}" --split test --modality image --out images.npy
quietly "$app" encode "${of_data[@]}" --split test --modality text --out captions.npy
quietly "$app" index build --codes images.npy --out images.index
if "$app" serve "${of_data[@]}" --index nowhere 2>&1 | grep -q 'one with cpp-httplib'; then
  echo "skipped: built without cpp-httplib"
  exit 77
fi

expect 1 'nowhere' serve "${of_data[@]}" --index nowhere
seq 100000 100099 >others.txt
quietly "$app" index build --codes images.npy --ids others.txt --out others.index
expect 1 'others.index: ids of the index: expected those of images of .*, got 100' serve "${of_data[@]}" --index others.index
quietly "$app" train --data "$clipart" --model tiny --bits 64 --limit-train 60 --epochs 1 --out wide
expect 1 'bits of the codes, as of the model: expected 64, got 32' serve --checkpoint wide --data "$clipart" --index images.index
expect 2 'port' serve "${of_data[@]}" --index images.index --port 70000

"$app" serve "${of_data[@]}" --index images.index --port 0 --json served.json >served.txt 2>served.err &
server=$!
trap 'kill -9 $server 2>/dev/null || true' EXIT
for _ in $(seq 600); do
  grep -q '^http' served.txt && break
  kill -0 $server 2>/dev/null || { cat served.err >&2; fail 'the server did not start'; }
  sleep 0.1
done
port=$(sed -nE 's|^http://127.0.0.1:([0-9]+)/.*|\1|p' served.txt)
expect 1 "port: expected one that is free and that may be bound, got $port" serve "${of_data[@]}" --index images.index --port "$port"
python3 "$source/tests/app/serve.py" "$app" "$clipart" "$port" "$server" "$hostile" || fail 'the server does not answer as it should'
kill -TERM $server
ended=0 && wait $server || ended=$?
[[ $ended -eq 0 ]] || { cat served.err >&2; fail "SIGTERM: status $ended"; }
[[ ! -s served.err || $(tr '\r' '\n' <served.err | grep -c '^vit2cmh: ') -eq 0 ]] || { cat served.err >&2; fail 'a request made the server complain'; }
python3 -c 'import json; r = json.load(open("served.json")); assert r["images"] == 100 and r["requests"] >= 500, r' || fail served.json
echo 'the search page is served'
