#pragma once

#include <weir/config/load.hpp>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace weir::config::test {

/// Files that exist only here.
struct fake_files {
    std::map<std::string, file_content> all;

    file_reader reader() const {
        return [files = all](std::string const& path, std::size_t most) -> result<file_content> {
            auto const found = files.find(path);
            if (found == files.end()) {
                return fault{errc::unavailable, "No such file or directory"};
            }
            if (found->second.bytes.size() > most) return fault{errc::too_large, "too large"};
            return found->second;
        };
    }
};

/// Sources without a file system.
inline sources from_nowhere(fake_files const& files = {}) {
    sources s;
    s.read = files.reader();
    return s;
}

/// As an operator sees them; `warnings` leaves them in.
inline std::vector<std::string> texts(loaded const& l, severity weight) {
    std::vector<std::string> out;
    for (config_fault const& f : l.faults) {
        if (f.weight == weight) out.push_back(f.text());
    }
    return out;
}

inline loaded load_yaml(std::string_view text, sources const& s = from_nowhere()) {
    return load_text("weir.yaml", text, s);
}

}  // namespace weir::config::test
