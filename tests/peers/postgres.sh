#!/usr/bin/env bash
# Loads our COPY file into a PostgreSQL server of its own, runs our SQL and compares the answers with HammingIndex.
# usage: postgres.sh SOURCE_DIR CODES_TOOL WORK_DIR
# Uses the newest server of 14 or later that is installed; else unpacks Debian's packages in a temporary folder and keeps
# them in the cache for a next run. Nothing is installed.
set -euo pipefail
source=$1 tool=$2 work=$3
command -v python3 >/dev/null || { echo "skipped: python3 is not installed"; exit 77; }
mkdir -p "$work"
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
chmod 755 "$place"

find_server() { # below the folder given
  programs=
  for folder in $(printf '%s\n' "$1"/usr/lib/postgresql/*/bin | sort -V); do
    [[ -x $folder/initdb && -x $folder/psql && $(basename "$(dirname "$folder")") -ge 14 ]] && programs=$folder
  done
  [[ -n $programs ]]
}
unpack_server() {
  local cache="${XDG_CACHE_HOME:-$HOME/.cache}/hashweave/peers/postgresql-15"
  command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return 1
  if [[ ! -d $cache ]]; then
    mkdir -p "$place/debs" "$(dirname "$cache")"
    (cd "$place/debs" && timeout 120 apt-get -q download postgresql-15 postgresql-client-15 libpq5) >"$work/apt.log" 2>&1 || return 1
    mv -T "$place/debs" "$cache" 2>/dev/null || [[ -d $cache ]] || return 1 # another build may have been quicker
  fi
  for package in "$cache"/*.deb; do dpkg-deb -x "$package" "$place" || return 1; done
  LD_LIBRARY_PATH=$(printf '%s:' "$place"/usr/lib/*-linux-gnu*)${LD_LIBRARY_PATH:-}
  export LD_LIBRARY_PATH
  find_server "$place" && "$programs/postgres" --version && "$programs/psql" --version # libraries may be missing
}
find_server "" || unpack_server >"$work/unpack.log" 2>&1 ||
  { echo "skipped: no PostgreSQL server of 14 or later, and none to be had (Debian: postgresql-15)"; exit 77; }

# The server refuses to run as root.
as_user=()
if [[ $(id -u) -eq 0 ]]; then
  user=postgres
  id "$user" >/dev/null 2>&1 || user=nobody
  chown "$user" "$place"
  as_user=(setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups env HOME="$place")
fi
stop() {
  [[ ! -f $place/data/postmaster.pid ]] || "${as_user[@]}" "$programs/pg_ctl" -D "$place/data" -m immediate -w stop >/dev/null 2>&1 || true
  rm -rf "$place"
}
trap stop EXIT
cd "$place"
"${as_user[@]}" "$programs/initdb" -D "$place/data" -U tester -A trust --no-sync --no-locale -E UTF8 >"$work/initdb.log" 2>&1 ||
  { cat "$work/initdb.log"; exit 1; }
"${as_user[@]}" "$programs/pg_ctl" -D "$place/data" -l "$place/server.log" -w -t 60 -s start \
  -o "-c listen_addresses='' -c unix_socket_directories='$place' -c fsync=off" ||
  { cat "$place/server.log"; exit 1; }

psql=("${as_user[@]}" "$programs/psql" -X -q -v ON_ERROR_STOP=1 -h "$place" -U tester -d postgres)
rm -rf "$work/files"
mkdir -p "$work/files"
cd "$work/files"
compared=0
for bits in 16 64 72 256; do
  python3 "$source/tests/peers/postgres.py" make "$bits" codes.jsonl queries.jsonl
  "$tool" convert codes.jsonl codes.copy
  "$tool" sql codes.copy queries.jsonl 10 >statements.sql
  "$tool" search codes.copy queries.jsonl 10 >ours.txt
  create=$(sed -n 1p statements.sql) copy=$(sed -n 2p statements.sql)
  "${psql[@]}" -c 'DROP TABLE IF EXISTS codes' -c "$create" 2>/dev/null
  "${psql[@]}" -c "$copy" <codes.copy
  sed 1,2d statements.sql | "${psql[@]}" -A -t -F ' ' >theirs.txt
  python3 "$source/tests/peers/postgres.py" compare queries.jsonl ours.txt theirs.txt 10
  compared=$((compared + $(wc -l <ours.txt)))

  # what the server writes is read again, and is what we wrote
  "${psql[@]}" -c 'COPY (SELECT id, code FROM codes ORDER BY id) TO STDOUT' >back.copy
  "$tool" convert back.copy back.jsonl
  cmp <(sort codes.jsonl) <(sort back.jsonl)
  # a prepared statement, as a driver would send it, and a query of another length, which is refused
  search=$(sed -n 3p statements.sql)
  query=$(sed "s/.*\(B'[01]*'\).*/\1/" <<<"$search")
  prepared="PREPARE s AS ${search/"$query"/\$1}"
  "${psql[@]}" -A -t -F ' ' -c "$prepared" -c "EXECUTE s($query)" >prepared.txt
  cmp prepared.txt <(head -n 10 theirs.txt)
  if "${psql[@]}" -c "$prepared" -c "EXECUTE s(B'01')" >refused.txt 2>&1; then
    echo "a query of two bits was answered for codes of $bits"
    exit 1
  fi
done
echo "PostgreSQL $("$programs/postgres" --version | sed 's/[^0-9]*\([0-9.]*\).*/\1/'): $compared answers agree, ids and distances"
