#!/usr/bin/env bash
# Which room may include which, and what every header must look like.  usage: directions.sh SOURCE_DIR
set -euo pipefail
cd "$1/include"

find hashweave -type f \( -name '*.hpp' -o -name '*.cuh' \) -print0 | sort -z | xargs -0 -r awk '
  BEGIN {
    # room: the rooms it may include
    may["core"]    = " core "
    may["compose"] = " core compose "
    may["nn"]      = " core nn "
    may["cmh"]     = " core compose nn cmh "
    may["optim"]   = " core optim "
    may["index"]   = " core io index "
    may["eval"]    = " core index eval "
    may["io"]      = " core io "
    may["text"]    = " core text "
    may["data"]    = " core io text data "
    may["cpu"]     = " core cpu "
    may["cuda"]    = " core index cuda "
    may["dist"]    = " core dist "
    # other software: the only rooms that may include it
    only["Eigen"]    = " cpu "
    only["range-v3"] = " data "
    only["stb"]      = " data "
    only["nlohmann"] = " index eval io text data cpu cuda dist "
    only["zlib"]     = " io "
    only["oneDNN"]   = " cpu "
    only["CUDA"]     = " cuda "
    only["NCCL"]     = " dist cuda "
    only["MPI"]      = " dist "
    max_lines = 300
  }
  function fault(text) { print FILENAME ":" FNR ": " text; faults++ }
  function finish() {
    if (file == "") return
    if (!seen_code) print file ": no #pragma once"
    if (!seen_code) faults++
    if (lines > max_lines) { print file ": " lines " lines, at most " max_lines; faults++ }
  }
  function software(path) {
    if (path ~ /^(unsupported\/)?Eigen\//)   return "Eigen"
    if (path ~ /^(eigen3)\//)                return "Eigen"
    if (path ~ /^range\/v3\//)               return "range-v3"
    if (path ~ /(^|\/)stb_[a-z_]*\.h$/)      return "stb"
    if (path ~ /^nlohmann\//)                return "nlohmann"
    if (path ~ /^z(lib|conf)\.h$/)          return "zlib"
    if (path ~ /^(dnnl|oneapi\/dnnl)/)       return "oneDNN"
    if (path ~ /^(cuda|cublas|cub\/|thrust\/|mma\.h)/) return "CUDA"
    if (path ~ /^nccl/)                      return "NCCL"
    if (path ~ /^mpi\.h$/)                   return "MPI"
    return ""
  }
  FNR == 1 {
    finish()
    file = FILENAME; files++; seen_code = 0; in_comment = 0
    n = split(file, part, "/")
    umbrella = (n == 2)
    room = umbrella ? "" : part[2]
    if (!umbrella && !(room in may)) fault("unknown room " room)
  }
  { lines = FNR }
  # the first line that is neither blank nor a comment
  !seen_code && !in_comment && /^[ \t]*\/\*/ { in_comment = 1 }
  in_comment { if (/\*\//) in_comment = 0; next }
  !seen_code && !/^[ \t]*(\/\/.*)?$/ {
    seen_code = 1
    if (!/^#pragma once[ \t]*$/) fault("#pragma once must come first")
  }
  /^[ \t]*#[ \t]*define[ \t]+[A-Za-z_0-9]+\(/ { fault("function-like macro: " $0) }
  /^[ \t]*#[ \t]*include[ \t]*"/ { fault("include with <...>: " $0) }
  /^[ \t]*#[ \t]*include[ \t]*[<"]/ {
    path = $0
    sub(/^[^<"]*[<"]/, "", path); sub(/[>"].*$/, "", path)
    if (path ~ /^hashweave\//) {
      m = split(path, target, "/")
      if (m == 2 && !umbrella && target[2] != "version.hpp") fault(room " includes the umbrella header " path)
      if (m > 2 && !umbrella && index(may[room], " " target[2] " ") == 0) fault(room " may not include " path)
    } else {
      name = software(path)
      if (name != "" && index(only[name], " " (umbrella ? "none" : room) " ") == 0)
        fault((umbrella ? "an umbrella header" : room) " may not include " name ": " path)
    }
  }
  END {
    finish()
    if (files == 0) { print "no headers found"; exit 1 }
    if (faults) { print faults " faults"; exit 1 }
    print files " headers keep to their rooms"
  }'
