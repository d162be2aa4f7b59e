#pragma once

#include "config/document.hpp"
#include "config/fault_list.hpp"

#include <weir/config/load.hpp>
#include <weir/config/option.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir::config {

/// Lays sources over settings, each over what came before, and remembers where every value came
/// from. Lists are replaced as a whole. Makes one fault of each thing it cannot use and goes on.
class merge {
public:
    merge(settings& values, provenance& origins, fault_list& faults)
        : values_(values), origins_(origins), faults_(faults) {}

    /// False when the text as a whole is none that can be used.
    [[nodiscard]] bool file(std::string_view name, std::string_view text);
    void variables(environment const& all);
    void assignments(std::vector<std::string> const& all);

private:
    /// The record that a mapping describes, its table, and its place in the whole.
    struct target {
        std::span<option const> table;
        void* record;
        std::string prefix;  ///< of the record in the whole: "" or "topics[2]."
    };

    void one(origin const& from, std::string_view path, std::string_view text);
    void mapping(target const& to, std::string const& section, node const& map, origin from);
    void value(target const& to, option const& row, bool file_twin, node const& from,
               origin const& where);
    void records(target const& to, option const& row, node const& from, origin const& where);
    void section_value(target const& to, option const& row, node const& from, origin const& where);
    void secret_value(target const& to, option const& row, bool file_twin, node const& from,
                      origin const& where);
    void unknown(target const& to, std::string const& path, origin const& where);
    static std::string place_of(target const& to, std::string const& section);
    void error(origin const& where, std::string path, std::string message);
    target top() { return {options(), &values_, {}}; }

    settings& values_;
    provenance& origins_;
    fault_list& faults_;
};

/// Gives every option of a table its default.
void set_defaults(std::span<option const> table, void* record);

/// "limits.connections" → "WEIR_LIMITS__CONNECTIONS", "shards" → "WEIR__SHARDS".
std::string variable_name(std::string_view path);

}  // namespace weir::config
