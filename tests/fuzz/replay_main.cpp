// Drives a fuzz target where there is no libFuzzer: replays a corpus, then runs seeded mutations.
//
//   TARGET [corpus directory or file]...
//   WEIR_FUZZ_SEED=N   repeats a run (otherwise a new seed each time; it is printed)
//   WEIR_FUZZ_RUNS=N   how many mutations
//
// When the target dies, the input that killed it is written to crash-SEED-RUN in the working
// directory; giving that file as an argument replays it.

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string_view>
#include <unistd.h>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*)());

namespace {

using bytes = std::vector<std::uint8_t>;

constexpr std::uint64_t default_runs = 20000;
constexpr std::size_t input_bytes_max = 4096;

// What the death callback needs: plain memory, since it runs inside a dying process.
struct {
    std::uint8_t const* data = nullptr;
    std::size_t size = 0;
    std::array<char, 64> file{};
} current;

void save_input() {
    if (current.data == nullptr) return;
    int const fd = ::open(current.file.data(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (fd < 0) return;
    [[maybe_unused]] auto const written = ::write(fd, current.data, current.size);
    ::close(fd);
    for (std::string_view const part :
         {std::string_view("\ninput saved as "), std::string_view(current.file.data()),
          std::string_view("\n")}) {
        [[maybe_unused]] auto const told = ::write(STDERR_FILENO, part.data(), part.size());
    }
    current.data = nullptr;
}

void on_signal(int number) {
    save_input();
    std::signal(number, SIG_DFL);
    std::raise(number);
}

/// The copy has exactly its size on the heap, so that reading past it is caught.
void run(bytes const& input) {
    bytes const exact(input.begin(), input.end());
    current.data = exact.data();
    current.size = exact.size();
    LLVMFuzzerTestOneInput(exact.data(), exact.size());
    current.data = nullptr;
}

bytes read_file(std::filesystem::path const& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::vector<bytes> read_corpus(std::vector<std::filesystem::path> const& given) {
    std::vector<std::filesystem::path> files;
    for (auto const& path : given) {
        if (!std::filesystem::is_directory(path)) {
            files.push_back(path);
            continue;
        }
        for (auto const& entry : std::filesystem::directory_iterator(path)) {
            if (entry.is_regular_file()) files.push_back(entry.path());
        }
    }
    std::ranges::sort(files);  // the same seed has to mean the same run
    std::vector<bytes> corpus;
    for (auto const& file : files) corpus.push_back(read_file(file));
    return corpus;
}

class mutator {
public:
    mutator(std::vector<bytes> const& corpus, std::uint64_t seed)
        : corpus_(corpus), random_(seed) {}

    bytes next() {
        bytes input = corpus_.empty() ? bytes{} : corpus_[below(corpus_.size())];
        for (std::size_t steps = 1 + below(4); steps > 0; --steps) mutate(input);
        if (input.size() > input_bytes_max) input.resize(input_bytes_max);
        return input;
    }

private:
    std::size_t below(std::size_t n) {
        return n == 0 ? 0 : static_cast<std::size_t>(random_() % n);
    }
    std::uint8_t any_byte() { return static_cast<std::uint8_t>(random_()); }

    void mutate(bytes& b) {
        auto const at = [&](std::size_t i) { return b.begin() + static_cast<std::ptrdiff_t>(i); };
        std::size_t const i = below(b.size());
        std::size_t const n = b.empty() ? 0 : 1 + below(std::min<std::size_t>(b.size() - i, 16));
        switch (below(8)) {
            case 0:
                if (!b.empty()) b[i] ^= static_cast<std::uint8_t>(1U << below(8));
                break;
            case 1:
                if (!b.empty()) b[i] = any_byte();
                break;
            case 2:
                b.insert(at(i), any_byte());
                break;
            case 3:
                b.erase(at(i), at(i + n));
                break;
            case 4:
                b.resize(i);
                break;
            case 5: {
                bytes const again(at(i), at(i + n));
                auto const where = at(below(b.size() + 1));
                b.insert(where, again.begin(), again.end());
                break;
            }
            case 6: {
                if (corpus_.empty()) break;
                bytes const& other = corpus_[below(corpus_.size())];
                if (other.empty()) break;
                auto const from = below(other.size());
                auto const length = 1 + below(std::min<std::size_t>(other.size() - from, 64));
                auto const begin = other.begin() + static_cast<std::ptrdiff_t>(from);
                b.insert(at(i), begin, begin + static_cast<std::ptrdiff_t>(length));
                break;
            }
            default: {
                static constexpr std::array<std::uint8_t, 10> edges = {
                    0, 1, 0x1F, 0x20, 0x7F, 0x80, 0xC0, 0xED, 0xF4, 0xFF};
                if (!b.empty()) b[i] = edges[below(edges.size())];
            }
        }
    }

    std::vector<bytes> const& corpus_;
    std::mt19937_64 random_;
};

std::uint64_t number_from(char const* variable, std::uint64_t otherwise) {
    char const* const text = std::getenv(variable);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

template <class... Args>
void name_input(char const* format, Args... args) {
    std::snprintf(current.file.data(), current.file.size(), format, args...);
}

}  // namespace

int main(int argc, char** argv) {
    if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(save_input);
    for (int const number : {SIGABRT, SIGILL, SIGFPE}) std::signal(number, on_signal);

    std::vector<std::filesystem::path> const given(argv + 1, argv + argc);
    for (auto const& path : given) {
        if (std::filesystem::exists(path)) continue;
        std::fprintf(stderr, "%s does not exist\n", path.c_str());
        return 2;
    }
    auto const corpus = read_corpus(given);
    auto const seed = number_from("WEIR_FUZZ_SEED", std::random_device{}());
    auto const runs = number_from("WEIR_FUZZ_RUNS", default_runs);
    std::printf("corpus %zu, seed %llu, runs %llu\n", corpus.size(),
                static_cast<unsigned long long>(seed), static_cast<unsigned long long>(runs));
    std::fflush(stdout);

    for (std::size_t i = 0; i != corpus.size(); ++i) {
        name_input("crash-corpus-%zu", i);
        run(corpus[i]);
    }
    mutator mutations(corpus, seed);
    for (std::uint64_t i = 0; i != runs; ++i) {
        name_input("crash-%llu-%llu", static_cast<unsigned long long>(seed),
                   static_cast<unsigned long long>(i));
        run(mutations.next());
    }
    return 0;
}
