# Writes the bytes of IN as a C array: cmake -DIN=file -DOUT=file.c -P embed.cmake
file(READ "${IN}" hex HEX)
string(LENGTH "${hex}" digits)
math(EXPR bytes "${digits} / 2")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," data "${hex}")
string(REGEX REPLACE "(................................................................................)"
  "\\1\n" data "${data}")
file(WRITE "${OUT}" "// Generated from signals.yaml.
#include \"signals_default.h\"
const unsigned char twi_signals_default[] = {\n${data}\n};
const size_t twi_signals_default_bytes = ${bytes};
")
