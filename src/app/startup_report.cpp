#include "app/startup_report.hpp"

#include <cstdio>

namespace weir::app {

log::settings log_settings(config::settings const& s) {
    return {s.log.level, s.log.format};
}

void report(log::settings const& shape, config::severity weight, std::string const& text) {
    bool const error = weight == config::severity::error;
    if (shape.shape == log::format::json) {
        log::write(error ? log::level::error : log::level::warn, "start", {{"message", text}});
    } else {
        std::fprintf(stderr, "%s: %s\n", error ? "error" : "warning", text.c_str());
    }
}

void report(config::loaded const& l) {
    for (config::config_fault const& f : l.faults) {
        report(log_settings(l.values), f.weight, f.text());
    }
}

}  // namespace weir::app
