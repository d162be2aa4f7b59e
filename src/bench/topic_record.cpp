#include "bench/topic_record.hpp"

namespace weir::bench {
namespace {

/// Nobody can be so far behind with logs as bounded as they are; beyond it an offset is nonsense.
constexpr std::uint64_t kept_max = 1'000'000;

}  // namespace

topic_record::entry* topic_record::at(std::uint64_t offset) {
    if (!begun_) {  // the first to be told of; a later one may be lower
        base_ = offset > kept_max / 2 ? offset - kept_max / 2 : 1;
        begun_ = true;
    }
    if (offset < base_ || offset - base_ >= kept_max) return nullptr;
    if (offset - base_ >= entries_.size()) entries_.resize(offset - base_ + 1);
    return &entries_[offset - base_];
}

publish_record::entry* publish_record::at(std::uint64_t number) {
    entry& e = entries_[number % window];
    if (e.number > number) return nullptr;
    if (e.number != number) e = {.number = number};
    return &e;
}

}  // namespace weir::bench
