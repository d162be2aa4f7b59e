#pragma once

#include <weir/base/frame.hpp>
#include <weir/message/dialect.hpp>
#include <weir/message/message.hpp>

#include <array>
#include <cstddef>
#include <functional>
#include <memory>

namespace weir {

/// The frames of messages that were lately read from a log: when very many subscribers catch up on
/// the same topics, each message is encoded once, and its frame is shared by all their outboxes.
/// A table of fixed size for each dialect in use, in which a newer frame takes the place of an
/// older one. On its shard's thread only.
class frame_cache {
public:
    static constexpr std::size_t places = 2048;
    /// Larger ones are cheap to share as it is, and would hold too much memory: with these at most
    /// places × frame_bytes_max, 8 MiB for each dialect in use.
    static constexpr std::size_t frame_bytes_max = 4096;

    frame_ref get(message_ptr const& m, dialect_id dialect,
                  std::function<frame_ref(message const&)> const& encode);
    /// Lets everything go. False: there was nothing.
    bool clear() noexcept;
    /// Lets everything go that is there, unless it was used since the last call. Call now and then.
    void clear_unused() noexcept;

private:
    struct entry {
        message_ptr what;
        frame_ref frame;
    };
    /// By dialect; null: empty.
    std::array<std::unique_ptr<std::array<entry, places>>, dialects_max> tables_;
    bool used_ = false;
};

}  // namespace weir
