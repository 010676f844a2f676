//! What speaks against a tree that the grammar is content with: places that
//! Elixir would not accept, and places where the tree may not be Elixir's (the
//! nets below the repairs). A file with an objection is refused, never guessed.

use crate::repair::regroup;
use crate::{Parse, SyntaxElement, SyntaxError, SyntaxKind as K, SyntaxNode, SyntaxToken, first_token, trimmed_range};
use rowan::TextRange;

type Objection = Option<(TextRange, &'static str)>;

/// Every place that Elixir would reject, or read otherwise, in order.
pub fn objections(root: &SyntaxNode) -> Vec<SyntaxError> {
    let mut out: Vec<SyntaxError> = root
        .descendants()
        .filter_map(|node| of_node(&node))
        .map(|(range, message)| SyntaxError { range, message: message.to_owned() })
        .collect();
    out.sort_by_key(|error| (error.range.start(), error.range.end()));
    out
}

/// The error that Elixir would give first, or the first place that we cannot
/// read: what is not tokens, then what comes first in the text.
pub fn first_error(parse: &Parse, root: &SyntaxNode) -> Option<SyntaxError> {
    if let Some(error) = parse.token_error() {
        return Some(error.clone());
    }
    // The first of the parser's is the token at which it was stuck.
    let all = parse.errors().first().cloned().into_iter().chain(objections(root));
    all.min_by_key(|error| error.range.start())
}

fn of_node(node: &SyntaxNode) -> Objection {
    match node.kind() {
        K::BINARY_OPERATOR => stray_association(node)
            .or_else(|| cons_of_keywords(node))
            .or_else(|| step_without_range(node))
            .or_else(|| sign_below(node))
            .or_else(|| glued_word(node)),
        K::UNARY_OPERATOR => tight_capture(node).or_else(|| glued_word(node)).or_else(|| attribute_of_alias(node)),
        K::IDENTIFIER => reserved_name(node),
        K::CALL => block_of_a_name_above(node).or_else(|| argument_below(node)),
        K::DOT => after_block(node),
        K::ACCESS_CALL => {
            after_block(node).or_else(|| bracket_below(node, K::T_L_BRACKET)).or_else(|| ambiguous_elements(node))
        }
        K::LIST => list_beside_value(node).or_else(|| ambiguous_elements(node)),
        K::TUPLE => tuple_of_keywords(node).or_else(|| ambiguous_elements(node)),
        K::BITSTRING => ambiguous_elements(node),
        K::MAP => parted_map(node),
        K::ARGUMENTS => {
            range_as_argument(node).or_else(|| bracket_below(node, K::T_L_PAREN)).or_else(|| ambiguous_arguments(node))
        }
        K::MAP_CONTENT => entry_without_arrow(node),
        K::PAIR => ambiguous_value(node),
        K::STRUCT => struct_name(node),
        _ => None,
    }
}

fn token(node: &SyntaxNode, kind: K) -> Option<SyntaxToken> {
    node.children_with_tokens().filter_map(SyntaxElement::into_token).find(|token| token.kind() == kind)
}

/// `=>` belongs to maps, once an entry.
fn stray_association(node: &SyntaxNode) -> Objection {
    let arrow = token(node, K::T_EQUAL_GREATER)?;
    let in_map = node.parent().is_some_and(|parent| parent.kind() == K::MAP_CONTENT || is_update(&parent));
    (!in_map).then(|| (arrow.text_range(), "unexpected `=>`"))
}

fn is_update(node: &SyntaxNode) -> bool {
    token(node, K::T_PIPE).is_some() && node.parent().is_some_and(|outer| outer.kind() == K::MAP_CONTENT)
}

/// `[a | b: c]`
fn cons_of_keywords(node: &SyntaxNode) -> Objection {
    token(node, K::T_PIPE)?;
    let keywords = node.last_child().filter(|last| last.kind() == K::KEYWORDS)?;
    (!is_update(node)).then(|| (trimmed_range(&keywords), "a keyword after `|`: it needs `[` and `]`"))
}

/// `a//b`
fn step_without_range(node: &SyntaxNode) -> Objection {
    let step = token(node, K::T_SLASH_SLASH)?;
    let mut left = node.first_child()?;
    // What is missing on the right is missed first.
    node.children().nth(1).filter(|right| reserved_name(right).is_none())?;
    while let (K::BLOCK, Some(inner), None) = (left.kind(), left.children().next(), left.children().nth(1)) {
        left = inner;
    }
    let is_range = left.kind() == K::BINARY_OPERATOR && token(&left, K::T_DOT_DOT).is_some();
    (!is_range).then(|| (step.text_range(), "`//` must follow a range"))
}

/// `invalid -> …` after another clause, read as `… in valid -> …`.
fn glued_word(node: &SyntaxNode) -> Objection {
    let is_word = |token: &SyntaxToken| {
        matches!(token.kind(), K::AND_KW | K::IN_KW | K::NOT_IN_KW | K::OR_KW | K::WHEN_KW | K::NOT_KW)
    };
    let word = node.children_with_tokens().filter_map(SyntaxElement::into_token).find(is_word)?;
    let in_name = |char: char| char.is_alphanumeric() || matches!(char, '_' | '?' | '!' | '@');
    let before = word.prev_token().is_some_and(|token| token.text().ends_with(in_name));
    let after = word.next_token().is_some_and(|token| token.text().starts_with(in_name));
    (before || after).then(|| (word.text_range(), "a name that begins with an operator may be misread"))
}

/// `&(&1).b` captures `(&1).b`.
fn tight_capture(node: &SyntaxNode) -> Objection {
    let captures = token(node, K::T_AMPERSAND).is_some();
    let grouped =
        token(node, K::T_L_PAREN).is_some() || node.last_child().is_some_and(|operand| operand.kind() == K::BLOCK);
    let tight = |parent: SyntaxNode| parent.first_child().as_ref() == Some(node) && regroup::binds_tighter(&parent);
    (captures && grouped && node.parent().is_some_and(tight))
        .then(|| (node.text_range(), "an operator after `&(…)` may be misread"))
}

/// `@A.b` is `(@A).b`: `@` is above the dot.
fn attribute_of_alias(node: &SyntaxNode) -> Objection {
    token(node, K::T_AT)?;
    let mut left = node.last_child().filter(|operand| operand.text().contains_char('.'))?;
    while let (K::CALL | K::DOT | K::ACCESS_CALL, Some(first)) = (left.kind(), left.first_child()) {
        left = first;
    }
    (left.kind() == K::ALIAS).then(|| (node.text_range(), "`@` before an alias may be misread"))
}

/// A reserved word where the grammar, at a loss, sees a name: `foo` newline `do`.
fn reserved_name(node: &SyntaxNode) -> Objection {
    let text = node.text();
    let reserved = ["do", "end", "fn", "after", "else", "catch", "rescue", ""].iter().any(|word| text == *word);
    let after_dot = node.parent().is_some_and(|dot| dot.kind() == K::DOT && dot.first_child().as_ref() != Some(node));
    (reserved && !after_dot)
        .then(|| (node.text_range(), "unexpected reserved word, or nothing where a value should be"))
}

/// `[foo` newline `do … end]`: the block belongs to nothing.
fn block_of_a_name_above(node: &SyntaxNode) -> Objection {
    let block = node.children().find(|child| child.kind() == K::DO_BLOCK)?;
    let target = node.first_child()?;
    let bare =
        matches!(target.kind(), K::IDENTIFIER | K::DOT) && !node.children().any(|child| child.kind() == K::ARGUMENTS);
    let start = node.text_range().start();
    let between = target.text_range().end() - start..block.text_range().start() - start;
    let apart = node.text().slice(between).contains_char('\n');
    let word = first_token(&block)?;
    (bare && apart).then(|| (word.text_range(), "`do` on a line of its own, after a name without parentheses"))
}

/// `[f` newline `a]`: between brackets, the line end ends the call.
fn argument_below(node: &SyntaxNode) -> Objection {
    let arguments =
        node.last_child().filter(|last| last.kind() == K::ARGUMENTS && token(last, K::T_L_PAREN).is_none())?;
    let mut blanks = std::iter::successors(arguments.prev_sibling_or_token(), SyntaxElement::prev_sibling_or_token)
        .take_while(is_trivia);
    let below = blanks.any(|blank| blank.to_string().contains('\n'));
    below.then(|| {
        (trimmed_range(&arguments), "an argument on a new line: the call needs parentheses, or a comma is missing")
    })
}

/// `[a` newline `- b]`: on a new line the sign is no operator between two values.
fn sign_below(node: &SyntaxNode) -> Objection {
    let sign = token(node, K::T_PLUS).or_else(|| token(node, K::T_MINUS))?;
    let mut blanks =
        std::iter::successors(sign.prev_token(), SyntaxToken::prev_token).take_while(|token| token.kind().is_trivia());
    blanks
        .any(|blank| blank.text().contains('\n'))
        .then(|| (sign.text_range(), "a sign on a new line: an operator is missing before it"))
}

fn is_trivia(element: &SyntaxElement) -> bool {
    element.kind().is_trivia()
}

/// `{a: 1}`
fn tuple_of_keywords(node: &SyntaxNode) -> Objection {
    let first = node.first_child().filter(|first| first.kind() == K::KEYWORDS)?;
    Some((trimmed_range(&first), "a tuple may end with keywords, not begin with them"))
}

/// `f(1)` newline `(2)`: a new line is a new expression.
fn bracket_below(node: &SyntaxNode, kind: K) -> Objection {
    let bracket = token(node, kind)?;
    let of_clause = node.kind() == K::ARGUMENTS && node.parent().is_some_and(|parent| parent.kind() != K::CALL);
    let mut blanks = std::iter::successors(bracket.prev_token(), SyntaxToken::prev_token)
        .take_while(|token| token.kind().is_trivia());
    let below = !of_clause && blanks.any(|blank| blank.text().contains('\n'));
    below.then(|| (bracket.text_range(), "a bracket on a new line may be misread"))
}

/// `foo do a end.b`
fn after_block(node: &SyntaxNode) -> Objection {
    let left = node.first_child()?;
    let block = left.kind() == K::CALL && left.last_child().is_some_and(|last| last.kind() == K::DO_BLOCK);
    let operator = token(node, K::T_DOT).or_else(|| token(node, K::T_L_BRACKET))?;
    block.then(|| (operator.text_range(), "unexpected after `end`: the call needs parentheses around it"))
}

/// `x..-1` read as the call `x(.. - 1)`
fn range_as_argument(node: &SyntaxNode) -> Objection {
    let first = first_token(node).filter(|token| token.text() == "..")?;
    Some((first.text_range(), "a range after a name may be misread as a call"))
}

/// `%&a{}`, `%not(a){}`
fn struct_name(node: &SyntaxNode) -> Objection {
    let name = node.first_child()?;
    let grouped =
        token(&name, K::T_L_PAREN).is_some() || name.last_child().is_some_and(|operand| operand.kind() == K::BLOCK);
    let bad = name.kind() == K::UNARY_OPERATOR && (grouped || token(&name, K::T_AMPERSAND).is_some());
    bad.then(|| (trimmed_range(&name), "no name of a struct"))
}

/// `% {}`: Elixir takes the braces for the name, and misses others behind them.
fn parted_map(node: &SyntaxNode) -> Objection {
    let percent = token(node, K::T_PERCENT)?;
    let mut gap =
        std::iter::successors(percent.next_token(), SyntaxToken::next_token).take_while(|next| next.kind().is_trivia());
    let line_end = gap.by_ref().any(|blank| blank.text().contains('\n'));
    if !line_end && percent.next_token().is_none_or(|next| !next.kind().is_trivia()) {
        return None;
    }
    // What no tuple holds is where Elixir stops.
    let content = node.children().find(|child| child.kind() == K::MAP_CONTENT);
    let foreign = content.and_then(|content| content.first_child()).and_then(|entry| match entry.kind() {
        K::KEYWORDS => Some(trimmed_range(&entry)),
        _ => token(&entry, K::T_EQUAL_GREATER).map(|arrow| arrow.text_range()),
    });
    let behind =
        if line_end { percent.text_range() } else { foreign.unwrap_or(TextRange::empty(trimmed_range(node).end())) };
    Some((behind, "nothing may stand between `%` and `{`"))
}

/// `%{1}`: but for calls and names, an entry needs `=>`.
fn entry_without_arrow(node: &SyntaxNode) -> Objection {
    let is_entry = |entry: &SyntaxNode| match entry.kind() {
        K::KEYWORDS | K::ERROR => true,
        K::CALL => entry.last_child().is_none_or(|last| last.kind() != K::DO_BLOCK),
        K::IDENTIFIER => entry.text() != "..",
        _ => entry.descendants_with_tokens().any(|element| element.kind() == K::T_EQUAL_GREATER),
    };
    let new = |entry: SyntaxNode| if is_update(&entry) { entry.last_child().unwrap_or(entry) } else { entry };
    let bare = node.children().map(new).find(|entry| !is_entry(entry))?;
    let mut behind = std::iter::successors(bare.last_token()?.next_token(), SyntaxToken::next_token);
    let next = behind.find(|token| !token.kind().is_trivia())?;
    Some((next.text_range(), "an entry of a map needs `=>` before it"))
}

/// `fn x -> x end [b]`: Elixir takes such a value apart, blank or not.
fn list_beside_value(node: &SyntaxNode) -> Objection {
    let before = node.prev_sibling()?;
    let mut between =
        node.siblings_with_tokens(rowan::Direction::Prev).skip(1).take_while(|element| element.as_token().is_some());
    let apart = between.any(|element| {
        element.kind() == K::T_COMMA || element.to_string().contains(['\n', ';']) || !element.kind().is_trivia()
    });
    let holds_statements =
        matches!(node.parent()?.kind(), K::SOURCE | K::BLOCK | K::BODY | K::DO_BLOCK | K::INTERPOLATION);
    (holds_statements && !apart && before.kind() != K::STAB_CLAUSE)
        .then(|| (node.text_range(), "`[` after a value, with a blank between them"))
}

/// Whether commas behind `node` could belong to it (`no_parens_expr`).
fn takes_commas(node: &SyntaxNode) -> bool {
    match node.kind() {
        // What ends at its line takes none.
        K::CALL if argument_below(node).is_some() => false,
        K::CALL => {
            let Some(arguments) = node.last_child().filter(|last| last.kind() == K::ARGUMENTS) else { return false };
            let mut inner = arguments.children();
            token(&arguments, K::T_L_PAREN).is_none()
                && match (inner.next(), inner.next()) {
                    (Some(only), None) => takes_commas(&only),
                    (_, more) => more.is_some(),
                }
        }
        K::BINARY_OPERATOR => node.last_child().is_some_and(|right| {
            takes_commas(&right) || (right.kind() == K::KEYWORDS && token(node, K::WHEN_KW).is_some())
        }),
        K::UNARY_OPERATOR => {
            token(node, K::T_L_PAREN).is_none() && node.last_child().is_some_and(|operand| takes_commas(&operand))
        }
        _ => false,
    }
}

const AMBIGUOUS: &str = "a call without parentheses among others: its arguments need them";

fn ambiguous(mut elements: impl Iterator<Item = SyntaxNode>) -> Objection {
    let node = elements.find(takes_commas)?;
    let operator =
        node.children_with_tokens().filter_map(SyntaxElement::into_token).find(|token| !token.kind().is_trivia());
    let place = match node.kind() {
        K::BINARY_OPERATOR => operator.map(|operator| operator.text_range()),
        _ => None,
    };
    Some((place.unwrap_or_else(|| trimmed_range(&node)), AMBIGUOUS))
}

/// `[a, b c, d]`
fn ambiguous_elements(node: &SyntaxNode) -> Objection {
    ambiguous(node.children().skip(usize::from(node.kind() == K::ACCESS_CALL)))
}

/// `f(a, b c, d)`, `f a, b c, d`; alone between parentheses such a call is clear.
fn ambiguous_arguments(node: &SyntaxNode) -> Objection {
    if node.children().nth(1).is_none() { None } else { ambiguous(node.children()) }
}

/// `[a: b c, d]`, `f(a: b c, d)`; not `f a: b c, d`.
fn ambiguous_value(pair: &SyntaxNode) -> Objection {
    let holder = pair.parent()?.parent()?;
    let open = holder.kind() == K::ARGUMENTS && token(&holder, K::T_L_PAREN).is_none();
    let guard = holder.kind() == K::BINARY_OPERATOR;
    if open || guard { None } else { ambiguous(pair.last_child().into_iter()) }
}

#[cfg(test)]
mod tests {
    #[track_caller]
    fn check(source: &str, objected: &str) {
        let parse = crate::parse(source.as_bytes());
        assert!(parse.errors().is_empty(), "{source}: {:?}", parse.errors());
        let found = super::objections(&parse.root());
        let first = found.first().map_or("", |error| source[error.range].trim());
        assert_eq!(first, objected, "{source}");
    }

    #[test]
    fn what_elixir_rejects_is_objected_to() {
        check("[a | b: c]", "b: c");
        check("a//b", "//");
        check("foo\ndo\n  a\nend", "do");
        check("[foo\n  do\n  a\nend]", "do");
        check("foo do a end.b", ".");
        check("foo do a end[b]", "[");
        check("[a, b c, d]", "b c, d");
        check("f(a, b c, d)", "b c, d");
        check("f a, b c, d", "b c, d");
        check("[a: b c, d]", "b c, d");
        check("a => b", "=>");
        check("% {}", "");
        assert_eq!(super::objections(&crate::parse(b"% {}").root()).len(), 1);
        check("foo do a end [b]", "[b]");
    }

    #[test]
    fn ordinary_code_is_not_objected_to() {
        for source in [
            "x in y and z or w",
            "1..-1",
            "1..9//2",
            "(a..b)//2",
            "foo [b]",
            "%!a{}",
            "%{m | k => v}",
            "%{a => 1, b => c + 1}",
            "%{m | a: 1}",
            "&(&1.b)",
            "f(b c, d)",
            "f a: b c, d",
            "if x\ndo\n  a\nend",
            "foo(x)\ndo\n  a\nend",
            "(foo do a end).b",
            "case x do\n  index -> 1\n  when_ok -> 2\nend",
        ] {
            check(source, "");
        }
    }
}
