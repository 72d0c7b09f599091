# Third-party libraries. `scripts/deps.sh build` installs them; .deps/ holds the ones that the system lacks.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)
pkg_check_modules(OPENSSL REQUIRED IMPORTED_TARGET libcrypto)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(MICROHTTPD REQUIRED IMPORTED_TARGET libmicrohttpd)
pkg_check_modules(CYAML REQUIRED IMPORTED_TARGET libcyaml)
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl)
pkg_check_modules(ARGON2 REQUIRED IMPORTED_TARGET libargon2)
pkg_check_modules(LIBZIP REQUIRED IMPORTED_TARGET libzip)
find_path(HPDF_INCLUDE_DIR hpdf.h REQUIRED)
find_library(HPDF_LIBRARY hpdf REQUIRED)
add_library(hpdf INTERFACE)
target_include_directories(hpdf SYSTEM INTERFACE "${HPDF_INCLUDE_DIR}")
target_link_libraries(hpdf INTERFACE "${HPDF_LIBRARY}")
find_path(XXHASH_INCLUDE_DIR xxhash.h REQUIRED)
# Its package's pkg-config file asks for headers that the library does not need.
find_path(CJOSE_INCLUDE_DIR cjose/cjose.h REQUIRED)
find_library(CJOSE_LIBRARY cjose REQUIRED)
add_library(cjose UNKNOWN IMPORTED)
set_target_properties(cjose PROPERTIES IMPORTED_LOCATION "${CJOSE_LIBRARY}"
  INTERFACE_INCLUDE_DIRECTORIES "${CJOSE_INCLUDE_DIR}")

set(yyjson_hints "${CMAKE_SOURCE_DIR}/.deps/yyjson")
find_path(YYJSON_INCLUDE_DIR yyjson.h HINTS ${yyjson_hints}/include REQUIRED)
find_library(YYJSON_LIBRARY NAMES libyyjson.a yyjson HINTS ${yyjson_hints}/lib REQUIRED)
add_library(yyjson UNKNOWN IMPORTED)
set_target_properties(yyjson PROPERTIES IMPORTED_LOCATION "${YYJSON_LIBRARY}"
  INTERFACE_INCLUDE_DIRECTORIES "${YYJSON_INCLUDE_DIR}")
# A shared copy in .deps/ is found by the program wherever it is started from.
set(CMAKE_BUILD_RPATH_USE_ORIGIN OFF)

add_library(xxhash INTERFACE)
target_include_directories(xxhash SYSTEM INTERFACE "${XXHASH_INCLUDE_DIR}")
target_compile_definitions(xxhash INTERFACE XXH_INLINE_ALL)

# Optional: without it the program scores with any model but trains none.
if(TILLWATCH_XGBOOST)
  find_path(XGBOOST_INCLUDE_DIR xgboost/c_api.h)
  find_library(XGBOOST_LIBRARY xgboost)
  if(XGBOOST_INCLUDE_DIR AND XGBOOST_LIBRARY)
    add_library(xgboost UNKNOWN IMPORTED)
    set_target_properties(xgboost PROPERTIES IMPORTED_LOCATION "${XGBOOST_LIBRARY}"
      INTERFACE_INCLUDE_DIRECTORIES "${XGBOOST_INCLUDE_DIR}")
    # 2.0 replaced the call that takes gradients.
    file(STRINGS "${XGBOOST_INCLUDE_DIR}/xgboost/c_api.h" train_one_iter REGEX "XGBoosterTrainOneIter\\(")
    if(train_one_iter)
      set_target_properties(xgboost PROPERTIES
        INTERFACE_COMPILE_DEFINITIONS TILLWATCH_XGBOOST_TRAIN_ONE_ITER)
    endif()
  else()
    message(STATUS "XGBoost not found: models are scored but not trained (libxgboost-dev has it)")
    set(TILLWATCH_XGBOOST OFF)
  endif()
endif()

# Optional: without it there is no lake. .deps/duckdb comes first, as its version is the one that is
# known to fit.
if(TILLWATCH_DUCKDB)
  set(duckdb_hints "${CMAKE_SOURCE_DIR}/.deps/duckdb")
  find_path(DUCKDB_INCLUDE_DIR duckdb.h HINTS ${duckdb_hints})
  find_library(DUCKDB_LIBRARY duckdb HINTS ${duckdb_hints})
  if(DUCKDB_INCLUDE_DIR AND DUCKDB_LIBRARY)
    add_library(duckdb SHARED IMPORTED)
    set_target_properties(duckdb PROPERTIES IMPORTED_LOCATION "${DUCKDB_LIBRARY}"
      INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${DUCKDB_INCLUDE_DIR}"
      INTERFACE_INCLUDE_DIRECTORIES "${DUCKDB_INCLUDE_DIR}")
  else()
    message(STATUS "DuckDB not found: the program is built without the lake (scripts/deps.sh duckdb)")
    set(TILLWATCH_DUCKDB OFF)
  endif()
endif()
