// Grammars of JSON: any value, any object, or what a JSON Schema allows.
#pragma once

#include <string>

#include "base/json.h"
#include "text/grammar.h"

namespace frugal::text {

/// Adds rules to a grammar whose texts are JSON. White space is what people write: a space behind
/// colons and commas, or a new line with indentation.
class JsonGrammar {
 public:
  explicit JsonGrammar(Grammar& grammar);

  Grammar::Rule any_object() const { return object_; }

  /// Texts that `schema` accepts (JSON Schema 2020-12). Every text of the grammar is valid; some
  /// valid ones are not in it: the properties of an object come in the order of the schema, and no
  /// others come when the schema names any; February ends with its 28th in dates. Known: type,
  /// properties, required, additionalProperties, items, minItems, maxItems, enum, const, anyOf,
  /// allOf of one schema, $ref into the schema itself, minLength, maxLength, pattern and format.
  /// Throws Error naming the place and the keyword for every other, except for annotations such as
  /// title.
  Grammar::Rule schema(const Json& schema);

 private:
  friend class SchemaCompiler;
  void define_values();

  Grammar& grammar_;
  Grammar::Rule space_;  // behind a comma or colon, or inside of brackets
  Grammar::Rule comma_;  // with its space
  Grammar::Rule colon_;
  Grammar::Rule string_;
  Grammar::Rule character_;  // of a string, as it is written
  Grammar::Rule number_;
  Grammar::Rule integer_;
  Grammar::Rule object_;
  Grammar::Rule array_;
  Grammar::Rule value_;
};

/// The rule of texts within a JSON string that match a pattern (the part of ECMA-262 that needs no
/// look-around, no back-references and no word boundaries; \d, \w and \s are ASCII). As JSON Schema
/// has it the pattern may match anywhere, unless ^ and $ say otherwise. Throws Error.
Grammar::Rule pattern_rule(Grammar& grammar, const std::string& pattern);

/// The rule of one Unicode character as a JSON string holds it, escapes included.
Grammar::Rule json_character(Grammar& grammar);

}  // namespace frugal::text
