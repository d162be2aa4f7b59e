#include <weir/base/version.hpp>

namespace weir {

std::string_view version() noexcept {
    return WEIR_VERSION;
}
std::string_view commit() noexcept {
    return WEIR_COMMIT;
}

}  // namespace weir
