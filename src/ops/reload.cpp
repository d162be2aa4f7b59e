#include <weir/base/log.hpp>
#include <weir/ops/assembly.hpp>
#include <weir/ops/reload.hpp>

#include <algorithm>
#include <utility>

namespace weir::ops {
namespace {

bool is_error(config::config_fault const& f) {
    return f.weight == config::severity::error;
}

}  // namespace

result<tls_context> load_tls(config::tls_files const& files) {
    if (!files.on()) return tls_context();
    return load_server_tls(files.certificate, files.key);
}

result<prepared_reload> prepare_reload(config::sources const& from,
                                       config::settings const& running) {
    auto const loaded = config::load(from);
    for (config::config_fault const& f : loaded.faults) {
        log::write(is_error(f) ? log::level::error : log::level::warn, "configuration",
                   {{"fault", f.text()}});
    }
    if (!loaded.ok()) {
        auto const first = std::find_if(loaded.faults.begin(), loaded.faults.end(), is_error);
        auto const errors = std::count_if(loaded.faults.begin(), loaded.faults.end(), is_error);
        auto const more =
            errors > 1 ? " (and " + std::to_string(errors - 1) + " more)" : std::string();
        return fault{errc::bad_request, first->text() + more};
    }
    prepared_reload next;
    next.settings = config::reloadable_part(running, loaded.values);
    auto live = make_live_settings(next.settings);
    if (!live) return live.error();
    next.live = std::move(*live);
    auto internal_tls = load_tls(next.settings.listen.internal_listener.tls);
    if (!internal_tls) return internal_tls.error();
    next.internal_tls = std::move(*internal_tls);
    next.changes = config::diff(running, loaded.values);
    return next;
}

}  // namespace weir::ops
