#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
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
        drain([](T&&) {});
    }

    void push(T item) {
        auto* const n = new node{std::move(item), nullptr};
        size_.fetch_add(1, std::memory_order_relaxed);
        node* head = head_.load(std::memory_order_relaxed);
        do {
            n->next = head;
        } while (!head_.compare_exchange_weak(head, n, std::memory_order_release,
                                              std::memory_order_relaxed));
        if (head == nullptr) wake_();
    }

    /// Hands everything that waits to `take`, oldest first. Items pushed meanwhile wake again.
    template <class F>
    std::size_t drain(F&& take) {
        node* newest = head_.exchange(nullptr, std::memory_order_acquire);
        node* oldest = nullptr;
        while (newest != nullptr) {
            oldest = std::exchange(newest, std::exchange(newest->next, oldest));
        }
        std::size_t taken = 0;
        while (oldest != nullptr) {
            node* const n = std::exchange(oldest, oldest->next);
            size_.fetch_sub(1, std::memory_order_relaxed);
            take(std::move(n->item));
            delete n;
            ++taken;
        }
        return taken;
    }

    /// Roughly how many wait; any thread.
    std::size_t size() const noexcept { return size_.load(std::memory_order_relaxed); }

private:
    struct node {
        T item;
        node* next;
    };
    std::atomic<node*> head_{nullptr};
    std::atomic<std::size_t> size_{0};
    std::function<void()> wake_;
};

}  // namespace weir
