#pragma once

#include "topic/broker_truth.hpp"

#include <weir/topic/broker.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir {

/// One member's shard: makes its calls, and checks at once what the broker tells it.
class broker_witness final : public broker_listener {
public:
    broker_witness(unsigned member, broker_truth& truth) : member_(member), truth_(&truth) {}

    void serve(broker& b) { broker_ = &b; }
    void attach(std::string const& topic);
    void detach(std::string const& topic);
    publish_ticket publish(std::string const& topic, publication with = {});
    /// Says again what `first` said, by its dedupe id and scope, which are in `with`.
    publish_ticket repeat(publish_ticket first, publication with);
    read_ticket read(log_query q);
    /// Follows an attached topic without a hole from `from` on: pages of the log, then messages.
    void follow(std::string const& topic, position from, std::uint32_t per_page);
    /// Merges the keyed state of an attached topic: pages of the state, and messages.
    void merge(std::string const& topic, std::uint32_t per_page);
    /// Keeps the members of an attached topic: a page, then changes.
    void watch(std::string const& topic);

    /// A reader from a position in the log to the present.
    struct follower {
        bool active = false;
        bool live = false;  ///< the log is read, messages go on
        position at;        ///< everything up to here was seen or declared lost
        std::uint32_t per_page = 1;
        std::uint64_t seen = 0, lost = 0;
        std::vector<loss> losses = {};
        read_ticket waits_for = 0;
    };
    /// A model client that merges a state.
    struct merger {
        bool active = false;
        bool whole = false;  ///< all pages are here
        std::uint32_t per_page = 1;
        std::map<std::string, std::pair<std::uint64_t, bool>> keys = {};  ///< offset, there
        read_ticket waits_for = 0;
    };
    struct watcher {
        bool active = false;
        bool paged = false;
        std::uint64_t version = 0;
        std::map<std::string, std::string> users = {};  ///< info by name
        read_ticket waits_for = 0;
    };

    struct view {
        unsigned answers_due = 0;
        bool wanted = false;
        bool attached = false;
        position tail;
        std::vector<message_ptr> messages;  ///< since the latest attach was answered
        unsigned refusals = 0;
        errc refused = errc::internal;
        publish_ticket own_last = 0;  ///< newest publish of its own before the latest attach
        follower follows;
        merger merges;
        watcher watches;
    };
    view& of(std::string const& topic) { return views_[topic]; }
    std::size_t late() const { return late_; }
    result<log_page> const& page(read_ticket t) const { return pages_.at(t); }
    result<presence_page> const& members(read_ticket t) const { return member_pages_.at(t); }
    read_ticket ask_members(std::string const& topic, std::uint32_t max = 1000);
    std::vector<presence_change_ptr> const& changes() const { return changes_; }
    /// After everything has settled: answered, and nothing missing at the end.
    void check() const;

    void on_attached(std::string_view topic, result<position> at) override;
    void on_published(publish_ticket ticket, result<position> at) override;
    void on_message(message_ptr m) override;
    void on_read(read_ticket ticket, result<log_page> page) override;
    void on_members(read_ticket ticket, result<presence_page> page) override;
    void on_presence(presence_change_ptr change) override;

private:
    void follow_page(view& v, std::string const& topic, log_page const& page);
    void follow_message(view& v, message const& m);
    void merge_page(view& v, std::string const& topic, log_page const& page);
    static void merge_message(view& v, message const& m);

    unsigned member_;
    broker_truth* truth_;
    broker* broker_ = nullptr;
    std::map<std::string, view> views_;
    std::map<std::string, publish_ticket> own_;
    std::size_t late_ = 0;
    read_ticket last_read_ = 0;
    std::map<read_ticket, std::string> asked_;  ///< not answered yet
    std::map<read_ticket, result<log_page>> pages_;
    std::map<read_ticket, result<presence_page>> member_pages_;
    std::vector<presence_change_ptr> changes_;
};

}  // namespace weir
