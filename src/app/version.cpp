#include "app/version.hpp"

namespace weir::app {

std::string_view version() noexcept {
    return WEIR_VERSION;
}
std::string_view commit() noexcept {
    return WEIR_COMMIT;
}

}  // namespace weir::app
