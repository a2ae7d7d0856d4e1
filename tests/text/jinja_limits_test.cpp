// Templates come from strangers: whatever they do ends in an error that names the limit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>

#include "base/error.h"
#include "text/chat_template.h"
#include "text/jinja/interpreter.h"
#include "text/jinja/parser.h"

namespace frugal::text {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

std::string repeated(std::size_t count, const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

// Smaller limits than the default ones, to save time.
jinja::RenderOptions small() {
  jinja::RenderOptions options;
  options.limits.steps = 2'000'000;
  options.limits.bytes = 64U << 20;
  return options;
}

std::string error_of(const std::string& source, const jinja::RenderOptions& options = small()) {
  try {
    const jinja::Body body = jinja::parse(source, "t");
    return "no error: " + jinja::render(body, "t", Json::object(), options).substr(0, 100);
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(JinjaLimits, Steps) {
  const std::string endless =
      "{% set r = range(100000) %}{% for i in r %}{{ -1 in r }}{% endfor %}";
  EXPECT_EQ(error_of(endless),
            "t, line 1, column 47: the template takes more than the limit of 2000000 steps");
  EXPECT_THAT(error_of(endless, {}), HasSubstr("the limit of 50000000 steps"));
}

TEST(JinjaLimits, Bytes) {
  for (const char* source :
       {"{% set ns = namespace(s='x' * 1000) %}"
        "{% for i in range(99) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
        "{% set ns = namespace(s=[1]) %}"
        "{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
        "{{ 'x' * 9223372036854775807 }}", "{{ [1] * 9223372036854775807 }}",
        "{{ '%999999999s' % 1 }}", "{{ '{:999999999}'.format(1) }}", "{{ 'x'.center(999999999) }}",
        "{{ 'x'|center(999999999) }}", "{{ 'x'.zfill(9999999999) }}",
        "{{ [1]|batch(99999999999, 1)|list }}", "{{ '\t'.expandtabs(9999999999) }}",
        "{{ 'a\nb'|indent(9999999999) }}", "{{ [1]|tojson(indent=9999999999) }}",
        "{% set s = 'a' * 100000 %}{{ s.replace('a', s) }}",
        "{% set s = 'a' * 100000 %}{{ s|list|join(s) }}",
        "{% for i in range(100000) %}{{ 'x' * 100000 }}{% endfor %}"}) {
    EXPECT_THAT(error_of(source), HasSubstr("makes more than the limit of 67108864 bytes"))
        << source;
  }
}

// Values that share their parts are small in memory and huge when they are written out.
TEST(JinjaLimits, SharedParts) {
  const std::string shared =
      "{% set ns = namespace(x=[1]) %}"
      "{% for i in range(100) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}";
  for (const char* use : {"{{ ns.x }}", "{{ ns.x|tojson }}", "{{ ns.x == ns.x }}",
                          "{{ ns.x < ns.x }}", "{{ ns.x|string|length }}"}) {
    EXPECT_THAT(error_of(shared + use), HasSubstr("more than the limit of")) << use;
  }
}

TEST(JinjaLimits, Nesting) {
  for (const char* grow :
       {"[ns.x]", "{'a': ns.x}", "(ns.x,)", "ns.x|map('string')", "cycler(ns.x)", "joiner(ns.x)",
        "[1]|map('default', ns.x)", "cycler((ns.x or cycler(1)).next)", "[ns.x]|batch(2)",
        "[ns.x].index", "dict(a=ns.x)"}) {
    EXPECT_THAT(
        error_of("{% set ns = namespace(x=[]) %}{% for i in range(100000) %}{% set ns.x = " +
                 std::string(grow) + " %}{% endfor %}"),
        HasSubstr("values nested deeper than the limit of 200 levels"))
        << grow;
  }
}

// What namespaces, macros and loops hold may form chains and circles; neither leaks or overflows
// the stack when all ends.
TEST(JinjaLimits, ChainsAndCircles) {
  for (const char* link :
       {"{% call m() %}{{ p }}{% endcall %}",
        "{% for i in [1] recursive %}{{ p }}{% set ns.x = loop %}{% endfor %}",
        "{% for i in [1] if not p or p %}{{ loop.length }}{% set ns.x = loop %}{% endfor %}",
        "{% for i in [p] %}{% set ns.x = namespace(a=loop) %}{% endfor %}",
        "{% set ns.x = namespace(a=cycler(p).next) %}",
        "{% set ns.x = namespace(a=[p].index) %}"}) {
    EXPECT_THAT(
        error_of("{% set ns = namespace() %}{% macro m() %}{% set ns.x = caller %}{% endmacro %}"
                 "{% macro once() %}{% set p = ns.x %}" +
                 std::string(link) +
                 "{% endmacro %}"
                 "{% for i in range(20000) %}{% set _ = once() %}{% endfor %}done"),
        ::testing::AnyOf("no error: done", HasSubstr("limit of 200 levels")))
        << link;
  }
  EXPECT_EQ(error_of("{% set ns = namespace() %}{% for i in range(100000) %}"
                     "{% set ns.x = namespace(x=ns.x) %}{% endfor %}done"),
            "no error: done");
  EXPECT_THAT(error_of("{% set ns = namespace() %}{% set ns.x = ns %}{{ ns }}"),
              HasSubstr("nested deeper than the limit of 1000 levels"));
  EXPECT_EQ(error_of("{% set ns = namespace() %}{% for i in range(100000) %}"
                     "{% macro m() %}{{ ns.m }}{% endmacro %}{% set ns.m = m %}{% endfor %}done"),
            "no error: done");
  EXPECT_EQ(error_of("{% macro f(prev) %}{% macro g() %}{{ prev }}{% endmacro %}"
                     "{% set ns.m = g %}{% endmacro %}{% set ns = namespace() %}"
                     "{% for i in range(100000) %}{{ f(ns.m) }}{% endfor %}done"),
            "no error: done");
  EXPECT_EQ(error_of("{% for i in [1] %}{{ loop.changed(loop) }}{{ loop.changed(loop.changed) }}"
                     "{% endfor %}"),
            "no error: TrueTrue");
}

TEST(JinjaLimits, Recursion) {
  for (const char* source :
       {"{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro m(x) %}{{ m(m(m(x))) }}{% endmacro %}{{ m(1) }}",
        "{% macro m() %}{% call m() %}{{ caller() }}{% endcall %}{% endmacro %}"
        "{{ m() }}",
        "{% for i in [1] recursive %}{{ loop([1]) }}{% endfor %}",
        "{% macro m(x=m()) %}{% endmacro %}{{ m() }}"}) {
    EXPECT_THAT(error_of(source), HasSubstr("nested deeper than the limit of 1000 levels"))
        << source;
  }
}

TEST(JinjaLimits, DepthOfTheSource) {
  for (const std::string& source :
       {"{{ " + repeated(100000, "(") + "1" + repeated(100000, ")") + " }}",
        "{{ " + repeated(100000, "[") + repeated(100000, "]") + " }}",
        "{{ " + repeated(100000, "-") + "1 }}",
        "{{ " + repeated(100000, "not ") + "1 }}",
        "{{ 1" + repeated(100000, " + 1") + " }}",
        "{{ 1" + repeated(100000, "|abs") + " }}",
        "{{ x" + repeated(100000, ".x") + " }}",
        "{{ x" + repeated(100000, "[0]") + " }}",
        "{{ x" + repeated(100000, "()") + " }}",
        "{{ 1" + repeated(100000, " if 1 else 1") + " }}",
        "{{ " + repeated(100000, "{1:") + repeated(100000, "}") + " }}",
        "{{ 1" + repeated(100000, " and 1") + " }}",
        "{{ 1" + repeated(100000, " ** 1") + " }}",
        "{{ x" + repeated(100000, "[x") + repeated(100000, "]") + " }}",
        "{{ 1" + repeated(100000, " is eq 1") + " }}",
        "{{ " + repeated(100000, "f(") + repeated(100000, ")") + " }}",
        repeated(100000, "{% if 1 %}"),
        repeated(100000, "{% for i in x %}"),
        repeated(100000, "{% macro m() %}"),
        "{% set " + repeated(100000, "(") + "a"}) {
    EXPECT_THAT(error_of(source), MatchesRegex("t, line 1, column [0-9]+: .*(nested too deeply|too "
                                               "many parts|chained|missing)"))
        << source.substr(0, 40);
  }
}

TEST(JinjaLimits, LongTemplatesAreFine) {
  EXPECT_THAT(error_of(repeated(20000, "{% if 1 %}{{ 'a' }}{% elif 2 %}b{% endif %}")),
              HasSubstr("no error: aaaa"));
  EXPECT_THAT(error_of("{{ [" + repeated(100000, "1, ") + "]|length }}"), HasSubstr("100000"));
  EXPECT_THAT(error_of("{{ 'a'" + repeated(100000, " ~ 'a'") + " }}"), HasSubstr("aaaa"));
}

TEST(JinjaLimits, Numbers) {
  for (const char* source :
       {"{{ 9223372036854775807 + 1 }}", "{{ -9223372036854775807 - 2 }}", "{{ 2 ** 63 }}",
        "{{ 9223372036854775807 * 2 }}", "{{ -(-9223372036854775807 - 1) }}",
        "{{ (-9223372036854775807 - 1) // -1 }}", "{{ (-9223372036854775807 - 1)|abs }}",
        "{{ 9223372036854775808 }}", "{{ '99999999999999999999'|int }}", "{{ 1e300|int }}"}) {
    EXPECT_THAT(error_of(source), HasSubstr("range of 64 bits")) << source;
  }
  EXPECT_EQ(error_of("{{ (-9223372036854775807 - 1) % -1 }}"), "no error: 0");
  EXPECT_EQ(
      error_of("{{ [1, 2, 3][-9223372036854775807:9223372036854775807:9223372036854775807] }}"),
      "no error: [1]");
}

// Operations that are quadratic where they are written without care.
TEST(JinjaLimits, Time) {
  const std::clock_t start = std::clock();  // of this process alone
  const std::string text = "{% set s = 'a' * 2000000 %}{% set t = 'a' * 1000000 ~ 'b' %}";
  for (const char* use :
       {"{{ t in s }}", "{{ s.find(t) }}", "{{ s.rfind(t) }}", "{{ s.count(t) }}",
        "{{ s.split(t)|length }}", "{{ s.rsplit('b' ~ t)|length }}",
        "{{ s.replace(t, '')|length }}", "{{ s.strip(t)|length }}", "{{ s.split('a')|length }}",
        "{{ s|list|unique|list }}", "{% for c in s %}{{ s[1000] }}{% endfor %}",
        "{% for c in s %}{{ s|length }}{% endfor %}",
        "{% for c in s %}{{ s == s ~ '' }}{% endfor %}",
        "{{ dict.fromkeys(range(100000))|length }}",
        "{{ s.rfind('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa') }}"}) {
    error_of(text + use, {});
  }
  EXPECT_LT((std::clock() - start) / CLOCKS_PER_SEC, 60);
}

TEST(JinjaLimits, AreThoseThatAreAskedFor) {
  jinja::RenderOptions options;
  options.limits.steps = 100;
  EXPECT_THAT(error_of("{% for i in range(99) %}{{ i }}{% endfor %}", options),
              HasSubstr("limit of 100 steps"));
}

}  // namespace
}  // namespace frugal::text
