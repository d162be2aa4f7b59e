#include "bench/fleet_member.hpp"

#include <algorithm>

namespace weir::bench {
namespace {

constexpr milliseconds asked_every{5};
constexpr milliseconds trimmed_every{1000};

}  // namespace

fleet::fleet(settings s) : settings_(std::move(s)), chance_(settings_.seed) {
    history_checker::settings checks{.topics = settings_.topics,
                                     .seats = settings_.seats,
                                     .epochs_change = settings_.epochs_change,
                                     .echo_off = settings_.echo_off > 0,
                                     .resume_window = settings_.resume_window};
    for (topic_traits const& t : settings_.traits) {
        checks.keyed.push_back(t.keys != 0 || t.state);
        checks.presence.push_back(t.presence);
    }
    checker_ = std::make_unique<timed_checker>(std::move(checks), *this);
    links_ =
        std::make_unique<link_set>(endpoint::on_loopback(settings_.port), settings_.seats.size(),
                                   settings_.block, static_cast<link_listener&>(*this));
    for (std::size_t i = 0; i != settings_.seats.size(); ++i) {
        members_.push_back(std::make_unique<member>(
            *this, i,
            resuming_client::settings{
                .number = static_cast<std::uint32_t>(i),
                .topics = settings_.seats[i],
                .names = &settings_.topics,
                .heartbeat = settings_.heartbeat,
                .seed = chance_.roll(),
                .token = i < settings_.tokens.size() ? settings_.tokens[i] : std::string(),
                .rewind = settings_.rewind}));
        members_[i]->published = settings_.published_before;
        if (i < settings_.options.size()) {
            auto const& all = settings_.options[i];
            for (std::size_t k = 0; k != all.size(); ++k) {
                members_[i]->client.set_options(k, all[k]);
            }
        }
        touched(i);
    }
    auto const now = clock::now();
    for (std::uint32_t i = 0; i < settings_.publishers; ++i) due_.push({now, i, true});
}

fleet::~fleet() = default;

history_checker& fleet::checker() noexcept {
    return *checker_;
}

void fleet::touched(std::size_t index) {
    member& m = *members_[index];
    bool const greeting = m.client.at() == resuming_client::phase::greeting;
    if (greeting != m.greeting) greeting ? ++greeting_ : --greeting_;
    m.greeting = greeting;
    auto const at = m.client.due();
    if (at >= m.armed) return;
    m.armed = at;
    due_.push({at, static_cast<std::uint32_t>(index), false});
}

void fleet::on_opened(std::size_t index) {
    members_[index]->client.opened(clock::now());
    touched(index);
}

void fleet::on_text(std::size_t index, std::string_view text) {
    members_[index]->client.text(text, clock::now());
    touched(index);
}

void fleet::on_lost(std::size_t index, ending const& how) {
    members_[index]->client.lost(how, clock::now());
    touched(index);
}

void fleet::fire(due_entry const& e, mono_time now) {
    if (e.publish) {
        publish(e.index, now);
        auto const wait = std::chrono::duration<double>(chance_.wait(settings_.rate));
        auto const next = e.at + std::chrono::duration_cast<mono_time::duration>(wait);
        due_.push({std::max(next, now - std::chrono::seconds(1)), e.index, true});
        return;
    }
    member& m = *members_[e.index];
    if (e.at != m.armed) return;  // an earlier one was put in its place
    m.armed = never;
    if (m.client.at() == resuming_client::phase::away && m.client.due() <= now) {
        if (!m.waiting) waiting_.push(e.index);
        m.waiting = true;
        return;
    }
    m.client.tick(now);
    touched(e.index);
}

void fleet::begin_greetings(mono_time now) {
    while (!waiting_.empty() && greeting_ < settings_.greeting_max) {
        auto const index = waiting_.front();
        waiting_.pop();
        member& m = *members_[index];
        m.waiting = false;
        if (m.client.at() == resuming_client::phase::away && m.client.tick(now)) {
            links_->connect(index);
        }
        touched(index);
    }
}

void fleet::turn() {
    auto now = clock::now();
    while (!due_.empty() && due_.top().at <= now) {
        due_entry const e = due_.top();
        due_.pop();
        fire(e, now);
    }
    begin_greetings(now);
    if (now - trimmed_ >= trimmed_every) {
        checker_->trim();
        trimmed_ = now;
    }
    auto wait = asked_every;
    if (!due_.empty()) {
        wait = std::min(wait, std::chrono::duration_cast<milliseconds>(due_.top().at - now));
    }
    links_->turn(std::max(wait, milliseconds(0)));
}

bool fleet::run_until(std::function<bool()> const& done, clock::time_point deadline) {
    mono_time asked{};
    for (;;) {  // ends: done, or the deadline
        auto const now = clock::now();
        if (now - asked >= asked_every) {
            asked = now;
            if (done()) return true;
            if (now >= deadline) return false;
        }
        turn();
    }
}

void fleet::run_for(milliseconds time) {
    auto const until = clock::now() + time;
    run_until([&] { return clock::now() >= until; }, until);
}

bool fleet::all_open() const {
    return std::all_of(members_.begin(), members_.end(), [](auto const& m) {
        return m->client.at() == resuming_client::phase::open && m->client.subscribed_to_all();
    });
}

std::size_t fleet::open_now() const {
    return static_cast<std::size_t>(std::count_if(
        members_.begin(), members_.end(),
        [](auto const& m) { return m->client.at() == resuming_client::phase::open; }));
}

bool fleet::settled() const {
    bool const answered = std::all_of(members_.begin(), members_.end(), [](auto const& m) {
        return m->client.at() == resuming_client::phase::open && m->client.subscribed_to_all() &&
               m->client.unanswered() == 0;
    });
    return answered && checker_->caught_up();
}

std::string fleet::unsettled() const {
    std::size_t away = 0, unanswered = 0, unsubscribed = 0, behind = 0;
    for (std::size_t i = 0; i != members_.size(); ++i) {
        resuming_client const& c = members_[i]->client;
        away += c.at() != resuming_client::phase::open ? 1U : 0U;
        unanswered += c.unanswered();
        unsubscribed += c.subscribed_to_all() ? 0U : 1U;
        behind += checker_->caught_up(static_cast<std::uint32_t>(i)) ? 0U : 1U;
    }
    return std::to_string(away) + " clients are not connected, " + std::to_string(unsubscribed) +
           " not subscribed, " + std::to_string(behind) + " are behind, and " +
           std::to_string(unanswered) + " publishes are unanswered";
}

std::size_t fleet::break_off_all() {
    std::size_t n = 0;
    for (std::size_t i = 0; i != members_.size(); ++i) {
        if (!links_->connected(i)) continue;
        links_->break_off(i);
        ++n;
    }
    return n;
}

void fleet::send_away(milliseconds time) {
    auto const index = chance_.below(members_.size());
    members_[index]->client.stay_away(clock::now() + time);
    touched(index);
}

void fleet::finish() {
    publishing_ = false;
    for (std::size_t i = 0; i != members_.size(); ++i) {
        members_[i]->client.finish();
        touched(i);
    }
    run_until(
        [this] {
            for (std::size_t i = 0; i != members_.size(); ++i) {
                if (links_->connected(i)) return false;
            }
            return true;
        },
        clock::now() + std::chrono::seconds(10));
}

}  // namespace weir::bench
