#pragma once

#include <weir/config/load.hpp>

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <vector>

namespace weir::config {

/// Collects faults up to faults_max; one more line then says how many were left out.
class fault_list {
public:
    void add(severity weight, origin const& where, std::string path, std::string message);
    /// True when nothing more will be kept: then work on a good sentence is wasted.
    bool full() const noexcept { return faults_.size() >= faults_max; }
    /// The paths with errors so far: what stands there is not what was meant.
    std::set<std::string, std::less<>> refused() const;
    /// Without the warnings if there is an error. By place: the file's by line, then the
    /// environment's, then --set's.
    std::vector<config_fault> take();

private:
    struct placed {
        layer from;
        std::size_t number;  ///< in the order of their coming
        config_fault fault;
    };
    std::vector<placed> faults_;
    std::size_t number_ = 0;
    std::size_t left_out_ = 0;
    bool errors_ = false;
};

}  // namespace weir::config
