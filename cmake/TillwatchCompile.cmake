# Flags that every target shares, and the helper that makes a folder a library.
add_library(tw_flags INTERFACE)
target_compile_definitions(tw_flags INTERFACE _POSIX_C_SOURCE=200809L _FILE_OFFSET_BITS=64)
# No contraction: the same journal gives the same bits on every machine and compiler.
target_compile_options(tw_flags INTERFACE -ffp-contract=off -fno-math-errno -fno-trapping-math
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wstrict-prototypes
  -Wmissing-prototypes -Wundef -Wvla -Wformat=2 -Wcast-qual -Wdouble-promotion
  -Wimplicit-fallthrough -Wswitch-enum)
if(TILLWATCH_WERROR)
  target_compile_options(tw_flags INTERFACE -Werror)
endif()
target_link_libraries(tw_flags INTERFACE m)

# tw_library(name SOURCES... ) makes static library tw_<name> with include/ as its public path.
function(tw_library name)
  add_library(tw_${name} STATIC ${ARGN})
  target_include_directories(tw_${name} PUBLIC include)
  target_link_libraries(tw_${name} PRIVATE tw_flags)
endfunction()
