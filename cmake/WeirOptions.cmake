# One interface target carries the language level, the warnings and the sanitizer of the build.
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")

option(WEIR_WERROR "Warnings are errors (CI)" OFF)
set(WEIR_SANITIZE "" CACHE STRING "Value of -fsanitize=, empty for none")
option(WEIR_FUZZ "Instrument for libFuzzer (clang only)" OFF)

add_library(weir_options INTERFACE)
add_library(weir::options ALIAS weir_options)
target_compile_features(weir_options INTERFACE cxx_std_20)
target_include_directories(weir_options INTERFACE "${PROJECT_SOURCE_DIR}/include")
target_compile_options(weir_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast
  -fno-omit-frame-pointer
  $<$<BOOL:${WEIR_WERROR}>:-Werror>)
# libstdc++ checks its preconditions in every build that is not for users; theirs is hardened where it
# costs nothing on the data path.
target_compile_definitions(weir_options INTERFACE
  $<$<CONFIG:Debug>:_GLIBCXX_ASSERTIONS>
  $<$<CONFIG:Release>:_FORTIFY_SOURCE=2>)
target_compile_options(weir_options INTERFACE $<$<CONFIG:Release>:-fstack-protector-strong>)
target_link_options(weir_options INTERFACE $<$<CONFIG:Release>:LINKER:-z,relro,-z,now>)
if(WEIR_SANITIZE)
  target_compile_options(weir_options INTERFACE -fsanitize=${WEIR_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(weir_options INTERFACE -fsanitize=${WEIR_SANITIZE})
endif()
if(WEIR_FUZZ)
  target_compile_options(weir_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_link_options(weir_options INTERFACE -fuse-ld=lld)
endif()
