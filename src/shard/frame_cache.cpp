#include "shard/frame_cache.hpp"

namespace weir {

frame_ref frame_cache::get(message_ptr const& m, dialect_id dialect,
                           std::function<frame_ref(message const&)> const& encode) {
    auto& table = tables_[dialect];
    if (!table) table = std::make_unique<std::array<entry, places>>();
    used_ = true;
    // Offsets of a topic follow one another, so a page of it falls into places side by side.
    entry& e = (*table)[(m->at.epoch.value + m->at.offset) % places];
    if (e.what == m) return e.frame;
    frame_ref made = encode(*m);
    if (made && made->body().size() <= frame_bytes_max) e = {m, made};
    return made;
}

bool frame_cache::clear() noexcept {
    bool had = false;
    for (auto const& table : tables_) had = had || table != nullptr;
    tables_ = {};
    return had;
}

void frame_cache::clear_unused() noexcept {
    if (!used_) tables_ = {};
    used_ = false;
}

}  // namespace weir
