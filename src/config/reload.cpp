#include "config/value.hpp"

#include <weir/config/option.hpp>
#include <weir/config/reload.hpp>

#include <utility>

namespace weir::config {
namespace {

/// Both fields are of one option, so they hold the same alternative.
bool equal(field const& a, field const& b) {
    return std::visit(
        overloaded{[](std::monostate) { return true; },
                   [&](word_ref const& w) {
                       auto const& other = std::get<word_ref>(b);
                       return w.get(w.where) == other.get(other.where);
                   },
                   [&](record_list const& list) {
                       return list.equal(list.where, std::get<record_list>(b).where);
                   },
                   [&](auto* value) { return *value == *std::get<decltype(value)>(b); }},
        a);
}

void assign(field const& to, field const& from) {
    std::visit(overloaded{[](std::monostate) {},
                          [&](word_ref const& w) {
                              auto const& other = std::get<word_ref>(from);
                              w.set(w.where, other.get(other.where));
                          },
                          [&](record_list const& list) {
                              list.assign(list.where, std::get<record_list>(from).where);
                          },
                          [&](auto* value) { *value = *std::get<decltype(value)>(from); }},
               to);
}

std::string one_line(option const& row, field const& value) {
    written_pair const pair = write_pair(row, row.path, value);
    // For a secret in a file the path says more than the mark does.
    return pair.key == row.path ? pair.value : "from " + pair.value;
}

}  // namespace

std::vector<change> diff(settings before, settings after) {
    std::vector<change> out;
    for (option const& row : options()) {
        if (row.kind == option_kind::section) continue;
        field const was = row.at(&before);
        field const is = row.at(&after);
        if (equal(was, is)) continue;
        out.push_back({std::string(row.path), one_line(row, was), one_line(row, is),
                       row.reloadable ? applies::now : applies::restart});
    }
    return out;
}

settings reloadable_part(settings running, settings wanted) {
    for (option const& row : options()) {
        if (row.reloadable) assign(row.at(&running), row.at(&wanted));
    }
    return running;
}

}  // namespace weir::config
