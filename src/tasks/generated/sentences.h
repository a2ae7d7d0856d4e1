// What word problems are told in: sentences of our own, language by language.
#pragma once

#include <initializer_list>
#include <string_view>
#include <vector>

namespace frugal::tasks {

/// What is counted. English: {"pens", "pen"}. Chinese: the name and its measure word. Arabic: the
/// definite plural, the accusative singular that follows "how many" and 11 to 99, and the plural
/// that follows 3 to 10.
struct Noun {
  std::string_view name;
  std::string_view counted = {};
  std::string_view few = {};
};

/// A part of a problem. In `text`, {A} to {E} are numbers, {N} and {M} people, {T} and {U} things,
/// {t} and {u} their forms `counted`, {A T} so many of them; {A:x|y} a number with x after 3 to 10
/// and y after more. One of "[sells|eats]" is told, and of "<he|she>" what suits {N}, of
/// "<M:he|she>" what suits {M}. `program` is an expression of the numbers; that of a change, such
/// as "-C" or "+C-D", goes on from what there was.
struct Sentence {
  std::string_view text;
  std::string_view program;
};

/// Sentences that fit each other: a beginning, changes and a question are a problem. With `joins`
/// the changes are phrases that one of these glues on, and a full stop follows the last.
struct Scene {
  std::vector<Sentence> beginnings;
  std::vector<Sentence> changes;  // of {C}, or of {C} and {D}
  std::vector<std::string_view> questions;
  std::vector<Noun> things = {};  // instead of the language's
  std::vector<std::string_view> joins = {};
};

/// A problem is composed from a scene, or a whole story.
struct Language {
  std::string_view code;
  std::vector<Scene> scenes;
  std::vector<Sentence> stories;
  std::vector<Sentence> held_out_stories;  // for the held-out part alone
  std::vector<std::string_view> women;
  std::vector<std::string_view> men;
  std::vector<Noun> things;
};

/// Composed of sentences that stand by themselves; what is told with them shows whether a model
/// follows steps.
const Language& english_sentences();
const Language& arabic_sentences();
const Language& chinese_sentences();

/// Short problems as people type them: many verbs, things and orders of words.
const Language& plain_english_sentences();
const Language& plain_arabic_sentences();
const Language& plain_chinese_sentences();

/// Their stories that have files of their own, so many are they.
std::vector<Sentence> plain_english_stories();
std::vector<Sentence> plain_english_stories_of_days();
std::vector<Sentence> plain_arabic_stories_of_days();
std::vector<Sentence> plain_chinese_stories_of_days();

/// All of several lists, in turn.
inline std::vector<Sentence> all_of(std::initializer_list<std::vector<Sentence>> lists) {
  std::vector<Sentence> all;
  for (const auto& list : lists) all.insert(all.end(), list.begin(), list.end());
  return all;
}

}  // namespace frugal::tasks
