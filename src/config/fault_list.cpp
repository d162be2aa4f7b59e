#include "config/fault_list.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace weir::config {
namespace {

std::string place(std::string const& source, int line, int column) {
    std::string out = source;
    if (line > 0) out += ':' + std::to_string(line) + ':' + std::to_string(column);
    return out;
}

/// Names come from outside: no control characters for the operator's terminal, and no megabytes.
std::string harmless(std::string text) {
    constexpr std::size_t most = 200;
    bool const cut = text.size() > most;
    if (cut) text.resize(most);
    for (char& c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    }
    return cut ? text + "…" : text;
}

}  // namespace

std::string config_fault::text() const {
    std::string out = place(source, line, column);
    if (!path.empty()) out += (out.empty() ? "" : ": ") + path;
    return out + (out.empty() ? "" : ": ") + message;
}

std::string origin::text() const {
    return from == layer::fallback ? "default" : place(source, line, column);
}

bool loaded::ok() const noexcept {
    return std::ranges::none_of(faults,
                                [](config_fault const& f) { return f.weight == severity::error; });
}

void fault_list::add(severity weight, origin const& where, std::string path, std::string message) {
    if (full()) {
        // An error must not hide behind warnings that came first.
        auto const spare = std::ranges::find(faults_, severity::warning,
                                             [](placed const& p) { return p.fault.weight; });
        ++left_out_;
        if (weight == severity::warning || spare == faults_.end()) return;
        faults_.erase(spare);
    }
    faults_.push_back({where.from,
                       number_++,
                       {weight, harmless(where.source), where.line, where.column,
                        harmless(std::move(path)), std::move(message)}});
    errors_ = errors_ || weight == severity::error;
}

std::set<std::string, std::less<>> fault_list::refused() const {
    std::set<std::string, std::less<>> out;
    for (placed const& p : faults_) {
        if (p.fault.weight == severity::error) out.insert(p.fault.path);
    }
    return out;
}

std::vector<config_fault> fault_list::take() {
    // Warnings about a configuration that cannot be used only hide what has to be changed.
    if (errors_) {
        std::erase_if(faults_, [](placed const& p) { return p.fault.weight == severity::warning; });
    }
    // Not a stable sort: that one uses a library function that the language has deprecated.
    std::ranges::sort(faults_, {}, [](placed const& p) {
        return std::tuple(p.from, p.fault.line, p.fault.column, p.number);
    });
    std::vector<config_fault> out;
    for (placed& p : faults_) out.push_back(std::move(p.fault));
    if (left_out_ > 0) {
        config_fault more;
        more.weight = errors_ ? severity::error : severity::warning;
        more.message = "and " + std::to_string(left_out_) + " more";
        out.push_back(std::move(more));
    }
    return out;
}

}  // namespace weir::config
