#include <weir/base/assert.hpp>

#include <cstdio>
#include <cstdlib>

namespace weir {

void assertion_failed(char const* expression, char const* file, int line) {
    std::fprintf(stderr, "weir: broken invariant `%s` at %s:%d\n", expression, file, line);
    std::fflush(stderr);
    std::abort();
}

}  // namespace weir
