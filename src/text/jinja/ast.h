// The parsed form of a template.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "text/jinja/lexer.h"
#include "text/jinja/methods.h"
#include "text/jinja/operators.h"
#include "text/jinja/value.h"

namespace frugal::text::jinja {

struct Expression;
using ExpressionPtr = std::unique_ptr<Expression>;
struct Statement;
using Block = std::vector<Statement>;

struct PassedArguments {
  std::vector<ExpressionPtr> positional;
  std::vector<std::pair<std::string, ExpressionPtr>> named;
  ExpressionPtr more_positional;  // *x, or null
  ExpressionPtr more_named;       // **x, or null
};

// Expressions. A pointer may be null only where a comment says so.
struct Constant {
  Value value;
};
struct Name {
  std::string name;
};
struct NamespaceField {  // ns.field as the target of an assignment
  std::string name;
  std::string field;
};
struct TupleDisplay {
  std::vector<ExpressionPtr> items;
};
struct ListDisplay {
  std::vector<ExpressionPtr> items;
};
struct DictDisplay {
  std::vector<std::pair<ExpressionPtr, ExpressionPtr>> items;
};
struct Arithmetic {
  Operator op;
  ExpressionPtr left;
  ExpressionPtr right;
};
struct Sign {
  bool minus;
  ExpressionPtr operand;
};
struct Negation {
  ExpressionPtr operand;
};
struct Logic {
  bool is_and;
  ExpressionPtr left;
  ExpressionPtr right;
};
enum class Comparison { eq, ne, lt, le, gt, ge, in, not_in };
struct Comparisons {  // a < b <= c
  ExpressionPtr first;
  std::vector<std::pair<Comparison, ExpressionPtr>> rest;
};
struct Concatenation {
  std::vector<ExpressionPtr> parts;
};
struct Conditional {
  ExpressionPtr test;
  ExpressionPtr value;
  ExpressionPtr otherwise;  // or null
};
struct Attribute {
  ExpressionPtr object;
  std::string name;
};
struct Item {
  ExpressionPtr object;
  ExpressionPtr index;
};
struct SliceOf {
  ExpressionPtr object;
  ExpressionPtr start;  // or null, like the other two
  ExpressionPtr stop;
  ExpressionPtr step;
};
struct CallOf {
  ExpressionPtr callee;
  PassedArguments arguments;
};
struct FilterOf {
  ExpressionPtr operand;  // null for a filter that is applied to a block
  std::string name;
  const Method* filter;  // null when there is none of that name
  PassedArguments arguments;
};
struct TestOf {
  ExpressionPtr operand;
  std::string name;
  const Method* test;  // null when there is none of that name
  PassedArguments arguments;
};

struct Expression {
  Position at;
  std::variant<Constant, Name, NamespaceField, TupleDisplay, ListDisplay, DictDisplay, Arithmetic,
               Sign, Negation, Logic, Comparisons, Concatenation, Conditional, Attribute, Item,
               SliceOf, CallOf, FilterOf, TestOf>
      node;
  unsigned depth = 1;  // of the tree below, itself included
};

/// Calls `visit` for each expression directly below `expression`, from left to right.
void for_each_child(const Expression& expression,
                    const std::function<void(const Expression&)>& visit);

/// Statements with a scope of their own.
struct Body {
  Block block;
  // Names that are undefined from the start of the body until it sets them, even where they have a
  // value further out: those that it sets before it reads them, and not just inside of an `if`.
  std::vector<std::string> hidden;
};

// Statements.
struct Text {
  std::string text;
};
struct Print {
  ExpressionPtr value;
};
struct For {
  ExpressionPtr target;
  ExpressionPtr iterable;
  ExpressionPtr test;  // or null
  Body body;
  Body otherwise;
  bool recursive = false;
};
struct If {
  std::vector<std::pair<ExpressionPtr, Block>> branches;
  Block otherwise;
};
struct Set {
  ExpressionPtr target;
  ExpressionPtr value;
};
struct SetBlock {
  ExpressionPtr target;
  ExpressionPtr filter;  // or null
  Body body;
};
struct FilterBlock {
  ExpressionPtr filter;
  Body body;
};
struct With {
  std::vector<std::pair<ExpressionPtr, ExpressionPtr>> bindings;
  Body body;
};
struct Generation {  // transformers' mark around what the assistant wrote
  Body body;
};
struct MacroDefinition {
  std::string name;  // empty for the body of a call block
  std::vector<std::string> parameters;
  std::vector<ExpressionPtr> defaults;  // of the last parameters
  Body body;
  bool uses_caller = false;
  bool uses_kwargs = false;
  bool uses_varargs = false;
};
struct CallBlock {
  ExpressionPtr call;
  std::unique_ptr<MacroDefinition> caller;
};
struct Break {};
struct Continue {};

struct Statement {
  Position at;
  std::variant<Text, Print, For, If, Set, SetBlock, FilterBlock, With, Generation,
               std::unique_ptr<MacroDefinition>, CallBlock, Break, Continue>
      node;
};

}  // namespace frugal::text::jinja
