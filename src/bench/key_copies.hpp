#pragma once

#include "bench/witness.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace weir::bench {

/// What is known of the newest message of a key.
struct key_value {
    std::uint64_t offset = 0;
    std::int64_t nanoseconds = 0;  ///< when it was published; 0: not known
    std::uint32_t publisher = no_publisher;
    bool echo = true;
    bool removal = false;
    static constexpr std::uint32_t no_publisher = 0xffff'ffff;
};

/// The newest value of each key of one topic, and the copy that each subscriber holds. On a
/// subscription that conflates, this is what is promised: each key's offsets ascend, and the copy
/// ends with the newest of each key, or a gap says which is missing. Pure.
class key_copies {
public:
    explicit key_copies(std::size_t clients) : copies_(clients) {}

    /// A message that the topic has, from whoever knows of it.
    void told(std::string const& key, key_value const& v);
    /// Another epoch: nothing that was known counts.
    void begin_anew();
    /// The server's own answer to `sync`. Faults, for people: empty where it is what was told.
    std::vector<std::string> compare_state(std::map<std::string, std::uint64_t> const& state) const;

    /// The copy of a client is empty from now on: the whole state follows, or it begins.
    void clear(std::uint32_t client);
    /// What it gets. `again`: what it has, and older, may come again. A sentence where it goes back
    /// or repeats.
    std::optional<std::string> got(std::uint32_t client, std::string const& key,
                                   std::uint64_t offset, bool again);
    /// The copy is the whole state as of an offset: nothing up to there is excused.
    void whole(std::uint32_t client, std::uint64_t offset);
    void lost(std::uint32_t client, std::uint64_t from, std::uint64_t to);
    /// A gap without offsets, at a time: it may be of anything that was published before.
    void lost_before(std::uint32_t client, std::int64_t nanoseconds);

    struct stale {
        std::string key;
        std::uint64_t has = 0, newest = 0;
    };
    /// Keys whose newest value a client neither has nor was told the loss of; at most `most`. A key
    /// that it never had counts only above an offset: it did not ask for what was before.
    std::vector<stale> missing(std::uint32_t client, std::uint64_t above,
                               std::size_t most = 3) const;

    /// How many keys have a newer message than an offset.
    std::size_t changed_above(std::uint64_t offset) const;

private:
    struct range {
        std::uint64_t from = 0, to = 0;
    };
    struct copy {
        std::map<std::string, std::uint64_t> last;
        std::vector<range> lost;
        std::int64_t lost_before = 0;
        std::uint64_t whole_at = 0;
    };
    bool excused(copy const& c, std::uint32_t client, key_value const& v) const;

    std::map<std::string, key_value> newest_;
    std::vector<copy> copies_;
};

}  // namespace weir::bench
