#include <weir/base/log.hpp>

namespace weir::log {

void start(settings) {}
void change(settings) {}
void stop() {}
bool enabled(level) noexcept { return false; }
void write(level, std::string_view, std::initializer_list<field>) {}
void limited(level, std::string_view, std::string_view, std::initializer_list<field>) {}
std::uint64_t dropped() noexcept { return 0; }

}  // namespace weir::log
