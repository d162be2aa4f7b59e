#pragma once

#include <weir/base/memory_meter.hpp>

#include <atomic>
#include <cstddef>
#include <functional>
#include <limits>
#include <memory>
#include <utility>

namespace weir {

/// A queue from many threads to one: lock-free push, and one wake-up however many items wait,
/// because only the push into an empty box asks for it. First in, first out for each sender.
/// `wake` is called on the sender's thread and must cause drain() on the owner's.
template <class T>
class mailbox {
public:
    explicit mailbox(std::function<void()> wake) : wake_(std::move(wake)) {}
    mailbox(mailbox const&) = delete;
    mailbox& operator=(mailbox const&) = delete;
    ~mailbox() {
        while (drain([](T&&) {}) != 0) {
        }
    }

    void push(T item) {
        auto* const n = new node(std::move(item), nullptr);
        size_.fetch_add(1, std::memory_order_relaxed);
        node* head = head_.load(std::memory_order_relaxed);
        do {
            n->next = head;
        } while (!head_.compare_exchange_weak(head, n, std::memory_order_release,
                                              std::memory_order_relaxed));
        if (head == nullptr) wake_();
    }

    /// Hands what waits to `take`, oldest first, at most so many. Items pushed meanwhile wake
    /// again; for those that were left over, call again while has_left_over().
    template <class F>
    std::size_t drain(F&& take, std::size_t at_most = std::numeric_limits<std::size_t>::max()) {
        std::size_t taken = 0;
        for (bool fetched = false; taken != at_most; ++taken) {
            if (left_over_ == nullptr && !std::exchange(fetched, true)) fetch();
            if (left_over_ == nullptr) break;
            std::unique_ptr<node> const n(std::exchange(left_over_, left_over_->next));
            size_.fetch_sub(1, std::memory_order_relaxed);
            take(std::move(n->item));
        }
        return taken;
    }
    /// The last drain() stopped at its bound. On the owner's thread.
    bool has_left_over() const noexcept { return left_over_ != nullptr; }

    /// Roughly how many wait; any thread.
    std::size_t size() const noexcept { return size_.load(std::memory_order_relaxed); }

private:
    struct node : counted_object<memory_kind::queues> {
        node(T i, node* n) : item(std::move(i)), next(n) {}
        T item;
        node* next;
    };
    /// All that was pushed, turned round: the list that is pushed to has the newest first.
    void fetch() {
        node* newest = head_.exchange(nullptr, std::memory_order_acquire);
        while (newest != nullptr) {
            left_over_ = std::exchange(newest, std::exchange(newest->next, left_over_));
        }
    }

    std::atomic<node*> head_{nullptr};
    node* left_over_ = nullptr;  ///< the owner's: oldest first
    std::atomic<std::size_t> size_{0};
    std::function<void()> wake_;
};

}  // namespace weir
