#include "shard/shard.hpp"

// What a shard writes once for all its sessions of one dialect.
namespace weir {

frame_ref shard::frame_of(message_ptr const& m, dialect_id in) {
    return frames_.get(m, in, [this, in](message const& what) { return encode(what, in); });
}

frame_ref const& shard::frame_of(message const& m, encoded_message& cache, dialect_id in) {
    frame_ref& f = cache.in[in];
    if (!f) f = encode(m, in);
    return f;
}

frame_ref const& shard::frame_of(presence_change const& c, encoded_message& cache, dialect_id in) {
    frame_ref& f = cache.in[in];
    if (f) return f;
    std::string& text = environment_.scratch;
    text.clear();
    dialects_[in]->encode_presence(text, c);
    f = frame_in(*dialects_[in], text, true);
    return f;
}

frame_ref shard::encode(message const& m, dialect_id in) {
    std::string& text = environment_.scratch;
    text.clear();
    dialects_[in]->encode(text, m);
    return frame_in(*dialects_[in], text, true);
}

bool shard::shrink_tails() {
    return frames_.clear();
}

}  // namespace weir
