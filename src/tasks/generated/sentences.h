// What word problems are told in: sentences of our own, language by language.
#pragma once

#include <string_view>
#include <vector>

namespace frugal::tasks {

/// A part of a problem. In `text`, {A} to {E} are numbers, {N} and {M} people, {T} things, and one
/// of "[sells|eats]" is told. `program` reckons with the numbers from left to right: "A*B" begins,
/// "-C" goes on.
struct Sentence {
  std::string_view text;
  std::string_view program;
};

/// Sentences that fit each other: a beginning, changes and a question are a problem.
struct Scene {
  std::vector<Sentence> beginnings;
  std::vector<Sentence> changes;  // of {C}, or of {C} and {D}
  std::vector<std::string_view> questions;
  std::vector<std::string_view> things = {};  // instead of the language's
};

/// A problem is composed from a scene, or a whole story.
struct Language {
  std::string_view code;
  std::vector<Scene> scenes;
  std::vector<Sentence> stories;
  std::vector<Sentence> held_out_stories;  // for the held-out part alone
  std::vector<std::string_view> names;
  std::vector<std::string_view> things;
};

const Language& english_sentences();
const Language& arabic_sentences();
const Language& chinese_sentences();

}  // namespace frugal::tasks
