# Puts headers into chains, one a line, in which each header is included by those behind it. A file that includes a chain in
# order shows for each of its headers that it compiles alone: all that stands before a header it includes itself.
# usage: awk -f chains.awk HEADER...
match($0, /^[ \t]*#[ \t]*include[ \t]*<hashweave\/[^>]*>/) {
  path = substr($0, RSTART, RLENGTH)
  gsub(/^[^<]*<|>.*$/, "", path)
  includes[FILENAME] = includes[FILENAME] " " path
}
FNR == 1 { headers[++count] = FILENAME }

# All that `header` includes, itself left out: reach[header, other], sizes[header].
function close_over(header,    direct, n, i, other) {
  if (header in closed) return
  closed[header] = 1
  n = split(includes[header], direct, " ")
  for (i = 1; i <= n; ++i) {
    close_over(direct[i])
    add(header, direct[i])
    for (other = 1; other <= count; ++other)
      if ((direct[i], headers[other]) in reach) add(header, headers[other])
  }
}
function add(header, other) {
  if (!((header, other) in reach)) {
    reach[header, other] = 1
    ++sizes[header]
  }
}
# The header that includes most, of those in no chain yet and included by `above` (any, if empty).
function largest(above,    i, best) {
  best = ""
  for (i = 1; i <= count; ++i)
    if (!(headers[i] in used) && (above == "" || (above, headers[i]) in reach))
      if (best == "" || sizes[headers[i]] + 0 > sizes[best] + 0) best = headers[i]
  return best
}
END {
  for (i = 1; i <= count; ++i) close_over(headers[i])
  while ((header = largest("")) != "") {
    chain = ""
    for (; header != ""; header = largest(header)) {
      used[header] = 1
      chain = header " " chain
    }
    print chain
  }
}
