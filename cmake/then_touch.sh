# Runs a compiler that writes no object, and makes the file that the build waits for.  usage: then_touch.sh OBJECT COMMAND...
object=$1
shift
"$@" && : >"$object"
