#include "app/tls_pairs.hpp"

#include <weir/async/tls_context.hpp>

#include <string>
#include <utility>

namespace weir::app {
namespace {

void check(config::loaded& l, config::tls_files const& files, std::string const& path) {
    if (!files.on()) return;
    auto const context = load_server_tls(files.certificate, files.key);
    if (context) return;
    config::config_fault f;
    f.path = path;
    f.message = context.error().message;
    if (auto const set = l.origins.find(path + ".certificate"); set != l.origins.end()) {
        f.source = set->second.source;
        f.line = set->second.line;
        f.column = set->second.column;
    }
    l.faults.push_back(std::move(f));
}

}  // namespace

void check_tls_pairs(config::loaded& l) {
    if (!l.ok()) return;
    check(l, l.values.listen.public_listener.tls, "listen.public.tls");
    check(l, l.values.listen.internal_listener.tls, "listen.internal.tls");
    if (l.ok()) return;
    // As with every other error: warnings would only hide it.
    std::erase_if(l.faults, [](config::config_fault const& f) {
        return f.weight == config::severity::warning;
    });
}

}  // namespace weir::app
