#include "bench/key_copies.hpp"

#include <algorithm>
#include <utility>

namespace weir::bench {
namespace {

constexpr std::size_t ranges_max = 64;

}  // namespace

void key_copies::told(std::string const& key, key_value const& v) {
    key_value& newest = newest_[key];
    if (v.offset < newest.offset) return;
    bool const known = v.offset == newest.offset && newest.nanoseconds != 0;
    if (!known) newest = v;
}

void key_copies::begin_anew() {
    newest_.clear();
    copies_.assign(copies_.size(), {});
}

std::vector<std::string> key_copies::compare_state(
    std::map<std::string, std::uint64_t> const& state) const {
    std::vector<std::string> faults;
    for (auto const& [key, v] : newest_) {
        auto const found = state.find(key);
        auto const name = "key " + key + " has offset " + std::to_string(v.offset);
        if (v.removal) {
            if (found != state.end() && found->second <= v.offset) {
                faults.push_back(name + ", which removes it, but the state has " +
                                 std::to_string(found->second));
            }
        } else if (found == state.end()) {
            faults.push_back(name + ", but the state has it not");
        } else if (found->second < v.offset) {
            faults.push_back(name + ", but the state has " + std::to_string(found->second));
        }
    }
    return faults;
}

void key_copies::clear(std::uint32_t client) {
    copies_[client].last.clear();
}

std::optional<std::string> key_copies::got(std::uint32_t client, std::string const& key,
                                           std::uint64_t offset, bool again) {
    auto const [at, is_new] = copies_[client].last.try_emplace(key, offset);
    if (is_new) return std::nullopt;
    auto const before = std::exchange(at->second, std::max(at->second, offset));
    if (offset > before || again) return std::nullopt;
    return "key " + key + (offset == before ? " came again" : " came after offset ") +
           (offset == before ? "" : std::to_string(before));
}

void key_copies::whole(std::uint32_t client, std::uint64_t offset) {
    copy& c = copies_[client];
    c.lost.clear();
    c.lost_before = 0;
    c.whole_at = offset;
}

void key_copies::lost(std::uint32_t client, std::uint64_t from, std::uint64_t to) {
    auto& all = copies_[client].lost;
    if (!all.empty() && from <= all.back().to + 1 && from >= all.back().from) {
        all.back().to = std::max(all.back().to, to);
        return;
    }
    all.push_back({from, to});
    if (all.size() > ranges_max) all.erase(all.begin());
}

void key_copies::lost_before(std::uint32_t client, std::int64_t nanoseconds) {
    auto& last = copies_[client].lost_before;
    last = std::max(last, nanoseconds);
}

bool key_copies::excused(copy const& c, std::uint32_t client, key_value const& v) const {
    if (v.offset <= c.whole_at) return false;
    if (!v.echo && v.publisher == client) return true;  // its own, which it did not want back
    if (v.nanoseconds <= c.lost_before && c.lost_before != 0) return true;
    return std::any_of(c.lost.begin(), c.lost.end(),
                       [&](range const& r) { return v.offset >= r.from && v.offset <= r.to; });
}

std::size_t key_copies::changed_above(std::uint64_t offset) const {
    return static_cast<std::size_t>(
        std::count_if(newest_.begin(), newest_.end(),
                      [&](auto const& one) { return one.second.offset > offset; }));
}

std::vector<key_copies::stale> key_copies::missing(std::uint32_t client, std::uint64_t above,
                                                   std::size_t most) const {
    copy const& c = copies_[client];
    std::vector<stale> all;
    for (auto const& [key, v] : newest_) {
        auto const found = c.last.find(key);
        auto const has = found == c.last.end() ? 0 : found->second;
        // A client without the key has what a removal would leave.
        if (has >= v.offset || (has == 0 && (v.removal || v.offset <= above))) continue;
        if (excused(c, client, v)) continue;
        all.push_back({key, has, v.offset});
        if (all.size() == most) break;
    }
    return all;
}

}  // namespace weir::bench
