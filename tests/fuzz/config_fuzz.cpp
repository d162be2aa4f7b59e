#include <weir/config/check.hpp>
#include <weir/config/load.hpp>
#include <weir/config/option.hpp>
#include <weir/config/print.hpp>
#include <weir/config/reload.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace weir::config;

void demand(bool holds) {
    if (!holds) std::abort();
}

/// Every file is there and holds its own name, so that nothing depends on the machine.
weir::result<file_content> imagine(std::string const& path, std::size_t most) {
    if (path.size() > most) return weir::fault{weir::errc::too_large, "too large"};
    return file_content{path + '\n', false};
}

bool has_inline_secret(settings const& s) {
    auto const is_inline = [](secret const& one) { return one.file.empty() && one.given(); };
    for (api_key const& key : s.api.keys) {
        if (is_inline(key.key)) return true;
    }
    return is_inline(s.auth.jwt.key);
}

}  // namespace

/// Any bytes as a file, and those after a NUL as the argument of --set: a list of faults that can
/// be told, or settings that can be printed, explained and read back the same.
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view text(reinterpret_cast<char const*>(data), size);
    sources from;
    from.read = imagine;
    if (std::size_t const nul = text.find('\0'); nul != std::string_view::npos) {
        from.assignments.emplace_back(text.substr(nul + 1));
        text = text.substr(0, nul);
    }
    loaded const first = load_text("fuzz.yaml", text, from);
    demand(first.faults.size() <= faults_max + 1);
    for (config_fault const& f : first.faults) {
        demand(!f.message.empty());
        demand(f.text().find('\n') == std::string::npos);
    }
    if (!first.ok()) return 0;

    (void)explain(first, {});
    (void)diff(default_settings(), first.values);
    std::string const printed = print_effective(first.values, first.origins);
    if (has_inline_secret(first.values)) return 0;
    sources again;
    again.read = imagine;
    loaded const second = load_text("printed.yaml", printed, again);
    demand(second.ok());
    demand(second.values == first.values);
    return 0;
}
