#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace weir::bench {

/// What is known of one epoch of a topic: which message stands at which offset. Bounded: what every
/// subscriber has passed is forgotten.
class topic_record {
public:
    struct entry {
        std::uint64_t print = 0;  ///< of the payload; 0: nobody was seen to get it
        std::uint64_t number = 0;
        std::uint32_t publisher = none;
    };
    static constexpr std::uint32_t none = 0xffff'ffff;

    explicit topic_record(std::string epoch) : epoch_(std::move(epoch)) {}

    std::string const& epoch() const noexcept { return epoch_; }
    /// The highest offset that anybody told of.
    std::uint64_t head() const noexcept { return head_; }
    void raise(std::uint64_t offset) noexcept { head_ = offset > head_ ? offset : head_; }
    /// The entry of an offset, made where there is none; null: it was forgotten, or is further
    /// ahead than anything true can be.
    entry* at(std::uint64_t offset);
    /// The same, but nothing is made.
    entry const* find(std::uint64_t offset) const {
        if (offset < base_ || offset - base_ >= entries_.size()) return nullptr;
        return &entries_[offset - base_];
    }
    /// Forgets up to and with `offset`, telling each entry in the order of offsets.
    template <class Fn>
    void forget(std::uint64_t offset, Fn const& tell) {
        while (!entries_.empty() && base_ <= offset) {
            if (entries_.front().print == 0) ++unseen_;
            tell(base_, entries_.front());
            entries_.pop_front();
            ++base_;
        }
        if (entries_.empty() && base_ <= offset) {
            if (begun_) unseen_ += offset + 1 - base_;
            base_ = offset + 1;
            begun_ = true;
        }
    }
    /// Some forgotten entries were never seen by anybody.
    bool has_unseen() const noexcept { return unseen_ != 0; }
    std::size_t kept() const noexcept { return entries_.size(); }
    /// The first offset that is kept.
    std::uint64_t base() const noexcept { return base_; }

private:
    std::string epoch_;
    std::deque<entry> entries_;
    std::uint64_t base_ = 1;
    std::uint64_t head_ = 0;
    std::uint64_t unseen_ = 0;
    bool begun_ = false;
};

/// Which publishes of one publisher are known, by their ascending numbers: the last few thousand.
class publish_record {
public:
    enum class word : std::uint8_t { none, acknowledged, refused, unknown };
    struct entry {
        std::uint64_t number = 0;  ///< 0: nothing is here
        std::uint64_t offset = 0;  ///< 0: not known
        std::uint32_t topic = 0, epoch = 0;
        word said = word::none;
        bool echo = true, removal = false;
        std::int64_t nanoseconds = 0;  ///< when it was sent; 0: not known
        std::string key = {};
    };
    static constexpr std::size_t window = 4096;

    /// Null: `number` is older than what is remembered.
    entry* at(std::uint64_t number);
    /// The same, but nothing is made.
    entry const* find(std::uint64_t number) const {
        entry const& e = entries_[number % window];
        return e.number == number ? &e : nullptr;
    }

private:
    std::vector<entry> entries_ = std::vector<entry>(window);
};

}  // namespace weir::bench
