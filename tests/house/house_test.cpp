#include "house/rules.hpp"
#include "house/tree_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace weir::house {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string joined(faults const& all) {
    std::ostringstream out;
    for (auto const& fault : all) out << fault << '\n';
    return out.str();
}

// The project itself.

void expect_none(faults const& all) {
    for (auto const& fault : all) ADD_FAILURE() << fault;
}

fs::path const house = "tests/house";

TEST(house, includes_follow_the_table) {
    expect_none(check_includes(".", read_rules(house / "modules.txt")));
}

TEST(house, names_say_what_is_inside) {
    expect_none(check_names("."));
}

TEST(house, long_files_have_a_reason) {
    expect_none(check_lengths(".", read_long_files(house / "long_files.txt")));
}

TEST(house, every_module_is_in_the_table_and_has_a_readme) {
    expect_none(check_modules(".", read_rules(house / "modules.txt")));
}

// The checker, on small trees with one thing wrong.

class tree_check_test : public testing::Test {
protected:
    fs::path root = fs::path(testing::TempDir()) / "weir_house_XXXXXX";
    rules table;

    void SetUp() override {
        auto name = root.string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        root = name;
        file("modules.txt",
             "# two levels, and a third that not all may see\n"
             "module low 0 public=boost_system private=spdlog\n"
             "module left 1\n"
             "module right 1 sideways=left\n"
             "module hidden 0 from=2\n"
             "module top 2\n"
             "library boost_system boost/system/\n"
             "library spdlog spdlog/\n"
             "umbrella boost/system.hpp\n"
             "system sys/ poll.h\n");
        table = read_rules(root / "modules.txt");
    }
    void TearDown() override { fs::remove_all(root); }

    void file(fs::path const& path, std::string const& text) const {
        fs::create_directories((root / path).parent_path());
        std::ofstream(root / path) << text;
    }
    std::string fault_of_include(fs::path const& path, std::string const& include) const {
        file(path, "// a comment\n" + include + "\n");
        auto const all = joined(check_includes(root, table));
        fs::remove(root / path);
        return all;
    }
};

TEST_F(tree_check_test, knows_a_wrong_include_from_a_right_one) {
    file("tests/kit/double.hpp", "");
    file("tests/low/double.hpp", "");
    struct row {
        char const* path;
        char const* include;
        char const* fault;  // empty: none
    };
    for (auto const& [path, include, fault] : {
             row{"src/top/a.cpp", "#include <weir/low/a.hpp>", ""},
             row{"src/low/a.cpp", "#include <weir/low/a.hpp>", ""},
             row{"src/low/a.cpp", "#include <weir/top/a.hpp>", "goes up to top"},
             row{"include/weir/low/a.hpp", "#include <weir/left/a.hpp>", "goes up to left"},
             row{"src/left/a.cpp", "#include <weir/right/a.hpp>", "goes sideways to right"},
             row{"src/right/a.cpp", "#include <weir/left/a.hpp>", ""},
             row{"src/left/a.cpp", "#include <weir/hidden/a.hpp>", "hidden is not for this level"},
             row{"src/top/a.cpp", "#include <weir/hidden/a.hpp>", ""},
             row{"src/top/a.cpp", "#include <weir/nowhere/a.hpp>", "no such module"},
             row{"src/left/a.cpp", "#include \"left/b.hpp\"", ""},
             row{"src/left/a.cpp", "  #  include \"left/b.hpp\"", ""},
             row{"src/left/a.cpp", "#include <left/b.hpp>", "with quotes"},
             row{"src/left/a.cpp", "#include \"low/b.hpp\"", "private header of another module"},
             row{"src/left/a.cpp", "#include \"kit/b.hpp\"", "private header of another module"},
             row{"include/weir/low/a.hpp", "#include \"low/b.hpp\"", "public headers only"},
             row{"tests/left/a_test.cpp", "#include \"left/b.hpp\"", ""},
             row{"tests/left/a_test.cpp", "#include \"kit/double.hpp\"", ""},
             row{"tests/left/a_test.cpp", "#include \"low/double.hpp\"", ""},
             row{"tests/left/a_test.cpp", "#include \"low/b.hpp\"", "private header of another"},
             row{"tests/left/a_test.cpp", "#include <weir/top/b.hpp>", ""},
             row{"src/low/a.cpp", "#include <spdlog/logger.h>", ""},
             row{"include/weir/low/a.hpp", "#include <spdlog/logger.h>", "out of public headers"},
             row{"include/weir/low/a.hpp", "#include <boost/system/result.hpp>", ""},
             row{"src/left/a.cpp", "#include <boost/system/result.hpp>", "is not for left"},
             row{"src/low/a.cpp", "#include <boost/system.hpp>", "umbrella header"},
             row{"src/low/a.cpp", "#include <unlisted/a.hpp>", "library is not in the table"},
             row{"src/low/a.cpp", "#include <unlisted.h>", "library is not in the table"},
             row{"src/low/a.cpp", "#include <vector>", ""},
             row{"src/low/a.cpp", "#include <sys/socket.h>", ""},
             row{"src/low/a.cpp", "#include <poll.h>", ""},
         }) {
        auto const found = fault_of_include(path, include);
        if (*fault == '\0') {
            EXPECT_EQ(found, "") << path << ": " << include;
        } else {
            EXPECT_THAT(found, HasSubstr(fault)) << path << ": " << include;
            EXPECT_THAT(found, HasSubstr(std::string(path) + ":2: ")) << include;
        }
    }
}

TEST_F(tree_check_test, knows_names_that_tell_nothing) {
    file("src/low/clock.cpp", "");
    file("src/low/commonplace.cpp", "");
    EXPECT_THAT(check_names(root), IsEmpty());
    file("src/low/string_util.cpp", "");
    file("src/manager/a.cpp", "");
    file("tests/low/helpers.hpp", "");
    EXPECT_THAT(check_names(root),
                ElementsAre(HasSubstr("src/low/string_util.cpp"), HasSubstr("src/manager/a.cpp"),
                            HasSubstr("tests/low/helpers.hpp")));
}

TEST_F(tree_check_test, wants_a_reason_for_a_long_file_and_a_long_file_for_a_reason) {
    auto const lines = [](std::size_t n) {
        std::string text;
        for (std::size_t i = 0; i < n; ++i) text += "line\n";
        return text;
    };
    file("src/low/fits.cpp", lines(file_lines_max));
    file("src/low/long.cpp", lines(file_lines_max + 1));
    file("tests/low/corpus/data.js", lines(2 * file_lines_max));
    EXPECT_THAT(check_lengths(root, {}), ElementsAre(HasSubstr("src/low/long.cpp:401: over 400")));
    EXPECT_THAT(check_lengths(root, {{"src/low/long.cpp", "one table"}}), IsEmpty());
    EXPECT_THAT(check_lengths(root, {{"src/low/long.cpp", ""}}),
                ElementsAre(HasSubstr("without a reason")));
    EXPECT_THAT(check_lengths(root, {{"src/low/long.cpp", "one table"}, {"src/low/fits.cpp", "x"}}),
                ElementsAre(HasSubstr("src/low/fits.cpp:1: listed as long, but is not")));
}

TEST_F(tree_check_test, wants_every_module_listed_and_described) {
    for (auto const* module : {"low", "left", "right", "hidden", "top"}) {
        file(fs::path("src") / module / "README.md", "purpose");
    }
    EXPECT_THAT(check_modules(root, table), IsEmpty());
    fs::remove(root / "src/left/README.md");
    file("src/stray/a.cpp", "");
    EXPECT_THAT(check_modules(root, table),
                ElementsAre(HasSubstr("src/left/README.md:1: missing"),
                            HasSubstr("src/stray:1: not in the table")));
}

TEST_F(tree_check_test, refuses_a_table_that_it_does_not_understand) {
    for (auto const* bad : {"module", "module low", "module low one", "module low 0 over=right",
                            "module low 0\nmodule low 1", "modul low 0", "module low 0 from=x"}) {
        file("bad.txt", bad);
        EXPECT_THROW(read_rules(root / "bad.txt"), std::runtime_error) << bad;
    }
    EXPECT_THROW(read_rules(root / "absent.txt"), std::runtime_error);
}

}  // namespace
}  // namespace weir::house
