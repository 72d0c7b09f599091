# embed_portal(dir out_dir result): makes portal_data.S with each file of `dir`, gzip-compressed, and
# portal_table.c with their names. An empty dir gives an empty table.
function(embed_portal dir out_dir result)
  set(rows "")
  set(symbols "")
  set(data "    .section .note.GNU-stack,\"\",%progbits\n    .section .rodata\n")
  set(packed_files "")
  set(i 0)
  if(dir)
    file(GLOB_RECURSE files RELATIVE "${dir}" CONFIGURE_DEPENDS "${dir}/*")
    list(SORT files)
    foreach(file IN LISTS files)
      set(packed "${out_dir}/portal/${i}.gz")
      file(MAKE_DIRECTORY "${out_dir}/portal")
      execute_process(COMMAND gzip -9 -n -c "${dir}/${file}" OUTPUT_FILE "${packed}" COMMAND_ERROR_IS_FATAL ANY)
      file(SHA256 "${dir}/${file}" hash)
      string(SUBSTRING "${hash}" 0 16 hash)
      set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${dir}/${file}")
      list(APPEND packed_files "${packed}")
      string(APPEND data "    .global twi_portal_${i}\ntwi_portal_${i}:\n    .incbin \"${packed}\"\n    .global twi_portal_${i}_end\ntwi_portal_${i}_end:\n    .byte 0\n")
      string(APPEND symbols "extern const unsigned char twi_portal_${i}[], twi_portal_${i}_end[];\n")
      string(APPEND rows "    {\"/${file}\", \"${hash}\", twi_portal_${i}, twi_portal_${i}_end},\n")
      math(EXPR i "${i} + 1")
    endforeach()
  endif()
  file(CONFIGURE OUTPUT "${out_dir}/portal_data.S" CONTENT "${data}" @ONLY)
  file(CONFIGURE OUTPUT "${out_dir}/portal_table.c" CONTENT "// Made by cmake/EmbedPortal.cmake.
#include \"portal.h\"
${symbols}
const twi_portal_file twi_portal_files[] = {
${rows}    {0, 0, 0, 0},
};
" @ONLY)
  set_source_files_properties("${out_dir}/portal_data.S" PROPERTIES OBJECT_DEPENDS "${packed_files}")
  set_source_files_properties("${out_dir}/portal_table.c" PROPERTIES INCLUDE_DIRECTORIES "${CMAKE_CURRENT_SOURCE_DIR}")
  set(${result} "${out_dir}/portal_data.S" "${out_dir}/portal_table.c" PARENT_SCOPE)
endfunction()
