# The build rules that every room shares.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

add_library(frugal_flags INTERFACE)
target_include_directories(frugal_flags INTERFACE ${CMAKE_SOURCE_DIR}/src)
# Contraction off: a fused multiply-add happens where the code says so and nowhere else, so that
# the reference and every instruction set can agree bit for bit. Nobody reads errno after sqrt or the
# exception flags of a comparison: without them, loops with either become SIMD code, and no result
# changes.
target_compile_options(frugal_flags INTERFACE
  -Wall -Wextra -Wshadow -Werror -ffp-contract=off -fno-math-errno -fno-trapping-math)
if(FRUGAL_SANITIZE)
  # At -O3 the checks make the unrolled kernels compile for minutes a file. With them, GCC sees
  # uninitialised values in std::regex and the like where there are none.
  target_compile_options(frugal_flags INTERFACE
    -O1 -Wno-maybe-uninitialized -fsanitize=address,undefined -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  target_link_options(frugal_flags INTERFACE -fsanitize=address,undefined)
endif()
if(FRUGAL_FUZZ)
  target_compile_options(frugal_flags INTERFACE
    -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all)
  target_link_options(frugal_flags INTERFACE -fsanitize=address,undefined)
endif()

# frugal_room(<room> SOURCES <files...> [ROOMS <rooms it includes...>] [LIBS <libraries...>])
# One library per folder of src/.
function(frugal_room room)
  cmake_parse_arguments(ARG "" "" "SOURCES;ROOMS;LIBS" ${ARGN})
  add_library(frugal_${room} STATIC ${ARG_SOURCES})
  list(TRANSFORM ARG_ROOMS PREPEND frugal_)
  target_link_libraries(frugal_${room} PUBLIC frugal_flags ${ARG_ROOMS} ${ARG_LIBS})
endfunction()

# frugal_test(<room> SOURCES <files...> [LIBS <more libraries...>])
# One GoogleTest program per room, one ctest entry per test case.
function(frugal_test room)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBS" ${ARGN})
  add_executable(${room}_test ${ARG_SOURCES})
  target_link_libraries(${room}_test PRIVATE frugal_${room} frugal_testing ${ARG_LIBS} GTest::gmock
    GTest::gtest_main)
  # Tests are found when they run, so that the build never has to execute what it built.
  gtest_discover_tests(${room}_test TEST_PREFIX ${room}. DISCOVERY_MODE PRE_TEST
    DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 900)
endfunction()
